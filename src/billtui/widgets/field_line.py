"""A field that is chosen, not typed: its label and what stands in it, on one line; ``enter`` asks for another."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.events import Click
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget


class FieldLine(Widget, can_focus=True):
    """Posts :class:`Opened` when somebody wants to choose."""

    DEFAULT_CSS = """
    FieldLine { height: 1; width: 1fr; padding: 0 1; background: $panel; }
    FieldLine:focus { background: $accent; color: $background; text-style: bold; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter,space", "open", show=False)]

    class Opened(Message):
        """Somebody wants to choose what stands in this field."""

        def __init__(self, field: FieldLine) -> None:
            """``field`` was opened."""
            super().__init__()
            self.field = field

        @property
        def control(self) -> FieldLine:
            """The field, for ``@on(FieldLine.Opened, "#id")``."""
            return self.field

    value: reactive[Content] = reactive(Content(""))

    def __init__(self, label: str, *, id: str | None = None) -> None:
        """``label`` stands before what is chosen."""
        super().__init__(id=id)
        self.label = label

    def put(self, value: str, note: str = "", tone: str = "$muted") -> None:
        """Show ``value``, and ``note`` beside it in ``tone``."""
        parts = [Content(value)]
        if note:
            parts.append(Content.styled(f"  {note}", tone))
        self.value = Content("").join(parts)

    def render(self) -> Content:
        """Label and value, cut at the end of the line; on the colour of the focus in its own letters alone."""
        label = Content.styled(f"{self.label} ", "" if self.has_focus else "$muted")
        value = Content(self.value.plain) if self.has_focus else self.value
        return Content.assemble(label, value).truncate(max(1, self.size.width), ellipsis=True)

    def action_open(self) -> None:
        """Ask."""
        self.post_message(self.Opened(self))

    def on_click(self, event: Click) -> None:
        """The mouse works too."""
        event.stop()
        self.focus()
        self.post_message(self.Opened(self))
