"""Where a letter is written: soft wrap, one undo step for each fix, and only plain text comes in."""

from __future__ import annotations

import re
from typing import Final

from textual.events import Paste
from textual.widgets import TextArea
from textual.widgets.text_area import Selection

_LINE_ENDS: Final = re.compile("\r\n|[\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029]")
_UNSEEN: Final = re.compile("[\x00-\x08\x0e-\x1b\x1f\x7f-\x84\x86-\x9f]")


def plain(text: str) -> str:
    """``text`` as a letter holds it: lines end with ``\\n`` alone, and no control character is in it but tab."""
    return _UNSEEN.sub("", _LINE_ENDS.sub("\n", text))


class LetterArea(TextArea):
    """A text area whose text can be replaced by another one without losing the place of the cursor."""

    DEFAULT_CSS = """
    LetterArea { border: none; padding: 0 1; background: $surface; }
    LetterArea:focus { border: none; background: $boost; }
    LetterArea .text-area--cursor-line { background: transparent; }
    """

    def __init__(self, text: str = "", *, id: str | None = None) -> None:
        """Begin with ``text``."""
        super().__init__(
            plain(text), id=id, soft_wrap=True, show_line_numbers=False, tab_behavior="focus", compact=True,
            highlight_cursor_line=False,
        )  # fmt: skip
        self.cursor_blink = False

    def become(self, text: str) -> None:
        """Replace what differs, as one step that undo takes back; the cursor stays at its words."""
        before, after = self.text, plain(text)
        if before == after:
            return
        start = _common(before, after)
        end = _common(before[start:][::-1], after[start:][::-1])
        self.history.checkpoint()
        self.replace(
            after[start : len(after) - end],
            self.location_at(start),
            self.location_at(len(before) - end),
            maintain_selection_offset=True,
        )
        self.history.checkpoint()

    def location_at(self, place: int) -> tuple[int, int]:
        """Line and column of a place that counts in characters."""
        before = self.text[:place]
        return (before.count("\n"), place - (before.rfind("\n") + 1))

    def select_range(self, start: int, end: int) -> None:
        """Select the characters from ``start`` to ``end``."""
        self.selection = Selection(self.location_at(start), self.location_at(end))
        self.scroll_cursor_visible(center=True)

    def scroll_to_line(self, line: int) -> None:
        """Bring a line into sight, the cursor left where it is."""
        self.scroll_to(y=max(0, self.wrapped_document.location_to_offset((line, 0)).y - 1), animate=False)

    async def _on_paste(self, event: Paste) -> None:
        """What is pasted comes in as plain text, in one piece."""
        event.text = plain(event.text)
        await super()._on_paste(event)


def _common(first: str, second: str) -> int:
    """How many characters both begin with alike."""
    most = min(len(first), len(second))
    if first[:most] == second[:most]:
        return most
    low, high = 0, most
    while low < high:
        middle = (low + high + 1) // 2
        if first[:middle] == second[:middle]:
            low = middle
        else:
            high = middle - 1
    return low
