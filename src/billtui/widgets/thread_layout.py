"""A thread as rows that can be walked: which message, which of its parts, which row; nothing is wrapped unseen.

There is no height of the whole: a place in a thread is a message and a character in it, and everything goes from
there, row by row. So a thread of any length opens at once, and another width changes nothing but what is in sight.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from enum import IntEnum
from typing import NamedTuple

from billtui.widgets.formats import local
from billtui.widgets.thread_text import Fold, Kind, Line, folded, hang_of, lines_of, wrapped

MOST_WIDE = 100
"""Longest row of text, in cells: longer ones are hard to read."""
KEPT = 4096
"""Wrapped lines that are kept."""


class ThreadFile(NamedTuple):
    """An attachment as the thread lists it."""

    id: str
    name: str
    size: int
    """Bytes."""


class ThreadEntry(NamedTuple):
    """A message of a thread as it is drawn; all text has been cleaned."""

    id: str
    author: str
    """A login; empty where the panel wrote by itself."""
    role: str
    at: datetime
    body: str
    internal: bool = False
    """A note that only staff sees."""
    files: tuple[ThreadFile, ...] = ()
    merged_from: str = ""
    """The ticket that it was written in, where that one was merged into this (TKT-8)."""
    mine: bool = False

    @property
    def quiet(self) -> bool:
        """Whether the panel wrote it."""
        return self.role == "panel"

    @property
    def day(self) -> date:
        """Its day for the person at the terminal."""
        return local(self.at).date()


class Frame(IntEnum):
    """Rows around the text of a message."""

    GAP = 0
    DAY = 1
    UNREAD = 2
    HEAD = 3
    FILE = 4


class Part(NamedTuple):
    """One row that is not text."""

    frame: Frame
    number: int = 0
    """Which attachment."""


Unit = Part | Line | Fold


class Spot(NamedTuple):
    """A row: number of the message, of the unit in it, of the row in that. Spots compare in the order of the thread."""

    message: int
    unit: int = 0
    row: int = 0


class Anchor(NamedTuple):
    """A place that holds whatever is wrapped, folded or added: a message, and a row of its frame or a character."""

    message_id: str
    part: Part | None
    offset: int = 0


ROW = [(0, 0)]
"""What a unit of one row wraps to."""


class ThreadLayout:
    """Messages, a width, and what is unfolded."""

    def __init__(self) -> None:
        """Nothing yet."""
        self.entries: Sequence[ThreadEntry] = ()
        self.width = 80
        """Cells for text."""
        self.unread: str | None = None
        """The first message that was not read when the thread was opened."""
        self.opened: set[str] = set()
        """Ids of messages of which everything is shown."""
        self._numbers: dict[str, int] = {}
        self._units: dict[int, Sequence[Unit]] = {}
        self._rows: dict[tuple[int, int], list[tuple[int, int]]] = {}

    # --- what it is made of

    def show(self, entries: Sequence[ThreadEntry], unread: str | None) -> None:
        """Lay these out; spots of before hold no longer, anchors do."""
        self.entries = entries
        self.unread = unread
        self._numbers = {entry.id: number for number, entry in enumerate(entries)}
        self._units.clear()
        self._rows.clear()

    def set_width(self, width: int) -> None:
        """Another width: everything is wrapped again once it is seen."""
        width = max(min(width, MOST_WIDE), 8)
        if width != self.width:
            self.width = width
            self._rows.clear()

    def toggle(self, message_id: str) -> bool:
        """Unfold a message, or fold it again; whether it has anything to fold."""
        number = self._numbers.get(message_id)
        if number is None or not self.folds(number):
            return False
        self.opened ^= {message_id}
        self._units.pop(number, None)
        self._rows.clear()
        return True

    def folds(self, number: int) -> bool:
        """Whether a message is so long that it is folded."""
        if self.entries[number].id in self.opened:
            return True
        return any(isinstance(unit, Fold) for unit in self.units(number))

    def number_of(self, message_id: str | None) -> int | None:
        """Where a message stands."""
        return None if message_id is None else self._numbers.get(message_id)

    # --- units and rows

    def units(self, number: int) -> Sequence[Unit]:
        """The parts of a message: what stands around it, its lines, what is folded."""
        found = self._units.get(number)
        if found is None:
            found = self._units[number] = self._made(number)
        return found

    def _made(self, number: int) -> list[Unit]:
        entry = self.entries[number]
        units: list[Unit] = []
        new_day = number == 0 or self.entries[number - 1].day != entry.day
        if number:
            units.append(Part(Frame.GAP))
        if new_day:
            units.append(Part(Frame.DAY))
        if entry.id == self.unread:
            units.append(Part(Frame.UNREAD))
        units.append(Part(Frame.HEAD))
        lines = lines_of(entry.body)
        units += lines if entry.id in self.opened else folded(lines)
        units += (Part(Frame.FILE, at) for at in range(len(entry.files)))
        return units

    def follows_on(self, number: int) -> bool:
        """Whether a message comes from the same author on the same day as the one before: no name is said again."""
        if number == 0 or self.entries[number].id == self.unread:
            return False
        before, entry = self.entries[number - 1], self.entries[number]
        return (before.author, before.role, before.internal, before.merged_from, before.day) == (
            entry.author,
            entry.role,
            entry.internal,
            entry.merged_from,
            entry.day,
        )

    def rows(self, number: int, unit: int) -> list[tuple[int, int]]:
        """The rows of a unit, as characters from and to."""
        found = self._rows.get((number, unit))
        if found is None:
            what = self.units(number)[unit]
            if not isinstance(what, Line):
                return ROW
            if len(self._rows) >= KEPT:
                self._rows.clear()
            found = self._rows[number, unit] = self._wrapped(self.entries[number].body, what)
        return found

    def _wrapped(self, body: str, line: Line) -> list[tuple[int, int]]:
        return wrapped(body, line, max(self.width - indent_of(line), 4), self.hang(body, line))

    def hang(self, body: str, line: Line) -> int:
        """Cells by which its rows after the first are set in."""
        return min(hang_of(body, line), self.width // 3)

    # --- walking

    @property
    def last(self) -> Spot:
        """The last row of all; the first one where there is nothing."""
        if not self.entries:
            return Spot(0)
        number = len(self.entries) - 1
        unit = len(self.units(number)) - 1
        return Spot(number, unit, len(self.rows(number, unit)) - 1)

    def walk(self, spot: Spot, count: int) -> tuple[Spot, int]:
        """So many rows on (or back); the spot, and how many there were."""
        return self._on(spot, count) if count >= 0 else self._back(spot, -count)

    def _on(self, spot: Spot, count: int) -> tuple[Spot, int]:
        number, unit, row = spot
        left = count
        while left > 0 and self.entries:
            rest = len(self.rows(number, unit)) - 1 - row
            if left <= rest:
                return Spot(number, unit, row + left), count
            if unit + 1 < len(self.units(number)):
                following = number, unit + 1
            elif number + 1 < len(self.entries):
                following = number + 1, 0
            else:
                return Spot(number, unit, row + rest), count - left + rest
            left -= rest + 1
            (number, unit), row = following, 0
        return Spot(number, unit, row), count

    def _back(self, spot: Spot, count: int) -> tuple[Spot, int]:
        number, unit, row = spot
        left = count
        while left > row:
            if unit:
                before = number, unit - 1
            elif number:
                before = number - 1, len(self.units(number - 1)) - 1
            else:
                return Spot(0), count - left + row
            left -= row + 1
            number, unit = before
            row = len(self.rows(number, unit)) - 1
        return Spot(number, unit, row - left), count

    def window(self, top: Spot, height: int) -> list[Spot]:
        """The spots in sight, from ``top`` on."""
        found: list[Spot] = []
        if not self.entries:
            return found
        number, unit, row = top
        while len(found) < height and number < len(self.entries):
            units = len(self.units(number))
            while unit < units and len(found) < height:
                rows = min(len(self.rows(number, unit)), row + height - len(found))
                found += (Spot(number, unit, one) for one in range(row, rows))
                unit, row = unit + 1, 0
            number, unit = number + 1, 0
        return found

    # --- places that hold

    def head(self, number: int) -> Spot:
        """The first row of a message, its day or the mark before it included."""
        return Spot(number, 1 if number else 0)

    def anchor(self, spot: Spot) -> Anchor | None:
        """What stands at a spot."""
        if not self.entries:
            return None
        number, unit, row = spot
        what = self.units(number)[unit]
        if isinstance(what, Part):
            return Anchor(self.entries[number].id, what)
        return Anchor(self.entries[number].id, None, self.rows(number, unit)[row][0] or what.start)

    def spot(self, anchor: Anchor | None) -> Spot | None:
        """Where an anchor stands now; ``None`` where its message is gone."""
        number = None if anchor is None else self._numbers.get(anchor.message_id)
        if anchor is None or number is None:
            return None
        if anchor.part is None:
            return self.spot_of(number, anchor.offset)
        units = self.units(number)
        return Spot(number, units.index(anchor.part)) if anchor.part in units else self.head(number)

    def spot_of(self, number: int, offset: int) -> Spot:
        """The row that a character of a message stands in, or the fold that hides it."""
        found = self.head(number)
        for at, unit in enumerate(self.units(number)):
            if isinstance(unit, Part):
                continue
            if unit.start > offset:
                break
            found = Spot(number, at)
        rows = self.rows(number, found.unit)
        row = 0
        for at, (start, _end) in enumerate(rows):
            if start <= offset:
                row = at
        return found._replace(row=row)

    def hides(self, number: int, offset: int) -> bool:
        """Whether a character is folded away."""
        return isinstance(self.units(number)[self.spot_of(number, offset).unit], Fold)

    def fraction(self, spot: Spot) -> float:
        """How much of its message lies before a spot: 0 to 1, roughly."""
        units = len(self.units(spot.message))
        return (spot.unit + spot.row / max(len(self.rows(spot.message, spot.unit)), 1)) / max(units, 1)


def indent_of(line: Line) -> int:
    """Cells that the mark of a quote or of code takes."""
    if line.kind is Kind.QUOTE:
        return 2 * line.depth
    return 2 if line.kind is Kind.CODE else 0
