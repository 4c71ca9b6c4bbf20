"""Buying what was quoted."""

from __future__ import annotations

from dataclasses import dataclass

from billtui.client.resources.resource import Resource
from billtui.client.settings import Write
from billtui.domain.models import BoughtOrders, Invoice
from billtui.domain.money import Money


@dataclass(frozen=True, slots=True)
class Purchases(Resource):
    """``client.purchases``"""

    async def renew(self, quote_id: str, expected_total: Money, write: Write) -> Invoice:
        """Issue the invoice for a renewal quote; only paying it renews (REN-1).

        Raises ``PriceChanged`` if the total is no longer ``expected_total`` (DSC-8).
        """
        return await self.client.run(self._driver.renew(quote_id, expected_total, write))

    async def order(self, quote_id: str, expected_total: Money, write: Write) -> BoughtOrders:
        """Buy new servers as quoted, all on one invoice; they become active when it is paid (BLK-1, ORD-1).

        Raises ``PriceChanged`` if the total is no longer ``expected_total`` (DSC-8), ``Refused`` if stock ran out.
        """
        return await self.client.run(self._driver.buy_order(quote_id, expected_total, write))

    async def addons(self, quote_id: str, expected_total: Money, write: Write) -> Invoice:
        """Issue the invoice for quoted add-ons; the orders have them when it is paid (ORD-5).

        Raises ``PriceChanged`` if the total is no longer ``expected_total`` (DSC-8).
        """
        return await self.client.run(self._driver.buy_addons(quote_id, expected_total, write))

    async def change_plan(self, quote_id: str, expected_total: Money, write: Write) -> Invoice:
        """Issue the invoice for a quoted change of plan; the order has the plan when it is paid (ORD-6).

        One over 0.00, for a plan that is not dearer, comes back paid: the order has the plan. Raises ``PriceChanged``
        if the total is no longer ``expected_total`` (DSC-8).
        """
        return await self.client.run(self._driver.buy_plan_change(quote_id, expected_total, write))
