"""Tickets of the seed: the demo's stories, played through the rules in the order in which they happened (TKT)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import timedelta
from functools import partial
from random import Random
from typing import Any

from billtui.domain.rules import tickets as rules
from billtui.sandbox.engine import ticket_states
from billtui.sandbox.engine.rows import AccountRow
from billtui.sandbox.engine.rows_tickets import MessageRow, TicketRow
from billtui.sandbox.engine.ticket_messages import new_message, settle
from billtui.sandbox.engine.ticket_states import Person, stirred, take, ticket_facts
from billtui.sandbox.engine.tickets import FIRST_NUMBER
from billtui.sandbox.engine.unit import Tx
from billtui.sandbox.engine.wire import instant_of
from billtui.sandbox.seed.ticket_crowd import HOUR, Told, Turn
from billtui.sandbox.seed.ticket_stories import CLIENT, CLOCK, SERVER, Said, Story

_HOUR = 3_600 * 1_000_000
_BEFORE = timedelta(minutes=30)


class Player:
    """Plays stories; rows are kept until all is told, and then written at once."""

    def __init__(self, tx: Tx, now: int, seed: int, clients: Sequence[int], orders: Sequence[Sequence[int]]) -> None:
        """``clients``: whose tickets there are; ``orders``: the first of each one's servers."""
        self._tx = tx
        self._now = now
        self._random = Random(f"tickets {seed}")
        self._clients = [tx.accounts.need(account_id) for account_id in clients]
        self._orders = orders
        self._people = {account.login: Person.of(account) for account in self._clients}
        self._messages: list[MessageRow] = []
        self._beside: list[tuple[str, tuple[Any, ...]]] = []
        self._numbers = [0, 0]

    def play(self, stories: Sequence[Story], crowd: Iterable[Turn] = ()) -> None:
        """Everything that happened in all of them, the earliest first; the transaction's instant is at now again."""
        tx = self._tx
        for account in tx.accounts.where("role <> 'client'"):
            self._people[account.login] = Person.of(account)
        steps: list[tuple[float, Callable[[], None] | Turn]] = [
            step for story in stories if self._can_tell(story) for step in self._steps(story)
        ]
        steps += [(turn.ago, turn) for turn in crowd]
        steps.sort(key=lambda step: -step[0])
        for ago, step in steps:
            tx.at = self._now - round(ago * _HOUR)
            if isinstance(step, Turn):
                self._take_turn(step)
            else:
                step()
        tx.at = self._now
        tx.flush()
        for message in self._messages:
            tx.messages.add(message)
        tx.flush()
        for statement, values in self._beside:
            tx.sql(statement, values)
        # Access that was given on a ticket which has been closed since is gone (TKT-4).
        tx.sql("DELETE FROM ticket_access WHERE ticket_id IN (SELECT id FROM tickets WHERE access <> 'given')")

    def _take_turn(self, turn: Turn) -> None:
        """A step of one of the many."""
        tx, told = self._tx, turn.ticket
        colleague = self._people[told.colleague]
        if told.row is None:
            client = Person(told.owner, "", "client")
            subject = self._with_hour(told.subject, told, tx.at)
            row = told.row = self.begin(told.owner, subject, told.topic.department, told.order_id, client)
            row.priority, row.tags = told.priority, told.tags
        row = told.row
        if turn.by == "hold":
            until = tx.at + round((turn.ago + 12.0 + row.id % 90) * _HOUR)
            told.facts = rules.on_hold(told.facts or ticket_facts(row, staff=True), instant_of(until))
            take(tx, row, told.facts, colleague.account_id)
            stirred(tx, row)
            return
        who = Person(told.owner, "", "client") if turn.by == "client" else colleague
        if who.is_staff:
            row.assignee = told.colleague
        body = self._with_hour(turn.body, told, row.created_at)
        said = Said(turn.ago, turn.by, body, note=turn.by == "note")
        message = self.written(who, row, said)
        told.facts = settle(tx, who, row, message, close=turn.close, before=told.facts)

    @staticmethod
    def _with_hour(text: str, told: Told, opened_at: int) -> str:
        if HOUR not in text:
            return text
        return text.replace(HOUR, f"{instant_of(opened_at) - timedelta(hours=told.began):%H}")

    def begin(self, account_id: int, subject: str, department: str, order_id: int | None, opener: Person) -> TicketRow:
        """A ticket without a message."""
        tx = self._tx
        ticket_id = tx.tickets.new_id()
        row = TicketRow(
            id=ticket_id,
            number=FIRST_NUMBER - 1 + ticket_id,
            account_id=account_id,
            subject=self.named(subject, order_id),
            department=department,
            state="open",
            created_at=tx.at,
            owed_since=tx.at,
            last_client_at=tx.at,
            order_id=order_id,
            opened_by="support" if opener.is_staff else "client",
        )
        row.index_text()
        ticket_states.set_due(tx, row)
        ticket_states.note_state(tx, row, "", opener.account_id)
        return tx.tickets.add(row)

    def _can_tell(self, story: Story) -> bool:
        return story.order is None or story.order < len(self._orders[story.owner])

    def _steps(self, story: Story) -> Iterator[tuple[float, Callable[[], None]]]:
        told = _Told(self, story)
        for said in story.said:
            yield said.ago, partial(told.say, said)
        if story.access is not None:
            yield story.access[0], told.give_access
        for ago, login, reason in story.read:
            yield ago, partial(told.read_access, login, reason)
        if story.hold is not None:
            yield story.hold[0], told.hold
        if story.closed is not None:
            yield story.closed, told.close

    # what the stories need

    @property
    def tx(self) -> Tx:
        """The transaction, at the instant that is told."""
        return self._tx

    def owner(self, story: Story) -> AccountRow:
        """Whose ticket it is."""
        return self._clients[story.owner]

    def person(self, story: Story, by: str) -> Person:
        """Who wrote."""
        return Person.of(self.owner(story)) if by == CLIENT else self._people[by]

    def order(self, story: Story) -> int | None:
        """Which server it is about."""
        return None if story.order is None else self._orders[story.owner][story.order]

    def named(self, text: str, order_id: int | None) -> str:
        """``text`` with the name of the server, and the time shortly before now."""
        if CLOCK in text:
            text = text.replace(CLOCK, f"{instant_of(self._tx.at) - _BEFORE:%H:%M}")
        return text if order_id is None else text.replace(SERVER, self._tx.orders.need(order_id).name)

    def written(self, who: Person, row: TicketRow, said: Said) -> MessageRow:
        """The message, numbered as it would have been."""
        self._numbers[said.note] += 1
        number = self._numbers[said.note]
        body = self.named(said.body, row.order_id)
        message = new_message(len(self._messages) + 1, number, self._tx.at, who, row, body)
        message.internal = int(said.note)
        self._messages.append(message)
        for place, (name, data) in enumerate(said.files):
            self._attach(message, place, name, data)
        return message

    def write_later(self, statement: str, *values: Any) -> None:
        """A row beside tickets and messages, once those are there."""
        self._beside.append((statement, values))

    def _attach(self, message: MessageRow, place: int, name: str, data: bytes) -> None:
        attachment_id = self._random.randbytes(12).hex()
        kept = (attachment_id, message.author_id, message.id, place, name, len(data))
        self.write_later(
            "INSERT INTO attachments (id, account_id, message_id, place, name, size, sha256, at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            *kept,
            hashlib.sha256(data).hexdigest(),
            message.at,
        )
        self.write_later("INSERT INTO attachment_data (attachment_id, data) VALUES (?, ?)", attachment_id, data)


class _Told:
    """A story as far as it is told."""

    def __init__(self, player: Player, story: Story) -> None:
        self._player = player
        self._story = story
        self._row: TicketRow | None = None

    def say(self, said: Said) -> None:
        """A message, and the ticket with the first one."""
        tx, story = self._player.tx, self._story
        who = self._player.person(story, said.by)
        row = self._row or self._open(who)
        settle(tx, who, row, self._player.written(who, row, said), close=said.close)
        if said is story.said[-1] and story.rating is not None:
            row.rating, row.rating_comment = story.rating

    def _open(self, who: Person) -> TicketRow:
        tx, story, player = self._player.tx, self._story, self._player
        order_id = player.order(story)
        row = player.begin(player.owner(story).id, story.subject, story.department, order_id, who)
        row.priority = story.priority
        row.assignee = story.assignee
        row.tags = f" {story.tags} " if story.tags else ""
        if story.invoice and order_id is not None:
            row.invoice_id = tx.orders.need(order_id).open_invoice_id
        self._row = row
        return row

    def give_access(self) -> None:
        """The client gave server access (TKT-4)."""
        tx, row = self._player.tx, self._need()
        assert self._story.access is not None
        secret = self._player.named(self._story.access[1], row.order_id)
        sealed = tx.vault.seal(secret, f"server access of ticket {row.id}")
        statement = "INSERT INTO ticket_access (ticket_id, sealed, given_at) VALUES (?, ?, ?)"
        self._player.write_later(statement, row.id, sealed, tx.at)
        row.access = "given"
        stirred(tx, row)

    def read_access(self, login: str, reason: str) -> None:
        """Support read it."""
        tx, row = self._player.tx, self._need()
        who = self._player.person(self._story, login)
        statement = "INSERT INTO access_readings (ticket_id, account_id, at, reason) VALUES (?, ?, ?, ?)"
        self._player.write_later(statement, row.id, who.account_id, tx.at, reason)
        stirred(tx, row)

    def hold(self) -> None:
        """Support put it on hold (TKT-5)."""
        tx, row = self._player.tx, self._need()
        assert self._story.hold is not None
        until = tx.at + round(self._story.hold[1] * _HOUR)
        by = self._player.person(self._story, self._story.assignee or CLIENT).account_id
        take(tx, row, rules.on_hold(ticket_facts(row, staff=True), instant_of(until)), by)
        stirred(tx, row)

    def close(self) -> None:
        """The client closed it."""
        ticket_states.close(self._player.tx, self._need(), self._player.owner(self._story).id)

    def _need(self) -> TicketRow:
        assert self._row is not None, "something was done with a ticket before it was written"
        return self._row
