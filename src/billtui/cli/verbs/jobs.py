"""``billtui jobs …`` and ``billtui journal …``"""

from __future__ import annotations

import asyncio
import time
from typing import Any

from billtui.cli.carrying import account_or_refuse, busy, carry_out, nothing_left, tell_job, wait_for_job
from billtui.cli.confirming import Limit, confirm
from billtui.cli.context import Context
from billtui.cli.exits import Exit
from billtui.cli.output import Column
from billtui.cli.plan_text import counts_text, job_json, operation_json, show_job
from billtui.cli.problems import CliError, Problem
from billtui.cli.progress import JobProgress
from billtui.cli.shapes import count, iso_of, when
from billtui.config.paths import typed_path
from billtui.domain.models import Invoice, Order
from billtui.services import planner
from billtui.services.buying_again import buy_again
from billtui.services.journal import JobRow, JobState, JournalReader, OperationRow, OperationState, amount_of
from billtui.services.journal.report import ReportExists, ReportFormat, report_bytes, write_report
from billtui.services.session import Session
from billtui.services.session_settings import AlienPlan

S = OperationState
_EVENTS = (Column("#", right=True), Column("at"), Column("step", right=True), Column("from"), Column("to"))
_OPERATIONS = (
    Column("changed"),
    Column("job"),
    Column("#", right=True),
    Column("what", cut=True),
    Column("amount", right=True),
    Column("state"),
    Column("code"),
)
_JOBS = (
    Column("job"),
    Column("submitted"),
    Column("what", cut=True),
    Column("total", right=True),
    Column("state"),
    Column("steps", cut=True),
    Column("profile"),
)


def list_all(context: Context) -> Exit:
    """Jobs of this computer, whatever their profile."""
    options, out = context.options, context.out
    with context.journal() as journal:
        jobs = journal.jobs(options.limit or 200, open_only=options.open)
    if options.profile:
        jobs = [job for job in jobs if job.profile == options.profile]
    if out.as_json:
        out.document("jobs", items=[job_json(job) for job in jobs])
    else:
        out.table(_JOBS, map(_job_cells, jobs), empty="No jobs.")
    return Exit.DONE


def _job_cells(job: JobRow) -> list[str]:
    state = job.state.value if job.paused is None else f"{job.state.value} ({job.paused.value})"
    return [job.id[:12], when(job.submitted_at), str(job.title), str(job.total), state, counts_text(job), job.profile]


def show(context: Context) -> Exit:
    """Jobs with their operations; exit 0, whatever became of them. With --follow, once they rest."""
    out = context.out
    with context.journal() as journal:
        if context.options.follow:
            for name in context.options.job:
                _follow(context, journal, journal.job(name).id)
        found = [(job := journal.job(name), journal.operations(job.id)) for name in context.options.job]
    if out.as_json:
        out.document("jobs", items=[job_json(job, rows) for job, rows in found])
        return Exit.DONE
    for job, rows in found:
        out.facts(
            [
                ("Submitted", when(job.submitted_at)),
                ("Account", f"{job.login}, ID {job.account_id}"),
                ("Panel", f"{job.panel_name} (profile {job.profile})"),
                ("Total", str(job.total)),
            ]
        )
        show_job(out, job, rows)
    return Exit.DONE


FOLLOW_SECONDS = 0.5


def _follow(context: Context, journal: JournalReader, job_id: str) -> None:
    """Wait, by reading only, until the job ends or waits for a person, whichever program carries it out."""
    progress = JobProgress(wanted=not context.out.as_json)
    try:
        while not _rests(journal, job := journal.job(job_id)):
            progress.show(job)
            time.sleep(FOLLOW_SECONDS)
        progress.show(job)
    finally:
        progress.end()


def _rests(journal: JournalReader, job: JobRow) -> bool:
    """Whether nothing of it moves by itself: done with, paused, or left by a program that has ended."""
    if job.state in (JobState.FINISHED, JobState.NEEDS_YOU):
        return True
    if job.owner is None or not journal.worker(job.owner).alive:
        return True
    return job.paused is not None and not job.counts.get(S.SENDING) and not job.counts.get(S.UNKNOWN)


def report(context: Context) -> Exit:
    """Every operation with its outcome, to a new file or to standard output."""
    options, out = context.options, context.out
    form = ReportFormat(options.format)
    with context.journal() as journal:
        job = journal.job(options.job)
        if options.out is None:
            text = report_bytes(job, journal.operations(job.id), form).decode()
            if out.as_json and form is not ReportFormat.JSON:
                out.document("job-report", job_id=job.id, format=form.value, text=text)
                return Exit.DONE
            for line in text.splitlines():
                out.line(line)
            return Exit.DONE
        path = typed_path(options.out)
        try:
            steps = write_report(journal, job.id, path, form)
        except ReportExists:
            raise CliError("file-exists", f"{path} is there already; nothing was written over it.") from None
        except OSError as error:
            raise CliError("cannot-write", f"{path} cannot be written: {error.strerror or error}.") from None
    if out.as_json:
        out.document("job-report", job_id=job.id, file=str(path), format=form.value, operations=steps)
    else:
        out.line(f"{count(steps, 'step')} written to {path}.")
    return Exit.DONE


def _own_job(context: Context, session: Session) -> tuple[JobRow, list[OperationRow]]:
    """The job that is named, if it is this account's. Raises UnknownJob, AlienPlan."""
    job = session.journal.job(context.options.job)
    account = account_or_refuse(session)
    if (job.panel_id, job.account_id) != (account.panel_id.raw, account.account_id.raw):
        raise AlienPlan(f"Job {job.id[:12]} is of {job.login} on {job.panel_name}: use --profile {job.profile}.")
    context.job_id = job.id
    return job, session.journal.operations(job.id)


async def resume(context: Context) -> Exit:
    """Go on with a paused job: shows what is left and what changed, asks, sends with the same keys."""
    async with context.signed_in() as (session, _account):
        job, rows = _own_job(context, session)
        if job.state is not JobState.PAUSED:
            if job.state is JobState.FINISHED:
                context.out.note("This job is finished; there is nothing to go on with.")
            return await _wait_and_tell(context, session, job)
        await _confirm_left(context, session, job, [row for row in rows if row.state is S.PREPARED])
        session.executor.resume(job.id)
        return await _wait_and_tell(context, session, job)


async def _confirm_left(context: Context, session: Session, job: JobRow, rows: list[OperationRow]) -> None:
    """Show what would be sent, its total and any drift, and have it confirmed."""
    out, options = context.out, context.options
    differences = await asyncio.wrap_future(session.executor.differences(job.id))
    out.note(f"Job {job.id[:12]}: {job.title}. {count(len(rows), 'step')} left, {job.left} in all.")
    for row in rows:
        out.note(f"  {row.number}. {row.title}{f', {row.amount}' if row.amount is not None else ''}")
        for line in differences.get(row.number, []):
            out.note(f"     changed since you confirmed, so it will not be sent: {line}")
    total = job.left
    if not any(row.amount is not None and row.amount <= total for row in rows):
        amounts = [row.amount for row in rows if row.amount is not None]
        total = max(amounts, default=total)
    limit = Limit.of(context.profile, context.settings)
    confirm(total, len(rows), limit, yes=options.yes, max_total=options.max_total)


async def _wait_and_tell(context: Context, session: Session, job: JobRow) -> Exit:
    return tell_job(context, session, await wait_for_job(context, session, job.id))


async def cancel(context: Context) -> Exit:
    """Cancel what was not sent; needs no network."""
    out = context.out
    async with context.open() as session:
        job = session.journal.job(context.options.job)
        cancelled = session.executor.cancel(job.id)
        job, rows = session.journal.job(job.id), session.journal.operations(job.id)
        if out.as_json:
            out.document("job", cancelled=cancelled, job=job_json(job, rows))
        else:
            show_job(out, job, rows)
            out.line(f"{count(cancelled, 'step')} cancelled; nothing of it was sent.")
    if cancelled:
        return Exit.DONE
    out.problem(Problem("nothing-to-cancel", "Nothing of this job was left to cancel.", Exit.REFUSED))
    return Exit.REFUSED


async def settle(context: Context) -> Exit:
    """Look unknown outcomes up now; without keys also what a person has to decide, once more."""
    async with context.signed_in() as (session, _account):
        job, _rows = _own_job(context, session)
        if job.counts.get(S.UNKNOWN):
            session.executor.settle_now(job.id)
        elif job.counts.get(S.NEEDS_YOU) and not session.traits.keys:
            await asyncio.to_thread(session.executor.look_again, job.id)
        return await _wait_and_tell(context, session, job)


async def retry(context: Context) -> Exit:
    """What was not sent goes again with its keys; what was refused is planned and confirmed anew."""
    async with context.signed_in(fresh=True) as (session, _account):
        job, rows = _own_job(context, session)
        not_sent = [row for row in rows if row.state is S.NOT_SENT]
        refused = [row for row in rows if row.state is S.REFUSED]
        if not_sent:
            waiting = [row for row in rows if row.state is S.PREPARED] if job.paused is not None else []
            await _confirm_not_sent(context, job, not_sent, waiting)
            session.executor.retry_failed(job.id)
            job = await wait_for_job(context, session, job.id)
            if refused:
                context.out.note(
                    f"{count(len(refused), 'step')} was refused and needs a plan of its own: run it again."
                )
            return tell_job(context, session, job)
        if not refused:
            raise CliError("nothing-to-retry", "Nothing of this job failed.", Exit.REFUSED)
        return await _plan_again(context, session, job, refused)


async def _confirm_not_sent(
    context: Context, job: JobRow, not_sent: list[OperationRow], waiting: list[OperationRow]
) -> None:
    """Show and confirm what is sent; a paused job goes on with it, so what was ``waiting`` in it counts as well."""
    options, rows = context.options, [*not_sent, *waiting]
    total = amount_of(rows, job.total.currency)
    also = f", and goes on with {count(len(waiting), 'step')} that waited" if waiting else ""
    context.out.note(
        f"Job {job.id[:12]}: {job.title}. Sends again {count(len(not_sent), 'step')} that was not sent{also}: {total}."
    )
    confirm(
        total,
        len(rows),
        Limit.of(context.profile, context.settings),
        yes=options.yes,
        max_total=options.max_total,
    )


async def _plan_again(context: Context, session: Session, job: JobRow, refused: list[OperationRow]) -> Exit:
    plan = session.journal.plan(job.id)
    numbers = {row.number for row in refused}
    anew = await buy_again(
        session,
        account_or_refuse(session),
        plan,
        numbers,
        busy=busy(session, account_or_refuse(session)),
        profile=context.profile.name,
    )
    if anew is not None:
        context.options.dry_run = False
        if unpaid := tuple(one for one in anew.left_out if one.target == "invoice"):
            # It was to be paid at once: an invoice that cannot be paid now is not issued unasked.
            return nothing_left(context, anew.model_copy(update={"operations": (), "left_out": unpaid}))
        return await carry_out(context, session, anew)
    wanted = [one for one in plan.operations if one.number in numbers]
    invoice_ids = [str(one.params["invoice_id"]) for one in wanted if "invoice_id" in one.params]
    order_ids = [str(one.params["order_id"]) for one in wanted if "order_id" in one.params]
    invoices: dict[str, Invoice] = {one.id.raw: one for one in await session.invoices_by_ids(invoice_ids)}
    orders: dict[str, Order] = {one.id.raw: one for one in await session.orders_by_ids(order_ids)}
    again = planner.again(plan, numbers, invoices=invoices, orders=orders)
    context.options.dry_run = False
    return await carry_out(context, session, again)


async def decide(context: Context) -> Exit:
    """A person says what happened to an operation that the panel cannot tell about any more."""
    options, out = context.options, context.out
    async with context.open() as session:
        job = session.journal.job(options.job)
        session.executor.decide(job.id, options.number, as_done=options.verdict == "done")
        job, rows = session.journal.job(job.id), session.journal.operations(job.id)
        if out.as_json:
            out.document("job", job=job_json(job, rows))
        else:
            show_job(out, job, rows)
    return Exit.DONE


# -- the journal


def journal_list(context: Context) -> Exit:
    """The moves of one job, or the operations of the latest jobs."""
    options, out = context.options, context.out
    with context.journal() as journal:
        if options.job:
            return _events(context, journal)
        rows = [row for job in journal.jobs(options.limit or 20) for row in journal.operations(job.id)]
    if out.as_json:
        out.document("operations", items=[{"job_id": row.job_id, **operation_json(row)} for row in rows])
    else:
        out.table(_OPERATIONS, map(_operation_cells, rows), empty="The journal is empty.")
    return Exit.DONE


def _events(context: Context, journal: JournalReader) -> Exit:
    options, out = context.options, context.out
    job = journal.job(options.job)
    events = journal.events(job.id)[-(options.limit or 10_000) :]
    if out.as_json:
        items: list[dict[str, Any]] = [
            {
                "sequence": one.sequence,
                "at": iso_of(one.at),
                "number": one.number,
                "before": one.before,
                "after": str(one.after),
                "detail": dict(one.detail),
            }
            for one in events
        ]
        out.document("events", job_id=job.id, items=items)
    else:
        cells = ([str(one.sequence), when(one.at), str(one.number), one.before or "", str(one.after)] for one in events)
        out.table(_EVENTS, cells)
    return Exit.DONE


def _operation_cells(row: OperationRow) -> list[str]:
    amount = str(row.billed) if row.billed is not None else ""
    return [
        when(row.changed_at),
        row.job_id[:12],
        str(row.number),
        str(row.title),
        amount,
        row.state.value,
        row.code or "",
    ]


def journal_verify(context: Context) -> Exit:
    """Exit 1 where damage or gaps are found."""
    out = context.out
    with context.journal() as journal:
        there, findings = journal.path.exists(), journal.verify()
    if out.as_json:
        out.document("journal-verify", journal=str(context.journal_path), there=there, findings=findings)
    elif findings:
        for line in findings:
            out.line(line)
    else:
        out.line("No damage and no gaps found." if there else "There is no journal yet.")
    if findings:
        out.problem(Problem("journal-damaged", f"{count(len(findings), 'finding')} in the journal.", Exit.UNEXPECTED))
        return Exit.UNEXPECTED
    return Exit.DONE
