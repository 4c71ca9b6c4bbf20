"""Keys typed ahead: a key acts on what its typist could see or could know.

On a slow line keys arrive in one piece, and hands are faster than a panel. Two laws:

1. Keys typed behind a key that opens something (a screen, a dialog, a field) wait until that thing stands, and go to it
   in their order; never to what was there before. They are handed out one by one, each once the one before it is worked
   off. Where nothing opens, because it was refused or took too long, they are dropped, and that is said; so are those
   behind a key that is never worked off, because something is stuck: leaving goes on working.
2. In a dialog that confirms a write a key counts only if the dialog was on the terminal before the key was read. One
   read earlier is dropped there, and everything read early behind it; the dialog says so. Text typed early stays.

How keys travel in Textual 8.2.8: the driver's thread posts a ``Key`` to the app; the app tries the bindings with
priority and forwards it to the focused widget; from there it bubbles from queue to queue up to the app again, which
looks for a binding *then*, on whatever screen is on top *then*. Several keys are on that way at once, and that is what
the gate ends. Its private ways in are ``App.on_event``, which is where all of them begin, and ``_pending_message``, the
one message that a queue's reader has taken out ahead, and that its size does not count.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from contextvars import ContextVar
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar, runtime_checkable

from textual.app import ScreenStackError
from textual.events import Key, MouseDown, MouseUp, Paste

if TYPE_CHECKING:
    from textual.dom import DOMNode
    from textual.screen import Screen
    from textual.timer import Timer

    from billtui.terminal.gated_app import GatedApp

Answer = TypeVar("Answer")
Result = TypeVar("Result")
Typed = Key | Paste | MouseDown | MouseUp
TYPED: Final = (Key, Paste, MouseDown, MouseUp)

PATIENCE: Final = 3.0
"""Seconds that keys wait for what a command opens; then they are dropped, and from then on act on what stands there."""
GRACE: Final = 0.3
"""Seconds more for a key that was not worked off by then."""
CALM: Final = 0.02
"""Seconds after which a key with nothing left in the queues on its way is taken as worked off."""
WAYS: Final = 2
"""So often the way of a key is walked behind it: behind the key, then behind the messages that it brought about."""


@runtime_checkable
class Confirming(Protocol):
    """A screen that does not take everything that was typed before it was on the terminal."""

    def takes_early(self, typed: Typed) -> bool:
        """Whether this may go to it all the same."""

    def was_too_early(self, typed: Typed) -> None:
        """This was typed too early and is dropped: say so."""


@runtime_checkable
class TellsWhenShown(Protocol):
    """A driver that knows when the terminal has drawn something."""

    def when_shown(self, told: Callable[[float], object]) -> None:
        """Call ``told`` in the loop once all that was drawn so far is on the terminal, with the time of that."""


def leaves(typed: Typed) -> bool:
    """Whether it leaves the program: meant for nothing that opens, asked before it is done, and never dropped."""
    return isinstance(typed, Key) and typed.key == "ctrl+q"


def _says_no(typed: Typed) -> bool:
    return isinstance(typed, Key) and typed.key == "escape"


def _has_more(node: DOMNode) -> bool:
    """Whether something waits in its queue, or was taken out of it by Textual to be looked at beforehand."""
    return bool(node.message_queue_size) or node._pending_message is not None


class Opening:
    """A command on its way to something that it will show: what is typed meanwhile is meant for that.

    While something else is on top than where it began, a question of its own or a sign-in, what is typed is for that.
    One that is ``everywhere`` puts all of it anew: nothing is meant for what is on top meanwhile.
    """

    def __init__(self, screen: Screen[Any] | None, *, everywhere: bool = False) -> None:
        """It begins now, in one piece, on ``screen``."""
        self.screen = screen
        self.everywhere = everywhere
        self.since = monotonic()
        """Since when its screen has been on top again."""
        self.patience: float | None = None
        """Seconds that keys wait for it; ``None``: as for anything (:data:`PATIENCE`)."""
        self.parts = 1
        """The command itself, and the workers that it began; without any it is over."""

    @property
    def over(self) -> bool:
        """Whether it shows nothing more."""
        return self.parts <= 0


opening_now: ContextVar[Opening | None] = ContextVar("opening_now", default=None)
"""The command that runs, in it and in the workers that it began."""


class TypingGate:
    """The order in which what was typed is handed out. Used in the app's own turns alone."""

    def __init__(self, app: GatedApp[Any]) -> None:
        """Nothing was typed yet, and nothing is on the terminal."""
        self._app = app
        self._waiting: deque[Typed] = deque()
        self._way: list[DOMNode] = []
        """Through which widgets the last key goes, the focused one first; empty once it is worked off."""
        self._handed_at = self._waited_since = self._overdue_since = 0.0
        """When it was handed out, since when something waits for it, and since when that has taken too long."""
        self._walks = 0
        """How often its way still has to be walked; 0: nobody walks."""
        self._stuck: list[DOMNode] = []
        """Widgets that did not work off a key in time: nothing that comes later waits for them."""
        self._openings: set[Opening] = set()
        self._alarm: Timer | None = None
        self._alarm_at = 0.0
        self._shown: Screen[Any] | None = None
        self._drawn_at = 0.0
        """What was drawn, and when."""
        self._seen_at: float | None = 0.0
        """Since when that is on the terminal, in seconds of the monotonic clock, as ``Message.time``; None: not yet."""
        self._coming: Screen[Any] | None = None
        self._coming_since = 0.0
        """What is on top and was not drawn yet."""
        self._not_before = 0.0
        self.through = 0
        """How much has been typed that was handed out or dropped."""
        self._dropped = 0

    # --- what comes in

    async def take(self, typed: Typed) -> None:
        """Hand it out now, or in its turn."""
        if typed.time <= self._not_before and not leaves(typed):
            self._drop(1)
            return
        self._waiting.append(typed)
        if not (_says_no(typed) and await self.no_waits()):
            await self.go_on()

    async def no_waits(self) -> bool:
        """An ``esc`` that waits for its turn leaves what is waited for, once that is shown; whether it did.

        What was typed before it was for what does not come now, and goes with it.
        """
        last = max((place for place, typed in enumerate(self._waiting) if _says_no(typed)), default=-1)
        if last < 0 or not self._app.leave_wait():
            return False
        self.through += 1
        before = [self._waiting.popleft() for _ in range(last + 1)]
        self._drop(sum(not _says_no(typed) for typed in before))
        self._app.call_later(self.go_on)
        return True

    @property
    def waiting(self) -> int:
        """How many keys wait for their turn."""
        return len(self._waiting)

    def handed_lately(self, seconds: float) -> bool:
        """Whether something typed was handed out within so many seconds: what came since may not have been seen."""
        return self.through > 0 and monotonic() - self._handed_at < seconds

    @property
    def busy(self) -> bool:
        """Whether something typed is on its way, or what stands on top is not drawn yet."""
        on_its_way = bool(self._waiting) or not self._worked_off() or bool(self._openings)
        return on_its_way or self._top() is not self._shown

    def shows(self, screen: Screen[Any]) -> bool:
        """Whether it is what is on the terminal now."""
        return screen is self._shown and self._seen_at is not None

    async def go_on(self) -> None:
        """Hand out what may be handed out."""
        while self._may_go():
            typed, screen = self._waiting[0], self._app.screen
            counts = self._counts(typed, screen)
            if counts is None:
                return
            self._waiting.popleft()
            self.through += 1
            if not counts and isinstance(screen, Confirming):
                screen.was_too_early(typed)
                continue
            by_key = isinstance(typed, (Key, Paste))
            target = (self._app.focused if by_key else self._app.mouse_over) or screen
            self._stuck = [node for node in self._stuck if _has_more(node)]
            self._way = [
                node for node in target.ancestors_with_self if node is not self._app and node not in self._stuck
            ]
            self._handed_at = monotonic()
            self._overdue_since = 0.0
            self._walks = 0
            await self._app.hand_out(typed)

    def _counts(self, typed: Typed, screen: Screen[Any]) -> bool | None:
        """Whether it was typed by somebody who could see ``screen``, where that matters; None: not known yet."""
        if (self._seen_at is not None and typed.time > self._seen_at) or not isinstance(screen, Confirming):
            return True
        if screen.takes_early(typed):
            return True
        left = self._drawn_at + PATIENCE - monotonic()
        if self._seen_at is None and left > 0:
            self._wake(left)
            return None
        return False

    def _may_go(self) -> bool:
        if not self._waiting:
            return False
        if not self._worked_off():
            if not self._walks:
                self._walks = WAYS
                self._waited_since = monotonic()
                self._walk(self._way, 0)
            if not self._gave_up():
                return False
        return self._stands() and not self._opening() and bool(self._waiting)

    # --- the key before

    def _worked_off(self) -> bool:
        """Whether nothing of the key before is in any queue; the app's own is the last one on its way.

        A key that has left its screen waits there behind what was typed later: on a busy machine for longer than
        ``CALM``. Taken as worked off, it would let the next key go to what stood before it opened anything.
        """
        if self._way and monotonic() - self._handed_at > CALM and not any(map(_has_more, (self._app, *self._way))):
            self._way = []
        return not self._way

    def _gave_up(self) -> bool:
        """Whether the key before is not waited for any more: a widget on its way is stuck.

        Nobody has looked after it before something came behind it, so the patience begins then: after a pause a
        machine with much else to do would need longer for the way of a key than what is left of it. Who leaves
        waits for none of that.
        """
        now = monotonic()
        end = (self._handed_at if any(map(leaves, self._waiting)) else self._waited_since) + PATIENCE
        if end <= now and not self._overdue_since:
            self._overdue_since = now  # perhaps the whole process stood still, and all of it comes now
        if self._overdue_since:
            end = self._overdue_since + GRACE
        if end > now:
            self._wake(end - now)
            return False
        self._stuck += self._way
        self._way = []
        self.turn_away(end)
        return True

    def _walk(self, way: list[DOMNode], place: int) -> None:
        """Go the way of the key behind it, from queue to queue; a widget that went away has worked off its part."""
        for number in range(place, len(way)):
            if way[number].call_later(self._walk, way, number + 1):
                return
        self._app.call_later(self._walked, way)

    async def _walked(self, way: list[DOMNode]) -> None:
        if way is not self._way:
            return
        self._walks -= 1
        if self._walks:
            self._walk(way, 0)
        else:
            self._way = []
            await self.go_on()

    # --- what opens

    def drawn(self, screen: Screen[Any]) -> None:
        """``screen`` is drawn, and will be seen."""
        if screen is not self._shown:
            self._app.call_later(self._stood, screen, monotonic())

    async def _stood(self, screen: Screen[Any], since: float) -> None:
        """In the app's next turn: what the screen wished to have the focus has it by then."""
        if screen is not self._shown and screen is self._top():
            self._shown, self._drawn_at = screen, since
            self._seen_at = since
            if (driver := self._app.tells_when_shown) is not None:
                self._seen_at = None
                driver.when_shown(partial(self._seen, screen))
            for opening in self._openings:
                if opening.screen is screen:
                    opening.since = since
            await self.go_on()

    def _seen(self, screen: Screen[Any], at: float) -> None:
        """``screen`` is on the terminal."""
        if screen is self._shown and self._seen_at is None:
            self._seen_at = at
            self._app.call_later(self.go_on)

    def _top(self) -> Screen[Any] | None:
        try:
            return self._app.screen
        except ScreenStackError:
            return None

    def _stands(self) -> bool:
        screen = self._top()
        if screen is None or screen is self._shown:
            return screen is not None
        now = monotonic()
        if screen is not self._coming:
            self._coming, self._coming_since = screen, now
        if self._coming_since + PATIENCE <= now:  # a terminal without a single cell: nothing is ever drawn
            self._shown, self._drawn_at, self._seen_at = screen, now, now
            return True
        self._wake(self._coming_since + PATIENCE - now)
        return False

    def begin(self, *, everywhere: bool = False) -> Opening:
        """A key began something that may open something; ``everywhere``: that puts every screen anew."""
        opening = Opening(self._top(), everywhere=everywhere)
        self._openings.add(opening)
        return opening

    def end(self, opening: Opening, *, whole: bool = False) -> None:
        """A part of it has ended; or the ``whole``: it does what it does without showing anything more."""
        opening.parts = 0 if whole else opening.parts - 1
        if opening.over and opening in self._openings:
            self._openings.discard(opening)
            if self._waiting:
                self._app.call_later(self.go_on)

    def _opening(self) -> bool:
        busy = [one for one in self._openings if one.everywhere or one.screen is self._top()]
        if not busy:
            return False
        end = max(one.since + (one.patience or PATIENCE) for one in busy)
        left = end - monotonic()
        if left <= 0:
            self._openings.difference_update(busy)
            self.turn_away(end)
            return False
        self._wake(left)
        return True

    def _wake(self, seconds: float) -> None:
        at = monotonic() + seconds + CALM
        if self._alarm is not None and self._alarm_at <= at + CALM:
            return
        if self._alarm is not None:
            self._alarm.stop()
        self._alarm, self._alarm_at = self._app.set_timer(seconds + CALM, self._woken), at

    async def _woken(self) -> None:
        self._alarm = None
        await self.go_on()

    # --- what is dropped

    def turn_away(self, until: float) -> None:
        """What was typed for something did not come: nothing that was read ``until`` then acts on anything else."""
        self._not_before = until
        late = [typed for typed in self._waiting if typed.time > until or leaves(typed)]
        self._drop(len(self._waiting) - len(late))
        self._waiting = deque(late)

    def _drop(self, count: int) -> None:
        if count and not self._dropped:
            self._app.call_later(self._say_dropped)
        self._dropped += count
        self.through += count

    def _say_dropped(self) -> None:
        """Once everything that was in the app's queue has come through."""
        count, self._dropped = self._dropped, 0
        self._app.say_dropped(f"{'1 key' if count == 1 else f'{count} keys'} typed meanwhile: not used.")
