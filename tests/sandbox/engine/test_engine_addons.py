"""Add-ons on orders: bought for the rest of the period, renewed with the server (ORD-5, DSC-4, BLK-6)."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from billtui.domain.money import Money
from billtui.domain.refusal import RuleBroken
from billtui.domain.rules.orders import addon_amount
from billtui.sandbox.engine import addons as engine
from billtui.sandbox.engine import invoices, orders, quotes, shopkeeping
from billtui.sandbox.engine.errors import InvalidInput, PriceChanged
from billtui.sandbox.engine.wire_quotes import QuoteLineJSON
from tests.support.engine import World


def price_of(world: World, order_id: str, monthly: str) -> str:
    amount = addon_amount(Money(monthly, "EUR"), world.now(), world.paid_until(order_id))
    return f"{amount.amount:.2f}"


def test_ord_5_for_the_remaining_period_once_paid(world: World) -> None:
    """ORD-5, DSC-4: one invoice with a line for each order; the orders have them when it is paid."""
    first, second = world.free(2)
    quote = world.write(engine.quote_addons, world.account, [first, second, first], ["backup", "ipv4"])
    assert [line["order_id"] for line in quote["lines"]] == [first, second]
    for line in quote["lines"]:
        wanted = [price_of(world, str(line["order_id"]), monthly) for monthly in ("3.40", "2.00")]
        assert [part["amount"]["amount"] for part in line["addons"]] == wanted
        assert Decimal(line["amount"]["amount"]) == sum(map(Decimal, wanted))
        assert (line["discounts"], line["list_price"], line["months"]) == ([], line["amount"], None)
        assert line["title"].startswith("Add-ons for ")
        assert line["title"].endswith(": Daily backup, Additional IPv4 address")
    invoice = world.write(engine.buy_addons, world.account, quote["id"])
    assert (invoice["kind"], invoice["total"], invoice["line_count"]) == ("addon", quote["total"], 2)
    before = world.order(first)
    assert (before["addons"], before["unpaid_invoice_id"]) == ([], invoice["id"])
    end = world.paid_until(first)
    world.pay(invoice["id"])
    after = world.order(first)
    assert [(one["id"], one["monthly_price"]["amount"]) for one in after["addons"]] == [
        ("backup", "3.40"),
        ("ipv4", "2.00"),
    ]
    assert (world.paid_until(first), after["unpaid_invoice_id"]) == (end, None)
    assert after["version"] > before["version"], "clients are told"


def renewal_line(world: World, order_id: str) -> QuoteLineJSON:
    """The line of a quote for three months more."""
    return world.write(quotes.quote_renewal, world.account, [order_id], 3)["lines"][0]


def test_ord_5_renewals_bill_them_on_top(world: World) -> None:
    """ORD-5, DSC-4: by hand, and by themselves; the order keeps the price that it bought at."""
    (order_id,) = world.free(1)
    plain = renewal_line(world, order_id)
    world.pay(world.add([order_id], "backup")["id"])
    world.write(shopkeeping.set_price, "addons", "backup", Money("9.99", "EUR"))
    quote = renewal_line(world, order_id)
    assert [(one["id"], one["amount"]["amount"]) for one in quote["addons"]] == [("backup", "10.20")]
    assert Decimal(quote["amount"]["amount"]) == Decimal(plain["amount"]["amount"]) + Decimal("10.20")
    assert Decimal(quote["list_price"]["amount"]) == Decimal(plain["list_price"]["amount"]) + Decimal("10.20")
    assert quote["discounts"] == plain["discounts"] != []
    world.write(orders.set_auto_renew, world.account, order_id, True, 3)
    world.set_purses(5_000_00, 0)
    left = world.paid_until(order_id) - world.now() - timedelta(days=2)
    world.advance(seconds=int(left.total_seconds()) + 1)
    line = world.rows(
        "SELECT addons, amount_cents, list_cents FROM invoice_lines WHERE order_id = ? ORDER BY id DESC", int(order_id)
    )[0]
    assert line[0] == '[["backup", "Daily backup", 1020, 340]]'
    assert line[2] == int(Decimal(quote["list_price"]["amount"]) * 100)


def test_ord_5_who_is_left_out_and_why(world: World) -> None:
    """BLK-6, ORD-5: each with its reason; a blocked one, one with an open invoice, a dedicated one, one that has it."""
    has, open_one, free = world.free(3)
    world.pay(world.add([has], "backup")["id"])
    invoice = world.renewal(open_one)
    dedicated = world.value("SELECT id FROM orders WHERE kind = 'dedicated' AND open_invoice_id IS NULL LIMIT 1")
    blocked = world.near(1)
    world.advance(hours=2)
    pending = world.buy(("vds-micro", "nl", 1))["orders"][0]["id"]
    wanted = [has, open_one, str(dedicated), pending, "999999", "x"]
    quote = world.write(engine.quote_addons, world.account, wanted, ["backup"])
    why = {one["order_id"]: one for one in quote["excluded"]}
    assert {order_id: one["code"] for order_id, one in why.items()} == {
        has: "addon-there" if has != blocked else "order-blocked",
        open_one: "open-invoice",
        str(dedicated): "addon-other-kind",
        pending: "order-pending",
        "999999": "not-found",
        "x": "not-found",
    }
    assert why[open_one]["related"]["invoice_id"] == invoice["id"]
    assert quote["lines"] == [] and free not in why
    with pytest.raises(RuleBroken) as caught:
        world.write(engine.buy_addons, world.account, quote["id"])
    assert caught.value.refusal.code == "nothing-to-buy"


def test_dsc_8_the_price_holds_while_the_quote_does(world: World) -> None:
    """DSC-8, ORD-5: the period counts from the quote, asked again from the first; another price is refused."""
    first, second, third = world.free(3)
    world.write(shopkeeping.set_price, "addons", "panel", Money("999.00", "EUR"))
    quote = world.write(engine.quote_addons, world.account, [first, second], ["panel"])
    world.advance(seconds=600)
    again = world.write(engine.quote_addons, world.account, [second, first], ["panel", "panel"])
    assert again["total"] == quote["total"]
    assert world.write(engine.quote_addons, world.account, [first], ["panel"])["total"] != quote["lines"][0]["amount"]
    world.advance(seconds=301)
    later = world.write(engine.quote_addons, world.account, [first, second], ["panel"])
    assert Decimal(later["total"]["amount"]) < Decimal(quote["total"]["amount"])
    invoice = world.write(engine.buy_addons, world.account, again["id"])
    assert invoice["total"] == quote["total"]
    quote = world.write(engine.quote_addons, world.account, [third], ["panel"])
    with pytest.raises(PriceChanged):
        world.write(engine.buy_addons, world.account, quote["id"], Money("0.01", "EUR"))
    world.write(shopkeeping.set_price, "addons", "panel", Money("12.00", "EUR"))
    with pytest.raises(PriceChanged) as caught:
        world.write(engine.buy_addons, world.account, quote["id"])
    assert caught.value.refusal.code == "price-changed"
    quote = world.write(engine.quote_addons, world.account, [third], ["panel"])
    world.pay(world.renewal(third)["id"])
    with pytest.raises(PriceChanged):
        world.write(engine.buy_addons, world.account, quote["id"])
    world.renewal(third)
    quote_ids = [quote["id"]]
    with pytest.raises(RuleBroken) as refused:
        world.write(engine.buy_addons, world.account, quote_ids[0])
    assert refused.value.refusal.code == "open-invoice"


def test_inv_5_deleting_the_invoice_adds_nothing(world: World) -> None:
    """INV-5."""
    (order_id,) = world.free(1)
    invoice = world.add([order_id], "backup")
    world.write(invoices.delete_invoice, world.account, invoice["id"])
    assert (world.order(order_id)["addons"], world.order(order_id)["unpaid_invoice_id"]) == ([], None)
    world.pay(world.add([order_id], "backup")["id"])
    assert [one["id"] for one in world.order(order_id)["addons"]] == ["backup"]


def test_prm_4_add_ons_cannot_be_promised(world: World) -> None:
    """PRM-4."""
    order_id = world.near(10)
    invoice = world.add([order_id], "backup")
    with pytest.raises(RuleBroken) as caught:
        world.pay(invoice["id"], "promise")
    assert caught.value.refusal.code == "promise-renewal-only"


def test_what_cannot_be_asked_for(world: World) -> None:
    """BLK-7, and an add-on that does not exist."""
    with pytest.raises(InvalidInput) as caught:
        world.write(engine.quote_addons, world.account, world.free(1), ["gold"])
    assert list(caught.value.fields) == ["addons"]
    with pytest.raises(RuleBroken) as refused:
        world.write(engine.quote_addons, world.account, [str(one) for one in range(1_001)], ["backup"])
    assert refused.value.refusal.rule == "BLK-7"
