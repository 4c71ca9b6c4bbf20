"""The journal's own thread, with group commit.

What several operations have to write at the same time goes into one transaction, so that its one fsync serves them
all; the executor's loop never waits for a disk or for another process's transaction. Each piece of work stands in a
savepoint of its own: one that fails takes no other with it. A commit that fails fails them all, and nobody sends.
"""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any, Final, TypeVar

from billtui.services.journal import Journal, JournalError
from billtui.services.journal.schema import BUSY_SECONDS
from billtui.services.journal.writer import Step, no_step

T = TypeVar("T")
MOST_IN_ONE_COMMIT: Final = 256

_Item = tuple[Callable[[Journal], Any], "Future[Any]"]


class JournalThread:
    """Runs work on a :class:`Journal` in one daemon thread, several pieces per commit."""

    def __init__(self, path: Path, *, step: Step = no_step) -> None:
        """Open the journal at ``path``; raises JournalError where it is not fit for money."""
        self.path: Final = path
        self._step = step
        self._queue: queue.SimpleQueue[_Item | None] = queue.SimpleQueue()
        self._opened: Future[None] = Future()
        self._thread = threading.Thread(target=self._run, name="billtui-journal", daemon=True)
        self._thread.start()
        self._opened.result()

    def submit(self, work: Callable[[Journal], T]) -> Future[T]:
        """Queue ``work``; the future is resolved after its commit is durable. Errors: JournalError and its kinds."""
        future: Future[T] = Future()
        self._queue.put((work, future))
        return future

    def call(self, work: Callable[[Journal], T], timeout: float = BUSY_SECONDS + 5) -> T:
        """Run ``work`` and wait for its commit. Raises JournalError, also when that takes too long."""
        future = self.submit(work)
        try:
            return future.result(timeout)
        except TimeoutError:
            future.cancel()
            raise JournalError(f"The journal {self.path} does not answer; nothing was sent. Try again.") from None

    async def run(self, work: Callable[[Journal], T]) -> T:
        """Run ``work`` from the executor's loop."""
        return await asyncio.wrap_future(self.submit(work))

    def close(self, timeout: float) -> None:
        """Finish what is queued, then close, for at most ``timeout`` seconds."""
        self._queue.put(None)
        self._thread.join(timeout)

    def _run(self) -> None:
        try:
            journal = Journal(self.path, step=self._step)
        except Exception as error:  # noqa: BLE001 - handed to whoever opens it, else it would wait for ever
            self._opened.set_exception(error if isinstance(error, JournalError) else JournalError(str(error)))
            return
        self._opened.set_result(None)
        try:
            while (first := self._queue.get()) is not None:
                batch, last = self._gather(first)
                self._commit(journal, batch)
                if last:
                    break
        finally:
            journal.close()

    def _gather(self, first: _Item) -> tuple[list[_Item], bool]:
        batch = [first]
        while len(batch) < MOST_IN_ONE_COMMIT:
            try:
                item = self._queue.get_nowait()
            except queue.Empty:
                return batch, False
            if item is None:
                return batch, True
            batch.append(item)
        return batch, False

    def _commit(self, journal: Journal, batch: list[_Item]) -> None:
        running = [(work, future) for work, future in batch if future.set_running_or_notify_cancel()]
        if not running:
            return
        results: list[tuple[Future[Any], Any, BaseException | None]] = []
        try:
            with journal.transaction():
                for work, future in running:
                    results.append((future, *self._attempt(journal, work)))
        except Exception as error:  # noqa: BLE001 - handed to all who wait, else they would wait for ever
            for _, future in running:
                future.set_exception(error)
            return
        for future, result, trouble in results:
            if trouble is not None:
                future.set_exception(trouble)
            else:
                future.set_result(result)

    @staticmethod
    def _attempt(journal: Journal, work: Callable[[Journal], Any]) -> tuple[Any, BaseException | None]:
        try:
            with journal.transaction():
                return work(journal), None
        except Exception as error:  # whatever it is, it is its own: this thread writes for everybody else
            if not journal.in_transaction:  # a full disk has rolled everything back: nobody's work is there
                raise JournalError(str(error)) from error
            return None, error
