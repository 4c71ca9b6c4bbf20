"""What-if: tiers, discounts and costs before and after, by the rules of the domain (DSC-1 to DSC-5)."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from billtui.domain.rules.discounts import loyalty_of
from billtui.domain.rules.renewal import price_renewal
from billtui.services.pricing import facts_of
from billtui.services.store import OrderRow, cents, instant
from billtui.services.what_if import NewServers, Supposed, what_if
from tests.services.solver.questions import DAY, NOW, order_row, rows


def monthly(row: OrderRow, count: int) -> int:
    """A month by the domain, with ``count`` services."""
    facts = facts_of(row)
    return cents(price_renewal(facts, 1, loyalty_of(facts, count, NOW)).total)


def test_losing_one_of_ten_costs_the_others_their_tier() -> None:
    """DSC-2: 10 are 5 %, 9 are 3 %; the tier falls at the end of the one that lapses (the document's example)."""
    ten = [order_row(str(place), left=(10 + place) * DAY) for place in range(10)]
    found = what_if(Supposed(ten, NOW, lapsing=frozenset({"4"})))
    assert [(tier.count, tier.count_after, tier.percent, tier.percent_after) for tier in found.tiers] == [
        (10, 9, "5", "3")
    ]
    assert found.tiers[0].changes == ((NOW + 14 * DAY, "3"),)
    assert {(one.percent, one.percent_after) for one in found.staying} == {("6", "4")}
    # 9.90 less 6 % is 9.31, less 4 % is 9.50
    assert (found.monthly, found.monthly_after, found.staying_difference) == (10 * 931, 9 * 950, 9 * 19)
    # orders 0 to 7 renew (3 days before their ends) up to day 14: the lost one still counts for those before it
    costs = {one.row.id: one.next_cost_after for one in found.staying}
    assert costs["7"] == 950
    assert costs["6"] == 931


def test_a_transfer_counts_at_once_and_new_servers_make_up_for_it() -> None:
    """TRF-5, DSC-5."""
    ten = [order_row(str(place)) for place in range(10)]
    gone = what_if(Supposed(ten, NOW, transferred=frozenset({"1", "2"})))
    assert gone.tiers[0].changes == ((None, "3"),)
    replaced = what_if(
        Supposed(ten, NOW, transferred=frozenset({"1", "2"}), added=[NewServers("nano", "nl", "vds", 350, 2)])
    )
    assert replaced.tiers[0].changes == ()
    assert replaced.staying_difference == 0
    assert replaced.added_monthly == 2 * 333  # 3.50 less 5 % is 3.325, rounded up; no length of use yet


def test_what_does_not_run_changes_nothing() -> None:
    chosen = [order_row("a"), order_row("b", left=-1 * DAY)]
    found = what_if(Supposed(chosen, NOW, lapsing=frozenset({"b"})))
    assert [row.id for row in found.not_running] == ["b"]
    assert found.difference == 0


@settings(max_examples=80, deadline=None)
@given(rows(14), st.data())
def test_before_and_after_are_the_prices_of_the_domain(chosen: list[OrderRow], data: st.DataObject) -> None:
    ids = [row.id for row in chosen]
    lapsing = frozenset(data.draw(st.lists(st.sampled_from(ids), max_size=6)))
    moved = frozenset(data.draw(st.lists(st.sampled_from(ids), max_size=3)))
    extra = data.draw(st.integers(0, 6))
    added = [NewServers("nano", "nl", "vds", 350, extra)] if extra else []
    found = what_if(Supposed(chosen, NOW, lapsing, moved, added))
    running = [row for row in chosen if row.state == "active"]
    stay = [row for row in running if row.id not in lapsing | moved]
    count, after = len(running), len(stay) + extra
    assert found.monthly == sum(monthly(row, count) for row in running)
    assert found.monthly_after == sum(monthly(row, after) for row in stay) + found.added_monthly
    assert [one.row.id for one in found.staying] == [row.id for row in stay]
    for one in found.staying:
        at = max(NOW, instant(one.row.paid_until or 0) - timedelta(days=3))
        still = sum(1 for row in running if row.id in lapsing - moved and instant(row.paid_until or 0) > at)
        facts = facts_of(one.row)
        expected = price_renewal(facts, 1, loyalty_of(facts, after + still, at)).total
        assert one.next_cost_after == cents(expected)
