"""P-PLAN: the solver and line up at 1,000, 10,000 and 100,000 orders, without and with a budget and codes."""

from __future__ import annotations

import math
import time
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random

from bench.harness import QUICK, RUNS, Benchmark, Figure, Yardsticks, median, series
from billtui.domain.models import PromoTerms
from billtui.domain.safetext import SafeText
from billtui.services.line_up import LineUpQuestion, line_up
from billtui.services.solver import Question, Solution, solve
from billtui.services.store import OrderRow

RUNS_OF_MANY = 1 if QUICK else 3
SIZES = (1_000, 10_000, 100_000)
NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
PRICES = (350, 590, 990, 1_890, 2_750, 3_490, 6_490)
PLACES = ("nl", "de", "uk", "fr", "se", "pl", "ch", "ca", "sg", "jp")
_BUDGET_EACH = 1_500
"""Cents for each order: it keeps all alive and buys only some of the codes."""


def fleet(count: int) -> list[OrderRow]:
    """Orders of many prices, ends and lengths of use; some blocked, some with add-ons."""
    random = Random(7)
    rows = []
    for number in range(count):
        end = NOW + timedelta(seconds=random.randint(-3 * 86_400, 60 * 86_400))
        addons = random.choice(((), (), (), (200,), (340,)))
        rows.append(
            OrderRow(
                id=str(number), name=f"web-{number}", kind="vds", plan=f"plan-{random.randint(0, 6)}",
                location=random.choice(PLACES), address="", state="active" if end > NOW else "blocked", power="on",
                created_at=0, paid_until=int(end.timestamp()), price=random.choice(PRICES), currency="EUR",
                discount="0", individual_price=int(random.random() < 0.03), auto_on=int(random.random() < 0.5),
                auto_months=1, billing_day=end.day,
                in_use_since=int((NOW - timedelta(seconds=random.randint(5 * 86_400, 1_300 * 86_400))).timestamp()),
                unpaid_invoice_id=None, transfer_id=None, blocked_at=None if end > NOW else int(end.timestamp()),
                addons=sum(addons), addon_prices=" ".join(map(str, addons)), auto_since=None, auto_done_for=None,
                promise_until=None, version=1,
            )
        )  # fmt: skip
    return rows


def codes() -> list[PromoTerms]:
    """One for a plan and long periods, once; one for all, three times, with a least number."""
    return [
        PromoTerms(code=SafeText("LONG"), percent=Decimal(20), plans=[SafeText("plan-1")], periods=[6, 12],
                   renewals=True, uses_left=1),
        PromoTerms(code=SafeText("MANY"), percent=Decimal("12.5"), renewals=True, min_quantity=5, uses_left=3),
    ]  # fmt: skip


def plain(rows: list[OrderRow]) -> Solution:
    """Every choice of periods and moments, no limit."""
    return solve(Question(rows, NOW, {"vds": len(rows)}))


def limited(rows: list[OrderRow]) -> Solution:
    """With a budget and two codes that have few uses."""
    return solve(Question(rows, NOW, {"vds": len(rows)}, budget=_BUDGET_EACH * len(rows), codes=codes()))


def spent(work: object, rows: list[OrderRow], runs: int) -> tuple[float, object]:
    """Milliseconds, median, and the last answer."""
    assert callable(work)
    answer: list[object] = []

    def once() -> float:
        start = time.perf_counter()
        answer.append(work(rows))
        return (time.perf_counter() - start) * 1000

    value = median(once, runs)
    return value, answer[-1]


def solving(_yardsticks: Yardsticks) -> list[Figure]:
    """P-PLAN and its growth."""
    figures: list[Figure] = []
    before: dict[str, float] = {}
    sizes: dict[str, dict[int, float]] = {}
    tools = (
        ("solver", plain),
        ("solver with budget and codes", limited),
        ("line up", lambda rows: line_up(LineUpQuestion(rows, NOW, {"vds": len(rows)}))),
    )
    for size in SIZES:
        rows = fleet(size)
        runs = RUNS if size < SIZES[-1] else RUNS_OF_MANY
        for name, work in tools:
            value, answer = spent(work, rows, runs)
            note = "" if runs == RUNS else f"{runs} runs"
            if isinstance(answer, Solution):
                above = (
                    f"at most {answer.gap / max(1, answer.total):.3%} above the optimum" if answer.gap else "optimal"
                )
                note = f"{above}{', ' + note if note else ''}"
            budget = 3_000 if size == SIZES[1] else None
            figures.append(Figure("P-PLAN", f"{name}, {size:,} orders", value, "ms", budget=budget, note=note))
            sizes.setdefault(name, {})[size] = value
            if name in before:
                few = size // 10
                growth = 10 * math.log(size) / math.log(few)
                figures.append(
                    Figure(
                        "P-GROWTH",
                        f"{name}, {size:,}",
                        value,
                        "ms",
                        f"own, {few:,}",
                        before[name],
                        round(growth * 1.15, 1),
                        series=series(sizes[name]),
                    )
                )
            before[name] = value
    return figures


def benchmarks() -> list[Benchmark]:
    """The solver."""
    return [Benchmark("solver", solving, ("P-PLAN", "P-GROWTH"))]
