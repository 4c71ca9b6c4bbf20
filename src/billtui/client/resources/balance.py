"""The two purses and their ledger."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

from billtui.client import paging
from billtui.client.paging import FilterValue
from billtui.client.resources.resource import Resource
from billtui.client.settings import Write
from billtui.client.top_up import TopUp
from billtui.domain.models import Balances, LedgerLine, Page
from billtui.domain.money import Money


@dataclass(frozen=True, slots=True)
class Balance(Resource):
    """``client.balance``"""

    async def ledger(
        self, *, limit: int | None = None, cursor: str | None = None, sort: str | None = None, **filters: FilterValue
    ) -> Page[LedgerLine]:
        """One page of the movements of money, 1 to 500 rows."""
        query = paging.list_query(limit, cursor, sort, None, filters)
        return await self.client.run(self._driver.ledger(query))

    def iterate_ledger(
        self, *, limit: int = 500, sort: str | None = None, **filters: FilterValue
    ) -> AsyncIterator[LedgerLine]:
        """Every movement of money."""
        return paging.items(
            paging.pages(
                self._fetcher(lambda at: self._driver.ledger(paging.list_query(limit, at, sort, None, filters)))
            )
        )

    async def top_up(self, amount: Money, method: str, write: Write) -> TopUp:
        """An invoice to fill the internal purse, paid by an external method (INV-13)."""
        return await self.client.run(self._driver.top_up(amount, method, write))

    async def move(self, amount: Money, write: Write) -> Balances:
        """Move money from the affiliate to the internal purse; there is no way back (ACC-4)."""
        return await self.client.run(self._driver.move(amount, write))
