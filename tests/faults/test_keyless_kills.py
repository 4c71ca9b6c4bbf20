"""kill -9 at every step, and every fault before and after the effect, on a panel that knows no idempotency keys.

The panel does whatever it is asked as often as it is asked, so one request too many is one payment too many. Some
outcomes stay with a person there; what is told otherwise is what the panel's own record says.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from billtui.domain.models import OrderRequest, Quote, RenewalRequest
from billtui.services import planner
from billtui.services.plans import Plan
from tests.support.keyless_panel import KeylessPanel
from tests.support.lives import KILLED, STEPS, Life, Zygote, report_of, was_confirmed
from tests.support.money_panel import FAULTS_AFTER, FAULTS_BEFORE, Fault

LONG = os.environ.get("BILLTUI_FAULTS") == "long"
SHARDS = 2
KILLS = 450 if LONG else 25
"""Per shard."""
DRIVER = "tests.support.keyless_panel:KeylessDriver"
OUTSIDE = ("arrived", "effect")
FAULTS = (
    *(one for one in FAULTS_BEFORE + FAULTS_AFTER if not one.startswith("hang")),
    "429", "401", "429-after", "401-after", "late",
)  # fmt: skip
ENDS = frozenset({"done", "refused", "not-sent", "needs-you", "cancelled", "prepared"})
"""``prepared``: a payment whose renewal waits for a person."""


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
        self.panel = KeylessPanel()
        self.ends: Counter[str] = Counter()

    def run(self) -> int:
        """Play it; the number of kills. Fails with what went wrong."""
        with self.panel:
            plan = self._plan()
            document: str | None = plan.to_json()
            for _ in range(self.random.randint(1, 4)):
                self._break_things()
                self.kills += self._one_life(document)
                self._nothing_twice(plan)
                if was_confirmed(self.journal):
                    document = None
            self.panel.faults.clear()
            self.panel.on_request = self.panel.on_effect = None
            self._finish(plan, document)
        return self.kills

    def _plan(self) -> Plan:
        which = self.random.random()
        if which < 0.4:
            count = self.random.randint(1, 3)
            orders = self.panel.add_orders(count)
            asked = [{"order_ids": [one.id.raw], "period": 1} for one in orders]
            quotes = [Quote.model_validate(self.panel._quote(one)) for one in asked]
            requests = [RenewalRequest.model_validate(one) for one in asked]
            return planner.renew_many(self.panel.account(), quotes, requests, orders, "internal")
        if which < 0.8:
            cells = [{"plan": "vds-micro", "location": "nl", "quantity": self.random.randint(1, 3)}]
            asked = [{"cells": cells, "period": 1} for _ in range(self.random.randint(1, 2))]
            quotes = [Quote.model_validate(self.panel._quoted({"kind": "order", **one})[1]) for one in asked]
            requests_ = [OrderRequest.model_validate(one) for one in asked]
            return planner.buy(self.panel.account(), quotes, requests_, "internal")
        return planner.pay(self.panel.account(), self.panel.add_invoices(self.random.randint(1, 3)), "internal")

    def _break_things(self) -> None:
        where = ("payments", "renewals", "POST /orders", "GET /state")
        count = self.random.randint(0, 2)
        self.panel.faults = [Fault(self.random.choice(FAULTS), self.random.choice(where)) for _ in range(count)]

    def _one_life(self, document: str | None) -> int:
        step, nth = self.random.choice(STEPS + OUTSIDE), self.random.choice((1, 1, 2, 3))
        life = Life(self.panel.url, self.journal, document, step, nth, driver=DRIVER, seconds=5.0)
        left = nth

        def strike(what: str) -> None:
            nonlocal left
            if what.startswith("GET") or "quotes" in what:
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

    def _nothing_twice(self, plan: Plan) -> None:
        often = Counter(effect.key for effect in self.panel.effects)
        assert all(count == 1 for count in often.values()), f"done more than once: {often}"
        assert set(often) <= {plan.key(one.number) for one in plan.operations}
        assert all(count == 1 for count in self.panel.paid().values())

    def _finish(self, plan: Plan, document: str | None) -> None:
        """The last life looks up, does what may still be done, and leaves the rest to a person."""
        life = Life(self.panel.url, self.journal, document, report=True, driver=DRIVER, seconds=5.0)
        end = self.zygote.live(life)
        assert end == 0, Path(self.journal + ".trouble").read_text()
        report = report_of(self.journal)
        assert report["damage"] == []
        self._nothing_twice(plan)
        rows = report["jobs"][plan.id]
        waits = any(row["state"] == "needs-you" for row in rows.values())
        for number, row in rows.items():
            happened = len(self.panel.done_by(plan.key(int(number))))
            state = row["state"]
            self.ends[state] += 1
            assert state in ENDS, rows
            assert state != "prepared" or waits, rows
            told = {"done": 1, "needs-you": happened}.get(state, 0)
            assert happened == told, f"{number}: {row}, happened {happened}×"


@pytest.mark.faults
@pytest.mark.parametrize("shard", range(SHARDS))
def test_killed_at_any_step_without_keys_nothing_happens_twice(
    shard: int, tmp_path: Path, zygote: Zygote, record_property: Callable[[str, object], None]
) -> None:
    kills, number = 0, 0
    ends: Counter[str] = Counter()
    while kills < KILLS:
        directory = tmp_path / str(number)
        directory.mkdir(mode=0o700)
        scenario = Scenario(shard * 100_000 + number, directory, zygote)
        try:
            kills += scenario.run()
        except AssertionError as error:
            raise AssertionError(f"seed {shard * 100_000 + number}, after {scenario.kills} kills: {error}") from error
        ends += scenario.ends
        number += 1
    record_property("kills", kills)
    assert kills >= KILLS
    assert ends["done"] > ends["needs-you"], ends  # most is found by looking
