"""Ask for several short texts at once, each with what it means; what cannot be used is said at its field."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import ClassVar, NamedTuple

from textual import on
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Button, Input, Static

from billtui.screens.modals.dialog import Dialog


class Field(NamedTuple):
    """One line of a form."""

    id: str
    label: str
    value: str = ""
    placeholder: str = ""


class FormProblem(NamedTuple):
    """Why an answer cannot be used, and at which field."""

    field: str
    reason: str


class FormDialog(Dialog[dict[str, str]]):
    """Answers the texts by field, or ``None``. The dialog stays until ``check`` has nothing to say."""

    DEFAULT_CSS = """
    FormDialog .form-row { height: 1; }
    FormDialog .form-label { width: 31; color: $muted; }
    FormDialog .form-row Input { width: 1fr; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "app.focus_next", show=False),
        Binding("up", "app.focus_previous", show=False),
    ]

    def __init__(
        self,
        title: str,
        fields: Sequence[Field],
        *,
        check: Callable[[Mapping[str, str]], FormProblem | None],
        button: str = "OK",
        note: str = "",
    ) -> None:
        super().__init__()
        self.title_text = title
        self.fields = list(fields)
        self.check = check
        self.button = button
        self.note = note

    def compose_body(self) -> Iterable[Widget]:
        """A row for each field, the problem, the note."""
        for field in self.fields:
            with Horizontal(classes="form-row"):
                yield Static(Content(field.label), classes="form-label")
                entry = Input(field.value, placeholder=field.placeholder, id=f"field-{field.id}")
                entry.cursor_blink = False
                yield entry
        yield Static(id="problem", classes="problem")
        if self.note:
            yield Static(Content(self.note), classes="note")

    def compose_buttons(self) -> Iterable[Widget]:
        """Cancel and the answer."""
        yield Button("Cancel", id="cancel")
        yield Button(Content(self.button), id="ok")

    def on_mount(self) -> None:
        """The first field: nothing can be confirmed by accident."""
        self.query_one(f"#field-{self.fields[0].id}", Input).focus()

    @on(Input.Submitted)
    @on(Button.Pressed, "#ok")
    def answer(self) -> None:
        """Check all, then answer or say why not."""
        values = {one.id: self.query_one(f"#field-{one.id}", Input).value.strip() for one in self.fields}
        problem = self.check(values)
        shown = self.query_one("#problem", Static)
        shown.update(Content(problem.reason if problem else ""))
        shown.set_class(problem is not None, "shown")
        if problem is None:
            self.dismiss(values)
        else:
            self.query_one(f"#field-{problem.field}", Input).focus()
