"""One quiet line for as long as the panel is waited for: what is asked, since when, how far it is, the way out."""

from __future__ import annotations

from typing import NamedTuple

from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget


class Pending(NamedTuple):
    """What is waited for."""

    words: str
    seconds: int
    asked: int = 0
    """Questions so far."""
    all: int = 0
    """How many there will be; 0: nobody knows."""
    way_out: str = ""
    """What ``esc`` does, after the key's name."""


def progress_text(asked: int, every: int) -> str:
    """``3 of 7 questions``, as far as it is known; nothing for a single one."""
    if every > 1:
        return f"{max(1, asked)} of {every} questions"
    return f"question {asked}" if asked > 1 else ""


class WaitLine(Widget):
    """Stands above the keys, over whatever is there, and moves nothing."""

    DEFAULT_CSS = """
    WaitLine { layer: wait; dock: bottom; height: 1; width: 100%; margin-bottom: 1; background: $panel; }
    """
    pending: reactive[Pending | None] = reactive(None)

    def watch_pending(self, pending: Pending | None) -> None:
        """Appear and vanish with what is waited for."""
        self.display = pending is not None

    def render(self) -> Content:
        """`` Pricing the renewal … 12 s · 3 of 7 questions · esc cancels``."""
        if self.pending is None:
            return Content("")
        words, seconds, asked, every, way_out = self.pending
        parts = [f"{seconds} s", progress_text(asked, every)]
        end = [Content.styled(" · ", "$muted").join(Content(part) for part in parts if part)]
        if way_out:
            end.append(Content.assemble((" · ", "$muted"), ("esc", "bold"), f" {way_out}"))
        tail = Content("").join(end)
        room = max(8, self.size.width - tail.cell_length - 5)
        return Content.assemble(" ", Content(words).truncate(room, ellipsis=True), (" … ", "$muted"), tail)
