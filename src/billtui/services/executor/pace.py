"""How fast a job goes, and how long it will take: from what finished within the last seconds, and nothing else."""

from __future__ import annotations

from collections import deque
from typing import Final, NamedTuple

WINDOW: Final = 20.0
"""Seconds that the rate is taken over."""
LEAST: Final = 2.0
"""Seconds of observation below which nothing is said."""


class Estimate(NamedTuple):
    """What can be said of a job's pace; ``None`` where it cannot be said."""

    rate: float | None
    """Operations that came to their end per second."""
    seconds_left: float | None
    """Until all have, at that rate."""


UNKNOWN: Final = Estimate(None, None)


def pace_words(estimate: Estimate) -> str:
    """``8.2/s, about 1 min 10 s left``; what cannot be known is said to be unknown. For a job that moves."""
    if estimate.rate is None:
        return "measuring the pace"
    if estimate.seconds_left is None:
        return "nothing finished for a while"
    if estimate.rate < 0.1:
        rate = f"one in {_span(1 / estimate.rate)}"
    else:
        rate = f"{estimate.rate:.0f}/s" if estimate.rate >= 10 else f"{estimate.rate:.1f}/s"
    return f"{rate}, about {_span(estimate.seconds_left)} left"


def _span(seconds: float) -> str:
    """Seconds in steps that do not promise more than an estimate can hold."""
    step = 1 if seconds < 10 else 5 if seconds < 60 else 10 if seconds < 600 else 60
    whole = max(1, round(seconds / step) * step)
    minutes, rest = divmod(whole, 60)
    hours, minutes_left = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes_left} min" if minutes_left else f"{hours} h"
    if minutes:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    return f"{rest} s"


class Pace:
    """Looks at one job again and again. Times are of a monotonic clock, in seconds."""

    def __init__(self, window: float = WINDOW) -> None:
        """Nothing was seen yet."""
        self._window = window
        self._seen: deque[tuple[float, int]] = deque()

    def look(self, now: float, closed: int, left: int, *, moving: bool) -> Estimate:
        """Note that ``closed`` operations have their outcome and ``left`` have not, and say how fast it goes.

        A job that does not move (paused, held, finished) has no rate, and what it did before counts no more once it
        goes on. While it moves without anything finishing, the rate falls, and at zero no time is promised.
        """
        if not moving or (self._seen and closed < self._seen[-1][1]):  # fewer than before: something went again
            self._seen.clear()
        if not moving:
            return UNKNOWN
        self._seen.append((now, closed))
        while len(self._seen) > 2 and self._seen[1][0] <= now - self._window:
            self._seen.popleft()
        began, before = self._seen[0]
        if now - began < LEAST:
            return UNKNOWN
        rate = (closed - before) / (now - began)
        return Estimate(rate, left / rate if rate > 0 else None)
