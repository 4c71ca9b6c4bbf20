"""A run of the benchmarks survives its members: failing, hanging, killed; and nothing that it started survives it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from bench.__main__ import measure
from bench.catalogue import benchmarks_of
from bench.documents import side_by_side
from bench.harness import Figure, Yardsticks, table_of
from bench.results import Outcome, Results

SAMPLES = benchmarks_of("tests.unit.bench_samples")


def gone(process: int) -> bool:
    """Whether a process has ended (or is dead and nobody has looked)."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def wait_until_gone(process: int) -> None:
    end = time.monotonic() + 20
    while not gone(process):
        assert time.monotonic() < end
        time.sleep(0.02)


def test_one_that_fails_or_hangs_is_named_and_the_others_are_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left, file = tmp_path / "left", tmp_path / "figures.json"
    monkeypatch.setenv("LEFT_BEHIND", str(left))
    failing, hanging, good = SAMPLES[1], SAMPLES[2], SAMPLES[0]
    results = Results()
    measure([failing, hanging, good], results, file)
    assert gone(int(left.read_text()))
    assert results.outcomes["failing"].failed == "TimeoutError: the panel did not answer"
    assert results.outcomes["hanging"].failed == "did not end within 2 s"
    verdicts = {one.id: one.verdict for one in results.figures}
    assert verdicts == {"P-BAD": "failed", "P-WORSE": "failed", "P-SLOW": "failed", "P-GOOD": "ok"}
    assert "the panel did not answer" in table_of(results.figures)
    assert results.yardsticks.values == {"measured before it failed": 2.0, "theirs": 6.0}

    again = Results.load(file)
    assert (again.figures, again.yardsticks, again.quick) == (results.figures, results.yardsticks, False)
    again.outcomes["good"] = Outcome([Figure("P-GOOD", "kept", 1.0, "ms")])
    measure([failing, good], again, file)
    kept = Results.load(file)
    assert [one.what for one in kept.outcomes["good"].figures] == ["kept"]  # not measured a second time
    assert kept.outcomes["failing"].failed and list(kept.outcomes) == ["hanging", "good", "failing"]


def test_figures_of_several_files_are_one_table(tmp_path: Path) -> None:
    for name, value in (("a", 1.0), ("b", 2.0)):
        outcomes = {
            "both": Outcome([Figure("P", "both", value, "ms")]),
            name: Outcome([Figure("P", name, value, "ms")]),
        }
        Results(Yardsticks({name: value}), outcomes, quick=name == "a").save(tmp_path / name)
    whole = Results.joined([tmp_path / "a", tmp_path / "b"])
    assert {one.what: one.value for one in whole.figures} == {"both": 2.0, "a": 1.0, "b": 2.0}
    assert whole.yardsticks.values == {"a": 1.0, "b": 2.0} and whole.quick


def test_what_a_killed_run_has_started_does_not_outlive_it() -> None:
    code = (
        "import subprocess, sys, time\n"
        "from bench.keeper import Keeper\n"
        "with Keeper() as keeper:\n"
        "    sleeper = [sys.executable, '-c', 'import time; time.sleep(600)']\n"
        "    left = subprocess.Popen(sleeper, env=keeper.environment, start_new_session=True)\n"
        "    print(left.pid, flush=True)\n"
        "    time.sleep(600)\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as run:
        assert run.stdout is not None
        left = int(run.stdout.readline())
        assert not gone(left)
        os.kill(run.pid, signal.SIGKILL)
        wait_until_gone(left)


def test_programs_stand_side_by_side_and_the_missing_are_named() -> None:
    figures = [
        Figure("peers", "ours: first paint", 15.0, "ms"),
        Figure("peers", "theirs: first paint", 1168.0, "ms"),
        Figure("peers", "ours: bytes per key", 411.0, "B"),
        Figure("peers", "other: installation", 0.0, "s", failed="no network"),
    ]
    lines = side_by_side(figures).splitlines()
    assert lines[2] == "| ours | 15 |  |  | 411 |  |  |  |"
    assert lines[3] == "| theirs | 1,168 |  |  |  |  |  |  |"
    assert lines[-1] == "- other, installation: no network"
