"""Search over everything the store knows: orders, invoices and transfers by any of their text."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from billtui.screens.modals.dialog import Dialog
from billtui.screens.shell import shell_of
from billtui.services.store import SearchHit
from billtui.widgets.formats import state_text

MOST = 50
"""Hits that are shown."""


class SearchScreen(Dialog[tuple[str, str]]):
    """Answers the kind and id of what was chosen, or ``None``."""

    title_text = "Search"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "move(1)", show=False, priority=True),
        Binding("up", "move(-1)", show=False, priority=True),
    ]

    def compose_body(self) -> Iterable[Widget]:
        """A field and its hits."""
        field = Input(placeholder="A part of a name, an address, a number", id="query")
        field.cursor_blink = False
        yield field
        yield OptionList(id="hits")

    def compose_buttons(self) -> Iterable[Widget]:
        """No buttons."""
        yield Static(Content.styled("enter opens it · ↑↓ choose · esc closes", "$muted"))

    def on_mount(self) -> None:
        """The field keeps the focus."""
        self.query_one("#hits").can_focus = False
        self.query_one("#query").focus()

    @on(Input.Changed, "#query")
    def search(self, event: Input.Changed) -> None:
        """Each key searches: the store answers within milliseconds."""
        app = shell_of(self)
        options = self.query_one("#hits", OptionList)
        options.clear_options()
        text = event.value.strip()
        if not text:
            return
        hits = app.session.store.search(text, MOST)
        options.add_options([Option(_line(hit), id=f"{hit.kind}:{hit.id}") for hit in hits])
        if hits:
            options.highlighted = 0
        else:
            options.add_option(Option(Content.styled("Nothing has this text.", "$muted"), disabled=True))

    @on(Input.Submitted, "#query")
    def choose(self) -> None:
        """Open the highlighted one."""
        options = self.query_one("#hits", OptionList)
        if options.highlighted is not None:
            self._answer(options.get_option_at_index(options.highlighted).id)

    @on(OptionList.OptionSelected, "#hits")
    def clicked(self, event: OptionList.OptionSelected) -> None:
        """The mouse works too."""
        self._answer(event.option.id)

    def _answer(self, option_id: str | None) -> None:
        if option_id:
            kind, _, found = option_id.partition(":")
            self.dismiss((kind, found))

    def action_move(self, by: int) -> None:
        """Move in the list while the field keeps the focus."""
        options = self.query_one("#hits", OptionList)
        if by > 0:
            options.action_cursor_down()
        else:
            options.action_cursor_up()


def _line(hit: SearchHit) -> Content:
    return Content.assemble(
        Content.styled(hit.kind, "$muted").truncate(9, pad=True),
        Content.styled(hit.title, "bold").truncate(27, ellipsis=True, pad=True),
        " ",
        state_text(hit.state).truncate(12, pad=True),
        Content.styled(hit.detail, "$muted").truncate(20, ellipsis=True),
    )
