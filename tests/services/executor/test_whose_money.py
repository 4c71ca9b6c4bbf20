"""Whose money it is, and what was really done: another sign-in in the middle, another request's answer."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from billtui.domain.models import Quote, RenewalRequest
from billtui.services import planner
from billtui.services.executor import Executor, Limits
from billtui.services.journal import JobState, OperationState, PauseReason
from tests.support.money_panel import MoneyPanel, eventually

S = OperationState
NewExecutor = Callable[..., Executor]
SECONDS = 20.0


@dataclass
class TwoAccounts(MoneyPanel):
    """Two accounts whose invoices have the same ids and totals; each token is one of them."""

    payers: list[str] = field(default_factory=list)

    def _answer(
        self, method: str, path: str, query: str, headers: dict[str, str], body: bytes
    ) -> tuple[int, dict[str, Any]]:
        token = headers.get("authorization", "").removeprefix("Bearer ")
        if token not in ("token", "other"):
            return super()._answer(method, path, query, {}, body)  # nobody's: 401
        self.account_id = "1001" if token == "token" else "2002"
        if path.endswith("/payments"):
            self.payers.append(self.account_id)
        return super()._answer(method, path, query, headers | {"authorization": f"Bearer {self.token}"}, body)


@pytest.fixture
def panel() -> Iterator[MoneyPanel]:
    with TwoAccounts() as panel:
        yield panel


def test_signing_in_as_another_in_the_middle_pays_nothing_from_that_account(
    new_executor: NewExecutor, panel: TwoAccounts
) -> None:
    """The account is made sure of for the very client that sends, not some time before (RELIABILITY "Money")."""
    signed_in = "token"
    client = panel.client

    def factory(**settings: Any) -> Any:
        panel_token, panel.token = panel.token, signed_in
        try:
            return client(**settings)
        finally:
            panel.token = panel_token

    panel.client = factory  # type: ignore[method-assign]  # the session's present token
    executor = new_executor(limits=Limits(concurrency=1, guard_age=60.0))
    first = planner.pay(panel.account(), panel.add_invoices(1), "internal")
    second = planner.pay(panel.account(), panel.add_invoices(1, start=2), "internal")
    read, sent = threading.Event(), threading.Event()
    awaited = {"GET /invoices/2": read, "POST /invoices/1/payments": sent}
    panel.on_request = lambda what: awaited[what].set() if what in awaited else None
    panel.latency = 0.3
    executor.submit(first)
    executor.submit(second)
    assert sent.wait(SECONDS)
    assert read.wait(SECONDS)  # the second one was checked, and waits for the only place
    signed_in = "other"
    executor.new_session()
    assert executor.wait(first.id, SECONDS).state is not JobState.RUNNING
    job = executor.wait(second.id, SECONDS)
    assert job.paused is PauseReason.OTHER_ACCOUNT
    assert set(panel.payers) == {"1001"}


def test_nothing_is_begun_with_the_token_of_before(new_executor: NewExecutor, panel: TwoAccounts) -> None:
    executor = new_executor(limits=Limits(concurrency=1))
    executor.wait(executor.submit(planner.pay(panel.account(), panel.add_invoices(1), "internal")), SECONDS)
    later = planner.pay(panel.account(), panel.add_invoices(1, start=2), "internal")
    panel.token = "signed-out"
    executor.new_session()
    job = executor.wait(executor.submit(later), SECONDS)
    assert job.paused is PauseReason.SIGN_IN and panel.payers == ["1001"]


def test_an_answer_about_something_else_is_not_our_success(new_executor: NewExecutor, panel: MoneyPanel) -> None:
    """An edited plan on another host: the panel did what the first file said, not what this one says."""
    one, two = panel.add_invoices(2)
    executor = new_executor()
    plan = planner.pay(panel.account(), [one], "internal")
    assert executor.wait(executor.submit(plan), SECONDS).counts == {S.DONE: 1}
    other = planner.pay(panel.account(), [two], "internal")
    edited = plan.model_copy(update={"operations": other.operations, "title": other.title})
    # another host: a journal of its own
    elsewhere = Executor(panel.client, executor.journal_path.parent / "elsewhere" / "journal.sqlite", limits=Limits())
    elsewhere.start()
    try:
        job = elsewhere.wait(elsewhere.submit(edited), SECONDS)
        assert job.state is JobState.NEEDS_YOU
        assert panel.paid() == {"1": 1} and panel.invoices["2"]["state"] == "unpaid"
        [row] = elsewhere.reader.operations(edited.id)
        assert row.state is S.NEEDS_YOU and row.code == "odd-answer"
    finally:
        elsewhere.close()


def test_leaving_drops_what_is_held_even_when_its_time_ends_just_then(
    new_executor: NewExecutor, panel: MoneyPanel
) -> None:
    executor = new_executor()
    panel.latency = 1.0
    executor.submit(planner.pay(panel.account(), panel.add_invoices(1), "internal"))
    eventually(lambda: "POST /invoices/1/payments" in panel.requests, "a payment is under way")
    [held] = panel.add_invoices(1, start=2)
    plan = planner.delete(panel.account(), [held])
    executor.submit(plan, hold_seconds=0.1)
    executor.close()  # waits for the payment, longer than the undo window
    after = new_executor()
    [row] = after.reader.operations(plan.id)
    assert row.state is S.CANCELLED


def test_an_order_that_somebody_renewed_meanwhile_is_not_renewed_again(
    new_executor: NewExecutor, panel: MoneyPanel
) -> None:
    """The price is the same, only its end moved; a panel's quote need not name the end (a line's fields in the API)."""
    [order] = panel.add_orders(1)
    quote_of = panel._quote

    def without_ends(body: dict[str, Any]) -> dict[str, Any]:
        quote = quote_of(body)
        for line in quote["lines"]:
            del line["paid_until"]
        return quote

    panel._quote = without_ends  # type: ignore[method-assign]  # a panel that says no more than it must
    request = RenewalRequest.model_validate({"order_ids": ["1"], "period": 1})
    quote = Quote.model_validate(panel._quote({"order_ids": ["1"], "period": 1}))
    plan = planner.renew(panel.account(), quote, request, [order], "internal")
    panel.orders["1"]["paid_until"] = "2026-12-24T10:00:00Z"  # a colleague was quicker: renewed and paid
    executor = new_executor()
    executor.wait(executor.submit(plan), SECONDS)
    [bought, paid] = executor.reader.operations(plan.id)
    assert (bought.state, bought.code, paid.state) == (S.REFUSED, "facts-changed", S.CANCELLED)
    assert not panel.effects
