"""The rows of one table that a transaction holds: read once, compared when it is flushed, told in the changes feed."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import fields
from operator import attrgetter
from typing import Any, ClassVar, Generic, Protocol, TypeVar

from sqlalchemy import Connection


class _Record(Protocol):
    id: int
    TABLE: ClassVar[str]


R = TypeVar("R", bound=_Record)
_CHUNK = 5_000
STAFF_FEED = -1
"""Stands in the changes feed for everybody of the staff; no account has this id."""


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


def driver(conn: Connection) -> sqlite3.Connection:
    """The driver's own connection, in the same transaction: what is done in every request goes straight to it."""
    connection = conn.connection.driver_connection
    if not isinstance(connection, sqlite3.Connection):
        raise TypeError("the sandbox keeps its data in SQLite")
    return connection
