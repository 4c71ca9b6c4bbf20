"""The keys of one place, with what each does, and why where it cannot be used."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable, Sequence

from textual.containers import VerticalScroll
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Button, Static

from billtui.commands import Command
from billtui.keymap import Overrides, keys_of, shown
from billtui.screens.modals.dialog import Dialog

KEYS_WIDTH, TITLE_WIDTH = 12, 21


USUAL = 70
"""Cells of text that a terminal of 80 columns leaves."""


class HelpScreen(Dialog[None]):
    """Help for the screen below it."""

    title_text = "Help: what can be pressed here"
    DEFAULT_CSS = """
    HelpScreen #dialog { width: 96; max-width: 100%; }
    HelpScreen #help { height: auto; max-height: 100%; scrollbar-size-vertical: 1; }
    HelpScreen #buttons { dock: bottom; }
    """

    def __init__(
        self,
        commands: Sequence[Command],
        refusal_of: Callable[[Command], str | None],
        overrides: Overrides,
    ) -> None:
        """Explain ``commands``; ``refusal_of`` says why one cannot be used now."""
        super().__init__()
        self.commands = list(commands)
        self.refusal_of = refusal_of
        self.overrides = overrides

    def compose_body(self) -> Iterable[Widget]:
        """A section for each scope."""
        with VerticalScroll(id="help"):
            # Full from the first layout on: a dialog as high as its text must not begin without any.
            yield Static(self._text(USUAL), id="text")

    def compose_buttons(self) -> Iterable[Widget]:
        """Close."""
        yield Button("Close", id="cancel")

    def on_mount(self) -> None:
        """Scrolling first."""
        self.query_one("#help").focus()

    def on_resize(self) -> None:
        """Wrap anew once the room is known."""
        self.call_after_refresh(self._fit)

    def _fit(self) -> None:
        room = self.query_one("#help").scrollable_content_region.width or USUAL
        self.query_one("#text", Static).update(self._text(room))

    def _text(self, width: int) -> Content:
        lines: list[Content] = []
        scope = None
        for command in self.commands:
            if command.scope is not scope:
                scope = command.scope
                if lines:
                    lines.append(Content(""))
                lines.append(Content.styled(scope.value.capitalize(), "bold $text-accent"))
            keys = " ".join(shown(key) for key in keys_of(command, self.overrides)) or "palette"
            refusal = self.refusal_of(command)
            indent = KEYS_WIDTH + TITLE_WIDTH + 2
            words = textwrap.wrap(refusal or command.help, max(16, width - indent))
            lines.append(
                Content.assemble(
                    Content.styled(keys, "bold").truncate(KEYS_WIDTH, ellipsis=True, pad=True),
                    " ",
                    Content(command.title).truncate(TITLE_WIDTH, ellipsis=True, pad=True),
                    " ",
                    (("\n" + " " * indent).join(words), "$text-warning" if refusal else "$muted"),
                )
            )
        return Content("\n").join(lines)
