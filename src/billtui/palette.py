"""The palette: every command by its name, with its key, and why where it cannot be used."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar, NamedTuple

from textual import on
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.fuzzy import Matcher
from textual.widget import Widget
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from billtui.commands import Command
from billtui.screens.modals.dialog import Dialog
from billtui.widgets.choices import Choices


class PaletteEntry(NamedTuple):
    """A command as the palette shows it."""

    command: Command
    keys: str
    refusal: str | None


class Palette(Dialog[str]):
    """Answers the id of the chosen command, or ``None``."""

    title_text = "Commands"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,ctrl+n", "move(1)", show=False, priority=True),
        Binding("up,ctrl+p", "move(-1)", show=False, priority=True),
    ]

    def __init__(self, entries: Sequence[PaletteEntry]) -> None:
        """Offer ``entries`` in their order."""
        super().__init__()
        self.entries = list(entries)

    def compose_body(self) -> Iterable[Widget]:
        """A field, and the commands that match."""
        field = Input(placeholder="Type a part of a name", id="query")
        field.cursor_blink = False
        yield field
        yield Choices(id="matches")

    def compose_buttons(self) -> Iterable[Widget]:
        """No buttons: enter runs, esc leaves."""
        yield Static(Content.styled("enter runs it · ↑↓ choose · esc closes", "$muted"))

    def on_mount(self) -> None:
        """Everything, until something is typed."""
        self.query_one("#matches").can_focus = False
        self.show_matches("")
        self.query_one("#query", Input).focus()

    def show_matches(self, query: str) -> None:
        """Show what fits ``query``, the best first."""
        matcher = Matcher(query)
        scored = [(matcher.match(entry.command.title) if query else 1.0, entry) for entry in self.entries]
        hits = sorted((pair for pair in scored if pair[0] > 0), key=lambda pair: -pair[0])
        options = self.query_one("#matches", OptionList)
        options.clear_options()
        width = 66
        for _, entry in hits:
            options.add_option(Option(_line(entry, width), id=entry.command.id))
        if hits:
            options.highlighted = 0
        else:
            options.add_option(Option(Content.styled("No command has these letters.", "$muted"), disabled=True))

    @on(Input.Changed, "#query")
    def narrow(self, event: Input.Changed) -> None:
        """Each key narrows at once."""
        self.show_matches(event.value)

    @on(Input.Submitted, "#query")
    def choose(self) -> None:
        """Run the highlighted one."""
        options = self.query_one("#matches", OptionList)
        if options.highlighted is not None and (command_id := options.get_option_at_index(options.highlighted).id):
            self.dismiss(command_id)

    @on(OptionList.OptionSelected, "#matches")
    def clicked(self, event: OptionList.OptionSelected) -> None:
        """The mouse works too."""
        self.dismiss(event.option.id)

    def action_move(self, by: int) -> None:
        """Move in the list while the field keeps the focus."""
        options = self.query_one("#matches", OptionList)
        if by > 0:
            options.action_cursor_down()
        else:
            options.action_cursor_up()


def _line(entry: PaletteEntry, width: int) -> Content:
    title = Content.styled(entry.command.title, "$faint" if entry.refusal else "bold")
    keys = Content.styled(entry.keys, "$text-accent")
    detail = entry.refusal or entry.command.help
    room = max(0, width - 24 - keys.cell_length)
    middle = Content.styled(detail, "$text-warning" if entry.refusal else "$muted").truncate(
        room, ellipsis=True, pad=True
    )
    return Content.assemble(title.truncate(22, ellipsis=True, pad=True), " ", middle, " ", keys)
