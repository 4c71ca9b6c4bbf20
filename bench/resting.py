"""P-BYTES-2: what every screen writes while nobody does anything, all of them at once, a minute long."""

from __future__ import annotations

import time
from contextlib import ExitStack

from bench.harness import Benchmark, Figure, Yardsticks
from bench.program import opened, prepared
from bench.startup import PROGRAM
from bench.terminals import Terminal

ORDERS = 3_000
MINUTE = 60.0
SCREENS = {
    "the overview": (b"1", "Runs out in"), "invoices": (b"2", "Invoices"), "orders": (b"3", "A month"),
    "an order": (b"3\r", "Plan"), "jobs": (b"4", "Jobs"), "the balance": (b"5", "Balance"),
    "settings": (b"6", "Appearance"), "the planner": (b"7", "Next 30 days"), "transfers": (b"8", "Transfers"),
    "tickets": (b"9", "Tickets"), "a ticket": (b"9\r", "Tickets"), "the account": (b"0", "Account"),
    "the bulk order": (b"b", "Plan"), "a filter being typed": (b"3/w", "orders of"), "help": (b"?", "Help"),
}  # fmt: skip
"""Keys that lead there from the overview, and words that stand there."""
BUDGET = 200


def measure(_: Yardsticks) -> list[Figure]:
    """Bytes in a minute. Ages and countdowns may change their cells, once a minute (docs/terminal.md)."""
    figures = []
    with prepared(ORDERS) as env, ExitStack() as stack:
        terminals: dict[str, Terminal] = {}
        for what, (keys, words) in SCREENS.items():
            terminal = terminals[what] = stack.enter_context(Terminal(PROGRAM, env))
            opened(terminal)
            for key in keys.decode():
                terminal.send(key.encode())
                terminal.settle(0.6, timeout=5.0)
            end = terminal.now() + 20
            while terminal.seen(words) is None:
                terminal.settle(0.3, timeout=0.5)
                if terminal.now() > end:
                    raise TimeoutError(f"{what} was not opened")
        drain(list(terminals.values()), 10.0)
        before = {what: len(terminal.output) for what, terminal in terminals.items()}
        drain(list(terminals.values()), MINUTE)
        for what, terminal in terminals.items():
            count = len(terminal.output) - before[what]
            figures.append(Figure("P-BYTES-2", f"idle for a minute: {what}", count, "B", budget=BUDGET, note="one run"))
    return figures


def drain(terminals: list[Terminal], seconds: float) -> None:
    """Read what all of them write, for a while."""
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        for terminal in terminals:
            terminal.settle(0.01, timeout=0.05)


def benchmarks() -> list[Benchmark]:
    """All screens at once."""
    return [Benchmark("resting", measure, ("P-BYTES-2",))]
