"""The process guard (RELIABILITY "The process"): lost line, ignored hang-up, TERM, INT, stall; ≤ 2.5 s, no orphan."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import termios
from pathlib import Path

import pytest

from billtui.terminal.guard import RESTORE, restore_terminal
from tests.support.queueing import Stopwatch
from tests.terminal.ptys import Terminal

pytestmark = pytest.mark.pty

PROGRAM = r"""
import sys, time, threading
from pathlib import Path
from billtui.terminal.output_filter import HarmlessApp
from textual.widgets import Label
from billtui.terminal.guard import Guard

manner, note = sys.argv[1], Path(sys.argv[2])

class Small(HarmlessApp):
    def compose(self):
        yield Label("R" + "EADY")

    def on_mount(self):
        if manner == "stuck":
            self.call_after_refresh(self.set_timer, 0.05, lambda: (note.write_text("stuck"), time.sleep(60)))
        if manner == "flood":
            self.set_interval(0.005, self.flood)

    def flood(self):
        if not note.exists():
            note.write_text("flooding")
        self.query_one(Label).update("R" + "EADY" + "x" * 1500 + str(time.monotonic()))
        self.screen.refresh(repaint=True)

    def on_unmount(self):
        note.write_text("polite")

app = Small()
if manner == "thread":  # a thread of somebody that never ends, and is waited for at exit
    threading.Thread(target=time.sleep, args=(60,)).start()

def politely(number):
    if manner == "refuse":
        raise RuntimeError("no")
    if manner == "block":
        time.sleep(60)
    app.call_from_thread(app.exit, return_code=128 + number)

with Guard(politely) as guard:
    app.run()
note.with_suffix(".left").write_text(str(guard.ending and int(guard.ending)))
sys.exit(guard.exit_code(app.return_code or 0))
"""

LIMIT = 2.5


def small(manner: str, tmp_path: Path, *, ignore_hangup: bool = False) -> Terminal:
    terminal = Terminal.python(PROGRAM, manner, str(tmp_path / "note"), ignore_hangup=ignore_hangup)
    terminal.wait_for(b"READY")
    return terminal


def gone(pid: int) -> bool:
    return not Path(f"/proc/{pid}").exists()


def assert_terminal_as_before(terminal: Terminal) -> None:
    assert termios.tcgetattr(terminal.slave) == terminal.attributes
    screen = terminal.screen()
    assert not screen.cursor.hidden
    written = bytes(terminal.output)
    for mode in (b"1049", b"1000", b"1003", b"1006", b"2004", b"1004"):
        assert written.rfind(b"\x1b[?" + mode + b"l") > written.rfind(b"\x1b[?" + mode + b"h"), mode


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_ends_the_program_politely(number: signal.Signals, tmp_path: Path) -> None:
    with small("well", tmp_path) as terminal:
        os.kill(terminal.pid, number)
        code, seconds = terminal.wait_end(LIMIT)
        assert code == 128 + number
        assert seconds < LIMIT
        assert (tmp_path / "note").read_text() == "polite"
        assert (tmp_path / "note.left").read_text() == str(int(number))
        assert_terminal_as_before(terminal)


@pytest.mark.parametrize("ignore", [False, True], ids=["hang-up", "ignored hang-up"])
@pytest.mark.parametrize("manner", ["well", "stuck", "thread"])
def test_a_lost_line_leaves_no_orphan(manner: str, ignore: bool, tmp_path: Path) -> None:
    with small(manner, tmp_path, ignore_hangup=ignore) as terminal:
        if manner == "stuck":
            terminal.wait_for((tmp_path / "note").exists)
        os.close(terminal.master)
        code, seconds = terminal.wait_end(LIMIT, reading=False)
        assert code == 128 + signal.SIGHUP
        assert seconds < LIMIT
        assert gone(terminal.pid)


@pytest.mark.parametrize("manner", ["stuck", "refuse", "block"])
def test_what_does_not_end_by_itself_is_ended_and_the_terminal_restored(manner: str, tmp_path: Path) -> None:
    with small(manner, tmp_path) as terminal:
        if manner == "stuck":
            terminal.wait_for((tmp_path / "note").exists)
        os.kill(terminal.pid, signal.SIGTERM)
        code, seconds = terminal.wait_end(LIMIT)
        assert code == 128 + signal.SIGTERM
        assert seconds < LIMIT and seconds + terminal.queued > 1.2
        assert RESTORE in terminal.output
        assert_terminal_as_before(terminal)


@pytest.mark.parametrize("end", ["TERM", "hang-up"])
def test_a_stalled_terminal_does_not_keep_the_program(end: str, tmp_path: Path) -> None:
    with small("flood", tmp_path) as terminal:
        terminal.wait_for((tmp_path / "note").exists)
        before = -1
        while (now := bytes_written(terminal.pid)) != before:  # nobody reads: the line is full before long
            before = now
            select_for(0.3)
        if end == "TERM":
            os.kill(terminal.pid, signal.SIGTERM)
        else:
            os.close(terminal.master)
        code, seconds = terminal.wait_end(LIMIT, reading=False)
        assert code == 128 + (signal.SIGTERM if end == "TERM" else signal.SIGHUP)
        assert seconds < LIMIT
        if end == "TERM":
            assert termios.tcgetattr(terminal.slave) == terminal.attributes
            terminal.wait_for(RESTORE[-20:])


def bytes_written(pid: int) -> int:
    """Bytes that the process has written, wherever to."""
    fields = dict(line.split(": ") for line in Path(f"/proc/{pid}/io").read_text().splitlines())
    return int(fields["wchar"])


def select_for(seconds: float) -> None:
    import select

    select.select([], [], [], seconds)


def test_a_normal_end_puts_every_handler_back(tmp_path: Path) -> None:
    code = (
        "import signal, threading\nfrom billtui.terminal.guard import SIGNALS, Guard\n"
        "before = [signal.getsignal(number) for number in SIGNALS]\n"
        "for _ in range(50):\n"
        "    with Guard(lambda number: None) as guard: assert signal.getsignal(15) not in before\n"
        "assert [signal.getsignal(number) for number in SIGNALS] == before\n"
        "assert signal.set_wakeup_fd(-1) == -1 and threading.active_count() == 1 and guard.exit_code(7) == 7\n"
        "import os; assert len(os.listdir('/proc/self/fd')) < 8\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, stdin=subprocess.DEVNULL, timeout=20)


def test_without_a_terminal_signals_are_heeded_all_the_same() -> None:
    code = (
        "import time, sys\nfrom billtui.terminal.guard import Guard\n"
        "with Guard(lambda number: None, seconds=0.2):\n    print('up', flush=True); time.sleep(60)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        watch = Stopwatch(process.pid)
        process.terminate()
        while process.poll() is None and not watch.has_run(2):
            select_for(0.01)
        assert process.wait(0) == 143 and not watch.has_run(2)


def test_suspending_and_coming_back_stay_textuals(tmp_path: Path) -> None:
    with small("well", tmp_path) as terminal:
        os.kill(terminal.pid, signal.SIGTSTP)
        terminal.wait_for(b"\x1b[?1049l")
        terminal.wait_for(lambda: Path(f"/proc/{terminal.pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "T")
        assert termios.tcgetattr(terminal.slave) == terminal.attributes
        terminal.output.clear()
        os.kill(terminal.pid, signal.SIGCONT)
        terminal.wait_for(b"\x1b[?1049h")
        os.kill(terminal.pid, signal.SIGTERM)
        assert terminal.wait_end(LIMIT)[0] == 143
        assert_terminal_as_before(terminal)


def test_restoring_a_terminal_that_is_gone_is_quiet() -> None:
    import pty

    master, slave = pty.openpty()
    attributes = termios.tcgetattr(slave)
    os.close(master)
    restore_terminal(slave, attributes)
    os.close(slave)
    restore_terminal(slave, attributes)
    restore_terminal(None, None)
