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

PROGRAM = [str(Path(sys.executable).with_name("billtui"))]
"""The installed command, as it is started by hand (`python -m billtui` loads `runpy` first)."""
DEMO = [*PROGRAM, "--demo"]
CONTENT = b"alance"
"""Of a word of the overview (balance); the sign that its first content stands there."""
UNKNOWN = [*PROGRAM, "--url", "http://127.0.0.1:9", "--login", "nobody"]
EMPTY = b"No overview is known here yet"
"""Of the first frame where nothing is known."""


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


def keep_frame(command: list[str], env: dict[str, str], frame: Path) -> None:
    """Let the program run until it has kept its last known frame for the next start. Raises TimeoutError."""
    with Terminal(command, env) as terminal:
        end = terminal.now() + 120
        while not frame.exists():
            terminal.settle(0.2, timeout=0.5)
            if terminal.now() > end:
                raise TimeoutError("no frame was kept for the next start")


def demo(yardsticks: Yardsticks) -> list[Figure]:
    """P-START-1 without a profile: the demo, and a panel that nobody has seen yet."""
    bare = bare_textual(yardsticks)
    with tempfile.TemporaryDirectory() as root:
        env = own_directories(Path(root))
        with Terminal(DEMO, env) as terminal:
            made = terminal.until(CONTENT, timeout=60) * 1000
        keep_frame(DEMO, env, Path(env["BILLTUI_DATA_DIR"]) / "demo" / "data" / "first-frames" / "demo.frame")
        again = first_paint(DEMO, CONTENT, env, runs=5)
        empty = first_paint(UNKNOWN, EMPTY, own_directories(Path(root)), runs=5)
    what = "billtui --demo: first content"
    return [
        Figure(
            "P-START-1", f"{what}, the first time", made, "ms", "bare Textual", bare, note="its panel is made; one run"
        ),
        Figure("P-START-1", f"{what}, again", again, "ms", "bare Textual", bare, 0.8, "5 runs"),
        Figure("P-START-1", "a panel of which nothing is known", empty, "ms", "bare Textual", bare, 0.8, "5 runs"),
    ]


def benchmarks() -> list[Benchmark]:
    """Start-up."""
    return [Benchmark("startup.verbs", quick_verbs, ("P-START-3",)), Benchmark("startup.demo", demo, ("P-START-1",))]
