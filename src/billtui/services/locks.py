"""The lock that says a process is alive: a file of its own, held with flock for the process's whole life.

Every open operation in the journal names its owner. Whoever can obtain an owner's lock knows that it is gone, whatever
its process id or age; the kernel drops the lock with the process, also on kill -9 and loss of power.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import secrets
import time
from pathlib import Path
from typing import Final

OWNER_DIGITS: Final = 24
_TRIES: Final = 5
_PAUSE: Final = 0.002
"""Whoever only looks whether a lock is held holds it for a moment itself: that is waited for, so many times."""
_NOTE_BYTES: Final = 1000


class LockTrouble(OSError):
    """The lock file cannot be made or held; the message says why."""


class OwnerLock:
    """This process's (more exactly: this executor's) own lock file; hold it before any operation names the owner."""

    def __init__(self, directory: Path, note: str = "") -> None:
        """Make and lock a new file in ``directory``; ``note`` says in it, for a person, who holds it.

        Raises LockTrouble.
        """
        self.owner: Final = secrets.token_hex(OWNER_DIGITS // 2)
        """The name that operations carry."""
        self.path: Final = directory / f"{self.owner}.owner"
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            self._descriptor = os.open(self.path, flags, 0o600)
        except OSError as error:
            raise LockTrouble(f"{self.path} cannot be made: {error.strerror}.") from error
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._descriptor)
            self.path.unlink(missing_ok=True)
            raise LockTrouble(f"{directory} is on a file system without locks: {error.strerror}.") from error
        with contextlib.suppress(OSError):  # the note is for people only; the lock is what counts
            os.write(self._descriptor, note.encode("utf-8", "replace")[:_NOTE_BYTES])

    def release(self) -> None:
        """Remove the file, then let go; only after no open operation names this owner any more."""
        if self._descriptor >= 0:
            self.path.unlink(missing_ok=True)
            os.close(self._descriptor)
            self._descriptor = -1


class DeadOwner:
    """The lock of an owner that is gone, held while its operations are taken over."""

    def __init__(self, path: Path, descriptor: int | None) -> None:
        """Made by :func:`obtain`."""
        self._path = path
        self._descriptor = descriptor

    def let_go(self, *, remove: bool) -> None:
        """Release it; ``remove`` the file when nothing names that owner any more."""
        if remove:
            self._path.unlink(missing_ok=True)
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def obtain(directory: Path, owner: str) -> DeadOwner | None:
    """The lock of ``owner`` if it is gone, ``None`` while it lives. Call inside the journal's write transaction.

    A file that is missing belongs to an owner that ended: files are made and locked before an operation names them,
    and removed only by whoever holds them.
    """
    path = directory / f"{owner}.owner"
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as error:
        if error.errno == errno.ENOENT:
            return DeadOwner(path, None)
        return None
    for tries_left in reversed(range(_TRIES)):
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            if tries_left and not _is_exclusive(descriptor):
                time.sleep(_PAUSE)
                continue
            os.close(descriptor)
            return None
        break
    return DeadOwner(path, descriptor)


def _is_exclusive(descriptor: int) -> bool:
    """Whether somebody holds the lock for itself alone; those who only look share it."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    return False


def is_held(directory: Path, owner: str) -> bool:
    """Whether ``owner`` lives, without taking anything over: for lists. Where it cannot be told, it lives."""
    try:
        descriptor = os.open(directory / f"{owner}.owner", os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    try:
        return _is_exclusive(descriptor)
    finally:
        os.close(descriptor)


def note_of(directory: Path, owner: str) -> str:
    """What ``owner`` wrote about itself. Raises OSError, UnicodeDecodeError."""
    descriptor = os.open(directory / f"{owner}.owner", os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        return os.read(descriptor, _NOTE_BYTES).decode("utf-8")
    finally:
        os.close(descriptor)
