"""What becomes of an operation: answers that are lost, refused, too late, or never come."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from billtui.domain.money import Money
from billtui.services import planner
from billtui.services.executor import Executor, Limits
from billtui.services.journal import (
    JobState,
    Journal,
    MoveLost,
    OperationState,
    PauseReason,
)
from tests.services.executor.carrying_out import SECONDS, NewExecutor, S, codes, payments, renewal, states
from tests.support.money_panel import FAULTS_AFTER, FAULTS_BEFORE, Fault, MoneyPanel, eventually


@pytest.mark.parametrize("fault", FAULTS_BEFORE + FAULTS_AFTER)
def test_a_lost_answer_is_looked_up_and_the_payment_made_once(
    executor: Executor, panel: MoneyPanel, fault: str
) -> None:
    """RELIABILITY: everything after the first byte is unknown, never "failed", and never blindly repeated."""
    plan = payments(panel, 1)
    panel.faults = [Fault(fault, "payments")]
    assert executor.wait(executor.submit(plan), SECONDS).counts == {S.DONE: 1}
    assert panel.paid() == {"1": 1}
    events = [event.after for event in executor.reader.events(plan.id, 1)]
    sent_again = fault in FAULTS_BEFORE
    assert events == ["prepared", "sending", "unknown", *(["prepared", "sending"] if sent_again else []), "done"]
    assert len(panel.writes()) == (2 if sent_again else 1)


def test_a_clear_refusal_is_refused_with_its_rule(executor: Executor, panel: MoneyPanel) -> None:
    panel.balance = Decimal("15.00")
    account = panel.account().model_copy(update={"balances": MoneyPanel().account().balances})
    plan = planner.pay(account, panel.add_invoices(2), "internal")
    job = executor.wait(executor.submit(plan), SECONDS)
    assert job.counts == {S.DONE: 1, S.REFUSED: 1}
    [row] = executor.reader.operations(plan.id, [S.REFUSED])
    assert (row.code, row.rule) == ("insufficient-funds", "ACC-4") and row.detail and len(panel.writes()) == 2


@pytest.mark.parametrize("lost", [False, True])
def test_a_payment_that_the_panel_says_has_failed_is_not_done(
    executor: Executor, panel: MoneyPanel, monkeypatch: pytest.MonkeyPatch, lost: bool
) -> None:
    """It answers 201 with a payment that failed: the request was carried out, and nothing is paid."""
    monkeypatch.setattr(panel, "_pay", lambda number, body, _key: (201, {
        "id": "p1", "invoice_id": number, "method": body["method"], "state": "failed",
        "amount": panel.invoices[number]["total"],
    }))  # fmt: skip
    plan = payments(panel, 1)
    panel.faults = [Fault("drop-after", "payments")] if lost else []
    executor.wait(executor.submit(plan), SECONDS)
    assert (states(executor, plan), codes(executor, plan)) == ([S.REFUSED], ["payment-failed"])


def test_too_many_requests_waits_and_sends_the_same_key(executor: Executor, panel: MoneyPanel) -> None:
    plan = payments(panel, 2)
    panel.faults = [Fault("429", "payments", 2)]
    assert executor.wait(executor.submit(plan), SECONDS).counts == {S.DONE: 2}
    assert len(panel.effects) == 2 and len(panel.writes()) == 4


def test_a_panel_that_is_always_busy_pauses_the_job(new_executor: NewExecutor, panel: MoneyPanel) -> None:
    executor = new_executor(limits=Limits(concurrency=1, most_waits=2, rate_pause=0.01))
    plan = payments(panel, 1)
    panel.faults = [Fault("429", "payments", 99)]
    job = executor.wait(executor.submit(plan), SECONDS)
    assert (job.state, job.paused) == (JobState.PAUSED, PauseReason.BUSY_PANEL) and job.counts == {S.PREPARED: 1}
    panel.faults = []
    executor.resume(plan.id)
    assert executor.wait(plan.id, SECONDS).counts == {S.DONE: 1}


def test_a_panel_that_never_executes_is_not_hammered(new_executor: NewExecutor, panel: MoneyPanel) -> None:
    executor = new_executor(limits=Limits(concurrency=1, most_sends=3, first_pause=0.01))
    plan = payments(panel, 1)
    panel.faults = [Fault("503-before", "payments", 99)]
    job = executor.wait(executor.submit(plan), SECONDS)
    assert job.paused is PauseReason.BUSY_PANEL and len(panel.writes()) == 3 and not panel.effects


@pytest.mark.parametrize("fault", ["read", "write"])
def test_an_ended_session_pauses_and_goes_on_with_the_same_key(
    executor: Executor, panel: MoneyPanel, fault: str
) -> None:
    """401 means not executed: back to prepared, sign in, the same key; whether the check or the payment met it."""
    executor.wait(executor.submit(planner.pay(panel.account(), panel.add_invoices(1, start=50), "internal")), SECONDS)
    if fault == "read":
        panel.token = "fresh-token"  # the executor's client still has the old one
    else:
        panel.faults = [Fault("401", "payments")]
    plan = payments(panel, 1)
    job = executor.wait(executor.submit(plan), SECONDS)
    assert job.paused is PauseReason.SIGN_IN and job.counts == {S.PREPARED: 1} and len(panel.effects) == 1
    executor.resume(plan.id)
    assert executor.wait(plan.id, SECONDS).counts == {S.DONE: 1}
    assert [effect.key for effect in panel.effects[1:]] == [plan.key(1)]


def test_without_a_line_nothing_is_sent_and_a_person_sends_it_again(executor: Executor, panel: MoneyPanel) -> None:
    """Money never waits in a queue for the network to come back."""
    plan = payments(panel, 4)
    panel.offline = True
    job = executor.wait(executor.submit(plan), SECONDS)
    assert job.finished and job.counts == {S.NOT_SENT: 4} and not panel.effects
    panel.offline = False
    time_for_the_circuit = Executor(panel.client, executor.journal_path)  # a new client, as after a restart
    executor.close()
    time_for_the_circuit.start()
    assert not panel.effects
    assert time_for_the_circuit.retry_failed(plan.id) == 4
    assert time_for_the_circuit.wait(plan.id, SECONDS).counts == {S.DONE: 4}
    assert {effect.key for effect in panel.effects} == {plan.key(number) for number in range(1, 5)}
    time_for_the_circuit.close()


def test_a_running_operation_is_waited_for(executor: Executor, panel: MoneyPanel) -> None:
    plan = payments(panel, 1)
    panel.running.add(plan.key(1))
    panel.faults = [Fault("hang-after", "payments")]
    executor.submit(plan)
    eventually(lambda: sum("operations" in one for one in panel.requests) >= 3, "it is asked again")
    assert states(executor, plan) == [S.UNKNOWN] and executor.reader.job(plan.id).state is JobState.SETTLING
    panel.running.clear()
    assert executor.wait(plan.id, SECONDS).counts == {S.DONE: 1} and len(panel.writes()) == 1


def test_what_the_panel_has_forgotten_needs_a_person(
    new_executor: NewExecutor, panel: MoneyPanel, journal_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Older than 29 days: never seen would be never remembered. A person decides, with both pictures."""
    executor = new_executor()
    plan = payments(panel, 1)
    panel.faults = [Fault("hang-after", "payments"), Fault("drop-before", "operations", 10_000)]
    executor.submit(plan)
    eventually(lambda: states(executor, plan) == [S.UNKNOWN], "the answer is lost")
    executor.close()
    with sqlite3.connect(journal_path) as raw:
        raw.execute("UPDATE operations SET first_sent_at = '2026-01-01T00:00:00+00:00'")
    panel.operations.clear()
    panel.faults = []
    later = new_executor()
    later.recover()
    eventually(lambda: states(later, plan) == [S.NEEDS_YOU], "it asks a person")
    assert later.wait(plan.id, SECONDS).state is JobState.NEEDS_YOU
    assert not any(one.startswith("POST") for one in panel.requests[-2:])
    later.decide(plan.id, 1, as_done=True)
    row = later.reader.operation(plan.id, 1)
    assert (row.state, row.code) == (S.DONE, "decided")
    with pytest.raises(MoveLost):
        later.decide(plan.id, 1, as_done=False)


def test_what_was_sent_a_month_ago_is_not_sent_again(
    panel: MoneyPanel, new_executor: NewExecutor, journal_path: Path
) -> None:
    """A look-up said "never seen", the request arrived later after all, and a month on the panel has forgotten the key:
    sending again would pay twice."""
    plan = planner.top_up(panel.account(), Money("20.00", "EUR"), "card")
    journal = Journal(journal_path, clock=lambda: datetime.now(UTC) - timedelta(days=30))
    journal.add_job(plan, "an owner that is gone", held=False)
    for before, after in ((S.PREPARED, S.SENDING), (S.SENDING, S.UNKNOWN), (S.UNKNOWN, S.PREPARED)):
        journal.move(plan.id, 1, after, come_from=(before,))
    journal.close()
    executor = new_executor()
    executor.recover()
    executor.resume(plan.id)
    assert executor.wait(plan.id, SECONDS).state is JobState.NEEDS_YOU and not panel.writes()


def test_a_payment_does_not_follow_a_refused_purchase(executor: Executor, panel: MoneyPanel) -> None:
    plan = renewal(panel)
    panel.orders["1"]["monthly_price"]["amount"] = "9.00"
    job = executor.wait(executor.submit(plan), SECONDS)
    assert job.finished and states(executor, plan) == [S.REFUSED, S.CANCELLED] and not panel.effects
    assert codes(executor, plan) == ["facts-changed", "earlier-not-done"]


@pytest.mark.parametrize("end", [S.REFUSED, S.NOT_SENT])
def test_a_crash_between_a_purchase_and_its_payment_leaves_nothing_hanging(
    panel: MoneyPanel, new_executor: NewExecutor, journal_path: Path, end: OperationState
) -> None:
    """The purchase ended, and the process with it, before the payment that was to follow was ended as well."""
    plan = renewal(panel)
    journal = Journal(journal_path)
    journal.add_job(plan, "an owner that is gone", held=False)
    journal.move(plan.id, 1, end, come_from=(S.PREPARED,), code="test")
    journal.close()
    executor = new_executor()
    assert executor.recover().paused == (plan.id,)
    executor.resume(plan.id)
    assert executor.wait(plan.id, SECONDS).finished
    assert states(executor, plan) == [end, S.NOT_SENT if end is S.NOT_SENT else S.CANCELLED] and not panel.effects


def test_a_payment_waits_for_the_unknown_purchase(executor: Executor, panel: MoneyPanel) -> None:
    panel.faults = [Fault("drop-after", "renewals")]
    plan = renewal(panel)
    assert executor.wait(executor.submit(plan), SECONDS).counts == {S.DONE: 2}
    assert [effect.kind for effect in panel.effects] == ["renew", "pay"]
