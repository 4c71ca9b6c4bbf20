"""One record of a list in full: the local copy's at once, then the panel's."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable
from typing import ClassVar, Generic, TypeVar

from textual.containers import VerticalScroll
from textual.content import Content
from textual.widget import Widget

from billtui.client.errors import NotFound
from billtui.screens.base import BilltuiScreen
from billtui.widgets.still import Still

R = TypeVar("R")


class RecordScreen(BilltuiScreen, Generic[R]):
    """One text that scrolls. What neither the copy nor the panel knows is said to be absent, with what to do."""

    WHAT: ClassVar[str]
    """What it shows, as in "this invoice"."""
    GONE = "is not there any more."
    """What is said of one that the panel does not know."""
    TIMED: ClassVar[bool] = False
    """Whether the time left stands in its text: it is drawn anew each minute."""
    DEFAULT_CSS = "RecordScreen #record { padding: 1 2; height: 1fr; }"

    def __init__(self, record_id: str) -> None:
        """Show the record with this id."""
        super().__init__()
        self.record_id = record_id
        self.row: R | None = None
        self._asked = False
        """Whether the panel has answered: before, what the copy does not hold may still come."""

    # --- what subclasses give

    @abstractmethod
    def read(self) -> R | None:
        """Its row in the copy, if it is there."""

    @abstractmethod
    def detail(self, row: R) -> Content:
        """The text."""

    @abstractmethod
    async def ask(self) -> object:
        """Ask the panel for all of it, into the copy. Raises ClientError."""

    # --- showing it

    def compose_body(self) -> Iterable[Widget]:
        """One text that scrolls."""
        with VerticalScroll(id="record"):
            yield Still(id="text")

    def on_mount(self) -> None:
        """The copy first."""
        super().on_mount()
        self.reload_if_changed(force=True)
        self.query_one("#record").focus()
        self.guarded(self._fetch())
        if self.TIMED:
            self.at_times(60, self._minute)

    def _minute(self) -> None:
        if self.is_seen and not self.session.closed:
            self.reload()

    async def _fetch(self) -> None:
        try:
            await self.ask()
        except NotFound:
            if self.row is not None:
                raise
        self._asked = True
        self.reload_if_changed(force=self.row is None)

    def absent(self) -> str:
        """Why there is nothing to be seen."""
        if self._asked:
            return f"This {self.WHAT} {self.GONE}"
        return f"This {self.WHAT} is not in the local copy; the panel has not answered yet."

    def reload(self) -> None:
        """Draw what the store knows now."""
        self.row = self.read()
        text = Content(f"{self.absent()} esc goes back.") if self.row is None else self.detail(self.row)
        self.query_one("#text", Still).show(text, grows=True)  # each minute, and mostly nothing of it is another
        self.refresh_keys()
