"""The whole program under each TERM, locale and NO_COLOR: nothing is written that such a terminal does not have."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from billtui.config.settings import Settings, save_settings
from tests.support.sandbox import SandboxProcess
from tests.terminal.whole_program import Operator, as_before, program

LONG = os.environ.get("BILLTUI_FAULTS") == "long"
SGR = re.compile(rb"\x1b\[([\d;:]*)m")
SEQUENCE = re.compile(
    rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|P[^\x1b]*\x1b\\|[()][0-9A-B]|[=>78cDEHM])"
)


@dataclass(frozen=True)
class Kind:
    """A kind of terminal: how it says what it is, and what it must be spared."""

    variables: dict[str, Any]
    colours: int
    """0, 16, 256, or 2**24."""
    ascii: bool = False


KINDS = {
    "truecolor": Kind({"TERM": "xterm-256color", "COLORTERM": "truecolor"}, 1 << 24),
    "linux-C": Kind({"TERM": "linux", "LANG": "C"}, 16, ascii=True),
    "vt100": Kind({"TERM": "vt100"}, 0),
    "NO_COLOR": Kind({"TERM": "xterm-256color", "COLORTERM": "truecolor", "NO_COLOR": "1"}, 0),
}
if LONG:
    KINDS |= {
        "256": Kind({"TERM": "xterm-256color"}, 256),
        "xterm": Kind({"TERM": "xterm"}, 16),
        "putty-KOI8": Kind({"TERM": "putty", "LANG": "ru_RU.KOI8-R"}, 16, ascii=True),
        "screen": Kind({"TERM": "screen", "STY": "1.pts"}, 16),
        "screen-256": Kind({"TERM": "screen-256color", "STY": "1.pts", "COLORTERM": "truecolor"}, 256),
        "tmux": Kind({"TERM": "tmux-256color"}, 256),
        "unheard-of": Kind({"TERM": "unheard-of"}, 16),
    }


def colours_in(written: bytes) -> set[int]:
    """The kinds of colours that were chosen: 16, 256, 2**24."""
    found: set[int] = set()
    for match in SGR.finditer(written):
        numbers = [int(one) for one in re.split(rb"[;:]", match[1]) if one]
        while numbers:
            number = numbers.pop(0)
            if number in (38, 48) and numbers:
                whole = numbers.pop(0) == 2
                found.add(1 << 24 if whole else 256)
                del numbers[: 3 if whole else 1]
            elif 30 <= number <= 37 or 40 <= number <= 47 or 90 <= number <= 97 or 100 <= number <= 107:
                found.add(16)
    return found


@pytest.mark.pty
@pytest.mark.faults
def test_each_kind_gets_what_it_has(own_sandbox: Callable[..., SandboxProcess]) -> None:
    """The overview, the settings and a question: the same words everywhere, and the way out leaves no trace."""
    panel = own_sandbox(fleet=5)
    for name, kind in KINDS.items():
        save_settings(Settings(mouse=name != "vt100"))
        with program(panel, door=name != "NO_COLOR", **kind.variables) as operator:
            operator.press("6", "Undo window")
            operator.press("t", "For blue-yellow blindness", "esc leaves everything")
            look(operator, name, kind)
            operator.press("\x1b", "Undo window")
            operator.press("\x11", "Quit billtui?")
            operator.terminal.send(b"\r")
            assert operator.terminal.wait_end(15)[0] == 0, name
            if name != "vt100":  # whose mouse was never on
                as_before(operator.terminal)


def look(operator: Operator, name: str, kind: Kind) -> None:
    """At what was written so far, and at the question on the screen."""
    screen, written = operator.terminal.screen(), bytes(operator.terminal.output)
    line = next(y for y, text in enumerate(screen.display) if re.search(r"\bDark\b", text))
    at = screen.display[line].index("Dark")
    chosen, other = screen.buffer[line][at], screen.buffer[line + 1][at]
    assert (chosen.bg, chosen.reverse) != (other.bg, other.reverse), f"{name}: the chosen line stands out"
    found = colours_in(written)
    assert all(one <= kind.colours for one in found), f"{name}: {found}"
    if kind.colours:
        assert kind.colours in found, f"{name}: {found}"
    else:
        assert chosen.reverse, f"{name}: the chosen line stands out without a colour"
        assert screen.buffer[0][0].reverse, f"{name}: and so does the line at the top"
    plain = SEQUENCE.sub(b"", written)
    assert b"\x1b" not in plain, name
    assert plain.isascii() or not kind.ascii, name
    assert (b"\x1b[?1000h" in written) == (name != "vt100"), "the mouse is on unless the settings say no"


def test_colours_are_told_apart() -> None:
    assert colours_in(b"\x1b[1;38;5;12mx\x1b[0m") == {256}
    assert colours_in(b"\x1b[38;2;1;2;3;44mx") == {1 << 24, 16}
    assert colours_in(b"\x1b[0;1;7m\x1b[39;49m") == set()
    assert colours_in(b"\x1b[48;5;31m") == {256}
