"""The picture that is meant to be on the terminal, cell by cell, kept up to date from Textual's compositor.

Rows are never changed, only replaced: a picture handed to another thread stays as it is, and a row that did not change
is the same object as before.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

from rich.cells import split_graphemes
from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate
from textual.strip import Strip

from billtui.terminal.attributes import NARROW, Attributes, Cell, StyleBook

Row: TypeAlias = tuple[Cell, ...]
_MOST_LINES = 512
"""Lines whose cells are kept: a table that scrolls, and dialogs that open, draw the same ones again and again."""
_only_narrow = NARROW.issuperset


class Screenful(NamedTuple):
    """A whole screen: ``lines`` rows of ``columns`` cells each, and where the cursor stands (column, line)."""

    columns: int
    lines: int
    rows: tuple[Row, ...]
    cursor: tuple[int, int] = (0, 0)

    @classmethod
    def blank(cls, columns: int, lines: int, attributes: Attributes) -> Screenful:
        """A screen of blanks."""
        row = (attributes.cells[" "],) * columns
        return cls(columns, lines, (row,) * lines)


class Painting:
    """Takes over what the compositor draws; ``screenful`` is the picture so far, as large as the last whole update."""

    def __init__(self, book: StyleBook) -> None:
        self._book = book
        self._known: dict[int, tuple[Strip, Row]] = {}
        """Cells of lines by the line's identity; it is kept, so that its number is nobody else's."""
        self.screenful = Screenful.blank(0, 0, book.plain)

    def take_over(self, update: CompositorUpdate, cursor: tuple[int, int] = (0, 0)) -> bool:
        """Bring an update into the picture; whether it was of a kind that is known. ``cursor`` is column and line."""
        if isinstance(update, LayoutUpdate):
            region = update.region
            if (region.x, region.y) == (0, 0) and (region.width, region.height) != self.screenful[:2]:
                self.screenful = Screenful.blank(region.width, region.height, self._book.plain)
            rows = list(self.screenful.rows)
            self._layout(update, rows)
        elif isinstance(update, ChopsUpdate):
            rows = list(self.screenful.rows)
            self._chops(update, rows)
        else:
            return False
        columns, lines = self.screenful.columns, self.screenful.lines
        column, line = cursor
        place = (max(0, min(column, columns - 1)), max(0, min(line, lines - 1)))
        self.screenful = Screenful(columns, lines, tuple(rows), place)
        return True

    def _layout(self, update: LayoutUpdate, rows: list[Row]) -> None:
        left, top = update.region.x, update.region.y
        for y, strips in enumerate(update.strips, top):
            if 0 <= y < len(rows):
                cells: list[Cell] = []
                for strip in strips:
                    cells += self.cells(strip)
                rows[y] = _kept(rows[y], _placed(rows[y], left, cells))

    def _chops(self, update: ChopsUpdate, rows: list[Row]) -> None:
        """Only what the update names: pieces beside its spans may be of widgets that lie beneath others."""
        for y, first, last in update.spans:
            if not 0 <= y < len(rows):
                continue
            row: Sequence[Cell] = rows[y]
            for end, (x, strip) in zip(update.chop_ends[y], update.chops[y].items(), strict=False):
                if strip is None or x >= last or end <= first:
                    continue
                cells = self.cells(strip)
                if end > last:
                    stop = last - x
                    if stop < len(cells) and not cells[stop].width:
                        stop += 1
                    cells = cells[:stop]
                row = _placed(row, x, cells)
            rows[y] = _kept(rows[y], row)

    def cells(self, strip: Strip) -> Row:
        """The cells of a line as Textual counts them."""
        known = self._known.get(id(strip))
        if known is None:
            if len(self._known) >= _MOST_LINES:
                self._known.clear()
            known = self._known[id(strip)] = strip, tuple(self._read(strip))
        return known[1]

    def _read(self, strip: Strip) -> list[Cell]:
        cells: list[Cell] = []
        for text, style, control in strip:
            if control:
                continue
            kinds = self._book.of(style).cells
            if _only_narrow(text):
                cells += map(kinds.__getitem__, text)
                continue
            for start, end, width in split_graphemes(text)[0]:
                if width:
                    cell = kinds[text[start:end]]
                    cells.append(cell)
                    if cell.width == 2:
                        cells.append(cell.attributes.empty)
                    elif width == 2:  # not drawn as it came
                        cells.append(_blanked(cell))
                elif cells:
                    _add_mark(cells, text[start:end])
        return cells


def _add_mark(cells: list[Cell], mark: str) -> None:
    """A mark at the beginning of a segment belongs to the letter before it."""
    at = len(cells) - 1 if cells[-1].width else len(cells) - 2
    before = cells[at]
    marked = before.attributes.cells[before.text + mark]
    if marked.width == before.width:
        cells[at] = marked


def _placed(row: Sequence[Cell], x: int, cells: Sequence[Cell]) -> Sequence[Cell]:
    """The row with ``cells`` from column ``x`` on; a wide character that loses a half becomes blank."""
    columns = len(row)
    if x < 0 or len(cells) > columns - x:
        cells = cells[max(0, -x) : max(0, columns - x)]
        x = max(0, x)
    if not cells:
        return row
    if not cells[0].width:
        cells = [_blanked(cells[0]), *cells[1:]]
    if cells[-1].width == 2:
        cells = [*cells[:-1], _blanked(cells[-1])]
    if len(cells) == columns:
        return cells
    placed = list(row)
    end = x + len(cells)
    if not placed[x].width:
        placed[x - 1] = _blanked(placed[x - 1])
    if end < columns and not placed[end].width:
        placed[end] = _blanked(placed[end])
    placed[x:end] = cells
    return placed


def _blanked(cell: Cell) -> Cell:
    return cell.attributes.cells[" "]


def _kept(before: Row, after: Sequence[Cell]) -> Row:
    """The same object where nothing changed, so that the next comparison costs nothing."""
    row = after if isinstance(after, tuple) else tuple(after)
    return before if row == before else row
