"""Prices without buying."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from billtui.client.resources.resource import Resource
from billtui.domain.models import AddonRequest, OrderRequest, PlanChangeRequest, Quote


@dataclass(frozen=True, slots=True)
class Quotes(Resource):
    """``client.quotes``"""

    async def renewal(self, order_ids: Sequence[str], period: int, promo_code: str | None = None) -> Quote:
        """What renewing these orders for ``period`` months costs, by line, and what is left out and why (DSC-8)."""
        return await self.client.run(self._driver.quote_renewal(order_ids, period, promo_code))

    async def order(self, request: OrderRequest) -> Quote:
        """What new servers cost, a line for each plan and location, and what is left out and why (BLK-1 to BLK-6)."""
        return await self.client.run(self._driver.quote_order(request))

    async def addons(self, request: AddonRequest) -> Quote:
        """What add-ons cost for the rest of the orders' paid periods, a line for each order (ORD-5)."""
        return await self.client.run(self._driver.quote_addons(request))

    async def plan_change(self, request: PlanChangeRequest) -> Quote:
        """What another plan costs more for the rest of the order's paid period, or why it cannot have it (ORD-6)."""
        return await self.client.run(self._driver.quote_plan_change(request))
