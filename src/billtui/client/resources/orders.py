"""Orders: the services an account holds."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

from billtui.client import paging
from billtui.client.paging import FilterValue
from billtui.client.resources.resource import P, Resource
from billtui.client.settings import Write
from billtui.client.unread import UnreadPage
from billtui.domain.models import AutoRenew, Order, Page


@dataclass(frozen=True, slots=True)
class Orders(Resource):
    """``client.orders``"""

    async def list(
        self,
        *,
        limit: int | None = None,
        cursor: str | None = None,
        sort: str | None = None,
        q: str | None = None,
        **filters: FilterValue,
    ) -> Page[Order]:
        """One page, 1 to 500 rows: ``state="active"``, ``location=["nl", "de"]``, ``expires_before=instant``."""
        query = paging.list_query(limit, cursor, sort, q, filters)
        return await self.client.run(self._driver.list_orders(query))

    def pages(
        self, *, limit: int = 500, sort: str | None = None, q: str | None = None, **filters: FilterValue
    ) -> AsyncIterator[Page[Order]]:
        """Every page, one request each, as they are asked for."""
        return paging.pages(
            self._fetcher(lambda at: self._driver.list_orders(paging.list_query(limit, at, sort, q, filters)))
        )

    def arriving(
        self, begin: Callable[[UnreadPage[Order]], Awaitable[P]], *, limit: int = 500, sort: str | None = None
    ) -> AsyncGenerator[P, None]:
        """Every page as ``begin`` makes of what came; the next one is on its way meanwhile. To be closed when left."""
        return self._arriving(lambda at: self._driver.list_orders(paging.list_query(limit, at, sort, None, {})), begin)

    def iterate(
        self, *, limit: int = 500, sort: str | None = None, q: str | None = None, **filters: FilterValue
    ) -> AsyncIterator[Order]:
        """Every order; ``limit`` is the size of the pages it is fetched in."""
        return paging.items(self.pages(limit=limit, sort=sort, q=q, **filters))

    async def get(self, order_id: str) -> Order:
        """One order with all its actions, allowed or not (ORD-7)."""
        return await self.client.run(self._driver.get_order(order_id))

    async def rename(self, order_id: str, name: str, write: Write) -> Order:
        """Give the order another name (ORD-4)."""
        return await self.client.run(self._driver.rename_order(order_id, name, write))

    async def set_auto_renew(self, order_id: str, auto_renew: AutoRenew, write: Write) -> Order:
        """Switch auto-renewal on or off, with its own period (REN-4, REN-5)."""
        return await self.client.run(self._driver.set_auto_renew(order_id, auto_renew, write))

    async def act(self, order_id: str, action: str, write: Write, confirm_name: str | None = None) -> Order:
        """Start, stop, reboot, reset, reinstall, suspend or unsuspend; reinstalling takes the order's name (ORD-4)."""
        return await self.client.run(self._driver.act_on_order(order_id, action, write, confirm_name))
