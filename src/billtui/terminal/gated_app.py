"""The app whose keys go through the typing gate; its one private way in is ``App.on_event``."""

from __future__ import annotations

from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from time import monotonic
from typing import TYPE_CHECKING, Any, TypeVar

from textual.events import Event

from billtui.terminal.output_filter import HarmlessApp
from billtui.terminal.typing_gate import TYPED, Opening, TellsWhenShown, Typed, TypingGate, opening_now

if TYPE_CHECKING:
    from textual.screen import Screen

Answer = TypeVar("Answer")
Result = TypeVar("Result")


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
        raise NotImplementedError

    def starts(self) -> None:
        """Something comes up by itself, a sign-in perhaps: what is typed waits for it."""
        self._starting = self.typing.begin()

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

    def part_of_opening(self, work: Coroutine[Any, Any, Result]) -> Coroutine[Any, Any, Result]:
        """``work``, for a worker, as a part of what the key began that runs now."""
        opening = opening_now.get()
        if opening is None or opening.over:
            return work
        opening.parts += 1
        return self._follow(opening, work)

    async def _follow(self, opening: Opening, work: Coroutine[Any, Any, Result]) -> Result:
        try:
            return await work
        finally:
            self.typing.end(opening)

    def shows_no_more(self) -> None:
        """What a key began has been decided: what is typed from now on is for what stands."""
        if (opening := opening_now.get()) is not None and not opening.over:
            self.typing.end(opening, whole=True)

    def turned_away(self) -> None:
        """What a key began was refused: what was typed for it is dropped, and that is said."""
        if (opening := opening_now.get()) is not None and not opening.over:
            self.typing.turn_away(monotonic())
