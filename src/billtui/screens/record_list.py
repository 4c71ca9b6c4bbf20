"""A list of records of the copy: rows, heading, summary, marks, and a detail pane where there is room."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import ClassVar, Final, Generic, TypeVar

from textual import on
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.events import Resize
from textual.types import CSSPathType
from textual.widget import Widget
from textual.widgets import Input

from billtui.commands import Command, Scope
from billtui.domain.safetext import clean
from billtui.screens.base import DETAIL_FROM, BilltuiScreen
from billtui.screens.collector import LARGE, put_aside
from billtui.screens.trailing import Trailing
from billtui.screens.views import View
from billtui.services.store import HeldRows
from billtui.widgets.formats import count_text
from billtui.widgets.list_state import ListPhase, ListState
from billtui.widgets.outbox import Outbox
from billtui.widgets.record_table import Column, RecordTable
from billtui.widgets.record_table_chosen import each_of
from billtui.widgets.still import Still

R = TypeVar("R")

ON_ROWS: Final = frozenset({"list.copy_id", "list.copy_command"})
"""Commands of every list that act on the marked rows."""


class ScreenTable(RecordTable[R]):
    """A table whose undo key is the screen's: what waits in the outbox comes before marks."""

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Leave ``u`` to the screen."""
        return False if action == "undo_marks" else super().check_action(action, parameters)


class AreaList(ListState, inherit_bindings=False):
    """Its refresh key is the screen's: one command, with the keys a person gave it."""


class RecordList(BilltuiScreen, Generic[R]):
    """The list itself: rows of the copy, what stands around them, and what is chosen."""

    CSS_PATH: ClassVar[CSSPathType | None] = Path(__file__).with_name("list_screen.tcss")
    LIST_NAME: ClassVar[str] = ""
    """Its name in the settings (columns) and in saved views."""
    NOUN: ClassVar[str] = "row"
    NOUNS: ClassVar[str] = ""
    """Several of them, where that is not the noun with an s."""
    VIEWS: ClassVar[tuple[View, ...]] = ()
    EMPTY: ClassVar[str] = "Nothing here yet."
    CAPABILITY: ClassVar[str] = ""
    """What the panel must be able to do for there to be such a list."""
    SORT: ClassVar[tuple[str, bool] | None] = None
    KEPT: ClassVar[bool] = False
    """Whether its picture may be kept for the next start: rows of the copy, and nothing secret beside them."""
    _copy: object = None
    SCOPES: ClassVar[tuple[Scope, ...]] = (Scope.LIST,)

    def __init__(self) -> None:
        """The view is the first one until another is chosen."""
        super().__init__()
        self._held: HeldRows | None = None
        self._rows_follow = False
        self.view: View | None = next(iter(self.views()), None)
        self._range_said = 0
        """Rows of the range that the line under the list names."""
        self.trailing = Trailing(self, self.follow_cursor, self._veil_detail)
        self._stands = False
        self._now_epoch = 0

    # --- what subclasses give

    def views(self) -> Sequence[View]:
        """The ready-made views; the first is shown until another is chosen, the last shows everything."""
        return self.VIEWS

    @abstractmethod
    def columns(self) -> Sequence[Column[R]]:
        """The columns, in their order."""

    @abstractmethod
    def row_id(self, row: R) -> str:
        """The id of a row."""

    @abstractmethod
    def load_rows(self) -> Sequence[R]:
        """All rows from the store."""

    def held(self, name: str) -> HeldRows:
        """What this screen and others have read of a list of the copy already; for :meth:`load_rows`."""
        if self._held is None:
            self._held = self.session.held(name)
        return self._held

    def mark_refusal(self, row: R) -> str | None:
        """Why a row cannot be marked."""
        return None

    def summary(self, rows: Sequence[R], marked: Sequence[R]) -> Content:
        """The line below the list: what the marks (or all shown rows) come to."""
        return Content("")

    def detail(self, row: R) -> Content:
        """What the pane beside the list shows of the row under the cursor."""
        return Content("")

    # --- composition

    def compose_body(self) -> Iterable[Widget]:
        """Heading or filter, list and detail, summary."""
        self.set_class(self.app.size.width >= DETAIL_FROM, "wide")  # before there is much to be styled anew
        with Horizontal(id="heading"):
            yield Still(id="heading-text")
            field = Input(placeholder="Words to look for; enter keeps, esc clears", id="filter")
            field.cursor_blink = False
            field.can_focus = False  # else it gets the keys of a list that is just being opened, unseen
            yield field
        with Horizontal(id="main"):
            table: ScreenTable[R] = ScreenTable(
                self.columns(),
                self.row_id,
                mark_refusal=self.mark_refusal,
                visible_columns=self._chosen_columns(),
                ascii_only=self.billtui.ascii_only,
                id="table",
            )
            yield AreaList(table, empty=self.EMPTY, id="list")
            with Vertical(id="detail"):
                yield Still(id="detail-text")
        yield Still(id="summary")

    def stands_as_opened(self) -> bool:
        """No filter, the first view, its own order, no marks, the cursor on the first row, the pane beside it."""
        table = self.table
        return (
            self.KEPT
            and self.list_state.phase is ListPhase.ROWS
            and self._copy is self.session.store  # else its rows may be of whoever was signed in before
            and self.focused is table
            and not self.has_class("filtering")
            and not table.filter_words
            and self.view is next(iter(self.views()), None)
            and table.sorted_by == (self.SORT or (None, False))
            and not table.marked_count
            and not table.range_count
            and table.cursor_position == table.scroll_offset.y == 0
            and not self.trailing.behind
            and self.query_one(Outbox).waiting is None
        )

    @property
    def table(self) -> RecordTable[R]:
        """The list."""
        table: RecordTable[R] = self.query_one("#table", RecordTable)
        return table

    @property
    def list_state(self) -> ListState:
        """What stands around the list."""
        return self.query_one("#list", ListState)

    def _chosen_columns(self) -> Sequence[str] | None:
        known = [column.key for column in self.columns()]
        chosen = [key for key in self.billtui.settings.columns.get(self.LIST_NAME, []) if key in known]
        return chosen or None

    def on_mount(self) -> None:
        """Rows from the store at once."""
        if self._stands:  # a subclass called this one, and Textual calls it as well
            return
        self._stands = True
        super().on_mount()
        if self.SORT:
            self.table.sort_by(self.SORT[0], reverse=self.SORT[1])
        self.reload_if_changed(force=True)
        self.list_state.focus_list()
        self._fit(self.app.size.width)
        self.at_times(60, self._minute)

    def on_resize(self, event: Resize) -> None:
        """A wide terminal gains the detail pane; the summary has as much as there is room for."""
        self._fit(event.size.width)
        if self.table.total_count:
            self._show_summary()

    def _fit(self, width: int) -> None:
        self.set_class(width >= DETAIL_FROM, "wide")
        if width >= DETAIL_FROM:
            self._show_detail()

    def _minute(self) -> None:
        """Once a minute the words for time left may change; unchanged cells are not sent again."""
        if self.is_seen and not self.session.closed:
            self._now_epoch = self.now_epoch()
            self.table.refresh_cells()
            if not self.trailing.behind:
                self._show_detail()

    def now(self) -> datetime:
        """The panel's time."""
        return self.session.now()

    def now_epoch(self) -> int:
        """The panel's time in epoch seconds."""
        return int(self.now().timestamp())

    # --- data

    def reload(self) -> None:
        """Rows anew; cursor and marks stay with their ids."""
        self._now_epoch = self.now_epoch()
        rows, self._copy = self.load_rows(), self.session.store
        if len(rows) >= LARGE:
            put_aside()
        self._rows_follow = True  # the view is asked about every row once, not about those that go as well
        try:
            self._apply_view()
        finally:
            self._rows_follow = False
        self.table.set_rows(rows)
        self._show_state()
        self._show_around()

    def _apply_view(self) -> None:
        self.table.set_predicate(self.view_predicate(), rows_follow=self._rows_follow)

    def view_predicate(self) -> Callable[[R], bool] | None:
        """Which rows the view shows; ``None``: all."""
        view = self.view
        if view is None or view.id == "all":
            return None
        return lambda row: view.shows(row, self._now_epoch)

    def apply_filter(self, text: str) -> None:
        """Show only rows with these words."""
        self.table.set_filter(text)

    def filter_content(self) -> list[Content | str | tuple[str, str]]:
        """How the heading names the filter while it is not being typed."""
        if not self.table.filter_words or self.has_class("filtering"):
            return []
        return [("  filter: ", "$muted"), Content(" ".join(self.table.filter_words))]

    def missing(self) -> str | None:
        """Why the panel has no such list and what to do instead; ``None`` where it has one."""
        return self.session.unavailable(self.CAPABILITY) if self.CAPABILITY and self.session.account else None

    def _show_state(self) -> None:
        table = self.table
        if table.row_count:
            self.list_state.show_rows()
        elif not table.total_count and (why := self.missing()):
            more = "\n\ny copies the address" if self.session.web_page else ""
            self.list_state.show_empty(Content.assemble(clean(why, max_length=400), (more, "$muted")))
        elif table.total_count:
            self.list_state.show_empty("No row fits this view and filter. / changes the filter, v the view.")
        elif self.session.account is None or not self.session.store.is_complete:
            self.list_state.show_loading()
        else:
            self.list_state.show_empty()

    def _show_around(self) -> None:
        table = self.table
        heading: list[Content | str | tuple[str, str]] = [
            (f" {self.view.title if self.view else 'All'}", "bold"),
            (f"  {count_text(table.row_count, self.NOUN, self.NOUNS)}", "$muted"),
        ]
        if table.row_count != table.total_count:
            heading.append((f" of {table.total_count}", "$muted"))
        heading += self.filter_content()
        place, text = self.query_one("#heading-text", Still), Content.assemble(*heading)
        if self.has_class("filtering"):  # then the field stands beside it
            place.fit(text)
        else:
            place.show(text)
        self._show_summary()
        if not self.trailing.behind:  # else it follows when the keys rest
            self._show_detail()

    def _show_summary(self) -> None:
        table = self.table
        marked = table.marked_rows()
        parts: list[Content] = []
        if table.marked_count:
            hidden = f" ({table.hidden_marked_count} not shown)" if table.hidden_marked_count else ""
            parts.append(Content.styled(f" {table.marked_count} marked{hidden} ", "bold $text-accent"))
        self._range_said = table.range_count
        if self._range_said:
            parts.append(Content.styled(f" range of {self._range_said} · V marks it, esc leaves it ", "$text-accent"))
        if table.total_count or not self.missing():
            parts.append(self.summary(table.rows, marked))
        self.query_one("#summary", Still).show(Content(" ").join(parts))

    def _show_detail(self) -> None:
        if not self.has_class("wide"):
            return
        row = self.table.cursor_row
        self.query_one("#detail-text", Still).show(self.detail(row) if row is not None else Content(""), grows=True)

    def _veil_detail(self) -> None:
        if self.has_class("wide") and self.is_mounted:
            self.query_one("#detail-text", Still).veil()

    @on(RecordTable.CursorMoved)
    def cursor_moved(self, event: RecordTable.CursorMoved) -> None:
        """The pane and the keys follow the cursor; while a key is held, once it is let go."""
        event.stop()
        self.trailing.moved()

    def follow_cursor(self) -> None:
        """What is known of the row under the cursor, and the keys that can be used on it."""
        if self.is_mounted and not self.session.closed:
            self._show_detail()
            self.refresh_keys()
            if self.table.range_count != self._range_said:
                self._show_summary()

    @on(RecordTable.RangeChanged)
    def range_changed(self) -> None:
        """The summary names the range."""
        self._show_summary()

    @on(RecordTable.MarksChanged)
    def marks_changed(self) -> None:
        """The summary and the keys follow the marks."""
        self._show_summary()
        self.refresh_keys()

    @on(RecordTable.MarkRefused)
    def mark_refused(self, event: RecordTable.MarkRefused) -> None:
        """Say why, and for how many."""
        self.billtui.say(self.refusal_text(event), "warning")

    def refusal_text(self, event: RecordTable.MarkRefused) -> str:
        """Why a row cannot be marked, in a sentence."""
        return f"{event.reason} (and {event.total - 1} more)" if event.total > 1 else event.reason

    @on(RecordTable.RowOpened)
    def row_opened(self, event: RecordTable.RowOpened) -> None:
        """Open what was chosen."""
        self.open_row(event.row_id)

    def open_row(self, row_id: str) -> None:
        """Show one record in full."""

    # --- what commands act on

    def run_command(self, command: Command) -> None:
        """A range that was begun is marked by what is done with rows: it is what its typist sees, not one row of it."""
        of_rows = command.scope not in (Scope.GLOBAL, Scope.LIST) or command.id in ON_ROWS
        if of_rows and self.table.range_count:
            self.table.action_mark_range()
        super().run_command(command)

    def chosen_rows(self) -> Sequence[R]:
        """The marked rows in their order, or the one under the cursor."""
        table = self.table
        if table.marked_count:
            return table.marked_rows()
        return [table.cursor_row] if table.cursor_row is not None else []

    def chosen_ids(self) -> list[str]:
        """The ids of :meth:`chosen_rows`."""
        return list(each_of(self.chosen_rows(), self.row_id))

    def refusal_of(self, command: Command) -> str | None:
        """Commands on rows need a row."""
        if refusal := super().refusal_of(command):
            return refusal
        if command.scope not in (Scope.GLOBAL, Scope.LIST) and not self.chosen_rows():
            return self._nothing_chosen()
        return None

    def _nothing_chosen(self) -> str:
        return f"There is no {self.NOUN} under the cursor. v shows other views, / another filter."

    def begin_anew(self) -> None:
        """Marks were another account's."""
        self.table.forget_marks()

    def unmark(self) -> None:
        """Marks are used up by what they were confirmed for; ``u`` brings them back."""
        self.table.action_clear_marks()
