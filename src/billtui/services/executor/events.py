"""What the executor tells: one event per move, handed over without ever waiting for the listener."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from billtui.domain.safetext import SafeText
from billtui.services.journal import JobState, OperationRow, OperationState, PauseReason

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a file of a message is on its way (TKT-6)."""

    name: SafeText
    sent: int
    """Bytes that were handed to the line."""
    size: int
    file: int
    """Its number, from 1."""
    files: int
    """How many the message has."""
    done: bool = False
    """The panel has it."""


@dataclass(frozen=True, slots=True)
class JobEvent:
    """How far a job is, and which operation just moved."""

    job_id: str
    plan_title: SafeText
    state: JobState
    states: Mapping[OperationState, int]
    """How many operations are in each state."""
    operation: OperationRow | None = None
    """The operation that moved, as it stands in the journal now; ``None`` when only the job changed."""
    outcome: OperationState | None = None
    """The state that it moved to."""
    answer: Mapping[str, Any] | None = None
    """The panel's answer as JSON, when it was done."""
    error: SafeText | None = None
    """Why not, in words."""
    paused: PauseReason | None = None
    done: bool = False
    """Every outcome of the job is final."""
    waiting_seconds: float | None = None
    """The panel asked to wait this long before the next request."""
    progress: Progress | None = None
    """How far a file of :attr:`operation` is, while it is being sent."""


Listener = Callable[[JobEvent], None]


def ignore(_event: JobEvent) -> None:
    """A listener for those who ask the journal instead."""


class Notifier:
    """Calls the listener in a thread of its own, so that a stalled screen stalls nothing but itself."""

    def __init__(self, listener: Listener) -> None:
        """Start the thread; it is a daemon and ends with :meth:`close`."""
        self._listener: Final = listener
        self._queue: queue.SimpleQueue[JobEvent | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="billtui-outcomes", daemon=True)
        self._thread.start()

    def put(self, event: JobEvent) -> None:
        """Hand ``event`` over and return at once."""
        self._queue.put(event)

    def close(self, timeout: float) -> None:
        """Let what is queued be told, for at most ``timeout`` seconds."""
        self._queue.put(None)
        self._thread.join(timeout)

    def _run(self) -> None:
        while (event := self._queue.get()) is not None:
            try:
                self._listener(event)
            except Exception:  # a listener's fault ends neither this thread nor a job; it is logged with its trace
                logger.exception("a listener of the executor failed")
