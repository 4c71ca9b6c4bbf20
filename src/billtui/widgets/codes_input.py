"""A field for one-time codes: what is typed or pasted is neither drawn nor copied, and a paste may have many lines."""

from __future__ import annotations

from textual.events import Paste
from textual.message import Message

from billtui.widgets.secret_input import SecretInput


class CodesInput(SecretInput):
    """A :class:`SecretInput` that hands a paste over whole, with all of its lines, and keeps none of it."""

    class Pasted(Message):
        """Something was pasted."""

        def __init__(self, text: str) -> None:
            """Carry the pasted text."""
            super().__init__()
            self.text = text

        def __repr__(self) -> str:
            """Without what was pasted: it holds codes."""
            return "CodesInput.Pasted()"

    def _on_paste(self, event: Paste) -> None:
        event.stop()
        event.prevent_default()
        if event.text.strip():
            self.post_message(self.Pasted(event.text))
