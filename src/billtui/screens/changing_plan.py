"""Another plan for an order: which, what the difference costs for the rest of its period, how to pay (ORD-6)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from textual.content import Content

from billtui.domain.models import Action, Order, Plan, PlanChangeRequest, Quote, QuoteLine
from billtui.domain.money import Money
from billtui.domain.rules.orders import plan_change_amount
from billtui.screens.explaining import change_rows, line_content
from billtui.screens.flows import busy_targets, confirm_and_submit, job_ended, payment_refused, signed_in_account
from billtui.screens.modals.choice import Choice, ChoiceDialog
from billtui.screens.modals.dialog import Fact, named
from billtui.screens.quoting import UNPAID, QuoteDialog, purse_fact
from billtui.services import planner
from billtui.services.plan_change_text import what_comes
from billtui.services.store import OrderRow, StoreReader

if TYPE_CHECKING:
    from billtui.screens.shell import Shell

ACTION = "change-plan"
LEAVE = "leave"


async def change_plan(app: Shell, order_id: str) -> None:
    """Ask which plan, show the difference step by step, ask how to pay, confirm, and hand the plan over."""
    account = signed_in_account(app)
    order = await app.session.order(order_id)
    refused = next((one for one in order.actions if one.action == ACTION and not one.allowed), None)
    if refused is not None:
        await _way_out(app, order, refused)
        return
    plans = (await app.session.catalogue()).plans
    stock = {one.plan.raw: one.available for one in await app.session.stock() if one.location == order.location}
    chosen = await app.push_screen_wait(
        ChoiceDialog(
            f"Another plan for {named(str(order.name))}",
            plan_choices(plans, order, stock, app.session.now()),
            note="The difference is billed for the rest of the paid period; a cheaper plan gives nothing back (ORD-6).",
        )
    )
    if chosen is None:
        return
    wanted = next(one for one in plans if one.id == chosen)
    request = PlanChangeRequest(order_id=order.id, plan=wanted.id)
    quote = await app.session.quote_plan_change(request)
    then_pay: str | None = None
    if quote.total.amount or not quote.lines:
        method = await app.push_screen_wait(
            QuoteDialog(
                [quote],
                account,
                name_of=lambda one: str(order.name),
                title=f"{named(str(order.name))}: {wanted.name}",
                unpaid_detail="Pay it later by any method; the plan changes when it is paid",
                nothing="Nothing to change",
                line=_line,
            )
        )
        if method is None:
            return
        then_pay = None if method == UNPAID else method
    plan = planner.change_plan(
        account,
        quote,
        request,
        order,
        then_pay,
        now=app.session.now(),
        busy=busy_targets(app),
        profile=app.profile.name,
    )
    if await payment_refused(app, plan):
        return
    facts = _facts(quote)
    if not quote.total.amount:
        button = "Change the plan"
    elif then_pay:
        facts.append(purse_fact(account, then_pay, plan.total))
        button = f"Change and pay {plan.total}"
    else:
        button = "Issue the invoice"
    note = " ".join(what_comes(line.plan_change) for line in quote.lines if line.plan_change is not None)
    if quote.total.amount:
        note += " At most this is billed: a little less when it is bought later."
    job_id = await confirm_and_submit(app, plan, button=button, facts=facts, note=note)
    if job_id is not None and (then_pay or not quote.total.amount):
        await _tell_ticket(app, order, job_id)


def plan_choices(plans: Sequence[Plan], order: Order, stock: Mapping[str, int], now: datetime) -> list[Choice]:
    """The plans of the order's kind, cheapest first, each with its difference; one that cannot be had says why.

    ``stock``: how many of each plan are left where the server stands, by raw plan id.
    """
    present = next((one for one in plans if one.id == order.plan), None)
    choices = []
    for one in sorted(plans, key=lambda one: one.monthly_price.amount):
        if one.kind != order.kind:
            continue
        refusal = ""
        if one.id == order.plan:
            refusal = f"it has this plan, at {order.monthly_price} a month"
        elif one.id.raw not in stock:
            refusal = f"not sold in {order.location}"
        elif not stock[one.id.raw]:
            refusal = f"sold out in {order.location}"
        title = f"{one.name}  {one.monthly_price} a month"
        choices.append(Choice(one.id.raw, title, f"{_size(one, present)} · {_difference(one, order, now)}", refusal))
    return choices


def _difference(plan: Plan, order: Order, now: datetime) -> str:
    """About what it costs now; the quote says it to the cent."""
    more = plan.monthly_price.amount - order.monthly_price.amount
    if more <= 0:
        return f"{_less(-more, plan.monthly_price)} a month, nothing to pay now"
    if order.paid_until is None:
        return f"+{more} a month"
    amount = plan_change_amount(order.monthly_price, plan.monthly_price, now, order.paid_until)
    return f"+{more} a month, about {amount} now"


def _less(amount: object, price: Money) -> str:
    return f"−{amount}" if amount else f"the same {price}"


def _size(plan: Plan, present: Plan | None) -> str:
    """Processors, memory and disk; that the disk would become smaller is said."""
    size = f"{plan.cpu} CPU, {plan.memory_mib / 1024:g} GiB, disk {plan.disk_gib} GiB"
    if present is not None and plan.disk_gib < present.disk_gib:
        size += f" (now {present.disk_gib}: make room first)"
    return size


def _line(line: QuoteLine) -> Content:
    if line.plan_change is None:
        return line_content(line)
    return change_rows(line, line.plan_change)


def _facts(quote: Quote) -> list[Fact]:
    change = next((line.plan_change for line in quote.lines if line.plan_change is not None), None)
    if change is None:
        return []
    old = f"{named(str(change.old_plan_name))}, {change.old_monthly_price} a month"
    new = f"{named(str(change.new_plan_name))}, {change.new_monthly_price} a month"
    return [Fact("From plan", old), Fact("To plan", new)]


async def _way_out(app: Shell, order: Order, refused: Action) -> None:
    """Why the plan cannot be changed, and the step that helps (ORD-7)."""
    reason = str(refused.reason or refused.code or "The panel refuses it.")
    related = {str(name): str(value) for name, value in refused.related.items()}
    choices = []
    if "invoice_id" in related:
        choices.append(Choice("invoice", "Open the invoice", "pay it or delete it, then change the plan"))
    if "transfer_id" in related:
        choices.append(Choice("transfer", "Open the transfer", "cancel it there, or wait until it has ended"))
    choices.append(Choice(LEAVE, "Leave it as it is"))
    title = f"The plan of {named(str(order.name))} cannot be changed now"
    chosen = await app.push_screen_wait(ChoiceDialog(title, choices, note=reason))
    if chosen == "invoice":
        app.show_invoice(related["invoice_id"])
    elif chosen == "transfer":
        app.show_transfer(related["transfer_id"])


async def _tell_ticket(app: Shell, order: Order, job_id: str) -> None:
    """Once it is paid: the ticket that has opened by itself (ORD-6)."""
    await job_ended(app, job_id)
    after = await app.session.order(str(order.id))
    if after.plan != order.plan and after.plan_change_ticket_id is not None:
        app.say(f"{after.name} has the plan {after.plan}; its ticket is open: J goes there.")


def ticket_of(store: StoreReader, row: OrderRow | None) -> str | None:
    """The ticket that the order's last change of plan has opened, as far as the copy knows (ORD-6)."""
    order = store.order(row.id) if row is not None else None
    return None if order is None or order.plan_change_ticket_id is None else str(order.plan_change_ticket_id)
