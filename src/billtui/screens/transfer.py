"""One transfer in full: its steps, its history, what can be done with it, and why not the rest."""

from __future__ import annotations

from collections.abc import Iterable

from textual.containers import VerticalScroll
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from billtui.client.errors import NotFound
from billtui.commands import Command, Scope, handles
from billtui.screens.base import BilltuiScreen
from billtui.screens.transfer_actions import cancel_transfers, confirm_transfers, decline_transfers, transfer_refusal
from billtui.screens.transfer_mail import read_mail
from billtui.screens.transfer_view import transfer_detail
from billtui.services.store import TransferRow
from billtui.services.transfers import siblings_of


class TransferScreen(BilltuiScreen):
    """Shows the copy at once, then asks the panel for the history and every action's state."""

    AREA = "Transfers"
    SCOPES = (Scope.TRANSFERS,)
    DEFAULT_CSS = "TransferScreen #transfer { padding: 1 2; height: 1fr; }"

    def __init__(self, transfer_id: str) -> None:
        """Show the transfer with this id."""
        super().__init__()
        self.transfer_id = transfer_id
        self.row: TransferRow | None = None
        self._asked = False
        """Whether the panel has answered: before, what the copy does not hold may still come."""

    def compose_body(self) -> Iterable[Widget]:
        """One text that scrolls."""
        with VerticalScroll(id="transfer"):
            yield Static(id="text")

    def on_mount(self) -> None:
        """The copy first."""
        super().on_mount()
        self.reload_if_changed(force=True)
        self.query_one("#transfer").focus()
        self.guarded(self._fetch())
        self.set_interval(60, self._minute)

    def _minute(self) -> None:
        """The time left, in words."""
        if self.is_seen and not self.session.closed:
            self.reload()

    async def _fetch(self) -> None:
        try:
            await self.session.transfer(self.transfer_id)
        except NotFound:
            if self.row is not None:
                raise
        self._asked = True
        self.reload_if_changed(force=self.row is None)

    def _absent(self) -> str:
        if self._asked:
            return "This transfer is not there, or is another account's."
        return "This transfer is not in the local copy; the panel has not answered yet."

    def reload(self) -> None:
        """Draw what the store knows now."""
        store = self.session.store
        self.row = store.transfer_rows([self.transfer_id]).get(self.transfer_id)
        text = self.query_one("#text", Static)
        if self.row is None:
            text.update(Content(f"{self._absent()} esc goes back."))
        else:
            text.update(
                transfer_detail(
                    self.row,
                    store.transfer(self.transfer_id),
                    self.session.now(),
                    len(siblings_of(store, self.row)),
                    ascii_only=self.billtui.ascii_only,
                )
            )
        self.refresh_keys()

    def refusal_of(self, command: Command) -> str | None:
        """Why not, for this transfer."""
        if refusal := super().refusal_of(command):
            return refusal
        if command.scope is Scope.TRANSFERS and self.row is None and command.id != "transfer.mail":
            return self._absent()
        return transfer_refusal(command, [self.row] if self.row else [], self.session)

    @handles("transfer.confirm")
    async def confirm(self) -> None:
        """The sender's confirmation (TRF-2)."""
        await confirm_transfers(self.billtui, [self.transfer_id], "confirm")

    @handles("transfer.accept")
    async def accept(self) -> None:
        """The recipient's acceptance (TRF-2)."""
        await confirm_transfers(self.billtui, [self.transfer_id], "accept")

    @handles("transfer.decline")
    async def decline(self) -> None:
        """The recipient's no (TRF-3)."""
        await decline_transfers(self.billtui, [self.transfer_id])

    @handles("transfer.cancel")
    async def cancel(self) -> None:
        """The sender's no (TRF-3)."""
        await cancel_transfers(self.billtui, [self.transfer_id])

    @handles("transfer.order")
    def open_order(self) -> None:
        """Its order."""
        if self.row is not None:
            self.billtui.show_order(self.row.order_id)

    @handles("transfer.mail")
    async def mail(self) -> None:
        """The sandbox's mails."""
        await read_mail(self.billtui)
