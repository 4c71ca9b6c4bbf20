"""The figures as a document shows them: the table of budgets, and the programs side by side."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from bench.harness import Figure, markdown_of, number, put_between_marks
from bench.plot import growth_svg, panels
from bench.results import Results

GROWTH = Path("pictures/growth.svg")
PEERS = "peers"
PEER_MARKS = ("<!-- peers -->", "<!-- end of peers -->")
MEASURES = {
    "first paint": "first paint, ms", "answers a key": "answers a key, ms", "at rest": "at rest, B/s",
    "bytes per key": "bytes per key", "processor time per key": "processor time per key, ms",
    "key to last byte": "key to last byte, ms", "memory": "memory, MB",
}  # fmt: skip


def put_into(path: Path, results: Results) -> None:
    """Replace the tables of a document by those of a run, and the picture beside it. Raises ValueError where a mark is
    missing."""
    figures = [one for one in results.figures if one.id != PEERS]
    form = "Reduced form (`--quick`): medians of five runs." if results.quick else "Medians of nine runs."
    put_between_marks(path, f"Measured on {results.measured_at[:10]}. {form}\n\n{markdown_of(figures)}")
    if panels(figures):
        picture = path.parent / GROWTH
        picture.parent.mkdir(exist_ok=True)
        picture.write_text(growth_svg(figures), encoding="utf-8")
    peers = [one for one in results.figures if one.id == PEERS]
    if peers:
        put_between_marks(path, side_by_side(peers), PEER_MARKS)


def side_by_side(figures: Sequence[Figure]) -> str:
    """A line for each program, a column for each measure; below it what could not be measured."""
    values: dict[str, dict[str, str]] = {}
    missing = []
    for one in figures:
        program, _, measure = one.what.partition(": ")
        if one.failed:
            missing.append(f"- {program}, {measure}: {one.failed}")
        elif measure in MEASURES:
            values.setdefault(program, {})[measure] = number(one.value)
    lines = ["| program | " + " | ".join(MEASURES.values()) + " |", "|---" * (len(MEASURES) + 1) + "|"]
    for program, found in values.items():
        lines.append(f"| {program} | " + " | ".join(found.get(measure, "") for measure in MEASURES) + " |")
    return "\n".join([*lines, *(["", "Not measured:", "", *missing] if missing else [])])
