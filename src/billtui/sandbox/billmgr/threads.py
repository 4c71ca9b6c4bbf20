"""Threads of tickets as this wire has them: messages of both sides, and what the panel notes by itself (wire: 13.3)."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from typing import Any

from billtui.domain.numbers import is_number
from billtui.domain.periods import parse_instant
from billtui.sandbox.billmgr.call import Call
from billtui.sandbox.billmgr.nodes import Doc, Node, scalars
from billtui.sandbox.billmgr.words import moment
from billtui.sandbox.engine import attachments, ticket_messages
from billtui.sandbox.engine.errors import NotFound
from billtui.sandbox.engine.rows_tickets import TicketRow
from billtui.sandbox.engine.ticket_messages import MessagesWanted
from billtui.sandbox.engine.ticket_states import Person
from billtui.sandbox.engine.unit import Tx
from billtui.sandbox.engine.wire import micros
from billtui.sandbox.engine.wire_tickets import TicketMessageJSON

_NOTE = 10**12
_SYSTEM = 2 * 10**12
"""Ids of notes, and of what the panel says, are numbers far from those of messages."""
_HEX = 15
"""So many hexadecimal digits of an attachment's id make its number."""
_STATES = (
    "SELECT id, at, was, state FROM ticket_states"
    " WHERE ticket_id = ? AND (state = 'closed' OR was = 'closed') ORDER BY id"
)


def message_number(message_id: str) -> str:
    """The number of a message."""
    return str(_NOTE + int(message_id[1:])) if message_id.startswith("n") else message_id


def file_number(attachment_id: str) -> str:
    """The number of an attachment, whose id is random: the beginning of that, as a number."""
    return str(int(attachment_id[:_HEX], 16))


def attachment_of(tx: Tx, number: str) -> str:
    """The attachment of a number. Raises ``NotFound``."""
    if is_number(number, 19):
        start = format(int(number), f"0{_HEX}x")
        found = tx.sql("SELECT id FROM attachments WHERE id >= ? AND id < ?", (start, start + "g")).fetchone()
        if found is not None:
            return str(found[0])
    raise NotFound("attachment", number)


def upload(call: Call, who: Person) -> tuple[str, ...]:
    """Keep the files of a form, in the order of their names; their ids."""
    names = sorted(name for name in call.form.files if name.startswith("file"))
    return tuple(
        attachments.upload(call.tx, who, call.form.files[name].name, call.form.files[name].content)["id"]
        for name in names
    )


def add_thread(call: Call, doc: Doc, row: TicketRow, rates: dict[str, Any]) -> None:
    """Put a thread into a form, by days; ``rates`` are the votes on messages by their numbers."""
    who = _person(call)
    messages = sorted(
        [*_written(call, who, row, rates), *_noted(call.tx, row)], key=lambda one: (one[0], int(one[1].attrs["id"]))
    )
    info = _info(call.tx, row)
    for _day, group in groupby(messages, key=lambda one: moment(one[0])[:10]):
        found = list(group)
        part = doc.add("mlist", Node())
        part.put("fm_date_post", moment(found[0][0]))
        if info is not None:
            part.add("message", info)
            info = None
        for _at, message in found:
            part.add("message", message)


def _person(call: Call) -> Person:
    assert call.who is not None
    return Person.of(call.who.caller)


def _all(tx: Tx, who: Person, row: TicketRow) -> Iterable[TicketMessageJSON]:
    after: str | None = None
    while True:
        page = ticket_messages.thread(tx, who, row, MessagesWanted(after=after))
        yield from page["items"]
        after = page["next_cursor"]
        if after is None:
            return


def _written(call: Call, who: Person, row: TicketRow, rates: dict[str, Any]) -> Iterable[tuple[int, Node]]:
    for message in _all(call.tx, who, row):
        at = micros(parse_instant(message["at"]))
        number = message_number(message["id"])
        kind = _kind(message)
        node = Node(attrs={"id": number, "type": kind})
        node.put("date_post", moment(at)).put("body", message["body"])
        if kind != "system":
            node.add("user", scalars({"realname": message["author"]}))
            node.add("avatar", Node("/img/avatar.png", {"name": "avatar.png"}))
        for one in message["attachments"]:
            node.add("file", scalars({"name": one["name"], "param": file_number(one["id"])}))
        if kind == "outcoming":
            vote = rates.get(number)
            node.add("rates", Node()).add("rate", Node(attrs={} if vote is None else {"name": str(vote)}))
        yield at, node


def _kind(message: TicketMessageJSON) -> str:
    """Seen from the provider's side in both views: what the client wrote comes in (wire: 13.3)."""
    if message["internal"]:
        return "note"
    if message["author_role"] == "panel":
        return "system"
    return "incoming" if message["author_role"] == "client" else "outcoming"


def _noted(tx: Tx, row: TicketRow) -> Iterable[tuple[int, Node]]:
    tx.flush()
    for number, at, _was, state in tx.sql(_STATES, (row.id,)).fetchall():
        node = Node(attrs={"id": str(_SYSTEM + int(number)), "type": "system"})
        text = "Ticket was moved to Archive" if state == "closed" else "Ticket was removed from Archive"
        yield int(at), node.put("date_post", moment(at)).put("body", text)


def _info(tx: Tx, row: TicketRow) -> Node | None:
    """What a ticket is about, where it is about a service."""
    if row.order_id is None:
        return None
    order = tx.orders.need(row.order_id)
    node = Node(attrs={"type": "info"})
    node.add("rowgroup", Node()).add("row", Node()).put("row", f"{order.name} #{order.id}")
    return node
