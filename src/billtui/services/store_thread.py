"""The one thread that writes the store, seen from the session's loop; it tells what changed."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

from billtui.domain.models import Account, Invoice, Order
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
    account: bool = False
    everything: bool = False


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
                store = Store(path)
            except (OSError, StoreDamaged, StoreUnavailable) as error:
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
                self.builds += 1
                self._pending = _Pending(everything=True)
                self._tell(StoreRebuilt(f"The local copy was unusable ({error}); it is loaded anew."))
                raise

        return await self._worker.do(guarded)

    async def rebuild(self) -> None:
        """Set the file aside and begin an empty one: a reader found it damaged."""

        def work(store: Store) -> None:
            store.rebuild()
            self.builds += 1

        await self.run(work)

    # -- what a load or a patch brings

    async def orders(self, orders: Iterable[Order], *, whole: bool = False, force: bool = False) -> Applied:
        """Write orders and tell which are other than before."""
        batch = list(orders)

        def work(store: Store) -> Applied:
            applied = store.apply_orders(batch, whole=whole, force=force)
            self._pending.orders |= applied.changed
            self._announce(store)
            return applied

        return await self.run(work)

    async def invoices(self, invoices: Iterable[Invoice], *, whole: bool = False, force: bool = False) -> Applied:
        """Write invoices and tell which are other than before."""
        batch = list(invoices)

        def work(store: Store) -> Applied:
            applied = store.apply_invoices(batch, whole=whole, force=force)
            self._pending.invoices |= applied.changed
            self._announce(store)
            return applied

        return await self.run(work)

    async def account(self, account: Account) -> bool:
        """Write the account; True where it is other than before."""

        def work(store: Store) -> bool:
            changed = store.apply_account(account)
            self._pending.account |= changed
            self._announce(store)
            return changed

        return await self.run(work)

    async def remove(self, kind: Kind, ids: Iterable[str]) -> frozenset[str]:
        """Take out what the panel does not have any more, and tell."""
        batch = list(ids)

        def work(store: Store) -> frozenset[str]:
            removed = store.remove(kind, batch)
            (self._pending.orders if kind == "order" else self._pending.invoices).update(removed)
            self._announce(store)
            return removed

        return await self.run(work)

    def hold(self, seconds: float) -> None:
        """Gather what changes for ``seconds`` before telling: a long load is no stream of small messages."""
        self._hold_until = time.monotonic() + seconds

    async def flush(self) -> StoreChanged | None:
        """Tell what was gathered; answers it."""
        self._hold_until = 0.0
        return await self.run(self._announce)

    def _announce(self, store: Store) -> StoreChanged | None:
        """In the store's thread, after the transaction: tell what changed."""
        pending = self._pending
        if time.monotonic() < self._hold_until:
            return None
        many = pending.everything or len(pending.orders) + len(pending.invoices) > MANY
        kinds = {
            name
            for name, there in (("order", pending.orders), ("invoice", pending.invoices), ("account", pending.account))
            if there or pending.everything
        }
        if not kinds:
            return None
        self._pending = _Pending()
        event = StoreChanged(
            frozenset(kinds),
            frozenset() if many else frozenset(pending.orders),
            frozenset() if many else frozenset(pending.invoices),
            everything=many,
            generation=int(store.meta("generation") or 0),
        )
        self._tell(event)
        return event

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
