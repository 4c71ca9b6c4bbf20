"""Lists whose filter, sort and columns can be kept under a name and shown again."""

from __future__ import annotations

from typing import TypeVar

from textual.widgets import Input

from billtui.commands import handles
from billtui.config.errors import ConfigError, UnsafePath
from billtui.screens.list_screen import ListScreen, View
from billtui.screens.modals.choice import Choice, ChoiceDialog
from billtui.screens.modals.prompt import Prompt
from billtui.services.saved_views import SavedView, SavedViews, SortKey
from billtui.widgets.formats import count_text

R = TypeVar("R")

SAVED = "saved:"
FORGET = "forget:"
_ON_VIEW = "view:"
"""In a saved filter: the ready-made view that it narrows."""


class SavedViewList(ListScreen[R]):
    """A list with saved views beside the ready-made ones."""

    saved: str = ""
    """The name of the saved view that is shown, until something else is chosen."""

    def keeper(self) -> SavedViews:
        """Where views are kept."""
        return SavedViews()

    def _saved_views(self) -> list[SavedView]:
        try:
            return self.keeper().of(self.LIST_NAME)
        except (ConfigError, UnsafePath, OSError) as error:
            self.billtui.say(f"The saved views cannot be read: {error}", "warning")
            return []

    def count_of(self, view: View) -> int:
        """How many rows a ready-made view shows now."""
        now = self.now_epoch()
        return sum(1 for row in self.table.rows if view.shows(row, now))

    @handles("list.views")
    def choose_view(self) -> None:
        """Choose a ready-made or a saved view, or forget a saved one."""
        saved = self._saved_views()
        choices = [Choice(f"{SAVED}{one.name}", one.name, _about(one)) for one in saved]
        choices += [Choice(view.id, view.title, count_text(self.count_of(view), self.NOUN)) for view in self.views()]
        if saved:
            choices.append(Choice(FORGET, "Forget a saved view …", "It is only a name for a filter: no ticket is lost"))
        chosen = f"{SAVED}{self.saved}" if self.saved else self.view.id if self.view else None
        note = "" if saved else "W keeps filter, sort and columns under a name: it stands here then."
        self.app.push_screen(ChoiceDialog("Views", choices, note=note, chosen=chosen), self._view_chosen)

    def _view_chosen(self, view_id: str | None) -> None:
        if view_id is None:
            return
        if view_id == FORGET:
            choices = [Choice(one.name, one.name, _about(one)) for one in self._saved_views()]
            self.app.push_screen(ChoiceDialog("Forget which view?", choices), self._forget)
        elif view_id.startswith(SAVED):
            name = view_id.removeprefix(SAVED)
            view = next((one for one in self._saved_views() if one.name == name), None)
            if view is not None:
                self.show_saved(view)
        else:
            self.show_view(view_id)

    def _forget(self, name: str | None) -> None:
        if name is None:
            return
        try:
            self.keeper().remove(self.LIST_NAME, name)
        except (ConfigError, UnsafePath, OSError) as error:
            self.billtui.say(f"It cannot be forgotten: {error}", "warning")
            return
        self.saved = "" if self.saved == name else self.saved
        self.billtui.say(f"The view “{name}” is forgotten.")

    def show_view(self, view_id: str) -> None:
        """A ready-made view, whole: what a saved view had narrowed is taken away with it."""
        if self.saved:
            self.saved = ""
            self._type_filter("")
        super().show_view(view_id)

    def show_saved(self, view: SavedView) -> None:
        """Show a saved view: its rows, their order, its columns."""
        on, words = "", []
        for word in view.filter.split():
            if word.startswith(_ON_VIEW):
                on = word.removeprefix(_ON_VIEW)
            else:
                words.append(word)
        self.saved = ""
        if any(one.id == on for one in self.views()):
            self.show_view(on)
        self._type_filter(" ".join(words))
        known = {column.key for column in self.table.columns}
        if columns := [key for key in view.columns if key in known]:
            self.table.visible_columns = columns
        if view.sort and view.sort[0].column in known:
            self.table.sort_by(view.sort[0].column, reverse=view.sort[0].descending)
        self.saved = view.name
        self._show_around()

    def _type_filter(self, text: str) -> None:
        field = self.query_one("#filter", Input)
        with field.prevent(Input.Changed):
            field.value = text
        self.apply_filter(text)
        self._show_state()

    @handles("list.save_view")
    async def save_view(self) -> None:
        """Keep what is shown now under a name."""

        def check(text: str) -> str | None:
            if not text.strip():
                return "Type a name, for example: nights, or finance over a day."
            if len(text.strip()) > 40:
                return "A name has at most 40 characters."
            return None

        words = f"{_ON_VIEW}{self.view.id} {self.query_one('#filter', Input).value}".strip() if self.view else ""
        key, reverse = self.table.sorted_by
        name = await self.app.push_screen_wait(
            Prompt(
                "Save this view", label="Under which name? One that is there already is replaced.", value=self.saved,
                button="Save", check=check, note=f"It keeps: {words or 'all rows'}; the order; the columns.",
            )
        )  # fmt: skip
        if name is None:
            return
        view = SavedView(
            self.LIST_NAME, name.strip(), words, (SortKey(key, reverse),) if key else (),
            tuple(self.table.visible_columns),
        )  # fmt: skip
        try:
            kept = self.keeper().put(view)
        except (ValueError, ConfigError, UnsafePath, OSError) as error:
            self.billtui.say(f"The view cannot be kept: {error}", "warning")
            return
        self.saved = kept.name
        self._show_around()
        self.billtui.say(f"Kept as “{kept.name}”: v shows it.")


def _about(view: SavedView) -> str:
    return ", ".join(filter(None, (view.filter, f"by {view.sort[0]}" if view.sort else "")))
