"""Server access for a command: typed unseen, or from a file; never an argument (TKT-4)."""

from __future__ import annotations

import argparse
import os
import select
import stat
import sys

from pydantic import SecretStr

from billtui.cli.exits import Exit
from billtui.cli.problems import CliError
from billtui.cli.secrets import ask_secret, can_ask
from billtui.config.paths import typed_path
from billtui.terminal.harmless import many_lines

MAX_CHARACTERS = 10_000
"""Longest access that is read."""
SHOWN_SECONDS = 60
"""So long access that was read stays on the terminal (TKT-4)."""


def typed_access(options: argparse.Namespace) -> SecretStr:
    """The access: from the file of ``--access-file`` (``-`` is standard input), else asked for unseen. CliError."""
    if options.access_file:
        return SecretStr(_read(options.access_file))
    if not can_ask():
        raise CliError(
            "no-access",
            "Server access is typed on a terminal, and there is none; nothing was sent.",
            rule="TKT-4",
            hint="Add --access-file FILE (mode 0600), or --access-file - for standard input.",
        )
    typed = ask_secret("Server access, such as root and its password; not shown: ")
    if typed is None:
        raise CliError("no-access", "Nothing was typed; nothing was sent.", rule="TKT-4")
    return typed


def _read(name: str) -> str:
    if name == "-":
        text = sys.stdin.read(MAX_CHARACTERS + 1) if sys.stdin is not None and not sys.stdin.isatty() else ""
    else:
        path = typed_path(name)
        try:
            with path.open(encoding="utf-8-sig") as file:
                if os.fstat(file.fileno()).st_mode & (stat.S_IRWXG | stat.S_IRWXO):
                    words = f"{path} can be read by others: chmod 600 it first. Nothing was sent."
                    raise CliError("unsafe-file", words, rule="TKT-4")
                text = file.read(MAX_CHARACTERS + 1)
        except FileNotFoundError:
            raise CliError("not-found", f"There is no file {path}.", Exit.NOT_FOUND) from None
        except UnicodeDecodeError:
            raise CliError("no-access", f"{path} is no text; nothing was sent.", rule="TKT-4") from None
        except OSError as error:
            raise CliError("file", f"{path} cannot be read: {error.strerror}.") from None
    text = text.strip("\r\n")
    if not text or len(text) > MAX_CHARACTERS:
        raise CliError("no-access", f"Server access has 1 to {MAX_CHARACTERS:,} characters; nothing was sent.",
                       rule="TKT-4")  # fmt: skip
    return text


def show_briefly(access: SecretStr, seconds: float = SHOWN_SECONDS) -> None:
    """Show it on the terminal's second page, which no scrollback keeps, until enter or ``seconds`` are over (TKT-4)."""
    text = many_lines(access.get_secret_value())
    sys.stderr.write(f"\x1b[?1049h\x1b[2J\x1b[H{text}\n\nenter closes it; it goes by itself after {seconds:.0f} s\n")
    sys.stderr.flush()
    try:
        if select.select([sys.stdin], [], [], seconds)[0]:
            sys.stdin.readline()
    finally:
        sys.stderr.write("\x1b[2J\x1b[H\x1b[?1049l")
        sys.stderr.flush()
