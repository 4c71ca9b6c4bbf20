"""Password, second factor, API keys and sessions: single calls whose answers the panel does not store (ACC).

Their bodies are secrets, so nothing of them is journalled and nothing is ever sent twice. What a lost answer means is
said in words, with the way to see what became of it (``OutcomeUnknown``). Only the reads among them sign in again
after an expired session. Secrets are ``SecretStr`` and live as long as their call.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterable
from typing import TYPE_CHECKING, TypeVar

from pydantic import SecretStr

from billtui.client.errors import ClientError, NotFound, OutcomeUnknown
from billtui.services.session_settings import NOBODY, ReadOnlySession
from billtui.services.waits import Leaving, Question, asking

if TYPE_CHECKING:
    from billtui.client import BillingClient
    from billtui.domain.models import Account, ApiKey, ApiKeyRequest, NewApiKey, RecoveryCodes, SessionInfo, TotpSetup
    from billtui.services.session_core import SessionCore
    from billtui.services.session_thread import LoopThread
    from billtui.services.sync import Sync

T = TypeVar("T")

DEMO_PASSWORD_CHANGED = (
    "The demo does not sign in by itself any more: type the new password when it is opened next, or begin anew with"
    " --reset."
)
"""What takes the place of a profile that still gives the old password: the demo has nowhere to put a new one."""
LOST_PASSWORD = (
    "Whether the password was changed is not known: sign in with the new password to see. If it is refused, the old"
    " one still holds. Nothing was sent twice."
)
LOST_BEGIN = "A second factor that was begun changes nothing until its first code is confirmed: begin again."
LOST_CONFIRM = (
    "Whether the second factor is on is not known: this screen shows it once the panel answers. If it is on, make new"
    " recovery codes: these ones were never shown."
)
LOST_CODES = "Whether there are new recovery codes is not known: do not rely on the old ones, make new ones."
LOST_OFF = "Whether the second factor is off is not known: this screen shows it once the panel answers."
LOST_KEY = (
    "Whether the key was made is not known. If it stands in the list, revoke it: the key itself was in the lost answer"
    " and cannot be shown again."
)
LOST_REVOKE_KEY = "Whether the key was revoked is not known: the list of keys shows it. Revoking it again does no harm."
LOST_ACCESS = "Whether API access was switched is not known: this screen shows it once the panel answers."
LOST_SESSION = "Whether the session was ended is not known: the list shows it. Ending it again does no harm."


def session_needed(account: Account | None) -> str | None:
    """Why password, second factor, keys and sessions cannot be touched now, and what to do; ``None`` if they can."""
    if account is None:
        return NOBODY
    if account.signed_in_by.raw != "api-key":
        return None
    return (
        "You are signed in by an API key, and a key cannot touch password, second factor, keys or sessions (ACC-5)."
        " Sign in with login and password: 6 Settings, or billtui login."
    )


class AccountCare:
    """What a session does to its own account. Await it in the interface's loop.

    A call that was begun is finished even if the waiting for it is cancelled: a half-sent password helps nobody.
    Everything but reads raises ReadOnlySession on a read-only profile; all raise NotSignedIn and ClientErrors:
    ``Forbidden`` with ``wrong-password`` or ``session-needed`` (ACC-5), ``LockedOut``, ``InvalidInput``,
    ``OutcomeUnknown``.
    """

    def __init__(self, threads: LoopThread, core: SessionCore) -> None:
        self._threads = threads
        self._core = core

    # -- sessions

    async def sessions(self) -> list[SessionInfo]:
        """Who is signed in as this account, where; this session is marked ``current``."""
        return await self._threads.ask(self._core.reads.sessions(), "Reading who is signed in")

    async def revoke_session(self, session_id: str) -> None:
        """End another session at once. One that is gone already is no error."""
        await self._write(lambda client: _gone_is_fine(client.sessions.revoke(session_id)), LOST_SESSION)

    async def revoke_sessions(self, session_ids: Iterable[str]) -> int:
        """End several sessions, one call each; how many. The first error ends it: what was ended stays ended."""
        ids = list(session_ids)
        for one in ids:
            await self.revoke_session(one)
        return len(ids)

    # -- the password

    async def change_password(self, current: SecretStr, new: SecretStr) -> str | None:
        """Another password (ACC-2). A sentence where this profile still gives the old one, else ``None``."""
        try:
            await self._write(lambda client: client.account.change_password(current, new), LOST_PASSWORD)
        except OutcomeUnknown:
            self._core.forget_password()  # it may be the old one: a wrong one would count towards a lock (ACC-6)
            raise
        return self._core.forget_password()

    # -- the second factor

    async def begin_totp(self, password: SecretStr) -> TotpSetup:
        """Begin a second factor; it is off until :meth:`confirm_totp` (ACC-6)."""
        return await self._write(lambda client: client.account.begin_totp(password), LOST_BEGIN)

    async def confirm_totp(self, password: SecretStr, code: SecretStr) -> RecoveryCodes:
        """Turn it on with its first code; the recovery codes are in this answer and nowhere else."""
        return await self._write(
            lambda client: client.account.confirm_totp(password, code), LOST_CONFIRM, account_changes=True
        )

    async def new_recovery_codes(self, password: SecretStr, code: SecretStr) -> RecoveryCodes:
        """Ten new recovery codes; the older ones are void."""
        return await self._write(
            lambda client: client.account.renew_recovery_codes(password, code), LOST_CODES, account_changes=True
        )

    async def turn_totp_off(self, password: SecretStr, code: SecretStr) -> None:
        """Turn it off, only with one of its codes or a recovery code."""
        await self._write(lambda client: client.account.turn_totp_off(password, code), LOST_OFF, account_changes=True)

    # -- API keys

    async def api_keys(self) -> list[ApiKey]:
        """The account's keys, never the keys themselves (ACC-5)."""

        async def work(client: BillingClient, _sync: Sync) -> list[ApiKey]:
            return await client.account.api_keys()

        return await self._threads.ask(self._core.ask(work), "Reading the API keys")

    async def create_api_key(self, request: ApiKeyRequest, password: SecretStr) -> NewApiKey:
        """Make a key; it is in this answer and nowhere else."""
        return await self._write(lambda client: client.account.create_api_key(request, password), LOST_KEY)

    async def revoke_api_key(self, key_id: str, password: SecretStr) -> None:
        """End a key at once."""
        await self._write(lambda client: client.account.revoke_api_key(key_id, password), LOST_REVOKE_KEY)

    async def set_api_access(self, on: bool, password: SecretStr) -> None:
        """Let API keys in, or none of them."""
        await self._write(lambda client: client.account.set_api_access(on, password), LOST_ACCESS, account_changes=True)

    # -- how they are sent

    async def _write(
        self, call: Callable[[BillingClient], Awaitable[T]], meaning: str, *, account_changes: bool = False
    ) -> T:
        if self._core.settings.read_only:
            raise ReadOnlySession("This profile is read-only; nothing is changed through it.")

        async def work(client: BillingClient, sync: Sync) -> T:
            try:
                answer = await call(client)
            except OutcomeUnknown as error:
                if account_changes:
                    await _read_again(sync)
                raise OutcomeUnknown(error.cause_error, meaning) from None
            if account_changes:
                await _read_again(sync)
            return answer

        with asking(Question("Waiting for the panel's answer", Leaving.HOLDS)):
            return await asyncio.shield(asyncio.wrap_future(self._threads.submit(self._core.ask(work, write=True))))


async def _read_again(sync: Sync) -> None:
    """The account as it is now; where that fails, the next catching up brings it."""
    with contextlib.suppress(ClientError):
        await sync.account()


async def _gone_is_fine(ending: Awaitable[None]) -> None:
    with contextlib.suppress(NotFound):
        await ending
