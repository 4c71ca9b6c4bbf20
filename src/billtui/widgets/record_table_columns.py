"""Columns of a table: what they show, and how wide they are in a given space."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Literal, NamedTuple, TypeVar

from rich.text import Text

R = TypeVar("R")

Align = Literal["left", "right", "center"]
Tone = Literal["", "dim", "good", "warning", "bad", "accent"]


class Toned(NamedTuple):
    """Plain text with a tone, which the theme colours. The text must say the same without its colour."""

    text: str
    tone: Tone


Cell = str | Text | Toned
"""What a column gives for a record. A `str` is plain text, never markup."""


@dataclass(frozen=True, kw_only=True)
class Column(Generic[R]):
    """One column of a `RecordTable`. Widths are in terminal cells.

    A column has either a fixed `width` or grows from `min_width` to `max_width` (None: without limit) in proportion to
    `flex`. When space is short the column with the lowest `priority` goes first (of equals the right one).
    `sort_key` gives values that compare with each other, or None (last); `int`, `float` and `str` sort fastest.
    `search` gives the text the filter looks into. An amount that is `apart` does not run into the words behind it:
    where a single cell stands between columns a second one does there, as long as no column goes for it.
    """

    key: str
    title: str
    cell: Callable[[R], Cell]
    width: int | None = None
    min_width: int = 4
    max_width: int | None = None
    flex: int = 1
    align: Align = "left"
    apart: bool = False
    priority: int = 0
    sort_key: Callable[[R], Any] | None = None
    search: Callable[[R], str] | None = None

    @property
    def least(self) -> int:
        """The smallest width."""
        return max(1, self.min_width if self.width is None else self.width)

    @property
    def most(self) -> int | None:
        """The largest width; None: without limit."""
        return self.max_width if self.width is None else self.least


class Fitted(NamedTuple, Generic[R]):
    """A column with its place on the line."""

    column: Column[R]
    offset: int
    width: int


def fit_columns(columns: Sequence[Column[R]], space: int, gap: int) -> list[Fitted[R]]:
    """Choose the columns that have room in `space` cells and give each its width; `gap` cells stand between two."""
    if space <= 0 or not columns:
        return []
    kept = list(columns)
    while len(kept) > 1 and sum(column.least for column in kept) + gap * (len(kept) - 1) > space:
        lowest = min(column.priority for column in kept)
        kept.pop(max(place for place, column in enumerate(kept) if column.priority == lowest))
    widths = [min(column.least, space) for column in kept]
    spare = space - sum(widths) - gap * (len(kept) - 1)
    behind = [gap] * len(kept)
    for place, column in enumerate(kept[:-1]):
        if column.apart and gap == 1 and spare > 0:
            behind[place] += 1
            spare -= 1
    while spare > 0:
        growing = [
            place
            for place, column in enumerate(kept)
            if column.flex > 0 and (column.most is None or widths[place] < column.most)
        ]
        if not growing:
            break
        whole, left = sum(kept[place].flex for place in growing), spare
        for place in growing:
            most = kept[place].most
            share = min(spare, max(1, left * kept[place].flex // whole))
            if most is not None:
                share = min(share, most - widths[place])
            widths[place] += share
            spare -= share
    fitted: list[Fitted[R]] = []
    offset = 0
    for column, width, blank in zip(kept, widths, behind, strict=True):
        fitted.append(Fitted(column, offset, width))
        offset += width + blank
    return fitted
