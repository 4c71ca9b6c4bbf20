"""Shows what is waited for on whatever is on top, and lets ``esc`` leave it: one mechanism for every flow.

A fast panel shows nothing: the line comes after :data:`SHOWN_AFTER` seconds, and only then is ``esc`` its key.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from time import monotonic
from typing import TYPE_CHECKING, Any, Final

from textual.app import App, ScreenStackError
from textual.screen import Screen

from billtui.services.waits import ACT, AT_WORK, Act, Leaving

if TYPE_CHECKING:
    from textual.timer import Timer

    from billtui.screens.careful_app import CarefulApp
    from billtui.widgets.wait_line import Pending, WaitLine

SHOWN_AFTER: Final = 1.0
"""Seconds."""
SOON: Final = 0.01
LINE: Final = "-waits"
"""The class of a screen on which the line stands: messages stand above it."""
_WAYS_OUT: Final = {Leaving.CANCELS: "cancels", Leaving.GOES_ON: "leaves it to go on", Leaving.HOLDS: ""}


def act_of_view(app: App[Any]) -> AbstractContextManager[None]:
    """What a view asks for by itself: it is shown what it waits for, and goes with the view."""
    waits = getattr(app, "waits", None)
    return waits.act() if isinstance(waits, Waits) else nullcontext()


class Waits:
    """The acts of one program that are under way."""

    def __init__(self, app: CarefulApp[Any]) -> None:
        """Nothing is."""
        self._app = app
        self._acts: list[Act] = []
        self._places: dict[Act, Screen[Any]] = {}
        """What was on top when each began to wait."""
        self._timer: Timer | None = None
        self._line: WaitLine | None = None

    @contextmanager
    def act(self, name: str = "") -> Iterator[None]:
        """What is done in it belongs together; with a ``name`` a person began it."""
        act = Act(self._changed, name)
        self._acts.append(act)
        token = ACT.set(act)
        try:
            yield
        finally:
            ACT.reset(token)
            self._acts.remove(act)

    def is_asking(self, name: str) -> bool:
        """Whether something with this name waits for the panel now, and that is shown."""
        return any(act.name == name and self._is_due(act) for act in self._acts)

    def _changed(self, act: Act) -> None:
        if act.asked and (top := self._top()) is not None:
            self._places[act] = top
        elif not act.asked:
            self._places.pop(act, None)
        if self._places:
            self._wake(min(self._until_next(one) for one in self._places))
        if self._line is not None:
            self._app.call_later(self._draw)  # behind a question of the same act that comes next

    def _wake(self, seconds: float) -> None:
        if self._timer is not None:
            self._timer.stop()
        self._timer = self._app.set_timer(max(SOON, seconds), self._due)

    async def _due(self) -> None:
        """Something is waited for long enough to be shown, or a second has passed."""
        self._timer = None
        self._draw()
        if self._places:
            self._wake(min(self._until_next(one) for one in self._places))
        if self._shown() is not None:
            await self._app.typing.no_waits()

    @staticmethod
    def _until_next(act: Act) -> float:
        """Seconds until it is shown, or shows another number."""
        waited = monotonic() - act.since
        return SHOWN_AFTER - waited if waited < SHOWN_AFTER else 1.0 - waited % 1.0

    # --- what stands there

    def _top(self) -> Screen[Any] | None:
        try:
            return self._app.screen
        except ScreenStackError:
            return None

    @staticmethod
    def _is_due(act: Act) -> bool:
        return act.now is not None and not act.left and monotonic() - act.since >= SHOWN_AFTER - 0.01

    def _shown(self) -> Act | None:
        """The latest that is waited for where the person is: a question on top of it is asked first."""
        top = self._top()
        if top is None:
            return None
        here = [act for act, place in self._places.items() if self._is_due(act) and (place is top or not top.is_modal)]
        return max(here, key=lambda act: act.since, default=None)

    def _draw(self) -> None:
        act, top = self._shown(), self._top()
        line = self._line
        if line is not None and (act is None or line.screen is not top or not line.is_attached):
            self._line = None
            if line.is_attached:
                line.screen.remove_class(LINE)
                line.remove()
        if act is None or top is None or not top.is_attached:
            return
        if self._line is None:
            from billtui.widgets.wait_line import WaitLine

            self._line = WaitLine()
            top.mount(self._line)
            top.add_class(LINE)
        self._line.pending = self._pending(act, top)

    def _pending(self, act: Act, top: Screen[Any]) -> Pending | None:
        from billtui.widgets.wait_line import Pending

        now = act.now
        if now is None:
            return None
        if act.name:
            way_out = _WAYS_OUT[now.question.leaving]
        else:
            way_out = "goes back" if top.is_modal or len(self._app.screen_stack) > 1 else ""
        seconds = int(monotonic() - act.since + 0.01)
        return Pending(now.question.words, seconds, now.questions.asked, now.questions.all, way_out)

    # --- leaving

    def leave(self) -> bool:
        """``esc``: leave what is shown, if a person began it and it can be left. Whether it was."""
        act = self._shown()
        now = act.now if act is not None else None
        if act is None or now is None or not act.name or now.question.leaving is Leaving.HOLDS:
            return False
        words, left = now.question.words, now.question.left
        if now.question.leaving is Leaving.GOES_ON or act.sent:
            left = AT_WORK
        act.leave()
        self._draw()
        self._app.say(f"{words}: left. {left}")
        return True
