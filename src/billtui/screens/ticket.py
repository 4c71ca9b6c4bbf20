"""A ticket and its thread, for the client and for support: read, search, copy, save, go to what is mentioned."""

from __future__ import annotations

from typing import Final

from textual import on

from billtui.commands import Command, Scope, handles
from billtui.screens.command_text import command_line
from billtui.screens.customer_card import CardLines, invoice_lines, open_from_card, order_lines
from billtui.screens.modals.choice import Choice, ChoiceDialog, MessageDialog
from billtui.screens.ticket_actions import TicketActions
from billtui.screens.ticket_reading import TicketReading
from billtui.screens.ticket_saving import save_attachments
from billtui.screens.ticket_view import facts, merged_number
from billtui.screens.triage_commands import TriageCommands
from billtui.services.mentions import Mention, mentions
from billtui.services.store import TicketRow

NEEDS_MESSAGE: Final = frozenset({"ticket.copy", "ticket.find"})


class TicketScreen(TicketReading, TicketActions, TriageCommands):
    """A thread with everything that can be done in it."""

    SCOPES = (Scope.THREAD, Scope.TRIAGE)

    @property
    def open_ticket_id(self) -> str:
        """The ticket that is written to."""
        return self.ticket_id

    def triage_rows(self) -> list[TicketRow]:
        """The ticket that is open."""
        return [self.row] if self.row is not None else []

    def refusal_of(self, command: Command) -> str | None:
        """Why not, for this ticket."""
        if refusal := super().refusal_of(command):
            return refusal
        if command.scope is Scope.THREAD and self.row is None:
            return self._absent()
        if command.id in NEEDS_MESSAGE and not self.thread.entries:
            return "No message is here yet."
        if command.id in ("ticket.find_next", "ticket.find_before") and not self.thread.wanted:
            return "Nothing is searched for: / begins a search in this thread."
        return None

    @on(CardLines.Opened)
    def open_from_card(self, event: CardLines.Opened) -> None:
        """Go to another ticket of the customer, look at an order or an invoice."""
        open_from_card(self, self.query_one(CardLines).card, event.kind, event.object_id)

    @handles("app.refresh")
    def refresh_from_panel(self) -> None:
        """Ask for this thread first, then for everything else."""
        self.guarded(self._fetch())
        if self.query(CardLines):
            self.query_one(CardLines).ask()
        super().refresh_from_panel()

    @handles("ticket.copy")
    def copy_message(self) -> None:
        """The text of the chosen message to the terminal's clipboard."""
        if (chosen := self.thread.chosen) is not None:
            self.billtui.copy(chosen.body)

    @handles("ticket.copy_command")
    def copy_command(self) -> None:
        """The command line that shows this ticket to the clipboard."""
        self.billtui.copy(command_line(self.billtui.profile, ["tickets", "show"], [self.ticket_id]))

    def quoted(self) -> str:
        """The chosen message, as plain text, for an answer that quotes it."""
        chosen = self.thread.chosen
        return "" if chosen is None else chosen.body

    @property
    def last_shown(self) -> str | None:
        """Where messages stand below that were never on the screen, the last one that was (TKT-9)."""
        return self.thread.last_shown if self.thread.not_shown_yet else None

    @property
    def quotes_note(self) -> bool:
        """Whether the chosen message is a note: it is quoted among staff only (TKT-6)."""
        chosen = self.thread.chosen
        return chosen is not None and chosen.internal

    @handles("ticket.save")
    async def save(self) -> None:
        """Save attachments: those of the chosen message, else of the whole thread."""
        chosen = self.thread.chosen
        entries = [chosen] if chosen is not None and chosen.files else self.thread.entries
        files = [(file, f"from {one.author or 'the panel'}") for one in entries for file in one.files]
        await save_attachments(self.billtui, files)

    @handles("ticket.facts")
    def show_facts(self) -> None:
        """Everything that is known of the ticket."""
        if self.row is not None:
            now, around = int(self.session.now().timestamp()), self._around(self.row)
            body = facts(self.row, self.ticket, now, around, ascii_only=self.billtui.ascii_only)
            self.app.push_screen(MessageDialog(f"Ticket {self.row.number}", body))

    @handles("ticket.open")
    async def open_mentioned(self) -> None:
        """Go to the order or invoice that the ticket is about, or that the chosen message names; links are copied."""
        if self.row is None:
            return
        store = self.session.store
        chosen = self.thread.chosen
        found = mentions(self.row, "" if chosen is None else chosen.body, store.orders(), store.invoices())
        if self.row.merged_into:
            title = f"Ticket {merged_number(store, self.row)}"
            found = [Mention("ticket", self.row.merged_into, title, "this one was merged into it"), *found]
        if not found:
            self.billtui.say("Neither the ticket nor this message names an order, an invoice or an address.")
        elif len(found) == 1 and found[0].kind != "link":
            await self._open(found[0])
        else:
            choices = [Choice(str(at), one.title, one.detail) for at, one in enumerate(found)]
            answer = await self.app.push_screen_wait(ChoiceDialog("Go to", choices))
            if answer is not None:
                await self._open(found[int(answer)])

    async def _open(self, mention: Mention) -> None:
        if mention.kind == "link":
            self.billtui.copy(mention.id)
        elif mention.kind == "ticket":
            self.billtui.show_ticket(mention.id)
        elif self.staff:
            await self._show_to_staff(mention)
        elif mention.kind == "invoice":
            self.billtui.show_invoice(mention.id)
        else:
            self.billtui.show_order(mention.id)

    async def _show_to_staff(self, mention: Mention) -> None:
        """A customer's order or invoice, asked of the panel: the copy of staff holds none of them (ACC-7)."""
        account = self.row.account_id if self.row is not None else ""
        now = self.session.now().timestamp()
        if mention.kind == "order":
            orders = await self.session.tickets.orders_of(account)
            order = next((one for one in orders if one.id == mention.id), None)
            if order is not None:
                self.app.push_screen(MessageDialog(str(order.name), order_lines(order, now)))
                return
        else:
            invoices = await self.session.tickets.invoices_of(account)
            invoice = next((one for one in invoices if one.id == mention.id), None)
            if invoice is not None:
                self.app.push_screen(MessageDialog(f"Invoice {invoice.number}", invoice_lines(invoice)))
                return
        self.billtui.say(f"{mention.title} is not among this customer's any more.", "warning")
