"""Who is signed in, and what the account keeps: password, second factor, API keys, notifications (ACC)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pydantic import SecretStr

from billtui.client.resources.resource import Resource
from billtui.client.settings import Write
from billtui.domain.models import Account, ApiKey, ApiKeyRequest, NewApiKey, RecoveryCodes, TotpSetup


@dataclass(frozen=True, slots=True)
class AccountResource(Resource):
    """``client.account``"""

    learn: Callable[[Account], Account]
    """Tells the client what the account can do, and is told who it is on this panel."""

    async def me(self) -> Account:
        """The account of the session, its purses and capabilities (ACC-1)."""
        return self.learn(await self.client.run(self._driver.me()))

    async def change_notifications(self, settings: Mapping[str, Mapping[str, bool]], write: Write) -> Account:
        """Set channels of events, ``{event: {"email": on}}``; the others stay (ACC-8). Raises ``InvalidInput``."""
        return await self.client.run(self._driver.change_notifications(settings, write))

    async def change_password(self, current: SecretStr, new: SecretStr) -> None:
        """Another password: every other session ends, API keys stay (ACC-2).

        Raises ``Forbidden`` (``wrong-password``), ``InvalidInput`` for a rule of ACC-2, ``LockedOut``.
        """
        await self.client.run(self._driver.change_password(current, new))

    async def begin_totp(self, password: SecretStr) -> TotpSetup:
        """Begin a second factor; it is off until its first code is confirmed (ACC-6)."""
        return await self.client.run(self._driver.begin_totp(password))

    async def confirm_totp(self, password: SecretStr, code: SecretStr) -> RecoveryCodes:
        """Turn the second factor on with its first code; the recovery codes are shown this once."""
        return await self.client.run(self._driver.confirm_totp(password, code))

    async def renew_recovery_codes(self, password: SecretStr, code: SecretStr) -> RecoveryCodes:
        """Ten new recovery codes; the older ones are worth nothing from now on."""
        return await self.client.run(self._driver.renew_recovery_codes(password, code))

    async def turn_totp_off(self, password: SecretStr, code: SecretStr) -> None:
        """Turn the second factor off, with one of its codes or a recovery code."""
        await self.client.run(self._driver.turn_totp_off(password, code))

    async def api_keys(self) -> list[ApiKey]:
        """The account's API keys, by label and last four characters (ACC-5)."""
        return await self.client.run(self._driver.list_api_keys())

    async def create_api_key(self, request: ApiKeyRequest, password: SecretStr) -> NewApiKey:
        """Make an API key; the key itself is in the answer and nowhere else (ACC-5)."""
        return await self.client.run(self._driver.create_api_key(request, password))

    async def revoke_api_key(self, key_id: str, password: SecretStr) -> None:
        """End an API key at once."""
        await self.client.run(self._driver.revoke_api_key(key_id, password))

    async def set_api_access(self, on: bool, password: SecretStr) -> Account:
        """Let API keys in, or none of them (ACC-5)."""
        return await self.client.run(self._driver.set_api_access(on, password))

    async def ask_recovery(self, email: str) -> None:
        """Ask for the mail with a one-time code; every address is answered alike (ACC-3)."""
        await self.client.run(self._driver.ask_recovery(email))

    async def recover(self, code: SecretStr, new: SecretStr) -> None:
        """A new password by the code of the mail (ACC-3). Raises ``RuleRefused`` for a used, expired or voided code."""
        await self.client.run(self._driver.recover(code, new))
