"""What every screen with a list can do: filter, views, sort, columns, copying; the list is a ``RecordList``."""

from __future__ import annotations

from typing import Generic, TypeVar

from textual import on
from textual.events import Paste
from textual.widgets import Input

from billtui.commands import handles
from billtui.screens.base import DETAIL_FROM
from billtui.screens.command_text import command_line
from billtui.screens.modals.choice import Choice, ChoiceDialog
from billtui.screens.modals.columns import ColumnsDialog
from billtui.screens.record_list import RecordList
from billtui.screens.views import View, count_shown
from billtui.terminal.harmless import one_line
from billtui.widgets.formats import count_text

__all__ = ["DETAIL_FROM", "ListScreen", "View"]

R = TypeVar("R")

MOST_PASTED = 200
"""Characters that a filter takes from a paste."""


class ListScreen(RecordList[R], Generic[R]):
    """A list of records by id, with its commands. Subclasses give columns, rows, views and the detail."""

    # --- commands of every list

    @handles("list.filter")
    def start_filter(self) -> None:
        """Type words; the list narrows with each key."""
        self.add_class("filtering")
        field = self.query_one("#filter", Input)
        field.can_focus = True
        self.table.prepare_filter()
        self.set_focus(field)  # now, not with the next turn: what is typed ahead are words, no commands

    def on_paste(self, event: Paste) -> None:
        """What is pasted on a list (a name, an address, a number) filters it; it is never read as keys."""
        event.stop()
        words = one_line(event.text).strip()
        if not words:
            return
        if len(words) > MOST_PASTED:
            self.billtui.say(f"That is too long for a filter: {len(words)} characters; nothing was done.", "warning")
            return
        self.start_filter()
        self.query_one("#filter", Input).value = words

    @on(Input.Changed, "#filter")
    def narrow(self, event: Input.Changed) -> None:
        """Narrow at once."""
        self.apply_filter(event.value)
        self._show_state()
        self._show_around()

    @on(Input.Submitted, "#filter")
    def keep_filter(self) -> None:
        """Back to the rows, filtered."""
        self.remove_class("filtering")
        self._show_around()  # the heading names the filter again
        self.list_state.focus_list()
        self.query_one("#filter", Input).can_focus = False
        self.table.forget_filter()

    @handles("app.back")
    def go_back(self) -> None:
        """``esc``: clear the filter first, then one step back."""
        field = self.query_one("#filter", Input)
        if self.has_class("filtering") or field.value:
            field.value = ""
            self.keep_filter()
        else:
            super().go_back()

    @handles("app.undo")
    def undo_here(self) -> None:
        """What waits in the outbox first, then the last change of marks."""
        if self.billtui.holds_something:
            self.billtui.undo()
        else:
            self.table.action_undo_marks()

    @handles("list.views")
    def choose_view(self) -> None:
        """Choose one of the views."""
        rows, now = self.table.rows, self.now_epoch()
        choices = [
            Choice(view.id, view.title, count_text(count_shown(rows, view, now), self.NOUN)) for view in self.views()
        ]

        def chosen(view_id: str | None) -> None:
            if view_id is not None:
                self.show_view(view_id)

        self.app.push_screen(ChoiceDialog("Views", choices, chosen=self.view.id if self.view else None), chosen)

    def show_view(self, view_id: str) -> None:
        """Show the view with this id."""
        self.view = next((view for view in self.views() if view.id == view_id), self.view)
        self._now_epoch = self.now_epoch()
        self._apply_view()
        self._show_state()
        self._show_around()

    def show_row(self, row_id: str) -> bool:
        """Put the cursor on a row, out of any filter that hides it. Gives whether it is there."""
        if self.table.move_cursor_to(row_id):
            return True
        self.query_one("#filter", Input).value = ""
        self.apply_filter("")
        if views := self.views():
            self.show_view(views[-1].id)
        return self.table.move_cursor_to(row_id)

    @handles("list.sort")
    def sort_next(self) -> None:
        """Sort by the next column that is shown."""
        sortable = [c.key for c in self.table.columns if c.sort_key and c.key in self.table.fitting_columns]
        if sortable:
            now, _ = self.table.sorted_by
            place = sortable.index(now) + 1 if now in sortable else 0
            self.table.sort_by(sortable[place % len(sortable)])

    @handles("list.sort_reverse")
    def sort_reverse(self) -> None:
        """Turn the order round."""
        key, reverse = self.table.sorted_by
        if key:
            self.table.sort_by(key, reverse=not reverse)

    @handles("list.columns")
    def choose_columns(self) -> None:
        """Choose the columns; the choice is kept in the settings."""
        table = self.table

        def chosen(keys: list[str] | None) -> None:
            if keys is not None:
                table.visible_columns = keys
                self.billtui.keep_columns(self.LIST_NAME, keys)

        titles = [(column.key, column.title or column.key) for column in table.columns]
        self.app.push_screen(ColumnsDialog(titles, table.visible_columns), chosen)

    @handles("list.copy_id")
    def copy_id(self) -> None:
        """Send the ids to the terminal's clipboard."""
        if ids := self.chosen_ids():
            self.billtui.copy(" ".join(ids))
        elif self.missing() and self.session.web_page:
            self.billtui.copy(self.session.web_page)
        else:
            self.billtui.say(self._nothing_chosen(), "warning")

    @handles("list.copy_command")
    def copy_command(self) -> None:
        """Send the command line that does the same to the clipboard."""
        words, ids = self.command_words(), self.command_ids()
        if not words:
            self.billtui.say("No command line does the same here.", "warning")
        elif not ids:
            self.billtui.say(self._nothing_chosen(), "warning")
        else:
            self.billtui.copy(command_line(self.billtui.profile, words, ids))

    def command_words(self) -> list[str]:
        """Verb and options that do the same as the first command of this list; :meth:`command_ids` come behind them."""
        return []

    def command_ids(self) -> list[str]:
        """What the command line names."""
        return self.chosen_ids()
