"""Signing in and out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pydantic import SecretStr

from billtui.client.resources.resource import Resource
from billtui.domain.models import SessionInfo, SessionToken


@dataclass(frozen=True, slots=True)
class Sessions(Resource):
    """``client.sessions``"""

    keep: Callable[[SecretStr | None], None]
    """Gives the client its token."""

    async def sign_in(self, login: str, password: SecretStr, totp: SecretStr | None = None) -> SessionToken:
        """Sign in, and use the new session from now on. Sent once: each failure counts towards the lockout (ACC-6).

        Raises ``SignInRefused``, ``TotpRequired``, ``LockedOut`` (with ``retry_after``).
        """
        session = await self.client.run(self._driver.sign_in(login, password, totp))
        self.keep(session.token)
        return session

    async def sign_out(self) -> None:
        """End the session on the panel and forget the token."""
        await self.client.run(self._driver.sign_out())
        self.keep(None)

    async def list(self) -> list[SessionInfo]:
        """The account's sessions, this one marked ``current``."""
        return await self.client.run(self._driver.list_sessions())

    async def revoke(self, session_id: str) -> None:
        """End another session."""
        await self.client.run(self._driver.revoke_session(session_id))
