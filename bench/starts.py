"""P-START-1 and 2 where other programs are not measured: billtui beside the smallest Textual program."""

from __future__ import annotations

from bench.harness import Benchmark
from bench.peers.starting import own_starts


def benchmarks() -> list[Benchmark]:
    """The starts, in turns."""
    return [Benchmark("starts", own_starts, ("P-START-1", "P-START-2"))]
