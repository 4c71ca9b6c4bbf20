"""A journal that another thread or process makes while it is being opened is not called foreign or damaged."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from billtui.services.journal import schema


class Interrupted:
    """A connection between whose statements somebody else makes the journal."""

    def __init__(self, path: Path, after: int) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None)
        self._path = path
        self._left = after

    @property
    def in_transaction(self) -> bool:
        return self._connection.in_transaction

    def execute(self, statement: str) -> Any:
        """Run it; after so many statements the other one comes, once."""
        cursor = self._connection.execute(statement)
        rows = cursor.fetchone()
        self._left -= 1
        if self._left == 0:
            schema.open_writer(self._path).close()
        return _Rows(rows)

    def close(self) -> None:
        """Close it."""
        self._connection.close()


class _Rows:
    def __init__(self, row: Any) -> None:
        self._row = row

    def fetchone(self) -> Any:
        """The one row."""
        return self._row


@pytest.mark.parametrize("after", [1, 2, 3, 4, 5])
def test_no_state_between_is_seen(tmp_path: Path, after: int) -> None:
    folder = tmp_path / "state"
    folder.mkdir(mode=0o700)
    path = folder / "journal.db"
    first = sqlite3.connect(path)
    first.execute("PRAGMA journal_mode=WAL")  # the other one has come as far as this
    first.close()
    path.chmod(0o600)
    connection = Interrupted(path, after)
    made = schema._check_version(connection, path)  # type: ignore[arg-type]  # a connection that is interrupted
    assert made in (True, False)
    connection.close()
    schema.open_writer(path).close()
    later = schema.open_reader(path)
    assert later is not None
    later.close()
