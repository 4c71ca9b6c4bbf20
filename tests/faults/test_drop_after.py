"""Lines cut after the work was done, on every kind of panel without keys: nothing is renewed, ordered or paid twice.

500 rounds of renewals and 500 of purchases for each driver in the long form, a tenth of them in ``./dev test``; the
panel's own books decide.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.dropping import CASES, Rounds

LONG = os.environ.get("BILLTUI_FAULTS") == "long"
ROUNDS = 500 if LONG else 50


@pytest.mark.faults
@pytest.mark.parametrize("what", ["renew", "order"])
@pytest.mark.parametrize("name", sorted(CASES))
def test_over_lines_that_are_cut_after_the_work_nothing_happens_twice(
    name: str, what: str, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    with CASES[name]() as case:
        rounds = Rounds(case, tmp_path, seed=sum(map(ord, name + what)))
        try:
            for number in range(ROUNDS):
                try:
                    getattr(rounds, what)()
                except AssertionError as error:
                    raise AssertionError(f"{name}, {what}, round {number}: {error}") from error
        finally:
            rounds.close()
    record_property("rounds", ROUNDS)
    assert rounds.executor.reader.verify() == []
    assert rounds.ends["done"] > rounds.ends["needs-you"], rounds.ends  # most is found by looking
