"""Nothing tells a known login or address from an unknown one: not the answer, the work, or the time (ACC-3, ACC-6).

Work is counted: slow hashes and transactions, each with its commit. Time is measured besides, both sides in turn: what
the thread computes decides, because it is the same on a busy machine; the time on the clock, which is what somebody
outside sees, is told with ``pytest -s``. ``BILLTUI_FAULTS=long`` takes more samples.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import statistics
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from billtui.domain.policy import DEFAULT_POLICY
from billtui.sandbox.engine import recovery, sessions
from billtui.sandbox.engine.errors import SignInRefused
from tests.support.engine import World

ROUNDS = 300 if os.environ.get("BILLTUI_FAULTS") == "long" else 40
KNOWN, KNOWN_ADDRESS = "olena.marsh", "olena@marsh-hosting.example"


def fail(world: World, login: str) -> str:
    """A sign-in with a wrong password: how it is refused, in full."""
    with pytest.raises(SignInRefused) as refused:
        sessions.sign_in(world.database, login, "wrong-password-1")
    error = refused.value
    return f"{error.status} {error.code} {error.detail} {error.rule} {error.retry_after} {error.available_from}"


@pytest.fixture
def work(world: World, monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Counts slow hashes and transactions from now on."""
    counted: Counter[str] = Counter()
    scrypt, database = hashlib.scrypt, world.database

    def hashed(*given: Any, **named: Any) -> bytes:
        counted["scrypt"] += 1
        return scrypt(*given, **named)

    def counting(name: str) -> Callable[[], contextlib.AbstractContextManager[Any]]:
        real = getattr(database, name)

        @contextlib.contextmanager
        def opened() -> Iterator[Any]:
            counted[name] += 1
            with real() as tx:
                yield tx

        return opened

    monkeypatch.setattr(hashlib, "scrypt", hashed)
    for name in ("read", "write"):
        monkeypatch.setattr(database, name, counting(name))
    return counted


def test_acc_6_unknown_logins_take_the_same_work_and_the_same_words(world: World, work: Counter[str]) -> None:
    """Failure by failure, into the lock, and locked."""
    for expected in [{"scrypt": 1, "read": 1, "write": 1}] * 5 + [{"read": 1}] * 2:
        words = set()
        for login in (KNOWN, "nobody.at.all"):
            work.clear()
            words.add(fail(world, login))
            assert work == expected
        assert len(words) == 1


def test_acc_3_unknown_addresses_take_the_same_work(world: World, work: Counter[str]) -> None:
    """Request by request, also when there were too many of them; each commits once and hashes nothing slowly."""
    for _ in range(5):
        for address in (KNOWN_ADDRESS, "nobody@nowhere.example"):
            work.clear()
            recovery.ask(world.database, address)
            assert work == {"write": 1}


@dataclass
class Taken:
    """Samples of one side, in milliseconds."""

    computed: list[float] = field(default_factory=list)
    clock: list[float] = field(default_factory=list)

    def sample(self, call: Callable[[], object]) -> None:
        """Time ``call`` once."""
        clock, computed = time.perf_counter(), time.thread_time()
        call()
        self.computed.append((time.thread_time() - computed) * 1e3)
        self.clock.append((time.perf_counter() - clock) * 1e3)

    def told(self) -> str:
        """The medians, and the width of the middle half on the clock."""
        low, _, high = statistics.quantiles(self.clock, n=4)
        median = f"{statistics.median(self.clock):.2f} ms on the clock (middle half {high - low:.2f} ms wide)"
        return f"{median}, {statistics.median(self.computed):.2f} ms computed"


def ratio(name: str, known: Callable[[], object], unknown: Callable[[], object]) -> float:
    """How many times longer the slower side computes, by medians; who is first changes from round to round."""
    sides = ((Taken(), known), (Taken(), unknown))
    for number in range(ROUNDS):
        for taken, call in sides if number % 2 else sides[::-1]:
            taken.sample(call)
    medians = sorted(statistics.median(taken.computed) for taken, _ in sides)
    for what, (taken, _) in zip(("known", "unknown"), sides, strict=True):
        sys.stdout.write(f"\n{name}, {what}: {taken.told()}")
    return medians[1] / medians[0]


@pytest.mark.usefixtures("hashes_worked_out")
def test_acc_6_unknown_logins_take_as_long(world: World) -> None:
    """Measured with wrong passwords only; the lock is kept away, or it would answer at once."""
    world.database.policy = replace(DEFAULT_POLICY, lock_after_failures=10**6)
    assert ratio("sign-in", lambda: fail(world, KNOWN), lambda: fail(world, "nobody.at.all")) < 1.25


def test_acc_3_unknown_addresses_take_as_long(world: World) -> None:
    """A mail is written more; nobody can measure it more than three times an hour."""
    world.database.policy = replace(DEFAULT_POLICY, recoveries_per_address=10**6, recoveries_in_total=10**6)
    ask = recovery.ask
    known, unknown = KNOWN_ADDRESS, "nobody-x@marsh-hosting.example"
    assert ratio("recovery", lambda: ask(world.database, known), lambda: ask(world.database, unknown)) < 1.6
    world.database.policy = replace(DEFAULT_POLICY, recoveries_in_total=10**6)
    assert ratio("refused", lambda: ask(world.database, known), lambda: ask(world.database, unknown)) < 1.25


@pytest.mark.usefixtures("hashes_worked_out")
def test_the_measure_finds_a_slow_hash_that_is_left_out(world: World) -> None:
    """Else it would prove nothing."""
    world.database.policy = replace(DEFAULT_POLICY, lock_after_failures=10**6)

    def without_hash() -> None:
        with world.database.read(), world.database.write():
            pass

    assert ratio("broken", lambda: fail(world, KNOWN), without_hash) > 5
