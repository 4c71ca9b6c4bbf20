"""Line up against brute force over every combination of periods (REN-3), and its costs by the rules of the domain."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from billtui.domain.periods import PERIODS
from billtui.domain.rules.discounts import loyalty_of
from billtui.domain.rules.renewal import price_renewal, renewed_until
from billtui.services.line_up import MONTH_DAYS, LineUp, LineUpQuestion, line_up, within_month_note
from billtui.services.pricing import facts_of
from billtui.services.store import OrderRow, cents
from tests.services.solver.questions import DAY, NOW, order_row, rows

RUNNING = {"vds": 7}


def reachable(row: OrderRow, question: LineUpQuestion) -> list[int]:
    """How far an order can be moved."""
    steps = range(1, question.limit + 1) if question.several else PERIODS
    months = [one for one in steps if one <= question.limit]
    facts = facts_of(row)
    assert facts.paid_until is not None
    return months if facts.paid_until <= NOW else [0, *months]


def end_of(row: OrderRow, months: int) -> datetime:
    """The end that is reached (REN-3)."""
    facts = facts_of(row)
    assert facts.paid_until is not None
    return renewed_until(facts, months) if months else facts.paid_until


def cost_of(row: OrderRow, found: LineUp) -> int:
    """What the domain asks for the periods of an order."""
    step = next(one for one in found.steps if one.row.id == row.id)
    facts = facts_of(row)
    return sum(cents(price_renewal(facts, one, loyalty_of(facts, RUNNING["vds"], NOW)).total) for one in step.periods)


@settings(max_examples=80, deadline=None)
@given(rows(4), st.sampled_from([1, 3, 6, 12]), st.booleans())
def test_no_combination_of_periods_is_nearer_or_cheaper(chosen: list[OrderRow], limit: int, several: bool) -> None:
    question = LineUpQuestion(
        chosen, NOW, RUNNING, limit=limit if several else max(limit, 3), several=several and limit < 7
    )
    found = line_up(question).found
    ends = [[(end_of(row, one), one, row) for one in reachable(row, question)] for row in chosen]
    combinations = []
    for combination in product(*ends):
        spread = max(one[0] for one in combination) - min(one[0] for one in combination)
        combinations.append((spread, sum(row.price * months for _, months, row in combination)))
    narrowest = min(combinations)
    tightest = found[0]
    assert tightest.name == "tightest"
    assert timedelta(seconds=tightest.spread_after) == narrowest[0]
    assert sum(step.row.price * step.months for step in tightest.steps) == narrowest[1]
    within = [cost for spread, cost in combinations if spread <= timedelta(days=MONTH_DAYS)]
    if len(found) == 2:
        assert found[1].spread_after <= MONTH_DAYS * 86_400
        assert sum(step.row.price * step.months for step in found[1].steps) == min(within)
    elif within:
        assert narrowest[1] == min(within)
    for one in found:
        assert one.cost == sum(cost_of(row, one) for row in chosen)
        assert [step.after for step in one.steps] == [end_of(step.row, step.months) for step in one.steps]
        assert sum(batch.amount for batch in one.batches) == sum(step.costs[0] for step in one.steps if step.costs)


def test_single_periods_bring_three_months_together() -> None:
    """Ends in December, January and April, on the 5th, 12th and 20th: 3 months, 3 and none (the document's example)."""
    chosen = [
        order_row("a", left=datetime(2027, 1, 5, 12, tzinfo=UTC) - NOW),
        order_row("b", left=datetime(2027, 1, 12, 12, tzinfo=UTC) - NOW),
        order_row("c", left=datetime(2027, 4, 20, 12, tzinfo=UTC) - NOW),
    ]
    found = line_up(LineUpQuestion(chosen, NOW, {"vds": 3})).found[0]
    assert [step.periods for step in found.steps] == [(3,), (3,), ()]
    assert found.spread_before == 105 * 86_400
    assert found.spread_after == 15 * 86_400
    assert "REN-3" in within_month_note(found)


def test_a_month_that_single_periods_do_not_reach_is_said() -> None:
    chosen = [order_row("a", left=10 * DAY), order_row("b", left=160 * DAY)]
    found = line_up(LineUpQuestion(chosen, NOW, {"vds": 2}, target=(2027, 5))).found[0]
    assert [step.row.id for step in found.missed] == ["a"]
    several = line_up(LineUpQuestion(chosen, NOW, {"vds": 2}, target=(2027, 5), several=True)).found[0]
    assert not several.missed
    assert several.steps[0].periods == (3, 1, 1)
    assert several.rounds == 3


def test_what_cannot_be_renewed_is_left_out_with_its_reason() -> None:
    """BLK-5: the invoice is named, by its number as lists have it and never by an id that no list shows."""
    chosen = [order_row("a"), order_row("b", unpaid_invoice_id="77")]
    result = line_up(LineUpQuestion(chosen, NOW, {"vds": 2}, bills={"77": "2026-004711"}))
    assert [one.row.id for one in result.excluded] == ["b"]
    assert result.excluded[0].refusal.reason.startswith("Invoice 2026-004711 still bills")
    assert result.excluded[0].refusal.related["invoice_id"] == "77"
    assert line_up(LineUpQuestion(chosen[1:], NOW, {"vds": 2})).found == ()


@pytest.mark.parametrize(("limit", "target"), [(0, None), (25, None), (12, (2027, 13))])
def test_questions_without_sense_are_refused(limit: int, target: tuple[int, int] | None) -> None:
    with pytest.raises(ValueError, match=r"month|Month"):
        line_up(LineUpQuestion([order_row("a")], NOW, {}, limit=limit, target=target))
