"""What a person can do with a job: pause, go on, cancel, retry, decide."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from textual.content import Content

from billtui.domain.models import Order
from billtui.domain.safetext import SafeText
from billtui.screens.flows import busy_targets, confirm_and_submit, payment_refused, signed_in_account
from billtui.screens.job_progress import NOBODY, Standing
from billtui.screens.modals.choice import Choice, ChoiceDialog, MessageDialog
from billtui.screens.modals.external import ExternalPayment
from billtui.services import planner
from billtui.services.buying_again import buy_again
from billtui.services.journal import JobRow, JobState, OperationRow, OperationState, amount_of
from billtui.services.journal.targets import about_words
from billtui.services.journal.workers import Worker
from billtui.services.pictures import compared, looked_at
from billtui.services.plans import Plan
from billtui.services.waits import asking
from billtui.widgets.formats import count_text, local, moment_text, state_cell, toned

if TYPE_CHECKING:
    from billtui.screens.shell import Shell
    from billtui.services.session import Session

S = OperationState
LISTED = 5
"""So many differences are named one by one before a job goes on."""


def standing_of(session: Session, job: JobRow) -> Standing:
    """Who carries ``job`` out: this program, another one, or one that has ended."""
    if job.owner is None:
        return NOBODY
    if job.owner == session.owner:
        return Standing(Worker(job.owner, alive=True), mine=True)
    return Standing(session.journal.worker(job.owner), mine=False)


async def pause_or_go_on(app: Shell, job_id: str) -> None:
    """Pause a running job; go on with a paused one after showing what is left and what changed meanwhile.

    A job that another running program carries out is paused, and goes on, there; one whose program has ended goes on
    here.
    """
    executor = app.session.executor
    job = app.session.journal.job(job_id)
    standing = standing_of(app.session, job)
    if standing.orphaned:
        await asyncio.to_thread(executor.take_over)
        job = app.session.journal.job(job_id)
        standing = standing_of(app.session, job)
    if job.state is not JobState.PAUSED:
        executor.pause(job.id)
        who = f"{standing.worker.words} starts nothing new" if standing.elsewhere and standing.worker else ""
        app.say(f"{job.title}: paused; {who or 'nothing new is started'}.")
        return
    with asking("Comparing what is left with the panel"):
        differences = await asyncio.wrap_future(executor.differences(job.id))
    left = [row for row in app.session.journal.operations(job.id, answers=False) if not row.closed]
    where = f" by {standing.worker.words}" if standing.elsewhere and standing.worker is not None else ""
    choices = [
        Choice("stay", "Leave it paused", "Nothing is sent"),
        Choice("go", "Go on", f"Sends what is left{_money(job)}{where}"),
        Choice("cancel", "Cancel what is left", "What was done stays done"),
    ]
    note = left_note(job, left, differences)
    dialog = ChoiceDialog(str(job.title), choices, note=note, chosen="stay").that_sends()
    answer = await app.push_screen_wait(dialog)
    if answer == "go":
        executor.resume(job.id)
    elif answer == "cancel":
        executor.cancel(job.id)


def _money(job: JobRow) -> str:
    return f", {job.left}" if job.left.amount else ""


def left_note(job: JobRow, left: Sequence[OperationRow], differences: Mapping[int, Sequence[str]]) -> str:
    """What is left of a job, and what of it has changed since it was confirmed: the first few, and how many more."""
    unknown = sum(row.state in (S.UNKNOWN, S.SENDING) for row in left)
    note = f"{count_text(len(left) - unknown, 'step')} left{_money(job)}{' in all' if job.left.amount else ''}."
    if unknown:
        note += f" {unknown} more: outcome unknown, looked up first."
    changed = [f"Step {number}: {line}" for number, lines in differences.items() for line in lines]
    if changed:
        more = f" And {len(changed) - LISTED} more." if len(changed) > LISTED else ""
        note += f" {len(differences)} changed since you confirmed (these will not be sent): "
        note += " ".join(changed[:LISTED]) + more
    return note


async def cancel_job(app: Shell, job_id: str) -> None:
    """Cancel what was not sent yet, after asking."""
    job = app.session.journal.job(job_id)
    choices = [
        Choice("no", "Leave it as it is"),
        Choice("yes", "Cancel what was not sent", "What was sent is finished and stays"),
    ]
    dialog = ChoiceDialog(f"Cancel: {job.title}", choices, chosen="no").that_sends()
    if await app.push_screen_wait(dialog) == "yes":
        count = app.session.executor.cancel(job.id)
        app.say(f"{count_text(count, 'step')} cancelled; nothing of it was sent.")


async def retry_job(app: Shell, job_id: str) -> None:
    """Send again what was not sent; what was refused becomes a new plan that is confirmed anew, at today's prices."""
    session = app.session
    rows = session.journal.operations(job_id)
    not_sent = [row for row in rows if row.state is S.NOT_SENT]
    refused = [row for row in rows if row.state is S.REFUSED]
    if not_sent:
        await _send_again(app, job_id, rows, not_sent)
    if not refused:
        return
    plan = session.journal.plan(job_id)
    numbers = {row.number for row in refused}
    again = await buy_again(
        session,
        signed_in_account(app),
        plan,
        numbers,
        busy=busy_targets(app),
        profile=app.profile.name,
    )
    if again is None:
        again = await _plan_again(session, plan, numbers)
    elif await payment_refused(app, again):
        return
    await confirm_and_submit(
        app, again, button="Do it again", note="These were refused before; the amounts are today's."
    )


async def _plan_again(session: Session, plan: Plan, numbers: set[int]) -> Plan:
    wanted = [one for one in plan.operations if one.number in numbers]
    invoice_ids = [str(one.params["invoice_id"]) for one in wanted if "invoice_id" in one.params]
    order_ids = [str(one.params["order_id"]) for one in wanted if "order_id" in one.params]
    invoices = {one.id.raw: one for one in (await session.invoices_by_ids(invoice_ids) if invoice_ids else [])}
    orders: dict[str, Order] = {
        one.id.raw: one for one in (await session.orders_by_ids(order_ids) if order_ids else [])
    }
    return planner.again(plan, numbers, invoices=invoices, orders=orders)


async def _send_again(app: Shell, job_id: str, rows: list[OperationRow], not_sent: list[OperationRow]) -> None:
    """Ask, with the amount, before what was not sent goes again; a paused job then goes on with all that is left."""
    session = app.session
    job = session.journal.job(job_id)
    waiting = [row for row in rows if row.state is S.PREPARED] if job.paused is not None else []
    total = amount_of([*not_sent, *waiting], job.total.currency)
    amount = f", {total} in all" if total.amount else ""
    note = f"{count_text(len(not_sent), 'step')} not sent"
    note += f", and {count_text(len(waiting), 'step')} that waited with them" if waiting else ""
    choices = [
        Choice("stay", "Leave it as it is", "Nothing is sent"),
        Choice("go", "Send again", f"Sends {count_text(len(not_sent) + len(waiting), 'step')}{amount}"),
    ]
    note = f"{note}{amount}. What changed meanwhile is not sent."
    dialog = ChoiceDialog(str(job.title), choices, note=note, chosen="stay").that_sends()
    if await app.push_screen_wait(dialog) == "go":
        count = session.executor.retry_failed(job_id)
        app.say(f"{count_text(count, 'step')} on the way again.")


async def decide_job(app: Shell, job_id: str) -> None:
    """Close operations whose outcome only a person can tell, one after the other, with both pictures in sight."""
    for row in app.session.journal.operations(job_id):
        if row.state is not S.NEEDS_YOU:
            continue
        choices = [
            Choice("later", "Decide later", "Look at the panel first"),
            Choice("done", "It was done", "The panel shows its effect"),
            Choice("not", "It was not done", "The panel shows no trace of it; it can be planned anew"),
        ]
        sent = moment_text(row.first_sent_at)
        why = "was lost" if row.picture is not None else "was lost and the panel does not tell"
        note = f"Sent {sent}; the answer {why}. {row.detail or ''}"
        if things := compared(row):
            note = "\n".join([note, "", *(f"{'*' if one.changed else ' '} {one.words}" for one in things)])
        question = ChoiceDialog(str(row.title), choices, note=note, chosen="later").that_sends()
        answer = await app.push_screen_wait(question)
        if answer not in ("done", "not"):
            return
        app.session.executor.decide(job_id, row.number, as_done=answer == "done")


_MEANS: dict[OperationState, str] = {
    S.HELD: "Not confirmed yet: u takes it back.",
    S.PREPARED: "Confirmed, nothing sent yet. A paused job goes on with p.",
    S.SENDING: "The request is on its way.",
    S.REFUSED: "The panel, or the check before sending, decided against it: R confirms it anew at today's price.",
    S.NOT_SENT: "Nothing left this machine: R sends it again with the same key.",
    S.UNKNOWN: "Sent, and the answer was lost: the panel is asked by the key. t asks at once.",
    S.NEEDS_YOU: "The panel cannot tell any more: compare with it, then d.",
}


_WITHOUT_KEYS: dict[OperationState, str] = {
    S.NOT_SENT: "Nothing left this machine: R sends it again.",
    S.UNKNOWN: "Sent, and the answer was lost: the panel is compared with what it looked like before. t looks at once.",
    S.NEEDS_YOU: "Before and now stand below: compare with the panel, then d. t looks once more.",
}
"""The same on a panel without idempotency keys."""


def _means(row: OperationRow, *, keys: bool) -> str | None:
    if row.state is S.REFUSED and row.amount is None:
        return "The panel, or the check before sending, decided against it: R asks once more and confirms it anew."
    return _MEANS.get(row.state) if keys else _WITHOUT_KEYS.get(row.state, _MEANS.get(row.state))


def _both_states(row: OperationRow) -> list[Content]:
    """The panel before the request and now, where it was looked at for that."""
    things = compared(row)
    if not things or row.state not in (S.UNKNOWN, S.NEEDS_YOU, S.DONE) or row.finding is None:
        return []
    before, now = looked_at(row)
    title = f"The panel before it was sent ({moment_text(before)}), and now ({moment_text(now)})"
    return [
        Content(""),
        Content.styled(title, "$muted"),
        *(Content.styled(one.words, "bold" if one.changed else "") for one in things),
    ]


async def show_operation(app: Shell, job_id: str, number: int) -> None:
    """One operation in full: what it is, what became of it and why, what to do, and every move with its time."""
    journal = app.session.journal
    row = journal.operation(job_id, number)
    state = state_cell(row.state, ascii_only=app.ascii_only)
    lines = [toned(state.text, state.tone)]
    if row.detail:
        rule = f" ({row.rule})" if row.rule else ""
        lines.append(Content.styled(f"{row.detail}{rule}", "" if row.state is S.DONE else "$text-warning"))
    if means := _means(row, keys=app.session.traits.keys):
        lines.append(Content(means))
    lines += _both_states(row)
    lines += [Content(""), Content.styled("What happened", "$muted")]
    for event in journal.events(job_id, number)[-40:]:
        word = state_cell(event.after, ascii_only=app.ascii_only).text
        lines.append(Content.assemble((f"{local(event.at):%Y-%m-%d %H:%M:%S}  ", "$muted"), word))
    lines += [
        Content(""),
        Content.assemble(("Amount      ", "$muted"), str(row.billed) if row.billed else "–"),
        Content.assemble(("About       ", "$muted"), about_words(app.session.store, row.targets) or "–"),
        Content.assemble(("Sent        ", "$muted"), f"{row.sends}×, first {moment_text(row.first_sent_at)}"),
        Content.assemble(("Code        ", "$muted"), str(SafeText(row.code or "–"))),
        Content.assemble(("Request     ", "$muted"), str(SafeText(row.request_id or "–"))),
        Content.assemble(("Key         ", "$muted"), row.key[:32]),
    ]
    await app.push_screen_wait(MessageDialog(str(row.title), Content("\n").join(lines)))
    address = payment_address_of(row)
    if address is not None and row.billed is not None:
        await app.push_screen_wait(ExternalPayment(address, app.profile.url, row.billed, str(row.title)))


def payment_address_of(row: OperationRow) -> SafeText | None:
    """Where to pay, if the panel's answer to this step was an address at an external provider (INV-3, INV-13)."""
    if row.state is not S.DONE or not row.answer:
        return None
    answer = row.answer.get("payment", row.answer)
    address = answer.get("payment_url") if isinstance(answer, dict) else None
    return SafeText(address) if isinstance(address, str) and address else None
