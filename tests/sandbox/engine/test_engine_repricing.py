"""A purchase that is not paid yet, priced anew: same orders, another invoice, stock and codes counted right."""

from __future__ import annotations

from decimal import Decimal

import pytest

from billtui.domain.refusal import RuleBroken
from billtui.sandbox.engine import repricing, shopkeeping
from billtui.sandbox.engine.errors import InvalidInput
from billtui.sandbox.engine.shopkeeping import PromoCode
from tests.support.engine import World

CELL = ("vds-nano", "nl")


def code(world: World, name: str, percent: int, **terms: object) -> None:
    """A promo code of the shop."""
    wanted = PromoCode(code=name, percent=Decimal(percent), **terms)  # type: ignore[arg-type]  # a test's own terms
    world.write(shopkeeping.set_promo_code, wanted)


def uses(world: World, name: str) -> int:
    return int(world.value("SELECT count(*) FROM promo_uses WHERE code = ? AND given_back_at IS NULL", name))


def reprice(world: World, invoice: str, promo: str | None, without: set[int] | None = None) -> str | None:
    found = world.write(repricing.reprice, world.account, int(invoice), promo, without or set())
    return None if found is None else str(found.id)


def test_a_code_later_costs_what_it_would_have_cost_at_once(world: World) -> None:
    code(world, "THIRD", 30)
    left = world.stock(*CELL)
    at_once = world.buy((*CELL, 3), promo_code="THIRD")
    later = world.buy((*CELL, 3))
    assert world.stock(*CELL) == left - 6
    number = reprice(world, later["invoice"]["id"], "THIRD")
    assert number is not None
    invoice = world.invoice(number)
    assert invoice["total"] == at_once["invoice"]["total"]
    assert [line["order_id"] for line in invoice["lines"]] == [order["id"] for order in later["orders"]]
    assert world.invoice(later["invoice"]["id"])["state"] == "deleted"
    assert world.stock(*CELL) == left - 6
    assert uses(world, "THIRD") == 2
    for order in later["orders"]:
        seen = world.order(order["id"])
        assert (seen["state"], seen["unpaid_invoice_id"]) == ("pending", number)
    again = reprice(world, number, None)
    assert again is not None
    assert world.invoice(again)["total"] == later["invoice"]["total"]
    assert uses(world, "THIRD") == 1


def test_without_some_and_without_all(world: World) -> None:
    left = world.stock(*CELL)
    bought = world.buy((*CELL, 3))
    first, second, third = (int(order["id"]) for order in bought["orders"])
    number = reprice(world, bought["invoice"]["id"], None, {second})
    assert number is not None
    assert [line["order_id"] for line in world.invoice(number)["lines"]] == [str(first), str(third)]
    assert world.order(str(second))["state"] == "cancelled"
    assert world.stock(*CELL) == left - 2
    world.set_purses(1_000_00, 0)
    world.pay(number)
    assert {world.order(str(one))["state"] for one in (first, third)} == {"active"}
    other = world.buy((*CELL, 1))
    assert reprice(world, other["invoice"]["id"], None, {int(other["orders"][0]["id"])}) is None
    assert world.stock(*CELL) == left - 2


def test_a_sold_out_place_keeps_what_is_reserved(world: World) -> None:
    code(world, "HALF", 50)
    bought = world.buy((*CELL, 2))
    world.set_stock(*CELL, 0)
    assert reprice(world, bought["invoice"]["id"], "HALF") is not None
    assert world.stock(*CELL) == 0


def test_what_is_refused_leaves_everything_as_it_was(world: World) -> None:
    code(world, "YEARS", 50, periods=(24,))
    bought = world.buy((*CELL, 2))
    number = bought["invoice"]["id"]
    for promo, kind in (("YEARS", RuleBroken), ("NOSUCH", InvalidInput)):
        with pytest.raises(kind):
            reprice(world, number, promo)
        assert world.invoice(number)["state"] == "unpaid"
        assert world.order(bought["orders"][0]["id"])["unpaid_invoice_id"] == number
    world.set_purses(1_000_00, 0)
    world.pay(number)
    with pytest.raises(RuleBroken):
        reprice(world, number, None)


def test_renewals_too_and_add_ons_only_whole(world: World) -> None:
    code(world, "AGAIN", 60, renewals=True)
    one, two, three = world.free(3)
    invoice = world.renewal(one, two)
    number = reprice(world, invoice["id"], "AGAIN", {int(two)})
    assert number is not None
    [line] = world.invoice(number)["lines"]
    assert (line["order_id"], line["discounts"][0]["percent"]) == (one, "60")
    assert world.order(two)["unpaid_invoice_id"] is None
    added = world.add([three], "backup")
    with pytest.raises(RuleBroken):
        reprice(world, added["id"], "AGAIN")
    assert reprice(world, added["id"], None) is None
    assert world.order(three)["unpaid_invoice_id"] is None
