"""The calls of the stand-in FOSSBilling panel: what each answers, by role, module and method."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from tests.client.panel_stub import Seen
from tests.panels.fossbilling_books import Books, Cart, CartItem, FossInvoice, FossTicket, Message
from tests.panels.fossbilling_books import Line as InvoiceLine

if TYPE_CHECKING:
    from tests.panels.fossbilling_panel import FossPanel


@dataclass
class Session:
    """A PHP session, by its cookie."""

    role: str | None = None
    cart: Cart | None = None

    @property
    def its_cart(self) -> Cart:
        """The cart, made at the first look."""
        self.cart = self.cart or Cart()
        return self.cart


class Refusal(Exception):
    """The panel's error: most are HTTP 200."""

    def __init__(self, message: str, code: int = 9999, status: int = 200) -> None:
        super().__init__(message)
        self.code = code
        self.status = status


@dataclass
class Asked:
    """One call as its method sees it."""

    panel: FossPanel
    params: dict[str, Any]
    query: dict[str, str]
    session: Session
    role: str

    @property
    def books(self) -> Books:
        return self.panel.books

    def whole(self, name: str, missing: str) -> int:
        """A parameter that is a number."""
        value = self.params.get(name)
        if value is None:
            raise Refusal(missing)
        try:
            return int(value)
        except (TypeError, ValueError):
            return 0

    def invoice(self) -> FossInvoice:
        if "hash" not in self.params:
            raise Refusal("Invoice hash not passed")
        for one in self.books.invoices.values():
            if one.hash == self.params["hash"]:
                return one
        raise Refusal("Invoice was not found")

    def ticket(self) -> FossTicket:
        found = self.books.tickets.get(self.whole("id", "Ticket id required"))
        if found is None:
            raise Refusal("Ticket not found")
        return found

    def paged(self, rows: list[Any]) -> dict[str, Any]:
        """``page`` counts in the query alone; ``per_page`` in both, and comes back as it was sent."""
        page: int | str = self.query.get("page", 1)
        size = self.query.get("per_page", self.params.get("per_page", 100))
        start = (int(page) - 1) * int(size)
        pages = 1 if int(size) == 1 else -(-len(rows) // int(size))
        return {"pages": pages, "page": page, "per_page": size, "total": len(rows),
                "list": rows[start : start + int(size)]}  # fmt: skip


def cookie_of(seen: Seen) -> str:
    for part in seen.headers.get("cookie", "").split(";"):
        name, _, value = part.strip().partition("=")
        if name == "PHPSESSID":
            return value
    return ""


def _invoices(asked: Asked) -> Any:
    rows = sorted(asked.books.invoices.values(), key=lambda one: -one.id)
    status, wanted, order = (asked.params.get(name) for name in ("status", "id", "order_id"))
    if not asked.books.filters_invoices:
        wanted = order = None
    rows = [one for one in rows if status in (None, "", one.status) and wanted in (None, "", one.id, str(one.id))]
    if order:
        rows = [one for one in rows if any(str(line.order) == str(order) for line in one.lines)]
    return asked.paged([asked.books.invoice_row(one) for one in rows])


def _delete_invoice(asked: Asked) -> Any:
    invoice = asked.invoice()
    for line in invoice.lines:
        if line.order is not None:
            raise Refusal(f"Invoice is related to order #{line.order}. Please cancel order first.")
    del asked.books.invoices[invoice.id]
    return True


def _renewal(asked: Asked) -> Any:
    order = asked.books.orders.get(asked.whole("order_id", "Order id required"))
    if order is None:
        raise Refusal("Order not found")
    return asked.books.renew(order).hash


def _funds(asked: Asked) -> Any:
    try:
        amount = Decimal(str(asked.params.get("amount")))
    except InvalidOperation:
        raise Refusal("You need to enter numeric value") from None
    return asked.books.issue([InvoiceLine("Add funds to account", amount, type="deposit", task="void")]).hash


def _orders(asked: Asked) -> Any:
    rows = sorted(asked.books.orders.values(), key=lambda one: -one.id)
    status, search = asked.params.get("status"), asked.params.get("search")
    rows = [one for one in rows if status in (None, "", one.status) and (not search or str(search) in one.title)]
    return asked.paged([asked.books.order_row(one) for one in rows])


def _order(asked: Asked) -> Any:
    order = asked.books.orders.get(asked.whole("id", "Order id required"))
    if order is None:
        raise Refusal("Order not found")
    return asked.books.order_row(order)


def _add_item(asked: Asked) -> Any:
    product = asked.books.products.get(asked.whole("id", "Product id not passed"))
    if product is None:
        raise Refusal("Product not found")
    period = str(asked.params.get("period", ""))
    if period not in product.prices:
        raise Refusal("Selected billing period is invalid")
    count = int(asked.params.get("quantity") or 1)
    cart = asked.session.its_cart
    if not asked.params.get("multiple"):
        cart.items, cart.promo = [], None
    held = sum(item.quantity for item in cart.items if item.product is product)
    if product.stock is not None and product.stock < count + held:
        raise Refusal("This item is currently out of stock")
    cart.added += 1
    more = {name: value for name, value in asked.params.items() if name not in ("id", "multiple", "CSRFToken")}
    cart.items.append(CartItem(cart.added, product, period, count, more))
    return True


def _reset(asked: Asked) -> Any:
    asked.session.cart = Cart()
    return True


def _promo(asked: Asked) -> Any:
    promo = asked.books.promos.get(str(asked.params.get("promocode")))
    if promo is None:
        raise Refusal("The promo code has expired or does not exist")
    if not asked.session.its_cart.items:
        raise Refusal("Add products to cart before applying promo code")
    asked.session.its_cart.promo = promo
    return True


def _checkout(asked: Asked) -> Any:
    cart = asked.session.its_cart
    if not cart.items:
        raise Refusal("Shopping cart is empty")
    orders, invoice = asked.books.checkout(cart)
    ids = [str(one.id) for one in orders]
    gateway = asked.params.get("gateway_id")
    return {
        "gateway_id": None if gateway is None else str(gateway),
        "invoice_hash": invoice.hash if invoice.status == "unpaid" else None, "order_id": ids[0], "orders": ids,
    }  # fmt: skip


def _tickets(asked: Asked) -> Any:
    rows = sorted(asked.books.tickets.values(), key=lambda one: -one.id)
    status = asked.params.get("status")
    rows = [one for one in rows if status in (None, "", one.status)]
    return asked.paged([asked.books.ticket_row(one, staff=asked.role == "admin") for one in rows])


def _new_ticket(asked: Asked) -> Any:
    for name, missing in (("content", "Please enter your message"), ("subject", "Please enter the subject")):
        if not asked.params.get(name):
            raise Refusal(missing)
    made = asked.books.add_ticket(str(asked.params["subject"]), str(asked.params["content"]))
    if asked.params.get("rel_type") == "order":
        asked.books.tickets[made].rel_order = int(asked.params["rel_id"])
    return made


def _reply(asked: Asked) -> Any:
    ticket, staff = asked.ticket(), asked.role == "admin"
    if ticket.status == "closed" and not asked.books.can_reopen and not staff:
        raise Refusal("Ticket cannot be reopened.")
    message = Message(asked.books.next_id("message"), str(asked.params.get("content", "")), staff)
    ticket.messages.append(message)
    ticket.status = "on_hold" if staff else "open"
    return message.id if staff else True


def _close(asked: Asked) -> Any:
    asked.ticket().status = "closed"
    return True


def _update(asked: Asked) -> Any:
    ticket = asked.ticket()
    ticket.status = str(asked.params.get("status") or ticket.status)
    ticket.subject = str(asked.params.get("subject") or ticket.subject)
    ticket.helpdesk = int(asked.params.get("support_helpdesk_id") or ticket.helpdesk)
    return True


def _note(asked: Asked) -> Any:
    ticket = asked.books.tickets.get(asked.whole("ticket_id", "ticket_id is missing"))
    if ticket is None:
        raise Refusal("Ticket not found")
    note = Message(asked.books.next_id("message"), str(asked.params.get("note", "")), True)
    ticket.notes.append(note)
    return note.id


def _password(asked: Asked) -> Any:
    if asked.params.get("current_password") != asked.panel.password:
        raise Refusal("Current password incorrect")
    if asked.params.get("new_password") != asked.params.get("confirm_password"):
        raise Refusal("Passwords do not match.")
    asked.panel.password = str(asked.params["new_password"])
    return True


def _pdf(asked: Asked) -> Any:
    return b"%PDF-1.4 invoice " + str(asked.invoice().id).encode()


def _logout(asked: Asked) -> Any:
    asked.session.role = None
    return True


def _movements(asked: Asked) -> Any:
    return asked.paged(
        [
            {"id": place, "description": entry.what, "amount": f"{entry.amount:.2f}", "currency": asked.books.currency,
             "created_at": "2026-11-23 02:23:24"}
            for place, entry in reversed(list(enumerate(asked.books.ledger, 1)))
        ]
    )  # fmt: skip


_GATEWAYS = [{"id": 1, "code": "Custom", "title": "Custom", "allow_single": 1, "allow_recurrent": 1,
              "accepted_currencies": ["USD"], "logo": {"logo": "/custom.png"}}]  # fmt: skip
_Method = Callable[[Asked], Any]
GUEST: dict[str, _Method] = {
    "guest/client/login": lambda _: True,
    "guest/client/reset_password": lambda _: True,
    "guest/client/update_password": lambda _: True,
    "guest/invoice/gateways": lambda _: _GATEWAYS,
    "guest/invoice/pdf": _pdf,
    "guest/product/get_list": lambda asked: asked.paged([asked.books.product_row(one) for one in
                                                         asked.books.products.values()]),
    "guest/cart/get": lambda asked: asked.books.cart_row(asked.session.its_cart),
    "guest/cart/reset": _reset,
    "guest/cart/add_item": _add_item,
    "guest/cart/apply_promo": _promo,
}  # fmt: skip
CLIENT: dict[str, _Method] = {
    "client/profile/get": lambda asked: {**asked.books.client_row(), "balance": f"{asked.books.balance:.2f}"},
    "client/profile/change_password": _password,
    "client/profile/logout": _logout,
    "client/client/balance_get_total": lambda asked: f"{asked.books.balance:.2f}",
    "client/client/balance_get_list": _movements,
    "client/invoice/get_list": _invoices,
    "client/invoice/get": lambda asked: asked.books.invoice_row(asked.invoice()),
    "client/invoice/delete": _delete_invoice,
    "client/invoice/renewal_invoice": _renewal,
    "client/invoice/funds_invoice": _funds,
    "client/invoice/get_tax_rate": lambda asked: str(asked.books.taxrate),
    "client/order/get_list": _orders,
    "client/order/get": _order,
    "client/order/service": lambda asked: {
        "id": _order(asked)["service_id"],
        "period": _order(asked)["period"],
        "ip": "192.0.2.7",
        "note": "rack 4",
        "password": "Hidden1234",
    },
    "client/cart/checkout": _checkout,
    "client/support/helpdesk_get_pairs": lambda _: {"1": "General"},
    "client/support/ticket_get_list": _tickets,
    "client/support/ticket_get": lambda asked: asked.books.ticket_row(asked.ticket()),
    "client/support/ticket_create": _new_ticket,
    "client/support/ticket_reply": _reply,
    "client/support/ticket_close": _close,
}
STAFF: dict[str, _Method] = {
    "admin/profile/get": lambda asked: {"id": 1, "email": asked.panel.staff_email, "name": "Admin", "role": "admin"},
    "admin/profile/logout": _logout,
    "admin/support/helpdesk_get_list": lambda asked: asked.paged([{"id": 1, "name": "General"}]),
    "admin/support/ticket_get_list": _tickets,
    "admin/support/ticket_get": lambda asked: asked.books.ticket_row(asked.ticket(), staff=True),
    "admin/support/ticket_reply": _reply,
    "admin/support/ticket_update": _update,
    "admin/support/ticket_close": _close,
    "admin/support/note_create": _note,
    "admin/support/canned_get_list": lambda asked: asked.paged(asked.books.canned),
}
