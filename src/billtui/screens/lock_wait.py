"""The wait after too many failed sign-ins, counted down while somebody looks at it (ACC-6)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from math import ceil
from time import monotonic

from billtui.client.errors import MAX_RETRY_AFTER, LockedOut, RateLimited


class LockWait:
    """Which login waits and how long still. Nothing runs by itself: :meth:`tick` it once a second."""

    def __init__(self, show: Callable[[str, bool], None]) -> None:
        """``show`` gets the words and whether the login that is looked at has to wait; only when they change."""
        self._show = show
        self._locked: dict[str, tuple[float, str]] = {}
        """Login in small letters → the monotonic instant when its wait ends, and why it waits."""
        self._login = ""
        self._shown: str | None = None

    @property
    def waiting(self) -> bool:
        """Whether the login that is looked at has to wait."""
        return self._left() > 0

    def begin(self, login: str, error: LockedOut | RateLimited, now: datetime) -> None:
        """``login`` waits as long as the panel says; ``now`` is the panel's time.

        The panel names the end of a lock; what it asks for in seconds is exact, but capped by the client.
        """
        end = error.problem.available_from if error.problem is not None else None
        seconds = error.retry_after or 0.0
        if end is not None and (not seconds or seconds >= MAX_RETRY_AFTER):
            seconds = (end - now).total_seconds()
        locked = "This login is locked after too many failed sign-ins (ACC-6)."
        why = locked if isinstance(error, LockedOut) else error.fact
        self._locked[login.casefold()] = (monotonic() + max(1.0, seconds), why)
        self._login = login.casefold()
        self._shown = None
        self.tick()

    def look_at(self, login: str) -> None:
        """Another login is in the field."""
        if login.casefold() != self._login:
            self._login = login.casefold()
            self.tick()

    def end(self) -> None:
        """The password was recovered: the panel says whether there still is a wait."""
        self._locked.pop(self._login, None)
        self.tick()

    def tick(self) -> None:
        """Say how long still, where it changed."""
        left = self._left()
        if left > 0:
            minutes, seconds = divmod(ceil(left), 60)
            why = self._locked[self._login][1]
            words = f"{why}\nNext try in {minutes}:{seconds:02d}, or recover the password."
        else:
            words = ""
            if self._locked.pop(self._login, None) is not None:
                words = "The wait is over: type the password and try again."
            elif self._shown is None:
                return  # nothing waits and nothing was said: the form's own words stay
        if words != self._shown:
            self._shown = words or None
            self._show(words, left > 0)

    def _left(self) -> float:
        end, _ = self._locked.get(self._login, (0.0, ""))
        return end - monotonic()
