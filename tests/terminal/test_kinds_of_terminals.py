"""Kinds of terminals: how many colours each has, and how the clipboard is reached in a real tmux."""

from __future__ import annotations

import base64
import shutil
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from billtui.terminal.environment import describe, settle
from billtui.terminal.recognition import colourless
from billtui.terminal.terminfo import colours_of
from billtui.terminal.tmux import Ways
from tests.terminal.ptys import Terminal


def entry(colours: int, *, wide: bool = False, names: bytes = b"test|a test\0", numbers: int = 14) -> bytes:
    """A compiled terminfo entry with so many colours, of term(5); ``wide``: with numbers of four bytes."""
    flags = 3
    head = struct.pack("<6h", 0o1036 if wide else 0o432, len(names), flags, numbers, 0, 0)
    body = head + names + bytes(flags)
    body += bytes(len(body) % 2)
    return (
        body
        + b"".join(struct.pack("<i" if wide else "<h", -1) for _ in range(numbers - 1))
        + struct.pack("<i" if wide else "<h", colours)
    )


@pytest.mark.parametrize("wide", [False, True])
@pytest.mark.parametrize("names", [b"test|a test\0", b"test|odd\0"])
@pytest.mark.parametrize(("colours", "found"), [(-1, 0), (8, 8), (256, 256)])
def test_colours_are_read_from_terminfo(tmp_path: Path, colours: int, found: int, wide: bool, names: bytes) -> None:
    (tmp_path / "t").mkdir()
    (tmp_path / "t" / "test").write_bytes(entry(colours, wide=wide, names=names))
    assert colours_of("test", {"TERMINFO": str(tmp_path)}) == found


@pytest.mark.parametrize("content", [b"", b"\x1a\x01", b"plain text, no terminfo", entry(8)[:-4], b"\xff" * 200])
def test_a_spoiled_entry_says_nothing(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "t").mkdir()
    (tmp_path / "t" / "test").write_bytes(content)
    assert colours_of("test", {"TERMINFO": str(tmp_path)}) is None


def test_a_name_is_no_way_to_other_files(tmp_path: Path) -> None:
    (tmp_path / "t").mkdir()
    (tmp_path / "t" / "test").write_bytes(entry(8))
    for name in ("", "../t/test", "t/../test", ".", "/etc/passwd"):
        assert colours_of(name, {"TERMINFO": str(tmp_path / "x")}) is None


@pytest.mark.skipif(not shutil.which("infocmp"), reason="no infocmp here to compare with")
@pytest.mark.parametrize("term", ["linux", "vt100", "vt220", "xterm", "screen", "tmux-256color", "xterm-mono", "dumb"])
def test_as_infocmp_says(term: str) -> None:
    told = subprocess.run(["infocmp", "-1", term], capture_output=True, text=True, check=False)
    if told.returncode:
        assert colours_of(term, {}) is None
        return
    found = [line for line in told.stdout.splitlines() if line.strip().startswith("colors#")]
    expected = int(found[0].strip().removeprefix("colors#").rstrip(","), 0) if found else 0
    assert colours_of(term, {}) == expected


def test_a_terminal_without_colours_gets_none(tmp_path: Path) -> None:
    (tmp_path / "t").mkdir()
    (tmp_path / "t" / "test").write_bytes(entry(-1))
    environment = {"TERM": "test", "TERMINFO": str(tmp_path)}
    assert colourless(environment) == "a test has none"
    facts = settle(environment)
    assert facts.no_color
    assert environment["NO_COLOR"] == "1"
    assert dict(describe(facts))["colours"] == "none (a test has none)"
    for more in ({"COLORTERM": "truecolor"}, {"TEXTUAL_COLOR_SYSTEM": "256"}, {"TERM": "unheard-of"}):
        assert not settle({"TERM": "test", "TERMINFO": str(tmp_path), **more}).no_color


COPY = """
import os, sys
from billtui.terminal.clipboard import clip
for word in sys.stdin:
    sequence, message = clip(word.strip())
    sys.stdout.write(sequence + message + "\\n")
    sys.stdout.flush()
"""
SETTINGS = {
    # set-clipboard, allow-passthrough: whether the terminal gets it
    ("external", "off"): True,
    ("external", "on"): True,
    ("on", "off"): True,
    ("off", "on"): True,
    ("off", "off"): False,
}


@pytest.mark.pty
@pytest.mark.skipif(not shutil.which("tmux"), reason="no tmux here")
def test_the_clipboard_is_reached_through_every_setting_of_tmux(tmp_path: Path) -> None:
    """tmux's default keeps OSC 52 of programs to itself; what is said is what happened."""
    socket, program = tmp_path / "tmux", tmp_path / "copy.py"
    program.write_text(COPY)
    command = ["tmux", "-S", str(socket), "-f", "/dev/null"]
    with Terminal([*command, "new-session", f"{sys.executable} {program}"], columns=120) as terminal:
        try:
            terminal.wait_for(lambda: socket.exists() and b"\x1b[?1049h" in terminal.output)
            for (clipboard, passthrough), arrives in SETTINGS.items():
                word = f"{clipboard}-{passthrough}"
                for options in (("-s", "set-clipboard", clipboard), ("-g", "allow-passthrough", passthrough)):
                    subprocess.run([*command, "set-option", *options], check=True)
                subprocess.run([*command, "send-keys", word, "Enter"], check=True)
                said = f"Sent to the terminal's clipboard: {word}" if arrives else "nothing was sent"
                terminal.wait_for(lambda said=said: any(said in line for line in terminal.screen().display))  # type: ignore[misc]  # a default argument binds it
                data = base64.b64encode(word.encode())
                if arrives:
                    terminal.wait_for(lambda data=data: data in terminal.output)  # type: ignore[misc]  # as above
                assert (b"]52;" in terminal.output and data in terminal.output) == arrives, word
            buffers = subprocess.run([*command, "list-buffers"], capture_output=True, text=True, check=True).stdout
            assert "billtui" not in buffers, "something was left in tmux's buffers"
        finally:
            subprocess.run([*command, "kill-server"], check=False)


def test_ways_of_tmux() -> None:
    assert Ways("on", False).takes_osc_52
    assert not Ways("external", True).takes_osc_52
