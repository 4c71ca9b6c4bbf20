"""The figures of a run as they are kept: written after every benchmark, so that a run that was ended can go on."""

from __future__ import annotations

import json
import os
import platform
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from bench.harness import Benchmark, Figure, Yardsticks

SCHEMA = 2


@dataclass
class Outcome:
    """What became of one benchmark."""

    figures: list[Figure]
    seconds: float = 0.0
    load: float = 0.0
    """The machine's load (one minute) when it began: what else ran."""
    failed: str = ""
    """Why it was not measured to the end."""

    @classmethod
    def failure(cls, benchmark: Benchmark, trouble: str, seconds: float = 0.0, load: float = 0.0) -> Outcome:
        """A line for each budget that it would have measured, so that the table says what is missing."""
        figures = [Figure(one, benchmark.name, 0.0, "", failed=trouble) for one in benchmark.ids or (benchmark.name,)]
        return cls(figures, seconds, load, trouble)


@dataclass
class Results:
    """Yardsticks and outcomes of a run, in a file."""

    yardsticks: Yardsticks = field(default_factory=Yardsticks)
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    quick: bool = False
    measured_at: str = ""

    @property
    def figures(self) -> list[Figure]:
        """All figures, in the order in which they were measured."""
        return [figure for outcome in self.outcomes.values() for figure in outcome.figures]

    def measured(self, name: str) -> bool:
        """Whether a benchmark need not be run again."""
        return name in self.outcomes and not self.outcomes[name].failed

    def save(self, path: Path) -> None:
        """Write everything, with the machine it was measured on: all of it or, when this is interrupted, nothing."""
        self.measured_at = self.measured_at or time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        content = {
            "schema": SCHEMA,
            "python": platform.python_version(),
            "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
            "measured_at": self.measured_at,
            "quick": self.quick,
            "yardsticks": self.yardsticks.values,
            "benchmarks": {name: _outcome_as_json(outcome) for name, outcome in self.outcomes.items()},
        }
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f"{path.name}.part")
        draft.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        draft.replace(path)

    @classmethod
    def load(cls, path: Path) -> Results:
        """What `save` wrote. Raises ValueError for anything else."""
        content = json.loads(path.read_text(encoding="utf-8"))
        if content.get("schema") != SCHEMA:
            raise ValueError(f"{path} was written by another version of the benchmarks")
        outcomes = {
            name: Outcome([_figure(one) for one in outcome["figures"]], *(outcome[key] for key in _KEPT))
            for name, outcome in content["benchmarks"].items()
        }
        return cls(Yardsticks(content["yardsticks"]), outcomes, content["quick"], content["measured_at"])

    @classmethod
    def joined(cls, paths: Iterable[Path]) -> Results:
        """Several files as one; what stands in a later one counts."""
        whole = cls()
        for path in paths:
            part = cls.load(path)
            whole.yardsticks.values.update(part.yardsticks.values)
            whole.outcomes.update(part.outcomes)
            whole.quick = whole.quick or part.quick
            whole.measured_at = part.measured_at
        return whole


_KEPT = ("seconds", "load", "failed")


def _figure(content: dict[str, Any]) -> Figure:
    return Figure(**{name: content[name] for name in Figure.__dataclass_fields__})


def _outcome_as_json(outcome: Outcome) -> dict[str, Any]:
    figures = [{**asdict(one), "ratio": one.ratio, "verdict": one.verdict} for one in outcome.figures]
    return {**{key: getattr(outcome, key) for key in _KEPT}, "figures": figures}
