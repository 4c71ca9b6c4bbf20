"""The harness of the benchmarks: verdicts are right, yardsticks are measured once."""

from __future__ import annotations

from pathlib import Path

import pytest
from bench.catalogue import all_benchmarks
from bench.harness import (
    MARKS,
    Figure,
    Yardsticks,
    markdown_of,
    median,
    percentile,
    put_between_marks,
    table_of,
)


@pytest.mark.parametrize(
    ("figure", "verdict"),
    [
        (Figure("P", "a", 3.0, "ms", "theirs", 10.0, 0.3), "ok"),
        (Figure("P", "a", 3.1, "ms", "theirs", 10.0, 0.3), "over"),
        (Figure("P", "a", 16.7, "ms", budget=16.7), "ok"),
        (Figure("P", "a", 17.0, "ms", budget=16.7), "over"),
        (Figure("P", "a", 17.0, "ms", "theirs", 10.0), "-"),
        (Figure("P", "a", 17.0, "ms", "theirs", 0.0, 0.3), "-"),
    ],
)
def test_verdict_compares_ratio_or_value_with_the_budget(figure: Figure, verdict: str) -> None:
    assert figure.verdict == verdict
    assert table_of([figure]).splitlines()[1].endswith(verdict)


def test_a_yardstick_is_measured_once_per_run() -> None:
    yardsticks, calls = Yardsticks(), list[float]()

    def measure() -> float:
        calls.append(1.0)
        return 5.0

    assert [yardsticks.get("a", measure), yardsticks.get("a", measure)] == [5.0, 5.0]
    assert len(calls) == 1


def test_medians_and_percentiles() -> None:
    values = iter([5.0, 1.0, 3.0])
    assert median(lambda: next(values), runs=3) == 3.0
    hundred = [float(value) for value in range(1, 101)]
    assert (percentile(hundred, 50), percentile(hundred, 99), percentile([7.0], 99)) == (50.0, 99.0, 7.0)


def test_every_benchmark_has_a_name_of_its_own() -> None:
    names = [one.name for one in all_benchmarks()]
    assert len(names) == len(set(names))
    assert {"table.open", "table.keys", "table.work", "startup.verbs"} <= set(names)


def test_the_table_of_a_document_is_replaced_and_the_rest_stays(tmp_path: Path) -> None:
    figures = [Figure("P-Z", "b | c", 3.0, "ms", "theirs", 10.0, 0.2), Figure("P-A", "a", 1.0, "ms", budget=2)]
    path = tmp_path / "document.md"
    path.write_text(f"before\n{MARKS[0]}\nold\n{MARKS[1]}\nafter\n", encoding="utf-8")
    for _again in range(2):
        put_between_marks(path, markdown_of(figures))
    lines = path.read_text(encoding="utf-8").splitlines()
    assert (lines[0], lines[-1], len(lines)) == ("before", "after", 8)
    assert lines[4:6] == [
        "| P-A | a | 1 ms |  |  | 2 ms | ok |",
        "| P-Z | b \\| c | 3 ms | theirs 10 | 0.3 | 0.2 × | **over** |",
    ]
    path.write_text("nothing", encoding="utf-8")
    with pytest.raises(ValueError, match="has no lines"):
        put_between_marks(path, markdown_of(figures))
