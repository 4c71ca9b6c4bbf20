"""Promo codes: which condition fails, and what would do (DSC-6, DSC-4, DSC-7)."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from billtui.domain.models import PromoTerms
from billtui.domain.rules import promo as rules
from billtui.domain.rules import quotes
from billtui.domain.rules.promo import PromoFacts, PromoTarget
from tests.unit.domain.made_facts import DAY, NOW, order, refused

ANY = PromoFacts("SPRING", Decimal(15))
NL = [PromoTarget("micro", "nl", 3), PromoTarget("small", "pl", 2)]


@pytest.mark.parametrize(
    ("terms", "code", "words"),
    [
        ({"starts_at": NOW + DAY}, "promo-not-started", "2026-11-24 10:00 UTC"),
        ({"ends_at": NOW}, "promo-expired", "2026-11-23 10:00 UTC"),
        ({"uses_left": 0}, "promo-used-up", "as often"),
        ({"used_by_account": True, "uses_left": 0}, "promo-used-by-account", "once for each account"),
        ({"periods": (24, 12)}, "promo-wrong-period", "12 or 24 months, not 1"),
        ({"plans": ("large",)}, "promo-wrong-plan", "large"),
        ({"locations": ("de", "uk", "se")}, "promo-wrong-location", "de, uk or se"),
        ({"plans": ("micro",), "locations": ("pl",)}, "promo-wrong-location", "pl"),
        ({"min_quantity": 6}, "promo-too-few", "needs 6 servers that it is for in one purchase, not 5: add 1"),
        ({"plans": ("micro",), "min_quantity": 5}, "promo-too-few", "not 3: add 2"),
    ],
)
def test_dsc_6_the_condition_that_fails_is_named(terms: dict[str, Any], code: str, words: str) -> None:
    """DSC-6: with what would make it valid, and always the other way out."""
    refusal = refused(rules.promo_refusal(replace(ANY, **terms), 1, NL, NOW), code, "DSC-6")
    assert words in refusal.reason and "leave the code out" in refusal.reason
    assert refusal.related["promo_code"] == "SPRING"
    assert refusal.available_from == (NOW + DAY if code == "promo-not-started" else None)


@pytest.mark.parametrize(
    "terms",
    [
        {},
        {"starts_at": NOW, "ends_at": NOW + DAY},
        {"uses_left": 1},
        {"periods": (1, 3)},
        {"plans": ("small",), "locations": ("pl",), "min_quantity": 2},
        {"min_quantity": 5},
    ],
)
def test_dsc_6_conditions_that_hold(terms: dict[str, Any]) -> None:
    """DSC-6: limits are inclusive, the end is not."""
    assert rules.promo_refusal(replace(ANY, **terms), 1, NL, NOW) is None


def test_dsc_6_renewals_only_if_so_marked() -> None:
    """DSC-6."""
    refused(rules.promo_refusal(ANY, 1, NL, NOW, renewal=True), "promo-not-for-renewals", "DSC-6")
    assert rules.promo_refusal(replace(ANY, renewals=True), 1, NL, NOW, renewal=True) is None
    assert rules.promo_refusal(replace(ANY, renewals=True), 1, NL, NOW) is None


def test_dsc_6_what_is_left_out_is_said_where_it_is_missed() -> None:
    """BLK-6: the code needs 10, 5 can be had, 5 are sold out."""
    refusal = rules.promo_refusal(replace(ANY, min_quantity=10), 1, NL, NOW, left_out=5)
    assert "not 5 (5 more cannot be had): add 5" in refused(refusal, "promo-too-few", "DSC-6").reason


def test_blk_6_a_quote_with_nothing_in_it_does_not_blame_the_code() -> None:
    """BLK-6: nothing can be had; the reasons are in what is left out."""
    assert rules.promo_refusal(replace(ANY, min_quantity=3, plans=("x",)), 1, [], NOW) is None
    refused(rules.promo_refusal(replace(ANY, ends_at=NOW), 1, [], NOW), "promo-expired", "DSC-6")


def test_dsc_4_no_code_on_an_individual_price() -> None:
    """DSC-4: nor on a kind of service without loyalty; such servers do not count for the least number either."""
    own = [order("1", individual_price=True, plan="micro"), order("2", kind="hosting", plan="micro")]
    targets = rules.targets_of(own)
    assert [one.discounts for one in targets] == [False, False]
    code = replace(ANY, renewals=True)
    refused(rules.promo_refusal(code, 1, targets, NOW, renewal=True), "promo-wrong-plan", "DSC-4")
    more = [*own, order("3", plan="micro", location="nl")]
    two = replace(code, min_quantity=2)
    refused(rules.promo_refusal(two, 1, rules.targets_of(more), NOW, renewal=True), "promo-too-few", "DSC-6")
    assert set(rules.renewal_discounts(ANY, more)) == {"3"}


def test_dsc_6_a_renewal_takes_the_code_where_it_covers_and_wins() -> None:
    """DSC-6, DSC-7: by plan and location of each order; is_used says whether a use is spent."""
    fleet = [
        order("1", plan="micro", location="nl"),
        order("2", plan="micro", location="de"),
        order("3", plan="micro", location="nl", in_use_since=NOW - 2000 * DAY),
    ]
    code = replace(ANY, renewals=True, locations=("nl",))
    offer = quotes.offer_renewal(fleet, 1, {"vds": 10}, "EUR", NOW, rules.renewal_discounts(code, fleet))
    assert [[str(one.name) for one in line.discounts] for line in offer.lines] == [
        ["promo code SPRING"],
        ["10 or more services"],
        ["in use for over 36 months", "10 or more services"],
    ]
    assert rules.is_used(code, offer.lines)
    assert not rules.is_used(code, offer.lines[1:])


def test_dsc_6_terms_of_the_wire_are_the_same_code() -> None:
    """DSC-6: so that a client can tell beforehand what the panel would refuse."""
    terms = PromoTerms.model_validate(
        {"code": "SPRING", "percent": "15", "plans": ["micro"], "periods": [1], "min_quantity": 2, "uses_left": 3}
    )
    assert PromoFacts.of(terms) == replace(ANY, plans=("micro",), periods=(1,), min_quantity=2, uses_left=3)
    assert PromoFacts.of(terms).discount.percent == 15
