"""One invoice in full, with its lines."""

from __future__ import annotations

from textual.content import Content

from billtui.commands import Command, Scope, handles
from billtui.screens.invoice_actions import delete_invoices, explain_invoice, export_invoices, split_invoice
from billtui.screens.invoice_view import invoice_detail, notes_of_lines
from billtui.screens.invoices import invoice_refusal
from billtui.screens.paying import pay_invoices
from billtui.screens.record_screen import RecordScreen
from billtui.services.store import InvoiceRow


class InvoiceScreen(RecordScreen[InvoiceRow]):
    """Shows the copy at once, then asks the panel for the lines."""

    AREA = "Invoices"
    SCOPES = (Scope.INVOICES,)
    WHAT = "invoice"
    TIMED = True

    @property
    def invoice_id(self) -> str:
        """Which one."""
        return self.record_id

    async def ask(self) -> object:
        """With its lines."""
        return await self.session.invoice(self.invoice_id)

    def read(self) -> InvoiceRow | None:
        """Its row in the copy."""
        return self.session.store.invoice_rows([self.invoice_id]).get(self.invoice_id)

    def detail(self, row: InvoiceRow) -> Content:
        """As wide as is read well."""
        store, width = self.session.store, min(100, max(40, self.app.size.width - 6))
        invoice, now = store.invoice(self.invoice_id), self.session.now()
        return invoice_detail(row, invoice, now, width=width, notes=notes_of_lines(store, invoice))

    def refusal_of(self, command: Command) -> str | None:
        """Why not, for this invoice."""
        if refusal := super().refusal_of(command):
            return refusal
        if command.scope is Scope.INVOICES and self.row is None:
            return self.absent()
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
