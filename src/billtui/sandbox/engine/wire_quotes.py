"""The JSON objects of quotes and purchases, typed (DSC-6, DSC-8, BLK-6)."""

from __future__ import annotations

from typing import NotRequired

from typing_extensions import TypedDict

from billtui.sandbox.engine.wire import InvoiceJSON, LineJSON, MoneyJSON, OrderJSON


class QuoteLineJSON(LineJSON):
    """A line of a quote; its amounts are of the whole line, ``quantity`` times ``unit_amount`` (INV-10)."""

    plan: str | None
    location: str | None
    quantity: int
    unit_amount: MoneyJSON
    names: list[str]
    paid_until: str | None
    new_paid_until: str | None


class PromoJSON(TypedDict):
    """The terms of a promo code (DSC-6); an empty list and ``null`` mean no limit."""

    code: str
    percent: str
    plans: list[str]
    locations: list[str]
    periods: list[int]
    min_quantity: int
    renewals: bool
    starts_at: str | None
    ends_at: str | None
    uses_left: int | None


class ExclusionJSON(TypedDict):
    """What a quote leaves out, and why (BLK-6): an order, or of new servers a plan and location."""

    order_id: NotRequired[str]
    plan: NotRequired[str]
    location: NotRequired[str]
    code: str
    rule: str | None
    reason: str
    related: dict[str, str]
    available_from: str | None


class QuoteJSON(TypedDict):
    """A quote (DSC-8)."""

    id: str
    kind: str
    period: int | None
    lines: list[QuoteLineJSON]
    total: MoneyJSON
    excluded: list[ExclusionJSON]
    promo_code: str | None
    promo: PromoJSON | None
    expires_at: str


class BoughtOrdersJSON(TypedDict):
    """Answer of buying new servers: their invoice, and the orders that wait for its payment (BLK-1)."""

    invoice: InvoiceJSON
    orders: list[OrderJSON]


class BoughtJSON(TypedDict):
    """Answer of a renewal and of add-ons: the invoice."""

    invoice: InvoiceJSON
