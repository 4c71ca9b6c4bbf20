"""How values look in a command's text and JSON: instants, money, rows of the copy."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from billtui.domain.money import Money
from billtui.domain.periods import format_instant
from billtui.services.store import InvoiceRow, OrderRow, instant, money

DAY = 86_400


def when(moment: datetime | None) -> str:
    """``2026-11-30 14:05`` in the zone of this computer; a dash for none."""
    return moment.astimezone().strftime("%Y-%m-%d %H:%M") if moment is not None else "–"


def day(seconds: int | None) -> str:
    """The date of an instant of the copy."""
    return instant(seconds).astimezone().strftime("%Y-%m-%d") if seconds is not None else "–"


def left(until: int | None, now: datetime) -> str:
    """Time left to an instant: ``12 d``, ``5 h``, ``ended 2 d ago``."""
    if until is None:
        return "–"
    seconds = until - int(now.timestamp())
    span = abs(seconds)
    text = f"{span // DAY} d" if span >= 2 * DAY else f"{span // 3600} h" if span >= 3600 else f"{span // 60} min"
    return text if seconds >= 0 else f"ended {text} ago"


def age(then: datetime | None) -> str:
    """How old the copy is, in words."""
    if then is None:
        return "never"
    seconds = max(0, int((datetime.now(UTC) - then).total_seconds()))
    if seconds < 60:
        return "just now"
    if seconds < 3600:
        return f"{seconds // 60} min ago"
    return f"{seconds // 3600} h ago" if seconds < 2 * DAY else f"{seconds // DAY} d ago"


def iso(seconds: int | None) -> str | None:
    """An instant of the copy as it goes over the wire."""
    return None if seconds is None else format_instant(instant(seconds))


def iso_of(moment: datetime | None) -> str | None:
    """An instant as it goes over the wire."""
    return None if moment is None else format_instant(moment)


def amount(value: Money | None) -> dict[str, str] | None:
    """Money as it goes over the wire."""
    return None if value is None else {"amount": f"{value.amount:.2f}", "currency": value.currency}


def count(number: int, one: str) -> str:
    """``1 order``, ``3 orders``."""
    return f"{number} {one}" if number == 1 else f"{number} {one}s"


def invoice_json(row: InvoiceRow) -> dict[str, Any]:
    """A row of the list of invoices."""
    return {
        "id": row.id,
        "number": row.number,
        "kind": row.kind,
        "state": row.state,
        "title": row.title,
        "issued_at": iso(row.issued_at),
        "due_at": iso(row.due_at),
        "paid_at": iso(row.paid_at),
        "promise_until": iso(row.promise_until),
        "total": amount(money(row.total, row.currency)),
        "line_count": row.line_count,
        "combined_into": row.combined_into,
        "version": row.version,
    }


def order_json(row: OrderRow) -> dict[str, Any]:
    """A row of the list of orders."""
    return {
        "id": row.id,
        "name": row.name,
        "kind": row.kind,
        "plan": row.plan,
        "location": row.location,
        "address": row.address or None,
        "state": row.state,
        "power": row.power or None,
        "paid_until": iso(row.paid_until),
        "monthly_price": amount(money(row.price, row.currency)),
        "discount_percent": row.discount,
        "individual_price": bool(row.individual_price),
        "auto_renew": {"on": bool(row.auto_on), "months": row.auto_months},
        "unpaid_invoice_id": row.unpaid_invoice_id,
        "transfer_id": row.transfer_id,
        "blocked_at": iso(row.blocked_at),
        "version": row.version,
    }
