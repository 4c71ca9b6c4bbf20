"""What waits and can still be taken back: one line above the keys, there only while something waits."""

from __future__ import annotations

from typing import NamedTuple

from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget


class Waiting(NamedTuple):
    """Something held back: what it is, and the seconds until it is sent."""

    title: str
    seconds: int


class Outbox(Widget):
    """The visible outbox of the undo window."""

    DEFAULT_CSS = """
    Outbox { height: 1; background: $warning-muted; color: $text-warning; display: none; }
    Outbox.waiting { display: block; }
    """
    waiting: reactive[Waiting | None] = reactive(None)

    def watch_waiting(self, waiting: Waiting | None) -> None:
        """Appear and vanish with what waits."""
        self.set_class(waiting is not None, "waiting")

    def render(self) -> Content:
        """``Delete invoice 1042: will be sent in 4 s · u takes it back``; a long title is cut, never the seconds."""
        if self.waiting is None:
            return Content("")
        when = f": will be sent in {self.waiting.seconds} s"
        room = self.size.width - len(when) - len(" · u takes it back") - 1
        return Content.assemble(
            " ",
            Content(self.waiting.title).truncate(max(10, room), ellipsis=True),
            when,
            (" · ", "$muted"),
            ("u", "bold"),
            " takes it back",
        )
