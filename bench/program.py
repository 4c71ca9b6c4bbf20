"""The whole program on a terminal, beside a panel of its own: P-START, P-BYTES, P-TABLE, P-MEM as a person has them."""

from __future__ import annotations

import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.harness import Benchmark, Figure, Yardsticks, percentile, run_time
from bench.sandbox import panel
from bench.startup import PROGRAM, bare_textual, own_directories
from bench.table import DOWN, KEYS, MANY, SOME, costs, datatable_memory
from bench.terminals import LINES, Terminal

LOGIN, PASSWORD = "olena.marsh", "demo-fleet-2026"
OVERVIEW, ORDERS = b"Runs out in", b"A month"
"""Words of the overview and of the list of orders that stand nowhere else."""
PLANNED, BULK = b"Next 30 days", b"Plan"
"""Words of the planner with its forecast, and of the bulk order's matrix."""
AREAS = (b"2", b"3", b"4", b"5", b"6", b"7", b"3", b"b", b"1")
"""Every area, and the bulk order, which is opened from the list of orders."""
RUNS = 7
MINUTE = 60.0


@contextmanager
def prepared(orders: int) -> Iterator[dict[str, str]]:
    """A panel with so many orders, and the environment of a billtui that has a profile and a whole copy of it."""
    with tempfile.TemporaryDirectory() as place, panel(Path(place) / "panel.db", orders) as box:
        env = own_directories(Path(place)) | {"BILLTUI_PASSWORD": PASSWORD}
        url = f"http://127.0.0.1:{box.port}"
        for verb in (["profile", "add", "main", "--url", url, "--login", LOGIN], ["orders", "list", "--limit", "1"]):
            subprocess.run([*PROGRAM, *verb], env=env, check=True, capture_output=True, timeout=600)
        yield env


def idle_bytes(terminal: Terminal, seconds: float) -> int:
    """Bytes that are written while nobody does anything."""
    before, end = len(terminal.output), time.perf_counter() + seconds
    while (left := end - time.perf_counter()) > 0:
        terminal.settle(left, timeout=left)
    return len(terminal.output) - before


def starting(yardsticks: Yardsticks) -> list[Figure]:
    """P-START with 10,000 orders in the copy, and what is written while nothing happens (P-BYTES-2)."""
    bare, python = bare_textual(yardsticks), yardsticks.python_pass()
    painted: list[float] = []
    answered: list[float] = []
    with prepared(SOME) as env:
        offline = [*PROGRAM, "orders", "list", "--offline", "--expires-within", "1", "--json"]
        verb = run_time(offline, env)
        for run in range(RUNS + 1):
            with Terminal(PROGRAM, env) as terminal:
                first = terminal.until(OVERVIEW) * 1000
                terminal.send(b"3")
                answer = terminal.until(ORDERS) * 1000
                if run:
                    painted.append(first)
                    answered.append(answer)
        with Terminal(PROGRAM, env) as terminal:
            terminal.until(OVERVIEW)
            terminal.settle(10.0)
            opened = len(terminal.output)
            idle = {"the overview": idle_bytes(terminal, MINUTE)}
            for place, keys, words in (("the planner", (b"7",), PLANNED), ("the bulk order", (b"3", b"b"), BULK)):
                before = len(terminal.output)
                for key in keys:
                    terminal.send(key)
                    terminal.settle(2.0)
                terminal.settle(10.0)
                if words not in terminal.output[before:]:
                    raise RuntimeError(f"{place} was not opened")
                idle[place] = idle_bytes(terminal, MINUTE)
    first, answer = statistics.median(painted), statistics.median(answered)
    what = f"with a copy of {SOME:,} orders"
    return [
        Figure("P-START-1", f"overview on the screen, {what}", first, "ms", "python -c pass", python, 1.5),
        Figure("P-START-1", f"overview on the screen, {what}", first, "ms", "bare Textual", bare, 0.8),
        Figure("P-START-2", f"answers a key (list of orders shown), {what}", answer, "ms", "bare Textual", bare, 0.85),
        Figure("P-START-2", "bytes until settled", opened, "B", budget=16_000, note="one run"),
        Figure("P-START-3", f"orders list --offline --json, {what}", verb, "ms", "python -c pass", python, 12),
        *(
            Figure("P-BYTES-2", f"idle for a minute on {place}", count, "B", budget=200, note="one run")
            for place, count in idle.items()
        ),
    ]


def large(yardsticks: Yardsticks) -> list[Figure]:
    """100,000 orders: opening their list, holding a key in it, and the memory when every area was visited (P-MEM)."""
    theirs = costs(yardsticks, "datatable", SOME)
    with prepared(MANY) as env, Terminal(PROGRAM, env) as terminal:
        terminal.until(OVERVIEW)
        terminal.settle(3.0)
        start, before = time.perf_counter(), len(terminal.output)
        terminal.send(b"3")
        while ORDERS not in terminal.output[before:]:
            terminal.settle(0.01, timeout=0.02)
        opened = (time.perf_counter() - start) * 1000
        terminal.settle(3.0)
        for _ in range(LINES):
            terminal.key(DOWN)
        scrolls = [terminal.key(DOWN) for _ in range(KEYS)]
        for key in AREAS:
            terminal.send(key)
            terminal.settle(2.0)
        memory = terminal.memory()
    times = [milliseconds for milliseconds, _ in scrolls]
    size = statistics.median(count for _, count in scrolls)
    what = f"the program with {MANY:,} orders"
    alone = datatable_memory(yardsticks)
    return [
        Figure("P-TABLE-1", f"{what}: first look at their list", opened, "ms", note="one run"),
        Figure("P-TABLE-2", f"{what}: scroll by a row, p50", statistics.median(times), "ms", "DataTable", theirs.p50),
        Figure("P-TABLE-2", f"{what}: scroll by a row, p99", percentile(times, 99), "ms", budget=16.7),
        Figure("P-BYTES-1", f"{what}: scroll by a row", size, "B", "DataTable", theirs.scroll_bytes, 1 / 40),
        Figure("P-MEM", f"{what}, every area visited", memory, "MB", budget=160),
        Figure("P-MEM", f"{what}, every area visited", memory, "MB", "DataTable alone", alone, 1.0),
    ]


def benchmarks() -> list[Benchmark]:
    """The program as it is installed."""
    return [Benchmark("program.start", starting), Benchmark("program.large", large)]
