"""The panel's clock: real time plus an offset that only grows, and what falls due as it moves.

Due events are applied one after the other in the order of their instants, each *at* its instant, so that advancing by
months does exactly what the months would have done: first all automatic renewals of a day, then the orders that ran
out, then the deletions a week later, with invoices, mails and ledger lines dated accordingly.
"""

from __future__ import annotations

import heapq

from sqlalchemy import Connection

from billtui.sandbox.engine import attachments, events, schedule
from billtui.sandbox.engine.errors import InvalidInput
from billtui.sandbox.engine.held_rows import driver
from billtui.sandbox.engine.unit import Tx
from billtui.sandbox.engine.wire import instant_json

LATEST = 7_258_118_400_000_000
"""The year 2200, in microseconds: the clock goes no further."""


def now(conn: Connection, real: int) -> int:
    """Panel time in microseconds, ``real`` being real time."""
    offset, floor = driver(conn).execute("SELECT clock_offset, clock_floor FROM panel").fetchone()
    return max(real + int(offset), int(floor))


def keep_floor(conn: Connection, at: int) -> None:
    """Never read earlier than ``at`` from now on, whatever real time does."""
    conn.exec_driver_sql("UPDATE panel SET clock_floor = max(clock_floor, ?)", (at,))


def move(conn: Connection, real: int, to: int) -> int:
    """Set the offset so that it is ``to`` now, and return it. Raises ``InvalidInput`` if that is back or too far."""
    present = now(conn, real)
    if to < present:
        detail = f"The clock never goes back; it is {instant_json(present)} on this panel"
        raise InvalidInput(detail, fields={"now": detail})
    if to > LATEST:
        raise InvalidInput("The clock goes no further than the year 2200", fields={"now": "later than 2200"})
    conn.exec_driver_sql("UPDATE panel SET clock_offset = ?, clock_floor = ?", (to - real, to))
    return to


def next_due(conn: Connection) -> int | None:
    """The next instant at which there is something to do, in microseconds: five looks into an index."""
    found = (
        driver(conn)
        .execute(
            "SELECT (SELECT min(next_due) FROM orders WHERE next_due IS NOT NULL),"
            " (SELECT min(next_due) FROM invoices WHERE next_due IS NOT NULL),"
            " (SELECT min(next_due) FROM transfers WHERE next_due IS NOT NULL),"
            " (SELECT min(next_due) FROM tickets WHERE next_due IS NOT NULL),"
            " (SELECT min(next_due) FROM attachments WHERE next_due IS NOT NULL)"
        )
        .fetchone()
    )
    instants = [int(value) for value in found if value is not None]
    return min(instants, default=None)


def tick(tx: Tx) -> int:
    """Apply everything due up to the transaction's present instant; returns how many events there were."""
    until = tx.at
    agenda = tx.agenda = []
    for order in tx.orders.where("next_due <= ?", (until,)):
        schedule.schedule_order(tx, order)
    for invoice in tx.invoices.where("next_due <= ?", (until,)):
        schedule.schedule_invoice(tx, invoice)
    for transfer in tx.transfers.where("next_due <= ?", (until,)):
        schedule.schedule_transfer(tx, transfer)
    for ticket in tx.tickets.where("next_due <= ?", (until,)):
        schedule.schedule_ticket(tx, ticket)
    count = 0
    try:
        while agenda and agenda[0].at <= until:
            due = heapq.heappop(agenda)
            # An event that fell due earlier than the last one (a late payment, an old file) happens now, not before it.
            tx.at = max(due.at, tx.at if count else due.at)
            count += events.apply(tx, due)
    finally:
        tx.at = until
        tx.agenda = None
        tx.standing.clear()
    return count + attachments.drop_forgotten(tx)
