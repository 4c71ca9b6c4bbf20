"""Each benchmark in a process of its own: one that fails, hangs or is killed costs its own figures and no others.

``python -m bench.running MODULE NAME FILE`` is such a process: it takes the yardsticks of the run from FILE (JSON) and
leaves them there with its figures.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path

from bench.catalogue import benchmarks_of
from bench.harness import Benchmark, Figure, Yardsticks
from bench.keeper import Keeper
from bench.results import Outcome


def run_apart(benchmark: Benchmark, yardsticks: Yardsticks, keeper: Keeper, *, quick: bool) -> Outcome:
    """Measure; the yardsticks learn what was measured on the way, also when it fails."""
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as place:
        exchange, said = Path(place) / "exchange.json", Path(place) / "stderr"
        exchange.write_text(json.dumps({"yardsticks": yardsticks.values}), encoding="utf-8")
        environment = keeper.environment | {"BENCH_QUICK": "1" if quick else "0", "TMPDIR": place}
        start = time.monotonic()
        with said.open("wb") as errors:
            process = subprocess.Popen(
                [sys.executable, "-m", "bench.running", benchmark.module, benchmark.name, str(exchange)],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=errors, env=environment,
                start_new_session=True,
            )  # fmt: skip
            try:
                status: int | None = process.wait(benchmark.limit)
            except subprocess.TimeoutExpired:
                status = None
            finally:
                if process.poll() is None:
                    os.killpg(process.pid, signal.SIGKILL)
                    process.wait()
                for command in keeper.sweep():
                    print(f"  left running, ended: {command[:150]}", file=sys.stderr, flush=True)
        seconds = time.monotonic() - start
        content = json.loads(exchange.read_text(encoding="utf-8"))
        yardsticks.values.update(content["yardsticks"])
        if status == 0:
            return Outcome([Figure(**one) for one in content["figures"]], seconds, load)
        words = said.read_text(encoding="utf-8", errors="replace")
        print(words, file=sys.stderr, end="", flush=True)
    if status is None:
        trouble = f"did not end within {benchmark.limit:.0f} s"
    else:
        lines = [line.strip() for line in words.splitlines() if line.strip()]
        trouble = (lines[-1] if lines else f"ended with {status}")[:200]
    return Outcome.failure(benchmark, trouble, seconds, load)


def main(module: str, name: str, exchange: Path) -> None:
    """The process of one benchmark."""
    benchmark = next(one for one in benchmarks_of(module) if one.name == name)
    yardsticks = Yardsticks(json.loads(exchange.read_text(encoding="utf-8"))["yardsticks"])
    figures: list[Figure] = []
    try:
        figures = benchmark.run(yardsticks)
    finally:
        content = {"yardsticks": yardsticks.values, "figures": [asdict(one) for one in figures]}
        draft = exchange.with_name("draft.json")
        draft.write_text(json.dumps(content), encoding="utf-8")
        draft.replace(exchange)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]))
