"""Bringing the messages of tickets into the local copy: what somebody looks at at once, the rest in the background.

A client's own messages are all copied; of staff those of tickets that are worked on, and of those that were opened. It
is bounded (:data:`MOST_CHARACTERS`) and goes from the newest to the oldest: where many threads are missing, one list of
messages over all tickets is read in windows of time, each further back than the one before; a few are read one by one.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Iterable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final
from weakref import WeakValueDictionary

from billtui.client.errors import InvalidInput, NotFound
from billtui.domain.ids import clean_id
from billtui.domain.models import Page, Ticket, TicketMessage, TicketState

if TYPE_CHECKING:
    from billtui.client import BillingClient
    from billtui.services.store import AppliedMessages, WantedThread
    from billtui.services.store_thread import StoreThread

MOST_CHARACTERS: Final = 48_000_000
"""Characters of messages that are copied by themselves; what is opened is kept beyond that."""
AT_ONCE: Final = 20
"""Changed threads that are read with the change itself; more are read in the background."""
FEW: Final = 40
"""Missing threads that are read one by one."""
GATHER: Final = 2.0
"""Seconds between two tellings of what is copied in the background: every list is read anew for each."""
WINDOWS: Final = (7, 30, 120, 365, None)
"""Days back to which each window reaches; the last one to the beginning."""
WORKED_ON: Final = (TicketState.OPEN.value, TicketState.ANSWERED.value, TicketState.ON_HOLD.value)


class MessageSync:
    """Threads for one client and one store. Raises as :class:`Sync` does."""

    def __init__(self, client: BillingClient, store: StoreThread, watched: Collection[str]) -> None:
        """``watched`` are the tickets whose thread somebody looks at now."""
        self._client = client
        self._store = store
        self._wanted = asyncio.Event()
        self._reading: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self.watched = watched

    async def thread(self, raw_id: str) -> Ticket:
        """A ticket and its thread, whole, from the panel. Raises NotFound."""
        try:
            ticket = await self._client.tickets.get(raw_id)
        except NotFound:
            await self._store.remove("ticket", [clean_id(raw_id)])
            raise
        await self._store.tickets([ticket], whole=True)
        wanted = await self._store.run(lambda store: store.open_thread(str(ticket.id)))
        if wanted is not None:
            await self._read(wanted)
        return ticket

    async def changed(self, raw_ids: Iterable[str]) -> None:
        """Tickets changed: their new messages at once, those that are looked at first; many go to the background."""
        ids = list(dict.fromkeys(clean_id(key) for key in raw_ids))
        if self._client.driver.traits.reading_marks:
            ids = [one for one in ids if one in self.watched]
        wanted = await self._store.run(lambda store: store.threads(ids, only_wanted=True))
        wanted.sort(key=lambda one: one.ticket_id not in self.watched)
        for one in wanted[:AT_ONCE]:
            with suppress(NotFound):  # gone meanwhile: the feed tells of it next
                await self._read(one)
        if len(wanted) > AT_ONCE:
            self.wake()

    def wake(self) -> None:
        """There may be threads to be copied."""
        self._wanted.set()

    async def _read(self, wanted: WantedThread) -> None:
        """One thread to its end; from the beginning where what is held does not fit it."""
        lock = self._reading.setdefault(wanted.ticket_id, asyncio.Lock())
        async with lock:  # else what one reading brings is missing in the other's, and would be taken out
            if wanted.after is not None and await self._goes_on(wanted, wanted.after):
                return
            seen = await self._read_pages(wanted, None)
            await self._store.end_thread(wanted.ticket_id, wanted.version, seen)

    async def _goes_on(self, wanted: WantedThread, after: str) -> bool:
        """Read what comes after the message that is held last. False where that does not make the thread whole."""
        try:
            await self._read_pages(wanted, after)
        except (NotFound, InvalidInput):  # that message is gone, or in another thread now
            return False
        if not await self._store.run(lambda store: store.fits(wanted.ticket_id)):
            return False
        await self._store.end_thread(wanted.ticket_id, wanted.version, None)
        return True

    async def _read_pages(self, wanted: WantedThread, after: str | None) -> list[str]:
        seen: list[str] = []
        async for page in self._client.tickets.message_pages(wanted.raw_id, after=after):
            seen += [str(one.id) for one in page.items]
            await self._store.messages(page.items)
        return seen

    # -- in the background

    async def copy(self, now: datetime) -> None:
        """Copy what is missing; ``now`` is the panel's time. Nothing where that tells the panel that it was read."""
        if self._client.driver.traits.reading_marks:
            return
        if "tickets.search" in self._client.capabilities and await self._missing() > FEW:
            with suppress(NotFound, InvalidInput):  # a panel without such a list: one by one
                await self._copy_windows(now)
        tried: set[str] = set()
        while await self._room() > 0:
            wanted = await self._store.run(lambda store: store.wanted_threads(FEW + len(tried)))
            batch = [one for one in wanted if one.ticket_id not in tried]
            if not batch:
                break
            for one in batch:
                tried.add(one.ticket_id)
                with suppress(NotFound):
                    await self._read(one)
        gone = await self._store.run(lambda store: store.trim_threads(MOST_CHARACTERS + MOST_CHARACTERS // 4))
        if gone:
            await self._store.threads_changed(gone)

    async def keep_copying(self, now: Callable[[], datetime]) -> None:
        """Copy what an earlier run left, then whenever something may be missing, until cancelled."""
        if await self._store.run(lambda store: store.meta("complete")):
            self.wake()
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            await self.copy(now())

    async def _missing(self) -> int:
        return await self._store.run(lambda store: store.count_wanted())

    async def _room(self) -> int:
        return MOST_CHARACTERS - await self._store.run(lambda store: store.held_characters())

    async def _copy_windows(self, now: datetime) -> None:
        """Messages over all tickets, the newest first, until few threads are missing or the bound is reached."""
        staff = await self._store.run(lambda store: store.may_hold_notes)
        room = await self._room()
        until: datetime | None = None
        for days in WINDOWS:
            since = None if days is None else now - timedelta(days=days)
            pages = self._client.tickets.every_message(since=since, state=WORKED_ON if staff else None)
            room = await self._copy_window(pages, until, room)
            if room <= 0 or await self._missing() <= FEW:
                return
            until = since

    async def _copy_window(
        self, pages: AsyncIterator[Page[TicketMessage]], until: datetime | None, room: int
    ) -> int:  # fmt: skip
        """One window of time, up to where the one before began; each page is written while the next one is asked for.

        Answers how many characters there is room for afterwards.
        """
        writing: asyncio.Task[AppliedMessages] | None = None
        try:
            async for page in pages:
                if writing is not None:
                    await writing
                writing = asyncio.ensure_future(self._store.messages(page.items, gather=GATHER))
                room -= sum(len(one.body) for one in page.items)
                if room <= 0 or (until is not None and page.items and page.items[-1].at >= until):
                    break
        finally:
            if writing is not None:  # it is finished, whatever came of the next page
                await asyncio.wait([writing])
        if writing is not None:
            writing.result()
        await self._store.flush()
        return room
