"""Where a letter is written: soft wrap, one undo step for each fix, and only plain text comes in."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Final

from rich.containers import Lines
from rich.text import Text
from textual.events import Paste
from textual.widgets import TextArea
from textual.widgets.text_area import Selection

_LINE_ENDS: Final = re.compile("\r\n|[\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029]")
LONG_LINE: Final = 2000
"""From so many characters a line is drawn row by row."""
_UNSEEN: Final = re.compile("[\x00-\x08\x0e-\x1b\x1f\x7f-\x84\x86-\x9f]")


def plain(text: str) -> str:
    """``text`` as a letter holds it: lines end with ``\\n`` alone, and no control character is in it but tab."""
    return _UNSEEN.sub("", _LINE_ENDS.sub("\n", text))


class _Cuts:
    """Where a long line is cut into rows, and the rows without any style; kept while the line is the same."""

    def __init__(self) -> None:
        self._key: tuple[str, tuple[int, ...]] = ("", ())
        self.places: Sequence[int] = ()
        self.rows: Sequence[Text] = ()

    def of(self, plain: str, offsets: Iterable[int]) -> _Cuts:
        """Those of this line."""
        key = (plain, tuple(offsets))
        if key != self._key:
            self._key = key
            self.places = [0, *key[1], len(plain)]
            self.rows = [Text(plain[begin:end]) for begin, end in pairwise(self.places)]
        return self


class _Rows(Lines):
    """The rows of a long line: the first one that is asked for is drawn, of all others only the characters are read."""

    def __init__(self, line: Text, cuts: _Cuts) -> None:
        super().__init__()
        self._line = line
        self._cuts = cuts
        self._drawn = False

    def __len__(self) -> int:
        return len(self._cuts.rows)

    def __getitem__(self, place: int) -> Text:  # type: ignore[override]  # a row is asked for by its number alone
        if self._drawn:
            return self._cuts.rows[place]
        self._drawn = True
        line, begin, end = self._line, self._cuts.places[place], self._cuts.places[place + 1]
        row = Text(line.plain[begin:end], line.style, no_wrap=line.no_wrap, end=line.end, tab_size=line.tab_size)
        for start, stop, style in line.spans:
            if start < end and stop > begin:
                row.stylize(style, max(0, start - begin), min(stop, end) - begin)
        return row


class _LongLine(Text):
    """A line of many rows. TextArea divides a line anew for each row that it draws: a second for every key."""

    cuts: _Cuts

    def divide(self, offsets: Iterable[int]) -> Lines:
        """The rows; cut once for all of them."""
        return _Rows(self, self.cuts.of(self.plain, offsets))


class LetterArea(TextArea):
    """A text area whose text can be replaced by another one without losing the place of the cursor."""

    DEFAULT_CSS = """
    LetterArea { border: none; padding: 0 1; background: $surface; }
    LetterArea:focus { border: none; background: $boost; }
    LetterArea .text-area--cursor-line { background: transparent; }
    """

    def __init__(self, text: str = "", *, id: str | None = None) -> None:
        """Begin with ``text``."""
        self._cuts = _Cuts()
        super().__init__(
            plain(text), id=id, soft_wrap=True, show_line_numbers=False, tab_behavior="focus", compact=True,
            highlight_cursor_line=False,
        )  # fmt: skip
        self.cursor_blink = False
        self.match_cursor_bracket = False  # it is a letter; looking for the other bracket reads all of it

    def get_line(self, line_index: int) -> Text:
        """The line as TextArea draws it; a long one is cut into rows only where they are seen."""
        line = self.document.get_line(line_index)
        if len(line) <= LONG_LINE:
            return Text(line, end="", no_wrap=True)
        long = _LongLine(line, end="", no_wrap=True)
        long.cuts = self._cuts
        return long

    def become(self, text: str) -> None:
        """Replace what differs, as one step that undo takes back; the cursor stays at its words."""
        before, after = self.text, plain(text)
        if before == after:
            return
        start = _common(before, after)
        end = _common(before[start:][::-1], after[start:][::-1])
        first, last = self.location_at(start), self.location_at(len(before) - end)
        cursor = self.cursor_location
        self.history.checkpoint()
        self.replace(after[start : len(after) - end], first, last, maintain_selection_offset=True)
        self.history.checkpoint()
        if first < cursor < last:  # it stood in what was replaced: the same line and column is nearest
            row = min(cursor[0], self.document.line_count - 1)
            self.move_cursor((row, min(cursor[1], len(self.document.get_line(row)))))

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
        """What is pasted comes in as plain text; TextArea, whose turn is next, puts it in."""
        event.text = plain(event.text)


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
