"""A table over any number of plain records, drawn line by line for the visible window only.

Cursor and marks are ids. A refresh, a sort or a filter never moves them to another record: see `RecordTable.set_rows`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence, Set
from itertools import compress
from operator import is_not, not_
from typing import ClassVar, Literal, TypeAlias, TypeVar

from textual.binding import Binding, BindingType

from billtui.widgets import record_table_messages as messages
from billtui.widgets.record_table_chosen import ChosenRows
from billtui.widgets.record_table_columns import Cell, Column, Tone, Toned
from billtui.widgets.record_table_cursor import CursorTable
from billtui.widgets.record_table_lines import ASIDE, IN_RANGE, MARKED
from billtui.widgets.record_table_marks import Marks, plain

__all__ = ["Cell", "Column", "RecordTable", "Tone", "Toned"]

R = TypeVar("R")
Which = Literal["marked", "chosen"]


class RecordTable(CursorTable[R], can_focus=True):
    """A list of records with a cursor, marks, sort order and filter.

    Records are any immutable objects with a unique id each; the table keeps the sequence it is given and never changes
    it. What a column shows is asked for when its line is drawn, and kept: call `refresh_cells` when the same records
    show something else (ages, countdowns).
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j", "cursor_down", "Down", show=False, id="table.down"),
        Binding("up,k", "cursor_up", "Up", show=False, id="table.up"),
        Binding("home,g", "cursor_first", "First", show=False, id="table.first"),
        Binding("end,G", "cursor_last", "Last", show=False, id="table.last"),
        Binding("pagedown", "page_down", "Page down", show=False, id="table.page_down"),
        Binding("pageup", "page_up", "Page up", show=False, id="table.page_up"),
        Binding("enter", "open", "Open", show=False, id="table.open"),
        Binding("space", "toggle_mark", "Mark", show=False, id="table.mark"),
        Binding("V", "mark_range", "Mark a range", show=False, id="table.mark_range"),
        Binding("escape", "cancel_range", "No range", show=False, id="table.cancel_range"),
        Binding("*", "mark_all", "Mark all shown", show=False, id="table.mark_all"),
        Binding("!", "invert_marks", "Invert marks", show=False, id="table.invert_marks"),
        Binding("u,г", "undo_marks", "Undo marking", show=False, id="table.undo_marks"),
        Binding("-", "clear_marks", "Clear marks", show=False, id="table.clear_marks"),
    ]

    CursorMoved: TypeAlias = messages.CursorMoved
    MarksChanged: TypeAlias = messages.MarksChanged
    RangeChanged: TypeAlias = messages.RangeChanged
    RowOpened: TypeAlias = messages.RowOpened
    SortChanged: TypeAlias = messages.SortChanged
    MarkRefused: TypeAlias = messages.MarkRefused

    def __init__(
        self,
        columns: Sequence[Column[R]],
        row_id: Callable[[R], str],
        *,
        mark_refusal: Callable[[R], str | None] | None = None,
        visible_columns: Sequence[str] | None = None,
        ascii_only: bool = False,
        name: str | None = None,
        id: str | None = None,
        classes: str | None = None,
        disabled: bool = False,
    ) -> None:
        super().__init__(columns, row_id, name=name, id=id, classes=classes, disabled=disabled)
        self.mark_refusal = mark_refusal
        """Why a record cannot be marked; None: it can. What is refused is set aside (see :attr:`aside_ids`)."""
        self._view.refusal = mark_refusal
        self._marks = Marks()
        self._shown_marks: int | None = 0
        self._ordered: dict[Which, tuple[tuple[object, ...], ChosenRows[R]]] = {}
        self._anchor_id: str | None = None
        self._anchor: int | None = None
        self.set_reactive(RecordTable.ascii_only, ascii_only)
        if visible_columns is not None:
            self.visible_columns = visible_columns

    # --- what the cursor does ------------------------------------------------------------------------------------

    def _cursor_moved(self, vanished: str | None) -> None:
        self.post_message(self.CursorMoved(self, self._cursor_id, vanished))

    def _sort_changed(self) -> None:
        self.post_message(self.SortChanged(self, *self._sort))

    def _view_changed(self) -> None:
        self._shown_marks = None
        if self._anchor_id is not None:
            self._anchor = self._view.position_of(self._anchor_id)
            if self._anchor is None:
                self._anchor_id = None
            self.post_message(self.RangeChanged(self))

    def _state_of(self, position: int) -> int:
        state = super()._state_of(position)
        if len(self._marks) and self._view.id_at(position) in self._marks:
            state |= MARKED
        elif self._marks.aside and self._view.id_at(position) in self._marks.aside:
            state |= ASIDE
        if self._anchor is not None:
            low, high = sorted((self._anchor, self._cursor))
            state |= IN_RANGE if low <= position <= high else 0
        return state

    def action_open(self) -> None:
        if self._cursor_id is not None:
            self.post_message(self.RowOpened(self, self._cursor_id))

    # --- marks ---------------------------------------------------------------------------------------------------

    @property
    def marked_ids(self) -> Set[str]:
        """All marked ids, also of records that are not shown or gone."""
        return self._marks.ids

    @property
    def range_count(self) -> int:
        """How many rows a range reaches that was begun and is not marked yet; 0 where none was."""
        return 0 if self._anchor is None else abs(self._anchor - self._cursor) + 1

    @property
    def marked_count(self) -> int:
        """How many ids are marked."""
        return len(self._marks)

    @property
    def aside_ids(self) -> Set[str]:
        """Ids that were chosen and cannot be marked now."""
        return self._marks.aside

    @property
    def aside_count(self) -> int:
        """How many of them there are."""
        return len(self._marks.aside)

    @property
    def chosen_ids(self) -> Set[str]:
        """All marked ids, and all that are set aside."""
        return self._marks.chosen

    def marks_now(self) -> Callable[[], Set[str]]:
        """What gives :attr:`chosen_ids` as they are at this moment, whenever it is asked."""
        return self._marks.now()

    @property
    def hidden_marked_count(self) -> int:
        """How many marked ids are not shown."""
        if self._shown_marks is None:
            self._shown_marks = self._view.count_shown(self._marks.ids)
        return len(self._marks) - self._shown_marks

    def marked_rows(self) -> ChosenRows[R]:
        """The marked records: those shown first, in the order shown, then the others by their ids."""
        return self._in_order("marked")

    def chosen_rows(self) -> ChosenRows[R]:
        """The same, with those that are set aside among them."""
        return self._in_order("chosen") if self._marks.aside else self.marked_rows()

    def _in_order(self, which: Which) -> ChosenRows[R]:
        """Looked up once for what is marked and shown now: keys ask for it again and again (P-TABLE-3)."""
        known = self._ordered.get(which)
        if known is None or any(map(is_not, known[0], self._marked_now())):
            ids = self._marks.ids if which == "marked" else self._marks.chosen
            return self._order_is(which, self._view.in_order(ids))
        return known[1]

    def _order_is(self, which: Which, rows: ChosenRows[R]) -> ChosenRows[R]:
        self._ordered[which] = (self._marked_now(), rows)
        return rows

    def _marked_now(self) -> tuple[object, ...]:
        return *self._marks.state, self._view.shown, self._view.rows

    def change_marks(self, add: Collection[str] = (), remove: Collection[str] = ()) -> None:
        """Mark and unmark ids in one step that can be undone. Refusals are not asked for."""
        self._after_marks(self._marks.change(add, remove))

    def _after_marks(self, changed: bool, shown_marks: int | None = None) -> None:
        if changed:
            self._shown_marks = shown_marks
            self._sync()
            self.refresh_bindings()
            self.post_message(self.MarksChanged(self, len(self._marks), self.hidden_marked_count))

    def _markable(self, ids: Collection[str], rows: Sequence[R]) -> tuple[Collection[str], list[str]]:
        """Those ids that can be marked, and those that cannot, which are announced."""
        refused = self._view.refused(rows, ids)
        if not refused:
            return ids, []
        self._announce(refused)
        markable = set(ids)
        markable.difference_update(refused)
        return markable, refused

    def _announce(self, refused: Sequence[str]) -> None:
        if refused:
            first = self._view.row_of(refused[0])
            reason = self.mark_refusal(first) if self.mark_refusal is not None and first is not None else None
            self.post_message(self.MarkRefused(self, refused[0], reason or "", total=len(refused)))

    def _choosing(self, ids: Collection[str], rows: Sequence[R]) -> tuple[Collection[str], tuple[()], list[str]]:
        """What :meth:`Marks.change` takes to choose these."""
        markable, aside = self._markable(ids, rows)
        return markable, (), aside

    def choose(self, ids: Collection[str], *, replace: bool = False) -> None:
        """Mark those of ``ids`` that are there and can be marked, set the others aside; with ``replace`` nothing else
        stays chosen. One step that can be undone."""
        markable, aside = self._markable(*self._view.among(ids))
        remove = self._marks.chosen.difference(ids) if replace else ()
        self._after_marks(self._marks.change(markable, remove, aside))

    def settle_marks(self) -> list[str]:
        """Look at every chosen id anew: those whose records vanished are dropped and given back, those that can be
        marked by now join the marks, those that cannot any more are set aside. Not a step to undo."""
        chosen, view = self._marks.chosen, self._view
        if not chosen:
            return []
        if len(chosen) * 4 < len(view.rows):
            there, rows = view.among(chosen)
            aside = frozenset(view.refused(rows, there))
        else:
            aside = view.all_refused().intersection(chosen)
        gone = view.missing(chosen)
        if gone or aside != self._marks.aside:
            self._after_marks(self._marks.settle(frozenset(chosen).difference(aside, gone), aside))
        return sorted(gone)

    def action_toggle_mark(self) -> None:
        row_id, row = self._cursor_id, self.cursor_row
        if row_id is None or row is None:
            return
        before, shown = len(self._marks), len(self._marks) - self.hidden_marked_count
        if row_id in self._marks or row_id in self._marks.aside:
            changed = self._marks.change(remove=(row_id,))
        else:
            changed = self._marks.change(*self._choosing([row_id], [row]))
        self._after_marks(changed, shown + len(self._marks) - before)

    def action_mark_range(self) -> None:
        """Begin a range at the cursor; the second time mark everything from there to the cursor."""
        if self._cursor_id is None:
            return
        if self._anchor is None:
            self._range_is(self._cursor_id, self._cursor)
            return
        low, high = sorted((self._anchor, self._cursor))
        rows = [self._view.row_at(position) for position in range(low, high + 1)]
        self.action_cancel_range()
        self._after_marks(self._marks.change(*self._choosing(list(map(self._view.row_id, rows)), rows)))

    def action_cancel_range(self) -> None:
        self._range_is(None, None)

    def _range_is(self, anchor_id: str | None, anchor: int | None) -> None:
        """A range begins here, or there is none: its rows are drawn so, and the screen says it."""
        moved = anchor_id != self._anchor_id
        self._anchor_id, self._anchor = anchor_id, anchor
        self._sync()
        self.refresh_bindings()
        if moved:
            self.post_message(self.RangeChanged(self))

    def action_mark_all(self) -> None:
        """Mark all that is shown."""
        chosen, before = self._view.choose_shown(), self._marks.chosen_count
        self._announce(chosen.refused)
        if before:
            changed = self._marks.change(plain(chosen.markable), aside=chosen.refused)
        else:  # then it is known which records these are, without looking each of them up
            changed = self._marks.begin(chosen.markable, chosen.refused)
            self._order_is("marked", chosen.records)
            self._order_is("chosen", self._view.all_shown())
        still = sum(map(self._marks.__contains__, chosen.refused))  # what was marked before stays so
        self._after_marks(changed, len(chosen.markable) + still)

    def action_invert_marks(self) -> None:
        """Mark what is shown and not marked, unmark what is shown and marked; hidden marks stay."""
        ids, rows = self._view.shown_pairs()
        chosen = self._marks.chosen
        unmarked = [row_id not in chosen for row_id in ids]
        others = ChosenRows(rows, list(compress(range(len(rows)), unmarked)))
        add, aside = self._markable(list(compress(ids, unmarked)), others)
        self._after_marks(self._marks.change(add, list(compress(ids, map(not_, unmarked))), aside))

    def action_undo_marks(self) -> None:
        if self._marks.undo():
            self._after_marks(True)
            self.settle_marks()

    def action_clear_marks(self) -> None:
        """Unmark everything, shown or not."""
        self.change_marks(remove=self._marks.chosen)

    def forget_marks(self) -> None:
        """Marks, a range that was begun, and what could be brought back: all of it was about other records."""
        self.action_cancel_range()
        self._after_marks(self._marks.forget())

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keys that have nothing to do here are left to the screen around."""
        if action == "cancel_range":
            return self._anchor is not None
        if action == "undo_marks":
            return self._marks.can_undo
        if action == "clear_marks":
            return bool(self._marks.chosen_count)
        return True
