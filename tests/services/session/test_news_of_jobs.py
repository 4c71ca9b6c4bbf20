"""How many messages a running job costs: few while it merely goes on, all of them where somebody should hear."""

from __future__ import annotations

from typing import Any

from billtui.domain.safetext import SafeText
from billtui.services import planner
from billtui.services.executor import JobEvent
from billtui.services.executor.desk import awaits_payment
from billtui.services.journal import JobState, OperationState, PauseReason
from billtui.services.session_jobs import NewsPace
from tests.support.money_panel import MoneyPanel

S = OperationState


def event(outcome: OperationState | None = S.DONE, **fields: Any) -> JobEvent:
    panel = MoneyPanel()
    plan = planner.pay(panel.account(), panel.add_invoices(1), "internal")
    known: dict[str, Any] = {
        "job_id": "j", "plan_title": SafeText("x"), "state": JobState.RUNNING, "states": {S.PREPARED: 5},
        "operation": plan.operations[0] if outcome is not None else None, "outcome": outcome,
    }  # fmt: skip
    return JobEvent(**(known | fields))


def test_a_thousand_steps_are_a_few_messages() -> None:
    now = [0.0]
    pace = NewsPace(lambda: now[0])
    told = 0
    for _ in range(1_000):
        for outcome in (S.SENDING, S.DONE):
            told += pace.lets_pass(event(outcome))
            now[0] += 0.002
    assert 12 <= told <= 18, "four a second, for four seconds"


def test_what_somebody_should_hear_is_told_at_once() -> None:
    pace = NewsPace(lambda: 0.0)
    assert pace.lets_pass(event(S.SENDING)) and not pace.lets_pass(event(S.DONE))
    for outcome in (S.UNKNOWN, S.REFUSED, S.NOT_SENT, S.NEEDS_YOU, S.CANCELLED):
        assert pace.lets_pass(event(outcome)), outcome
    assert pace.lets_pass(event(None)), "news of the job itself"
    assert pace.lets_pass(event(S.DONE, paused=PauseReason.OFFLINE)), "it has paused"
    assert pace.lets_pass(event(S.DONE, job_id="other")), "another job"
    assert pace.lets_pass(event(S.DONE, done=True, state=JobState.FINISHED)), "the end"


def test_an_address_to_pay_at_is_not_called_paid() -> None:
    """INV-3, INV-13: done is that the address exists; the money is paid when the provider says so."""
    pending = {"id": "p1", "state": "pending", "payment_url": "https://pay.example/p1"}
    assert awaits_payment(pending) and awaits_payment({"invoice": {}, "payment": pending})
    assert not awaits_payment(pending | {"state": "done"}) and not awaits_payment({"id": "p1", "state": "done"})
    assert not awaits_payment(None) and not awaits_payment({"payment": None})


def test_a_payment_that_is_only_begun_is_not_called_paid() -> None:
    """Some providers give no address: how to go on stands on the panel's own pages."""
    begun = {"id": "p1", "invoice_id": "51", "state": "pending", "payment_url": None}
    assert "paid only once the panel says so" in str(awaits_payment(begun))
    assert awaits_payment(begun | {"state": "promised"}) is None
    assert awaits_payment({"id": "t1", "state": "pending"}) is None, "a transfer that waits is no payment"
