"""Hostile tickets: nothing of subject, text, author, file name or tag reaches the terminal raw, in list and thread."""

from __future__ import annotations

import re
import sqlite3
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.command_line import ENTRY, PASSWORD
from tests.support.sandbox import SandboxProcess
from tests.terminal.ptys import Terminal
from tests.terminal.test_hostile_output import ALONE, DIRECTION, MARK, SEQUENCES

pytestmark = pytest.mark.pty

MARKUP = f"[red]{MARK}[/red][@click=app.quit]{MARK}[/]"
LINE = "".join(SEQUENCES)[:180] + "one line without an end " * 41_000
"""Close to a million characters without a line feed."""
LOG = "\n".join(SEQUENCES * 40)
OWN = re.compile(
    r"\x1b\[[0-9;?<>$]*[A-Za-z]|\x1b\[\?[0-9]+\$p|\r\n|\r|\n|\x08"  # colours, places, erasing, scrolling, modes
    r"|\x1b\]22;[a-z-]+\x07"  # the pointer's shape
    r"|\x1b\](?:0|2);[^\x1b\x07]*(?:\x1b\\|\x07)"  # the window's title
    r"|\x1b[=>78M]"
)


@pytest.fixture(scope="module")
def hostile_tickets(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    """A panel whose tickets attack in every text that somebody else may write."""
    file = tmp_path_factory.mktemp("hostile-tickets") / "panel.db"
    server = SandboxProcess(file).start()
    server.stop()
    spoil(file)
    server.start()
    try:
        yield server
    finally:
        server.kill()


def spoil(file: Path) -> None:
    """Write hostile texts behind the panel's back: one that is broken, or no panel at all, sends what it likes."""
    with sqlite3.connect(file) as panel:
        ids = [row[0] for row in panel.execute("SELECT id FROM tickets ORDER BY id")]
        for at, ticket in enumerate(ids):
            subject = "".join(SEQUENCES[at :: len(ids)]) + DIRECTION[at % len(DIRECTION)] + MARKUP
            panel.execute(
                "UPDATE tickets SET subject = ?, tags = ? WHERE id = ?", (subject, f" {ALONE[at]} {MARKUP} ", ticket)
            )
        texts = [MARKUP + "\n> " + "\n> ".join(SEQUENCES), "    " + "\n    ".join(ALONE), LINE, LOG, "```\n" + LOG]
        told: Counter[int] = Counter()
        for message, thread in panel.execute("SELECT id, thread_id FROM ticket_messages ORDER BY id").fetchall():
            told[thread] += 1
            long = texts[(told[thread] + thread) % len(texts)] if told[thread] <= 2 else ""
            panel.execute("UPDATE ticket_messages SET body = ? WHERE id = ?", (f"{MARKUP}\n{long}", message))
        panel.execute("UPDATE attachments SET name = ?", (SEQUENCES[0] + "../" + DIRECTION[3] + MARKUP + ".txt",))
        panel.execute("UPDATE accounts SET login = ? WHERE login = 'ada.desk'", (SEQUENCES[2] + DIRECTION[3] + MARKUP,))
    panel.close()


def harmless(output: bytes) -> None:
    """Nothing but the program's own sequences; none of a payload's."""
    text = output.decode()
    rest = OWN.sub("", text)
    found = re.search(r"[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]", rest)
    assert found is None, repr(rest[found.start() - 20 : found.start() + 40])
    for payload in SEQUENCES:
        start = next(at for at, character in enumerate(payload) if not character.isprintable())
        assert payload[start:] not in text, repr(payload)
        assert payload[start : payload.index(MARK) + 3] not in text, repr(payload)
    assert "\x1b]52" not in text and "\x1b]8" not in text
    assert text.count(MARK) > 20, "they were drawn"


def shown(terminal: Terminal, words: str) -> bool:
    return any(words in line for line in terminal.screen().display)


def quiet(terminal: Terminal) -> None:
    """Until the program draws nothing more."""
    while terminal.read(0.15):
        pass


@pytest.mark.parametrize("payload", [*SEQUENCES[:6], DIRECTION[3], "\x9b31m"])
def test_one_payload_among_the_programs_own_bytes_is_found(payload: str) -> None:
    """The proof that the test below can fail."""
    own = "\x1b[38;5;16m" + f"{MARK} " * 30
    harmless(own.encode())
    with pytest.raises(AssertionError):
        harmless((own + payload + own).encode())


@pytest.mark.parametrize(
    ("login", "size"), [("olena.marsh", (80, 24)), ("sam.desk", (140, 40))], ids=["client", "staff"]
)
def test_no_ticket_reaches_the_terminal_raw(
    hostile_tickets: SandboxProcess, own_environment: Path, login: str, size: tuple[int, int]
) -> None:
    """RELIABILITY "Text from outside", for everything that tickets hold (TKT-6, TKT-8)."""
    argv = [sys.executable, "-c", ENTRY, "--url", hostile_tickets.url, "--login", login]
    with Terminal(argv, columns=size[0], rows=size[1], BILLTUI_PASSWORD=PASSWORD) as terminal:
        terminal.wait_for(lambda: shown(terminal, "live"), 60)
        terminal.send(b"9")
        terminal.wait_for(lambda: shown(terminal, MARK) and shown(terminal, "Subject"), 60)
        for _ in range(2):
            terminal.send(b"\r")
            terminal.wait_for(lambda: shown(terminal, "message ") and shown(terminal, " of "), 60)
            for key in (b"g", b"z", b"\x1b[6~", b"J", b"z", b"G"):
                terminal.send(key)
                quiet(terminal)
            assert shown(terminal, MARK)
            terminal.send(b"\x1b")
            terminal.wait_for(lambda: shown(terminal, "Subject"), 60)
            terminal.send(b"j")
            quiet(terminal)
        output = bytes(terminal.output)
        terminal.send(b"\x11\r")
    harmless(output)
    assert "[red]" in output.decode(), "markup is text"
