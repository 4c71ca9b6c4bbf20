"""Faults that nobody foresaw, in the program itself: nothing waits for ever, nothing is called unsent that was sent."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from billtui.client.drivers.acts import Act, Finding
from billtui.client.exchange import Conversation, Steps
from billtui.services import locks, planner
from billtui.services.drift import Fresh, read_afresh
from billtui.services.executor import Executor, Limits, engine, watch
from billtui.services.executor.desk import Desk
from billtui.services.executor.journal_thread import JournalThread
from billtui.services.executor.run import Run
from billtui.services.journal import Journal, JournalError, JournalReader, OperationState, PauseReason, owners
from billtui.services.plans import Plan
from billtui.services.settle import Verdict
from tests.services.executor.test_without_keys import purchase, renewals, rows
from tests.support.executors import executors
from tests.support.keyless_panel import KeylessDriver, KeylessPanel
from tests.support.money_panel import Fault, eventually

S = OperationState
SECONDS = 6.0
LIMITS = Limits(concurrency=3, first_pause=0.02, longest_pause=0.05, rate_pause=0.01, looks=3, watch=0.05)
NewExecutor = Callable[..., Executor]


class Stumbles(KeylessDriver):
    """A driver with a fault: reading what the panel looks like fails in a way that no answer explains."""

    times = 10_000

    def found(self, act: Act, before: Mapping[str, Any]) -> Conversation[Finding]:
        if self.times > 0:
            self.times -= 1

            def begin() -> Steps[Finding]:
                yield from ()
                raise KeyError("a field that nobody thought could be missing")

            return Conversation(begin)
        return super().found(act, before)


@pytest.fixture
def panel() -> Iterator[KeylessPanel]:
    with KeylessPanel() as panel:
        yield panel


@pytest.fixture
def new_executor(panel: KeylessPanel, tmp_path: Path) -> Iterator[NewExecutor]:
    with executors() as begin:

        def start(**limits: Any) -> Executor:
            return begin(panel.client, tmp_path / "state" / "journal", limits=replace(LIMITS, **limits))

        yield start


def states(executor: Executor, plan: Plan) -> list[S]:
    return [row.state for row in rows(executor, plan)]


def test_what_depends_on_something_left_unsent_is_left_too(new_executor: NewExecutor, panel: KeylessPanel) -> None:
    """Another one's outcome stays unknown for too long: neither the purchase nor its payment waits for ever."""
    first, second = new_executor(looks=10_000), new_executor(alone=0.2)
    panel.faults = [Fault("drop-before", "POST /orders")]
    one, two = purchase(panel), renewals(panel, 1)
    first.submit(one)
    eventually(lambda: states(first, one) == [S.UNKNOWN], "its answer is lost")
    second.wait(second.submit(two), SECONDS)
    assert states(second, two) == [S.NOT_SENT, S.NOT_SENT]
    assert second.reader.job(two.id).finished


def test_looking_that_fails_in_the_program_ends_with_a_person(new_executor: NewExecutor, panel: KeylessPanel) -> None:
    executor = new_executor()
    panel.driver = Stumbles()
    panel.faults = [Fault("drop-after", "POST /orders")]
    plan = purchase(panel)
    executor.wait(executor.submit(plan), SECONDS)
    row = rows(executor, plan)[0]
    assert (row.state, row.code, row.sends, len(panel.effects)) == (S.NEEDS_YOU, "internal", 1, 1)


def test_looking_that_fails_once_in_the_program_is_tried_again(new_executor: NewExecutor, panel: KeylessPanel) -> None:
    executor = new_executor()
    panel.driver = driver = Stumbles()
    driver.times = 1
    panel.faults = [Fault("drop-after", "POST /orders")]
    plan = purchase(panel)
    executor.wait(executor.submit(plan), SECONDS)
    assert states(executor, plan) == [S.DONE]


def test_a_refusal_that_cannot_be_checked_is_not_called_unsent(new_executor: NewExecutor, panel: KeylessPanel) -> None:
    """The panel did it and said no; comparing fails in the program: it was sent, and is looked up."""
    executor = new_executor()
    panel.driver = driver = Stumbles()
    driver.times = 1
    panel.faults = [Fault("422-after", "POST /renewals")]
    plan = renewals(panel, 1, None)
    job = executor.wait(executor.submit(plan), SECONDS)
    assert (states(executor, plan), job.paused, len(panel.effects)) == ([S.DONE], None, 1)


def test_an_outcome_that_cannot_be_written_is_looked_up(
    new_executor: NewExecutor, panel: KeylessPanel, monkeypatch: pytest.MonkeyPatch
) -> None:
    executor = new_executor()
    move = Journal.move
    failed: list[S] = []

    def fails_once(self: Journal, job_id: str, number: int, to: S, **fields: Any) -> None:
        if to is S.DONE and not failed:
            failed.append(to)
            raise TypeError("something in the answer cannot be written")
        move(self, job_id, number, to, **fields)

    monkeypatch.setattr(Journal, "move", fails_once)
    plan = renewals(panel, 1, None)
    executor.wait(executor.submit(plan), SECONDS)
    assert failed
    assert (states(executor, plan), len(panel.effects)) == ([S.DONE], 1)
    assert executor.reader.job(plan.id).paused is None


def test_a_line_that_is_down_and_a_full_disk_turn_no_circles(
    new_executor: NewExecutor, panel: KeylessPanel, monkeypatch: pytest.MonkeyPatch
) -> None:
    executor = new_executor()
    plan = renewals(panel, 1, None)
    tries: list[S] = []

    def full(self: Journal, job_id: str, number: int, to: S, **fields: Any) -> None:
        tries.append(to)
        raise JournalError("The disk is full.")

    monkeypatch.setattr(Journal, "move", full)
    panel.offline = True
    job = executor.wait(executor.submit(plan), 3)
    assert job.paused is not None
    assert len(tries) <= 2


@pytest.mark.parametrize("fault", [AssertionError, AttributeError, RuntimeError, OverflowError, MemoryError])
def test_the_journals_thread_outlives_a_fault(tmp_path: Path, fault: type[Exception]) -> None:
    journal = JournalThread(tmp_path / "state" / "journal")

    def stumble(_journal: Journal) -> None:
        raise fault("nobody thought of it")

    with pytest.raises((fault, JournalError)):
        journal.call(stumble, 2.0)
    assert journal.call(lambda found: found.rows("SELECT 1"), 2.0) == [(1,)]
    journal.close(1.0)


def test_other_programs_are_followed_after_a_fault(
    new_executor: NewExecutor, panel: KeylessPanel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Looking at the journal fails once in the program: that another one resumed a job is seen all the same."""
    first, second = new_executor(), new_executor()
    panel.lag = 0.1
    plan = renewals(panel, 6, None)
    first.submit(plan)
    first.pause(plan.id)
    failed: list[str] = []
    was = locks.is_held

    def fails_once(directory: Path, owner: str) -> bool:
        if threading.current_thread().name == "billtui-executor" and len(failed) < 2:
            failed.append(owner)
            raise RuntimeError("nobody thought of it")
        return was(directory, owner)

    monkeypatch.setattr(locks, "is_held", fails_once)
    eventually(lambda: len(failed) == 2, "both have failed")
    second.resume(plan.id)
    first.wait(plan.id, SECONDS)
    assert states(first, plan) == [S.DONE] * 6


def test_a_damaged_plan_keeps_no_other_job_from_being_looked_up(
    new_executor: NewExecutor, panel: KeylessPanel, tmp_path: Path
) -> None:
    plans = sorted(
        (planner.rename(panel.account(), order, "web-1") for order in panel.add_orders(2)), key=lambda plan: plan.id
    )
    path = tmp_path / "state" / "journal"
    journal = Journal(path)
    for plan in plans:
        journal.add_job(plan, "somebody who is gone", held=False)
        journal.move(plan.id, 1, S.SENDING, come_from=(S.PREPARED,), owner="somebody who is gone")
    journal.change("UPDATE jobs SET plan = '{}' WHERE id = ?", (plans[0].id,))
    journal.close()
    executor = new_executor()
    executor.recover()
    eventually(lambda: states(executor, plans[1]) == [S.NEEDS_YOU], "the other one is looked up", 4)
    assert states(executor, plans[0]) == [S.UNKNOWN]


@pytest.mark.parametrize("times", [1, 3])
def test_a_journal_that_is_busy_when_the_undo_window_ends_is_tried_again(
    new_executor: NewExecutor, panel: KeylessPanel, monkeypatch: pytest.MonkeyPatch, times: int
) -> None:
    """Before, what was confirmed by waiting stayed held for ever: not sent, not told, and in everybody's way."""
    executor = new_executor()
    confirm, failed = owners.confirm_held, list[str]()

    def busy(journal: Journal, job_id: str, owner: str) -> int:
        if len(failed) < times:
            failed.append(job_id)
            raise JournalError("The journal is in use by another program.")
        return confirm(journal, job_id, owner)

    monkeypatch.setattr(owners, "confirm_held", busy)
    plan = planner.delete(panel.account(), panel.add_invoices(1))
    executor.submit(plan, hold_seconds=0.05)
    executor.wait(plan.id, SECONDS)
    assert len(failed) == times
    assert states(executor, plan) == [S.DONE]


def test_a_journal_that_stays_unwritable_sends_nothing_later_by_surprise(
    new_executor: NewExecutor, panel: KeylessPanel, monkeypatch: pytest.MonkeyPatch
) -> None:
    executor = new_executor()
    confirm = owners.confirm_held

    def full(_journal: Journal, _job_id: str, _owner: str) -> int:
        raise JournalError("The disk is full.")

    monkeypatch.setattr(engine, "_CONFIRM_WITHIN", 0.3)
    monkeypatch.setattr(owners, "confirm_held", full)
    plan = planner.delete(panel.account(), panel.add_invoices(1))
    executor.submit(plan, hold_seconds=0.05)
    heart = executor._engine
    assert heart is not None
    eventually(lambda: (run := heart.known(plan.id)) is not None and run.paused is PauseReason.JOURNAL, "it is told")
    monkeypatch.setattr(owners, "confirm_held", confirm)
    assert executor.take_back(plan.id) == 1
    assert (states(executor, plan), panel.writes()) == ([S.CANCELLED], [])


def begun(executor: Executor) -> BaseException | None:
    """What beginning ``executor`` came to, within a few seconds."""
    ended: list[BaseException | None] = []

    def begin() -> None:
        try:
            executor.start()
        except BaseException as error:  # noqa: BLE001 - it is what is asked for
            ended.append(error)
        else:
            ended.append(None)

    thread = threading.Thread(target=begin, daemon=True)
    thread.start()
    thread.join(4)
    assert ended, "it waits for ever"
    return ended[0]


@pytest.mark.parametrize("place", ["asyncio.events.new_event_loop", "billtui.services.executor.executor.Engine"])
def test_an_executor_that_cannot_begin_says_so(
    panel: KeylessPanel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    """No more files, no more threads: whoever wants to pay is told, and can try again."""
    path = tmp_path / "state" / "journal"
    executor = Executor(panel.client, path, limits=LIMITS)

    def none_left(*_: Any) -> None:
        raise OSError(24, "Too many open files")

    with monkeypatch.context() as patched:
        patched.setattr(place, none_left)
        error = begun(executor)
        assert isinstance(error, JournalError) and "Too many open files" in str(error)
    assert not executor.started and not list((tmp_path / "state" / "journal.owners").iterdir())
    assert begun(executor) is None
    plan = renewals(panel, 1)
    assert executor.wait(executor.submit(plan), SECONDS).counts == {S.DONE: 2}
    executor.close()


def test_a_journal_that_cannot_be_opened_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("nobody thought of it")

    monkeypatch.setattr("billtui.services.executor.journal_thread.Journal", broken)
    error = begun(Executor(KeylessPanel().client, tmp_path / "state" / "journal"))
    assert isinstance(error, JournalError)


def left_by_another(panel: KeylessPanel, tmp_path: Path) -> tuple[Plan, Journal]:
    """What a program that is gone was sending, and the journal that says so: to be closed"""
    [order] = panel.add_orders(1)
    plan = planner.rename(panel.account(), order, "web-1")
    journal = Journal(tmp_path / "state" / "journal")
    journal.add_job(plan, "somebody who is gone", held=False)
    journal.move(plan.id, 1, S.SENDING, come_from=(S.PREPARED,), owner="somebody who is gone")
    return plan, journal


def test_what_was_left_is_looked_up_though_that_failed_in_the_program_once(
    new_executor: NewExecutor, panel: KeylessPanel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan, journal = left_by_another(panel, tmp_path)
    journal.close()
    claim, failed = owners.claim_unknown, list[str]()

    def fails_once(journal: Journal, owner: str, panel_id: str, account_id: str) -> list[str]:
        if not failed:
            failed.append(owner)
            raise KeyError("nobody thought of it")
        return claim(journal, owner, panel_id, account_id)

    monkeypatch.setattr(owners, "claim_unknown", fails_once)
    executor = new_executor()
    executor.recover()
    eventually(lambda: states(executor, plan) == [S.NEEDS_YOU], "it is looked up", 4)
    assert len(failed) == 1


def refused_while_the_journal_is_busy(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """A look-up finds that the panel refused, and what follows cannot be written the first time: how much that was."""
    move, failed = Desk.move_prepared, list[int]()

    def busy(journal: Journal, run: Run, numbers: list[int], to: S, fields: Mapping[str, str | None]) -> list[int]:
        if not failed:
            failed.append(len(numbers))
            raise JournalError("The journal is in use by another program.")
        return move(journal, run, numbers, to, fields)

    async def refused(*_: Any) -> Verdict:
        return Verdict(S.REFUSED, "nothing-there", detail="The panel says no.")

    monkeypatch.setattr(Desk, "move_prepared", staticmethod(busy))
    monkeypatch.setattr("billtui.services.executor.settler.look", refused)
    return failed


def test_consequences_of_a_look_up_that_cannot_be_written_are_drawn_later(
    new_executor: NewExecutor, panel: KeylessPanel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A purchase turns out refused, and its payment cannot be cancelled at that moment: the job does not hang."""
    executor = new_executor()
    failed = refused_while_the_journal_is_busy(monkeypatch)
    panel.faults = [Fault("drop-before", "POST /renewals")]
    plan = renewals(panel, 1)
    job = executor.wait(executor.submit(plan), SECONDS)
    assert failed and (states(executor, plan), job.paused) == ([S.REFUSED, S.PREPARED], PauseReason.JOURNAL)
    executor.resume(plan.id)
    executor.wait(plan.id, SECONDS)
    assert states(executor, plan) == [S.REFUSED, S.CANCELLED] and not panel.effects


def test_a_stop_for_want_of_a_journal_is_resumed_by_another_program(
    new_executor: NewExecutor, panel: KeylessPanel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once the journal can be written again the job is paused in it: everybody sees it, nothing goes on by itself."""
    executor, other = new_executor(), new_executor()
    refused_while_the_journal_is_busy(monkeypatch)
    panel.faults = [Fault("drop-before", "POST /renewals")]
    plan = renewals(panel, 1)
    executor.submit(plan)
    eventually(lambda: other.reader.job(plan.id).paused is PauseReason.JOURNAL, "it stands in the journal", SECONDS)
    assert states(other, plan) == [S.REFUSED, S.PREPARED]
    other.resume(plan.id)
    eventually(lambda: states(executor, plan) == [S.REFUSED, S.CANCELLED], "it goes on", SECONDS)
    assert not panel.effects


def test_a_pause_for_want_of_a_journal_comes_too_late_for_whoever_resumes(
    new_executor: NewExecutor, panel: KeylessPanel
) -> None:
    """It is written behind what a person has done in the journal, and must not undo that."""
    executor = new_executor()
    plan = renewals(panel, 1)
    executor.wait(executor.submit(plan), SECONDS)
    journal = executor._journal
    assert journal is not None
    run = Run(plan)
    for resuming, paused in ((True, None), (False, PauseReason.JOURNAL)):
        run.paused, run.resuming = PauseReason.JOURNAL, resuming
        journal.call(partial(watch._write_pause, run))
        assert executor.reader.paused([plan.id]) == {plan.id: paused}


@pytest.mark.parametrize("times", [1, 4])
def test_a_job_is_begun_though_its_plan_could_not_be_read_at_once(
    new_executor: NewExecutor, panel: KeylessPanel, monkeypatch: pytest.MonkeyPatch, times: int
) -> None:
    """It stands in the journal, and whoever handed it over was told so: it must not lie there until the next start."""
    executor = new_executor()
    read, failed = JournalReader.plan, list[str]()

    def busy(self: JournalReader, job_id: str) -> Plan:
        if len(failed) < times:
            failed.append(job_id)
            raise JournalError("The journal cannot be opened: too many open files.")
        return read(self, job_id)

    monkeypatch.setattr(JournalReader, "plan", busy)
    plan = renewals(panel, 1, None)
    executor.wait(executor.submit(plan), SECONDS)
    assert (states(executor, plan), len(panel.effects), len(failed)) == ([S.DONE], 1, times)


def test_a_resumption_elsewhere_is_followed_though_the_journal_was_busy(
    new_executor: NewExecutor, panel: KeylessPanel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Looking at what another program wrote fails once: it is looked at again, also where nothing more is written."""
    first, second = new_executor(), new_executor()
    plan = renewals(panel, 2, None)
    panel.lag = 0.1
    first.submit(plan)
    first.pause(plan.id)
    eventually(lambda: S.SENDING not in states(first, plan), "what was being sent has ended")
    read, failed = JournalReader.paused, list[int]()

    def busy(self: JournalReader, job_ids: Iterable[str]) -> dict[str, PauseReason | None]:
        if self is first.reader and first.reader.job(plan.id).paused is None and not failed:
            failed.append(1)
            raise JournalError("The journal is in use by another program.")
        return read(self, job_ids)

    monkeypatch.setattr(JournalReader, "paused", busy)
    second.resume(plan.id)
    first.wait(plan.id, SECONDS)
    assert failed and states(first, plan) == [S.DONE] * 2


def test_what_is_nobodys_is_looked_up_though_nothing_could_be_taken_over(
    new_executor: NewExecutor, panel: KeylessPanel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan, journal = left_by_another(panel, tmp_path)
    assert owners.recover(journal).unknown
    journal.close()

    def busy(_journal: Journal) -> None:
        raise JournalError("The journal is in use by another program.")

    monkeypatch.setattr(owners, "recover", busy)
    executor = new_executor()
    with pytest.raises(JournalError, match="in use"):
        executor.recover()
    eventually(lambda: states(executor, plan) == [S.NEEDS_YOU], "it is looked up", 4)


def test_a_pause_that_is_lifted_elsewhere_at_once_is_over_here_too(
    new_executor: NewExecutor, panel: KeylessPanel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another program resumes it before this one has looked at the journal again: both lines are news to it."""
    first, second = new_executor(watch=0.6), new_executor()
    failed: list[int] = []

    async def fails_once(*arguments: Any) -> Fresh:
        if not failed:
            failed.append(1)
            raise AttributeError("a slip of the pen")
        return await read_afresh(*arguments)

    monkeypatch.setattr("billtui.services.executor.courier.read_afresh", fails_once)
    plan = renewals(panel, 1, None)
    first.submit(plan)
    eventually(lambda: first.reader.job(plan.id).paused is PauseReason.TROUBLE, "it is paused")
    second.resume(plan.id)
    first.wait(plan.id, SECONDS)
    assert states(first, plan) == [S.DONE]


def test_what_was_taken_back_is_not_sent_though_the_journal_was_busy_then(
    new_executor: NewExecutor, panel: KeylessPanel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever presses u in time has it: it was told that nothing is sent."""
    executor = new_executor()
    take, failed = owners.take_back, list[str]()

    def busy(journal: Journal, job_id: str) -> int:
        if len(failed) < 2:
            failed.append(job_id)
            raise JournalError("The journal is in use by another program; nothing was sent.")
        return take(journal, job_id)

    monkeypatch.setattr(owners, "take_back", busy)
    plan = planner.delete(panel.account(), panel.add_invoices(1))
    executor.submit(plan, hold_seconds=0.3)
    with pytest.raises(JournalError, match="nothing was sent"):
        executor.take_back(plan.id)
    executor.wait(plan.id, SECONDS)
    assert (states(executor, plan), panel.writes()) == ([S.CANCELLED], [])
