"""What the stand-in FOSSBilling panel knows: products, orders, invoices, tickets, carts, and a ledger of all money.

Written from the wire document and the recorded exchanges; the rows that it gives have the names and the types of the
recordings (amounts as JSON numbers, balances as texts, times without a zone).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

from billtui.domain.periods import add_months

CENT: Final = Decimal("0.01")
MONTHS: Final = {"1M": 1, "3M": 3, "6M": 6, "1Y": 12, "2Y": 24, "3Y": 36}


def number(amount: Decimal) -> int | float:
    """An amount as the panel writes it: a JSON number."""
    return int(amount) if amount == amount.to_integral_value() else float(amount)


def moment(at: datetime | None) -> str | None:
    """An instant as the panel writes it: without a zone."""
    return None if at is None else at.strftime("%Y-%m-%d %H:%M:%S")


@dataclass
class Product:
    """What is sold, with its price for each period that is enabled."""

    id: int
    title: str
    prices: dict[str, Decimal]
    stock: int | None = None


@dataclass
class Promo:
    """So many per cent off."""

    code: str
    percent: int


@dataclass
class FossOrder:
    """One order; ``price`` is of one unit and one period."""

    id: int
    product: int
    title: str
    period: str
    price: Decimal
    quantity: int = 1
    status: str = "active"
    expires_at: datetime | None = None
    unpaid_invoice: int | None = None
    created_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    discount: Decimal = Decimal(0)
    config: dict[str, Any] = field(default_factory=dict)
    """What the item of the cart carried, as the answers of an order form do."""

    @property
    def total(self) -> Decimal:
        """What one period of it costs."""
        return self.price * self.quantity


@dataclass
class Line:
    """A line of an invoice."""

    title: str
    price: Decimal
    quantity: int = 1
    period: str = "0"
    order: int | None = None
    type: str = "custom"
    task: str = "void"
    executed: bool = False


@dataclass
class FossInvoice:
    """One invoice."""

    id: int
    lines: list[Line]
    hash: str
    status: str = "unpaid"
    serie: str | None = "FOSS"
    taxrate: Decimal = Decimal(0)
    created_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    paid_at: datetime | None = None

    @property
    def subtotal(self) -> Decimal:
        """Without tax."""
        return sum((line.price * line.quantity for line in self.lines), Decimal(0))

    @property
    def tax(self) -> Decimal:
        """Of the whole."""
        return (self.subtotal * self.taxrate / 100).quantize(CENT, ROUND_HALF_UP)

    @property
    def total(self) -> Decimal:
        """What has to be paid."""
        return self.subtotal + self.tax


@dataclass
class Message:
    """One message of a ticket."""

    id: int
    content: str
    by_staff: bool
    at: datetime = field(default_factory=lambda: datetime.now(UTC))


@dataclass
class FossTicket:
    """One ticket."""

    id: int
    subject: str
    messages: list[Message]
    status: str = "open"
    helpdesk: int = 1
    notes: list[Message] = field(default_factory=list)
    rel_order: int | None = None
    created_at: datetime = field(default_factory=lambda: datetime.now(UTC))


@dataclass(frozen=True)
class Entry:
    """One movement of money: what left the balance (negative) or came to it."""

    what: str
    """``renewal``, ``order``, ``payment``, ``top-up``."""
    amount: Decimal
    invoice: int
    orders: tuple[int, ...]


@dataclass
class CartItem:
    """What lies in a cart."""

    id: int
    product: Product
    period: str
    quantity: int
    config: dict[str, Any] = field(default_factory=dict)


@dataclass
class Cart:
    """A session's cart."""

    items: list[CartItem] = field(default_factory=list)
    promo: Promo | None = None
    added: int = 0


def _pending(invoice: FossInvoice) -> str:
    return "pending_setup" if invoice.status == "paid" else "pending_payment"


class Books:
    """All of it, with what happens on its own in the panel's batch job (:meth:`run_batch`)."""

    def __init__(self, balance: str = "141.00", currency: str = "USD") -> None:
        """An account with ``balance`` and no orders."""
        self.currency = currency
        self.balance = Decimal(balance)
        self.taxrate = Decimal(0)
        self.can_reopen = False
        self.filters_invoices = True
        """Whether the list of invoices looks for ``id`` and ``order_id``."""
        self.tells_config = True
        """Whether an order says what it was made with."""
        self.products = {
            one.id: one
            for one in (
                Product(2, "VDS Start", {"1M": Decimal("4.50"), "3M": Decimal("13.00"), "1Y": Decimal("49.00")}),
                Product(3, "VDS Pro", {"1M": Decimal("11.90"), "3M": Decimal("34.00"), "1Y": Decimal("128.00")}),
                Product(4, "Backup 50 GB", {"1M": Decimal("2.00"), "1Y": Decimal("20.00")}),
            )
        }
        self.promos = {"SAVE10": Promo("SAVE10", 10)}
        self.orders: dict[int, FossOrder] = {}
        self.invoices: dict[int, FossInvoice] = {}
        self.tickets: dict[int, FossTicket] = {}
        self.ledger: list[Entry] = []
        self.canned = [{"id": 1, "title": "Rebooted", "content": "We have rebooted it.", "category": {"id": 1}}]
        self._next = {"order": 1, "invoice": 1, "ticket": 1, "message": 1}

    def next_id(self, kind: str) -> int:
        """A new id."""
        self._next[kind] += 1
        return self._next[kind] - 1

    # What a test sets up

    def add_order(
        self, title: str = "vm-001.example.net", product: int = 2, period: str = "1M", status: str = "active",
        expires_at: datetime | None = None, price: str | None = None,
    ) -> int:  # fmt: skip
        """An order that is there already; its id."""
        known = self.products[product]
        order = FossOrder(
            self.next_id("order"), product, f"{known.title} {title}", period,
            Decimal(price) if price is not None else known.prices[period], status=status,
            expires_at=expires_at or (datetime.now(UTC) + timedelta(days=20)).replace(microsecond=0),
        )  # fmt: skip
        self.orders[order.id] = order
        return order.id

    def add_invoice(self, *lines: Line, status: str = "unpaid") -> int:
        """An invoice that is there already; its id."""
        return self.issue(list(lines) or [Line("Migration work", Decimal("75.00"), 2)], status=status).id

    def add_ticket(self, subject: str = "Question", content: str = "Please look.", *, by_staff: bool = False) -> int:
        """A ticket with one message; its id."""
        ticket = FossTicket(
            self.next_id("ticket"), subject, [Message(self.next_id("message"), content, by_staff)],
            "on_hold" if by_staff else "open",
        )  # fmt: skip
        self.tickets[ticket.id] = ticket
        return ticket.id

    # What the panel does

    def issue(self, lines: list[Line], status: str = "unpaid") -> FossInvoice:
        """A new invoice."""
        number_ = self.next_id("invoice")
        digest = "".join(hashlib.sha256(f"{number_}:{part}".encode()).hexdigest() for part in range(4))
        invoice = FossInvoice(number_, lines, digest[:244], status, taxrate=self.taxrate)
        if status == "paid":
            invoice.paid_at = datetime.now(UTC)
        self.invoices[number_] = invoice
        return invoice

    def pay_from_balance(self, invoice: FossInvoice, what: str) -> bool:
        """Pay it where the balance suffices; the term moves in the batch job only. A top-up is never paid by this."""
        if invoice.status != "unpaid" or self.balance < invoice.total or invoice.lines[0].type == "deposit":
            return False
        self.balance -= invoice.total
        invoice.status, invoice.paid_at = "paid", datetime.now(UTC)
        orders = tuple(line.order for line in invoice.lines if line.order is not None)
        for one in orders:
            if self.orders[one].unpaid_invoice == invoice.id:
                self.orders[one].unpaid_invoice = None
        self.ledger.append(Entry(what, -invoice.total, invoice.id, orders))
        return True

    def receive(self, invoice_id: int) -> None:
        """The money for an invoice came in from outside (an administrator marks it as paid)."""
        invoice = self.invoices[invoice_id]
        invoice.status, invoice.paid_at = "paid", datetime.now(UTC)
        for line in invoice.lines:
            if line.order is not None and self.orders[line.order].unpaid_invoice == invoice_id:
                self.orders[line.order].unpaid_invoice = None
        if invoice.lines[0].type == "deposit":
            self.balance += invoice.total
            self.ledger.append(Entry("top-up", invoice.total, invoice.id, ()))

    def renew(self, order: FossOrder) -> FossInvoice:
        """What ``renewal_invoice`` does: each call bills once more, unless an invoice of the order is open."""
        invoice = self.invoices.get(order.unpaid_invoice or 0)
        if invoice is None:
            line = Line(order.title, order.price, order.quantity, order.period, order.id, "order", "renew")
            invoice = self.issue([line])
            order.unpaid_invoice = invoice.id
        self.pay_from_balance(invoice, "renewal")
        return invoice

    def run_batch(self) -> None:
        """The batch job: what was paid is carried out, terms move, new orders become active."""
        for invoice in self.invoices.values():
            for line in invoice.lines:
                if invoice.status != "paid" or line.executed or line.order is None:
                    continue
                line.executed = True
                order = self.orders[line.order]
                start = order.expires_at or datetime.now(UTC).replace(microsecond=0)
                order.expires_at = add_months(start, MONTHS[order.period])
                order.status = "active"

    def checkout(self, cart: Cart) -> tuple[list[FossOrder], FossInvoice]:
        """One order for each item of the cart, one invoice for all; paid at once where the balance suffices."""
        made: list[FossOrder] = []
        lines: list[Line] = []
        for item in cart.items:
            price = item.product.prices[item.period]
            order = FossOrder(
                self.next_id("order"), item.product.id, item.product.title, item.period, price, item.quantity,
                "pending_setup", config=item.config,
            )  # fmt: skip
            self.orders[order.id] = order
            made.append(order)
            lines.append(Line(order.title, price, order.quantity, order.period, order.id, "order", "activate"))
            if item.product.stock is not None:
                item.product.stock -= item.quantity
        off = self.discount(cart)
        if off:
            lines.append(Line("Discount", -off))
        invoice = self.issue(lines)
        for order in made:
            order.unpaid_invoice = invoice.id
        self.pay_from_balance(invoice, "order")
        cart.items, cart.promo = [], None
        return made, invoice

    def discount(self, cart: Cart) -> Decimal:
        """What the promo code takes off."""
        return sum((self.item_discount(cart, item) for item in cart.items), Decimal(0))

    def item_discount(self, cart: Cart, item: CartItem) -> Decimal:
        """What the promo code takes off one item."""
        if cart.promo is None:
            return Decimal(0)
        return (item.product.prices[item.period] * item.quantity * cart.promo.percent / 100).quantize(CENT)

    def order_row(self, order: FossOrder) -> dict[str, Any]:
        """An order as the panel gives it."""
        return {
            "id": order.id, "client_id": 1, "product_id": order.product, "form_id": None, "promo_id": None,
            "promo_recurring": None, "promo_used": None, "group_id": f"6b03a39b{order.id:05x}", "group_master": 1,
            "invoice_option": "no-invoice", "title": order.title, "currency": self.currency,
            "unpaid_invoice_id": order.unpaid_invoice, "service_id": order.id, "service_type": "custom",
            "period": order.period, "quantity": order.quantity, "unit": "product", "price": number(order.price),
            "discount": None, "status": order.status, "reason": None, "notes": None,
            "config": {"period": order.period, **order.config} if self.tells_config else [], "referred_by": None,
            "expires_at": moment(order.expires_at),
            "activated_at": moment(order.created_at), "suspended_at": None, "unsuspended_at": None,
            "canceled_at": None, "created_at": moment(order.created_at), "updated_at": moment(order.created_at),
            "total": number(order.total), "meta": [], "active_tickets": 0, "client": self.client_row(),
        }  # fmt: skip

    def client_row(self) -> dict[str, Any]:
        """The account as the panel gives it within other rows."""
        return {
            "id": 1, "aid": None, "email": "alice@example.com", "email_approved": None, "first_name": "Alice",
            "last_name": "Ivanova", "phone_cc": "49", "phone": "301234567", "address_1": "Hauptstr. 1",
            "city": "Berlin", "postcode": "10115", "country": "DE", "currency": self.currency, "notes": None,
            "created_at": "2026-11-23 02:23:21", "document_nr": None,
        }  # fmt: skip

    def invoice_row(self, invoice: FossInvoice) -> dict[str, Any]:
        """An invoice as the panel gives it."""
        lines = [
            {
                "id": invoice.id * 100 + place, "title": line.title, "period": line.period, "quantity": line.quantity,
                "unit": "product", "price": number(line.price), "tax": 0, "taxed": int(bool(invoice.taxrate)),
                "charged": int(invoice.status == "paid"), "total": number(line.price * line.quantity),
                "order_id": None if line.order is None else str(line.order), "type": line.type,
                "rel_id": None if line.order is None else str(line.order), "task": line.task,
                "status": "executed" if line.executed else _pending(invoice),
            }
            for place, line in enumerate(invoice.lines)
        ]  # fmt: skip
        return {
            "id": invoice.id, "serie": invoice.serie, "nr": str(invoice.id), "client_id": 1,
            "serie_nr": f"{invoice.serie or ''}{invoice.id:05d}", "hash": invoice.hash, "gateway_id": None,
            "taxname": "", "taxrate": str(invoice.taxrate), "currency": self.currency, "currency_rate": None,
            "tax": number(invoice.tax), "subtotal": number(invoice.subtotal), "total": number(invoice.total),
            "status": invoice.status, "notes": None, "text_1": None, "text_2": None,
            "due_at": moment(invoice.created_at + timedelta(days=5)), "paid_at": moment(invoice.paid_at),
            "created_at": moment(invoice.created_at), "updated_at": moment(invoice.created_at), "lines": lines,
            "buyer": {"first_name": "Alice"}, "seller": {"company": "Company Name"}, "client": self.client_row(),
            "reminded_at": None, "approved": True, "income": 0, "refund": None, "credit": None, "subscribable": False,
        }  # fmt: skip

    def ticket_row(self, ticket: FossTicket, *, staff: bool = False) -> dict[str, Any]:
        """A ticket as the panel gives it; notes for staff only."""
        messages = [
            {
                "id": one.id, "support_ticket_id": ticket.id, "client_id": None if one.by_staff else 1,
                "admin_id": 1 if one.by_staff else None, "content": one.content, "attachment": None,
                "ip": "127.0.0.1", "created_at": moment(one.at), "updated_at": moment(one.at),
                "author": {
                    "name": "Admin" if one.by_staff else "Alice Ivanova",
                    "email": "admin@example.com" if one.by_staff else "alice@example.com",
                },
            }
            for one in ticket.messages
        ]  # fmt: skip
        row = {
            "id": ticket.id, "support_helpdesk_id": ticket.helpdesk, "client_id": 1, "priority": 100,
            "subject": ticket.subject, "status": ticket.status,
            "rel_type": None if ticket.rel_order is None else "order", "rel_id": ticket.rel_order, "rel_task": None,
            "rel_new_value": None, "rel_status": None, "created_at": moment(ticket.created_at),
            "updated_at": moment(ticket.messages[-1].at), "replies": len(messages), "first": messages[0],
            "helpdesk": {"id": 1, "name": "General", "close_after": 24, "can_reopen": int(self.can_reopen)},
            "client": self.client_row(), "messages": messages,
        }  # fmt: skip
        if staff:
            row["notes"] = [
                {"id": one.id, "admin_id": 1, "note": one.content, "created_at": moment(one.at),
                 "author": {"name": "Admin", "email": "admin@example.com"}}
                for one in ticket.notes
            ]  # fmt: skip
        return row

    def product_row(self, product: Product) -> dict[str, Any]:
        """A product as the panel gives it."""
        periods = ("1W", "1M", "3M", "6M", "1Y", "2Y", "3Y")
        recurrent = {
            one: {"price": f"{product.prices.get(one, Decimal(0)):.2f}", "setup": "0.00",
                  "enabled": int(one in product.prices)}
            for one in periods
        }  # fmt: skip
        return {
            "id": product.id, "product_category_id": 1, "type": "custom", "title": product.title, "form_id": None,
            "slug": product.title.lower().replace(" ", "-"), "description": None, "unit": "product", "priority": 1,
            "pricing": {"type": "recurrent", "free": {"price": 0, "setup": 0}, "recurrent": recurrent}, "config": [],
            "addons": [], "price_starting_from": "0.00", "icon_url": None, "allow_quantity_select": 1,
            "quantity_in_stock": product.stock or 0, "stock_control": int(product.stock is not None),
        }  # fmt: skip

    def cart_row(self, cart: Cart) -> dict[str, Any]:
        """A cart as the panel gives it."""
        items = [
            {
                "period": item.period, "quantity": str(item.quantity), "id": item.id, "product_id": item.product.id,
                "form_id": None, "title": item.product.title, "type": "custom", "unit": "product",
                "price": f"{item.product.prices[item.period]:.2f}", "setup_price": 0,
                "discount": number(self.item_discount(cart, item)), "discount_price": 0, "discount_setup": 0,
                "total": number(item.product.prices[item.period] * item.quantity),
            }
            for item in cart.items
        ]  # fmt: skip
        whole = sum((item.product.prices[item.period] * item.quantity for item in cart.items), Decimal(0))
        off = self.discount(cart)
        return {
            "promocode": cart.promo.code if cart.promo else None, "discount": number(off), "subtotal": number(whole),
            "total": number(whole - off), "items": items, "currency": {"code": self.currency, "title": "US Dollar"},
        }  # fmt: skip
