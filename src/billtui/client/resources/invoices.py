"""Invoices, and everything that can be done with them."""

from __future__ import annotations

import builtins
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from billtui.client import paging
from billtui.client.paging import FilterValue
from billtui.client.resources.resource import P, Resource
from billtui.client.settings import Write
from billtui.client.unread import UnreadPage
from billtui.domain.models import Invoice, Page, Payment, PaymentMethod
from billtui.domain.money import Money


@dataclass(frozen=True, slots=True)
class Invoices(Resource):
    """``client.invoices``"""

    async def list(
        self,
        *,
        limit: int | None = None,
        cursor: str | None = None,
        sort: str | None = None,
        q: str | None = None,
        **filters: FilterValue,
    ) -> Page[Invoice]:
        """One page, 1 to 500 rows: ``state=["unpaid", "overdue"]``, ``sort="-issued_at"``. Rows carry no lines."""
        query = paging.list_query(limit, cursor, sort, q, filters)
        return await self.client.run(self._driver.list_invoices(query))

    def pages(
        self, *, limit: int = 500, sort: str | None = None, q: str | None = None, **filters: FilterValue
    ) -> AsyncIterator[Page[Invoice]]:
        """Every page, one request each, as they are asked for."""
        return paging.pages(
            self._fetcher(lambda at: self._driver.list_invoices(paging.list_query(limit, at, sort, q, filters)))
        )

    def arriving(
        self, begin: Callable[[UnreadPage[Invoice]], Awaitable[P]], *, limit: int = 500, sort: str | None = None
    ) -> AsyncGenerator[P, None]:
        """Every page as ``begin`` makes of what came; the next one is on its way meanwhile. To be closed when left."""
        return self._arriving(
            lambda at: self._driver.list_invoices(paging.list_query(limit, at, sort, None, {})), begin
        )

    def iterate(
        self, *, limit: int = 500, sort: str | None = None, q: str | None = None, **filters: FilterValue
    ) -> AsyncIterator[Invoice]:
        """Every invoice; ``limit`` is the size of the pages it is fetched in."""
        return paging.items(self.pages(limit=limit, sort=sort, q=q, **filters))

    async def get(self, invoice_id: str) -> Invoice:
        """One invoice with its lines."""
        return await self.client.run(self._driver.get_invoice(invoice_id))

    async def payment_methods(self, invoice_id: str) -> builtins.list[PaymentMethod]:
        """Every way to pay it, available or not, with the reason and from when (INV-3, PRM-2)."""
        return await self.client.run(self._driver.payment_methods(invoice_id))

    async def pay(self, invoice_id: str, method: str, expected_total: Money, write: Write) -> Payment:
        """Pay the whole of it by one method: a purse, an external provider, or a promise (INV-3, INV-4, PRM-1).

        Raises ``PriceChanged``, ``RuleRefused``, and ``OutcomeUnknown`` if nobody knows whether it was paid.
        """
        return await self.client.run(self._driver.pay(invoice_id, method, expected_total, write))

    async def delete(self, invoice_id: str, write: Write) -> Invoice:
        """Delete an unpaid invoice; its orders can be renewed again (INV-5)."""
        return await self.client.run(self._driver.delete_invoice(invoice_id, write))

    async def combine(self, invoice_ids: Sequence[str], expected_total: Money, write: Write) -> Invoice:
        """Put two or more unpaid invoices into one (INV-6)."""
        return await self.client.run(self._driver.combine(invoice_ids, expected_total, write))

    async def split(self, invoice_id: str, write: Write) -> builtins.list[Invoice]:
        """Take a combined invoice apart into what it was made of (INV-7)."""
        return await self.client.run(self._driver.split(invoice_id, write))

    async def document(self, invoice_id: str, document_format: str, path: Path) -> int:
        """Save it as ``pdf``, ``csv`` or ``json`` to ``path`` (0600, whole or not at all); its size, bytes (INV-9)."""
        return await self.client.run(self._driver.document(invoice_id, document_format, path))
