"""Facts for tests, short to write."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from billtui.domain.money import Money
from billtui.domain.periods import parse_instant
from billtui.domain.refusal import Refusal
from billtui.domain.rules.facts import InvoiceFacts, OrderFacts, Purses

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def at(text: str) -> datetime:
    """``2026-01-31 09:00:00`` in UTC."""
    return parse_instant(text.replace(" ", "T") + "Z")


def eur(amount: str) -> Money:
    return Money(amount, "EUR")


def order(order_id: str = "17", **facts: Any) -> OrderFacts:
    """An active order that ends in 10 days."""
    values: dict[str, Any] = {
        "name": f"web-{order_id}",
        "kind": "vds",
        "state": "active",
        "paid_until": NOW + 10 * DAY,
        "monthly_price": eur("5.55"),
        "in_use_since": NOW - 10 * DAY,
        **facts,
    }
    if values["paid_until"] is not None:
        values.setdefault("billing_day", values["paid_until"].day)
    return OrderFacts(order_id, **values)


def invoice(invoice_id: str = "5531", **facts: Any) -> InvoiceFacts:
    """An unpaid renewal invoice of 10.00 EUR for order 17."""
    values: dict[str, Any] = {
        "number": invoice_id,
        "kind": "renewal",
        "state": "unpaid",
        "total": eur("10.00"),
        "line_order_ids": ("17",),
        **facts,
    }
    return InvoiceFacts(invoice_id, **values)


def purses(internal: str, affiliate: str) -> Purses:
    return Purses(eur(internal), eur(affiliate))


def refused(refusal: Refusal | None, code: str, rule: str) -> Refusal:
    """The refusal, which must be there, be a sentence, and carry this code and rule."""
    assert refusal is not None, f"{code} was expected, but it is allowed"
    assert (refusal.code, refusal.rule) == (code, rule)
    assert refusal.reason.endswith(".") and len(refusal.reason) > 20
    return refusal
