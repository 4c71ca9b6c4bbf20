"""Bodies of requests. Unknown members are ignored; what is there must have the right form."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, StrictBool

from billtui.domain.money import Money


def storable(text: str) -> str:
    """``text``, if it can be written in UTF-8. Raises ``ValueError``."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ValueError("holds half of a character (a lone surrogate)") from error
    return text


def text_of_instant(value: Any) -> Any:
    """``value``, if it is a text: numbers are no instants on this wire. Raises ``ValueError``."""
    if not isinstance(value, str):
        raise ValueError("an instant is a text, as RFC 3339 has it")
    return value


Id = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(storable)]
Word = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(storable)]
Secret = Annotated[SecretStr, Field(min_length=1, max_length=1000)]


class Body(BaseModel):
    """What a request carries."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


class MoneyBody(Body):
    """An amount: a decimal string with at most two places, and its currency (INV-10)."""

    amount: Annotated[str, Field(pattern=r"^[0-9]{1,12}(\.[0-9]{1,2})?$", examples=["12.50"])]
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$", examples=["EUR"])]

    def money(self) -> Money:
        """As :class:`Money`."""
        return Money(Decimal(self.amount), self.currency)


class SignInBody(Body):
    """``POST /sessions``."""

    login: Word
    password: Secret
    totp: Annotated[SecretStr, Field(max_length=64)] | None = None
    """Needed when the account has a second factor (ACC-6)."""


class PasswordBody(Body):
    """``POST /me/password`` (ACC-2)."""

    current_password: Secret
    new_password: Secret


class TotpBody(Body):
    """``POST /me/totp`` (ACC-6)."""

    action: Literal["begin", "confirm", "new-codes", "off"]
    current_password: Secret
    code: Annotated[SecretStr, Field(min_length=1, max_length=64)] | None = None
    """Of the device, or a recovery code; for every action but ``begin``."""


_Network = Annotated[str, Field(max_length=200), AfterValidator(storable)]


class ApiKeyBody(Body):
    """``POST /me/api-keys``: what the key shall be (ACC-5)."""

    label: Annotated[str, Field(max_length=1000), AfterValidator(storable)]
    expires_at: Annotated[AwareDatetime, BeforeValidator(text_of_instant)] | None = None
    read_only: StrictBool = False
    networks: Annotated[list[_Network], Field(max_length=500)] = []
    """Networks that the key may be used from, in CIDR; none for any."""
    current_password: Secret


class CurrentPasswordBody(Body):
    """``POST /me/api-keys/{id}/revoke`` (ACC-5)."""

    current_password: Secret


class ApiAccessBody(Body):
    """``POST /me/api-access`` (ACC-5)."""

    on: StrictBool
    current_password: Secret


class RecoveryBody(Body):
    """``POST /password-recovery`` (ACC-3)."""

    email: Annotated[str, Field(max_length=1000)]
    """The primary address of the account."""


class NewPasswordBody(Body):
    """``POST /password-recovery/confirm`` (ACC-3)."""

    code: Secret
    new_password: Secret


class SettingsBody(Body):
    """``PATCH /me``: the settings that change; others stay."""

    settings: dict[Annotated[str, Field(max_length=100)], Any]


class AutoRenewBody(Body):
    """REN-4, REN-5: whether, and for how many months."""

    on: bool
    months: Literal[1, 3, 6, 12, 24] = 1


class OrderChangeBody(Body):
    """``PATCH /orders/{id}``: a new name, or auto-renewal, or both."""

    name: Annotated[str, Field(max_length=10_000), AfterValidator(storable)] | None = None
    auto_renew: AutoRenewBody | None = None


class OrderActionBody(Body):
    """``POST /orders/{id}/actions``."""

    action: Literal["start", "stop", "reboot", "reset", "reinstall", "suspend", "unsuspend"]
    confirm_name: Annotated[str, Field(max_length=10_000), AfterValidator(storable)] | None = None
    """The order's name, typed: reinstalling destroys what is on it (ORD-4)."""


Quantity = Annotated[int, Field(ge=1, le=100_000)]


class CellBody(Body):
    """So many servers of one plan in one location (BLK-3)."""

    plan: Id
    location: Id
    quantity: Quantity


class QuoteBody(Body):
    """``POST /quotes``: a ``renewal``, new servers (``order``), add-ons (``addon``), another plan (``plan_change``)."""

    kind: Word
    order_ids: Annotated[list[Id], Field(max_length=10_000)] | None = None
    """Of a renewal and of add-ons; at most 1,000 in one request (BLK-7)."""
    order_id: Id | None = None
    """Of a change of plan, with ``plan`` (ORD-6)."""
    period: Annotated[int, Field(ge=1, le=1200)] | None = None
    """Months (REN-3), of a renewal and of new servers."""
    promo_code: Annotated[str, Field(max_length=100), AfterValidator(storable)] | None = None
    """DSC-6; not for add-ons."""
    cells: Annotated[list[CellBody], Field(max_length=1_000)] | None = None
    """New servers: how many of which plan where. Or else ``plan`` and ``quantity`` with ``all_locations`` (BLK-2)."""
    plan: Id | None = None
    quantity: Quantity = 1
    all_locations: bool = False
    addons: Annotated[list[Id], Field(max_length=100)] = []
    """Every server gets all of them (BLK-1)."""
    names: Annotated[str, Field(max_length=1000), AfterValidator(storable)] | None = None
    """A pattern for the names of new servers, such as ``web-{loc}-{n:02}``."""
    auto_renew: AutoRenewBody | None = None
    """Of new servers (REN-5)."""


class PurchaseBody(Body):
    """``POST /renewals``, ``/orders``, ``/addons``, ``/plan-changes``: buy what a quote priced (DSC-8)."""

    quote_id: Id
    expected_total: MoneyBody | None = None


class PayBody(Body):
    """``POST /invoices/{id}/payments``."""

    method: Word
    expected_total: MoneyBody | None = None


class CombineBody(Body):
    """``POST /invoices/combine`` (INV-6)."""

    invoice_ids: Annotated[list[Id], Field(max_length=1000)]
    expected_total: MoneyBody | None = None


class TopUpBody(Body):
    """``POST /balance/top-ups`` (INV-13)."""

    amount: MoneyBody
    method: Word


class MoveBody(Body):
    """``POST /balance/moves``: from the affiliate purse to the internal one (ACC-4)."""

    amount: MoneyBody


class PushBody(Body):
    """``POST /transfers``: which orders, and the recipient's login **and** account ID (TRF-1)."""

    order_ids: Annotated[list[Id], Field(min_length=1, max_length=10_000)]
    """At most 1,000 in one request (BLK-7)."""
    recipient_login: Word
    recipient_account_id: Word


class CodeBody(Body):
    """``POST /transfers/{id}/confirm`` and ``/accept``: the one-time code of the mail (TRF-2)."""

    code: Secret


class ClockBody(Body):
    """``POST /sandbox/clock``: an instant, or how many seconds to go on."""

    now: AwareDatetime | None = None
    advance: Annotated[float, Field(ge=0, le=3_200_000_000, allow_inf_nan=False)] | None = None
    """Seconds, also in fractions."""


class PriceBody(Body):
    """The price a month of a plan, or of an add-on."""

    plan: Id | None = None
    addon: Id | None = None
    monthly_price: MoneyBody


class StockBody(Body):
    """How many of a plan can be had in a location."""

    plan: Id
    location: Id
    available: Annotated[int, Field(ge=0, le=1_000_000)]


class PromoCodeBody(Body):
    """A promo code (DSC-6): what is not given is no limit."""

    code: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,40}$")]
    percent: Annotated[Decimal, Field(gt=0, le=100, max_digits=5, decimal_places=2)]
    plans: list[Id] = []
    locations: list[Id] = []
    periods: list[Literal[1, 3, 6, 12, 24]] = []
    min_quantity: Annotated[int, Field(ge=1, le=1000)] = 1
    renewals: bool = False
    once_per_account: bool = False
    starts_at: AwareDatetime | None = None
    ends_at: AwareDatetime | None = None
    max_uses: Annotated[int, Field(ge=0, le=1_000_000)] | None = None


class ShopBody(Body):
    """``POST /sandbox/catalogue``: what is to change; all else stays as it is."""

    prices: list[PriceBody] = []
    stock: list[StockBody] = []
    promo_codes: list[PromoCodeBody] = []


class Settle(Body):
    """``POST /sandbox/provider/{payment}/settle``: the provider's event; the same one counts once (INV-11)."""

    event_id: Word | None = None


class Reset(Body):
    """``POST /sandbox/reset``: seed the panel anew; what is not given stays as it was."""

    seed: Annotated[int, Field(ge=0, lt=2**31)] | None = None
    fleet: Annotated[int, Field(ge=0, le=100_000)] | None = None
    tickets: Annotated[int, Field(ge=0, le=100_000)] | None = None
    """Beside the demo's own."""


def money_or_none(body: MoneyBody | None) -> Money | None:
    """The amount, where one was sent."""
    return None if body is None else body.money()
