"""Transfers: orders on their way from one account to another (TRF)."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass

from pydantic import SecretStr

from billtui.client import paging
from billtui.client.paging import FilterValue
from billtui.client.resources.resource import P, Resource
from billtui.client.settings import Write
from billtui.client.unread import UnreadPage
from billtui.domain.models import Page, Transfer


@dataclass(frozen=True, slots=True)
class Transfers(Resource):
    """``client.transfers``"""

    async def list(
        self, *, limit: int | None = None, cursor: str | None = None, sort: str | None = None, **filters: FilterValue
    ) -> Page[Transfer]:
        """One page, incoming and outgoing: ``state="awaiting recipient"``, ``direction="in"``."""
        query = paging.list_query(limit, cursor, sort, None, filters)
        return await self.client.run(self._driver.list_transfers(query))

    def pages(
        self, *, limit: int = 500, sort: str | None = None, **filters: FilterValue
    ) -> AsyncIterator[Page[Transfer]]:
        """Every page, one request each, as they are asked for."""
        return paging.pages(
            self._fetcher(lambda at: self._driver.list_transfers(paging.list_query(limit, at, sort, None, filters)))
        )

    def arriving(
        self, begin: Callable[[UnreadPage[Transfer]], Awaitable[P]], *, limit: int = 500, sort: str | None = None
    ) -> AsyncGenerator[P, None]:
        """Every page as ``begin`` makes of what came; the next one is on its way meanwhile. To be closed when left."""
        return self._arriving(
            lambda at: self._driver.list_transfers(paging.list_query(limit, at, sort, None, {})), begin
        )

    async def get(self, transfer_id: str) -> Transfer:
        """One transfer with its history and what can be done (TRF-3)."""
        return await self.client.run(self._driver.get_transfer(transfer_id))

    async def push(self, order_ids: Sequence[str], login: str, account_id: str, write: Write) -> Sequence[Transfer]:
        """Begin a transfer for each order, all or none; the sender's mail follows (TRF-1, TRF-2, TRF-7).

        Raises ``RuleRefused`` (TRF-4), also for a wrong pair, ``RateLimited`` (TRF-1).
        """
        return await self.client.run(self._driver.push(order_ids, login, account_id, write))

    async def confirm(self, transfer_id: str, code: SecretStr, write: Write) -> Transfer:
        """The sender's confirmation with the code of the mail (TRF-2)."""
        return await self.client.run(self._driver.confirm_transfer(transfer_id, code, write))

    async def accept(self, transfer_id: str, code: SecretStr, write: Write) -> Transfer:
        """The recipient's acceptance with the code of the mail: the order moves now (TRF-2, TRF-5)."""
        return await self.client.run(self._driver.accept_transfer(transfer_id, code, write))

    async def decline(self, transfer_id: str, write: Write) -> Transfer:
        """The recipient's no (TRF-3)."""
        return await self.client.run(self._driver.decline_transfer(transfer_id, write))

    async def cancel(self, transfer_id: str, write: Write) -> Transfer:
        """The sender's no, any time before completion (TRF-3)."""
        return await self.client.run(self._driver.cancel_transfer(transfer_id, write))
