"""All transfers, outgoing and incoming: what waits for whom, how long still; confirm, accept, decline, cancel."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

from billtui.commands import Command, Scope, handles
from billtui.screens.list_screen import ListScreen, View
from billtui.screens.transfer_actions import cancel_transfers, confirm_transfers, decline_transfers, transfer_refusal
from billtui.screens.transfer_mail import read_mail
from billtui.screens.transfer_view import transfer_columns, transfer_detail
from billtui.services.store import TransferRow
from billtui.services.transfers import is_running, siblings_of, turn_of, waits_for_you
from billtui.widgets.formats import cents_text, count_text
from billtui.widgets.record_table import Column

TRANSFER_VIEWS = (
    View("running", "Running transfers", lambda row, now: is_running(row)),
    View("waiting", "Waiting for me", lambda row, now: waits_for_you(row)),
    View("incoming", "Incoming", lambda row, now: row.direction == "in"),
    View("outgoing", "Outgoing", lambda row, now: row.direction == "out"),
    View("ended", "Ended", lambda row, now: not is_running(row)),
    View("all", "All transfers", lambda row, now: True),
)


class TransfersScreen(ListScreen[TransferRow]):
    """The list of transfers."""

    AREA = "Transfers"
    SCOPES = (Scope.TRANSFERS, Scope.LIST)
    LIST_NAME = "transfers"
    NOUN = "transfer"
    VIEWS = TRANSFER_VIEWS
    CAPABILITY = "transfers"
    EMPTY = "No server is or was on its way. To hand one over: 3, then T on it or on marked ones."
    SORT = ("left", False)
    KEPT = True

    def columns(self) -> Sequence[Column[TransferRow]]:
        """Server, other side, steps, time left."""
        return transfer_columns(lambda: self._now_epoch, ascii_only=self.billtui.ascii_only)

    def row_id(self, row: TransferRow) -> str:
        """The transfer's id."""
        return row.id

    def load_rows(self) -> Sequence[TransferRow]:
        """All transfers of the store."""
        return self.session.store.transfers(self.held("transfers"))

    def mark_refusal(self, row: TransferRow) -> str | None:
        """Nothing can be done with one that has ended."""
        if is_running(row):
            return None
        return f"The transfer of {row.order_name or row.order_id} is {row.state}: nothing can be done with it any more."

    def summary(self, rows: Sequence[TransferRow], marked: Sequence[TransferRow]) -> Content:
        """Whose turn it is, and what a month of the servers costs."""
        of = [row for row in (marked or self.session.store.transfers_running()) if is_running(row)]
        if not of:
            return Content.styled(" Nothing is on its way.", "$muted")
        yours = sum(1 for row in of if waits_for_you(row))
        parts: list[Content | str | tuple[str, str]] = [
            ("" if marked else f" {count_text(len(of), 'transfer')} running: ", "$muted"),
            (f"{yours} for you", "bold $text-warning" if yours else "$muted"),
            (f", {len(of) - yours} for the other side", "$muted"),
        ]
        priced = [row for row in of if row.price is not None]
        if marked and priced:
            total = cents_text(sum(row.price or 0 for row in priced), priced[0].currency)
            parts.append((f"; {total} a month at list price", "$muted"))
        return Content.assemble(*parts)

    def detail(self, row: TransferRow) -> Content:
        """The transfer beside the list."""
        store = self.session.store
        siblings = len(siblings_of(store, row))
        return transfer_detail(row, store.transfer(row.id), self.now(), siblings, ascii_only=self.billtui.ascii_only)

    def open_row(self, row_id: str) -> None:
        """The transfer in full."""
        self.billtui.show_transfer(row_id)

    def command_words(self) -> list[str]:
        """What the row under the cursor waits for; nothing where it has ended."""
        row = self.table.cursor_row
        turn = turn_of(row) if row is not None else None
        if turn is None:
            return ["transfers", "show"]
        return ["transfers", turn.step if turn.yours else "show"]

    def refusal_of(self, command: Command) -> str | None:
        """Why not, for the rows that are chosen."""
        if refusal := super().refusal_of(command):
            return refusal
        return transfer_refusal(command, self.chosen_rows(), self.session)

    def _nothing_chosen(self) -> str:
        return "There is no transfer under the cursor. v shows other views, / another filter."

    # --- commands

    @handles("transfer.confirm")
    async def confirm(self) -> None:
        """The sender's confirmation of what is chosen (TRF-2)."""
        await confirm_transfers(self.billtui, self.chosen_ids(), "confirm")

    @handles("transfer.accept")
    async def accept(self) -> None:
        """The recipient's acceptance of what is chosen (TRF-2)."""
        await confirm_transfers(self.billtui, self.chosen_ids(), "accept")

    @handles("transfer.decline")
    async def decline(self) -> None:
        """The recipient's no (TRF-3)."""
        await decline_transfers(self.billtui, self.chosen_ids())

    @handles("transfer.cancel")
    async def cancel(self) -> None:
        """The sender's no (TRF-3)."""
        await cancel_transfers(self.billtui, self.chosen_ids())

    @handles("transfer.order")
    def open_order(self) -> None:
        """The order of the transfer under the cursor."""
        row = self.table.cursor_row
        if row is not None:
            self.billtui.show_order(row.order_id)

    @handles("transfer.mail")
    async def mail(self) -> None:
        """The sandbox's mails."""
        await read_mail(self.billtui)
