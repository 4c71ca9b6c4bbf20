"""Topping the internal balance up: how much, by which method, confirm, then where to pay (INV-13)."""

from __future__ import annotations

from billtui.domain.models import Invoice, Payment
from billtui.domain.money import Money, parse_amount
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
from billtui.screens.modals.prompt import Prompt
from billtui.screens.shell import Shell
from billtui.services import planner
from billtui.services.journal import OperationState
from billtui.services.method_names import method_titles

_NOTE = "The money goes onto the internal balance once the provider reports it. It pays nothing by itself."


def positive(text: str) -> str | None:
    """Why ``text`` is no amount above zero; ``None`` if it is."""
    try:
        amount = parse_amount(text)
    except ValueError as error:
        return str(error)
    return None if amount > 0 else "Type an amount above zero."


async def top_up(shell: Shell, suggested: Money | None = None, note: str = _NOTE) -> None:
    """Ask how much (``suggested`` stands there already) and how, confirm, then show where to pay."""
    account = signed_in_account(shell)
    text = await shell.push_screen_wait(
        Prompt(
            "Top up",
            label=f"How much, in {account.currency}?",
            value="" if suggested is None else f"{suggested.amount:.2f}",
            button="Go on",
            placeholder="50.00",
            check=positive,
            note=note,
        )
    )
    if text is None:
        return
    amount = Money(parse_amount(text), account.currency)
    names = [one.raw for one in account.payment_methods if one.raw not in ("internal", "affiliate", "promise")]
    titles = method_titles(names or ["card"])
    choices = [Choice(name, title) for name, title in titles.items()]
    method = await shell.push_screen_wait(ChoiceDialog(f"Top up {amount}", choices, note="By which method?"))
    if method is None:
        return
    plan = planner.top_up(account, amount, method, busy=busy_targets(shell), profile=shell.profile.name)
    purse = account.balances.internal
    facts = [Fact("To", f"internal balance: {purse} → {purse + amount} once paid"), Fact("By", titles[method])]
    job = await confirm_and_submit(shell, plan, button=f"Top up {amount}", facts=facts)
    if job:
        await _show_address(shell, job)


async def _show_address(shell: Shell, job_id: str) -> None:
    await job_ended(shell, job_id, ADDRESS)
    for row in shell.session.journal.operations(job_id):
        if row.state is OperationState.DONE and row.answer:
            payment = Payment.model_validate(row.answer["payment"])
            invoice = Invoice.model_validate(row.answer["invoice"])
            if payment.payment_url and not address_is_told(shell):
                await shell.push_screen_wait(
                    ExternalPayment(
                        payment.payment_url, shell.profile.url, payment.amount, f"top-up, invoice {invoice.number}"
                    )
                )
