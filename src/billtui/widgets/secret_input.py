"""A field for a password: what is typed is neither drawn nor copied."""

from __future__ import annotations

from textual.widgets import Input


class SecretInput(Input):
    """An input of dots. Copying is off; cutting only deletes: the clipboard is the terminal's, and others read it."""

    def __init__(self, value: str = "", *, placeholder: str = "", id: str | None = None) -> None:
        """As ``Input``."""
        super().__init__(value, placeholder=placeholder, password=True, id=id)

    def action_copy(self) -> None:
        """Nothing is copied."""

    def action_cut(self) -> None:
        """Only delete."""
        self.delete_selection()
