"""Keeping the local copy equal to the panel: load the lists once, then follow the feed of changes.

The cursor of the feed is taken **before** the lists are loaded, so nothing that changes meanwhile is missed; several
lists are loaded side by side, each page is written while the next one is on its way. What is not in a list any more is
taken out only after that list was loaded to its end.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

from billtui.client.errors import CursorExpired, NotFound
from billtui.domain.models import Account, Change, ChangeFeed, ChangeKind, Invoice, ObjectKind, Order, Page, Transfer
from billtui.domain.safetext import SafeText
from billtui.services.session_events import SessionEvent, StoreChanged, SyncProgress
from billtui.services.store import Applied, gc_paused
from billtui.services.store.writer import Kind
from billtui.services.store_thread import StoreThread

if TYPE_CHECKING:
    from billtui.client import BillingClient

T = TypeVar("T", Order, Invoice, Transfer)
V = TypeVar("V")

PAGE = 500
BY_ID_AT_ONCE = 3
"""Objects read at the same time; the fourth connection is the long poll's."""
MOST_BY_ID = 150
"""Of more changed objects than this of one kind the list is loaded instead."""
LINES_AHEAD = 40
"""Open invoices whose lines are read ahead, so that they can be read without network."""
LISTS_AGE = 12 * 3600
"""Seconds after which whole lists are loaded again although the feed was followed."""
TELL_EVERY = 1.0
"""Seconds between messages about a load that runs."""
_KINDS: dict[str, Kind] = {
    ObjectKind.ORDER: "order",
    ObjectKind.INVOICE: "invoice",
    ObjectKind.TRANSFER: "transfer",
}


@dataclass(slots=True)
class _Loaded:
    """One list that was loaded to its end: what was in it, and what is older than ours."""

    seen: set[str]
    stale: set[str]
    short: bool = False
    """It held fewer rows than the panel said: nothing is taken out because of it."""


class Sync:
    """Loads and patches for one client and one store, in the session's loop.

    Raises ClientError as the client does, StoreDamaged after the store was rebuilt (load again), StoreUnavailable.
    """

    def __init__(
        self,
        client: BillingClient,
        store: StoreThread,
        tell: Callable[[SessionEvent], None],
        on_account: Callable[[Account], Awaitable[None]],
    ) -> None:
        self._client = client
        self._store = store
        self._tell = tell
        self._on_account = on_account
        self._gate = asyncio.Semaphore(BY_ID_AT_ONCE)
        self._busy = asyncio.Lock()
        self._progress = SyncProgress()

    @property
    def has_feed(self) -> bool:
        """Whether the panel tells what changed; without, lists are loaded from time to time."""
        return "changes" in self._client.capabilities

    @property
    def has_transfers(self) -> bool:
        """Whether the panel knows transfers (TRF)."""
        return "transfers" in self._client.capabilities

    async def catch_up(self, *, full: bool = False) -> StoreChanged | None:
        """Make the copy agree with the panel now; answers what that changed."""
        async with self._busy:
            with self._store.recording() as recorded:
                cursor = await self._store.run(lambda store: store.cursor())
                if full or cursor is None or not self.has_feed or await self._lists_are_old():
                    await self._load_all()
                else:
                    try:
                        await self._follow_once(cursor)
                    except CursorExpired:
                        await self._load_all()
                await self._store.flush()
                return recorded()

    async def follow(self, wait: int) -> None:
        """One long poll of ``wait`` seconds, and what it brought."""
        cursor = await self._store.run(lambda store: store.cursor())
        if cursor is None or await self._lists_are_old():
            await self.catch_up(full=True)
            return
        try:
            feed = await self._client.changes.after(cursor, wait=wait)
        except CursorExpired:
            await self.catch_up(full=True)
            return
        async with self._busy:
            await self._apply_feed(feed)

    async def _lists_are_old(self) -> bool:
        """Some values follow the clock without an event (discounts by length of use): lists are read again at times."""
        listed = await self._store.run(lambda store: store.meta("listed_at"))
        return listed is None or not 0 <= time.time() - int(listed) < LISTS_AGE

    async def _follow_once(self, cursor: str) -> None:
        while True:
            feed = await self._client.changes.after(cursor)
            await self._apply_feed(feed)
            if not feed.items or feed.cursor == cursor:
                return
            cursor = feed.cursor

    async def _apply_feed(self, feed: ChangeFeed) -> None:
        if feed.items:
            await self._patch(feed.items)
        await self._store.run(lambda store: store.caught_up(feed.cursor))

    async def _patch(self, changes: Sequence[Change]) -> None:
        last: dict[tuple[str, str], Change] = {}
        for change in changes:
            last[str(change.kind), str(change.id)] = change
        changed: dict[Kind, list[Change]] = {"order": [], "invoice": [], "transfer": []}
        for (name, key), change in last.items():
            kind = _KINDS.get(name)
            if kind is None:
                continue
            if change.change == ChangeKind.DELETED:
                await self._store.remove(kind, [key])
            else:
                changed[kind].append(change)
        await side_by_side(
            self._refresh_orders(await self._newer("order", changed["order"])),
            self._refresh_invoices(await self._newer("invoice", changed["invoice"])),
            self._refresh_transfers(await self._newer("transfer", changed["transfer"])),
        )
        if any(kind == ObjectKind.ACCOUNT for kind, _ in last):
            await self.account()

    async def _newer(self, kind: Kind, changes: Sequence[Change]) -> list[str]:
        """Raw ids of what is not in the copy yet at that version."""
        versions = await self._store.run(lambda store: store.versions(kind, [str(change.id) for change in changes]))
        return [change.id.raw for change in changes if not 0 < change.version <= versions.get(str(change.id), -1)]

    async def _refresh_orders(self, ids: Sequence[str]) -> None:
        if len(ids) > MOST_BY_ID:
            await self._load_orders()
        else:
            await self.orders(ids)

    async def _refresh_invoices(self, ids: Sequence[str]) -> None:
        if len(ids) > MOST_BY_ID:
            await self._load_invoices()
        else:
            await self.invoices(ids)

    async def _refresh_transfers(self, ids: Sequence[str]) -> None:
        if len(ids) > MOST_BY_ID:
            await self._load_transfers()
        else:
            await self.transfers(ids)

    # -- single objects

    async def account(self) -> Account:
        """Read the account and its balances."""
        account = await self._client.account.me()
        await self._on_account(account)
        return account

    async def orders(self, ids: Iterable[str], *, force: bool = False) -> list[Order]:
        """Read orders one by one into the copy; those that are gone are taken out of it. ``ids`` are raw."""
        wanted = list(dict.fromkeys(ids))
        answers = await side_by_side(*(self._one(self._client.orders.get, key) for key in wanted))
        found = [order for order in answers if order is not None]
        await self._store.orders(found, whole=True, force=force)
        await self._gone("order", wanted, answers)
        return found

    async def invoices(self, ids: Iterable[str], *, force: bool = False) -> list[Invoice]:
        """Read invoices with their lines one by one into the copy; those that are gone are taken out of it."""
        wanted = list(dict.fromkeys(ids))
        answers = await side_by_side(*(self._one(self._client.invoices.get, key) for key in wanted))
        found = [invoice for invoice in answers if invoice is not None]
        await self._store.invoices(found, whole=True, force=force)
        await self._gone("invoice", wanted, answers)
        return found

    async def transfers(self, ids: Iterable[str], *, force: bool = False) -> list[Transfer]:
        """Read transfers with their history one by one into the copy; those that are gone are taken out of it."""
        wanted = list(dict.fromkeys(ids))
        answers = await side_by_side(*(self._one(self._client.transfers.get, key) for key in wanted))
        found = [transfer for transfer in answers if transfer is not None]
        await self._store.transfers(found, whole=True, force=force)
        await self._gone("transfer", wanted, answers)
        return found

    async def _one(self, get: Callable[[str], Awaitable[T]], key: str) -> T | None:
        async with self._gate:
            try:
                return await get(key)
            except NotFound:
                return None

    async def _gone(self, kind: Kind, wanted: Sequence[str], answers: Sequence[object | None]) -> None:
        missing = [clean_id(key) for key, answer in zip(wanted, answers, strict=True) if answer is None]
        if missing:
            await self._store.remove(kind, missing)

    async def touched(self, orders: set[str], invoices: set[str], transfers: set[str]) -> None:
        """Read again what an operation was about: its invoices, the orders that they bill, transfers, the purses.

        An order that changed hands is not the account's any more (TRF-2): it is taken out of the copy here.
        """
        if len(orders) + len(invoices) + len(transfers) > MOST_BY_ID:
            await self.catch_up()
            return
        linked = set(invoices)
        wanted = set(orders)
        for invoice in await self.invoices(invoices):
            wanted |= {line.order_id.raw for line in invoice.lines if line.order_id is not None}
            linked |= {key.raw for key in invoice.combined_from}
            linked |= {invoice.combined_into.raw} if invoice.combined_into is not None else set()
        await side_by_side(
            self.account(),
            self.orders(sorted(wanted)),
            self.invoices(sorted(linked - invoices)),
            self.transfers(sorted(transfers)),
        )

    # -- whole lists

    async def _load_all(self) -> None:
        """All lists to their end, side by side; the feed's cursor from before."""
        cursor = await self._client.changes.cursor() if self.has_feed else None
        self._progress = SyncProgress()
        with gc_paused():
            _, *whole = await side_by_side(
                self.account(), self._load_orders(), self._load_invoices(), self._load_transfers()
            )
        if all(whole):
            await self._store.run(lambda store: store.complete(cursor))
        await self._store.flush()
        self._show(done=True)
        await self._store.run(lambda store: store.tidy())
        await self._read_lines_ahead()

    async def _read_lines_ahead(self) -> None:
        due = await self._store.run(lambda store: store.without_lines(LINES_AHEAD))
        if due:
            await self.invoices(due)

    async def _load_orders(self) -> bool:
        before = await self._store.run(lambda store: store.ids("order"))
        loaded = await self._load(self._client.orders.pages(limit=PAGE), self._store.orders, "orders")
        return await self._finish("order", before, loaded)

    async def _load_invoices(self) -> bool:
        before = await self._store.run(lambda store: store.ids("invoice"))
        loaded = await self._load(self._client.invoices.pages(limit=PAGE), self._store.invoices, "invoices")
        return await self._finish("invoice", before, loaded)

    async def _load_transfers(self) -> bool:
        if not self.has_transfers:
            return True
        before = await self._store.run(lambda store: store.ids("transfer"))
        loaded = await self._load(self._client.transfers.pages(limit=PAGE), self._store.transfers, "transfers")
        return await self._finish("transfer", before, loaded)

    async def _load(
        self, pages: AsyncIterator[Page[T]], write: Callable[[Iterable[T]], Awaitable[Applied]], name: str
    ) -> _Loaded:
        """Every page of a list; each is written while the next one is asked for."""
        loaded = _Loaded(set(), set())
        writing: asyncio.Task[Applied] | None = None
        total: int | None = None
        shown = 0.0
        try:
            async for page in pages:
                if writing is not None:
                    loaded.stale |= (await writing).stale
                loaded.seen.update(str(item.id) for item in page.items)
                total = page.total if page.total is not None else total
                writing = asyncio.ensure_future(write(page.items))
                if time.monotonic() - shown >= TELL_EVERY:
                    shown = time.monotonic()
                    self._count(name, len(loaded.seen), total)
                    self._show()
            if writing is not None:
                loaded.stale |= (await writing).stale
        except BaseException:
            if writing is not None:
                writing.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await asyncio.wait([writing])
            raise
        loaded.short = total is not None and len(loaded.seen) < total
        self._count(name, len(loaded.seen), total)
        return loaded

    async def _finish(self, kind: Kind, before: frozenset[str], loaded: _Loaded) -> bool:
        """After a list was loaded: take out what is gone, and read again what seemed older than ours."""
        if loaded.stale:
            raw = await self._store.run(lambda store: [store.raw_id(kind, key) for key in loaded.stale])
            if kind == "order":
                await self.orders(raw, force=True)
            elif kind == "invoice":
                await self.invoices(raw, force=True)
            else:
                await self.transfers(raw, force=True)
        if loaded.short:
            return False
        vanished = before - loaded.seen
        if vanished:
            await self._store.remove(kind, vanished)
        return True

    def _count(self, name: str, seen: int, total: int | None) -> None:
        if name == "orders":
            self._progress = replace(self._progress, orders=seen, orders_total=total)
        elif name == "invoices":
            self._progress = replace(self._progress, invoices=seen, invoices_total=total)

    def _show(self, *, done: bool = False) -> None:
        self._progress = replace(self._progress, done=done)
        self._tell(self._progress)
        self._store.hold(0.0 if done else TELL_EVERY)


def clean_id(raw: str) -> str:
    """An id as it stands in the copy."""
    return str(SafeText(raw))


async def side_by_side(*work: Coroutine[Any, Any, V]) -> list[V]:
    """Do all at once; the first error cancels the others and waits for their end, then is raised."""
    tasks = [asyncio.ensure_future(item) for item in work]
    try:
        return await asyncio.gather(*tasks)
    except BaseException:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        raise
