"""How long processes stood in the queue for a processor: a busy machine's doing, not theirs.

Bounds in wall-clock seconds tell how busy the machine is. What a test waits for is bounded without that time: a program
that is stuck or slow by itself fails as soon as ever, one among ten others does not. Linux tells it for each thread
(``/proc/PID/task/TID/schedstat``); where no system does, nothing is taken off.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final

MOST: Final = 4
"""So many times its seconds a patience lasts at most, however busy the machine is."""
Queued = Mapping[str, float]


def queued(pid: int) -> Queued:
    """For how many seconds each thread of a process was ready and had no processor."""
    found: dict[str, float] = {}
    for thread in Path(f"/proc/{pid}/task").glob("*"):
        with contextlib.suppress(OSError, ValueError, IndexError):
            found[thread.name] = int((thread / "schedstat").read_text().split()[1]) / 1e9
    return found


class Stopwatch:
    """Seconds since it was made, and what of them some processes, and this one, were queued."""

    def __init__(self, *pids: int) -> None:
        self._pids = (*pids, os.getpid())
        self._began = time.monotonic()
        self._before = [queued(pid) for pid in self._pids]
        self._most = [0.0] * len(self._pids)

    @property
    def seconds(self) -> float:
        """By the clock."""
        return time.monotonic() - self._began

    @property
    def queued(self) -> float:
        """Of each process the thread that was queued longest, taken together; a process that has ended keeps its."""
        for place, pid in enumerate(self._pids):
            before = self._before[place]
            waits = (seconds - before.get(thread, 0.0) for thread, seconds in queued(pid).items())
            self._most[place] = max(self._most[place], *waits, 0.0)
        return sum(self._most)

    def has_run(self, seconds: float) -> bool:
        """Whether so many seconds have gone by without the time in the queue, or :data:`MOST` times as many with it."""
        by_clock = self.seconds
        return by_clock > seconds and (by_clock > MOST * seconds or by_clock - self.queued > seconds)
