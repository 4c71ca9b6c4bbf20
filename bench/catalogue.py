"""Which benchmarks there are, in the order in which they are run."""

from __future__ import annotations

from dataclasses import replace
from importlib import import_module

from bench.harness import Benchmark

PEERS = "peers"
"""The group that installs other programs; run when it is asked for."""
MODULES = (
    PEERS, "startup", "starts", "table", "program", "fleet", "resting", "jobs", "queue", "store", "tickets", "threads",
    "sandbox", "bulk", "accounts", "solver", "choosing", "forecast",
)  # fmt: skip
"""Parts of this package that have `benchmarks()`. The peers are first: others are compared with them."""


def benchmarks_of(module: str) -> list[Benchmark]:
    """Those of one module, which know where they are from."""
    return [replace(one, module=module) for one in import_module(module).benchmarks()]


def all_benchmarks() -> list[Benchmark]:
    """Every benchmark there is."""
    return [one for name in MODULES for one in benchmarks_of(f"bench.{name}")]
