"""Calls on sessions and the account: who is signed in, its password, second factor, keys and settings (ACC)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import SecretStr

from billtui.client.drivers.billing_v1 import checks
from billtui.client.drivers.billing_v1.calling import NO_CONTENT, PREFIX, Calling, nothing, raw
from billtui.client.drivers.billing_v1.problems import explain_answer
from billtui.client.drivers.billing_v1.reading import items, read
from billtui.client.exchange import Call, Exchange, Kind, segment
from billtui.client.settings import Write
from billtui.domain.models import (
    Account,
    ApiKey,
    ApiKeyRequest,
    NewApiKey,
    RecoveryCodes,
    SessionInfo,
    SessionToken,
    TotpSetup,
)
from billtui.domain.periods import format_instant


class AccountCalls(Calling):
    """Sessions, ``/me`` and recovery."""

    def sign_in(self, login: str, password: SecretStr, totp: SecretStr | None) -> Call[SessionToken]:
        """``POST /sessions``; never repeated, since each try counts (ACC-6)."""
        body: dict[str, Any] = {"login": login, "password": password}
        if totp is not None:
            body["totp"] = totp
        exchange = Exchange("POST", f"{PREFIX}/sessions", Kind.ONCE, body=body, authorised=False)
        return Call(exchange, checks.session_token, explain_answer)

    def sign_out(self) -> Call[None]:
        """``DELETE /sessions/current``."""
        return self._end_session("current")

    def revoke_session(self, session_id: str) -> Call[None]:
        """``DELETE /sessions/{id}``."""
        return self._end_session(segment(session_id))

    def _end_session(self, which: str) -> Call[None]:
        exchange = Exchange("DELETE", f"{PREFIX}/sessions/{which}", Kind.WRITE)
        return Call(exchange, lambda answer: None, explain_answer, expect=frozenset({200, 204}))

    def list_sessions(self) -> Call[list[SessionInfo]]:
        """``GET /sessions``."""
        return self._read("/sessions", lambda answer: items(SessionInfo, answer))

    def me(self) -> Call[Account]:
        """``GET /me``."""
        return self._read("/me", lambda answer: read(Account, answer))

    def change_notifications(self, settings: Mapping[str, Mapping[str, bool]], write: Write) -> Call[Account]:
        """``PATCH /me`` with ``notifications``; events and channels that are not named stay (ACC-8)."""
        wanted = {raw(event): {raw(name): on for name, on in channels.items()} for event, channels in settings.items()}
        body = {"settings": {"notifications": wanted}}
        return self._write(
            "PATCH", "/me", write, lambda answer: checks.notified(answer, wanted), body, "account.notifications"
        )

    def change_password(self, current: SecretStr, new: SecretStr) -> Call[None]:
        """``POST /me/password`` (ACC-2)."""
        body = {"current_password": current, "new_password": new}
        return self._secret_write("/me/password", body, nothing, "account.password")

    def begin_totp(self, password: SecretStr) -> Call[TotpSetup]:
        """``POST /me/totp`` with ``begin`` (ACC-6)."""
        body = {"action": "begin", "current_password": password}
        return self._secret_write("/me/totp", body, lambda answer: read(TotpSetup, answer), "account.totp")

    def confirm_totp(self, password: SecretStr, code: SecretStr) -> Call[RecoveryCodes]:
        """``POST /me/totp`` with ``confirm``: the second factor is on from now."""
        body = {"action": "confirm", "current_password": password, "code": code}
        return self._secret_write("/me/totp", body, lambda answer: read(RecoveryCodes, answer), "account.totp")

    def renew_recovery_codes(self, password: SecretStr, code: SecretStr) -> Call[RecoveryCodes]:
        """``POST /me/totp`` with ``new-codes``: the older ones are worth nothing."""
        body = {"action": "new-codes", "current_password": password, "code": code}
        return self._secret_write("/me/totp", body, lambda answer: read(RecoveryCodes, answer), "account.totp")

    def turn_totp_off(self, password: SecretStr, code: SecretStr) -> Call[None]:
        """``POST /me/totp`` with ``off``; a recovery code does as well."""
        body = {"action": "off", "current_password": password, "code": code}
        return self._secret_write("/me/totp", body, nothing, "account.totp")

    def list_api_keys(self) -> Call[list[ApiKey]]:
        """``GET /me/api-keys``."""
        return self._read("/me/api-keys", lambda answer: items(ApiKey, answer), need="account.api-keys")

    def create_api_key(self, request: ApiKeyRequest, password: SecretStr) -> Call[NewApiKey]:
        """``POST /me/api-keys`` (ACC-5)."""
        body: dict[str, Any] = {
            "label": raw(request.label), "read_only": request.read_only, "networks": list(request.networks),
            "current_password": password,
        }  # fmt: skip
        if request.expires_at is not None:
            body["expires_at"] = format_instant(request.expires_at)
        return self._secret_write("/me/api-keys", body, lambda answer: read(NewApiKey, answer), "account.api-keys")

    def revoke_api_key(self, key_id: str, password: SecretStr) -> Call[None]:
        """``POST /me/api-keys/{id}/revoke``."""
        path = f"/me/api-keys/{segment(key_id)}/revoke"
        return self._secret_write(path, {"current_password": password}, nothing, "account.api-keys")

    def set_api_access(self, on: bool, password: SecretStr) -> Call[Account]:
        """``POST /me/api-access`` (ACC-5)."""
        body = {"on": on, "current_password": password}
        return self._secret_write("/me/api-access", body, lambda answer: read(Account, answer), "account.api-keys")

    def ask_recovery(self, email: str) -> Call[None]:
        """``POST /password-recovery``: answers every address alike (ACC-3)."""
        exchange = Exchange(
            "POST", f"{PREFIX}/password-recovery", Kind.ONCE, body={"email": raw(email)}, authorised=False
        )
        return Call(exchange, nothing, explain_answer, expect=NO_CONTENT)

    def recover(self, code: SecretStr, new: SecretStr) -> Call[None]:
        """``POST /password-recovery/confirm`` (ACC-3)."""
        body = {"code": code, "new_password": new}
        exchange = Exchange("POST", f"{PREFIX}/password-recovery/confirm", Kind.WRITE, body=body, authorised=False)
        return Call(exchange, nothing, explain_answer, expect=NO_CONTENT)
