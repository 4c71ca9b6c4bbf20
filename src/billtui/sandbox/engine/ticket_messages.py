"""Threads: reading them by pages, and writing into them (TKT-6, TKT-9)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from billtui.domain.numbers import is_number
from billtui.domain.refusal import Refusal, RuleBroken
from billtui.domain.rules import tickets as rules
from billtui.domain.rules.tickets import TicketFacts
from billtui.sandbox.engine import attachments
from billtui.sandbox.engine.errors import Forbidden, InvalidInput, WrongKindOfInput
from billtui.sandbox.engine.paging import Page
from billtui.sandbox.engine.rows_tickets import MessageRow, TicketRow, wire_id
from billtui.sandbox.engine.ticket_states import Person, stirred, take, ticket_facts
from billtui.sandbox.engine.ticket_views import messages_json
from billtui.sandbox.engine.unit import Tx
from billtui.sandbox.engine.wire_tickets import TicketMessageJSON

MOST_MESSAGES = 100
"""Of one page."""
MOST_CHARACTERS = 1_000_000
"""Of the bodies on one page, but for a single message."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A message to be written (TKT-6)."""

    body: str
    seen: str | None = None
    """The last message that its writer saw (TKT-9); ``None`` asks for no check."""
    attachments: tuple[str, ...] = ()
    internal: bool = False
    close: bool = False


@dataclass(frozen=True, slots=True)
class MessagesWanted:
    """Which messages: those after one, of threads in some states, written since an instant (in microseconds)."""

    limit: int = MOST_MESSAGES
    after: str | None = None
    states: tuple[str, ...] = ()
    since: int | None = None


# --- reading


def thread(tx: Tx, who: Person, row: TicketRow, wanted: MessagesWanted) -> Page[TicketMessageJSON]:
    """A page of one thread, oldest first. Raises ``InvalidInput`` for an ``after`` that is no message of the reader."""
    return _page(tx, who, wanted, ["thread_id = ?"], [row.id])


def all_messages(tx: Tx, who: Person, wanted: MessagesWanted) -> Page[TicketMessageJSON]:
    """A page of all that somebody may read, in the order of writing. Raises ``InvalidInput``."""
    return _page(tx, who, wanted, [], [])


def _page(
    tx: Tx, who: Person, wanted: MessagesWanted, conditions: list[str], values: list[Any]
) -> Page[TicketMessageJSON]:
    if not who.is_staff:
        conditions, values = [*conditions, "account_id = ?", "internal = 0"], [*values, who.account_id]
    if wanted.since is not None:
        conditions, values = [*conditions, "at >= ?"], [*values, wanted.since]
    if wanted.states:
        marks = ", ".join("?" * len(wanted.states))
        conditions = [*conditions, f"thread_id IN (SELECT id FROM tickets WHERE state IN ({marks}))"]
        values = [*values, *wanted.states]
    chosen = " AND ".join(conditions) or "1"
    total = tx.count_cached(
        ("messages", chosen, *values), f"SELECT count(*) FROM ticket_messages WHERE {chosen}", values
    )
    if wanted.after is not None:
        chosen, values = f"{chosen} AND id > ?", [*values, _place(tx, who, wanted.after)]
    most = min(wanted.limit, MOST_MESSAGES)
    found = tx.sql(
        f"SELECT id, length(body) FROM ticket_messages WHERE {chosen} ORDER BY id LIMIT ?", (*values, most + 1)
    ).fetchall()
    ids: list[int] = []
    characters = 0
    for message_id, length in found[:most]:
        characters += length
        if ids and characters > MOST_CHARACTERS:
            break
        ids.append(int(message_id))
    items = messages_json(tx, tx.messages.many(ids))
    return {"items": items, "next_cursor": items[-1]["id"] if len(ids) < len(found) else None, "total": total}


def _place(tx: Tx, who: Person, message_id: str) -> int:
    """Where a message stands in the order of writing. Raises ``InvalidInput`` for one that the reader never saw."""
    internal = message_id.startswith("n")
    digits = message_id[1:] if internal else message_id
    if is_number(digits) and not (internal and not who.is_staff):
        found = tx.sql(
            "SELECT id, account_id FROM ticket_messages WHERE internal = ? AND number = ?", (int(internal), int(digits))
        ).fetchone()
        if found is not None and (who.is_staff or found[1] == who.account_id):
            return int(found[0])
    text = "There is no such message to go on after: begin at the start."
    raise InvalidInput(text, fields={"after": text})


# --- writing


def write(tx: Tx, who: Person, row: TicketRow, draft: Draft) -> MessageRow:
    """A reply or a note (TKT-5, TKT-6). Of two who saw the same thread, the second is told so (TKT-9).

    Raises ``Forbidden`` for a client's note, ``WrongKindOfInput``, ``RuleBroken``.
    """
    facts = ticket_facts(row, staff=who.is_staff)
    if draft.internal and not who.is_staff:
        raise Forbidden(Refusal("forbidden", "TKT-6", "Only support writes notes: write a message instead."))
    refusal = rules.body_refusal(draft.body)
    if refusal is not None:
        raise WrongKindOfInput(refusal, "body")
    refusal = rules.merged_refusal(facts) if who.is_staff else rules.client_message_refusal(facts, tx.now, tx.policy)
    if refusal is None and draft.seen is not None:
        refusal = rules.moved_on_refusal(facts, draft.seen)
    if refusal is not None:
        raise RuleBroken(refusal)
    files = attachments.check(tx, who, draft.attachments)
    return add_message(tx, who, row, draft.body, files, internal=draft.internal, close=draft.close)


def add_message(
    tx: Tx, who: Person, row: TicketRow, body: str, files: Sequence[str], *, internal: bool = False, close: bool = False
) -> MessageRow:
    """Write a message into a ticket that takes it, with what becomes of the ticket (TKT-5)."""
    message = tx.messages.add(
        new_message(tx.messages.new_id(), _next_number(tx, internal=internal), tx.at, who, row, body)
    )
    message.internal = int(internal)
    settle(tx, who, row, message, close=close)
    tx.flush()
    attachments.attach(tx, files, message.id)
    return message


def panel_message(tx: Tx, row: TicketRow, body: str) -> MessageRow:
    """The panel writes by itself into a thread: everybody sees it, and nobody has answered by it."""
    number = _next_number(tx, internal=False)
    message = tx.messages.add(new_message(tx.messages.new_id(), number, tx.at, None, row, body))
    _count(row, message)
    stirred(tx, row)
    tx.flush()
    return message


def new_message(message_id: int, number: int, at: int, who: Person | None, row: TicketRow, body: str) -> MessageRow:
    """A message of somebody, or of the panel by itself, in a ticket."""
    return MessageRow(
        id=message_id,
        number=number,
        thread_id=row.id,
        ticket_id=row.id,
        account_id=row.account_id,
        author_id=None if who is None else who.account_id,
        author_role="panel" if who is None else who.role,
        internal=0,
        at=at,
        body=body,
    )


def settle(
    tx: Tx, who: Person, row: TicketRow, message: MessageRow, *, close: bool = False, before: TicketFacts | None = None
) -> TicketFacts:
    """What becomes of the ticket by a message that was written now (TKT-5).

    ``before``: the ticket as the rules saw it until now, where that is known; the answer is how they see it after it.
    """
    _count(row, message)
    facts = before or ticket_facts(row, staff=True)
    if message.internal:
        facts = rules.after_note(facts, message.wire_id)
    elif who.is_staff:
        facts = rules.after_reply(facts, message.wire_id, tx.now)
        row.last_staff_at = tx.at
    else:
        facts = rules.after_client_message(facts, message.wire_id, tx.now)
    facts = rules.closed(facts, tx.now) if close else facts
    stirred(tx, row, public=not message.internal or facts.state != row.state)
    take(tx, row, facts, who.account_id)
    return facts


def _count(row: TicketRow, message: MessageRow) -> None:
    row.message_count += 1
    row.last_message = message.wire_id
    if not message.internal:
        row.public_count += 1
        row.public_last = message.wire_id
        row.last_author_role = message.author_role


def _next_number(tx: Tx, *, internal: bool) -> int:
    asked = "SELECT max(number) FROM ticket_messages WHERE internal = ?"
    return int(tx.sql(asked, (int(internal),)).fetchone()[0] or 0) + 1


def recount(tx: Tx, row: TicketRow) -> None:
    """Count a thread anew, whose messages have moved (TKT-8): how many there are, which is the last."""
    tx.flush()
    asked = "SELECT internal, number, author_role FROM ticket_messages WHERE thread_id = ?{} ORDER BY id DESC LIMIT 1"
    counted = tx.sql(
        "SELECT count(*), sum(internal = 0) FROM ticket_messages WHERE thread_id = ?", (row.id,)
    ).fetchone()
    row.message_count, row.public_count = int(counted[0]), int(counted[1] or 0)
    last = tx.sql(asked.format(""), (row.id,)).fetchone()
    public = tx.sql(asked.format(" AND internal = 0"), (row.id,)).fetchone()
    row.last_message = "" if last is None else wire_id(last[0], last[1])
    row.public_last = "" if public is None else wire_id(public[0], public[1])
    row.last_author_role = "" if public is None else str(public[2])
