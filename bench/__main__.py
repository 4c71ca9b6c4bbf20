"""`python -m bench [names] [--json FILE] [--markdown FILE]`: measure, print the verdicts, write the figures."""

from __future__ import annotations

import argparse
import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from bench.harness import Benchmark, Figure, Yardsticks, put_between_marks, read_json, table_of, write_json

MODULES = (
    "startup", "table", "queue", "store", "tickets", "sandbox", "program", "bulk", "jobs", "accounts", "solver",
    "choosing", "forecast", "threads",
)  # fmt: skip
"""Files of this package that have `benchmarks()`, in the order in which they are run."""


def all_benchmarks() -> list[Benchmark]:
    """Every benchmark there is."""
    found: list[Benchmark] = []
    for name in MODULES:
        if find_spec(f"bench.{name}") is not None:
            found.extend(import_module(f"bench.{name}").benchmarks())
    return found


def main() -> int:
    """Run the benchmarks named (or all whose name begins so); 1 when a budget is exceeded."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", help="benchmarks, or beginnings of their names; none: all")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures to this file")
    parser.add_argument(
        "--markdown", type=Path, metavar="FILE", help="put the table into this document, between its marks for figures"
    )
    parser.add_argument(
        "--from",
        dest="earlier",
        type=Path,
        metavar="FILE",
        nargs="+",
        help="measure nothing: take earlier figures",
    )
    parser.add_argument("--list", action="store_true", help="name the benchmarks and end")
    options = parser.parse_args()
    chosen = [one for one in all_benchmarks() if not options.names or one.name.startswith(tuple(options.names))]
    if options.list or not chosen:
        print("\n".join(one.name for one in (chosen or all_benchmarks())))
        return 0 if options.list else 2
    yardsticks, figures = Yardsticks(), list[Figure]()
    if options.earlier:
        figures = [figure for file in options.earlier for figure in read_json(file)]
    else:
        for benchmark in chosen:
            print(f"{benchmark.name} …", file=sys.stderr, flush=True)
            figures.extend(benchmark.run(yardsticks))
    print(table_of(figures))
    if options.json is not None:
        write_json(options.json, figures, yardsticks)
    if options.markdown is not None:
        put_between_marks(options.markdown, figures)
    return 1 if any(one.verdict == "over" for one in figures) else 0


if __name__ == "__main__":
    sys.exit(main())
