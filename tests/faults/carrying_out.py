"""Carrying out the parts of `./dev faults`: each in a process of its own, what came out is kept after each."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as Xml
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path

from bench.keeper import Keeper

from tests.faults.parts import TESTS, Part

COLUMNS = ("part", "what", "measured", "held", "time")
MARKS = ("<!-- faults -->", "<!-- end of faults -->")


@dataclass
class Result:
    """What came out of one part."""

    tests: int
    failed: list[str]
    skipped: int
    seconds: float
    figures: dict[str, int] = field(default_factory=dict)
    """What the tests counted (``record_property``): kills, histories, rounds …, summed."""
    day: str = ""

    @property
    def held(self) -> bool:
        """Whether it proves what it says: something was tried, and nothing failed."""
        return self.tests > 0 and not self.failed


def load(file: Path) -> dict[str, Result]:
    """What was kept."""
    if not file.exists():
        return {}
    return {name: Result(**one) for name, one in json.loads(file.read_text(encoding="utf-8")).items()}


def save(file: Path, results: dict[str, Result]) -> None:
    """Keep all, or, when this is interrupted, what was there before."""
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_name(f"{file.name}.part")
    draft.write_text(
        json.dumps({name: asdict(one) for name, one in results.items()}, indent=1) + "\n", encoding="utf-8"
    )
    draft.replace(file)


def carry_out(part: Part, said: Path) -> Result:
    """Run one part in its long form. Its words go to a file; nothing that it started is left."""
    said.parent.mkdir(parents=True, exist_ok=True)
    start = time.monotonic()
    with tempfile.TemporaryDirectory() as place, Keeper() as keeper, said.open("wb") as output:
        report = Path(place) / "report.xml"
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--junitxml={report}"]
        command += [f"--basetemp={place}/tests", str(part.path)]
        process = subprocess.run(
            command, cwd=TESTS.parent, env=keeper.environment | {"BILLTUI_FAULTS": "long"},
            stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, check=False,
        )  # fmt: skip
        for left in keeper.sweep():
            output.write(f"left running, ended: {left}\n".encode())
        result = read_report(report, time.monotonic() - start)
        if process.returncode and not result.failed:
            result.failed = [f"the test run ended with {process.returncode}"]
    return result


def read_report(report: Path, seconds: float) -> Result:
    """The result of a part out of what pytest wrote."""
    result = Result(0, [], 0, seconds, day=time.strftime("%Y-%m-%d", time.gmtime()))
    if not report.exists():
        return result
    figures: Counter[str] = Counter()
    for case in Xml.parse(report).getroot().iter("testcase"):
        if case.find("skipped") is not None:
            result.skipped += 1
            continue
        result.tests += 1
        if case.find("failure") is not None or case.find("error") is not None:
            result.failed.append(case.get("name", "?"))
        for one in case.iter("property"):
            figures[one.get("name", "?")] += int(one.get("value", "0"))
    result.figures = dict(figures)
    return result


def duration(seconds: float) -> str:
    """As a person says it."""
    return f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.0f} min"


def row(part: Part, result: Result) -> tuple[str, ...]:
    """A part as texts, in the columns of COLUMNS."""
    counted = [f"{count:,} {name}" for name, count in result.figures.items()]
    measured = ", ".join([*counted, f"{result.tests:,} tests"]) + (
        f", {result.skipped} skipped" if result.skipped else ""
    )
    held = "all" if result.held else f"FAILED: {', '.join(result.failed)[:120] or 'nothing was run'}"
    return (part.name, part.what, measured, held, duration(result.seconds))


def markdown(parts: Iterable[Part], results: dict[str, Result]) -> str:
    """The table of docs/reliability.md."""
    lines = ["| " + " | ".join(COLUMNS) + " |", "|---" * len(COLUMNS) + "|"]
    for part in parts:
        if part.name in results:
            cells = [cell.replace("|", "\\|") for cell in row(part, results[part.name])]
            lines.append(f"| `{cells[0]}` | " + " | ".join(cells[1:]) + " |")
    return "\n".join(lines)
