"""Tickets, their threads and attachments (TKT)."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr

from billtui.client import paging
from billtui.client.paging import FilterValue
from billtui.client.resources.resource import P, Resource
from billtui.client.settings import Write
from billtui.client.unread import UnreadPage
from billtui.domain.models import (
    Attachment,
    Department,
    MessageRequest,
    Page,
    PostedMessage,
    Ticket,
    TicketChange,
    TicketMessage,
    TicketRequest,
)

MESSAGES_A_PAGE = 100
"""A panel may send fewer, where they are long."""


@dataclass(frozen=True, slots=True)
class Tickets(Resource):
    """``client.tickets``"""

    async def departments(self) -> list[Department]:
        """Whom a ticket can be written to (TKT-1)."""
        return await self.client.run(self._driver.departments())

    async def list(
        self, *, limit: int | None = None, cursor: str | None = None, sort: str | None = None, q: str | None = None,
        **filters: FilterValue,
    ) -> Page[Ticket]:  # fmt: skip
        """One page: ``state="open"``, ``department="technical"``, ``order_id=…``; staff: ``assignee``, …"""
        return await self.client.run(self._driver.list_tickets(paging.list_query(limit, cursor, sort, q, filters)))

    def pages(
        self, *, limit: int = 500, sort: str | None = None, **filters: FilterValue
    ) -> AsyncIterator[Page[Ticket]]:
        """Every page, one request each, as they are asked for."""
        return paging.pages(
            self._fetcher(lambda at: self._driver.list_tickets(paging.list_query(limit, at, sort, None, filters)))
        )

    def arriving(
        self, begin: Callable[[UnreadPage[Ticket]], Awaitable[P]], *, limit: int = 500, sort: str | None = None
    ) -> AsyncGenerator[P, None]:
        """Every page as ``begin`` makes of what came; the next one is on its way meanwhile. To be closed when left."""
        return self._arriving(lambda at: self._driver.list_tickets(paging.list_query(limit, at, sort, None, {})), begin)

    async def get(self, ticket_id: str) -> Ticket:
        """One ticket with what can be done with it; its messages come by :meth:`messages`."""
        return await self.client.run(self._driver.get_ticket(ticket_id))

    async def messages(
        self, ticket_id: str, *, after: str | None = None, cursor: str | None = None, limit: int = MESSAGES_A_PAGE
    ) -> Page[TicketMessage]:
        """A page of a thread, oldest first; ``after`` the message with this id. A client never gets notes (TKT-6)."""
        filters: dict[str, FilterValue] = {} if after is None else {"after": after}
        query = paging.list_query(limit, cursor, None, None, filters)
        return await self.client.run(self._driver.ticket_messages(ticket_id, query))

    def message_pages(self, ticket_id: str, *, after: str | None = None) -> AsyncIterator[Page[TicketMessage]]:
        """Every page of a thread, oldest first."""

        async def fetch(cursor: str | None) -> Page[TicketMessage]:
            return await self.messages(ticket_id, after=after, cursor=cursor)

        return paging.pages(fetch)

    def every_message(
        self, *, limit: int = MESSAGES_A_PAGE, after: str | None = None, **filters: FilterValue
    ) -> AsyncIterator[Page[TicketMessage]]:
        """Every message of every ticket that may be seen, in the order in which they were written."""
        chosen = filters if after is None else {**filters, "after": after}
        return paging.pages(
            self._fetcher(lambda at: self._driver.list_messages(paging.list_query(limit, at, None, None, chosen)))
        )

    async def new(self, request: TicketRequest, write: Write) -> Ticket:
        """Write a new ticket (TKT-1). Raises ``RuleRefused``, ``InvalidInput``."""
        return await self.client.run(self._driver.new_ticket(request, write))

    async def write(self, ticket_id: str, request: MessageRequest, write: Write) -> PostedMessage:
        """Write a reply or a note. Raises ``RuleRefused``: ``thread-moved-on`` (TKT-9), ``ticket-closed`` (TKT-5)."""
        return await self.client.run(self._driver.write_message(ticket_id, request, write))

    async def change(self, ticket_id: str, change: TicketChange, write: Write) -> Ticket:
        """Change what stands about a ticket: a client closes, staff does the rest (TKT-5, TKT-8)."""
        return await self.client.run(self._driver.change_ticket(ticket_id, change, write))

    async def rate(self, ticket_id: str, rating: int, comment: str, write: Write) -> Ticket:
        """The client's word on how it went: 1 to 5."""
        return await self.client.run(self._driver.rate_ticket(ticket_id, rating, comment, write))

    async def upload(
        self, name: str, data: bytes, write: Write, sent: Callable[[int], None] | None = None
    ) -> Attachment:
        """Hand a file over, to be named by a message later; ``sent`` is told the bytes that went (TKT-6)."""
        return await self.client.run(self._driver.upload(name, data, write, sent))

    async def download(self, attachment_id: str, path: Path, *, replace: bool = False) -> int:
        """An attachment into a file with mode 0600; its size in bytes.

        A file that is there already stays, unless ``replace``. Raises ``ConfigurationProblem`` then.
        """
        return await self.client.run(self._driver.download(attachment_id, path, replace))

    async def give_access(self, ticket_id: str, access: SecretStr) -> None:
        """Give support access to the server that the ticket is about, or replace what was given (TKT-4).

        Sent once; raises ``OutcomeUnknown`` where the answer is lost.
        """
        await self.client.run(self._driver.give_access(ticket_id, access))
