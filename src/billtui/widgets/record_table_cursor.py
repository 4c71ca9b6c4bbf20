"""The part of a table that knows its cursor: records, sort order, filter, moving about."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from functools import partial
from typing import TypeVar

from textual import events
from textual.timer import Timer

from billtui.widgets.record_table_canvas import TableCanvas
from billtui.widgets.record_table_chosen import ChosenRows
from billtui.widgets.record_table_columns import Column
from billtui.widgets.record_table_lines import CURSOR

R = TypeVar("R")

WARM_ROWS, WARM_PERIOD = 4000, 0.01
"""What keys will ask for is prepared ahead of them: so many records at a time, a time every so many seconds."""
TEXTS_KEPT = 60.0
"""Seconds for which the texts of a filter are kept after it was closed and cleared."""

Before = Callable[[], tuple[Sequence[R], Sequence[int], int]]
"""Records, their order and the cursor's place in it, as they were before a change."""


class CursorTable(TableCanvas[R]):
    """Keeps the cursor on one id through refresh, sort and filter."""

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
        super().__init__(columns, row_id, name=name, id=id, classes=classes, disabled=disabled)
        self._cursor_id: str | None = None
        self._cursor = 0
        self._warming: Timer | None = None
        self._filtering = False

    def _cursor_moved(self, vanished: str | None) -> None:
        """The cursor is on another id."""
        raise NotImplementedError

    def _sort_changed(self) -> None:
        """The sort order changed."""
        raise NotImplementedError

    def _view_changed(self) -> None:
        """Records, order or filter changed; nothing is drawn yet."""
        raise NotImplementedError

    def action_open(self) -> None:
        """Open the record under the cursor."""
        raise NotImplementedError

    # --- records -------------------------------------------------------------------------------------------------

    @property
    def rows(self) -> Sequence[R]:
        """All records, in source order."""
        return self._view.rows

    @property
    def row_count(self) -> int:
        """How many records are shown."""
        return len(self._view)

    @property
    def total_count(self) -> int:
        """How many records there are, shown or not."""
        return len(self._view.rows)

    def row_of(self, row_id: str) -> R | None:
        """The record with an id, shown or not."""
        return self._view.row_of(row_id)

    def rows_of(self, ids: Collection[str]) -> list[R]:
        """The records with these ids, in their order; ids that are gone are left out."""
        return self._view.rows_of(ids)

    def shown_rows(self) -> list[R]:
        """The shown records, in the order shown."""
        return self._view.shown_rows()

    def all_shown(self) -> ChosenRows[R]:
        """The shown records: what they come to is worked out once, until others are shown (P-TABLE-3)."""
        return self._view.all_shown()

    def shown_ids(self) -> list[str]:
        """Ids of the shown records, in the order shown."""
        return list(self._view.shown_ids())

    def set_rows(self, rows: Sequence[R]) -> None:
        """Show other records, or the same ones refreshed; do not change the sequence afterwards.

        The cursor stays on its id and on its line of the screen. If that record is no longer shown, the next one is
        taken and `CursorMoved` names the vanished id. Marks stay, also those of ids that are gone.
        """
        before = self._view.rows, self._view.shown, self._cursor
        self._rearrange(lambda: self._view.set_rows(rows), lambda: before)
        self._start_warming()

    def refresh_cells(self) -> None:
        """Ask the columns again; only lines that look different are drawn again."""
        self._strips.clear()
        self._sync()

    # --- sort and filter -----------------------------------------------------------------------------------------

    @property
    def sorted_by(self) -> tuple[str | None, bool]:
        """The key of the column sorted by (None: source order), and whether descending."""
        return self._sort

    def sort_by(self, key: str | None, *, reverse: bool = False) -> None:
        """Sort by a column; None: the source order. A column without `sort_key` changes nothing."""
        column = None if key is None else self._columns[key]
        if (key, reverse) == self._sort or (column is not None and column.sort_key is None):
            return
        self._sort = (key, reverse)
        sort_key = None if column is None else column.sort_key
        self._rearrange_same(lambda: self._view.sort(key, sort_key, reverse=reverse))
        self._sort_changed()

    @property
    def filter_words(self) -> tuple[str, ...]:
        """The words of the filter, in lower case."""
        return self._view.words

    def set_filter(self, text: str) -> None:
        """Show only records whose searchable columns hold every word of the text, upper and lower case alike."""
        self._rearrange_same(lambda: self._view.set_filter(text))

    def set_predicate(self, predicate: Callable[[R], bool] | None, *, rows_follow: bool = False) -> None:
        """Show only records for which this is true, besides the filter; None: all.

        ``rows_follow``: :meth:`set_rows` is called next; the records shown now are not asked, and stay until then.
        """
        if rows_follow:
            self._view.set_predicate(predicate, rows_follow=True)
        else:
            self._rearrange_same(lambda: self._view.set_predicate(predicate))

    def _rearrange_same(self, change: Callable[[], None]) -> None:
        """Change order or filter of the same records."""
        rows, base, shown, cursor = self._view.rows, self._view.base, self._view.shown, self._cursor
        self._rearrange(change, lambda: (rows, base, base.index(shown[cursor])), same=True)

    def _rearrange(self, change: Callable[[], None], before: Before[R], *, same: bool = False) -> None:
        """Change what is shown, then put cursor and scroll position back by id."""
        view, old_id, old_count, offset = self._view, self._cursor_id, len(self._view), self.scroll_offset.y
        line = self._cursor - offset
        in_window = old_id is not None and 0 <= line < self._window
        find = self._finder(same)
        where = find(self._cursor) if old_id is not None else None
        top_at = find(offset) if not in_window and offset < old_count else None
        change()
        self._strips.clear()
        vanished: str | None = None
        position = 0 if view.shown else None
        if where is not None:
            position = where()
            if position is None:
                vanished, position = old_id, view.neighbour(*before())
        self._cursor = position or 0
        self._cursor_id = None if position is None else view.id_at(position)
        self._view_changed()
        top = None if top_at is None else top_at()
        self._scroll(self._cursor - line if in_window else offset if top is None else top)
        if old_count != len(view) and self.styles.auto_dimensions:
            self.refresh(layout=True)
        self._sync()
        if self._cursor_id != old_id:
            self._cursor_moved(vanished)

    def _finder(self, same: bool) -> Callable[[int], Callable[[], int | None]]:
        """Of a position now, what gives the position afterwards: in the same records by their place, else by id."""
        view = self._view
        if same:
            return lambda position: partial(view.place_of, view.shown[position])
        return lambda position: partial(view.position_of, view.id_at(position))

    def on_mount(self) -> None:
        self._start_warming()

    def prepare_filter(self) -> None:
        """A filter will be typed: make its texts ready now, a part at a time."""
        self._filtering = True
        self._start_warming()

    def forget_filter(self) -> None:
        """No filter is typed any more: without one in force its texts go after a while."""
        self._filtering = False
        if len(self._view.rows) > WARM_ROWS:
            self.set_timer(TEXTS_KEPT, self._forget_texts, name="search texts go")

    def _forget_texts(self) -> None:
        if not self._filtering:
            self._view.forget_texts()

    def _start_warming(self) -> None:
        if self._warming is None and self.is_mounted and len(self._view.rows) > WARM_ROWS:
            self._warming = self.set_interval(WARM_PERIOD, self._warm, name="ahead of keys")

    def _warm(self) -> None:
        more = self._view.warm_texts(WARM_ROWS) if self._filtering else False
        if not more and not self._view.warm(WARM_ROWS) and self._warming is not None:
            self._warming.stop()
            self._warming = None

    # --- cursor --------------------------------------------------------------------------------------------------

    @property
    def cursor_id(self) -> str | None:
        """The id under the cursor; None when nothing is shown."""
        return self._cursor_id

    @property
    def cursor_row(self) -> R | None:
        """The record under the cursor; None when nothing is shown."""
        return None if self._cursor_id is None else self._view.row_at(self._cursor)

    @property
    def cursor_position(self) -> int:
        """How many shown records stand before the cursor; for "12 of 340", never to be kept."""
        return self._cursor

    def move_cursor_to(self, row_id: str) -> bool:
        """Put the cursor on a record and scroll to it; False when it is not shown."""
        position = self._view.position_of(row_id)
        if position is None:
            return False
        self._move(position)
        return True

    def _move(self, position: int) -> None:
        if not len(self._view):
            return
        self._cursor = max(0, min(position, len(self._view) - 1))
        old_id, self._cursor_id = self._cursor_id, self._view.id_at(self._cursor)
        self._keep_in_sight()
        self._sync()
        if self._cursor_id != old_id:
            self._cursor_moved(None)

    def _keep_in_sight(self) -> None:
        top, window = self.scroll_offset.y, self._window
        if self._cursor < top:
            top = self._cursor
        elif window and self._cursor >= top + window:
            top = self._cursor - window + 1
        self._scroll(top)

    def _state_of(self, position: int) -> int:
        return CURSOR if position == self._cursor else 0

    def action_cursor_down(self) -> None:
        self._move(self._cursor + 1)

    def action_cursor_up(self) -> None:
        self._move(self._cursor - 1)

    def action_cursor_first(self) -> None:
        self._move(0)

    def action_cursor_last(self) -> None:
        self._move(len(self._view) - 1)

    def action_page_down(self) -> None:
        self._page(1)

    def action_page_up(self) -> None:
        self._page(-1)

    def _page(self, direction: int) -> None:
        step = direction * max(1, self._window - 1)
        self._scroll(self.scroll_offset.y + step)
        self._move(self._cursor + step)

    def on_click(self, event: events.Click) -> None:
        offset = event.get_content_offset(self)
        if offset is None:
            return
        event.stop()
        if offset.y == 0:
            column = self._paint().column_at(offset.x)
            if column is not None:
                key, reverse = self._sort
                self.sort_by(column.key, reverse=column.key == key and not reverse)
            return
        position = self.scroll_offset.y + offset.y - 1
        if position < len(self._view):
            self._move(position)
            if event.chain == 2:
                self.action_open()
