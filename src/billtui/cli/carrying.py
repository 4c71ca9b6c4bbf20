"""From a plan to its outcome, as every writing verb does it: show, confirm, journal, carry out, tell."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from pydantic import SecretStr

from billtui.cli.confirming import Limit, confirm
from billtui.cli.context import Context
from billtui.cli.exits import Ended, Exit, exit_of_job, exit_of_left_out, exit_of_refusal
from billtui.cli.plan_text import (
    counts_text,
    job_json,
    left_out_json,
    plan_json,
    plan_lines,
    show_job,
    show_left_out,
    show_plan,
)
from billtui.cli.problems import CliError, Problem
from billtui.cli.progress import JobProgress
from billtui.config.paths import typed_path
from billtui.domain.models import Account
from billtui.domain.payment_address import payment_address, payment_host, refused_address
from billtui.services import plan_files
from billtui.services.journal import Busy, JobRow, OperationRow, OperationState
from billtui.services.one_time_codes import CODE_NEEDED, STEP_OF
from billtui.services.panel_ways import ways_of
from billtui.services.plans import CODED, OperationKind, Plan
from billtui.services.session import NotSignedIn, ReadOnlySession, Session

S = OperationState
LOOK_SECONDS = 0.25


def busy(session: Session, account: Account) -> dict[str, Busy]:
    """What has an open operation already, in this program or another on the same account."""
    return session.journal.open_targets(account.panel_id.raw, account.account_id.raw)


async def carry_out(
    context: Context,
    session: Session,
    plan: Plan,
    *,
    notes: Mapping[str, str] | None = None,
    planned_earlier: bool = False,
    not_asked_for: Collection[str] = (),
    about: Sequence[str] = (),
    more: Mapping[str, Any] | None = None,
    codes: Mapping[int, SecretStr] | None = None,
    submit: Callable[[Plan], object] | None = None,
    full: bool = True,
) -> Exit:
    """Do what the options say with ``plan``: only show it, write it to a file, or confirm it and carry it out.

    ``about`` are lines that are shown with the plan, ``more`` are fields for its document. ``codes`` are one-time codes
    by operation number (TRF-2). ``submit`` hands the plan over instead of ``session.submit``. Not ``full``:
    what the steps are made of stands in ``about``, as its writer may see it.

    ``planned_earlier``: it comes from a file, so what it left out was told when it was made. What is left out with a
    code of ``not_asked_for`` is told, and does not make what is done partly done.
    """
    options, out = context.options, context.out
    left_out = () if planned_earlier else plan.left_out
    ways = ways_of(session.traits, plan, from_file=planned_earlier, ahead=session.paid_ahead())
    about = [*about, *ways]
    if options.dry_run:
        return _dry_run(context, plan, about, more or {}, from_file=planned_earlier, full=full)
    if not plan.operations:
        return nothing_left(context, plan)
    if getattr(options, "plan_out", None):
        return _plan_out(context, await session.with_panel_seen(plan), about, more or {}, full=full)
    if plan.coded and not codes:
        raise _needs_codes(plan)
    if session.read_only:
        raise ReadOnlySession("This profile is read-only; nothing is changed through it.")
    if not options.yes or not out.as_json:
        for line in plan_lines(plan, from_file=planned_earlier, full=full):
            out.note(line)
        for label, value in (notes or {}).items():
            out.note(f"{label:<8} {value}")
        for line in about:
            out.note(line)
    if options.yes and out.as_json and planned_earlier:
        for line in ways:  # nobody looks, but whoever reads the log later should find it
            out.note(line)
    show_left_out(out, left_out)
    confirm(
        plan.total,
        plan.item_count,
        Limit.of(context.profile, context.settings),
        yes=options.yes,
        max_total=options.max_total,
        recipient=_recipient(plan),
    )
    job = await submit_and_wait(context, session, plan, codes, submit)
    missing = sum(1 for one in left_out if one.code.raw not in not_asked_for)
    return tell_job(context, session, job, plan, left_out=missing, more=more)


def _recipient(plan: Plan) -> str | None:
    """The login that gets the orders of a push; it is typed once more to confirm."""
    pushes = [one for one in plan.operations if one.kind is OperationKind.TRANSFER_PUSH]
    return pushes[0].text("recipient_login") if pushes else None


def _needs_codes(plan: Plan) -> CliError:
    first = plan.operation(plan.coded[0])
    step = STEP_OF[first.kind]
    words = "A transfer is confirmed or accepted with the one-time code of its mail, which stands in no file."
    transfer = first.text("transfer_id")
    hint = f"billtui transfers {step} id:{transfer}, and give the code there."
    return CliError(CODE_NEEDED, f"{words} Nothing was sent.", Exit.REFUSED, rule="TRF-2", hint=hint)


def _dry_run(
    context: Context, plan: Plan, about: Sequence[str], more: Mapping[str, Any], *, from_file: bool, full: bool
) -> Exit:
    code = Exit.DONE if plan.operations else Exit.REFUSED
    if context.out.as_json:
        context.out.document("plan", dry_run=True, plan=plan_json(plan), left_out=left_out_json(plan.left_out), **more)
    else:
        show_plan(context.out, plan, from_file=from_file, full=full)
        for line in about:
            context.out.line(line)
        context.out.line("Dry run: nothing was sent.")
    if not plan.operations:
        context.out.problem(_nothing(plan, code))
    return code


def nothing_left(context: Context, plan: Plan) -> Exit:
    """Everything was left out: say why; exit 5, or 6 where the payment is what is refused."""
    code = exit_of_left_out(str(one.code) for one in plan.left_out)
    if context.out.as_json:
        context.out.document("plan", dry_run=False, plan=plan_json(plan), left_out=left_out_json(plan.left_out))
    elif len(plan.left_out) > 1:
        show_left_out(context.out, plan.left_out)
    context.out.problem(_nothing(plan, code))
    return code


def _nothing(plan: Plan, code: Exit) -> Problem:
    if not plan.left_out:
        return Problem("nothing-to-do", "There is nothing to do.", code)
    first = plan.left_out[0]
    related = {name: value.raw for name, value in first.related.items()}
    more: dict[str, Any] = {"related": related} if related else {}
    return Problem(
        first.code.raw, f"Nothing was sent. {first.title}: {first.reason}", code, first.rule.raw or None, False, more
    )


def _plan_out(context: Context, plan: Plan, about: Sequence[str], more: Mapping[str, Any], *, full: bool) -> Exit:
    path = typed_path(context.options.plan_out)
    try:
        plan_files.write_plan(path, plan, force=context.options.force)
    except FileExistsError:
        raise CliError("file-exists", f"{path} is there already; nothing was sent.", hint="Add --force.") from None
    if context.out.as_json:
        context.out.document(
            "plan", dry_run=True, plan_file=str(path), plan=plan_json(plan), left_out=left_out_json(plan.left_out),
            **more,
        )  # fmt: skip
    else:
        show_plan(context.out, plan, full=full)
        for line in about:
            context.out.line(line)
        context.out.line(f"Written to {path}; nothing was sent. Carry it out with: billtui apply {path}")
    return Exit.DONE


# -- carrying out


async def submit_and_wait(
    context: Context,
    session: Session,
    plan: Plan,
    codes: Mapping[int, SecretStr] | None = None,
    submit: Callable[[Plan], object] | None = None,
) -> JobRow:
    """Journal the plan and wait until it rests. Raises ReadOnlySession, AlienPlan, CodeNeeded, JournalError."""
    context.job_id = plan.id  # before it is journalled: an interruption must find it
    if submit is None:
        await asyncio.to_thread(session.submit, plan, codes=codes)
    else:
        await asyncio.to_thread(submit, plan)
    return await wait_for_job(context, session, plan.id)


async def wait_for_job(context: Context, session: Session, job_id: str) -> JobRow:
    """Wait until nothing of the job moves any more, or only unknown outcomes are left for too long."""
    settle_seconds = float(getattr(context.options, "settle_seconds", 30))
    context.job_id = job_id
    executor = session.executor
    only_unknown_since: float | None = None
    before: JobRow | None = None
    progress = JobProgress(wanted=not context.out.as_json)
    try:
        while True:
            began = time.monotonic()
            job = await asyncio.to_thread(executor.wait, job_id, LOOK_SECONDS)
            progress.show(job)
            if time.monotonic() - began < LOOK_SECONDS:
                return job  # it returned before its time: the job rests
            if _only_unknown(job, before):
                only_unknown_since = only_unknown_since or time.monotonic()
                if time.monotonic() - only_unknown_since >= settle_seconds:
                    return job
            else:
                only_unknown_since = None
            before = job
    finally:
        progress.end()


def _only_unknown(job: JobRow, before: JobRow | None) -> bool:
    """Whether all that still moves is the look-up of lost answers (what depends on them waits as well)."""
    if not job.counts.get(S.UNKNOWN) or job.counts.get(S.SENDING) or before is None:
        return False
    return job.counts.get(S.PREPARED) == before.counts.get(S.PREPARED)


# -- telling


def ended(rows: list[OperationRow]) -> list[Ended]:
    """The operations as far as the exit code goes by them."""
    return [Ended(row.state.value, row.code) for row in rows]


def exit_of(job: JobRow, rows: list[OperationRow], left_out: int = 0) -> Exit:
    """The exit code of a job as it stands in the journal."""
    return exit_of_job(ended(rows), job.paused.value if job.paused is not None else None, left_out=left_out)


def tell_job(
    context: Context,
    session: Session,
    job: JobRow,
    plan: Plan | None = None,
    *,
    left_out: int = 0,
    already: bool = False,
    more: Mapping[str, Any] | None = None,
) -> Exit:
    """Say what became of a job, and give its exit code."""
    rows = session.journal.operations(job.id)
    code = exit_of(job, rows, left_out)
    out = context.out
    if out.as_json:
        fields = dict(more or {}) if plan is None else {"left_out": left_out_json(plan.left_out), **(more or {})}
        out.document("job", exit=int(code), already_done=already, job=job_json(job, rows), **fields)
    else:
        show_job(out, job, rows)
        for row in rows:
            if (sent := _payment_address(row)) is not None:
                address = payment_address(sent, context.profile.url)
                out.line(f"Pay at {address}" if address is not None else refused_address(sent))
                if address is not None:
                    out.line(payment_host(address, context.profile.url))
    if code is not Exit.DONE:
        out.problem(_job_problem(job, rows, code, left_out))
    return code


def _payment_address(row: OperationRow) -> str | None:
    """Where an external payment is to be made, as the panel said; shown whole, never opened (INV-3)."""
    answer = row.answer or {}
    payment = answer.get("payment") if isinstance(answer.get("payment"), dict) else answer
    address = payment.get("payment_url") if isinstance(payment, dict) else None
    return address if isinstance(address, str) else None


_HINTS: dict[Exit, Callable[[str], str]] = {
    Exit.UNKNOWN: lambda job: f"Do not repeat it. Ask the panel what became of it: billtui jobs settle {job}",
    Exit.NETWORK: lambda job: f"Nothing was sent. Once the panel can be reached: billtui jobs retry {job}",
    Exit.SIGN_IN: lambda job: f"Sign in (billtui login), then: billtui jobs resume {job}",
    Exit.PARTLY: lambda job: f"See billtui jobs show {job}",
    Exit.CHANGED: lambda _: "Nothing was sent. Make the plan anew and look at it.",
}


def _give_again(row: OperationRow, code: Exit) -> str | None:
    """What to do about a step that needs a one-time code and was not taken: the code goes with this command (TRF-2)."""
    step = next((name for kind, name in STEP_OF.items() if kind.value == row.kind), None)
    if step is None or (row.code != "wrong-code" and code not in (Exit.NETWORK, Exit.SIGN_IN)):
        return None
    transfer = next((one.partition(":")[2] for one in row.targets if one.startswith("transfer:")), "")
    words = {
        Exit.NETWORK: "Nothing was sent, and the code is not kept. Once the panel can be reached, give it again",
        Exit.SIGN_IN: "Nothing was sent, and the code is not kept. Sign in (billtui login), then give it again",
    }.get(code, "Nothing happened. Give the right one")
    return f"{words}: billtui transfers {step} id:{transfer}"


def _job_problem(job: JobRow, rows: list[OperationRow], code: Exit, left_out: int) -> Problem:
    """The first operation that says why, with what to do next."""
    wanted = {
        Exit.UNKNOWN: (S.UNKNOWN, S.NEEDS_YOU, S.SENDING),
        Exit.NETWORK: (S.NOT_SENT, S.PREPARED),
    }.get(code, (S.REFUSED, S.NOT_SENT, S.PREPARED, S.CANCELLED))
    found = [row for row in rows if row.state in wanted]
    if code not in (Exit.PARTLY, Exit.UNKNOWN, Exit.NETWORK):
        found = [row for row in found if exit_of_refusal(row.code) is code] or found
    first = found[0] if found else None
    words = first.detail if first is not None and first.detail is not None else job.note
    reason = f"{first.title}: {words}" if first is not None and words else str(words or "")
    if code is Exit.PARTLY:
        extra = f", {left_out} left out" if left_out else ""
        detail = f"Partly done: {counts_text(job)}{extra}. {reason}".strip()
    elif code is Exit.UNKNOWN:
        detail = f"Outcome unknown: it was sent, and the answer was lost. {reason}".strip()
    else:
        detail = reason or f"Not done: {counts_text(job)}."
    problem_code = {Exit.UNKNOWN: "outcome-unknown", Exit.PARTLY: "partly-done"}.get(code)
    more: dict[str, Any] = {"job_id": job.id, "job_exit": int(code)}
    if hint := _HINTS.get(code):
        more["hint"] = hint(job.id[:12])
    if first is not None and first.state is S.NEEDS_YOU:
        decide = f"billtui jobs decide {job.id[:12]} {first.number} --as done (or not-done)"
        more["hint"] = f"Do not repeat it. Compare with the panel, then: {decide}"
    if first is not None and (again := _give_again(first, code)):
        more["hint"] = again
    if first is not None and first.request_id:
        more["request_id"] = first.request_id
    return Problem(
        problem_code or (first.code if first is not None and first.code else "not-done"),
        detail,
        code,
        first.rule if first is not None else None,
        code in (Exit.NETWORK, Exit.SIGN_IN),
        more,
    )


def interrupted(context: Context) -> Exit:
    """ctrl+c: say what is known of the job; the journal keeps what was sent."""
    if context.job_id is None:
        context.out.problem(Problem("interrupted", "Interrupted; nothing was sent.", Exit.INTERRUPTED))
        return Exit.INTERRUPTED
    from billtui.services.journal import JournalReader, UnknownJob

    reader = JournalReader(context.journal_path)
    try:
        job = reader.job(context.job_id)
    except UnknownJob:
        context.out.problem(Problem("interrupted", "Interrupted; nothing was sent.", Exit.INTERRUPTED))
        return Exit.INTERRUPTED
    finally:
        reader.close()
    next_step = f"billtui jobs show {job.id[:12]}"
    if job.counts.get(S.UNKNOWN) or job.counts.get(S.SENDING):
        next_step = f"billtui jobs settle {job.id[:12]}"
    elif job.counts.get(S.PREPARED) and job.kind not in CODED:
        next_step = f"billtui jobs resume {job.id[:12]}"
    context.out.problem(
        Problem(
            "interrupted",
            f"Interrupted. Job {job.id[:12]}: {counts_text(job)}.",
            Exit.INTERRUPTED,
            more={"job": json.loads(json.dumps(job_json(job))), "hint": next_step},
        )
    )
    return Exit.INTERRUPTED


def account_or_refuse(session: Session) -> Account:
    """The account that plans are made for. Raises NotSignedIn."""
    if session.account is None:
        raise NotSignedIn("Nobody is signed in yet; nothing was sent.")
    return session.account
