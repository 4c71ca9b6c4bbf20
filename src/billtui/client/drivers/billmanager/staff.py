"""Tickets of the provider's staff: the queue, taking, replies and notes (wire: BILLmanager 14).

The panel has two numbers for a ticket: its own, which is the id here, and that of its place in somebody's queue, which
an answer needs and which is looked up directly before.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, TypeVar

from billtui.client.codec import UnreadableAnswer
from billtui.client.drivers.billmanager.asking import reading, writing
from billtui.client.drivers.billmanager.figures import instant
from billtui.client.drivers.billmanager.lists import Place
from billtui.client.drivers.billmanager.payments import UNKNOWN_DAY
from billtui.client.drivers.billmanager.shapes import Doc, first_of, needed, plain, unwrap
from billtui.client.drivers.billmanager.threads import Thread, state_of, thread_of
from billtui.client.drivers.billmanager.tickets import TicketCalls, new_message, not_moved_on
from billtui.client.errors import CapabilityMissing, InvalidInput, RuleRefused
from billtui.client.exchange import Conversation, Steps
from billtui.client.settings import Write
from billtui.domain.models import Account, Department, MessageRequest, PostedMessage, Ticket, TicketChange, TicketState
from billtui.domain.safetext import SafeText

QUEUE: Final = "ticket"
ALL: Final = "ticket_all"
MOST_IN_A_QUEUE: Final = 500
T = TypeVar("T")


class StaffCalls(TicketCalls):
    """The calls about tickets, for a client or for staff, as who is signed in."""

    def list_accounts(self) -> Conversation[list[Account]]:
        """Refused: BILLmanager shows its clients to administrators alone, by functions that differ by set-up."""
        return _of_administrators()

    def get_account(self, account_id: str) -> Conversation[Account]:
        """Refused as :meth:`list_accounts` is."""
        return _of_administrators()

    def ticket_lists(self) -> Sequence[str]:
        """Of staff every ticket; of a client the own ones."""
        return (ALL,) if self.memory.staff else super().ticket_lists()

    def ticket_of(self, func: str, row: Doc) -> Ticket:
        """A row of ``ticket_all``; of a client's list as it is there."""
        if func != ALL:
            return super().ticket_of(func, row)
        key = needed(row, "id")
        begun = instant(unwrap(row.get("date_start")), self.chosen.offset)
        last = instant(first_of(row, "last_activity", "last_message"), self.chosen.offset)
        state = state_of(unwrap(row.get("tstatus")), archived=False, unread=False)
        responsible = plain(unwrap(row.get("responsible")))
        # The list does not say who wrote last: until its thread is read, what waits does so since its last activity.
        waits = last if state == TicketState.OPEN else None
        return Ticket(
            id=SafeText(key), number=SafeText(key), subject=SafeText(plain(first_of(row, "name", "subject")) or key),
            department=SafeText(plain(unwrap(row.get("queue")))), state=state,
            login=SafeText(plain(unwrap(row.get("client")))),
            created_at=begun or last or UNKNOWN_DAY, updated_at=last or begun or UNKNOWN_DAY,
            last_client_message_at=waits,
            assignee=SafeText(self._colleague(responsible)) if responsible else None,
        )  # fmt: skip

    def _colleague(self, responsible: str) -> str:
        """The login of who is signed in, where a list names that person by name; others as the list has them."""
        return self.memory.login if responsible == self.memory.real_name and self.memory.login else responsible

    def departments(self) -> Conversation[list[Department]]:
        """Of staff the queues that its tickets are in: the list of departments is for administrators."""

        def begin() -> Steps[list[Department]]:
            yield from self.known_user()
            if not self.memory.staff:
                return (yield from super(StaffCalls, self).departments().begin())
            yield from self.cleared(ALL)
            rows = yield from self.rows_at(ALL, Place(), MOST_IN_A_QUEUE)
            names = dict.fromkeys(plain(unwrap(row.get("queue"))) for row in rows.rows)
            return [Department(id=SafeText(one), name=SafeText(one)) for one in names if one]

        return reading(begin, "tickets")

    def assignment(self, key: str) -> Steps[tuple[str, Doc] | None]:
        """Where a ticket is in the own queue: its number there and the row; ``None`` where it is not."""
        place: Place | None = Place()
        yield from self.cleared(QUEUE)
        while place is not None and place.seen <= MOST_IN_A_QUEUE:
            rows = yield from self.rows_at(QUEUE, place, MOST_IN_A_QUEUE)
            for row in rows.rows:
                if unwrap(row.get("ticket")) == key:
                    return unwrap(row.get("id")), row
            place = rows.following
        return None

    def thread(self, key: str) -> Steps[Thread]:
        """The thread; of a ticket in the own queue by its number there."""
        if not self.memory.staff:
            return (yield from super().thread(key))
        found = yield from self.assignment(key)
        fields = (("elid", found[0]), ("plid", key), ("sfrom", "ajax")) if found else (("elid", key), ("sfrom", "ajax"))
        doc = yield from self.fetch("ticket.edit" if found else "ticket_all.edit", fields)
        return thread_of(doc, key, self.chosen.offset)

    def write_message(self, ticket_id: str, request: MessageRequest, write: Write) -> Conversation[PostedMessage]:
        """``ticket.edit`` with a message, or with a note that the client never sees."""

        def begin() -> Steps[PostedMessage]:
            yield from self.known_user()
            if not self.memory.staff:
                return (yield from super(StaffCalls, self).write_message(ticket_id, request, write).begin())
            return (yield from self._answered(str(getattr(ticket_id, "raw", ticket_id)), request))

        return writing(begin, "tickets.reply")

    def _answered(self, key: str, request: MessageRequest) -> Steps[PostedMessage]:
        found = yield from self.assignment(key)
        if found is None:
            raise RuleRefused("It is not in your queue.", "Take it first, then answer.", code="not-taken")
        if request.close:
            raise InvalidInput("Staff closes a ticket on the panel's own pages: send the reply without closing.")
        assigned, row = found
        held = unwrap(row.get("blocked_by"))
        if held and self.memory.real_name and not held.startswith(self.memory.real_name):
            raise RuleRefused(f"It is being worked on by {SafeText(held)}.", "Ask them, or wait.", code="taken")
        before = yield from self.thread(key)
        not_moved_on(before, request)
        text = (
            (("show_optional", "on"), ("note_message", request.body))
            if request.internal
            else (("message", request.body),)
        )
        fields = (("elid", assigned), ("plid", key), *text, ("clicked_button", "ok"), ("sok", "ok"))
        yield from self.written("ticket.edit", fields, request.attachments)
        ticket, thread = yield from self.ticket_and_thread(key)
        message = new_message(before.ids, thread, request.body, "support")
        if message.internal != request.internal:
            message = message.model_copy(update={"internal": request.internal})
        return PostedMessage(message=message, ticket=ticket)

    def change_ticket(self, ticket_id: str, change: TicketChange, write: Write) -> Conversation[Ticket]:
        """Staff takes a ticket into the own queue; a client closes one."""

        def begin() -> Steps[Ticket]:
            yield from self.known_user()
            if not self.memory.staff:
                return (yield from super(StaffCalls, self).change_ticket(ticket_id, change, write).begin())
            key = str(getattr(ticket_id, "raw", ticket_id))
            mine = change.assignee is not None and change.assignee in (self.login, self.memory.login)
            if not mine or change != TicketChange(assignee=change.assignee):
                raise InvalidInput("From here staff can take a ticket; everything else is on the panel's own pages.")
            if (yield from self.assignment(key)) is None:
                fields = (("elid", key), ("plid", key), ("clicked_button", "ok_get"), ("sok", "ok"))
                done = yield from self.send("ticket_all.edit", fields)
                if "elid=" not in unwrap(done.get("ok")) and (yield from self.assignment(key)) is None:
                    raise UnreadableAnswer("it does not say where in the queue the ticket is")
            ticket, _ = yield from self.ticket_and_thread(key)
            return ticket.model_copy(update={"assignee": SafeText(change.assignee or "")})

        return writing(begin, "staff.take" if self.memory.staff else "tickets.change")


def _of_administrators() -> Conversation[T]:
    def begin() -> Steps[T]:
        yield from ()
        raise CapabilityMissing("BILLmanager shows customers to its administrators alone. Use its own web pages.")

    return reading(begin, "staff")
