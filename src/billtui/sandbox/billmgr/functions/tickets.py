"""Tickets for clients: lists, writing, reading, archive, votes, files (wire: 13)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from billtui.domain.numbers import is_number
from billtui.domain.refusal import RuleBroken
from billtui.sandbox.billmgr import lists, threads
from billtui.sandbox.billmgr.call import Answer, Call, For, How, function
from billtui.sandbox.billmgr.catalogue import department_number, department_of
from billtui.sandbox.billmgr.errors import missed, wrong
from billtui.sandbox.billmgr.lists import Condition, Listing
from billtui.sandbox.billmgr.nodes import NOTHING, OFF, ON, Doc, Node, Raw, choices, done, flag, scalars
from billtui.sandbox.billmgr.words import moment
from billtui.sandbox.engine import attachments, ticket_messages, tickets
from billtui.sandbox.engine.departments import departments
from billtui.sandbox.engine.rows_tickets import TicketRow
from billtui.sandbox.engine.ticket_messages import Draft
from billtui.sandbox.engine.ticket_states import Person
from billtui.sandbox.engine.tickets import ClientChange, Wish

_LISTS = {"clientticket": "state <> 'closed'", "clientticket_archive": "state = 'closed'"}
_SHOWN = {"work": "In progress", "new": "New replies", "wait": "Waiting to reply", "archive": "In archive"}
_MORE = {"new": "clientticket.edit", "archive": "clientticket.archive"}
_FILTER = {
    "work": "state IN ('open', 'on hold')",
    "new": "state = 'answered'",
    "wait": "state = 'answered'",
    "archive": "state = 'closed'",
}


def person(call: Call) -> Person:
    """Who reads or writes."""
    assert call.who is not None
    return Person.of(call.who.caller)


def kept_of(call: Call, ticket_id: int) -> dict[str, Any]:
    """What is remembered of a ticket for an account: the last message that it read, and its votes."""
    return call.memory(f"ticket/{ticket_id}")


def note_read(call: Call, row: TicketRow, last: str) -> dict[str, Any]:
    """It was read up to its last message; what is remembered of it."""
    kept = kept_of(call, row.id)
    if kept.get("read") != last:
        call.remember(f"ticket/{row.id}", {**kept, "read": last})
    return kept


def read_up_to(call: Call, rows: Sequence[TicketRow]) -> dict[int, str]:
    """The last message that an account has read of each ticket."""
    names = {f"ticket/{row.id}": row.id for row in rows}
    found = call.tx.sql(
        f"SELECT list, kept FROM billmgr_memory WHERE account_id = ? AND list IN ({', '.join('?' * len(names))})",
        [call.account_id, *names],
    )
    return {names[name]: str(json.loads(kept).get("read", "")) for name, kept in found}


def status_of(row: TicketRow, *, unread: bool) -> str:
    """The status of a ticket for its client, as a word of the sandbox's own: the codes of real panels are not known."""
    if row.state == "closed":
        return "archive"
    if row.state != "answered":
        return "work"
    return "new" if unread else "wait"


def status_node(call: Call, status: str) -> Node:
    """The same for people, with the code beside it."""
    return Node(call.say(_SHOWN[status]), {"orig": status})


def _rows(call: Call, condition: str, values: Sequence[Any]) -> list[Node]:
    rows = call.tx.tickets.where(condition, values)
    read = read_up_to(call, rows)
    found: list[Node] = []
    for row in rows:
        unread = row.last_author_role not in ("", "client") and read.get(row.id) != row.public_last
        found.append(
            scalars(
                {
                    "id": row.id,
                    "name": row.subject,
                    "tstatus": status_node(call, status_of(row, unread=unread)),
                    "last_message": moment(row.public_updated_at),
                    "unread": flag(unread),
                    "client_department": department_number(row.department),
                }
            )
        )
    return found


def _message(value: str) -> Condition:
    return (
        "id IN (SELECT thread_id FROM ticket_messages AS m WHERE m.account_id = tickets.account_id"
        " AND m.internal = 0 AND instr(lower(m.body), lower(?)) > 0)",
        [value],
    )


def _listing(name: str) -> Listing:
    def base(call: Call) -> Condition:
        return f"account_id = ? AND {_LISTS[name]}", [call.account_id]

    return Listing(
        name=name,
        table="tickets",
        order="public_updated_at DESC, id DESC",
        columns={"id": "id", "name": "subject", "last_message": "public_updated_at", "time": "public_updated_at"},
        filters={
            "id": lists.ids("id"),
            "name": lists.contains("subject"),
            "message": _message,
            "tstatus": lists.codes(_FILTER),
        },
        dates={"message_post": "public_updated_at"},
        rows=_rows,
        base=base,
        buttons={"edit": f"{name}.edit", "filter": f"{name}.filter", **(_MORE if name == "clientticket" else {})},
    )


LISTINGS = {name: _listing(name) for name in _LISTS}


@function(*_LISTS)
def client_tickets(call: Call) -> Doc:
    """Tickets that are open, or in the archive (wire: 13.1)."""
    return lists.answer(call, LISTINGS[call.form.func])


@function(*(f"{name}.filter" for name in _LISTS), how=How.FORM)
def client_tickets_filter(call: Call) -> Doc:
    """Which of them are shown."""
    return lists.filter_form(call, LISTINGS[call.form.func.removesuffix(".filter")])


@function("dashboard.tickets")
def dashboard_tickets(call: Call) -> Doc:
    """The open ones, the last changed first."""
    doc = Doc(attrs={"func": "dashboard.tickets", "lang": call.lang})
    condition = "account_id = ? AND state <> 'closed' ORDER BY public_updated_at DESC, id DESC LIMIT 10"
    for row in _rows(call, condition, [call.account_id]):
        doc.add("elem", row)
    return doc


@function("clientticket.edit", "clientticket_archive.edit", how=How.FORM)
def edit(call: Call) -> Doc:
    """A new ticket or a thread; with ``sok`` the first message or a reply (wire: 13.2, 13.3)."""
    number = call.form.get("elid")
    if call.writes:
        return _reply(call, number) if number else _create(call)
    return _thread(call, number) if number else _new_form(call)


def _create(call: Call) -> Doc:
    form, who = call.form, person(call)
    department = department_of(form.get("client_department"))
    if department is None:
        raise wrong("client_department", form.get("client_department"))
    item = form.get("ticket_item")
    wish = Wish(
        department=department,
        subject=form.get("subject") or form.get("name"),
        body=form.values.get("message", ""),
        order_id=None if item in ("", NOTHING) else item,
        attachments=threads.upload(call, who),
    )
    return done(id=tickets.open_ticket(call.tx, who, wish)["id"])


def _reply(call: Call, number: str) -> Doc:
    who = person(call)
    row = tickets.seen_ticket(call.tx, who, number)
    body = call.form.values.get("message", "")
    ticket_messages.write(call.tx, who, row, Draft(body, attachments=threads.upload(call, who)))
    return done()


def _new_form(call: Call) -> Doc:
    doc = Doc(attrs={"func": "clientticket.edit", "lang": call.lang}, form=True)
    doc.put("subject").put("message").put("client_department").put("ticket_item", NOTHING)
    found = Node(attrs={"name": "client_department"})
    for one in departments(call.tx.policy):
        found.add("val", Node(one["about"], {"key": department_number(one["id"]), "plainval": one["name"]}))
    doc.add("slist", found)
    if call.form.get("sv_field") != "ticket_item":
        return doc
    rows = call.tx.orders.where(
        "account_id = ? AND state NOT IN ('deleted', 'cancelled') ORDER BY id", (call.account_id,)
    )
    items = [(NOTHING, call.say("-- none --")), *((str(row.id), row.name) for row in rows)]
    doc.add("slist", choices("ticket_item", items))
    outer = Doc(attrs=dict(doc.attrs), form=True)
    outer.add("slist", choices("ticket_item", items))
    outer.add("doc", doc)
    return outer


def _thread(call: Call, number: str) -> Doc:
    row = tickets.seen_ticket(call.tx, person(call), number)
    kept = note_read(call, row, row.public_last)
    doc = Doc(attrs={"func": "clientticket.edit", "lang": call.lang}, form=True)
    doc.put("elid", row.id).put("subject", row.subject)
    doc.put("client_department", department_number(row.department))
    doc.put("ticket_item", NOTHING if row.order_id is None else str(row.order_id))
    doc.put("closed_ticket_user", ON if row.state == "closed" else OFF)
    threads.add_thread(call, doc, row, kept.get("rates", {}))
    return doc


@function("clientticket.archive", how=How.ACT)
def archive(call: Call) -> Doc:
    """Close tickets: all of them or none (wire: 13.1)."""
    if not call.form.ids:
        raise missed("elid", "")
    for number in call.form.ids:
        tickets.change_as_client(call.tx, person(call), number, ClientChange(close=True))
    return done()


@function("ticket.message.rate.good", "ticket.message.rate.bad", how=How.ACT)
def rate(call: Call) -> Doc:
    """A vote on an answer; of a closed ticket it is the ticket's rating too (wire: 13.3; TKT-5)."""
    row = tickets.seen_ticket(call.tx, person(call), call.form.get("plid"))
    vote = call.form.func.rpartition(".")[2]
    number = call.form.get("elid")
    asked = (
        "SELECT 1 FROM ticket_messages WHERE thread_id = ? AND number = ? AND internal = 0 AND author_role <> 'client'"
    )
    digits = is_number(number)
    if not digits or call.tx.sql(asked, (row.id, int(number))).fetchone() is None:
        raise missed("elid", number)
    kept = kept_of(call, row.id)
    call.remember(f"ticket/{row.id}", {**kept, "rates": {**kept.get("rates", {}), number: vote}})
    try:
        change = ClientChange(rating=5 if vote == "good" else 1)
        tickets.change_as_client(call.tx, person(call), str(row.id), change)
    except RuleBroken:
        pass  # an open one has no rating yet; the vote stands beside its message
    return done()


@function("ticket.file", open_to=For.SIGNED_IN)
def file(call: Call) -> Answer:
    """A file of a message (wire: 13.3)."""
    found = attachments.download(call.tx, person(call), threads.attachment_of(call.tx, call.form.get("elid")))
    name = "".join(char if char.isascii() and char.isprintable() and char not in '"\\' else "_" for char in found.name)
    return Raw(found.data, "application/octet-stream", name)
