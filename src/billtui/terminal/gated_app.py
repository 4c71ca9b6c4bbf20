"""The app whose keys go through the typing gate; its one private way in is ``App.on_event``."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Coroutine, Generator, Iterator
from contextlib import contextmanager
from time import monotonic
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from textual.events import Event

from billtui.terminal.output_filter import HarmlessApp
from billtui.terminal.typing_gate import TYPED, Opening, TellsWhenShown, Typed, TypingGate, leaves, opening_now

if TYPE_CHECKING:
    from textual.dom import DOMNode
    from textual.screen import Screen

ASKING_SECONDS = 8.0
"""So long, at most, keys wait for a sign-in that is known to come: the keyring that is asked before has 3 seconds."""
Answer = TypeVar("Answer")


class Work(Protocol):
    """Something to await once, or to close where nobody does: any coroutine."""

    def __await__(self) -> Generator[Any, Any, object]:
        """Do it."""

    def close(self) -> None:
        """It is not done."""


class _Part:
    """Work that tells its end, also when it never began."""

    def __init__(self, work: Work, ended: Callable[[], None]) -> None:
        self._work = work
        self._ended = ended

    def __await__(self) -> Generator[Any, Any, object]:
        try:
            return (yield from self._work.__await__())
        finally:
            self._ended()

    def close(self) -> None:
        """It never began."""
        self._work.close()
        self._ended()


class GatedApp(HarmlessApp[Answer]):
    """An app that hands out what is typed by the two laws."""

    def __init__(self) -> None:
        """Nothing was typed yet."""
        super().__init__()
        self.typing = TypingGate(self)
        self._starting: Opening | None = None

    async def on_event(self, event: Event) -> None:
        """What is typed goes through the gate, everything else as ever."""
        if isinstance(event, TYPED) and not event.is_forwarded:
            if self._starting is not None and leaves(event):
                self.typing.turn_away(monotonic())  # leaving waits for nothing that may still come up
                self.started()
            await self.typing.take(event)
        else:
            await super().on_event(event)

    @property
    def tells_when_shown(self) -> TellsWhenShown | None:
        """The driver, if it knows what its terminal shows."""
        driver: object = self._driver
        return driver if isinstance(driver, TellsWhenShown) else None

    async def hand_out(self, typed: Typed) -> None:
        """For the gate: as Textual does it."""
        await super().on_event(typed)

    def _display(self, screen: Screen[Any], renderable: Any) -> None:
        super()._display(screen, renderable)
        if renderable is not None:
            self.typing.drawn(screen)

    def leave_wait(self) -> bool:
        """Leave what is waited for, where that is shown; whether something was left. For ``esc``."""
        return False

    def say_dropped(self, words: str) -> None:
        """Say that keys were not used, in the program's own way of saying things."""
        raise NotImplementedError  # each program says it in its own way; none may drop keys without a word

    def starts(self, *, anew: bool = False) -> None:
        """Something comes up by itself, a sign-in perhaps: what is typed waits for it.

        ``anew``: in the place of all that stands there.
        """
        self.started()
        self._starting = self.typing.begin(everywhere=anew)

    def start_asks(self) -> None:
        """What comes up is a question, and whoever types knows it: keys wait for it as long as a keyring may take."""
        if self._starting is not None:
            self._starting.patience = ASKING_SECONDS

    def nothing_came(self) -> None:
        """What comes up by itself does not: what was typed for it acts on nothing else, and that is said."""
        if self._starting is not None:
            self.typing.turn_away(monotonic())

    def started(self) -> None:
        """It has come up, or is not needed."""
        if self._starting is not None:
            self.typing.end(self._starting, whole=True)
            self._starting = None

    @contextmanager
    def opening(self) -> Iterator[None]:
        """What a key began runs in it; what goes on in a worker is its part by :meth:`part_of_opening`."""
        opening = self.typing.begin()
        token = opening_now.set(opening)
        try:
            yield
        finally:
            opening_now.reset(token)
            self.typing.end(opening)

    def part_of_opening(self, work: Work) -> Work:
        """``work``, for a worker, as a part of what the key began that runs now."""
        opening = opening_now.get()
        if opening is None or opening.over:
            return work
        opening.parts += 1
        return _Part(work, lambda: self.typing.end(opening))

    def begin_work(self, owner: DOMNode, whole: Coroutine[Any, Any, object], work: Work, *, group: str) -> None:
        """Run ``whole``, which awaits ``work``, in a worker of ``owner``.

        A worker whose owner goes in the same turn never runs (Textual 8.2.8): its work is closed then, so that nothing
        that was typed waits for it.
        """
        owner.run_worker(whole, group=group, exit_on_error=False)

        def look() -> None:
            if inspect.getcoroutinestate(whole) == inspect.CORO_CREATED:
                whole.close()
                work.close()

        asyncio.get_running_loop().call_soon(look)  # behind the worker's first step, which is in the loop's queue

    def shows_no_more(self) -> None:
        """What a key began has been decided: what is typed from now on is for what stands."""
        if (opening := opening_now.get()) is not None and not opening.over:
            self.typing.end(opening, whole=True)

    def turned_away(self) -> None:
        """What a key began was refused: what was typed for it is dropped, and that is said."""
        if (opening := opening_now.get()) is not None and not opening.over:
            self.typing.turn_away(monotonic())
