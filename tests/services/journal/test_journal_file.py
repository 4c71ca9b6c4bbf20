"""The journal's file: moves, locks, owners, damage, and places that are not fit for money."""

from __future__ import annotations

import os
import sqlite3
import stat
import threading
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path

import pytest

from billtui.services import planner
from billtui.services.executor.journal_thread import JournalThread
from billtui.services.journal import (
    MOVES,
    OPEN,
    JobElsewhere,
    Journal,
    JournalDamaged,
    JournalError,
    JournalReader,
    MoveLost,
    OperationState,
    PauseReason,
    TargetsBusy,
    UnknownJob,
    owners,
    schema,
)
from billtui.services.locks import OwnerLock, obtain
from billtui.services.plans import Plan
from tests.support.money_panel import MoneyPanel

S = OperationState


def payments(*numbers: int, kind: str = "pay") -> Plan:
    panel = MoneyPanel()
    panel.add_invoices(9)
    models = panel.models(numbers)
    made: dict[str, Callable[[], Plan]] = {
        "pay": lambda: planner.pay(panel.account(), models, "internal"),
        "delete": lambda: planner.delete(panel.account(), models),
        "combine": lambda: planner.combine(panel.account(), models),
    }
    return made[kind]()


def reach(journal: Journal, plan: Plan, state: OperationState, number: int = 1) -> None:
    """Bring an operation from where it starts into ``state``."""
    routes: dict[OperationState, tuple[OperationState, ...]] = {
        S.HELD: (), S.PREPARED: (S.PREPARED,), S.SENDING: (S.PREPARED, S.SENDING),
        S.DONE: (S.PREPARED, S.SENDING, S.DONE), S.REFUSED: (S.PREPARED, S.SENDING, S.REFUSED),
        S.NOT_SENT: (S.PREPARED, S.NOT_SENT), S.CANCELLED: (S.CANCELLED,),
        S.UNKNOWN: (S.PREPARED, S.SENDING, S.UNKNOWN), S.NEEDS_YOU: (S.PREPARED, S.SENDING, S.UNKNOWN, S.NEEDS_YOU),
    }  # fmt: skip
    here = S.HELD
    for there in routes[state]:
        journal.move(plan.id, number, there, come_from=(here,))
        here = there


@pytest.mark.parametrize("after", list(S))
@pytest.mark.parametrize("before", list(S))
def test_only_the_defined_moves_exist(path: Path, before: OperationState, after: OperationState) -> None:
    """RELIABILITY "Money": every pair of states, allowed or not; locks are held exactly while it is open."""
    journal, reader = Journal(path), JournalReader(path)
    plan = payments(1, kind="delete")
    journal.add_job(plan, "me", held=True)
    reach(journal, plan, before)
    if after in MOVES[before]:
        sent = reader.operation(plan.id, 1).sends > 0
        if (before, after) == (S.PREPARED, S.NOT_SENT):
            assert not sent
        journal.move(plan.id, 1, after, come_from=(before,))
        assert reader.operation(plan.id, 1).state is after
    else:
        with pytest.raises(ValueError, match="no such move"):
            journal.move(plan.id, 1, after, come_from=(before,))
        assert reader.operation(plan.id, 1).state is before
    now = reader.operation(plan.id, 1).state
    assert ("invoice:1" in reader.open_targets("stub", "1001")) == (now in OPEN)
    assert reader.verify() == []
    reader.close()
    journal.close()


def test_a_move_from_another_state_is_lost_and_changes_nothing(journal: Journal, path: Path) -> None:
    plan = payments(1)
    journal.add_job(plan, "me", held=False)
    journal.move(plan.id, 1, S.SENDING, come_from=(S.PREPARED,))
    with pytest.raises(MoveLost):
        journal.move(plan.id, 1, S.SENDING, come_from=(S.PREPARED,))
    reader = JournalReader(path)
    assert reader.operation(plan.id, 1).sends == 1 and len(reader.events(plan.id, 1)) == 2


def test_what_was_sent_once_is_never_called_not_sent(journal: Journal) -> None:
    """After a look-up that never saw it, it was still sent once: ``not-sent`` is for what provably never left."""
    plan = payments(1)
    journal.add_job(plan, "me", held=False)
    for before, after in ((S.PREPARED, S.SENDING), (S.SENDING, S.UNKNOWN), (S.UNKNOWN, S.PREPARED)):
        journal.move(plan.id, 1, after, come_from=(before,))
    with pytest.raises(MoveLost):
        journal.move(plan.id, 1, S.NOT_SENT, come_from=(S.PREPARED,))


def test_only_the_owner_sends_and_nobody_while_it_is_paused(journal: Journal) -> None:
    plan = payments(1)
    journal.add_job(plan, "me", held=False)
    with pytest.raises(MoveLost):
        journal.move(plan.id, 1, S.SENDING, come_from=(S.PREPARED,), owner="somebody else")
    journal.pause(plan.id, PauseReason.USER)
    with pytest.raises(MoveLost):
        journal.move(plan.id, 1, S.SENDING, come_from=(S.PREPARED,), owner="me")
    journal.unpause(plan.id)
    journal.move(plan.id, 1, S.SENDING, come_from=(S.PREPARED,), owner="me")


def test_one_open_operation_per_target_whatever_its_kind(journal: Journal, path: Path) -> None:
    """All targets of a combination are locked or none; another account's invoice 2 is another invoice."""
    journal.add_job(payments(2), "me", held=False)
    with pytest.raises(TargetsBusy, match="invoice 2") as caught:
        journal.add_job(payments(1, 2, 3, kind="combine"), "me", held=False)
    assert [one.target for one in caught.value.busy] == ["invoice:2"]
    journal.add_job(payments(1, 3, kind="combine"), "me", held=False)
    journal.add_job(payments(2).model_copy(update={"account_id": "other"}), "me", held=False)
    reader = JournalReader(path)
    assert len(reader.jobs()) == 3 and reader.verify() == []


def test_the_lock_holds_between_processes_even_without_the_check(journal: Journal) -> None:
    """The unique index is the last line: a writer that forgets to look cannot insert a second lock."""
    journal.add_job(payments(1), "me", held=False)
    journal.busy = lambda *_: []  # type: ignore[method-assign]  # the check is switched off
    with pytest.raises(JournalError):
        journal.add_job(payments(1), "me", held=False)
    assert len(journal.rows("SELECT 1 FROM jobs")) == 1


def test_the_same_plan_is_one_job_and_a_changed_one_is_refused(journal: Journal) -> None:
    plan = payments(1)
    assert journal.add_job(plan, "me", held=False) is True
    assert journal.add_job(Plan.from_json(plan.to_json()), "me", held=False) is False
    with pytest.raises(JournalError, match="was changed"):
        journal.add_job(payments(2).model_copy(update={"id": plan.id}), "me", held=False)


def test_jobs_are_found_by_the_beginning_of_their_id(journal: Journal, path: Path) -> None:
    plan = payments(1, 2)
    journal.add_job(plan, "me", held=False)
    reader = JournalReader(path)
    job = reader.job(plan.id[:8])
    assert (job.id, job.count, str(job.left), reader.plan(job.id)) == (plan.id, 2, "20.00 EUR", plan)
    for wrong in (plan.id[:5], "ffffffff", "%", "\x1b[31m"):
        with pytest.raises(UnknownJob) as caught:
            reader.job(wrong)
        assert "\x1b" not in str(caught.value)


def test_before_there_is_a_journal_everything_is_empty(path: Path) -> None:
    reader = JournalReader(path)
    assert (reader.jobs(), reader.operations("x"), reader.in_state(S.HELD), reader.verify()) == ([], [], [], [])
    assert reader.generation() == 0 and reader.open_targets("p", "a") == {} and not path.exists()


# -- owners -----------------------------------------------------------------------------------------------------------


def test_a_living_owner_is_left_alone_and_a_dead_one_taken_over(journal: Journal, path: Path) -> None:
    """RELIABILITY "Several processes": the lock proves it, not a process id and not an age."""
    alive, dead = OwnerLock(schema.owners_dir(path)), OwnerLock(schema.owners_dir(path))
    mine, theirs = payments(1), payments(2, 3)
    journal.add_job(mine, alive.owner, held=False)
    journal.add_job(theirs, dead.owner, held=False)
    journal.move(mine.id, 1, S.SENDING, come_from=(S.PREPARED,))
    journal.move(theirs.id, 1, S.SENDING, come_from=(S.PREPARED,))
    assert obtain(schema.owners_dir(path), dead.owner) is None
    os.close(dead._descriptor)  # as the kernel does when the process is gone
    found = owners.recover(journal)
    assert found.unknown == ((theirs.id, 1),) and found.paused == (theirs.id,) and not found.dropped
    reader = JournalReader(path)
    assert [row.state for row in reader.operations(theirs.id)] == [S.UNKNOWN, S.PREPARED]
    assert reader.job(theirs.id).paused is PauseReason.RESTART
    assert reader.operation(mine.id, 1).state is S.SENDING and reader.job(mine.id).paused is None
    with pytest.raises(JobElsewhere):
        owners.claim(journal, mine.id, "me")
    mine_too = OwnerLock(schema.owners_dir(path))
    owners.claim(journal, theirs.id, mine_too.owner)
    assert not owners.recover(journal)
    mine_too.release()
    alive.release()


def test_what_was_held_is_dropped_by_the_next_start(journal: Journal, path: Path) -> None:
    lock = OwnerLock(schema.owners_dir(path))
    plan = payments(1, kind="delete")
    journal.add_job(plan, lock.owner, held=True)
    os.close(lock._descriptor)
    assert owners.recover(journal).dropped == ((plan.id, 1),)
    row = JournalReader(path).operation(plan.id, 1)
    assert (row.state, row.code) == (S.CANCELLED, "never-confirmed")


# -- damage -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("UPDATE events SET detail = '{}' WHERE sequence = 5", "was changed"),
        ("UPDATE events SET at = '2020-01-01T00:00:00+00:00' WHERE sequence = 3", "was changed"),
        ("DELETE FROM events WHERE sequence = 3", "are missing"),
        ("DELETE FROM events WHERE sequence = (SELECT MAX(sequence) FROM events)", "the last event says"),
        ("DELETE FROM events", "plan of job"),
        ("UPDATE events SET sequence = -sequence WHERE sequence IN (3, 4);"
         "UPDATE events SET sequence = 7 + sequence WHERE sequence IN (-3, -4)", "was changed"),
        ("UPDATE operations SET state = 'done' WHERE number = 2", "the last event says"),
        ("UPDATE operations SET amount = '1.00' WHERE number = 1", "not what its plan says"),
        ("UPDATE operations SET key = 'other' WHERE number = 1", "not what its plan says"),
        ("UPDATE operations SET answer = '{\"id\":\"2\"}' WHERE number = 1", "answer of operation"),
        ("DELETE FROM operations WHERE number = 2", "is missing"),
        ("UPDATE jobs SET plan = replace(plan, '10.00', '11.00')", "plan of job"),
        ("UPDATE locks SET open = 0", "does not lock"),
        ("UPDATE locks SET open = 1", "still locks"),
        ("DELETE FROM locks", "does not lock"),
    ],
)  # fmt: skip
def test_verify_finds_what_was_edited_removed_or_put_elsewhere(path: Path, statement: str, words: str) -> None:
    journal = Journal(path)
    plan = payments(1, 2)
    journal.add_job(plan, "me", held=False)
    journal.move(plan.id, 1, S.SENDING, come_from=(S.PREPARED,))
    journal.move(plan.id, 1, S.DONE, come_from=(S.SENDING,), answer={"id": "1"})
    journal.close()
    assert JournalReader(path).verify() == []
    with sqlite3.connect(path) as raw:
        raw.executescript(statement)
    found = JournalReader(path).verify()
    assert any(words in one for one in found), found


def test_a_file_that_is_no_journal_is_named(path: Path) -> None:
    path.parent.mkdir(mode=0o700)
    path.write_bytes(b"this is not a database at all, " * 200)
    path.chmod(0o600)
    with pytest.raises(JournalDamaged, match="journal verify"):
        Journal(path)
    with pytest.raises(JournalDamaged):
        JournalReader(path).jobs()


def test_another_programs_database_is_not_touched(path: Path) -> None:
    path.parent.mkdir(mode=0o700)
    with sqlite3.connect(path) as raw:
        raw.execute("CREATE TABLE other(x)")
    path.chmod(0o600)
    with pytest.raises(JournalDamaged, match="not a journal"):
        Journal(path)


# -- places that are not fit for money ---------------------------------------------------------------------------------


def test_file_and_directory_are_private(journal: Journal, path: Path) -> None:
    journal.add_job(payments(1), "me", held=False)
    for one in path.parent.iterdir():
        wanted = 0o700 if one.is_dir() else 0o600
        assert stat.S_IMODE(one.stat().st_mode) == wanted, one
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize("mode", [0o644, 0o620, 0o604])
def test_a_file_open_to_others_is_refused(path: Path, mode: int) -> None:
    Journal(path).close()
    path.chmod(mode)
    with pytest.raises(JournalError, match="chmod 600"):
        Journal(path)


def test_a_symbolic_link_is_refused(path: Path, tmp_path: Path) -> None:
    path.parent.mkdir(mode=0o700)
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(JournalError, match="cannot be written"):
        Journal(path)


def test_a_network_file_system_is_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schema, "file_system", lambda _: "nfs4")
    with pytest.raises(JournalError, match="BILLTUI_STATE_DIR"):
        Journal(path)


def test_the_file_systems_type_is_read_from_the_mount_table(tmp_path: Path) -> None:
    device = tmp_path.stat().st_dev
    table = tmp_path / "mountinfo"
    table.write_text(f"36 35 {os.major(device)}:{os.minor(device)} / /mnt rw shared:1 - nfs4 host:/x rw\n")
    assert schema.file_system(tmp_path, table) == "nfs4"
    assert schema.file_system(tmp_path, tmp_path / "none") == ""


def test_a_full_disk_writes_nothing_and_says_so(journal: Journal, path: Path) -> None:
    """Disk full: no journal line, no request."""
    pages = journal.rows("PRAGMA page_count")[0][0]
    journal.rows(f"PRAGMA max_page_count = {pages}")
    panel = MoneyPanel()
    panel.add_invoices(500)
    plan = planner.pay(panel.account(), panel.models(range(1, 501)), "internal")
    with pytest.raises(JournalError, match="full"):
        journal.add_job(plan, "me", held=False)
    assert JournalReader(path).jobs() == []
    journal.rows("PRAGMA max_page_count = 100000")
    assert journal.add_job(plan, "me", held=False)


# -- group commit ------------------------------------------------------------------------------------------------------


def _hold(thread: JournalThread) -> tuple[threading.Event, Future[bool]]:
    """Keep the journal's thread busy in a commit of its own, so that what comes next is gathered into one."""
    begun, gate = threading.Event(), threading.Event()

    def wait(_: Journal) -> bool:
        begun.set()
        return gate.wait(5)

    blocker = thread.submit(wait)
    assert begun.wait(5)
    return gate, blocker


def test_one_commit_serves_many_and_a_failure_takes_no_other_with_it(path: Path) -> None:
    commits: list[str] = []
    thread = JournalThread(path, step=commits.append)
    plan = payments(1, 2, 3, 4)
    thread.call(lambda journal: journal.add_job(plan, "me", held=False))
    commits.clear()
    gate, blocker = _hold(thread)

    def send(number: int) -> Callable[[Journal], None]:
        return lambda journal: journal.move(plan.id, number, S.SENDING, come_from=(S.PREPARED,))

    futures = [thread.submit(send(number)) for number in (1, 2, 2, 3)]
    gate.set()
    assert blocker.result(5)
    for future, works in zip(futures, (True, True, False, True), strict=True):
        if works:
            future.result(5)
        else:
            with pytest.raises(MoveLost):
                future.result(5)
    assert commits.count("journal:after-commit") == 2  # the blocker's, and one for all four
    assert [row.state for row in JournalReader(path).operations(plan.id)] == [S.SENDING] * 3 + [S.PREPARED]
    thread.close(5)


def test_a_failing_commit_fails_everyone_in_it(path: Path) -> None:
    thread = JournalThread(path)
    plan = payments(1, 2)
    thread.call(lambda journal: journal.add_job(plan, "me", held=False))

    def end_the_transaction(journal: Journal) -> None:
        journal.rows("ROLLBACK")  # what a full disk does by itself

    gate, blocker = _hold(thread)
    first = thread.submit(lambda journal: journal.move(plan.id, 1, S.SENDING, come_from=(S.PREPARED,)))
    second = thread.submit(end_the_transaction)
    third = thread.submit(lambda journal: journal.move(plan.id, 2, S.SENDING, come_from=(S.PREPARED,)))
    gate.set()
    blocker.result(5)
    for future in (first, second, third):
        with pytest.raises(JournalError):
            future.result(5)
    assert {row.state for row in JournalReader(path).operations(plan.id)} == {S.PREPARED}
    thread.call(lambda journal: journal.move(plan.id, 1, S.SENDING, come_from=(S.PREPARED,)))
    thread.close(5)
