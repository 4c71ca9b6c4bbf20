"""Type or paste lines; every bad one is named, and nothing is lost until all of it is understood or let go."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import ClassVar, NamedTuple

from textual import on
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Button, Static, TextArea

from billtui.screens.modals.dialog import Dialog

NAMED = 30
"""Bad lines that are named one by one; thousands would stop the terminal."""


class LinesRead(NamedTuple):
    """What lines come to: a sentence about what is good, and a sentence for each bad one."""

    good: str
    bad: Sequence[str]


class LinesDialog(Dialog[str]):
    """Answers the text, or ``None``. With bad lines the first press names them, the second takes the good ones."""

    DEFAULT_CSS = """
    LinesDialog TextArea { height: 8; border: none; background: $panel; padding: 0 1; scrollbar-size-vertical: 1; }
    LinesDialog TextArea:focus { border: none; background: $boost; }
    LinesDialog.-low TextArea { height: 5; }
    LinesDialog.-tiny TextArea { height: 3; }
    LinesDialog #bad { max-height: 6; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "app.focus_next", show=False, priority=True),
        Binding("shift+tab", "app.focus_previous", show=False, priority=True),
    ]

    def __init__(
        self, title: str, read: Callable[[str], LinesRead], *, label: str, text: str = "", button: str = "Take over"
    ) -> None:
        """``read`` says what a text comes to."""
        super().__init__()
        self.title_text = title
        self.read = read
        self.label = label
        self.text = text
        self.button = button
        self._warned = ""
        """The text whose bad lines were named already."""

    def compose_body(self) -> Iterable[Widget]:
        """What to write, the field, what it comes to, what is wrong."""
        yield Static(Content(self.label), classes="label")
        field = TextArea(self.text, id="lines", tab_behavior="focus", soft_wrap=False, highlight_cursor_line=False)
        field.cursor_blink = False
        yield field
        yield Static(id="good", classes="note")
        with VerticalScroll(classes="rows", id="bad"):
            yield Static(id="bad-text", classes="problem shown")

    def compose_buttons(self) -> Iterable[Widget]:
        """Cancel, or take over."""
        yield Button("Cancel", id="cancel")
        yield Button(Content(self.button), id="take")

    def on_mount(self) -> None:
        """The field first, its end."""
        field = self.query_one("#lines", TextArea)
        field.move_cursor(field.document.end)
        field.focus()
        self.show()

    @on(TextArea.Changed, "#lines")
    def show(self) -> None:
        """What the text comes to, and what is wrong with it, while it is typed."""
        found = self.read(self.query_one("#lines", TextArea).text)
        self.query_one("#good", Static).update(
            Content.assemble((found.good, "bold"), (" · tab reaches the buttons", "$muted"))
        )
        named = list(map(Content, found.bad[:NAMED]))
        if len(found.bad) > NAMED:
            named.append(Content(f"… and {len(found.bad) - NAMED} more."))
        self.query_one("#bad-text", Static).update(Content("\n").join(named))

    @on(Button.Pressed, "#take")
    def take(self) -> None:
        """Answer; with bad lines only once they were seen."""
        text = self.query_one("#lines", TextArea).text
        found = self.read(text)
        if found.bad and self._warned != text:
            self._warned = text
            warning = f"{len(found.bad)} of the lines are left out: press again to go on without them."
            self.query_one("#good", Static).update(Content.styled(warning, "$text-warning"))
            return
        self.dismiss(text)
