"""The copying of lists gives way to whoever types: half of the time at most, so that it comes to its end (P-SYNC).

The panel that is asked, the process that reads its pages and the writing of the copy may want the processor that a key
waits for. Where somebody types, the work stops now and then for as long as it has gone on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import Final

TYPING: Final = 0.5
"""So long after a key somebody is still taken to be typing, in seconds."""
STRETCH: Final = 0.5
"""Seconds of work between two pauses, and the longest pause. A page that is on its way already is still read in it."""
STEP: Final = 0.05
"""How often it is looked whether somebody still types, in seconds."""


class GivingWay:
    """When somebody last typed, and for how long the work has gone on since its last pause."""

    def __init__(
        self,
        clock: Callable[[], float] = monotonic,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        """Nobody has typed yet."""
        self._clock = clock
        self._sleep = sleep
        self._typed_at = float("-inf")
        self._since = float("-inf")

    def typed(self) -> None:
        """Somebody has typed. From any thread."""
        self._typed_at = self._clock()

    @property
    def typing(self) -> bool:
        """Whether somebody types."""
        return self._clock() - self._typed_at < TYPING

    def begin(self) -> None:
        """Work begins."""
        self._since = self._clock()

    async def pause(self) -> None:
        """Called between two pieces of work: after :data:`STRETCH` of it, wait for as long while somebody types."""
        now = self._clock()
        if now - self._since < STRETCH:
            return
        end = now + STRETCH
        while self.typing and (left := end - self._clock()) > 0:
            await self._sleep(min(STEP, left))
        self._since = self._clock()
