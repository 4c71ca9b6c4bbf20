"""Quotes: the price of a purchase, explained, without buying (DSC-8)."""

from __future__ import annotations

from pydantic import Field

from billtui.domain.models.invoices import InvoiceLine
from billtui.domain.models.wire import Id, Instant, WireModel
from billtui.domain.money import Money
from billtui.domain.safetext import SafeText


class QuoteLine(InvoiceLine):
    """A line of a quote: as on the invoice, with what and where."""

    plan: SafeText | None = None
    location: SafeText | None = None
    quantity: int = 1
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


class Quote(WireModel):
    """A price that holds until ``expires_at`` and only for this content (DSC-8)."""

    id: Id
    kind: SafeText
    lines: list[QuoteLine] = Field(default_factory=list)
    total: Money
    excluded: list[Exclusion] = Field(default_factory=list)
    promo_code: SafeText | None = None
    expires_at: Instant


class RenewalRequest(WireModel):
    """What to renew: orders, a period in months, perhaps a promo code."""

    order_ids: list[Id]
    period: int
    promo_code: SafeText | None = None
