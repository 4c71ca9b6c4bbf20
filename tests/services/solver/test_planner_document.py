"""The worked examples of docs/planner.md, number by number."""

from __future__ import annotations

from datetime import timedelta

import pytest

from billtui.services.solver import Question, Solution, explain_line, solve
from tests.services.solver.questions import DAY, NOW, order_row, promo

ORDERS = [
    order_row("1", left=2 * DAY, used=timedelta(days=80)),
    order_row("2", left=20 * DAY, used=timedelta(days=80)),
    order_row("3", left=20 * DAY, price=3_490, used=timedelta(days=800)),
]
YEAR20 = promo("YEAR20", "20", periods=[12, 24])


def solved(budget: int | None = None, *, code: bool = False) -> Solution:
    """The document's three orders."""
    return solve(Question(ORDERS, NOW, {"vds": 3}, budget=budget, codes=[YEAR20] if code else []))


def test_without_codes() -> None:
    found = solved()
    assert (found.total, found.spent_now, found.monthly, found.at_once) == (60_442, 990, 60_439, 61_452)
    assert (found.purchases, found.gap) == (13, 0)
    lines = [[(one.months, one.amount) for one in found.line_of(key).later] for key in ("1", "2", "3")]
    assert lines[0] == [(3, 2_940), (6, 5_762), (1, 941), (1, 941)]
    assert lines[1][0] == (3, 2_940)
    assert [months for months, _ in lines[2]] == [1, 3, 6, 1, 1]
    words = " ".join(explain_line(found, "2"))
    assert "3 months cost 29.70 EUR today and 29.40 EUR then" in words
    assert "Waiting until 2026-12-12" in words


@pytest.mark.parametrize(
    ("budget", "total", "now", "bought"),
    [(None, 52_512, 52_512, ("1", "2", "3")), (30_000, 56_352, 19_008, ("1", "2"))],
)
def test_with_a_code_and_with_a_budget(budget: int | None, total: int, now: int, bought: tuple[str, ...]) -> None:
    found = solved(budget, code=True)
    assert (found.total, found.spent_now, found.gap) == (total, now, 0)
    assert [(one.months, one.code, one.order_ids) for one in found.batches] == [(12, "YEAR20", bought)]
    if budget is None:
        assert found.saving == 7_927
