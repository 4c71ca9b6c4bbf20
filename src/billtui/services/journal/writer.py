"""The journal's writer: every change is one transaction with its line in the chain of events.

Used by one thread at a time (the executor's journal thread). All methods that change something run inside
:meth:`Journal.transaction`; several may share one, which is what makes group commit possible.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from billtui.domain.safetext import SafeText
from billtui.services.journal import chain, schema
from billtui.services.journal.anew import taken_on
from billtui.services.journal.errors import DoneAnew, JournalError, MoveLost, NotAlone, TargetsBusy, UnknownJob
from billtui.services.journal.rows import UNDER_WAY, Busy
from billtui.services.journal.states import CLOSED, MOVES, OPEN, OperationState, PauseReason

if TYPE_CHECKING:
    from billtui.services.plans import Plan

S = OperationState
Step = Callable[[str], None]
DOCUMENTS: Final = ("answer", "picture", "finding")
"""What of an operation is a JSON document, whose digest stands in the chain of events."""


def digest(document: str) -> str:
    """By which the chain knows a document of an operation."""
    return hashlib.sha256(document.encode("utf-8", "surrogatepass")).hexdigest()


def no_step(_name: str) -> None:
    """The seam at which the crash tests stop a process; does nothing."""


def now_utc() -> datetime:
    """The machine's clock, in UTC."""
    return datetime.now(UTC)


class Journal:
    """One writing connection. Close it in the end."""

    def __init__(self, path: Path, *, clock: Callable[[], datetime] = now_utc, step: Step = no_step) -> None:
        """Open or make the journal at ``path``. Raises JournalError where it is not fit for money."""
        self.path: Final = path
        self._clock = clock
        self._step = step
        self._db = schema.open_writer(path)
        self._head: tuple[int, str] | None = None

    def close(self) -> None:
        """Close the connection; nothing is lost, everything was committed."""
        self._db.close()

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open; a failing disk can end one by itself."""
        return self._db.in_transaction

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """``BEGIN IMMEDIATE`` … ``COMMIT``, durable when it returns; nested, a savepoint. Raises JournalError."""
        nested = self._db.in_transaction
        try:
            self._db.execute("SAVEPOINT part" if nested else "BEGIN IMMEDIATE")
        except sqlite3.Error as error:
            raise schema.explained(error, self.path) from error
        head = self._head if nested else None
        self._head = head
        try:
            yield
            if not nested:
                self._step("journal:before-commit")
            self._db.execute("RELEASE part" if nested else "COMMIT")
        except sqlite3.Error as error:
            self._undo(nested, head)
            raise schema.explained(error, self.path) from error
        except BaseException:
            self._undo(nested, head)
            raise
        if not nested:
            self._head = None
            self._step("journal:after-commit")

    def _unless_open(self) -> AbstractContextManager[None]:
        """A transaction if there is none: for what checks everything before it changes anything."""
        return nullcontext() if self._db.in_transaction else self.transaction()

    def _undo(self, nested: bool, head: tuple[int, str] | None) -> None:
        self._head = head
        if not self._db.in_transaction:
            return  # a full disk rolls back by itself
        try:
            if nested:
                self._db.execute("ROLLBACK TO part")
                self._db.execute("RELEASE part")
            else:
                self._db.execute("ROLLBACK")
        except sqlite3.Error as error:
            raise schema.explained(error, self.path) from error

    # -- taking a plan on ---------------------------------------------------------------------------------------------

    def add_job(self, plan: Plan, owner: str, *, held: bool) -> bool:
        """Write the whole plan down: ``True`` if it is new, ``False`` if this very plan is in the journal already.

        With ``held``, what can be held back starts in the undo window. All locks are taken or nothing is written:
        raises TargetsBusy, DoneAnew, or JournalError for another plan with the same id.
        """
        document = plan.to_json()
        with self.transaction():
            known = self._db.execute("SELECT plan FROM jobs WHERE id = ?", (plan.id,)).fetchone()
            if known is not None:
                if known[0] != document:
                    raise JournalError(
                        "Another plan with the same id is in the journal; this file was changed. Make it anew."
                    )
                return False
            if plan.instead_of and (other := taken_on(self.rows, plan.instead_of)) is not None:
                raise DoneAnew(other)
            busy = self.busy(plan.panel_id, plan.account_id, (t for op in plan.operations for t in op.targets))
            if busy:
                raise TargetsBusy(busy)
            self._insert_job(plan, document)
            for operation in plan.operations:
                state = S.HELD if held and operation.holdable else S.PREPARED
                amount = operation.amount
                self._db.execute(
                    "INSERT INTO operations(job_id, number, key, kind, title, targets, takes_from, amount, currency,"
                    " state, owner, changed_at) VALUES (?,?,?,?,?,?,?,?,?,?,?,?)",
                    (
                        plan.id, operation.number, plan.key(operation.number), operation.kind.value,
                        operation.title.raw,
                        json.dumps(operation.targets), operation.takes_from,
                        f"{amount.amount:.2f}" if amount else None, amount.currency if amount else None,
                        state.value, owner, self._now(),
                    ),
                )  # fmt: skip
                self._lock(plan.panel_id, plan.account_id, operation.targets, plan.id, operation.number)
                self._event(plan.id, operation.number, None, state, {})
        return True

    def _insert_job(self, plan: Plan, document: str) -> None:
        self._db.execute(
            "INSERT INTO jobs(id, kind, title, panel_id, panel_name, account_id, login, profile, total, currency,"
            " submitted_at, plan) VALUES (?,?,?,?,?,?,?,?,?,?,?,?)",
            (
                plan.id, plan.kind, plan.title.raw, plan.panel_id, plan.panel_name.raw, plan.account_id, plan.login.raw,
                plan.profile, f"{plan.total.amount:.2f}", plan.total.currency, self._now(), document,
            ),
        )  # fmt: skip
        self._event(plan.id, 0, None, "job", {"plan": hashlib.sha256(document.encode()).hexdigest()})

    def busy(self, panel_id: str, account_id: str, targets: Iterable[str]) -> list[Busy]:
        """Which of ``targets`` have an open operation."""
        found = []
        for target in targets:
            row = self._db.execute(
                "SELECT l.job_id, l.number, o.state, o.title FROM locks l JOIN operations o USING (job_id, number)"
                " WHERE l.panel_id = ? AND l.account_id = ? AND l.target = ? AND l.open = 1",
                (panel_id, account_id, target),
            ).fetchone()
            if row is not None:
                found.append(Busy(target, row[0], row[1], S(row[2]), SafeText(row[3])))
        return found

    # -- moves --------------------------------------------------------------------------------------------------------

    def move(
        self, job_id: str, number: int, to: OperationState, *, come_from: Iterable[OperationState], **fields: Any
    ) -> None:
        """Move one operation, with its event. ``fields``: owner, code, rule, detail, request_id; answer, picture and
        finding (JSON objects); ``alone``: only while nothing else of the account is being sent or unknown.

        Raises NotAlone when something is, MoveLost when it is in none of the states ``come_from`` (somebody else moved
        it), TargetsBusy when it opens again and another operation has its target by now.
        """
        start = frozenset(come_from)
        wrong = [state for state in start if to not in MOVES[state]]
        if wrong or not start:
            raise ValueError(f"no such move: {sorted(wrong)} → {to}")
        columns: dict[str, Any] = {"state": to.value, "changed_at": self._now()}
        for name in ("code", "rule", "detail", "request_id"):
            columns[name] = fields.get(name)
        if "owner" in fields:
            columns["owner"] = fields["owner"]
        if to in CLOSED or to is S.NEEDS_YOU:
            columns["owner"] = None
        noted: dict[str, Any] = {
            name: columns[name] for name in ("code", "rule", "detail", "request_id") if columns[name]
        }
        if fields.get("picture") is not None:
            columns["finding"] = None  # of an earlier picture
        for name in DOCUMENTS:
            if fields.get(name) is not None:
                columns[name] = json.dumps(fields[name], separators=(",", ":"))
                noted[name] = digest(columns[name])
        with self._unless_open():
            before = self._state_of(job_id, number)
            if before not in start:
                raise MoveLost(f"operation {number} of job {job_id[:8]} is {before}, not {' or '.join(sorted(start))}")
            self._check_targets(job_id, number, before, to)
            if fields.get("alone"):
                self._check_alone(job_id, number)
            guard, more = "", ""
            extra: tuple[Any, ...] = ()
            owner: tuple[Any, ...] = ()
            if to is S.SENDING:
                more, extra = (
                    ", sends = sends + 1, first_sent_at = COALESCE(first_sent_at, ?)",
                    (columns["changed_at"],),
                )
                guard = " AND NOT EXISTS (SELECT 1 FROM jobs WHERE id = operations.job_id AND paused IS NOT NULL)"
                if "owner" in fields:  # only who works on the job sends
                    guard, owner = f"{guard} AND owner = ?", (fields["owner"],)
            elif to is S.NOT_SENT and before is S.PREPARED:
                guard = " AND sends = 0"
            names = ", ".join(f"{name} = ?" for name in columns)
            done = self._db.execute(
                f"UPDATE operations SET {names}{more} WHERE job_id = ? AND number = ? AND state = ?{guard}",
                (*columns.values(), *extra, job_id, number, before.value, *owner),
            )
            if done.rowcount != 1:
                raise MoveLost(f"operation {number} of job {job_id[:8]} cannot become {to}")
            self._relock(job_id, number, before, to)
            self._event(job_id, number, before, to, noted)

    def _check_targets(self, job_id: str, number: int, before: OperationState, to: OperationState) -> None:
        if before in CLOSED and to in OPEN:
            panel_id, account_id, targets = self._targets_of(job_id, number)
            busy = self.busy(panel_id, account_id, targets)
            if busy:
                raise TargetsBusy(busy)

    def _check_alone(self, job_id: str, number: int) -> None:
        panel_id, account_id, _ = self._targets_of(job_id, number)
        others = [one for one in self._db.execute(UNDER_WAY, (panel_id, account_id)) if one != (job_id, number)]
        if others:
            raise NotAlone(f"operation {others[0][1]} of job {others[0][0][:8]} has no known outcome yet")

    def _relock(self, job_id: str, number: int, before: OperationState, to: OperationState) -> None:
        if before in OPEN and to in CLOSED:
            self._db.execute("UPDATE locks SET open = 0 WHERE job_id = ? AND number = ?", (job_id, number))
        elif before in CLOSED and to in OPEN:
            self._db.execute("UPDATE locks SET open = 1 WHERE job_id = ? AND number = ?", (job_id, number))

    def bind(self, job_id: str, number: int, target: str) -> None:
        """Give a payment the invoice that an earlier operation made, and lock it. Raises TargetsBusy, MoveLost."""
        with self.transaction():
            panel_id, account_id, targets = self._targets_of(job_id, number)
            if targets == (target,):
                return
            if targets or self._state_of(job_id, number) is not S.PREPARED:
                raise MoveLost(f"operation {number} of job {job_id[:8]} already has another target")
            busy = self.busy(panel_id, account_id, [target])
            if busy:
                raise TargetsBusy(busy)
            self._db.execute(
                "UPDATE operations SET targets = ? WHERE job_id = ? AND number = ?",
                (json.dumps([target]), job_id, number),
            )
            self._lock(panel_id, account_id, [target], job_id, number)
            self._event(job_id, number, S.PREPARED, S.PREPARED, {"target": target})

    def note_finding(self, job_id: str, number: int, finding: Mapping[str, Any]) -> None:
        """Keep what looking once more found about an operation that a person decides about. Raises MoveLost."""
        document = json.dumps(finding, separators=(",", ":"))
        with self.transaction():
            if self._state_of(job_id, number) is not S.NEEDS_YOU:
                raise MoveLost(f"operation {number} of job {job_id[:8]} needs nobody any more")
            self._db.execute(
                "UPDATE operations SET finding = ?, detail = ? WHERE job_id = ? AND number = ?",
                (document, finding.get("words"), job_id, number),
            )
            self._event(job_id, number, S.NEEDS_YOU, S.NEEDS_YOU, {"finding": digest(document)})

    def pause(self, job_id: str, reason: PauseReason, note: str | None = None) -> None:
        """Let nothing new of the job be sent, and say why. The first reason stays."""
        with self.transaction():
            changed = self._db.execute(
                "UPDATE jobs SET paused = ?, note = ? WHERE id = ? AND paused IS NULL", (reason.value, note, job_id)
            )
            if changed.rowcount:
                self._event(job_id, 0, None, "paused", {"reason": reason.value})

    def unpause(self, job_id: str) -> None:
        """Let the job go on."""
        with self.transaction():
            changed = self._db.execute(
                "UPDATE jobs SET paused = NULL, note = NULL WHERE id = ? AND paused IS NOT NULL", (job_id,)
            )
            if changed.rowcount:
                self._event(job_id, 0, None, "resumed", {})

    # -- inside -------------------------------------------------------------------------------------------------------

    def rows(self, query: str, parameters: Iterable[Any] = ()) -> list[tuple[Any, ...]]:
        """All rows of a query, inside or outside a transaction. Raises JournalError."""
        try:
            return self._db.execute(query, tuple(parameters)).fetchall()
        except sqlite3.Error as error:
            raise schema.explained(error, self.path) from error

    def change(self, statement: str, parameters: Iterable[Any] = ()) -> int:
        """Run one UPDATE that is no move (an owner); the number of rows changed. Raises JournalError."""
        try:
            return self._db.execute(statement, tuple(parameters)).rowcount
        except sqlite3.Error as error:
            raise schema.explained(error, self.path) from error

    def _state_of(self, job_id: str, number: int) -> OperationState:
        row = self._db.execute(
            "SELECT state FROM operations WHERE job_id = ? AND number = ?", (job_id, number)
        ).fetchone()
        if row is None:
            raise UnknownJob(f"There is no operation {number} of job {job_id[:8]} in the journal.")
        return S(row[0])

    def _targets_of(self, job_id: str, number: int) -> tuple[str, str, tuple[str, ...]]:
        row = self._db.execute(
            "SELECT j.panel_id, j.account_id, o.targets FROM operations o JOIN jobs j ON j.id = o.job_id"
            " WHERE o.job_id = ? AND o.number = ?",
            (job_id, number),
        ).fetchone()
        if row is None:
            raise UnknownJob(f"There is no operation {number} of job {job_id[:8]} in the journal.")
        return row[0], row[1], tuple(json.loads(row[2]))

    def _lock(self, panel_id: str, account_id: str, targets: Iterable[str], job_id: str, number: int) -> None:
        self._db.executemany(
            "INSERT INTO locks(panel_id, account_id, target, job_id, number, open) VALUES (?,?,?,?,?,1)",
            [(panel_id, account_id, target, job_id, number) for target in targets],
        )

    def _event(
        self, job_id: str, number: int, before: OperationState | None, after: str, detail: dict[str, Any]
    ) -> None:
        if self._head is None:
            row = self._db.execute("SELECT sequence, hash FROM events ORDER BY sequence DESC LIMIT 1").fetchone()
            self._head = (row[0], row[1]) if row else (0, chain.GENESIS)
        sequence, previous = self._head[0] + 1, self._head[1]
        at, text = self._now(), chain.dump(detail)
        start = before.value if before is not None else None
        link = chain.link(previous, sequence, at, job_id, number, start, str(after), text)
        self._db.execute(
            "INSERT INTO events(sequence, at, job_id, number, before, after, detail, hash) VALUES (?,?,?,?,?,?,?,?)",
            (sequence, at, job_id, number, start, str(after), text, link),
        )
        self._head = (sequence, link)

    def _now(self) -> str:
        return self._clock().astimezone(UTC).isoformat(timespec="microseconds")
