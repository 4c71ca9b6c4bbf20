"""What every benchmark uses: medians, yardsticks of the same run, figures with budgets, the table of verdicts.

A file of this package that measures something has

    def benchmarks() -> list[Benchmark]

and is named in `bench.__main__.MODULES`. Each `Benchmark` has a name to call it by and a function that gets the
`Yardsticks` of the run and gives `Figure`s. A yardstick is measured when first asked for, once per run, so that a
ratio never compares two different hours of one machine. Counts that do not depend on the machine (bytes, redraws,
queries) are figures too; what of them must not grow also has a test.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

QUICK = os.environ.get("BENCH_QUICK") == "1"
"""Whether this is the reduced form: fewer runs of the same things, what the table says above its figures."""
RUNS = 5 if QUICK else 9
"""A figure is the median of at least so many runs, unless its note says otherwise."""


@dataclass(frozen=True)
class Figure:
    """One measured value. With a yardstick (same unit) the budget is a ratio to it, else a value in `unit`;
    without a budget the figure is reported as it is."""

    id: str
    what: str
    value: float
    unit: str
    yardstick: str = ""
    yardstick_value: float | None = None
    budget: float | None = None
    note: str = ""
    failed: str = ""
    """Why there is no value; the line stands in the table all the same."""
    series: dict[str, float] = field(default_factory=dict)
    """The same at other sizes (P-GROWTH): how many there are, written as a number, and what it cost."""

    @property
    def ratio(self) -> float | None:
        """Value by yardstick."""
        return self.value / self.yardstick_value if self.yardstick_value else None

    @property
    def verdict(self) -> str:
        """`ok`, `over`, `failed`, or `-` where there is no budget."""
        if self.failed:
            return "failed"
        if self.budget is None:
            return "-"
        measured = self.ratio if self.yardstick else self.value
        return "-" if measured is None else "ok" if measured <= self.budget else "over"


@dataclass
class Yardsticks:
    """Values to compare with, each measured once per run."""

    values: dict[str, float] = field(default_factory=dict)

    def get(self, name: str, measure: Callable[[], float]) -> float:
        """The value known under a name; measured now if it is not known yet."""
        if name not in self.values:
            self.values[name] = measure()
        return self.values[name]

    def python_pass(self) -> float:
        """Milliseconds of `python -c pass`."""
        return self.get("python -c pass, ms", lambda: run_time([sys.executable, "-c", "pass"]))


@dataclass(frozen=True)
class Benchmark:
    """A group of figures that are measured together, in a process of their own."""

    name: str
    run: Callable[[Yardsticks], list[Figure]]
    ids: tuple[str, ...] = ()
    """The budgets that it measures."""
    limit: float = 300.0
    """Seconds after which it is ended and counts as failed."""
    module: str = ""
    """Where its process finds it again; the catalogue fills this in."""


def series(by_size: Mapping[int, float]) -> dict[str, float]:
    """Values at several sizes, as a figure has them."""
    return {str(size): value for size, value in by_size.items()}


def median(measure: Callable[[], float], runs: int = RUNS) -> float:
    """The median of several measurements."""
    return statistics.median(measure() for _ in range(runs))


def percentile(values: Iterable[float], percent: float) -> float:
    """The value below which so many per cent of the values lie (nearest rank)."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, round(percent / 100 * len(ordered)) - 1))]


def run_time(command: Sequence[str], env: dict[str, str] | None = None, runs: int = RUNS) -> float:
    """Milliseconds a command takes, median, after one run that warms the caches."""

    def once() -> float:
        start = time.perf_counter()
        done = subprocess.run(
            command,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=False,
        )
        if done.returncode != 0:
            raise RuntimeError(f"{command} ended with {done.returncode}")
        return (time.perf_counter() - start) * 1000

    once()
    return median(once, runs)


HEAD = ("id", "what", "value", "yardstick", "ratio", "budget", "verdict")
MARKS = ("<!-- figures -->", "<!-- end of figures -->")
"""Between these lines of a document stands the table."""


def cells_of(one: Figure) -> tuple[str, ...]:
    """A figure as texts, in the columns of HEAD."""
    yardstick = f"{one.yardstick} {number(one.yardstick_value)}" if one.yardstick_value is not None else ""
    budget = "" if one.budget is None else f"{one.budget:.3g} ×" if one.yardstick else f"{one.budget:g} {one.unit}"
    ratio = "" if one.ratio is None else f"{one.ratio:.3g}"
    what = f"{one.what} ({one.note})" if one.note else one.what
    if one.failed:
        return (one.id, f"{what}: {one.failed}", "", yardstick, "", budget, one.verdict)
    return (one.id, what, f"{number(one.value)} {one.unit}", yardstick, ratio, budget, one.verdict)


def table_of(figures: Sequence[Figure]) -> str:
    """The figures as lines of text."""
    lines = [HEAD, *(cells_of(one) for one in figures)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEAD))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )


def markdown_of(figures: Sequence[Figure]) -> str:
    """The figures as a table in Markdown, in the order of their ids; what is over its budget in bold."""
    lines = ["| " + " | ".join(HEAD) + " |", "|---" * len(HEAD) + "|"]
    for one in sorted(figures, key=lambda one: one.id):
        cells = [cell.replace("|", "\\|") for cell in cells_of(one)]
        if one.verdict in ("over", "failed"):
            cells[-1] = f"**{one.verdict}**"
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def put_between_marks(path: Path, content: str, marks: tuple[str, str] = MARKS) -> None:
    """Replace what stands between two lines of a document. Raises ValueError where they are missing."""
    text = path.read_text(encoding="utf-8")
    before, mark, rest = text.partition(marks[0])
    _, end, after = rest.partition(marks[1])
    if not mark or not end:
        raise ValueError(f"{path} has no lines {marks[0]} and {marks[1]}")
    path.write_text(f"{before}{marks[0]}\n{content}\n{marks[1]}{after}", encoding="utf-8")


def number(value: float | None) -> str:
    """A value with three figures that count, thousands apart."""
    if value is None:
        return ""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
