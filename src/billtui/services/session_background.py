"""What a session does beside what it is asked for: tasks of its loop that nobody awaits, and whose faults are told."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from billtui.services.session_events import SessionEvent, Unforeseen


class Background:
    """Tasks that nobody awaits. In the session's loop."""

    def __init__(self, tell: Callable[[SessionEvent], None], is_closing: Callable[[], bool]) -> None:
        """``tell`` hears of faults of our own; at the end (``is_closing``) nobody does."""
        self._tell = tell
        self._is_closing = is_closing
        self._tasks: set[asyncio.Task[None]] = set()

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Begin ``work``; it is held until it has ended."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if isinstance(error, Exception) and not self._is_closing():
            self._tell(Unforeseen(error))
