"""Screens that change at random, as a compositor would draw them: whole, in pieces, and rows that moved."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from random import Random

from rich.segment import Segment
from rich.style import Style
from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate
from textual.geometry import Region
from textual.strip import Strip

from billtui.terminal.attributes import NARROW

STYLES = [
    None,
    *map(
        Style.parse,
        (
            "bold red on blue", "#ff8800 on #12151b", "dim on #12151b", "reverse", "underline green",
            "italic on #202020", "bright_white on bright_black", "bold dim strike", "color(200) on color(17)",
            "on #12151b", "bold on #12151b", "overline", "conceal blue", "underline2", "blink yellow on default",
            "default on default", "reverse on red",
        ),
    ),
]  # fmt: skip
TEXTS = [
    "hello world", "漢字", "a", "   ", " " * 14, "é", "e\u0301x", "🙂", "a🙂b", "│──╮", "ｱ", "✓ ok", "\u0301x",
    "⚠\ufe0f", " ", "한글", "Ж", "\u200d", "👩\u200d👩", "🇩🇪", "−12 345,67 €", "…", "\x1b[31m", "\x07", "\u202e",
    "\xa0", "\u0e33", "க்ஷ", "\x9b2J", "x" * 30,
]  # fmt: skip

PLAIN = [text for text in TEXTS if NARROW.issuperset(text)]
"""Those about whose width nobody disagrees."""


class RandomScreen:
    """Makes updates of a screen of one size."""

    def __init__(self, seed: int, columns: int, lines: int) -> None:
        self.chance = Random(seed)
        self.columns, self.lines = columns, lines
        self._rows = [self._strip(columns) for _ in range(lines)]

    def update(self) -> CompositorUpdate:
        """The next one; the first should be ``whole``."""
        kind = self.chance.random()
        if kind < 0.03:
            self._rows = [self._strip(self.columns) for _ in self._rows]
            return self.whole()
        if kind < 0.2 and self.lines > 2:
            self._move()
            return self.whole()
        if kind < 0.25:
            return self.whole()
        return self._piece()

    def whole(self) -> LayoutUpdate:
        """All rows as they are."""
        return LayoutUpdate([[row] for row in self._rows], Region(0, 0, self.columns, self.lines))

    def _move(self) -> None:
        top = self.chance.randrange(self.lines - 1)
        bottom = self.chance.randrange(top + 1, self.lines)
        by = self.chance.choice((1, 1, 1, 2, 3, -1, -1, -2))
        part = self._rows[top : bottom + 1]
        by = max(-len(part), min(len(part), by))
        fresh = [self._strip(self.columns) for _ in range(abs(by))]
        self._rows[top : bottom + 1] = part[by:] + fresh if by > 0 else fresh + part[: len(part) + by]

    def _piece(self) -> ChopsUpdate:
        y = self.chance.randrange(self.lines)
        first = self.chance.randrange(self.columns)
        last = self.chance.randrange(first + 1, self.columns + 1)
        cuts = sorted({0, first, self.columns, self.chance.randrange(self.columns)})
        chops: list[Mapping[int, Strip | None]] = [{} for _ in range(self.lines)]
        parts: dict[int, Strip | None] = {}
        for start, end in pairwise(cuts):
            parts[start] = self._strip(end - start) if self.chance.random() < 0.9 else None
        chops[y] = parts
        return ChopsUpdate(chops, [(y, first, last)], [cuts[1:] for _ in range(self.lines)])

    def _strip(self, width: int) -> Strip:
        segments: list[Segment] = []
        count = 0
        few, plain = self.chance.random() < 0.5, self.chance.random() < 0.6
        texts = PLAIN if plain else TEXTS
        styles = self.chance.sample(STYLES, 4)
        style = self.chance.choice(styles)
        while count < width:
            if not few or self.chance.random() < 0.2:
                style = self.chance.choice(styles)
            segment = Segment(self.chance.choice(texts), style)
            if count + segment.cell_length > width:
                segment = segment.split_cells(width - count)[0]
            segments.append(segment)
            count += segment.cell_length
        return Strip(segments)

    def cursor(self) -> tuple[int, int]:
        """Somewhere."""
        return self.chance.randrange(self.columns), self.chance.randrange(self.lines)
