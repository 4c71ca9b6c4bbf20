"""Before the panel has answered: what is in, at list price, what is left out and why, and the ways out."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billtui.domain.distance import PLACES, kilometres
from billtui.domain.models import Addon, Exclusion, Location, Plan
from billtui.domain.money import Money
from billtui.domain.safetext import SafeText
from billtui.services.order_draft import OrderDraft
from billtui.services.order_estimate import Cell, LeftOutCell, estimate, fixes_of, left_out_of, nearest
from billtui.services.order_names import NamePreview
from billtui.services.session_settings import Catalogue


def plan(name: str, price: str, kind: str = "vds") -> Plan:
    return Plan(id=SafeText(name), name=SafeText(name), kind=SafeText(kind), monthly_price=Money(price, "EUR"))


def addon(name: str, price: str, kind: str = "vds") -> Addon:
    return Addon(id=SafeText(name), name=SafeText(name), kind=SafeText(kind), monthly_price=Money(price, "EUR"))


LOCATIONS = {"nl": "NL", "de": "DE", "pl": "PL", "jp": "JP", "hk": "HK", "moon": ""}
CATALOGUE = Catalogue(
    plans=(plan("micro", "5.90"), plan("epyc", "189.00", "dedicated")),
    locations=tuple(
        Location(id=SafeText(one), name=SafeText(one.upper()), country=SafeText(land))
        for one, land in LOCATIONS.items()
    ),
    addons=(addon("backup", "3.40"), addon("raid", "14.00", "dedicated")),
)
STOCK: dict[Cell, int] = {
    ("micro", "nl"): 100,
    ("micro", "de"): 2,
    ("micro", "jp"): 0,
    ("micro", "hk"): 4,
    ("epyc", "nl"): 5,
}


def wanted(quantities: dict[Cell, int], **more: object) -> OrderDraft:
    return OrderDraft().with_quantities(quantities).model_copy(update=more)


def test_list_price_is_quantity_times_month_times_months_with_addons() -> None:
    """3 × (5.90 + 3.40) × 6 + 1 × (189.00 + 14.00) × 6: an add-on goes only to plans of its kind."""
    draft = wanted({("micro", "nl"): 3, ("epyc", "nl"): 1}, period=6, addons=("backup", "raid"))
    guess = estimate(draft, CATALOGUE, STOCK)
    assert guess.amount == Money(Decimal("167.40") + Decimal("1218.00"), "EUR")
    assert guess.count == 4
    assert guess.left_out == []


def test_what_cannot_be_had_is_left_out_with_its_reason() -> None:
    draft = wanted(
        {
            ("micro", "nl"): 3,
            ("micro", "de"): 3,
            ("micro", "jp"): 3,
            ("micro", "pl"): 3,
            ("gone", "nl"): 1,
            ("micro", "atlantis"): 1,
        }
    )
    guess = estimate(draft, CATALOGUE, STOCK)
    assert guess.cells == {("micro", "nl"): 3}
    reasons = {one.cell: one.reason for one in guess.left_out}
    assert reasons == {
        ("micro", "de"): "Only 2 of micro are left in DE.",
        ("micro", "jp"): "micro is sold out in JP.",
        ("micro", "pl"): "micro is not sold in PL.",
        ("gone", "nl"): "The plan gone is not sold any more.",
        ("micro", "atlantis"): "There is no location atlantis any more.",
    }


def test_without_stock_everything_is_in() -> None:
    assert estimate(wanted({("micro", "jp"): 3}), CATALOGUE, None).count == 3


def test_the_panels_exclusions_become_cells_with_their_numbers() -> None:
    excluded = [
        Exclusion(
            plan=SafeText("micro"), location=SafeText("de"), code=SafeText("out-of-stock"), reason=SafeText("Only 1."),
            related={SafeText("available"): SafeText("1")},
        ),
        Exclusion(plan=SafeText("micro"), location=SafeText("jp"), code=SafeText("x"), reason=SafeText("None.")),
        Exclusion(order_id=SafeText("7"), code=SafeText("x"), reason=SafeText("An order.")),
    ]  # fmt: skip
    found = left_out_of(excluded, wanted({("micro", "de"): 3, ("micro", "jp"): 3}), STOCK)
    assert found == [
        LeftOutCell(("micro", "de"), 3, 1, "Only 1."),
        LeftOutCell(("micro", "jp"), 3, 0, "None."),
    ]


def test_ways_out_take_what_is_there_go_near_or_drop() -> None:
    draft = wanted({("micro", "de"): 3, ("micro", "jp"): 3, ("micro", "nl"): 10})
    left_out = estimate(draft, CATALOGUE, STOCK).left_out
    fixes = {fix.id: fix for fix in fixes_of(left_out[0], left_out, draft, CATALOGUE, STOCK)}
    assert fixes["take"].changes == {("micro", "de"): 2}
    assert fixes["take"].title == "Take the 2 that are there"
    assert fixes["nearest"].changes == {("micro", "de"): 2, ("micro", "nl"): 11}
    assert fixes["drop"].changes == {("micro", "de"): 0}
    assert fixes["take-all"].changes == {("micro", "de"): 2, ("micro", "jp"): 0}
    assert fixes["drop-all"].changes == {("micro", "de"): 0, ("micro", "jp"): 0}
    sold_out = fixes_of(left_out[1], left_out[1:], draft, CATALOGUE, STOCK)
    assert [fix.id for fix in sold_out] == ["nearest", "drop"]
    assert sold_out[0].changes == {("micro", "jp"): 0, ("micro", "hk"): 3}


def test_every_way_out_leads_to_an_order_without_that_left_out_cell() -> None:
    draft = wanted({("micro", "de"): 3, ("micro", "jp"): 3})
    left_out = estimate(draft, CATALOGUE, STOCK).left_out
    for one in left_out:
        for fix in fixes_of(one, left_out, draft, CATALOGUE, STOCK):
            after = draft.with_quantities({k: v for k, v in {**draft.quantities, **fix.changes}.items() if v})
            assert one.cell not in {left.cell for left in estimate(after, CATALOGUE, STOCK).left_out}, fix


def test_the_nearest_has_enough_beyond_what_is_wanted_there() -> None:
    assert nearest(("micro", "jp"), 3, wanted({}), CATALOGUE, STOCK) == ("micro", "hk")
    assert nearest(("micro", "jp"), 3, wanted({("micro", "hk"): 2}), CATALOGUE, STOCK) == ("micro", "nl")
    assert nearest(("micro", "jp"), 300, wanted({}), CATALOGUE, STOCK) is None
    assert nearest(("micro", "moon"), 3, wanted({}), CATALOGUE, STOCK) is not None, "an unknown country has neighbours"
    assert nearest(("micro", "jp"), 3, wanted({}), CATALOGUE, None) is None


@pytest.mark.parametrize(
    ("one", "other", "least", "most"), [("NL", "DE", 300, 450), ("JP", "HK", 2700, 3100), ("US", "CA", 1000, 1600)]
)
def test_distances_are_about_right(one: str, other: str, least: int, most: int) -> None:
    distance = kilometres(one, other)
    assert distance is not None
    assert least < distance < most


@given(st.sampled_from(sorted(PLACES)), st.sampled_from(sorted(PLACES)))
def test_distance_is_a_distance(one: str, other: str) -> None:
    there, back = kilometres(one, other), kilometres(other, one)
    assert there is not None
    assert back is not None
    assert abs(there - back) < 1e-6
    assert (there == 0) == (one == other)
    assert there <= 20_040
    assert kilometres(one, "??") is None


def test_names_are_previewed_by_the_panels_function() -> None:
    cells = {("micro", "nl"): 3, ("micro", "de"): 2}
    preview = NamePreview(cells, frozenset({"web-nl-01"}))
    assert preview.words("web-{loc}-{n:02}") == "web-nl-02, web-nl-03 … web-de-02"
    assert preview.problem("web-{loc}-{n:02}") == ""
    assert "{n}" in preview.problem("web")
    assert preview.words("web") == ""
    assert NamePreview({("micro", "nl"): 1}, frozenset()).words("x-{n}") == "x-1"
    assert "already" in NamePreview({("micro", "nl"): 1}, frozenset({"web"})).problem("web")
    assert NamePreview({}, frozenset()).problem("{bad}") != ""
    assert NamePreview({}, frozenset()).words("web-{n}") == ""
