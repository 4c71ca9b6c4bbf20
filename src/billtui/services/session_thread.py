"""The session's own threads: one with an event loop for reads, and single workers for what blocks.

All are daemon threads: leaving the program never waits for a call that hangs.
"""

from __future__ import annotations

import asyncio
import queue
import sys
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

from billtui.services.waits import Question, asking

T = TypeVar("T")

TURN = 0.001
"""Seconds for which a thread may keep the interpreter while another one waits for it. Python's own 5 ms are as much as
a key costs, and the interface, the line and the copy hand over to each other all the time (P-SYNC)."""


class SessionClosed(RuntimeError):
    """The session has ended; nothing more can be asked of it."""


class LoopThread:
    """A thread that runs an event loop; coroutines are handed to it from any thread."""

    def __init__(self, name: str) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._closing = False

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The loop; for ``call_soon_threadsafe`` from other threads."""
        return self._loop

    def start(self) -> None:
        """Begin to run."""
        sys.setswitchinterval(TURN)
        self._thread.start()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_forever()
        finally:
            self._loop.close()

    def call(self, work: Callable[[], None]) -> None:
        """Run ``work`` in the loop's thread soon; nothing once it has ended."""
        try:
            self._loop.call_soon_threadsafe(work)
        except RuntimeError:
            return

    def submit(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        """Run ``work`` in the loop; cancelling the answer cancels it. Raises SessionClosed after the end."""
        if self._closing or not self._thread.is_alive():
            work.close()
            raise SessionClosed("The session has ended.")
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    async def ask(self, work: Coroutine[Any, Any, T], question: Question | str | None = None) -> T:
        """Await ``work`` from another thread's loop; being cancelled here cancels it there.

        With a ``question`` it is something that a person may be waiting for (:mod:`billtui.services.waits`).
        """
        with asking(question):
            return await asyncio.wrap_future(self.submit(work))

    def stop(self, seconds: float) -> bool:
        """Cancel what still runs, end the loop and wait for the thread, ``seconds`` at most. True if it ended."""
        if self._closing or not self._thread.is_alive():
            return True
        self._closing = True

        async def finish() -> None:
            rest = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
            for task in rest:
                task.cancel()
            await asyncio.wait(rest, timeout=seconds / 2) if rest else None
            self._loop.stop()

        asyncio.run_coroutine_threadsafe(finish(), self._loop)
        self._thread.join(seconds)
        return not self._thread.is_alive()


class Worker:
    """One daemon thread that does blocking work in the order given: the only writer of the store is one."""

    def __init__(self, name: str) -> None:
        self._work: queue.SimpleQueue[tuple[Future[Any], Callable[[], Any]] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._closed = False
        self._thread.start()

    def _run(self) -> None:
        while (item := self._work.get()) is not None:
            future, work = item
            if not future.set_running_or_notify_cancel():
                continue
            try:
                future.set_result(work())
            except BaseException as error:  # noqa: BLE001 - handed to whoever waits
                future.set_exception(error)
            del item, future, work

    def submit(self, work: Callable[[], T]) -> Future[T]:
        """Have ``work`` done. Raises SessionClosed after the end."""
        if self._closed:
            raise SessionClosed("The session has ended.")
        future: Future[T] = Future()
        self._work.put((future, work))
        return future

    async def do(self, work: Callable[[], T]) -> T:
        """Await ``work`` from a loop. Once begun it is finished even if the waiting is cancelled."""
        return await asyncio.wrap_future(self.submit(work))

    def stop(self, seconds: float) -> bool:
        """Finish what is queued, ``seconds`` at most. True if it ended."""
        if not self._closed:
            self._closed = True
            self._work.put(None)
        self._thread.join(seconds)
        return not self._thread.is_alive()
