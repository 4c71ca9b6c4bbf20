"""P-BYTES-2 while a job runs: what its screen writes to the terminal, and the list of jobs."""

from __future__ import annotations

import subprocess
import time

from bench.harness import Benchmark, Figure, Yardsticks
from bench.program import idle_bytes, opened, prepared
from bench.startup import PROGRAM
from bench.terminals import Terminal

ORDERS = 12_000
LOOK = 12.0
BUDGET = 200


def benchmarks() -> list[Benchmark]:
    """One job, looked at from another program: what it costs does not depend on who carries it out."""
    return [Benchmark("jobs", measure, ("P-BYTES-2",), limit=900)]


def measure(_yardsticks: Yardsticks) -> list[Figure]:
    """Bytes per second on two screens while thousands of orders are changed, and once all is done."""
    found = []
    with prepared(ORDERS) as env:
        command = [*PROGRAM, "orders", "auto-renew", "on", "--months", "1", "--where", "state:active"]
        command += ["--yes", "--max-total", "1.00EUR"]
        with subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as job:
            with Terminal(PROGRAM, env) as terminal:
                opened(terminal)
                terminal.send(b"4")
                _until_there_is_one(terminal, job)
                for what, key in (("the list of jobs", b""), ("the screen of the job", b"\r")):
                    terminal.send(key)
                    terminal.settle(1.0, timeout=3.0)
                    rate = idle_bytes(terminal, LOOK) / LOOK
                    if job.poll() is not None:
                        raise RuntimeError("the job ended before it was measured: more orders are needed")
                    found.append(Figure("P-BYTES-2", f"a job of thousands runs: {what}", rate, "B/s", budget=BUDGET))
                job.wait(300)
                terminal.settle(10.0, timeout=30.0)
                rest = idle_bytes(terminal, LOOK)
                found.append(Figure("P-BYTES-2", f"its screen once it is done, {LOOK:.0f} s", rest, "B", budget=BUDGET))
    return found


def _until_there_is_one(terminal: Terminal, job: subprocess.Popen[bytes]) -> None:
    """Wait until the job, which is read and planned before it is confirmed, stands in the list."""
    end = time.perf_counter() + 120
    while b"running" not in terminal.output:
        terminal.settle(0.5, timeout=1.0)
        if time.perf_counter() > end or job.poll() is not None:
            raise TimeoutError("the job did not begin")
