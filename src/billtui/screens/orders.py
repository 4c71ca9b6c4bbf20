"""All orders: what runs, until when, what it costs; renew, pay and change them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import attrgetter
from types import MappingProxyType

from textual.content import Content
from textual.events import Paste

from billtui.client.errors import ClientError
from billtui.commands import Command, Scope, handles
from billtui.config.kinds import USUAL_KIND
from billtui.domain.periods import never_ends
from billtui.screens.list_screen import View
from billtui.screens.order_marks import OrderMarks
from billtui.screens.order_view import bill_number, order_columns, order_detail, waiting_for_panel
from billtui.services.paid_ahead import PaidAhead
from billtui.services.session_settings import SessionRefused
from billtui.services.session_thread import SessionClosed
from billtui.services.store import OrderRow, StoreReader
from billtui.services.transfers import running_of_order
from billtui.widgets.formats import DAY, epoch
from billtui.widgets.record_table import Column
from billtui.widgets.record_table_chosen import counts_of, each_of

LOOKED_AT = 20
"""Rows that show whether a panel numbers its plans: it numbers all of them, or none."""
LIVE = ("active", "suspended", "blocked", "pending")


def _ends_within(days: int) -> View:
    def shows(row: OrderRow, now: int) -> bool:
        return row.state in LIVE and row.paid_until is not None and row.paid_until - now <= days * DAY

    return View(f"ends-{days}", f"Ending in {days} days or ended", shows)


ORDER_VIEWS = (
    View("live", "Orders", lambda row, now: row.state in LIVE),
    _ends_within(3),
    _ends_within(7),
    _ends_within(30),
    View("transferring", "On their way to another account", lambda row, now: bool(row.transfer_id)),
    View("invoiced", "On an open invoice", lambda row, now: bool(row.unpaid_invoice_id)),
    View("blocked", "Blocked", lambda row, now: row.state == "blocked"),
    View("auto-off", "Without auto-renewal", lambda row, now: row.state in LIVE and not row.auto_on),
    View("pending", "Waiting for their first payment", lambda row, now: row.state == "pending"),
    View("new", "New since yesterday", lambda row, now: row.state in LIVE and now - row.created_at <= DAY),
    View("all", "All orders, deleted ones too", lambda row, now: True),
)


class OrdersScreen(OrderMarks):
    """The list of orders. What its commands do is loaded when they are used: the list itself stands sooner."""

    AREA = "Orders"
    SCOPES = (Scope.ORDERS, Scope.LIST)
    LIST_NAME = "orders"
    VIEWS = ORDER_VIEWS
    CAPABILITY = "orders"
    EMPTY = "This account has no orders yet. b orders servers."
    SORT = ("left", False)
    KEPT = True
    _ahead: Mapping[str, PaidAhead] = MappingProxyType({})
    """Renewals that are paid while the panel has not moved the ends yet, as of when the rows were read."""
    _naming = False
    """Whether the names of plans were asked for."""

    def columns(self) -> Sequence[Column[OrderRow]]:
        """Name, place, end, price, renewal."""
        return order_columns(
            lambda: self._now_epoch,
            tags=self.tags_text,
            ascii_only=self.billtui.ascii_only,
            ahead=lambda row: waiting_for_panel(row, self._ahead) if self._ahead else None,
            plan=self.session.plan_names.word,
            long_names=self.billtui.profile.kind != USUAL_KIND and self.session.traits.long_names,
        )

    def row_id(self, row: OrderRow) -> str:
        """The order's id."""
        return row.id

    def load_rows(self) -> Sequence[OrderRow]:
        """All orders of the store."""
        self._ahead = self.session.paid_ahead()
        rows = self.session.store.held_orders(self.held("orders"))
        if not self._naming and self.session.plan_names.lacks(row.plan for row in rows[:LOOKED_AT]):
            self._naming = True
            self.run_worker(self._name_plans, group="plans", exclusive=True, exit_on_error=False)  # type: ignore[arg-type]  # mypy cannot tell which of Textual's three kinds of work it is
        return rows

    async def _name_plans(self) -> None:
        """Plans are numbers on this panel: what is sold tells their names. Until then, or without it, they stay so."""
        try:
            await self.session.catalogue()
        except (ClientError, SessionRefused, SessionClosed):
            self._naming = False  # asked for again when the rows are read anew
            return
        if self.is_attached and not self.session.closed:
            self.table.refresh_cells()
            self._show_around()

    def detail(self, row: OrderRow) -> Content:
        """The order beside the list."""
        store = self.session.store
        transfer = running_of_order(store, row.transfer_id)
        bill, tags = bill_number(store, row), self.tags_text(row)
        ahead = waiting_for_panel(row, self._ahead)
        plan = self.session.plan_names.word(row.plan)
        return order_detail(row, store.order(row.id), self.now(), bill, tags, transfer, ahead, plan)

    def open_row(self, row_id: str) -> None:
        """The order in full."""
        from billtui.screens.order import OrderScreen

        self.app.push_screen(OrderScreen(row_id))

    def command_words(self) -> list[str]:
        """Renewing what is chosen for a month."""
        return ["orders", "renew", "--period", "1"]

    def refusal_of(self, command: Command) -> str | None:
        """Why not, for the rows that are chosen."""
        if refusal := super().refusal_of(command):
            return refusal
        return order_refusal(command, self.chosen_rows(), self.session.store)

    # --- commands

    @handles("order.renew")
    async def renew(self) -> None:
        """Renew what is chosen."""
        from billtui.screens.renewing import renew_orders

        await renew_orders(self.billtui, self.chosen_ids())

    @handles("order.pay")
    async def pay(self) -> None:
        """Pay the open invoices of what is chosen."""
        from billtui.screens.paying import pay_invoices

        ids = dict.fromkeys(each_of(self.chosen_rows(), attrgetter("unpaid_invoice_id")))
        await pay_invoices(self.billtui, [one for one in ids if one])

    @handles("order.invoice")
    def open_invoice(self) -> None:
        """Go to the invoice that blocks the order under the cursor."""
        row = self.table.cursor_row
        if row is not None and row.unpaid_invoice_id:
            self.billtui.show_invoice(row.unpaid_invoice_id)

    @handles("order.auto_renew")
    async def auto_renew(self) -> None:
        """Switch auto-renewal of what is chosen."""
        from billtui.screens.order_actions import change_auto_renewal

        await change_auto_renewal(self.billtui, self.chosen_ids())

    @handles("order.actions")
    async def actions(self) -> None:
        """Choose a power action for what is chosen."""
        from billtui.screens.order_actions import choose_action

        await choose_action(self.billtui, self.chosen_ids())

    @handles("order.rename")
    async def rename(self) -> None:
        """Rename the order under the cursor, or all that are chosen by a pattern."""
        from billtui.screens.naming import rename_orders

        await rename_orders(self.billtui, self.chosen_rows())

    @handles("order.copy_address")
    def copy_address(self) -> None:
        """Their addresses to the clipboard."""
        from billtui.screens.order_actions import copy_addresses

        copy_addresses(self.billtui, self.chosen_rows())

    @handles("order.choose")
    async def choose(self) -> None:
        """Choose by an expression, a list, a saved selection."""
        from billtui.screens.choosing import choose_orders

        await choose_orders(self)

    def on_paste(self, event: Paste) -> None:
        """A pasted list of ids, names or addresses is read as orders to choose; one word filters."""
        if len(event.text.split()) < 2:
            super().on_paste(event)
            return
        from billtui.screens.choosing import by_list

        event.stop()
        self.guarded(by_list(self, event.text))

    @handles("order.transfer")
    async def transfer(self) -> None:
        """Push what is chosen to another account; open the transfer of one that is on its way."""
        from billtui.screens.transferring import transfer_orders

        await transfer_orders(self.billtui, self.chosen_ids())

    @handles("order.ticket")
    def ask_support(self) -> None:
        """A ticket about the order under the cursor."""
        from billtui.services.ticket_facts import about_order  # with the review behind it: only where it is asked for

        if (row := self.table.cursor_row) is not None:
            self.billtui.compose_ticket(**about_order(row).words())

    @handles("order.tag")
    async def tag(self) -> None:
        """Add or take away tags of what is chosen."""
        from billtui.screens.order_texts import tag_orders

        if await tag_orders(self.billtui, self.chosen_rows()):
            self.reload_if_changed(force=True)

    @handles("order.export")
    async def export(self) -> None:
        """Write what is chosen, or send it to the clipboard."""
        from billtui.screens.order_texts import export_orders

        await export_orders(self.billtui, self.chosen_rows())

    @handles("order.addons")
    async def addons(self) -> None:
        """Add something to what is chosen."""
        from billtui.screens.adding import add_addons

        await add_addons(self.billtui, self.chosen_ids())

    @handles("order.change_plan")
    async def change_plan(self) -> None:
        """Give the one that is chosen another plan."""
        from billtui.screens.changing_plan import change_plan

        await change_plan(self.billtui, self.chosen_ids()[0])

    @handles("order.plan_ticket")
    def plan_ticket(self) -> None:
        """Go to the ticket of the last change of plan."""
        from billtui.screens.changing_plan import ticket_of

        rows = self.chosen_rows()
        if (ticket := ticket_of(self.session.store, rows[0] if rows else None)) is not None:
            self.billtui.show_ticket(ticket)

    @handles("order.optimize")
    async def optimize(self) -> None:
        """The cheapest way to renew what is chosen, its ends brought together, or what would be without it."""
        from billtui.screens.optimizing import choose_tool

        await choose_tool(self.billtui, self.chosen_ids())

    @handles("order.explain")
    def explain(self) -> None:
        """What can be done, and why not the rest: the order in full says it."""
        row = self.table.cursor_row
        if row is not None:
            self.open_row(row.id)


LOCKED = frozenset({"order.renew", "order.auto_renew", "order.addons", "order.change_plan", "order.rename"})
"""What changes an order, and is refused while it is on its way (TRF-6); power says for itself what it allows."""


def order_refusal(command: Command, rows: Sequence[OrderRow], store: StoreReader | None = None) -> str | None:
    """Why a command cannot be used on these orders, from what the list knows."""
    if command.id in LOCKED and rows and all(counts_of(rows, "transfer_id")):
        which = f"{rows[0].name} is" if len(rows) == 1 else f"All {len(rows)} of them are"
        return f"{which} on the way to another account (TRF-6): T opens the transfer, X there cancels it."
    if command.id == "order.plan_ticket" and not _has_ticket(rows, store):
        return "No change of plan has opened a ticket for this order yet: C changes its plan."
    if command.id == "order.change_plan" and len(rows) > 1:
        return "One order at a time: each has its own difference. space unmarks the others."
    if command.id == "order.renew" and len(rows) == 1 and rows[0].unpaid_invoice_id:
        return f"{rows[0].name} is on an open invoice (REN-2): p pays it, i opens it."
    if command.id == "order.renew" and len(rows) == 1 and never_ends(epoch(rows[0].paid_until)):
        return f"{rows[0].name} has no end: there is nothing to renew."
    if command.id in ("order.pay", "order.invoice") and not any(counts_of(rows, "unpaid_invoice_id")):
        return "No open invoice bills this order: R renews it."
    return None


def _has_ticket(rows: Sequence[OrderRow], store: StoreReader | None) -> bool:
    """Whether a change of plan of the first one has opened a ticket."""
    from billtui.screens.changing_plan import ticket_of

    return store is not None and bool(rows) and ticket_of(store, rows[0]) is not None
