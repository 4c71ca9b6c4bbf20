"""P-BULK: a thousand journalled writes, sixteen at a time, each on a fresh connection."""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pydantic import SecretStr

from bench.harness import Benchmark, Figure, Yardsticks, median
from billtui.client import BillingClient, ConnectionSettings
from billtui.domain.models import Account, Invoice, Order
from billtui.services import planner
from billtui.services.executor import Executor
from billtui.services.journal import OperationState
from billtui.services.plans import Plan

WRITES = 1_000
CONCURRENCY = 16
HOLD = 0.05
"""Seconds for which the stub holds each answer."""
BUDGET = 1.25
RUNS = 3
SANDBOX_WRITES = 300


def benchmarks() -> list[Benchmark]:
    """Against the stub, then against the sandbox."""
    return [Benchmark("bulk", measure, ("P-BULK",))]


def measure(_yardsticks: Yardsticks) -> list[Figure]:
    """Seconds for all writes, against the ideal."""
    ideal = WRITES * HOLD / CONCURRENCY
    stub = median(against_stub, RUNS)
    took, rate = against_sandbox()
    own = SANDBOX_WRITES / rate
    return [
        Figure(
            "P-BULK",
            f"{WRITES} journalled payments, {CONCURRENCY} at a time, each answer held for 50 ms",
            stub,
            "s",
            "operations × latency ÷ concurrency",
            ideal,
            BUDGET,
            f"median of {RUNS}",
        ),
        Figure(
            "P-BULK",
            f"{SANDBOX_WRITES} journalled changes in the sandbox",
            took,
            "s",
            "operations ÷ its own durable rate",
            own,
            BUDGET,
            f"the sandbox takes {rate:.0f} durable writes per second; one run",
        ),
    ]


def against_stub() -> float:
    """Seconds from submitting until every payment is done and recorded."""
    command = [sys.executable, "-m", "bench.bulk_stub", str(HOLD)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as stub:
        assert stub.stdin is not None and stub.stdout is not None
        url = f"http://127.0.0.1:{int(stub.stdout.readline())}"
        warm_up, plan = _payments(range(1, 9)), _payments(range(1_001, 1_001 + WRITES))
        took = _carry_out(url, "token", warm_up, plan)
        stub.stdin.close()
    return took


def _payments(numbers: range) -> Plan:
    money = {"amount": "1000000.00", "currency": "EUR"}
    account = Account.model_validate(
        {"panel_id": "stub", "account_id": "1001", "login": "x", "email": "x",
         "balances": {"internal": money, "affiliate": money}}
    )  # fmt: skip
    common: dict[str, Any] = {"kind": "renewal", "state": "unpaid", "issued_at": "2026-11-23T10:00:00Z", "version": 1}
    total = {"amount": str(Decimal("10.00")), "currency": "EUR"}
    invoices = [Invoice.model_validate({"id": str(n), "number": str(n), "total": total} | common) for n in numbers]
    return planner.pay(account, invoices, "internal")


def _carry_out(url: str, token: str, warm_up: Plan, plan: Plan) -> float:
    with tempfile.TemporaryDirectory() as directory:
        settings = ConnectionSettings(url)
        executor = Executor(
            lambda: BillingClient(settings, SecretStr(token)),
            Path(directory) / "state" / "journal.sqlite",
            concurrency=CONCURRENCY,
        )
        executor.start()
        executor.wait(executor.submit(warm_up), 60)
        start = time.perf_counter()
        job = executor.wait(executor.submit(plan), 300)
        took = time.perf_counter() - start
        executor.close()
    if job.counts != {OperationState.DONE: len(plan.operations)}:
        raise RuntimeError(f"not everything was done: {job.counts}")
    return took


def against_sandbox() -> tuple[float, float]:
    """(seconds for renaming orders through the journal, durable writes per second of the sandbox by itself)."""
    with tempfile.TemporaryDirectory() as directory:
        command = [sys.executable, "-m", "billtui.sandbox", "--json", "--until-eof", "--port", "0"]
        command += [
            "--db",
            str(Path(directory) / "panel.db"),
            "--fleet",
            str(2 * SANDBOX_WRITES + 100),
            "--tickets",
            "0",
        ]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as sandbox:
            assert sandbox.stdin is not None and sandbox.stdout is not None
            hello = json.loads(sandbox.stdout.readline())
            url, who = hello["url"], next(one for one in hello["accounts"] if one["role"] == "client")
            token = _call(url, "POST", "/sessions", {"login": who["login"], "password": who["password"]})["token"]
            account = Account.model_validate(_call(url, "GET", "/me", token=token))
            orders = _orders(url, token, 2 * SANDBOX_WRITES + 8)
            rate = _durable_rate(url, token, orders[:SANDBOX_WRITES])
            renames = [planner.rename(account, order, f"bulk-{order.id}") for order in orders[SANDBOX_WRITES:]]
            took = _carry_out(url, token, _together(renames[:8]), _together(renames[8:]))
            sandbox.stdin.close()
            sandbox.wait(30)
    return took, rate


def _together(plans: list[Plan]) -> Plan:
    operations = tuple(
        plan.operations[0].model_copy(update={"number": number}) for number, plan in enumerate(plans, start=1)
    )
    return plans[0].model_copy(update={"operations": operations, "id": uuid.uuid4().hex})


def _orders(url: str, token: str, count: int) -> list[Order]:
    found: list[Order] = []
    cursor = ""
    while len(found) < count:
        page = _call(url, "GET", f"/orders?state=active&limit=500{cursor}", token=token)
        found += [Order.model_validate(one) for one in page["items"] if not one["transfer_id"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    if len(found) < count:
        raise RuntimeError(f"the sandbox has {len(found)} orders to rename, {count} are needed")
    return found[:count]


def _durable_rate(url: str, token: str, orders: list[Order]) -> float:
    """Writes per second when nothing but bare requests is between, as many at a time."""
    waiting = list(orders)
    lock = threading.Lock()

    def work() -> None:
        while True:
            with lock:
                if not waiting:
                    return
                order = waiting.pop()
            _call(url, "PATCH", f"/orders/{order.id.raw}", {"name": f"raw-{order.id}"}, token)

    threads = [threading.Thread(target=work) for _ in range(CONCURRENCY)]
    start = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return len(orders) / (time.perf_counter() - start)


def _call(url: str, method: str, path: str, body: dict[str, str] | None = None, token: str = "") -> Any:
    place = urlsplit(url)
    connection = http.client.HTTPConnection(place.hostname or "", place.port or 0, timeout=30)
    headers = {"Content-Type": "application/json", "Idempotency-Key": uuid.uuid4().hex, "Connection": "close"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    connection.request(method, f"/api/v1{path}", json.dumps(body) if body is not None else None, headers)
    answer = connection.getresponse()
    data = json.loads(answer.read())
    connection.close()
    if answer.status >= 400:
        raise RuntimeError(f"{method} {path}: {answer.status} {data}")
    return data
