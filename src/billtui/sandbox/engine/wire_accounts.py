"""The JSON objects about accounts and how one gets in; the others, and how instants are written, are in ``wire.py``."""

from __future__ import annotations

from typing import Any, NotRequired

from typing_extensions import TypedDict

from billtui.sandbox.engine.wire import BalancesJSON


class NotificationRuleJSON(TypedDict):
    """An event of the notification matrix: its channels, on or off; ``fixed`` are those that stay on (ACC-8)."""

    event: str
    title: str
    channels: dict[str, bool]
    fixed: list[str]


class AccountJSON(TypedDict):
    """``GET /me``; on the cards that staff sees nobody is signed in, so the last two are missing."""

    panel_id: str
    panel_name: str
    account_id: str
    login: str
    email: str
    emails: list[str]
    role: str
    currency: str
    balances: BalancesJSON
    totp: bool
    capabilities: list[str]
    payment_methods: list[str]
    settings: dict[str, Any]
    notifications: list[NotificationRuleJSON]
    recovery_codes_left: int | None
    api_access: bool
    password_changed_at: str | None
    created_at: str
    version: int
    signed_in_by: NotRequired[str]
    key_read_only: NotRequired[bool]


class SessionTokenJSON(TypedDict):
    """Answer of signing in; the token is a secret."""

    token: str
    expires_at: str


class SessionJSON(TypedDict):
    """One session in the list."""

    id: str
    created_at: str
    last_used_at: str
    expires_at: str
    address: str
    client: str
    current: bool


class ApiKeyJSON(TypedDict):
    """An API key in the list: never the key itself (ACC-5)."""

    id: str
    label: str
    last_four: str
    read_only: bool
    networks: list[str]
    created_at: str
    expires_at: str | None
    last_used_at: str | None


class NewApiKeyJSON(TypedDict):
    """A key that was just made; ``secret`` is the key itself, shown this once (ACC-5)."""

    key: ApiKeyJSON
    secret: str


class TotpSetupJSON(TypedDict):
    """A second factor that waits for its first code; both members are secrets (ACC-6)."""

    secret: str
    uri: str


class RecoveryCodesJSON(TypedDict):
    """One-time codes that stand in for the second factor, shown this once (ACC-6)."""

    codes: list[str]
