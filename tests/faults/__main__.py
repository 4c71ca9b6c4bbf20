"""`./dev faults [--part NAME] …`: every test that has a long form, in it, part by part; a table of the figures."""

from __future__ import annotations

import argparse
import sys
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

from bench.harness import put_between_marks

from tests.faults.carrying_out import MARKS, Result, carry_out, duration, load, markdown, row, save
from tests.faults.parts import Part, all_parts

KEPT = Path("bench/results/faults.json")
WORDS = Path("bench/results/faults")
"""What each part said, in a file of its name."""


def arguments() -> argparse.Namespace:
    """What was asked for."""
    parser = argparse.ArgumentParser(prog="./dev faults", description=__doc__)
    parser.add_argument(
        "--part", action="append", default=[], metavar="NAME", help="only this one, or those whose names begin so"
    )
    parser.add_argument("--long", action="store_true", help="only the parts that do more here than in ./dev test")
    parser.add_argument("--list", action="store_true", help="name the parts, with the time each took last, and end")
    parser.add_argument("--resume", action="store_true", help="leave out what is kept as held")
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="so many parts side by side (1)")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="put the table of all kept into this document")
    parser.add_argument("--table", action="store_true", help="run nothing: only the table of what is kept")
    return parser.parse_args()


def run(parts: list[Part], results: dict[str, Result], jobs: int) -> None:
    """Carry out parts; what comes out is kept after each."""
    with ThreadPoolExecutor(jobs) as pool:
        going = {pool.submit(carry_out, part, WORDS / f"{part.name}.txt"): part for part in parts}
        try:
            for number, future in enumerate(as_completed(going), 1):
                part = going[future]
                results[part.name] = future.result()
                save(KEPT, results)
                print(f"[{number}/{len(parts)}] " + "  ".join(row(part, results[part.name])[::2]), flush=True)
                if not results[part.name].held:
                    print(f"  FAILED, see {WORDS / part.name}.txt", flush=True)
        except KeyboardInterrupt:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def main() -> int:
    """Run what was asked for; 1 when something did not hold."""
    options = arguments()
    results = load(KEPT)
    parts = [one for one in all_parts() if not options.part or one.name.startswith(tuple(options.part))]
    parts = [one for one in parts if one.long or not options.long]
    if options.list or not parts:
        for part in parts or all_parts():
            took = duration(results[part.name].seconds) if part.name in results else ""
            print(f"{part.name:<34} {'long' if part.long else '':<5} {took:<8} {part.what}"[:160])
        return 0 if options.list else 2
    left = [one for one in parts if not (options.resume and one.name in results and results[one.name].held)]
    try:
        run([] if options.table else left, results, options.jobs)
    except KeyboardInterrupt:
        print(f"Stopped. What was carried out is in {KEPT}; --resume goes on.", file=sys.stderr)
        return 130
    if options.markdown is not None:
        put_between_marks(options.markdown, markdown(all_parts(), results), MARKS)
    else:
        print(markdown(parts, results))
    return 0 if all(results[one.name].held for one in parts if one.name in results) else 1


if __name__ == "__main__":
    sys.exit(main())
