"""Two programs on the same drafts, in any order of typing, saving, sending, outcomes and merges: nothing is lost.

The model knows what should stand on disk after each step, and which saves have to be refused (TKT-9).
"""

from __future__ import annotations

import os
import shutil
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from billtui.services import planner
from billtui.services.drafts import Draft, DraftConflict, DraftKey, DraftKind, DraftLocked, Drafts, PlanOfAnother
from billtui.services.journal import JournalReader, OperationState
from billtui.services.plans import Plan
from tests.support.letters import OWNER, Clerk, staff_account, ticket

S = OperationState
LONG = os.environ.get("BILLTUI_FAULTS") == "long"
PROGRAMS = st.integers(0, 1)
KINDS = st.sampled_from([DraftKind.REPLY, DraftKind.REPLY, DraftKind.NOTE])
ENDS = st.sampled_from([S.DONE, S.NOT_SENT, S.NOT_SENT, S.REFUSED, S.UNKNOWN])


@dataclass
class Kept:
    """What the model knows of one draft."""

    body: str
    origin: str = ""
    revision: int = 0
    plan: Plan | None = None
    sent_at: int = 0
    state: OperationState | None = None

    @property
    def locked(self) -> bool:
        return self.state in (S.PREPARED, S.UNKNOWN)


class Histories(RuleBasedStateMachine):
    """Two programs, one account."""

    def __init__(self) -> None:
        super().__init__()
        self.place = Path(tempfile.mkdtemp(prefix="billtui-drafts-"))
        path = self.place / "journal.db"
        self.clerk, self.reader = Clerk(path), JournalReader(path)
        self.programs = [Drafts(self.place / "drafts", self.reader) for _ in range(2)]
        self.open: list[Draft | None] = [None, None]
        self.model: dict[DraftKey, Kept] = {}
        self.count = 0

    def teardown(self) -> None:
        self.reader.close()
        self.clerk.close()
        shutil.rmtree(self.place)

    def _words(self) -> str:
        self.count += 1
        return f"words {self.count}"

    def _forget_sent(self) -> None:
        for key in [key for key, one in self.model.items() if one.state is S.DONE and one.revision == one.sent_at]:
            del self.model[key]

    def _wrong(self, draft: Draft) -> bool:
        """Whether another program was quicker, or it is locked."""
        known = self.model.get(draft.key)
        return (known.locked if known is not None else False) or (
            (draft.origin, draft.revision) != ((known.origin, known.revision) if known is not None else ("", 0))
        )

    @rule(program=PROGRAMS, kind=KINDS, ticket_id=st.sampled_from(["71", "71", "71", "72"]))
    def begin(self, program: int, kind: DraftKind, ticket_id: str) -> None:
        draft = self.programs[program].begin(kind, ticket_id, seen="m3")
        known = self.model.get(draft.key)
        assert draft.key.kind is kind and draft.body == (known.body if known is not None else "")
        assert known is None or not known.locked
        self.open[program] = draft

    @precondition(lambda self: any(self.open))
    @rule(program=PROGRAMS)
    def save(self, program: int) -> None:
        draft = self.open[program]
        if draft is None:
            return
        draft = replace(draft, body=self._words())
        try:
            kept = self.programs[program].save(draft)
        except (DraftConflict, DraftLocked) as error:
            assert self._wrong(draft), error
            known = self.model.get(draft.key)
            if isinstance(error, DraftConflict):
                assert (error.theirs.body if error.theirs else None) == (known.body if known else None)
            return
        assert not self._wrong(draft)
        known = self.model.setdefault(draft.key, Kept(""))
        known.body, known.origin, known.revision = kept.body, kept.origin, kept.revision
        self.open[program] = kept

    @precondition(lambda self: any(self.open))
    @rule(program=PROGRAMS)
    def save_beside(self, program: int) -> None:
        draft = self.open[program]
        if draft is None:
            return
        kept = self.programs[program].save_beside(replace(draft, body=self._words()))
        assert kept.key not in self.model
        self.model[kept.key] = Kept(kept.body, kept.origin, kept.revision)
        self.open[program] = kept

    @precondition(lambda self: any(self.open))
    @rule(program=PROGRAMS, stale=st.sampled_from([False, False, False, True]))
    def send(self, program: int, stale: bool) -> None:
        draft = self.open[program]
        if draft is None or draft.is_empty:
            return
        known = self.model.get(draft.key)
        plan = planner.reply(
            staff_account(), ticket(draft.key.ticket_id), "another" if stale else draft.body, seen=draft.seen,
            internal=draft.internal,
        )  # fmt: skip
        busy = any(one.locked and key.ticket_id == draft.key.ticket_id for key, one in self.model.items())
        try:
            self.programs[program].send(draft, plan, self._submit)
        except (DraftConflict, DraftLocked):
            assert self._wrong(draft)
        except PlanOfAnother:
            assert stale
        except Busy:
            assert busy
        else:
            assert not stale and not busy and not self._wrong(draft) and known is not None
            known.plan, known.state, known.revision = plan, S.PREPARED, draft.revision + 1
            known.sent_at = known.revision
            self.open[program] = self.programs[program].get(draft.key)

    def _submit(self, plan: Plan) -> str:
        target = plan.operation(1).targets[0].removeprefix("ticket:")
        if any(one.locked and key.ticket_id == target for key, one in self.model.items()):
            raise Busy
        return self.clerk.submit(plan)

    @precondition(lambda self: any(one.state is S.PREPARED for one in self.model.values()))
    @rule(state=ENDS)
    def end(self, state: OperationState) -> None:
        known = next(one for one in self.model.values() if one.state is S.PREPARED)
        assert known.plan is not None
        self.clerk.end(known.plan, state)
        known.state = state

    @precondition(lambda self: any(one.state is S.UNKNOWN for one in self.model.values()))
    @rule(done=st.booleans())
    def settle(self, done: bool) -> None:
        known = next(one for one in self.model.values() if one.state is S.UNKNOWN)
        assert known.plan is not None
        known.state = S.DONE if done else S.REFUSED
        self.clerk.journal.move(known.plan.id, 1, known.state, come_from=(S.UNKNOWN,))

    @precondition(lambda self: any(one.state is S.NOT_SENT for one in self.model.values()))
    @rule()
    def send_again(self) -> None:
        """“Send again” in the job, whatever became of the draft meanwhile."""
        known = next(one for one in self.model.values() if one.state is S.NOT_SENT)
        target = next(key.ticket_id for key, one in self.model.items() if one is known)
        if known.plan is None or any(one.locked and key.ticket_id == target for key, one in self.model.items()):
            return
        self.clerk.journal.move(known.plan.id, 1, S.PREPARED, come_from=(S.NOT_SENT,), owner=OWNER)
        known.state = S.PREPARED

    @precondition(lambda self: any(self.open))
    @rule(program=PROGRAMS)
    def follow(self, program: int) -> None:
        draft = self.open[program]
        if draft is None or draft.revision == 0 or draft.key.ticket_id == "72":
            return
        try:
            moved = self.programs[program].follow(draft, "72", number="T-72")
        except (DraftConflict, DraftLocked):
            assert self._wrong(draft)
            return
        known = self.model.pop(draft.key)
        assert moved.body == known.body and moved.key not in self.model and moved.key.kind is draft.key.kind
        self.model[moved.key] = Kept(moved.body, moved.origin, moved.revision)
        self.open[program] = moved

    @precondition(lambda self: any(self.open))
    @rule(program=PROGRAMS)
    def discard(self, program: int) -> None:
        draft = self.open[program]
        if draft is None or draft.revision == 0:
            return
        try:
            self.programs[program].discard(draft)
        except (DraftConflict, DraftLocked):
            assert self._wrong(draft)
            return
        del self.model[draft.key]
        self.open[program] = None

    @invariant()
    def everything_is_there(self) -> None:
        self._forget_sent()
        assert {one.key: one.body for one in self.programs[0].all()} == {
            key: one.body for key, one in self.model.items()
        }


class Busy(Exception):
    """The ticket has an open operation."""


Histories.TestCase.settings = settings(
    max_examples=400 if LONG else 20, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
)
TestHistories = pytest.mark.faults(Histories.TestCase)
