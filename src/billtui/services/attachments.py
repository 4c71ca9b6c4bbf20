"""Files that go with a message: looked at, copied beside the draft, and read again when they are sent (TKT-6)."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO, Final

from billtui.config.paths import typed_path
from billtui.domain.policy import DEFAULT_POLICY, Policy
from billtui.domain.refusal import Refusal
from billtui.domain.rules.tickets import attachments_refusal
from billtui.domain.safetext import SafeText
from billtui.services.ticket_params import AttachedFile

_PIECE: Final = 256 * 1024
LONGEST_NAME: Final = 200
"""Characters of a file's name that are told to the panel."""


class AttachmentRefused(Exception):
    """A file that cannot go along; ``refusal`` says why, with its code and rule, and what to do."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.reason)
        self.refusal = refusal


def attached(path: Path | str, policy: Policy = DEFAULT_POLICY) -> AttachedFile:
    """The file at ``path`` as it is now (``~`` is the home), read whole; nothing is copied. For one-off messages.

    Raises AttachmentRefused: ``attachment-too-large``, ``file-unreadable``.
    """
    place = typed_path(str(path)).absolute()
    with _opened(place, policy) as file:
        size, digest = _drain(file, place, None, policy)
    return AttachedFile(str(place), name_of(place), size, digest)


def copied(path: Path | str, to: Path, policy: Policy = DEFAULT_POLICY) -> AttachedFile:
    """Copy the file at ``path`` to the new private file ``to``, on disk when this returns; the copy's own facts.

    Raises AttachmentRefused, OSError where it cannot be written.
    """
    place = typed_path(str(path)).absolute()
    with _opened(place, policy) as file:
        descriptor = os.open(to, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as copy:
                size, digest = _drain(file, place, copy, policy)
                copy.flush()
                os.fsync(descriptor)
        except BaseException:
            to.unlink(missing_ok=True)
            raise
    return AttachedFile(str(to), name_of(place), size, digest)


def changed_since(file: AttachedFile, policy: Policy = DEFAULT_POLICY) -> str | None:
    """Why the file is not any more what was chosen, in a sentence; ``None`` where it is."""
    try:
        _read_same(file, policy)
    except AttachmentRefused as error:
        return str(error)
    return None


def content_of(file: AttachedFile, policy: Policy = DEFAULT_POLICY) -> bytes:
    """Its bytes, which are those that were chosen. Raises AttachmentRefused where the file has changed or is gone."""
    return _read_same(file, policy)


def count_refusal(sizes: Iterable[int], policy: Policy = DEFAULT_POLICY) -> Refusal | None:
    """Why so many files, or so large ones, cannot go with one message (TKT-6)."""
    return attachments_refusal(sizes, policy)


def name_of(path: Path) -> str:
    """What the file is called on the panel: its own name, as text that can be sent."""
    return path.name.encode("utf-8", "replace").decode("utf-8")[-LONGEST_NAME:]


def _read_same(file: AttachedFile, policy: Policy) -> bytes:
    shown = SafeText(file.name)
    try:
        with _opened(Path(file.path), policy) as opened:
            content = opened.read(policy.attachment_bytes + 1)
    except AttachmentRefused as error:
        raise AttachmentRefused(
            Refusal("attachment-changed", "TKT-6", f"The file “{shown}” cannot be sent any more: {error}")
        ) from None
    if len(content) != file.size or hashlib.sha256(content).hexdigest() != file.sha256:
        words = f"The file “{shown}” has changed since it was attached: attach it again."
        raise AttachmentRefused(Refusal("attachment-changed", "TKT-6", words))
    return content


def _opened(path: Path, policy: Policy) -> BinaryIO:
    """The regular file at ``path``; a pipe or a device would never end."""
    shown = SafeText(path.name or str(path))
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        why = "there is no such file" if error.errno == errno.ENOENT else (error.strerror or "it cannot be opened")
        raise AttachmentRefused(_unreadable(f"“{shown}” cannot be attached: {why}.")) from None
    except ValueError:
        raise AttachmentRefused(_unreadable(f"“{shown}” cannot be attached: that is no name of a file.")) from None
    status = os.fstat(descriptor)
    refusal = None
    if not stat.S_ISREG(status.st_mode):
        refusal = _unreadable(f"“{shown}” cannot be attached: it is not a file.")
    else:
        refusal = attachments_refusal([status.st_size], policy)
    if refusal is not None:
        os.close(descriptor)
        raise AttachmentRefused(refusal)
    return os.fdopen(descriptor, "rb")


def _drain(file: BinaryIO, place: Path, copy: BinaryIO | None, policy: Policy) -> tuple[int, str]:
    """Size and digest of what is read, which is at most what a message takes, also of a file that grows meanwhile."""
    digest, size = hashlib.sha256(), 0
    try:
        while piece := file.read(_PIECE):
            size += len(piece)
            refusal = attachments_refusal([size], policy)
            if refusal is not None:
                raise AttachmentRefused(refusal)
            digest.update(piece)
            if copy is not None:
                copy.write(piece)
    except OSError as error:
        if copy is not None and error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise
        words = f"“{SafeText(place.name)}” cannot be read: {error.strerror}."
        raise AttachmentRefused(_unreadable(words)) from None
    return size, digest.hexdigest()


def _unreadable(words: str) -> Refusal:
    return Refusal("file-unreadable", "TKT-6", words)
