"""`./dev bench [names] [--peers] [--quick] [--resume] …`: measure, print the verdicts, keep the figures."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from bench.catalogue import PEERS, all_benchmarks
from bench.documents import put_into
from bench.harness import Benchmark, table_of
from bench.keeper import Keeper
from bench.results import Results
from bench.running import run_apart

LATEST = Path("bench/results/latest.json")


def arguments() -> argparse.Namespace:
    """What was asked for."""
    parser = argparse.ArgumentParser(prog="./dev bench", description=__doc__)
    parser.add_argument("names", nargs="*", help="benchmarks, or beginnings of their names; none: all")
    parser.add_argument(
        "--peers", action="store_true", help="install other programs beside billtui and measure them in the same run"
    )
    parser.add_argument("--quick", action="store_true", help="fewer runs of the same: medians of five instead of nine")
    parser.add_argument(
        "--resume", action="store_true", help="go on with the figures in the file: only what is not there, or failed"
    )
    parser.add_argument(
        "--minutes", type=float, metavar="N", help="begin no benchmark after so long; --resume goes on with the rest"
    )
    parser.add_argument(
        "--json", type=Path, metavar="FILE", default=LATEST, help=f"where the figures are kept ({LATEST})"
    )
    parser.add_argument(
        "--markdown", type=Path, metavar="FILE", help="put the tables into this document, between its marks"
    )
    parser.add_argument(
        "--from", dest="earlier", type=Path, metavar="FILE", nargs="+", help="measure nothing: take earlier figures"
    )
    parser.add_argument("--list", action="store_true", help="name the benchmarks and end")
    return parser.parse_args()


def chosen(options: argparse.Namespace) -> list[Benchmark]:
    """The benchmarks that were asked for. Those of the peers only with --peers, or by their names."""
    names = tuple(options.names)
    if names:
        return [one for one in all_benchmarks() if one.name.startswith(names)]
    return [one for one in all_benchmarks() if options.peers or not one.name.startswith(PEERS)]


def measure(benchmarks: list[Benchmark], results: Results, file: Path, minutes: float | None = None) -> None:
    """Run what is not in the results yet; they are written after each. None is begun after so many minutes."""
    start = time.monotonic()
    with Keeper() as keeper:
        for number, one in enumerate(benchmarks, 1):
            if results.measured(one.name):
                continue
            if minutes is not None and time.monotonic() - start > minutes * 60:
                print(f"[{number}/{len(benchmarks)}] {one.name}: left for --resume", file=sys.stderr, flush=True)
                continue
            print(f"[{number}/{len(benchmarks)}] {one.name} …", file=sys.stderr, flush=True)
            outcome = run_apart(one, results.yardsticks, keeper, quick=results.quick)
            results.outcomes.pop(one.name, None)
            results.outcomes[one.name] = outcome
            results.save(file)
            said = f"FAILED: {outcome.failed}" if outcome.failed else f"{len(outcome.figures)} figures"
            print(f"  {said}, {outcome.seconds:.0f} s, load {outcome.load:.1f}", file=sys.stderr, flush=True)


def main() -> int:
    """Run the benchmarks; 1 when a budget is exceeded or something could not be measured."""
    options = arguments()
    benchmarks = chosen(options)
    if options.list or not benchmarks:
        print("\n".join(one.name for one in (benchmarks or all_benchmarks())))
        return 0 if options.list else 2
    if options.earlier:
        results = Results.joined(options.earlier)
    else:
        results = Results.load(options.json) if options.resume and options.json.exists() else Results()
        results.quick = results.quick or options.quick
        try:
            measure(benchmarks, results, options.json, options.minutes)
        except KeyboardInterrupt:
            print(f"Stopped. What was measured is in {options.json}; --resume goes on.", file=sys.stderr)
            return 130
    print(table_of(results.figures))
    if options.markdown is not None:
        put_into(options.markdown, results)
    return 1 if any(one.verdict in ("over", "failed") for one in results.figures) else 0


if __name__ == "__main__":
    sys.exit(main())
