"""The last gate before the terminal: no raw control character in any drawn text, whichever widget drew it.

Textual strips only five control bytes; escape sequences in a panel's text would otherwise reach the terminal and,
through the terminal's answers, press keys. Widths as Textual counted them are kept, so that nothing shifts. Links
(OSC 8) are dropped: an address is shown whole and copied, never hidden behind other words.

The only private interface used is ``App.get_line_filters``; ``HarmlessApp`` wraps it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from rich.cells import cell_len
from rich.segment import Segment
from textual.color import Color
from textual.driver import Driver
from textual.filter import LineFilter, NoColor

from billtui.terminal.door import DoorApp
from billtui.terminal.harmless import one_line, picture
from billtui.terminal.plain_letters import PLAIN

ReturnType = TypeVar("ReturnType")

TITLE_LENGTH = 120


class OutputFilter(LineFilter):
    """Replaces what must not reach the terminal, keeping every segment's width in cells."""

    def __init__(self, *, ascii_only: bool = False) -> None:
        """``ascii_only``: for terminals that are not UTF-8; frames and arrows get plain stand-ins, the rest ``?``."""
        super().__init__()
        self.ascii_only = ascii_only

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """Filter one line; most lines are returned as they came."""
        for segment in segments:
            if segment.control or not segment.text.isprintable() or (segment.style and segment.style.link):
                segments = [_harmless(segment) for segment in segments if not segment.control]
                break
        if self.ascii_only:
            return [segment if segment.text.isascii() else _in_ascii(segment) for segment in segments]
        return segments


class HarmlessApp(DoorApp[ReturnType]):
    """A Textual app whose output always goes through an OutputFilter, last of all filters."""

    output_filter: LineFilter = OutputFilter()

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Textual's own filters, then ours. Without colours ours alone: Textual would write shades of grey."""
        if self.no_color:
            return [NoColor(), self.output_filter]
        return [*super().get_line_filters(), self.output_filter]

    def get_driver_class(self) -> type[Driver]:
        """Our own driver, whatever the environment says."""
        from billtui.terminal.driver import TerminalDriver

        return TerminalDriver


def title_sequences(title: str) -> tuple[str, str]:
    """What sets the window's title (the old one is put aside first), and what brings the old one back.

    The title is cut to 120 characters and cleaned; only the program's own words and names of profiles belong in it.
    """
    return f"\x1b[22;2t{new_title(title)}", "\x1b]2;\x1b\\\x1b[23;2t"


def new_title(title: str) -> str:
    """What sets the window's title to another one, the old one having been put aside already."""
    return f"\x1b]2;{one_line(title)[:TITLE_LENGTH]}\x1b\\"


def _harmless(segment: Segment) -> Segment:
    text, style, _control = segment
    if style is not None and style.link:
        style = style.update_link(None)
    return Segment(text if text.isprintable() else _visible(text), style)


def _visible(text: str) -> str:
    """Pictures in place of unprintable characters. Those that Textual counted with no width take trailing blanks.

    Where there are no blanks left they vanish: a shifted or cut amount would be worse than an invisible attack.
    """
    room = len(text) - len(text.rstrip(" "))
    drawn: list[str] = []
    for character in text:
        if character.isprintable():
            drawn.append(character)
        elif width := cell_len(character):
            drawn.append(picture(character) + " " * (width - 1))
        elif room:
            drawn.append(picture(character))
            room -= 1
    visible = "".join(drawn)
    surplus = max(0, cell_len(visible) - cell_len(text))
    return visible[: len(visible) - surplus]


def _in_ascii(segment: Segment) -> Segment:
    drawn: list[str] = []
    for character in segment.text.translate(PLAIN):
        if character.isascii():
            drawn.append(character)
        else:
            drawn.append("?" * cell_len(character))
    return Segment("".join(drawn), segment.style, segment.control)
