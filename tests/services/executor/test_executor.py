"""The executor over a real port: outcomes, holding, pausing, drift, and what it does when things go wrong."""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from billtui.domain.models import AutoRenew, Order, Quote, RenewalRequest
from billtui.domain.money import Money
from billtui.services import planner
from billtui.services.executor import Executor, JobEvent, Limits
from billtui.services.journal import (
    JobElsewhere,
    JobState,
    Journal,
    JournalError,
    MoveLost,
    OperationState,
    PauseReason,
    TargetsBusy,
)
from billtui.services.plans import Plan, PlanError
from tests.support.money_panel import FAULTS_AFTER, FAULTS_BEFORE, Fault, MoneyPanel, eventually

S = OperationState
NewExecutor = Callable[..., Executor]
SECONDS = 20.0


def payments(panel: MoneyPanel, count: int = 3, method: str = "internal") -> Plan:
    return planner.pay(panel.account(), panel.add_invoices(count), method)


def renewal(panel: MoneyPanel, then: str | None = "internal") -> Plan:
    orders = panel.add_orders(2)
    request = RenewalRequest.model_validate({"order_ids": ["1", "2"], "period": 1})
    quote = Quote.model_validate(panel._quote({"order_ids": ["1", "2"], "period": 1}))
    return planner.renew(panel.account(), quote, request, orders, then)


def states(executor: Executor, plan: Plan) -> list[OperationState]:
    return [row.state for row in executor.reader.operations(plan.id)]


def codes(executor: Executor, plan: Plan) -> list[str | None]:
    return [row.code for row in executor.reader.operations(plan.id)]


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


# -- outcomes ---------------------------------------------------------------------------------------------------------


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


# -- the program around it ---------------------------------------------------------------------------------------------


def test_a_stalled_listener_stalls_nothing(new_executor: NewExecutor, panel: MoneyPanel) -> None:
    """RELIABILITY: bulk of 30 while the terminal is stalled: 30 recorded."""
    stuck, told = threading.Event(), []

    def listener(event: JobEvent) -> None:
        told.append(event)
        stuck.wait(SECONDS)

    executor = new_executor(listener=listener)
    plan = payments(panel, 30)
    assert executor.wait(executor.submit(plan), SECONDS).counts == {S.DONE: 30}
    assert len(told) == 1
    stuck.set()


def test_a_failing_listener_ends_no_job(new_executor: NewExecutor, panel: MoneyPanel) -> None:
    def listener(_: JobEvent) -> None:
        raise RuntimeError("a screen's fault")

    executor = new_executor(listener=listener)
    assert executor.wait(executor.submit(payments(panel)), SECONDS).counts == {S.DONE: 3}


def test_closing_in_mid_payment_is_quick_and_the_next_start_settles(
    new_executor: NewExecutor, panel: MoneyPanel
) -> None:
    executor = new_executor()
    plan = payments(panel, 1)
    panel.faults = [Fault("hang-after", "payments")]
    arrived = threading.Event()
    panel.on_effect = lambda _: arrived.set()
    executor.submit(plan)
    assert arrived.wait(SECONDS)
    start = time.monotonic()
    executor.close(timeout=0.1)
    assert time.monotonic() - start < 2.0
    later = new_executor()
    assert states(later, plan)[0] in (S.UNKNOWN, S.DONE)
    later.recover()
    eventually(lambda: states(later, plan) == [S.DONE], "it is looked up")
    assert len(panel.writes()) == 1


def test_without_a_journal_nothing_is_sent(panel: MoneyPanel, tmp_path: Path) -> None:
    place = tmp_path / "state"
    place.mkdir(mode=0o755)
    place.chmod(0o755)
    executor = Executor(panel.client, place / "journal.sqlite")
    with pytest.raises(JournalError, match="open to others"):
        executor.start()
    with pytest.raises(JournalError, match="does not run"):
        executor.submit(payments(panel))
    assert not panel.requests


def test_a_disk_that_fills_up_stops_before_the_next_request(new_executor: NewExecutor, panel: MoneyPanel) -> None:
    """Disk full: no journal line, no request; when there is space again, a person resumes."""
    executor = new_executor(limits=Limits(concurrency=1))
    plan = payments(panel, 400)
    assert executor._journal is not None
    journal = executor._journal

    def fill(_what: str) -> None:
        if len(panel.effects) == 3:
            journal.call(lambda j: j.rows(f"PRAGMA max_page_count = {j.rows('PRAGMA page_count')[0][0]}"))

    panel.on_effect = fill
    executor.submit(plan)
    eventually(lambda: executor._engine is not None and (run := executor._engine.known(plan.id)) is not None
               and run.paused is PauseReason.JOURNAL, "it stops")  # fmt: skip
    panel.on_effect = None
    sent = len(panel.writes())
    assert sent < 400

    def give_space() -> bool:
        try:
            journal.call(lambda j: j.rows("PRAGMA max_page_count = 1000000"))
        except JournalError:
            return False  # it stood in one transaction with a line that found no space
        return True

    eventually(give_space, "space")
    eventually(lambda: not executor.reader.operations(plan.id, [S.SENDING]), "the outcome that was held up is written")
    executor.resume(plan.id)
    assert executor.wait(plan.id, 60).counts == {S.DONE: 400}
    assert len(panel.effects) == 400


def test_a_fault_of_the_program_stops_the_job_instead_of_turning_in_circles(
    executor: Executor, panel: MoneyPanel, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: Any) -> None:
        raise AttributeError("a slip of the pen")

    monkeypatch.setattr("billtui.services.executor.courier.read_afresh", broken)
    plan = payments(panel, 2)
    job = executor.wait(executor.submit(plan), SECONDS)
    assert job.paused is PauseReason.TROUBLE and job.counts == {S.PREPARED: 2} and not panel.writes()


def test_an_order_action_sends_the_name_as_it_was_sent_to_us(executor: Executor, panel: MoneyPanel) -> None:
    """ORD-4: the typed name is the drawn one, the panel gets its own."""
    panel.add_orders(1)
    panel.orders["1"]["name"] = "web\u202e-1"
    order = Order.model_validate(panel.orders["1"])
    plan = planner.order_action(panel.account(), [order], "reinstall", {"1": str(order.name)})
    assert executor.wait(executor.submit(plan), SECONDS).counts == {S.DONE: 1}
