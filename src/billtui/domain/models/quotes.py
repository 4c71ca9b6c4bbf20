"""Quotes: the price of a purchase, explained, without buying (DSC-8)."""

from __future__ import annotations

from decimal import Decimal

from pydantic import Field

from billtui.domain.models.invoices import Invoice, InvoiceLine
from billtui.domain.models.orders import AutoRenew, Order
from billtui.domain.models.wire import Id, Instant, Percent, WireModel
from billtui.domain.money import Money
from billtui.domain.safetext import SafeText


class QuoteLine(InvoiceLine):
    """A line of a quote: as on the invoice, with what and where.

    ``list_price``, ``addons`` and ``amount`` are of the whole line: ``quantity`` times what one costs (INV-10).
    """

    plan: SafeText | None = None
    location: SafeText | None = None
    quantity: int = 1
    unit_amount: Money | None = None
    """What one costs: the line's amount divided by its quantity."""
    names: list[SafeText] = Field(default_factory=list)
    """Of new servers: the names they will get."""
    new_paid_until: Instant | None = None
    """For a renewal: the order's end once the invoice is paid (REN-3)."""
    paid_until: Instant | None = None


class Exclusion(WireModel):
    """What a purchase leaves out, and why (BLK-6)."""

    order_id: Id | None = None
    plan: SafeText | None = None
    location: SafeText | None = None
    code: SafeText
    rule: SafeText | None = None
    reason: SafeText
    related: dict[SafeText, SafeText] = Field(default_factory=dict)


class PromoTerms(WireModel):
    """The terms of a promo code that a quote was asked with (DSC-6). Empty lists and ``None`` mean no limit."""

    code: SafeText
    percent: Percent = Decimal(0)
    plans: list[Id] = Field(default_factory=list)
    locations: list[Id] = Field(default_factory=list)
    periods: list[int] = Field(default_factory=list)
    min_quantity: int = 1
    renewals: bool = False
    starts_at: Instant | None = None
    ends_at: Instant | None = None
    uses_left: int | None = None
    """How many purchases may still use it; one purchase of many servers is one use."""


class Quote(WireModel):
    """A price that holds until ``expires_at`` and only for this content (DSC-8)."""

    id: Id
    kind: SafeText
    lines: list[QuoteLine] = Field(default_factory=list)
    total: Money
    excluded: list[Exclusion] = Field(default_factory=list)
    promo_code: SafeText | None = None
    promo: PromoTerms | None = None
    period: int | None = None
    expires_at: Instant


class RenewalRequest(WireModel):
    """What to renew: orders, a period in months, perhaps a promo code."""

    order_ids: list[Id]
    period: int
    promo_code: SafeText | None = None


class OrderCell(WireModel):
    """So many servers of one plan in one location (BLK-3)."""

    plan: Id
    location: Id
    quantity: int = Field(ge=1)


class OrderRequest(WireModel):
    """New servers: either ``cells``, or ``plan`` and ``quantity`` in all available locations (BLK-1 to BLK-3)."""

    cells: list[OrderCell] = Field(default_factory=list)
    plan: Id | None = None
    quantity: int | None = Field(default=None, ge=1)
    all_locations: bool = False
    """``quantity`` servers of ``plan`` in each location that has it (BLK-2)."""
    period: int
    """Months (REN-3)."""
    addons: list[Id] = Field(default_factory=list)
    """Every server gets all of them (BLK-1)."""
    names: SafeText | None = None
    """A pattern, see ``domain/naming.py``; without one the panel names them."""
    auto_renew: AutoRenew | None = None
    promo_code: SafeText | None = None


class AddonRequest(WireModel):
    """Add-ons for orders, for the rest of their paid periods (ORD-5)."""

    order_ids: list[Id]
    addons: list[Id]


class PlanChangeRequest(WireModel):
    """Another plan for an order, for the rest of its paid period (ORD-6)."""

    order_id: Id
    plan: Id


class BoughtOrders(WireModel):
    """What buying new servers answers: the invoice, and the orders that wait for its payment (BLK-1, ORD-1)."""

    invoice: Invoice
    orders: list[Order] = Field(default_factory=list)
