"""Buying new servers: stock, names, orders and invoice in one transaction (BLK, ORD-1, ORD-3, INV-5, DSC-8)."""

from __future__ import annotations

import time
from decimal import Decimal
from typing import Any

import pytest

from billtui.domain.money import Money
from billtui.domain.periods import add_months
from billtui.domain.refusal import RuleBroken
from billtui.sandbox.engine import catalogue, invoices, new_orders, payments, shopkeeping
from billtui.sandbox.engine.errors import InvalidInput, NotFound, PriceChanged
from tests.support.engine import SECOND, World

NL = ("vds-micro", "nl", 3)
DE = ("vds-small", "de", 2)


def refusal(world: World, quote_id: str, expected: Money | None = None) -> RuleBroken:
    """Why a quote is not bought now; and nothing at all happened."""
    before = world.rows("SELECT count(*), max(id) FROM orders"), world.rows("SELECT * FROM stock")
    invoices_before = world.rows("SELECT count(*), max(number) FROM invoices")
    with pytest.raises(RuleBroken) as caught:
        world.write(new_orders.buy_orders, world.account, quote_id, expected)
    assert before == (world.rows("SELECT count(*), max(id) FROM orders"), world.rows("SELECT * FROM stock"))
    assert invoices_before == world.rows("SELECT count(*), max(number) FROM invoices")
    return caught.value


def test_blk_1_one_invoice_with_a_line_for_each_server(world: World) -> None:
    """BLK-1, BLK-3, INV-10: pending, named, with all add-ons, in the order of the lines."""
    left = world.stock("vds-micro", "nl"), world.stock("vds-small", "de")
    quote = world.quote(NL, DE, period=3, addons=("backup",), names="web-{loc}-{n:02}")
    assert [(line["plan"], line["location"], line["quantity"]) for line in quote["lines"]] == [NL, DE]
    assert quote["lines"][0]["names"] == ["web-nl-01", "web-nl-02", "web-nl-03"]
    first = quote["lines"][0]
    # 10 or more services: 5 %. 17.70 − 5 % = 16.815, and the add-on 10.20 without discount.
    assert (first["unit_amount"]["amount"], first["amount"]["amount"]) == ("27.02", "81.06")
    assert (first["list_price"]["amount"], first["addons"][0]["amount"]["amount"]) == ("83.70", "30.60")
    bought = world.write(new_orders.buy_orders, world.account, quote["id"])
    invoice, orders = bought["invoice"], bought["orders"]
    assert (invoice["kind"], invoice["state"], invoice["total"]) == ("new-order", "unpaid", quote["total"])
    assert [line["order_id"] for line in invoice["lines"]] == [order["id"] for order in orders]
    assert {line["amount"]["amount"] for line in invoice["lines"][:3]} == {"27.02"}
    assert [order["name"] for order in orders] == ["web-nl-01", "web-nl-02", "web-nl-03", "web-de-01", "web-de-02"]
    for order in orders:
        assert (order["state"], order["address"], order["paid_until"]) == ("pending", None, None)
        assert order["unpaid_invoice_id"] == invoice["id"]
        assert [one["id"] for one in order["addons"]] == ["backup"]
    assert (world.stock("vds-micro", "nl"), world.stock("vds-small", "de")) == (left[0] - 3, left[1] - 2)


def test_ord_1_paying_activates_all_at_that_second(world: World) -> None:
    """ORD-1, DSC-1, REN-3, REN-4: the period and the length of use begin when the invoice is paid."""
    bought = world.buy(NL, DE, period=3, auto_on=True, auto_months=6)
    world.advance(hours=30)
    running = world.value("SELECT count(*) FROM orders WHERE account_id = ? AND state = 'active'", world.account)
    world.set_purses(9_000_00, 0)
    world.pay(bought["invoice"]["id"])
    begin = world.now().replace(microsecond=0)
    addresses = set()
    for one in bought["orders"]:
        order = world.order(one["id"])
        assert (order["state"], order["power"], order["unpaid_invoice_id"]) == ("active", "running", None)
        assert world.paid_until(one["id"]) == add_months(begin, 3, begin.day)
        assert order["in_use_since"] is not None and order["in_use_since"].startswith(begin.isoformat()[:19])
        assert order["auto_renew"] == {"on": True, "months": 6}
        assert order["auto_renew_since"] is not None
        addresses.add(order["address"])
    assert len(addresses) == 5 and None not in addresses
    taken = {row[0] for row in world.rows("SELECT address FROM orders WHERE id < ?", int(bought["orders"][0]["id"]))}
    assert not addresses & taken
    now = world.value("SELECT count(*) FROM orders WHERE account_id = ? AND state = 'active'", world.account)
    assert now == running + 5
    world.advance(days=95)  # REN-4: auto-renewal by six months, paid from the purse
    assert world.paid_until(bought["orders"][0]["id"]) == add_months(begin, 9, begin.day)


def test_blk_2_all_locations(world: World) -> None:
    """BLK-2, BLK-6: every location is in or left out; bought as quoted, also when more is there by now."""
    world.set_stock("vds-micro", "se", 2)
    quote = world.quote(plan="vds-micro", quantity=3)
    everywhere = [one["id"] for one in world.read(catalogue.locations)]
    kept = [line["location"] for line in quote["lines"]]
    why = {one["location"]: one for one in quote["excluded"]}
    assert sorted([*map(str, kept), *why]) == sorted(everywhere)
    assert {place: why[place]["code"] for place in ("ch", "hk", "jp", "se")} == {
        "ch": "not-sold-there",
        "hk": "not-sold-there",
        "jp": "out-of-stock",
        "se": "out-of-stock",
    }
    assert why["se"]["related"] == {"plan": "vds-micro", "location": "se", "available": "2"}
    assert {line["quantity"] for line in quote["lines"]} == {3}
    world.set_stock("vds-micro", "se", 50)
    bought = world.write(new_orders.buy_orders, world.account, quote["id"])
    assert len(bought["orders"]) == 3 * len(kept) == bought["invoice"]["line_count"]
    assert {order["location"] for order in bought["orders"]} == set(kept)


def test_blk_6_stock_that_runs_out_between(world: World) -> None:
    """BLK-6: refused with the cell and how many are left; nothing is bought."""
    quote = world.quote(NL, DE)
    world.set_stock("vds-small", "de", 1)
    why = refusal(world, quote["id"]).refusal
    assert (why.code, why.rule) == ("out-of-stock", "BLK-2")
    assert why.related == {"plan": "vds-small", "location": "de", "available": "1"}
    world.set_stock("vds-small", "de", 2)
    assert len(world.write(new_orders.buy_orders, world.account, quote["id"])["orders"]) == 5


def test_dsc_8_a_price_that_changes_between(world: World) -> None:
    """DSC-8: of a plan or an add-on; orders that there are keep theirs."""
    old = world.buy(NL)
    quote = world.quote(NL, addons=("backup",))
    world.write(shopkeeping.set_price, "addons", "backup", Money("3.50", "EUR"))
    error = refusal(world, quote["id"])
    assert isinstance(error, PriceChanged)
    assert (error.refusal.code, error.actual) == ("price-changed", Money("27.33", "EUR"))
    assert "27.03 EUR" in error.refusal.reason and "27.33 EUR" in error.refusal.reason
    quote = world.quote(NL)
    world.write(shopkeeping.set_price, "plans", "vds-micro", Money("4.90", "EUR"))
    assert refusal(world, quote["id"]).refusal.code == "price-changed"  # cheaper, and still not silently
    assert world.order(old["orders"][0]["id"])["monthly_price"]["amount"] == "5.90"
    new = world.buy(NL)
    assert world.order(new["orders"][0]["id"])["monthly_price"]["amount"] == "4.90"
    wrong = refusal(world, world.quote(NL)["id"], Money("1.00", "EUR"))
    assert isinstance(wrong, PriceChanged)


def test_dsc_8_the_count_discount_moves_between(world: World) -> None:
    """DSC-5, DSC-8: fewer services than when it was quoted is another price."""
    other = World(world.database, world.time, SECOND, world.file)
    active = other.value("SELECT count(*) FROM orders WHERE account_id = ? AND state = 'active'", SECOND)
    assert active == 5
    quote = other.quote(("vds-micro", "nl", 5))  # 5 + 5: 5 %
    assert [one["percent"] for one in quote["lines"][0]["discounts"]] == ["5"]
    one_less = other.value("SELECT id FROM orders WHERE account_id = ? AND state = 'active' LIMIT 1", SECOND)
    other.write(lambda tx: setattr(tx.orders.need(one_less), "state", "blocked"))
    assert refusal(other, quote["id"]).refusal.code == "price-changed"
    other.write(lambda tx: setattr(tx.orders.need(one_less), "state", "active"))


def test_names_are_free_and_stay_as_shown(world: World) -> None:
    """BLK-1: names of the account's servers are passed over; a name taken meanwhile is refused with the free one."""
    world.buy(NL, names="web-{n}")
    quote = world.quote(NL, names="web-{n}")
    assert quote["lines"][0]["names"] == ["web-4", "web-5", "web-6"]
    world.buy(("vds-micro", "nl", 1), names="web-5")
    why = refusal(world, quote["id"]).refusal
    assert (why.code, why.related["name"], why.related["free_name"]) == ("names-changed", "web-5", "web-6")
    fixed = world.quote(("vds-micro", "nl", 1), names="mail")
    world.buy(("vds-micro", "nl", 1), names="mail")
    assert refusal(world, fixed["id"]).refusal.code == "names-changed"
    own = world.quote(("vds-micro", "nl", 2))["lines"][0]["names"]
    assert own == ["vds-micro-nl-01", "vds-micro-nl-02"]
    other = World(world.database, world.time, SECOND, world.file)
    assert other.quote(("vds-micro", "nl", 1), names="mail")["lines"][0]["names"] == ["mail"]


@pytest.mark.parametrize("pattern", ["solo ", " solo", "solo"])
def test_blanks_around_a_pattern_hide_no_name(world: World, pattern: str) -> None:
    """BLK-1: they are not part of the name, so they do not make it another one."""
    world.buy(("vds-micro", "nl", 1), names=pattern)
    with pytest.raises(InvalidInput, match="There is a server called “solo” already"):
        world.quote(("vds-micro", "nl", 1), names=pattern)


def test_names_of_servers_that_are_gone_are_free_again(world: World) -> None:
    """INV-5."""
    bought = world.buy(NL, names="gone-{n}")
    world.write(invoices.delete_invoice, world.account, bought["invoice"]["id"])
    assert world.quote(NL, names="gone-{n}")["lines"][0]["names"] == ["gone-1", "gone-2", "gone-3"]


def test_inv_5_deleting_the_invoice_gives_all_back(world: World) -> None:
    """INV-5, ORD-1: cancelled, and in stock again."""
    left = world.stock("vds-micro", "nl")
    bought = world.buy(NL)
    world.write(invoices.delete_invoice, world.account, bought["invoice"]["id"])
    assert {world.order(one["id"])["state"] for one in bought["orders"]} == {"cancelled"}
    assert world.stock("vds-micro", "nl") == left


def test_ord_3_unpaid_for_seven_days(world: World) -> None:
    """ORD-3: cancelled with the invoice, told in one mail, and in stock again. A late payment is credited (INV-11)."""
    left = world.stock("vds-micro", "nl")
    bought = world.buy(NL)
    payment = world.pay(bought["invoice"]["id"], "card")
    world.advance(days=6, hours=23)
    assert world.order(bought["orders"][0]["id"])["state"] == "pending"
    mails = world.value("SELECT count(*) FROM mails")
    world.advance(hours=2)
    assert {world.order(one["id"])["state"] for one in bought["orders"]} == {"cancelled"}
    assert world.invoice(bought["invoice"]["id"])["state"] == "deleted"
    assert world.stock("vds-micro", "nl") == left
    told = world.rows("SELECT event FROM mails WHERE id > ? AND invoice_id = ?", mails, int(bought["invoice"]["id"]))
    assert told == [("invoice-deleted",)]
    assert world.write(payments.settle, payment["id"])["outcome"] == "credited"


def test_ord_2_a_deleted_server_is_in_stock_again(world: World) -> None:
    """ORD-2: not while it is blocked, when it can still be renewed."""
    place = ("vds-xlarge", "uk")
    assert world.value("SELECT count(*) FROM orders WHERE plan = ? AND location = ?", *place) == 0
    left = world.stock(*place)
    bought = world.buy((*place, 1))
    world.pay(bought["invoice"]["id"])
    world.advance(days=32)
    assert (world.order(bought["orders"][0]["id"])["state"], world.stock(*place)) == ("blocked", left - 1)
    world.advance(days=7)
    assert (world.order(bought["orders"][0]["id"])["state"], world.stock(*place)) == ("deleted", left)


def test_a_quote_is_bought_once_by_its_owner_in_time(world: World) -> None:
    """DSC-8, BLK-6."""
    quote = world.quote(NL)
    other = World(world.database, world.time, SECOND, world.file)
    with pytest.raises(NotFound):
        other.write(new_orders.buy_orders, SECOND, quote["id"])
    bought = world.write(new_orders.buy_orders, world.account, quote["id"])
    again = refusal(world, quote["id"]).refusal
    assert (again.code, again.related) == ("quote-used", {"invoice_id": bought["invoice"]["id"]})
    late = world.quote(NL)
    world.advance(seconds=900)
    assert refusal(world, late["id"]).refusal.code == "quote-expired"
    nothing = world.quote(("vds-micro", "hk", 1))
    assert (nothing["lines"], nothing["total"]["amount"]) == ([], "0.00")
    assert refusal(world, nothing["id"]).refusal.code == "nothing-to-buy"


@pytest.mark.parametrize(
    ("wish", "field"),
    [
        ({"period": 2}, "period"),
        ({"auto_on": True, "auto_months": 5}, "auto_renew.months"),
        ({"plan": "vds-tera"}, "plan"),
        ({"addons": ("backup", "gold")}, "addons"),
        ({"names": "x-{what}"}, "names"),
        ({"names": "always-the-same"}, "names"),
        ({"promo_code": "NOSUCH"}, "promo_code"),
    ],
)
def test_what_cannot_be_asked_for_says_where(world: World, wish: dict[str, Any], field: str) -> None:
    """The field of the request, in words."""
    with pytest.raises(InvalidInput) as caught:
        world.quote(NL, **wish)
    assert list(caught.value.fields) == [field]


def test_blk_7_a_thousand_and_not_one_more(world: World) -> None:
    """BLK-7, BLK-1: 1,000 on one invoice, fast; 1,001 are refused."""
    world.set_stock("vds-micro", "nl", 5_000)
    world.set_stock("vds-small", "de", 5_000)
    cells = (("vds-micro", "nl", 600), ("vds-small", "de", 400))
    with pytest.raises(RuleBroken) as caught:
        world.quote(*cells, ("vds-micro", "fr", 1))
    assert (caught.value.refusal.code, caught.value.refusal.rule) == ("bulk-limit", "BLK-7")
    begin = time.process_time()
    quote = world.quote(*cells, addons=("backup",), names="w-{loc}-{n:04}")
    quoted = time.process_time()
    bought = world.write(new_orders.buy_orders, world.account, quote["id"])
    done = time.process_time()
    assert len(bought["orders"]) == bought["invoice"]["line_count"] == 1_000
    assert len({one["name"] for one in bought["orders"]}) == 1_000
    total = sum(Decimal(line["amount"]["amount"]) for line in bought["invoice"]["lines"])
    assert f"{total:.2f}" == quote["total"]["amount"] == bought["invoice"]["total"]["amount"]
    assert (quoted - begin, done - quoted) < (0.3, 1.0), "the time of the processor, in seconds"
    told = world.value("SELECT count(*) FROM changes WHERE kind = 'order' AND change = 'created'")
    assert told == 1_000


def test_blk_7_all_locations_counts_what_can_be_had(world: World) -> None:
    """BLK-7: 120 in each of 13 locations are too many, 60 are not, whatever is sold out."""
    for place in ("nl", "de", "uk", "fr", "se", "pl", "ch", "us-east", "us-west", "ca", "sg", "hk", "jp"):
        world.set_stock("vds-nano", place, 500)
    with pytest.raises(RuleBroken):
        world.quote(plan="vds-nano", quantity=120)
    assert len(world.quote(plan="vds-nano", quantity=60)["lines"]) == 13
    for place in ("nl", "de", "uk", "fr", "se", "pl"):
        world.set_stock("vds-nano", place, 10)
    assert len(world.quote(plan="vds-nano", quantity=120)["lines"]) == 7


def test_combined_and_split_keep_the_parts(world: World) -> None:
    """INV-6, INV-7, ORD-1: a new-order invoice combined with a renewal activates when the whole is paid."""
    bought = world.buy(NL, addons=("backup",))
    renewal = world.renewal(world.free(1)[0])
    parts = [bought["invoice"]["id"], renewal["id"]]
    whole = world.write(invoices.combine, world.account, parts)
    assert [len(line["addons"]) for line in whole["lines"]] == [1, 1, 1, 0]
    back = world.write(invoices.split, world.account, whole["id"])
    assert [one["state"] for one in back] == ["unpaid", "unpaid"]
    whole = world.write(invoices.combine, world.account, parts)
    assert whole["kind"] == "mixed"
    world.pay(whole["id"])
    assert {world.order(one["id"])["state"] for one in bought["orders"]} == {"active"}
    assert [one["id"] for one in world.order(bought["orders"][0]["id"])["addons"]] == ["backup"]


def test_ord_3_a_combined_invoice_goes_with_its_pending_orders(world: World) -> None:
    """ORD-3, INV-12: the other orders on it are free again."""
    left = world.stock("vds-micro", "nl")
    bought = world.buy(NL)
    order_id = world.free(1, more_than_days=12)[0]
    renewal = world.renewal(order_id)
    whole = world.write(invoices.combine, world.account, [bought["invoice"]["id"], renewal["id"]])
    world.advance(days=7, seconds=1)
    assert world.invoice(whole["id"])["state"] == "deleted"
    assert {world.order(one["id"])["state"] for one in bought["orders"]} == {"cancelled"}
    assert world.order(order_id)["unpaid_invoice_id"] is None
    assert world.stock("vds-micro", "nl") == left
