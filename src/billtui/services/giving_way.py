"""The copying of lists gives way to whoever types, and still comes to its end (P-SYNC).

The panel that is asked, the process that reads its pages and the writing of the copy may want the processor that a key
waits for. So while somebody types a page is read now and then only; when the keys rest the work goes on at once.
It goes on at once, too, where somebody waits for what is copied.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Final

TYPING: Final = 0.5
"""So long after a key somebody is still taken to be typing, in seconds."""
SHORT: Final = 0.5
"""Seconds at the beginning of a load in which it does not give way: most lists are copied by then."""
PAUSE: Final = 5.0
"""The longest pause, in seconds. What is on its way already is still read in it."""
STEP: Final = 0.05
"""How often it is looked whether somebody still types, in seconds."""


class GivingWay:
    """When somebody last typed, when the work began, and how many wait for what it brings. But for :meth:`typed` it is
    used in one loop."""

    def __init__(
        self,
        clock: Callable[[], float] = monotonic,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        """Nobody has typed yet, and nobody waits."""
        self._clock = clock
        self._sleep = sleep
        self._typed_at = float("-inf")
        self._began = float("-inf")
        self._awaited = self._pausing = 0
        self._since = 0.0
        self.given = 0.0
        """Seconds for which the work has stood still in all; pauses side by side count once."""

    def typed(self) -> None:
        """Somebody has typed. From any thread."""
        self._typed_at = self._clock()

    @property
    def typing(self) -> bool:
        """Whether somebody types."""
        return self._clock() - self._typed_at < TYPING

    def begin(self) -> None:
        """Work begins."""
        self._began = self._clock()

    @contextmanager
    def awaited(self) -> Iterator[None]:
        """Somebody waits for what is copied: while it lasts, that gives way to nobody."""
        self._awaited += 1
        try:
            yield
        finally:
            self._awaited -= 1

    def _stands_back(self) -> bool:
        return self.typing and not self._awaited

    async def pause(self) -> None:
        """Called between two pieces of work: wait while somebody types, for :data:`PAUSE` at most."""
        now = self._clock()
        if now - self._began < SHORT or not self._stands_back():
            return
        end = now + PAUSE
        if not self._pausing:
            self._since = now
        self._pausing += 1
        try:
            while self._stands_back() and (left := end - self._clock()) > 0:
                await self._sleep(min(STEP, left))
        finally:
            self._pausing -= 1
            if not self._pausing:
                self.given += self._clock() - self._since
