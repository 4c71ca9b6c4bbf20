"""The store's file, open for reading alone; what every part of the reader stands on."""

from __future__ import annotations

import contextlib
import gc
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from operator import is_not
from pathlib import Path
from typing import Any, Final, TypeVar

from billtui.services.store import schema
from billtui.services.store.column_forms import Block, rows_of
from billtui.services.store.columns import RowsInColumns

R = TypeVar("R")
T = TypeVar("T")
_SQL_VARIABLES: Final = 500


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


class HeldRows:
    """The rows of one list as they were read last: whoever keeps showing it has only those blocks read that changed."""

    __slots__ = ("__weakref__", "blocks", "reader", "rows", "shared")

    def __init__(self) -> None:
        """None yet."""
        self.reader: object = None
        self.blocks: dict[int, tuple[int, Any]] = {}
        """By number: in which generation it was written, and its rows in the form in which the list is held."""
        self.rows: RowsInColumns[Any] | None = None
        """All rows as they were given last, where they are held as columns."""
        self.shared: dict[object, object] = {}
        """For :func:`~billtui.services.store.column_forms.unpacked`."""


class ReadFile:
    """A store to read from, in the one thread that made it. ``ReadFile(None)`` is an empty one.

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

    def meta(self, key: str) -> Any:
        """A stored single value, or ``None``."""
        return self._one("SELECT value FROM meta WHERE key = ?", (key,))

    def _chunks(self, table: str, kind: type[R], held: HeldRows | None = None) -> list[R]:
        """All rows of a list, made and held one by one."""

        def work(connection: sqlite3.Connection) -> list[R]:
            rows: list[R] = []
            if held is None:
                for crc, blob in connection.execute(f"SELECT crc, rows FROM {table} ORDER BY n"):
                    rows.extend(rows_of(kind, schema.unpack(crc, blob)))
                return rows
            for block in self._blocks(connection, table, held, lambda block: list(rows_of(kind, block))):
                rows.extend(block)
            return rows

        with gc_paused():
            return self._read(work)

    def _columns(self, table: str, kind: type[R], held: HeldRows) -> RowsInColumns[R]:
        """All rows of a list, held as columns; the same object where nothing has changed."""

        def work(connection: sqlite3.Connection) -> RowsInColumns[R]:
            blocks = self._blocks(connection, table, held, lambda block: block)
            rows = held.rows
            if rows is None or len(blocks) != len(rows.blocks) or any(map(is_not, blocks, rows.blocks)):
                rows = held.rows = RowsInColumns(kind, blocks)
            return rows

        return self._read(work)

    @staticmethod
    def _blocks(connection: sqlite3.Connection, table: str, held: HeldRows, form: Callable[[Block], T]) -> list[T]:
        """All blocks of a list; those that have not changed since they were read last are the same objects."""
        known = held.blocks if held.reader is connection else {}
        blocks: dict[int, tuple[int, T]] = {}
        connection.execute("BEGIN")  # numbers and blocks as of one moment
        try:
            for n, stamp in connection.execute(f"SELECT n, stamp FROM {table} ORDER BY n").fetchall():
                block = known.get(n)
                if block is None or block[0] != stamp:
                    crc, blob = connection.execute(f"SELECT crc, rows FROM {table} WHERE n = ?", (n,)).fetchone()
                    block = (stamp, form(schema.unpack(crc, blob, held.shared)))
                blocks[n] = block
        finally:
            connection.execute("COMMIT")
        held.reader, held.blocks = connection, blocks
        return [block for _, block in blocks.values()]

    def _by_id(self, table: str, columns: str, ids: Iterable[str]) -> Iterator[tuple[Any, ...]]:
        wanted = [str(key) for key in ids]
        for start in range(0, len(wanted), _SQL_VARIABLES):
            part = wanted[start : start + _SQL_VARIABLES]
            marks = ",".join("?" * len(part))
            yield from self.query(f"SELECT {columns} FROM {table} WHERE id IN ({marks})", part)

    def _object(self, kind: str, key: str) -> str | None:
        text: str | None = self._one(
            f"SELECT o.json FROM {kind}s AS l JOIN {kind}_objects AS o ON o.n = l.n WHERE l.id = ?", (str(key),)
        )
        return text

    def reopen(self) -> None:
        """Open the file again: after it was built anew, or made."""
        self._connection.close()
        self._connection = self._open()

    def close(self) -> None:
        """Give the file back."""
        self._connection.close()
