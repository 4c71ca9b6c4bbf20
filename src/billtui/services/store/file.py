"""The store's file, open for writing: transactions, single values, and what is told of changes since the last visit."""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from billtui.services.store import schema

if TYPE_CHECKING:
    from billtui.services.store.news import News

_KEPT_CHANGES: Final = 1_000
SQL_VARIABLES: Final = 500
"""Values in one statement."""


class StoreFile:
    """What every part of the writer stands on. Belongs to the thread that opens it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._connection, self.set_aside = schema.open_writer(path)

    def close(self) -> None:
        """Give the file back."""
        self._connection.close()

    def rebuild(self) -> None:
        """Set the file aside and begin an empty one."""
        with contextlib.suppress(sqlite3.Error):
            self._connection.close()
        if self.path.exists():
            schema.set_aside(self.path, self.path.stat().st_ino)
        self._connection, _ = schema.open_writer(self.path)

    @contextlib.contextmanager
    def _write(self) -> Iterator[sqlite3.Connection]:
        """One transaction; other programs that write wait, and readers see all of it or nothing."""
        connection = self._connection
        try:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")
        except sqlite3.DatabaseError as error:
            raise self._reason(error) from error

    @staticmethod
    def _reason(error: sqlite3.DatabaseError) -> Exception:
        if schema.is_damage(error):
            return schema.StoreDamaged(f"it cannot be read ({error})")
        return schema.StoreUnavailable(str(error))

    def _ask(self, sql: str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        try:
            return self._connection.execute(sql, parameters).fetchall()
        except sqlite3.DatabaseError as error:
            raise self._reason(error) from error

    # -- single values

    def meta(self, key: str) -> Any:
        """A stored single value, or ``None``."""
        rows = self._ask("SELECT value FROM meta WHERE key = ?", (key,))
        return rows[0][0] if rows else None

    def set_meta(self, **values: int | str | None) -> None:
        """Keep single values; ``None`` forgets one."""
        with self._write() as connection:
            set_meta(connection, values)


def note(connection: sqlite3.Connection, kind: str, key: str, news: Iterable[News]) -> None:
    """Tell what happened to an object, among the changes since the last visit."""
    for item in news:
        connection.execute(
            "INSERT INTO changes (at, kind, id, what, title, before, after) VALUES (?, ?, ?, ?, ?, ?, ?)",
            (int(time.time()), kind, key, *item),
        )
        connection.execute(
            "DELETE FROM changes WHERE number <= (SELECT max(number) FROM changes) - ?", (_KEPT_CHANGES,)
        )


def get_meta(connection: sqlite3.Connection, key: str) -> Any:
    """A single value, inside a transaction."""
    row = connection.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
    return None if row is None else row[0]


def set_meta(connection: sqlite3.Connection, values: dict[str, int | str | None]) -> None:
    """Keep single values, inside a transaction; ``None`` forgets one."""
    for key, value in values.items():
        if value is None:
            connection.execute("DELETE FROM meta WHERE key = ?", (key,))
        else:
            connection.execute("REPLACE INTO meta VALUES (?, ?)", (key, value))


def raise_generation(connection: sqlite3.Connection) -> None:
    """The copy is another than before."""
    connection.execute("UPDATE meta SET value = value + 1 WHERE key = 'generation'")
