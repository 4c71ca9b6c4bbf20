"""Waiting for a session's events without sleeping."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import TypeVar

from billtui.services.session_events import SessionEvent
from tests.support.queueing import Stopwatch

E = TypeVar("E")
SECONDS = 15.0


class Events:
    """A listener that keeps every event, and lets tests wait for one."""

    def __init__(self) -> None:
        self.all: list[SessionEvent] = []
        self._more = threading.Condition()

    def __call__(self, event: SessionEvent) -> None:
        with self._more:
            self.all.append(event)
            self._more.notify_all()

    def of(self, kind: type[E]) -> list[E]:
        with self._more:
            return [event for event in self.all if isinstance(event, kind)]

    async def until(self, kind: type[E], fits: Callable[[E], bool] = lambda _event: True, *, after: int = 0) -> E:
        """The first event of ``kind`` that fits, among those after the first ``after``; waits for it."""

        def find() -> E | None:
            return next((event for event in self.all[after:] if isinstance(event, kind) and fits(event)), None)

        def wait() -> E:
            watch = Stopwatch()
            with self._more:
                while not self._more.wait_for(lambda: find() is not None, 1.0):
                    assert not watch.has_run(SECONDS), f"no such {kind.__name__}: {self.all}"
                found = find()
            assert found is not None
            return found

        return await asyncio.to_thread(wait)

    @property
    def count(self) -> int:
        with self._more:
            return len(self.all)


async def until(true: Callable[[], bool]) -> None:
    """Wait until something is so, looking every few milliseconds."""
    watch = Stopwatch()
    while not true():
        assert not watch.has_run(SECONDS), "waited in vain"
        await asyncio.sleep(0.005)
