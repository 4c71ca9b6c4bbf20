"""Buying: one cart with everything in it, one promo code, one checkout.

The cart belongs to a session. One that was signed in by password has its own, which is left as it was found. By an API
key, the first call begins a session (its cookie comes with the answer), and what follows is said in that one: nobody
else's cart is touched. ``add_item`` empties the cart unless it carries ``multiple``.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from billtui.client.codec import UnreadableAnswer
from billtui.client.drivers.fossbilling import reading
from billtui.client.drivers.fossbilling.basket import (
    Basket,
    Wanted,
    basket_of,
    check_same,
    currency_of,
    left_out,
    lines_of,
    mark_of,
)
from billtui.client.drivers.fossbilling.calling import COOKIE, EXPECT, Place, call, cookie_of, listing, raw
from billtui.client.drivers.fossbilling.envelope import explain, result_of
from billtui.client.drivers.fossbilling.invoices import LIST as INVOICES
from billtui.client.drivers.fossbilling.invoices import done, gateways, invoice_by_hash
from billtui.client.drivers.fossbilling.lists import key, rows_by_id
from billtui.client.drivers.fossbilling.orders import HOLDS
from billtui.client.drivers.fossbilling.orders import LIST as ORDERS
from billtui.client.drivers.fossbilling.role import Role, one_row, tax_rate
from billtui.client.drivers.fossbilling.values import Row, made, period_of, total_of
from billtui.client.errors import (
    ClientError,
    InvalidInput,
    NotFound,
    PriceChanged,
    RuleRefused,
    SessionExpired,
)
from billtui.client.exchange import Answer, Call, Conversation, Exchange, Kind, Request, Steps, ask, at_once
from billtui.client.settings import Write
from billtui.domain.models import (
    Addon,
    BoughtOrders,
    Exclusion,
    Location,
    OrderRequest,
    Page,
    Plan,
    Quote,
    StockItem,
)
from billtui.domain.money import Money
from billtui.domain.safetext import SafeText

CART: Final = "cart"
"""Conversations about the one cart of a session go one after the other."""
FREE: Final = "What is free of charge is ordered on the panel's own web pages. Nothing was bought."
PRODUCTS: Final = "guest/product/get_list"
PRODUCTS_A_PAGE: Final = 100
Headers = tuple[tuple[str, str], ...]


def add_item(
    product: int, period: str, quantity: int, headers: Headers = (), *, more: bool = False, mark: str = ""
) -> Call[None]:
    """``guest/cart/add_item``. With ``more`` what is in the cart stays; a ``mark`` stays in the order's ``config``."""
    params: dict[str, Any] = {"multiple": 1} if more else {}
    params |= {reading.MARK: mark} if mark else {}
    return call(
        "guest/cart/add_item", done, "orders.new", kind=Kind.ONCE, headers=headers, id=product, period=period,
        quantity=quantity, **params,
    )  # fmt: skip


def cart(headers: Headers = ()) -> Call[Row]:
    """``guest/cart/get``."""
    return call("guest/cart/get", one_row, "orders.new", headers=headers)


def checkout(gateway: int | None, headers: Headers = ()) -> Call[Row]:
    """``client/cart/checkout``: buys, and pays at once where the balance suffices."""
    params: dict[str, Any] = {} if gateway is None else {"gateway_id": gateway}
    return call("client/cart/checkout", one_row, "orders.new", kind=Kind.WRITE, headers=headers, **params)


class CartCalls(Role):
    """``guest/product``, ``guest/cart`` and ``client/cart``."""

    def plans(self, cursor: str | None) -> Request[Page[Plan]]:
        """``guest/product/get_list``: what is billed by months; domains are bought on the web pages."""

        def begin() -> Steps[Page[Plan]]:
            profile = yield from ask(call("client/profile/get", one_row))
            currency = reading.currency_of(profile)
            page = yield from ask(
                listing(PRODUCTS, lambda row: reading.plan(row, currency), Place.of(cursor), PRODUCTS_A_PAGE)
            )
            return Page(items=[one for one in page.items if one is not None], next_cursor=page.next_cursor)

        return Conversation(begin, "catalogue")

    def locations(self, cursor: str | None) -> Request[Page[Location]]:
        """One: FOSSBilling knows no places."""

        def begin() -> Steps[Page[Location]]:
            yield from ()
            return Page(items=[Location(id=SafeText(reading.PLACE), name=SafeText("the panel's only place"))])

        return Conversation(begin, "catalogue")

    def addons(self, cursor: str | None) -> Request[Page[Addon]]:
        """None: they belong to single products, and are chosen on the panel's own pages."""
        none: list[Addon] = []
        return Conversation(at_once(Page(items=none)).begin, "catalogue")

    def stock(self, cursor: str | None) -> Request[Page[StockItem]]:
        """As the products say; plenty where the panel does not count."""

        def read(row: Row) -> StockItem | None:
            if reading.plan(row, "USD") is None:
                return None
            counted = row.whole("stock_control") != 0
            left = max(0, row.whole("quantity_in_stock")) if counted else reading.PLENTY
            return made(StockItem, "stock", plan=row.id(), location=reading.PLACE, available=left)

        def begin() -> Steps[Page[StockItem]]:
            page = yield from ask(listing(PRODUCTS, read, Place.of(cursor), PRODUCTS_A_PAGE))
            return Page(items=[one for one in page.items if one is not None], next_cursor=page.next_cursor)

        return Conversation(begin, "catalogue")

    def quote_order(self, request: OrderRequest) -> Request[Quote]:
        """The cart that would be bought, priced by the panel, and left again."""

        def begin() -> Steps[Quote]:
            basket, excluded = basket_of(request)
            headers, before = yield from _session()
            try:
                basket, row, refused = yield from _filled(basket, headers)
            except (ClientError, UnreadableAnswer):
                yield from _left(before, headers)
                raise
            yield from _left(before, headers)
            rate = yield from tax_rate()
            lines = lines_of(row, basket, rate)
            currency = currency_of(row)
            return made(
                Quote, "quote", id=basket.sealed(), kind="order", lines=lines, excluded=[*excluded, *refused],
                total=total_of((line.amount for line in lines), currency), period=request.period,
                promo_code=request.promo_code, expires_at=datetime.now(UTC) + HOLDS,
            )  # fmt: skip

        return Conversation(begin, "orders.new", alone=CART)

    def buy_order(self, quote_id: str, expected_total: Money, write: Write) -> Request[BoughtOrders]:
        """The cart is filled and priced once more; only at the same price it is checked out, once."""
        wanted = Basket.opened(raw(quote_id))

        def begin() -> Steps[BoughtOrders]:
            headers, before = yield from _session()
            rate = yield from tax_rate()
            ways = yield from ask(gateways())
            try:  # the cart is looked at last, directly before it is bought
                basket, row, refused = yield from _filled(wanted, headers, mark_of(write.key))
                total = total_of((line.amount for line in lines_of(row, basket, rate)), currency_of(row))
                if refused or total != expected_total or not basket.cells:
                    now = f"{refused[0].reason}" if refused else f"It costs {total} now, not {expected_total}."
                    raise PriceChanged(f"{now} Nothing was bought.", "Look at the new price and confirm afresh.")
                if total.amount <= 0:
                    raise RuleRefused(FREE, code="free-of-charge")
                gateway = _first_for(ways, total.currency)
            except (ClientError, UnreadableAnswer):
                yield from _left(before, headers)
                raise
            bought = yield from ask(checkout(gateway, headers))
            if before is not None and before.rows("items"):
                yield from _left(before, headers)
            return (yield from _bought(bought, basket, expected_total))

        return Conversation(begin, "orders.new", writes=True, alone=CART)


def _session() -> Steps[tuple[Headers, Row | None]]:
    """The session whose cart is used: its header, and its cart as found; ``None`` for a session of our own."""

    def read(answer: Answer) -> str | None:
        Row(result_of(answer), "result")
        return cookie_of(answer)

    first = Exchange("POST", "/api/client/profile/get", body={})
    cookie = yield from ask(Call(first, read, explain, "orders.new", EXPECT))
    if cookie is not None:
        return ((("Cookie", f"{COOKIE}={cookie}"),), None)
    return ((), (yield from ask(cart())))


def _filled(basket: Basket, headers: Headers, mark: str = "") -> Steps[tuple[Basket, Row, list[Exclusion]]]:
    """Empty the cart and put in what is wanted; a kind of server that the panel refuses is left out as a whole."""
    refused: list[Exclusion] = []
    empty = bool(headers)  # a session that was begun just now
    while True:
        if not empty:
            yield from ask(_reset(headers))
        empty = False
        wrong = yield from _put(basket, headers, mark)
        if wrong is None:
            break
        refused.append(wrong[1])
        basket = Basket(tuple(one for one in basket.cells if one != wrong[0]), basket.months, basket.promo)
    if basket.promo and basket.cells:
        try:
            yield from ask(
                call("guest/cart/apply_promo", done, kind=Kind.ONCE, headers=headers, promocode=basket.promo)
            )
        except SessionExpired:
            raise
        except (RuleRefused, NotFound) as error:
            raise InvalidInput(error.fact, "Take the promo code out or correct it.", code="promo-refused") from None
    row = yield from ask(cart(headers))
    check_same(row, basket)
    if basket.promo and basket.cells and row.text("promocode").casefold() != basket.promo.casefold():
        raise InvalidInput(
            f"The panel did not take the promo code “{basket.promo}”, and did not say why.",
            "Take the promo code out or correct it.",
            code="promo-refused",
        )
    return basket, row, refused


def _put(basket: Basket, headers: Headers, mark: str) -> Steps[tuple[Wanted, Exclusion] | None]:
    for one in basket.cells:
        for _ in range(one.count):
            try:
                yield from ask(add_item(one.product, period_of(basket.months), 1, headers, more=True, mark=mark))
            except (RuleRefused, NotFound) as error:
                return one, left_out(str(one.product), reading.PLACE, "panel-refused", error.fact)
    return None


def _reset(headers: Headers) -> Call[None]:
    return call("guest/cart/reset", done, kind=Kind.ONCE, headers=headers)


def _left(before: Row | None, headers: Headers) -> Steps[None]:
    """The cart as it was found; one of our own session is nobody's, and stays behind."""
    if before is None:
        return
    try:
        yield from ask(_reset(headers))
        for item in before.rows("items"):
            count = max(1, item.whole("quantity", 1))
            yield from ask(add_item(key(item.id("product_id")), item.text("period"), count, headers, more=True))
        code = before.text("promocode")
        if code and before.rows("items"):
            yield from ask(call("guest/cart/apply_promo", done, kind=Kind.ONCE, headers=headers, promocode=code))
    except (ClientError, UnreadableAnswer):
        return  # what lay in it is not sold any more, or the panel does not answer


def _first_for(ways: list[Row], currency: str) -> int | None:
    """The first way to pay that takes this currency: the panel wants one named, whatever pays in the end."""
    for one in ways:
        taken = one.any("accepted_currencies")
        if not isinstance(taken, list) or not taken or currency in taken:
            return key(one.id())
    return None


def _bought(answer: Row, basket: Basket, expected: Money) -> Steps[BoughtOrders]:
    """The orders and their invoice. ``invoice_hash`` is ``null`` where the balance paid it at once (wire: traps)."""
    listed = answer.any("orders")
    ids = [Row({"id": one}, "orders").id() for one in listed] if isinstance(listed, list) else []
    if len(ids) != sum(one.count for one in basket.cells):
        raise UnreadableAnswer("orders are not as many as were bought")
    rows = yield from rows_by_id(ORDERS, ids, "orders")
    if {row.id() for row in rows} != set(ids):
        raise UnreadableAnswer("the new orders are not in the list")
    if answer.has("invoice_hash"):
        invoice = yield from ask(invoice_by_hash(reading.hash_text(answer.any("invoice_hash"))))
    else:
        page = yield from ask(listing(INVOICES, lambda row: row, Place(), 20, "invoices"))
        paid = [row for row in page.items if set(reading.orders_of(row)) == set(ids)]
        if len(paid) != 1:
            raise UnreadableAnswer("the invoice of the new orders is not in the list")
        invoice = paid[0]
    return bought(invoice, rows, expected)


def bought(invoice: Row, orders: list[Row], expected: Money) -> BoughtOrders:
    """Orders and invoice that belong together, at the price that was confirmed. Raises ``UnreadableAnswer``."""
    read = reading.invoice(invoice)
    if read.total != expected:
        raise UnreadableAnswer("the invoice's total is not what was confirmed")
    if set(reading.orders_of(invoice)) != {row.id() for row in orders}:
        raise UnreadableAnswer("the invoice's orders are not those that were bought")
    return BoughtOrders(invoice=read, orders=[reading.order(row) for row in orders])
