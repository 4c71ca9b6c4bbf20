"""A list that the panel is asked for whenever it is shown: the local copy holds nothing of it."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import Generic, TypeVar

from textual.content import Content

from billtui.client.errors import ClientError
from billtui.commands import handles
from billtui.screens.list_screen import ListScreen
from billtui.screens.modals.choice import Choice, ChoiceDialog, MessageDialog
from billtui.services.session_settings import SessionRefused

R = TypeVar("R")


class PanelList(ListScreen[R], Generic[R]):
    """Rows that live on the panel alone."""

    def __init__(self) -> None:
        """Nothing is known before the panel answers."""
        super().__init__()
        self.rows: Sequence[R] = ()
        self._trouble = ""
        self._answered = False

    @abstractmethod
    async def fetch(self) -> Sequence[R]:
        """Ask the panel. Raises ClientError, SessionRefused."""

    def load_rows(self) -> Sequence[R]:
        """What the panel answered last."""
        return self.rows

    def on_mount(self) -> None:
        """Ask at once."""
        super().on_mount()
        self.guarded(self.load())

    def on_screen_resume(self) -> None:
        """After a sign-in that covered it, ask again."""
        super().on_screen_resume()
        if self._trouble:
            self.guarded(self.load())

    async def load(self) -> None:
        """Ask the panel; the rows stay until it answers, and where it does not."""
        try:
            rows = await self.fetch()
        except (ClientError, SessionRefused) as error:
            self._trouble = str(error)
            if self.is_attached:
                self._show_state()
            return
        if not self.is_attached:
            return
        self.rows, self._trouble, self._answered = rows, "", True
        self.reload()
        self.refresh_keys()

    def begin_anew(self) -> None:
        """Another account's rows are not these."""
        super().begin_anew()
        self.rows, self._answered = (), False
        self.guarded(self.load())

    def _show_state(self) -> None:
        if self._trouble:
            self.list_state.show_error(self._trouble)
        elif not self._answered:
            self.list_state.show_loading()
        elif self.table.row_count:
            self.list_state.show_rows()
        elif self.table.total_count:
            self.list_state.show_empty("No row fits this view and filter. / changes the filter, v the view.")
        else:
            self.list_state.show_empty()

    def open_row(self, row_id: str) -> None:
        """What the pane shows, where there is no room for a pane."""
        row = self.table.row_of(row_id)
        if row is not None:
            self.app.push_screen(MessageDialog(self.NOUN.capitalize(), self.detail(row)))

    @handles("app.refresh")
    def refresh_from_panel(self) -> None:
        """Ask the panel for these rows, too."""
        super().refresh_from_panel()
        self.guarded(self.load())

    async def really(self, title: str, yes: Choice, no: Choice, note: str = "") -> bool:
        """Ask before something that cannot be taken back; the cursor rests on ``no``."""
        return (
            await self.app.push_screen_wait(ChoiceDialog(title, [no, yes], note=note, chosen=no.id).that_sends())
            == yes.id
        )

    @staticmethod
    def line(label: str, value: Content | str) -> Content:
        """A line of the pane beside the list."""
        return Content.assemble((f"{label:<12}", "$muted"), value)
