"""What a session asks of the panel: reads, done in the session's thread; what they bring goes into the copy."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from billtui.domain.models import (
        AddonRequest,
        Invoice,
        LedgerLine,
        Mail,
        Order,
        OrderRequest,
        Page,
        PaymentMethod,
        PlanChangeRequest,
        Quote,
        RenewalRequest,
        SessionInfo,
        StockItem,
        Transfer,
    )
    from billtui.services.journal import JournalReader
    from billtui.services.offers import Offer
    from billtui.services.plan_names import PlanNames
    from billtui.services.plans import Plan
    from billtui.services.session_core import SessionCore
    from billtui.services.session_events import StoreChanged
    from billtui.services.session_settings import Catalogue
    from billtui.services.session_thread import LoopThread


class SessionReads:
    """The reads of a :class:`~billtui.services.session.Session`; awaited in the interface's loop, cancelled safely."""

    _threads: LoopThread
    _core: SessionCore
    plan_names: PlanNames
    """What plans are called, as far as it was asked what is sold."""

    async def refresh(self, full: bool = False) -> StoreChanged | None:
        """Catch up now; ``full`` loads every list anew. Raises ClientError, NotSignedIn."""
        return await self._threads.ask(self._core.refresh(full), "Reading what changed")

    async def order(self, order_id: str) -> Order:
        """One order with all its actions, from the panel. Raises NotFound and other ClientErrors."""
        return await self._threads.ask(self._core.reads.order(order_id), "Reading the order")

    async def invoice(self, invoice_id: str) -> Invoice:
        """One invoice with its lines, from the panel. Raises NotFound and other ClientErrors."""
        return await self._threads.ask(self._core.reads.invoice(invoice_id), "Reading the invoice")

    async def orders_by_ids(self, ids: Iterable[str]) -> list[Order]:
        """Several orders in full, in the order given; those that are gone are left out. Raises ClientError."""
        wanted = list(ids)
        return await self._threads.ask(self._core.reads.orders(wanted), _reading(len(wanted), "order"))

    async def invoices_by_ids(self, ids: Iterable[str]) -> list[Invoice]:
        """Several invoices with their lines, in the order given; those that are gone are left out."""
        wanted = list(ids)
        return await self._threads.ask(self._core.reads.invoices(wanted), _reading(len(wanted), "invoice"))

    async def transfer(self, transfer_id: str) -> Transfer:
        """One transfer with its history and what can be done with it, from the panel. Raises NotFound (TRF-3)."""
        return await self._threads.ask(self._core.reads.transfer(transfer_id), "Reading the transfer")

    async def transfers_by_ids(self, ids: Iterable[str]) -> list[Transfer]:
        """Several transfers with their history, in the order given; those that are gone are left out."""
        wanted = list(ids)
        return await self._threads.ask(self._core.reads.transfers_by_ids(wanted), _reading(len(wanted), "transfer"))

    async def mails(self, to: str | None = None) -> list[Mail]:
        """Mails that a real panel would have sent, oldest first, to one address or all; without a sign-in too.

        Raises CapabilityMissing on a real panel, other ClientErrors.
        """
        return await self._threads.ask(self._core.mails(to), "Reading the mails")

    async def payment_methods(self, invoice_id: str) -> list[PaymentMethod]:
        """Every way to pay an invoice, with reasons and dates (INV-3, PRM-2). Raises ClientError."""
        return await self._threads.ask(self._core.reads.payment_methods(invoice_id), "Asking how it can be paid")

    async def with_panel_seen(self, plan: Plan) -> Plan:
        """``plan`` as it goes into a file: with what tells, on a panel without keys, whether it was done elsewhere.

        Raises ClientError.
        """
        return await self._threads.ask(self._core.reads.with_panel_seen(plan))

    async def changed_since_written(self, plan: Plan, journal: JournalReader) -> list[str]:
        """What on a panel without keys is not as it was when the file of ``plan`` was written, and is none of this
        computer's doings. Raises ClientError, JournalError."""
        return await self._threads.ask(self._core.reads.changed_since_written(plan, journal))

    async def quote_renewal(self, order_ids: Sequence[str], period: int, promo_code: str | None = None) -> Quote:
        """What a renewal would cost, explained, with what it leaves out (DSC-8, BLK-6). Raises ClientError."""
        return await self._threads.ask(
            self._core.reads.quote_renewal(list(order_ids), period, promo_code), "Pricing the renewal"
        )

    async def quote_order(self, request: OrderRequest) -> Quote:
        """What new servers cost, a line for each plan and location; at most 1,000 (BLK-7). Raises ClientError."""
        return await self._threads.ask(self._core.reads.quote_order(request), "Pricing the new servers")

    async def quote_addons(self, request: AddonRequest) -> Quote:
        """What add-ons cost for the rest of the orders' paid periods (ORD-5). Raises ClientError."""
        return await self._threads.ask(self._core.reads.quote_addons(request), "Pricing the add-ons")

    async def quote_plan_change(self, request: PlanChangeRequest) -> Quote:
        """What another plan costs more for the rest of the order's period (ORD-6). Raises ClientError."""
        return await self._threads.ask(self._core.reads.quote_plan_change(request), "Pricing the other plan")

    async def offer_order(self, request: OrderRequest) -> Offer[OrderRequest]:
        """New servers of **any** number, as requests of at most 1,000 with a quote each (BLK-7). For ``planner.buy``.

        "All locations" become cells, and what is left out is in ``excluded`` (BLK-2). Raises ClientError, as where
        a promo code does not hold (DSC-6).
        """
        from billtui.services import offers

        return await self._threads.ask(offers.offer_order(self._core.reads, request), "Pricing the new servers")

    async def offer_renewal(
        self, order_ids: Sequence[str], period: int, promo_code: str | None = None
    ) -> Offer[RenewalRequest]:
        """A renewal of **any** number of orders, as requests of at most 1,000 with a quote each (BLK-7).

        For ``planner.renew_many``. Raises ClientError.
        """
        from billtui.services import offers

        return await self._threads.ask(
            offers.offer_renewal(self._core.reads, order_ids, period, promo_code), "Pricing the renewal"
        )

    async def offer_addons(self, order_ids: Sequence[str], addons: Sequence[str]) -> Offer[AddonRequest]:
        """Add-ons for **any** number of orders, as requests of at most 1,000 with a quote each (BLK-7, ORD-5).

        For ``planner.addons``. Raises ClientError.
        """
        from billtui.services import offers

        return await self._threads.ask(offers.offer_addons(self._core.reads, order_ids, addons), "Pricing the add-ons")

    async def stock(self) -> list[StockItem]:
        """How many servers of each plan each location has now. Raises ClientError."""
        return await self._threads.ask(self._core.reads.stock(), "Asking what is in stock")

    async def ledger(self, *, limit: int = 100, cursor: str | None = None) -> Page[LedgerLine]:
        """A page of the purses' movements, newest first. Raises ClientError."""
        return await self._threads.ask(self._core.reads.ledger(limit, cursor), "Reading the movements of money")

    async def catalogue(self) -> Catalogue:
        """Plans, locations and add-ons, asked for once in a session. Raises ClientError."""
        found = await self._threads.ask(self._core.reads.catalogue(), "Asking what is sold")
        self.plan_names.tell(found.plans)
        return found

    async def name_plans(self, plans: Iterable[str]) -> None:
        """Ask what is sold, where one of these plans is a number without a name. If that fails, it stays a number."""
        from billtui.client.errors import ClientError

        if self.plan_names.lacks(plans):
            with contextlib.suppress(ClientError):
                await self.catalogue()

    async def document(self, invoice_id: str, document_format: str, path: Path) -> int:
        """An invoice as ``pdf``, ``csv`` or ``json`` into a new file (INV-9); its size in bytes. Raises ClientError."""
        return await self._threads.ask(
            self._core.reads.document(invoice_id, document_format, path), "Fetching the document"
        )

    async def sessions(self) -> list[SessionInfo]:
        """Who is signed in as this account, where. Raises ClientError."""
        return await self._threads.ask(self._core.reads.sessions(), "Reading who is signed in")


def _reading(count: int, noun: str) -> str:
    return f"Reading the {noun}" if count == 1 else f"Reading {count} {noun}s"
