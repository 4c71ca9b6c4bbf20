"""Canned replies: which placeholders the program fills, and with what (TKT-8).

``{client}`` stands for a value of the ticket, its order or its invoice. A name that is not among those of
:data:`PLACEHOLDERS` is for the hand: it is filled in before sending, or it is not sent.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping

from billtui.domain.models.invoices import Invoice
from billtui.domain.models.orders import Order
from billtui.domain.models.tickets import Department, Ticket
from billtui.domain.refusal import Refusal
from billtui.domain.rules.facts import format_when

PLACEHOLDERS: Mapping[str, str] = {
    "client": "the client's login",
    "me": "the login of whoever answers",
    "ticket": "the ticket's number",
    "subject": "the ticket's subject",
    "department": "the department's name",
    "order": "the order's name",
    "order_id": "the order's id",
    "address": "the order's IP address",
    "plan": "the order's plan",
    "location": "the order's location",
    "paid_until": "when the order's paid period ends, with its time",
    "invoice": "the invoice's number",
    "total": "the invoice's total with its currency",
    "due": "when the invoice is due",
}
"""What the program fills: name and what it stands for."""
TITLE_LENGTH = 100
"""Longest title of a canned reply, in characters."""
BODY_LENGTH = 20_000
"""Longest canned reply, in characters."""
_NAME = re.compile(r"\{([^{}\n]{0,60})\}")


def placeholders_in(text: str) -> tuple[str, ...]:
    """The names in a text, each once, in the order in which they come."""
    return tuple(dict.fromkeys(match[1].strip() for match in _NAME.finditer(text)))


def values_for(
    ticket: Ticket,
    me: str,
    *,
    department: Department | None = None,
    order: Order | None = None,
    invoice: Invoice | None = None,
) -> dict[str, str]:
    """What the placeholders stand for on this ticket; what is not known is left out, and so not resolved (TKT-8)."""
    found = {
        "client": ticket.login,
        "me": me,
        "ticket": ticket.number,
        "subject": ticket.subject,
        "department": ticket.department if department is None else department.name,
    }
    if order is not None:
        found |= {
            "order": order.name,
            "order_id": order.id,
            "address": order.address or "",
            "plan": order.plan,
            "location": order.location,
            "paid_until": "" if order.paid_until is None else format_when(order.paid_until),
        }
    if invoice is not None:
        found |= {
            "invoice": str(invoice.number),
            "total": str(invoice.total),
            "due": "" if invoice.due_at is None else format_when(invoice.due_at),
        }
    return {name: str(value) for name, value in found.items() if value}


def title_refusal(title: str) -> Refusal | None:
    """Why a canned reply cannot have this title (TKT-8): it is what it is found by."""
    if title.strip() and len(title.strip()) <= TITLE_LENGTH:
        return None
    text = f"A canned reply needs a title, by which it is found: 1 to {TITLE_LENGTH} characters."
    return Refusal("title-missing", "TKT-8", text)


def body_refusal(body: str) -> Refusal | None:
    """Why a canned reply cannot say this (TKT-8); a name that is all but one of ours is a slip that never fills."""
    if not body.strip():
        return Refusal("body-missing", "TKT-8", "A canned reply needs a text.")
    if len(body) > BODY_LENGTH:
        text = f"A canned reply has up to {BODY_LENGTH:,} characters; this one has {len(body):,}."
        return Refusal("body-too-long", "TKT-8", text)
    for name in placeholders_in(body):
        if name in PLACEHOLDERS:
            continue
        if meant := difflib.get_close_matches(name.casefold(), PLACEHOLDERS, n=1, cutoff=0.8):
            text = f"The placeholder {{{name}}} is not known: {{{meant[0]}}} is what the program fills."
            return Refusal("unresolved-placeholder", "TKT-8", text)
    return None
