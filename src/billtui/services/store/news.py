"""What is worth telling about a row that is other than before: the "since your last visit" of the overview."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from billtui.domain.periods import format_instant
from billtui.services.store.rows import InvoiceRow, OrderRow, TicketRow, TransferRow, instant, money


class News(NamedTuple):
    """One thing that changed about an object: what, of which title, from what to what."""

    what: str
    title: str
    before: str
    after: str


def order_news(before: OrderRow | None, after: OrderRow) -> Iterator[News]:
    """What changed about an order."""
    if before is None:
        yield News("created", after.name, "", after.state)
        return
    if before.state != after.state:
        yield News("state", after.name, before.state, after.state)
    if before.paid_until != after.paid_until:
        yield News("paid-until", after.name, _when(before.paid_until), _when(after.paid_until))
    if before.name != after.name:
        yield News("name", after.name, before.name, after.name)
    if before.price != after.price:
        yield News(
            "price", after.name, str(money(before.price, before.currency)), str(money(after.price, after.currency))
        )


def invoice_news(before: InvoiceRow | None, after: InvoiceRow) -> Iterator[News]:
    """What changed about an invoice."""
    total = str(money(after.total, after.currency))
    if before is None:
        yield News("created", after.number, "", f"{after.state} {total}")
        return
    if before.state != after.state:
        yield News("state", after.number, before.state, after.state)
    if before.total != after.total:
        yield News("total", after.number, str(money(before.total, before.currency)), total)


def transfer_news(before: TransferRow | None, after: TransferRow) -> Iterator[News]:
    """What changed about a transfer."""
    if before is None:
        side = "from" if after.direction == "in" else "to"
        yield News("created", after.order_name, "", f"{after.state}, {side} {after.counterparty}")
    elif before.state != after.state:
        yield News("state", after.order_name, before.state, after.state)


def ticket_news(before: TicketRow | None, after: TicketRow) -> Iterator[News]:
    """What changed about a ticket."""
    title = f"{after.number} {after.subject}"
    if before is None:
        yield News("created", title, "", after.state)
    elif before.state != after.state:
        yield News("state", title, before.state, after.state)


def _when(seconds: int | None) -> str:
    return "" if seconds is None else format_instant(instant(seconds))
