"""The cart of the new order form: lines that become services when they are paid (wire: BILLmanager 11.3).

It is shown as an unpaid invoice, ``cart:77,78``. The services are not there before it is paid, so its orders are lines.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from billtui.client.codec import UnreadableAnswer
from billtui.client.drivers import Query
from billtui.client.drivers.billmanager.asking import reading, writing
from billtui.client.drivers.billmanager.catalogue import V2, CatalogueCalls, place_number, split_plan
from billtui.client.drivers.billmanager.figures import money_in
from billtui.client.drivers.billmanager.methods import INTERNAL, Way, as_models
from billtui.client.drivers.billmanager.payments import UNKNOWN_DAY
from billtui.client.drivers.billmanager.shapes import Doc, objects, options, plain, rows_of, unwrap, value
from billtui.client.errors import InvalidInput, PriceChanged, Refused, RuleRefused, SessionExpired, TakenBack
from billtui.client.exchange import Conversation, Steps
from billtui.client.settings import Write
from billtui.domain.models import (
    Invoice,
    InvoiceKind,
    InvoiceLine,
    InvoiceState,
    Order,
    OrderState,
    Payment,
    PaymentMethod,
    PaymentState,
)
from billtui.domain.money import Money
from billtui.domain.safetext import SafeText

CART: Final = "cart:"


@dataclass(frozen=True, slots=True)
class CartLine:
    """One line of the cart."""

    id: str
    kind: str
    name: str
    count: int
    cost: Money
    full: Money


@dataclass(frozen=True, slots=True)
class Cart:
    """The cart as it stands."""

    lines: list[CartLine]
    total: Money

    @property
    def count(self) -> int:
        """How many servers it will make."""
        return sum(one.count for one in self.lines)

    @property
    def invoice_id(self) -> str:
        """It as an invoice's id."""
        return CART + ",".join(one.id for one in self.lines)

    def invoice(self) -> Invoice:
        """It as an unpaid invoice."""
        lines = [
            InvoiceLine(title=SafeText(f"{one.count} × {one.name}"), list_price=one.full, amount=one.cost)
            for one in self.lines
        ]
        return Invoice(
            id=SafeText(self.invoice_id), number=SafeText("cart"), kind=InvoiceKind.NEW_ORDER,
            state=InvoiceState.UNPAID, issued_at=datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0),
            total=self.total, lines=lines, line_count=len(lines), title=SafeText("Cart"),
        )  # fmt: skip

    def orders(self) -> list[Order]:
        """A waiting order for each server that will be made."""
        return [
            Order(
                id=SafeText(f"{CART}{one.id}:{number}"), name=SafeText(one.name), kind=SafeText(one.kind or "vds"),
                plan=SafeText(one.name), location=SafeText(""), state=OrderState.PENDING, created_at=UNKNOWN_DAY,
                monthly_price=one.cost,
            )
            for one in self.lines
            for number in range(1, one.count + 1)
        ]  # fmt: skip


class CartCalls(CatalogueCalls):
    """The calls about the cart, and about the basket where there is none."""

    def waiting(self) -> Steps[list[Invoice]]:
        """The basket, and the cart of a panel that orders by the new form."""
        found = yield from super().waiting()
        if (yield from self.ordering()) != V2:
            return found
        try:
            cart = yield from self.cart()
        except SessionExpired:
            raise
        except Refused:
            return found
        return [*found, cart.invoice()] if cart.lines else found

    def payment_methods(self, invoice_id: str) -> Conversation[list[PaymentMethod]]:
        """Of a cart the balance alone: how it is paid otherwise is told nowhere."""
        if not _is_cart(invoice_id):
            return super().payment_methods(invoice_id)

        def begin() -> Steps[list[PaymentMethod]]:
            invoice = yield from self.invoice_now(invoice_id)
            balance = (yield from self.money_now()).internal
            return as_models([_BALANCE], invoice.total, balance)

        return reading(begin, "invoices.pay")

    def pay(self, invoice_id: str, method: str, expected_total: Money, write: Write) -> Conversation[Payment]:
        """``cartorder.create.confirm`` for a cart; paid is what the panel accepted, left the cart and the balance.

        The call takes no amount: a cart that became dearer meanwhile is seen by what is left of the balance.
        """
        if not _is_cart(invoice_id):
            return super().pay(invoice_id, method, expected_total, write)

        def begin() -> Steps[Payment]:
            invoice = yield from self.invoice_now(invoice_id)
            if invoice.total != expected_total:
                raise PriceChanged(
                    f"It costs {invoice.total} now, and {expected_total} was confirmed. Nothing was paid.",
                    "Look at the new price and confirm afresh.",
                )
            if method != INTERNAL:
                raise InvalidInput("A cart can be paid from the balance alone from here.", "Choose internal.")
            key = invoice.id.raw
            held = (yield from self.money_now()).internal
            lines = ", ".join(key.removeprefix(CART).split(","))
            fields = (("elid", lines), ("paymethod_id", "0"), ("sok", "ok"))
            done = yield from self.send("cartorder.create.confirm", fields)
            left = {one.id for one in (yield from self.cart()).lines}
            if "ok" not in done or left & set(key.removeprefix(CART).split(",")):
                raise UnreadableAnswer("it does not say that the cart was paid")
            left_over = (yield from self.money_now()).internal
            if held.currency != left_over.currency or held - left_over != expected_total:
                raise UnreadableAnswer("the balance is not less by just what was confirmed")
            return cart_paid(key, method, expected_total)

        return writing(begin, "invoices.pay")

    def delete_invoice(self, invoice_id: str, write: Write) -> Conversation[Invoice]:
        """``cart.empty`` for a cart."""
        if not _is_cart(invoice_id):
            return super().delete_invoice(invoice_id, write)

        def begin() -> Steps[Invoice]:
            invoice = yield from self.invoice_now(invoice_id)
            yield from self.send("cart.empty", (("sok", "ok"),))
            if (yield from self.cart()).lines:
                raise UnreadableAnswer("the cart is not empty")
            return invoice.model_copy(update={"state": InvoiceState.DELETED})

        return writing(begin, "invoices.delete")

    def cart(self) -> Steps[Cart]:
        """The cart as it is now. Raises ClientError."""
        currency = yield from self.known_currency()
        doc = yield from self.fetch("cart")
        return cart_of(doc, currency)

    def empty_cart(self) -> Steps[None]:
        """Raises ``RuleRefused`` where something waits in the cart: it would be paid together with what comes."""
        cart = yield from self.cart()
        if cart.lines:
            raise RuleRefused(
                f"The cart on the panel holds {len(cart.lines)} lines for {cart.total}: they would be paid along.",
                "Pay or empty it first.", code="basket-not-empty",
            )  # fmt: skip

    def cart_taken_back(self, why: str, code: str) -> Steps[None]:
        """Empty the cart that was filled here, and say so. Raises ``TakenBack``."""
        yield from self.send("cart.empty", (("sok", "ok"),))
        if (yield from self.cart()).lines:
            raise UnreadableAnswer("what was put into the cart is still there")
        raise TakenBack(f"{why} It was taken out of the cart again; nothing was paid.", "Look again.", code=code)

    def _fields(self, plan: str, place: str, period: int, count: int) -> Query:
        fields = (
            ("pricelist", split_plan(plan)[1]), ("datacenter", place_number(place)), ("order_period", str(period)),
            ("period", str(period)), ("order_count", str(count)), ("ostempl", self.chosen.os_template),
        )  # fmt: skip
        return tuple((name, text) for name, text in fields if text)

    def price_v2(self, plan: str, place: str, period: int, count: int) -> Steps[Money]:
        """By the form's summary, else by the list of tariffs. Raises ``Refused``."""
        kind, _ = split_plan(plan)
        currency = yield from self.known_currency()
        form = yield from self.fetch(f"v2.{kind}.order.param", self._fields(plan, place, period, count))
        whole = _total_in(form, currency)
        if whole is None:
            sold = yield from self.sold(period, (kind, place))
            tariff = sold.tariffs.get((plan, place))
            if tariff is None or not tariff.available or period not in tariff.prices:
                raise InvalidInput("It is not sold like this now.")
            return tariff.prices[period] * count
        if count == 1:
            return whole
        one = _total_in(
            (yield from self.fetch(f"v2.{kind}.order.param", self._fields(plan, place, period, 1))), currency
        )
        return whole * count if whole == one else whole

    def into_cart(self, plan: str, place: str, period: int, count: int, auto: str, name: str) -> Steps[None]:
        """Put so many servers into the cart. Raises ClientError."""
        kind, _ = split_plan(plan)
        fields = self._fields(plan, place, period, count)
        form = yield from self.fetch(f"v2.{kind}.order.param", fields)
        system = value(form, "ostempl") or next((key for key, _ in options(form, "ostempl")), "")
        extra = [("ostempl", system)] if system and not self.chosen.os_template else []
        if name:
            extra.append(("domain", name))
        done = yield from self.send(
            f"v2.{kind}.order.param",
            (
                *fields, *extra, ("autoprolong", "on" if auto else "off"), ("licence_agreement", "on"),
                ("force_use_new_cart", "on"), ("clicked_button", "order"), ("sok", "ok"),
            ),
        )  # fmt: skip
        if not (unwrap(done.get("lineitem.id")) or unwrap(done.get("elid")) or "ok" in done):
            raise UnreadableAnswer("it does not say which line of the cart it became")


_BALANCE: Final = Way("0", "Account balance", balance=True)


def _is_cart(invoice_id: str) -> bool:
    return str(getattr(invoice_id, "raw", invoice_id)).startswith(CART)


def cart_paid(key: str, method: str, total: Money) -> Payment:
    """The payment of a cart, which has no number of its own."""
    return Payment(
        id=SafeText(key), invoice_id=SafeText(key), method=SafeText(method), state=PaymentState.DONE, amount=total
    )


def cart_of(doc: Doc, currency: str) -> Cart:
    """The answer of ``func=cart``. Raises ``UnreadableAnswer``."""
    lines = [_line(row, currency) for row in rows_of(doc, "lineitems")]
    node = doc.get("total")
    total = node if isinstance(node, dict) else {}
    cost, own = unwrap(total.get("cost")), unwrap(total.get("currency"))
    if len({one.cost.currency for one in lines}) > 1:
        raise UnreadableAnswer("the cart is in several currencies")
    whole = Money.total((one.cost for one in lines), lines[0].cost.currency if lines else currency)
    told = money_in(cost, own, currency) if cost else whole
    if told != whole:
        raise UnreadableAnswer("the cart's total is not the sum of its lines")
    return Cart(lines, whole)


def _line(row: Doc, currency: str) -> CartLine:
    main = row.get("main")
    about = main if isinstance(main, dict) else {}
    number = unwrap(row.get("id")) or unwrap(row.get("elid"))
    count = unwrap(about.get("count")) or unwrap(row.get("order_count")) or "1"
    price = _price_node(row.get("price"))
    if not number or price is None or not count.isdigit() or not 0 < int(count) < 10_000:
        raise UnreadableAnswer("a line of the cart is not whole")
    own = unwrap(price.get("currency"))
    cost = money_in(unwrap(price.get("cost")), own, currency)
    full = unwrap(price.get("noDiscountCost"))
    return CartLine(
        number, unwrap(row.get("item.type")), plain(unwrap(about.get("name"))) or number, int(count), cost,
        money_in(full, own, currency) if full else cost,
    )  # fmt: skip


def _price_node(node: object) -> Doc | None:
    inner = objects(node)
    found = objects(inner[0].get("price")) if inner else []
    return found[0] if found else None


def _total_in(form: Doc, currency: str) -> Money | None:
    for table in ("total_summary", "pricelist_summary"):
        for row in rows_of(form, table):
            price = _price_node(row.get("cost"))
            if price is not None and unwrap(price.get("cost")):
                return money_in(unwrap(price.get("cost")), unwrap(price.get("currency")), currency)
    return None
