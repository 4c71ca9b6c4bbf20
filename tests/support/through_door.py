"""The program behind the door, on an emulated terminal: what was written, and whether it shows what was meant."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import pytest
from textual.app import App
from textual.drivers import headless_driver

from billtui.terminal.abilities import Abilities
from billtui.terminal.attributes import CONCEAL, DIM, NARROW, OVERLINE, UNDERLINE2, Attributes, Cell
from billtui.terminal.changes import changes
from billtui.terminal.screenful import Screenful
from tests.support.emulator import Emulator, Look

EVERYTHING = Abilities(True, True, True, True)
_FLAGS = {"bold": 1, "italics": 4, "underscore": 8, "blink": 16 | 32, "reverse": 64, "strikethrough": 256,
          "dim": DIM, "conceal": CONCEAL, "underscore2": UNDERLINE2, "overline": OVERLINE}  # fmt: skip
_SEEN_ON_BLANKS = ("underscore", "reverse", "strikethrough", "underscore2", "overline")


class Frame(NamedTuple):
    """One picture written: its bytes, and the picture."""

    written: str
    picture: Screenful


class Watched(headless_driver.HeadlessDriver):
    """A driver that writes at once, to an emulator, and compares every row that changed after every frame."""

    can = EVERYTHING
    frames: list[Frame]
    """All frames since the list was emptied by the test."""

    def __init__(self, app: App[Any], **options: Any) -> None:
        super().__init__(app, **options)
        self.frames = []
        self.others: list[str] = []
        """What was written past the pictures."""
        self.shown: Screenful | None = None
        self.emulator = Emulator(1, 1)

    @property
    def is_headless(self) -> bool:
        return False

    @property
    def door_open(self) -> bool:
        return True

    def write(self, data: str) -> None:
        self.others.append(data)

    def forget(self) -> None:
        self.shown = None

    def show(self, screenful: Screenful) -> None:
        size = screenful[:2]
        if (self.emulator.columns, self.emulator.lines) != size:
            self.shown = None
            self.emulator = Emulator(*size, erases_in_colour=self.can.erases_in_colour)
        before, self.shown = self.shown, screenful
        written = changes(before, screenful, self.can)
        self.frames.append(Frame(written, screenful))
        self.emulator.feed(written)
        assert not self.emulator.unknown, self.emulator.unknown
        assert not (wrong := differences(self.emulator, screenful, before)), (wrong[:5], written)

    def look(self) -> Screenful:
        """What is on the emulator, every cell compared with what was meant."""
        assert self.shown is not None
        assert not (wrong := differences(self.emulator, self.shown)), wrong[:5]
        return self.shown

    def bytes(self) -> int:
        """Bytes written since ``frames`` was emptied."""
        return sum(len(frame.written.encode()) for frame in self.frames)


@contextmanager
def watched(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Programs opened inside draw through the door on an emulator."""
    with monkeypatch.context() as patch:
        patch.setattr(headless_driver, "HeadlessDriver", Watched)
        yield


def differences(emulator: Emulator, meant: Screenful, before: Screenful | None = None) -> list[str]:
    """Cells that do not show what is meant, in words. Of a cell that terminals count differently only its letter.

    Rows that are the same as in ``before`` are not looked at.
    """
    found: list[str] = []
    for y, row in enumerate(meant.rows):
        if before is not None and y < before.lines and before.rows[y] is row:
            continue
        for x, cell in enumerate(row):
            seen = emulator.cell(x, y)
            if not _same(seen, cell, row[x - 1] if x else None):
                found.append(f"{x},{y}: {seen} for {cell}")
    if (emulator.cursor.x, emulator.cursor.y) != meant.cursor:
        found.append(f"cursor at {emulator.cursor.x},{emulator.cursor.y}, meant {meant.cursor}")
    if emulator.cursor.attrs != emulator.default_char:
        found.append(f"left behind: {emulator.cursor.attrs}")
    return found


def _same(seen: Look, cell: Cell, before: Cell | None) -> bool:
    if not cell.width:
        return before is None or not before.sure or seen.data == ""
    if cell.sure and seen.data != cell.text:
        return False
    if not cell.sure and seen.data[:1] != cell.text[:1] and not (seen.data in " \ufffd" and cell.text[0] not in NARROW):
        return False
    names = _FLAGS if cell.text != " " or cell.attributes.shows_blanks else _SEEN_ON_BLANKS
    if any(getattr(seen, name) != bool(cell.attributes.flags & _FLAGS[name]) for name in names):
        return False
    wanted = colours(cell.attributes)
    if cell.text == " " and not cell.attributes.shows_blanks:
        return seen.bg == wanted[1]
    return (seen.fg, seen.bg) == wanted


def colours(attributes: Attributes) -> tuple[str, str]:
    """Fore- and background as the emulator names them."""
    known = _COLOURS.get(attributes)
    if known is None:
        probe = Emulator(1, 1)
        probe.feed(f"\x1b[{attributes.codes}m")
        known = _COLOURS[attributes] = (probe.cursor.attrs.fg, probe.cursor.attrs.bg)
    return known


_COLOURS: dict[Attributes, tuple[str, str]] = {}
