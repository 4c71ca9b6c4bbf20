"""DSC-1 to DSC-5: where an account stands, and exactly what reaches the next step and what it saves."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billtui.domain.money import CurrencyMismatch, Money
from billtui.domain.rules.discounts import loyalty_of, priced_line
from billtui.domain.rules.facts import AddonFacts, OrderFacts
from billtui.domain.rules.loyalty import LoyaltyStanding, UseTier, loyalty_standing, loyalty_standings
from tests.unit.domain.made_facts import DAY, NOW, at, eur, order


def month_of(orders: list[OrderFacts], now: datetime, count: int | None = None) -> Money:
    """What renewing each running order for one month costs, by the rules that bill it."""
    running = [one for one in orders if one.is_running]
    number = len(running) if count is None else count
    lines = [
        priced_line(one.id, one.name, one.monthly_price, 1, loyalty_of(one, number, now), addons=one.addons)
        for one in running
    ]
    return Money.total((line.total for line in lines), "EUR")


def standing(orders: list[OrderFacts], now: datetime = NOW) -> LoyaltyStanding:
    return loyalty_standing("vds", orders, now, "EUR")


def test_two_more_reach_three_per_cent() -> None:
    """Three servers at 5.55: 3 % is 0.1665 each, rounded half up once per order."""
    found = standing([order(str(number)) for number in range(3)])
    assert (found.services, found.by_count, found.total) == (3, None, eur("16.65"))
    step = found.next_count
    assert step is not None
    assert (step.missing, step.least, step.percent, step.saves) == (2, 5, Decimal(3), eur("0.51"))


def test_the_highest_step_has_no_next() -> None:
    found = standing([order(str(number)) for number in range(10)])
    assert found.by_count is not None
    assert found.by_count.percent == 5
    assert found.next_count is None


def test_blocked_and_pending_orders_do_not_count() -> None:
    """DSC-5; a suspended one does (ORD-1)."""
    orders = [order("1"), order("2", state="suspended"), order("3", state="blocked"), order("4", state="pending")]
    assert standing(orders).services == 2


def test_individual_prices_count_but_get_nothing() -> None:
    """DSC-4, DSC-5: the fifth server makes it 3 % for the four others."""
    orders = [*(order(str(number)) for number in range(4)), order("9", individual_price=True, monthly_price=eur("100"))]
    found = standing(orders)
    assert (found.services, found.individual) == (5, 1)
    assert found.total == eur("121.52")  # 4 × 5.38 + 100
    assert found.by_use == (UseTier(Decimal(0), 4),)


def test_addons_are_in_the_month_without_discount() -> None:
    addon = AddonFacts("backup", "Backup", eur("2.00"))
    found = standing([order(str(number), addons=(addon,)) for number in range(5)])
    assert (found.listed, found.total, found.saves) == (eur("37.75"), eur("36.90"), eur("0.85"))


def test_tiers_by_length_of_use_and_the_range() -> None:
    orders = [
        order("1", in_use_since=at("2023-01-01 00:00:00")),
        order("2", in_use_since=at("2026-08-01 00:00:00")),
        order("3"),
    ]
    found = standing(orders)
    assert found.by_use == (UseTier(Decimal(15), 1), UseTier(Decimal(1), 1), UseTier(Decimal(0), 1))
    assert (found.least_percent, found.most_percent) == (Decimal(0), Decimal(15))


def test_the_first_step_that_time_reaches() -> None:
    """Two pass "over 3 months" on the same day, a third later; the first instant counts."""
    orders = [
        order("1", in_use_since=at("2026-09-01 12:00:00")),
        order("2", in_use_since=at("2026-09-01 20:00:00")),
        order("3", in_use_since=at("2026-09-03 12:00:00")),
        order("4", in_use_since=at("2020-09-03 12:00:00")),
    ]
    step = standing(orders).next_use
    assert step is not None
    assert (step.at, step.names) == (at("2026-12-01 12:00:00"), ("web-1", "web-2"))
    assert step.saves == eur("0.12")  # 1 % of 5.55 is 0.0555, so 5.49 instead of 5.55 each


def test_an_anniversary_that_is_now_is_still_before_it() -> None:
    """DSC-1: “over 3 months” is later than the anniversary."""
    step = standing([order("1", in_use_since=at("2026-08-23 10:00:00"))]).next_use
    assert step is not None
    assert step.at == NOW


def test_other_kinds_have_no_steps() -> None:
    found = loyalty_standing("hosting", [order("1", kind="hosting")], NOW, "EUR")
    assert (found.next_count, found.next_use, found.saves) == (None, None, eur("0.00"))


def test_all_kinds_at_once_are_each_by_itself() -> None:
    """In the order in which they come; what does not run makes no kind."""
    orders = [
        order("1", kind="vds"),
        order("2", kind="hosting", monthly_price=eur("3.00")),
        order("3", kind="dedicated", state="blocked"),
        *(order(str(number), kind="vds", in_use_since=at("2026-09-01 12:00:00")) for number in range(4, 9)),
    ]
    found = loyalty_standings(iter(orders), NOW, "EUR")
    assert found == [loyalty_standing(kind, orders, NOW, "EUR") for kind in ("vds", "hosting")]


def test_another_currency_cannot_be_put_together() -> None:
    """INV-10: no sum of two currencies."""
    with pytest.raises(CurrencyMismatch):
        standing([order("1"), order("2", monthly_price=Money(Decimal("5.55"), "USD"))])


def test_orders_are_not_kept() -> None:
    """P-MEM: of a large fleet that comes one after another nothing is held but sums and what comes next."""
    count = 4_000

    def fleet() -> Iterator[OrderFacts]:
        for number in range(count):
            # One in a hundred is a month from its next step, the others two.
            since = at("2026-09-20 12:00:00" if number % 100 == 0 else "2026-10-02 12:00:00")
            yield order(str(number), name=f"a-name-of-its-own-{number}", in_use_since=since)

    loyalty_standings(fleet(), NOW, "EUR")  # what is made once and kept by others
    tracemalloc.start()
    try:
        found = loyalty_standings(fleet(), NOW, "EUR")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert found[0].next_use is not None
    assert (found[0].services, len(found[0].next_use.names)) == (count, count // 100)
    assert peak < count * 25  # bytes; the facts of an order with its name and instant are more than 300


def made(number: int, price: int, age: int, individual: bool, state: str) -> OrderFacts:
    since = NOW - timedelta(days=age, hours=age % 7)
    amount = Money(Decimal(price).scaleb(-2), "EUR")
    return order(str(number), monthly_price=amount, in_use_since=since, individual_price=individual, state=state)


STATES = st.sampled_from(["active", "active", "suspended", "blocked"])
ONE = st.builds(made, st.integers(1, 10**6), st.integers(1, 50_000), st.integers(0, 1500), st.booleans(), STATES)
FLEETS = st.lists(ONE, max_size=14)


@given(FLEETS)
def test_it_says_what_is_billed(orders: list[OrderFacts]) -> None:
    """The month, and each step's saving, are those of the rules that bill (DSC-3, INV-10)."""
    found = standing(orders)
    assert found.total == month_of(orders, NOW)
    if found.next_count is not None:
        more = found.services + found.next_count.missing
        assert found.next_count.saves == found.total - month_of(orders, NOW, more)
        assert found.total == month_of(orders, NOW, more - 1)  # one fewer does not reach it
    if found.next_use is not None:
        at_once = found.next_use.at + timedelta(microseconds=1)
        assert month_of(orders, found.next_use.at) == found.total  # at the instant itself nothing has changed yet
        assert month_of(orders, at_once) <= found.total
        last = found.next_use.at.replace(hour=23, minute=59, second=59, microsecond=999_999)
        assert found.total - month_of(orders, last) == found.next_use.saves
        assert found.next_use.at >= NOW - DAY
