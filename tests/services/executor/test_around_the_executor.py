"""Listeners, disks, crashes: what happens around the executor ends no job and sends nothing twice."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

import pytest

from billtui.domain.models import Order
from billtui.services import planner
from billtui.services.executor import Executor, JobEvent, Limits
from billtui.services.journal import (
    JournalError,
    PauseReason,
)
from tests.services.executor.carrying_out import SECONDS, NewExecutor, S, payments, states
from tests.support.money_panel import Fault, MoneyPanel, eventually


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


def test_what_was_left_is_looked_up_once_somebody_has_signed_in(new_executor: NewExecutor, panel: MoneyPanel) -> None:
    """Of an earlier run and not of this session, so nobody resumes it: reading what became of it costs nothing."""
    plan = payments(panel, 1)
    panel.faults = [Fault("drop-after", "payments"), Fault("hang-before", "GET /operations", 1_000)]
    earlier = new_executor()
    earlier.submit(plan)
    eventually(lambda: states(earlier, plan) == [S.UNKNOWN], "its answer is lost")
    earlier.close(timeout=0.1)
    panel.faults = [Fault("401", "GET /operations")]
    later = new_executor()
    later.recover()
    eventually(lambda: later.reader.job(plan.id).paused is not None and not panel.faults[0].times, "it is over")
    later.new_session()
    eventually(lambda: states(later, plan) == [S.DONE], "it is looked up", 5)
    assert later.reader.job(plan.id).paused is not None and len(panel.effects) == 1


def test_a_late_no_to_the_session_before_makes_no_job_wait_for_another_sign_in(
    new_executor: NewExecutor, panel: MoneyPanel
) -> None:
    """It was asked with the old token, and is told so when somebody has signed in already: nobody is asked again."""
    plan = payments(panel, 1)
    panel.faults = [Fault("drop-after", "payments"), Fault("401", "GET /operations")]
    executor = new_executor()
    asked: list[str] = []

    def signs_in(what: str) -> None:
        if what.startswith("GET /operations") and not asked:
            executor.new_session()
            asked.append(what)

    panel.on_request = signs_in
    job = executor.wait(executor.submit(plan), SECONDS)
    assert asked and not panel.faults[1].times
    assert (job.counts, job.paused) == ({S.DONE: 1}, None)
    assert len(panel.effects) == 1


@pytest.mark.parametrize("asked", ["POST /invoices/1/payments", "GET /invoices/1"])
def test_what_the_session_before_was_refused_goes_again_in_the_new_one(
    new_executor: NewExecutor, panel: MoneyPanel, asked: str
) -> None:
    """Its last question and its payment were on their way when somebody signed in: the job waits for nobody."""
    plan = payments(panel, 1)
    panel.faults = [Fault("401", asked)]
    executor = new_executor()
    seen: list[str] = []

    def signs_in(what: str) -> None:
        if what.startswith(asked) and not seen:
            executor.new_session()
            seen.append(what)

    panel.on_request = signs_in
    job = executor.wait(executor.submit(plan), SECONDS)
    assert seen and not panel.faults[0].times
    assert (job.counts, job.paused) == ({S.DONE: 1}, None)
    assert len(panel.effects) == 1
