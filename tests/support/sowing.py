"""A panel whose time stands still is sown to the same rows again and again: they are worked out once, then copied."""

from __future__ import annotations

import contextlib
import secrets
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from billtui.sandbox.database import Database


def sown_again(database: Database, file: Path) -> Callable[[], None]:
    """What brings a freshly sown ``database`` back to what it holds now, as ``Database.reset`` would at this instant.

    ``file`` keeps the rows meanwhile. The epoch of the cursors is another one, and the sequence of changes rises.
    """
    from billtui.sandbox.columns import metadata

    with contextlib.closing(sqlite3.connect(file)) as kept, contextlib.closing(database.raw_connection()) as now:
        now.backup(kept)
    tables = [table.name for table in metadata.sorted_tables if table.name != "changes"]

    def sow() -> None:
        with contextlib.closing(database.raw_connection()) as raw:
            raw.execute("ATTACH ? AS sown", (str(file),))
            raw.execute("BEGIN IMMEDIATE")
            raw.execute("DELETE FROM changes")
            for table in tables:
                raw.execute(f"DELETE FROM {table}")
                raw.execute(f"INSERT INTO {table} SELECT * FROM sown.{table}")
            raw.execute("UPDATE panel SET epoch = ?", (secrets.token_hex(4),))
            raw.execute("INSERT INTO changes (kind, change) VALUES ('panel', 'changed')")
            raw.execute("COMMIT")
        database.presences.clear()
        with database.write():
            pass  # at its end whoever waits for a change is told

    return sow
