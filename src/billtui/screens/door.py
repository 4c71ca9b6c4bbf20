"""What signing in needs around it: the program, or the guide of the first start."""

from __future__ import annotations

from collections.abc import Awaitable, Coroutine
from typing import TYPE_CHECKING, Any, Protocol

from billtui.config.profiles import Profile

if TYPE_CHECKING:
    from billtui.screens.shell import Severity
    from billtui.services.session import Session


class Door(Protocol):
    """One session of one profile, a place for messages, and workers that outlive a dialog."""

    profile: Profile
    session: Session

    def say(self, message: str, severity: Severity = "information") -> None:
        """A short message, as plain text."""

    async def boundary(self, work: Awaitable[object], name: str = "") -> object:
        """Await ``work``; an error becomes a message. With a ``name`` a person began it, and may leave it."""

    def choose_profile(self) -> None:
        """Sign in with another profile."""

    async def leave(self, code: int = 0) -> None:
        """Close the session, then the program."""

    def work(self, work: Coroutine[Any, Any, object], name: str = "work") -> None:
        """Do ``work`` in a worker of the program, so that closing a dialog does not cut it off."""
