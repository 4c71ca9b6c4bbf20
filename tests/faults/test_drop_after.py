"""Lines cut after the work was done, on every kind of panel without keys: nothing is renewed, ordered or paid twice.

500 rounds of renewals and 500 of purchases for each driver in the long form, a tenth of them in ``./dev test``; the
panel's own books decide.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from billtui.client.drivers.acts import Act, Finding
from billtui.client.exchange import Conversation, at_once
from billtui.services import findings
from billtui.services.executor import courier, keyless
from tests.support.dropping import CASES, Rounds
from tests.support.keyless_panel import KeylessDriver

LONG = os.environ.get("BILLTUI_FAULTS") == "long"
ROUNDS = 500 if LONG else 50
HOUSE = 50
FEW = {} if LONG else {"stand-in": 10, "rootpanel": 25, "billmanager": 25}
"""The tests' own panel is no driver of the program: a few rounds show that the runs themselves are right. Those on the
reference panel take longer: 25 renewals and 25 purchases, a tenth of 500."""


@pytest.mark.faults
@pytest.mark.parametrize("what", ["renew", "order"])
@pytest.mark.parametrize("name", sorted(CASES))
def test_over_lines_that_are_cut_after_the_work_nothing_happens_twice(
    name: str, what: str, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    ends: Counter[str] = Counter()
    wanted = FEW.get(name, ROUNDS)
    for begin in range(0, wanted, HOUSE):  # a new panel now and then: what was ordered stays there
        folder = tmp_path / str(begin)
        folder.mkdir(mode=0o700)
        with CASES[name]() as case:
            rounds = Rounds(case, folder, seed=begin * 1_000 + sum(map(ord, name + what)))
            try:
                for number in range(begin, min(begin + HOUSE, wanted)):
                    try:
                        getattr(rounds, what)()
                    except AssertionError as error:
                        raise AssertionError(f"{name}, {what}, round {number}: {error}") from error
                assert rounds.executor.reader.verify() == []
            finally:
                rounds.close()
        ends += rounds.ends
    record_property("rounds", wanted)
    assert ends["done"] > ends["needs-you"], ends  # most is found by looking


def test_the_runs_catch_an_engine_that_sends_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that believes "it did not happen" of everything and repeats what bills: it renews twice, and is caught."""

    def not_done(self: KeylessDriver, act: Act, before: Mapping[str, Any]) -> Conversation[Finding]:
        return at_once(Finding("not-done", "Nothing of the kind.", {}))

    monkeypatch.setattr(KeylessDriver, "found", not_done)
    for place in (findings, courier, keyless):
        monkeypatch.setattr(place, "may_repeat", lambda traits, operation: True)
    with CASES["stand-in"]() as case:
        rounds = Rounds(case, tmp_path, seed=1)
        try:
            with pytest.raises(AssertionError, match="renewed"):
                for _ in range(50):
                    rounds.renew()
        finally:
            rounds.close()
