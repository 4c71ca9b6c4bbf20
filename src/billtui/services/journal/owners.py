"""Who works on what: claiming, releasing and taking over operations (RELIABILITY "Several processes").

Every function runs in one write transaction, so two processes never take the same operation over.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from billtui.services import locks
from billtui.services.journal.errors import JobElsewhere, UnknownJob
from billtui.services.journal.schema import owners_dir
from billtui.services.journal.states import OperationState, PauseReason
from billtui.services.journal.workers import worker_of
from billtui.services.one_time_codes import CODE_NEEDED, code_needed_words
from billtui.services.operation_kinds import CODED, OperationKind

if TYPE_CHECKING:
    from billtui.services.journal.writer import Journal

S = OperationState
_OPEN = "('held','prepared','sending','unknown','needs-you')"


@dataclass(frozen=True, slots=True)
class Recovered:
    """What an earlier, ended process left behind, and what became of it."""

    dropped: tuple[tuple[str, int], ...]
    """(job, number): was in the undo window and never confirmed; cancelled."""
    unknown: tuple[tuple[str, int], ...]
    """Was being sent; is looked up now."""
    paused: tuple[str, ...]
    """Jobs with confirmed operations left; they wait for a person."""
    codeless: tuple[tuple[str, int], ...] = ()
    """Was confirmed, not sent, and its one-time code went with the program that had it: it is over (TRF-2)."""

    def __bool__(self) -> bool:
        """Whether there is anything to tell."""
        return bool(self.dropped or self.unknown or self.paused or self.codeless)


def recover(journal: Journal) -> Recovered:
    """Take over every operation whose owner is gone: nobody's afterwards, ``sending`` is ``unknown``, ``held`` is
    dropped, and jobs with ``prepared`` operations are paused. Operations of living owners are not touched."""
    dropped: list[tuple[str, int]] = []
    unknown: list[tuple[str, int]] = []
    paused: list[str] = []
    codeless: list[tuple[str, int]] = []
    gone: list[locks.DeadOwner] = []
    try:
        with journal.transaction():
            owners = journal.rows(f"SELECT DISTINCT owner FROM operations WHERE state IN {_OPEN} AND owner IS NOT NULL")
            for (owner,) in owners:
                lock = locks.obtain(owners_dir(journal.path), owner)
                if lock is not None:
                    gone.append(lock)
                    _take_over(journal, owner, dropped, unknown, paused, codeless)
    except BaseException:
        for lock in gone:
            lock.let_go(remove=False)
        raise
    for lock in gone:
        lock.let_go(remove=True)
    return Recovered(tuple(dropped), tuple(unknown), tuple(paused), tuple(codeless))


def _take_over(
    journal: Journal,
    owner: str,
    dropped: list[tuple[str, int]],
    unknown: list[tuple[str, int]],
    paused: list[str],
    codeless: list[tuple[str, int]],
) -> None:
    rows = journal.rows(
        f"SELECT job_id, number, state, kind, targets FROM operations WHERE state IN {_OPEN} AND owner = ?"
        " ORDER BY job_id, number",
        (owner,),
    )
    for job_id, number, state, kind, targets in rows:
        if state == S.HELD:
            journal.move(
                job_id, number, S.CANCELLED, come_from=(S.HELD,), code="never-confirmed",
                detail="billtui ended while it could still be taken back; nothing was sent.",
            )  # fmt: skip
            dropped.append((job_id, number))
        elif state == S.SENDING:
            journal.move(
                job_id, number, S.UNKNOWN, come_from=(S.SENDING,), owner=None, code="interrupted",
                detail="billtui ended while it was being sent; its outcome is looked up.",
            )  # fmt: skip
            unknown.append((job_id, number))
        elif state == S.UNKNOWN:
            unknown.append((job_id, number))
        elif state == S.PREPARED and kind in CODED:  # it can never be sent again, so it holds no lock either
            words = code_needed_words(OperationKind(kind), json.loads(targets))
            journal.move(
                job_id, number, S.REFUSED, come_from=(S.PREPARED,), code=CODE_NEEDED, rule="TRF-2", detail=words
            )  # fmt: skip
            codeless.append((job_id, number))
            continue
        elif state == S.PREPARED and job_id not in paused:
            paused.append(job_id)
        if state in (S.SENDING, S.UNKNOWN, S.PREPARED):  # also what turns out as never seen waits for a person
            journal.pause(job_id, PauseReason.RESTART, "billtui ended before everything was done.")
    journal.change(f"UPDATE operations SET owner = NULL WHERE state IN {_OPEN} AND owner = ?", (owner,))


def claim(journal: Journal, job_id: str, owner: str) -> None:
    """Make ``owner`` the one who works on the job's open operations. Raises JobElsewhere, UnknownJob."""
    with journal.transaction():
        if not journal.rows("SELECT 1 FROM jobs WHERE id = ?", (job_id,)):
            raise UnknownJob(f"There is no job {job_id[:8]} in the journal.")
        others = journal.rows(
            f"SELECT DISTINCT owner FROM operations WHERE job_id = ? AND state IN {_OPEN}"
            " AND owner IS NOT NULL AND owner <> ?",
            (job_id, owner),
        )
        if others:
            who = worker_of(owners_dir(journal.path), others[0][0]).words
            raise JobElsewhere(
                f"Job {job_id[:8]} is carried out by {who}. Pause it or cancel what is left from here; "
                "everything else there, or here once that one has ended."
            )
        journal.change(f"UPDATE operations SET owner = ? WHERE job_id = ? AND state IN {_OPEN}", (owner, job_id))


def living_owner(journal: Journal, job_id: str, owner: str) -> str | None:
    """The other running program that works on the job, if there is one. Inside a write transaction."""
    for (other,) in journal.rows(
        f"SELECT DISTINCT owner FROM operations WHERE job_id = ? AND state IN {_OPEN}"
        " AND owner IS NOT NULL AND owner <> ?",
        (job_id, owner),
    ):
        if locks.is_held(owners_dir(journal.path), other):
            return str(other)
    return None


def resume(journal: Journal, job_id: str, owner: str) -> str | None:
    """Let a job go on: by ``owner``, or by the other running program that works on it (its name), which sees it in
    the journal. Raises UnknownJob."""
    with journal.transaction():
        other = living_owner(journal, job_id, owner)
        if other is None:
            claim(journal, job_id, owner)
        journal.unpause(job_id)
    return other


def claim_unknown(journal: Journal, owner: str, panel_id: str, account_id: str) -> list[str]:
    """Take every operation of this account whose outcome is unknown and that nobody looks up; the jobs concerned."""
    with journal.transaction():
        jobs = [
            str(row[0])
            for row in journal.rows(
                "SELECT DISTINCT o.job_id FROM operations o JOIN jobs j ON j.id = o.job_id WHERE o.state = 'unknown'"
                " AND (o.owner IS NULL OR o.owner = ?) AND j.panel_id = ? AND j.account_id = ?",
                (owner, panel_id, account_id),
            )
        ]
        for job_id in jobs:
            journal.change(
                "UPDATE operations SET owner = ? WHERE job_id = ? AND state = 'unknown' AND owner IS NULL",
                (owner, job_id),
            )
    return jobs


def confirm_held(journal: Journal, job_id: str, owner: str) -> int:
    """Confirm what waits in the undo window; how many operations that were."""
    return _move_all(journal, job_id, S.HELD, S.PREPARED, owner=owner)


def take_back(journal: Journal, job_id: str) -> int:
    """Cancel what waits in the undo window; 0 if it is too late."""
    return _move_all(
        journal, job_id, S.HELD, S.CANCELLED, code="taken-back", detail="Taken back in time; nothing was sent."
    )  # fmt: skip


def cancel(journal: Journal, job_id: str, owner: str) -> int:
    """Cancel what was not begun: held, and prepared. What was sent once and never seen is cancelled as well: the panel
    said that nothing happened. Another running program that works on the job finds it cancelled when it comes to it:
    only what is prepared may be sent. Raises UnknownJob."""
    with journal.transaction():
        if living_owner(journal, job_id, owner) is None:
            claim(journal, job_id, owner)
        words = "Cancelled before it was sent."
        return sum(
            _move_all(journal, job_id, state, S.CANCELLED, code="cancelled", detail=words)
            for state in (S.HELD, S.PREPARED)
        )


def retry_not_sent(journal: Journal, job_id: str, owner: str) -> int:
    """Let what was not sent go again, with the same keys; how many operations. Raises TargetsBusy, JobElsewhere."""
    with journal.transaction():
        claim(journal, job_id, owner)
        count = _move_all(journal, job_id, S.NOT_SENT, S.PREPARED, owner=owner)
        journal.unpause(job_id)
    return count


def decide(journal: Journal, job_id: str, number: int, *, as_done: bool) -> None:
    """A person says what happened to an operation that the panel cannot tell about any more. Raises MoveLost."""
    if as_done:
        journal.move(job_id, number, S.DONE, come_from=(S.NEEDS_YOU,), code="decided", detail="You said: it was done.")
    else:
        journal.move(
            job_id, number, S.REFUSED, come_from=(S.NEEDS_YOU,), code="decided", detail="You said: it was not done."
        )  # fmt: skip


def _move_all(journal: Journal, job_id: str, before: OperationState, after: OperationState, **fields: Any) -> int:
    with journal.transaction():
        rows = journal.rows("SELECT number FROM operations WHERE job_id = ? AND state = ?", (job_id, before.value))
        for (number,) in rows:
            journal.move(job_id, number, after, come_from=(before,), **fields)
    return len(rows)


def release(journal: Journal, owner: str) -> None:
    """At the end of an executor: what is held is dropped, what is left is paused and nobody's."""
    with journal.transaction():
        dropped: list[tuple[str, int]] = []
        unknown: list[tuple[str, int]] = []
        paused: list[str] = []
        codeless: list[tuple[str, int]] = []
        _take_over(journal, owner, dropped, unknown, paused, codeless)
