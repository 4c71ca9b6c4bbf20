"""How hard a panel is asked: so many requests side by side, so long between two of them."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Final

UNHURRIED: Final[ContextVar[bool]] = ContextVar("unhurried", default=False)
"""Set, in a task, where nobody waits for what it asks: copying lists. It leaves a place free for whoever waits."""


@dataclass(frozen=True, slots=True)
class Pace:
    """What one kind of panel is spared from. Long polls do not count: they wait, and cost it nothing."""

    at_once: int = 0
    """Most requests at the same time; 0: as many as there are connections."""
    between: float = 0.0
    """Seconds between the beginnings of two requests."""


UNSPARED: Final = Pace()
"""For a panel that says itself when it is too much."""


@dataclass(slots=True)
class Turns:
    """Hands out turns at one panel by its pace, in one event loop; first come, first served.

    What a person waits for does not stand behind the copying of lists, which on a panel that takes ten seconds for each
    answer may go on for minutes: one place of those that there are is never taken by it.
    """

    pace: Pace
    _places: asyncio.Semaphore | None = None
    _unhurried: asyncio.Semaphore | None = None
    _next: float = 0.0
    _gate: asyncio.Lock = field(default_factory=asyncio.Lock)

    @contextlib.asynccontextmanager
    async def turn(self, *, waits_for_news: bool = False) -> AsyncIterator[None]:
        """One request's turn; a long poll has its own at once."""
        if waits_for_news or self.pace == UNSPARED:
            yield
            return
        if self._places is None or self._unhurried is None:
            most = self.pace.at_once or 1_000
            self._places, self._unhurried = asyncio.Semaphore(most), asyncio.Semaphore(max(1, most - 1))
        async with self._unhurried if UNHURRIED.get() else contextlib.nullcontext(), self._places:
            if self.pace.between:
                async with self._gate:
                    await asyncio.sleep(max(0.0, self._next - time.monotonic()))
                    self._next = time.monotonic() + self.pace.between
            yield
