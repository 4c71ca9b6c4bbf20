"""One transfer in full: its steps, its history, what can be done with it, and why not the rest."""

from __future__ import annotations

from textual.content import Content

from billtui.commands import Command, Scope, handles
from billtui.screens.record_screen import RecordScreen
from billtui.screens.transfer_actions import cancel_transfers, confirm_transfers, decline_transfers, transfer_refusal
from billtui.screens.transfer_mail import read_mail
from billtui.screens.transfer_view import transfer_detail
from billtui.services.store import TransferRow
from billtui.services.transfers import siblings_of


class TransferScreen(RecordScreen[TransferRow]):
    """Shows the copy at once, then asks the panel for the history and every action's state."""

    AREA = "Transfers"
    SCOPES = (Scope.TRANSFERS,)
    WHAT = "transfer"
    GONE = "is not there, or is another account's."
    TIMED = True

    @property
    def transfer_id(self) -> str:
        """Which one."""
        return self.record_id

    async def ask(self) -> object:
        """With its history and every action's state."""
        return await self.session.transfer(self.transfer_id)

    def read(self) -> TransferRow | None:
        """Its row in the copy."""
        return self.session.store.transfer_rows([self.transfer_id]).get(self.transfer_id)

    def detail(self, row: TransferRow) -> Content:
        """With how many went in the same push."""
        store = self.session.store
        transfer, alike = store.transfer(self.transfer_id), len(siblings_of(store, row))
        return transfer_detail(row, transfer, self.session.now(), alike, ascii_only=self.billtui.ascii_only)

    def refusal_of(self, command: Command) -> str | None:
        """Why not, for this transfer."""
        if refusal := super().refusal_of(command):
            return refusal
        if command.scope is Scope.TRANSFERS and self.row is None and command.id != "transfer.mail":
            return self.absent()
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
