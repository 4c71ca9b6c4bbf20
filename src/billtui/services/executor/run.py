"""One job in the executor's memory: what may start, what runs, what is looked up."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from pydantic import SecretStr

from billtui.domain.safetext import SafeText
from billtui.services.executor.in_turn import freed_by, paid_before, waits
from billtui.services.journal import JobRow, JobState, OperationRow, OperationState, PauseReason
from billtui.services.journal.states import job_state
from billtui.services.plans import CODED, PURCHASES, Operation, OperationKind, Plan

if TYPE_CHECKING:
    from billtui.services.executor.readings import Readings

S = OperationState
K = OperationKind
_MOVING: Final = frozenset({S.PREPARED, S.SENDING, S.UNKNOWN})


@dataclass(frozen=True, slots=True)
class Limits:
    """How fast, how often, how long. Times are in seconds."""

    concurrency: int = 8
    """Most requests that change something at one time."""
    look_ups: int = 4
    """Most look-ups of lost answers at one time."""
    guard_age: float = 2.0
    """A drift check older than this is made again before the request."""
    first_pause: float = 1.0
    """Pause after a look-up that brought no verdict; it doubles up to ``longest_pause``."""
    longest_pause: float = 60.0
    most_sends: int = 4
    """So often one operation is sent without the panel ever having seen it, then the job is paused."""
    most_waits: int = 8
    """So often in a row a job waits after "too many requests", then it is paused."""
    rate_pause: float = 2.0
    """Wait after "too many requests" without Retry-After."""
    looks: int = 5
    """So often a panel without keys is looked at, with growing pauses, before a person is asked what happened."""
    alone: float = 300.0
    """So long an operation waits there for the outcome of another one of the account; then it ends as not sent."""
    watch: float = 1.0
    """How often it is looked at what other programs have written into the journal."""


DEFAULT_LIMITS: Final = Limits()


@dataclass(slots=True, eq=False)
class Run:
    """A job while this executor works on it. Only the executor's loop touches it."""

    plan: Plan
    states: dict[int, OperationState] = field(default_factory=dict)
    rows: dict[int, OperationRow] = field(default_factory=dict)
    """Every operation as it stands in the journal."""
    sends: dict[int, int] = field(default_factory=dict)
    ready: deque[int] = field(default_factory=deque)
    """Prepared operations that may start now."""
    inflight: set[int] = field(default_factory=set)
    settling: set[int] = field(default_factory=set)
    paused: PauseReason | None = None
    written_pause: PauseReason | None = None
    """Why it is paused according to the journal, when that was last read or written."""
    resuming: bool = False
    """A person resumes it just now: no pause is written any more. Set in that person's thread."""
    pumping: bool = False
    not_before: float = 0.0
    """Loop time before which nothing is sent (Retry-After)."""
    waits: int = 0
    counts: dict[OperationState, int] = field(default_factory=dict)
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    """Set to cut the pauses between look-ups short."""
    readings: Readings | None = None
    dependents: dict[int, list[int]] = field(default_factory=dict)
    purchases: tuple[int, ...] = ()
    """The purchases of a plan that has several, in order: they go before its payments, see :meth:`_must_wait`."""
    bought: int = 0
    """So many of them, from the first on, do not move by themselves any more."""
    after: dict[int, int] = field(default_factory=dict)
    """The payment before which a purchase does not begin, in plans that pay in between, see :mod:`in_turn`."""
    insisted: bool = False
    """A person has sent again what was not sent: the panel itself says whether something is still in the way."""
    codes: dict[int, SecretStr] = field(default_factory=dict, repr=False)
    """One-time codes of operations that are not over yet (TRF-2): here and nowhere else."""
    mine: set[int] = field(default_factory=set)
    """Operations that this executor owns in the journal."""

    @property
    def job_id(self) -> str:
        """The job's id, which is the plan's."""
        return self.plan.id

    @property
    def state(self) -> JobState:
        """What the job as a whole is doing."""
        return job_state(self.counts, paused=self.paused is not None)

    @property
    def finished(self) -> bool:
        """Whether every outcome is final."""
        return self.state is JobState.FINISHED

    def operation(self, number: int) -> Operation:
        """The planned operation."""
        return self.plan.operation(number)

    def load(self, rows: list[OperationRow], paused: PauseReason | None, owner: str) -> None:
        """Take the journal's word for everything; what runs goes on running. Only ``owner``'s operations may start."""
        self.mine = {row.number for row in rows if row.owner == owner}
        self.rows = {row.number: row for row in rows}
        self.states = {row.number: row.state for row in rows}
        self.sends = {row.number: row.sends for row in rows}
        for number in [one for one in self.codes if self.states.get(one) not in _MOVING]:
            del self.codes[number]
        self.counts = {}
        for row in rows:
            self.counts[row.state] = self.counts.get(row.state, 0) + 1
        self.paused = self.written_pause = paused
        self.resuming = False
        self.dependents = {}
        for operation in self.plan.operations:
            if operation.takes_from is not None:
                self.dependents.setdefault(operation.takes_from, []).append(operation.number)
        purchases = tuple(one.number for one in self.plan.operations if one.kind in PURCHASES)
        self.purchases, self.bought = (purchases if len(purchases) > 1 else ()), 0
        self.after = paid_before(self.plan)
        self.ready = deque(row.number for row in rows if self._may_start(row.number))

    def moved(self, number: int, to: OperationState, at: datetime, fields: Mapping[str, Any]) -> None:
        """Note a move that was committed, with what was noted beside it."""
        before = self.states.get(number)
        if before is not None:
            self.counts[before] = self.counts.get(before, 0) - 1
        self.states[number] = to
        self.counts[to] = self.counts.get(to, 0) + 1
        if to not in _MOVING:
            self.codes.pop(number, None)
        if to is S.SENDING:
            self.sends[number] = self.sends.get(number, 0) + 1
        row = self.rows.get(number)
        if row is not None:
            detail = fields.get("detail")
            self.rows[number] = replace(
                row, state=to, changed_at=at, code=fields.get("code"), rule=fields.get("rule"),
                detail=SafeText(detail) if detail else None, request_id=fields.get("request_id"),
                answer=fields.get("answer", row.answer), sends=self.sends[number],
                first_sent_at=row.first_sent_at or (at if to is S.SENDING else None),
            )  # fmt: skip

    def bound(self, number: int, target: str) -> None:
        """Note the invoice that a payment took from an earlier operation."""
        if number in self.rows:
            self.rows[number] = replace(self.rows[number], targets=(target,))

    def lacks_code(self, number: int) -> bool:
        """Whether it needs a one-time code that is not there: then it is not sent (TRF-2)."""
        return self.operation(number).kind in CODED and number not in self.codes

    def coming(self, most: int) -> list[str]:
        """Targets of the operations that start next."""
        return [target for number in islice(self.ready, most) for target in self.operation(number).targets]

    def put_back(self, number: int) -> None:
        """Let a prepared operation start (again), the earliest number first; also what waited for it."""
        for one in (*reversed(self._freed_by(number)), number):
            if self._may_start(one) and one not in self.ready:
                self.ready.appendleft(one)

    def _may_start(self, number: int) -> bool:
        operation = self.operation(number)
        ready = self.states.get(number) is S.PREPARED and number not in self.inflight and number in self.mine
        source = operation.takes_from
        return ready and (source is None or self.states.get(source) is S.DONE) and not self._must_wait(operation)

    def _must_wait(self, operation: Operation) -> bool:
        """Whether a purchase of the plan that still moves comes first, so that its effects change no other's price.

        New servers are bought one request after another: names are numbered on from those before. Nothing is paid
        while something before it is still being bought: what is paid becomes active and counts for the discount
        (DSC-5). A purchase behind a payment waits for that, see :mod:`in_turn`.
        """
        if waits(self, operation.number):
            return True
        if operation.kind is not K.ORDER and operation.takes_from is None:
            return False
        moving = self._first_moving()
        return moving is not None and moving < operation.number

    def _freed_by(self, number: int) -> list[int]:
        """What may have waited for ``number``, if that is one of several purchases: the next one, or the payments; or
        the purchase behind it, if it is a payment."""
        if self.after and self.operation(number).takes_from is not None:
            return freed_by(self, number)
        if not self.purchases or self.operation(number).kind not in PURCHASES:
            return []
        moving = self._first_moving()
        if moving is not None:
            return [moving]
        return [one for source in self.purchases for one in self.dependents.get(source, ())]

    def _first_moving(self) -> int | None:
        """The first of several purchases that still moves by itself; what has ended does not begin again."""
        while self.bought < len(self.purchases):
            number = self.purchases[self.bought]
            if self.states.get(number) in _MOVING and number in self.mine:
                return number
            self.bought += 1
        return None


def rests(row: JobRow, run: Run | None) -> bool:
    """Whether nothing of the job moves by itself any more."""
    if row.state in (JobState.FINISHED, JobState.NEEDS_YOU):
        return True
    if row.counts.get(S.SENDING) or row.counts.get(S.HELD) or (run is not None and run.inflight):
        return False
    stuck = row.paused in (PauseReason.SIGN_IN, PauseReason.OTHER_ACCOUNT)
    if row.counts.get(S.UNKNOWN):
        return stuck
    # What is left is prepared: the job is paused, or it waits for the outcome that a person has to decide.
    return row.paused is not None or (bool(row.counts.get(S.NEEDS_YOU)) and (run is None or not run.ready))
