"""What changed since a plan was made, and what people do to a job: hold, take back, pause, cancel."""

from __future__ import annotations

import os
from typing import Any

import pytest

from billtui.services import planner
from billtui.services.executor import Executor, Limits
from billtui.services.journal import (
    JobElsewhere,
    JobState,
    PauseReason,
)
from tests.services.executor.carrying_out import SECONDS, NewExecutor, S, codes, payments, renewal, states
from tests.support.money_panel import Fault, MoneyPanel

# -- drift ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"state": "paid"}, "was unpaid, now it is paid"),
        ({"total": {"amount": "12.00", "currency": "EUR"}}, "was 10.00 EUR, now it is 12.00 EUR"),
        ({"combined_from": ["8", "9"]}, "holds other combined invoices"),
    ],
)
def test_drift_sends_nothing_and_says_what_differs(
    executor: Executor, panel: MoneyPanel, change: dict[str, Any], words: str
) -> None:
    plan = payments(panel, 2)
    panel.invoices["2"].update(change, version=2)
    job = executor.wait(executor.submit(plan), SECONDS)
    assert job.counts == {S.DONE: 1, S.REFUSED: 1}
    row = executor.reader.operation(plan.id, 2)
    assert row.code == "facts-changed" and row.detail and words in row.detail.replace("\u00a0", " ")
    assert panel.paid() == {"1": 1} and len(panel.writes()) == 1


def test_a_change_that_touches_no_fact_is_no_drift(executor: Executor, panel: MoneyPanel) -> None:
    plan = payments(panel, 1)
    panel.invoices["1"].update(version=17, due_at="2026-12-24T10:00:00Z")
    assert executor.wait(executor.submit(plan), SECONDS).counts == {S.DONE: 1}


def test_an_invoice_that_is_gone_is_drift(executor: Executor, panel: MoneyPanel) -> None:
    plan = payments(panel, 1)
    del panel.invoices["1"]
    executor.wait(executor.submit(plan), SECONDS)
    assert codes(executor, plan) == ["facts-changed"]
    assert "no longer there" in str(executor.reader.operation(plan.id, 1).detail)


def test_a_renewal_is_quoted_afresh_and_an_open_invoice_is_drift(executor: Executor, panel: MoneyPanel) -> None:
    """REN-2, DSC-8: a plan holds the purchase and its amounts, not a quote."""
    plan = renewal(panel, None)
    panel.quotes.clear()
    panel.orders["2"]["unpaid_invoice_id"] = "77"
    executor.wait(executor.submit(plan), SECONDS)
    assert codes(executor, plan) == ["facts-changed"] and "Invoice 77 is open" in str(
        executor.reader.operation(plan.id, 1).detail
    )
    assert not panel.effects


def test_differences_are_shown_before_resuming(new_executor: NewExecutor, panel: MoneyPanel) -> None:
    executor = new_executor(limits=Limits(concurrency=1))
    plan = payments(panel, 3)
    panel.faults = [Fault("401", "payments", 1)]
    executor.wait(executor.submit(plan), SECONDS)
    panel.invoices["3"].update(state="paid")
    before = len(panel.writes())
    assert list(executor.differences(plan.id).result(SECONDS)) == [3] and len(panel.writes()) == before
    executor.resume(plan.id)
    assert executor.wait(plan.id, SECONDS).counts == {S.DONE: 2, S.REFUSED: 1}


# -- people -----------------------------------------------------------------------------------------------------------


def test_what_is_held_can_be_taken_back(executor: Executor, panel: MoneyPanel) -> None:
    plan = planner.delete(panel.account(), panel.add_invoices(2))
    executor.submit(plan, hold_seconds=600)
    assert executor.reader.job(plan.id).state is JobState.HELD and len(executor.reader.in_state(S.HELD)) == 2
    assert executor.take_back(plan.id) == 2 and executor.take_back(plan.id) == 0
    assert states(executor, plan) == [S.CANCELLED] * 2 and not panel.writes()


def test_what_is_held_goes_when_its_time_is_over_or_it_is_released(executor: Executor, panel: MoneyPanel) -> None:
    invoices = panel.add_invoices(2)
    first, second = (planner.delete(panel.account(), [one]) for one in invoices)
    executor.submit(first, hold_seconds=0.05)
    assert executor.wait(first.id, SECONDS).counts == {S.DONE: 1}
    executor.submit(second, hold_seconds=600)
    executor.release(second.id)
    assert executor.wait(second.id, SECONDS).counts == {S.DONE: 1}


def test_payments_are_never_held(executor: Executor, panel: MoneyPanel) -> None:
    plan = payments(panel, 1)
    executor.submit(plan, hold_seconds=600)
    assert executor.wait(plan.id, SECONDS).counts == {S.DONE: 1}


def test_closing_drops_what_is_held_and_the_next_start_says_so(new_executor: NewExecutor, panel: MoneyPanel) -> None:
    executor = new_executor()
    plan = planner.delete(panel.account(), panel.add_invoices(1))
    executor.submit(plan, hold_seconds=600)
    executor.close()
    later = new_executor()
    assert codes(later, plan) == ["never-confirmed"] and not panel.writes()


def test_pause_resume_and_cancel(new_executor: NewExecutor, panel: MoneyPanel) -> None:
    executor = new_executor(limits=Limits(concurrency=1))
    plan = payments(panel, 6)
    panel.on_effect = lambda what: executor.pause(plan.id) if len(panel.effects) == 2 else None
    job = executor.wait(executor.submit(plan), SECONDS)
    panel.on_effect = None
    assert job.paused is PauseReason.USER and job.counts[S.DONE] == len(panel.effects) in (2, 3)
    assert str(job.left) == f"{10 * (6 - len(panel.effects))}.00 EUR"
    done = len(panel.effects)
    assert executor.cancel(plan.id) == 6 - done
    job = executor.wait(plan.id, SECONDS)
    assert job.finished and job.counts[S.CANCELLED] == 6 - done and len(panel.effects) == done
    executor.resume(plan.id)
    assert len(panel.effects) == done


def test_another_account_is_never_paid_from(executor: Executor, panel: MoneyPanel) -> None:
    plan = payments(panel, 1).model_copy(update={"account_id": "9999"})
    job = executor.wait(executor.submit(plan), SECONDS)
    assert job.paused is PauseReason.OTHER_ACCOUNT and not panel.writes()


def test_another_running_process_keeps_its_job(new_executor: NewExecutor, panel: MoneyPanel) -> None:
    one = new_executor(limits=Limits(concurrency=1))
    plan = payments(panel, 3)
    panel.faults = [Fault("401", "payments", 1)]
    one.wait(one.submit(plan), SECONDS)
    other = new_executor()
    assert not other.recover()
    with pytest.raises(JobElsewhere, match=f"carried out by the billtui.*process {os.getpid()}"):
        other.settle_now(plan.id)
    assert not panel.effects
    one.close()
    other.resume(plan.id)
    assert other.wait(plan.id, SECONDS).counts == {S.DONE: 3} and len(panel.effects) == 3
