"""Finds rows that merely moved up or down, which a terminal can do by itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from operator import is_not
from typing import NamedTuple

from billtui.terminal.screenful import Row

_WORTH = 40
"""Bytes spared, about, so that moving rows is worth its own."""
_FEWEST_ROWS = 3
_WAY = 6
"""What going to a row costs."""
_WINDOW = 24
"""Cells by which a row is recognised at another place."""
_PROBES = 4


class Move(NamedTuple):
    """Between the rows ``top`` and ``bottom``, both included, everything goes up by ``by`` rows (down, if negative)."""

    top: int
    bottom: int
    by: int

    def exposed(self) -> range:
        """The rows that are blank afterwards."""
        if self.by > 0:
            return range(self.bottom - self.by + 1, self.bottom + 1)
        return range(self.top, self.top - self.by)

    def applied(self, rows: Sequence[Row], blank: Row) -> list[Row]:
        """The rows as they are afterwards."""
        part = list(rows[self.top : self.bottom + 1])
        if self.by > 0:
            part = part[self.by :] + [blank] * self.by
        else:
            part = [blank] * -self.by + part[: self.by]
        return [*rows[: self.top], *part, *rows[self.bottom + 1 :]]


def find_move(before: Sequence[Row], after: Sequence[Row]) -> Move | None:
    """The move that spares most, or None where none is worth it."""
    best: tuple[int, Move] | None = None
    costs = {y: _differing(old, new) for y, (old, new) in enumerate(zip(before, after, strict=True)) if old is not new}
    changed = [y for y, cost in costs.items() if cost]
    if len(changed) < _FEWEST_ROWS or sum(costs.values()) < _WORTH:
        return None
    for by in _candidates(before, after, changed):
        gain, move = _best_region(before, after, costs, by)
        if move is not None and (best is None or gain > best[0]):
            best = gain, move
    return best[1] if best is not None and best[0] >= _WORTH else None


def _differing(old: Row, new: Row) -> int:
    """Bytes to write, about: cells, and the way to the row."""
    cells = sum(map(is_not, old, new))
    return cells + _WAY if cells else 0


def _candidates(before: Sequence[Row], after: Sequence[Row], changed: list[int]) -> list[int]:
    """Distances at which some of the rows that changed are found again, the likeliest first; at most two."""
    found: Counter[int] = Counter()
    step = max(1, len(changed) // _PROBES)
    for y in changed[step // 2 :: step]:
        new, old = after[y], before[y]
        first = next(x for x, differs in enumerate(map(is_not, old, new)) if differs)
        window = new[first : first + _WINDOW]
        if all(cell is window[0] for cell in window):
            continue
        for other in changed:
            if other != y and before[other][first : first + _WINDOW] == window:
                found[other - y] += 1
    return [by for by, _ in found.most_common(2)]


def _best_region(
    before: Sequence[Row], after: Sequence[Row], costs: dict[int, int], by: int
) -> tuple[int, Move | None]:
    """The stretch of rows where moving spares most, and how much that is."""
    best, region = 0, None
    gain = start = 0
    lines = len(after)
    for y in range(max(0, -by), min(lines, lines - by)):
        if gain <= 0:
            gain, start = 0, y
        old, new = before[y + by], after[y]
        if old is not new:
            gain -= _differing(old, new)
        gain += costs.get(y, 0)
        if gain > best:
            best, region = gain, (start, y)
    if region is None:
        return 0, None
    first, last = region
    move = Move(first, last + by, by) if by > 0 else Move(first + by, last, by)
    return best - sum(_drawn(after[row]) - costs.get(row, 0) for row in move.exposed()), move


def _drawn(row: Row) -> int:
    """Cells that have to be written on a blank row, about."""
    return _WAY + len(row) - [cell.text for cell in row].count(" ")
