"""Fresh readings for the drift guard, many in one request.

A bulk job checks each invoice or order directly before its request. Read one by one that would double the traffic of a
thin line, so the first one that is needed takes the next ones of the job along (``?id=…&id=…``); each reading is used
once, and not after ``guard_age`` seconds.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Generic, TypeVar

from billtui.client.questions import one_more
from billtui.domain.models import Invoice, Order, Ticket

if TYPE_CHECKING:
    from billtui.client.billing_client import BillingClient

T = TypeVar("T", Invoice, Order, Ticket)
Get = Callable[[str], Awaitable[T]]
GetMany = Callable[[list[str]], Awaitable[list[T]]]
MOST_AT_ONCE: Final = 40
"""Ids in one request: the address stays below 2,000 characters with ordinary ids."""
LONGEST_ID: Final = 32


@dataclass(slots=True)
class _Batch(Generic[T]):
    task: asyncio.Task[dict[str, T]]
    arrived: float = 0.0


class Shelf(Generic[T]):
    """Readings of one kind for one job."""

    def __init__(self, get: Get[T], get_many: GetMany[T], age: float) -> None:
        """``age``: seconds after which a reading is no longer fresh."""
        self._get: Get[T] = get
        self._get_many: GetMany[T] = get_many
        self._age = age
        self._batches: dict[str, _Batch[T]] = {}
        self._wanted: list[str] = []
        self._ahead: deque[str] = deque()
        self._next: asyncio.Future[_Batch[T]] | None = None

    async def read(self, one: str, ahead: Callable[[], Iterable[str]]) -> T:
        """The object with id ``one`` as it is now; ``ahead`` gives ids that are asked for next. Raises ClientError."""
        batch = self._batches.pop(one, None)
        if batch is not None and not self._is_stale(batch):
            found = (await asyncio.shield(batch.task)).get(one)
            if found is not None and not self._is_stale(batch):
                return found
        if len(one) > LONGEST_ID:
            return await self._get(one)
        self._wanted.append(one)
        self._ahead.extend(ahead())
        if self._next is None:
            self._next = asyncio.get_running_loop().create_future()
            asyncio.get_running_loop().call_soon(self._send)
        batch = await asyncio.shield(self._next)
        found = (await asyncio.shield(batch.task)).get(one)
        if found is None:
            one_more()
            found = await self._get(one)
        return found

    def close(self) -> None:
        """Stop reading."""
        self._batches.clear()

    def _is_stale(self, batch: _Batch[T]) -> bool:
        if not batch.task.done():
            return False
        failed = batch.task.cancelled() or batch.task.exception() is not None
        return failed or asyncio.get_running_loop().time() - batch.arrived > self._age

    def _send(self) -> None:
        wanted, self._wanted = list(dict.fromkeys(self._wanted)), []
        room = max(0, MOST_AT_ONCE - len(wanted)) if len(wanted) + len(self._ahead) > 1 else 0
        ahead = [one for one in dict.fromkeys(self._ahead) if one not in wanted and len(one) <= LONGEST_ID]
        ahead = [one for one in ahead if one not in self._batches or self._is_stale(self._batches[one])][:room]
        self._ahead.clear()
        batch: _Batch[T] = _Batch(asyncio.get_running_loop().create_task(self._fetch(wanted + ahead)))
        batch.task.add_done_callback(lambda task: self._note(batch, task))
        for one in ahead:
            self._batches[one] = batch
        future, self._next = self._next, None
        if future is not None and not future.done():
            future.set_result(batch)

    def _note(self, batch: _Batch[T], task: asyncio.Task[dict[str, T]]) -> None:
        batch.arrived = asyncio.get_running_loop().time()
        if not task.cancelled():
            task.exception()  # those who wait for it raise it; without any, it concerns nobody

    async def _fetch(self, ids: list[str]) -> dict[str, T]:
        if len(ids) == 1:
            return {ids[0]: await self._get(ids[0])}
        found: dict[str, T] = {}
        for start in range(0, len(ids), MOST_AT_ONCE):
            some = ids[start : start + MOST_AT_ONCE]
            found |= {one.id.raw: one for one in await self._get_many(some) if one.id.raw in some}
        return found


class Readings:
    """What the drift guard of one job reads with."""

    def __init__(self, client: Callable[[], Awaitable[BillingClient]], age: float) -> None:
        """Reads nothing yet; ``client`` gives a client of the job's own account, or raises ClientError."""
        self._client = client
        self._invoices: Shelf[Invoice] = Shelf(self._get_invoice, self._get_invoices, age)
        self._orders: Shelf[Order] = Shelf(self._get_order, self._get_orders, age)
        self._tickets: Shelf[Ticket] = Shelf(self._get_ticket, self._get_tickets, age)
        self._coming: Callable[[], Iterable[str]] = tuple

    async def invoice(self, invoice_id: str) -> Invoice:
        """The invoice as it is now. Raises ClientError."""
        return await self._invoices.read(invoice_id, lambda: self._ahead("invoice"))

    async def order(self, order_id: str) -> Order:
        """The order as it is now. Raises ClientError."""
        return await self._orders.read(order_id, lambda: self._ahead("order"))

    async def ticket(self, ticket_id: str) -> Ticket:
        """The ticket as it is now. Raises ClientError."""
        return await self._tickets.read(ticket_id, tuple)

    def look_ahead(self, targets: Callable[[], Iterable[str]]) -> None:
        """Say how to find out what will be asked for next: ``invoice:ID``, ``order:ID``."""
        self._coming = targets

    def close(self) -> None:
        """Stop reading."""
        self._invoices.close()
        self._orders.close()
        self._tickets.close()

    async def _get_invoice(self, invoice_id: str) -> Invoice:
        return await (await self._client()).invoices.get(invoice_id)

    async def _get_invoices(self, ids: list[str]) -> list[Invoice]:
        return (await (await self._client()).invoices.list(limit=len(ids), id=ids)).items

    async def _get_order(self, order_id: str) -> Order:
        return await (await self._client()).orders.get(order_id)

    async def _get_orders(self, ids: list[str]) -> list[Order]:
        return (await (await self._client()).orders.list(limit=len(ids), id=ids)).items

    async def _get_ticket(self, ticket_id: str) -> Ticket:
        return await (await self._client()).tickets.get(ticket_id)

    async def _get_tickets(self, ids: list[str]) -> list[Ticket]:
        return (await (await self._client()).tickets.list(limit=len(ids), id=ids)).items

    def _ahead(self, kind: str) -> list[str]:
        prefix = f"{kind}:"
        return [target.removeprefix(prefix) for target in self._coming() if target.startswith(prefix)]
