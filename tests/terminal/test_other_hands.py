"""The terminal in other hands and back: the editor, the shell, a window that changes its size, a line that stalls."""

from __future__ import annotations

import os
import signal
import sys
import termios
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from tests.support.sandbox import SandboxProcess
from tests.terminal.whole_program import Operator, as_before, draft_texts, program, wait_until

pytestmark = pytest.mark.pty

LONG = os.environ.get("BILLTUI_FAULTS") == "long"
EDITOR = """
import sys, time, pathlib
path, go_on = pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[1])
print("\\x1b[2J\\x1b[5;5HSCRIBBLED OVER EVERYTHING", flush=True)
while not go_on.exists():
    time.sleep(0.01)  # the editor of this test, a process of its own, waits for its person
path.write_text(path.read_text() + " and from the editor")
"""
SIZES = ((0, 0), (1, 1), (200, 60), (40, 12), (3, 2), (80, 24), (39, 11), (132, 50))


@pytest.mark.parametrize("door", [True, False] if LONG else [True], ids=["door", "no door"][: 1 + LONG])
def test_the_picture_and_the_keys_come_back(
    door: bool, own_sandbox: Callable[..., SandboxProcess], tmp_path: Path
) -> None:
    script, go_on = tmp_path / "editor.py", tmp_path / "go-on"
    script.write_text(EDITOR)
    with program(own_sandbox(fleet=5), door=door, EDITOR=f"{sys.executable} {script} {go_on}") as operator:
        terminal = operator.terminal
        operator.write_letter()
        operator.press("typed here", "typed here")

        terminal.send(b"\x07")
        operator.sees("SCRIBBLED OVER EVERYTHING")
        as_before(terminal)
        operator.is_drawn_whole_by(go_on.touch, "New ticket", "typed here and from the editor")
        assert "SCRIBBLED" not in operator.text()
        types_on(operator, " one")

        for _ in range(6):
            for columns, rows in SIZES:
                terminal.resize(columns, rows)
        operator.is_drawn_whole_by(lambda: terminal.resize(100, 30), "Subject", "from the editor one", "^o Send")
        types_on(operator, " two")
        operator.is_drawn_whole_by(partial(there_and_back, operator), "Subject", "^o Send")

        operator.stop(signal.SIGSTOP)
        termios.tcsetattr(terminal.slave, termios.TCSANOW, terminal.attributes)  # as a shell does
        operator.is_drawn_whole_by(lambda: os.kill(terminal.pid, signal.SIGCONT), "Subject", "one two", "^o Send")
        wait_until(lambda: not termios.tcgetattr(terminal.slave)[3] & termios.ECHO, "keys come one by one again")
        types_on(operator, " three")

        operator.is_drawn_whole_by(lambda: terminal.send(b"\x0c"), "Subject", "two three", "^o Send")

        operator.stall()
        operator.stop(signal.SIGTSTP, 2.5)
        while terminal.read(0.2):
            pass
        as_before(terminal)
        operator.is_drawn_whole_by(lambda: os.kill(terminal.pid, signal.SIGCONT), "Subject", "three", "^o Send")
        types_on(operator, " four")

        os.kill(terminal.pid, signal.SIGTERM)
        assert terminal.wait_end(5)[0] == 128 + signal.SIGTERM
        as_before(terminal)
    assert draft_texts() == ["typed here and from the editor one two three four"]


def there_and_back(operator: Operator) -> None:
    """A size and the old one again, at once: what stands on the terminal is anybody's guess all the same."""
    for columns in (99, 100):
        operator.terminal.resize(columns, 30)


def types_on(operator: Operator, words: str) -> None:
    """Keys are heard, one by one, and what they change is drawn.

    Keys that waited for too long on a stuck line are dropped, and that is said: then they are typed again.
    """
    operator.terminal.send(words.encode())
    operator.terminal.wait_for(lambda: words.strip() in operator.text() or "not used" in operator.text(), 30)
    if words.strip() not in operator.text():
        operator.press(words, words.strip())
