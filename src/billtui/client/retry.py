"""When to try again, as small pure decisions. Only reads ask; a write is sent once."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from billtui.client.errors import (
    CertificateProblem,
    CircuitOpen,
    ClientError,
    ConfigurationProblem,
    ConnectionLost,
    NotSent,
    RateLimited,
    ServerTrouble,
    TimedOut,
)

MAX_PAUSE = 8.0
"""Longest random pause between two tries, in seconds."""
BREAK_AFTER = 6
"""So many failures in a row open the circuit."""
BREAK_FIRST = 2.0
BREAK_LONGEST = 30.0


def worth_repeating(error: ClientError) -> bool:
    """Whether a read may be tried again after ``error``."""
    if isinstance(error, CertificateProblem | ConfigurationProblem | CircuitOpen):
        return False
    return isinstance(error, NotSent | TimedOut | ConnectionLost | ServerTrouble | RateLimited)


def pause(error: ClientError, attempt: int, base: float, rng: random.Random) -> float:
    """Seconds before the next try: what the panel asked for, else full jitter below ``base`` × 2^attempt."""
    jitter = rng.uniform(0, min(MAX_PAUSE, base * 2**attempt))
    return jitter if error.retry_after is None else error.retry_after + jitter / 4


def next_pause(
    error: ClientError, attempt: int, *, tries: int, left: float, base: float, rng: random.Random
) -> float | None:
    """Seconds to wait before try ``attempt`` + 1 (they count from 0), or ``None``: give up and raise ``error``.

    It gives up when tries are spent, when repeating cannot help, and when the pause does not fit into ``left`` seconds.
    """
    if attempt + 1 >= tries or not worth_repeating(error):
        return None
    seconds = pause(error, attempt, base, rng)
    return seconds if seconds < left else None


@dataclass(slots=True)
class Breaker:
    """Stops reads for a while after many failures in a row, then lets one through to see.

    Times are monotonic seconds given by the caller. Only trouble of the line or the panel counts; refusals are answers.
    """

    failures: int = 0
    open_until: float = 0.0
    failed_at: float = 0.0
    trying: bool = field(default=False)

    def wait(self, now: float, *, person: bool = False) -> float | None:
        """Seconds until a read may pass, or ``None``: it may pass now (and is the trial, if the circuit was open).

        Where a ``person`` waits for it, :data:`BREAK_FIRST` after the last failure is enough: a pause that has grown
        while nobody looked says nothing about now.
        """
        if self.failures < BREAK_AFTER:
            return None
        until = min(self.open_until, self.failed_at + BREAK_FIRST) if person else self.open_until
        if now < until:
            return until - now
        if self.trying:
            return BREAK_FIRST
        self.trying = True
        return None

    def succeeded(self) -> None:
        """The panel answered."""
        self.failures = 0
        self.trying = False

    def failed(self, now: float) -> None:
        """Line or panel failed."""
        self.failures += 1
        self.failed_at = now
        self.trying = False
        if self.failures >= BREAK_AFTER:
            self.open_until = now + min(BREAK_LONGEST, BREAK_FIRST * 2 ** (self.failures - BREAK_AFTER))

    def abandoned(self) -> None:
        """The trial was cancelled: the next read is the trial."""
        self.trying = False
