"""What a message speaks of and can be gone to: orders, invoices, web addresses."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final, NamedTuple

from billtui.domain.links import links_in
from billtui.services.store import InvoiceRow, OrderRow, TicketRow
from billtui.services.ticket_review.draft import KnownOrder
from billtui.services.ticket_review.named_orders import named_orders

READ: Final = 50_000
"""Characters of a message that are looked through; a log further down names nothing that matters."""
MOST_LINKS: Final = 20
COPIED: Final = "sent to the terminal's clipboard; never opened"
_INVOICE: Final = re.compile(
    r"(?:invoice|bill|payment|сч[её]т[а-я]{0,3}|инвойс[а-я]{0,2}|рахун[а-яі]{1,4}|rechnung[a-z]{0,2})"
    r"[\s:]{1,3}(?:no\.?[\s:]{0,2}|nr\.?[\s:]{0,2})?[#№]?\s?(?P<id>[A-Za-z0-9][A-Za-z0-9_/-]{0,23})(?![\w-])",
    re.IGNORECASE,
)


class Mention(NamedTuple):
    """One thing that can be gone to."""

    kind: str
    """``order``, ``invoice``, ``ticket`` or ``link``."""
    id: str
    """Its id; of a link the address."""
    title: str
    detail: str = ""


def mentions(ticket: TicketRow, text: str, orders: Iterable[OrderRow], invoices: Iterable[InvoiceRow]) -> list[Mention]:
    """What the ticket is about, then what ``text`` names of one's own, then its links; each once."""
    own_orders = {row.id: row for row in orders}
    own_invoices = {row.id: row for row in invoices}
    text = text[:READ]
    wanted_orders = [ticket.order_id] if ticket.order_id else []
    known = (KnownOrder(row.id, row.name, (row.address,) if row.address else ()) for row in own_orders.values())
    wanted_orders += (one.order_id for one in named_orders(text, known))
    wanted_invoices = [ticket.invoice_id] if ticket.invoice_id else []
    by_number = {row.number.casefold(): row.id for row in own_invoices.values()}
    for match in _INVOICE.finditer(text):
        word = match["id"]
        found = word if word in own_invoices else by_number.get(word.casefold())
        if found is not None:
            wanted_invoices.append(found)
    links = dict.fromkeys(text[start:end] for start, end in links_in(text))
    return [
        *(_order(key, own_orders.get(key), key == ticket.order_id) for key in dict.fromkeys(wanted_orders)),
        *(_invoice(key, own_invoices.get(key), key == ticket.invoice_id) for key in dict.fromkeys(wanted_invoices)),
        *[Mention("link", link, link, COPIED) for link in links][:MOST_LINKS],
    ]


def _order(order_id: str, row: OrderRow | None, of_ticket: bool) -> Mention:
    about = "the ticket is about it" if of_ticket else "named in the message"
    if row is None:
        return Mention("order", order_id, f"Order {order_id}", about)
    return Mention("order", order_id, row.name or f"Order {order_id}", f"order, {row.plan} in {row.location}; {about}")


def _invoice(invoice_id: str, row: InvoiceRow | None, of_ticket: bool) -> Mention:
    about = "the ticket is about it" if of_ticket else "named in the message"
    if row is None:
        return Mention("invoice", invoice_id, f"Invoice {invoice_id}", about)
    return Mention("invoice", invoice_id, f"Invoice {row.number}", f"{row.state}; {about}")
