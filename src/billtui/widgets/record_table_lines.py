"""Draws the lines of a table: the header and one line per record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, NamedTuple, TypeVar

from rich.cells import set_cell_size
from rich.style import Style
from rich.text import Text
from textual.strip import Strip

from billtui.widgets.record_table_columns import Column, Fitted, Toned, fit_columns
from billtui.widgets.record_table_text import (
    Piece,
    clean,
    cut,
    place,
    plain_pieces,
    segments_of,
    text_pieces,
    to_ascii,
    width_of,
)

R = TypeVar("R")

CURSOR, MARKED, IN_RANGE, ASIDE = 1, 2, 4, 8
"""State of a line, as bits."""

GUTTER = 3
"""Cells before the first column: the cursor's sign, the mark's sign, a space."""
THUMB = 1
"""Cells after the last column, for the scroll position."""
WIDE = 100
"""From this width on two cells stand between columns."""


class Signs(NamedTuple):
    """Characters the table draws by itself."""

    cursor: str
    mark: str
    aside: str
    in_range: str
    ascending: str
    descending: str
    ellipsis: str
    thumb: str


UNICODE_SIGNS = Signs("▸", "●", "!", "○", "▲", "▼", "…", "┃")
ASCII_SIGNS = Signs(">", "*", "!", "+", "^", "v", "~", "|")


@dataclass(frozen=True)
class Looks:
    """Styles of the parts of a table."""

    base: Style = field(default_factory=Style)
    header: Style = field(default_factory=Style)
    cursor: Style = field(default_factory=Style)
    marked: Style = field(default_factory=Style)
    aside: Style = field(default_factory=Style)
    in_range: Style = field(default_factory=Style)
    thumb: Style = field(default_factory=Style)
    tones: Mapping[str, Style] = field(default_factory=dict)


class LinePainter(Generic[R]):
    """Draws lines of one width with one choice of columns."""

    def __init__(self, columns: Sequence[Column[R]], width: int, looks: Looks, *, ascii_only: bool = False) -> None:
        self.width = width
        self.looks = looks
        self.signs = ASCII_SIGNS if ascii_only else UNICODE_SIGNS
        self.ascii_only = ascii_only
        gap = 2 if width >= WIDE else 1
        self.fitted: list[Fitted[R]] = fit_columns(columns, width - GUTTER - THUMB, gap)
        self.blank = Strip.blank(max(0, width), looks.base)

    def column_at(self, x: int) -> Column[R] | None:
        """The column under a cell of the line."""
        for column, offset, width in self.fitted:
            if offset <= x - GUTTER < offset + width:
                return column
        return None

    def header(self, sort_key: str | None, *, reverse: bool) -> Strip:
        """The header line, with the sign of the sort order."""
        style = self.looks.header
        pieces: list[tuple[str, Style]] = [(" " * GUTTER, style)]
        end = 0
        for column, offset, width in self.fitted:
            if offset > end:
                pieces.append((" " * (offset - end), style))
            end = offset + width
            sign = ""
            if column.key == sort_key and width > 1:
                sign = self.signs.descending if reverse else self.signs.ascending
            title = cut(self._safe(column.title), width, self.signs.ellipsis)
            if sign and width_of(title) == width:  # its last letter goes for the sign, not two for an ellipsis
                title = set_cell_size(title, width - 1)
            pieces += ((text, style) for text, _ in place([(title + sign, None)], width, column.align, ""))
        return self._strip(pieces, style)

    def row(self, record: R, state: int) -> Strip:
        """The line of a record."""
        looks = self.looks
        line = looks.cursor if state & CURSOR else looks.base
        if state & MARKED and not state & CURSOR:
            line += looks.marked
        elif state & ASIDE and not state & CURSOR:
            line += looks.aside
        elif state & IN_RANGE and not state & CURSOR:
            line += looks.in_range
        signs = self.signs
        mark = signs.in_range if state & IN_RANGE else " "
        mark = signs.mark if state & MARKED else signs.aside if state & ASIDE else mark
        pieces = [(f"{signs.cursor if state & CURSOR else ' '}{mark} ", line)]
        end = 0
        for column, offset, width in self.fitted:
            if offset > end:
                pieces.append((" " * (offset - end), line))
            end = offset + width
            for text, style in place(self._pieces(column, record, width), width, column.align, signs.ellipsis):
                if style is None:
                    pieces.append((text, line))
                else:  # under the cursor its own colours win, so that the line stays readable
                    pieces.append((text, style + line if state & CURSOR else line + style))
        return self._strip(pieces, line)

    def with_thumb(self, strip: Strip) -> Strip:
        """The same line with the sign of the scroll position in its last cell."""
        if self.width <= GUTTER:
            return strip
        thumb = Strip(segments_of([(self.signs.thumb, self.looks.thumb)]), 1)
        return Strip.join([strip.crop(0, self.width - 1), thumb])

    def _pieces(self, column: Column[R], record: R, width: int) -> list[Piece]:
        cell = column.cell(record)
        if isinstance(cell, Text):
            pieces = text_pieces(cell, width)
        elif isinstance(cell, Toned):
            pieces = plain_pieces(cell.text, width, self.looks.tones.get(cell.tone))
        else:
            pieces = plain_pieces(cell, width, None)
        if self.ascii_only:
            return [(to_ascii(text), style) for text, style in pieces]
        return pieces

    def _safe(self, text: str) -> str:
        text = clean(text)
        return to_ascii(text) if self.ascii_only else text

    def _strip(self, pieces: list[tuple[str, Style]], rest: Style) -> Strip:
        used = sum(width_of(text) for text, _ in pieces)
        if used < self.width:
            pieces.append((" " * (self.width - used), rest))
        strip = Strip(segments_of(pieces))
        if strip.cell_length > self.width:
            return strip.crop(0, self.width)
        return strip.adjust_cell_length(self.width, rest)
