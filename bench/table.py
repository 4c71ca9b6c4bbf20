"""The table: P-TABLE-1 to 3, P-BYTES-1 and P-MEM, ours beside Textual's DataTable and a curses program."""

from __future__ import annotations

import asyncio
import gc
import statistics
import time
from collections.abc import Awaitable, Callable
from typing import NamedTuple

from textual.app import App
from textual.pilot import Pilot
from textual.widget import Widget
from textual.widgets import DataTable

from bench import apps
from bench.harness import QUICK, RUNS, Benchmark, Figure, Yardsticks, percentile, series
from bench.terminals import COLUMNS, LINES, Terminal

MANY, SOME, FEW = 100_000, 10_000, 1_000
KEYS = 100 if QUICK else 200
FIRST, NEXT = "k", "ky"
"""What is typed into the filter: four rows of ten hold the first, one of nine the next."""
DOWN, PAGE = b"\x1bOB", b"\x1b[6~"
ONCE = "one run of DataTable"


async def painted(widget: Widget) -> None:
    """Wait until what has changed is on the screen."""
    done = asyncio.Event()
    widget.call_after_refresh(done.set)
    await done.wait()


async def cost(widget: Widget, change: Callable[[], object]) -> float:
    """Milliseconds of processor time from a change until it is drawn (waiting for the frame's turn is not counted)."""
    start = time.process_time()
    change()
    await painted(widget)
    return (time.process_time() - start) * 1000


def headless(measure: Callable[[App[None], Pilot[None]], Awaitable[list[float]]]) -> list[float]:
    """Run a measurement inside an empty program without a terminal, with billtui's policy for the collector: what is
    there after the start is frozen."""

    async def run() -> list[float]:
        app = App[None]()
        async with app.run_test(size=(COLUMNS, LINES)) as pilot:
            gc.collect()
            gc.freeze()
            return await measure(app, pilot)

    try:
        return asyncio.run(run())
    finally:
        gc.unfreeze()


# --- P-TABLE-1 -------------------------------------------------------------------------------------------------------


def open_own(count: int) -> float:
    """Milliseconds of processor time from the records at hand to the table on the screen."""
    rows = apps.orders(count)

    async def measure(app: App[None], _: Pilot[None]) -> list[float]:
        times: list[float] = []
        for _run in range(RUNS + 1):
            start = time.process_time()
            table = apps.record_table(rows)
            await app.screen.mount(table)
            await painted(table)
            times.append((time.process_time() - start) * 1000)
            await table.remove()
        return times[1:]

    return statistics.median(headless(measure))


class DataTableCosts(NamedTuple):
    """What the same things cost with Textual's DataTable, in milliseconds of processor time."""

    open: float
    first_key: float
    next_key: float
    sort: float
    mark_all: float


def datatable_costs(count: int) -> DataTableCosts:
    """Every one measured once: together they take about half a minute."""
    rows = [apps.cells(order) for order in apps.orders(count)]

    async def measure(app: App[None], _: Pilot[None]) -> list[float]:
        table: DataTable[str] = DataTable(cursor_type="row")
        await app.screen.mount(table)

        def fill() -> None:
            table.add_column(" ", key="mark", width=1)
            for title in apps.TITLES:
                table.add_column(title, key=title)
            table.add_rows([(" ", *row) for row in rows])

        def keep(text: str) -> Callable[[], None]:
            def change() -> None:
                table.clear()
                table.add_rows([(" ", *row) for row in rows if text in "\n".join(row).lower()])

            return change

        def mark_all() -> None:
            for key in list(table.rows):
                table.update_cell(key, "mark", "*")

        opened = await cost(table, fill)
        sort = await cost(table, lambda: table.sort("Address"))
        mark = await cost(table, mark_all)
        first = await cost(table, keep(FIRST))
        following = await cost(table, keep(NEXT))
        return [opened, first, following, sort, mark]

    return DataTableCosts(*headless(measure))


def datatable(yardsticks: Yardsticks) -> DataTableCosts:
    """The costs of DataTable in this run."""
    names = [f"DataTable {MANY:,} {name}, ms" for name in DataTableCosts._fields]
    if names[0] not in yardsticks.values:
        yardsticks.values.update(zip(names, datatable_costs(MANY), strict=True))
    return DataTableCosts(*(yardsticks.values[name] for name in names))


def opening(yardsticks: Yardsticks) -> list[Figure]:
    """P-TABLE-1: records at hand (reading them from the store is measured with the store)."""
    many, some, few = open_own(MANY), open_own(SOME), open_own(FEW)
    theirs = datatable(yardsticks).open
    what = f"open with {MANY:,} rows"
    return [
        Figure("P-TABLE-1", what, many, "ms", "DataTable", theirs, 0.03, ONCE),
        Figure("P-TABLE-1", what, many, "ms", "own, 1,000", few, 1.3),
        Figure(
            "P-GROWTH",
            "open the list, 100,000",
            many,
            "ms",
            "own, 1,000",
            few,
            1.3,
            series=series({FEW: few, SOME: some, MANY: many}),
        ),
    ]


# --- P-TABLE-2, P-BYTES-1 --------------------------------------------------------------------------------------------


class KeyCosts(NamedTuple):
    """A program on a terminal, per key."""

    cpu: float
    p50: float
    p99: float
    longest: float
    move_bytes: float
    scroll_bytes: float
    page_bytes: float
    memory: float


def key_costs(kind: str, count: int) -> KeyCosts:
    """Hold the cursor at the lower edge and scroll by a row, again and again."""
    with Terminal(apps.command(kind, count)) as terminal:
        terminal.until(apps.READY)
        terminal.settle(1.0)
        return held_at_the_edge(terminal)


def held_at_the_edge(terminal: Terminal) -> KeyCosts:
    """The costs of a table that is on the terminal, with its cursor near the top."""
    memory = terminal.memory()
    moves = [terminal.key(DOWN)[1] for _ in range(20)]
    for _ in range(LINES):
        terminal.key(DOWN)
    cpu = terminal.cpu()
    scrolls = [terminal.key(DOWN) for _ in range(KEYS)]
    cpu = (terminal.cpu() - cpu) / KEYS * 1000
    pages = [terminal.key(PAGE)[1] for _ in range(RUNS)]
    times = [milliseconds for milliseconds, _ in scrolls]
    return KeyCosts(
        cpu,
        statistics.median(times),
        percentile(times, 99),
        max(times),
        statistics.median(moves),
        statistics.median(count for _, count in scrolls),
        statistics.median(pages),
        memory,
    )


def costs(yardsticks: Yardsticks, kind: str, count: int) -> KeyCosts:
    """Key costs of a program in this run."""
    names = [f"{kind} {count:,} {name}" for name in KeyCosts._fields]
    if names[0] not in yardsticks.values:
        yardsticks.values.update(zip(names, key_costs(kind, count), strict=True))
    return KeyCosts(*(yardsticks.values[name] for name in names))


def keys(yardsticks: Yardsticks) -> list[Figure]:
    """P-TABLE-2: the cursor at the edge, on a real terminal."""
    many, some, few = (costs(yardsticks, "record-table", count) for count in (MANY, SOME, FEW))
    theirs = costs(yardsticks, "datatable", SOME)
    what = f"scroll by a row, {MANY:,} rows"
    return [
        Figure("P-TABLE-2", f"{what}: CPU per key", many.cpu, "ms", "DataTable, 10,000", theirs.cpu, 0.3),
        Figure("P-TABLE-2", f"{what}: CPU per key", many.cpu, "ms", "own, 1,000", few.cpu, 1.15),
        Figure("P-TABLE-2", f"{what}: key to last byte, p50", many.p50, "ms", "DataTable, 10,000", theirs.p50),
        Figure("P-TABLE-2", f"{what}: key to last byte, p99", many.p99, "ms", "DataTable, 10,000", theirs.p99),
        Figure("P-TABLE-2", f"{what}: key to last byte, p99", many.p99, "ms", budget=16.7),
        Figure(
            "P-GROWTH",
            "scroll by a row, CPU per key, 100,000",
            many.cpu,
            "ms",
            "own, 1,000",
            few.cpu,
            1.15,
            series=series({FEW: few.cpu, SOME: some.cpu, MANY: many.cpu}),
        ),
    ]


def byte_figures(what: str, ours: KeyCosts, yardsticks: Yardsticks) -> list[Figure]:
    """P-BYTES-1 beside a table written with curses, and Textual's."""
    floor, theirs = costs(yardsticks, "curses", SOME), costs(yardsticks, "datatable", SOME)
    scroll = f"{what}: scroll by a row"
    return [
        Figure("P-BYTES-1", f"{what}: cursor move", ours.move_bytes, "B", "curses", floor.move_bytes, 1.5),
        Figure("P-BYTES-1", scroll, ours.scroll_bytes, "B", "curses", floor.scroll_bytes, 1.5),
        Figure("P-BYTES-1", scroll, ours.scroll_bytes, "B", "DataTable", theirs.scroll_bytes, 1 / 40),
        Figure("P-BYTES-1", f"{what}: a page", ours.page_bytes, "B", "curses", floor.page_bytes, 1.1),
    ]


def output(yardsticks: Yardsticks) -> list[Figure]:
    """P-BYTES-1 of the table alone."""
    return byte_figures("table alone", costs(yardsticks, "record-table", MANY), yardsticks)


def datatable_memory(yardsticks: Yardsticks) -> float:
    """Megabytes of a program that is nothing but a DataTable of 100,000 rows."""

    def measure() -> float:
        with Terminal(apps.command("datatable", MANY)) as terminal:
            terminal.until(apps.READY)
            terminal.settle(1.0)
            return terminal.memory()

    return yardsticks.get(f"DataTable {MANY:,} memory, MB", measure)


def memory(yardsticks: Yardsticks) -> list[Figure]:
    """P-MEM: the table alone, with the records it shows."""
    ours, theirs = costs(yardsticks, "record-table", MANY).memory, datatable_memory(yardsticks)
    return [
        Figure("P-MEM", f"table of {MANY:,} rows, alone", ours, "MB", "DataTable", theirs, 1.0),
        Figure("P-MEM", f"table of {MANY:,} rows, alone", ours, "MB", budget=160),
    ]


# --- P-TABLE-3 -------------------------------------------------------------------------------------------------------


class WorkCosts(NamedTuple):
    """Milliseconds of processor time until the result is drawn."""

    first_key: float
    cold_key: float
    next_key: float
    sort: float
    mark_all: float


def work_costs(count: int) -> WorkCosts:
    """Filter, sort and mark with so many rows: texts and ids prepared ahead (as soon after opening), sort keys not."""
    rows = apps.orders(count)

    async def measure(app: App[None], pilot: Pilot[None]) -> list[float]:
        table = apps.record_table(rows)
        await app.screen.mount(table)
        results: list[list[float]] = [[], [], [], [], []]
        for run in range(RUNS):
            table.set_rows(rows)
            results[1].append(await cost(table, lambda: table.set_filter(FIRST)))
            table.set_filter("")
            while table._view.warm_texts(count) or table._view.warm(count):
                pass
            await painted(table)
            results[0].append(await cost(table, lambda: table.set_filter(FIRST)))
            results[2].append(await cost(table, lambda: table.set_filter(NEXT)))
            table.set_filter("")
            await painted(table)
            results[4].append(await cost(table, table.action_mark_all))
            table.action_clear_marks()
            await painted(table)
            column = ("address", "name", "price", "days")[run % 4]
            results[3].append(await cost(table, lambda column=column: table.sort_by(column)))  # type: ignore[misc]  # bound now
            table.sort_by(None)
        await pilot.pause()
        return [statistics.median(one) for one in results]

    return WorkCosts(*headless(measure))


def work(yardsticks: Yardsticks) -> list[Figure]:
    """P-TABLE-3."""
    ours, some, few, theirs = work_costs(MANY), work_costs(SOME), work_costs(FEW), datatable(yardsticks)
    figures = [Figure("P-TABLE-3", "filter, first key, texts not prepared yet", ours.cold_key, "ms", note="as it is")]
    for what, value, absolute, their_value, ratio, smaller, least in (
        ("filter, first key", ours.first_key, 50, theirs.first_key, 0.01, some.first_key, few.first_key),
        ("filter, next key", ours.next_key, 16.7, theirs.next_key, 0.01, some.next_key, few.next_key),
        ("sort by another column", ours.sort, 100, theirs.sort, 0.15, some.sort, few.sort),
        ("mark all", ours.mark_all, 20, theirs.mark_all, 0.05, some.mark_all, few.mark_all),
    ):
        figures.append(Figure("P-TABLE-3", what, value, "ms", budget=absolute))
        figures.append(Figure("P-TABLE-3", what, value, "ms", "DataTable", their_value, ratio, ONCE))
        sizes = series({FEW: least, SOME: smaller, MANY: value})
        growth = 13 if what.startswith("sort") else 10  # n log n: 10 × log 100,000 / log 10,000
        figures.append(
            Figure("P-GROWTH", f"{what}, 100,000", value, "ms", "own, 10,000", smaller, growth, series=sizes)
        )
    return figures


def benchmarks() -> list[Benchmark]:
    """The table."""
    return [
        Benchmark("table.open", opening, ("P-TABLE-1", "P-GROWTH")),
        Benchmark("table.keys", keys, ("P-TABLE-2", "P-GROWTH")),
        Benchmark("table.work", work, ("P-TABLE-3", "P-GROWTH")),
        Benchmark("table.bytes", output, ("P-BYTES-1",)),
        Benchmark("table.memory", memory, ("P-MEM",)),
    ]
