"""The one thread that writes the store, seen from the session's loop; it tells what changed."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

from billtui.config.errors import UnsafePath
from billtui.config.paths import ensure_private_dir
from billtui.domain.models import Account, Invoice, Order, Transfer
from billtui.services.session_events import SessionEvent, StoreChanged, StoreRebuilt
from billtui.services.session_thread import Worker
from billtui.services.store import Applied, Store, StoreDamaged, StoreUnavailable
from billtui.services.store.writer import Kind

T = TypeVar("T")
MANY = 5_000
"""More changed ids than this are told as "everything"."""


@dataclass(slots=True)
class _Pending:
    orders: set[str] = field(default_factory=set)
    invoices: set[str] = field(default_factory=set)
    transfers: set[str] = field(default_factory=set)
    account: bool = False
    everything: bool = False


def _event(pending: _Pending, generation: int) -> StoreChanged | None:
    named = len(pending.orders) + len(pending.invoices) + len(pending.transfers)
    many = pending.everything or named > MANY
    parts = (
        ("order", pending.orders),
        ("invoice", pending.invoices),
        ("transfer", pending.transfers),
        ("account", pending.account),
    )
    kinds = frozenset(name for name, there in parts if there or pending.everything)
    if not kinds:
        return None
    nothing: frozenset[str] = frozenset()
    orders = nothing if many else frozenset(pending.orders)
    invoices = nothing if many else frozenset(pending.invoices)
    transfers = nothing if many else frozenset(pending.transfers)
    return StoreChanged(kinds, orders, invoices, transfers, everything=many, generation=generation)


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
            self._note(orders=applied.changed)
            self._announce(store)
            return applied

        return await self.run(work)

    async def invoices(self, invoices: Iterable[Invoice], *, whole: bool = False, force: bool = False) -> Applied:
        """Write invoices and tell which are other than before."""
        batch = list(invoices)

        def work(store: Store) -> Applied:
            applied = store.apply_invoices(batch, whole=whole, force=force)
            self._note(invoices=applied.changed)
            self._announce(store)
            return applied

        return await self.run(work)

    async def transfers(self, transfers: Iterable[Transfer], *, whole: bool = False, force: bool = False) -> Applied:
        """Write transfers and tell which are other than before."""
        batch = list(transfers)

        def work(store: Store) -> Applied:
            applied = store.apply_transfers(batch, whole=whole, force=force)
            self._note(transfers=applied.changed)
            self._announce(store)
            return applied

        return await self.run(work)

    async def account(self, account: Account) -> bool:
        """Write the account; True where it is other than before."""

        def work(store: Store) -> bool:
            changed = store.apply_account(account)
            self._note(account=changed)
            self._announce(store)
            return changed

        return await self.run(work)

    async def remove(self, kind: Kind, ids: Iterable[str]) -> frozenset[str]:
        """Take out what the panel does not have any more, and tell."""
        batch = list(ids)

        def work(store: Store) -> frozenset[str]:
            removed = store.remove(kind, batch)
            if kind == "order":
                self._note(orders=removed)
            elif kind == "invoice":
                self._note(invoices=removed)
            else:
                self._note(transfers=removed)
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

    def _note(
        self,
        orders: frozenset[str] = frozenset(),
        invoices: frozenset[str] = frozenset(),
        transfers: frozenset[str] = frozenset(),
        account: bool = False,
    ) -> None:
        for gathered in (self._pending, *self._records):
            gathered.orders |= orders
            gathered.invoices |= invoices
            gathered.transfers |= transfers
            gathered.account |= account

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
