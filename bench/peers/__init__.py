"""Other programs of this kind, side by side with billtui in the same run: ``./dev bench --peers``.

Each is installed in an environment of its own, and driven through a terminal as a person would drive it. What cannot
be installed or started is said and costs nobody else's figures.
"""

from __future__ import annotations

from bench.harness import Benchmark
from bench.peers.measuring import installing, lists
from bench.peers.starting import starts


def benchmarks() -> list[Benchmark]:
    """Installing first; then all starts in turns, then one list after the other."""
    return [
        Benchmark("peers.install", installing, limit=1500),
        Benchmark("peers.start", starts, ("P-START-1", "P-START-2"), limit=600),
        Benchmark("peers.list", lists, limit=600),
    ]
