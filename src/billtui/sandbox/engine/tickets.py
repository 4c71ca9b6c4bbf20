"""Tickets: listing, opening, and what a client may change about one (TKT)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from billtui.domain.models.tickets import TicketState
from billtui.domain.refusal import Refusal, RuleBroken
from billtui.domain.rules import tickets as rules
from billtui.sandbox.engine import attachments, paging
from billtui.sandbox.engine.departments import DEPARTMENTS
from billtui.sandbox.engine.errors import Forbidden, InvalidInput, NotFound, WrongKindOfInput
from billtui.sandbox.engine.paging import Condition, Listing, ListQuery, Page
from billtui.sandbox.engine.reading import check_number, own_invoice, own_order, row_id
from billtui.sandbox.engine.rows_tickets import TicketRow
from billtui.sandbox.engine.ticket_messages import add_message, panel_message
from billtui.sandbox.engine.ticket_states import (
    PRIORITIES,
    Person,
    close,
    note_state,
    set_due,
    stirred,
    ticket_facts,
)
from billtui.sandbox.engine.ticket_views import TicketViews
from billtui.sandbox.engine.unit import Tx
from billtui.sandbox.engine.wire_tickets import TicketJSON
from billtui.sandbox.tables import NEVER

FIRST_NUMBER = 210_001
_OWED = f"coalesce(answer_due_at, {NEVER})"


def _priority(name: str, values: Any) -> Condition:
    words = {str(word): int(value) for word, value in PRIORITIES.items()}
    found = [words[value] for value in values if value in words]
    return f"priority IN ({', '.join('?' * len(found))})", list(found)


def _tag(_name: str, values: Any) -> Condition:
    return " AND ".join("instr(tags, ?) > 0" for _ in values), [f" {value.casefold()} " for value in values]


_SORTS = {"id": "id", "number": "number", "created_at": "created_at", "answer_due_at": _OWED}
_FILTERS = {
    "id": paging.id_in("id"),
    "state": paging.one_of("state"),
    "department": paging.one_of("department"),
    "priority": _priority,
    "order_id": paging.id_in("order_id"),
    "invoice_id": paging.id_in("invoice_id"),
}
CLIENT_LISTING = Listing(
    sorts={**_SORTS, "updated_at": "public_updated_at"},
    default_sort="-updated_at",
    filters={**_FILTERS, "updated_after": paging.instant("public_updated_at", ">=")},
)
"""A client sorts by what a client sees: nothing here knows of notes."""
STAFF_LISTING = Listing(
    sorts={**_SORTS, "updated_at": "updated_at", "last_client_message_at": "last_client_at"},
    default_sort="-updated_at",
    filters={
        **_FILTERS,
        "updated_after": paging.instant("updated_at", ">="),
        "assignee": paging.one_of("assignee"),
        "account_id": paging.id_in("account_id"),
        "tag": _tag,
        "unassigned": paging.choice(true="assignee IS NULL", false="assignee IS NOT NULL"),
        "answer_due_before": paging.instant("answer_due_at", "<"),
    },
)


@dataclass(frozen=True, slots=True)
class Wish:
    """A new ticket, as it is asked for (TKT-1)."""

    department: str
    subject: str
    body: str
    order_id: str | None = None
    invoice_id: str | None = None
    attachments: tuple[str, ...] = ()
    account_id: str | None = None
    """Staff: whose ticket it shall be."""


@dataclass(frozen=True, slots=True)
class ClientChange:
    """What a client may change (TKT-5)."""

    close: bool = False
    rating: int | None = None
    rating_comment: str | None = None


def list_tickets(tx: Tx, who: Person, query: ListQuery) -> Page[TicketJSON]:
    """A page of the tickets that somebody sees: a client the own ones, staff all. Raises ``InvalidInput``."""
    listing, account_id = (STAFF_LISTING, None) if who.is_staff else (CLIENT_LISTING, who.account_id)

    def shown(rows: list[TicketRow]) -> list[TicketJSON]:
        views = TicketViews(tx, who, rows)
        return [views.item(row) for row in rows]

    return paging.page(tx, tx.tickets, listing, account_id, query, table="tickets", items=shown)


def get_ticket(tx: Tx, who: Person, ticket_id: str) -> TicketJSON:
    """A ticket with every action explained. Raises ``NotFound``."""
    return ticket_json(tx, who, seen_ticket(tx, who, ticket_id))


def ticket_json(tx: Tx, who: Person, row: TicketRow) -> TicketJSON:
    """A ticket in full, for one reader; what was changed is written first, since places are counted in SQL."""
    tx.flush()
    return TicketViews(tx, who, [row]).whole(row)


def seen_ticket(tx: Tx, who: Person, ticket_id: str) -> TicketRow:
    """A ticket that somebody may see. Raises ``NotFound``, also for another client's: that it is there is not told."""
    row = tx.tickets.get(row_id(ticket_id, "ticket"))
    if row is None or not (who.is_staff or row.account_id == who.account_id):
        raise NotFound("ticket", ticket_id)
    return row


def check_seen(who: Person, row: TicketRow, if_match: int | None) -> None:
    """Raises ``VersionMismatch``: of its two versions the one that the reader was shown counts."""
    check_number(row.version if who.is_staff else row.public_version, if_match)


def open_ticket(tx: Tx, who: Person, wish: Wish) -> TicketJSON:
    """A new ticket with its first message (TKT-1). Where staff writes it, its client must act.

    Raises ``WrongKindOfInput``, ``InvalidInput``, ``NotFound`` for what is of somebody else, ``RuleBroken``.
    """
    for field, refusal in (
        ("department", rules.department_refusal(wish.department, DEPARTMENTS)),
        ("subject", rules.subject_refusal(wish.subject)),
        ("body", rules.body_refusal(wish.body)),
    ):
        if refusal is not None:
            raise WrongKindOfInput(refusal, field)
    account_id = _owner(tx, who, wish)
    order_id = None if wish.order_id is None else own_order(tx, account_id, wish.order_id).id
    invoice_id = None if wish.invoice_id is None else own_invoice(tx, account_id, wish.invoice_id).id
    files = attachments.check(tx, who, wish.attachments)
    opened_by = "support" if who.is_staff else "client"
    row = _begin(tx, account_id, wish.department, wish.subject, order_id, invoice_id, opened_by, who.account_id)
    add_message(tx, who, row, wish.body, files)
    return ticket_json(tx, who, row)


def open_by_panel(
    tx: Tx, account_id: int, department: str, subject: str, body: str, *, order_id: int | None, invoice_id: int | None
) -> TicketRow:
    """A ticket that opens by itself (ORD-6): support must act, as if its client had written."""
    row = _begin(tx, account_id, department, subject, order_id, invoice_id, "panel", None)
    panel_message(tx, row, body)
    return row


def _begin(
    tx: Tx,
    account_id: int,
    department: str,
    subject: str,
    order_id: int | None,
    invoice_id: int | None,
    opened_by: str,
    by: int | None,
) -> TicketRow:
    """An open ticket without a message; ``by`` is the account that opens it, none for the panel."""
    row = tx.tickets.add(
        TicketRow(
            id=tx.tickets.new_id(),
            number=next_number(tx),
            account_id=account_id,
            subject=" ".join(subject.split()),
            department=department,
            state=TicketState.OPEN,
            created_at=tx.at,
            owed_since=tx.at,
            last_client_at=tx.at,
            order_id=order_id,
            invoice_id=invoice_id,
            opened_by=opened_by,
        )
    )
    row.index_text()
    set_due(tx, row)
    note_state(tx, row, "", by)
    return row


def next_number(tx: Tx) -> int:
    """The number of a ticket that is opened now; what is new is written first."""
    tx.flush()
    return int(tx.sql("SELECT max(number) FROM tickets").fetchone()[0] or FIRST_NUMBER - 1) + 1


def _owner(tx: Tx, who: Person, wish: Wish) -> int:
    if not who.is_staff:
        if wish.account_id not in (None, str(who.account_id)):
            raise NotFound("account", str(wish.account_id))
        return who.account_id
    if wish.account_id is None:
        text = "Say whose ticket it shall be: account_id."
        raise InvalidInput(text, fields={"account_id": text})
    account = tx.accounts.get(row_id(wish.account_id, "account"))
    if account is None or account.role != "client":
        raise NotFound("account", wish.account_id)
    return account.id


def change_as_client(
    tx: Tx, who: Person, ticket_id: str, change: ClientChange, if_match: int | None = None
) -> TicketJSON:
    """Close, or rate, or both (TKT-5). Raises ``NotFound``, ``VersionMismatch``, ``RuleBroken``."""
    row = seen_ticket(tx, who, ticket_id)
    check_seen(who, row, if_match)
    if change.close:
        close(tx, row, who.account_id)
    if change.rating is not None:
        refusal = rules.rating_refusal(ticket_facts(row, staff=False))
        if refusal is not None:
            raise RuleBroken(refusal)
        comment = row.rating_comment if change.rating_comment is None else change.rating_comment.strip()
        if (row.rating, row.rating_comment) != (change.rating, comment):
            row.rating, row.rating_comment = change.rating, comment
            stirred(tx, row)
    return ticket_json(tx, who, row)


def staff_only(what: str) -> Forbidden:
    """The refusal of what only staff may do with a ticket (TKT-8)."""
    return Forbidden(Refusal("forbidden", "TKT-8", f"Only support {what}: write to it instead."))
