"""Reading the local store: for the interface's thread (or the command line), over a connection that cannot write."""

from __future__ import annotations

import contextlib
import gc
import sqlite3
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final, TypeVar

from billtui.domain.models import Account, Invoice, Order, Transfer
from billtui.services.store import schema
from billtui.services.store.rows import ChangeRow, EndingRow, InvoiceRow, OrderRow, SearchHit, TransferRow, instant
from billtui.services.store.text import search_conditions

T = TypeVar("T")
_SQL_VARIABLES: Final = 500
_RUNNING: Final = "('active', 'suspended')"


@contextlib.contextmanager
def gc_paused() -> Iterator[None]:
    """The collector off while many small objects are made (they are no garbage)."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


class StoreReader:
    """A store to read from, in the one thread that made it. ``StoreReader(None)`` is an empty one.

    A file that turns out damaged reads as empty from then on; ``on_damage`` is called once with the reason, so that
    whoever writes the store can build it anew.
    """

    def __init__(self, path: Path | None, on_damage: Callable[[str], None] | None = None) -> None:
        self.path = path
        self._on_damage = on_damage
        self._connection = self._open()

    def _open(self) -> sqlite3.Connection:
        if self.path is not None and self.path.exists():
            try:
                connection = sqlite3.connect(
                    f"{self.path.absolute().as_uri()}?mode=ro",
                    uri=True,
                    timeout=schema.READ_BUSY_MS / 1000,
                    isolation_level=None,
                )
                connection.execute("PRAGMA query_only = 1")
                if connection.execute("PRAGMA user_version").fetchone()[0] == schema.SCHEMA_VERSION:
                    return connection
                connection.close()
            except sqlite3.DatabaseError as error:
                self._damaged(error)
        return self._empty()

    @staticmethod
    def _empty() -> sqlite3.Connection:
        connection = sqlite3.connect(":memory:", isolation_level=None)
        schema.create(connection)
        return connection

    def _damaged(self, error: Exception) -> None:
        if self._on_damage is not None:
            self._on_damage(f"the local copy is damaged ({error}); it is built anew")

    def _read(self, work: Callable[[sqlite3.Connection], T]) -> T:
        try:
            return work(self._connection)
        except (sqlite3.DatabaseError, schema.StoreDamaged) as error:
            if isinstance(error, sqlite3.ProgrammingError):
                raise
            if isinstance(error, sqlite3.OperationalError) and schema.is_busy(error):
                return work(self._connection)
            self._connection.close()
            self._connection = self._empty()
            self._damaged(error)
            return work(self._connection)

    def _one(self, sql: str, parameters: Sequence[object] = ()) -> Any:
        row = self._read(lambda connection: connection.execute(sql, parameters).fetchone())
        return None if row is None else row[0]

    def query(self, sql: str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """All rows of a question in SQL; for this package's own modules."""
        return self._read(lambda connection: connection.execute(sql, parameters).fetchall())

    # -- what is known about the copy itself

    def generation(self) -> int:
        """A number that rises with each change of the store (0 for an empty one)."""
        return int(self.meta("generation") or 0)

    def meta(self, key: str) -> Any:
        """A stored single value, or ``None``."""
        return self._one("SELECT value FROM meta WHERE key = ?", (key,))

    def synced_at(self) -> datetime | None:
        """When the copy last agreed with the panel (this computer's clock), or ``None`` if it never did."""
        seconds = self.meta("synced_at")
        return None if seconds is None else instant(int(seconds))

    @property
    def is_complete(self) -> bool:
        """Whether all lists were loaded once; before that, what is missing may still come."""
        return bool(self.meta("complete"))

    def account(self) -> Account | None:
        """The account with its balances, or ``None`` before the first sign-in."""
        text = self._one("SELECT json FROM account")
        return None if text is None else Account.model_validate_json(text)

    # -- lists

    def orders(self) -> list[OrderRow]:
        """All orders, in no particular order."""
        return self._chunks("order_chunks", OrderRow)

    def of_orders(self, make: Callable[[Iterator[OrderRow]], T]) -> T:
        """What ``make`` makes of all orders, which come to it one after another and are never all in memory at once.

        It must not ask this reader anything meanwhile, and may be called again, from the first row, when the copy
        turns out damaged.
        """

        def work(connection: sqlite3.Connection) -> T:
            found = connection.execute("SELECT crc, rows FROM order_chunks ORDER BY n")
            return make(OrderRow._make(row) for crc, blob in found for row in schema.unpack(crc, blob))

        with gc_paused():
            return self._read(work)

    def invoices(self) -> list[InvoiceRow]:
        """All invoices, in no particular order."""
        return self._chunks("invoice_chunks", InvoiceRow)

    def transfers(self) -> list[TransferRow]:
        """All transfers, incoming and outgoing, in no particular order."""
        return self._chunks("transfer_chunks", TransferRow)

    def _chunks(self, table: str, kind: type[Any]) -> list[Any]:
        def work(connection: sqlite3.Connection) -> list[Any]:
            rows: list[Any] = []
            make = kind._make
            for crc, blob in connection.execute(f"SELECT crc, rows FROM {table} ORDER BY n"):
                rows.extend(map(make, schema.unpack(crc, blob)))
            return rows

        with gc_paused():
            return self._read(work)

    def first_orders(self, count: int = 50) -> list[OrderRow]:
        """The orders that end soonest (paid-until, then as they came), for a first page before all are read."""
        sql = f"SELECT {schema.ORDER_COLUMNS} FROM orders WHERE paid_until IS NOT NULL ORDER BY paid_until, n LIMIT ?"
        return [OrderRow._make(row) for row in self.query(sql, (count,))]

    def first_invoices(self, count: int = 50) -> list[InvoiceRow]:
        """The newest invoices, for a first page before all are read."""
        sql = f"SELECT {schema.INVOICE_COLUMNS} FROM invoices ORDER BY issued_at DESC, n DESC LIMIT ?"
        return [InvoiceRow._make(row) for row in self.query(sql, (count,))]

    def order_rows(self, ids: Iterable[str]) -> dict[str, OrderRow]:
        """The rows of some orders by id; what is not there is left out."""
        rows = self._by_id("orders", schema.ORDER_COLUMNS, ids)
        return {row[0]: OrderRow._make(row) for row in rows}

    def invoice_rows(self, ids: Iterable[str]) -> dict[str, InvoiceRow]:
        """The rows of some invoices by id; what is not there is left out."""
        rows = self._by_id("invoices", schema.INVOICE_COLUMNS, ids)
        return {row[0]: InvoiceRow._make(row) for row in rows}

    def transfer_rows(self, ids: Iterable[str]) -> dict[str, TransferRow]:
        """The rows of some transfers by id; what is not there is left out."""
        rows = self._by_id("transfers", schema.TRANSFER_COLUMNS, ids)
        return {row[0]: TransferRow._make(row) for row in rows}

    def transfers_running(self) -> list[TransferRow]:
        """Transfers that somebody still has to act on, soonest expiry first (TRF-3)."""
        sql = (
            f"SELECT {schema.TRANSFER_COLUMNS} FROM transfers WHERE state IN ('awaiting sender', 'awaiting recipient') "
            "ORDER BY expires_at IS NULL, expires_at, n"
        )
        return [TransferRow._make(row) for row in self.query(sql)]

    def transfers_of_order(self, order_id: str) -> list[TransferRow]:
        """The transfers that an order was in, the newest first."""
        sql = f"SELECT {schema.TRANSFER_COLUMNS} FROM transfers WHERE order_id = ? ORDER BY created_at DESC, n DESC"
        return [TransferRow._make(row) for row in self.query(sql, (order_id,))]

    def transfers_of_push(self, push_id: str) -> list[TransferRow]:
        """All transfers of one push (TRF-7), in the order in which they came."""
        sql = f"SELECT {schema.TRANSFER_COLUMNS} FROM transfers WHERE push_id = ? ORDER BY n"
        return [TransferRow._make(row) for row in self.query(sql, (push_id,))]

    def _by_id(self, table: str, columns: str, ids: Iterable[str]) -> Iterator[tuple[Any, ...]]:
        wanted = [str(key) for key in ids]
        for start in range(0, len(wanted), _SQL_VARIABLES):
            part = wanted[start : start + _SQL_VARIABLES]
            marks = ",".join("?" * len(part))
            yield from self.query(f"SELECT {columns} FROM {table} WHERE id IN ({marks})", part)

    def open_invoices(self) -> list[InvoiceRow]:
        """Every unpaid, promised and overdue invoice, soonest due first."""
        sql = (
            f"SELECT {schema.INVOICE_COLUMNS} FROM invoices WHERE state IN ('unpaid', 'promised', 'overdue') "
            "ORDER BY due_at IS NULL, due_at, n"
        )
        return [InvoiceRow._make(row) for row in self.query(sql)]

    def counts(self) -> dict[str, int]:
        """How many of each there are: ``{"order": …, "invoice": …, "transfer": …}``."""
        return {
            "order": int(self._one("SELECT count(*) FROM orders") or 0),
            "invoice": int(self._one("SELECT count(*) FROM invoices") or 0),
            "transfer": int(self._one("SELECT count(*) FROM transfers") or 0),
        }

    # -- sums for the overview and for prices

    def states(self) -> dict[str, int]:
        """How many orders are in each state."""
        return {str(state): int(count) for state, count in self.query("SELECT state, count(*) FROM orders GROUP BY 1")}

    def running_by_kind(self) -> dict[str, int]:
        """How many running orders of each kind there are: what count discounts go by (DSC-5)."""
        sql = f"SELECT kind, count(*) FROM orders WHERE state IN {_RUNNING} GROUP BY 1"
        return {str(kind): int(count) for kind, count in self.query(sql)}

    def ending(self, after: int, until: int) -> tuple[int, int, int]:
        """Running orders whose paid period ends in (``after``, ``until``]: count, monthly cents, auto-renewing ones."""
        sql = (
            "SELECT count(*), coalesce(sum(price), 0), coalesce(sum(auto_on), 0) FROM orders "
            f"WHERE state IN {_RUNNING} AND paid_until > ? AND paid_until <= ?"
        )
        count, price, auto = self.query(sql, (after, until))[0]
        return int(count), int(price), int(auto)

    def ending_until(self, until: int, limit: int) -> list[OrderRow]:
        """Orders that run or are blocked and end by ``until``, soonest first: what time changes by then."""
        sql = (
            f"SELECT {schema.ORDER_COLUMNS} FROM orders WHERE paid_until <= ? "
            f"AND state IN ('active', 'suspended', 'blocked') ORDER BY paid_until, n LIMIT ?"
        )
        return [OrderRow._make(row) for row in self.query(sql, (until, limit))]

    def brief_ending_until(self, until: int, limit: int) -> list[EndingRow]:
        """:meth:`ending_until`, but only what a line of a list over several accounts shows: much quicker to read."""
        sql = (
            f"SELECT {', '.join(EndingRow._fields)} FROM orders WHERE paid_until <= ? "
            "AND state IN ('active', 'suspended', 'blocked') ORDER BY paid_until, n LIMIT ?"
        )
        with gc_paused():
            return list(map(EndingRow._make, self.query(sql, (until, limit))))

    def count_ending_until(self, until: int) -> int:
        """How many orders :meth:`ending_until` would give without its limit."""
        sql = "SELECT count(*) FROM orders WHERE paid_until <= ? AND state IN ('active', 'suspended', 'blocked')"
        return int(self._one(sql, (until,)))

    def in_state(self, state: str, limit: int) -> list[OrderRow]:
        """Orders in a state, soonest end first."""
        sql = f"SELECT {schema.ORDER_COLUMNS} FROM orders WHERE state = ? ORDER BY paid_until, n LIMIT ?"
        return [OrderRow._make(row) for row in self.query(sql, (state, limit))]

    # -- objects in full

    def order(self, order_id: str) -> Order | None:
        """An order as it was last read, or ``None``. ``actions`` holds the refused ones only, unless it was opened."""
        text = self._object("order", order_id)
        return None if text is None else Order.model_validate_json(text)

    def invoice(self, invoice_id: str) -> Invoice | None:
        """An invoice as it was last read, or ``None``. ``lines`` is empty while only the list was read."""
        text = self._object("invoice", invoice_id)
        return None if text is None else Invoice.model_validate_json(text)

    def transfer(self, transfer_id: str) -> Transfer | None:
        """A transfer as it was last read, or ``None``; ``history`` and all ``actions`` once it was opened."""
        text = self._object("transfer", transfer_id)
        return None if text is None else Transfer.model_validate_json(text)

    def _object(self, kind: str, key: str) -> str | None:
        text: str | None = self._one(
            f"SELECT o.json FROM {kind}s AS l JOIN {kind}_objects AS o ON o.n = l.n WHERE l.id = ?", (str(key),)
        )
        return text

    def orders_by_id(self, ids: Iterable[str]) -> dict[str, Order]:
        """Several orders as they were last read; what is not there is left out."""
        found = ((key, self.order(key)) for key in ids)
        return {key: order for key, order in found if order is not None}

    def invoices_by_id(self, ids: Iterable[str]) -> dict[str, Invoice]:
        """Several invoices as they were last read; what is not there is left out."""
        found = ((key, self.invoice(key)) for key in ids)
        return {key: invoice for key, invoice in found if invoice is not None}

    # -- search and changes

    def search(self, text: str, limit: int = 50, kinds: Collection[str] | None = None) -> list[SearchHit]:
        """Orders, invoices and transfers that hold every word of ``text``; three letters or more are found anywhere.

        Shorter words are looked for at the beginning of names and numbers, and as whole ids.
        """
        conditions = search_conditions(text, kinds)
        if conditions is None:
            return []
        hits: list[SearchHit] = []
        for sql, parameters in conditions:
            for row in self.query(sql, (*parameters, limit)):
                hit = SearchHit._make(row)
                if hit not in hits:
                    hits.append(hit)
            if len(hits) >= limit:
                break
        return hits[:limit]

    def changes_since_visit(self, limit: int = 200) -> list[ChangeRow]:
        """What happened since the program was last left, newest first."""
        seen = int(self.meta("seen_change") or 0)
        sql = (
            "SELECT number, at, kind, id, what, title, before, after FROM changes WHERE number > ? "
            "ORDER BY number DESC LIMIT ?"
        )
        return [ChangeRow._make(row) for row in self.query(sql, (seen, limit))]

    def reopen(self) -> None:
        """Open the file again: after it was built anew, or made."""
        self._connection.close()
        self._connection = self._open()

    def close(self) -> None:
        """Give the file back."""
        self._connection.close()
