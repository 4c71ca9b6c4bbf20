"""Tables of the local store, and how its file is opened, found unusable and set aside.

The store is only a copy of what the panel holds: an unknown schema or a damaged file is moved aside and built anew.
Rows of a list stand twice: in tables (for queries and single rows) and packed in blocks of :data:`CHUNK`, each as its
columns (see :mod:`~billtui.services.store.column_forms`): reading 100,000 of them takes a hundredth of the time. The
``stamp`` of a block is the generation in which it was written.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import sqlite3
import time
import zlib
from collections.abc import Sequence
from pathlib import Path

from billtui.config.paths import ensure_private_dir
from billtui.services.store import column_forms
from billtui.services.store.rows import InvoiceRow, OrderRow, TicketRow, TransferRow

SCHEMA_VERSION = 6
CHUNK_BITS = 9
CHUNK = 1 << CHUNK_BITS
"""Rows in one packed block."""
BUSY_MS = 5_000
"""How long a writer waits for another program that is writing the same store."""
READ_BUSY_MS = 250
APPLICATION_ID = 0x62696C6C


class StoreDamaged(Exception):
    """The store's file is not readable; it is moved aside and built anew from the panel."""


class StoreUnavailable(Exception):
    """The store cannot be written now: the disk is full, or another program holds it."""


ORDER_COLUMNS = ", ".join(OrderRow._fields)
INVOICE_COLUMNS = ", ".join(InvoiceRow._fields)
TRANSFER_COLUMNS = ", ".join(TransferRow._fields)
WHOLE_THREAD = """(h.ended = 1 AND h.regrouped = 0 AND (h.version = t.version OR
    (h.last_id = t.last_message_id AND h.messages = t.message_count)))"""
"""That the thread ``h`` is held as the ticket ``t`` stands: it was read to its end at that version, or fits it.

One that was merged or unmerged since may fit by chance: it is read from its beginning (TKT-8).
"""
TICKET_COLUMNS = ", ".join(TicketRow._fields)
KIND_BITS = 40
"""The text of an object with number n of the k-th kind is the row k << 40 | n of ``words``: each kind is a range."""

_TABLES = f"""
CREATE TABLE meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE account (one INTEGER PRIMARY KEY CHECK (one = 1), json TEXT NOT NULL);
CREATE TABLE orders (n INTEGER PRIMARY KEY, {ORDER_COLUMNS.replace("id,", "id TEXT NOT NULL UNIQUE,", 1)});
CREATE INDEX orders_end ON orders (paid_until, n) WHERE paid_until IS NOT NULL;
CREATE INDEX orders_state ON orders (state, paid_until, price, auto_on, currency, kind);
CREATE INDEX orders_auto ON orders (paid_until) WHERE auto_on = 1;
CREATE INDEX orders_name ON orders (name COLLATE NOCASE);
CREATE TABLE invoices (n INTEGER PRIMARY KEY, {INVOICE_COLUMNS.replace("id,", "id TEXT NOT NULL UNIQUE,", 1)});
CREATE INDEX invoices_issued ON invoices (issued_at, n);
CREATE INDEX invoices_state ON invoices (state, total, currency);
CREATE INDEX invoices_number ON invoices (number COLLATE NOCASE);
CREATE TABLE transfers (n INTEGER PRIMARY KEY, {TRANSFER_COLUMNS.replace("id,", "id TEXT NOT NULL UNIQUE,", 1)});
CREATE INDEX transfers_state ON transfers (state, direction);
CREATE INDEX transfers_order ON transfers (order_id, created_at);
CREATE INDEX transfers_push ON transfers (push_id);
CREATE TABLE tickets (n INTEGER PRIMARY KEY, {TICKET_COLUMNS.replace("id,", "id TEXT NOT NULL UNIQUE,", 1)});
CREATE INDEX tickets_state ON tickets (state, last_author_role, updated_at);
CREATE INDEX tickets_updated ON tickets (updated_at, n);
CREATE INDEX tickets_number ON tickets (number COLLATE NOCASE);
CREATE INDEX tickets_order ON tickets (order_id);
CREATE INDEX tickets_assignee ON tickets (assignee, state, updated_at);
CREATE INDEX tickets_account ON tickets (account_id);
CREATE TABLE threads (ticket_id TEXT PRIMARY KEY, last_id TEXT NOT NULL, messages INTEGER NOT NULL,
    characters INTEGER NOT NULL, ended INTEGER NOT NULL, version INTEGER NOT NULL, opened INTEGER NOT NULL,
    regrouped INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE messages (n INTEGER PRIMARY KEY, id TEXT NOT NULL, ticket_id TEXT NOT NULL, author TEXT NOT NULL,
    role TEXT NOT NULL, at INTEGER NOT NULL, internal INTEGER NOT NULL, attachments TEXT NOT NULL,
    merged_from TEXT NOT NULL, raw_id TEXT, size INTEGER NOT NULL, body TEXT NOT NULL, UNIQUE (ticket_id, id));
CREATE INDEX messages_thread ON messages (ticket_id, n);
CREATE VIRTUAL TABLE message_words USING fts5 (body, content = 'messages', content_rowid = 'n', tokenize = 'trigram');
CREATE TABLE order_objects (n INTEGER PRIMARY KEY, whole INTEGER NOT NULL, json TEXT NOT NULL);
CREATE TABLE invoice_objects (n INTEGER PRIMARY KEY, whole INTEGER NOT NULL, json TEXT NOT NULL);
CREATE TABLE transfer_objects (n INTEGER PRIMARY KEY, whole INTEGER NOT NULL, json TEXT NOT NULL);
CREATE TABLE ticket_objects (n INTEGER PRIMARY KEY, whole INTEGER NOT NULL, json TEXT NOT NULL);
CREATE TABLE order_chunks (n INTEGER PRIMARY KEY, stamp INTEGER NOT NULL, crc INTEGER NOT NULL, rows BLOB NOT NULL);
CREATE TABLE invoice_chunks (n INTEGER PRIMARY KEY, stamp INTEGER NOT NULL, crc INTEGER NOT NULL, rows BLOB NOT NULL);
CREATE TABLE transfer_chunks (n INTEGER PRIMARY KEY, stamp INTEGER NOT NULL, crc INTEGER NOT NULL, rows BLOB NOT NULL);
CREATE TABLE ticket_chunks (n INTEGER PRIMARY KEY, stamp INTEGER NOT NULL, crc INTEGER NOT NULL, rows BLOB NOT NULL);
CREATE TABLE changes (
    number INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, kind, id, what, title, before, after);
CREATE VIRTUAL TABLE words USING fts5 (text, tokenize = 'trigram');
INSERT INTO meta VALUES ('generation', unixepoch () * 1000);
"""


def store_path(directory: Path, panel_id: str, account_id: str) -> Path:
    """Where the copy for one account of one panel is kept: by who they are, never by an address."""
    key = hashlib.sha256(f"{len(panel_id)}:{panel_id}:{account_id}".encode("utf-8", "surrogatepass")).hexdigest()[:32]
    return directory / "stores" / f"{key}-v{SCHEMA_VERSION}.db"


def open_writer(path: Path) -> tuple[sqlite3.Connection, str | None]:
    """The store at ``path`` for writing, made if missing, and why an older file was set aside, if one was.

    Raises UnsafePath and OSError where the directory cannot be used, StoreUnavailable where another program holds the
    file for longer than :data:`BUSY_MS` or the disk is full.
    """
    ensure_private_dir(path.parent)
    reason = None
    for _ in range(2):
        inode = _make_private(path)
        try:
            connection = _prepare(path)
            _forget_older(path)
            return connection, reason
        except StoreDamaged as error:
            reason = str(error)
            set_aside(path, inode)
    raise StoreDamaged(f"{path.name} cannot be built anew")


def _forget_older(path: Path) -> None:
    """The copy of an older version of billtui is of no use any more, and holds what nobody tends."""
    named = re.fullmatch(r"([0-9a-f]{32})-v(\d+)\.db", path.name)
    if named is None:
        return
    for old in path.parent.glob(f"{named[1]}-v*.db*"):
        other = re.match(r"[0-9a-f]{32}-v(\d+)\.db", old.name)
        if other is not None and int(other[1]) < int(named[2]):
            with contextlib.suppress(OSError):
                old.unlink()


def _make_private(path: Path) -> int:
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(path, flags, 0o600)
    try:
        os.fchmod(descriptor, 0o600)
        return os.fstat(descriptor).st_ino
    finally:
        os.close(descriptor)


def _prepare(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=BUSY_MS / 1000, isolation_level=None, check_same_thread=True)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA cache_size = -16000")
        connection.execute("PRAGMA wal_autocheckpoint = 4000")
        connection.execute("BEGIN IMMEDIATE")
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        if version == 0 and not connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            create(connection)
        elif version != SCHEMA_VERSION:
            raise StoreDamaged("it was written by another version of billtui")
        else:
            _look(connection)
        connection.execute("COMMIT")
    except sqlite3.OperationalError as error:
        connection.close()
        if is_damage(error):
            raise StoreDamaged(f"it cannot be read ({error})") from error
        raise StoreUnavailable(str(error)) from error
    except sqlite3.DatabaseError as error:
        connection.close()
        raise StoreDamaged(f"it cannot be read ({error})") from error
    except StoreDamaged:
        connection.close()
        raise
    return connection


def create(connection: sqlite3.Connection) -> None:
    """Make the tables, inside the caller's transaction."""
    for statement in _TABLES.split(";\n"):
        if statement.strip():
            connection.execute(statement)
    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")


def _look(connection: sqlite3.Connection) -> None:
    """A quick look at every table; what lies deeper shows itself when it is read."""
    tables = (
        "meta", "account", "orders", "invoices", "transfers", "tickets", "order_objects", "order_chunks", "threads",
        "messages", "changes", "words", "message_words",
    )  # fmt: skip
    for table in tables:
        connection.execute(f"SELECT * FROM {table} LIMIT 1").fetchone()


def is_busy(error: sqlite3.OperationalError) -> bool:
    """Whether ``error`` only says that another program is writing."""
    code = getattr(error, "sqlite_errorcode", None)
    return code is not None and code & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def is_damage(error: sqlite3.DatabaseError) -> bool:
    """Whether ``error`` says that the file is no store of ours, rather than full disk, a busy file or a mistake."""
    code = (getattr(error, "sqlite_errorcode", 0) or 0) & 0xFF
    text = str(error)
    return (
        code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB) or "no such table" in text or "no such column" in text
    )


def set_aside(path: Path, inode: int) -> None:
    """Move a store and its log out of the way; older ones set aside are removed.

    ``inode`` is the file that was found unusable: one that another program has built anew meanwhile stays.
    """
    if not path.exists() or path.stat().st_ino != inode:
        return
    for old in path.parent.glob(f"{path.name}.damaged-*"):
        old.unlink(missing_ok=True)
    with contextlib.suppress(FileNotFoundError):
        path.rename(path.with_name(f"{path.name}.damaged-{time.time_ns()}"))
    for suffix in ("-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)


def pack(rows: Sequence[tuple[object, ...]]) -> tuple[int, bytes]:
    """Rows, at least one, as one block with its check sum."""
    blob = column_forms.packed(rows)
    return zlib.crc32(blob), blob


def unpack(crc: int, blob: bytes, shared: dict[object, object] | None = None) -> column_forms.Block:
    """The rows of a block, as its columns. Raises StoreDamaged where the check sum does not fit.

    Blocks that are kept together go by the same ``shared``: few different values are held once for all of them.
    """
    if zlib.crc32(blob) != crc:
        raise StoreDamaged("a block of rows is damaged")
    return column_forms.unpacked(blob, shared)
