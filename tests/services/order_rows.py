"""Rows of orders for tests that need only what they say about them."""

from __future__ import annotations

from typing import Any

from billtui.services.store import OrderRow

NOW = 1_795_000_000
"""2026-11-18, epoch seconds."""
DAY = 86_400

_PLAIN = OrderRow(
    id="1", name="web-nl-01", kind="vds", plan="vds-micro", location="nl", address="203.0.113.5", state="active",
    power="on", created_at=NOW - 400 * DAY, paid_until=NOW + 10 * DAY, price=590, currency="EUR", discount="0",
    individual_price=0, auto_on=0, auto_months=1, billing_day=1, in_use_since=NOW - 400 * DAY,
    unpaid_invoice_id=None, transfer_id=None, blocked_at=None, addons=0, addon_prices="", auto_since=None,
    auto_done_for=None, promise_until=None, version=1,
)  # fmt: skip


def order_row(order_id: str = "1", **values: Any) -> OrderRow:
    """A running micro in the Netherlands, ten days left, unless ``values`` say otherwise."""
    return _PLAIN._replace(id=order_id, **values)
