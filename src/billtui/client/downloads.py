"""A body streamed to a file: complete under its name, or not there at all."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
from pathlib import Path
from types import TracebackType
from typing import Self

from billtui.client.codec import UnreadableAnswer
from billtui.client.errors import ConfigurationProblem


class Download:
    """Writes beside ``target`` (0600, never through a link) and renames once all of it is on disk."""

    def __init__(self, target: Path, limit: int, *, replaces: bool = True) -> None:
        """``limit`` is the largest size in bytes; ``replaces``: whether a file that is there already gives way."""
        self._replaces = replaces
        self._target = target
        self._partial = target.with_name(f".{target.name[:100]}.{secrets.token_hex(6)}.part")
        self._limit = limit
        self._size = 0
        self._descriptor: int | None = None

    def __enter__(self) -> Self:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            self._descriptor = os.open(self._partial, flags, 0o600)
        except OSError as error:
            raise _cannot_write(self._target, error) from None
        return self

    def write(self, chunk: bytes) -> None:
        """Append a chunk. Raises :class:`UnreadableAnswer` beyond the limit."""
        self._size += len(chunk)
        if self._size > self._limit:
            raise UnreadableAnswer("it is too large")
        view = memoryview(chunk)
        try:
            while view:
                assert self._descriptor is not None
                view = view[os.write(self._descriptor, view) :]
        except OSError as error:
            raise _cannot_write(self._target, error) from None

    def keep(self) -> int:
        """Give the file its name; the size in bytes. An existing file is replaced in one step, or stays as it is."""
        assert self._descriptor is not None
        try:
            os.fsync(self._descriptor)
            os.close(self._descriptor)
            self._descriptor = None
            if self._replaces:
                self._partial.replace(self._target)
            else:
                self._name_anew()
        except OSError as error:
            raise _cannot_write(self._target, error) from None
        return self._size

    def _name_anew(self) -> None:
        """What came to be there while the body was on its way stays. Raises FileExistsError."""
        try:
            os.link(self._partial, self._target)  # never over a file, nor through a link
        except FileExistsError:
            raise
        except OSError:  # no second names on this file system, as on a memory stick
            if os.path.lexists(self._target):
                raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST)) from None
            self._partial.rename(self._target)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
        with contextlib.suppress(OSError):
            self._partial.unlink(missing_ok=True)


def _cannot_write(target: Path, error: OSError) -> ConfigurationProblem:
    why = os.strerror(error.errno) if error.errno else "it failed"
    return ConfigurationProblem(f"Cannot write {target}: {why}. Choose another place.")
