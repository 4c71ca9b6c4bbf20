"""A panel's file from an earlier version of the program goes on, with everything that is in it.

A demo lives for months beside its journal: an update of the program must neither throw it away nor stop it. What is
new is added empty; what was there is not touched.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, inspect
from sqlalchemy.schema import CreateIndex

from billtui.sandbox.columns import metadata
from billtui.sandbox.tables import SCHEMA_VERSION, panel


class WrongDatabase(Exception):
    """The file is not a panel's database, or was made by a newer version of the program."""


_TO_2 = (
    "ALTER TABLE panel ADD COLUMN next_address INTEGER DEFAULT 0 NOT NULL",
    "ALTER TABLE orders ADD COLUMN addons TEXT DEFAULT '[]' NOT NULL",
    "ALTER TABLE invoice_lines ADD COLUMN addons TEXT DEFAULT '[]' NOT NULL",
    "ALTER TABLE stock ADD COLUMN capacity INTEGER DEFAULT 0 NOT NULL",
    "UPDATE panel SET next_address = (SELECT count(*) FROM orders WHERE address IS NOT NULL)",
)
_TO_3 = (
    "ALTER TABLE mails ADD COLUMN link TEXT",
    "ALTER TABLE accounts ADD COLUMN totp_pending TEXT",
    "ALTER TABLE accounts ADD COLUMN recovery_codes TEXT DEFAULT '{}' NOT NULL",
    "ALTER TABLE accounts ADD COLUMN password_changed_at INTEGER",
    "ALTER TABLE accounts ADD COLUMN api_access INTEGER DEFAULT 1 NOT NULL",
)
_TO_4: tuple[str, ...] = (
    "ALTER TABLE panel ADD COLUMN tickets INTEGER",
    "ALTER TABLE orders ADD COLUMN plan_change_ticket_id INTEGER",
    "ALTER TABLE invoice_lines ADD COLUMN plan_change TEXT DEFAULT '' NOT NULL",
)
_TO_5: tuple[str, ...] = ()
"""New tables alone."""
_STEPS = {2: _TO_2, 3: _TO_3, 4: _TO_4, 5: _TO_5}
"""What makes of a version the one after it, by that one's number."""
COUNT_CAPACITY = (
    "UPDATE stock SET capacity = available + (SELECT count(*) FROM orders WHERE orders.plan = stock.plan"
    " AND orders.location = stock.location AND state NOT IN ('deleted', 'cancelled'))"
)
"""Of what is there: what can still be had, and what is taken."""


def prepare(conn: Connection, path: Path) -> int | None:
    """Make the tables in a new file, or bring those of an older version up to date: then the version that it had.

    Raises :class:`WrongDatabase`.
    """
    if not inspect(conn).has_table("panel"):
        metadata.create_all(conn)
        conn.execute(panel.insert().values(id=1, schema_version=SCHEMA_VERSION))
        return None
    version = conn.exec_driver_sql("SELECT schema_version FROM panel").scalar_one()
    if version == SCHEMA_VERSION:
        return None
    if version is None or version not in range(1, SCHEMA_VERSION):
        raise WrongDatabase(
            f"{path} was made by another version of the program (schema {version}, this one reads {SCHEMA_VERSION})"
        )
    for step in range(version + 1, SCHEMA_VERSION + 1):
        for statement in _STEPS[step]:
            conn.exec_driver_sql(statement)
    metadata.create_all(conn)  # the tables that are new
    _create_new_indexes(conn)
    if version == 1:
        conn.exec_driver_sql(COUNT_CAPACITY)
    conn.exec_driver_sql("UPDATE panel SET schema_version = ?", (SCHEMA_VERSION,))
    return int(version)


def _create_new_indexes(conn: Connection) -> None:
    """Those of tables that there were before, which ``create_all`` leaves as they are."""
    for table in metadata.sorted_tables:
        for index in table.indexes:
            conn.execute(CreateIndex(index, if_not_exists=True))
