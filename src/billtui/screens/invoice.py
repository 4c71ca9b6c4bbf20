"""One invoice in full, with its lines."""

from __future__ import annotations

from collections.abc import Iterable

from textual.containers import VerticalScroll
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from billtui.client.errors import NotFound
from billtui.commands import Command, Scope, handles
from billtui.screens.base import BilltuiScreen
from billtui.screens.invoice_actions import delete_invoices, explain_invoice, export_invoices, split_invoice
from billtui.screens.invoice_view import invoice_detail, notes_of_lines
from billtui.screens.invoices import invoice_refusal
from billtui.screens.paying import pay_invoices
from billtui.services.store import InvoiceRow


class InvoiceScreen(BilltuiScreen):
    """Shows the copy at once, then asks the panel for the lines."""

    AREA = "Invoices"
    SCOPES = (Scope.INVOICES,)
    DEFAULT_CSS = "InvoiceScreen #invoice { padding: 1 2; height: 1fr; }"

    def __init__(self, invoice_id: str) -> None:
        """Show the invoice with this id."""
        super().__init__()
        self.invoice_id = invoice_id
        self.row: InvoiceRow | None = None
        self._asked = False
        """Whether the panel has answered: before, what the copy does not hold may still come."""

    def compose_body(self) -> Iterable[Widget]:
        """One text that scrolls."""
        with VerticalScroll(id="invoice"):
            yield Static(id="text")

    def on_mount(self) -> None:
        """The copy first."""
        super().on_mount()
        self.reload_if_changed(force=True)
        self.query_one("#invoice").focus()
        self.guarded(self._fetch())

    async def _fetch(self) -> None:
        try:
            await self.session.invoice(self.invoice_id)
        except NotFound:
            if self.row is not None:
                raise
        self._asked = True
        self.reload_if_changed(force=self.row is None)

    def _absent(self) -> str:
        if self._asked:
            return "This invoice is not there any more."
        return "This invoice is not in the local copy; the panel has not answered yet."

    def reload(self) -> None:
        """Draw what the store knows now."""
        store = self.session.store
        self.row = store.invoice_rows([self.invoice_id]).get(self.invoice_id)
        text = self.query_one("#text", Static)
        if self.row is None:
            text.update(Content(f"{self._absent()} esc goes back."))
        else:
            width = min(100, max(40, self.app.size.width - 6))
            invoice, now = store.invoice(self.invoice_id), self.session.now()
            text.update(invoice_detail(self.row, invoice, now, width=width, notes=notes_of_lines(store, invoice)))
        self.refresh_keys()

    def refusal_of(self, command: Command) -> str | None:
        """Why not, for this invoice."""
        if refusal := super().refusal_of(command):
            return refusal
        if command.scope is Scope.INVOICES and self.row is None:
            return self._absent()
        return invoice_refusal(command, [self.row] if self.row else [])

    @handles("invoice.pay")
    async def pay(self) -> None:
        """Pay it."""
        await pay_invoices(self.billtui, [self.invoice_id])

    @handles("invoice.split")
    async def split(self) -> None:
        """Give back what was combined."""
        await split_invoice(self.billtui, self.invoice_id)

    @handles("invoice.delete")
    async def delete(self) -> None:
        """Delete it."""
        await delete_invoices(self.billtui, [self.invoice_id])

    @handles("invoice.explain")
    async def explain(self) -> None:
        """Explain its amount."""
        await explain_invoice(self.billtui, self.invoice_id)

    @handles("invoice.export")
    async def export(self) -> None:
        """Save it."""
        await export_invoices(self.billtui, [self.invoice_id])

    @handles("invoice.ticket")
    def ask_support(self) -> None:
        """A ticket about it."""
        from billtui.services.ticket_facts import about_invoice  # with the review behind it: only where it is asked for

        if self.row is not None:
            self.billtui.compose_ticket(**about_invoice(self.row).words())

    @handles("invoice.orders")
    async def its_orders(self) -> None:
        """Go to the orders on it."""
        await self.billtui.show_orders_of(self.invoice_id)
