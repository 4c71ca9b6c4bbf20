"""A terminal to compare with: pyte, made exact where it is lenient.

Beside what pyte knows: dim, concealed, doubly underlined and overlined text; erasing in the background's colour or
not; half of a wide character overwritten blanks the other half; marks and joiners stay with their letter; no letter is
taken that is a control character.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, cast

import pyte
from pyte import modes
from pyte.screens import Margins
from wcwidth import wcwidth


class Look(NamedTuple):
    """One cell. The first fields are pyte's own."""

    data: str
    fg: str = "default"
    bg: str = "default"
    bold: bool = False
    italics: bool = False
    underscore: bool = False
    strikethrough: bool = False
    reverse: bool = False
    blink: bool = False
    dim: bool = False
    conceal: bool = False
    underscore2: bool = False
    overline: bool = False


_MORE = {2: {"dim": True}, 8: {"conceal": True}, 21: {"underscore2": True}, 53: {"overline": True},
         22: {"dim": False}, 28: {"conceal": False}, 24: {"underscore2": False}, 55: {"overline": False},
         6: {"blink": True}}  # fmt: skip


class _Stream(pyte.Stream):
    """Knows SU and SD as well."""

    csi = {**pyte.Stream.csi, "S": "scroll_up", "T": "scroll_down"}
    events = pyte.Stream.events | {"scroll_up", "scroll_down"}


class Emulator(pyte.Screen):
    """A screen that is fed with text by ``feed``."""

    def __init__(self, columns: int, lines: int, *, erases_in_colour: bool = True, wraps: bool = False) -> None:
        self._erases_in_colour = erases_in_colour
        self.unknown: list[str] = []
        """Sequences that it does not know."""
        super().__init__(columns, lines)
        if not wraps:
            self.reset_mode(modes.DECAWM >> 5, private=True)
        self._stream = _Stream(self)

    def feed(self, text: str) -> None:
        """Take what a program writes."""
        self._stream.feed(text)

    @property
    def default_char(self) -> Any:
        return Look(" ", reverse=modes.DECSCNM in self.mode)

    def reset(self) -> None:
        """As switched on."""
        super().reset()
        self.cursor.attrs = self.default_char

    def cell(self, x: int, y: int) -> Look:
        """What stands at a place."""
        return cast("Look", self.buffer[y][x])

    def select_graphic_rendition(self, *attrs: int, **_: bool) -> None:
        """Takes colours apart from flags, as 38 and 48 have parameters that look like flags."""
        todo = list(attrs) or [0]
        while todo:
            code = todo.pop(0)
            if code in (38, 48):
                count = 2 if todo and todo[0] == 5 else 4
                super().select_graphic_rendition(code, *todo[:count])
                del todo[:count]
            else:
                super().select_graphic_rendition(code)
                if more := _MORE.get(code):
                    self.cursor.attrs = cast("Any", self.cursor.attrs)._replace(**more)

    def draw(self, data: str) -> None:
        """Characters at the cursor."""
        for character in data:
            width = wcwidth(character)
            if width < 0:
                self.unknown.append(repr(character))
            elif width == 0:
                self._mark(character)
            else:
                self._letter(character, width)

    def _letter(self, character: str, width: int) -> None:
        if self.cursor.x + width > self.columns:
            if modes.DECAWM in self.mode:
                self.carriage_return()
                self.linefeed()
            else:
                self.cursor.x = self.columns - width
        row, x = self.buffer[self.cursor.y], self.cursor.x
        for at in range(x, x + width):
            self._part(at)
        row[x] = self.cursor.attrs._replace(data=character)
        if width == 2:
            row[x + 1] = self.cursor.attrs._replace(data="")
        self.cursor.x = x + width

    def _part(self, x: int) -> None:
        """A wide character that loses a half is none any more."""
        row = self.buffer[self.cursor.y]
        if row[x].data == "" and x:
            row[x - 1] = row[x - 1]._replace(data=" ")
            row[x] = row[x]._replace(data=" ")
        elif x + 1 < self.columns and row[x + 1].data == "":
            row[x + 1] = row[x + 1]._replace(data=" ")

    def _mark(self, character: str) -> None:
        row, x = self.buffer[self.cursor.y], self.cursor.x - 1
        if x > 0 and row[x].data == "":
            x -= 1
        if x >= 0:
            row[x] = row[x]._replace(data=row[x].data + character)

    def _erasing(self) -> Any:
        return Look(" ", bg=self.cursor.attrs.bg if self._erases_in_colour else "default")

    def erase_characters(self, count: int | None = None) -> None:
        """ECH."""
        end = min(self.cursor.x + (count or 1), self.columns)
        for x in range(self.cursor.x, end):
            self._part(x)
            self.buffer[self.cursor.y][x] = self._erasing()

    def erase_in_line(self, how: int = 0, private: bool = False) -> None:
        """EL."""
        start = self.cursor.x if how == 0 else 0
        for x in range(min(start, self.columns - 1), self.columns if how != 1 else self.cursor.x + 1):
            self._part(x)
            self.buffer[self.cursor.y][x] = self._erasing()

    def erase_in_display(self, how: int = 0, *args: Any, **kwargs: Any) -> None:
        """ED."""
        if how == 0:
            self.erase_in_line(0)
            lines = range(self.cursor.y + 1, self.lines)
        elif how == 1:
            self.erase_in_line(1)
            lines = range(self.cursor.y)
        else:
            lines = range(self.lines)
        for y in lines:
            for x in range(self.columns):
                self.buffer[y][x] = self._erasing()

    def _fill(self, lines: range) -> None:
        for y in lines:
            row = self.buffer[y]
            row.clear()
            for x in range(self.columns):
                row[x] = self._erasing()

    def _region(self) -> Any:
        return self.margins or Margins(0, self.lines - 1)

    def index(self) -> None:
        """IND and the line feed: the region scrolls when the cursor is on its last line."""
        bottom = self._region().bottom
        at_bottom = self.cursor.y == bottom
        super().index()
        if at_bottom:
            self._fill(range(bottom, bottom + 1))

    def reverse_index(self) -> None:
        """RI."""
        top = self._region().top
        at_top = self.cursor.y == top
        super().reverse_index()
        if at_top:
            self._fill(range(top, top + 1))

    def insert_lines(self, count: int | None = None) -> None:
        """IL."""
        top, bottom = self._region()
        super().insert_lines(count)
        if top <= self.cursor.y <= bottom:
            self._fill(range(self.cursor.y, min(bottom + 1, self.cursor.y + (count or 1))))

    def delete_lines(self, count: int | None = None) -> None:
        """DL."""
        top, bottom = self._region()
        super().delete_lines(count)
        if top <= self.cursor.y <= bottom:
            self._fill(range(max(self.cursor.y, bottom + 1 - (count or 1)), bottom + 1))

    def scroll_up(self, count: int | None = None) -> None:
        """SU."""
        self._scroll(self._region().bottom, self.index, count or 1)

    def scroll_down(self, count: int | None = None) -> None:
        """SD."""
        self._scroll(self._region().top, self.reverse_index, count or 1)

    def _scroll(self, line: int, step: Callable[[], None], count: int) -> None:
        place = self.cursor.x, self.cursor.y
        self.cursor.y = line
        for _ in range(count):
            step()
        self.cursor.x, self.cursor.y = place

    def debug(self, *args: Any, **kwargs: Any) -> None:
        """A sequence that is not known."""
        self.unknown.append(f"{args}{kwargs}")
