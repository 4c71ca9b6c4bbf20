"""Choose one of a few things; what cannot be chosen stays visible and says why."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from textual.content import Content
from textual.widget import Widget
from textual.widgets import Button, OptionList, Static
from textual.widgets.option_list import Option

from billtui.screens.modals.dialog import Dialog
from billtui.widgets.choices import Choices


class Choice(NamedTuple):
    """One thing to choose: its title, a line about it, or why it cannot be chosen."""

    id: str
    title: str
    detail: str = ""
    refusal: str = ""


class ChoiceDialog(Dialog[str]):
    """Answers the id of the choice, or ``None``."""

    def __init__(self, title: str, choices: Sequence[Choice], *, note: str = "", chosen: str | None = None) -> None:
        """Ask ``title``; the cursor rests on ``chosen``, else on the first that can be chosen."""
        super().__init__()
        self.title_text = title
        by_id: dict[str, Choice] = {}
        for choice in choices:  # a panel may name the same thing twice
            by_id.setdefault(choice.id, choice)
        self.choices = list(by_id.values())
        self.note = note
        self.chosen = chosen

    def compose_body(self) -> Iterable[Widget]:
        """The choices, two lines each where there is something to say."""
        if self.note:
            yield Static(Content(self.note), classes="note")
        yield Choices(*(self.option(choice) for choice in self.choices), id="choices")

    def compose_buttons(self) -> Iterable[Widget]:
        """Only a way out: choosing is ``enter`` in the list."""
        yield Static(Content.styled("enter chooses · esc leaves everything as it is", "$muted"))

    @staticmethod
    def option(choice: Choice) -> Option:
        """A choice as a line of a list, dim and with its reason where it cannot be chosen."""
        lines = [Content.styled(choice.title, "$faint" if choice.refusal else "bold")]
        if choice.refusal:
            lines.append(Content.styled(f"  {choice.refusal}", "$text-warning"))
        elif choice.detail:
            lines.append(Content.styled(f"  {choice.detail}", "$muted"))
        return Option(Content("\n").join(lines), id=choice.id, disabled=bool(choice.refusal))

    def on_mount(self) -> None:
        """Rest on the chosen one."""
        options = self.query_one("#choices", OptionList)
        ids = [choice.id for choice in self.choices if not choice.refusal]
        if ids:
            options.highlighted = options.get_option_index(self.chosen if self.chosen in ids else ids[0])
        options.focus()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Answer."""
        event.stop()
        self.dismiss(event.option.id)


class MessageDialog(Dialog[None]):
    """Something to read, with one way on."""

    def __init__(self, title: str, body: Content | str, *, note: str = "") -> None:
        """Show ``body`` under ``title``."""
        super().__init__()
        self.title_text = title
        self.body = body if isinstance(body, Content) else Content(body)
        self.note = note

    def compose_body(self) -> Iterable[Widget]:
        """The text, scrolling when it is long."""
        from textual.containers import VerticalScroll

        with VerticalScroll(classes="rows tall") as scroll:
            scroll.can_focus = True
            yield Static(self.body)
        if self.note:
            yield Static(Content(self.note), classes="note")

    def compose_buttons(self) -> Iterable[Widget]:
        """Close."""
        yield Button("Close", id="cancel")
