"""The 49 recorded exchanges, in their order, through a port: what the driver sends, and how it reads the answers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import pytest
from pydantic import SecretStr

from billtui.client import BillingClient, ConnectionSettings
from billtui.client.drivers.fossbilling import cart as carts
from billtui.client.drivers.fossbilling import invoices, orders, reading, tickets
from billtui.client.drivers.fossbilling.calling import Place, call, listing
from billtui.client.drivers.fossbilling.driver import FossBilling
from billtui.client.drivers.fossbilling.role import one_row
from billtui.client.drivers.fossbilling.values import Row
from billtui.client.errors import (
    BadAnswer,
    CapabilityMissing,
    ClientError,
    NotFound,
    Outcome,
    RuleRefused,
    SessionExpired,
    SignInRefused,
)
from billtui.client.exchange import Call, Kind, Request
from billtui.domain.models import MessageRequest
from billtui.domain.money import Money
from tests.client.fossbilling.replay import API_KEY, COOKIE, Recorded, Replay, recorded, replaying
from tests.client.fossbilling.views import check_invoice, check_message, check_order, check_ticket

T = TypeVar("T")
E = TypeVar("E", bound=ClientError)
BY = {one.number: one for one in recorded()}
DRIVER = FossBilling()


class Journey:
    """Asks one exchange after the other, each as whom it was recorded."""

    def __init__(self, replay: Replay) -> None:
        self.replay = replay
        settings = ConnectionSettings(replay.url, tries=1)
        self.clients = {
            "basic client": BillingClient(settings, SecretStr(API_KEY), driver=FossBilling()),
            "cookie": BillingClient(settings, SecretStr(f"session:{COOKIE}"), driver=FossBilling()),
            "none": BillingClient(settings, driver=FossBilling()),
        }

    @property
    def next(self) -> Recorded:
        return self.replay.waiting[0]

    async def ask(self, request: Request[T]) -> T:
        """By whom the next exchange was recorded."""
        async with self.clients[self.next.auth] as client:
            return await client.run(request)

    async def refused(self, request: Request[Any], kind: type[E], words: str = "") -> E:
        """Refused as this, with these words."""
        with pytest.raises(kind, match=words) as caught:
            await self.ask(request)
        return caught.value


def query(**wanted: str) -> tuple[tuple[str, str], ...]:
    return tuple({"limit": "100", **wanted}.items())


async def page_in_a_body(go: Journey) -> None:
    """1 to 3: the answer to a page in the body is page 1; the driver asks by query, and takes it for a repetition."""
    pages: list[tuple[Callable[[Any], Request[Any]], int]] = [
        (DRIVER.list_invoices, 23), (DRIVER.list_orders, 51), (DRIVER.list_tickets, 14),
    ]  # fmt: skip
    for ask, total in pages:
        first = go.next.result["list"][0]["id"]
        page = await go.ask(ask((("limit", "5"), ("cursor", f"2.{first}.5"))))
        assert (page.items, page.next_cursor, page.total) == ([], None, total)


async def invoice_lists(go: Journey) -> None:
    """4 to 7: every state."""
    for state in ("unpaid", "paid", "refunded", "canceled"):
        rows = go.next.result["list"]
        page = await go.ask(DRIVER.list_invoices(query(state=state)))
        assert (page.total, page.next_cursor) == (len(rows), None)
        for invoice, row in zip(page.items, rows, strict=True):
            check_invoice(invoice, row)


async def order_lists(go: Journey) -> None:
    """8 to 15: every state, those that run out, a search, pages of three."""
    wanted = ["active", "pending", "suspended", "cancelled", "failed_renew"]
    asked: list[Request[Any]] = [DRIVER.list_orders(query(state=state)) for state in wanted]
    asked.append(listing(orders.LIST, reading.order, Place(), 100, "orders", expiring=1))
    asked.append(DRIVER.list_orders(query(q="vm-007")))
    asked.append(DRIVER.list_orders(query(state="active", limit="3")))
    for request in asked:
        told = go.next.result
        page = await go.ask(request)
        assert page.total == told["total"]
        for order, row in zip(page.items, told["list"], strict=True):
            check_order(order, row)
    assert page.next_cursor == "2.58.3"


async def one_order_and_one_invoice(go: Journey) -> None:
    """16 to 19."""
    row = go.next.result
    check_order(reading.order(await go.ask(orders.order_row("58"))), row)
    told = await go.ask(orders.service("58"))
    assert reading.address(told) == ""  # a service that can be reached nowhere
    assert reading.service_words(told) == {"note": "n57"}
    rows = go.next.result["list"]
    page = await go.ask(DRIVER.list_invoices(query(state="unpaid", limit="1")))
    check_invoice(page.items[0], rows[0])
    assert (page.total, page.next_cursor) == (21, "2.34.1")  # "pages" says 1
    row = go.next.result
    found = await go.ask(invoices.invoice_by_hash(row["hash"]))
    check_invoice(reading.invoice(found), row)
    assert reading.invoice(found).total == Money("150.03", "USD")


async def renewing_twice(go: Journey) -> None:
    """20 to 22: two calls, two invoices; the term has not moved."""
    first = await go.ask(orders.renewal_call("58"))
    second = await go.ask(orders.renewal_call("58"))
    assert (first, second) == (BY[20].result, BY[21].result)
    assert first != second
    order = reading.order(await go.ask(orders.order_row("58")))
    check_order(order, BY[22].result)
    assert order.paid_until == reading.order(Row(BY[16].exact, "order")).paid_until


async def topping_up(go: Journey) -> None:
    """23 and 24."""
    assert await go.ask(invoices.funds_call("10")) == BY[23].result
    refusal = await go.refused(invoices.funds_call("abc"), RuleRefused, "You need to enter numeric value")
    assert refusal.outcome is Outcome.REFUSED


async def products_and_ways_to_pay(go: Journey) -> None:
    """25 and 26."""
    page = await go.ask(listing(carts.PRODUCTS, lambda row: reading.plan(row, "USD"), Place(), 2))
    domain, start = page.items
    assert domain is None  # it needs more than a period
    assert start is not None
    assert start.model_dump() == {
        "id": "2", "name": "VDS Start", "kind": "custom", "monthly_price": {"amount": "4.50", "currency": "USD"},
        "cpu": 0, "memory_mib": 0, "disk_gib": 0, "locations": ["panel"],
    } | {"monthly_price": Money("4.50", "USD").model_dump()}  # fmt: skip
    assert (page.total, page.next_cursor) == (5, "2.1.2")
    prices = reading.periods_of(Row(BY[25].exact["list"][1], "product"))
    assert {months: str(price.amount) for months, price in prices.items()} == {1: "4.50", 3: "13.00", 12: "49.00"}
    await ways_to_pay(go)


async def ways_to_pay(go: Journey) -> None:
    """26 and 32."""
    (way,) = await go.ask(invoices.gateways())
    assert (way.id(), way.text("code"), way.text("title")) == ("1", "Custom", "Custom")


async def signing_in(go: Journey) -> None:
    """27 and 28. The recording keeps one of the two cookies, and not the session's: that is no sign-in."""
    await go.refused(DRIVER.sign_in("alice@example.com", SecretStr("Client1234"), None), BadAnswer, "begins no session")
    row = await go.ask(call("client/profile/get", one_row, "account"))
    account = reading.account(row, row.any("balance"), ["Custom"], DRIVER.capabilities)
    assert account.model_dump(exclude={"capabilities"}, exclude_defaults=True) == {
        "panel_id": "here", "account_id": "1",
        "login": "alice@example.com", "email": "alice@example.com",
        "emails": ["alice@example.com"], "currency": "USD", "payment_methods": ["Custom"],
        "balances": {
            "internal": Money("141.00", "USD").model_dump(), "affiliate": Money("0.00", "USD").model_dump(),
        },
    }  # fmt: skip


async def buying(go: Journey) -> None:
    """29 to 33."""
    empty = await go.ask(carts.cart())
    assert (empty.rows("items"), empty.text("promocode"), empty.money("total", "USD")) == (
        [], "", Money("0.00", "USD"),
    )  # fmt: skip
    await go.ask(carts.add_item(3, "3M", 2))
    full = await go.ask(carts.cart())
    (item,) = full.rows("items")
    assert (item.id("product_id"), item.text("period"), item.whole("quantity"), item.money("total", "USD")) == (
        "3", "3M", 2, Money("68.00", "USD"),
    )  # fmt: skip
    assert (full.row("currency").text("code"), full.money("total", "USD")) == ("USD", Money("68.00", "USD"))
    await ways_to_pay(go)
    bought = await go.ask(carts.checkout(1))
    assert not bought.has("invoice_hash")  # paid from the balance
    assert (bought.any("orders"), bought.id("order_id"), bought.id("gateway_id")) == (["62"], "62", "1")


async def a_ticket(go: Journey) -> None:
    """34 to 39."""
    assert [(one.id, one.name) for one in await go.ask(DRIVER.departments())] == [("1", "General")]
    wish = {"content": "Hello\n\nmy VDS is down", "subject": "VDS down", "support_helpdesk_id": 1}
    assert await go.ask(DRIVER.create_call(wish)) == 29
    await go.ask(DRIVER.message_call("29", MessageRequest(body="more")))
    row = go.next.result
    told = await go.ask(DRIVER.ticket_row("29"))
    check_ticket(tickets.read_ticket(told), row)
    for message, one in zip(tickets.messages_of(told), row["messages"], strict=True):
        check_message(message, one)
    await go.ask(DRIVER.close_call("29"))
    late = DRIVER.message_call("29", MessageRequest(body="after close"))
    refusal = await go.refused(late, RuleRefused, "Ticket cannot be reopened")
    assert refusal.outcome is Outcome.REFUSED


async def refusals(go: Journey) -> None:
    """40 to 49: HTTP 200 for most, 401 for keys."""
    await go.refused(DRIVER.get_order("99999"), NotFound, "Order not found")
    await go.refused(call("client/order/get", one_row), RuleRefused, "Order id required")
    await go.refused(call("client/nope/get_list", one_row), CapabilityMissing, "nope is not installed")
    await go.refused(call("client/invoice/nope", one_row), CapabilityMissing, "nope does not exist in module")
    await go.refused(DRIVER.list_invoices(query()), SessionExpired, "Authentication Failed")
    await go.refused(DRIVER.list_invoices(query()), SessionExpired, "Authentication Failed")
    bad = DRIVER.sign_in("alice@example.com", SecretStr("bad"), None)
    await go.refused(bad, SignInRefused, "check your login details")
    await go.refused(DRIVER.get_order("58"), NotFound, "Order not found")  # somebody else's
    await go.refused(DRIVER.get_ticket("29"), NotFound, "Ticket not found")
    await go.refused(
        invoices.delete_call(BY[49].params["hash"]), RuleRefused, "related to order #58. Please cancel order first"
    )


STEPS: list[Callable[[Journey], Awaitable[None]]] = [
    page_in_a_body, invoice_lists, order_lists, one_order_and_one_invoice, renewing_twice, topping_up,
    products_and_ways_to_pay, signing_in, buying, a_ticket, refusals,
]  # fmt: skip


async def test_every_recorded_exchange_in_its_order() -> None:
    async with replaying() as replay:
        go = Journey(replay)
        assert len(replay.waiting) == 49
        for step in STEPS:
            await step(go)


@pytest.mark.parametrize("number", [1, 2, 3])
async def test_the_rows_of_a_page_that_came_for_another(number: int) -> None:
    """The bodies of 1 to 3 as what they are: first pages."""
    one = BY[number]
    rows = Row(one.exact, "result").rows("list")
    for row, plain in zip(rows, one.result["list"], strict=True):
        if number == 1:
            check_invoice(reading.invoice(row), plain)
        elif number == 2:
            if plain["period"] in ("1M", "3M", "1Y"):
                check_order(reading.order(row), plain)
        else:
            check_ticket(tickets.read_ticket(row), plain)


async def test_a_sign_in_with_the_cookie_that_the_recording_left_out() -> None:
    async with replaying(27) as replay:
        replay.extra = (f"Set-Cookie: PHPSESSID={COOKIE}; path=/; HttpOnly; SameSite=Strict",)
        token = await Journey(replay).ask(DRIVER.sign_in("alice@example.com", SecretStr("Client1234"), None))
        assert token.token.get_secret_value() == f"session:{COOKIE}"


def test_what_may_be_sent_again_is_stated_and_the_recorded_traps_are_not_among_it() -> None:
    """20 and 21 charge twice; 23 bills at each call; 33 empties the cart and orders; 35 and 36 write at each call."""
    repeatable = DRIVER.traits.repeatable
    assert repeatable == {"invoice.delete", "ticket.change"}
    assert BY[20].params == BY[21].params
    assert BY[20].result != BY[21].result
    billing = {"order.renew", "order.new", "balance.top-up", "invoice.pay", "ticket.new", "ticket.reply"}
    assert not repeatable & billing
    assert not DRIVER.traits.keys
    assert DRIVER.traits.renewal_pays
    assert DRIVER.traits.purchase_pays
    assert not DRIVER.traits.renews_together


def test_writes_of_the_recordings_are_sent_as_writes() -> None:
    """Once, on a connection of their own; a lost answer is unknown."""
    writes: list[Call[Any]] = [
        orders.renewal_call("58"), invoices.funds_call("10"), invoices.delete_call("a" * 40), carts.checkout(1),
        DRIVER.create_call({}), DRIVER.message_call("29", MessageRequest(body="x")), DRIVER.close_call("29"),
    ]  # fmt: skip
    assert {one.exchange.kind for one in writes} == {Kind.WRITE}
    assert carts.add_item(3, "3M", 1).exchange.kind is Kind.ONCE  # nobody's money depends on it, but twice is two


def test_amounts_are_never_floats() -> None:
    """From the text ``150.03`` to Decimal, wherever the number stands."""
    from billtui.client.codec import parse_exact

    value = parse_exact(b'{"a": 150.03, "b": 0.1, "c": 3, "d": "-4.50"}')
    assert [type(one).__name__ for one in value.values()] == ["Decimal", "Decimal", "int", "str"]
    assert Row(value, "x").money("a", "USD") == Money("150.03", "USD")
    assert Row(value, "x").money("d", "USD") == Money("-4.50", "USD")
