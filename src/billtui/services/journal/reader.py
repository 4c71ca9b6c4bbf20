"""The journal for screens and the command line: a read-only connection that never waits for the executor."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from billtui.domain.money import Money
from billtui.domain.safetext import SafeText
from billtui.services.journal import schema
from billtui.services.journal.anew import done_anew
from billtui.services.journal.errors import JournalDamaged, UnknownJob
from billtui.services.journal.rows import UNDER_WAY, Busy, EventRow, JobRow, OperationRow
from billtui.services.journal.states import OPEN, OperationState, PauseReason, job_state
from billtui.services.journal.tallies import Tallies
from billtui.services.journal.workers import Worker, worker_of
from billtui.services.plans import Plan, PlanError

_JOB = (
    "SELECT id, kind, title, panel_id, panel_name, account_id, login, profile, total, currency, submitted_at,"
    " paused, note FROM jobs"
)
_OPERATION = (
    "SELECT job_id, number, key, kind, title, targets, takes_from, amount, currency, state, code, rule, detail,"
    " request_id, answer, sends, first_sent_at, changed_at, owner, picture, finding FROM operations"
)
_WITHOUT_PICTURES = _OPERATION.replace(" picture, finding ", " NULL, NULL ")
"""Also for a journal of format 1, which no writer has opened since."""


class JournalReader:
    """Reads the journal at a path; before there is one, everything is empty. Safe to share between threads."""

    def __init__(self, path: Path) -> None:
        """Opens nothing yet."""
        self.path = path
        self._db: sqlite3.Connection | None = None
        self._lock = threading.Lock()
        self._tallies = Tallies()

    def close(self) -> None:
        """Close the connection, if one was opened."""
        with self._lock:
            if self._db is not None:
                self._db.close()
                self._db = None
                self._tallies = Tallies()

    def jobs(
        self,
        limit: int | None = 200,
        *,
        open_only: bool = False,
        panel_id: str | None = None,
        account_id: str | None = None,
    ) -> list[JobRow]:
        """Jobs, the newest first. Raises JournalError."""
        where, parameters = ["1 = 1"], []
        if open_only:
            states = ",".join(f"'{state.value}'" for state in sorted(OPEN))
            where.append(f"EXISTS (SELECT 1 FROM operations o WHERE o.job_id = jobs.id AND o.state IN ({states}))")
        for name, value in (("panel_id", panel_id), ("account_id", account_id)):
            if value is not None:
                where.append(f"{name} = ?")
                parameters.append(value)
        tail = " ORDER BY submitted_at DESC, rowid DESC" + (f" LIMIT {int(limit)}" if limit is not None else "")
        with self._reading() as db:
            if db is None:
                return []
            with _one_state(db):
                self._tallies.follow(db)
                rows = db.execute(f"{_JOB} WHERE {' AND '.join(where)}{tail}", parameters).fetchall()
                return [self._job(db, row) for row in rows]

    def job(self, job_id: str) -> JobRow:
        """One job by its id, or by a beginning of it (6 digits or more) that only one job has. Raises UnknownJob."""
        with self._reading() as db:
            rows = []
            if db is not None:
                rows = db.execute(f"{_JOB} WHERE id = ?", (job_id,)).fetchall()
                if not rows and len(job_id) >= 6 and job_id.isalnum():
                    rows = db.execute(f"{_JOB} WHERE id LIKE ? LIMIT 2", (f"{job_id}%",)).fetchall()
            if db is None or len(rows) != 1:
                many = "more than one job begins with" if rows else "no job is"
                raise UnknownJob(f"In the journal {many} “{SafeText(job_id[:40])}”. “billtui jobs list” shows them.")
            with _one_state(db):
                self._tallies.follow(db)
                return self._job(db, rows[0])

    def operations(
        self, job_id: str, states: Iterable[OperationState] | None = None, *, answers: bool = True
    ) -> list[OperationRow]:
        """The operations of a job in their order, or only those in ``states``.

        Without ``answers`` the panel's answers are left out: for long lists, which do not show them.
        """
        wanted = [state.value for state in states] if states is not None else None
        only = f" AND state IN ({','.join('?' for _ in wanted)})" if wanted is not None else ""
        with self._reading() as db:
            if db is None:
                return []
            rows = db.execute(
                f"{_columns(db, answers)} WHERE job_id = ?{only} ORDER BY number", (job_id, *(wanted or ()))
            ).fetchall()
        return list(map(_operation, rows))

    def moved_since(self, job_id: str, generation: int) -> tuple[int, list[OperationRow]]:
        """The present :meth:`generation`, and the operations of a job that moved after an earlier one, without their
        answers: what a screen that follows a long job reads."""
        with self._reading() as db:
            if db is None:
                return 0, []
            with _one_state(db):
                now = int(db.execute("SELECT COALESCE(MAX(sequence), 0) FROM events").fetchone()[0])
                rows = db.execute(
                    f"{_columns(db, False)} WHERE job_id = ?1 AND number IN"
                    " (SELECT number FROM events WHERE sequence > ?2 AND +job_id = ?1) ORDER BY number",
                    (job_id, generation),
                ).fetchall()
        return now, list(map(_operation, rows))

    def worker(self, owner: str) -> Worker:
        """Who an owner of open operations is, and whether it still runs."""
        return worker_of(schema.owners_dir(self.path), owner)

    def operation(self, job_id: str, number: int) -> OperationRow:
        """One operation. Raises UnknownJob."""
        with self._reading() as db:
            row = None
            if db is not None:
                row = db.execute(f"{_whole(db)} WHERE job_id = ? AND number = ?", (job_id, number)).fetchone()
        if row is None:
            raise UnknownJob(f"There is no operation {number} of job {job_id[:8]} in the journal.")
        return _operation(row)

    def in_state(self, *states: OperationState) -> list[OperationRow]:
        """Operations of all jobs that are in one of ``states`` (``held``: the outbox; ``unknown``: open questions)."""
        marks = ",".join("?" for _ in states)
        with self._reading() as db:
            if db is None:
                return []
            rows = db.execute(
                f"{_whole(db)} WHERE state IN ({marks}) ORDER BY changed_at, job_id, number", [s.value for s in states]
            ).fetchall()
        return [_operation(row) for row in rows]

    def plan(self, job_id: str) -> Plan:
        """The plan that the job carries out. Raises UnknownJob, JournalDamaged."""
        with self._reading() as db:
            row = db.execute("SELECT plan FROM jobs WHERE id = ?", (job_id,)).fetchone() if db is not None else None
        if row is None:
            raise UnknownJob(f"There is no job {job_id[:8]} in the journal.")
        try:
            return Plan.from_json(row[0])
        except PlanError as error:
            raise JournalDamaged(f"The plan of job {job_id[:8]} in the journal is damaged: {error}") from error

    def events(self, job_id: str, number: int | None = None) -> list[EventRow]:
        """The moves of a job (number 0: of the job itself), oldest first."""
        query = "SELECT sequence, at, job_id, number, before, after, detail FROM events WHERE job_id = ?"
        with self._reading() as db:
            if db is None:
                return []
            if number is None:
                rows = db.execute(f"{query} ORDER BY sequence", (job_id,)).fetchall()
            else:
                rows = db.execute(f"{query} AND number = ? ORDER BY sequence", (job_id, number)).fetchall()
        return [
            EventRow(r[0], _instant(r[1]), r[2], r[3], r[4] and OperationState(r[4]), r[5], json.loads(r[6]))
            for r in rows
        ]

    def open_targets(self, panel_id: str, account_id: str) -> dict[str, Busy]:
        """Every target of the account that has an open operation, for planners and disabled actions."""
        with self._reading() as db:
            if db is None:
                return {}
            rows = db.execute(
                "SELECT l.target, l.job_id, l.number, o.state, o.title FROM locks l"
                " JOIN operations o USING (job_id, number) WHERE l.panel_id = ? AND l.account_id = ? AND l.open = 1",
                (panel_id, account_id),
            ).fetchall()
        return {row[0]: Busy(row[0], row[1], row[2], OperationState(row[3]), SafeText(row[4])) for row in rows}

    def answers_on(
        self, panel_id: str, account_id: str, kind: str, target: str, limit: int = 50
    ) -> list[dict[str, Any]]:
        """What the panel answered to operations of ``kind`` on exactly ``target`` that are done, the last first."""
        with self._reading() as db:
            rows = [] if db is None else db.execute(
                "SELECT o.answer FROM operations o JOIN jobs j ON j.id = o.job_id WHERE o.kind = ? AND o.targets = ?"
                " AND o.state = 'done' AND o.answer IS NOT NULL AND j.panel_id = ? AND j.account_id = ?"
                " ORDER BY o.changed_at DESC LIMIT ?",
                (kind, json.dumps([target]), panel_id, account_id, limit),
            ).fetchall()  # fmt: skip
        return [json.loads(row[0]) for row in rows]

    def under_way(self, panel_id: str, account_id: str) -> list[tuple[str, int]]:
        """(job, number) of the account's operations that are being sent or have no known outcome, of any program."""
        with self._reading() as db:
            if db is None:
                return []
            rows = db.execute(UNDER_WAY, (panel_id, account_id)).fetchall()
        return [(str(job_id), int(number)) for job_id, number in rows]

    def sent_since(self, row: OperationRow) -> bool:
        """Whether another operation of the same kind and account was sent after the picture of ``row`` was taken.

        By the order of the journal's lines, which no clock can change; by the time, where an older billtui took the
        picture, which did not note its place.
        """
        picture = row.picture or {}
        place = picture.get("after")
        since, mark = ("e.sequence > ?3", place) if isinstance(place, int) else ("e.at > ?3", picture.get("at", ""))
        with self._reading() as db:
            if db is None:
                return False
            found = db.execute(
                "SELECT 1 FROM events e JOIN operations o USING (job_id, number) JOIN jobs j ON j.id = e.job_id"
                f" JOIN jobs mine ON mine.id = ?1 WHERE e.after = 'sending' AND {since} AND o.kind = ?4"
                " AND j.panel_id = mine.panel_id AND j.account_id = mine.account_id"
                " AND NOT (e.job_id = ?1 AND e.number = ?2) LIMIT 1",
                (row.job_id, row.number, mark, row.kind),
            ).fetchone()
        return found is not None

    def any_sent_since(self, panel_id: str, account_id: str, at: str, kinds: Iterable[str]) -> bool:
        """Whether anything of these ``kinds`` was sent for the account from this computer after ``at`` (UTC, as the
        journal has it), and may have had its effect."""
        wanted = sorted(kinds)
        places = ", ".join("?" * len(wanted))
        with self._reading() as db:
            if db is None:
                return False
            found = db.execute(
                "SELECT 1 FROM events e JOIN operations o USING (job_id, number) JOIN jobs j ON j.id = e.job_id"
                " WHERE e.after = 'sending' AND e.at > ? AND j.panel_id = ? AND j.account_id = ?"
                f" AND o.state NOT IN ('refused', 'not-sent', 'cancelled') AND o.kind IN ({places}) LIMIT 1",
                (at, panel_id, account_id, *wanted),
            ).fetchone()
        return found is not None

    def done_since(self, panel_id: str, account_id: str, kinds: Iterable[str], since: datetime) -> list[OperationRow]:
        """What the account's operations of these kinds that were done since then answered, the first one first."""
        wanted = list(kinds)
        marks = ",".join("?" for _ in wanted)
        with self._reading() as db:
            if db is None:
                return []
            rows = db.execute(
                f"{_whole(db)} WHERE state = 'done' AND kind IN ({marks}) AND changed_at > ? AND job_id IN"
                " (SELECT id FROM jobs WHERE panel_id = ? AND account_id = ?) ORDER BY changed_at",
                (*wanted, since.astimezone(UTC).isoformat(timespec="microseconds"), panel_id, account_id),
            ).fetchall()
        return list(map(_operation, rows))

    def paused(self, job_ids: Iterable[str]) -> dict[str, PauseReason | None]:
        """Which of these jobs are paused in the journal, and why."""
        wanted = list(job_ids)
        with self._reading() as db:
            if db is None or not wanted:
                return {}
            marks = ",".join("?" for _ in wanted)
            rows = db.execute(f"SELECT id, paused FROM jobs WHERE id IN ({marks})", wanted).fetchall()
        return {job_id: PauseReason(reason) if reason else None for job_id, reason in rows}

    def owners(self) -> list[str]:
        """Whoever is named by an open operation of any job, alive or not."""
        states = ",".join(f"'{state.value}'" for state in sorted(OPEN))
        with self._reading() as db:
            if db is None:
                return []
            rows = db.execute(f"SELECT DISTINCT owner FROM operations WHERE state IN ({states}) AND owner IS NOT NULL")
            return [str(owner) for (owner,) in rows]

    def done_anew(self, job_id: str) -> dict[int, str]:
        """Which refused operations of a job another job has taken on anew: their numbers, and that job's id."""
        with self._reading() as db:
            return done_anew(db.execute, job_id) if db is not None else {}

    def generation(self) -> int:
        """A number that rises with every line in the journal."""
        with self._reading() as db:
            row = db.execute("SELECT MAX(sequence) FROM events").fetchone() if db is not None else None
        return int(row[0] or 0) if row else 0

    def verify(self) -> list[str]:
        """Damage and gaps, one sentence each; empty when the journal is sound. It claims no more than that."""
        from billtui.services.journal.verify import findings

        with self._reading() as db:
            return findings(db) if db is not None else []

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection | None]:
        with self._lock:
            try:
                if self._db is None:
                    self._db = schema.open_reader(self.path)
                yield self._db
            except (sqlite3.Error, UnicodeDecodeError) as error:
                trouble = error if isinstance(error, sqlite3.Error) else sqlite3.DatabaseError("malformed text")
                raise schema.explained(trouble, self.path) from error

    def _job(self, db: sqlite3.Connection, row: tuple[Any, ...]) -> JobRow:
        tally = self._tallies.of(db, row[0])
        paused = PauseReason(row[11]) if row[11] else None
        owner = None
        if any(state in OPEN for state in tally.counts):
            owner = db.execute(
                "SELECT owner FROM operations WHERE job_id = ? AND owner IS NOT NULL LIMIT 1", (row[0],)
            ).fetchone()
        return JobRow(
            id=row[0], kind=row[1], title=SafeText(row[2]), panel_id=row[3], panel_name=SafeText(row[4]),
            account_id=row[5], login=SafeText(row[6]), profile=row[7], total=Money(row[8], row[9]),
            left=Money(Decimal(tally.left_cents).scaleb(-2), row[9]),
            submitted_at=_instant(row[10]), state=job_state(tally.counts, paused=paused is not None), paused=paused,
            note=SafeText(row[12]) if row[12] else None, counts=dict(tally.counts), owner=owner[0] if owner else None,
        )  # fmt: skip


@contextmanager
def _one_state(db: sqlite3.Connection) -> Iterator[None]:
    """Several queries that see one and the same state of the journal."""
    db.execute("BEGIN")
    try:
        yield
    finally:
        if db.in_transaction:
            db.execute("ROLLBACK")


def _whole(db: sqlite3.Connection) -> str:
    return _OPERATION if schema.version_of(db) > 1 else _WITHOUT_PICTURES


def _columns(db: sqlite3.Connection, answers: bool) -> str:
    return _whole(db) if answers else _WITHOUT_PICTURES.replace(" answer,", " NULL,")


def _operation(row: tuple[Any, ...]) -> OperationRow:
    return OperationRow(
        job_id=row[0], number=row[1], key=row[2], kind=row[3], title=SafeText(row[4]),
        targets=tuple(json.loads(row[5])), takes_from=row[6],
        amount=Money(Decimal(row[7]), row[8]) if row[7] is not None else None,
        state=OperationState(row[9]), code=row[10], rule=row[11], detail=SafeText(row[12]) if row[12] else None,
        request_id=row[13], answer=json.loads(row[14]) if row[14] else None, sends=row[15],
        first_sent_at=_instant(row[16]) if row[16] else None, changed_at=_instant(row[17]), owner=row[18],
        picture=json.loads(row[19]) if row[19] else None, finding=json.loads(row[20]) if row[20] else None,
    )  # fmt: skip


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)
