"""What the verbs that list show: which rows, in which order, and as JSON.

Said once for both ways to a list: through a session, and straight from the copy on this machine
(:mod:`billtui.cli.straight`). So nothing here loads models, event loop or HTTP library (P-START-3).
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from datetime import datetime
from typing import Any, TypeVar

from billtui.cli.shapes import (
    DAY,
    invoice_json,
    iso_of,
    order_json,
    ticket_row_json,
    transfer_row_json,
)
from billtui.domain.safetext import SafeText
from billtui.domain.transfer_states import RUNNING_STATES
from billtui.services.store.rows import InvoiceRow, OrderRow, TicketRow, TransferRow

Row = TypeVar("Row")
Fields = dict[str, Any]
_FAR = 2**62
_RUNNING = ("active", "suspended")
_ORDER_SORTS: dict[str, Callable[[OrderRow], Any]] = {
    "ends": lambda row: row.paid_until if row.paid_until is not None else _FAR,
    "name": lambda row: row.name.casefold(),
    "price": lambda row: row.price,
    "state": lambda row: row.state,
    "location": lambda row: row.location,
    "plan": lambda row: row.plan,
    "id": lambda row: (len(row.id), row.id),
}
_INVOICE_SORTS: dict[str, Callable[[InvoiceRow], Any]] = {
    "number": lambda row: (len(row.number), row.number),
    "issued": lambda row: row.issued_at,
    "due": lambda row: row.due_at if row.due_at is not None else _FAR,
    "total": lambda row: row.total,
    "state": lambda row: row.state,
}


def limited(options: argparse.Namespace, rows: list[Row]) -> list[Row]:
    """The rows that ``--limit`` leaves."""
    return rows[: options.limit] if options.limit else rows


def _document(synced: datetime | None, rows: Sequence[Any], items: list[Fields]) -> Fields:
    return {"synced_at": iso_of(synced), "total": len(rows), "items": items}


# -- orders


def listed_orders(options: argparse.Namespace, rows: list[OrderRow], now: int) -> list[OrderRow]:
    """The orders that the filters leave, in the order asked for; ``now`` in seconds since 1970."""
    return sorted(_filtered(options, rows, now), key=_ORDER_SORTS[options.sort or "ends"], reverse=options.reverse)


def orders_document(
    options: argparse.Namespace, rows: list[OrderRow], synced: datetime | None, tags: Mapping[str, Set[str]]
) -> Fields:
    """The list of orders as JSON; ``tags`` are the person's own, by the order's id."""
    items = [order_json(row) | {"tags": sorted(tags.get(row.id, ()))} for row in limited(options, rows)]
    return _document(synced, rows, items)


def _filtered(options: argparse.Namespace, rows: list[OrderRow], now: int) -> list[OrderRow]:
    if options.state:
        rows = [row for row in rows if row.state in options.state]
    if options.location:
        rows = [row for row in rows if row.location in options.location]
    if options.plan:
        rows = [row for row in rows if row.plan in options.plan]
    if options.expires_within is not None:
        last = now + options.expires_within * DAY
        rows = [
            row for row in rows if row.state in _RUNNING and row.paid_until is not None and now < row.paid_until <= last
        ]
    if options.query:
        words = options.query.casefold().split()
        rows = [row for row in rows if all(word in _order_text(row) for word in words)]
    return rows


def _order_text(row: OrderRow) -> str:
    return f"{row.id} {row.name} {row.plan} {row.location} {row.address} {row.state} {row.kind}".casefold()


# -- invoices


def listed_invoices(options: argparse.Namespace, rows: list[InvoiceRow]) -> list[InvoiceRow]:
    """The invoices that the filters leave, the newest first or as asked for."""
    if options.state:
        rows = [row for row in rows if row.state in options.state]
    if options.query:
        words = options.query.casefold().split()
        rows = [row for row in rows if all(word in _invoice_text(row) for word in words)]
    newest_first = options.sort is None
    return sorted(rows, key=_INVOICE_SORTS[options.sort or "issued"], reverse=newest_first != options.reverse)


def invoices_document(options: argparse.Namespace, rows: list[InvoiceRow], synced: datetime | None) -> Fields:
    """The list of invoices as JSON."""
    return _document(synced, rows, [invoice_json(row) for row in limited(options, rows)])


def _invoice_text(row: InvoiceRow) -> str:
    return f"{row.id} {row.number} {row.title} {row.state} {row.kind}".casefold()


# -- transfers


def listed_transfers(options: argparse.Namespace, rows: Iterable[TransferRow]) -> list[TransferRow]:
    """The transfers that the filters leave: those that go on first, the newest before the older ones."""

    def wanted(row: TransferRow) -> bool:
        if options.state and row.state not in options.state:
            return False
        if options.direction and row.direction != options.direction:
            return False
        return not options.open or row.state in RUNNING_STATES

    return sorted(filter(wanted, rows), key=lambda row: (row.state not in RUNNING_STATES, -row.created_at, row.id))


def transfers_document(options: argparse.Namespace, rows: list[TransferRow], synced: datetime | None) -> Fields:
    """The list of transfers as JSON."""
    return _document(synced, rows, [transfer_row_json(row) for row in limited(options, rows)])


# -- tickets


def chosen_tickets(
    options: argparse.Namespace, rows: Iterable[TicketRow], *, login: str, order_id: str | None
) -> list[TicketRow]:
    """The tickets that the options of choosing mean: ``--mine`` is ``login``'s, ``order_id`` what ``--order`` names."""
    words = [SafeText(word).casefold() for word in (options.query or "").split()]
    states = {one.replace("-", " ") for one in options.state or ()}
    priorities = {one.replace("-", " ") for one in options.priority or ()}

    def wanted(row: TicketRow) -> bool:
        if states and row.state not in states:
            return False
        if options.department and row.department not in options.department:
            return False
        if priorities and row.priority not in priorities:
            return False
        if order_id is not None and row.order_id != order_id:
            return False
        if options.mine and row.assignee != login:
            return False
        if options.unassigned and row.assignee:
            return False
        if options.client and options.client not in (row.login, row.account_id):
            return False
        if options.tag and not set(options.tag) <= set(row.tags.split()):
            return False
        text = f"{row.number} {row.subject}".casefold()
        return all(word in text for word in words)

    return [row for row in rows if wanted(row)]


def listed_tickets(options: argparse.Namespace, rows: Iterable[TicketRow], unread: Set[str]) -> list[TicketRow]:
    """Unread ones first, then what changed last; with ``--unread`` those alone."""
    found = [row for row in rows if not options.unread or row.id in unread]
    return sorted(found, key=lambda row: (row.id not in unread, -row.updated_at, row.id))


def tickets_document(
    options: argparse.Namespace, rows: list[TicketRow], synced: datetime | None, unread: Set[str]
) -> Fields:
    """The list of tickets as JSON, and how many are unread in all."""
    items = [ticket_row_json(row, unread=row.id in unread) for row in limited(options, rows)]
    found = _document(synced, rows, items)
    return {"synced_at": found["synced_at"], "total": found["total"], "unread": len(unread), "items": items}
