"""Single questions to the panel, in the session's thread; what they bring goes into the local copy."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar

from billtui.client.errors import CapabilityMissing, NotFound
from billtui.domain.ids import clean_id
from billtui.domain.safetext import SafeText
from billtui.services.session_settings import Catalogue

if TYPE_CHECKING:
    from billtui.client import BillingClient
    from billtui.domain.models import (
        AddonRequest,
        Invoice,
        LedgerLine,
        Order,
        OrderRequest,
        Page,
        PaymentMethod,
        PlanChangeRequest,
        Quote,
        SessionInfo,
        StockItem,
        Transfer,
    )
    from billtui.services.journal import JournalReader
    from billtui.services.plans import Plan
    from billtui.services.store.writer import Kind
    from billtui.services.store_thread import StoreThread
    from billtui.services.sync import Sync

T = TypeVar("T")


class AsksThePanel(Protocol):
    """The part of the session's core that reads need."""

    @property
    def store(self) -> StoreThread:
        """The writer of the copy."""

    async def ask(self, work: Callable[[BillingClient, Sync], Awaitable[T]]) -> T:
        """Do ``work`` signed in; raises NotSignedIn, ClientError."""


class Reads:
    """What screens and verbs ask for. Every method raises NotSignedIn and ClientError."""

    def __init__(self, panel: AsksThePanel) -> None:
        self._panel = panel
        self._catalogue: Catalogue | None = None

    def forget(self) -> None:
        """Another account: nothing remembered holds."""
        self._catalogue = None

    async def raw_ids(self, kind: Kind, keys: Sequence[str]) -> list[str]:
        """Ids as the panel wrote them; plain ones are the same."""
        if all(key.isascii() and key.isprintable() for key in keys):
            return [str(getattr(key, "raw", key)) for key in keys]
        return await self._panel.store.run(
            lambda store: [str(getattr(key, "raw", None) or store.raw_id(kind, key)) for key in keys]
        )

    async def orders(self, ids: Sequence[str]) -> list[Order]:
        """Orders in full, in the order given; those that are gone are left out (and of the copy)."""

        async def work(_client: BillingClient, sync: Sync) -> list[Order]:
            return await sync.orders(await self.raw_ids("order", ids))

        return await self._panel.ask(work)

    async def invoices(self, ids: Sequence[str]) -> list[Invoice]:
        """Invoices with their lines, in the order given; those that are gone are left out (and of the copy)."""

        async def work(_client: BillingClient, sync: Sync) -> list[Invoice]:
            return await sync.invoices(await self.raw_ids("invoice", ids))

        return await self._panel.ask(work)

    async def with_panel_seen(self, plan: Plan) -> Plan:
        """A plan as it goes into a file."""
        from billtui.services.panel_seen import with_panel_seen  # with what it compares by: when a file is written

        return await self._panel.ask(lambda client, _sync: with_panel_seen(client, plan))

    async def changed_since_written(self, plan: Plan, journal: JournalReader) -> list[str]:
        """What is not as it was when the file of a plan was written."""
        from billtui.services.panel_seen import changed_since_written

        return await self._panel.ask(lambda client, _sync: changed_since_written(client, journal, plan))

    async def order(self, order_id: str) -> Order:
        """One order with all its actions. Raises NotFound."""

        async def work(client: BillingClient, _sync: Sync) -> Order:
            raw = (await self.raw_ids("order", [order_id]))[0]
            try:
                order = await client.orders.get(raw)
            except NotFound:
                await self._panel.store.remove("order", [clean_id(raw)])
                raise
            await self._panel.store.orders([order], whole=True)
            return order

        return await self._panel.ask(work)

    async def invoice(self, invoice_id: str) -> Invoice:
        """One invoice with its lines. Raises NotFound."""

        async def work(client: BillingClient, _sync: Sync) -> Invoice:
            raw = (await self.raw_ids("invoice", [invoice_id]))[0]
            try:
                invoice = await client.invoices.get(raw)
            except NotFound:
                await self._panel.store.remove("invoice", [clean_id(raw)])
                raise
            await self._panel.store.invoices([invoice], whole=True)
            return invoice

        return await self._panel.ask(work)

    async def transfers_by_ids(self, ids: Sequence[str]) -> list[Transfer]:
        """Transfers with their history, in the order given; those that are gone are left out (and of the copy)."""

        async def work(_client: BillingClient, sync: Sync) -> list[Transfer]:
            return await sync.transfers(await self.raw_ids("transfer", ids))

        return await self._panel.ask(work)

    async def transfer(self, transfer_id: str) -> Transfer:
        """One transfer with its history and all its actions. Raises NotFound."""

        async def work(client: BillingClient, _sync: Sync) -> Transfer:
            raw = (await self.raw_ids("transfer", [transfer_id]))[0]
            try:
                transfer = await client.transfers.get(raw)
            except NotFound:
                await self._panel.store.remove("transfer", [clean_id(raw)])
                raise
            await self._panel.store.transfers([transfer], whole=True)
            return transfer

        return await self._panel.ask(work)

    async def payment_methods(self, invoice_id: str) -> list[PaymentMethod]:
        """Every way to pay, available or not (INV-3, PRM-2)."""

        async def work(client: BillingClient, _sync: Sync) -> list[PaymentMethod]:
            return await client.invoices.payment_methods((await self.raw_ids("invoice", [invoice_id]))[0])

        return await self._panel.ask(work)

    async def quote_renewal(self, order_ids: Sequence[str], period: int, promo_code: str | None) -> Quote:
        """The price of a renewal, explained (DSC-8, BLK-6)."""

        async def work(client: BillingClient, _sync: Sync) -> Quote:
            return await client.quotes.renewal(await self.raw_ids("order", order_ids), period, promo_code)

        return await self._panel.ask(work)

    async def quote_order(self, request: OrderRequest) -> Quote:
        """The price of new servers, explained (BLK-1 to BLK-6)."""
        return await self._panel.ask(lambda client, _sync: client.quotes.order(request))

    async def quote_addons(self, request: AddonRequest) -> Quote:
        """The price of add-ons for the rest of the orders' periods (ORD-5)."""
        return await self._panel.ask(lambda client, _sync: client.quotes.addons(request))

    async def quote_plan_change(self, request: PlanChangeRequest) -> Quote:
        """What another plan costs more for the rest of the order's period, or why it cannot have it (ORD-6)."""

        async def work(client: BillingClient, _sync: Sync) -> Quote:
            raw = (await self.raw_ids("order", [request.order_id]))[0]
            return await client.quotes.plan_change(request.model_copy(update={"order_id": SafeText(raw)}))

        return await self._panel.ask(work)

    async def stock(self) -> list[StockItem]:
        """What is in stock now; asked for anew each time."""
        return await self._panel.ask(lambda client, _sync: client.catalogue.stock())

    async def ledger(self, limit: int, cursor: str | None) -> Page[LedgerLine]:
        """A page of the purses' movements."""
        return await self._panel.ask(lambda client, _sync: client.balance.ledger(limit=limit, cursor=cursor))

    async def catalogue(self) -> Catalogue:
        """Plans, locations, add-ons; asked for once."""
        if self._catalogue is None:

            async def work(client: BillingClient, _sync: Sync) -> Catalogue:
                source = client.catalogue
                plans, locations = tuple(await source.plans()), tuple(await source.locations())
                try:
                    return Catalogue(plans, locations, tuple(await source.addons()))
                except CapabilityMissing:  # a panel that sells servers need not sell anything to add to them
                    return Catalogue(plans, locations)

            self._catalogue = await self._panel.ask(work)
        return self._catalogue

    async def document(self, invoice_id: str, document_format: str, path: Path) -> int:
        """An invoice into a new file; bytes written (INV-9)."""

        async def work(client: BillingClient, _sync: Sync) -> int:
            raw = (await self.raw_ids("invoice", [invoice_id]))[0]
            return await client.invoices.document(raw, document_format, path)

        return await self._panel.ask(work)

    async def sessions(self) -> list[SessionInfo]:
        """Who is signed in as this account."""
        return await self._panel.ask(lambda client, _sync: client.sessions.list())
