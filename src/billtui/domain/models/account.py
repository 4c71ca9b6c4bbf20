"""Accounts, purses, sessions (ACC)."""

from __future__ import annotations

from pydantic import Field, SecretStr

from billtui.domain.models.wire import Id, Instant, Whole, WireModel
from billtui.domain.money import NO_CURRENCY, Currency, Money
from billtui.domain.safetext import SafeText


class Balances(WireModel):
    """The two purses of an account, never added together (ACC-4)."""

    internal: Money
    affiliate: Money
    credit: Money | None = None
    """What the provider lends beyond the internal purse, where a panel tells; never counted as money."""


class Capabilities(WireModel):
    """What the panel can do for this account; a missing one disables its commands with the reason."""

    names: frozenset[SafeText] = frozenset()


class NotificationRule(WireModel):
    """One event of the notification matrix, with its setting for each channel (ACC-8)."""

    event: SafeText
    title: SafeText = SafeText("")
    channels: dict[SafeText, bool] = Field(default_factory=dict)
    """``email`` and ``telegram``: whether it is sent there."""
    fixed: list[SafeText] = Field(default_factory=list)
    """Channels where it cannot be turned off."""


class ApiKey(WireModel):
    """An API key in the list of keys: never the key itself (ACC-5)."""

    id: Id
    label: SafeText
    last_four: SafeText
    read_only: bool = False
    networks: list[SafeText] = Field(default_factory=list)
    """Networks that it may be used from (CIDR); empty for any."""
    created_at: Instant
    expires_at: Instant | None = None
    last_used_at: Instant | None = None


class ApiKeyRequest(WireModel):
    """What a new API key shall be (ACC-5)."""

    label: str = Field(min_length=1, max_length=100)
    expires_at: Instant | None = None
    read_only: bool = False
    networks: tuple[str, ...] = ()


class NewApiKey(WireModel):
    """A key that was just made; ``secret`` is shown this once (ACC-5)."""

    key: ApiKey
    secret: SecretStr


class TotpSetup(WireModel):
    """A second factor that was begun and waits for its first code (ACC-6)."""

    secret: SecretStr
    uri: SecretStr
    """``otpauth://totp/…``, for a QR code."""


class RecoveryCodes(WireModel):
    """One-time codes that stand in for the second factor, shown this once (ACC-6)."""

    codes: list[SecretStr]


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
    """What the panel calls itself; where it does not, the client puts its host and path here."""
    totp: bool | None = None
    """Whether a second factor is set up (ACC-6); ``None`` where the panel does not tell, as all but the Billing API."""
    capabilities: frozenset[SafeText] = frozenset()
    payment_methods: list[SafeText] = Field(default_factory=list)
    notifications: list[NotificationRule] = Field(default_factory=list)
    """The whole matrix; empty where the panel does not tell it (ACC-8)."""
    recovery_codes_left: Whole | None = None
    """How many recovery codes are unused; ``None`` without a second factor (ACC-6)."""
    api_access: bool = True
    """Whether API keys work at all (ACC-5)."""
    password_changed_at: Instant | None = None
    """When the password was last changed or recovered, as far as the panel tells (ACC-2)."""
    signed_in_by: SafeText = SafeText("session")
    """``session`` or ``api-key``: a key cannot touch password, second factor, keys or sessions (ACC-5)."""
    key_read_only: bool = False
    """Whether the key in use only reads (ACC-5)."""
    version: Whole = 0

    @property
    def holds_money(self) -> bool:
        """Whether it has purses at all: staff has none that pays nothing, and in whose purses nothing is."""
        if self.currency == NO_CURRENCY:
            return False
        told = {one.raw.partition(".")[0] for one in self.capabilities}
        pays = not told or "staff" not in told or bool(told & {"balance", "invoices", "orders"})
        return pays or bool(self.balances.internal.amount or self.balances.affiliate.amount)

    @property
    def internal(self) -> Money | None:
        """The first purse (ACC-4); ``None`` for an account that holds no money, as staff."""
        return self.balances.internal if self.holds_money else None

    @property
    def affiliate(self) -> Money | None:
        """The second purse (ACC-4); ``None`` where the panel has none, which is not an empty one."""
        if not self.holds_money:
            return None
        told = {one.raw for one in self.capabilities}
        held = self.balances.affiliate
        two = bool(held.amount) or not told or "balance.move" in told or self.role.raw != "client"
        return held if two else None

    @property
    def purses(self) -> dict[str, Money]:
        """What each purse that there is holds, by its name."""
        both = {"internal": self.internal, "affiliate": self.affiliate}
        return {name: held for name, held in both.items() if held is not None}


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
