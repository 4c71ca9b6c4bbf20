"""The whole program on a terminal of a test: what its person does by keys, and lines that stall or are slow."""

from __future__ import annotations

import contextlib
import json
import os
import select
import shutil
import sys
import termios
from collections.abc import Callable, Iterator
from pathlib import Path

from billtui.screens.modals.dialog import TOO_EARLY
from billtui.services.journal import JournalReader
from tests.support.command_line import ENTRY, PASSWORD
from tests.support.driving import Panel, money_of
from tests.support.queueing import Stopwatch
from tests.support.sandbox import SandboxProcess
from tests.terminal.ptys import Terminal

LOGIN = "olena.marsh"
MODES = (b"1049", b"1000", b"1003", b"1006", b"2004", b"1004")
"""What a full-screen program switches on: alternate screen, mouse, bracketed paste, reports of the focus."""
SUBJECT = "One letter of many lives"
NO_KEYRING = "keyring.backends.null.Keyring"


class Operator:
    """A person before billtui, by keys. All lives share the directories of the test."""

    def __init__(self, terminal: Terminal) -> None:
        self.terminal = terminal

    def text(self) -> str:
        """What stands on the screen, as one line without frames."""
        lines = [line.strip(" │┃▌▐█▊▎┊╎╭╮╰╯─") for line in self.terminal.screen().display]
        return " ".join(" ".join(lines).split())

    def sees(self, *words: str, seconds: float = 30) -> None:
        """Wait until all ``words`` stand on the screen."""
        self.terminal.wait_for(lambda: all(word in self.text() for word in words), seconds)

    def press(self, keys: str, *seen: str) -> None:
        """Press keys in one go, then wait for words."""
        self.terminal.send(keys.encode())
        self.sees(*seen)

    def pay_first_invoice(self) -> None:
        """Pay the invoice under the cursor from the internal balance, up to the confirmation."""
        self.press("2", "Open invoices", "○ unpaid", "p Pay")
        self.press("p", "How?", "Internal balance")
        self.press("\r", "from the internal balance", "To a file")
        self.terminal.send(b"\x1b[C\r")
        self.terminal.wait_for(lambda: "To a file" not in self.text() or TOO_EARLY in self.text(), 30)
        if TOO_EARLY in self.text():  # a test is faster than any eye: it does as it is told there
            while self.terminal.read(0.2):
                pass
            self.terminal.send(b"\x1b[C\r")
            self.terminal.wait_for(lambda: "To a file" not in self.text(), 30)

    def write_letter(self, *, begun: str = "") -> None:
        """Open a new ticket, or the one whose text so far is ``begun``; what is typed goes on with its text."""
        self.press("9", "Current tickets", "enter Open")
        if begun:
            self.press("n", f"Go on: {SUBJECT}")
            self.press("\r", SUBJECT, begun, "New ticket")
        else:
            self.press("n", "New ticket", "Subject")
            self.press(SUBJECT, SUBJECT)
            before = self._row_of(SUBJECT)
            self.terminal.send(b"\t")  # unread it would be dropped where the process is stopped before
            self.terminal.wait_for(lambda: self._row_of(SUBJECT) != before)
        self.terminal.send(b"\x1b[F")

    def _row_of(self, word: str) -> list[object]:
        """The cells of the line with ``word``: a field's cursor is one of another colour."""
        screen = self.terminal.screen()
        row = next((y for y, line in enumerate(screen.display) if word in line), 0)
        return [screen.buffer[row][x] for x in range(screen.columns)]

    def stop(self, number: int, seconds: float = 10) -> None:
        """Stop the process by a signal, and wait until it stands still."""
        os.kill(self.terminal.pid, number)
        stat, watch = Path(f"/proc/{self.terminal.pid}/stat"), Stopwatch(self.terminal.pid)
        while stat.read_text().rsplit(")", 1)[1].split()[0] != "T":
            assert not watch.has_run(seconds), f"it does not stop within {seconds} s"
            select.select([], [], [], 0.02)

    def is_drawn_whole_by(self, what: Callable[[], object], *words: str) -> None:
        """From an empty screen on, ``what`` brings everything back: nothing is taken to stand there already."""
        while self.terminal.read(0.2):
            pass
        self.terminal.output.clear()
        what()
        self.sees(*words)

    def stall(self) -> None:
        """Read nothing more, and have the program draw until its line takes nothing at all."""
        columns = self.terminal.columns
        for turn in range(300):
            self.terminal.resize(columns + 1 - turn % 2, self.terminal.rows)
            select.select([], [], [], 0.1)  # so long it draws, or finds that it cannot
            if not select.select([], [self.terminal.slave], [], 0)[1]:
                self.terminal.resize(columns, self.terminal.rows)
                return
        raise AssertionError("it takes more than any line does, or draws nothing")


@contextlib.contextmanager
def program(
    panel: SandboxProcess,
    *,
    door: bool,
    columns: int = 100,
    rows: int = 30,
    ignore_hangup: bool = False,
    terminal: type[Terminal] = Terminal,
    **variables: str,
) -> Iterator[Operator]:
    """billtui on ``panel``, signed in, its overview up to date."""
    argv = [sys.executable, "-c", ENTRY, "--url", panel.url, "--login", LOGIN]
    given = {
        "BILLTUI_PASSWORD": PASSWORD,
        "BILLTUI_DOOR": "on" if door else "off",
        "PYTHON_KEYRING_BACKEND": NO_KEYRING,
        "HOME": os.environ["BILLTUI_STATE_DIR"],
        **variables,
    }
    with terminal(argv, columns=columns, rows=rows, variables=given, ignore_hangup=ignore_hangup) as made:
        operator = Operator(made)
        operator.sees("live", LOGIN)
        yield operator


def as_before(terminal: Terminal) -> None:
    """The shell has its terminal as it was."""
    assert termios.tcgetattr(terminal.slave) == terminal.attributes
    written = bytes(terminal.output)
    for mode in MODES:
        assert written.rfind(b"\x1b[?" + mode + b"l") > written.rfind(b"\x1b[?" + mode + b"h"), mode
    assert written.rfind(b"\x1b[?25h") > written.rfind(b"\x1b[?25l")


def issue_invoices(panel: SandboxProcess, count: int) -> list[str]:
    """So many small invoices, one for each of the cheapest orders that nothing blocks; their ids, the oldest first."""
    account = Panel(panel, panel.sign_in())
    free = [
        one
        for one in account.orders()
        if (one["kind"], one["state"], one["unpaid_invoice_id"], one["transfer_id"]) == ("vds", "active", None, None)
    ]
    cheapest = sorted(free, key=lambda one: money_of(one["monthly_price"]))[:count]
    assert len(cheapest) == count
    return [str(account.renew([str(one["id"])])["id"]) for one in cheapest]


def journal() -> JournalReader:
    """The journal of the test's directories."""
    return JournalReader(Path(os.environ["BILLTUI_STATE_DIR"]) / "journal.db")


def draft_texts() -> list[str]:
    """The letters that are kept on the disk: their own words, without subject."""
    folder = Path(os.environ["BILLTUI_STATE_DIR"]) / "drafts"
    found: list[str] = []
    for path in sorted(folder.rglob("draft.json")):
        with contextlib.suppress(FileNotFoundError):  # replaced at this moment
            found.append(str(json.loads(path.read_text())["body"]))
    return found


def throw_drafts_away() -> None:
    """As if no letter had ever been begun."""
    shutil.rmtree(Path(os.environ["BILLTUI_STATE_DIR"]) / "drafts", ignore_errors=True)


def wait_until(condition: Callable[[], bool], what: str, seconds: float = 30) -> None:
    """Wait for something that shows elsewhere than on the screen; nothing is read from the terminal meanwhile."""
    for _ in range(int(seconds / 0.02)):
        if condition():
            return
        select.select([], [], [], 0.02)
    raise AssertionError(f"{what} did not happen within {seconds} s")
