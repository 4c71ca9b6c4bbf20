"""Ways from place to place: areas, lists, single invoices and orders, palette, help, search."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from billtui.commands import COMMANDS, handles
from billtui.keymap import keys_of, shown
from billtui.screens.shell import Shell
from billtui.services.staff import is_staff

if TYPE_CHECKING:
    from billtui.services.store import SearchHit

AREAS = ("overview", "invoices", "orders", "jobs", "balance", "settings", "planner", "transfers", "tickets", "account")
"""The areas in the order of their keys; ``app.NAME`` is the command that shows one."""

QUEUE = "queue"
"""What the area of tickets is for staff: the queue of everybody's tickets, in a mode of its own."""
STAFF_AREAS = ("tickets", "overview", "jobs", "settings", "account")
"""The areas that have something of use for staff, as they stand in the line; the other ones keep their keys (ACC-7)."""


class Places(Shell):
    """The part of the shell that shows things."""

    _welcomed = ""
    """Whose first area was shown already."""

    @property
    def areas(self) -> tuple[tuple[str, str], ...]:
        """Key and title of each area."""
        names = STAFF_AREAS if is_staff(self.session.account) else AREAS
        found = (COMMANDS[f"app.{name}"] for name in names)
        return tuple((shown(keys_of(command, self.settings.keys)[0]), command.title) for command in found)

    def show_first_area(self) -> None:
        """Staff begins with the queue: once the account is known, unless something else was opened meanwhile."""
        account = self.session.account
        if account is None or self._welcomed == str(account.login):
            return
        self._welcomed = str(account.login)
        if is_staff(account) and self.current_mode == "overview" and len(self.screen_stack) == 1:
            self.switch_mode(QUEUE)
        elif not is_staff(account) and self.current_mode == QUEUE:
            self.switch_mode("overview")

    def area_is_left(self) -> None:
        """Called before another area, or the question whether to leave, comes on top."""

    def _go(self, area: str) -> None:
        if area != self.current_mode:
            self.area_is_left()
        self.switch_mode(area)

    def show_account_card(self, account_id: str) -> None:
        """Go to a customer's card, for staff."""
        from billtui.screens.customer_card import CustomerCardScreen

        self.push_screen(CustomerCardScreen(account_id))

    def show_list(self, area: str, view_id: str) -> None:
        """Go to an area's list with one of its views."""
        from billtui.screens.list_screen import ListScreen

        self._go(QUEUE if area == "tickets" and is_staff(self.session.account) else area)

        def show() -> None:
            screen = self.screen
            if isinstance(screen, ListScreen):
                screen.show_view(view_id)

        self.call_after_refresh(show)

    @handles("app.overview")
    def go_overview(self) -> None:
        """Show the overview."""
        self._go("overview")

    @handles("app.invoices")
    def go_invoices(self) -> None:
        """Show the invoices."""
        self._go("invoices")

    @handles("app.orders")
    def go_orders(self) -> None:
        """Show the orders."""
        self._go("orders")

    @handles("app.jobs")
    def go_jobs(self) -> None:
        """Show the jobs."""
        self._go("jobs")

    @handles("app.balance")
    def go_balance(self) -> None:
        """Show the balance."""
        self._go("balance")

    @handles("app.settings")
    def go_settings(self) -> None:
        """Show the settings."""
        self._go("settings")

    @handles("app.planner")
    def go_planner(self) -> None:
        """Show the planner."""
        self._go("planner")

    @handles("app.transfers")
    def go_transfers(self) -> None:
        """Show the transfers."""
        self._go("transfers")

    @handles("app.tickets")
    def go_tickets(self) -> None:
        """Show the tickets: a client its own, support staff the queue of everybody's."""
        self._go(QUEUE if is_staff(self.session.account) else "tickets")

    @handles("app.mail")
    async def read_mail(self) -> None:
        """The sandbox's mails; one with the code of a transfer leads there."""
        from billtui.screens.transfer_mail import read_mail

        await read_mail(self)

    @handles("app.account")
    def go_account(self) -> None:
        """Show the account."""
        self._go("account")

    @handles("app.repaint")
    def repaint(self) -> None:
        """Draw everything anew, whatever stands on the terminal."""
        super().repaint()

    @handles("app.palette")
    def open_palette(self) -> None:
        """Every command of this place by name."""
        from billtui.palette import Palette, PaletteEntry
        from billtui.screens.base import BilltuiScreen

        screen = self.screen
        if not isinstance(screen, BilltuiScreen):
            return
        overrides = self.settings.keys
        entries = [
            PaletteEntry(one, " ".join(map(shown, keys_of(one, overrides))), screen.refusal_of(one))
            for one in screen.commands_here()
            if one.in_palette
        ]

        def run(command_id: str | None) -> None:
            if command_id:
                screen.run_command(COMMANDS[command_id])

        self.push_screen(Palette(entries), run)

    @handles("app.help")
    def open_help(self) -> None:
        """The keys of this place."""
        from billtui.screens.base import BilltuiScreen
        from billtui.screens.help import HelpScreen

        screen = self.screen
        if isinstance(screen, BilltuiScreen):
            self.push_screen(HelpScreen(screen.commands_here(), screen.refusal_of, self.settings.keys))

    @handles("app.search")
    def open_search(self) -> None:
        """Search over everything in the store."""
        from billtui.screens.search import SearchScreen

        def found(hit: SearchHit | None) -> None:
            if hit is None:
                return
            if hit.kind in ("ticket", "message"):
                self.show_ticket(hit.id, message_id=hit.message_id)
            else:
                shows = {"invoice": self.show_invoice, "transfer": self.show_transfer}
                shows.get(hit.kind, self.show_order)(hit.id)

        self.push_screen(SearchScreen(), found)

    @handles("order.new")
    def order_servers(self) -> None:
        """The order of many servers, with what was being chosen."""
        from billtui.screens.bulk_order import BulkOrderScreen

        self.push_screen(BulkOrderScreen())

    def show_invoice(self, invoice_id: str) -> None:
        """Go to one invoice, wherever it is asked for."""
        from billtui.screens.invoice import InvoiceScreen

        self.push_screen(InvoiceScreen(invoice_id))

    def show_order(self, order_id: str) -> None:
        """Go to one order, wherever it is asked for."""
        from billtui.screens.order import OrderScreen

        self.push_screen(OrderScreen(order_id))

    def show_transfer(self, transfer_id: str) -> None:
        """Go to one transfer, wherever it is asked for."""
        from billtui.screens.transfer import TransferScreen

        self.push_screen(TransferScreen(transfer_id))

    def show_ticket(self, ticket_id: str, *, message_id: str = "", find: str = "") -> None:
        """Go to a ticket's thread, wherever it is asked for: to one of its messages, or with a search for ``find``."""
        from billtui.screens.ticket import TicketScreen

        self.push_screen(TicketScreen(ticket_id, message_id=message_id, find=find))

    async def show_orders_of(self, invoice_id: str) -> None:
        """Go to the order on an invoice; with several, choose one."""
        from billtui.screens.modals.choice import Choice, ChoiceDialog
        from billtui.services.transfers import notes_of_orders

        invoice = await self.session.invoice(invoice_id)
        lines = [line for line in invoice.lines if line.order_id is not None]
        if not lines:
            self.say(f"Invoice {invoice.number} bills no order.")
            return
        chosen: str | None = str(lines[0].order_id)
        if len(lines) > 1:
            notes = notes_of_orders(self.session.store, [str(line.order_id) for line in lines])
            choices = [
                Choice(
                    str(line.order_id),
                    str(line.title),
                    ", ".join(filter(None, (str(line.amount), notes.get(str(line.order_id))))),
                )
                for line in lines
            ]
            chosen = await self.push_screen_wait(ChoiceDialog(f"Orders on invoice {invoice.number}", choices))
        if chosen is not None:
            self.show_order(chosen)

    def compose_ticket(self, **facts: Any) -> None:
        """Write a new ticket, with ``facts`` filled in (``Words``); without any, the draft that waits goes on."""
        from billtui.screens.composing import compose_ticket

        compose_ticket(self, **facts)

    def compose_reply(self, ticket_id: str, internal: bool = False, quote: str = "", seen: str | None = None) -> None:
        """Write into a thread, or with ``internal`` a note that the client never sees."""
        from billtui.screens.composing import compose_reply

        compose_reply(self, ticket_id, internal=internal, quote=quote, seen=seen)
