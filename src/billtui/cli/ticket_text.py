"""How tickets and their threads look in a command's text and JSON (TKT)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from billtui.cli.output import Column, Output
from billtui.cli.shapes import count, iso, iso_of, left, when
from billtui.domain.models import Ticket, TicketMessage
from billtui.services.drafts import Draft, Standing
from billtui.services.store import MessageRow, TicketRow, instant
from billtui.services.ticket_review import Finding, said

COLUMNS = (
    Column("number", right=True),
    Column(""),
    Column("state"),
    Column("department"),
    Column("subject", cut=True),
    Column("order"),
    Column("place", right=True),
    Column("changed", right=True),
)
"""Of the list that a client sees."""
STAFF_COLUMNS = (*COLUMNS[:6], Column("client", cut=True), Column("assignee", cut=True), Column("changed", right=True))


def list_cells(
    row: TicketRow, *, unread: bool, staff: bool, orders: dict[str, str], departments: dict[str, str], now: datetime
) -> list[str]:
    """A ticket in a row of the list; ``orders`` and ``departments`` are names by id."""
    state = row.state if row.priority == "normal" or not staff else f"{row.state}, {row.priority}"
    about = orders.get(row.order_id, row.order_id)
    where = departments.get(row.department, row.department)
    cells = [row.number, "new" if unread else "", state, where, row.subject, about]
    changed = ago(row.updated_at, now)
    if staff:
        return [*cells, row.login, row.assignee or "–", changed]
    return [*cells, "" if row.queue_place is None else str(row.queue_place), changed]


def ago(then: int, now: datetime) -> str:
    """``12 min``, ``5 h``, ``3 d`` since an instant."""
    seconds = max(0, int(now.timestamp()) - then)
    if seconds < 3600:
        return f"{seconds // 60} min"
    return f"{seconds // 3600} h" if seconds < 172_800 else f"{seconds // 86_400} d"


def ticket_json(ticket: Ticket) -> dict[str, Any]:
    """A ticket in full, as the wire has it."""
    return ticket.model_dump(mode="json")


def message_json(row: MessageRow) -> dict[str, Any]:
    """A message of a thread, from the copy."""
    return {
        "id": row.id,
        "ticket_id": row.ticket_id,
        "author": row.author or None,
        "author_role": row.role,
        "at": iso(row.at),
        "internal": bool(row.internal),
        "body": row.body,
        "attachments": [{"id": one.id, "name": one.name, "size": one.size or None} for one in row.attachments],
        "merged_from": row.merged_from or None,
    }


def news_json(message: TicketMessage) -> dict[str, Any]:
    """A message as the panel just gave it, in the same shape."""
    return {
        "id": message.id.raw,
        "ticket_id": message.ticket_id.raw,
        "author": message.author.raw or None,
        "author_role": message.author_role.raw,
        "at": iso_of(message.at),
        "internal": message.internal,
        "body": message.body.raw,
        "attachments": [
            {"id": one.id.raw, "name": one.name.raw, "size": one.size or None} for one in message.attachments
        ],
        "merged_from": None if message.merged_from is None else message.merged_from.raw,
    }


def draft_json(draft: Draft, standing: Standing) -> dict[str, Any]:
    """A draft, without its text: how long it is, and where it stands."""
    return {
        "kind": draft.key.kind.value,
        "ticket_id": draft.key.ticket_id or None,
        "number": draft.key.number,
        "subject": draft.subject or draft.ticket_subject or None,
        "characters": len(draft.body),
        "attachments": [one.name for one in draft.attachments],
        "seen": draft.seen,
        "saved_at": iso_of(draft.saved_at),
        "state": standing.state.value,
        "code": standing.code or None,
        "reason": standing.reason or None,
        "job_id": standing.job_id,
    }


def finding_json(one: Finding) -> dict[str, Any]:
    """A finding of the review: which, why, what would help; never a secret of the text."""
    return {
        "id": one.id,
        "rule": one.rule,
        "severity": one.severity.value,
        "reason": one.reason,
        "fix_words": said(one.fix),
    }


def finding_lines(found: Iterable[Finding]) -> list[str]:
    """The review in words: advice, each with what would help (TKT-2, TKT-3)."""
    lines = [f"  {one.reason} {said(one.fix)} ({one.id}, {one.rule})" for one in found]
    return [f"Advice before it is sent ({len(lines)}); none of it stops you:", *lines] if lines else []


def facts_of_ticket(
    ticket: Ticket, order_name: str, departments: dict[str, str], now: datetime, *, staff: bool
) -> list[tuple[str, str]]:
    """What is known of a ticket, label by label; ``departments`` are names by id."""
    facts = [
        ("Number", f"{ticket.number} (id {ticket.id})"),
        ("Subject", str(ticket.subject)),
        ("State", _state(ticket)),
        ("Department", departments.get(str(ticket.department), str(ticket.department))),
    ]
    if staff:
        facts += [
            ("Priority", str(ticket.priority)),
            ("Client", f"{ticket.login or '?'} (account {ticket.account_id or '?'})"),
            ("Assignee", str(ticket.assignee or "nobody")),
        ]
        if ticket.tags:
            facts.append(("Tags", " ".join(map(str, ticket.tags))))
        if ticket.at_stake is not None:
            facts.append(("At stake", f"{ticket.at_stake} a month"))
    if ticket.order_id is not None:
        facts.append(("Order", f"{order_name} (id {ticket.order_id})" if order_name else f"id {ticket.order_id}"))
    if ticket.invoice_id is not None:
        facts.append(("Invoice", f"id {ticket.invoice_id}"))
    if ticket.queue_place is not None:
        facts.append(("Queue", f"place {ticket.queue_place}"))
    if ticket.answer_due_at is not None:
        due = int(ticket.answer_due_at.timestamp())
        facts.append(("First answer", f"due {when(ticket.answer_due_at)} ({left(due, now)})"))
    if ticket.access != "none":
        facts.append(("Access", str(ticket.access)))
        facts += [("  read", f"{one.login}, {when(one.at)}: {one.reason}") for one in ticket.access_log]
    if ticket.merged_into is not None:
        facts.append(("Merged", f"into ticket id {ticket.merged_into}"))
    if ticket.rating is not None:
        facts.append(("Rating", f"{ticket.rating} of 5 {ticket.rating_comment}".rstrip()))
    return facts


def _state(ticket: Ticket) -> str:
    state = str(ticket.state)
    if ticket.hold_until is not None:
        return f"{state} until {when(ticket.hold_until)}"
    if ticket.reopen_until is not None:
        return f"{state}; a message reopens it until {when(ticket.reopen_until)} (TKT-5)"
    return state


def show_messages(out: Output, messages: Sequence[MessageRow], *, new_after: str | None = None) -> None:
    """A thread, oldest first, notes named as such; a line where what is new begins."""
    told = new_after is None
    for one in messages:
        out.line()
        written_by = f"{one.author or 'the panel'} ({one.role})"
        out.line(heading(written_by, instant(one.at), note=bool(one.internal), message_id=one.id))
        for line in one.body.split("\n"):
            out.line(f"  {line}" if line else "")
        for file in one.attachments:
            size = f", {size_text(file.size)}" if file.size else ""
            out.line(f"  attached: {file.name}{size} (id {file.id})")
        if not told and one.id == new_after and one is not messages[-1]:
            out.line()
            out.line("--- new since you last read it ---")
            told = True


def heading(author: str, at: datetime, *, note: bool, message_id: str) -> str:
    """Who wrote a message, when, and that only staff sees it where that is so."""
    return f"{'NOTE, only staff sees it: ' if note else ''}{author}, {when(at)} [{message_id}]"


def show_news(out: Output, messages: Sequence[TicketMessage]) -> None:
    """What was written meanwhile, on standard error: so that it is read before the letter goes (TKT-9)."""
    for one in messages[-MOST_NEWS:]:
        author = f"{one.author or 'the panel'} ({one.author_role})"
        out.note(heading(author, one.at, note=one.internal, message_id=one.id.raw))
        lines = str(one.body).split("\n")
        out.note("\n".join(f"  {line}" for line in lines[:MOST_LINES]))
        if len(lines) > MOST_LINES:
            out.note(f"  … {count(len(lines) - MOST_LINES, 'line')} more")
    if len(messages) > MOST_NEWS:
        out.note(f"… and {count(len(messages) - MOST_NEWS, 'message')} before these; see: billtui tickets show")


MOST_NEWS = 20
"""So many new messages are shown before a reply is sent; the last ones."""
MOST_LINES = 60
"""Lines of each of them."""


def size_text(size: int) -> str:
    """``12 kB``, ``3.4 MB``."""
    if size < 1000:
        return f"{size} bytes"
    return f"{size / 1000:.0f} kB" if size < 1_000_000 else f"{size / 1_000_000:.1f} MB"
