"""The commands of triage, for every screen that shows tickets to staff: the queue and the thread (TKT-8)."""

from __future__ import annotations

from abc import abstractmethod

from billtui.commands import Command, Danger, Scope, handles
from billtui.screens.base import BilltuiScreen
from billtui.screens.handing_over import hand_over
from billtui.screens.triage import (
    assign_tickets,
    hold_tickets,
    set_priority,
    tag_tickets,
    take_tickets,
)
from billtui.services.staff import is_staff
from billtui.services.store import TicketRow
from billtui.services.ticket_queue import CLOSED

ONE_ONLY = frozenset({"ticket.note", "ticket.split", "ticket.card", "ticket.read_access", "ticket.unmerge"})
"""Commands that are about one ticket."""
OPEN_ONLY = frozenset({"ticket.hand_over", "ticket.hold", "ticket.priority", "ticket.take"})
"""Commands that need a ticket that is not closed."""


class TriageCommands(BilltuiScreen):
    """What staff does with tickets without leaving the keyboard; a client never sees these commands."""

    @abstractmethod
    def triage_rows(self) -> list[TicketRow]:
        """The tickets that a command is about."""

    def commands_here(self) -> list[Command]:
        """Without those of staff, for a client."""
        found = super().commands_here()
        return found if is_staff(self.session.account) else [one for one in found if one.scope is not Scope.TRIAGE]

    def refusal_of(self, command: Command) -> str | None:
        """Why not, for these tickets."""
        if command.scope is Scope.TRIAGE and not is_staff(self.session.account):
            return f"“{command.title}” is for support staff (ACC-7)."
        if refusal := super().refusal_of(command):
            return refusal
        one_or_many = (
            command.scope is Scope.TRIAGE and command.danger is Danger.CHANGES
        ) or command.id == "queue.close"
        if one_or_many and len(self.triage_rows()) > 1 and self.session.unavailable("staff.bulk") is not None:
            return "On this panel tickets are changed one at a time (staff.bulk): take all marks but one away."
        if command.scope is not Scope.TRIAGE:
            return None
        account, others = self.session.account, self.session.unavailable("staff.assign") is None
        return triage_refusal(command, self.triage_rows(), str(account.login) if account else "", others=others)

    @handles("ticket.take")
    async def take(self) -> None:
        """Put one's name on it."""
        await take_tickets(self.billtui, self.triage_rows())

    @handles("ticket.assign")
    async def assign(self) -> None:
        """Put a colleague's name on it."""
        await assign_tickets(self.billtui, self.triage_rows())

    @handles("ticket.hand_over")
    async def hand_it_over(self) -> None:
        """To another department."""
        await hand_over(self.billtui, self.triage_rows())

    @handles("ticket.priority")
    async def prioritise(self) -> None:
        """How urgent it is."""
        await set_priority(self.billtui, self.triage_rows())

    @handles("ticket.hold")
    async def hold(self) -> None:
        """Until when nobody has to act."""
        await hold_tickets(self.billtui, self.triage_rows())

    @handles("ticket.tag")
    async def tag(self) -> None:
        """What it is about, in words of one's own."""
        await tag_tickets(self.billtui, self.triage_rows())

    @handles("ticket.note")
    async def note(self) -> None:
        """Write a note, on the thread as it is now."""
        ticket_id = self.triage_rows()[0].id
        if not self.session.store.messages_known(ticket_id).whole:
            await self.session.tickets.thread(ticket_id)
        self.billtui.compose_reply(ticket_id, internal=True)

    @handles("ticket.merge")
    async def merge(self) -> None:
        """Put tickets together; one that was merged away comes apart again."""
        from billtui.screens.merging import merge_tickets, unmerge_ticket

        rows = self.triage_rows()
        if len(rows) == 1 and rows[0].merged_into:
            await unmerge_ticket(self.billtui, rows[0])
        else:
            await merge_tickets(self.billtui, rows)

    @handles("ticket.unmerge")
    async def unmerge(self) -> None:
        """Give it back its messages."""
        from billtui.screens.merging import unmerge_ticket

        await unmerge_ticket(self.billtui, self.triage_rows()[0])

    @handles("ticket.split")
    async def split(self) -> None:
        """Some messages become a ticket of their own."""
        from billtui.screens.merging import split_ticket

        await split_ticket(self.billtui, self.triage_rows()[0])

    @handles("ticket.card")
    def card(self) -> None:
        """Whose ticket it is."""
        self.billtui.show_account_card(self.triage_rows()[0].account_id)

    @handles("ticket.read_access")
    async def read_access(self) -> None:
        """The server access, for a reason (TKT-4)."""
        from billtui.screens.access_reading import read_access

        await read_access(self.billtui, self.triage_rows()[0])

    @handles("ticket.next")
    def next_one(self) -> None:
        """Open what is next in the queue."""
        from billtui.screens.next_ticket import open_next

        open_next(self.billtui, [row.id for row in self.triage_rows()], said=True)


def triage_refusal(command: Command, rows: list[TicketRow], me: str, *, others: bool = True) -> str | None:
    """Why a command cannot be used on these tickets, from what the copy knows.

    ``others`` is whether the panel lets a ticket be given to somebody else.
    """
    if not rows:
        return None
    one = rows[0]
    if command.id in ONE_ONLY and len(rows) > 1:
        return f"“{command.title}” is about one ticket: - takes the marks away."
    if command.id in OPEN_ONLY and all(row.state == CLOSED for row in rows):
        return f"Ticket {one.number} is closed: an answer reopens it, O in its thread as well (TKT-5)."
    if command.id == "ticket.take" and len(rows) == 1 and one.assignee == me:
        return f"Ticket {one.number} is yours already.{' A gives it to somebody else.' if others else ''}"
    if command.id == "ticket.read_access" and one.access != "given":
        why = "was wiped when the ticket closed" if one.access == "wiped" else "was never given on this ticket"
        return f"Server access {why}: ask the client for it; it goes into a field of its own (TKT-4)."
    if command.id == "ticket.unmerge" and not one.merged_into:
        return f"Ticket {one.number} was not merged into another one."
    return None
