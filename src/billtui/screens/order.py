"""One order in full: what it is, what can be done with it, and why not the rest."""

from __future__ import annotations

from textual.content import Content

from billtui.commands import Command, Scope, handles
from billtui.screens.adding import add_addons
from billtui.screens.changing_plan import change_plan, ticket_of
from billtui.screens.naming import rename_orders
from billtui.screens.order_actions import change_auto_renewal, choose_action, copy_addresses
from billtui.screens.order_texts import tag_orders
from billtui.screens.order_view import bill_number, order_detail, waiting_for_panel
from billtui.screens.orders import order_refusal
from billtui.screens.paying import pay_invoices
from billtui.screens.record_screen import RecordScreen
from billtui.screens.renewing import renew_orders
from billtui.screens.transferring import transfer_orders
from billtui.services.store import OrderRow
from billtui.services.transfers import handed_over, running_of_order
from billtui.widgets.formats import date_text, epoch


class OrderScreen(RecordScreen[OrderRow]):
    """Shows the copy at once, then asks the panel for every action's state."""

    AREA = "Orders"
    SCOPES = (Scope.ORDERS,)
    WHAT = "order"
    TIMED = True

    @property
    def order_id(self) -> str:
        """Which one."""
        return self.record_id

    async def ask(self) -> object:
        """With every action's state."""
        return await self.session.order(self.order_id)

    def absent(self) -> str:
        """Where it went, if it was handed over."""
        gone = handed_over(self.session.store, self.order_id) if not self.session.closed else None
        if gone is None:
            return super().absent()
        when = f" on {date_text(epoch(gone.ended_at))}" if gone.ended_at else ""
        return f"{gone.order_name} went to {gone.counterparty}{when}: it is theirs now. T opens the transfer."

    def read(self) -> OrderRow | None:
        """Its row in the copy."""
        return self.session.store.order_rows([self.order_id]).get(self.order_id)

    def detail(self, row: OrderRow) -> Content:
        """With its bill, its tags and what is paid ahead."""
        store, own = self.session.store, self.session.own
        tags = " ".join(own.tags.of(self.order_id)) if own is not None else ""
        order, transfer = store.order(self.order_id), running_of_order(store, row.transfer_id)
        ahead = waiting_for_panel(row, self.session.paid_ahead())
        plan = self.session.plan_names.word(row.plan)
        return order_detail(row, order, self.session.now(), bill_number(store, row), tags, transfer, ahead, plan)

    def refusal_of(self, command: Command) -> str | None:
        """Why not, for this order."""
        if refusal := super().refusal_of(command):
            return refusal
        if command.scope is Scope.ORDERS and self.row is None:
            there = command.id == "order.transfer" and not self.session.closed
            return None if there and handed_over(self.session.store, self.order_id) else self.absent()
        return order_refusal(command, [self.row] if self.row else [], self.session.store)

    @handles("order.renew")
    async def renew(self) -> None:
        """Renew it."""
        await renew_orders(self.billtui, [self.order_id])

    @handles("order.pay")
    async def pay(self) -> None:
        """Pay its open invoice."""
        if self.row is not None and self.row.unpaid_invoice_id:
            await pay_invoices(self.billtui, [self.row.unpaid_invoice_id])

    @handles("order.invoice")
    def open_invoice(self) -> None:
        """Go to the invoice that blocks it."""
        if self.row is not None and self.row.unpaid_invoice_id:
            self.billtui.show_invoice(self.row.unpaid_invoice_id)

    @handles("order.auto_renew")
    async def auto_renew(self) -> None:
        """Switch its auto-renewal."""
        await change_auto_renewal(self.billtui, [self.order_id])

    @handles("order.actions")
    async def actions(self) -> None:
        """Choose a power action."""
        await choose_action(self.billtui, [self.order_id])

    @handles("order.rename")
    async def rename(self) -> None:
        """Rename it."""
        if self.row is not None:
            await rename_orders(self.billtui, [self.row])

    @handles("order.transfer")
    async def transfer(self) -> None:
        """Push it to another account, or open the transfer that it is in or that took it away."""
        if self.row is None and (gone := handed_over(self.session.store, self.order_id)) is not None:
            self.billtui.show_transfer(gone.id)
            return
        await transfer_orders(self.billtui, [self.order_id])

    @handles("order.copy_address")
    def copy_address(self) -> None:
        """Its address to the clipboard."""
        if self.row is not None:
            copy_addresses(self.billtui, [self.row])

    @handles("order.ticket")
    def ask_support(self) -> None:
        """A ticket about it."""
        from billtui.services.ticket_facts import about_order  # with the review behind it: only where it is asked for

        if self.row is not None:
            self.billtui.compose_ticket(**about_order(self.row).words())

    @handles("order.tag")
    async def tag(self) -> None:
        """Add or take away its tags."""
        if self.row is not None and await tag_orders(self.billtui, [self.row]):
            self.reload_if_changed(force=True)

    @handles("order.change_plan")
    async def change_plan(self) -> None:
        """Give it another plan."""
        await change_plan(self.billtui, self.order_id)

    @handles("order.plan_ticket")
    def plan_ticket(self) -> None:
        """Go to the ticket of its last change of plan."""
        if (ticket := ticket_of(self.session.store, self.row)) is not None:
            self.billtui.show_ticket(ticket)

    @handles("order.addons")
    async def addons(self) -> None:
        """Add something to it."""
        await add_addons(self.billtui, [self.order_id])
