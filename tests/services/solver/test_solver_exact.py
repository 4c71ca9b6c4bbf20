"""The solver against brute force over the rules of the domain (INV-10, DSC-1 to DSC-7, REN-3)."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from billtui.domain.models import Discount
from billtui.domain.money import Money
from billtui.domain.periods import add_months
from billtui.domain.rules.discounts import apply, loyalty_of, percent_of
from billtui.domain.rules.renewal import renewed_until
from billtui.domain.safetext import SafeText
from billtui.services.pricing import facts_of
from billtui.services.solver import Question, Solution, SolverStopped, explain_solution, solve
from billtui.services.solver.exact import key_of, now_of, search
from billtui.services.solver.large import Search
from billtui.services.solver.options import CENT, make_table
from billtui.services.solver.prices import Ending, RateCurve, discounted, parts
from billtui.services.store import OrderRow, cents
from tests.services.solver.questions import (
    DAY,
    NOW,
    brute_force,
    codes_allow,
    due,
    order_row,
    price,
    promo,
    questions,
    rows,
)

SLOW = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


def lost_by_rule(question: Question) -> set[str]:
    """Whom the budget leaves, as the document says: soonest end first, a month each, what does not fit passed over."""
    assert question.budget is not None
    rest, lost = question.budget, set()
    for row in sorted(question.chosen, key=lambda one: (one.paid_until or 0, one.id)):
        facts = facts_of(row)
        if due(question, facts):
            cost = price(question, facts, 1, question.running["vds"], question.now, None)
            if cost <= rest:
                rest -= cost
            else:
                lost.add(row.id)
    return lost


def check_sound(solution: Solution) -> None:
    """What is said adds up, keeps the limits, and pays for the horizon."""
    question = solution.question
    lines = solution.lines()
    assert solution.total == sum(line.total for line in lines)
    assert solution.monthly == sum(line.monthly for line in lines)
    assert solution.spent_now == sum(batch.amount for batch in solution.batches)
    assert solution.spent_now == sum(line.now.amount for line in lines if line.now is not None)
    assert solution.purchases == sum(len(line.later) + (line.now is not None) for line in lines)
    assert question.budget is None or solution.spent_now <= question.budget
    bought = [(batch, one) for batch in solution.batches for one in batch.order_ids]
    assert len(bought) == len({one for _, one in bought}) == sum(line.now is not None for line in lines)
    assert codes_allow(question, [(batch.code, batch.months) if batch.code else None for batch, _ in bought])
    for line in lines:
        brief = solution.brief_of(line.row.id)
        assert (brief.total, brief.saving, brief.later) == (line.total, line.saving, len(line.later))
        assert brief.next_at == (line.later[0].at if line.later else None)
        assert brief.next_months == (line.later[0].months if line.later else 0)
        assert (brief.months, brief.code) == ((line.now.months, line.now.code) if line.now else (0, None))
        months = (line.now.months if line.now else 0) + sum(one.months for one in line.later)
        assert months >= question.months
        assert line.until == renewed_until(facts_of(line.row), months)
        assert line.now is not None or not line.due
        for one, following in zip(line.later, line.later[1:], strict=False):
            assert one.at < following.at < one.until  # bought before the end that it has then


@SLOW
@given(questions())
def test_small_selections_are_solved_exactly(question: Question) -> None:
    solution = solve(question)
    check_sound(solution)
    assert solution.gap == 0
    best = brute_force(question, list(question.chosen), 0)
    if best is None:
        lost = lost_by_rule(question)
        assert {one.row.id for one in solution.left} == lost
        kept = [row for row in question.chosen if row.id not in lost]
        gone = sum(1 for row in question.chosen if row.id in lost and row.state != "blocked")
        best = brute_force(question, kept, gone) if kept else 0
    else:
        assert not solution.left
    assert solution.total + question.effort * solution.purchases == best


@SLOW
@given(questions(most=7))
def test_the_method_for_many_keeps_every_limit_and_its_bound(question: Question) -> None:
    """On selections that the complete search solves too: bound ≤ optimum ≤ what was found."""
    solution = solve(question)
    if solution.left:
        return
    rates = solution.rates
    table = make_table(question, list(question.chosen), rates)
    best = search(table, question.budget)
    assert best is not None
    optimum = key_of(table, best)
    assert optimum // CENT == solution.total + question.effort * solution.purchases
    found = Search(table, question.budget, question.policy.bulk_limit).run()
    if found is not None:
        assert found.bound <= optimum <= found.key == key_of(table, found.assignment)
        assert question.budget is None or now_of(table, found.assignment) <= question.budget
        assert [sum(ways.values()) for ways in found.assignment] == [group.size for group in table.groups]


@given(st.integers(1, 10_000_000), st.decimals(0, 100, places=4))
def test_whole_cents_are_the_prices_of_the_domain(amount: int, percent: Decimal) -> None:
    """INV-10: rounded half up, once."""
    list_price = Money(Decimal(amount).scaleb(-2), "EUR")
    expected = cents(apply(list_price, [Discount(name=SafeText("x"), percent=percent)]))
    assert discounted(amount, parts(percent)) == expected


@given(rows(1), st.integers(1, 24), st.sampled_from([1, 3, 7, 14]), st.integers(0, 12))
def test_the_curve_is_the_loyalty_of_each_moment(one: list[OrderRow], horizon: int, lead: int, running: int) -> None:
    """DSC-1 to DSC-4, for now and for every later purchase of the horizon."""
    row = one[0]
    question = Question(one, NOW, {"vds": running})
    rates = RateCurve(NOW, question.running, {"vds": running}, {}, question.policy)
    ending = Ending.of(row, lead, question.policy)
    curve = rates.curve(row, ending, horizon)
    facts = facts_of(row)
    assert curve.now == parts(percent_of(loyalty_of(facts, running, NOW)))
    for offset in range(horizon):
        at = ending.moment(offset, NOW)
        assert curve.at(offset) == parts(percent_of(loyalty_of(facts, running, at))), (offset, at)
        assert ending.after(offset) == (renewed_until(facts, offset) if offset else facts.paid_until)


def test_equal_orders_are_one_group() -> None:
    chosen = [order_row(str(place)) for place in range(500)]
    solution = solve(Question(chosen, NOW, {"vds": 500}))
    assert solution.groups == 1
    assert solution.gap == 0


def test_whoever_does_not_want_the_answer_any_more_stops_it() -> None:
    chosen = [order_row(str(place), price=300 + place) for place in range(600)]
    with pytest.raises(SolverStopped):
        solve(Question(chosen, NOW, {"vds": 600}), lambda: True)


def test_orders_outside_that_end_lower_the_discount_by_number() -> None:
    """DSC-2: of ten, three are not chosen and end in 40 days; what is bought after that has 3 % instead of 5 %."""
    chosen = [order_row(str(place), left=30 * DAY, used=timedelta(days=2_000)) for place in range(7)]
    running = {"vds": 10}
    stay = solve(Question(chosen, NOW, running, months=3))
    fall = solve(Question(chosen, NOW, running, months=3, others_end={"vds": [NOW + 40 * DAY] * 3}))
    # 9.90 less 20 % is 7.92 a month. The purchase of day 27 still has it, so all three months are bought then.
    assert stay.total == fall.total == 7 * 2_376
    # Month by month, the second and third one have 18 % only: 8.12.
    assert (stay.monthly, fall.monthly) == (7 * 3 * 792, 7 * (792 + 812 + 812))
    soon = solve(Question(chosen, NOW, running, months=3, others_end={"vds": [NOW + 10 * DAY] * 3}))
    assert [(batch.months, len(batch.order_ids)) for batch in soon.batches] == [(3, 7)], "bought before it falls"
    assert any("orders outside the selection end" in line for line in explain_solution(soon))


def test_a_code_for_one_purchase_takes_a_thousand_orders_and_no_more() -> None:
    """BLK-7: one use is one request."""
    chosen = [order_row(str(place)) for place in range(2_500)]
    once = solve(Question(chosen, NOW, {"vds": 2_500}, codes=[promo("ONCE", "30", periods=[12], uses_left=1)]))
    assert [(batch.code, len(batch.order_ids)) for batch in once.batches] == [("ONCE", 1_000)]
    assert once.gap == 0
    often = solve(Question(chosen, NOW, {"vds": 2_500}, codes=[promo("OFTEN", "30", periods=[12], min_quantity=800)]))
    assert sorted(len(batch.order_ids) for batch in often.batches) == [833, 833, 834]


def test_orders_of_two_currencies_are_not_added_up() -> None:
    with pytest.raises(ValueError, match="currencies"):
        solve(Question([order_row("a"), order_row("b", currency="USD")], NOW, {"vds": 2}))


@SLOW
@given(questions(most=4), st.integers(1, 3))
def test_the_bound_holds_where_one_purchase_takes_few_orders(question: Question, limit: int) -> None:
    """BLK-7: a code with few uses has room for few; no bound is above the brute optimum, nothing found is below it."""
    back = sum(1 for row in question.chosen if row.state == "blocked")
    rates = RateCurve(
        NOW, question.running, {"vds": question.running["vds"] + back}, question.others_end, question.policy
    )
    table = make_table(question, list(question.chosen), rates)
    found = Search(table, question.budget, limit).run()
    best = brute_force(question, list(question.chosen), 0, limit)
    if found is not None:
        assert best is not None
        assert found.bound // CENT <= best <= found.key // CENT


@st.composite
def pulled_apart(draw: st.DrawFn) -> Question:
    """Orders of which some are better off with a long and some with a short period of the same code, used once."""
    ages = [draw(st.integers(0, 1_100)) for _ in range(3)]
    chosen = [
        order_row(
            str(place),
            left=draw(st.sampled_from([1, 9, 25])) * DAY,
            used=age * DAY,
            price=draw(st.integers(300, 2_000)),
        )
        for place, age in enumerate(ages)
    ]
    code = promo(
        "ONE", draw(st.sampled_from(["6", "9", "12", "16"])), uses_left=1, min_quantity=draw(st.integers(1, 3))
    )
    return Question(chosen, NOW, {"vds": draw(st.sampled_from([3, 6, 10]))}, months=12, codes=[code], effort=0)


@SLOW
@given(pulled_apart())
def test_a_code_for_one_purchase_has_one_period(question: Question) -> None:
    solution = solve(question)
    check_sound(solution)
    assert solution.gap == 0
    assert solution.total == brute_force(question, list(question.chosen), 0)
    rates = solution.rates
    table = make_table(question, list(question.chosen), rates)
    best = search(table, None)
    assert best is not None
    assert key_of(table, best) // CENT == solution.total


def test_whoever_rides_along_for_the_least_number_keeps_the_better_loyalty() -> None:
    """DSC-7: the third order has 15 % by loyalty and makes the code of 12 % possible for the two others."""
    young = [order_row(str(place), used=10 * DAY, price=5_000) for place in range(2)]
    old = order_row("old", used=2_000 * DAY)
    code = promo("TRIO", "12", periods=[12], min_quantity=3)
    solution = solve(Question([*young, old], NOW, {"vds": 3}, codes=[code]))
    assert [(batch.code, len(batch.order_ids)) for batch in solution.batches] == [("TRIO", 3)]
    rider = solution.line_of("old").now
    assert rider is not None
    assert (rider.percent, rider.code, rider.amount) == ("15", None, 10_098)


def test_a_tier_is_reached_after_the_instant_not_at_it() -> None:
    """DSC-1: "over 3 months" is later than."""
    moment = NOW + 20 * DAY - 3 * DAY  # the last sensible moment of an order that ends in 20 days
    at = order_row("at", used=NOW - add_months(moment, -3))
    before = order_row("before", used=NOW - add_months(moment, -3) + timedelta(seconds=1))
    solution = solve(Question([at, before], NOW, {"vds": 2}, months=1))
    assert [line.later[0].percent for line in solution.lines()] == ["0", "1"]


def test_an_order_that_renews_itself_is_bought_a_day_before_that() -> None:
    """REN-4: auto-renewal acts two days before the end, with a period of its own."""
    chosen = [order_row("auto", left=20 * DAY, auto_on=1), order_row("hand", left=20 * DAY)]
    solution = solve(Question(chosen, NOW, {"vds": 2}, lead_days=1))
    assert [line.later[0].at for line in solution.lines()] == [NOW + 17 * DAY, NOW + 19 * DAY]


def test_whom_the_budget_leaves_does_not_count_later() -> None:
    """DSC-2, DSC-5: ten run, one of them is due and too dear; the others have 3 % instead of 5 % from then on."""
    dear = order_row("dear", left=1 * DAY, price=9_000, used=10 * DAY)
    others = [order_row(str(place), left=25 * DAY, used=10 * DAY) for place in range(9)]
    solution = solve(Question([dear, *others], NOW, {"vds": 10}, months=1, budget=0))
    assert [one.row.id for one in solution.left] == ["dear"]
    assert solution.left[0].costs == 8_550
    assert {line.later[0].percent for line in solution.lines()} == {"3"}
