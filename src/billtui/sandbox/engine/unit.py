"""One transaction: the rows it has read, changed and made, written together when it ends.

A row is read once and then held; changes to its fields are found by comparison when the transaction is flushed, raise
its ``version`` and put one line into the changes feed. Thousands of due events of the clock thus become a few bulk
statements, and no function has to remember to report what it touched.
"""

from __future__ import annotations

import secrets
import sqlite3
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import fields
from datetime import datetime
from operator import attrgetter
from typing import Any, ClassVar, Generic, NamedTuple, Protocol, TypeVar

from sqlalchemy import Connection

from billtui.domain.policy import Policy
from billtui.sandbox.engine.last_use import LastUse
from billtui.sandbox.engine.presence import Presences
from billtui.sandbox.engine.rows import (
    AccountRow,
    InvoiceRow,
    LedgerRow,
    LineRow,
    MailRow,
    OrderRow,
    PaymentRow,
    RenewalRow,
    TransferRow,
)
from billtui.sandbox.engine.rows_tickets import MessageRow, TicketRow
from billtui.sandbox.engine.wire import instant_of
from billtui.sandbox.vault import Vault


class _Record(Protocol):
    id: int
    TABLE: ClassVar[str]


R = TypeVar("R", bound=_Record)
_CHUNK = 5_000
STAFF_FEED = -1
"""Stands in the changes feed for everybody of the staff; no account has this id."""
_COUNT_RUNNING = "SELECT count(*) FROM orders WHERE account_id = ? AND kind = ? AND state IN ('active', 'suspended')"


class _Shape:
    """Statements and column order of one kind of row, made once."""

    _made: ClassVar[dict[type, _Shape]] = {}

    def __init__(self, kind: type[Any]) -> None:
        self.columns = tuple(item.name for item in fields(kind))
        self.table: str = kind.TABLE
        self.values = attrgetter(*self.columns)
        names = ", ".join(self.columns)
        marks = ", ".join("?" * len(self.columns))
        others = self.columns[1:]
        self.select = f"SELECT {names} FROM {self.table}"
        self.insert = f"INSERT INTO {self.table} ({names}) VALUES ({marks})"
        self.update = f"UPDATE {self.table} SET {', '.join(f'{name} = ?' for name in others)} WHERE id = ?"
        quiet: frozenset[str] = getattr(kind, "QUIET", frozenset())
        self.loud = tuple(index for index, name in enumerate(self.columns) if name not in quiet and name != "version")
        hidden: frozenset[str] | None = getattr(kind, "HIDDEN", None)
        self.for_staff = hidden is not None
        self.open = tuple(index for index in self.loud if self.columns[index] not in (hidden or ()))
        self.seen_by = tuple(self.columns.index(name) for name in getattr(kind, "SEEN_BY", ()))

    @classmethod
    def of(cls, kind: type[Any]) -> _Shape:
        shape = cls._made.get(kind)
        if shape is None:
            shape = cls._made[kind] = cls(kind)
        return shape


class Rows(Generic[R]):
    """The rows of one table that a transaction holds, by id."""

    def __init__(self, conn: Connection, kind: type[R]) -> None:
        """Nothing is read until it is asked for."""
        self._conn = driver(conn)
        self._kind = kind
        self._shape = _Shape.of(kind)
        self._held: dict[int, R] = {}
        self._as_read: dict[int, tuple[Any, ...]] = {}
        self._new: list[R] = []
        self._next_id: int | None = None
        self._touched: set[int] = set()

    def touch(self, row: R) -> None:
        """What is shown of the row has changed although none of its fields did: tell so, under a new version."""
        self._touched.add(row.id)

    def get(self, row_id: int) -> R | None:
        """The row with that id, or ``None``."""
        row = self._held.get(row_id)
        if row is None:
            found = self._conn.execute(f"{self._shape.select} WHERE id = ?", (row_id,)).fetchone()
            if found is not None:
                row = self._hold(found)
        return row

    def need(self, row_id: int) -> R:
        """The row with that id, which must exist (a foreign key says so)."""
        row = self.get(row_id)
        if row is None:
            raise LookupError(f"{self._shape.table} {row_id}")
        return row

    def many(self, row_ids: Iterable[int]) -> list[R]:
        """The rows with those ids that exist, in the order asked for."""
        wanted = list(row_ids)
        missing = [row_id for row_id in dict.fromkeys(wanted) if row_id not in self._held]
        for start in range(0, len(missing), _CHUNK):
            part = missing[start : start + _CHUNK]
            self.where(f"id IN ({', '.join('?' * len(part))})", tuple(part))
        return [self._held[row_id] for row_id in wanted if row_id in self._held]

    def where(self, condition: str, parameters: Sequence[Any] = ()) -> list[R]:
        """Rows that a condition finds **in the database**; flush first if this transaction has changed such rows."""
        found = self._conn.execute(f"{self._shape.select} WHERE {condition}", tuple(parameters)).fetchall()
        return [self._held.get(item[0]) or self._hold(item) for item in found]

    def _hold(self, values: tuple[Any, ...]) -> R:
        row = self._kind(*values)
        self._held[values[0]] = row
        self._as_read[values[0]] = values
        return row

    def new_id(self) -> int:
        """The next free id: rising, never reused, as rows are never removed."""
        if self._next_id is None:
            (last,) = self._conn.execute(f"SELECT max(id) FROM {self._shape.table}").fetchone()
            self._next_id = int(last or 0)
        self._next_id += 1
        return self._next_id

    def add(self, row: R) -> R:
        """Take up a new row; it is written with the next flush."""
        self._held[row.id] = row
        self._new.append(row)
        return row

    def held(self) -> Iterable[R]:
        """Every row this transaction holds."""
        return self._held.values()

    def flush(self, told: list[tuple[int, str, str, int, str]]) -> None:
        """Write what is new and what changed; ``told`` gets the lines for the changes feed."""
        shape = self._shape
        values = shape.values
        feed: str | None = getattr(self._kind, "KIND", None)
        inserts: list[tuple[Any, ...]] = []
        for row in self._new:
            current = values(row)
            inserts.append(current)
            self._as_read[row.id] = current
            if feed is not None:
                self._tell(told, feed, row, None, current, shown=True)
        self._new = []
        updates: list[tuple[Any, ...]] = []
        for row_id, before in self._as_read.items():
            row = self._held[row_id]
            current = values(row)
            touched = row_id in self._touched
            if current == before and not touched:
                continue
            if feed is not None and (touched or any(current[index] != before[index] for index in shape.loud)):
                row.version += 1  # type: ignore[attr-defined]  # rows with a KIND have a version
                shown = touched or any(current[index] != before[index] for index in shape.open)
                if shown and shape.for_staff:
                    row.public_version += 1  # type: ignore[attr-defined]  # rows with HIDDEN columns have it
                current = values(row)
                self._tell(told, feed, row, before, current, shown=shown)
            updates.append((*current[1:], row_id))
            self._as_read[row_id] = current
        self._touched.clear()
        if inserts:
            self._conn.executemany(shape.insert, inserts)
        if updates:
            self._conn.executemany(shape.update, updates)

    def _tell(
        self,
        told: list[tuple[int, str, str, int, str]],
        feed: str,
        row: Any,
        before: tuple[Any, ...] | None,
        current: tuple[Any, ...],
        *,
        shown: bool,
    ) -> None:
        """Who sees the row learns that it changed; who sees it first, that it is there; who no more, that it is gone.

        So an order that changed hands is deleted for the sender and created for the recipient (TRF-5). Where only
        hidden columns changed (not ``shown``), staff alone learns of it.
        """
        object_id, version = str(row.id), row.version
        if self._shape.for_staff:
            told.append((STAFF_FEED, feed, object_id, version, "created" if before is None else "changed"))
            version = row.public_version
        if not shown:
            return
        for place in self._shape.seen_by:
            seen = current[place]
            was = None if before is None else before[place]
            if was is not None and was != seen:
                told.append((was, feed, object_id, version, "deleted"))
            if seen is not None:
                told.append((seen, feed, object_id, version, "changed" if was == seen else "created"))


class Totals:
    """Counts over whole accounts, kept between transactions as long as nothing was written in between."""

    def __init__(self) -> None:
        """Empty."""
        self._lock = threading.Lock()
        self._sequence = -1
        self._known: dict[tuple[Any, ...], int] = {}

    def clear(self) -> None:
        """Forget everything (after a reset)."""
        with self._lock:
            self._known.clear()
            self._sequence = -1

    def get(self, sequence: int, key: tuple[Any, ...]) -> int | None:
        """The count under ``key``, if it was taken at this change sequence."""
        with self._lock:
            return self._known.get(key) if sequence == self._sequence else None

    def put(self, sequence: int, key: tuple[Any, ...], count: int) -> None:
        """Remember a count; older sequences are forgotten."""
        with self._lock:
            if sequence < self._sequence:
                return
            if sequence > self._sequence or len(self._known) > 1_000:
                self._known.clear()
                self._sequence = sequence
            self._known[key] = count


class Due(NamedTuple):
    """Something that time does to a row: at one instant by ``rank``, then by the order's end, then by id (REN-4)."""

    at: int
    rank: int
    end: int
    row_id: int


class Tx:
    """An open transaction: connection, the panel's present instant, policy, and the rows it works on."""

    def __init__(
        self,
        conn: Connection,
        now: int,
        policy: Policy,
        *,
        real: int,
        writable: bool,
        totals: Totals,
        last_use: LastUse | None = None,
        presences: Presences | None = None,
        vault: Vault,
    ) -> None:
        """``now`` (panel time) and ``real`` (real time) in microseconds. Made by ``Database`` only."""
        self.last_use = last_use or LastUse()
        self.presences = presences or Presences(lambda: real)
        self.vault = vault
        self.conn = conn
        self.at = now
        self.real = real
        self.policy = policy
        self.writable = writable
        self.operation: str | None = None
        self.draw: Callable[[int], bytes] = secrets.token_bytes
        """Random bytes for one-time codes; the seed draws its own, so that it is the same each time."""
        self.silent = False
        """Tell nothing in the changes feed (while the seed is sown)."""
        self.accounts: Rows[AccountRow] = Rows(conn, AccountRow)
        self.orders: Rows[OrderRow] = Rows(conn, OrderRow)
        self.invoices: Rows[InvoiceRow] = Rows(conn, InvoiceRow)
        self.payments: Rows[PaymentRow] = Rows(conn, PaymentRow)
        self.lines: Rows[LineRow] = Rows(conn, LineRow)
        self.ledger: Rows[LedgerRow] = Rows(conn, LedgerRow)
        self.renewals: Rows[RenewalRow] = Rows(conn, RenewalRow)
        self.mails: Rows[MailRow] = Rows(conn, MailRow)
        self.transfers: Rows[TransferRow] = Rows(conn, TransferRow)
        self.tickets: Rows[TicketRow] = Rows(conn, TicketRow)
        self.messages: Rows[MessageRow] = Rows(conn, MessageRow)
        self.ticket_states: list[tuple[int, int, str, str, int | None]] = []
        """Changes of tickets' states to be kept: ticket, instant, state before and after, account."""
        self.line_cache: dict[int, list[LineRow]] = {}
        self.agenda: list[Due] | None = None
        """While the clock is at work: what falls due, as a heap; rows that change put their next event on it."""
        self.standing: dict[tuple[str, int], Due | None] = {}
        """While the clock is at work: the one event on the heap that still stands, by (table, row id)."""
        self._totals = totals
        self._sequence: int | None = None
        self._active: dict[tuple[int, str], int] = {}

    def fresh(self) -> Tx:
        """The same transaction with nothing read yet: for work that may be undone to a savepoint."""
        other = Tx(
            self.conn,
            self.at,
            self.policy,
            real=self.real,
            writable=self.writable,
            totals=self._totals,
            last_use=self.last_use,
            presences=self.presences,
            vault=self.vault,
        )
        other.silent = self.silent
        other.draw = self.draw
        return other

    def sql(self, statement: str, parameters: Sequence[Any] = ()) -> sqlite3.Cursor:
        """Run one statement in this transaction, straight through the driver."""
        return driver(self.conn).execute(statement, tuple(parameters))

    @property
    def now(self) -> datetime:
        """The panel's present instant."""
        return instant_of(self.at)

    @property
    def sequence(self) -> int:
        """The change sequence of this snapshot, before this transaction's own changes."""
        if self._sequence is None:
            self._sequence = last_sequence(self.conn)
        return self._sequence

    def active_count(self, account_id: int, kind: str) -> int:
        """How many running orders of a kind an account has: what loyalty by number counts (DSC-2, DSC-5)."""
        key = (account_id, kind)
        count = self._active.get(key)
        if count is None:
            known = None if self.writable else self._totals.get(self.sequence, ("active", *key))
            if known is None:
                if self.writable:
                    self.flush()
                known = int(self.sql(_COUNT_RUNNING, key).fetchone()[0])
                if not self.writable:
                    self._totals.put(self.sequence, ("active", *key), known)
            count = self._active[key] = known
        return count

    def count_moved(self, account_id: int, kind: str, by: int) -> None:
        """Tell that ``by`` more orders of a kind run now."""
        key = (account_id, kind)
        if key in self._active:
            self._active[key] += by

    def count_cached(self, key: tuple[Any, ...], statement: str, parameters: Sequence[Any]) -> int:
        """A count over a list, remembered while nothing is written."""
        known = self.known_total(key)
        if known is None:
            known = int(self.sql(statement, parameters).fetchone()[0])
            self.keep_total(key, known)
        return known

    def known_total(self, key: tuple[Any, ...]) -> int | None:
        """A count or a sum that was taken since the last write; ``None`` where it has to be taken."""
        return None if self.writable else self._totals.get(self.sequence, key)

    def keep_total(self, key: tuple[Any, ...], total: int) -> None:
        """Remember a count or a sum while nothing is written."""
        if not self.writable:
            self._totals.put(self.sequence, key, total)

    def flush(self) -> None:
        """Write everything changed so far into the open transaction."""
        if not self.writable:
            return
        told: list[tuple[int, str, str, int, str]] = []
        # Invoices first: orders, lines and payments point to them (foreign keys are checked at the end all the same).
        for rows in (self.accounts, self.invoices, self.orders, self.transfers, self.lines, self.payments):
            rows.flush(told)
        self.tickets.flush(told)
        for made in (self.renewals, self.ledger, self.mails, self.messages):
            made.flush(told)
        if self.ticket_states:
            driver(self.conn).executemany(
                "INSERT INTO ticket_states (ticket_id, at, was, state, by) VALUES (?, ?, ?, ?, ?)", self.ticket_states
            )
            self.ticket_states = []
        if told and not self.silent:
            driver(self.conn).executemany(
                "INSERT INTO changes (account_id, kind, object_id, version, change) VALUES (?, ?, ?, ?, ?)", told
            )


def last_sequence(conn: Connection) -> int:
    """The number of the last change ever told, also after old ones were cleared away."""
    found = driver(conn).execute("SELECT seq FROM sqlite_sequence WHERE name = 'changes'").fetchone()
    return 0 if found is None else int(found[0])


def driver(conn: Connection) -> sqlite3.Connection:
    """The driver's own connection, in the same transaction: what is done in every request goes straight to it."""
    connection = conn.connection.driver_connection
    if not isinstance(connection, sqlite3.Connection):
        raise TypeError("the sandbox keeps its data in SQLite")
    return connection
