"""Eight processes pay the same hundred invoices, on one host and on eight: nothing is paid twice."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from billtui.services import planner
from billtui.services.journal import JournalReader, OperationState
from tests.support.money_panel import MoneyPanel

PROCESSES = 8
INVOICES = 100
CASES = [(1, PROCESSES), (PROCESSES, 1)]
"""(hosts, plans): one journal and eight plans, eight journals and one plan; in the long form all four."""
if os.environ.get("BILLTUI_FAULTS") == "long":
    CASES += [(PROCESSES, PROCESSES), (1, 1)]

_PAY = """
import json, sys
from pathlib import Path
from pydantic import SecretStr
from billtui.client import BillingClient, ConnectionSettings
from billtui.services.executor import Executor
from billtui.services.journal import TargetsBusy
from billtui.services.plans import Plan
url, journal, document = sys.argv[1:]
executor = Executor(lambda: BillingClient(ConnectionSettings(url), SecretStr("token")), Path(journal), concurrency=4)
executor.start()
plan = Plan.from_json(Path(document).read_text())
print("ready", flush=True)
sys.stdin.readline()
try:
    executor.submit(plan)
    row = executor.wait(plan.id, 120)
    print(json.dumps({state.value: count for state, count in row.counts.items()}), flush=True)
except TargetsBusy as error:
    print(json.dumps({"busy": len(error.busy)}), flush=True)
executor.close()
"""


def race(panel: MoneyPanel, directory: Path, *, hosts: int, plans: int) -> list[dict[str, int]]:
    """Start all processes, let them go at once, and return what each says. Each plan pays all invoices."""
    models = panel.models(range(1, INVOICES + 1))
    documents = []
    for number in range(plans):
        documents.append(directory / f"plan-{number}.json")
        documents[-1].write_text(planner.pay(panel.account(), models, "internal").to_json())
    runners = []
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(part for part in sys.path if part)}
    for number in range(PROCESSES):
        journal = directory / f"host-{number % hosts}" / "journal.sqlite"
        command = [sys.executable, "-c", _PAY, panel.url, str(journal), str(documents[number % plans])]
        runners.append(
            subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment)
        )
    for one in runners:
        assert one.stdout is not None and one.stdout.readline() == "ready\n"
    for one in runners:
        assert one.stdin is not None
        one.stdin.write("go\n")
        one.stdin.flush()
    return [json.loads(one.communicate(timeout=180)[0]) for one in runners]


@pytest.mark.faults
@pytest.mark.parametrize(("hosts", "plans"), CASES, ids=lambda count: f"{count}")
def test_eight_processes_pay_the_same_invoices_once(
    tmp_path: Path, hosts: int, plans: int, record_property: Callable[[str, object], None]
) -> None:
    """RELIABILITY figures: 8 processes paying the same 100 invoices → 0 twice."""
    with MoneyPanel() as panel:
        panel.add_invoices(INVOICES)
        answers = race(panel, tmp_path, hosts=hosts, plans=plans)
        paid = panel.paid()
        record_property("invoices", len(paid))
        record_property("processes", PROCESSES)
        assert len(paid) == INVOICES and set(paid.values()) == {1}
        assert panel.balance == Decimal("100000.00") - 10 * INVOICES
        if plans == 1:
            # One plan: whoever applied it knows that it was done, wherever it was done.
            assert all(answer == {"done": INVOICES} for answer in answers), answers
        else:
            assert sum(Counter(answer).get("done", 0) for answer in answers) == INVOICES
        for host in range(hosts):
            reader = JournalReader(tmp_path / f"host-{host}" / "journal.sqlite")
            assert reader.verify() == []
            assert not reader.in_state(OperationState.SENDING, OperationState.UNKNOWN, OperationState.PREPARED)
            reader.close()
