"""Choosing among 100,000 orders: expressions, marks with blocked ones among them, a pasted list (P-TABLE-3)."""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable
from typing import NamedTuple

from textual.app import App
from textual.pilot import Pilot

from bench.harness import RUNS, Benchmark, Figure, Yardsticks
from bench.table import MANY, SOME, cost, headless, painted
from billtui.screens.order_marks import why_unmarkable
from billtui.screens.order_view import order_columns
from billtui.services.order_choice import chosen_by
from billtui.services.order_matching import predicate
from billtui.services.order_query import parse, split_filter
from billtui.services.order_references import References
from billtui.services.store import OrderRow, RowsInColumns
from billtui.services.store.column_forms import packed, unpacked
from billtui.widgets.record_table import RecordTable

NOW = 1_795_000_000
DAY = 86_400
EXPRESSION = "loc:nl,pl days<7 plan:micro -tag:keep"
LETTER = "n"
"""Stands in the place or the plan of three of ten orders, and in no name or address."""
BLOCK = 512
"""Rows of one block of columns, as the copy has them."""
LISTED = 1_000
"""Words of a pasted list."""


def fleet(count: int) -> list[OrderRow]:
    """Invented orders, the same each time; one of a hundred is on an open invoice."""
    chance = random.Random(7)
    return [
        OrderRow(
            id=str(100_000 + number), name=f"web-{number:06}", kind="vds",
            plan=chance.choice(("vds-nano", "vds-micro", "vds-small", "vds-medium", "vds-large")),
            location=chance.choice(("nl", "de", "uk", "fr", "se", "pl", "ch", "us-east", "us-west")),
            address=f"198.{number // 65536}.{number // 256 % 256}.{number % 256}",
            state=chance.choice(("active", "active", "active", "blocked")), power="on", created_at=NOW - 400 * DAY,
            paid_until=NOW + chance.randrange(400 * DAY), price=chance.randrange(200, 20_000), currency="EUR",
            discount="7", individual_price=0, auto_on=number % 2, auto_months=1, billing_day=1,
            in_use_since=NOW - chance.randrange(1_500 * DAY), unpaid_invoice_id="9" if number % 100 == 0 else None,
            transfer_id=None, blocked_at=None, addons=0, addon_prices="", auto_since=None, auto_done_for=None,
            promise_until=None, version=1,
        )
        for number in range(count)
    ]  # fmt: skip


class ChoosingCosts(NamedTuple):
    """Milliseconds of processor time, medians."""

    filter_first: float
    filter_next: float
    look: float
    mark_all: float
    invert: float
    settle: float
    pasted: float
    letter: float
    look_up: float
    """So many ids looked up in a dict of as many, by the interpreter alone: what looking at marks anew cannot avoid."""


def choosing_costs(count: int) -> ChoosingCosts:
    """What each step of choosing costs in a list of so many orders."""
    rows = fleet(count)
    tags = {row.id: frozenset({"keep"}) for row in rows[::7]}

    async def measure(app: App[None], _: Pilot[None]) -> list[float]:
        table: RecordTable[OrderRow] = RecordTable(
            order_columns(lambda: NOW), lambda row: row.id, mark_refusal=why_unmarkable
        )
        await app.screen.mount(table)
        table.set_rows(rows)
        await painted(table)
        while table._view.warm_texts(10_000):  # the program does so when the filter is opened
            pass

        def narrow(text: str) -> Callable[[], None]:
            def change() -> None:
                words, query, _error = split_filter(text)
                table.set_predicate(predicate(query, NOW, tags) if query.terms else None)
                table.set_filter(words)

            return change

        async def each(change: Callable[[], object], back: Callable[[], object]) -> float:
            times = []
            for _run in range(RUNS):
                times.append(await cost(table, change))
                back()
                await painted(table)
            return statistics.median(times)

        first = await each(narrow(EXPRESSION), narrow(""))
        narrow(EXPRESSION)()
        following = await each(lambda: table.set_filter("web-0"), lambda: table.set_filter(""))
        narrow("")()
        mark_all = await each(table.action_mark_all, table.action_clear_marks)
        table.choose([row.id for row in rows[::2]])
        invert = await each(table.action_invert_marks, table.action_undo_marks)
        table.action_mark_all()
        settle = await each(table.settle_marks, lambda: None)
        index, ids = {row.id: number for number, row in enumerate(rows)}, {row.id for row in rows}
        looked: list[float] = []
        for _run in range(RUNS):
            start = time.process_time()
            ids.difference(index)
            looked.append((time.process_time() - start) * 1000)
        return [first, following, 0.0, mark_all, invert, settle, 0.0, 0.0, statistics.median(looked)]

    found = ChoosingCosts(*headless(measure))
    counted, pasted, letters = [], [], []
    shared: dict[object, object] = {}
    blocks = (rows[place : place + BLOCK] for place in range(0, count, BLOCK))
    columns = RowsInColumns(OrderRow, [unpacked(packed(block), shared) for block in blocks])
    words = " ".join(f"web-{number:06}" for number in range(0, count, count // LISTED))
    for _run in range(RUNS):
        start = time.process_time()
        chosen_by(parse(LETTER), columns, NOW, tags)
        letters.append((time.process_time() - start) * 1000)
        start = time.process_time()
        matching = chosen_by(parse(EXPRESSION), rows, NOW, tags)
        sum(1 for row in matching if why_unmarkable(row))
        counted.append((time.process_time() - start) * 1000)
        start = time.process_time()
        References(rows).read(words)
        pasted.append((time.process_time() - start) * 1000)
    return found._replace(
        look=statistics.median(counted), pasted=statistics.median(pasted), letter=statistics.median(letters)
    )


def choosing(_yardsticks: Yardsticks) -> list[Figure]:
    """P-TABLE-3 for expressions and marks; figures without a budget are told as they are."""
    ours, some = choosing_costs(MANY), choosing_costs(SOME)
    figures: list[Figure] = []
    for what, value, smaller, budget in (
        ("filter by an expression, first key", ours.filter_first, some.filter_first, 50),
        ("filter by an expression, next word", ours.filter_next, some.filter_next, 16.7),
        ("count what an expression chooses, each key", ours.look, some.look, 50),
        ("find what a single letter chooses, each key", ours.letter, some.letter, 50),
        ("mark all, one of a hundred blocked", ours.mark_all, some.mark_all, 20),
        ("invert half of them marked", ours.invert, some.invert, 100),
        ("look at all marks anew after a refresh", ours.settle, some.settle, 100),
        (f"a pasted list of {LISTED:,} names", ours.pasted, some.pasted, None),
    ):
        figures.append(Figure("P-TABLE-3", what, value, "ms", budget=budget))
        if value is ours.settle:
            # 10,000 ids lie in the processor's cache and 100,000 do not: to look up a dict grows 30 times by itself.
            figures.append(Figure("P-GROWTH", f"{what}, 100,000", value, "ms", "as many look-ups", ours.look_up, 1.5))
        elif budget is not None:
            figures.append(Figure("P-GROWTH", f"{what}, 100,000", value, "ms", "own, 10,000", smaller, 13))
    return figures


def benchmarks() -> list[Benchmark]:
    """Choosing."""
    return [Benchmark("choosing.orders", choosing, ("P-TABLE-3", "P-GROWTH"))]
