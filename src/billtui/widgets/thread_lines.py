"""Draws the rows of a thread."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

from rich.style import Style
from textual.strip import Strip

from billtui.domain.links import links_in
from billtui.widgets.formats import local
from billtui.widgets.record_table_text import clean, cut, segments_of, to_ascii, width_of
from billtui.widgets.thread_found import Spans
from billtui.widgets.thread_layout import Frame, Part, Spot, ThreadEntry, ThreadFile, ThreadLayout
from billtui.widgets.thread_text import Fold, Kind, Line

GUTTER = 3
"""Cells before the text: the chosen message, the side of a note, a space."""
ASIDE = 2
"""Cells after the text: a space and the scroll position."""
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_KIB = 1024
_MANY = 10_000


class Signs(NamedTuple):
    """Characters the thread draws by itself."""

    chosen: str
    note: str
    rule: str
    code: str
    code_on: str
    """Before the second row of a line of code and those after it."""
    quote: str
    file: str
    fold: str
    thumb: str
    ellipsis: str
    quiet: str


UNICODE_SIGNS = Signs("▌", "┊", "─", "│", "╎", "▏", "▤", "…", "┃", "…", "·")
ASCII_SIGNS = Signs(">", ":", "-", "|", ":", ">", "+", "...", "|", "~", "-")


@dataclass(frozen=True)
class ThreadLooks:
    """Styles: ``base``, and the parts that lie over it or over one another."""

    base: Style = field(default_factory=Style)
    parts: dict[str, Style] = field(default_factory=dict)

    def of(self, part: str) -> Style:
        """The style of one part."""
        return self.parts.get(part, Style.null())


class ThreadPainter:
    """Draws rows of one width."""

    def __init__(
        self,
        layout: ThreadLayout,
        width: int,
        looks: ThreadLooks,
        found: Callable[[int, int, int], Spans],
        *,
        ascii_only: bool = False,
    ) -> None:
        """``found`` gives what was searched for in a message, between two characters."""
        self.layout = layout
        self.width = width
        self.looks = looks
        self.found = found
        self.ascii_only = ascii_only
        self.signs = ASCII_SIGNS if ascii_only else UNICODE_SIGNS
        self.blank = Strip.blank(max(width, 0), looks.base)

    @property
    def room(self) -> int:
        """Cells of a row of text."""
        return max(self.width - GUTTER - ASIDE, 1)

    def row(self, spot: Spot, *, chosen: bool) -> Strip:
        """One row."""
        entry = self.layout.entries[spot.message]
        unit = self.layout.units(spot.message)[spot.unit]
        if isinstance(unit, Part) and unit.frame is Frame.GAP:
            return self.blank
        if isinstance(unit, Part) and unit.frame in (Frame.DAY, Frame.UNREAD):
            return self._rule(entry, unit.frame)
        base = self.looks.base + self.looks.of("note" if entry.internal else "quiet" if entry.quiet else "text")
        gutter = [
            (self.signs.chosen if chosen else " ", base + self.looks.of("chosen")),
            (f"{self.signs.note} " if entry.internal else "  ", base + self.looks.of("note-side")),
        ]
        if isinstance(unit, Part):
            pieces = (
                self._head(spot.message, base)
                if unit.frame is Frame.HEAD
                else self._file(entry.files[unit.number], base)
            )
        elif isinstance(unit, Fold):
            pieces = [(self._fold_words(unit), base + self.looks.of("fold"))]
        else:
            pieces = self._text(spot, entry, unit, base)
        return self._strip([*gutter, *pieces], base)

    def with_thumb(self, strip: Strip) -> Strip:
        """The same row with the sign of the scroll position in its last cell."""
        thumb = Strip(segments_of([(self.signs.thumb, self.looks.base + self.looks.of("thumb"))]), 1)
        return Strip.join([strip.crop(0, self.width - 1), thumb])

    # --- parts

    def _rule(self, entry: ThreadEntry, frame: Frame) -> Strip:
        if frame is Frame.DAY:
            day = entry.day
            words, look = f"{_DAYS[day.weekday()]}, {day:%Y-%m-%d}", "day"
        else:
            words, look = "new", "unread"
        style = self.looks.base + self.looks.of(look)
        rule = self.signs.rule
        before = f" {rule * 2} {words} "
        return self._strip([(before + rule * max(self.room + GUTTER - len(before), 2), style)], self.looks.base)

    def _head(self, number: int, base: Style) -> list[tuple[str, Style]]:
        entry = self.layout.entries[number]
        muted = base + self.looks.of("muted")
        pieces = [(f"{local(entry.at):%H:%M}  ", muted)]
        if self.layout.follows_on(number):
            return pieces
        if entry.internal:
            pieces.append(("NOTE", base + self.looks.of("note-head")))
            pieces.append(("  ", muted))
        if entry.quiet:
            pieces.append((f"{self.signs.quiet} the panel", muted))
        else:
            room = max(self.room // 2, 8)
            pieces.append((cut(entry.author or "?", room, self.signs.ellipsis), base + self.looks.of("author")))
            pieces.append((f"  {cut(entry.role, 12, self.signs.ellipsis)}{', you' if entry.mine else ''}", muted))
        if entry.internal:
            pieces.append(("  only staff sees this", muted))
        if entry.merged_from:
            pieces.append((f"  from ticket {cut(entry.merged_from, 20, self.signs.ellipsis)}", muted))
        return pieces

    def _file(self, file: ThreadFile, base: Style) -> list[tuple[str, Style]]:
        size = f"  {size_text(file.size)}" if file.size else ""  # not every panel tells it
        room = max(self.room - len(size) - 2, 4)
        name = cut(clean(file.name) or "?", room, self.signs.ellipsis)
        return [
            (f"{self.signs.file} ", base + self.looks.of("file")),
            (name, base + self.looks.of("file")),
            (size, base + self.looks.of("muted")),
        ]

    def _fold_words(self, fold: Fold) -> str:
        if fold.lines > 1:
            what = f"{fold.lines} lines"
        elif fold.characters >= _MANY:
            what = f"{fold.characters // 1000} 000 characters"
        else:
            what = f"{fold.characters} characters"
        return f"{self.signs.fold} {what} more, z shows them"

    def _text(self, spot: Spot, entry: ThreadEntry, line: Line, base: Style) -> list[tuple[str, Style]]:
        start, end = self.layout.rows(spot.message, spot.unit)[spot.row]
        pieces: list[tuple[str, Style]] = []
        style = base
        if line.kind is Kind.QUOTE:
            style = base + self.looks.of("quote")
            pieces.append((f"{self.signs.quote} " * line.depth, style))
        elif line.kind is Kind.CODE:
            style = base + self.looks.of("code")
            sign = self.signs.code_on if spot.row or line.continued else self.signs.code
            pieces.append((f"{sign} ", base + self.looks.of("muted")))
        elif spot.row and (hang := self.layout.hang(entry.body, line)):
            pieces.append((" " * hang, base))
        if start >= end:
            return pieces
        marks = [(a, b, style + self.looks.of("link")) for a, b in links_in(entry.body, line.start, line.end)]
        marks += [
            (a, b, base + self.looks.of("found-here" if here else "found"))
            for a, b, here in self.found(spot.message, start, end)
        ]
        return pieces + _marked(entry.body, start, end, style, marks)

    # --- cells

    def _strip(self, pieces: list[tuple[str, Style]], rest: Style) -> Strip:
        safe = [(self._safe(text), style) for text, style in pieces]
        used = sum(width_of(text) for text, _ in safe)
        if used < self.width:
            safe.append((" " * (self.width - used), rest))
        strip = Strip(segments_of(safe))
        return strip.crop(0, self.width) if used > self.width else strip.adjust_cell_length(self.width, rest)

    def _safe(self, text: str) -> str:
        text = clean(text)
        return to_ascii(text) if self.ascii_only else text


def _marked(
    body: str, start: int, end: int, style: Style, marks: Sequence[tuple[int, int, Style]]
) -> list[tuple[str, Style]]:
    """Characters of a body in pieces; of marks that meet, the later one in the list wins."""
    here = [(max(a, start), min(b, end), look) for a, b, look in marks if a < end and b > start]
    if not here:
        return [(body[start:end], style)]
    edges = sorted({start, end, *(edge for a, b, _ in here for edge in (a, b))})
    pieces: list[tuple[str, Style]] = []
    for left, right in pairwise(edges):
        look = style
        for a, b, over in here:
            if a <= left and right <= b:
                look = over
        pieces.append((body[left:right], look))
    return pieces


def size_text(size: int) -> str:
    """Bytes as a person reads them: ``812 B``, ``12.4 KiB``, ``3.0 MiB``."""
    if size < _KIB:
        return f"{size} B"
    if size < _KIB * _KIB:
        return f"{size / _KIB:.1f} KiB"
    return f"{size / _KIB / _KIB:.1f} MiB"
