"""Long texts in the person's own editor: $VISUAL, else $EDITOR, never through a shell.

The file lies in a private directory of its own (0700, file 0600), which is deleted afterwards with every backup that an
editor leaves. The caller gives the terminal away first (Textual: ``with app.suspend()``).
"""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

MAX_BYTES = 1024 * 1024
_FALLBACKS = ("sensible-editor", "nano", "vim", "vi")


class EditorError(Exception):
    """The text could not be edited; the message says why, the text at hand is unchanged."""


class NoEditor(EditorError):
    """There is no editor to start, or $VISUAL/$EDITOR is not a usable command."""


class EditorFailed(EditorError):
    """The editor ended with an error (``:cq`` in vim): taken as "never mind"."""


class EditedTextUnusable(EditorError):
    """What the editor left is missing, too large or not UTF-8."""


def editor_command(environment: Mapping[str, str] | None = None) -> list[str]:
    """Program and arguments of the editor. Raises NoEditor."""
    environment = os.environ if environment is None else environment
    for name in ("VISUAL", "EDITOR"):
        if value := environment.get(name, "").strip():
            try:
                argv = shlex.split(value)
            except ValueError:
                raise NoEditor(f"${name} is not a usable command line: its quotes do not match.") from None
            if not argv or shutil.which(argv[0], path=environment.get("PATH")) is None:
                raise NoEditor(f"${name} names a program that is not there: {value[:80]!r}.")
            return argv
    for name in _FALLBACKS:
        if found := shutil.which(name, path=environment.get("PATH")):
            return [found]
    raise NoEditor("There is no editor. Set EDITOR, for example: export EDITOR=nano")


def edit_text(text: str, directory: Path, *, argv: Sequence[str] | None = None, suffix: str = ".txt") -> str:
    """Let the person edit ``text`` and return what it became. Blocks until the editor ends.

    ``directory`` is a private directory of the program. Raises EditorError; OSError when the disk is full.
    """
    command = list(argv) if argv is not None else editor_command()
    work = Path(tempfile.mkdtemp(prefix="edit-", dir=directory))
    try:
        path = work / f"text{suffix}"
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
            file.write(text)
        _run([*command, str(path)])
        return _read_back(path, text)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _run(command: list[str]) -> None:
    with contextlib.ExitStack() as stack:
        terminal: int | None = None
        with contextlib.suppress(OSError):  # no terminal of our own: the editor gets what we have
            terminal = os.open("/dev/tty", os.O_RDWR | os.O_CLOEXEC)
            stack.callback(os.close, terminal)
        try:
            code = subprocess.run(command, stdin=terminal, stdout=terminal, stderr=terminal, check=False).returncode
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else "not a usable command"
            raise NoEditor(f"The editor {Path(command[0]).name} cannot be started: {reason}.") from None
    if code != 0:
        raise EditorFailed(f"The editor ended with exit code {code}; the text is as it was.")


def _read_back(path: Path, before: str) -> str:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise EditedTextUnusable(f"The edited file cannot be read: {error.strerror}; the text is as it was.") from None
    with os.fdopen(descriptor, "rb") as file:
        content = file.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise EditedTextUnusable("The edited text is larger than 1 MiB; the text is as it was.")
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        raise EditedTextUnusable("The edited text is not UTF-8; the text is as it was.") from None
    added_newline = text.endswith("\n") and not before.endswith("\n")  # editors end the last line by themselves
    return text.removesuffix("\n") if added_newline else text
