"""Whether to leave: what is held back is dropped, what runs goes on next time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from textual import on
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Button, Static

from billtui.screens.modals.dialog import Dialog


class QuitDialog(Dialog[bool]):
    """Answers ``True`` to leave."""

    title_text = "Quit billtui?"

    def __init__(self, held: Sequence[str], running: Sequence[str]) -> None:
        """Name what waits in the undo window, and the jobs that run."""
        super().__init__()
        self.held = list(held)
        self.running = list(running)
        self.confirms = bool(held or running)

    def compose_body(self) -> Iterable[Widget]:
        """What leaving means now."""
        lines: list[Content] = []
        if self.held:
            lines.append(Content.styled("Held back and not sent; leaving drops it:", "$text-warning"))
            lines += [Content(f"  {title}") for title in self.held]
        if self.running:
            lines.append(Content.styled("Running; what was sent is finished, the rest waits for you:", "$text-warning"))
            lines += [Content(f"  {title}") for title in self.running]
        if not lines:
            lines.append(Content("Nothing is running and nothing waits to be sent."))
        yield Static(Content("\n").join(lines))

    def compose_buttons(self) -> Iterable[Widget]:
        """Stay, or leave."""
        yield Button("Stay", id="cancel")
        yield Button("Quit", id="quit")

    def on_mount(self) -> None:
        """The safe answer is to stay, unless nothing is at stake."""
        self.query_one("#cancel" if self.held or self.running else "#quit").focus()

    @on(Button.Pressed, "#quit")
    def leave(self) -> None:
        """Leave."""
        self.dismiss(True)
