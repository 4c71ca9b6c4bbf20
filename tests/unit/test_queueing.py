"""The patience of tests: the queue for a processor does not count, being stuck does."""

from __future__ import annotations

import os
import time

import pytest

from tests.support import queueing
from tests.support.queueing import MOST, Stopwatch


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> dict[str, float]:
    """A machine of this test: the clock, and how long the threads of processes 1 and this one were queued by it."""
    told = {"clock": 100.0, "one": 5.0, "other": 9.0, "here": 1.0}
    monkeypatch.setattr(time, "monotonic", lambda: told["clock"])
    threads = {1: ("one", "other"), os.getpid(): ("here",)}
    monkeypatch.setattr(queueing, "queued", lambda pid: {name: told[name] for name in threads[pid] if name in told})
    return told


def test_what_is_stuck_fails_in_time(clock: dict[str, float]) -> None:
    watch = Stopwatch(1)
    clock["clock"] += 14.9
    assert not watch.has_run(15)
    clock["clock"] += 0.2
    assert watch.has_run(15)


def test_the_queue_does_not_count_but_never_for_ever(clock: dict[str, float]) -> None:
    """The thread that was queued longest counts for its process; one that has ended keeps what it had."""
    watch = Stopwatch(1)
    clock["clock"] += 40
    clock["one"] += 3
    clock["other"] += 20
    clock["here"] += 6
    assert watch.queued == 26 and not watch.has_run(15)
    clock.pop("other")
    assert watch.queued == 26
    clock["clock"] += 2
    assert watch.has_run(15)
    clock["clock"] += 15 * MOST
    clock["here"] += 15 * MOST
    assert watch.has_run(15)
