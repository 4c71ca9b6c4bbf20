"""The journal's file: where it may lie, its tables, and how a connection is opened.

SQLite in WAL mode with ``synchronous=FULL``: when a commit returns, it survives loss of power. The file is 0600 in a
0700 directory of the user's own; network file systems are refused, because their locks cannot be trusted.
"""

from __future__ import annotations

import os
import shlex
import sqlite3
import stat
import time
from pathlib import Path
from typing import Final

from billtui.config.errors import UnsafePath
from billtui.config.paths import ensure_private_dir
from billtui.services.journal.errors import JournalDamaged, JournalError

APPLICATION_ID: Final = 0x62696C6C  # "bill"
USER_VERSION: Final = 2
"""2: what a panel without idempotency keys looked like before a write, and what comparing with it found."""
BUSY_SECONDS: Final = 10.0
"""How long a writer waits for another process's transaction."""

_UNSAFE_FILE_SYSTEMS: Final = frozenset(
    {"nfs", "nfs4", "cifs", "smb", "smb2", "smb3", "smbfs", "9p", "afs", "ncpfs", "fuse.sshfs", "fuse.rclone", "ceph"}
)

TABLES: Final = """
CREATE TABLE IF NOT EXISTS jobs(
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL, title TEXT NOT NULL,
    panel_id TEXT NOT NULL, panel_name TEXT NOT NULL, account_id TEXT NOT NULL, login TEXT NOT NULL,
    profile TEXT NOT NULL, total TEXT NOT NULL, currency TEXT NOT NULL,
    submitted_at TEXT NOT NULL, paused TEXT, note TEXT,
    plan TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS operations(
    job_id TEXT NOT NULL REFERENCES jobs(id), number INTEGER NOT NULL,
    key TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, title TEXT NOT NULL, targets TEXT NOT NULL, takes_from INTEGER,
    amount TEXT, currency TEXT,
    state TEXT NOT NULL CHECK (state IN
        ('held','prepared','sending','done','refused','not-sent','unknown','needs-you','cancelled')),
    owner TEXT, sends INTEGER NOT NULL DEFAULT 0, first_sent_at TEXT, changed_at TEXT NOT NULL,
    code TEXT, rule TEXT, detail TEXT, request_id TEXT, answer TEXT, picture TEXT, finding TEXT,
    PRIMARY KEY (job_id, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS operations_open ON operations(state)
    WHERE state IN ('held','prepared','sending','unknown','needs-you');
CREATE TABLE IF NOT EXISTS locks(
    panel_id TEXT NOT NULL, account_id TEXT NOT NULL, target TEXT NOT NULL,
    job_id TEXT NOT NULL, number INTEGER NOT NULL, open INTEGER NOT NULL,
    PRIMARY KEY (job_id, number, target)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX IF NOT EXISTS one_open_operation_per_target ON locks(panel_id, account_id, target) WHERE open = 1;
CREATE TABLE IF NOT EXISTS events(
    sequence INTEGER PRIMARY KEY, at TEXT NOT NULL,
    job_id TEXT NOT NULL, number INTEGER NOT NULL, before TEXT, after TEXT NOT NULL,
    detail TEXT NOT NULL, hash TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS events_of_job ON events(job_id, number);
CREATE INDEX IF NOT EXISTS jobs_by_time ON jobs(submitted_at);
"""

_ADDED: Final = ("ALTER TABLE operations ADD COLUMN picture TEXT", "ALTER TABLE operations ADD COLUMN finding TEXT")
"""From format 1 to 2."""


def owners_dir(path: Path) -> Path:
    """Where the lock files of running processes lie, beside the journal at ``path``."""
    return path.parent / f"{path.name}.owners"


def open_writer(path: Path) -> sqlite3.Connection:
    """A writing connection to the journal at ``path``, which is made if it is missing.

    Raises JournalError when directory, file or file system are not fit for money, JournalDamaged for a broken file.
    """
    _check_place(path)
    try:
        connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    except sqlite3.Error as error:
        raise JournalError(f"The journal {path} cannot be opened: {error}. Nothing is sent without it.") from error
    try:
        mode = _switch_to_wal(connection)
        if mode != "wal":
            raise JournalError(f"The journal {path} cannot use write-ahead logging here (got “{mode}”).")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA foreign_keys=ON")
        connection.execute("PRAGMA wal_autocheckpoint=2000")
        _check_version(connection, path)
        connection.execute("BEGIN IMMEDIATE")
        for statement in TABLES.split(";\n"):
            if statement.strip():
                connection.execute(statement)
        if version_of(connection) == 1:
            for statement in _ADDED:
                connection.execute(statement)
        connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version={USER_VERSION}")
        connection.execute("COMMIT")
    except sqlite3.DatabaseError as error:
        connection.close()
        raise explained(error, path) from error
    except JournalError:
        connection.close()
        raise
    return connection


def version_of(connection: sqlite3.Connection) -> int:
    """The format of the file; 0 for an empty one."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _switch_to_wal(connection: sqlite3.Connection) -> str:
    """Turn the write-ahead log on. Two processes that do so at once on a new file make SQLite answer "locked" at once,
    without its busy time-out; then the other one has done it a moment later."""
    until = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            return str(connection.execute("PRAGMA journal_mode=WAL").fetchone()[0])
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > until:
                raise
            time.sleep(0.005)


def open_reader(path: Path) -> sqlite3.Connection | None:
    """A read-only connection to the journal at ``path``, ``None`` if there is none yet. Raises JournalError."""
    if not path.exists():
        return None
    try:
        connection = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=2.0, isolation_level=None, check_same_thread=False
        )
        connection.execute("PRAGMA query_only=ON")
        if not _check_version(connection, path):
            connection.close()  # another process or thread is about to make it
            return None
    except sqlite3.DatabaseError as error:
        raise explained(error, path) from error
    return connection


def explained(error: sqlite3.Error, path: Path) -> JournalError:
    """An SQLite error as a JournalError that says what to do."""
    text = str(error)
    if "disk is full" in text or "disk I/O" in text:
        return JournalError(
            f"The disk with the journal {path} is full or failing ({text}); nothing was sent. Free some space."
        )
    if "readonly" in text or "read-only" in text:
        return JournalError(f"The journal {path} is read-only; nothing was sent. Make its directory writable.")
    if "locked" in text:
        return JournalError(f"Another process keeps the journal {path} locked; nothing was sent. Try again.")
    if "malformed" in text or "not a database" in text or "corrupt" in text:
        return JournalDamaged(
            f"The journal {path} is damaged ({text}); nothing was sent. "
            "Run “billtui journal verify”, then move it away."
        )
    return JournalError(f"The journal {path} failed: {text}. Nothing was sent.")


def _check_version(connection: sqlite3.Connection, path: Path) -> bool:
    """Whether there is a journal in the file already; an empty one is none yet. Raises JournalError, JournalDamaged.

    All is read from one state of the file: another thread or process may be making it at this moment.
    """
    connection.execute("BEGIN")
    try:
        made = connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone() is not None
        version = version_of(connection)
        (application,) = connection.execute("PRAGMA application_id").fetchone()
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
    if version == 0 and application == 0 and not made:
        return False
    if application != APPLICATION_ID:
        raise JournalDamaged(f"{path} is not a journal of billtui.")
    if version not in (1, USER_VERSION):
        raise JournalError(f"The journal {path} was written by another version of billtui (format {version}).")
    return True


def _check_place(path: Path) -> None:
    try:
        ensure_private_dir(path.parent)
        ensure_private_dir(owners_dir(path))
    except UnsafePath as error:
        raise JournalError(f"{error} The journal lies there; nothing is sent without it.") from error
    except OSError as error:
        raise JournalError(f"{path.parent} cannot be used for the journal: {error.strerror}.") from error
    kind = file_system(path.parent)
    if kind in _UNSAFE_FILE_SYSTEMS:
        raise JournalError(
            f"{path.parent} is on a network file system ({kind}), whose locks cannot be trusted with money. "
            "Set BILLTUI_STATE_DIR to a directory on a local disk."
        )
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
    try:
        descriptor = os.open(path, flags, 0o600)
    except OSError as error:
        raise JournalError(
            f"The journal {path} cannot be written: {error.strerror}. Nothing is sent without it."
        ) from error
    try:
        status = os.fstat(descriptor)
    finally:
        os.close(descriptor)
    if not stat.S_ISREG(status.st_mode) or status.st_uid != os.getuid():
        raise JournalError(f"The journal {path} is not a file of your own. Move it elsewhere to begin a new one.")
    if status.st_mode & 0o077:
        raise JournalError(f"The journal {path} is open to others. Run: chmod 600 -- {shlex.quote(str(path))}")


def file_system(directory: Path, mounts: Path = Path("/proc/self/mountinfo")) -> str:
    """The type of the file system that ``directory`` is on, ``""`` where the system does not say."""
    try:
        device = directory.stat().st_dev
        lines = mounts.read_text("utf-8", "replace").splitlines()
    except OSError:
        return ""
    wanted = f"{os.major(device)}:{os.minor(device)}"
    for line in lines:
        left, _, right = line.partition(" - ")
        fields = left.split()
        if len(fields) > 2 and fields[2] == wanted and right:
            return right.split()[0]
    return ""
