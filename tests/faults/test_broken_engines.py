"""Engines broken by hand: the histories must catch every one of them, or they prove nothing.

Each function breaks one promise in one place, as a hasty change might. RELIABILITY figures: ≥ 20 of 20 caught.
"""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import Callable
from typing import Any

import pytest

from billtui.client.errors import ClientError, OutcomeUnknown, RateLimited, ServerTrouble, SessionExpired, TimedOut
from billtui.services import drift, locks, settle
from billtui.services.executor import courier, desk, engine, requests, run, settler
from billtui.services.journal import OperationState, owners, writer
from billtui.services.plans import Plan
from billtui.services.settle import Verdict
from tests.support.histories import DIRECTED, play, random_steps
from tests.support.history_world import Violation

S = OperationState
Patch = pytest.MonkeyPatch
MOST = 400
"""Histories that a broken engine may survive; the sound one survives all."""


def new_key_for_each_send(patch: Patch) -> None:
    patch.setattr(courier, "perform", lambda c, o, _, r: requests.perform(c, o, uuid.uuid4().hex, r))


def send_before_the_journal(patch: Patch) -> None:
    real = desk.Desk.move

    async def move(self: Any, job: Any, number: int, to: S, *come_from: S, **fields: Any) -> None:
        if to is S.SENDING:
            job.moved(number, to, self.clock(), fields)
            return
        if S.SENDING in come_from:
            await real(self, job, number, S.SENDING, S.PREPARED)
        await real(self, job, number, to, *come_from, **fields)

    patch.setattr(desk.Desk, "move", move)


def _verdict(patch: Patch, kind: type[ClientError], verdict: Callable[[ClientError], Verdict]) -> None:
    real = settle.verdict_of_error

    def broken(error: ClientError) -> Verdict:
        inner = error.cause_error if isinstance(error, OutcomeUnknown) else error
        return verdict(inner) if isinstance(inner, kind) else real(error)

    patch.setattr(courier, "verdict_of_error", broken)


def server_trouble_is_a_refusal(patch: Patch) -> None:
    _verdict(patch, ServerTrouble, lambda error: Verdict(S.REFUSED, error.code, detail="no"))


def server_trouble_is_not_executed(patch: Patch) -> None:
    _verdict(patch, ServerTrouble, lambda error: Verdict(S.PREPARED, error.code))


def time_out_is_not_sent(patch: Patch) -> None:
    _verdict(patch, TimedOut, lambda error: Verdict(S.NOT_SENT, error.code))


def lost_answer_is_done(patch: Patch) -> None:
    _verdict(patch, ClientError, lambda error: Verdict(S.DONE, answer={}))


def too_many_requests_is_a_refusal(patch: Patch) -> None:
    _verdict(patch, RateLimited, lambda error: Verdict(S.REFUSED, error.code))


def ended_session_is_a_refusal(patch: Patch) -> None:
    _verdict(patch, SessionExpired, lambda error: Verdict(S.REFUSED, error.code))


def nothing_is_locked(patch: Patch) -> None:
    patch.setattr(writer.Journal, "_lock", lambda *_: None)


def locks_are_let_go_while_unknown(patch: Patch) -> None:
    real = writer.Journal._relock

    def relock(self: Any, job_id: str, number: int, before: S, to: S) -> None:
        if to is S.UNKNOWN:
            self._db.execute("UPDATE locks SET open = 0 WHERE job_id = ? AND number = ?", (job_id, number))
        real(self, job_id, number, before, to)

    patch.setattr(writer.Journal, "_relock", relock)


def _look_up(patch: Patch, verdict: Verdict) -> None:
    async def look_up(*_: Any) -> Verdict:
        return verdict

    patch.setattr(settler, "look_up", look_up)


def unknown_is_sent_again_without_asking(patch: Patch) -> None:
    _look_up(patch, Verdict(S.PREPARED))


def unknown_is_taken_for_done(patch: Patch) -> None:
    _look_up(patch, Verdict(S.DONE))


def unknown_is_taken_for_refused(patch: Patch) -> None:
    _look_up(patch, Verdict(S.REFUSED, "refused"))


def unknown_is_never_looked_up(patch: Patch) -> None:
    patch.setattr(engine.Engine, "_start_settling", lambda *_: None)


def an_old_key_counts_as_never_seen(patch: Patch) -> None:
    real = settle.verdict_of_status
    patch.setattr(settle, "verdict_of_status", lambda status, sent, now: real(status, None, now))


def an_old_request_is_sent_again(patch: Patch) -> None:
    patch.setattr(courier.Courier, "_is_too_old", lambda *_: False)


def drift_is_not_looked_at(patch: Patch) -> None:
    async def read_afresh(*arguments: Any) -> drift.Fresh:
        fresh = await drift.read_afresh(*arguments)
        fresh.differences.clear()
        return fresh

    patch.setattr(courier, "read_afresh", read_afresh)


def payments_do_not_wait_for_purchases(patch: Patch) -> None:
    patch.setattr(run.Run, "_must_wait", lambda *_: False)


def a_purchase_is_not_priced_again(patch: Patch) -> None:
    """It is quoted, since it needs a quote, but what was planned is not held against it."""
    patch.setattr(drift, "_cells", lambda *_: None)


def a_reading_stays_fresh_for_ever(patch: Patch) -> None:
    async def read_afresh(client: Any, reads: Any, operation: Any, invoice_id: str | None = None) -> drift.Fresh:
        found = known.get((operation.title, operation.number))
        if found is None:
            found = known[operation.title, operation.number] = await drift.read_afresh(
                client, reads, operation, invoice_id
            )
        return found

    known: dict[Any, drift.Fresh] = {}
    patch.setattr(courier, "read_afresh", read_afresh)


def the_fresh_total_is_paid_instead_of_the_confirmed_one(patch: Patch) -> None:
    async def perform(client: Any, operation: Any, key: str, ready: Any) -> Any:
        if operation.params.get("invoice_id"):
            invoice = await client.invoices.get(operation.params["invoice_id"])
            operation = operation.model_copy(update={"amount": invoice.total + invoice.total})
        return await requests.perform(client, operation, key, ready)

    patch.setattr(courier, "perform", perform)


def recovery_sends_what_was_being_sent_again(patch: Patch) -> None:
    real = writer.Journal.move

    def move(self: Any, job_id: str, number: int, to: S, *, come_from: Any, **fields: Any) -> None:
        if fields.get("code") == "interrupted":
            to = S.PREPARED
        real(self, job_id, number, to, come_from=come_from, **fields)

    patch.setattr(writer.Journal, "move", move)


def recovery_takes_from_the_living(patch: Patch) -> None:
    patch.setattr(locks, "obtain", lambda directory, owner: locks.DeadOwner(directory / "none", None))


def recovery_does_nothing(patch: Patch) -> None:
    patch.setattr(owners, "recover", lambda journal: owners.Recovered((), (), ()))


def a_restart_goes_on_without_a_person(patch: Patch) -> None:
    real = owners.claim_unknown

    def claim_unknown(journal: Any, owner: str, panel_id: str, account_id: str) -> list[str]:
        jobs = {
            row[0] for row in journal.rows("SELECT job_id FROM operations WHERE state = 'prepared' AND owner IS NULL")
        }
        for job_id in jobs:
            owners.claim(journal, job_id, owner)
            journal.unpause(job_id)
        return sorted(jobs | set(real(journal, owner, panel_id, account_id)))

    patch.setattr(owners, "claim_unknown", claim_unknown)


def what_was_held_is_sent_after_a_crash(patch: Patch) -> None:
    real = owners._take_over

    def take_over(journal: Any, owner: str, dropped: Any, *rest: Any) -> None:
        for job_id, number in journal.rows(
            "SELECT job_id, number FROM operations WHERE state = 'held' AND owner = ?", (owner,)
        ):
            journal.move(job_id, number, S.PREPARED, come_from=(S.HELD,))
            dropped.append((job_id, number))
        real(journal, owner, dropped, *rest)

    patch.setattr(owners, "_take_over", take_over)


def taking_back_only_looks_so(patch: Patch) -> None:
    patch.setattr(owners, "take_back", lambda journal, job_id: 1)


def cancelling_only_looks_so(patch: Patch) -> None:
    patch.setattr(owners, "cancel", lambda journal, job_id, owner: 1)


def pausing_only_looks_so(patch: Patch) -> None:
    patch.setattr(writer.Journal, "pause", lambda *_: None)


def payments_do_not_wait_for_their_purchase(patch: Patch) -> None:
    def may_start(self: Any, number: int) -> bool:
        return self.states.get(number) is S.PREPARED and number not in self.inflight and number in self.mine

    patch.setattr(run.Run, "_may_start", may_start)


def an_outcome_is_not_written_down(patch: Patch) -> None:
    real = desk.Desk.move_surely

    async def move_surely(self: Any, job: Any, number: int, to: S, *come_from: S, **fields: Any) -> None:
        if to is S.DONE and S.SENDING in come_from:
            job.moved(number, to, self.clock(), fields)
        else:
            await real(self, job, number, to, *come_from, **fields)

    patch.setattr(desk.Desk, "move_surely", move_surely)


def the_same_plan_becomes_another_job(patch: Patch) -> None:
    real = writer.Journal.add_job

    def add_job(self: Any, plan: Plan, owner: str, *, held: bool) -> bool:
        if self.rows("SELECT 1 FROM jobs WHERE id = ?", (plan.id,)):
            plan = plan.model_copy(update={"id": uuid.uuid4().hex})
        return real(self, plan, owner, held=held)

    patch.setattr(writer.Journal, "add_job", add_job)


def moves_without_events(patch: Patch) -> None:
    real = writer.Journal._event
    patch.setattr(
        writer.Journal, "_event", lambda self, j, n, b, a, d: real(self, j, n, b, a, d) if a != S.SENDING else None
    )


def two_requests_for_one_operation(patch: Patch) -> None:
    async def perform(*arguments: Any) -> Any:
        first, _ = await asyncio.gather(requests.perform(*arguments), requests.perform(*arguments))
        return first

    patch.setattr(courier, "perform", perform)


def no_limit_on_concurrency(patch: Patch) -> None:
    patch.setattr(asyncio, "Semaphore", lambda _=1, real=asyncio.Semaphore: real(1000))


BROKEN = [
    value
    for name, value in list(globals().items())
    if callable(value) and getattr(value, "__module__", "") == __name__ and not name.startswith("_")
]


def test_there_are_enough_broken_engines() -> None:
    assert len(BROKEN) >= 20


@pytest.mark.faults
@pytest.mark.parametrize("broken", BROKEN, ids=lambda broken: broken.__name__)
def test_every_broken_engine_is_caught(broken: Callable[[Patch], None], monkeypatch: Patch) -> None:
    logging.disable(logging.CRITICAL)
    broken(monkeypatch)
    try:
        for seed in range(-len(DIRECTED), MOST):
            try:
                play(seed, list(DIRECTED[seed]) if seed < 0 else random_steps(seed, 30))
            except Violation:
                return
        pytest.fail(f"{broken.__name__} survived {MOST} histories")
    finally:
        logging.disable(logging.NOTSET)
