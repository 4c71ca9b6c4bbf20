"""The list of orders in the whole program: 1,000 of them, 100,000, and 100,000 that are still being read."""

from __future__ import annotations

import re
import statistics
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from bench.harness import QUICK, RUNS, Benchmark, Figure, Yardsticks, percentile
from bench.program import ORDERS, opened, prepared, profile_of
from bench.sandbox import panel
from bench.startup import PROGRAM
from bench.table import DOWN, FEW, KEYS, MANY, SOME, byte_figures, costs, datatable, datatable_memory, held_at_the_edge
from bench.table import KeyCosts as Held
from bench.terminals import LINES, Terminal

LIST = (slice(2, LINES - 2), slice(0, 57))
"""Lines and columns of the list and its title; the pane beside it follows the cursor when it rests, and what is said of
rows that cannot be marked stands over its last lines, from column 58 on, in the picture after the list's."""
AREAS = (b"2", b"4", b"5", b"6", b"7", b"8", b"9", b"0", b"3")
OPENED = (b"1", b"2", b"4", b"5", b"6", b"8", b"9", b"0", b"3")
"""Screens whose bytes are counted when they are opened a second time."""
TRIES = 3 if QUICK else 7
BACKSPACE, ESCAPE = b"\x7f", b"\x1b"
HZ = 30
HELD_SECONDS = 4.0
LOADING_KEYS = 100


class Work(NamedTuple):
    """Milliseconds from a key until the list stands as it must: by the clock, key to terminal."""

    first_key: float
    next_key: float
    sort: float
    mark_all: float


def settled(terminal: Terminal, key: bytes) -> float:
    """Milliseconds from a key until the list stood as it stands now that all is quiet."""
    since = terminal.now()
    terminal.key(key, patience=5.0)
    terminal.settle(0.6, timeout=10.0)
    return terminal.stood(since, LIST)


def work(terminal: Terminal) -> Work:
    """P-TABLE-3 by keys."""
    found: list[list[float]] = [[], [], [], []]
    for _ in range(TRIES):
        settled(terminal, b"/")
        found[0].append(settled(terminal, b"w"))
        found[1].append(settled(terminal, b"e"))
        for key in (BACKSPACE, BACKSPACE, ESCAPE):
            settled(terminal, key)
        found[2].append(settled(terminal, b"s"))
        found[3].append(settled(terminal, b"*"))
        settled(terminal, b"u")
    return Work(*(statistics.median(one) for one in found))


class Program(NamedTuple):
    """The program with so many orders."""

    opened: float
    held: Held
    work: Work
    writes: float
    alone: float
    """Bytes of a single key at the edge: a row is scrolled, and the pane beside the list is about another one."""
    rate: float
    late: float
    screens: float
    memory: float


def measured(orders: int) -> Program:
    """Open their list, hold a key in it, filter, sort, mark; then visit every area."""
    with prepared(orders) as env, Terminal(PROGRAM, env) as terminal:
        opened(terminal)
        terminal.send(b"3")
        terminal.until(ORDERS)
        terminal.settle(2.0, timeout=30.0)
        opening = []
        for _ in range(TRIES):
            settled(terminal, b"1")
            opening.append(settled(terminal, b"3"))
        held = held_at_the_edge(terminal)
        writes, alone = [], []
        for _ in range(RUNS):
            terminal.settle(0.3, timeout=2.0)
            before = terminal.writes()
            alone.append(terminal.key(DOWN)[1])
            writes.append(terminal.writes() - before)
        rate, late = key_held(terminal)
        done = work(terminal)
        sizes = {}
        for key in (*AREAS, *OPENED):  # the second time counts: the first one may still be reading
            before = len(terminal.output)
            terminal.key(key, patience=5.0)
            terminal.settle(0.7, timeout=10.0)
            sizes[key] = len(terminal.output) - before
        memory = terminal.memory()
    screens = max(sizes[key] for key in OPENED)
    return Program(
        statistics.median(opening), held, done, statistics.median(writes), statistics.median(alone), rate, late,
        screens, memory,
    )  # fmt: skip


def key_held(terminal: Terminal) -> tuple[float, float]:
    """A key held at 30 Hz: bytes per second, and milliseconds after its release until the list stands still."""
    before, start, released = len(terminal.output), time.perf_counter(), 0.0
    for number in range(int(HZ * HELD_SECONDS)):
        released = terminal.now()
        terminal.send(DOWN)
        while (left := start + (number + 1) / HZ - time.perf_counter()) > 0:
            terminal.settle(left, timeout=left)
    rate = (len(terminal.output) - before) / HELD_SECONDS
    terminal.settle(0.5, timeout=3.0)
    return rate, terminal.stood(released, LIST)


def large(yardsticks: Yardsticks) -> list[Figure]:
    """P-TABLE, P-BYTES and P-MEM as a person has them, with 100,000 orders; growth against 1,000."""
    many, few = measured(MANY), measured(FEW)
    theirs, whole = costs(yardsticks, "datatable", SOME), datatable(yardsticks)
    what = f"the program with {MANY:,} orders"
    alone = datatable_memory(yardsticks)
    size = "own, 1,000"
    figures = [
        Figure("P-TABLE-1", f"{what}: open their list", many.opened, "ms", "DataTable", whole.open, 0.03),
        Figure("P-TABLE-1", f"{what}: open their list", many.opened, "ms", size, few.opened, 1.3),
        Figure("P-TABLE-2", f"{what}: scroll by a row, CPU per key", many.held.cpu, "ms", "DataTable", theirs.cpu, 0.3),
        Figure("P-TABLE-2", f"{what}: scroll by a row, CPU per key", many.held.cpu, "ms", size, few.held.cpu, 1.15),
        Figure("P-TABLE-2", f"{what}: scroll by a row, p50", many.held.p50, "ms", "DataTable", theirs.p50),
        Figure("P-TABLE-2", f"{what}: scroll by a row, p99", many.held.p99, "ms", budget=16.7),
        Figure("P-SYNC", f"{what}: longest pause of {KEYS} keys", many.held.longest, "ms", budget=33),
        *byte_figures(what, many.held, yardsticks),
        Figure(
            "P-BYTES-1",
            f"{what}: scroll by a row, a single key, with its pane",
            many.alone,
            "B",
            "curses with a pane",
            costs(yardsticks, "curses-pane", SOME).scroll_bytes,
            1.5,
        ),
        Figure("P-BYTES-1", f"{what}: writes for a key", many.writes, "writes", budget=1),
        Figure("P-BYTES-1", f"{what}: opening a screen, the largest", many.screens, "B", budget=9_000),
        Figure("P-BYTES-2", f"{what}: a key held at {HZ} Hz", many.rate, "B/s", budget=15 * 1024),
        Figure("P-BYTES-2", f"{what}: list still after its release", many.late, "ms", budget=50),
        Figure("P-MEM", f"{what}, every area visited", many.memory, "MB", budget=160),
        Figure("P-MEM", f"{what}, every area visited", many.memory, "MB", "DataTable alone", alone, 1.0),
    ]
    for name, value, smaller, budget, growth in (
        ("filter, first key", many.work.first_key, few.work.first_key, 50, 100),
        ("filter, next key", many.work.next_key, few.work.next_key, 16.7, 100),
        ("sort by another column", many.work.sort, few.work.sort, 100, 167),
        ("mark all", many.work.mark_all, few.work.mark_all, 20, 100),
    ):
        figures.append(Figure("P-TABLE-3", f"{what}: {name}, key to terminal", value, "ms", budget=budget))
        figures.append(Figure("P-GROWTH", f"{what}: {name}", value, "ms", size, smaller, growth))
    return figures


def loading(_: Yardsticks) -> list[Figure]:
    """P-SYNC, the interface meanwhile."""
    with tempfile.TemporaryDirectory() as place, panel(Path(place) / "panel.db", MANY) as box:
        return while_loading(f"http://127.0.0.1:{box.port}")


def orders_listed(terminal: Terminal) -> int:
    """How many orders the title of the list says there are."""
    found = re.search(r"Orders +([\d ]+) orders", terminal.screens()[-1][1][2])
    return int(found[1].replace(" ", "")) if found else 0


def keys(terminal: Terminal) -> list[float]:
    """Milliseconds of every key of many that move the cursor by a row."""
    return [terminal.key(DOWN)[0] for _ in range(LOADING_KEYS)]


def while_loading(url: str) -> list[Figure]:
    """P-SYNC: keys in the list while 100,000 orders are read for the first time, against the same keys afterwards."""
    with tempfile.TemporaryDirectory() as place, Terminal(PROGRAM, profile_of(url, Path(place))) as terminal:
        opened(terminal)
        terminal.send(b"3")
        end = time.perf_counter() + 120
        while not orders_listed(terminal):
            terminal.settle(0.1, timeout=0.1)
            if time.perf_counter() > end:
                raise TimeoutError("no order came")
        first = [terminal.key(DOWN)[0] for _ in range(LINES)]
        meanwhile, at = keys(terminal), orders_listed(terminal)
        if at >= MANY:
            raise RuntimeError("all orders were read before the keys were measured")
        end = time.perf_counter() + 300
        while orders_listed(terminal) < MANY:
            terminal.settle(1.0, timeout=1.0)
            if time.perf_counter() > end:
                raise TimeoutError("the orders were not read")
        terminal.settle(3.0, timeout=30.0)
        idle = keys(terminal)
    what = f"a key in the list while {MANY:,} orders are read"
    p50, p99 = statistics.median(meanwhile), percentile(meanwhile, 99)
    return [
        Figure("P-SYNC", f"the first {LINES} keys then, before the reading gives way: the slowest", max(first), "ms"),
        Figure("P-SYNC", f"{what}, p50", p50, "ms", "afterwards", statistics.median(idle), 1.15),
        Figure("P-SYNC", f"{what}, p99", p99, "ms", "afterwards", percentile(idle, 99), 1.25),
    ]


def benchmarks() -> list[Benchmark]:
    """The program with a large fleet."""
    ids = ("P-TABLE-1", "P-TABLE-2", "P-TABLE-3", "P-BYTES-1", "P-BYTES-2", "P-MEM", "P-SYNC", "P-GROWTH")
    return [Benchmark("fleet", large, ids, limit=900), Benchmark("fleet.loading", loading, ("P-SYNC",))]
