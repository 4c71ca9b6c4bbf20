"""Start-up as it is (P-START): how long until something stands on the screen, how long the quick verbs take."""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
from pathlib import Path

from bench import apps
from bench.harness import RUNS, Benchmark, Figure, Yardsticks, run_time
from bench.terminals import Terminal

PROGRAM = [sys.executable, "-m", "billtui"]
DEMO = [*PROGRAM, "--demo"]
CONTENT = b"alance"
"""Of a word of the overview (balance); the sign that its first content stands there."""


def own_directories(root: Path) -> dict[str, str]:
    """An environment whose billtui has directories of its own, so that nothing of the user's is read or written."""
    return {
        **os.environ,
        **{f"BILLTUI_{kind}_DIR": str(root / kind.lower()) for kind in ("CONFIG", "STATE", "DATA", "CACHE")},
    }


def first_paint(command: list[str], marker: bytes, env: dict[str, str] | None = None, runs: int = RUNS) -> float:
    """Milliseconds from start until the marker stood in the output, median."""

    def once() -> float:
        with Terminal(command, env) as terminal:
            return terminal.until(marker, timeout=60) * 1000

    once()
    return statistics.median(once() for _ in range(runs))


def bare_textual(yardsticks: Yardsticks) -> float:
    """Milliseconds until a bare Textual program shows its first text."""
    return yardsticks.get("bare Textual first paint, ms", lambda: first_paint(apps.command("bare"), apps.READY))


def quick_verbs(yardsticks: Yardsticks) -> list[Figure]:
    """P-START-3: what needs no screen and no network."""
    with tempfile.TemporaryDirectory() as root:
        env = own_directories(Path(root))
        python = yardsticks.python_pass()
        return [
            Figure("P-START-3", f"billtui {verb}", run_time([*PROGRAM, verb], env), "ms", "python -c pass", python, 4)
            for verb in ("--version", "--help")
        ]


def demo(yardsticks: Yardsticks) -> list[Figure]:
    """The demo, whose panel starts with it."""
    bare = bare_textual(yardsticks)
    with tempfile.TemporaryDirectory() as root:
        try:
            # The first run seeds the demo; `first_paint` does not count it.
            painted = first_paint(DEMO, CONTENT, own_directories(Path(root)), runs=5)
        except TimeoutError as trouble:
            print(f"billtui --demo: {trouble}", file=sys.stderr)
            return []
    note = "as it is, with its reference panel, 5 runs"
    return [Figure("P-START-1", "billtui --demo: first content", painted, "ms", "bare Textual", bare, None, note)]


def benchmarks() -> list[Benchmark]:
    """Start-up."""
    return [Benchmark("startup.verbs", quick_verbs, ("P-START-3",)), Benchmark("startup.demo", demo, ("P-START-1",))]
