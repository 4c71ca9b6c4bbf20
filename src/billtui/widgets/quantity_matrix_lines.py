"""Draws the lines of a matrix of quantities: the column titles, and a row's title, price and cells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from rich.style import Style
from textual.strip import Strip

from billtui.widgets.record_table_text import clean, cut, segments_of, to_ascii, width_of

GUTTER = 2
"""Cells before a row's title: the sign of the cursor's row, a space."""
THUMB = 1
"""Cells at the right end: the sign that rows or columns go on."""
TITLE_MOST = 20
TITLE_LEAST = 6
NARROWEST, WIDEST = 8, 11
"""Cells of a column, its two edges included."""
TONES = ("dim", "off", "wanted", "warning", "bad")


class MatrixRow(NamedTuple):
    """A row: its key, its title, and a short note in a column of its own (a price)."""

    key: str
    title: str
    note: str = ""


class MatrixColumn(NamedTuple):
    """A column: its key and its title."""

    key: str
    title: str


class CellText(NamedTuple):
    """What a cell shows: what is wanted, then what is there, in the tone of the whole."""

    wanted: str
    there: str
    tone: str

    @property
    def text(self) -> str:
        """Both, as they stand in the cell."""
        return self.wanted + self.there


@dataclass(frozen=True)
class MatrixLooks:
    """Styles of the parts of a matrix."""

    base: Style = field(default_factory=Style)
    header: Style = field(default_factory=Style)
    here: Style = field(default_factory=Style)
    """Titles of the cursor's row and column."""
    cursor: Style = field(default_factory=Style)
    tones: Mapping[str, Style] = field(default_factory=dict)


def cell_text(quantity: int, stock: int | None, *, known: bool, room: int, ascii_only: bool = False) -> CellText:
    """What a cell shows in ``room`` cells: ``3/120``, ``0!`` sold out, ``–`` not sold, ``5/3!`` more than there are.

    ``stock`` is ``None`` where the row is not sold; ``known`` is False before the stock was read.
    """
    dash = "-" if ascii_only else "–"
    if not known:
        return CellText(str(quantity), "", "wanted") if quantity else CellText("", "?", "dim")
    if not quantity:
        if stock is None:
            return CellText("", dash, "off")
        return CellText("", str(stock), "dim") if stock else CellText("", "0!", "warning")
    wanted, there = str(quantity), dash if stock is None else str(stock)
    if stock is not None and quantity <= stock:
        full = CellText(wanted, f"/{there}", "wanted")
        return full if len(full.text) <= room else CellText(wanted, "", "wanted")
    over = CellText(wanted, f"/{there}!", "bad")
    return over if len(over.text) <= room else CellText(wanted, "!", "bad")


class MatrixLayout:
    """How wide everything is, for a width and the axes."""

    def __init__(self, rows: Sequence[MatrixRow], columns: Sequence[MatrixColumn], width: int) -> None:
        """Everything that fits: cells first, then titles, then notes."""
        self.width = width
        longest = max((width_of(clean(row.title)) for row in rows), default=0)
        notes = max((width_of(clean(row.note)) for row in rows), default=0)
        self.title = max(TITLE_LEAST, min(longest, TITLE_MOST))
        self.note = notes + 1 if notes else 0
        names = max((width_of(clean(column.title)) for column in columns), default=0) + 1
        self.cell = max(NARROWEST, min(names, WIDEST))
        if width - self.head - THUMB < 3 * self.cell:
            self.note = 0
        for cells in (2, 1):
            if width - self.head - THUMB < cells * self.cell:
                self.title = max(TITLE_LEAST if cells > 1 else 1, width - GUTTER - 1 - THUMB - cells * self.cell)
        room = width - self.head - THUMB
        if columns and room // len(columns) >= self.cell:
            self.cell = min(WIDEST, room // len(columns))
        self.shown = max(1, min(len(columns), room // self.cell)) if columns else 0

    @property
    def head(self) -> int:
        """Cells before the first column."""
        return GUTTER + self.title + self.note + 1

    def column_start(self, place: int) -> int:
        """Where the ``place``-th shown column begins."""
        return self.head + place * self.cell

    def place_at(self, x: int) -> int | None:
        """Which shown column lies under ``x``."""
        place = (x - self.head) // self.cell
        return place if 0 <= place < self.shown else None


class MatrixPainter:
    """Draws lines of one layout."""

    def __init__(self, layout: MatrixLayout, looks: MatrixLooks, *, ascii_only: bool = False) -> None:
        """Draw with ``looks``."""
        self.layout = layout
        self.looks = looks
        self.ascii_only = ascii_only
        self.ellipsis = "~" if ascii_only else "…"
        self.sign = ">" if ascii_only else "▸"
        self.on_left, self.on_right = ("<", ">") if ascii_only else ("‹", "›")
        self.more = "|" if ascii_only else "┃"

    def header(
        self, head: tuple[str, str], columns: Sequence[MatrixColumn], here: int, *, left: bool, right: bool
    ) -> Strip:
        """The column titles; ``here`` is the cursor's place, ``left`` and ``right`` whether columns go on there."""
        style, layout = self.looks.header, self.layout
        pieces = [
            (" " * GUTTER + self._cell(head[0], layout.title), style),
            (self._cell(head[1], layout.note, right=True), style),
            (self.on_left if left else " ", style),
        ]
        for place, column in enumerate(columns):
            titled = style + self.looks.here if place == here else style
            pieces.append((self._cell(column.title, layout.cell - 1, right=True) + " ", titled))
        return self._strip(pieces, style, self.on_right if right else " ")

    def row(self, row: MatrixRow, cells: Sequence[CellText], here: int | None, *, thumb: bool) -> Strip:
        """A row; ``here`` is the cursor's place, or ``None`` in another row."""
        looks, layout = self.looks, self.layout
        titled = looks.base + looks.here if here is not None else looks.base
        pieces = [
            (f"{self.sign if here is not None else ' '} " + self._cell(row.title, layout.title), titled),
            (self._cell(row.note, layout.note, right=True) + " ", looks.base + looks.tones.get("dim", looks.base)),
        ]
        for place, cell in enumerate(cells):
            room = layout.cell - 2
            blank = " " * max(0, room - len(cell.text))
            if place == here:
                pieces.append((f"[{blank}{cell.text}]", looks.cursor))
                continue
            tone = looks.base + looks.tones.get(cell.tone, looks.base)
            there = looks.base + looks.tones.get("dim" if cell.tone == "wanted" else cell.tone, looks.base)
            pieces += [(" " + blank, looks.base), (cell.wanted, tone), (cell.there, there), (" ", looks.base)]
        return self._strip(pieces, looks.base, self.more if thumb else " ")

    def blank(self) -> Strip:
        """A line below the last row."""
        return Strip.blank(self.layout.width, self.looks.base)

    def _cell(self, text: str, width: int, *, right: bool = False) -> str:
        text = clean(text)
        text = cut(to_ascii(text) if self.ascii_only else text, width, self.ellipsis)
        blank = " " * max(0, width - width_of(text))
        return blank + text if right else text + blank

    def _strip(self, pieces: list[tuple[str, Style]], rest: Style, end: str) -> Strip:
        layout = self.layout
        used = sum(width_of(text) for text, _ in pieces)
        pieces.append((" " * max(0, layout.width - THUMB - used), rest))
        strip = Strip(segments_of([piece for piece in pieces if piece[0]]))
        strip = strip.adjust_cell_length(max(0, layout.width - THUMB), rest)
        return Strip.join([strip, Strip(segments_of([(end, rest)]))]).adjust_cell_length(layout.width, rest)
