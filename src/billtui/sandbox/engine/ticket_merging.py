"""Tickets merged into one another and taken out again, and tickets made of some messages of one (TKT-8).

A message keeps its id, its author and its time, and says which ticket it was written in (``ticket_id``); what moves is
in whose thread it shows (``thread_id``). So a ticket that is taken out again has exactly what it had, in its order.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from billtui.domain.models.tickets import TicketState
from billtui.domain.refusal import RuleBroken
from billtui.domain.rules import ticket_desk as rules
from billtui.domain.rules import tickets as ticket_rules
from billtui.domain.rules.ticket_desk import Mergeable, Splittable
from billtui.sandbox.engine import ticket_states
from billtui.sandbox.engine.departments import DEPARTMENTS
from billtui.sandbox.engine.errors import FieldsRefused, WrongKindOfInput
from billtui.sandbox.engine.rows_tickets import MessageRow, TicketRow
from billtui.sandbox.engine.schedule import schedule_ticket
from billtui.sandbox.engine.ticket_messages import panel_message, recount
from billtui.sandbox.engine.ticket_states import Person, note_state, set_due, stirred, take, ticket_facts
from billtui.sandbox.engine.tickets import check_seen, next_number, seen_ticket, ticket_json
from billtui.sandbox.engine.unit import Tx
from billtui.sandbox.engine.wire_tickets import TicketJSON

_STATE = ("state", "hold_until", "closed_at", "owed_since")
_OF_SOURCE = (*_STATE, "first_answer_at")
_OF_TARGET = (*_STATE, "priority")
_FAMILY = (
    "WITH RECURSIVE family(id) AS (SELECT ? UNION SELECT tickets.id FROM tickets JOIN family"
    " ON tickets.merged_into = family.id)"
)
"""A ticket, and all that went into it by whatever way."""


# --- merging


def merge(tx: Tx, who: Person, ticket_ids: Sequence[str], into: str, if_match: int | None = None) -> TicketJSON:
    """Merge tickets of one account into one of them, all or none; they are closed and say where they went (TKT-8).

    Raises ``NotFound``, ``VersionMismatch`` (of the one that stays), and ``FieldsRefused`` with each that cannot be.
    """
    target = seen_ticket(tx, who, into)
    check_seen(who, target, if_match)
    wanted = [one for one in dict.fromkeys(ticket_ids) if one != str(target.id)]
    nothing = rules.sources_refusal(wanted, str(target.id), tx.policy)
    if nothing is not None:
        raise RuleBroken(nothing)
    sources = [seen_ticket(tx, who, one) for one in wanted]
    refused = rules.merge_refusals([_mergeable(one) for one in sources], _mergeable(target))
    if refused:
        raise FieldsRefused(
            rules.tickets_refused([(one.number, why) for one, why in refused], len(wanted)),
            {f"ticket_ids.{one.id}": why.reason for one, why in refused},
        )
    before = [_kept(one, _OF_SOURCE) for one in sources]
    target_before = _kept(target, _OF_TARGET)
    if any(one.state == TicketState.OPEN for one in sources):
        take(tx, target, ticket_rules.reopened(ticket_facts(target, staff=True), tx.now), who.account_id)
    target.priority = min(target.priority, *(one.priority for one in sources))
    moved = _messages(tx, [one.id for one in sources])
    for one in sources:
        _send_away(tx, who, one, target)
    for message in moved:
        message.thread_id = target.id
    tx.flush()
    for one in sources:
        panel_message(tx, one, f"This ticket was merged into {_named(target)}: it goes on there, with its messages.")
        _recount(tx, one)
    mark = panel_message(tx, target, _arrived(sources))
    _recount(tx, target)
    _remember(tx, who, target, mark.id, target_before, list(zip(sources, before, strict=True)))
    return ticket_json(tx, who, target)


def unmerge(tx: Tx, who: Person, ticket_id: str, if_match: int | None = None) -> TicketJSON:
    """Give a ticket that was merged away its messages and its state back, and the other one's state if all is as then.

    Raises ``NotFound``, ``VersionMismatch``, ``RuleBroken``.
    """
    row = seen_ticket(tx, who, ticket_id)
    check_seen(who, row, if_match)
    target = None if row.merged_into is None else tx.tickets.need(row.merged_into)
    refusal = rules.unmerge_refusal(_mergeable(row), None if target is None else _mergeable(target))
    if refusal is not None:
        raise RuleBroken(refusal)
    assert target is not None
    for message in _coming_back(tx, row, target):
        message.thread_id = row.id
    was = row.state
    kept = _forget(tx, who, row, target)
    for name, value in kept.items():
        setattr(row, name, value)
    row.merged_into = None
    if row.state != was:
        note_state(tx, row, was, who.account_id)
    tx.flush()
    panel_message(tx, row, f"This ticket was taken out of {_named(target)} again: it goes on here, with its messages.")
    panel_message(tx, target, f"{_named(row, capital=True)} was taken out of this one again, with its messages.")
    for one in (row, target):
        _recount(tx, one)
        set_due(tx, one)
        schedule_ticket(tx, one)
    return ticket_json(tx, who, row)


def _send_away(tx: Tx, who: Person, row: TicketRow, target: TicketRow) -> None:
    """Closed, without its server access (TKT-4), and pointing to where it goes on."""
    ticket_states.close(tx, row, who.account_id)
    ticket_states.wipe_access(tx, row)
    row.merged_into = target.id
    stirred(tx, row)


def _arrived(sources: Sequence[TicketRow]) -> str:
    if len(sources) == 1:
        return f"{_named(sources[0], capital=True)} was merged into this one: its messages are here now."
    names = ", ".join(f"{one.number} (“{one.subject}”)" for one in sources)
    return f"Tickets {names} were merged into this one: their messages are here now."


def _named(row: TicketRow, *, capital: bool = False) -> str:
    return f"{'T' if capital else 't'}icket {row.number} (“{row.subject}”)"


def _coming_back(tx: Tx, row: TicketRow, target: TicketRow) -> list[MessageRow]:
    """What shows in ``target`` and was written in ``row``, or in what had gone into that before."""
    tx.flush()
    found = tx.sql(
        f"{_FAMILY} SELECT id FROM ticket_messages WHERE thread_id = ? AND ticket_id IN family", (row.id, target.id)
    )
    return tx.messages.many(int(message_id) for (message_id,) in found.fetchall())


# --- what was before


def _kept(row: TicketRow, names: Sequence[str]) -> dict[str, Any]:
    return {name: getattr(row, name) for name in names}


def _remember(
    tx: Tx, who: Person, target: TicketRow, mark: int, before: dict[str, Any],
    sources: Sequence[tuple[TicketRow, dict[str, Any]]],
) -> None:  # fmt: skip
    after = _kept(target, _OF_TARGET)
    for row, source in sources:
        tx.sql(
            "INSERT INTO ticket_merges (ticket_id, into_id, at, by, mark, source_before, into_before, into_after)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (row.id, target.id, tx.at, who.account_id, mark, *map(json.dumps, (source, before, after))),
        )


def _forget(tx: Tx, who: Person, row: TicketRow, target: TicketRow) -> dict[str, Any]:
    """End the merge of ``row``; what it had before.

    The target's state goes back as well once nothing is merged into it any more, if nobody has changed it or written
    there meanwhile. Until then, what it was before the first merge is handed on to the next one.
    """
    columns = "id, mark, source_before, into_before, into_after"
    merge_id, mark, source, before, after = tx.sql(
        f"SELECT {columns} FROM ticket_merges WHERE ticket_id = ? AND undone_at IS NULL", (row.id,)
    ).fetchone()
    tx.sql("UPDATE ticket_merges SET undone_at = ? WHERE id = ?", (tx.at, merge_id))
    tx.sql(
        "UPDATE ticket_merges SET into_before = ? WHERE id = (SELECT min(id) FROM ticket_merges WHERE into_id = ?"
        " AND undone_at IS NULL AND id > ? AND into_before = ?)",
        (before, target.id, merge_id, after),
    )
    others = tx.sql("SELECT 1 FROM ticket_merges WHERE into_id = ? AND undone_at IS NULL", (target.id,)).fetchone()
    written = tx.sql(
        "SELECT 1 FROM ticket_messages WHERE thread_id = ? AND ticket_id = ? AND id > ? AND internal = 0"
        " AND author_role <> 'panel'",
        (target.id, target.id, mark),
    ).fetchone()
    if others is None and written is None and _kept(target, _OF_TARGET) == json.loads(after):
        was = target.state
        for name, value in json.loads(before).items():
            setattr(target, name, value)
        if target.state != was:
            note_state(tx, target, was, who.account_id)
    kept: dict[str, Any] = json.loads(source)
    return kept


# --- splitting


def split(
    tx: Tx, who: Person, ticket_id: str, message_ids: Sequence[str], subject: str, department: str,
    if_match: int | None = None,
) -> TicketJSON:  # fmt: skip
    """Make a new ticket of some messages of one, which is about another problem (TKT-3, TKT-8).

    Raises ``NotFound``, ``VersionMismatch``, ``WrongKindOfInput``, ``RuleBroken``.
    """
    row = seen_ticket(tx, who, ticket_id)
    check_seen(who, row, if_match)
    for field, wrong in (
        ("department", ticket_rules.department_refusal(department, DEPARTMENTS)),
        ("subject", ticket_rules.subject_refusal(subject)),
    ):
        if wrong is not None:
            raise WrongKindOfInput(wrong, field)
    refusal = ticket_rules.merged_refusal(ticket_facts(row, staff=True))
    thread = _messages(tx, [row.id])
    refusal = refusal or rules.split_refusal([_splittable(one) for one in thread], message_ids, str(row.id))
    if refusal is not None:
        raise RuleBroken(refusal)
    chosen = [one for one in thread if one.wire_id in set(message_ids)]
    new = _made_of(tx, row, chosen, subject, department)
    for message in chosen:
        message.thread_id = message.ticket_id = new.id
    note_state(tx, new, "", who.account_id)
    tx.flush()
    panel_message(tx, new, f"This ticket was made of messages of {_named(row)}, as they are about another problem.")
    panel_message(tx, row, f"Messages about another problem were moved to {_named(new)}.")
    for one in (row, new):
        _recount(tx, one)
    set_due(tx, new)
    return ticket_json(tx, who, new)


def _made_of(tx: Tx, row: TicketRow, chosen: Sequence[MessageRow], subject: str, department: str) -> TicketRow:
    """A ticket that support must act on if the client had the last word, and owes an answer since the first one."""
    public = [one for one in chosen if not one.internal]
    asked = [one.at for one in public if one.author_role == "client"]
    answers = [one.at for one in public if one.author_role != "client"]
    new = TicketRow(
        id=tx.tickets.new_id(),
        number=next_number(tx),
        account_id=row.account_id,
        subject=" ".join(subject.split()),
        department=department,
        state=TicketState.OPEN if public[-1].author_role == "client" else TicketState.ANSWERED,
        created_at=tx.at,
        owed_since=min(asked, default=tx.at),
        last_client_at=max(asked, default=tx.at),
        priority=row.priority,
        order_id=row.order_id,
        invoice_id=row.invoice_id,
        opened_by="support",
        first_answer_at=min(answers, default=None),
        split_from=row.id,
    )
    new.index_text()
    stirred(tx, new)
    return tx.tickets.add(new)


# --- as the rules look at them


def _mergeable(row: TicketRow) -> Mergeable:
    merged_into = None if row.merged_into is None else str(row.merged_into)
    return Mergeable(str(row.id), str(row.number), str(row.account_id), TicketState(row.state), merged_into)


def _splittable(row: MessageRow) -> Splittable:
    merged_from = None if row.ticket_id == row.thread_id else str(row.ticket_id)
    return Splittable(row.wire_id, row.author_role, merged_from, bool(row.internal))


def _messages(tx: Tx, threads: Sequence[int]) -> list[MessageRow]:
    tx.flush()
    return tx.messages.where(f"thread_id IN ({', '.join('?' * len(threads))}) ORDER BY id", threads)


def _recount(tx: Tx, row: TicketRow) -> None:
    """Count a thread anew, and when its client and support wrote last; notes and the panel's words do not count."""
    recount(tx, row)
    asked, answered = tx.sql(
        "SELECT max(CASE author_role WHEN 'client' THEN at END),"
        " max(CASE WHEN author_role IN ('support', 'admin') THEN at END)"
        " FROM ticket_messages WHERE thread_id = ? AND internal = 0",
        (row.id,),
    ).fetchone()
    row.last_client_at = row.created_at if asked is None else int(asked)
    row.last_staff_at = answered
