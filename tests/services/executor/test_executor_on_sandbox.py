"""The executor against the reference panel in its own process: real rules, real faults, real kills of the panel."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from billtui.client import BillingClient, ConnectionSettings
from billtui.domain.models import Account, AutoRenew, Invoice, Order, Quote, RenewalRequest
from billtui.services import planner
from billtui.services.executor import Executor, Limits
from billtui.services.journal import OperationState
from tests.support.sandbox import SandboxProcess

S = OperationState
SECONDS = 60.0


class Panel:
    """The sandbox as its first client sees it."""

    def __init__(self, sandbox: SandboxProcess) -> None:
        self.sandbox = sandbox
        self.token = sandbox.sign_in()

    def client(self) -> BillingClient:
        settings = ConnectionSettings(self.sandbox.url, write_deadline=5, read_deadline=10, retry_base=0.02)
        return BillingClient(settings, SecretStr(self.token))

    def get(self, path: str) -> dict[str, object]:
        status, answer = self.sandbox.call("GET", f"/api/v1{path}", token=self.token)
        assert status == 200, answer
        return answer

    def account(self) -> Account:
        return Account.model_validate(self.get("/me"))

    def orders(self, query: str = "state=active") -> list[Order]:
        items = self.get(f"/orders?limit=500&{query}")["items"]
        assert isinstance(items, list)
        return [Order.model_validate(one) for one in items]

    def unpaid(self) -> list[Invoice]:
        items = self.get("/invoices?limit=500&state=unpaid")["items"]
        assert isinstance(items, list)
        return [Invoice.model_validate(one) for one in items]

    def quote(self, orders: list[Order], period: int = 1) -> Quote:
        body = {"kind": "renewal", "order_ids": [one.id.raw for one in orders], "period": period}
        status, answer = self.sandbox.call(
            "POST", "/api/v1/quotes", body, token=self.token, headers={"Idempotency-Key": "quote"}
        )
        assert status == 200, answer
        return Quote.model_validate(answer)

    def debits(self) -> Counter[str]:
        """How often the ledger debited a purse for each invoice."""
        lines = self.sandbox.ledger()
        return Counter(str(line["invoice_id"]) for line in lines if line["kind"] == "payment" and line["invoice_id"])


@pytest.fixture
def panel(own_sandbox: Callable[..., SandboxProcess]) -> Panel:
    return Panel(own_sandbox(fleet=40))


@pytest.fixture
def executor(panel: Panel, tmp_path: Path) -> Iterator[Executor]:
    limits = Limits(concurrency=4, first_pause=0.05, longest_pause=0.5, rate_pause=0.05)
    executor = Executor(panel.client, tmp_path / "state" / "journal.sqlite", limits=limits)
    executor.start()
    yield executor
    executor.close()


def free_orders(panel: Panel, count: int) -> list[Order]:
    return [one for one in panel.orders() if not one.unpaid_invoice_id and not one.transfer_id][:count]


def renew_each(panel: Panel, executor: Executor, count: int) -> list[Invoice]:
    """Invoices for ``count`` single orders, made through the executor as well."""
    before = {one.id for one in panel.unpaid()}
    for order in free_orders(panel, count):
        request = RenewalRequest.model_validate({"order_ids": [order.id.raw], "period": 1})
        plan = planner.renew(panel.account(), panel.quote([order]), request, [order])
        assert executor.wait(executor.submit(plan), SECONDS).counts == {S.DONE: 1}
    return [one for one in panel.unpaid() if one.id not in before]


def test_whatever_breaks_each_invoice_is_debited_once(panel: Panel, executor: Executor) -> None:
    """INV-4: one debit per invoice in the panel's own ledger, under every fault that a payment can meet."""
    kinds = ["drop-before", "drop-after", "http-500", "http-503", "html", "garble", "truncate", "rate-limit"]
    for kind in kinds:
        [invoice] = renew_each(panel, executor, 1)
        balance = panel.account().balances.internal
        panel.sandbox.faults({"kind": kind, "times": 2, "method": "POST", "path": "*/payments"})
        plan = planner.pay(panel.account(), [invoice], "internal")
        job = executor.wait(executor.submit(plan), SECONDS)
        row = executor.reader.operation(plan.id, 1)
        assert job.counts == {S.DONE: 1}, (kind, row.code, row.detail)
        assert panel.debits()[invoice.id.raw] == 1 and panel.account().balances.internal == balance - plan.total
        assert sum(panel.sandbox.fault_strikes()) >= 1, kind
        panel.sandbox.faults()


def test_a_renewal_bought_and_paid_in_one_plan(panel: Panel, executor: Executor) -> None:
    """BLK-4, REN-1, REN-3: one invoice, paid, and the orders run a month longer."""
    orders = free_orders(panel, 3)
    request = RenewalRequest.model_validate({"order_ids": [one.id.raw for one in orders], "period": 1})
    quote = panel.quote(orders)
    panel.sandbox.faults({"kind": "drop-after", "times": 1, "method": "POST", "path": "/renewals"})
    plan = planner.renew(panel.account(), quote, request, orders, "internal")
    assert executor.wait(executor.submit(plan), SECONDS).counts == {S.DONE: 2}
    now = {one.id: one.paid_until for one in panel.orders()}
    expected = {line.order_id: line.new_paid_until for line in quote.lines}
    assert {one: now[one] for one in expected if one is not None} == expected


def test_a_panel_killed_in_the_middle_loses_and_doubles_nothing(panel: Panel, executor: Executor) -> None:
    invoices = renew_each(panel, executor, 4)
    panel.sandbox.faults({"kind": "latency", "ms": 300, "method": "POST", "path": "*/payments"})
    plan = planner.pay(panel.account(), invoices, "internal")
    executor.submit(plan)
    panel.sandbox.restart()
    row = executor.wait(plan.id, SECONDS)
    for _ in range(5):
        if row.finished and not row.counts.get(S.NOT_SENT):
            break
        executor.retry_failed(plan.id)
        executor.resume(plan.id)
        row = executor.wait(plan.id, SECONDS)
    assert row.counts == {S.DONE: 4}, [(one.state, one.code, one.detail) for one in executor.reader.operations(plan.id)]
    debits = panel.debits()
    assert {debits[one.id.raw] for one in invoices} == {1}


def test_settings_of_many_orders(panel: Panel, executor: Executor) -> None:
    orders = [one for one in free_orders(panel, 20) if not one.auto_renew.on]
    plan = planner.auto_renew(panel.account(), orders, AutoRenew(on=True, months=3))
    assert executor.wait(executor.submit(plan), SECONDS).counts == {S.DONE: len(orders)}
    after = {one.id: one.auto_renew for one in panel.orders()}
    assert {after[one.id] for one in orders} == {AutoRenew(on=True, months=3)}
