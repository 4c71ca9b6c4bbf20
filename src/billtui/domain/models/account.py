"""Accounts, purses, sessions (ACC)."""

from __future__ import annotations

from pydantic import Field, SecretStr

from billtui.domain.models.wire import Id, Instant, WireModel
from billtui.domain.money import Currency, Money
from billtui.domain.safetext import SafeText


class Balances(WireModel):
    """The two purses of an account, never added together (ACC-4)."""

    internal: Money
    affiliate: Money


class Capabilities(WireModel):
    """What the panel can do for this account; a missing one disables its commands with the reason."""

    names: frozenset[SafeText] = frozenset()


class Account(WireModel):
    """``GET /me``: who is signed in (ACC-1)."""

    panel_id: Id
    account_id: Id
    login: SafeText
    email: SafeText
    emails: list[SafeText] = Field(default_factory=list)
    role: SafeText = SafeText("client")
    currency: Currency = "EUR"
    balances: Balances
    panel_name: SafeText = SafeText("")
    totp: bool = False
    capabilities: frozenset[SafeText] = frozenset()
    payment_methods: list[SafeText] = Field(default_factory=list)
    version: int = 0


class SessionToken(WireModel):
    """What signing in answers. The token is a secret."""

    token: SecretStr
    expires_at: Instant


class SessionInfo(WireModel):
    """One session of an account in its list."""

    id: Id
    created_at: Instant
    last_used_at: Instant | None = None
    address: SafeText = SafeText("")
    client: SafeText = SafeText("")
    current: bool = False


class LedgerLine(WireModel):
    """One movement of money: signed, in one purse, with what caused it."""

    id: Id
    at: Instant
    account_id: Id
    purse: SafeText
    amount: Money
    kind: SafeText
    invoice_id: Id | None = None
    operation: SafeText | None = None
    note: SafeText = SafeText("")
