"""ctrl+z in the whole program: the shell gets its terminal back as it was, and ``fg`` brings the screen."""

from __future__ import annotations

import os
import signal
import sys
import termios
from pathlib import Path

from tests.terminal.ptys import Terminal


def test_ctrl_z_suspends_and_fg_brings_the_screen_back() -> None:
    command = [sys.executable, "-m", "billtui", "--demo", "--fleet", "5"]
    with Terminal(command, columns=100, rows=30) as terminal:
        terminal.wait_for(b"Runs out in", 60)
        os.write(terminal.master, b"\x1a")
        terminal.wait_for(lambda: stopped(terminal))
        while terminal.read(0.2):
            pass
        assert termios.tcgetattr(terminal.slave) == terminal.attributes
        assert terminal.output.rfind(b"\x1b[?1049l") > terminal.output.rfind(b"\x1b[?1049h")
        terminal.output.clear()
        os.kill(terminal.pid, signal.SIGCONT)
        terminal.wait_for(b"Runs out in", 20)
        terminal.send(b"\x1a")
        terminal.wait_for(lambda: stopped(terminal))
        terminal.output.clear()
        os.kill(terminal.pid, signal.SIGCONT)
        terminal.send(b"2")  # at once: nothing of what is typed from then on may get lost on the way back
        terminal.wait_for(lambda: any("Open invoices" in line for line in terminal.screen().display), 20)
        os.kill(terminal.pid, signal.SIGTERM)
        assert terminal.wait_end(10)[0] == 128 + signal.SIGTERM


def stopped(terminal: Terminal) -> bool:
    """Whether its process stands still."""
    return Path(f"/proc/{terminal.pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "T"


def test_after_the_program_has_ended_it_is_stopped_and_goes_on_as_any_other() -> None:
    """While the shell waits for its last words: there is no loop any more that could be told."""
    code = """
import os, signal
from billtui.terminal.gated_app import GatedApp
class Short(GatedApp):
    def on_mount(self):
        self.exit()
Short().run()
print("over", flush=True)
os.kill(os.getpid(), signal.SIGCONT)
print("went on", flush=True)
"""
    with Terminal.python(code) as terminal:
        assert terminal.wait_end(10)[0] == 0, bytes(terminal.output)
        assert b"went on" in terminal.output
