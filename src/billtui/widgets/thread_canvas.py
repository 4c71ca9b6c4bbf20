"""The drawing half of a thread: which rows are in sight, and which must be drawn again."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from typing import ClassVar

from textual.reactive import reactive
from textual.strip import Strip

from billtui.widgets.kept_lines import KeptLines
from billtui.widgets.thread_found import FoundPlaces
from billtui.widgets.thread_layout import Anchor, Frame, Part, Spot, ThreadEntry, ThreadLayout
from billtui.widgets.thread_lines import ASIDE, GUTTER, ThreadLooks, ThreadPainter

ROWS_KEPT = 1024
"""Drawn rows that are kept."""
PARTS = (
    "day", "unread", "author", "muted", "note", "note-side", "note-head", "quiet", "quote", "code", "link", "file",
    "fold", "found", "found-here", "chosen", "thumb",
)  # fmt: skip


class ThreadCanvas(KeptLines):
    """Draws the rows of a thread from its top on."""

    ALLOW_SELECT = False
    ALLOW_MAXIMIZE = False
    COMPONENT_CLASSES: ClassVar[set[str]] = {f"thread--{part}" for part in PARTS}
    DEFAULT_CSS = """
    ThreadCanvas {
        height: 1fr;
        color: $foreground;
        background: $background;
        & > .thread--day { color: $muted; }
        & > .thread--unread { color: $text-accent; text-style: bold; }
        & > .thread--author { text-style: bold; }
        & > .thread--muted { color: $muted; }
        & > .thread--note { background: $surface; }
        & > .thread--note-side { color: $text-warning; }
        & > .thread--note-head { color: $text-warning; text-style: bold; }
        & > .thread--quiet { color: $muted; }
        & > .thread--quote { color: $muted; }
        & > .thread--code { background: $boost; }
        & > .thread--link { color: $text-accent; text-style: underline; }
        & > .thread--file { color: $text-accent; }
        & > .thread--fold { color: $muted; text-style: italic; }
        & > .thread--found { text-style: reverse; }
        & > .thread--found-here { text-style: bold reverse underline; }
        & > .thread--chosen { color: $text-accent; }
        & > .thread--thumb { color: $scrollbar; }
    }
    """
    ascii_only: reactive[bool] = reactive(False, init=False)
    """Draw with ASCII alone, for terminals without UTF-8."""

    def __init__(self, *, ascii_only: bool, id: str | None) -> None:
        super().__init__(id=id)
        self._layout_of = ThreadLayout()
        self._top = Spot(0)
        self._anchor: Anchor | None = None
        self._chosen: str | None = None
        self._found = FoundPlaces()
        self._weights: list[int] = [0]
        self._painter: ThreadPainter | None = None
        self._strips: dict[tuple[Spot, bool], Strip] = {}
        self.set_reactive(ThreadCanvas.ascii_only, ascii_only)

    def _set_entries(self, entries: Sequence[ThreadEntry], unread: str | None) -> None:
        self._layout_of.show(entries, unread)
        self._weights = [0, *accumulate(3 + min(len(one.body) // 60, 60) for one in entries)]
        self._strips.clear()

    @property
    def _height(self) -> int:
        return self.size.height

    def _last_top(self) -> Spot:
        return self._layout_of.walk(self._layout_of.last, 1 - self._height)[0]

    def _end_in_sight(self) -> bool:
        return bool(self._height) and self._top >= self._last_top()

    def _window(self) -> list[Spot]:
        return self._layout_of.window(self._top, self._height)

    def _is_head(self, spot: Spot) -> bool:
        unit = self._layout_of.units(spot.message)[spot.unit]
        return isinstance(unit, Part) and unit.frame is Frame.HEAD

    # --- drawing

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._restyle()

    def watch_ascii_only(self) -> None:
        self._restyle()

    def _restyle(self) -> None:
        self._painter = None
        self._strips.clear()
        self._forget_painted()

    def _paint(self) -> ThreadPainter:
        if self._painter is None or self._painter.width != self.size.width:
            part = {name: self.get_component_rich_style(f"thread--{name}", partial=True) for name in PARTS}
            looks = ThreadLooks(self.rich_style, part)
            self._painter = ThreadPainter(
                self._layout_of, self.size.width, looks, self._found.spans, ascii_only=self.ascii_only
            )
            self._strips.clear()
        return self._painter

    def _lines(self) -> list[Strip]:
        width, height = self.size
        if width <= 0 or height <= 0:
            return []
        painter, strips = self._paint(), self._strips
        self._layout_of.set_width(width - GUTTER - ASIDE)
        if len(strips) > ROWS_KEPT:
            strips.clear()
        chosen = self._layout_of.number_of(self._chosen)
        lines: list[Strip] = []
        for spot in self._layout_of.window(self._top, height):
            key = spot, spot.message == chosen
            strip = strips.get(key)
            if strip is None:
                strip = strips[key] = painter.row(spot, chosen=key[1])
            lines.append(strip)
        lines += [painter.blank] * (height - len(lines))
        if (thumb := self._thumb(height)) is not None:
            lines[thumb] = painter.with_thumb(lines[thumb])
        return lines

    def _thumb(self, height: int) -> int | None:
        """The row that shows how far down this is; nothing where everything is in sight."""
        if not self._layout_of.entries or height < 2:
            return None
        last_top = self._last_top()
        if last_top <= Spot(0):
            return None
        if self._top == Spot(0) or self._top >= last_top:
            return 0 if self._top == Spot(0) else height - 1
        number = self._top.message
        before = self._weights[number]
        here = before + (self._weights[number + 1] - before) * self._layout_of.fraction(self._top)
        return 1 + int(here * (height - 2) / self._weights[-1])
