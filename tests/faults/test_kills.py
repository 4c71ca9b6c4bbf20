"""kill -9 at every step of the journal, with every fault before and after the effect: nothing twice, nothing lost.

RELIABILITY "Money: at most once, and known". A scenario is a plan and a series of lives; each life is killed at a named
step, from the inside or by the panel while the request is there. Then one last life settles and finishes. The panel's
own record of effects says what really happened.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from billtui.domain.models import OrderRequest, Quote, RenewalRequest
from billtui.services import planner
from billtui.services.plans import Plan
from tests.support.lives import KILLED, STEPS, Life, Zygote, report_of, was_confirmed
from tests.support.money_panel import FAULTS_AFTER, FAULTS_BEFORE, Fault, MoneyPanel

LONG = os.environ.get("BILLTUI_FAULTS") == "long"
SHARDS = 6
KILLS = 900 if LONG else 55
"""Per shard."""
OUTSIDE = ("arrived", "effect")
QUICK_FAULTS = tuple(one for one in FAULTS_BEFORE + FAULTS_AFTER if not one.startswith("hang"))


@pytest.fixture(scope="module")
def zygote() -> Iterator[Zygote]:
    warm = Zygote()
    yield warm
    warm.close()


class Scenario:
    """One plan, several violent deaths, one quiet end."""

    def __init__(self, seed: int, directory: Path, zygote: Zygote) -> None:
        self.random = random.Random(seed)
        self.journal = str(directory / "journal.sqlite")
        self.zygote = zygote
        self.kills = 0
        self.panel = MoneyPanel()

    def run(self) -> int:
        """Play it; the number of kills. Fails with what went wrong."""
        with self.panel:
            plan = self._plan()
            document: str | None = plan.to_json()
            for _ in range(self.random.randint(2, 6)):
                self._break_things()
                self.kills += self._one_life(document)
                if was_confirmed(self.journal):
                    document = None
            self.panel.faults.clear()
            self.panel.on_request = self.panel.on_effect = None
            self._finish(plan, document)
        return self.kills

    def _plan(self) -> Plan:
        which = self.random.random()
        if which < 0.25:
            return self._purchase()
        if which < 0.45:
            orders = self.panel.add_orders(2)
            request = RenewalRequest.model_validate({"order_ids": ["1", "2"], "period": 1})
            quote = Quote.model_validate(self.panel._quote({"order_ids": ["1", "2"], "period": 1}))
            return planner.renew(self.panel.account(), quote, request, orders, "internal")
        return planner.pay(self.panel.account(), self.panel.add_invoices(self.random.randint(1, 3)), "internal")

    def _purchase(self) -> Plan:
        """New servers in one request or two, paid (BLK-7)."""
        asked = [
            {"cells": [{"plan": "vds-micro", "location": "nl", "quantity": size}], "period": 1}
            for size in self.random.choice(((3,), (10, 2)))
        ]
        quotes = [Quote.model_validate(self.panel._quoted({"kind": "order", **one})[1]) for one in asked]
        requests = [OrderRequest.model_validate(one) for one in asked]
        return planner.buy(self.panel.account(), quotes, requests, "internal")

    def _break_things(self) -> None:
        self.panel.faults = []
        for _ in range(self.random.randint(0, 2)):
            kind = self.random.choice(QUICK_FAULTS if self.random.random() < 0.9 else ("hang-before", "hang-after"))
            self.panel.faults.append(
                Fault(kind, self.random.choice(["payments", "renewals", "POST /orders", "POST", "operations"]))
            )

    def _one_life(self, document: str | None) -> int:
        step = self.random.choice(STEPS + OUTSIDE)
        nth = self.random.choice((1, 1, 2, 3))
        life = Life(self.panel.url, self.journal, document, step, nth)
        left = nth

        def strike(what: str) -> None:
            nonlocal left
            if what.startswith("GET"):
                return
            left -= 1
            if left == 0:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(self.pid, signal.SIGKILL)

        self.panel.on_request = strike if step == "arrived" else None
        self.panel.on_effect = strike if step == "effect" else None

        def born(pid: int) -> None:
            self.pid = pid

        end = self.zygote.live(life, born)
        assert end in (0, KILLED), Path(self.journal + ".trouble").read_text()
        return int(end == KILLED)

    def _finish(self, plan: Plan, document: str | None) -> None:
        """The last life: it looks up first, and then what it knows is what the panel did; then it finishes, and
        exactly what was confirmed was done, once."""
        end = self.zygote.live(Life(self.panel.url, self.journal, document, report=True))
        assert end == 0, Path(self.journal + ".trouble").read_text()
        report = report_of(self.journal)
        assert report["damage"] == []
        if document is None:
            self._compare(plan, report["settled"][plan.id], report["instant"])
        states = {number: row["state"] for number, row in report["jobs"][plan.id].items()}
        assert set(states.values()) == {"done"}, states
        done = [effect.key for effect in self.panel.effects]
        assert sorted(done) == sorted(plan.key(one.number) for one in plan.operations), "not exactly once each"
        assert all(count == 1 for count in self.panel.paid().values())

    def _compare(self, plan: Plan, rows: dict[str, dict[str, str]], instant: float) -> None:
        """The verdicts after looking up, before anything is sent again."""
        for number, row in rows.items():
            key = plan.key(int(number))
            happened = sum(effect.key == key and effect.at < instant for effect in self.panel.effects)
            expected = {"done": 1, "prepared": 0, "not-sent": 0}[row["state"]]
            assert happened == expected, f"operation {number} is {row}, but happened {happened} times"


@pytest.mark.faults
@pytest.mark.parametrize("shard", range(SHARDS))
def test_killed_at_any_step_money_moves_exactly_once(
    shard: int, tmp_path: Path, zygote: Zygote, record_property: Callable[[str, object], None]
) -> None:
    """RELIABILITY figures: kills at named crash points × faults, 0 double payments, 0 wrong verdicts, 0 lost."""
    kills, number = 0, 0
    while kills < KILLS:
        directory = tmp_path / str(number)
        directory.mkdir(mode=0o700)
        scenario = Scenario(shard * 100_000 + number, directory, zygote)
        try:
            kills += scenario.run()
        except AssertionError as error:
            raise AssertionError(f"seed {shard * 100_000 + number}, after {scenario.kills} kills: {error}") from error
        number += 1
    record_property("kills", kills)
    assert kills >= KILLS
