"""Benchmarks that behave as one must expect: one is good, one fails half-way, one hangs and leaves somebody behind."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from bench.harness import Benchmark, Figure, Yardsticks

SLEEPER = [sys.executable, "-c", "import time; time.sleep(600)"]


def good(yardsticks: Yardsticks) -> list[Figure]:
    return [Figure("P-GOOD", "a thing", 3.0, "ms", "theirs", yardsticks.get("theirs", lambda: 6.0), 1.0)]


def failing(yardsticks: Yardsticks) -> list[Figure]:
    yardsticks.get("measured before it failed", lambda: 2.0)
    raise TimeoutError("the panel did not answer")


def hanging(_: Yardsticks) -> list[Figure]:
    left = subprocess.Popen(SLEEPER, start_new_session=True)
    Path(os.environ["LEFT_BEHIND"]).write_text(str(left.pid))
    time.sleep(600)
    return []


def benchmarks() -> list[Benchmark]:
    return [
        Benchmark("good", good, ("P-GOOD",)),
        Benchmark("failing", failing, ("P-BAD", "P-WORSE")),
        Benchmark("hanging", hanging, ("P-SLOW",), limit=2.0),
    ]
