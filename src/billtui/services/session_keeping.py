"""The secret that a session signs in with: where it comes from, where the token that it gets is kept."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from pydantic import SecretStr

from billtui.client.errors import ClientError, LockedOut, SignInRefused, TotpRequired
from billtui.config.errors import ConfigError, UnsafePath
from billtui.services.session_settings import (
    CredentialKeeper,
    KeepingPlaces,
    KnowsWhoIsAsked,
    NotSignedIn,
    SessionSettings,
)
from billtui.services.session_thread import Worker

if TYPE_CHECKING:
    from billtui.client import BillingClient
    from billtui.config.credentials import Credential, KeepIn, Place, SaveResult

KILL_SECONDS = 0.3
"""So long, at most, the end waits for a keyring's or a command's process to be killed: it is, within 0.1 s."""
SIGN_IN_REFUSED = (SignInRefused, TotpRequired, LockedOut)


class Keeping:
    """A profile's keeper of secrets, asked in a thread of its own: it may block for seconds. In the session's loop."""

    def __init__(self, keeper: CredentialKeeper | None, login: str) -> None:
        """``login`` is the profile's; without a keeper, a token is kept until the program ends."""
        self._keeper = keeper
        self._login = login
        self._worker = Worker("billtui-secrets")
        self._password: Credential | None = None

    @property
    def asks_again(self) -> bool | None:
        """Whether the next start will ask a person; ``None`` where that is not known."""
        keeper: object = self._keeper
        return keeper.asks_again() if isinstance(keeper, KnowsWhoIsAsked) else None

    @property
    def is_handed_in(self) -> bool:
        """Whether the secret comes from outside, so that nobody is asked at this start. Answers at once."""
        keeper: object = self._keeper
        return isinstance(keeper, KnowsWhoIsAsked) and keeper.is_handed_in()

    async def use(self, client: BillingClient) -> None:
        """Sign in with what is kept. Raises NotSignedIn, ConfigError, ClientError."""
        credential = await self._worker.do(self._keeper.load) if self._keeper is not None else None
        if credential is None:
            missed = self._keeper.missed() if self._keeper is not None else ""
            raise NotSignedIn(missed or "Nobody is signed in. Sign in first.")
        if credential.kind == "token":
            client.token = credential.secret
        elif not self._login:
            raise NotSignedIn("The profile names no login. Sign in, or add one to the profile.")
        else:
            await client.sessions.sign_in(self._login, credential.secret)
            self._password = credential

    async def renew(self, client: BillingClient) -> SecretStr | None:
        """Sign in again, where a password is at hand; the new token."""
        if self._password is None:
            return None
        try:
            session = await client.sessions.sign_in(self._login, self._password.secret)
        except SIGN_IN_REFUSED:
            self._password = None
            return None
        return session.token

    async def places(self, *, of_password: bool = False) -> tuple[Place, ...]:
        """Where a token can be kept, the place that is taken by itself first; a password nowhere but in memory."""
        from billtui.config.credentials import Place

        keeper: object = self._keeper
        if isinstance(keeper, KeepingPlaces) and not of_password:
            return await self._worker.do(keeper.places)
        return (Place("memory", "memory, until the program ends"),)

    async def keep(self, token: SecretStr, keep_in: KeepIn | None, *, of_password: bool = False) -> SaveResult | None:
        """Keep a token; where, or ``None`` for nowhere beyond this session. ``of_password``: it is the password."""
        if self._keeper is None:
            return None
        from billtui.config.credentials import Credential, SaveResult

        keeper = self._keeper
        credential = Credential("password" if of_password else "token", token, "signed in")
        chosen: object = keeper
        if keep_in is not None and isinstance(chosen, KeepingPlaces):
            chosen.prefer(keep_in)
        try:
            return await self._worker.do(lambda: keeper.save(credential))
        except (ConfigError, UnsafePath, OSError) as error:
            return SaveResult("memory", f"The sign-in is kept until the program ends: {error}")

    def forget_password(self) -> str | None:
        """The password at hand is not the account's any more. A sentence where this profile would give it again."""
        old, self._password = self._password, None
        if old is None:
            return None
        return f"This profile still gives the old password ({old.source}): put the new one there, too."

    async def forget(self) -> list[str]:
        """Forget everything; one line for each place where something may still be."""
        self._password = None
        return [] if self._keeper is None else await self._worker.do(self._keeper.forget)

    def cancel(self) -> None:
        """From another thread, at the end: what is asked (a keyring, a password command) would outlive us."""
        if self._keeper is not None:
            self._keeper.cancel()

    def stop(self) -> None:
        """End the thread."""
        self._worker.stop(KILL_SECONDS)


async def end_on_panel(settings: SessionSettings, token: SecretStr) -> None:
    """End a session that is nobody's, beside whatever else is asked. A panel that cannot be told keeps it."""
    from billtui.client import BillingClient

    with contextlib.suppress(ClientError):
        async with BillingClient(settings.line, token, driver=settings.driver()) as client:
            await client.sessions.sign_out()
