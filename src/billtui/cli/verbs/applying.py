"""``billtui apply`` and ``billtui plan show``: a plan from a file, read, or confirmed here and done once."""

from __future__ import annotations

import sys
from datetime import UTC, datetime

from billtui.cli.carrying import carry_out, exit_of, tell_job, wait_for_job
from billtui.cli.context import Context
from billtui.cli.exits import Exit
from billtui.cli.plan_text import left_out_json, plan_json, show_plan
from billtui.cli.problems import CliError
from billtui.cli.shapes import when
from billtui.config.paths import typed_path
from billtui.services import plan_files
from billtui.services.journal import UnknownJob
from billtui.services.plans import MAX_PLAN_BYTES, Plan
from billtui.services.session import Session
from billtui.services.session_settings import AlienPlan
from billtui.services.settle import MEMORY


def read_plan(name: str) -> Plan:
    """The plan in a file, or on standard input for ``-``. Raises CliError, PlanError."""
    if name == "-":
        return Plan.from_json(sys.stdin.buffer.read(MAX_PLAN_BYTES + 1) if sys.stdin is not None else b"")
    path = typed_path(name)
    try:
        return plan_files.read_plan(path)
    except FileNotFoundError:
        raise CliError("not-found", f"There is no file {path}.", Exit.NOT_FOUND) from None


def show(context: Context) -> Exit:
    """What a plan file says, in full: what would be bought, paid or changed, and what is left out. Asks no panel."""
    plan, out = read_plan(context.options.plan), context.out
    if out.as_json:
        out.document("plan", dry_run=True, plan=plan_json(plan), left_out=left_out_json(plan.left_out))
        return Exit.DONE
    show_plan(out, plan, from_file=True)
    out.line(f"Made {when(plan.made_at)}. Nothing was sent; carry it out with: billtui apply {context.options.plan}")
    return Exit.DONE


async def apply(context: Context) -> Exit:
    """Carry a written plan out. Applied again it shows what became of it. On another host the panel tells that it was
    done, by its keys; without keys that is said, and a panel that has changed since stops it."""
    plan = read_plan(context.options.plan)
    async with context.signed_in() as (session, account):
        if (plan.panel_id, plan.account_id) != (account.panel_id.raw, account.account_id.raw):
            raise AlienPlan(
                f"The plan is for {plan.login} (ID {plan.account_id}) on {plan.panel_name}, made with profile "
                f"{plan.profile}; this is {account.login} (ID {account.account_id}). Nothing was sent."
            )
        try:
            job = session.journal.job(plan.id)
        except UnknownJob:
            if abs(datetime.now(UTC) - plan.made_at) > MEMORY:  # of the future: a clock was wrong, its age is unknown
                raise CliError(
                    "plan-too-old",
                    f"This plan was made {when(plan.made_at)}. Panels remember for 30 days what was done, so it could "
                    "be done twice if it was applied elsewhere; nothing was sent.",
                    Exit.CHANGED,
                    hint="Make the plan anew.",
                ) from None
            about = await _standing(context, session, plan)
            return await carry_out(context, session, plan, planned_earlier=True, about=about)
        if session.journal.plan(job.id).to_json() != plan.to_json():
            raise CliError(
                "plan-changed",
                f"This file was changed: job {job.id[:12]} was another plan under the same id. Nothing was sent.",
                hint=f"Make the plan anew. What became of the other one: billtui jobs show {job.id[:12]}",
                job_id=job.id,
            )
        if job.finished or context.options.dry_run:
            rows = session.journal.operations(job.id)
            if exit_of(job, rows) is Exit.DONE:
                context.out.note("Already done; nothing was sent.")
            return tell_job(context, session, job, already=True)
        if job.paused is not None:
            raise CliError(
                "job-paused",
                f"This plan is job {job.id[:12]}, which waits ({job.paused.value}).",
                Exit.REFUSED,
                hint=f"Go on with: billtui jobs resume {job.id[:12]}",
                job_id=job.id,
            )
        session.executor.settle_now(job.id)
        job = await wait_for_job(context, session, job.id)
        return tell_job(context, session, job, already=True)


async def _standing(context: Context, session: Session, plan: Plan) -> list[str]:
    """What is said of a panel without keys that is not as it was when the file was written. Unasked, it is not done:
    raises CliError."""
    changed = await session.changed_since_written(plan, session.journal)
    if not changed:
        return []
    words = f"Since this file was written the panel has changed: {'; '.join(changed)}."
    if context.options.yes and not context.options.dry_run:
        raise CliError(
            "facts-changed",
            f"{words} It may have been carried out on another computer already; nothing was sent.",
            Exit.CHANGED,
            hint="Make the plan anew, or confirm this one on a terminal, without --yes.",
        )
    return [f"{words} Was it carried out on another computer already?"]
