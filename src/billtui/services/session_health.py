"""How the connection to the panel is, told when it becomes another."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from billtui.client.errors import (
    ClientError,
    ConfigurationProblem,
    ConnectionLost,
    NotSent,
    Outcome,
    RateLimited,
    TimedOut,
)
from billtui.services.session_events import ConnectionChanged, ConnectionState, SessionEvent

MOST_SKEW = timedelta(minutes=2)


class Health:
    """The connection's state. Used in the session's loop; ``now`` may be read from any thread."""

    def __init__(
        self, tell: Callable[[SessionEvent], None], skew: Callable[[], timedelta | None], slow_seconds: float
    ) -> None:
        self._tell = tell
        self._skew = skew
        self._slow_seconds = slow_seconds
        self.now = ConnectionChanged(ConnectionState.SIGNED_OUT)
        """As last told."""
        self.unreachable = False
        """Whether the last that was heard of the panel is that nothing got through, there or back."""

    def answered(self, seconds: float) -> None:
        """The panel answered an ordinary question after so long."""
        self.unreachable = False
        if seconds > self._slow_seconds:
            self.show(ConnectionState.SLOW, f"Slow: the last answer took {seconds:.0f} s")
        else:
            self.show(ConnectionState.ONLINE)

    def failed(self, error: ClientError) -> bool:
        """A question failed; True where that says that the panel cannot be reached.

        What cannot be asked as it was said (``ConfigurationProblem``) says nothing of the line.
        """
        if isinstance(error, NotSent) and not isinstance(error, ConfigurationProblem):
            self.unreachable = True
            self.show(ConnectionState.OFFLINE, error.message)
            return True
        return False

    def waiting(self, error: ClientError, pause: float) -> float:
        """Catching up failed and is tried again after about ``pause``; the seconds to wait, with some chance in it."""
        wait = error.retry_after or pause * random.uniform(0.7, 1.3)
        self.unreachable = isinstance(error, NotSent | TimedOut | ConnectionLost)
        if error.outcome is not Outcome.REFUSED:
            state = ConnectionState.SLOW if isinstance(error, RateLimited) else ConnectionState.OFFLINE
            self.show(state, error.message, datetime.now(UTC) + timedelta(seconds=wait))
        return wait

    def show(self, state: ConnectionState, message: str = "", retry_at: datetime | None = None) -> None:
        """Tell the state, unless nothing about it is new."""
        skew = self._skew()
        if skew is not None and abs(skew) <= MOST_SKEW:
            skew = None
        before = self.now
        same = (before.state, before.message, before.retry_at) == (state, message, retry_at)
        if not same or (before.skew is None) != (skew is None):
            self.now = ConnectionChanged(state, message, retry_at, skew)
            self._tell(self.now)
