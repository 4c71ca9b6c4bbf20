"""Promo codes in the panel: one purchase is one use, and it comes back when nobody pays (DSC-6, DSC-7)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from functools import partial
from typing import Any

import pytest

from billtui.domain.refusal import RuleBroken
from billtui.sandbox.engine import invoices, new_orders, quotes, shopkeeping
from billtui.sandbox.engine.errors import InvalidInput
from billtui.sandbox.engine.shopkeeping import PromoCode
from billtui.sandbox.engine.wire import InvoiceJSON
from billtui.sandbox.engine.wire_quotes import QuoteJSON
from tests.support.engine import SECOND, START, World

CELL = ("vds-micro", "nl", 2)
CODE = PromoCode("TRY30", Decimal(30))


def uses(world: World, code: str = "TRY30") -> int:
    return next(one["uses"] for one in world.read(shopkeeping.shown)["promo_codes"] if one["code"] == code)


def set_code(world: World, **terms: Any) -> None:
    world.write(shopkeeping.set_promo_code, replace(CODE, **terms))


def code_of(work: Callable[[], Any]) -> tuple[str, str]:
    with pytest.raises(RuleBroken) as caught:
        work()
    return caught.value.refusal.code, caught.value.refusal.rule


def test_dsc_6_one_purchase_is_one_use(world: World) -> None:
    """DSC-6, DSC-7: however many servers; the quote counts nothing, and carries the terms."""
    set_code(world, max_uses=2)
    quote = world.quote(CELL, ("vds-small", "de", 1), promo_code=" try30 ")
    assert (quote["promo_code"], uses(world)) == ("TRY30", 0)
    assert quote["promo"] is not None
    assert (quote["promo"]["percent"], quote["promo"]["uses_left"]) == ("30", 2)
    assert [[one["name"] for one in line["discounts"]] for line in quote["lines"]] == [["promo code TRY30"]] * 2
    assert quote["lines"][0]["unit_amount"]["amount"] == "4.13"  # 5.90 − 30 %
    world.write(new_orders.buy_orders, world.account, quote["id"])
    assert uses(world) == 1


@pytest.mark.parametrize(
    ("terms", "code"),
    [
        ({"starts_at": START + timedelta(days=1)}, "promo-not-started"),
        ({"ends_at": START - timedelta(days=1)}, "promo-expired"),
        ({"max_uses": 0}, "promo-used-up"),
        ({"periods": (12,)}, "promo-wrong-period"),
        ({"plans": ("vds-large",)}, "promo-wrong-plan"),
        ({"locations": ("de",)}, "promo-wrong-location"),
        ({"min_quantity": 3}, "promo-too-few"),
    ],
)
def test_dsc_6_a_failed_condition_refuses_the_quote(world: World, terms: dict[str, Any], code: str) -> None:
    """DSC-6: and when it fails only later, the purchase; nothing is bought."""
    set_code(world, **terms)
    assert code_of(lambda: world.quote(CELL, promo_code="TRY30")) == (code, "DSC-6")
    set_code(world)
    quote = world.quote(CELL, promo_code="TRY30")
    set_code(world, **terms)
    left = world.stock("vds-micro", "nl")
    assert code_of(lambda: world.write(new_orders.buy_orders, world.account, quote["id"])) == (code, "DSC-6")
    assert (world.stock("vds-micro", "nl"), uses(world)) == (left, 0)


def test_dsc_6_other_terms_are_another_price(world: World) -> None:
    """DSC-8."""
    set_code(world)
    quote = world.quote(CELL, promo_code="TRY30")
    set_code(world, percent=Decimal(20))
    buy = world.write
    assert code_of(lambda: buy(new_orders.buy_orders, world.account, quote["id"])) == ("price-changed", "DSC-8")


def test_dsc_6_the_use_is_given_back_with_the_invoice(world: World) -> None:
    """DSC-6, INV-5, ORD-3: deleted, or unpaid for 7 days; not when it is paid."""
    set_code(world, max_uses=1, once_per_account=True)
    bought = world.buy(CELL, promo_code="TRY30")
    assert code_of(lambda: world.quote(CELL, promo_code="TRY30"))[0] == "promo-used-by-account"
    world.write(invoices.delete_invoice, world.account, bought["invoice"]["id"])
    assert uses(world) == 0
    world.buy(CELL, promo_code="TRY30")
    assert uses(world) == 1
    world.advance(days=7, seconds=1)
    assert uses(world) == 0
    bought = world.buy(CELL, promo_code="TRY30")
    world.pay(bought["invoice"]["id"])
    world.advance(days=60)
    assert uses(world) == 1
    other = World(world.database, world.time, SECOND, world.file)
    assert code_of(lambda: other.quote(CELL, promo_code="TRY30"))[0] == "promo-used-up"


def test_dsc_6_a_use_survives_combining_and_splitting(world: World) -> None:
    """INV-6, INV-7: the use belongs to the purchase; it goes back when the whole goes unpaid."""
    set_code(world, max_uses=5)
    bought = world.buy(CELL, promo_code="TRY30")
    other = world.renewal(world.free(1, more_than_days=12)[0])
    whole = world.write(invoices.combine, world.account, [bought["invoice"]["id"], other["id"]])
    world.write(invoices.split, world.account, whole["id"])
    assert uses(world) == 1
    whole = world.write(invoices.combine, world.account, [bought["invoice"]["id"], other["id"]])
    third = world.renewal(world.free(1, more_than_days=12)[0])
    world.write(invoices.combine, world.account, [whole["id"], third["id"]])
    assert uses(world) == 1
    world.advance(days=7, seconds=1)
    assert uses(world) == 0


def test_dsc_7_a_code_that_no_line_takes_is_not_used(world: World) -> None:
    """DSC-7: with 10 or more services 5 % are there anyway; a code of 5 % spends no use."""
    set_code(world, percent=Decimal(5), max_uses=1)
    bought = world.buy(CELL, promo_code="TRY30")
    assert [one["name"] for one in bought["invoice"]["lines"][0]["discounts"]] == ["10 or more services"]
    assert uses(world) == 0


def test_dsc_6_renewals(world: World) -> None:
    """DSC-6, DSC-7: only if the code says so; for the orders of its plans and locations; one use."""
    order_ids = world.free(6)
    plan = world.order(order_ids[0])["plan"]
    covered = [one for one in order_ids if world.order(one)["plan"] == plan]
    assert 0 < len(covered) < 6

    def quote() -> QuoteJSON:
        return world.write(quotes.quote_renewal, world.account, order_ids, 1, "TRY30")

    def renew(quoted: QuoteJSON) -> InvoiceJSON:
        return world.write(quotes.renew, world.account, quoted["id"])

    set_code(world)
    assert code_of(quote)[0] == "promo-not-for-renewals"
    set_code(world, renewals=True, plans=(plan,), max_uses=1)
    quoted = quote()
    taken = [line["order_id"] for line in quoted["lines"] if line["discounts"][0]["name"] == "promo code TRY30"]
    assert taken == covered
    invoice = renew(quoted)
    assert uses(world) == 1
    world.write(invoices.delete_invoice, world.account, invoice["id"])
    assert uses(world) == 0
    quoted = quote()
    set_code(world, renewals=False)
    assert code_of(lambda: renew(quoted))[0] == "promo-not-for-renewals"


def test_dsc_6_the_seed_has_codes_of_every_sort(world: World) -> None:
    """Told to the first client by mail; each does what the mail says."""
    (body,) = world.rows("SELECT body FROM mails WHERE event = 'promo-codes' AND account_id = ?", world.account)[0]
    known = {one["code"] for one in world.read(shopkeeping.shown)["promo_codes"]}
    assert len(known) == 11 and all(code in body for code in known)
    expected = {
        "SUMMER25": "promo-expired",
        "WINTER30": "promo-not-started",
        "SOLDOUT50": "promo-used-up",
        "EPYC10": "promo-wrong-plan",
        "NORTH12": "promo-wrong-location",
        "YEAR20": "promo-wrong-period",
        "FLEET25": "promo-too-few",
    }
    for code, why in expected.items():
        assert code_of(partial(world.quote, CELL, promo_code=code)) == (why, "DSC-6"), code
    for code in known - set(expected):
        names = [one["name"] for one in world.quote(CELL, promo_code=code)["lines"][0]["discounts"]]
        assert names == [f"promo code {code}"]
    fleet = world.quote(("vds-micro", "nl", 5), ("vds-small", "de", 5), ("vds-large", "de", 1), promo_code="FLEET25")
    assert [line["discounts"][0]["percent"] for line in fleet["lines"]] == ["25", "25", "5"]
    assert world.quote(CELL, period=12, promo_code="YEAR20")["lines"]


def test_fewer_uses_than_there_were_cannot_be_set(world: World) -> None:
    """DSC-6: the shopkeeper is told."""
    set_code(world)
    world.buy(CELL, promo_code="TRY30")
    with pytest.raises(InvalidInput):
        set_code(world, max_uses=0)
    set_code(world, max_uses=1)
