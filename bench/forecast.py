"""P-PLAN: calendar and forecast of 1,000, 10,000 and 100,000 orders, with money enough and with purses that run out."""

from __future__ import annotations

import math
import random
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from bench.harness import QUICK, RUNS, Benchmark, Figure, Yardsticks, median, series
from bench.store import filled, timed
from billtui.domain.models import Account
from billtui.screens.planner_view import calendar_day, cash_days
from billtui.services.forecast import CentsHeld, Fleet, Forecast, forecast, forecast_near
from billtui.services.overview import AUTO_DAYS, AUTO_MOST, Ahead, overview
from billtui.services.store import OrderRow, Store, StoreReader

SIZES = (1_000, 10_000, 100_000)
NOW = datetime(2026, 11, 1, tzinfo=UTC)
DAY = 86_400
AUTO_SHARE = 0.6
PERIODS = (1, 1, 1, 3, 6, 12)
RICH = 10**12
BUDGET_MS = 1_500
RUNS_OF_MANY = 2 if QUICK else 5


def fleet(size: int) -> list[OrderRow]:
    """Orders that all end within a month: three in five renew themselves, half of those monthly."""
    chance = random.Random(7)
    now = int(NOW.timestamp())
    return [
        OrderRow(
            id=str(number), name=f"web-{number:06}", kind="vds", plan="vds-small", location="nl", address="",
            state="active", power="running", created_at=now - 900 * DAY, paid_until=now + chance.randrange(30 * DAY),
            price=chance.randrange(300, 9_000), currency="EUR", discount="0", individual_price=0,
            auto_on=int(chance.random() < AUTO_SHARE), auto_months=chance.choice(PERIODS),
            billing_day=chance.randrange(1, 32), in_use_since=now - chance.randrange(1_400 * DAY),
            unpaid_invoice_id=None, transfer_id=None, blocked_at=None, addons=0, addon_prices="",
            auto_since=now - 300 * DAY, auto_done_for=None, promise_until=None, version=1,
        )
        for number in range(size)
    ]  # fmt: skip


def planned(rows: list[OrderRow], cents: int, days: int) -> Forecast:
    """From rows to what calendar and chart draw."""
    made = forecast(Fleet(rows, [], "EUR"), CentsHeld(cents, 10_000), NOW, days)
    calendar = [calendar_day(day) for day in made.days]
    assert len(calendar) == len(cash_days(made)) == days + 1
    return made


def spent(work: Callable[[], Forecast], runs: int) -> tuple[float, Forecast]:
    """Milliseconds, median, and the last answer."""
    answers: list[Forecast] = []

    def once() -> float:
        start = time.perf_counter()
        answers.append(work())
        value = (time.perf_counter() - start) * 1000
        del answers[:-1]
        return value

    value = median(once, runs)
    return value, answers[-1]


def forecasting(_yardsticks: Yardsticks) -> list[Figure]:
    """P-PLAN and its growth."""
    figures: list[Figure] = []
    before: dict[str, float] = {}
    sizes: dict[str, dict[int, float]] = {}
    for size in SIZES:
        rows = fleet(size)
        runs = RUNS if size < SIZES[-1] else RUNS_OF_MANY
        month = sum(row.price for row in rows) // 10
        cases = (
            ("calendar and forecast, 365 days", RICH, 365, True),
            ("the same, purses run out, with the top-up that saves", month, 365, False),
            ("calendar and forecast, 30 days, with that top-up", month, 30, True),
        )
        for name, cents, days, budgeted in cases:
            value, made = spent(partial(planned, rows, cents, days), runs)
            note = f"{len(made):,} events" + (f", {runs} runs" if runs != RUNS else "")
            budget = BUDGET_MS if budgeted and size == SIZES[-1] else None
            figures.append(Figure("P-PLAN", f"{name}, {size:,} orders", value, "ms", budget=budget, note=note))
            sizes.setdefault(name, {})[size] = value
            if name in before:
                few = size // 10
                growth = round(10 * math.log(size) / math.log(few) * 1.15, 1)
                own = f"own, {few:,}"
                figures.append(
                    Figure(
                        "P-GROWTH",
                        f"{name}, {size:,}",
                        value,
                        "ms",
                        own,
                        before[name],
                        growth,
                        series=series(sizes[name]),
                    )
                )
            before[name] = value
    return figures


def near(_yardsticks: Yardsticks) -> list[Figure]:
    """What the overview asks of it: two weeks, from the store, however many orders there are."""
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        directory.chmod(0o700)
        for size in SIZES[1:]:
            path, _ = filled(directory, size)
            store = Store(path)
            money = {"amount": "50.00", "currency": "EUR"}
            who = {"panel_id": "bench", "account_id": "1", "login": "bench", "email": "bench@example.net"}
            store.apply_account(Account.model_validate(who | {"balances": {"internal": money, "affiliate": money}}))
            store.close()
            reader = StoreReader(path)
            value = median(lambda: timed(lambda: forecast_near(reader, NOW, AUTO_DAYS, AUTO_MOST)))  # noqa: B023
            none = Ahead((), NOW, None)
            rest = median(lambda: timed(lambda: overview(reader, NOW, ahead=none)))  # noqa: B023
            reader.close()
            what = f"the overview's forecast, in a thread, {size:,} orders in the store"
            figures.append(Figure("P-PLAN", what, value, "ms"))
            what = f"the overview without it, on the loop, {size:,} orders in the store"
            figures.append(Figure("P-PLAN", what, rest, "ms", budget=16.7))
    return figures


def benchmarks() -> list[Benchmark]:
    """Calendar and forecast."""
    return [Benchmark("forecast", forecasting, ("P-PLAN", "P-GROWTH")), Benchmark("forecast.near", near, ("P-PLAN",))]
