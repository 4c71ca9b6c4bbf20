"""Long texts for a command: from standard input, from a file, or written in the person's own editor."""

from __future__ import annotations

import sys
from pathlib import Path

from billtui.cli.exits import Exit
from billtui.cli.problems import CliError
from billtui.cli.secrets import can_ask, ctrl_c_interrupts
from billtui.config.paths import ensure_private_dir, typed_path
from billtui.terminal.editor import EditorError, edit_text

MAX_CHARACTERS = 1_000_000
"""Longest message (TKT-6)."""
STANDARD_INPUT = "-"


def read_text(name: str) -> str:
    """The text of a file, or of standard input for ``-``. Raises CliError."""
    if name == STANDARD_INPUT:
        if sys.stdin is None or sys.stdin.isatty():
            raise CliError("usage", "Nothing is piped into standard input.", hint="Name a file, or leave - away.")
        text = sys.stdin.read(MAX_CHARACTERS + 1)
    else:
        path: Path = typed_path(name)
        try:
            with path.open(encoding="utf-8-sig", errors="replace") as file:
                text = file.read(MAX_CHARACTERS + 1)
        except FileNotFoundError:
            raise CliError("not-found", f"There is no file {path}.", Exit.NOT_FOUND) from None
        except OSError as error:
            raise CliError("file", f"{path} cannot be read: {error.strerror}.") from None
    if len(text) > MAX_CHARACTERS:
        words = f"The text has more than {MAX_CHARACTERS:,} characters: attach the log as a file."
        raise CliError("body-too-long", words, rule="TKT-6")
    return text.rstrip("\n")


def given_text(name: str | None, before: str, directory: Path) -> str:
    """The text of ``name`` as :func:`read_text` has it; without one, ``before`` as the editor leaves it.

    Where there is no terminal to edit on, standard input is read. Raises CliError.
    """
    if name is not None:
        return read_text(name)
    if not can_ask():
        return read_text(STANDARD_INPUT)
    try:
        with ctrl_c_interrupts():
            return edit_text(before, ensure_private_dir(directory))
    except EditorError as error:
        raise CliError("editor", f"{error} Nothing was sent.", hint="Name a file, or - for standard input.") from None
