"""What support staff works with: triage, merging, canned replies, presence, customers' cards (TKT-8, TKT-9, ACC-7)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from billtui.client.drivers import Query
from billtui.client.resources.resource import Resource
from billtui.client.settings import Write
from billtui.domain.models import (
    Account,
    CannedReply,
    Doing,
    Presence,
    RevealedAccess,
    ShiftSummary,
    Ticket,
    TicketChange,
)
from billtui.domain.periods import format_instant


@dataclass(frozen=True, slots=True)
class Staff(Resource):
    """``client.staff``: every method raises ``Forbidden`` for a client."""

    async def bulk(self, ticket_ids: Sequence[str], change: TicketChange, write: Write) -> Sequence[Ticket]:
        """Change many tickets alike, all or none (TKT-8)."""
        return await self.client.run(self._driver.bulk_change(ticket_ids, change, write))

    async def merge(self, ticket_ids: Sequence[str], into: str, write: Write) -> Ticket:
        """Merge tickets of one account into one of them; it can be undone (TKT-8)."""
        return await self.client.run(self._driver.merge_tickets(ticket_ids, into, write))

    async def unmerge(self, ticket_id: str, write: Write) -> Ticket:
        """Give a ticket that was merged away its messages back (TKT-8)."""
        return await self.client.run(self._driver.unmerge_ticket(ticket_id, write))

    async def split(
        self, ticket_id: str, message_ids: Sequence[str], subject: str, department: str, write: Write
    ) -> Ticket:
        """Make a new ticket of some messages of one (TKT-3: one problem per ticket)."""
        return await self.client.run(self._driver.split_ticket(ticket_id, message_ids, subject, department, write))

    async def presence(self, ticket_id: str, doing: Doing) -> Sequence[Presence]:
        """Say what one does on a ticket; the answer says who else is there. It ends by itself after 30 s (TKT-9)."""
        return await self.client.run(self._driver.presence(ticket_id, doing))

    async def reveal_access(self, ticket_id: str, reason: str) -> RevealedAccess:
        """Read the server access of a ticket; it is logged with the reason (TKT-4)."""
        return await self.client.run(self._driver.reveal_access(ticket_id, reason))

    async def summary(self, since: datetime, login: str | None = None) -> ShiftSummary:
        """What was done since then, by one or by all, and what is left (TKT-10)."""
        query: Query = (("since", format_instant(since)),)
        return await self.client.run(self._driver.shift_summary((*query, ("login", login)) if login else query))

    async def canned_replies(self) -> Sequence[CannedReply]:
        """All canned replies (TKT-8)."""
        return await self.client.run(self._driver.canned_replies())

    async def save_canned_reply(
        self, title: str, body: str, write: Write, *, reply_id: str | None = None, department: str | None = None,
        language: str = "en",
    ) -> CannedReply:  # fmt: skip
        """Make a canned reply, or change the one with this id (TKT-8)."""
        return await self.client.run(self._driver.save_canned_reply(reply_id, title, body, department, language, write))

    async def delete_canned_reply(self, reply_id: str, write: Write) -> None:
        """Delete a canned reply."""
        await self.client.run(self._driver.delete_canned_reply(reply_id, write))

    async def accounts(self) -> Sequence[Account]:
        """Every account (ACC-7)."""
        return await self.client.run(self._driver.list_accounts())

    async def account(self, account_id: str) -> Account:
        """A customer's card (ACC-7)."""
        return await self.client.run(self._driver.get_account(account_id))
