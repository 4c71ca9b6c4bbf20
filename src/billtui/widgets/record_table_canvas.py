"""The drawing half of a table: lines, columns, scrolling, and which lines must be drawn again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar, Generic, TypeVar

from textual import events
from textual.geometry import Size
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from billtui.widgets.kept_lines import KeptLines
from billtui.widgets.record_table_columns import Column
from billtui.widgets.record_table_lines import LinePainter, Looks
from billtui.widgets.record_table_view import RecordView

R = TypeVar("R")

LINES_KEPT = 1024
"""Drawn lines that are kept."""
WHEEL_LINES = 3
"""Lines a turn of the mouse wheel scrolls."""
TONES = ("dim", "good", "warning", "bad", "accent")


class TableCanvas(KeptLines, ScrollView, Generic[R]):
    """Draws the records of a view on the line API: the header in the first line, a record in each other line.

    The lines on the screen are kept as they were last handed out; after a change only lines that differ are announced
    for drawing. There are no scrollbar widgets: a sign in the last column shows the position (few bytes per key).
    """

    ALLOW_SELECT = False
    ALLOW_MAXIMIZE = False

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "record-table--header",
        "record-table--cursor",
        "record-table--marked",
        "record-table--aside",
        "record-table--range",
        "record-table--thumb",
        *(f"record-table--{tone}" for tone in TONES),
    }

    DEFAULT_CSS = """
    TableCanvas {
        height: 1fr;
        overflow: hidden hidden;
        color: $foreground;
        background: $background;
        & > .record-table--header { background: $panel; color: $foreground; text-style: bold; }
        & > .record-table--cursor {
            background: $block-cursor-blurred-background;
            color: $block-cursor-blurred-foreground;
            text-style: $block-cursor-blurred-text-style;
        }
        &:focus > .record-table--cursor {
            background: $block-cursor-background;
            color: $block-cursor-foreground;
            text-style: $block-cursor-text-style;
        }
        & > .record-table--marked { color: $text-accent; text-style: bold; }
        & > .record-table--aside { color: $text-warning; }
        & > .record-table--range { color: $text-accent; }
        & > .record-table--thumb { color: $scrollbar; }
        & > .record-table--dim { color: $text-muted; }
        & > .record-table--good { color: $text-success; }
        & > .record-table--warning { color: $text-warning; }
        & > .record-table--bad { color: $text-error; }
        & > .record-table--accent { color: $text-accent; }
    }
    """

    ascii_only: reactive[bool] = reactive(False, init=False)
    """Draw with ASCII alone, for terminals without UTF-8."""

    def __init__(
        self,
        columns: Sequence[Column[R]],
        row_id: Callable[[R], str],
        *,
        name: str | None,
        id: str | None,
        classes: str | None,
        disabled: bool,
    ) -> None:
        super().__init__(name=name, id=id, classes=classes, disabled=disabled)
        self._columns = {column.key: column for column in columns}
        self._visible = list(self._columns)
        self._view: RecordView[R] = RecordView(row_id, [c.search for c in columns if c.search is not None])
        self._sort: tuple[str | None, bool] = (None, False)
        self._painter: LinePainter[R] | None = None
        self._strips: dict[tuple[int, int], Strip] = {}

    def _state_of(self, position: int) -> int:
        """State bits of the record at a position."""
        raise NotImplementedError

    def _keep_in_sight(self) -> None:
        """The window changed its size: scroll so that what matters stays visible."""
        raise NotImplementedError

    # --- columns -------------------------------------------------------------------------------------------------

    @property
    def columns(self) -> tuple[Column[R], ...]:
        """All columns there are."""
        return tuple(self._columns.values())

    @property
    def visible_columns(self) -> tuple[str, ...]:
        """Keys of the columns chosen, in their order; a narrow table shows as many of them as fit."""
        return tuple(self._visible)

    @visible_columns.setter
    def visible_columns(self, keys: Sequence[str]) -> None:
        chosen = [key for key in dict.fromkeys(keys) if key in self._columns]
        self._visible = chosen or list(self._columns)
        self._restyle()

    @property
    def fitting_columns(self) -> tuple[str, ...]:
        """Keys of the columns that have room now."""
        return tuple(fitted.column.key for fitted in self._paint().fitted)

    # --- lines ---------------------------------------------------------------------------------------------------

    def _restyle(self) -> None:
        """Colours, columns or width changed: everything is drawn anew."""
        self._painter = None
        self._strips.clear()
        self._forget_painted()

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._restyle()

    def watch_ascii_only(self) -> None:
        self._restyle()

    def _paint(self) -> LinePainter[R]:
        if self._painter is None:
            columns = [self._columns[key] for key in self._visible]
            self._painter = LinePainter(columns, self.size.width, self._looks(), ascii_only=self.ascii_only)
        return self._painter

    def _looks(self) -> Looks:
        whole, part = self.get_component_rich_style, "record-table--"
        return Looks(
            base=self.rich_style,
            header=whole(part + "header"),
            cursor=whole(part + "cursor"),
            marked=whole(part + "marked", partial=True),
            aside=whole(part + "aside", partial=True),
            in_range=whole(part + "range", partial=True),
            thumb=whole(part + "thumb"),
            tones={tone: whole(part + tone, partial=True) for tone in TONES},
        )

    def _lines(self) -> list[Strip]:
        """All lines as they should be on the screen now."""
        width, height = self.size
        if width <= 0 or height <= 0:
            return []
        if self._painter is not None and self._painter.width != width:
            self._painter = None
            self._strips.clear()
        painter, view, strips = self._paint(), self._view, self._strips
        if len(strips) > LINES_KEPT:
            strips.clear()
        lines = [painter.header(self._sort[0], reverse=self._sort[1])]
        top, count, shown = self.scroll_offset.y, len(view), view.shown
        for position in range(top, min(top + height - 1, count)):
            key = shown[position], self._state_of(position)
            strip = strips.get(key)
            if strip is None:
                strip = strips[key] = painter.row(view.rows[key[0]], key[1])
            lines.append(strip)
        lines += [painter.blank] * (height - len(lines))
        window = height - 1
        if 0 < window < count:
            size = max(1, window * window // count)
            start = 1 + top * (window - size) // (count - window)
            for y in range(start, start + size):
                lines[y] = painter.with_thumb(lines[y])
        return lines

    # --- scrolling -----------------------------------------------------------------------------------------------

    @property
    def _window(self) -> int:
        """Records that have room on the screen."""
        return max(0, self.container_size.height - 1)

    @property
    def max_scroll_y(self) -> int:
        """The largest scroll position, in records. It follows the number of records without a new layout."""
        return max(0, len(self._view) - self._window)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return len(self._view) + 1

    def _scroll(self, top: int) -> None:
        """Scroll so that the record at position `top` is the first one; `_sync` then draws."""
        top = max(0, min(top, self.max_scroll_y))
        self.set_reactive(TableCanvas.scroll_target_y, float(top))
        self.set_reactive(TableCanvas.scroll_y, float(top))

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        if round(old_value) != round(new_value):
            self._sync()

    def on_resize(self) -> None:
        self._keep_in_sight()
        self._sync()

    def _on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        self._wheel(event, WHEEL_LINES)

    def _on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        self._wheel(event, -WHEEL_LINES)

    def _wheel(self, event: events.MouseEvent, lines: int) -> None:
        before = self.scroll_offset.y
        self._scroll(before + lines)
        if self.scroll_offset.y != before:
            event.stop()
            self._sync()
