"""Buying what was quoted."""

from __future__ import annotations

from dataclasses import dataclass

from billtui.client.resources.resource import Resource
from billtui.client.settings import Write
from billtui.domain.models import Invoice
from billtui.domain.money import Money


@dataclass(frozen=True, slots=True)
class Purchases(Resource):
    """``client.purchases``"""

    async def renew(self, quote_id: str, expected_total: Money, write: Write) -> Invoice:
        """Issue the invoice for a renewal quote; only paying it renews (REN-1).

        Raises ``PriceChanged`` if the total is no longer ``expected_total`` (DSC-8).
        """
        return await self.client.run(self._driver.renew(quote_id, expected_total, write))
