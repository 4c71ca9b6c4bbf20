"""Paying invoices: choose how, see why the rest is not offered, confirm, and follow an external payment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from billtui.domain.models import Account, Invoice, Payment, PaymentMethod
from billtui.domain.money import Money
from billtui.domain.rules.accounts import other_currency
from billtui.domain.rules.facts import Purses
from billtui.domain.rules.promise import promise_deadline
from billtui.domain.safetext import clean
from billtui.screens.flows import (
    ADDRESS,
    address_is_told,
    busy_targets,
    confirm_and_submit,
    job_ended,
    signed_in_account,
)
from billtui.screens.modals.choice import Choice, ChoiceDialog
from billtui.screens.modals.dialog import Fact, named
from billtui.screens.modals.external import ExternalPayment
from billtui.services import planner
from billtui.services.journal import OperationState
from billtui.services.method_names import LONGEST, method_words
from billtui.services.plans import payable_total
from billtui.widgets.formats import moment_text

if TYPE_CHECKING:
    from billtui.screens.shell import Shell
    from billtui.services.store import InvoiceRow

PURSES = ("internal", "affiliate")
NAMED_GONE = 6
"""So many invoices that are not there any more are named by their numbers."""


async def pay_invoices(app: Shell, invoice_ids: Sequence[str], *, keep_marks: bool = False) -> str | None:
    """Ask how, show the plan, and pay. One invoice may also be paid externally; several from a purse or by promise.

    Gives the id of the job that pays, or ``None`` where nothing was sent.
    """
    account = signed_in_account(app)
    known = app.session.store.invoice_rows(invoice_ids)  # what is gone leaves the copy as it is asked for
    invoices = await app.session.invoices_by_ids(invoice_ids)
    if not invoices:
        app.say("These invoices are not there any more; press r to refresh.", "warning")
        return None
    purses = Purses.of(account.balances)
    for one in invoices:
        if refusal := other_currency(f"Invoice {one.number}", one.total, purses):
            app.say(refusal.reason, "warning")
            return None
    total = payable_total((one.total for one in invoices), account.currency)
    gone = _gone(invoice_ids, invoices, known)
    methods = await app.session.payment_methods(invoices[0].id.raw)
    title = f"Pay invoice {invoices[0].number}" if len(invoices) == 1 else f"Pay {len(invoices)} invoices"
    choices = [method_choice(method, account, total, len(invoices)) for method in methods]
    note = " ".join(filter(None, (f"Total {total}. How?", _gone_words(gone))))
    method = await app.push_screen_wait(ChoiceDialog(title, choices, note=note))
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
        way=_way(account, chosen, methods),
        gone=gone,
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
    return [Fact("By", named(str(method.title)))], "You get an address to pay at. Nothing is charged by billtui itself."


def _gone(wanted: Sequence[str], found: Sequence[Invoice], known: Mapping[str, InvoiceRow]) -> dict[str, str]:
    """What was chosen and is not there any more: the number by which a person knows it, by id."""
    there = {name for one in found for name in (str(one.id), one.id.raw)}
    missing = [one for one in dict.fromkeys(wanted) if one not in there]
    return {one: known[one].number if one in known else one for one in missing}


def _gone_words(gone: Mapping[str, str]) -> str:
    if not gone:
        return ""
    numbers = list(gone.values())
    if len(numbers) == 1:
        return f"Left out: invoice {numbers[0]} is not there any more."
    more = f" and {len(numbers) - NAMED_GONE} more" if len(numbers) > NAMED_GONE else ""
    return f"Left out: {len(numbers)} invoices are not there any more: {', '.join(numbers[:NAMED_GONE])}{more}."


def _way(account: Account, chosen: PaymentMethod, methods: Sequence[PaymentMethod]) -> str:
    """What the panel calls a way to pay, within a sentence; with its id where it calls two of them alike.

    Empty where that is what the plan calls it by itself.
    """
    title, name = clean(chosen.title.raw, max_length=LONGEST), chosen.method.raw
    if title.casefold() in ("", method_words(account, name).casefold()):
        return ""
    if sum(one.title.raw == chosen.title.raw for one in methods) > 1:
        return f"{title} ({clean(name, max_length=LONGEST)})"
    return title


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
