"""The whole program on a panel whose every text attacks, on a terminal that answers every question.

All areas, details, dialogs, search, palette and help, with the door and without it: no raw byte of a payload reaches
the terminal, nothing is asked of it but what the program asks, and no answer does anything (RELIABILITY "Terminal").
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from functools import partial
from itertools import cycle
from pathlib import Path

import pytest

from tests.support.sandbox import SandboxProcess
from tests.terminal.answering import OWN, AnsweringTerminal
from tests.terminal.test_hostile_output import ALONE, DIRECTION, MARK, SEQUENCES
from tests.terminal.test_hostile_tickets import MARKUP, harmless, quiet
from tests.terminal.whole_program import Operator, journal, program

ASKING = [
    f"\x05{MARK}", f"\x1b[21t{MARK}", f"\x1b]0;y\r:quit\r{MARK}\x07\x1b[21t", f"\x1bP$qm{MARK}\x1b\\", f"\x1b[6n{MARK}",
]  # fmt: skip
TEXTS = [
    *(f"{one}{DIRECTION[n % len(DIRECTION)]}{MARKUP}" for n, one in enumerate([*ASKING, *SEQUENCES])),
    *(f"{one}\n{MARKUP}" for one in ALONE),
]
COLUMNS = (
    ("orders", "name"), ("plans", "name"), ("locations", "name"), ("addons", "name"), ("invoices", "title"),
    ("invoice_lines", "title"), ("ledger", "note"), ("panel", "name"), ("mails", "subject"), ("mails", "body"),
    ("api_keys", "label"), ("sessions", "client"), ("sessions", "address"), ("transfers", "order_name"),
    ("tickets", "subject"), ("canned_replies", "title"),
)  # fmt: skip
ESC = "\x1b"
WAYS = (
    "2", "\r", "e", ESC, ESC, "p", ESC, "v", ESC,
    "3", " ", "j", " ", "R", ESC, "E", ESC, "t", ESC, "x", ESC, "a", ESC, "\r", ESC,
    "/", "Zq7", "\r", ESC, "5", "6", "7", "a", ESC, "8", "\r", ESC, "9", "\r", ESC, "0",
    "\x06", "Zq", ESC, ":", "pay", ESC, "?", ESC, "b", ESC, "1",
)  # fmt: skip
"""Keys, each in its turn: each changes the screen."""
PLACES = (
    "Why invoice", "Pay invoice", "Power: 2 orders", "filter: zq7", "Running transfers", "Current tickets",
    "Who you are", "Commands", "can be pressed here", "Everything", "Appearance",
)  # fmt: skip
"""Words of everything that was opened."""
LONG = os.environ.get("BILLTUI_FAULTS") == "long"


def spoil(file: Path) -> None:
    """Write hostile texts behind the panel's back, into everything that has words."""
    texts = cycle(TEXTS)
    with sqlite3.connect(file) as panel:
        for table, column in COLUMNS:
            for (row,) in panel.execute(f"SELECT rowid FROM {table}").fetchall():
                panel.execute(f"UPDATE {table} SET {column} = ? WHERE rowid = ?", (next(texts), row))
    panel.close()


def changed(operator: Operator, before: str) -> bool:
    return operator.text() != before


ROUNDS = ((True, (80, 24)), (True, (100, 30)), (False, (140, 40))) if LONG else ((True, (100, 30)),)


@pytest.mark.pty
@pytest.mark.faults
@pytest.mark.parametrize(("door", "size"), ROUNDS)
def test_no_text_of_a_panel_reaches_the_terminal_raw(
    door: bool, size: tuple[int, int], tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    panel = SandboxProcess(tmp_path / "panel.db").start()
    try:
        panel.stop()
        spoil(tmp_path / "panel.db")
        panel.start()
        with program(panel, door=door, columns=size[0], rows=size[1], terminal=AnsweringTerminal) as operator:
            terminal = operator.terminal
            assert isinstance(terminal, AnsweringTerminal)
            operator.sees("30 days:", "a month,")
            seen = [operator.text()]
            for key in WAYS:
                terminal.send(key.encode())
                terminal.wait_for(partial(changed, operator, seen[-1]))
                quiet(terminal)
                seen.append(operator.text())
            operator.sees("Overview", "live")
            assert not (missing := [words for words in PLACES if not any(words in one for one in seen)]), missing
            assert terminal.foreign == []
            assert set(terminal.asked) <= OWN
            harmless(bytes(terminal.output))
            assert b"[red]" in terminal.output, "markup is text"
            assert journal().jobs(10) == []
    finally:
        panel.kill()
    record_property("hostile texts on every screen", len(TEXTS))
