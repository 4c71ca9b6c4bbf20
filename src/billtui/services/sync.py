"""Keeping the local copy equal to the panel: load the lists once, then follow the feed of changes.

The cursor of the feed is taken **before** the lists are loaded, so nothing that changes meanwhile is missed.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import SecretStr

from billtui.client.errors import ClientError, CursorExpired
from billtui.client.pace import UNHURRIED
from billtui.domain.models import Account, Change, ChangeFeed, ChangeKind, Invoice, ObjectKind, Order, Ticket, Transfer
from billtui.services.giving_way import GivingWay
from billtui.services.store import gc_paused
from billtui.services.sync_lists import MOST_BY_ID, ListSync, Source, T, side_by_side
from billtui.services.sync_messages import MessageSync

if TYPE_CHECKING:
    from billtui.client import BillingClient
    from billtui.services.session_events import SessionEvent, StoreChanged
    from billtui.services.session_jobs import Touched
    from billtui.services.store.writer import Kind
    from billtui.services.store_thread import StoreThread

LINES_AHEAD = 40
"""Open invoices whose lines are read ahead, so that they can be read without network."""
LISTS_AGE = 12 * 3600
"""Seconds after which whole lists are loaded again although the feed was followed."""
SPARED = 10.0
"""A panel without a feed is left alone so many times as long as its lists took to come."""
EXPECTED_FOR = 30.0
"""Seconds for which a place in the feed is good that was asked for ahead of a load."""
_KINDS: dict[str, Kind] = {
    ObjectKind.ORDER: "order",
    ObjectKind.INVOICE: "invoice",
    ObjectKind.TRANSFER: "transfer",
    ObjectKind.TICKET: "ticket",
}


@dataclass(frozen=True, slots=True)
class _Expected:
    """That it was asked where the feed stands, as whom, and when."""

    asking: asyncio.Task[str | None]
    token: SecretStr | None
    at: float

    def fits(self, token: SecretStr | None) -> bool:
        """Whether it is about the same account, and not of long ago."""
        return self.token == token and time.monotonic() - self.at < EXPECTED_FOR


def _looked_at(asking: asyncio.Task[str | None]) -> None:
    """What went wrong is told by whoever asks again."""
    if not asking.cancelled():
        asking.exception()


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
        watched: Collection[str],
        way: GivingWay,
    ) -> None:
        """``watched`` are the ids, in the copy, of the tickets whose thread somebody looks at now; ``way`` says when
        somebody types."""
        self._client = client
        self._store = store
        self._on_account = on_account
        self._busy = asyncio.Lock()
        self._expected: _Expected | None = None
        self._took = 0.0
        """Seconds that all lists took the last time, but for those in which they gave way to keys."""
        self._way = way
        self._lists = ListSync(client, store, tell, way)
        self.messages = MessageSync(client, store, watched)

    @property
    def has_feed(self) -> bool:
        """Whether the panel tells what changed; without, lists are loaded from time to time."""
        return "changes" in self._client.capabilities

    def has(self, name: str) -> bool:
        """Whether the panel has this list: orders, invoices, transfers (TRF), tickets (TKT)."""
        return name in self._client.capabilities

    async def due_in(self, seconds: float) -> float:
        """Seconds until a panel without a feed is asked for its lists again; 0: now.

        Every ``seconds``, and where the lists take long to come, :data:`SPARED` times as long as that; counted from
        when they were last loaded, by an earlier run, too.
        """
        listed = await self._store.run(lambda store: store.meta("listed_at"))
        if listed is None:
            return 0.0
        age = time.time() - int(listed)
        return max(0.0, max(seconds, SPARED * self._took) - age) if age >= 0 else 0.0

    async def catch_up(self, *, full: bool = False) -> StoreChanged | None:
        """Make the copy agree with the panel now; answers what that changed.

        Where somebody waits for that (not :data:`UNHURRIED`), neither it nor what it waits for gives way to keys.
        """
        with contextlib.nullcontext() if UNHURRIED.get() else self._way.awaited():
            return await self._catch_up(full)

    async def _catch_up(self, full: bool) -> StoreChanged | None:
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
        changed: dict[Kind, list[Change]] = {kind: [] for kind in _KINDS.values()}
        for (name, key), change in last.items():
            kind = _KINDS.get(name)
            if kind is None:
                continue
            if change.change == ChangeKind.DELETED:
                await self._store.remove(kind, [key])
            else:
                changed[kind].append(change)
        newer = {kind: await self._lists.newer(kind, those) for kind, those in changed.items()}
        await side_by_side(
            self._lists.refresh(self._lists.orders, newer["order"]),
            self._lists.refresh(self._lists.invoices, newer["invoice"]),
            self._lists.refresh(self._lists.transfers, newer["transfer"]),
            self._refresh_tickets(newer["ticket"]),
        )
        if any(kind == ObjectKind.ACCOUNT for kind, _ in last):
            await self.account()

    async def _refresh_tickets(self, ids: Sequence[str]) -> None:
        """Tickets that changed, and what was written in them."""
        if ids and self.has("tickets"):
            await self._lists.refresh(self._lists.tickets, ids)
            await self.messages.changed(ids)

    # -- single objects

    async def account(self) -> Account:
        """Read the account and its balances."""
        account = await self._client.account.me()
        await self._on_account(account)
        return account

    async def orders(self, ids: Iterable[str]) -> list[Order]:
        """Read orders one by one into the copy; those that are gone are taken out of it. ``ids`` are raw."""
        return await self._lists.read(self._lists.orders, ids)

    async def invoices(self, ids: Iterable[str]) -> list[Invoice]:
        """Read invoices with their lines one by one into the copy; those that are gone are taken out of it."""
        return await self._lists.read(self._lists.invoices, ids)

    async def transfers(self, ids: Iterable[str]) -> list[Transfer]:
        """Read transfers with their history one by one into the copy; those that are gone are taken out of it."""
        return await self._lists.read(self._lists.transfers, ids)

    async def tickets(self, ids: Iterable[str]) -> list[Ticket]:
        """Read tickets one by one into the copy; those that are gone are taken out of it, with their threads."""
        return await self._lists.read(self._lists.tickets, ids)

    async def touched(self, what: Touched) -> None:
        """Read again what an operation was about: its invoices, the orders that they bill, transfers, tickets, purses.

        An order that changed hands is not the account's any more (TRF-2): it is taken out of the copy here.
        """
        if what.count > MOST_BY_ID:
            await self.catch_up()
            return
        known = set(what.invoices) if self.has("invoices") else set()
        linked = set(known)
        wanted = set(what.orders)
        for invoice in await self.invoices(known):
            wanted |= {line.order_id.raw for line in invoice.lines if line.order_id is not None}
            linked |= {key.raw for key in invoice.combined_from}
            linked |= {invoice.combined_into.raw} if invoice.combined_into is not None else set()
        await side_by_side(
            self.account(),
            self.orders(sorted(wanted)),
            self.invoices(sorted(linked - known)),
            self.transfers(sorted(what.transfers) if self.has("transfers") else []),
            self._touched_tickets(sorted(what.tickets) if self.has("tickets") else []),
        )

    async def _touched_tickets(self, ids: Sequence[str]) -> None:
        if ids:
            await self.tickets(ids)
            await self.messages.changed(ids)

    # -- whole lists

    def expect_load(self) -> None:
        """All lists will be loaded next, into a copy that is being made: where the feed stands is asked meanwhile."""
        if self.has_feed:
            asking = asyncio.ensure_future(self._client.changes.cursor())
            asking.add_done_callback(_looked_at)
            self._expected = _Expected(asking, self._client.token, time.monotonic())

    async def _cursor_before(self) -> str | None:
        """Where the feed stands before the lists are loaded; ``None`` for a panel without one."""
        expected, self._expected = self._expected, None
        if expected is not None and expected.fits(self._client.token):
            with contextlib.suppress(ClientError):  # asked again, and then raised
                return await expected.asking
        return await self._client.changes.cursor() if self.has_feed else None

    async def _load_all(self) -> None:
        """All lists to their end, side by side; the feed's cursor from before."""
        began, given = time.monotonic(), self._way.given
        cursor = await self._cursor_before()
        lists = self._lists
        lists.begin()
        with gc_paused():
            _, *whole = await side_by_side(
                self.account(), self._load(lists.orders), self._load(lists.invoices), self._load(lists.transfers),
                self._load(lists.tickets),
            )  # fmt: skip
        self._took = time.monotonic() - began - (self._way.given - given)
        if all(whole):
            await self._store.run(lambda store: store.complete(cursor))
        await self._store.flush()
        lists.show(done=True)
        await self._store.run(lambda store: store.tidy())
        await self._read_lines_ahead()
        await self.messages.changed(self.messages.watched)
        self.messages.wake()

    async def _load(self, source: Source[T]) -> bool:
        """A whole list, where the panel has one. True where it came whole, or there is none."""
        return await self._lists.load(source) if self.has(f"{source.kind}s") else True

    async def _read_lines_ahead(self) -> None:
        due = await self._store.run(lambda store: store.without_lines(LINES_AHEAD))
        if due and self.has("invoices"):
            await self.invoices(due)
