"""The customer's card: beside a thread where there is room, as a screen of its own where there is none (ACC-7)."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from textual import on
from textual.content import Content
from textual.message import Message
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from billtui.client.errors import CapabilityMissing, ClientError
from billtui.commands import Scope, handles
from billtui.domain.models import Invoice, Order
from billtui.screens.base import BilltuiScreen
from billtui.screens.modals.choice import MessageDialog
from billtui.screens.order_view import Labelled, labelled
from billtui.screens.queue_view import ticket_state
from billtui.screens.shell import shell_of
from billtui.services.customer_card import CustomerCard, customer_card
from billtui.services.loyalty_words import kind_title, percent
from billtui.services.session_events import ConnectionState
from billtui.services.session_settings import SessionRefused
from billtui.services.waits import was_left
from billtui.widgets.formats import count_text, date_text, left_text, left_tone, moment_text, state_cell, toned

LOOK_SECONDS = 1.0
LISTED = 40
"""Orders, and tickets, that the card names one by one."""


class CardLines(OptionList):
    """Everything about a customer in lines; those of orders, invoices and tickets can be opened with ``enter``."""

    DEFAULT_CSS = """
    CardLines { height: 1fr; border: none; padding: 0 1; background: $background; scrollbar-size-vertical: 1; }
    CardLines:focus { border: none; }
    CardLines > .option-list--option-disabled { color: $foreground; }
    """

    class Opened(Message):
        """A line was chosen: ``kind`` is order, invoice or ticket."""

        def __init__(self, kind: str, object_id: str) -> None:
            """Name it."""
            super().__init__()
            self.kind, self.object_id = kind, object_id

    def __init__(self, account_id: str = "", *, here: str = "", id: str = "card") -> None:
        """The card of ``account_id``, or of nobody yet; ``here`` is the ticket that it stands beside."""
        super().__init__(id=id)
        self.account_id, self.here = account_id, here
        self.card: CustomerCard | None = None
        self._waits: Timer | None = None
        """Looks whether the panel is there again."""

    def on_mount(self) -> None:
        """Ask the panel at once, where it is known whose card it is."""
        if self.account_id:
            self._say("Asking the panel for the customer …")
            self.ask()

    def ask(self) -> None:
        """Read the card. As a screen of its own its waiting goes with that; beside a thread it is left alone."""
        if self.account_id:
            self.run_worker(self._ask, group="card", exclusive=True, exit_on_error=False)  # type: ignore[arg-type]  # mypy cannot tell which of Textual's three kinds of work it is

    async def _ask(self) -> None:
        alone = isinstance(self.screen, CustomerCardScreen)
        await shell_of(self.screen).boundary(self._load(), "" if alone else "card")

    async def _load(self) -> None:
        """What was shown stays until the new one is there."""
        try:
            await self._read()
        except asyncio.CancelledError:
            if was_left() and self.is_attached and self.card is None:
                self._say("Left; r asks again.")
            raise

    async def _read(self) -> None:
        shell = shell_of(self.screen)
        try:
            card = await customer_card(shell.session, self.account_id)
        except (ClientError, SessionRefused) as error:
            if self.is_attached:
                if self.card is None:
                    self._say(str(error) if isinstance(error, CapabilityMissing) else f"{error}  r asks again.")
                else:
                    shell.say(str(error), "error")
                self._again_when_there()
            return
        if self.is_attached:
            self.card = card
            self._draw(card)

    def _again_when_there(self) -> None:
        """Where the panel could not be reached it is asked again once it can be, without a key."""
        if shell_of(self.screen).session.connection.state is not ConnectionState.ONLINE:
            self._waits = self._waits or self.set_interval(LOOK_SECONDS, self._look)

    def _look(self) -> None:
        session = shell_of(self.screen).session
        if not session.closed and session.connection.state is ConnectionState.ONLINE and self._waits is not None:
            self._waits.stop()
            self._waits = None
            self.ask()

    def show(self, account_id: str, here: str) -> None:
        """The card of another customer."""
        if account_id != self.account_id or here != self.here:
            self.account_id, self.here, self.card = account_id, here, None
            self.on_mount()

    def _say(self, words: str) -> None:
        self.clear_options()
        self.add_option(Option(Content.styled(words, "$muted"), disabled=True))

    def _draw(self, card: CustomerCard) -> None:
        self.clear_options()
        shell = shell_of(self.screen)
        self.add_options(
            card_options(card, shell.session.now().timestamp(), here=self.here, ascii_only=shell.ascii_only)
        )
        first = next((at for at in range(self.option_count) if not self.get_option_at_index(at).disabled), None)
        self.highlighted = first

    @on(OptionList.OptionSelected)
    def chosen(self, event: OptionList.OptionSelected) -> None:
        """Say what was opened."""
        event.stop()
        kind, _, object_id = (event.option.id or "").partition(":")
        if object_id:
            self.post_message(self.Opened(kind, object_id))


def _head(text: str) -> Option:
    return Option(Content.styled(text, "$muted underline"), disabled=True)


def _fact(label: str, value: Content | str) -> Option:
    return Option(Content.assemble((f"{label:<11}", "$muted"), value), disabled=True)


def card_options(card: CustomerCard, now: float, *, here: str = "", ascii_only: bool = False) -> list[Option]:
    """The lines of a card: who, loyalty, unpaid invoices, orders, tickets."""
    account, moment = card.account, int(now)
    gap = Option(Content(""), disabled=True)
    money = account.balances
    options = [
        Option(Content.styled(str(account.login), "bold"), disabled=True),
        _fact("Account", f"{account.account_id}"),
        _fact("E-mail", str(account.email)),
        _fact("Balance", str(money.internal)),
        _fact("Affiliate", str(money.affiliate)),
        _fact("Runs", f"{card.running}, {card.monthly} a month"),
    ]
    if card.loyalty:
        first = card.loyalty[0]
        options.append(_fact("Loyalty", f"{kind_title(first.kind)}, up to {percent(first.most_percent)}"))
    options += [
        gap,
        _head(
            f"Unpaid: {count_text(len(card.unpaid), 'invoice')}, {card.owed}" if card.unpaid else "Nothing is unpaid"
        ),
    ]
    for invoice in card.unpaid[:LISTED]:
        late = invoice.due_at is not None and invoice.due_at.timestamp() < moment
        due = toned(f"due {date_text(invoice.due_at)}", "bad" if late else "")
        options.append(
            Option(
                Content.assemble(f"{invoice.number}  ", (str(invoice.total), "bold"), "  ", due),
                id=f"invoice:{invoice.id.raw}",
            )
        )
    options += [gap, _head(f"Orders: {len(card.orders)}")]
    for order in card.orders[:LISTED]:
        until = "" if order.paid_until is None else left_text(int(order.paid_until.timestamp()), moment)
        tone = "" if order.paid_until is None else left_tone(int(order.paid_until.timestamp()), moment)
        state = state_cell(str(order.state), ascii_only=ascii_only)
        options.append(
            Option(
                Content.assemble(toned(state.text[:2], state.tone), f"{order.name}  ", toned(until, tone)),
                id=f"order:{order.id.raw}",
            )
        )
    if len(card.orders) > LISTED:
        options.append(Option(Content.styled(f"and {len(card.orders) - LISTED} more", "$muted"), disabled=True))
    others = [row for row in card.tickets if row.id != here]
    options += [gap, _head(f"Other tickets: {len(others)}" if here else f"Tickets: {len(others)}")]
    for row in others[:LISTED]:
        state = ticket_state(row.state, ascii_only=ascii_only)
        options.append(
            Option(
                Content.assemble(toned(state.text[:2], state.tone), (f"{row.number}  ", "$muted"), row.subject),
                id=f"ticket:{row.id}",
            )
        )
    if len(others) > LISTED:
        options.append(
            Option(
                Content.styled(f"and {len(others) - LISTED} more: the queue with client:{account.login}", "$muted"),
                disabled=True,
            )
        )
    return options


def order_lines(order: Order, now: float) -> Content:
    """A customer's order, to read (ACC-7)."""
    state = state_cell(str(order.state))
    rows = [
        Labelled("State", toned(state.text, state.tone)),
        Labelled("Plan", Content(f"{order.plan} in {order.location}")),
        Labelled("Address", Content(str(order.address or "–"))),
        Labelled("Price", Content(f"{order.monthly_price} a month, {order.discount_percent.normalize():f} % discount")),
        Labelled(
            "Auto-renewal",
            Content(f"on, {count_text(order.auto_renew.months, 'month')}" if order.auto_renew.on else "off"),
        ),
    ]
    if order.paid_until is not None:
        until = int(order.paid_until.timestamp())
        rows.append(Labelled("Paid until", Content(moment_text(order.paid_until))))
        rows.append(Labelled("Left", toned(left_text(until, int(now)), left_tone(until, int(now)))))
    if order.unpaid_invoice_id is not None:
        rows.append(Labelled("Open invoice", toned(str(order.unpaid_invoice_id), "warning")))
    rows.append(Labelled("Id", Content(str(order.id))))
    return Content("\n").join(
        [
            labelled(rows),
            Content(""),
            Content.styled("Support reads orders; only their owner changes them (ACC-7).", "$muted"),
        ]
    )


def invoice_lines(invoice: Invoice) -> Content:
    """A customer's invoice, to read (ACC-7)."""
    state = state_cell(str(invoice.state))
    rows = [
        Labelled("State", toned(state.text, state.tone)),
        Labelled("Total", Content.styled(str(invoice.total), "bold")),
        Labelled("Issued", Content(moment_text(invoice.issued_at))),
        Labelled("Due", Content(moment_text(invoice.due_at))),
        *(
            Labelled("Bills" if not at else "", Content(f"{line.title}  {line.amount}"))
            for at, line in enumerate(invoice.lines[:12])
        ),
        Labelled("Id", Content(str(invoice.id))),
    ]
    return labelled(rows)


def open_from_card(screen: BilltuiScreen, card: CustomerCard | None, kind: str, object_id: str) -> None:
    """Go to a ticket; show an order or an invoice of the customer, which the copy of staff does not hold."""
    now = screen.session.now().timestamp()
    if kind == "ticket":
        screen.billtui.show_ticket(object_id)
        return
    if card is None:
        return
    if kind == "order":
        for order in card.orders:
            if order.id.raw == object_id:
                screen.app.push_screen(MessageDialog(str(order.name), order_lines(order, now)))
    else:
        for invoice in card.unpaid:
            if invoice.id.raw == object_id:
                screen.app.push_screen(MessageDialog(f"Invoice {invoice.number}", invoice_lines(invoice)))


class CustomerCardScreen(BilltuiScreen):
    """The card where there is no room for it beside a thread, or from the queue."""

    AREA = "Tickets"
    SCOPES = (Scope.OVERVIEW,)

    def __init__(self, account_id: str, here: str = "") -> None:
        """The card of ``account_id``."""
        super().__init__()
        self.account_id, self.here = account_id, here

    def compose_body(self) -> Iterable[Widget]:
        """One list of lines."""
        yield CardLines(self.account_id, here=self.here)

    def on_mount(self) -> None:
        """The lines have the keys."""
        super().on_mount()
        self.query_one(CardLines).focus()

    @on(CardLines.Opened)
    def opened(self, event: CardLines.Opened) -> None:
        """Go there."""
        open_from_card(self, self.query_one(CardLines).card, event.kind, event.object_id)

    @handles("overview.open")
    def open_line(self) -> None:
        """Open what is under the cursor."""
        self.query_one(CardLines).action_select()

    @handles("app.refresh")
    def refresh_from_panel(self) -> None:
        """Ask anew."""
        super().refresh_from_panel()
        self.query_one(CardLines).ask()
