"""A matrix of quantities over stock: rows × columns, a number typed in a cell, drawn cell by cell.

The titles of rows and columns stay in sight while the cells scroll; the cursor's cell is always visible. A key draws
its cell again and nothing else. The cursor and the quantities are held by keys: a refresh never moves them elsewhere.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip
from textual.widget import Widget

from billtui.widgets.quantity_grid import Cell, QuantityGrid
from billtui.widgets.quantity_matrix_lines import (
    TONES,
    MatrixColumn,
    MatrixLayout,
    MatrixLooks,
    MatrixPainter,
    MatrixRow,
    cell_text,
)

__all__ = ["Cell", "MatrixColumn", "MatrixRow", "QuantityMatrix"]


class QuantityMatrix(Widget, can_focus=True):
    """Quantities for rows × columns. What is not sold in a cell cannot be typed there."""

    ALLOW_SELECT = False
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "matrix--header",
        "matrix--here",
        "matrix--cursor",
        *(f"matrix--{tone}" for tone in TONES),
    }
    DEFAULT_CSS = """
    QuantityMatrix {
        height: 1fr;
        color: $foreground;
        background: $background;
        & > .matrix--header { background: $panel; color: $foreground; text-style: bold; }
        & > .matrix--here { color: $text-accent; text-style: bold; }
        & > .matrix--cursor {
            background: $block-cursor-blurred-background;
            color: $block-cursor-blurred-foreground;
            text-style: $block-cursor-blurred-text-style;
        }
        &:focus > .matrix--cursor {
            background: $block-cursor-background;
            color: $block-cursor-foreground;
            text-style: $block-cursor-text-style;
        }
        & > .matrix--dim { color: $muted; }
        & > .matrix--off { color: $faint; }
        & > .matrix--wanted { color: $text-accent; text-style: bold; }
        & > .matrix--warning { color: $text-warning; }
        & > .matrix--bad { color: $text-error; text-style: bold; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left,h", "move(0, -1)", "Left", show=False, id="matrix.left"),
        Binding("right,l", "move(0, 1)", "Right", show=False, id="matrix.right"),
        Binding("up,k", "move(-1, 0)", "Up", show=False, id="matrix.up"),
        Binding("down,j", "move(1, 0)", "Down", show=False, id="matrix.down"),
        Binding("home", "edge(0, -1)", "First column", show=False, id="matrix.first"),
        Binding("end", "edge(0, 1)", "Last column", show=False, id="matrix.last"),
        Binding("pageup,g", "edge(-1, 0)", "First row", show=False, id="matrix.top"),
        Binding("pagedown,G", "edge(1, 0)", "Last row", show=False, id="matrix.bottom"),
        *(Binding(str(digit), f"digit({digit})", "Quantity", show=False) for digit in range(10)),
        Binding("backspace", "erase", "Erase a digit", show=False, id="matrix.erase"),
        Binding("delete", "clear_cell", "Clear the cell", show=False, id="matrix.clear"),
    ]

    ascii_only: reactive[bool] = reactive(False, init=False)
    """Draw with ASCII alone, for terminals without UTF-8."""

    @dataclass
    class CursorMoved(Message):
        """The cursor is in another cell (None: there are no cells)."""

        matrix: QuantityMatrix
        cell: Cell | None

    @dataclass
    class QuantitiesChanged(Message):
        """Some cells hold other quantities."""

        matrix: QuantityMatrix

    @dataclass
    class NotSold(Message):
        """A quantity was typed where the row is not sold."""

        matrix: QuantityMatrix
        cell: Cell

    def __init__(self, head: tuple[str, str] = ("", ""), *, ascii_only: bool = False, id: str | None = None) -> None:
        """``head`` are the titles over the rows' titles and notes."""
        super().__init__(id=id)
        self.head = head
        self._rows: tuple[MatrixRow, ...] = ()
        self._columns: tuple[MatrixColumn, ...] = ()
        self._stock: Mapping[Cell, int] | None = None
        self._grid = QuantityGrid()
        self._place = (0, 0)
        self._top = self._left = 0
        self._painter: MatrixPainter | None = None
        self.set_reactive(QuantityMatrix.ascii_only, ascii_only)

    # --- what is shown

    @property
    def rows(self) -> tuple[MatrixRow, ...]:
        """The rows in their order."""
        return self._rows

    @property
    def columns(self) -> tuple[MatrixColumn, ...]:
        """The columns in their order."""
        return self._columns

    @property
    def quantities(self) -> dict[Cell, int]:
        """What the cells hold, also cells whose row or column is gone."""
        return self._grid.quantities

    @property
    def cursor(self) -> Cell | None:
        """The cell under the cursor."""
        if not self._rows or not self._columns:
            return None
        row, column = self._place
        return self._rows[row].key, self._columns[column].key

    def stock_of(self, cell: Cell) -> int | None:
        """How many there are; ``None`` where the row is not sold, or nothing is known yet."""
        return None if self._stock is None else self._stock.get(cell)

    @property
    def stock_known(self) -> bool:
        """Whether the stock was read."""
        return self._stock is not None

    def set_axes(self, rows: Sequence[MatrixRow], columns: Sequence[MatrixColumn]) -> None:
        """Other rows and columns: the cursor stays on its keys; where one is gone, on the place it had."""
        was, before = self.cursor, self._place
        self._rows, self._columns = tuple(rows), tuple(columns)
        keys_down, keys_right = [row.key for row in rows], [column.key for column in columns]
        row, column = before
        if was is not None:
            row = keys_down.index(was[0]) if was[0] in keys_down else row
            column = keys_right.index(was[1]) if was[1] in keys_right else column
        self._place = (max(0, min(row, len(rows) - 1)), max(0, min(column, len(columns) - 1)))
        self._restyle()
        self.refresh(layout=True)
        if self.cursor != was:
            self._grid.stop_typing()
            self.post_message(self.CursorMoved(self, self.cursor))

    def set_stock(self, stock: Mapping[Cell, int] | None) -> None:
        """How many there are in each cell; a cell that is missing is not sold. ``None``: not known."""
        if stock != self._stock:
            self._stock = None if stock is None else dict(stock)
            self.refresh()

    def move_to(self, cell: Cell) -> bool:
        """Put the cursor into ``cell``; whether it is there."""
        keys_down, keys_right = [row.key for row in self._rows], [column.key for column in self._columns]
        if cell[0] not in keys_down or cell[1] not in keys_right:
            return False
        self._go(keys_down.index(cell[0]), keys_right.index(cell[1]))
        return True

    # --- quantities

    def change(self, quantities: Mapping[Cell, int]) -> None:
        """Give several cells other quantities, in one step that can be undone."""
        self._after(self._grid.change(quantities))

    def replace(self, quantities: Mapping[Cell, int]) -> None:
        """Hold these and nothing else, in one step that can be undone."""
        self._after(self._grid.replace(quantities))

    def begin_anew(self, quantities: Mapping[Cell, int]) -> None:
        """Hold these; nothing of before can be brought back."""
        self._grid.forget(quantities)
        self._after(True)

    def sold_cells(self, rows: Collection[str], columns: Collection[str]) -> list[Cell]:
        """The cells of these rows and columns where something is sold, in their order."""
        stock = self._stock or {}
        return [
            (row.key, column.key)
            for row in self._rows
            if row.key in rows
            for column in self._columns
            if column.key in columns and (row.key, column.key) in stock
        ]

    def undo(self) -> bool:
        """Take the last step back; False where there is none."""
        undone = self._grid.undo()
        self._after(undone)
        return undone

    def stop_typing(self) -> None:
        """Something else was done: the next digit begins a new number."""
        self._grid.stop_typing()

    def on_blur(self) -> None:
        """The next digit is typed after something else."""
        self._grid.stop_typing()

    def _after(self, changed: bool) -> None:
        if changed:
            self.refresh()
            self.post_message(self.QuantitiesChanged(self))

    def _typed(self, changed: bool, cell: Cell) -> None:
        if changed:
            self._refresh_cells(cell)
            self.post_message(self.QuantitiesChanged(self))

    def action_digit(self, digit: int) -> None:
        """A digit: it begins the cell's number, or goes on with it."""
        if (cell := self.cursor) is None:
            return
        if digit and self._stock is not None and cell not in self._stock:
            self.post_message(self.NotSold(self, cell))
            return
        self._typed(self._grid.type_digit(cell, digit), cell)

    def action_erase(self) -> None:
        """Take the last digit away."""
        if (cell := self.cursor) is not None:
            self._typed(self._grid.erase_digit(cell), cell)

    def action_clear_cell(self) -> None:
        """Empty the cell."""
        if (cell := self.cursor) is not None:
            self._typed(self._grid.change({cell: 0}), cell)

    # --- moving

    def action_move(self, down: int, right: int) -> None:
        """One cell on."""
        self._go(self._place[0] + down, self._place[1] + right)

    def action_edge(self, down: int, right: int) -> None:
        """To the end of the column or row."""
        row, column = self._place
        if down:
            row = 0 if down < 0 else len(self._rows) - 1
        if right:
            column = 0 if right < 0 else len(self._columns) - 1
        self._go(row, column)

    def _go(self, row: int, column: int) -> None:
        if not self._rows or not self._columns:
            return
        was = self._place
        self._place = (max(0, min(row, len(self._rows) - 1)), max(0, min(column, len(self._columns) - 1)))
        self._grid.stop_typing()
        if self._place == was:
            return
        if self._keep_in_sight():
            self.refresh()
        else:
            self._refresh_places(was, self._place)
        self.post_message(self.CursorMoved(self, self.cursor))

    def on_click(self, event: events.Click) -> None:
        """The cell under the mouse."""
        place = self._paint().layout.place_at(event.x)
        row = self._top + event.y - 1
        if place is not None and event.y and 0 <= row < len(self._rows):
            self._go(row, self._left + place)

    # --- drawing

    def _restyle(self) -> None:
        self._painter = None
        self._keep_in_sight()
        self.refresh()

    def notify_style_update(self) -> None:
        """Colours changed."""
        super().notify_style_update()
        self._painter = None

    def watch_ascii_only(self) -> None:
        """Other signs."""
        self._restyle()

    def on_resize(self) -> None:
        """Another window: the cursor's cell stays in it."""
        self._restyle()

    def _paint(self) -> MatrixPainter:
        if self._painter is None or self._painter.layout.width != self.size.width:
            style, part = self.get_component_rich_style, "matrix--"
            looks = MatrixLooks(
                base=self.rich_style,
                header=style(part + "header"),
                here=style(part + "here", partial=True),
                cursor=style(part + "cursor"),
                tones={tone: style(part + tone, partial=True) for tone in TONES},
            )
            layout = MatrixLayout(self._rows, self._columns, self.size.width)
            self._painter = MatrixPainter(layout, looks, ascii_only=self.ascii_only)
        return self._painter

    def _keep_in_sight(self) -> bool:
        """Scroll until the cursor's cell is in the window; whether anything moved."""
        shown, window = self._paint().layout.shown, max(1, self.size.height - 1)
        row, column = self._place
        top = max(0, min(max(self._top, row - window + 1), row, max(0, len(self._rows) - window)))
        left = max(0, min(max(self._left, column - shown + 1), column, max(0, len(self._columns) - shown)))
        moved = (top, left) != (self._top, self._left)
        self._top, self._left = top, left
        return moved

    def _refresh_cells(self, *cells: Cell) -> None:
        """Draw these cells again and nothing else."""
        keys_down, keys_right = [row.key for row in self._rows], [column.key for column in self._columns]
        self._refresh_regions([self._region(keys_down.index(row), keys_right.index(column)) for row, column in cells])

    def _refresh_places(self, *places: tuple[int, int]) -> None:
        layout, regions = self._paint().layout, []
        for row, column in places:
            regions += [
                self._region(row, column),
                Region(0, 1 + row - self._top, layout.head, 1),
                Region(layout.column_start(column - self._left), 0, layout.cell, 1),
            ]
        self._refresh_regions(regions)

    def _region(self, row: int, column: int) -> Region:
        layout = self._paint().layout
        return Region(layout.column_start(column - self._left), 1 + row - self._top, layout.cell, 1)

    def _refresh_regions(self, regions: Sequence[Region]) -> None:
        whole = Region(0, 0, self.size.width, self.size.height)
        if shown := [region for one in regions if (region := one.intersection(whole))]:
            self.refresh(*shown)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """A line for each row, and one for the titles."""
        return len(self._rows) + 1

    def render_line(self, y: int) -> Strip:
        """One line: titles of the columns, or a row."""
        painter = self._paint()
        layout = painter.layout
        columns = self._columns[self._left : self._left + layout.shown]
        here = self._place[1] - self._left
        if not y:
            right = self._left + layout.shown < len(self._columns)
            return painter.header(self.head, columns, here, left=self._left > 0, right=right)
        number = self._top + y - 1
        if number >= len(self._rows):
            return painter.blank()
        row = self._rows[number]
        known, stock, room = self.stock_known, self._stock or {}, layout.cell - 2
        cells = [
            cell_text(
                self._grid.of((row.key, column.key)),
                stock.get((row.key, column.key)),
                known=known,
                room=room,
                ascii_only=self.ascii_only,
            )
            for column in columns
        ]
        return painter.row(row, cells, here if number == self._place[0] else None, thumb=self._has_thumb(y))

    def _has_thumb(self, y: int) -> bool:
        """Whether the sign of the scroll position stands in this line."""
        window, count = self.size.height - 1, len(self._rows)
        if not 0 < window < count:
            return False
        size = max(1, window * window // count)
        start = 1 + self._top * (window - size) // (count - window)
        return start <= y < start + size
