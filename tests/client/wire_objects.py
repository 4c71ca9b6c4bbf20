"""Objects of the Billing API as JSON, for answers of the stub."""

from __future__ import annotations

from typing import Any

EUR = "EUR"


def money(amount: str) -> dict[str, str]:
    """An amount on the wire."""
    return {"amount": amount, "currency": EUR}


def account(**changes: Any) -> dict[str, Any]:
    """``/me``."""
    base = {
        "panel_id": "p-1",
        "account_id": "a-1",
        "login": "olena.marsh",
        "email": "olena@example.org",
        "role": "client",
        "balances": {"internal": money("100.00"), "affiliate": money("5.00")},
    }
    return base | changes


def invoice(invoice_id: str = "5531", **changes: Any) -> dict[str, Any]:
    """An unpaid renewal invoice over 12.50."""
    base = {
        "id": invoice_id,
        "number": "17",
        "kind": "renewal",
        "state": "unpaid",
        "issued_at": "2031-03-01T10:00:00Z",
        "total": money("12.50"),
        "version": 3,
    }
    return base | changes


def order(order_id: str = "o1", **changes: Any) -> dict[str, Any]:
    """An active order."""
    base = {
        "id": order_id,
        "name": "web-01",
        "kind": "vds",
        "plan": "vds-micro",
        "location": "nl",
        "state": "active",
        "created_at": "2030-01-01T00:00:00Z",
        "paid_until": "2031-04-01T00:00:00Z",
        "monthly_price": money("12.50"),
        "auto_renew": {"on": False, "months": 1},
    }
    return base | changes


def payment(**changes: Any) -> dict[str, Any]:
    """A payment of invoice 5531 from the internal purse."""
    base = {
        "id": "pay-1",
        "invoice_id": "5531",
        "method": "internal",
        "state": "done",
        "amount": money("12.50"),
    }
    return base | changes


def quote(**changes: Any) -> dict[str, Any]:
    """A renewal of order o1 for a month."""
    line = {"order_id": "o1", "title": "web-01", "months": 1, "list_price": money("12.50"), "amount": money("12.50")}
    base = {
        "id": "q-1",
        "kind": "renewal",
        "lines": [line],
        "total": money("12.50"),
        "excluded": [],
        "expires_at": "2031-03-01T10:15:00Z",
    }
    return base | changes


def page(items: list[Any], next_cursor: str | None = None) -> dict[str, Any]:
    """A page of a list."""
    return {"items": items, "next_cursor": next_cursor, "total": len(items)}
