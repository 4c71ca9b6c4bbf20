"""All invoices, paid and unpaid: pay, combine, split, delete, export."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import compress

from textual.content import Content

from billtui.commands import Command, Scope, handles
from billtui.domain.models.invoices import BEGUN_STATES
from billtui.domain.rules.invoices import begun_words
from billtui.screens.invoice_actions import (
    combine_invoices,
    delete_invoices,
    explain_invoice,
    export_invoices,
    split_invoice,
)
from billtui.screens.invoice_view import invoice_columns, invoice_detail, notes_of_lines
from billtui.screens.list_screen import ListScreen, View
from billtui.screens.paying import pay_invoices
from billtui.services.store import InvoiceRow
from billtui.widgets.formats import cents_text
from billtui.widgets.record_table import Column
from billtui.widgets.record_table_chosen import ChosenRows, counts_of, each_of, total_of

OPEN = ("unpaid", "promised", "overdue")
SHOWN_AS_OPEN = frozenset(OPEN) | BEGUN_STATES
"""What a person still has to see to: at a provider it is not paid before the provider says so."""

INVOICE_VIEWS = (
    View("open", "Open invoices", lambda row, now: row.state in SHOWN_AS_OPEN),
    View("overdue", "Overdue", lambda row, now: row.state == "overdue"),
    View("promised", "Promised", lambda row, now: row.state == "promised"),
    View("paid", "Paid", lambda row, now: row.state == "paid"),
    View("all", "All invoices", lambda row, now: True),
)


def invoice_refusal(command: Command, rows: Sequence[InvoiceRow]) -> str | None:
    """Why a command cannot be used on these invoices, from what the list knows."""
    if not rows:
        return None
    one = rows[0]
    if command.id in ("invoice.pay", "invoice.delete") and all(row.state in BEGUN_STATES for row in rows):
        return f"{begun_words(one.number)} 4 Jobs has the address, if it was begun from here."
    if command.id == "invoice.pay" and counts_of(rows, "state").keys().isdisjoint(OPEN):
        return f"Invoice {one.number} is {one.state}: only unpaid, promised and overdue ones can be paid (INV-3)."
    if command.id == "invoice.combine":
        if len(rows) < 2:
            return "Mark two or more unpaid invoices with space, then combine them (INV-6)."
        if counts_of(rows, "state").get("unpaid", 0) < 2:
            return "Only unpaid invoices can be combined, and it takes two of them (INV-6)."
    if command.id == "invoice.delete" and "unpaid" not in counts_of(rows, "state"):
        return f"Invoice {one.number} is {one.state}: only unpaid ones can be deleted (INV-5)."
    if command.id == "invoice.split" and (len(rows) > 1 or one.state != "unpaid"):
        return "Split works on one unpaid invoice that holds combined ones (INV-7)."
    return None


class InvoicesScreen(ListScreen[InvoiceRow]):
    """The list of invoices."""

    AREA = "Invoices"
    SCOPES = (Scope.INVOICES, Scope.LIST)
    LIST_NAME = "invoices"
    NOUN = "invoice"
    VIEWS = INVOICE_VIEWS
    CAPABILITY = "invoices"
    EMPTY = "This account has no invoices yet. Renew an order (3, then R) to get one."
    SORT = ("issued", True)
    KEPT = True
    _open: tuple[Sequence[InvoiceRow], ChosenRows[InvoiceRow]] | None = None

    def columns(self) -> Sequence[Column[InvoiceRow]]:
        """Number, state, total, due date, what for."""
        return invoice_columns(lambda: self._now_epoch, ascii_only=self.billtui.ascii_only)

    def row_id(self, row: InvoiceRow) -> str:
        """The invoice's id."""
        return row.id

    def load_rows(self) -> Sequence[InvoiceRow]:
        """All invoices of the store."""
        return self.session.store.held_invoices(self.held("invoices"))

    def summary(self, rows: Sequence[InvoiceRow], marked: Sequence[InvoiceRow]) -> Content:
        """What the marked, or else all open invoices come to: always in sight."""
        of = marked or self._open_ones(rows)
        if not of and (begun := counts_of(rows, "state").keys() & BEGUN_STATES):
            return Content.styled(f" Not paid yet: {', '.join(sorted(begun))}.", "$muted")
        if not of:
            return Content.styled(" Nothing is open.", "$text-success")
        total = cents_text(total_of(of, "total"), of[0].currency)
        words = "" if marked else f" {len(of)} open: "
        return Content.assemble((words, "$muted"), (total, "bold"))

    def _open_ones(self, rows: Sequence[InvoiceRow]) -> ChosenRows[InvoiceRow]:
        """Looked for once, until the rows are others."""
        if self._open is None or self._open[0] is not rows:
            places = compress(range(len(rows)), each_of(rows, lambda row: row.state in OPEN))
            self._open = (rows, ChosenRows(rows, list(places)))
        return self._open[1]

    def detail(self, row: InvoiceRow) -> Content:
        """The invoice beside the list."""
        store = self.session.store
        invoice = store.invoice(row.id)
        return invoice_detail(row, invoice, self.now(), notes=notes_of_lines(store, invoice))

    def open_row(self, row_id: str) -> None:
        """The invoice in full."""
        from billtui.screens.invoice import InvoiceScreen

        self.app.push_screen(InvoiceScreen(row_id))

    def command_words(self) -> list[str]:
        """Paying what is chosen from the internal balance."""
        return ["invoices", "pay", "--method", "internal"]

    def refusal_of(self, command: Command) -> str | None:
        """Why not, for the rows that are chosen."""
        if refusal := super().refusal_of(command):
            return refusal
        return invoice_refusal(command, self.chosen_rows())

    # --- commands

    @handles("invoice.pay")
    async def pay(self) -> None:
        """Pay what is chosen."""
        await pay_invoices(self.billtui, self.chosen_ids())

    @handles("invoice.combine")
    async def combine(self) -> None:
        """Put what is marked onto one invoice."""
        await combine_invoices(self.billtui, self.chosen_ids())

    @handles("invoice.split")
    async def split(self) -> None:
        """Give back what was combined."""
        await split_invoice(self.billtui, self.chosen_ids()[0])

    @handles("invoice.delete")
    async def delete(self) -> None:
        """Delete what is chosen."""
        await delete_invoices(self.billtui, self.chosen_ids())

    @handles("invoice.explain")
    async def explain(self) -> None:
        """Explain the amount under the cursor."""
        if self.table.cursor_id is not None:
            await explain_invoice(self.billtui, self.table.cursor_id)

    @handles("invoice.export")
    async def export(self) -> None:
        """Save what is chosen."""
        await export_invoices(self.billtui, self.chosen_ids())

    @handles("invoice.ticket")
    def ask_support(self) -> None:
        """A ticket about the invoice under the cursor."""
        from billtui.services.ticket_facts import about_invoice  # with the review behind it: only where it is asked for

        if (row := self.table.cursor_row) is not None:
            self.billtui.compose_ticket(**about_invoice(row).words())

    @handles("invoice.orders")
    async def its_orders(self) -> None:
        """Go to the first order of the invoice under the cursor."""
        if self.table.cursor_id is not None:
            await self.billtui.show_orders_of(self.table.cursor_id)
