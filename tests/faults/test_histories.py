"""Random histories over the money engine: every invariant of RELIABILITY "Money" after every step."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.support.histories import DIRECTED, STEPS, play, random_steps

LONG = os.environ.get("BILLTUI_FAULTS") == "long"
HISTORIES = 10_000 if LONG else 320
LENGTH = 40 if LONG else 25
SHARDS = 4

_step = st.tuples(st.sampled_from(STEPS), st.integers(0, 999))


@pytest.mark.faults
@pytest.mark.parametrize("shard", range(SHARDS))
def test_no_random_history_breaks_a_promise(shard: int, record_property: Callable[[str, object], None]) -> None:
    """≥ 300 histories here, 10,000 × 40 steps in the long form, 0 violations."""
    seeds = range(shard, HISTORIES, SHARDS)
    for seed in seeds:
        play(seed, random_steps(seed, LENGTH))
    record_property(f"histories of {LENGTH} steps", len(seeds))


@pytest.mark.parametrize("steps", DIRECTED)
def test_no_directed_history_breaks_a_promise(steps: tuple[tuple[str, int], ...]) -> None:
    play(0, list(steps))


@pytest.mark.faults
@settings(
    max_examples=400 if LONG else 40,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.generate, Phase.shrink),
    database=None,
)
@given(st.lists(_step, min_size=3, max_size=30), st.integers(0, 5))
def test_no_searched_history_breaks_a_promise(steps: list[tuple[str, int]], seed: int) -> None:
    """The same, with a search that shrinks what it finds to the shortest history."""
    play(seed, steps)
