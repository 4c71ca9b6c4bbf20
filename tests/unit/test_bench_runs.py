"""A run of the benchmarks survives its members: failing, hanging, killed; and nothing that it started survives it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree as Xml
from pathlib import Path

import pytest
from bench.__main__ import measure
from bench.catalogue import all_benchmarks, benchmarks_of
from bench.documents import put_into, side_by_side
from bench.harness import Figure, Yardsticks, table_of
from bench.plot import growth_svg, panels
from bench.results import Outcome, Results
from bench.terminals import Terminal

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
    measure([hanging], again, file, minutes=0)  # no time is left: not begun
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


def growing(what: str, budget: float, *values: float) -> Figure:
    sizes = {str(10 ** (3 + place)): value for place, value in enumerate(values)}
    return Figure("P-GROWTH", f"{what}, 100,000", values[-1], "ms", "own", values[0], budget, series=sizes)


def test_growth_is_drawn_beside_what_the_budget_allows(tmp_path: Path) -> None:
    figures = [
        growing("open & read", 1.3, 1.0, 1.1, 1.2),
        growing("filter", 10, 1.0, 8.0, 70.0),
        growing("sort", 13, 2.0, 25.0, 300.0),
        growing("two sizes only", 13, 2.0, 25.0),
    ]
    assert [[one.what for one in panel.figures] for panel in panels(figures)] == [
        ["open & read, 100,000"],
        ["filter, 100,000"],
        ["sort, 100,000"],
    ]
    root = Xml.fromstring(growth_svg(figures))
    lines = root.findall(".//{*}polyline")
    assert len(lines) == 3
    rises = []
    for line in lines:
        first, *_, last = (tuple(map(float, one.split(","))) for one in line.attrib["points"].split())
        assert last[0] > first[0]
        rises.append(first[1] - last[1])
    assert rises[0] < rises[1] < rises[2]
    assert "open & read" in [text.text for text in root.findall(".//{*}text")]

    document = tmp_path / "performance.md"
    document.write_text("<!-- figures -->\n<!-- end of figures -->\n<!-- peers -->\n<!-- end of peers -->\n")
    results = Results(outcomes={"all": Outcome([*figures, Figure("peers", "ours: memory", 80.0, "MB")])}, quick=True)
    results.save(tmp_path / "kept.json")
    put_into(document, results)
    assert (tmp_path / "pictures" / "growth.svg").read_text() == growth_svg(figures)
    text = document.read_text()
    assert "medians of five" in text and "| ours |" in text and text.count("| P-GROWTH |") == 4


def test_every_budget_of_the_document_is_measured_by_a_benchmark() -> None:
    document = Path(__file__).parents[2] / "docs" / "performance.md"
    table = document.read_text().partition("## The budgets")[2].partition("\n## ")[0]
    budgets = set(re.findall(r"^\| (P-[A-Z]+(?:-\d)?) \| .*\|$", table, re.M))
    measured = {one.split()[0] for benchmark in all_benchmarks() for one in benchmark.ids}
    assert budgets == measured
    assert len(budgets) >= 16


ECHO = """
import os, sys, time, tty
tty.setraw(0)
os.write(1, b"\\x1b[2;1Hlist 1\\x1b[5n")
assert os.read(0, 8) == b"\\x1b[0n"
os.write(1, b"\\x1b[9;1Hasked")
os.read(0, 1)
os.write(1, b"\\x1b[2;6H2")
time.sleep(0.2)
os.write(1, b"\\x1b[9;1Hbeside")
os.read(0, 1)
"""


def test_what_stood_when_on_a_terminal() -> None:
    with Terminal([sys.executable, "-c", ECHO]) as terminal:
        terminal.until(b"asked")
        since, writes = terminal.now(), terminal.writes()
        _, size = terminal.key(b"x")
        terminal.until(b"beside")
        assert size >= 7 and terminal.writes() - writes == 2
        assert terminal.seen("list 1") is not None and terminal.seen("list 3") is None
        second, beside = terminal.seen("list 2"), terminal.seen("beside")
        assert second is not None and beside is not None and since < second < beside
        rows = (slice(0, 3), slice(0, 20))
        assert 0 < terminal.stood(since, rows) <= (second - since) * 1000 + 1
        assert terminal.stood(since, (slice(8, 9), slice(0, 20))) > terminal.stood(since, rows)
        assert terminal.stood(terminal.now(), rows) == 0
