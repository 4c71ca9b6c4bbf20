"""Quotes and renewals (REN, BLK, DSC-8), and orders themselves (ORD-4, ORD-7)."""

from __future__ import annotations

from decimal import Decimal

import pytest

from billtui.domain.money import Money
from billtui.domain.refusal import RuleBroken
from billtui.sandbox.engine import orders, quotes
from billtui.sandbox.engine.errors import InvalidInput, NotFound, PriceChanged, VersionMismatch
from billtui.sandbox.engine.paging import ListQuery
from billtui.sandbox.engine.wire import OrderJSON
from billtui.sandbox.engine.wire_quotes import QuoteJSON
from tests.support.engine import SECOND, World


def quote(world: World, *order_ids: str, months: int = 1) -> QuoteJSON:
    return world.write(lambda tx: quotes.quote_renewal(tx, world.account, order_ids, months))


def renew(world: World, quote_id: str, expected: Money | None = None) -> str:
    return world.write(lambda tx: quotes.renew(tx, world.account, quote_id, expected))["id"]


def act(world: World, order_id: str, action: str, confirm: str | None = None) -> OrderJSON:
    return world.write(lambda tx: orders.act(tx, world.account, order_id, action, confirm))


def test_quote_explains_every_amount(world: World) -> None:
    """DSC-1 … DSC-3, DSC-8, INV-10: list price, discounts by name that add up, the amount, the new end."""
    order_id = str(
        world.value("SELECT id FROM orders WHERE account_id = ? AND plan = 'vds-medium' AND id = 4", world.account)
    )
    made = quote(world, order_id, months=3)
    (line,) = made["lines"]
    # In use for over 24 months: 10 %; ten or more VDS: 5 %. 3 × 18.90 = 56.70, less 15 % = 48.195, half up.
    assert [(one["percent"]) for one in line["discounts"]] == ["10", "5"]
    assert line["list_price"]["amount"] == "56.70"
    assert line["amount"]["amount"] == made["total"]["amount"] == "48.20"
    assert world.order(order_id)["discount_percent"] == "15"  # ORD-7


def test_individual_price_has_no_discount(world: World) -> None:
    """DSC-4."""
    order_id = str(world.value("SELECT id FROM orders WHERE individual_price = 1"))
    (line,) = quote(world, order_id)["lines"]
    assert line["discounts"] == [] and line["amount"] == line["list_price"]


def test_bulk_renewal_is_one_invoice(world: World) -> None:
    """BLK-4, INV-10: one invoice with a line per order; its total is the sum of the lines."""
    ids = world.free(5)
    made = quote(world, *ids, months=6)
    invoice = world.invoice(renew(world, made["id"], Money(made["total"]["amount"], "EUR")))
    assert [line["order_id"] for line in invoice["lines"]] == ids
    assert Decimal(invoice["total"]["amount"]) == sum(Decimal(line["amount"]["amount"]) for line in invoice["lines"])


def test_what_is_left_out_says_why(world: World) -> None:
    """BLK-5, BLK-6, REN-2, ORD-1: open invoice named, pending, unknown and foreign ids."""
    free = world.free(1)[0]
    billed, invoice_id = world.rows(
        "SELECT id, open_invoice_id FROM orders WHERE account_id = ? AND open_invoice_id IS NOT NULL"
        " AND state = 'active' LIMIT 1",
        world.account,
    )[0]
    pending = world.value("SELECT id FROM orders WHERE state = 'pending'")
    foreign = world.value("SELECT id FROM orders WHERE account_id = ? LIMIT 1", SECOND)
    made = quote(world, free, str(billed), str(pending), str(foreign), "nonsense")
    assert [line["order_id"] for line in made["lines"]] == [free]
    left_out = {one["order_id"]: one for one in made["excluded"]}
    assert left_out[str(billed)]["code"] == "open-invoice"
    assert left_out[str(billed)]["related"]["invoice_id"] == str(invoice_id)
    number = world.value("SELECT number FROM invoices WHERE id = ?", invoice_id)
    assert number != invoice_id, "else it is not seen which of both is told"
    assert left_out[str(billed)]["reason"].startswith(f"Invoice {number} still bills ")
    assert left_out[str(pending)]["code"] == "order-pending"
    assert left_out[str(foreign)]["code"] == left_out["nonsense"]["code"] == "not-found"


def test_nothing_to_buy(world: World) -> None:
    """BLK-6: a quote with nothing in it is answered; buying it is refused."""
    made = quote(world, "nonsense")
    assert made["lines"] == [] and made["total"]["amount"] == "0.00"
    with pytest.raises(RuleBroken) as refused:
        renew(world, made["id"])
    assert refused.value.refusal.code == "nothing-to-buy"


def test_an_order_that_was_billed_meanwhile_stops_the_purchase(world: World) -> None:
    """BLK-6: every line or nothing at all; REN-2 names the invoice."""
    one, two = world.free(2)
    made = quote(world, one, two)
    other = world.renewal(two)
    with pytest.raises(RuleBroken) as refused:
        renew(world, made["id"])
    assert refused.value.refusal.related["invoice_id"] == other["id"]
    assert world.order(one)["unpaid_invoice_id"] is None


def test_a_quote_is_bought_once(world: World) -> None:
    """DSC-8, REN-2."""
    made = quote(world, world.free(1)[0])
    invoice_id = renew(world, made["id"])
    with pytest.raises(RuleBroken) as refused:
        renew(world, made["id"])
    assert refused.value.refusal.related["invoice_id"] == invoice_id


def test_a_quote_lives_15_minutes(world: World) -> None:
    """DSC-8."""
    made = quote(world, world.free(1)[0])
    world.advance(seconds=15 * 60 - 1)
    other = quote(world, world.free(2)[1])
    world.advance(seconds=1)
    with pytest.raises(RuleBroken) as refused:
        renew(world, made["id"])
    assert refused.value.refusal.code == "quote-expired"
    renew(world, other["id"])


def test_a_changed_price_is_never_taken_silently(world: World) -> None:
    """DSC-1, DSC-8: length of use passes a tier between quote and purchase; nothing is issued."""
    order_id = world.free(1)[0]
    made = quote(world, order_id)
    with world.database.write() as tx:
        tx.orders.need(int(order_id)).monthly_cents += 100
    with pytest.raises(PriceChanged) as refused:
        renew(world, made["id"])
    assert refused.value.actual > Money(made["total"]["amount"], "EUR")
    assert world.order(order_id)["unpaid_invoice_id"] is None
    with pytest.raises(PriceChanged):
        renew(world, quote(world, order_id)["id"], Money("0.01", "EUR"))


def test_a_quote_is_bound_to_its_content(world: World) -> None:
    """DSC-8: the end it leads to has changed, though the price has not."""
    order_id = world.free(1)[0]
    made = quote(world, order_id)
    world.pay(world.renewal(order_id)["id"])
    with pytest.raises(PriceChanged):
        renew(world, made["id"])


def test_limits_of_a_quote(world: World) -> None:
    """BLK-7, REN-3, DSC-6: at most 1,000; periods on sale only; an unknown code is said to be unknown."""
    with pytest.raises(RuleBroken) as refused:
        quote(world, *(str(number) for number in range(1_001)))
    assert refused.value.refusal.rule == "BLK-7"
    for months in (0, 2, -1, 25):
        with pytest.raises(InvalidInput) as bad:
            quote(world, "1", months=months)
        assert "period" in bad.value.fields
    assert (quote(world)["lines"], quote(world)["total"]["amount"]) == ([], "0.00")
    with pytest.raises(InvalidInput):
        world.write(lambda tx: quotes.quote_renewal(tx, world.account, ["1"], 1, "NO-SUCH-CODE"))
    for unknown in ("no-such-quote", "", "\ud800"):
        with pytest.raises(NotFound):
            renew(world, unknown)


def test_another_accounts_quote_does_not_exist(world: World) -> None:
    """ACC-7."""
    made = quote(world, world.free(1)[0])
    world.account = SECOND
    with pytest.raises(NotFound):
        renew(world, made["id"])


def test_blocked_orders_are_renewed_from_the_old_end(world: World) -> None:
    """REN-3, ORD-2: no free days."""
    order_id = world.near(hours=1)
    before = world.paid_until(order_id)
    world.advance(days=5)
    assert world.order(order_id)["state"] == "blocked"
    world.pay(world.renewal(order_id)["id"])
    assert world.order(order_id)["state"] == "active"
    assert (world.paid_until(order_id) - before).days in (28, 29, 30, 31)


def test_power_actions(world: World) -> None:
    """ORD-4, ORD-1: start, stop, reboot, reset; suspending keeps the paid period running."""
    order_id = world.free(1)[0]
    end = world.paid_until(order_id)
    assert act(world, order_id, "stop")["power"] == "stopped"
    assert act(world, order_id, "start")["power"] == "running"
    assert act(world, order_id, "reboot")["power"] == "running"
    suspended = act(world, order_id, "suspend")
    assert (suspended["state"], suspended["power"]) == ("suspended", "stopped")
    with pytest.raises(RuleBroken) as refused:
        act(world, order_id, "start")
    assert refused.value.refusal.code == "order-suspended"
    assert act(world, order_id, "unsuspend")["state"] == "active"
    assert world.paid_until(order_id) == end
    with pytest.raises(InvalidInput):
        act(world, order_id, "explode")


def test_reinstalling_wants_the_name(world: World) -> None:
    """ORD-4: destructive, so the order's name is typed."""
    order_id = world.free(1)[0]
    for typed in (None, "", "something"):
        with pytest.raises(RuleBroken) as refused:
            act(world, order_id, "reinstall", typed)
        assert refused.value.refusal.rule == "ORD-4"
    assert act(world, order_id, "reinstall", world.order(order_id)["name"])["power"] == "running"


def test_a_blocked_order_can_do_little(world: World) -> None:
    """ORD-2, ORD-7: what is refused says why; renewing, renaming and auto-renewal stay."""
    order_id = str(world.value("SELECT id FROM orders WHERE account_id = ? AND state = 'blocked'", world.account))
    allowed = {one["action"] for one in world.order(order_id)["actions"] if one["allowed"]}
    assert allowed == {"rename", "auto-renew", "renew"}
    with pytest.raises(RuleBroken):
        act(world, order_id, "start")


def test_renaming(world: World) -> None:
    """ORD-4; the name is data: markup and other scripts are kept, control characters and nothing are not taken."""
    order_id = world.free(1)[0]

    def rename(name: str, if_match: int | None = None) -> OrderJSON:
        return world.write(lambda tx: orders.rename(tx, world.account, order_id, name, if_match))

    version = world.order(order_id)["version"]
    assert rename("[/]  сервер ")["name"] == "[/]  сервер"
    assert world.order(order_id)["version"] == version + 1
    with pytest.raises(VersionMismatch):
        rename("late", version)
    for bad in ("", "   ", "x" * 201, "a\x1b[31m", "a\nb"):
        with pytest.raises(InvalidInput):
            rename(bad)
    found = world.read(lambda tx: orders.list_orders(tx, world.account, ListQuery(q="СЕРВЕР")))
    assert [item["id"] for item in found["items"]] == [order_id]


def test_auto_renewal_has_its_own_period(world: World) -> None:
    """REN-5."""
    order_id = world.free(1)[0]
    changed = world.write(lambda tx: orders.set_auto_renew(tx, world.account, order_id, True, 3))
    assert changed["auto_renew"] == {"on": True, "months": 3}
    with pytest.raises(InvalidInput):
        world.write(lambda tx: orders.set_auto_renew(tx, world.account, order_id, True, 2))
