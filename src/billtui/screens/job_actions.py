"""What a person can do with a job: pause, go on, cancel, retry, decide."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from textual.content import Content

from billtui.domain.models import Order
from billtui.domain.safetext import SafeText
from billtui.screens.flows import confirm_and_submit
from billtui.screens.modals.choice import Choice, ChoiceDialog, MessageDialog
from billtui.screens.modals.external import ExternalPayment
from billtui.services import planner
from billtui.services.journal import JobState, OperationRow, OperationState, amount_of
from billtui.widgets.formats import count_text, moment_text, state_cell

if TYPE_CHECKING:
    from billtui.screens.shell import Shell

S = OperationState


async def pause_or_go_on(app: Shell, job_id: str) -> None:
    """Pause a running job; go on with a paused one after showing what is left and what changed meanwhile."""
    job = app.session.journal.job(job_id)
    executor = app.session.executor
    if job.state is not JobState.PAUSED:
        executor.pause(job.id)
        app.say(f"{job.title}: paused; nothing new is started.")
        return
    differences = await asyncio.to_thread(executor.differences, job.id)
    left = [row for row in app.session.journal.operations(job.id) if not row.closed]
    changed = [f"Step {number}: {line}" for number, lines in differences.items() for line in lines]
    note = f"{count_text(len(left), 'step')} left, {job.left} in all."
    if changed:
        note += " Changed since you confirmed (these will not be sent): " + " ".join(changed)
    choices = [
        Choice("stay", "Leave it paused", "Nothing is sent"),
        Choice("go", "Go on", f"Sends what is left, {job.left}"),
        Choice("cancel", "Cancel what is left", "What was done stays done"),
    ]
    answer = await app.push_screen_wait(ChoiceDialog(str(job.title), choices, note=note, chosen="stay"))
    if answer == "go":
        executor.resume(job.id)
    elif answer == "cancel":
        executor.cancel(job.id)


async def cancel_job(app: Shell, job_id: str) -> None:
    """Cancel what was not sent yet, after asking."""
    job = app.session.journal.job(job_id)
    choices = [
        Choice("no", "Leave it as it is"),
        Choice("yes", "Cancel what was not sent", "What was sent is finished and stays"),
    ]
    if await app.push_screen_wait(ChoiceDialog(f"Cancel: {job.title}", choices, chosen="no")) == "yes":
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
    wanted = [one for one in plan.operations if one.number in numbers]
    invoice_ids = [str(one.params["invoice_id"]) for one in wanted if "invoice_id" in one.params]
    order_ids = [str(one.params["order_id"]) for one in wanted if "order_id" in one.params]
    invoices = {one.id.raw: one for one in (await session.invoices_by_ids(invoice_ids) if invoice_ids else [])}
    orders: dict[str, Order] = {
        one.id.raw: one for one in (await session.orders_by_ids(order_ids) if order_ids else [])
    }
    again = planner.again(plan, numbers, invoices=invoices, orders=orders)
    await confirm_and_submit(
        app, again, button="Do it again", note="These were refused before; the amounts are today's."
    )


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
    dialog = ChoiceDialog(str(job.title), choices, note=note, chosen="stay")
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
        note = f"Sent {sent}; the answer was lost and the panel does not tell. {row.detail or ''}"
        answer = await app.push_screen_wait(ChoiceDialog(str(row.title), choices, note=note, chosen="later"))
        if answer not in ("done", "not"):
            return
        app.session.executor.decide(job_id, row.number, as_done=answer == "done")


async def show_operation(app: Shell, row: OperationRow) -> None:
    """One operation in full."""
    lines = [
        Content.assemble(("State       ", "$muted"), state_cell(row.state).text),
        Content.assemble(("Amount      ", "$muted"), str(row.amount) if row.amount else "–"),
        Content.assemble(("Sent        ", "$muted"), f"{row.sends}×, first {moment_text(row.first_sent_at)}"),
        Content.assemble(("Changed     ", "$muted"), moment_text(row.changed_at)),
        Content.assemble(("Key         ", "$muted"), row.key[:32]),
        Content.assemble(("Request     ", "$muted"), row.request_id or "–"),
    ]
    if row.detail:
        rule = f" ({row.rule})" if row.rule else ""
        lines += [Content(""), Content.styled(f"{row.detail}{rule}", "$text-warning")]
    await app.push_screen_wait(MessageDialog(str(row.title), Content("\n").join(lines)))
    address = payment_address_of(row)
    if address is not None and row.amount is not None:
        await app.push_screen_wait(ExternalPayment(address, app.profile.url, row.amount, str(row.title)))


def payment_address_of(row: OperationRow) -> SafeText | None:
    """Where to pay, if the panel's answer to this step was an address at an external provider (INV-3, INV-13)."""
    if row.state is not S.DONE or not row.answer:
        return None
    answer = row.answer.get("payment", row.answer)
    address = answer.get("payment_url") if isinstance(answer, dict) else None
    return SafeText(address) if isinstance(address, str) and address else None
