"""DSC, INV-10: discounts, rounding, explained prices, quotes; BLK: what a bulk renewal leaves out."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billtui.domain.models import Discount
from billtui.domain.rules import discounts, quotes, renewal
from billtui.domain.rules.discounts import percent_of
from billtui.domain.safetext import SafeText
from tests.unit.domain.made_facts import DAY, HOUR, NOW, at, eur, order, refused

SECOND = HOUR / 3600


def off(percent: str, name: str = "x") -> Discount:
    return Discount(name=SafeText(name), percent=Decimal(percent))


# docs/rules.md holds these numbers.
BY_USE = [
    ("vds", "2026-08-23 10:00:00", "0"),  # exactly 3 months: not over
    ("vds", "2026-08-23 09:59:59", "1"),
    ("vds", "2026-05-23 09:59:59", "3"),
    ("vds", "2025-11-23 09:59:59", "5"),
    ("vds", "2025-05-23 09:59:59", "7"),
    ("vds", "2024-11-23 09:59:59", "10"),
    ("vds", "2023-11-23 10:00:00", "10"),
    ("vds", "2023-11-23 09:59:59", "15"),
    ("dedicated", "2026-08-23 09:59:59", "1"),
    ("dedicated", "2026-05-23 09:59:59", "3"),
    ("dedicated", "2020-01-01 00:00:00", "5"),
    ("hosting", "2020-01-01 00:00:00", "0"),
]


@pytest.mark.parametrize(("kind", "since", "percent"), BY_USE)
def test_dsc_1_length_of_use(kind: str, since: str, percent: str) -> None:
    """DSC-1: "over" is later than that many calendar months after the first activation."""
    found = discounts.loyalty_by_use(kind, at(since), NOW)
    assert (found.percent if found else Decimal(0)) == Decimal(percent)
    assert discounts.loyalty_by_use(kind, None, NOW) is None


def test_dsc_1_the_end_of_a_month_clamps() -> None:
    """DSC-1, REN-3: in use since 30 November, 3 months are over after 28 February."""
    since = at("2025-11-30 12:00:00")
    assert discounts.loyalty_by_use("vds", since, at("2026-02-28 12:00:00")) is None
    assert discounts.loyalty_by_use("vds", since, at("2026-02-28 12:00:01")) is not None


@pytest.mark.parametrize(
    ("kind", "count", "percent"),
    [("vds", 4, 0), ("vds", 5, 3), ("vds", 9, 3), ("vds", 10, 5), ("vds", 5000, 5),
     ("dedicated", 2, 0), ("dedicated", 3, 2), ("dedicated", 4, 2), ("dedicated", 5, 3), ("hosting", 99, 0)],
)  # fmt: skip
def test_dsc_2_number_of_services(kind: str, count: int, percent: int) -> None:
    """DSC-2."""
    found = discounts.loyalty_by_count(kind, count)
    assert (found.percent if found else Decimal(0)) == percent


@given(st.sampled_from(["vds", "dedicated", "hosting"]), st.integers(0, 2000), st.integers(0, 30))
def test_dsc_3_both_add_up(kind: str, days: int, count: int) -> None:
    """DSC-3: the sum of both, a VDS at most 20 per cent; longer and more never give less."""
    since = NOW - days * DAY
    both = discounts.loyalty(kind, since, count, NOW)
    parts = [discounts.loyalty_by_use(kind, since, NOW), discounts.loyalty_by_count(kind, count)]
    assert percent_of(both) == sum((one.percent for one in parts if one is not None), Decimal(0)) <= 20
    assert percent_of(discounts.loyalty(kind, since - DAY, count + 1, NOW)) >= percent_of(both)


def test_dsc_3_the_most_a_vds_gets() -> None:
    """DSC-3: 15 + 5 = 20."""
    assert percent_of(discounts.loyalty("vds", at("2020-01-01 00:00:00"), 10, NOW)) == 20


def test_dsc_4_none_for_other_kinds_and_individual_prices() -> None:
    """DSC-4: also no promo code on an individual price."""
    long = at("2020-01-01 00:00:00")
    assert discounts.loyalty("hosting", long, 50, NOW) == ()
    assert discounts.loyalty("addon", long, 50, NOW) == ()
    own = order(individual_price=True, in_use_since=long)
    assert discounts.loyalty_of(own, 50, NOW) == ()
    assert renewal.price_renewal(own, 1, (), off("50")).amount == eur("5.55")


def test_dsc_5_active_ones_and_those_being_bought() -> None:
    """DSC-5, ORD-1: a suspended order is an active one; a blocked or pending one does not count."""
    fleet = [order("1"), order("2", state="suspended"), order("3", state="blocked"), order("4", state="pending")]
    fleet.append(order("5", kind="dedicated"))
    assert discounts.count_services(fleet, "vds") == 2
    assert discounts.count_services(fleet, "vds", bought=3) == 5
    assert discounts.count_services(fleet, "dedicated") == 1


def test_dsc_7_the_better_one_alone() -> None:
    """DSC-7: never both; a tie keeps the loyalty."""
    loyal = (off("10", "use"), off("5", "count"))
    assert discounts.better_of(loyal, None) == loyal
    assert discounts.better_of(loyal, off("14")) == loyal
    assert discounts.better_of(loyal, off("15")) == loyal
    assert discounts.better_of(loyal, off("16", "SPRING")) == (off("16", "SPRING"),)
    assert discounts.better_of((), off("1")) == (off("1"),)
    assert renewal.price_renewal(order(), 1, loyal, off("50")).amount == eur("2.78")


# docs/rules.md holds these numbers.
PRICES = [
    ("5.55", 1, "3", "5.38"),  # 5.3835
    ("5.55", 3, "8", "15.32"),  # 15.318
    ("12.49", 12, "20", "119.90"),  # 119.904
    ("0.50", 1, "1", "0.50"),  # 0.495: half up
    ("0.30", 1, "5", "0.29"),  # 0.285: half up, not half even
    ("4.50", 1, "1", "4.46"),  # 4.455: half up
    ("9.99", 6, "15", "50.95"),  # 50.949
]


@pytest.mark.parametrize(("price", "months", "percent", "amount"), PRICES)
def test_inv_10_months_then_discount_then_rounding(price: str, months: int, percent: str, amount: str) -> None:
    """INV-10: price × months, discount applied, then rounded half up, once."""
    line = discounts.priced_line("17", "x", eur(price), months, (off(percent),))
    assert (line.list_price, line.amount) == (eur(price) * months, eur(amount))


def test_inv_10_quantity_multiplies_the_rounded_amount() -> None:
    """INV-10: 3 × 0.50 (from 0.495) is 1.50, not 1.49."""
    assert discounts.priced_line(None, "x", eur("0.50"), 1, (off("1"),), quantity=3).total == eur("1.50")


@given(
    st.integers(0, 10**8),
    st.sampled_from([1, 3, 6, 12, 24]),
    st.lists(st.integers(0, 6000), max_size=3),
    st.integers(1, 50),
)
def test_inv_10_rounded_once_for_each_piece(cents: int, months: int, percents: list[int], quantity: int) -> None:
    """DSC-8, INV-10: the list price less all discounts is rounded once, half a cent at most; never below zero."""
    found = tuple(off(f"{one / 100:.2f}", f"d{one}") for one in percents)
    if percent_of(found) == 100:
        found = ()
    line = discounts.priced_line("17", "x", eur(f"{cents / 100:.2f}"), months, found, quantity)
    assert line.total == line.amount * quantity
    assert eur("0.00") <= line.amount <= line.list_price
    exact = Fraction(line.list_price.amount) * Fraction(100 - percent_of(found)) / 100
    assert abs(Fraction(line.amount.amount) - exact) <= Fraction(1, 200)
    assert line.discounts == found


def test_dsc_8_a_quote_lives_fifteen_minutes() -> None:
    """DSC-8, BLK-6."""
    end = quotes.quote_expires_at(NOW)
    assert end == NOW + HOUR / 4
    assert quotes.quote_refusal("q1", end, 1, end - SECOND) is None
    refused(quotes.quote_refusal("q1", end, 1, end), "quote-expired", "DSC-8")
    refused(quotes.quote_refusal("q1", end, 0, NOW), "nothing-to-buy", "BLK-6")


def test_dsc_8_a_changed_price_is_never_taken_silently() -> None:
    """DSC-8: dearer or cheaper."""
    assert quotes.price_refusal(None, eur("1.00")) is None
    assert quotes.price_refusal(eur("1.00"), eur("1.00")) is None
    for actual in ("1.01", "0.99"):
        refusal = refused(quotes.price_refusal(eur("1.00"), eur(actual)), "price-changed", "DSC-8")
        assert refusal.related == {"expected_total": "1.00", "actual_total": actual}


def test_dsc_8_a_quote_is_bound_to_its_content() -> None:
    """DSC-8: another order for the same money is another content."""
    one = renewal.price_renewal(order("17"), 1, ())
    other = renewal.price_renewal(order("18"), 1, ())
    assert one.total == other.total and quotes.content_refusal([one], [one], one.total) is None
    refusal = refused(quotes.content_refusal([one], [other], one.total), "price-changed", "DSC-8")
    assert refusal.related == {"actual_total": f"{one.total.amount:.2f}"}
    refused(quotes.content_refusal([one], [one, other], one.total + other.total), "price-changed", "DSC-8")


def test_blk_5_and_6_what_is_in_and_what_is_left_out() -> None:
    """BLK-4, BLK-5, BLK-6: one offer, each order once, the others with the reason and the invoice."""
    fleet = [order("1"), order("2", open_invoice_id="5531"), order("1"), order("3", transfer_id="t1"), order("4")]
    offer = quotes.offer_renewal(fleet, 3, {"vds": 5}, "EUR", NOW)
    assert [line.order_id for line in offer.lines] == ["1", "4"]
    assert [(order_id, refusal.code) for order_id, refusal in offer.excluded] == [
        ("2", "open-invoice"),
        ("3", "in-transfer"),
    ]
    assert offer.excluded[0][1].related["invoice_id"] == "5531"
    assert {line.amount for line in offer.lines} == {eur("16.15")}  # 16.65 − 3 % = 16.1505
    assert offer.total == eur("32.30")
    nothing = quotes.offer_renewal(fleet[1:2], 1, {}, "EUR", NOW)
    assert (nothing.lines, nothing.total) == ((), eur("0.00"))


def test_blk_6_a_promo_code_on_a_line() -> None:
    """DSC-7: only the lines that it is valid for."""
    offer = quotes.offer_renewal([order("1"), order("2")], 1, {"vds": 10}, "EUR", NOW, {"2": off("50", "SPRING")})
    assert [line.discounts[0].name for line in offer.lines] == ["10 or more services", "SPRING"]


def test_blk_7_a_thousand_at_a_time() -> None:
    """BLK-7."""
    assert quotes.bulk_refusal(1000) is None
    refused(quotes.bulk_refusal(1001), "bulk-limit", "BLK-7")
    parts = quotes.requests_of(range(2500))
    assert [len(part) for part in parts] == [1000, 1000, 500]
    assert [one for part in parts for one in part] == list(range(2500))
    assert quotes.requests_of([]) == []
