"""A terminal that answers questions as terminals do: an answer arrives as if somebody had typed it.

What a hostile text can gain from a terminal is just that: it asks for the title that it has set, for a colour, for the
clipboard, for where the cursor is, and the answer comes in as keys. So this one answers all of them, and counts.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from typing import Any, Final

from billtui.terminal.flow import QUESTION
from tests.terminal.ptys import Terminal

TITLE: Final = "y\r:quit\r"
"""The title that a hostile text has set before: reported back, it would be typed."""

_ST = r"(?:\x1b\\|\x07|\x9c)"
_CSI = r"(?:\x1b\[|\x9b)"
_OSC = r"(?:\x1b\]|\x9d)"

QUESTIONS: Final[tuple[tuple[str, Callable[[re.Match[str]], str]], ...]] = (
    (r"\x05", lambda _: "PuTTY"),  # ENQ: the answerback
    (_CSI + r"0?c|\x1bZ", lambda _: "\x1b[?62;22c"),  # DA1, DECID
    (_CSI + r">0?c", lambda _: "\x1b[>41;377;0c"),  # DA2
    (_CSI + r"=0?c", lambda _: "\x1bP!|00000000\x1b\\"),  # DA3
    (_CSI + r"5n", lambda _: "\x1b[0n"),  # DSR
    (_CSI + r"6n", lambda _: "\x1b[12;40R"),  # CPR
    (_CSI + r"\?6n", lambda _: "\x1b[?12;40;1R"),  # DECXCPR
    (_CSI + r"\?(\d+)n", lambda _: "\x1b[?10n"),  # printer, keys, locator
    (_CSI + r"2([01])t", lambda found: f"\x1b]{'Ll'[int(found[1])]}{TITLE}\x1b\\"),  # icon's and window's title
    (_CSI + r"1[13-9](?:;\d)?t", lambda _: "\x1b[8;24;80t"),  # sizes and places of the window
    (_CSI + r"\?(\d+)\$p", lambda found: f"\x1b[?{found[1]};2$y"),  # DECRQM, private
    (_CSI + r"(\d+)\$p", lambda found: f"\x1b[{found[1]};2$y"),  # DECRQM
    (_CSI + r"[01]?x", lambda _: "\x1b[2;1;1;112;112;1;0x"),  # DECREQTPARM
    (_CSI + r">0?q", lambda _: "\x1bP>|XTerm(377)\x1b\\"),  # XTVERSION
    (_CSI + r"\?u", lambda _: "\x1b[?0u"),  # kitty's keyboard
    (_CSI + r"\d*(?:;\d+){5}\*y", lambda _: "\x1bP1!~0000\x1b\\"),  # DECRQCRA: a checksum of what stands there
    (r"(?:\x1bP|\x90)\$q[^\x1b\x9c]*" + _ST, lambda _: "\x1bP1$r0m\x1b\\"),  # DECRQSS
    (r"(?:\x1bP|\x90)\+q([0-9a-fA-F]+)[^\x1b\x9c]*" + _ST, lambda found: f"\x1bP1+r{found[1]}=78\x1b\\"),  # XTGETTCAP
    (_OSC + r"(1[0-9]);\?[^\x1b\x07\x9c]*" + _ST, lambda found: f"\x1b]{found[1]};rgb:ffff/ffff/ffff\x07"),  # colours
    (_OSC + r"4;(\d+);\?" + _ST, lambda found: f"\x1b]4;{found[1]};rgb:ffff/ffff/ffff\x07"),
    (_OSC + r"52;[^;]*;\?" + _ST, lambda _: "\x1b]52;c;eQ0=\x07"),  # the clipboard
)  # fmt: skip
"""What is asked, and what a terminal answers."""

_ASKED = re.compile("|".join(f"(?P<q{number}>{pattern})" for number, (pattern, _) in enumerate(QUESTIONS)))
OWN: Final = frozenset({QUESTION, "\x1b[?2026$p", "\x1b[?2048$p"})
"""What the program itself asks: whether it was read so far, and for two modes."""
LONGEST: Final = 200
"""A question that was cut by a read is looked for so far back."""


class AnsweringTerminal(Terminal):
    """``asked`` holds every question that reached it, in order; each was answered at once."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self.asked: list[str] = []
        self._looked = 0
        super().__init__(*arguments, **options)

    def read(self, seconds: float = 0.05) -> bool:
        """Take what there is, and answer the questions in it."""
        if not super().read(seconds):
            return False
        text = self.output[self._looked :].decode(errors="replace")
        end = 0
        for found in _ASKED.finditer(text):
            number = next(n for n in range(len(QUESTIONS)) if found.group(f"q{n}") is not None)
            pattern, answer = QUESTIONS[number]
            inner = re.fullmatch(pattern, found[0])
            assert inner is not None
            self.asked.append(found[0])
            os.write(self.master, answer(inner).encode())
            end = found.end()
        rest = text[end:]
        self._looked = len(self.output) - min(len(rest.encode()), LONGEST)
        return True

    @property
    def foreign(self) -> list[str]:
        """Questions that the program does not ask."""
        return [one for one in self.asked if one not in OWN]
