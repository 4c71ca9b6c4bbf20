"""The whole program on a terminal, beside a panel of its own: P-START as a person has it, bytes until it settles."""

from __future__ import annotations

import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.harness import RUNS, Benchmark, Figure, Yardsticks, run_time
from bench.sandbox import panel
from bench.startup import PROGRAM, keep_frame, own_directories
from bench.terminals import Terminal

LOGIN, PASSWORD = "olena.marsh", "demo-fleet-2026"
OVERVIEW, ORDERS = b"Runs out in", b"A month"
"""Words of the overview and of the list of orders that stand nowhere else."""
SOME = 10_000


def profile_of(url: str, place: Path) -> dict[str, str]:
    """The environment of a billtui that has a profile of a panel and nothing else."""
    env = own_directories(place) | {"BILLTUI_PASSWORD": PASSWORD}
    verb(env, "profile", "add", "main", "--url", url, "--login", LOGIN)
    return env


def verb(env: dict[str, str], *words: str) -> None:
    """Run one of billtui's commands. Raises CalledProcessError."""
    subprocess.run([*PROGRAM, *words], env=env, check=True, capture_output=True, timeout=600)


@contextmanager
def prepared(orders: int) -> Iterator[dict[str, str]]:
    """A panel with so many orders, and the environment of a billtui that has a profile, a whole copy and a last known
    frame of it."""
    with tempfile.TemporaryDirectory() as place, panel(Path(place) / "panel.db", orders) as box:
        env = profile_of(f"http://127.0.0.1:{box.port}", Path(place))
        verb(env, "orders", "list", "--limit", "1")
        keep_frame(PROGRAM, env, frame_of(env))
        yield env


def keep_list(env: dict[str, str]) -> None:
    """Let the program show the list of orders and leave it, so that it is kept for the next start.

    Raises TimeoutError.
    """
    with Terminal(PROGRAM, env) as terminal:
        opened(terminal)
        terminal.send(b"3")
        terminal.until(ORDERS)
        terminal.settle(2.0, timeout=30.0)
        terminal.send(b"1")
        end = terminal.now() + 60
        while not frame_of(env).with_name("main.3.picture").exists():
            terminal.settle(0.2, timeout=0.5)
            if terminal.now() > end:
                raise TimeoutError("no list was kept for the next start")


def frame_of(env: dict[str, str]) -> Path:
    """Where the last known frame is kept."""
    return Path(env["BILLTUI_DATA_DIR"]) / "first-frames" / "main.frame"


def opened(terminal: Terminal) -> None:
    """Wait until the program itself is on the terminal: its first frame has no keys below. Raises TimeoutError."""
    end = time.perf_counter() + 60
    while not (terminal.screens() and "Help" in terminal.screens()[-1][1][-1]):
        terminal.settle(0.2, timeout=0.4)
        if time.perf_counter() > end:
            raise TimeoutError("the program did not open")
    terminal.settle(1.0, timeout=10.0)


def idle_bytes(terminal: Terminal, seconds: float) -> int:
    """Bytes that are written while nobody does anything."""
    before, end = len(terminal.output), time.perf_counter() + seconds
    while (left := end - time.perf_counter()) > 0:
        terminal.settle(left, timeout=left)
    return len(terminal.output) - before


def starting(yardsticks: Yardsticks) -> list[Figure]:
    """P-START-2, bytes, and P-START-3: a verb that answers from the copy."""
    python = yardsticks.python_pass()
    with prepared(SOME) as env:
        offline = run_time([*PROGRAM, "orders", "list", "--offline", "--expires-within", "1", "--json"], env)
        sizes = []
        for _ in range(RUNS):
            with Terminal(PROGRAM, env) as terminal:
                opened(terminal)
                terminal.settle(2.0, timeout=15.0)
                sizes.append(len(terminal.output))
    what = f"with a copy of {SOME:,} orders"
    size = statistics.median(sizes)
    return [
        Figure("P-START-2", f"bytes until settled, {what}", size, "B", budget=16_000),
        Figure("P-START-3", f"orders list --offline --json, {what}", offline, "ms", "python -c pass", python, 12),
    ]


def benchmarks() -> list[Benchmark]:
    """The program as it is installed."""
    return [Benchmark("program.start", starting, ("P-START-2", "P-START-3"))]
