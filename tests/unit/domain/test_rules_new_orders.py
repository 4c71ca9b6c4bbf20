"""New servers: what can be had, and what it costs (BLK-1 to BLK-3, BLK-6, DSC-5, DSC-7, INV-10)."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billtui.domain.money import Money
from billtui.domain.rules import new_orders, quotes
from billtui.domain.rules.discounts import percent_of
from billtui.domain.rules.facts import AddonFacts
from billtui.domain.rules.new_orders import Cell, PlanFacts, Shop
from billtui.domain.rules.promo import PromoFacts
from tests.unit.domain.made_facts import NOW, eur, refused

LOCATIONS = {name: name.upper() for name in ("nl", "de", "uk", "fr", "se", "pl", "ch", "hk")}
SHOP = Shop(
    plans={
        "micro": PlanFacts("micro", "VDS micro", "vds", eur("5.90")),
        "small": PlanFacts("small", "VDS small", "vds", eur("9.90")),
        "large": PlanFacts("large", "VDS large", "vds", eur("34.90")),
        "metal": PlanFacts("metal", "Dedicated", "dedicated", eur("89.00")),
    },
    locations=LOCATIONS,
    stock={(plan, place): 50 for plan in ("micro", "small", "large") for place in LOCATIONS if place != "hk"}
    | {("micro", "se"): 2, ("small", "se"): 0, ("metal", "nl"): 4},
)
BACKUP = AddonFacts("backup", "Daily backup", eur("3.40"))
RAID = AddonFacts("raid", "Hardware RAID", eur("14.00"), "dedicated")

# docs/rules.md holds these numbers: price, months, a code's per cent, servers there are already, quantity, locations;
# one server, a line, the total.
BULK = [
    ("5.90", 1, None, 0, 3, 7, "5.61", "16.83", "117.81"),  # 21 services: 5 %, 5.605
    ("5.90", 1, "15", 0, 3, 7, "5.02", "15.06", "105.42"),  # the code is better: 5.015
    ("9.90", 3, None, 2, 2, 1, "29.70", "59.40", "59.40"),  # 4 services: none
    ("34.90", 12, None, 0, 1, 5, "406.24", "406.24", "2031.20"),  # 5 services: 3 %, 406.236
    ("5.90", 1, "5", 9, 1, 1, "5.61", "5.61", "5.61"),  # a tie: the loyalty stays
]


def chosen(*cells: Cell, addons: tuple[AddonFacts, ...] = ()) -> new_orders.Choice:
    return new_orders.choose(SHOP, cells, addons)


@pytest.mark.parametrize(("price", "months", "code", "there", "quantity", "places", "one", "line", "total"), BULK)
def test_blk_1_the_worked_examples(
    price: str,
    months: int,
    code: str | None,
    there: int,
    quantity: int,
    places: int,
    one: str,
    line: str,
    total: str,
) -> None:
    """BLK-1, BLK-2, DSC-5, DSC-7, INV-10: one server rounded once, times the quantity, times the locations."""
    names = [f"l{number}" for number in range(places)]
    shop = Shop(
        {"p": PlanFacts("p", "P", "vds", eur(price))},
        {name: name for name in names},
        {("p", name): quantity for name in names},
    )
    choice = new_orders.choose(shop, new_orders.everywhere(shop, "p", quantity))
    promo = None if code is None else PromoFacts("C", Decimal(code))
    offer = new_orders.offer_new(shop, choice.kept, months, {"vds": there}, "EUR", NOW, promo=promo)
    assert choice.count == quantity * places
    assert {(found.amount, found.total) for found in offer.lines} == {(eur(one), eur(line))}
    assert offer.total == eur(total)


def test_blk_2_everywhere_is_in_or_left_out_with_the_reason() -> None:
    """BLK-2, BLK-6: every location; what is short is left out whole, and says how many there are."""
    choice = new_orders.choose(SHOP, new_orders.everywhere(SHOP, "micro", 3))
    assert [cell.location for cell in choice.kept] == ["nl", "de", "uk", "fr", "pl", "ch"]
    assert all(cell.quantity == 3 for cell in choice.kept)
    why = {cell.location: refusal for cell, refusal in choice.excluded}
    assert set(why) == {"se", "hk"}
    short = refused(why["se"], "out-of-stock", "BLK-2")
    assert short.related == {"plan": "micro", "location": "se", "available": "2"}
    assert "2" in short.reason
    refused(why["hk"], "not-sold-there", "BLK-2")
    assert (choice.count, choice.left_out) == (18, 6)


@pytest.mark.parametrize(
    ("cell", "code", "rule"),
    [
        (Cell("nano", "nl", 1), "unknown-plan", "BLK-3"),
        (Cell("micro", "mars", 1), "unknown-location", "BLK-3"),
        (Cell("micro", "hk", 1), "not-sold-there", "BLK-2"),
        (Cell("metal", "nl", 1), "addon-other-kind", "ORD-5"),
        (Cell("small", "se", 1), "out-of-stock", "BLK-2"),
        (Cell("micro", "nl", 51), "out-of-stock", "BLK-2"),
    ],
)
def test_blk_3_a_cell_that_cannot_be_had_says_why(cell: Cell, code: str, rule: str) -> None:
    """BLK-3, BLK-6."""
    choice = chosen(cell, addons=(BACKUP,))
    assert choice.kept == ()
    refusal = refused(choice.excluded[0][1], code, rule)
    assert (refusal.related["plan"], refusal.related["location"]) == (cell.plan, cell.location)


def test_blk_3_the_same_cell_twice_is_one() -> None:
    """BLK-3: and its stock is counted once."""
    choice = chosen(Cell("micro", "nl", 30), Cell("small", "nl", 1), Cell("micro", "nl", 20))
    assert choice.kept == (Cell("micro", "nl", 50), Cell("small", "nl", 1))
    assert chosen(Cell("micro", "nl", 30), Cell("micro", "nl", 21)).kept == ()


def test_dsc_5_each_kind_counts_its_own_and_what_is_left_out_does_not_count() -> None:
    """DSC-5: active ones of the kind, and those bought with it."""
    choice = chosen(Cell("micro", "nl", 4), Cell("micro", "hk", 10), Cell("metal", "nl", 1))
    offer = new_orders.offer_new(SHOP, choice.kept, 1, {"vds": 0, "dedicated": 2}, "EUR", NOW)
    assert [percent_of(line.discounts) for line in offer.lines] == [0, 2]  # 4 VDS: none; 3 dedicated: 2 %
    offer = new_orders.offer_new(SHOP, choice.kept, 1, {"vds": 1}, "EUR", NOW)
    assert [percent_of(line.discounts) for line in offer.lines] == [3, 0]


def test_dsc_6_a_code_takes_the_lines_it_covers() -> None:
    """DSC-6, DSC-7: plan and location; elsewhere the loyalty."""
    cells = chosen(Cell("micro", "nl", 5), Cell("micro", "de", 5), Cell("small", "nl", 1)).kept
    promo = PromoFacts("NL", Decimal(20), plans=("micro",), locations=("nl",))
    offer = new_orders.offer_new(SHOP, cells, 1, {}, "EUR", NOW, promo=promo)
    assert [[str(one.name) for one in line.discounts] for line in offer.lines] == [
        ["promo code NL"],
        ["10 or more services"],
        ["10 or more services"],
    ]


def test_dsc_4_addons_are_on_top_without_discount() -> None:
    """BLK-1, DSC-4, ORD-5: every server with each of them, for the whole period."""
    cells = chosen(Cell("micro", "nl", 10), addons=(BACKUP,)).kept
    (line,) = new_orders.offer_new(SHOP, cells, 3, {}, "EUR", NOW, addons=(BACKUP,)).lines
    assert line.list_price == eur("27.90")  # 17.70 + 10.20
    assert line.amount == eur("27.02")  # 17.70 − 5 % = 16.815, and 10.20
    assert line.total == eur("270.20")
    assert [(one.id, one.amount) for one in line.addons] == [("backup", eur("10.20"))]


@given(
    st.lists(
        st.tuples(st.sampled_from(["micro", "small", "large"]), st.sampled_from(list(LOCATIONS)), st.integers(1, 60)),
        max_size=12,
    ),
    st.sampled_from([1, 3, 6, 12, 24]),
    st.sampled_from([(), (BACKUP,)]),
    st.integers(0, 12),
    st.none() | st.integers(1, 100),
)
def test_law_nothing_is_lost_and_the_lines_add_up(
    wanted: list[tuple[str, str, int]], months: int, addons: tuple[AddonFacts, ...], there: int, percent: int | None
) -> None:
    """BLK-6, DSC-8, INV-10: asked = kept + left out; the lines add up exactly, each its quantity times its amount."""
    choice = new_orders.choose(SHOP, [Cell(*one) for one in wanted], addons)
    assert choice.count + choice.left_out == sum(quantity for _, _, quantity in wanted)
    assert len({(cell.plan, cell.location) for cell in choice.kept}) == len(choice.kept)
    promo = None if percent is None else PromoFacts("C", Decimal(percent))
    offer = new_orders.offer_new(SHOP, choice.kept, months, {"vds": there}, "EUR", NOW, addons=addons, promo=promo)
    assert offer.total == Money.total((line.amount * line.quantity for line in offer.lines), "EUR")
    plain = new_orders.offer_new(SHOP, choice.kept, months, {"vds": there}, "EUR", NOW, addons=addons)
    for line, without in zip(offer.lines, plain.lines, strict=True):
        assert line.total <= without.total  # DSC-7: a code never makes dearer
        assert line.total == line.amount * line.quantity
        assert sum(one.amount.amount for one in line.addons) <= line.amount.amount <= line.list_price.amount


def test_dsc_8_what_changed_since_the_quote() -> None:
    """DSC-8, BLK-6: the price of a line, or a name."""
    cells = chosen(Cell("micro", "nl", 2), Cell("small", "nl", 1)).kept
    offer = new_orders.offer_new(SHOP, cells, 1, {}, "EUR", NOW)
    names = [["a", "b"], ["c"]]
    quoted = [(cell, line.total, shown) for cell, line, shown in zip(cells, offer.lines, names, strict=True)]
    assert new_orders.changed_refusal(quoted, offer, names) is None
    changed = refused(new_orders.changed_refusal(quoted, offer, [["a", "x"], ["c"]]), "names-changed", "DSC-8")
    assert (changed.related["name"], changed.related["free_name"]) == ("b", "x")
    quoted[1] = (cells[1], eur("9.80"), ["c"])
    changed = refused(new_orders.changed_refusal(quoted, offer, names), "price-changed", "DSC-8")
    assert "9.80 EUR" in changed.reason and "9.90 EUR" in changed.reason and "VDS small" in changed.reason


def test_blk_7_counts_servers() -> None:
    """BLK-7."""
    assert quotes.bulk_refusal(chosen(Cell("micro", "nl", 50)).count) is None
