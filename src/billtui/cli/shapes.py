"""How values look in a command's text and JSON: instants, money, rows of the copy."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from billtui.domain.periods import format_instant, here
from billtui.services.order_ends import deletion
from billtui.services.store.rows import InvoiceRow, OrderRow, TicketRow, TransferRow, instant
from billtui.services.transfers import turn_of

if TYPE_CHECKING:
    from billtui.domain.money import Money
    from billtui.domain.refusal import Refusal
    from billtui.services.what_if import Tier

DAY = 86_400


def when(moment: datetime | None) -> str:
    """``2026-11-30 14:05`` in the zone of this computer; a dash for none."""
    return here(moment).strftime("%Y-%m-%d %H:%M") if moment is not None else "–"


def day(seconds: int | None) -> str:
    """The date of an instant of the copy."""
    return here(instant(seconds)).strftime("%Y-%m-%d") if seconds is not None else "–"


def left(until: int | None, now: datetime) -> str:
    """Time left to an instant: ``12 d``, ``5 h``, ``ended 2 d ago``."""
    if until is None:
        return "–"
    seconds = until - int(now.timestamp())
    span = abs(seconds)
    text = f"{span // DAY} d" if span >= 2 * DAY else f"{span // 3600} h" if span >= 3600 else f"{span // 60} min"
    return text if seconds >= 0 else f"ended {text} ago"


def left_of(row: OrderRow, now: datetime) -> str:
    """Time left of an order: what is paid; where a promise keeps it active for longer (PRM-5), to pay that; of a
    blocked one until it is deleted (ORD-2)."""
    if row.promise_until is not None and row.promise_until > int(now.timestamp()):
        return f"pay in {left(row.promise_until, now)}"
    gone = deletion(row)
    if gone is not None and gone > int(now.timestamp()):
        return f"deleted in {left(gone, now)}"
    return left(row.paid_until, now)


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


def price(cents: int, currency: str) -> dict[str, str]:
    """Money of the copy, in whole cents, as it goes over the wire."""
    return {"amount": f"{'-' if cents < 0 else ''}{abs(cents) // 100}.{abs(cents) % 100:02}", "currency": currency}


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
        "total": price(row.total, row.currency),
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
        "monthly_price": price(row.price, row.currency),
        "discount_percent": row.discount,
        "individual_price": bool(row.individual_price),
        "auto_renew": {"on": bool(row.auto_on), "months": row.auto_months},
        "unpaid_invoice_id": row.unpaid_invoice_id,
        "transfer_id": row.transfer_id,
        "blocked_at": iso(row.blocked_at),
        "promise_until": iso(row.promise_until),
        "version": row.version,
    }


def turn_words(row: TransferRow) -> str:
    """Who has to act now: ``you confirm``, ``kofi accepts``; empty where it has ended (TRF-3)."""
    turn = turn_of(row)
    if turn is None:
        return ""
    return f"{'you' if turn.yours else row.counterparty} {turn.words}"


def transfer_row_json(row: TransferRow) -> dict[str, Any]:
    """A row of the list of transfers."""
    return {
        "id": row.id,
        "order_id": row.order_id,
        "order_name": row.order_name,
        "plan": row.plan,
        "location": row.location,
        "address": row.address or None,
        "monthly_price": None if row.price is None else price(row.price, row.currency),
        "paid_until": iso(row.paid_until),
        "direction": row.direction,
        "state": row.state,
        "counterparty": row.counterparty,
        "counterparty_account_id": row.counterparty_id or None,
        "push_id": row.push_id or None,
        "created_at": iso(row.created_at),
        "expires_at": iso(row.expires_at),
        "ended_at": iso(row.ended_at),
        "reason": row.why or None,
        "turn": turn_words(row) or None,
    }


def ticket_row_json(row: TicketRow, *, unread: bool) -> dict[str, Any]:
    """A ticket of the list."""
    return {
        "id": row.id,
        "number": row.number,
        "subject": row.subject,
        "department": row.department,
        "state": row.state,
        "priority": row.priority,
        "unread": unread,
        "account_id": row.account_id or None,
        "login": row.login or None,
        "order_id": row.order_id or None,
        "invoice_id": row.invoice_id or None,
        "assignee": row.assignee or None,
        "opened_by": row.opened_by,
        "queue_place": row.queue_place,
        "answer_due_at": iso(row.answer_due_at),
        "first_answer_at": iso(row.first_answer_at),
        "created_at": iso(row.created_at),
        "updated_at": iso(row.updated_at),
        "last_client_message_at": iso(row.last_client_at),
        "last_staff_message_at": iso(row.last_staff_at),
        "last_message_id": row.last_message_id or None,
        "last_author_role": row.last_author_role or None,
        "message_count": row.message_count,
        "hold_until": iso(row.hold_until),
        "closed_at": iso(row.closed_at),
        "reopen_until": iso(row.reopen_until),
        "tags": row.tags.split(),
        "access": row.access,
        "at_stake": None if row.at_stake is None else price(row.at_stake, row.currency),
        "merged_into": row.merged_into or None,
        "rating": row.rating,
        "version": row.version,
    }


def tier_json(tier: Tier) -> dict[str, Any]:
    """A tier of loyalty by count, before and after (DSC-2)."""
    return {
        "kind": tier.kind,
        "count": tier.count,
        "count_after": tier.count_after,
        "percent": tier.percent,
        "percent_after": tier.percent_after,
    }


def refused_json(row: OrderRow, refusal: Refusal) -> dict[str, Any]:
    """An order that is left out, and why."""
    return {
        "id": row.id,
        "name": row.name,
        "code": refusal.code,
        "rule": refusal.rule,
        "reason": refusal.reason,
    }
