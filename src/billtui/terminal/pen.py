"""Writes cells to a terminal: knows where the cursor is and what comes next would look like, and goes the short way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from operator import itemgetter
from typing import Self

from billtui.terminal.abilities import Abilities
from billtui.terminal.attributes import NARROW, Attributes, Cell
from billtui.terminal.harmless import REPLACEMENT
from billtui.terminal.moved_rows import Move
from billtui.terminal.screenful import Row, Screenful

_ERASED, _ERASED_LAST = 11, 6
"""So many blanks and more are erased rather than written; at the end of what is written, where nothing follows."""
_MANY, _SOME = " " * _ERASED, " " * _ERASED_LAST
_text = itemgetter(0)  # of a cell


class Pen:
    """Collects what is written; knows where the cursor is and what the next character would look like."""

    def __init__(self, can: Abilities, screen: Screenful) -> None:
        self.can = can
        self.columns = screen.columns
        self.plain = screen.rows[0][0].attributes.plain
        self.look = self.plain
        self.x: int | None = None
        self.y: int | None = None
        self.out: list[str] = []

    def another(self) -> Self:
        """A pen that goes on from here for itself."""
        pen = type(self).__new__(type(self))
        pen.__dict__.update(self.__dict__, out=[])
        return pen

    def wipe(self, intended: Screenful) -> Screenful:
        """Erase everything, in the colour that most blanks will have; gives what is on the terminal then."""
        fill = self.plain
        self.out.append("\x1b[r\x1b[m")
        if self.can.erases_in_colour:
            fill = _most_blanks(intended.rows) or fill
        self.be(fill)
        self.out.append("\x1b[H\x1b[J")
        self.x = self.y = 0
        return Screenful.blank(intended.columns, intended.lines, fill)

    def scroll(self, move: Move, before: Sequence[Row], intended: Sequence[Row]) -> list[Row]:
        """Let the terminal move rows; gives what is on it then."""
        fill = self.plain
        if self.can.erases_in_colour:
            fill = _most_blanks([intended[y] for y in move.exposed()]) or fill
        self.be_blank(fill)
        self.out.append(f"\x1b[{move.top + 1};{move.bottom + 1}r")
        self.x = self.y = None
        if move.by > 0:
            self.go(0, move.bottom)
            self.out.append("\n" * move.by)
        else:
            self.go(0, move.top)
            self.out.append("\x1bM" * -move.by)
        self.out.append("\x1b[r")
        self.x = self.y = None
        return move.applied(before, (fill.cells[" "],) * self.columns)

    def be(self, look: Attributes) -> None:
        """Make what follows look so."""
        if look is not self.look:
            self.out.append(self.look.to(look) if self.can.switches_off else self.look.to_by_reset(look))
            self.look = look

    def be_blank(self, look: Attributes) -> None:
        """Make blanks look so; the colour of letters may stay what it is."""
        if self.look.rest is not look:
            self.be(look)

    def go(self, x: int, y: int) -> None:
        """Move the cursor, the shortest way."""
        if y != self.y:
            if x == 0 and self.y is not None and y == self.y + 1:
                self.out.append("\r\n")
            elif x == self.x and self.y is not None and abs(y - self.y) == 1:
                self.out.append("\x1b[B" if y > self.y else "\x1b[A")
            else:
                self.out.append(_place(x, y))
        elif x != self.x:
            if x == 0:
                self.out.append("\r")
            elif self.x is None:
                self.out.append(f"\x1b[{x + 1}G")
            else:
                self.out.append(_step(self.x, x))
        self.x, self.y = x, y

    def put_words(self, look: Attributes, cells: Row, at: int, y: int) -> None:
        """Write cells that look alike, blanks aside, and about whose width nobody disagrees."""
        words = "".join(map(_text, cells))
        if self.can.erases_cells and (_MANY in words or words.endswith(_SOME)):
            self.put(cells, at, y)
            return
        self.go(at, y)
        if self.look is not look and (words.strip(" ") or look is not self.look.rest):
            self.be(look)
        self.out.append(words)
        end = at + len(cells)
        self.x = end if end < self.columns else None

    def put(self, cells: Row, at: int, y: int) -> None:
        """Write cells from a place on."""
        self.go(at, y)
        index, last = 0, len(cells)
        out = self.out
        while index < last:
            cell = cells[index]
            text, width, look, sure = cell
            if text == " ":
                if look is not self.look.rest:
                    self.be(look)
                count = _equal(cells, index) if self.can.erases_cells else 1
                if count >= (_ERASED_LAST if index + count == last else _ERASED) and self.erases(cell):
                    out.append(f"\x1b[{count}X")
                    self.x = at + index
                    index += count
                    if index == last:
                        return
                    self.go(at + index, y)
                    continue
                out.append(text if count == 1 else text * count)
                index += count
                continue
            if look is not self.look:
                self.be(look)
            index += width
            if sure:
                out.append(text)
            else:
                self._put_unsure(cell, at + index - width)
                self.x = None
                if index == last:
                    return
                self.go(at + index, y)
        self.x = at + last if at + last < self.columns else None

    def erase_line(self, x: int, y: int, blank: Cell) -> None:
        """Erase from a place on to the end of the line, so that it is full of this blank."""
        self.go(x, y)
        self.be_blank(blank.attributes)
        self.out.append("\x1b[K")

    def erases(self, cell: Cell) -> bool:
        """Whether erasing draws this cell."""
        look = cell.attributes
        return cell.text == " " and not look.shows_blanks and (self.can.erases_in_colour or not look.background)

    def _put_unsure(self, cell: Cell, at: int) -> None:
        """A character that some terminals draw narrower or wider than its place.

        The place of a wide one is made blank first; one that could reach over the edge is not drawn. What comes after
        it is written again (:func:`_runs`).
        """
        text = cell.text
        if cell.width == 2:
            self.out.append(f"  \x1b[{at + 1}G")
        elif at + 1 == self.columns and text[0] not in NARROW:
            text = REPLACEMENT
        self.out.append(text)

    def finish(self, x: int, y: int) -> str:
        """Leave the cursor and the attributes as the next frame expects them."""
        if self.look is not self.plain:
            self.out.append("\x1b[m")
        self.go(x, y)
        return "".join(self.out)


def _equal(cells: Row, start: int) -> int:
    """How many cells from ``start`` on are the same."""
    stop = start + 1
    while stop < len(cells) and cells[stop] is cells[start]:
        stop += 1
    return stop - start


def _most_blanks(rows: Sequence[Row]) -> Attributes | None:
    """The look that most blanks have, among those that are nothing but background."""
    counts = Counter(
        cell.attributes for row in rows for cell in row if cell.text == " " and not cell.attributes.shows_blanks
    )
    return counts.most_common(1)[0][0] if counts else None


def _place(x: int, y: int) -> str:
    if x:
        return f"\x1b[{y + 1};{x + 1}H"
    return f"\x1b[{y + 1}H" if y else "\x1b[H"


def _step(before: int, after: int) -> str:
    distance = after - before
    if distance > 0:
        return "\x1b[C" if distance == 1 else f"\x1b[{distance}C"
    if distance >= -3:
        return "\b" * -distance
    return f"\x1b[{-distance}D"
