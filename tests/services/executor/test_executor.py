"""The executor over a real port: outcomes, holding, pausing, drift, and what it does when things go wrong."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from billtui.domain.models import AutoRenew
from billtui.domain.money import Money
from billtui.services import planner
from billtui.services.executor import Executor, JobEvent
from billtui.services.journal import (
    TargetsBusy,
)
from billtui.services.plans import Plan, PlanError
from tests.services.executor.carrying_out import SECONDS, NewExecutor, S, codes, payments, renewal
from tests.support.money_panel import Fault, MoneyPanel, eventually

# -- the plain way ----------------------------------------------------------------------------------------------------


def test_a_plan_is_carried_out_and_told(executor: Executor, panel: MoneyPanel, events: list[JobEvent]) -> None:
    plan = payments(panel, 5)
    job = executor.wait(executor.submit(plan), SECONDS)
    assert job.finished and job.counts == {S.DONE: 5} and str(job.left) == "0.00 EUR"
    assert sorted(panel.paid()) == ["1", "2", "3", "4", "5"] and panel.balance == Decimal("99950.00")
    assert {effect.key for effect in panel.effects} == {plan.key(number) for number in range(1, 6)}
    eventually(lambda: bool(events) and events[-1].done, "the last event")
    done = [event for event in events if event.outcome is S.DONE]
    assert {event.answer["invoice_id"] for event in done if event.answer} == {"1", "2", "3", "4", "5"}
    assert executor.reader.verify() == []


def test_every_kind_of_operation_reaches_the_panel(executor: Executor, panel: MoneyPanel) -> None:
    account, orders = panel.account(), panel.add_orders(3)
    panel.add_invoices(6)
    one = panel.models([1])[0]
    plans = [
        planner.pay(account, [one], "card"),
        planner.delete(account, panel.models([2])),
        planner.combine(account, panel.models([3, 4])),
        planner.order_action(account, [orders[0]], "reboot"),
        planner.rename(account, orders[1], "web-1"),
        planner.auto_renew(account, [orders[2]], AutoRenew(on=True, months=3)),
        planner.top_up(account, Money("20.00", "EUR"), "card"),
    ]
    for plan in plans:
        job = executor.wait(executor.submit(plan), SECONDS)
        assert job.counts == {S.DONE: 1}, codes(executor, plan)
    move = planner.move(account, Money("5.00", "EUR"))
    assert executor.wait(executor.submit(move), SECONDS).counts == {S.DONE: 1}
    [combined] = [invoice for invoice in panel.models(panel.invoices) if invoice.combined_from]
    split = planner.split(account, combined)
    assert executor.wait(executor.submit(split), SECONDS).counts == {S.DONE: 1}
    done = [effect.kind for effect in panel.effects]
    assert done == ["pay", "delete", "combine", "action", "patch", "patch", "top-up", "move", "split"]


def test_a_payment_takes_the_invoice_that_its_renewal_made(executor: Executor, panel: MoneyPanel) -> None:
    """REN-1, BLK-4: the invoice number is not known before; it is locked and checked when it is."""
    plan = renewal(panel)
    assert executor.wait(executor.submit(plan), SECONDS).counts == {S.DONE: 2}
    assert [effect.kind for effect in panel.effects] == ["renew", "pay"]
    assert executor.reader.operation(plan.id, 2).targets == ("invoice:1",)


def test_bulk_checks_are_read_many_at_once(executor: Executor, panel: MoneyPanel) -> None:
    """A thin line: 60 payments take 60 writes and a few reads, not 60."""
    executor.wait(executor.submit(payments(panel, 60)), SECONDS)
    assert len(panel.paid()) == 60 and len(panel.writes()) == 60
    assert sum(one.startswith("GET /invoices") for one in panel.requests) <= 15


# -- once -------------------------------------------------------------------------------------------------------------


def test_the_same_plan_file_is_one_job(executor: Executor, panel: MoneyPanel) -> None:
    plan = payments(panel)
    executor.wait(executor.submit(plan), SECONDS)
    assert executor.submit(Plan.from_json(plan.to_json())) == plan.id
    assert executor.wait(plan.id, SECONDS).counts == {S.DONE: 3}
    assert len(panel.effects) == len(panel.writes()) == 3 and len(executor.reader.jobs()) == 1


@pytest.mark.parametrize("kind", ["pay", "renew", "top-up"])
def test_the_same_plan_on_two_hosts_is_done_once_and_both_know(
    panel: MoneyPanel, new_executor: NewExecutor, tmp_path: Path, kind: str
) -> None:
    """The second host finds other facts, asks by key, and learns that this very plan did it."""
    top_up = planner.top_up(panel.account(), Money("20.00", "EUR"), "card")
    plan = {"pay": lambda: payments(panel), "renew": lambda: renewal(panel), "top-up": lambda: top_up}[kind]()
    there = Executor(panel.client, tmp_path / "other-host" / "journal.sqlite")
    there.start()
    here = new_executor()
    first = here.wait(here.submit(plan), SECONDS)
    second = there.wait(there.submit(Plan.from_json(plan.to_json())), SECONDS)
    there.close()
    assert first.counts == second.counts == {S.DONE: len(plan.operations)}
    assert len(panel.effects) == len(plan.operations)


def test_a_target_with_an_open_operation_is_refused_before_anything(executor: Executor, panel: MoneyPanel) -> None:
    panel.faults = [Fault("hang-before", "payments", 1)]
    plan = payments(panel, 1)
    executor.submit(plan)
    with pytest.raises(TargetsBusy, match="invoice 1"):
        executor.submit(planner.pay(panel.account(), panel.models([1]), "card"))
    panel.release_hanging()
    assert executor.wait(plan.id, SECONDS).counts == {S.DONE: 1} and len(panel.effects) == 1
    again = planner.pay(panel.account(), panel.add_invoices(1, start=9), "card")
    assert executor.wait(executor.submit(again), SECONDS).finished


def test_an_empty_plan_is_no_job(executor: Executor, panel: MoneyPanel) -> None:
    with pytest.raises(PlanError, match="nothing to do"):
        executor.submit(planner.pay(panel.account(), [], "internal"))
