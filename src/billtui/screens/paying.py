"""Paying invoices: choose how, see why the rest is not offered, confirm, and follow an external payment."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from billtui.domain.models import Account, Invoice, Payment, PaymentMethod
from billtui.domain.money import Money
from billtui.domain.rules.accounts import other_currency
from billtui.domain.rules.facts import Purses
from billtui.domain.rules.promise import promise_deadline
from billtui.screens.flows import (
    ADDRESS,
    address_is_told,
    busy_targets,
    confirm_and_submit,
    job_ended,
    signed_in_account,
)
from billtui.screens.modals.choice import Choice, ChoiceDialog
from billtui.screens.modals.dialog import Fact
from billtui.screens.modals.external import ExternalPayment
from billtui.services import planner
from billtui.services.journal import OperationState
from billtui.widgets.formats import moment_text

if TYPE_CHECKING:
    from billtui.screens.shell import Shell

PURSES = ("internal", "affiliate")


async def pay_invoices(app: Shell, invoice_ids: Sequence[str], *, keep_marks: bool = False) -> str | None:
    """Ask how, show the plan, and pay. One invoice may also be paid externally; several from a purse or by promise.

    Gives the id of the job that pays, or ``None`` where nothing was sent.
    """
    account = signed_in_account(app)
    invoices = await app.session.invoices_by_ids(invoice_ids)
    if not invoices:
        app.say("These invoices are not there any more; press r to refresh.", "warning")
        return None
    purses = Purses.of(account.balances)
    for one in invoices:
        if refusal := other_currency(f"Invoice {one.number}", one.total, purses):
            app.say(refusal.reason, "warning")
            return None
    total = Money.total((one.total for one in invoices), account.currency)
    methods = await app.session.payment_methods(invoices[0].id.raw)
    title = f"Pay invoice {invoices[0].number}" if len(invoices) == 1 else f"Pay {len(invoices)} invoices"
    choices = [method_choice(method, account, total, len(invoices)) for method in methods]
    method = await app.push_screen_wait(ChoiceDialog(title, choices, note=f"Total {total}. How?"))
    if method is None:
        return None
    chosen = next(one for one in methods if one.method.raw == method)
    order_ids = [line.order_id.raw for one in invoices for line in one.lines if line.order_id is not None]
    orders = await app.session.orders_by_ids(order_ids) if method == "promise" else []
    plan = planner.pay(
        account,
        invoices,
        method,
        orders=orders,
        now=app.session.now(),
        busy=busy_targets(app),
        profile=app.profile.name,
    )
    facts, note = _consequences(account, plan.total, chosen, app.session.now())
    verb = "Promise" if method == "promise" else "Pay"
    job = await confirm_and_submit(
        app, plan, button=f"{verb} {plan.total}", facts=facts, note=note, keep_marks=keep_marks
    )
    if job and method not in (*PURSES, "promise"):
        await _follow_external(app, job, invoices[0])
    return job


def method_choice(method: PaymentMethod, account: Account, total: Money, count: int) -> Choice:
    """A payment method as a choice: what it does to the purse, or why and from when (PRM-2)."""
    name = method.method.raw
    refusal = ""
    detail = ""
    if not method.available and count == 1:
        refusal = str(method.reason or "not available")
        if method.available_from is not None and moment_text(method.available_from) not in refusal:
            refusal += f" Available from {moment_text(method.available_from)}."
    elif name in PURSES:
        purse = account.balances.internal if name == "internal" else account.balances.affiliate
        if purse < total:
            refusal = f"Holds {purse}; {total - purse} is missing. A payment takes the whole amount from one purse."
        else:
            detail = f"{purse} → {purse - total}"
    elif name == "promise":
        detail = "Pay within 7 days of now; the servers go on meanwhile"
        if method.deadline is not None:
            detail = f"You commit to pay by {moment_text(method.deadline)}"
    elif count > 1:
        refusal = "One invoice at a time; combine them first (C) to pay all at once."
    else:
        detail = "You get an address; unpaid until the provider reports the money"
    return Choice(name, str(method.title), detail, refusal)


def _consequences(account: Account, total: Money, method: PaymentMethod, now: datetime) -> tuple[list[Fact], str]:
    name = method.method.raw
    if name in PURSES:
        purse = account.balances.internal if name == "internal" else account.balances.affiliate
        return [Fact("From", f"{name} balance: {purse} → {purse - total}")], ""
    if name == "promise":
        until = moment_text(
            method.deadline or promise_deadline(now)
        )  # PRM-3; the first of several may not be promisable
        return [Fact("Pay by", until, strong=True)], (
            "If the money is not there by then, the servers are blocked at once, and deleted 7 days later. "
            "The new period counts from the old end: a promise gives no free days."
        )
    return [Fact("By", str(method.title))], "You get an address to pay at. Nothing is charged by billtui itself."


async def _follow_external(app: Shell, job_id: str, invoice: Invoice) -> None:
    await job_ended(app, job_id, ADDRESS)
    rows = app.session.journal.operations(job_id)
    for row in rows:
        if row.state is OperationState.DONE and row.answer:
            payment = Payment.model_validate(row.answer)
            if payment.payment_url and not address_is_told(app):
                await app.push_screen_wait(
                    ExternalPayment(payment.payment_url, app.profile.url, payment.amount, f"invoice {invoice.number}")
                )
