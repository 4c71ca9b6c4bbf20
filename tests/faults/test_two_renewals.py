"""Two programs at once on one account, both renewing the same orders: no order is renewed twice.

Two real processes, on one host (one journal) or on two (a journal each), again and again at almost the same instant,
with answers that are lost. What counts is the panel's own record: each order's end, its invoices, the ledger.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from billtui.domain.models import Order, Quote, RenewalRequest
from billtui.domain.periods import add_months, parse_instant
from billtui.services import planner
from billtui.services.journal import JournalReader, OperationState
from billtui.services.plans import Plan
from tests.support.fleet_jobs import Fleet
from tests.support.sandbox import SandboxProcess

S = OperationState
Json = dict[str, Any]
LONG = os.environ.get("BILLTUI_FAULTS") == "long"
ROUNDS = 60 if LONG else 6
ORDERS = 4
"""In each round."""

_RENEW = """
import json, sys, time
from pathlib import Path
from pydantic import SecretStr
from billtui.client import BillingClient, ConnectionSettings
from billtui.services.executor import Executor, Limits
from billtui.services.journal import TargetsBusy
from billtui.services.plans import Plan
url, token, journal = sys.argv[1:]
settings = ConnectionSettings(url, write_deadline=5, read_deadline=10, retry_base=0.02)
limits = Limits(concurrency=4, first_pause=0.05, longest_pause=0.5, rate_pause=0.05, watch=0.2)
executor = Executor(lambda: BillingClient(settings, SecretStr(token)), Path(journal), limits=limits)
executor.start()
print("ready", flush=True)
for line in sys.stdin:
    order = json.loads(line)
    plan = Plan.from_json(order["plan"])
    time.sleep(order["after"])
    try:
        executor.submit(plan)
        for _ in range(20):
            row = executor.wait(plan.id, 30)
            if row.finished and not row.counts.get("not-sent"):
                break
            executor.retry_failed(plan.id)
            executor.resume(plan.id)
        print(json.dumps({state.value: count for state, count in row.counts.items()}), flush=True)
    except TargetsBusy as error:
        print(json.dumps({"busy": len(error.busy)}), flush=True)
executor.close()
"""


class Rival:
    """One program that carries out what it is told."""

    def __init__(self, fleet: Fleet, journal: Path) -> None:
        environment = os.environ | {"PYTHONPATH": os.pathsep.join(part for part in sys.path if part)}
        command = [sys.executable, "-c", _RENEW, fleet.sandbox.url, fleet.token, str(journal)]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
        )

    def ready(self) -> None:
        """Wait until it has started."""
        assert self._process.stdout is not None and self._process.stdout.readline() == "ready\n"

    def go(self, plan: Plan, after: float) -> None:
        """Let it carry ``plan`` out in so many seconds."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"plan": plan.to_json(), "after": after}) + "\n")
        self._process.stdin.flush()

    def outcome(self) -> Json:
        """What it says became of it."""
        assert self._process.stdout is not None
        found: Json = json.loads(self._process.stdout.readline())
        return found

    def end(self) -> None:
        """Let it end."""
        self._process.communicate(timeout=30)


@contextmanager
def rivals(fleet: Fleet, journals: list[Path]) -> Iterator[list[Rival]]:
    both = [Rival(fleet, journal) for journal in journals]
    for one in both:
        one.ready()
    yield both
    for one in both:
        one.end()


def renewal_of(fleet: Fleet, orders: list[Order]) -> Plan:
    """A plan that renews ``orders`` for a month on one invoice and pays it, as one program would make it now."""
    ids = [one.id.raw for one in orders]
    quote = Quote.model_validate(fleet.post("/quotes", {"kind": "renewal", "order_ids": ids, "period": 1}))
    request = RenewalRequest.model_validate({"order_ids": ids, "period": 1})
    return planner.renew(fleet.account(), quote, request, orders, "internal")


def paid_invoices_of(fleet: Fleet, order_ids: set[str]) -> Counter[str]:
    """How many paid renewal invoices each of these orders is on."""
    found: Counter[str] = Counter()
    for invoice in fleet.all("invoices", "&state=paid"):
        if invoice["kind"] == "renewal":
            whole = fleet.get(f"/invoices/{invoice['id']}")
            found.update(line["order_id"] for line in whole["lines"] if line["order_id"] in order_ids)
    return found


@pytest.mark.faults
@pytest.mark.parametrize("hosts", [1, 2])
def test_two_programs_renew_the_same_orders_once(
    tmp_path: Path,
    own_sandbox: Callable[..., SandboxProcess],
    hosts: int,
    record_property: Callable[[str, object], None],
) -> None:
    """BLK-4, REN-1: whoever comes second is refused, by its journal or by the panel, and says so."""
    dice = random.Random(hosts)
    fleet = Fleet(own_sandbox(fleet=90 + 8 * ROUNDS))
    fleet.pay_in()
    journals = [tmp_path / f"host-{number % hosts}" / "journal.sqlite" for number in range(2)]
    free = fleet.free_orders()
    assert len(free) >= ORDERS * ROUNDS
    before = {one.id.raw: fleet.get(f"/orders/{one.id.raw}") for one in free[: ORDERS * ROUNDS]}
    already = paid_invoices_of(fleet, set(before))
    with rivals(fleet, journals) as (first, second):
        for number in range(ROUNDS):
            orders = [fleet.get(f"/orders/{one.id.raw}") for one in free[number * ORDERS : (number + 1) * ORDERS]]
            models = [Order.model_validate(one) for one in orders]
            # One may want only some of what the other wants: what overlaps is renewed once all the same.
            plans = [renewal_of(fleet, models), renewal_of(fleet, models[: dice.choice((ORDERS, ORDERS, 2))])]
            fleet.sandbox.faults(
                {"kind": "drop-after", "probability": 0.3, "method": "POST", "times": 2},
                {"kind": "http-503", "probability": 0.2, "times": 2},
                seed=number,
            )
            first.go(plans[0], dice.choice((0.0, 0.0, 0.02)))
            second.go(plans[1], dice.choice((0.0, 0.01, 0.05, 0.15)))
            outcomes = [first.outcome(), second.outcome()]
            fleet.sandbox.faults()
            done = [one for one in outcomes if one == {"done": 2}]
            assert len(done) == 1, f"round {number}: {outcomes}"
            renewed = plans[outcomes.index(done[0])]
            wanted = set(renewed.operations[0].texts("order_ids"))
            for one in orders:
                now, was = fleet.get(f"/orders/{one['id']}"), parse_instant(one["paid_until"])
                expected = add_months(was, int(one["id"] in wanted), one["billing_day"])
                assert parse_instant(now["paid_until"]) == expected, f"round {number}, order {one['id']}"
    record_property(f"rounds of {ORDERS} orders", ROUNDS)
    counts = paid_invoices_of(fleet, set(before))
    assert all(counts[one] - already[one] <= 1 for one in before)
    assert sum(counts.values()) > sum(already.values()) >= 0
    assert fleet.sandbox.check_books() == []
    for journal in set(journals):
        reader = JournalReader(journal)
        assert reader.verify() == []
        assert not reader.in_state(S.SENDING, S.UNKNOWN, S.PREPARED, S.HELD)
        reader.close()
