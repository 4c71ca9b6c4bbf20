"""Bringing lists and single objects into the local copy.

Several lists are loaded side by side, each page is written while the next one is on its way. What is not in a list any
more is taken out only after that list was loaded to its end.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from billtui.client.errors import BadAnswer, InvalidInput, NotFound
from billtui.domain.models import Change, Invoice, Order, Page, Ticket, Transfer
from billtui.domain.safetext import SafeText
from billtui.services.session_events import SessionEvent, SyncProgress
from billtui.services.store import Applied
from billtui.services.store.writer import Kind
from billtui.services.store_thread import StoreThread

if TYPE_CHECKING:
    from billtui.client import BillingClient

T = TypeVar("T", Order, Invoice, Transfer, Ticket)
V = TypeVar("V")

PAGE = 500
BY_ID_AT_ONCE = 3
"""Objects read at the same time; the fourth connection is the long poll's."""
MOST_BY_ID = 150
"""Of more changed objects than this of one kind the list is loaded instead."""
FEW_BY_ID = 6
"""More objects than this are asked for by a list of their ids, where the list tells enough."""
TELL_EVERY = 1.0
"""Seconds between messages about a load that runs."""


@dataclass(slots=True)
class _Loaded:
    """One list that was loaded to its end: what was in it, and what is older than ours."""

    seen: set[str]
    stale: set[str]
    short: bool = False
    """It held fewer rows than the panel said: nothing is taken out because of it."""


@dataclass(frozen=True, slots=True)
class Source(Generic[T]):
    """Where the objects of one kind come from, and how they are written."""

    kind: Kind
    pages: Callable[[], AsyncIterator[Page[T]]]
    get: Callable[[str], Awaitable[T]]
    write: Callable[..., Awaitable[Applied]]
    by_ids: Callable[[Sequence[str]], Awaitable[Page[T]]] | None = None
    """The list of these ids alone; ``None`` where a list tells too little of an object."""


class ListSync:
    """Loads lists, and reads single objects, for one client and one store. Raises as :class:`Sync` does."""

    def __init__(self, client: BillingClient, store: StoreThread, tell: Callable[[SessionEvent], None]) -> None:
        self._client = client
        self._store = store
        self._tell = tell
        self._gate = asyncio.Semaphore(BY_ID_AT_ONCE)
        self._progress = SyncProgress()
        orders, tickets = client.orders, client.tickets
        self.orders: Source[Order] = Source(
            "order", lambda: orders.pages(limit=PAGE), orders.get, store.orders,
            lambda ids: orders.list(limit=PAGE, id=list(ids)),
        )  # fmt: skip
        self.invoices: Source[Invoice] = Source(
            "invoice", lambda: client.invoices.pages(limit=PAGE), client.invoices.get, store.invoices
        )
        self.transfers: Source[Transfer] = Source(
            "transfer", lambda: client.transfers.pages(limit=PAGE), client.transfers.get, store.transfers
        )
        # Tickets by when they were opened: one that changes while the list is read would change its place in it.
        self.tickets: Source[Ticket] = Source(
            "ticket", lambda: tickets.pages(limit=PAGE, sort="created_at"), tickets.get, store.tickets,
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
        """Every page of a list; each is written while the next one is asked for."""
        loaded = _Loaded(set(), set())
        writing: asyncio.Task[Applied] | None = None
        total: int | None = None
        shown = 0.0
        try:
            async for page in source.pages():
                if writing is not None:
                    loaded.stale |= (await writing).stale
                loaded.seen.update(str(item.id) for item in page.items)
                total = page.total if page.total is not None else total
                writing = asyncio.ensure_future(source.write(page.items))
                if time.monotonic() - shown >= TELL_EVERY:
                    shown = time.monotonic()
                    self._count(source.kind, len(loaded.seen), total)
                    self.show()
            if writing is not None:
                loaded.stale |= (await writing).stale
        except BaseException:
            if writing is not None:
                writing.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await asyncio.wait([writing])
            raise
        loaded.short = total is not None and len(loaded.seen) < total
        self._count(source.kind, len(loaded.seen), total)
        return loaded

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
