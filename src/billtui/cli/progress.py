"""How far a job is, on the terminal of a command that waits for it: one line, written over, once a second."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from typing import TextIO

from billtui.cli.plan_text import counts_text
from billtui.services.executor.pace import Pace, pace_words
from billtui.services.journal import JobRow, JobState

EVERY = 1.0
_MOVING = (JobState.RUNNING, JobState.SETTLING)


class JobProgress:
    """Writes to standard error where that is a terminal, else nothing."""

    def __init__(
        self, *, wanted: bool, stream: TextIO | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """``wanted`` is false where the answer is for a program."""
        self._stream = stream if stream is not None else sys.stderr
        self._on = wanted and self._stream is not None and self._stream.isatty()
        self._over = os.environ.get("TERM", "dumb") != "dumb"
        self._clock = clock
        self._pace = Pace()
        self._shown = ""
        self._at = float("-inf")

    def show(self, job: JobRow) -> None:
        """How far it is, at most once a second."""
        if not self._on or job.count <= 1:
            return
        now = self._clock()
        estimate = self._pace.look(now, job.closed_count, job.count - job.closed_count, moving=job.state in _MOVING)
        if now - self._at < EVERY and not job.finished:
            return
        text = f"{job.closed_count} of {job.count}: {counts_text(job)}"
        if job.state in _MOVING:
            text += f"; {pace_words(estimate)}"
        elif job.paused is not None:
            text += f"; paused ({job.paused.value})"
        if text == self._shown:
            return
        self._shown, self._at = text, now
        if self._over:
            columns = os.get_terminal_size(self._stream.fileno()).columns or 80  # 0: it does not say
            self._stream.write(f"\r{text[: columns - 1]}\x1b[K")
        else:
            self._stream.write(f"{text}\n")
        self._stream.flush()

    def end(self) -> None:
        """Leave the line as it is and go on below it."""
        if self._on and self._over and self._shown:
            self._stream.write("\n")
            self._stream.flush()
            self._shown = ""
