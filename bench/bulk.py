"""P-BULK: many journalled payments side by side, against a panel that holds every answer back for a while."""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from pydantic import SecretStr

from bench import panel_stub
from bench.harness import Benchmark, Figure, Yardsticks
from billtui.client import BillingClient, ConnectionSettings
from billtui.domain.models import Account, Invoice
from billtui.services import planner
from billtui.services.executor import Executor
from billtui.services.journal import OperationState

PAYMENTS, CONCURRENCY, HELD_MS, RUNS = 1_000, 16, 50, 3


def pay_all(port: int, directory: Path) -> float:
    """Milliseconds from handing the plan over until every outcome is in the journal. Raises for any but done."""
    account = Account.model_validate(panel_stub.ACCOUNT)
    invoices = [Invoice.model_validate(panel_stub.invoice(str(number))) for number in range(1, PAYMENTS + 1)]
    plan = planner.pay(account, invoices, "internal")
    if len(plan.operations) != PAYMENTS:
        raise RuntimeError(f"only {len(plan.operations)} payments planned: {plan.left_out[:1]}")

    def client() -> BillingClient:
        return BillingClient(ConnectionSettings(f"http://127.0.0.1:{port}"), SecretStr("bench"))

    executor = Executor(client, directory / "journal.db", concurrency=CONCURRENCY)
    executor.start()
    try:
        start = time.perf_counter()
        job = executor.submit(plan)
        executor.wait(job, 300)
        spent = (time.perf_counter() - start) * 1000
        ends = Counter((row.state, row.code) for row in executor.reader.operations(job))
    finally:
        executor.close(10)
    if {state for state, _ in ends} != {OperationState.DONE}:
        raise RuntimeError(f"not all were paid: {ends}")
    return spent


def bulk(_: Yardsticks) -> list[Figure]:
    """Every payment its own connection, its own journal lines on the disk before and after, its invoice read afresh."""
    stub = subprocess.Popen(
        [sys.executable, "-m", "bench.panel_stub", "0", str(HELD_MS)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert stub.stdout is not None and stub.stdin is not None
    spent: list[float] = []
    try:
        port = int(stub.stdout.readline())
        for _run in range(RUNS):
            with tempfile.TemporaryDirectory() as name:
                Path(name).chmod(0o700)
                spent.append(pay_all(port, Path(name)))
    finally:
        stub.stdin.close()
        stub.wait(10)
    ideal = PAYMENTS * HELD_MS / CONCURRENCY
    what = f"{PAYMENTS:,} payments, {CONCURRENCY} side by side, answers after {HELD_MS} ms"
    return [Figure("P-BULK", what, statistics.median(spent), "ms", "ideal", ideal, 1.25, f"{RUNS} runs")]


def benchmarks() -> list[Benchmark]:
    """The executor."""
    return [Benchmark("bulk", bulk)]
