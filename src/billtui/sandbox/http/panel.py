"""What the HTTP layer holds for the life of an application: database, threads, waiting readers, faults."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar, cast

from fastapi import Request

from billtui.sandbox.database import Database
from billtui.sandbox.http.fault_set import FaultSet

READERS = 4
WRITERS = 2
"""One works, the other prepares: the database takes one writer at a time anyway."""
T = TypeVar("T")


class ChangeHub:
    """Wakes long polls when something was committed, without keeping a thread busy per waiting client."""

    def __init__(self) -> None:
        """Nobody waits yet."""
        self._lock = threading.Lock()
        self._waiting: dict[asyncio.Event, asyncio.AbstractEventLoop] = {}
        self.closing = False

    def join(self) -> asyncio.Event:
        """An event that is set at the next commit. Join before reading, so that nothing falls in between."""
        event = asyncio.Event()
        with self._lock:
            self._waiting[event] = asyncio.get_running_loop()
            if self.closing:
                event.set()
        return event

    def leave(self, event: asyncio.Event) -> None:
        """Forget an event of :meth:`join`."""
        with self._lock:
            self._waiting.pop(event, None)

    def wake(self) -> None:
        """Something was committed; may be called from any thread."""
        with self._lock:
            waiting = list(self._waiting.items())
        for event, loop in waiting:
            if not loop.is_closed():
                loop.call_soon_threadsafe(event.set)

    def close(self) -> None:
        """The server ends: no poll waits any longer."""
        self.closing = True
        self.wake()


class Panel:
    """The parts that every route works with."""

    def __init__(self, database: Database) -> None:
        """``database`` is open and seeded; it stays the caller's to close."""
        self.database = database
        self.faults = FaultSet()
        self.hub = ChangeHub()
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="sandbox-read")
        self._writers = ThreadPoolExecutor(WRITERS, thread_name_prefix="sandbox-write")
        self._ahead = 0.0
        self.clock_moved()
        database.on_commit(self.hub.wake)

    def clock_moved(self) -> None:
        """Look again how far the panel's time is ahead of real time; to be called when someone moved it."""
        self._ahead = self.database.now().timestamp() - time.time()

    def time(self) -> float:
        """The panel's time in seconds since the epoch, without asking the database."""
        return time.time() + self._ahead

    async def read(self, work: Callable[[], T]) -> T:
        """Run blocking ``work`` that only reads (or hashes) in one of a few threads."""
        return await asyncio.get_running_loop().run_in_executor(self._readers, work)

    async def write(self, work: Callable[[], T]) -> T:
        """Run blocking ``work`` that writes. Once begun it ends, even if the client goes away."""
        return await asyncio.get_running_loop().run_in_executor(self._writers, work)

    def close(self) -> None:
        """End the threads; what runs is finished first."""
        self.hub.close()
        self._readers.shutdown(wait=True, cancel_futures=True)
        self._writers.shutdown(wait=True, cancel_futures=True)


def panel_of(request: Request) -> Panel:
    """The panel of the application that serves ``request``."""
    return cast("Panel", request.app.state.panel)
