"""The JSON objects that the engine answers with, typed; and how instants and money are written in them.

They are plain dictionaries, ready for ``json.dumps``: a page of 200 orders makes no model objects. Texts are raw:
making them harmless is the reader's work.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any, NotRequired

from typing_extensions import TypedDict

from billtui.domain.money import CENT, Money

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
SECOND = 1_000_000
DAY = 86_400 * SECOND


def micros(instant: datetime) -> int:
    """``instant`` as whole microseconds since the epoch, the unit of the tables."""
    return (instant - EPOCH) // _MICROSECOND


@lru_cache(maxsize=16_384)
def instant_of(value: int) -> datetime:
    """The aware UTC instant of ``value`` microseconds."""
    return EPOCH + timedelta(microseconds=value)


def instant_or_none(value: int | None) -> datetime | None:
    """:func:`instant_of`, keeping ``None``."""
    return None if value is None else instant_of(value)


def instant_json(value: int) -> str:
    """RFC 3339 in UTC with ``Z``."""
    text = (EPOCH + timedelta(microseconds=value)).isoformat()
    return text[:-6] + "Z"


def instant_json_or_none(value: int | None) -> str | None:
    """:func:`instant_json`, keeping ``None``."""
    return None if value is None else instant_json(value)


class MoneyJSON(TypedDict):
    """``{"amount": "12.50", "currency": "EUR"}``."""

    amount: str
    currency: str


def money_json(cents: int, currency: str) -> MoneyJSON:
    """``cents`` as the wire writes money."""
    sign = "-" if cents < 0 else ""
    whole, rest = divmod(abs(cents), 100)
    return {"amount": f"{sign}{whole}.{rest:02}", "currency": currency}


@lru_cache(maxsize=4_096)
def money_of(cents: int, currency: str) -> Money:
    """``cents`` as :class:`Money`."""
    return Money(Decimal(cents).scaleb(-2), currency)


def cents_of(money: Money) -> int:
    """``money`` in whole cents; exact, as money has two places."""
    return int(money.amount.quantize(CENT).scaleb(2))


class ActionJSON(TypedDict):
    """One action of an object. Items of lists carry the refused ones only: ``action``, ``code``, ``related``."""

    action: str
    allowed: NotRequired[bool]
    code: NotRequired[str | None]
    rule: NotRequired[str | None]
    reason: NotRequired[str | None]
    related: NotRequired[dict[str, str]]
    available_from: NotRequired[str | None]


class OrderAddonJSON(TypedDict):
    """An add-on that an order has (ORD-5)."""

    id: str
    name: str
    monthly_price: MoneyJSON


class AutoRenewJSON(TypedDict):
    """REN-4, REN-5."""

    on: bool
    months: int


class OrderJSON(TypedDict):
    """An order; ``actions`` as the list or the detail carries them."""

    id: str
    account_id: str
    name: str
    kind: str
    plan: str
    location: str
    address: str | None
    state: str
    power: str
    created_at: str
    paid_until: str | None
    monthly_price: MoneyJSON
    discount_percent: str
    individual_price: bool
    auto_renew: AutoRenewJSON
    auto_renew_since: str | None
    auto_renew_done_for: str | None
    addons: list[OrderAddonJSON]
    billing_day: int
    in_use_since: str | None
    unpaid_invoice_id: str | None
    transfer_id: str | None
    plan_change_ticket_id: str | None
    blocked_at: str | None
    promise_until: str | None
    actions: list[ActionJSON]
    version: int


class DiscountJSON(TypedDict):
    """A discount by name, per cent as a decimal string (DSC-8)."""

    name: str
    percent: str


class AddonPartJSON(TypedDict):
    """The part of a line that one add-on makes up (ORD-5, DSC-4)."""

    id: str
    name: str
    amount: MoneyJSON


class PlanChangePartJSON(TypedDict):
    """What a line of a plan change bills: the difference of two prices a month, from an instant on (ORD-6)."""

    old_plan: str
    old_plan_name: str
    new_plan: str
    new_plan_name: str
    old_monthly_price: MoneyJSON
    new_monthly_price: MoneyJSON
    billed_from: str
    billed_until: str


class LineJSON(TypedDict):
    """A line of an invoice; the add-ons are in both amounts, the discounts are on the rest."""

    order_id: str | None
    kind: str
    title: str
    months: int | None
    list_price: MoneyJSON
    discounts: list[DiscountJSON]
    addons: list[AddonPartJSON]
    plan_change: PlanChangePartJSON | None
    amount: MoneyJSON


class InvoiceJSON(TypedDict):
    """An invoice; items of lists carry no ``lines``."""

    id: str
    number: str
    kind: str
    state: str
    issued_at: str
    due_at: str | None
    paid_at: str | None
    paid_by: str | None
    paid_method: str | None
    total: MoneyJSON
    lines: NotRequired[list[LineJSON]]
    line_count: int
    title: str
    combined_into: str | None
    combined_from: list[str]
    promise_until: str | None
    actions: list[ActionJSON]
    version: int


class PaymentMethodJSON(TypedDict):
    """A way to pay one invoice (INV-3)."""

    method: str
    title: str
    available: bool
    code: str | None
    rule: str | None
    reason: str | None
    available_from: str | None
    deadline: str | None
    related: dict[str, str]


class PaymentJSON(TypedDict):
    """A payment."""

    id: str
    invoice_id: str
    method: str
    state: str
    amount: MoneyJSON
    payment_url: str | None
    created_at: str | None
    promise_until: str | None


class BalancesJSON(TypedDict):
    """The two purses (ACC-4)."""

    internal: MoneyJSON
    affiliate: MoneyJSON


class LedgerLineJSON(TypedDict):
    """A movement of money in one purse, signed."""

    id: str
    at: str
    account_id: str
    purse: str
    amount: MoneyJSON
    kind: str
    invoice_id: str | None
    operation: str | None
    note: str
    entry: str


class TopUpJSON(TypedDict):
    """Answer of a top-up: the invoice and the payment that waits for the provider (INV-13)."""

    invoice: InvoiceJSON
    payment: PaymentJSON


class MoveJSON(TypedDict):
    """Answer of a move between purses: both balances and the two lines."""

    balances: BalancesJSON
    items: list[LedgerLineJSON]


class PlanJSON(TypedDict):
    """A plan of the catalogue; ``locations`` are those where it is sold."""

    id: str
    name: str
    kind: str
    monthly_price: MoneyJSON
    cpu: int
    memory_mib: int
    disk_gib: int
    locations: list[str]


class LocationJSON(TypedDict):
    """A location."""

    id: str
    name: str
    country: str


class AddonJSON(TypedDict):
    """An add-on, price a month (ORD-5)."""

    id: str
    name: str
    kind: str
    monthly_price: MoneyJSON


class StockJSON(TypedDict):
    """How many of a plan can be had in a location."""

    plan: str
    location: str
    available: int


class ChangeJSON(TypedDict):
    """One changed object."""

    kind: str
    id: str
    version: int
    change: str


class ChangeFeedJSON(TypedDict):
    """Changes after a cursor."""

    items: list[ChangeJSON]
    cursor: str


class OperationStatusJSON(TypedDict):
    """``GET /operations/{key}``."""

    state: str
    status: NotRequired[int]
    answer: NotRequired[Any]
    problem: NotRequired[Any]


class TransferStepJSON(TypedDict):
    """A line of a transfer's history; ``by`` is empty where time or the panel did it (TRF-6)."""

    state: str
    at: str
    by: str
    reason: str


class TransferJSON(TypedDict):
    """A transfer, as the account that asks sees it: ``counterparty`` is the other side (TRF)."""

    id: str
    order_id: str
    order_name: str
    plan: str
    location: str
    address: str | None
    monthly_price: MoneyJSON
    addons_monthly: MoneyJSON | None
    individual_price: bool | None
    paid_until: str | None
    direction: str
    state: str
    counterparty: str
    counterparty_account_id: str
    push_id: str
    created_at: str
    expires_at: str | None
    history: list[TransferStepJSON]
    actions: list[ActionJSON]
    version: int


class MailJSON(TypedDict):
    """A mail that a real panel would send."""

    id: str
    to: str
    at: str
    event: str
    subject: str
    body: str
    code: str | None
    link: str | None
    order_id: str | None
    invoice_id: str | None
    transfer_id: str | None


class SettlementJSON(TypedDict):
    """What became of a provider's report: ``paid``, ``credited`` (INV-11) or ``repeated``."""

    outcome: str
    payment: PaymentJSON
    invoice: InvoiceJSON
