"""Tickets for staff: the own queue, all of them, taking, answering, notes (wire: 14).

There are two spaces of ids. In the own queue ``id`` is the assignment, which is of one ticket to one colleague, and
``ticket`` the ticket; among all of them ``id`` is the ticket.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from billtui.domain.numbers import is_number
from billtui.domain.periods import parse_instant
from billtui.sandbox.billmgr import lists, threads
from billtui.sandbox.billmgr.call import Call, For, How, function
from billtui.sandbox.billmgr.catalogue import department_number
from billtui.sandbox.billmgr.errors import missed, wrong
from billtui.sandbox.billmgr.functions.tickets import kept_of, note_read, person, read_up_to, status_node, status_of
from billtui.sandbox.billmgr.lists import Condition, Listing
from billtui.sandbox.billmgr.nodes import Doc, Node, done, flag, scalars
from billtui.sandbox.billmgr.words import moment
from billtui.sandbox.engine import ticket_messages, ticket_triage, tickets
from billtui.sandbox.engine.departments import departments
from billtui.sandbox.engine.rows_tickets import TicketRow
from billtui.sandbox.engine.ticket_messages import Draft
from billtui.sandbox.engine.ticket_triage import Change
from billtui.sandbox.engine.wire import DAY, SECOND, micros

_SPACE = 10_000_000
"""More than any number of an account."""
TAKE = "ok_get"


def assignment_of(ticket_id: int, account_id: int) -> str:
    """The number of a ticket's assignment to somebody."""
    return str(ticket_id * _SPACE + account_id % _SPACE)


def _assigned(call: Call, number: str) -> TicketRow:
    """The ticket of an assignment to who calls. Raises :class:`Refused`, also where it was given to somebody else."""
    if is_number(number):
        row = call.tx.tickets.get(int(number) // _SPACE)
        mine = row is not None and row.assignee == person(call).login
        if row is not None and mine and assignment_of(row.id, call.account_id) == number:
            return row
    raise missed("ticket", number)


def _waits(call: Call, row: TicketRow) -> str:
    """For how long its client has waited: ``Nd+HH:MM`` (wire: 3.4)."""
    if row.state != "open":
        return "0d+00:00"
    minutes = max(0, call.tx.at - row.last_client_at) // (60 * SECOND)
    days, rest = divmod(minutes, DAY // (60 * SECOND))
    return f"{days}d+{rest // 60:02}:{rest % 60:02}"


def _blocked_by(call: Call, row: TicketRow) -> str:
    """Who else is on it now (TKT-9)."""
    others = call.tx.presences.others(row.id, call.account_id)
    return ", ".join(f"{one['login']}, {moment(micros(parse_instant(one['since'])))}" for one in others)


def _names(call: Call) -> dict[str, str]:
    return {one["id"]: one["name"] for one in departments(call.tx.policy)}


def _unread(row: TicketRow, read: dict[int, str]) -> bool:
    return row.last_author_role == "client" and read.get(row.id) != row.last_message


def _queue_rows(call: Call, condition: str, values: Sequence[Any]) -> list[Node]:
    rows = call.tx.tickets.where(condition, values)
    read, names = read_up_to(call, rows), _names(call)
    return [
        scalars(
            {
                "id": assignment_of(row.id, call.account_id),
                "ticket": row.id,
                "name": row.subject,
                "client": call.tx.accounts.need(row.account_id).login,
                "delay": _waits(call, row),
                "date_start": moment(row.created_at),
                "deadline": moment(row.answer_due_at),
                "responsible": row.assignee or "",
                "project": "Sandbox",
                "queue": names[row.department],
                "unread": flag(_unread(row, read)),
                "blocked_by": _blocked_by(call, row),
            }
        )
        for row in rows
    ]


def _all_rows(call: Call, condition: str, values: Sequence[Any]) -> list[Node]:
    rows = call.tx.tickets.where(condition, values)
    read, names = read_up_to(call, rows), _names(call)
    return [
        scalars(
            {
                "id": row.id,
                "name": row.subject,
                "client": call.tx.accounts.need(row.account_id).login,
                "date_start": moment(row.created_at),
                "last_message": moment(row.public_updated_at),
                "last_activity": moment(row.updated_at),
                "responsible": row.assignee or "",
                "project_name": "Sandbox",
                "queue": names[row.department],
                "tstatus": status_node(call, status_of(row, unread=False)),
                "unread": flag(_unread(row, read)),
            }
        )
        for row in rows
    ]


_FILTERS: dict[str, lists.Filter] = {
    "name": lists.contains("subject"),
    "client": lists.contains("(SELECT login FROM accounts WHERE accounts.id = tickets.account_id)"),
    "responsible": lists.contains("coalesce(assignee, '')"),
}
_COLUMNS = {"id": "id", "ticket": "id", "name": "subject", "date_start": "created_at", "last_message": "updated_at"}


def _mine(call: Call) -> Condition:
    return "assignee = ? AND state <> 'closed'", [person(call).login]


def _everything(call: Call) -> Condition:
    del call
    return "1", []


LISTINGS = {
    "ticket": Listing(
        name="ticket",
        table="tickets",
        order="priority, last_client_at, id",
        columns=_COLUMNS,
        filters={"ticket": lists.ids("id"), **_FILTERS},
        dates={"date_start": "created_at"},
        rows=_queue_rows,
        base=_mine,
        buttons={"edit": "ticket.edit", "filter": "ticket.filter"},
    ),
    "ticket_all": Listing(
        name="ticket_all",
        table="tickets",
        order="updated_at DESC, id DESC",
        columns=_COLUMNS,
        filters={"id": lists.ids("id"), **_FILTERS},
        dates={"date_start": "created_at"},
        rows=_all_rows,
        base=_everything,
        buttons={"edit": "ticket_all.edit", "filter": "ticket_all.filter"},
    ),
}


@function(*LISTINGS, open_to=For.STAFF)
def staff_tickets(call: Call) -> Doc:
    """The own queue, or all tickets."""
    return lists.answer(call, LISTINGS[call.form.func])


@function(*(f"{name}.filter" for name in LISTINGS), how=How.FORM, open_to=For.STAFF)
def staff_tickets_filter(call: Call) -> Doc:
    """Which of them are shown."""
    return lists.filter_form(call, LISTINGS[call.form.func.removesuffix(".filter")])


@function("ticket.edit", how=How.FORM, open_to=For.STAFF)
def edit(call: Call) -> Doc:
    """The thread of an assignment; with ``sok`` an answer, a note, or both (wire: 14)."""
    row = _assigned(call, call.form.get("elid"))
    if call.form.get("plid") not in ("", str(row.id)):
        raise missed("plid", call.form.get("plid"))
    if not call.writes:
        return _thread(call, row, call.form.get("elid"))
    form, who = call.form, person(call)
    note = form.values.get("note_message", "") if form.get("show_optional") == "on" else ""
    answer = form.values.get("message", "")
    if not note.strip() and not answer.strip():
        raise wrong("message", "")
    if note.strip():
        ticket_messages.write(call.tx, who, row, Draft(note, internal=True))
    if answer.strip():
        ticket_messages.write(call.tx, who, row, Draft(answer, attachments=threads.upload(call, who)))
    return done()


@function("ticket_all.edit", how=How.FORM, open_to=For.STAFF)
def take(call: Call) -> Doc:
    """A thread by the number of its ticket; with ``sok`` and ``ok_get`` it is taken, and its assignment told."""
    number = call.form.get("plid") or call.form.get("elid")
    row = tickets.seen_ticket(call.tx, person(call), number)
    if not call.writes:
        return _thread(call, row, str(row.id))
    if call.form.get("clicked_button") != TAKE:
        raise wrong("clicked_button", call.form.get("clicked_button"))
    ticket_triage.change(call.tx, person(call), str(row.id), Change(assignee=person(call).login))
    return done(ok=f"func=ticket.edit&elid={assignment_of(row.id, call.account_id)}&plid={row.id}")


def _thread(call: Call, row: TicketRow, number: str) -> Doc:
    note_read(call, row, row.last_message)
    doc = Doc(attrs={"func": call.form.func, "lang": call.lang}, form=True)
    doc.put("elid", number).put("plid", row.id).put("subject", row.subject)
    doc.put("client", call.tx.accounts.need(row.account_id).login)
    doc.put("responsible", row.assignee or "").put("client_department", department_number(row.department))
    doc.put("message").put("note_message").put("show_optional", "off")
    threads.add_thread(call, doc, row, kept_of(call, row.id).get("rates", {}))
    return doc
