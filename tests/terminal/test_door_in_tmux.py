"""Two billtui side by side in a real tmux, the door of one open and of the other shut: every cell looks the same.

The short form goes through the lists and what opens above them; the long form (``BILLTUI_FAULTS=long``) through every
area, in 16, 256 and 24-bit colours, and with TERM as other terminals have it.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.command_line import ENTRY, PASSWORD
from tests.support.emulator import Emulator, Look
from tests.support.sandbox import SandboxProcess
from tests.terminal.ptys import Terminal

LONG = os.environ.get("BILLTUI_FAULTS") == "long"
TMUX = shutil.which("tmux")
COLUMNS, LINES = 100, 30
PATIENCE = 30.0
_NOT_DRAWN = re.compile(r"\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b\[[>=<][^a-zA-Z]*[a-zA-Z]|\x1b\[[0-9;]*t|\x1b[=>]")
"""What tmux asks and tells its own terminal beside the picture."""
_SEEN_ON_BLANKS = ("underscore", "reverse", "strikethrough", "underscore2", "overline")

Step = tuple[str, str]
"""A key, and words that stand on the screen after it."""
UNCOVERED = "proxy-jp-01"
"""Stands in the list of orders where dialogs would cover it."""
SHORT: tuple[Step, ...] = (
    ("2", "Open invoices"), ("j", "Open invoices"), ("Enter", "Due"), ("Escape", "Open invoices"),
    ("3", "41 orders"), ("NPage", "41 orders"), *[("j", "41 orders")] * 5, ("Home", "41 orders"), ("k", "41 orders"),
    ("?", "Help: what can"), ("Escape", UNCOVERED), ("/", "Words to look for"), ("w", "w"), ("Escape", UNCOVERED),
    ("C-l", "41 orders"), ("9", "ickets"),
)  # fmt: skip
WHOLE: tuple[Step, ...] = (
    *SHORT, ("3", "41 orders"), ("Enter", "Can do"), ("Escape", UNCOVERED), ("space", "1 set aside"),
    ("4", "All jobs"), ("5", "Purse"), ("7", "30 days"), ("0", "Who you are"), ("NPage", "Account"),
    ("8", "ransfers"), ("6", "Confirm"), ("3", "41 orders"), ("End", "41 orders"), ("Home", "41 orders"),
    (":", "Type a part of a name"), ("i", "nvoice"), ("Escape", UNCOVERED), ("q", "Quit billtui?"),
    ("Escape", UNCOVERED), ("b", "No servers yet"), ("Escape", UNCOVERED), ("1", "To pay"),
)  # fmt: skip
RUNS: list[tuple[str, dict[str, str], tuple[Step, ...]]] = [("256", {}, SHORT)]
if LONG:
    RUNS = [
        ("256", {}, WHOLE),
        ("24 bit", {"COLORTERM": "truecolor"}, WHOLE),
        ("16", {"TEXTUAL_COLOR_SYSTEM": "standard"}, WHOLE),
        ("none", {"NO_COLOR": "1"}, WHOLE),
        ("ASCII", {"LANG": "C", "LC_ALL": "C"}, WHOLE),
        ("xterm", {"TERM": "xterm-256color"}, WHOLE),
        ("linux", {"TERM": "linux"}, WHOLE),
        ("putty", {"TERM": "putty-256color"}, WHOLE),
        ("unknown", {"TERM": "something-new"}, WHOLE),
    ]


class Tmux:
    """A tmux server of the test's own with a billtui in each of two sessions, each looked at by a client."""

    def __init__(self, folder: Path, socket: Path, url: str, variables: dict[str, str]) -> None:
        self._socket = socket
        self._url = url
        self._variables = variables
        self._folder = folder
        (folder / "tmux.conf").write_text("set -g status off\nset -g default-terminal tmux-256color\n")

    def call(self, *arguments: str) -> None:
        """A command to the server."""
        subprocess.run(
            [str(TMUX), "-S", str(self._socket), "-f", str(self._folder / "tmux.conf"), *arguments],
            check=True, capture_output=True, timeout=30, env={**os.environ, "TERM": "xterm-256color"},
        )  # fmt: skip

    def start(self, name: str) -> None:
        """A program, its door ``on`` or ``off``."""
        given = {
            **{f"BILLTUI_{kind}_DIR": str(self._folder / name / kind) for kind in ("CONFIG", "STATE", "DATA", "CACHE")},
            "HOME": str(self._folder), "PATH": os.environ["PATH"], "LANG": "C.UTF-8", "TZ": "UTC", "TMUX": "set",
            "TERM": "tmux-256color", "BILLTUI_PASSWORD": PASSWORD, "BILLTUI_DOOR": name,
            "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring", **self._variables,
        }  # fmt: skip
        if self._variables.get("TERM"):
            del given["TMUX"]
        program = [sys.executable, "-c", ENTRY, "--url", self._url, "--login", "olena.marsh"]
        env = ["env", "-i", *(f"{key}={value}" for key, value in given.items())]
        self.call("new-session", "-d", "-s", name, "-x", str(COLUMNS), "-y", str(LINES), "--", *env, *program)

    def press(self, key: str) -> None:
        """The same key to both."""
        for name in ("on", "off"):
            self.call("send-keys", "-t", name, key)

    @contextmanager
    def seen(self, name: str) -> Iterator[Client]:
        """What a terminal shows that is attached to a session."""
        argv = [str(TMUX), "-S", str(self._socket), "attach", "-t", name]
        with Terminal(argv, columns=COLUMNS, rows=LINES) as terminal:
            yield Client(terminal)


class Client:
    """An attached terminal."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal
        self._emulator = Emulator(COLUMNS, LINES, wraps=True)
        self._taken = 0

    def look(self) -> list[list[tuple[object, ...]]]:
        """Every cell, as far as it can be seen."""
        while self._terminal.read(0.02):
            pass
        new = bytes(self._terminal.output[self._taken :])
        cut = new.rfind(b"\x1b")
        if cut > max(0, len(new) - 64) and self._terminal.read(0.1):
            return self.look()  # it may be in the middle of a sequence
        self._taken += len(new)
        self._emulator.feed(_NOT_DRAWN.sub("", new.decode("utf-8", "replace")))
        assert not self._emulator.unknown, self._emulator.unknown
        return [[_visible(self._emulator.cell(x, y)) for x in range(COLUMNS)] for y in range(LINES)]


def _visible(cell: Look) -> tuple[object, ...]:
    lines = tuple(getattr(cell, name) for name in _SEEN_ON_BLANKS)
    if cell.data == " " and not any(lines):
        return (" ", cell.bg)
    return (cell.data, cell.fg, cell.bg, cell.bold, cell.dim, cell.italics, cell.blink, cell.conceal, lines)


def _words(cells: list[list[tuple[object, ...]]]) -> str:
    return "\n".join("".join(str(cell[0]) for cell in row).rstrip() for row in cells)


@pytest.mark.pty
@pytest.mark.skipif(TMUX is None, reason="tmux is not installed")
@pytest.mark.parametrize(("variables", "keys"), [one[1:] for one in RUNS], ids=[one[0] for one in RUNS])
def test_both_look_the_same(
    own_sandbox: Callable[..., SandboxProcess], tmp_path: Path, variables: dict[str, str], keys: tuple[Step, ...]
) -> None:
    with tempfile.TemporaryDirectory(prefix="billtui-tmux-") as short:
        tmux = Tmux(tmp_path, Path(short) / "socket", own_sandbox(fleet=40).url, variables)
        try:
            tmux.start("on")
            tmux.start("off")
            with tmux.seen("on") as opened, tmux.seen("off") as shut:
                _compare(opened, shut, "the start", "live")
                for key, words in keys:
                    tmux.press(key)
                    _compare(opened, shut, key, words, lambda key=key: tmux.press(key))  # type: ignore[misc]  # binds it
        finally:
            tmux.call("kill-server")


def _compare(opened: Client, shut: Client, what: str, words: str, press: Callable[[], None] | None = None) -> None:
    """Wait until both show the same, and these words; ages may change a moment apart.

    A key behind something that opens is dropped where that takes over three seconds, as on a busy machine: then it is
    pressed once more, in both; where one alone dropped it, only the key of an area, which changes nothing in the other.
    """
    end = time.monotonic() + PATIENCE
    while True:
        one, other = opened.look(), shut.look()
        text = _words(one)
        if one == other and words in text:
            return
        again = one == other or what.isdigit()
        if press is not None and again and time.monotonic() > end - PATIENCE / 2:
            press()
            press = None
        if time.monotonic() > end:
            places = [(x, y) for y in range(LINES) for x in range(COLUMNS) if one[y][x] != other[y][x]]
            seen = [(place, one[place[1]][place[0]], other[place[1]][place[0]]) for place in places[:4]]
            raise AssertionError(f"{len(places)} cells differ after {what}: {seen}\n{text}\n---\n{_words(other)}")
