"""One transaction: the rows it has read, changed and made, written together when it ends.

A row is read once and then held; changes to its fields are found by comparison when the transaction is flushed, raise
its ``version`` and put one line into the changes feed. Thousands of due events of the clock thus become a few bulk
statements, and no function has to remember to report what it touched.
"""

from __future__ import annotations

import secrets
import sqlite3
import threading
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection

from billtui.domain.policy import Policy
from billtui.sandbox.engine.held_rows import Rows, driver
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

_COUNT_RUNNING = "SELECT count(*) FROM orders WHERE account_id = ? AND kind = ? AND state IN ('active', 'suspended')"


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
