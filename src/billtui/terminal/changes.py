"""From what is on the terminal to what is meant to be there, in as few bytes as can be.

What is written consists of the sequences made here and in ``pen.py``, and of printable cells; nothing else.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import compress, count
from operator import is_not, itemgetter
from typing import NamedTuple

from billtui.terminal.abilities import CAUTIOUS, Abilities
from billtui.terminal.attributes import Attributes
from billtui.terminal.moved_rows import find_move
from billtui.terminal.pen import Pen
from billtui.terminal.screenful import Row, Screenful

SYNC_START, SYNC_END = "\x1b[?2026h", "\x1b[?2026l"
SYNC_FROM = 512
"""Characters from which on a frame is worth being shown in one go; shorter ones arrive in one piece anyway."""
_NEAR = 4
"""A gap of so many cells is written again rather than jumped over."""
_BY_LOOK_FROM = 256
"""Characters from which on it is tried whether writing one look after the other is shorter than row by row."""
_SPARED = 0.9
"""It is taken where it needs less than this share: rows are nicer to see on a slow line."""


_sure = itemgetter(3)  # of a cell


class _Piece(NamedTuple):
    """Cells in a row to write, of one look; without cells: erase from there to the end of the line."""

    look: Attributes
    x: int
    y: int
    cells: Row
    plain: bool = True
    """Whether every terminal counts all of them alike; otherwise they may have several looks."""


def changes(
    shown: Screenful | None, intended: Screenful, can: Abilities = CAUTIOUS, *, synchronised: bool = False
) -> str:
    """What to write so that the terminal shows ``intended``; empty where it does already.

    ``shown`` is what is on it now, with the cursor where that picture has it and all attributes reset; None where that
    is not known, and then everything is drawn. ``synchronised``: the terminal knows mode 2026; long frames use it.
    """
    if not intended.columns or not intended.lines:
        return ""
    pen = Pen(can, intended)
    before: Sequence[Row]
    if shown is None or (shown.columns, shown.lines) != (intended.columns, intended.lines):
        before = pen.wipe(intended).rows
    else:
        before = shown.rows
        pen.x, pen.y = shown.cursor
        if can.scrolls and (move := find_move(before, intended.rows)) is not None:
            before = pen.scroll(move, before, intended.rows)
    pieces = [
        piece
        for y, (old, new) in enumerate(zip(before, intended.rows, strict=True))
        if old is not new
        for piece in _row(pen, y, old, new)
    ]
    beginning = "".join(pen.out)
    written = _written(pen.another(), pieces, intended)
    if len(written) >= _BY_LOOK_FROM:
        ordered = _by_look(pieces, pen.look)
        if len(written) + _difference(pieces, ordered, pen.look) < len(written) * _SPARED:
            written = min(written, _written(pen.another(), ordered, intended), key=len)
    written = beginning + written
    if synchronised and len(written) >= SYNC_FROM:
        return f"{SYNC_START}{written}{SYNC_END}"
    return written


def _written(pen: Pen, pieces: Sequence[_Piece], intended: Screenful) -> str:
    for look, x, y, cells, plain in pieces:
        if not cells:
            pen.erase_line(x, y, intended.rows[y][-1])
        elif plain:
            pen.put_words(look, cells, x, y)
        else:
            pen.put(cells, x, y)
    return pen.finish(*intended.cursor)


def _difference(pieces: Sequence[_Piece], ordered: Sequence[_Piece], look: Attributes) -> int:
    """By how much the other order is longer, about: fewer changes of look, more ways to go."""
    return _looks(ordered, look) - _looks(pieces, look) + _ways(ordered) - _ways(pieces)


def _looks(pieces: Sequence[_Piece], look: Attributes) -> int:
    length = 0
    for piece in pieces:
        its = piece.look
        if its is not look and its is not look.rest:
            length += len(look.to(its))
            look = its
    return length


def _ways(pieces: Sequence[_Piece]) -> int:
    length = end = row = 0
    for _, x, y, cells, _ in pieces:
        if y != row:
            length += 7
        elif x != end:
            length += 5
        row, end = y, x + len(cells)
    return length


def _by_look(pieces: Sequence[_Piece], look: Attributes) -> list[_Piece]:
    """The same pieces, those of one look after one another; ``look`` is there already."""
    groups: dict[Attributes, list[_Piece]] = {look: []}
    blanks: dict[Attributes, Attributes] = {look.rest: look}
    for piece in pieces:
        found = piece.look if piece.look in groups else blanks.get(piece.look)
        if found is None:
            found = piece.look
            groups[found] = []
            blanks.setdefault(found.rest, found)
        groups[found].append(piece)
    return [piece for group in groups.values() for piece in group]


def _row(pen: Pen, y: int, old: Row, new: Row) -> Iterator[_Piece]:
    changed = list(compress(count(), map(is_not, old, new)))
    if not changed:
        return
    tail = 0
    if new[changed[-1]] is new[-1] and pen.erases(new[-1]):
        tail = len(changed) - bisect_left(changed, _equal_from(new))
    if tail <= _NEAR:
        tail = 0
    for start, stop in _runs(changed[: len(changed) - tail], new):
        yield from _pieces(new[start:stop], start, y)
    if tail:
        yield _Piece(new[-1].attributes, changed[-tail], y, ())


def _pieces(cells: Row, x: int, y: int) -> Iterator[_Piece]:
    """The cells of a run, apart where their look changes; together where a letter may be drawn over its neighbour."""
    if not all(map(_sure, cells)):
        yield _Piece(cells[0].attributes, x, y, cells, False)
        return
    start, look = 0, cells[0].attributes
    # A blank looks like a word in the terminal's own colour, but goes with words of any: where one begins is looked at.
    looks = [cell if cell[0] == " " else cell[2] for cell in cells]
    for at in compress(count(1), map(is_not, looks, looks[1:])):
        its = cells[at].attributes
        if its is look or (its is look.rest and cells[at].text == " "):
            continue
        if its.rest is look and all(cell.text == " " for cell in cells[start:at]):
            look = its  # blanks before a word go with it
            continue
        yield _Piece(look, x + start, y, cells[start:at])
        start, look = at, its
    yield _Piece(look, x + start, y, cells[start:])


def _runs(changed: list[int], row: Row) -> list[tuple[int, int]]:
    """Stretches of the row to write: from where to where, small gaps closed, wide characters whole."""
    runs: list[tuple[int, int]] = []
    first, end = -1, -_NEAR - 1
    for x in changed:
        cell = row[x]
        if x < end:
            continue
        start, stop = x, x + 1
        if cell.width != 1 or not cell.sure or (stop < len(row) and not row[stop].width):
            start, stop = _whole(row, x)
        if start > end and (start > end + _NEAR or not _alike(row, end - 1, start)):
            if first >= 0:
                runs.append((first, end))
            first = start
        end = stop
    if first >= 0:
        runs.append((first, end))
    return runs


def _whole(row: Row, x: int) -> tuple[int, int]:
    """From where to where has to be written, when the cell at ``x`` has to be.

    Both halves of a wide letter; and what some terminal may have drawn a letter over.
    """
    start, stop = x, x + 1
    if not row[start].width:
        start -= 1
    lead = row[start]
    while stop < len(row) and (not row[stop].width or not lead.sure):
        if row[stop].width:
            lead = row[stop]
        stop += 1
    return start, stop


def _alike(row: Row, first: int, stop: int) -> bool:
    """Whether the cells of a gap can be written without another look, after the cell before it."""
    look = row[first].attributes
    return all(
        cell.sure and (cell.attributes is look or (cell.text == " " and cell.attributes is look.rest))
        for cell in row[first + 1 : stop]
    )


def _equal_from(row: Row) -> int:
    """The column from which on all cells are the same."""
    last, at = row[-1], len(row) - 1
    while at and row[at - 1] is last:
        at -= 1
    return at
