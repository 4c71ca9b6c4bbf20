"""A ticket as the rules see it, and what becomes of it: every change of its state goes through here (TKT-5)."""

from __future__ import annotations

from dataclasses import dataclass

from billtui.domain.models.tickets import TicketPriority, TicketState
from billtui.domain.roles import STAFF
from billtui.domain.rules import tickets as rules
from billtui.domain.rules.tickets import Priority, TicketFacts
from billtui.sandbox.engine.callers import Caller
from billtui.sandbox.engine.rows import AccountRow
from billtui.sandbox.engine.rows_tickets import TicketRow
from billtui.sandbox.engine.schedule import schedule_ticket
from billtui.sandbox.engine.unit import Tx
from billtui.sandbox.engine.wire import instant_of, instant_or_none, micros

PRIORITIES: dict[TicketPriority, Priority] = {
    TicketPriority.SERVICE_DOWN: Priority.SERVICE_DOWN,
    TicketPriority.HIGH: Priority.HIGH,
    TicketPriority.NORMAL: Priority.NORMAL,
    TicketPriority.LOW: Priority.LOW,
}
"""As the wire writes them, and as the queue sorts them."""
PRIORITY_WORDS = {value: word for word, value in PRIORITIES.items()}


@dataclass(frozen=True, slots=True)
class Person:
    """Who reads or writes a ticket."""

    account_id: int
    login: str
    role: str

    @classmethod
    def of(cls, who: Caller | AccountRow) -> Person:
        """A caller, or an account."""
        return cls(who.account_id if isinstance(who, Caller) else who.id, who.login, who.role)

    @property
    def is_staff(self) -> bool:
        """Whether notes and the tickets of everybody are to be seen (ACC-7)."""
        return self.role in STAFF


def ticket_facts(row: TicketRow, *, staff: bool) -> TicketFacts:
    """What the rules look at; for a client the last message is the last one that is no note (TKT-6)."""
    return TicketFacts(
        id=str(row.id),
        department=row.department,
        state=TicketState(row.state),
        created_at=instant_of(row.created_at),
        last_client_message_at=instant_of(row.last_client_at),
        last_message_id=row.last_message if staff else row.public_last,
        priority=Priority(row.priority),
        first_answer_at=instant_or_none(row.first_answer_at),
        closed_at=instant_or_none(row.closed_at),
        hold_until=instant_or_none(row.hold_until),
        owed_since=instant_of(row.owed_since),
        merged_into=None if row.merged_into is None else str(row.merged_into),
    )


def take(tx: Tx, row: TicketRow, facts: TicketFacts, by: int | None) -> None:
    """Write into the row what a rule made of its facts; ``by`` is the account that did it, none for the panel.

    Server access goes with a ticket that closes (TKT-4).
    """
    was = row.state
    row.state = facts.state
    row.first_answer_at = None if facts.first_answer_at is None else micros(facts.first_answer_at)
    row.closed_at = None if facts.closed_at is None else micros(facts.closed_at)
    row.hold_until = None if facts.hold_until is None else micros(facts.hold_until)
    row.owed_since = micros(facts.owed_since or facts.created_at)
    row.last_client_at = micros(facts.last_client_message_at)
    _set_due(tx, row, facts)
    if row.state != was:
        note_state(tx, row, was, by)
        if row.state == TicketState.CLOSED:
            wipe_access(tx, row)
    schedule_ticket(tx, row)


def set_due(tx: Tx, row: TicketRow) -> None:
    """When the first answer is due (TKT-10). To be called after a change of state or department."""
    _set_due(tx, row, ticket_facts(row, staff=True))


def _set_due(tx: Tx, row: TicketRow, facts: TicketFacts) -> None:
    due = rules.answer_due_at(facts, tx.policy)
    row.answer_due_at = None if due is None else micros(due)


def note_state(tx: Tx, row: TicketRow, was: str, by: int | None) -> None:
    """Keep for the shift's summary that the state changed (TKT-10)."""
    tx.ticket_states.append((row.id, tx.at, was, row.state, by))


def stirred(tx: Tx, row: TicketRow, *, public: bool = True) -> None:
    """The ticket has changed now, for staff alone where it is not ``public``."""
    row.updated_at = tx.at
    if public:
        row.public_updated_at = tx.at


def wipe_access(tx: Tx, row: TicketRow) -> None:
    """The server access goes (TKT-4)."""
    if row.access == "given":
        row.access = "wiped"
        tx.sql("DELETE FROM ticket_access WHERE ticket_id = ?", (row.id,))


def wake(tx: Tx, row: TicketRow) -> None:
    """The hold is over: it is open again (TKT-5)."""
    take(tx, row, rules.woken(ticket_facts(row, staff=True), tx.now), None)
    stirred(tx, row)


def close(tx: Tx, row: TicketRow, by: int | None) -> None:
    """Close it; closing twice changes nothing (TKT-5)."""
    if row.state != TicketState.CLOSED:
        take(tx, row, rules.closed(ticket_facts(row, staff=True), tx.now), by)
        stirred(tx, row)
