"""The four states of every list: loading, rows, empty (with the next useful key), error (with the key to retry)."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from billtui.widgets.record_table import RecordTable
from billtui.widgets.record_table_text import clean


class ListPhase(StrEnum):
    """What a list is showing."""

    LOADING = "loading"
    ROWS = "rows"
    EMPTY = "empty"
    ERROR = "error"


class _Panel(Static, can_focus=True):
    """Stands in for the table; it takes the focus so that the keys of the list keep working."""


def _content(text: str | Content) -> Content:
    """Plain text as content: never markup, never a control byte."""
    return text if isinstance(text, Content) else Content(clean(text))


class ListState(Vertical):
    """Shows a table, or in its place why there is nothing to show.

    Rows once shown stay while a refresh runs or has failed; a line above them then says so. The state follows from
    what the owner tells (`show_…`) and from whether the table has rows.
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("r,к", "retry", "Refresh", show=False, id="list.retry")]

    DEFAULT_CSS = """
    ListState { height: 1fr; }
    ListState > .list-state--notice { height: 1; width: 1fr; color: $text-muted; }
    ListState > .list-state--panel { height: 1fr; content-align: center middle; text-align: center; }
    ListState > .-error { color: $text-error; }
    """

    class RetryRequested(Message):
        """The user wants the list loaded again."""

        def __init__(self, list_state: ListState) -> None:
            super().__init__()
            self.list_state = list_state

        @property
        def control(self) -> ListState:
            """The list."""
            return self.list_state

    def __init__(
        self,
        table: RecordTable[Any],
        *,
        empty: str | Content = "Nothing here yet.",
        loading: str | Content = "Loading …",
        name: str | None = None,
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        super().__init__(name=name, id=id, classes=classes)
        self.table = table
        """The table inside."""
        self._empty = _content(empty)
        self._loading = _content(loading)
        self._notice = Static(Content(""), classes="list-state--notice", markup=False)
        self._panel = _Panel(Content(""), classes="list-state--panel", markup=False)
        self._phase = ListPhase.LOADING

    def compose(self) -> ComposeResult:
        yield self._notice
        yield self._panel
        yield self.table

    def on_mount(self) -> None:
        if self._phase is ListPhase.LOADING and self.table.row_count:
            self.show_rows()
        elif self._phase is ListPhase.LOADING:
            self.show_loading()

    @property
    def phase(self) -> ListPhase:
        """The state shown."""
        return self._phase

    def show_loading(self, note: str | Content | None = None) -> None:
        """Data is on its way. With rows on the screen they stay, and the note (their age) stands above them."""
        self._phase = ListPhase.LOADING
        self._show(self._loading if note is None else _content(note))

    def show_rows(self, note: str | Content | None = None) -> None:
        """Data has come. Without a row to show this is the empty state; the note stands above the rows."""
        if self.table.row_count:
            self._phase = ListPhase.ROWS
            self._show(Content("") if note is None else _content(note))
        else:
            self.show_empty()

    def show_empty(self, text: str | Content | None = None) -> None:
        """There is nothing to show; the text names the next useful key (filtered out: how to show all)."""
        self._phase = ListPhase.EMPTY
        self._show(self._empty if text is None else _content(text))

    def show_error(self, text: str | Content, retry_key: str = "r") -> None:
        """Loading failed. With rows on the screen they stay, and the error stands above them in one line."""
        self._phase = ListPhase.ERROR
        hint = Content(f" · {clean(retry_key)} tries again") if retry_key else Content("")
        self._show(Content.assemble(_content(text), hint))

    def _show(self, text: Content) -> None:
        rows = self.table.row_count > 0 and self._phase is not ListPhase.EMPTY
        error = self._phase is ListPhase.ERROR
        # The screen knows at once where keys go; a widget's own word lags behind what is typed into the filter.
        focused = self.screen.focused in (self._panel, self.table)
        for part, shown in ((self._notice, rows and bool(text.plain)), (self._panel, not rows)):
            part.display = shown
            part.set_class(error, "-error")
            if shown:
                part.update(text)
        self.table.display = rows
        if focused:
            self.focus_list()

    def focus_list(self) -> None:
        """Focus the table, or what stands in for it."""
        part = self.table if self.table.display else self._panel
        if self.screen.focused is not part:  # to focus what has it draws all of it again
            # At once: Textual's focus() waits a turn, and would take it from a field that a key has opened meanwhile;
            # what is typed ahead on a slow line would then be commands instead of words.
            self.screen.set_focus(part, scroll_visible=False)

    def action_retry(self) -> None:
        self.post_message(self.RetryRequested(self))
