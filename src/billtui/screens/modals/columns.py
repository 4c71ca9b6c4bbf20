"""Which columns a list shows, and in what order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Button, OptionList, Static
from textual.widgets.option_list import Option

from billtui.screens.modals.dialog import Dialog
from billtui.widgets.choices import Choices


class ColumnsDialog(Dialog[list[str]]):
    """Answers the keys of the columns to show, in their order, or ``None``."""

    title_text = "Columns"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "show_or_hide", show=False, priority=True),
        Binding("plus,J,О", "move(1)", show=False),
        Binding("minus,K,Л", "move(-1)", show=False),
    ]

    def __init__(self, titles: Sequence[tuple[str, str]], visible: Sequence[str]) -> None:
        """``titles`` are (key, title) of all columns; ``visible`` the keys shown now."""
        super().__init__()
        self.titles = dict(titles)
        self.keys = [*visible, *(key for key, _ in titles if key not in visible)]
        self.shown = set(visible)

    def compose_body(self) -> Iterable[Widget]:
        """All columns, the shown ones ticked."""
        yield Choices(*map(self._option, self.keys), id="columns")
        yield Static(Content("space shows or hides · + and - move · narrow terminals show fewer"), classes="note")

    def compose_buttons(self) -> Iterable[Widget]:
        """Cancel, or keep."""
        yield Button("Cancel", id="cancel")
        yield Button("Keep", id="keep")

    def on_mount(self) -> None:
        """The list first."""
        options = self.query_one("#columns", OptionList)
        options.highlighted = 0
        options.focus()

    def _option(self, key: str) -> Option:
        tick = "[x]" if key in self.shown else "[ ]"
        return Option(Content(f"{tick} {self.titles[key]}"), id=key)

    def _draw(self, at: int) -> None:
        options = self.query_one("#columns", OptionList)
        options.clear_options()
        options.add_options(list(map(self._option, self.keys)))
        options.highlighted = at

    def action_show_or_hide(self) -> None:
        """Show or hide the column under the cursor; one always stays."""
        at = self.query_one("#columns", OptionList).highlighted
        if at is None:
            return
        key = self.keys[at]
        if key in self.shown and len(self.shown) > 1:
            self.shown.remove(key)
        else:
            self.shown.add(key)
        self._draw(at)

    def action_move(self, by: int) -> None:
        """Move the column under the cursor."""
        at = self.query_one("#columns", OptionList).highlighted
        if at is None or not 0 <= at + by < len(self.keys):
            return
        self.keys[at], self.keys[at + by] = self.keys[at + by], self.keys[at]
        self._draw(at + by)

    @on(OptionList.OptionSelected, "#columns")
    @on(Button.Pressed, "#keep")
    def keep(self) -> None:
        """Answer with what is ticked."""
        self.dismiss([key for key in self.keys if key in self.shown])
