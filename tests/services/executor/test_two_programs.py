"""Two programs on one journal: each sees the other's jobs, commands go through the journal, and what one leaves the
other takes over. Nothing is ever done twice."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from billtui.services import planner
from billtui.services.executor import Executor, Limits
from billtui.services.journal import (
    JobElsewhere,
    JobState,
    Journal,
    OperationState,
    PauseReason,
    Recovered,
)
from billtui.services.journal.schema import owners_dir
from billtui.services.locks import OwnerLock, is_held
from tests.support.money_panel import Fault, MoneyPanel, eventually

S = OperationState
NewExecutor = Callable[..., Executor]
SLOW = Limits(concurrency=1, first_pause=0.02, longest_pause=0.1, rate_pause=0.01, watch=0.02)
SECONDS = 20.0


@pytest.fixture
def first(new_executor: NewExecutor, panel: MoneyPanel) -> Executor:
    panel.latency = 0.02
    return new_executor(limits=SLOW)


@pytest.fixture
def second(new_executor: NewExecutor) -> Executor:
    return new_executor(limits=SLOW, program="jobs resume")


def test_the_other_ones_job_is_seen_with_who_carries_it_out(
    first: Executor, second: Executor, panel: MoneyPanel
) -> None:
    plan = planner.pay(panel.account(), panel.add_invoices(40), "internal")
    first.submit(plan)
    row = second.reader.job(plan.id)
    assert row.owner == first.owner and row.owner != second.owner
    worker = second.reader.worker(row.owner or "")
    assert worker.alive and worker.pid == os.getpid() and worker.since is not None
    assert worker.words.startswith("the billtui") and f"process {os.getpid()}" in worker.words
    assert second.reader.worker(second.owner or "").words.startswith("the command line")
    eventually(lambda: second.reader.job(plan.id).counts.get(S.DONE, 0) > 3, "in time")
    assert second.wait(plan.id, SECONDS).counts == {S.DONE: 40}
    assert second.reader.job(plan.id).owner is None and len(panel.effects) == 40


def test_pausing_and_going_on_from_the_second(first: Executor, second: Executor, panel: MoneyPanel) -> None:
    plan = planner.pay(panel.account(), panel.add_invoices(40), "internal")
    first.submit(plan)
    eventually(lambda: len(panel.effects) > 3, "in time")
    second.pause(plan.id)
    assert second.wait(plan.id, SECONDS).state is JobState.PAUSED
    eventually(lambda: first.wait(plan.id, 0).paused is PauseReason.USER, "in time")
    done = len(panel.effects)
    assert done < 40 and first.reader.job(plan.id).counts[S.PREPARED] == 40 - done
    second.resume(plan.id)
    assert second.reader.job(plan.id).owner == first.owner, "the first goes on with it, not the second"
    assert first.wait(plan.id, SECONDS).counts == {S.DONE: 40}
    assert len(panel.effects) == 40 and set(panel.paid().values()) == {1}


def test_cancelling_from_the_second_while_the_first_runs_and_while_it_waits(
    first: Executor, second: Executor, panel: MoneyPanel
) -> None:
    plan = planner.pay(panel.account(), panel.add_invoices(30), "internal")
    first.submit(plan)
    eventually(lambda: len(panel.effects) > 3, "in time")
    cancelled = second.cancel(plan.id)
    row = first.wait(plan.id, SECONDS)
    assert row.finished and cancelled and row.counts == {S.DONE: len(panel.effects), S.CANCELLED: cancelled}

    other = planner.delete(panel.account(), panel.add_invoices(3, start=100))
    second.submit(other, hold_seconds=60)
    engine = second._engine
    assert engine is not None
    eventually(lambda: engine.known(other.id) is not None, "the second program has it")
    known = engine.known(other.id)
    assert first.cancel(other.id) == 3
    eventually(lambda: known is not None and known.finished, "in time")  # told, though nothing was to be sent there
    second.release(other.id)
    assert second.reader.job(other.id).counts == {S.CANCELLED: 3} and len(panel.effects) == row.counts[S.DONE]


def test_what_cannot_be_done_from_the_second_is_explained(first: Executor, second: Executor, panel: MoneyPanel) -> None:
    plan = planner.pay(panel.account(), panel.add_invoices(5), "internal")
    panel.faults = [Fault("hang-after", "payments")]
    first.submit(plan)
    with pytest.raises(JobElsewhere, match="carried out by the billtui"):
        second.settle_now(plan.id)
    with pytest.raises(JobElsewhere, match="once that one has ended"):
        second.retry_failed(plan.id)


def test_what_an_ended_program_leaves_is_taken_over_while_the_second_runs(
    new_executor: NewExecutor, journal_path: Path, panel: MoneyPanel
) -> None:
    told: list[Recovered] = []
    second = new_executor(limits=SLOW, recovered=told.append)
    journal = Journal(journal_path)
    lock = OwnerLock(owners_dir(journal_path), '{"pid": 1')  # a note that was cut off disturbs nobody
    plan = planner.pay(panel.account(), panel.add_invoices(4), "internal")
    journal.add_job(plan, lock.owner, held=False)
    journal.move(plan.id, 1, S.SENDING, come_from=(S.PREPARED,), owner=lock.owner)
    row = second.reader.job(plan.id)
    assert row.owner == lock.owner and second.reader.worker(lock.owner).alive
    assert second.reader.worker(lock.owner).words == "another billtui on this host"
    assert second.wait(plan.id, 0.2).state is JobState.RUNNING and not told

    os.close(lock._descriptor)  # as the kernel does when the process is gone
    eventually(lambda: bool(told), "in time")
    assert told[0].unknown == ((plan.id, 1),) and told[0].paused == (plan.id,)
    eventually(
        lambda: second.reader.operation(plan.id, 1).state is S.PREPARED, "in time"
    )  # looked up: it was never seen
    row = second.reader.job(plan.id)
    assert row.paused is PauseReason.RESTART and not panel.effects, "nothing is sent before a person says so"
    assert second.differences(plan.id).result(SECONDS) == {}
    second.resume(plan.id)
    assert second.wait(plan.id, SECONDS).counts == {S.DONE: 4} and set(panel.paid().values()) == {1}
    journal.close()


def test_a_command_does_not_wait_for_the_next_look_around(
    new_executor: NewExecutor, journal_path: Path, panel: MoneyPanel
) -> None:
    told: list[Recovered] = []
    second = new_executor(limits=Limits(watch=3600.0), recovered=told.append)
    journal = Journal(journal_path)
    plans = [planner.pay(panel.account(), panel.add_invoices(3, start=n), "internal") for n in (1, 11)]
    lock = OwnerLock(owners_dir(journal_path))
    for plan in plans:
        journal.add_job(plan, lock.owner, held=False)
    os.close(lock._descriptor)
    second.resume(plans[0].id)
    assert second.wait(plans[0].id, SECONDS).counts == {S.DONE: 3}
    assert second.cancel(plans[1].id) == 3 and len(panel.effects) == 3
    eventually(lambda: bool(told), "in time")
    assert not (owners_dir(journal_path) / f"{lock.owner}.owner").exists()
    journal.close()


def test_a_look_at_the_lock_never_keeps_anybody_from_taking_over(tmp_path: Path) -> None:
    lock = OwnerLock(tmp_path)
    assert is_held(tmp_path, lock.owner) and is_held(tmp_path, lock.owner)
    os.close(lock._descriptor)
    assert not is_held(tmp_path, lock.owner) and not is_held(tmp_path, "nobody")
