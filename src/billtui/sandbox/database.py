"""The panel's database: one file, one writer at a time, readers on snapshots, durable once committed.

Writers take a lock of this process in the order they came, and then ``BEGIN IMMEDIATE``; every commit is synced to
disk before it returns (WAL, ``synchronous=FULL``). Before either kind of transaction starts, everything that fell due
in the meantime is applied (:mod:`billtui.sandbox.clock`).
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event

from billtui.domain.policy import DEFAULT_POLICY, Policy
from billtui.sandbox import clock, migration
from billtui.sandbox.columns import metadata
from billtui.sandbox.engine.last_use import LastUse
from billtui.sandbox.engine.presence import Presences
from billtui.sandbox.engine.unit import Totals, Tx, last_sequence
from billtui.sandbox.engine.wire import instant_of, instant_or_none, micros
from billtui.sandbox.migration import WrongDatabase
from billtui.sandbox.tables import panel
from billtui.sandbox.vault import Vault

_BUSY_MS = 30_000
_KEEP_CHANGES = 200_000


def real_time() -> int:
    """Real time in microseconds since the epoch."""
    return time.time_ns() // 1_000


class FairLock:
    """A lock that is handed over in the order of asking."""

    def __init__(self) -> None:
        """Free."""
        self._guard = threading.Lock()
        self._queue: deque[threading.Event] = deque()
        self._taken = False

    def __enter__(self) -> None:
        with self._guard:
            if not self._taken:
                self._taken = True
                return
            turn = threading.Event()
            self._queue.append(turn)
        turn.wait()

    def __exit__(self, *_: object) -> None:
        with self._guard:
            if self._queue:
                self._queue.popleft().set()
            else:
                self._taken = False


__all__ = ["Database", "FairLock", "WrongDatabase", "real_time"]


class Database:
    """One panel in one SQLite file; use from any thread."""

    def __init__(
        self, path: Path, *, policy: Policy = DEFAULT_POLICY, clock_source: Callable[[], int] = real_time
    ) -> None:
        """Open ``path``, creating the tables in a new file. Raises :class:`WrongDatabase`.

        ``clock_source`` gives real time in microseconds; tests give their own.
        """
        self.path = path
        self.policy = policy
        self._running: Counter[tuple[int, str]] = Counter()
        self._running_guard = threading.Lock()
        self.real_time = clock_source
        """Real time in microseconds."""
        self._write_lock = FairLock()
        self._totals = Totals()
        self._last_use = LastUse()
        self.presences = Presences(self._real_time_now)
        """Who is on which ticket at this moment (TKT-9)."""
        self._vault = Vault(path)
        self._changed = threading.Condition()
        self._sequence = 0
        self._listeners: list[Callable[[], None]] = []
        self._engine = _engine(path)
        with self._connection(write=True) as conn:
            older = migration.prepare(conn, path)
            if older is not None:
                self._sow_what_is_new(conn, older)
            self._sequence = last_sequence(conn)

    def _real_time_now(self) -> int:
        return self.real_time()

    def _sow_what_is_new(self, conn: Connection, version: int) -> None:
        """What the seed of that older version did not have yet."""
        from billtui.sandbox.seed import catch_up  # the seed is not needed to serve

        tx = self._transaction(conn, writable=True)
        catch_up(tx, version)
        tx.flush()

    @classmethod
    def open(
        cls,
        path: Path,
        *,
        seed: int = 1,
        fleet: int = 40,
        hostile: bool = False,
        tickets: int | None = None,
        policy: Policy = DEFAULT_POLICY,
        clock_source: Callable[[], int] = real_time,
    ) -> Database:
        """The panel in ``path``: a new file is seeded, an existing one continues where it was.

        ``tickets``: how many beside the demo's own; without it as many as a fleet of that size has (50,000 at most).
        """
        database = cls(path, policy=policy, clock_source=clock_source)
        with database._connection(write=False) as conn:
            empty = not conn.exec_driver_sql("SELECT panel_id FROM panel").scalar()
        if empty:
            database.reset(seed=seed, fleet=fleet, hostile=hostile, tickets=tickets)
        return database

    def close(self) -> None:
        """Close every connection. The file is complete at any moment anyway, but for when sessions were last used."""
        if self._last_use.pending:
            with self._write_lock, self._connection(write=True) as conn:
                self._last_use.write(conn)
        self._engine.dispose()

    def raw_connection(self) -> sqlite3.Connection:
        """A connection of its own to the file, outside of every rule: for tools that look at, or break, a panel."""
        return sqlite3.connect(self.path, isolation_level=None)

    # --- transactions

    @contextmanager
    def _connection(self, *, write: bool) -> Iterator[Connection]:
        with self._engine.connect().execution_options(billtui_write=write) as conn, conn.begin():
            yield conn

    @contextmanager
    def write(self) -> Iterator[Tx]:
        """A write transaction: committed, on disk, when the block ends; undone when it raises."""
        with self._write_lock:
            self._apply_due()
            with self._connection(write=True) as conn:
                tx = self._transaction(conn, writable=True)
                yield tx
                tx.flush()
                self._last_use.write(conn)
                sequence = last_sequence(conn)
            self._announce(sequence)

    @contextmanager
    def read(self) -> Iterator[Tx]:
        """A snapshot: what was committed when the block began, whatever is written meanwhile."""
        while True:
            with self._connection(write=False) as conn:
                tx = self._transaction(conn, writable=False)
                due = clock.next_due(conn)
                if due is None or due > tx.at:
                    yield tx
                    return
            with self._write_lock:
                self._apply_due()

    def _transaction(self, conn: Connection, *, writable: bool) -> Tx:
        real = self.real_time()
        return Tx(
            conn,
            clock.now(conn, real),
            self.policy,
            real=real,
            writable=writable,
            totals=self._totals,
            last_use=self._last_use,
            presences=self.presences,
            vault=self._vault,
        )

    def _apply_due(self) -> None:
        """Apply what fell due, in a transaction of its own. The write lock is held."""
        with self._connection(write=False) as conn:
            due = clock.next_due(conn)
            if due is None or due > clock.now(conn, self.real_time()):
                return
        with self._connection(write=True) as conn:
            tx = self._transaction(conn, writable=True)
            clock.tick(tx)
            tx.flush()
            clock.keep_floor(conn, tx.at)
            _forget_old_changes(conn)
            sequence = last_sequence(conn)
        self._announce(sequence)

    # --- writes at work

    @contextmanager
    def at_work(self, account_id: int, key: str) -> Iterator[None]:
        """While the block runs, the write with this idempotency key counts as running."""
        with self._running_guard:
            self._running[account_id, key] += 1
        try:
            yield
        finally:
            with self._running_guard:
                self._running[account_id, key] -= 1
                if not self._running[account_id, key]:
                    del self._running[account_id, key]

    def is_running(self, account_id: int, key: str) -> bool:
        """Whether a write with this idempotency key is waiting for its turn or at work at this moment."""
        with self._running_guard:
            return (account_id, key) in self._running

    # --- what changed

    @property
    def sequence(self) -> int:
        """The number of the last change that was committed."""
        return self._sequence

    def on_commit(self, listener: Callable[[], None]) -> None:
        """Call ``listener`` after each committed transaction that changed something, in the writer's thread."""
        self._listeners.append(listener)

    def wait_for_change(self, sequence: int, timeout: float) -> bool:
        """Wait until something after ``sequence`` is committed, at most ``timeout`` seconds; whether it was."""
        with self._changed:
            return self._changed.wait_for(lambda: self._sequence != sequence, timeout)

    def _announce(self, sequence: int) -> None:
        with self._changed:
            if sequence == self._sequence:
                return
            self._sequence = sequence
            self._changed.notify_all()
        for listener in list(self._listeners):
            listener()

    # --- clock

    def now(self) -> datetime:
        """The panel's present instant."""
        with self._connection(write=False) as conn:
            return instant_of(clock.now(conn, self.real_time()))

    def next_due(self) -> datetime | None:
        """When the clock will have something to do next."""
        with self._connection(write=False) as conn:
            return instant_or_none(clock.next_due(conn))

    def advance(self, seconds: float) -> datetime:
        """Let ``seconds`` pass; everything that falls due in them happens, in its order. Raises ``InvalidInput``."""
        return self._move(lambda now: now + round(seconds * 1_000_000))

    def set_clock(self, to: datetime) -> datetime:
        """Move the panel's time to ``to``. Raises ``InvalidInput`` for an earlier instant: it never goes back."""
        return self._move(lambda now: micros(to))

    def _move(self, target: Callable[[int], int]) -> datetime:
        with self._write_lock:
            with self._connection(write=True) as conn:
                real = self.real_time()
                moved = clock.move(conn, real, target(clock.now(conn, real)))
            self._apply_due()
        return instant_of(moved)

    # --- seed

    def reset(
        self,
        *,
        seed: int | None = None,
        fleet: int | None = None,
        hostile: bool | None = None,
        tickets: int | None = None,
    ) -> None:
        """Throw everything away and sow the seed again; arguments left out stay as they were."""
        from billtui.sandbox.seed import sow  # the seed is not needed to serve

        with self._write_lock:
            with self._connection(write=True) as conn:
                before = conn.execute(panel.select()).mappings().one()
                chosen = (
                    int(before["seed"]) if seed is None else seed,
                    int(before["fleet"]) if fleet is None else fleet,
                    bool(before["hostile"]) if hostile is None else hostile,
                    before["tickets"] if tickets is None else tickets,
                )
                conn.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
                for table in reversed(metadata.sorted_tables):
                    if table is not panel:
                        conn.execute(table.delete())
                sow(
                    conn,
                    self.real_time(),
                    seed=chosen[0],
                    fleet=chosen[1],
                    hostile=chosen[2],
                    tickets=chosen[3],
                    policy=self.policy,
                    vault=self._vault,
                )
                # The sequence rises too: whoever waits wakes up, and no count of before is taken for one of now.
                conn.exec_driver_sql("INSERT INTO changes (kind, change) VALUES ('panel', 'changed')")
                sequence = last_sequence(conn)
            self._totals.clear()
            self.presences.clear()
            self._announce(sequence)

    def seed_accounts(self) -> list[dict[str, Any]]:
        """Who can sign in: login, password, account id, role, e-mail, and ``totp_secret`` where one is set.

        A password that somebody chose since is known to nobody here, and left out.
        """
        from billtui.sandbox.engine.passwords import NOBODY
        from billtui.sandbox.seed.people import DEMO_PASSWORD

        with self._connection(write=False) as conn:
            found = conn.exec_driver_sql(
                "SELECT login, id, role, email, totp_secret, password_changed_at FROM accounts WHERE password <> ?"
                " ORDER BY id",
                (NOBODY,),
            ).all()
        people: list[dict[str, Any]] = []
        for login, account_id, role, email, secret, changed in found:
            person = {"login": login, "account_id": str(account_id), "role": role, "email": email}
            if changed is None:
                person["password"] = DEMO_PASSWORD
            if secret:
                person["totp_secret"] = secret
            people.append(person)
        return people


def _engine(path: Path) -> Engine:
    engine = create_engine(
        f"sqlite:///{path}",
        connect_args={"check_same_thread": False, "timeout": _BUSY_MS / 1000},
        pool_size=8,
        max_overflow=56,
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # transactions begin where we say, not where the driver guesses
        for statement in (
            "PRAGMA journal_mode = WAL",
            "PRAGMA synchronous = FULL",
            "PRAGMA foreign_keys = ON",
            f"PRAGMA busy_timeout = {_BUSY_MS}",
            "PRAGMA cache_size = -32000",
            "PRAGMA temp_store = MEMORY",
            "PRAGMA secure_delete = ON",  # TKT-4: wiped is not left in a page; not every SQLite does so by itself
        ):
            connection.execute(statement)

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        write = connection.get_execution_options().get("billtui_write", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")

    return engine


def _forget_old_changes(conn: Connection) -> None:
    """Keep the newest changes only; whoever is further behind reloads everything (410)."""
    keep_from = last_sequence(conn) - _KEEP_CHANGES
    if keep_from <= 0:
        return
    conn.exec_driver_sql("DELETE FROM changes WHERE seq <= ?", (keep_from,))
    conn.exec_driver_sql("UPDATE panel SET history_from = max(history_from, ?)", (keep_from,))
