"""Everything that two of support and two clients can get about tickets, read through and held against the model."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from itertools import zip_longest
from typing import Any

from billtui.sandbox.database import Database
from billtui.sandbox.engine import attachments, changes, ticket_messages, tickets
from billtui.sandbox.engine.errors import InvalidInput, NotFound
from billtui.sandbox.engine.paging import ListQuery
from billtui.sandbox.engine.rows_tickets import TicketRow
from billtui.sandbox.engine.ticket_messages import MessagesWanted
from billtui.sandbox.engine.ticket_states import Person
from billtui.sandbox.engine.unit import Tx
from tests.support.engine import FIRST, SECOND
from tests.support.ticket_model import Held, TicketModel

OLENA, KOFI = Person(FIRST, "olena.marsh", "client"), Person(SECOND, "kofi.brandt", "client")
SAM, ADA = Person(900011, "sam.desk", "support"), Person(900013, "ada.desk", "support")
CLIENTS, STAFF = (OLENA, KOFI), (SAM, ADA)
CANARY = "canary"
"""Stands in everything that no client may ever get."""
_VOLATILE = ("queue_place", "actions", "at_stake")
"""What others, or time alone, change about a ticket without a new version of it."""


class TicketEyes:
    """What each of the four saw last; a look is compared with it, with the model, and between the two of support."""

    def __init__(self, database: Database, model: TicketModel) -> None:
        """Nothing is seen before :meth:`begin`."""
        self.database = database
        self.model = model
        self.files: dict[str, tuple[int, str | None]] = {}
        """Attachment by id: who handed it over, and which message has it."""
        self.seen: dict[str, dict[str, Any]] = {}
        self.unseen: set[str] = set()
        """Tickets that have changed since anybody looked, or not at all, in what is staff's alone."""
        self.cursors: dict[str, str] = {}

    def begin(self) -> None:
        """The feeds from here on."""
        with self.database.read() as tx:
            self.cursors = {who.login: changes.present_cursor(tx) for who in (*CLIENTS, *STAFF)}
            self.seen = {who.login: self._everything(tx, who) for who in (*CLIENTS, *STAFF)}

    def observe(self) -> None:
        """Look at everything, as everybody."""
        with self.database.read() as tx:
            for who in (*CLIENTS, *STAFF):
                found = self._everything(tx, who)
                feed = changes.changes_after(tx, who.account_id, self.cursors[who.login], staff=who.is_staff)
                self.cursors[who.login] = feed["cursor"]
                told = {item["id"] for item in feed["items"] if item["kind"] == "ticket"}
                self._versions(self.seen[who.login]["tickets"], found["tickets"], told)
                if not who.is_staff:
                    self._harmless(tx, who, found)
                    self._unnoticed(self.seen[who.login]["tickets"], found["tickets"], told)
                self.seen[who.login] = found
            self.unseen = set()
            staff = self.seen[SAM.login]["tickets"]
            other = self.seen[ADA.login]["tickets"]
            assert other.keys() == staff.keys()
            apart = {one: _apart(staff[one], other[one]) for one in staff if _steady(staff[one]) != _steady(other[one])}
            assert not apart, f"support does not see one thing: {apart}"
            places = TicketModel.places(list(staff.values()))
            for one in self.model.tickets.values():
                self._as_expected(one, staff[one.id], SAM)
                owner = next(who for who in CLIENTS if who.account_id == one.account)
                shown = self.seen[owner.login]["tickets"][one.id]
                self._as_expected(one, shown, owner)
                assert shown["queue_place"] == staff[one.id]["queue_place"] == places.get(one.id)

    def _everything(self, tx: Tx, who: Person) -> dict[str, Any]:
        """Every answer that somebody can get about tickets."""
        listed = _all_pages(lambda after: tickets.list_tickets(tx, who, ListQuery(limit=500, cursor=after)))
        whole: dict[str, Any] = {}
        threads: dict[str, Any] = {}
        for item in listed:
            if item["id"] not in self.model.tickets:
                whole[item["id"]] = dict(item)
                continue
            whole[item["id"]] = dict(tickets.get_ticket(tx, who, item["id"]))
            row = tickets.seen_ticket(tx, who, item["id"])
            threads[item["id"]] = _all_pages(_thread(tx, who, row))
        every = [] if who.is_staff else _all_pages(_messages(tx, who))
        return {"tickets": whole, "listed": listed, "threads": threads, "messages": every}

    def _versions(self, before: dict[str, Any], now: dict[str, Any], told: set[str]) -> None:
        """What changed has a higher version and was told; what did not, was not."""
        assert before.keys() <= now.keys()
        for ticket, view in now.items():
            was = before.get(ticket)
            same = was is not None and _steady(was) == _steady(view)
            if was is not None and ticket in self.model.tickets:
                if same:  # server access that takes the place of another is told, and looks the same
                    assert ticket not in told or view["access"] == "given", "nothing was told that cannot be seen"
                else:
                    assert view["version"] > was["version"], "a change has a version"
                    assert ticket in told, "and is told"

    def _unnoticed(self, before: dict[str, Any], now: dict[str, Any], told: set[str]) -> None:
        """What is staff's alone gives clients neither another look, nor a version, nor word in the feed."""
        for ticket in self.unseen & now.keys():
            assert ticket not in told, "clients are told of what is staff's"
            assert before[ticket]["version"] == now[ticket]["version"], "a version of what is staff's"
            assert _steady(before[ticket]) == _steady(now[ticket]), "another look for what is staff's"

    def _harmless(self, tx: Tx, who: Person, found: dict[str, Any]) -> None:
        """No note, no tag, no server access, nothing of another."""
        text = json.dumps(found)
        assert CANARY not in text, "nothing of staff's reaches a client"
        other = next(one for one in CLIENTS if one is not who)
        assert f"of {other.login}" not in text, "nothing of another client's"
        for one in self.model.tickets.values():
            if one.account != who.account_id:
                self._not_there(lambda one=one: tickets.seen_ticket(tx, who, one.id))  # type: ignore[misc]
        mine = [said.id for said in self.model.said if said.internal]
        for note in mine[-3:]:
            self._not_there(lambda note=note: ticket_messages.all_messages(tx, who, MessagesWanted(after=note)))  # type: ignore[misc]
        for attachment, (uploader, message) in list(self.files.items())[-4:]:
            said = None if message is None else self.model.message(message)
            reads = uploader == who.account_id or (
                said is not None and not said.internal and self.model.tickets[said.shows].account == who.account_id
            )
            if not reads:
                self._not_there(lambda a=attachment: attachments.download(tx, who, a))  # type: ignore[misc]
            elif said is not None:
                assert CANARY.encode() not in attachments.download(tx, who, attachment).data

    def _not_there(self, look: Callable[[], Any]) -> None:
        try:
            found = look()
        except (NotFound, InvalidInput):
            return
        raise AssertionError(f"a client was answered {found}")

    def _as_expected(self, one: Held, view: dict[str, Any], who: Person) -> None:
        thread = self.model.thread(one.id, staff=who.is_staff)
        expected = {
            "state": one.state,
            "priority": one.priority,
            "department": one.department,
            "assignee": one.assignee,
            "hold_until": _wire(one.hold),
            "closed_at": _wire(one.closed),
            "tags": sorted(one.tags) if who.is_staff else [],
            "access": one.access_state,
            "rating": one.rating,
            "merged_into": one.merged_into,
            "split_from": one.split_from,
            "message_count": len(thread),
            "last_message_id": thread[-1].id if thread else None,
            "last_author_role": next((said.role for said in reversed(thread) if not said.internal), ""),
            "first_answer_at": _wire(one.first_answer),
            "answer_due_at": _wire(one.due()),
        }
        found = {name: view[name] for name in expected}
        for name in ("hold_until", "closed_at", "first_answer_at", "answer_due_at"):
            found[name] = None if found[name] is None else _instant(found[name])
        wrong = {name: (found[name], expected[name]) for name in expected if found[name] != expected[name]}
        assert not wrong, (one.id, who.login, wrong)
        assert [(entry["login"], entry["reason"]) for entry in view["access_log"]] == one.readings
        shown = self.seen[who.login]["threads"][one.id]
        found_there = [
            (item["id"], item["author"], item["author_role"], item["body"], item["merged_from"]) for item in shown
        ]
        expected_there = [
            (said.id, said.author, said.role, said.body, said.ticket if said.ticket != one.id else None)
            for said in thread
        ]
        strange = [pair for pair in zip_longest(found_there, expected_there) if pair[0] != pair[1]]
        assert not strange, (one.id, who.login, strange[:3])
        assert {item["ticket_id"] for item in shown} <= {one.id}


def _all_pages(page: Callable[[str | None], Any]) -> list[Any]:
    """A list to its end: ``page`` gives the one after a cursor."""
    found = page(None)
    items = list(found["items"])
    while found["next_cursor"] is not None:
        found = page(found["next_cursor"])
        items += found["items"]
    assert len(items) == found["total"]
    return items


def _thread(tx: Tx, who: Person, row: TicketRow) -> Callable[[str | None], Any]:
    return lambda after: ticket_messages.thread(tx, who, row, MessagesWanted(after=after))


def _messages(tx: Tx, who: Person) -> Callable[[str | None], Any]:
    return lambda after: ticket_messages.all_messages(tx, who, MessagesWanted(after=after))


def _steady(view: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in view.items() if name not in _VOLATILE and name != "version"}


def _apart(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """The fields in which two views differ, with both values."""
    first, second = _steady(one), _steady(other)
    names = first.keys() | second.keys()
    return {name: (first.get(name), second.get(name)) for name in sorted(names) if first.get(name) != second.get(name)}


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _wire(instant: datetime | None) -> datetime | None:
    return instant
