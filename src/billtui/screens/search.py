"""Search over everything the store knows: orders, invoices, transfers, tickets and what was written in them."""

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
from billtui.services.search import covered, search
from billtui.services.store import SearchHit
from billtui.widgets.choices import Choices
from billtui.widgets.formats import state_text

MOST = 50
"""Hits that are shown."""
LINE = 69
"""Cells of a hit."""
KIND, TITLE, TITLE_OF_MESSAGE, STATE = 9, 27, 21, 14
"""Cells for what it is; at most for its name, and for how it stands. What is left tells more of it."""


class SearchScreen(Dialog[SearchHit]):
    """Answers what was chosen, or ``None``."""

    title_text = "Search"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "move(1)", show=False, priority=True),
        Binding("up", "move(-1)", show=False, priority=True),
    ]

    def __init__(self) -> None:
        """Nothing is looked for yet."""
        super().__init__()
        self._hits: list[SearchHit] = []

    def compose_body(self) -> Iterable[Widget]:
        """A field and its hits."""
        field = Input(placeholder="A part of a name, an address, a number", id="query")
        field.cursor_blink = False
        yield field
        yield Choices(id="hits")

    def compose_buttons(self) -> Iterable[Widget]:
        """No buttons."""
        yield Static(Content.styled("enter opens it · ↑↓ choose · esc closes", "$muted"), id="hint")

    def on_mount(self) -> None:
        """The field keeps the focus; what is not searched is said."""
        if words := covered(shell_of(self).session.store.coverage()):
            self.query_one("#hint", Static).update(Content.styled(words, "$muted"))
        self.query_one("#hits").can_focus = False
        self.query_one("#query").focus()

    @on(Input.Changed, "#query")
    def typed(self, event: Input.Changed) -> None:
        """Each key searches: the store answers within milliseconds."""
        app = shell_of(self)
        options = self.query_one("#hits", OptionList)
        options.clear_options()
        text = event.value.strip()
        if not text:
            return
        self._hits = search(app.session.store, text, MOST)
        name = _longest(Content(hit.title) for hit in self._hits)
        state = _longest(state_text(hit.state) for hit in self._hits if hit.kind != "message")
        options.add_options([Option(_line(hit, name, state), id=str(number)) for number, hit in enumerate(self._hits)])
        if self._hits:
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
            self.dismiss(self._hits[int(option_id)])

    def action_move(self, by: int) -> None:
        """Move in the list while the field keeps the focus."""
        options = self.query_one("#hits", OptionList)
        if by > 0:
            options.action_cursor_down()
        else:
            options.action_cursor_up()


def _longest(texts: Iterable[Content]) -> int:
    return max((one.cell_length for one in texts), default=0)


def _line(hit: SearchHit, name: int, state: int) -> Content:
    """A hit among others, of which the longest name has so many cells, and the longest word for how one stands."""
    message = hit.kind == "message"  # what it says matters more than how its ticket stands
    width = min(name, TITLE_OF_MESSAGE if message else TITLE)
    parts = [
        Content.styled(hit.kind, "$muted").truncate(KIND, pad=True),
        Content.styled(hit.title, "bold").truncate(width, ellipsis=True, pad=True),
        Content(" "),
    ]
    if not message:
        parts += [state_text(hit.state).truncate(min(state, STATE), ellipsis=True, pad=True), Content(" ")]
    left = LINE - sum(one.cell_length for one in parts)
    return Content.assemble(*parts, Content.styled(hit.detail, "$muted").truncate(left, ellipsis=True))
