"""Choose one of many things by typing a part of it: orders, templates, canned replies."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar, NamedTuple

from textual import on
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from billtui.screens.modals.dialog import Dialog
from billtui.terminal.harmless import one_line
from billtui.widgets.choices import Choices

SHOWN = 100
"""So many hits are listed; typing more of it finds the rest."""


class Findable(NamedTuple):
    """One thing: its id, its title, a line about it, and everything that it is found by, in lower case."""

    id: str
    title: str
    detail: str = ""
    words: str = ""

    @property
    def haystack(self) -> str:
        """What a typed word is looked for in."""
        return f"{self.title} {self.detail} {self.words}".casefold()


class FoundChoice(Dialog[str]):
    """Answers the id of what was chosen, or ``None``. Every word that is typed must stand somewhere in it."""

    DEFAULT_CSS = """
    FoundChoice #hits { max-height: 12; margin-top: 1; }
    FoundChoice.-high #hits { max-height: 22; }
    FoundChoice #preview { height: auto; max-height: 6; margin-top: 1; color: $muted; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "move(1)", show=False, priority=True),
        Binding("up", "move(-1)", show=False, priority=True),
    ]

    def __init__(
        self, title: str, things: Sequence[Findable], *, first: Sequence[Findable] = (), placeholder: str = "",
        empty: str = "There is nothing to choose from.",
    ) -> None:  # fmt: skip
        """``first`` are answers that always stand on top, such as “none of them”."""
        super().__init__()
        self.title_text = title
        self.things = [(one, one.haystack) for one in things]
        self.first = list(first)
        self.placeholder = placeholder
        self.empty = empty

    def compose_body(self) -> Iterable[Widget]:
        """A field and what it finds."""
        field = Input(placeholder=self.placeholder, id="query")
        field.cursor_blink = False
        yield field
        yield Choices(id="hits")
        yield from self.compose_below()

    def compose_below(self) -> Iterable[Widget]:
        """What stands below the list."""
        return ()

    def compose_buttons(self) -> Iterable[Widget]:
        """No buttons: ``enter`` chooses."""
        yield Static(Content.styled("type to find · ↑↓ choose · enter takes it · esc leaves it as it is", "$muted"))

    def on_mount(self) -> None:
        """The field keeps the focus."""
        self.query_one("#hits").can_focus = False
        self.query_one("#query").focus()
        self._find("")

    @on(Input.Changed, "#query")
    def search(self, event: Input.Changed) -> None:
        """Each key finds."""
        self._find(event.value)

    def _find(self, text: str) -> None:
        words = text.casefold().split()
        found = [one for one, haystack in self.things if all(word in haystack for word in words)]
        options = self.query_one("#hits", OptionList)
        options.clear_options()
        listed = [*(self.first if not words else ()), *found[:SHOWN]]
        options.add_options([Option(self.line(one), id=one.id) for one in listed])
        if listed:
            options.highlighted = len(self.first) if not words and found and self.first else 0
        if len(found) > SHOWN:
            more = f"… and {len(found) - SHOWN:,} more: type more of it"
            options.add_option(Option(Content.styled(more, "$muted"), disabled=True))
        elif not found:
            words_said = "Nothing has this text." if words else self.empty
            options.add_option(Option(Content.styled(words_said, "$muted"), disabled=True))
        self.highlighted(self._current())

    def line(self, one: Findable) -> Content:
        """How a thing is listed."""
        return Content.assemble(
            Content.styled(one_line(one.title), "bold").truncate(36, ellipsis=True, pad=True),
            " ",
            Content.styled(one_line(one.detail), "$muted").truncate(34, ellipsis=True),
        )

    def highlighted(self, thing_id: str | None) -> None:
        """Another one is under the cursor."""

    def _current(self) -> str | None:
        options = self.query_one("#hits", OptionList)
        if options.highlighted is None:
            return None
        return options.get_option_at_index(options.highlighted).id

    @on(OptionList.OptionHighlighted, "#hits")
    def _moved(self) -> None:
        self.highlighted(self._current())

    @on(Input.Submitted, "#query")
    def choose(self) -> None:
        """Answer what is under the cursor."""
        if (chosen := self._current()) is not None:
            self.dismiss(chosen)

    @on(OptionList.OptionSelected, "#hits")
    def clicked(self, event: OptionList.OptionSelected) -> None:
        """The mouse works too."""
        if event.option.id is not None:
            self.dismiss(event.option.id)

    def action_move(self, by: int) -> None:
        """Move in the list while the field keeps the focus."""
        options = self.query_one("#hits", OptionList)
        if by > 0:
            options.action_cursor_down()
        else:
            options.action_cursor_up()
