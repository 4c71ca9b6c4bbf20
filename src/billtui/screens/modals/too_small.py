"""One plain notice where the terminal is too small for anything else."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from billtui.screens.lean_screen import LeanScreen


class TooSmall(ModalScreen[None], LeanScreen[None]):
    """Goes by itself when the terminal grows; nothing behind it is lost."""

    DEFAULT_CSS = """
    TooSmall { background: $background; align: center middle; }
    TooSmall Static { width: auto; height: auto; max-width: 100%; }
    """

    def __init__(self, columns: int, rows: int) -> None:
        """Say that at least ``columns`` × ``rows`` are needed."""
        super().__init__()
        self.columns = columns
        self.rows = rows

    def on_screen_resume(self) -> None:
        """On top again, after what covered it went: the terminal may have grown meanwhile."""
        if self.app.size.width >= self.columns and self.app.size.height >= self.rows:
            self.app.pop_screen()

    def compose(self) -> ComposeResult:
        """The notice."""
        yield Static(Content(f"billtui needs {self.columns}×{self.rows}"))
