"""The queue of support staff with 50,000 tickets: P-THREAD (as P-TABLE-1 and 3), and one look at all of them."""

from __future__ import annotations

import random
import statistics
import time
from functools import partial

from textual.app import App
from textual.pilot import Pilot

from bench.harness import RUNS, Benchmark, Figure, Yardsticks
from bench.table import ONCE, cost, datatable, headless, painted
from billtui.screens.queue_view import DEFAULT_COLUMNS, queue_columns
from billtui.services.store import TicketRow
from billtui.services.ticket_queue import Ranks, count_views, next_ticket, queue_views
from billtui.widgets.record_table import RecordTable

MANY, FEW = 50_000, 1_000
NOW = 1_795_644_000
ME = "sam.desk"


def tickets(count: int) -> list[TicketRow]:
    """Invented tickets, the same each time: one in five waits for support, as on no good day."""
    chance = random.Random(11)
    rows = []
    for number in range(count):
        state = chance.choice(("open", "answered", "on hold", "closed", "closed"))
        age = chance.randrange(60, 30 * 86_400)
        first = chance.random() < 0.5
        rows.append(
            TicketRow(
                id=str(number), number=str(10_000 + number),
                subject=f"{chance.choice(('Disk', 'Mail', 'Bill', 'Kernel'))} {number}",
                department=chance.choice(("technical", "technical", "finance", "sales", "abuse")), state=state,
                priority=chance.choice(("normal",) * 7 + ("high", "low", "service down")),
                account_id=str(chance.randrange(900)),
                login=f"client.{chance.randrange(900)}", order_id=str(chance.randrange(9_000)), invoice_id="",
                assignee=chance.choice(("", "", ME, "ada.desk")), opened_by="client", queue_place=None,
                answer_due_at=NOW - age + 900 if state == "open" and first else None, first_answer_at=None,
                created_at=NOW - age, updated_at=NOW - age // 2, last_client_at=NOW - age // 2,
                last_staff_at=None if first else NOW - age // 3, last_message_id=str(number), last_author_role="client",
                message_count=chance.randrange(1, 40), hold_until=NOW + age if state == "on hold" else None,
                closed_at=None, reopen_until=None, tags=chance.choice(("", "", "disk", "raid waiting")), access="none",
                at_stake=chance.choice((None, 990, 45_000, 120_000)), currency="EUR", merged_into="", rating=None,
                version=1,
            )
        )  # fmt: skip
    return rows


def queue_table(rows: list[TicketRow], ranks: Ranks) -> RecordTable[TicketRow]:
    """The list as the screen has it: what is next, in the order of risk."""
    table: RecordTable[TicketRow] = RecordTable(
        queue_columns(lambda: NOW, ranks, str), lambda row: row.id, visible_columns=DEFAULT_COLUMNS
    )
    table.sort_by("why")
    table.set_predicate(lambda row: row.state == "open")
    table.set_rows(rows)
    return table


def open_queue(count: int, *, again: bool) -> float:
    """Milliseconds of processor time from the rows at hand to the queue on the screen; ``again``: ranks are known."""
    rows = tickets(count)

    async def measure(app: App[None], _: Pilot[None]) -> list[float]:
        times: list[float] = []
        kept = Ranks()
        for _run in range(RUNS + 1):
            start = time.process_time()
            table = queue_table(rows, kept if again else Ranks())
            await app.screen.mount(table)
            await painted(table)
            times.append((time.process_time() - start) * 1000)
            await table.remove()
        return times[1:]

    return statistics.median(headless(measure))


def opening(yardsticks: Yardsticks) -> list[Figure]:
    """P-TABLE-1 for the queue: coming back to it, and the first time, when every rank is worked out."""
    again, first, few = open_queue(MANY, again=True), open_queue(MANY, again=False), open_queue(FEW, again=True)
    theirs = datatable(yardsticks).open
    what = f"open the queue, {MANY:,} tickets"
    return [
        Figure("P-THREAD", what, again, "ms", "DataTable, 100,000", theirs, 0.03, ONCE),
        Figure(
            "P-THREAD",
            f"{what}, first time",
            first,
            "ms",
            "DataTable, 100,000",
            theirs,
            0.03,
            ONCE,
        ),
        Figure("P-GROWTH", what, again, "ms", "own, 1,000", few, note="sorts by risk, n log n"),
    ]


def work(_: Yardsticks) -> list[Figure]:
    """P-TABLE-3 for the queue, and what a change of one ticket costs: all rows anew, views counted, the next found."""
    rows, ranks = tickets(MANY), Ranks()
    views = queue_views(ME, {})

    async def measure(app: App[None], pilot: Pilot[None]) -> list[float]:
        table = queue_table(rows, ranks)
        await app.screen.mount(table)
        results: list[list[float]] = [[] for _ in range(7)]
        for run in range(RUNS):
            while table._view.warm_texts(MANY):
                pass
            await painted(table)
            results[0].append(await cost(table, lambda: table.set_filter("k")))
            results[1].append(await cost(table, lambda: table.set_filter("ke")))
            table.set_filter("")
            await painted(table)
            column = ("subject", "client", "waits", "stake")[run % 4]
            results[2].append(await cost(table, partial(table.sort_by, column)))
            table.sort_by("why")
            await painted(table)
            results[3].append(await cost(table, table.action_mark_all))
            table.action_clear_marks()
            await painted(table)
            changed = list(rows)
            changed[run] = rows[run]._replace(state="open", version=run + 2)
            results[4].append(await cost(table, partial(table.set_rows, changed)))
            start = time.process_time()
            count_views(changed, ME, NOW)
            results[5].append((time.process_time() - start) * 1000)
            start = time.process_time()
            next_ticket(changed, ranks, ME)
            results[6].append((time.process_time() - start) * 1000)
        await pilot.pause()
        return [statistics.median(one) for one in results]

    values = headless(measure)
    names = (
        ("filter, first key", 50.0), ("filter, next key", 16.7), ("sort by another column", 100.0), ("mark all", 20.0),
        ("one ticket changed: all rows anew", 100.0), (f"count {len(views)} views", 33.0),
        ("find the next ticket", 33.0),
    )  # fmt: skip
    return [
        Figure("P-THREAD", f"queue of {MANY:,}: {what}", value, "ms", budget=budget)
        for (what, budget), value in zip(names, values, strict=True)
    ]


def benchmarks() -> list[Benchmark]:
    """The queue."""
    return [Benchmark("queue.open", opening, ("P-THREAD", "P-GROWTH")), Benchmark("queue.work", work, ("P-THREAD",))]
