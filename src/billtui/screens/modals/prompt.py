"""Ask for one line of text, with the reason at once when it cannot be used."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from textual import on
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Button, Input, Static

from billtui.screens.modals.dialog import Dialog
from billtui.widgets.secret_input import SecretInput


class Prompt(Dialog[str]):
    """Answers the text, or ``None``. What was typed is never lost to a mistake: the dialog stays and says why not."""

    def __init__(
        self,
        title: str,
        *,
        label: str,
        value: str = "",
        placeholder: str = "",
        button: str = "OK",
        without: str = "Cancel",
        check: Callable[[str], str | None] | None = None,
        note: str = "",
        password: bool = False,
        live: Callable[[str], str] | None = None,
    ) -> None:
        """``button`` takes the text; ``without`` is what ``esc`` does, where that is more than leaving it.

        ``check`` gives a sentence that says what to type instead, or ``None``.

        ``live`` says what the text comes to while it is typed; with it, what ``check`` says stands there at once too.
        """
        super().__init__()
        self.title_text = title
        self.label = label
        self.value = value
        self.placeholder = placeholder
        self.button = button
        self.without = without
        self.check = check
        self.note = note
        self.password = password
        self.live = live

    def compose_body(self) -> Iterable[Widget]:
        """Label, field, note, problem."""
        yield Static(Content(self.label), classes="label")
        kind = SecretInput if self.password else Input
        field = kind(self.value, placeholder=self.placeholder, id="field")
        field.cursor_blink = False
        yield field
        yield Static(id="problem", classes="problem")
        if self.live is not None:
            yield Static(id="live", classes="note")
        if self.note:
            yield Static(Content(self.note), classes="note")

    def compose_buttons(self) -> Iterable[Widget]:
        """Cancel and the answer."""
        yield Button(Content(self.without), id="cancel")
        yield Button(Content(self.button), id="ok")

    def on_mount(self) -> None:
        """The field first: there is nothing to confirm by accident."""
        self._show_live(self.value)
        self.query_one("#field", Input).focus()

    @on(Input.Changed, "#field")
    def show_live(self, event: Input.Changed) -> None:
        """What the text comes to, or what is wrong with it."""
        if self.live is not None:
            self._show_problem(self.check(event.value) if self.check else None)
            self._show_live(event.value)

    def _show_live(self, text: str) -> None:
        if self.live is not None:
            words = self.live(text)
            shown = self.query_one("#live", Static)
            shown.update(Content(words))
            shown.display = bool(words)

    def _show_problem(self, problem: str | None) -> None:
        shown = self.query_one("#problem", Static)
        shown.update(Content(problem or ""))
        shown.set_class(bool(problem), "shown")

    @on(Input.Submitted, "#field")
    @on(Button.Pressed, "#ok")
    def answer(self) -> None:
        """Check, then answer or say why not."""
        text = self.query_one("#field", Input).value
        problem = self.check(text) if self.check else None
        self._show_problem(problem)
        if problem is None:
            self.dismiss(text)
