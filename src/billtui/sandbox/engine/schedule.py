"""When the clock has to look at an order or an invoice next; kept in ``next_due``, which is indexed."""

from __future__ import annotations

import heapq

from billtui.domain.policy import Policy
from billtui.domain.rules import orders as order_rules
from billtui.domain.rules import renewal as renewal_rules
from billtui.domain.rules.orders import OrderEventKind
from billtui.sandbox.engine.facts import order_facts
from billtui.sandbox.engine.rows import LIVE, InvoiceRow, OrderRow, TransferRow
from billtui.sandbox.engine.rows_tickets import TicketRow
from billtui.sandbox.engine.unit import Due, Tx
from billtui.sandbox.engine.wire import DAY, micros

# What comes first where several things are due at one instant.
EXPIRY, BROKEN_PROMISE, AUTO_RENEWAL, BLOCK, DELETE, CANCEL, ENDING, SOON_DELETED, REMINDER, WAKE_UP = range(10)
ORDERS, INVOICES, TRANSFERS, TICKETS = "orders", "invoices", "transfers", "tickets"
_TABLES = {EXPIRY: TRANSFERS, BROKEN_PROMISE: INVOICES, REMINDER: INVOICES, WAKE_UP: TICKETS}
_RANKS = {OrderEventKind.BLOCK: BLOCK, OrderEventKind.DELETE: DELETE, OrderEventKind.CANCEL: CANCEL}

NOTICED_ENDING = 1
NOTICED_SOON_DELETED = 2
WARN_BEFORE_DELETION = DAY
"""The last warning comes this long before an overdue order is deleted."""
REMIND_BEFORE_DUE = DAY
"""An unpaid invoice is remembered this long before its due date."""


def table_of(due: Due) -> str:
    """In which table the row of an event stands."""
    return _TABLES.get(due.rank, ORDERS)


def next_of_order(row: OrderRow, policy: Policy) -> Due | None:
    """The next thing that time does to an order."""
    if row.state in ("deleted", "cancelled"):
        return None
    facts = order_facts(row)
    end = row.paid_until or 0
    found: list[Due] = []
    event = order_rules.next_event(facts, policy)
    if event is not None:
        found.append(Due(micros(event.at), _RANKS[event.kind], end, row.id))
    if row.state in LIVE and row.paid_until is not None:
        moment = renewal_rules.auto_renews_at(facts, policy)
        if moment is not None and row.auto_checked_for != row.paid_until:
            found.append(Due(micros(moment), AUTO_RENEWAL, end, row.id))
        if not row.noticed & NOTICED_ENDING:
            window = policy.promise_window.total_seconds()
            found.append(Due(row.paid_until - int(window) * 1_000_000, ENDING, end, row.id))
    elif row.state == "blocked" and event is not None and not row.noticed & NOTICED_SOON_DELETED:
        found.append(Due(micros(event.at) - WARN_BEFORE_DELETION, SOON_DELETED, end, row.id))
    return min(found, default=None)


def next_of_invoice(row: InvoiceRow) -> Due | None:
    """The next thing that time does to an invoice."""
    if row.state == "promised" and row.promise_until is not None:
        return Due(row.promise_until, BROKEN_PROMISE, 0, row.id)
    if row.state == "unpaid" and row.due_at is not None and row.reminded_at is None:
        return Due(row.due_at - REMIND_BEFORE_DUE, REMINDER, 0, row.id)
    return None


def schedule_order(tx: Tx, row: OrderRow) -> None:
    """Note when the clock has to look at the order again. To be called after every change of an order."""
    due = next_of_order(row, tx.policy)
    row.next_due = None if due is None else due.at
    _put(tx, ORDERS, row.id, due)


def schedule_invoice(tx: Tx, row: InvoiceRow) -> None:
    """Note when the clock has to look at the invoice again. To be called after every change of an invoice."""
    due = next_of_invoice(row)
    row.next_due = None if due is None else due.at
    _put(tx, INVOICES, row.id, due)


def schedule_transfer(tx: Tx, row: TransferRow) -> None:
    """Note when the clock has to look at the transfer again (TRF-3). To be called after every change of a transfer."""
    due = None if row.expires_at is None else Due(row.expires_at, EXPIRY, 0, row.id)
    row.next_due = row.expires_at
    _put(tx, TRANSFERS, row.id, due)


def schedule_ticket(tx: Tx, row: TicketRow) -> None:
    """Note when the ticket's hold ends (TKT-5). To be called after every change of a ticket's state."""
    due = None if row.hold_until is None else Due(row.hold_until, WAKE_UP, 0, row.id)
    row.next_due = row.hold_until
    _put(tx, TICKETS, row.id, due)


def _put(tx: Tx, table: str, row_id: int, due: Due | None) -> None:
    """On the agenda, while the clock is at work: this event stands now, whatever stood before."""
    if tx.agenda is not None:
        tx.standing[table, row_id] = due
        if due is not None:
            heapq.heappush(tx.agenda, due)


def state_moved(tx: Tx, order: OrderRow, was: str) -> None:
    """Keep the count of running orders right (DSC-5) after an order left the state ``was``."""
    before, after = was in LIVE, order.state in LIVE
    if before != after:
        tx.count_moved(order.account_id, order.kind, 1 if after else -1)
    if after and not before:
        order.power = "running"
    elif before and not after:
        order.power = "stopped"
