"""The one thread that writes the store, seen from the session's loop; it tells what changed."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final, Literal, TypeVar, get_args

from billtui.config.errors import UnsafePath
from billtui.config.paths import ensure_private_dir
from billtui.services.session_events import PanelMistake, SessionEvent, StoreChanged, StoreRebuilt
from billtui.services.session_thread import Worker
from billtui.services.store import Applied, AppliedMessages, Store, StoreDamaged, StoreUnavailable

if TYPE_CHECKING:
    from billtui.domain.models import Account, Invoice, Order, Ticket, TicketMessage, Transfer
    from billtui.services.store.prepared import Kind, Prepared

T = TypeVar("T")
What = Literal["order", "invoice", "transfer", "ticket", "message"]
"""What is told: objects of a list by their ids, and threads by their tickets'."""
_WHAT: Final[tuple[What, ...]] = get_args(What)
MANY = 5_000
"""More changed ids than this are told as "everything"."""


@dataclass(slots=True)
class _Pending:
    ids: dict[What, set[str]] = field(default_factory=dict)
    account: bool = False
    everything: bool = False

    def add(self, what: What, ids: frozenset[str]) -> None:
        if ids:
            self.ids.setdefault(what, set()).update(ids)


def _event(pending: _Pending, generation: int) -> StoreChanged | None:
    many = pending.everything or sum(map(len, pending.ids.values())) > MANY
    kinds = {*_WHAT, "account"} if pending.everything else {*pending.ids, *(["account"] if pending.account else ())}
    if not kinds:
        return None

    def named(what: What) -> frozenset[str]:
        return frozenset(() if many else pending.ids.get(what, ()))

    return StoreChanged(
        frozenset(kinds), named("order"), named("invoice"), named("transfer"), named("ticket"), named("message"),
        everything=many, generation=generation,
    )  # fmt: skip


NOTES_SENT = (
    "The panel sent notes that only its staff may see. They were dropped and are not kept here; tell whoever runs the"
    " panel (TKT-6)."
)


class StoreThread:
    """Writes of the local copy, one after the other, awaited from the session's loop.

    Every method raises StoreDamaged when the file turned out unusable: by then it is set aside, an empty one is in its
    place, and StoreRebuilt has been told; the lists must be loaded anew. StoreUnavailable means that it could not be
    written (disk full, held by another program), or that none is open.
    """

    def __init__(self, tell: Callable[[SessionEvent], None]) -> None:
        self._tell = tell
        self._worker = Worker("billtui-store")
        self._store: Store | None = None
        self._pending = _Pending()
        self._records: list[_Pending] = []
        self._generation = 0
        self._hold_until = 0.0
        self._temporary: TemporaryDirectory[str] | None = None
        self._told_of_notes = False
        self._told_at = 0.0
        self.builds = 0
        """How often the file was put in place; readers open it anew when it rises."""

    @property
    def path(self) -> Path | None:
        """The file, once an account is known."""
        return None if self._store is None else self._store.path

    async def open(self, path: Path) -> str | None:
        """Write to ``path`` from now on. Where that cannot be, a temporary copy is used; answers why."""

        def work() -> tuple[str | None, str | None]:
            if self._store is not None:
                if self._store.path == path:
                    return None, None
                self._store.close()
                self._store = None
            trouble = None
            try:
                ensure_private_dir(path.parent.parent)
                store = Store(path)
            except (OSError, UnsafePath, StoreDamaged, StoreUnavailable) as error:
                trouble = f"The local copy cannot be kept ({error}); a temporary one is used."
                self._temporary = TemporaryDirectory(prefix="billtui-")
                store = Store(Path(self._temporary.name) / path.name)
            self._store = store
            self.builds += 1
            self._pending = _Pending()
            return store.set_aside, trouble

        reason, trouble = await self._worker.do(work)
        if reason:
            self._tell(StoreRebuilt(f"The local copy was unusable ({reason}); it is loaded anew."))
        return trouble

    @property
    def is_temporary(self) -> bool:
        """Whether the copy goes away with the program."""
        return self._temporary is not None

    async def run(self, work: Callable[[Store], T]) -> T:
        """Do ``work`` with the store in its thread."""

        def guarded() -> T:
            if self._store is None:
                raise StoreUnavailable("no account is known yet")
            try:
                return work(self._store)
            except StoreDamaged as error:
                self._store.rebuild()
                self._begin_anew()
                self._tell(StoreRebuilt(f"The local copy was unusable ({error}); it is loaded anew."))
                raise

        return await self._worker.do(guarded)

    async def rebuild(self) -> None:
        """Set the file aside and begin an empty one: a reader found it damaged."""

        def work(store: Store) -> None:
            store.rebuild()
            self._begin_anew()
            self._tell(StoreRebuilt("The local copy was damaged; it is loaded anew."))

        await self.run(work)

    def _begin_anew(self) -> None:
        self.builds += 1
        self._pending = _Pending(everything=True)

    # -- what a load or a patch brings

    async def orders(self, orders: Iterable[Order], *, whole: bool = False, force: bool = False) -> Applied:
        """Write orders and tell which are other than before."""
        batch = list(orders)

        def work(store: Store) -> Applied:
            applied = store.apply_orders(batch, whole=whole, force=force)
            self._note("order", applied.changed)
            self._announce(store)
            return applied

        return await self.run(work)

    async def invoices(self, invoices: Iterable[Invoice], *, whole: bool = False, force: bool = False) -> Applied:
        """Write invoices and tell which are other than before."""
        batch = list(invoices)

        def work(store: Store) -> Applied:
            applied = store.apply_invoices(batch, whole=whole, force=force)
            self._note("invoice", applied.changed)
            self._announce(store)
            return applied

        return await self.run(work)

    async def transfers(self, transfers: Iterable[Transfer], *, whole: bool = False, force: bool = False) -> Applied:
        """Write transfers and tell which are other than before."""
        batch = list(transfers)

        def work(store: Store) -> Applied:
            applied = store.apply_transfers(batch, whole=whole, force=force)
            self._note("transfer", applied.changed)
            self._announce(store)
            return applied

        return await self.run(work)

    async def tickets(self, tickets: Iterable[Ticket], *, whole: bool = False, force: bool = False) -> Applied:
        """Write tickets and tell which are other than before."""
        batch = list(tickets)

        def work(store: Store) -> Applied:
            applied = store.apply_tickets(batch, whole=whole, force=force)
            self._note("ticket", applied.changed)
            self._announce(store)
            return applied

        return await self.run(work)

    async def pages(self, kind: Kind, pages: Sequence[Prepared]) -> Applied:
        """Write several pages of a list in one transaction, and tell which objects are other than before."""

        def work(store: Store) -> Applied:
            applied = store.apply(kind, pages)
            self._note(kind, applied.changed)
            self._announce(store)
            return applied

        return await self.run(work)

    async def messages(self, messages: Iterable[TicketMessage], *, gather: float = 0.0) -> AppliedMessages:
        """Write messages and tell whose threads are other than before, ``gather``: not more often than in so many
        seconds; call :meth:`flush` after the last ones.
        """
        batch = list(messages)

        def work(store: Store) -> AppliedMessages:
            applied = store.apply_messages(batch)
            self._note("message", applied.tickets)
            if time.monotonic() - self._told_at >= gather:
                self._announce(store)
            return applied

        applied = await self.run(work)
        if applied.notes and not self._told_of_notes:
            self._told_of_notes = True
            self._tell(PanelMistake(NOTES_SENT))
        return applied

    async def end_thread(self, ticket_id: str, version: int, seen: Sequence[str] | None) -> None:
        """A thread was read to its end (``seen``: from its beginning); tell it where something went."""

        def work(store: Store) -> None:
            self._note("message", store.end_thread(ticket_id, version, seen))
            self._announce(store)

        await self.run(work)

    async def threads_changed(self, tickets: frozenset[str]) -> None:
        """Tell that the threads of these tickets are other than before."""

        def work(store: Store) -> None:
            self._note("message", tickets)
            self._announce(store)

        await self.run(work)

    async def account(self, account: Account) -> bool:
        """Write the account; True where it is other than before."""

        def work(store: Store) -> bool:
            changed = store.apply_account(account)
            for gathered in (self._pending, *self._records):
                gathered.account |= changed
            self._announce(store)
            return changed

        return await self.run(work)

    async def remove(self, kind: Kind, ids: Iterable[str]) -> frozenset[str]:
        """Take out what the panel does not have any more, and tell."""
        batch = list(ids)

        def work(store: Store) -> frozenset[str]:
            removed = store.remove(kind, batch)
            self._note(kind, removed)
            self._announce(store)
            return removed

        return await self.run(work)

    def hold(self, seconds: float) -> None:
        """Gather what changes for ``seconds`` before telling: a long load is no stream of small messages."""
        self._hold_until = time.monotonic() + seconds

    async def flush(self) -> None:
        """Tell what was gathered."""
        self._hold_until = 0.0
        await self.run(self._announce)

    def _note(self, what: What, ids: frozenset[str]) -> None:
        for gathered in (self._pending, *self._records):
            gathered.add(what, ids)

    @contextlib.contextmanager
    def recording(self) -> Iterator[Callable[[], StoreChanged | None]]:
        """What is written meanwhile, told or not: call what this gives, inside, for all of it so far."""
        record = _Pending()
        self._records.append(record)
        try:
            yield lambda: _event(record, self._generation)
        finally:
            self._records.remove(record)

    def _announce(self, store: Store) -> None:
        """In the store's thread, after the transaction: tell what changed."""
        self._generation = int(store.meta("generation") or 0)
        if time.monotonic() < self._hold_until:
            return
        event = _event(self._pending, self._generation)
        self._pending = _Pending()
        self._told_at = time.monotonic()
        if event is not None:
            self._tell(event)

    def close(self, seconds: float, *, visited: bool) -> None:
        """Finish and give the file back, ``seconds`` at most. ``visited``: the person has seen what changed."""

        def work() -> None:
            if self._store is not None:
                try:
                    if visited:
                        self._store.visited()
                finally:
                    self._store.close()
            if self._temporary is not None:
                self._temporary.cleanup()

        self._worker.submit(work)
        self._worker.stop(seconds)
