"""Bringing lists and single objects into the local copy.

Several lists are loaded side by side; while one page is on its way, those before are read and written. What is not in
a list any more is taken out only after that list was loaded to its end.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from billtui.client.errors import BadAnswer, InvalidInput, NotFound
from billtui.client.questions import expect
from billtui.domain.ids import clean_id
from billtui.domain.models import Change, Invoice, Order, Page, Ticket, Transfer
from billtui.services.giving_way import GivingWay
from billtui.services.page_reading import Arriving, PageReading
from billtui.services.session_events import SessionEvent, SyncProgress

if TYPE_CHECKING:
    from billtui.client import BillingClient
    from billtui.client.unread import UnreadPage
    from billtui.services.store import Applied
    from billtui.services.store.prepared import Kind
    from billtui.services.store_thread import StoreThread

T = TypeVar("T", Order, Invoice, Transfer, Ticket)
V = TypeVar("V")

PAGE = 500
BY_ID_AT_ONCE = 3
"""Objects read at the same time; the fourth connection is the long poll's."""
MOST_BY_ID = 150
"""Of more changed objects than this of one kind the list is loaded instead."""
FEW_BY_ID = 6
"""More objects than this are asked for by a list of their ids, where the list tells enough."""
AT_ONCE = 2_500
"""Most rows that are written in one transaction. Each rewrites parts of every index, so that few large ones cost less;
but nothing is left of a list of 10,000 that comes to an end."""
TRANSACTIONS = 20
"""In so many transactions a list is written, or in one for each page, or in those of :data:`AT_ONCE` rows."""
TELL_EVERY = 1.0
"""Seconds between messages about a load that runs."""


@dataclass(slots=True)
class _Loaded:
    """One list that was loaded to its end: what was in it, and what is older than ours."""

    seen: set[str]
    stale: set[str]
    short: bool = False
    """It held fewer rows than the panel said, or moved while it was read: nothing is taken out because of it."""


@dataclass(frozen=True, slots=True)
class Source(Generic[T]):
    """Where the objects of one kind come from, and how they are written."""

    kind: Kind
    arriving: Callable[[Callable[[UnreadPage[T]], Awaitable[Arriving]]], AsyncGenerator[Arriving, None]]
    get: Callable[[str], Awaitable[T]]
    write: Callable[..., Awaitable[Applied]]
    by_ids: Callable[[Sequence[str]], Awaitable[Page[T]]] | None = None
    """The list of these ids alone; ``None`` where a list tells too little of an object."""


class _Writing:
    """Writes the pages of one list as they come: the first at once, then several in one transaction."""

    def __init__(self, kind: Kind, store: StoreThread, loaded: _Loaded) -> None:
        self._kind = kind
        self._store = store
        self._loaded = loaded
        self._pages: list[Arriving] = []
        self._rows = 0
        self._at_once = PAGE
        self._task: asyncio.Task[Applied] | None = None
        self._began = 0.0

    async def add(self, page: Arriving) -> None:
        """One more page. Waits where too many are not written yet."""
        self._pages.append(page)
        self._rows += page.count
        self._at_once = max(self._at_once, min(AT_ONCE, (page.head.total or 0) // TRANSACTIONS))
        if self._task is not None and (self._task.done() or self._rows >= 2 * self._at_once):
            await self._written()
        if self._task is None and (self._rows >= self._at_once or time.monotonic() - self._began >= TELL_EVERY):
            self._write()

    def _write(self) -> None:
        pages, self._pages, self._rows = self._pages, [], 0
        self._began = time.monotonic()

        async def work() -> Applied:
            try:
                return await self._store.pages(self._kind, [await page.rows for page in pages])
            except BaseException:
                await _forget(pages)
                raise

        self._task = asyncio.ensure_future(work())

    async def _written(self) -> None:
        task, self._task = self._task, None
        if task is not None:
            applied = await task
            self._loaded.seen |= applied.seen
            self._loaded.stale |= applied.stale

    async def finish(self) -> None:
        """Write what is left."""
        await self._written()
        if self._pages:
            self._write()
            await self._written()

    async def abandon(self) -> None:
        """The load failed: nothing more is written."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
        await _forget(self._pages)


async def _forget(pages: Sequence[Arriving]) -> None:
    """These pages are not wanted any more."""
    for page in pages:
        page.rows.cancel()
    if pages:
        await asyncio.wait([page.rows for page in pages])
        for page in pages:
            if not page.rows.cancelled():
                page.rows.exception()  # looked at: what went wrong is told by another one


class ListSync:
    """Loads lists, and reads single objects, for one client and one store. Raises as :class:`Sync` does."""

    def __init__(
        self, client: BillingClient, store: StoreThread, tell: Callable[[SessionEvent], None], way: GivingWay
    ) -> None:
        """``way`` says when somebody types, to whom the loads give way."""
        self._client = client
        self._way = way
        self._store = store
        self._tell = tell
        self._gate = asyncio.Semaphore(BY_ID_AT_ONCE)
        self._progress = SyncProgress()
        self.reading = PageReading()
        orders, tickets = client.orders, client.tickets
        self.orders: Source[Order] = Source(
            "order", lambda begin: orders.arriving(begin, limit=PAGE), orders.get, store.orders,
            lambda ids: orders.list(limit=PAGE, id=list(ids)),
        )  # fmt: skip
        self.invoices: Source[Invoice] = Source(
            "invoice", lambda begin: client.invoices.arriving(begin, limit=PAGE), client.invoices.get, store.invoices
        )
        self.transfers: Source[Transfer] = Source(
            "transfer", lambda begin: client.transfers.arriving(begin, limit=PAGE), client.transfers.get,
            store.transfers,
        )  # fmt: skip
        # Tickets by when they were opened: one that changes while the list is read would change its place in it.
        self.tickets: Source[Ticket] = Source(
            "ticket", lambda begin: tickets.arriving(begin, limit=PAGE, sort="created_at"), tickets.get, store.tickets,
            lambda ids: tickets.list(limit=PAGE, id=list(ids)),
        )  # fmt: skip

    # -- single objects

    async def newer(self, kind: Kind, changes: Sequence[Change]) -> list[str]:
        """Raw ids of what is not in the copy yet at that version."""
        versions = await self._store.run(lambda store: store.versions(kind, [str(change.id) for change in changes]))
        return [change.id.raw for change in changes if not 0 < change.version <= versions.get(str(change.id), -1)]

    async def refresh(self, source: Source[T], ids: Sequence[str]) -> None:
        """Bring what changed: one by one, by a list of the ids, or by the whole list, whichever asks least."""
        if len(ids) > MOST_BY_ID:
            await self.load(source)
            return
        left = list(ids)
        if source.by_ids is not None and len(ids) > FEW_BY_ID:
            left = await self._by_list(source, source.by_ids, ids)
        await self.read(source, left)

    async def _by_list(
        self, source: Source[T], by_ids: Callable[[Sequence[str]], Awaitable[Page[T]]], ids: Sequence[str]
    ) -> list[str]:
        """Bring objects by one list; answers the ids that it did not tell of, as where a panel knows no such list."""
        asked = set(ids)
        try:
            page = await by_ids(ids)
        except (InvalidInput, BadAnswer):
            return list(ids)
        found = {item.id.raw for item in page.items}
        if not found <= asked:
            return list(ids)
        await source.write(page.items)
        return [key for key in dict.fromkeys(ids) if key not in found]

    async def read(self, source: Source[T], ids: Iterable[str], *, force: bool = False) -> list[T]:
        """Read objects one by one, in full; those that are gone are taken out of the copy. ``ids`` are raw."""
        wanted = list(dict.fromkeys(ids))
        expect(len(wanted))
        answers = await side_by_side(*(self._one(source.get, key) for key in wanted))
        found = [one for one in answers if one is not None]
        await source.write(found, whole=True, force=force)
        missing = [clean_id(key) for key, answer in zip(wanted, answers, strict=True) if answer is None]
        if missing:
            await self._store.remove(source.kind, missing)
        return found

    async def _one(self, get: Callable[[str], Awaitable[T]], key: str) -> T | None:
        async with self._gate:
            try:
                return await get(key)
            except NotFound:
                return None

    # -- whole lists

    def begin(self) -> None:
        """A load of all lists begins: it is counted from nothing."""
        self._progress = SyncProgress()

    async def load(self, source: Source[T]) -> bool:
        """A whole list. True where it came whole, and what is gone was taken out."""
        if not self.reading.is_loading:
            self._way.begin()
        async with self.reading.while_loading():
            return await self._load_whole(source)

    async def _load_whole(self, source: Source[T]) -> bool:
        kind = source.kind
        before = await self._store.run(lambda store: store.ids(kind))
        loaded = await self._load(source)
        if loaded.stale:
            raw = await self._store.run(lambda store: [store.raw_id(kind, key) for key in loaded.stale])
            await self.read(source, raw, force=True)
        if loaded.short:
            return False
        vanished = before - loaded.seen
        if vanished:
            await self._store.remove(kind, vanished)
        return True

    async def _load(self, source: Source[T]) -> _Loaded:
        """Every page of a list: while one is asked for, the one before is read, and those before that are written."""
        loaded = _Loaded(set(), set())
        writing = _Writing(source.kind, self._store, loaded)
        count, total = 0, None
        shown, moved = 0.0, False

        async def begin(unread: UnreadPage[T]) -> Arriving:
            return await self.reading.begin(source.kind, unread)

        try:
            async with contextlib.aclosing(source.arriving(begin)) as pages:
                async for page in pages:
                    count += page.count
                    before, total = total, page.head.total if page.head.total is not None else total
                    moved = moved or (before is not None and before != total)
                    await writing.add(page)
                    if time.monotonic() - shown >= TELL_EVERY:
                        shown = time.monotonic()
                        self._count(source.kind, count, total)
                        self.show()
                    if page.next_cursor is not None:  # nothing is read after the last one
                        await self._way.pause()
            await writing.finish()
        except BaseException:
            await writing.abandon()
            raise
        # A panel without a feed may page by offset: where a row went meanwhile, the next page passes another one by.
        loaded.short = (moved and not self._has_feed) or (total is not None and len(loaded.seen) < total)
        self._count(source.kind, len(loaded.seen), total)
        return loaded

    @property
    def _has_feed(self) -> bool:
        return "changes" in self._client.capabilities

    def _count(self, kind: Kind, seen: int, total: int | None) -> None:
        if kind == "order":
            self._progress = replace(self._progress, orders=seen, orders_total=total)
        elif kind == "invoice":
            self._progress = replace(self._progress, invoices=seen, invoices_total=total)
        elif kind == "ticket":
            self._progress = replace(self._progress, tickets=seen, tickets_total=total)

    def show(self, *, done: bool = False) -> None:
        """Tell how far the load is."""
        self._progress = replace(self._progress, done=done)
        self._tell(self._progress)
        self._store.hold(0.0 if done else TELL_EVERY)


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
