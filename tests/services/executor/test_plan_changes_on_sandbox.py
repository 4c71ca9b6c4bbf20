"""A change of plan against the reference panel: done once whatever breaks; what changed is not sent (ORD-6)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from billtui.domain.models import Order, PlanChangeRequest, RenewalRequest
from billtui.domain.money import Money
from billtui.domain.safetext import SafeText
from billtui.services import planner
from billtui.services.executor import Executor, Limits
from billtui.services.journal import OperationState
from billtui.services.plans import Plan
from billtui.services.settle import speaks_of
from tests.services.executor.test_buying_on_sandbox import SECONDS, Panel
from tests.support.sandbox import SandboxProcess

S = OperationState


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


def free(panel: Panel) -> list[Order]:
    """Orders of the smallest plans that nothing blocks, the one that ends last first."""
    found = panel.ask(lambda client: client.orders.list(limit=60, state=["active"], plan=["vds-micro", "vds-nano"]))
    able = [one for one in found.items if one.unpaid_invoice_id is None and one.transfer_id is None]
    return sorted((one for one in able if not one.individual_price), key=lambda one: str(one.paid_until), reverse=True)


def planned(panel: Panel, order: Order, plan: str, then: str | None) -> Plan:
    request = PlanChangeRequest(order_id=order.id, plan=SafeText(plan))
    quote = panel.ask(lambda client: client.quotes.plan_change(request))
    return planner.change_plan(panel.account(), quote, request, order, then)


def now(panel: Panel, order: Order) -> Order:
    return panel.orders([order.id.raw])[0]


def test_ord_6_bought_and_paid_once_whatever_breaks(panel: Panel, executor: Executor) -> None:
    """ORD-6, INV-4: also when the answer is lost, and also hours after it was planned: it then costs a little less."""
    for kind, order in zip(["drop-after", "http-500", "garble"], free(panel), strict=False):
        plan = planned(panel, order, "vds-medium", "internal")
        assert [one.kind for one in plan.operations] == ["order.change-plan", "invoice.pay"]
        panel.sandbox.faults(
            {"kind": kind, "times": 1, "method": "POST", "path": "*/plan-changes"},
            {"kind": kind, "times": 1, "method": "POST", "path": "*/payments"},
        )
        panel.sandbox.advance(hours=1)
        before = panel.account().balances.internal
        job = executor.wait(executor.submit(plan), SECONDS)
        rows = executor.reader.operations(plan.id)
        assert job.counts == {S.DONE: 2}, (kind, [(row.code, row.detail) for row in rows])
        assert sum(panel.sandbox.fault_strikes()) == 2, kind
        panel.sandbox.faults()
        assert plan.total >= before - panel.account().balances.internal > Money("0.00", "EUR")
        assert now(panel, order).plan == "vds-medium"
        answer = dict(rows[0].answer or {})
        assert speaks_of(answer, plan.operations[0])
        other = plan.operations[0].model_copy(update={"params": {"order_id": order.id.raw, "plan": "vds-large"}})
        assert not speaks_of(answer, other), "an invoice of another plan is no proof"
    assert panel.sandbox.check_books() == []


def test_ord_6_cheaper_needs_no_payment(panel: Panel, executor: Executor) -> None:
    """ORD-6: 0.00, paid as it is issued; nothing is left to pay even where paying at once was asked for."""
    order = next(one for one in free(panel) if one.plan == "vds-micro")
    plan = planned(panel, order, "vds-nano", "internal")
    assert [one.kind for one in plan.operations] == ["order.change-plan"] and plan.total.amount == 0
    assert executor.wait(executor.submit(plan), SECONDS).counts == {S.DONE: 1}
    assert now(panel, order).plan == "vds-nano"


def test_dsc_8_what_changed_since_it_was_confirmed_is_not_sent(panel: Panel, executor: Executor) -> None:
    """DSC-8: the plan's price (also a lower one), stock, the order's plan and end, an invoice: nothing is sent."""
    first, second, third, fourth, fifth = free(panel)[:5]
    wanted: list[tuple[Order, str, str]] = []

    def changed(order: Order, words: str, plan: str = "vds-large") -> None:
        wanted.append((order, plan, words))

    changed(first, "The price of VDS large was 34.90 EUR, now it is 33.90 EUR.")
    changed(second, "is left out now: VDS extra large", "vds-xlarge")
    changed(third, "The plan of the order was", "vds-medium")
    changed(fourth, "is left out now: Invoice", "vds-medium")
    changed(fifth, "The paid period of", "vds-medium")
    plans = [planned(panel, order, plan, "internal") for order, plan, _words in wanted]
    shop = {
        "prices": [{"plan": "vds-large", "monthly_price": {"amount": "33.90", "currency": "EUR"}}],
        "stock": [{"plan": "vds-xlarge", "location": second.location.raw, "available": 0}],
    }
    assert panel.sandbox.call("POST", "/sandbox/catalogue", shop)[0] == 200
    quicker = planned(panel, third, "vds-small", "internal")
    assert executor.wait(executor.submit(quicker), SECONDS).counts == {S.DONE: 2}
    for order, then in ((fourth, None), (fifth, "internal")):
        quote = panel.ask(lambda client, order=order: client.quotes.renewal([order.id.raw], 1))  # type: ignore[misc]
        request = RenewalRequest(order_ids=[order.id], period=1)
        renewal = planner.renew_many(panel.account(), [quote], [request], [order], then)
        assert S.REFUSED not in executor.wait(executor.submit(renewal), SECONDS).counts
    for plan, (_order, _plan, words) in zip(plans, wanted, strict=True):
        executor.wait(executor.submit(plan), SECONDS)
        row = executor.reader.operations(plan.id)[0]
        assert (row.state, row.code, row.sends) == (S.REFUSED, "facts-changed", 0)
        assert words in str(row.detail)
