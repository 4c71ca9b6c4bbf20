"""From the price of many servers to their invoice: how to pay, one confirmation, and what became of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from billtui.config.errors import ConfigError
from billtui.domain.models import BoughtOrders, Exclusion, QuoteLine
from billtui.screens.bulk_order_text import exclusion_name, how_many, line_text
from billtui.screens.flows import busy_targets, confirm_and_submit, payment_refused, signed_in_account
from billtui.screens.modals.dialog import Fact, named
from billtui.screens.quoting import UNPAID, QuoteDialog, purse_fact
from billtui.services import planner
from billtui.services.journal import OperationRow, OperationState
from billtui.services.order_draft import OrderDraft, OrderDrafts
from billtui.services.panel_ways import payer
from billtui.services.plans import OperationKind
from billtui.widgets.formats import count_text

if TYPE_CHECKING:
    from textual.content import Content

    from billtui.screens.bulk_order_view import BulkOrderView
    from billtui.screens.shell import Shell

INACTIVE = "The servers stay pending until the invoice is paid; after 7 days unpaid they are cancelled with it (ORD-3)."


async def buy_servers(screen: BulkOrderView) -> None:
    """Ask how to pay, confirm, hand the plan over; then follow it to the new orders, or to the unpaid invoice."""
    app, draft, catalogue = screen.billtui, screen.desk.draft, screen.desk.catalogue
    offer, standing = screen.desk.price.offer, screen.desk.standing()
    if offer is None:
        return
    account = signed_in_account(app)
    note = f"Without the code {draft.promo_code}: {standing.code_problem}" if standing.code_problem else ""

    def line(one: QuoteLine) -> Content:
        return line_text(one, catalogue, width=66)

    def wanted(one: Exclusion) -> str:
        number = draft.quantities.get((one.plan.raw, one.location.raw)) if one.plan and one.location else None
        return f"{number} wanted:" if number else exclusion_name(one, catalogue)

    method = await app.push_screen_wait(
        QuoteDialog(
            offer.quotes,
            account,
            name_of=wanted,
            title="Order servers",
            counted=("Servers", offer.count),
            unpaid_detail="Pay it later by any method; they become active when it is paid",
            nothing="Nothing to order",
            by_itself=payer(app.session.traits, OperationKind.ORDER),
            line=line,
            note=note,
        )
    )
    if method is None:
        return
    then_pay = None if method == UNPAID else method
    plan = planner.buy(
        account,
        offer.quotes,
        offer.requests,
        then_pay,
        now=app.session.now(),
        busy=busy_targets(app),
        profile=app.profile.name,
        together=app.session.traits.buys_together,
        in_turn=app.session.traits.one_basket,
    )
    if await payment_refused(app, plan):
        return
    facts = [Fact("Servers", how_many(standing.cells)), Fact("Period", count_text(draft.period, "month"))]
    if draft.addons:
        facts.append(Fact("Add-ons", f"{count_text(len(draft.addons), 'add-on')} for each server"))
    if draft.names:
        facts.append(Fact("Names", named(draft.names)))
    if draft.auto_renew is not None and draft.auto_renew.on:
        facts.append(Fact("Auto-renewal", f"on, {count_text(draft.auto_renew.months, 'month')} at a time"))
    if len(offer.requests) > 1:
        facts.append(Fact("Requests", f"{len(offer.requests)}, an invoice each (BLK-7)"))
    if then_pay:
        facts.append(purse_fact(account, then_pay, plan.total))
    job_id = await confirm_and_submit(
        app,
        plan,
        button=f"Order and pay {plan.total}" if then_pay else "Issue the invoice",
        facts=facts,
        note=" ".join(one for one in (note, "" if then_pay else INACTIVE) if one),
    )
    if job_id is None or screen.desk.drafts is None:
        return
    try:
        screen.desk.drafts.confirmed(draft, job_id)
    except (ConfigError, OSError) as error:
        app.say(f"Confirmed. The kept draft cannot be emptied: {error}", "warning")
    screen.take_draft(draft.model_copy(update={"cells": (), "promo_code": ""}))
    app.say(f"Ordering {count_text(offer.count, 'server')}; jobs (4) shows how far it is.")
    await app.job_finished(job_id)
    _show_what_came(screen, app, job_id, paid=then_pay is not None)


def _show_what_came(screen: BulkOrderView, app: Shell, job_id: str, *, paid: bool) -> None:
    """The new orders in their list; or the invoice, where it still has to be paid."""
    rows = app.session.journal.operations(job_id)
    bought = [row for row in rows if row.kind == OperationKind.ORDER and row.state is OperationState.DONE]
    if not bought or not screen.is_current or screen.desk.draft.cells:  # something new was begun: stay
        return
    unpaid = [row for row in rows if row.kind == OperationKind.PAY and row.state is not OperationState.DONE]
    if paid and not unpaid:
        app.pop_screen()
        app.show_list("orders", "new")
    elif bought[0].answer is not None:
        app.show_invoice(BoughtOrders.model_validate(bought[0].answer).invoice.id.raw)


def settle_confirmed(app: Shell, drafts: OrderDrafts) -> OrderDraft | None:
    """Look what became of the purchase that was confirmed last. Gives the draft that came back, if any did.

    What was bought is gone from the draft for good; of what was certainly not bought, the cells come back, with why.
    """
    kept = drafts.load()
    if kept.confirmed is None:
        return None
    rows = [row for row in app.session.journal.operations(kept.job_id) if row.kind == OperationKind.ORDER]
    if not rows or not all(row.closed for row in rows):
        return None
    missed = [row for row in rows if row.state is not OperationState.DONE]
    back = drafts.settled(_not_bought(app, kept.confirmed, missed, whole=len(missed) == len(rows)))
    if back is not None:
        why = next((str(row.detail) for row in missed if row.detail), "it was refused.")
        app.say(f"Not ordered: {why} What you had chosen is back; nothing of it was bought.", "warning")
    return back


def _not_bought(app: Shell, confirmed: OrderDraft, missed: list[OperationRow], *, whole: bool) -> OrderDraft | None:
    """What is left to be bought: all of it as it was, or the cells of the requests that failed (BLK-7)."""
    if not missed:
        return None
    if whole:
        return confirmed
    numbers = {row.number for row in missed}
    plan = app.session.journal.plan(missed[0].job_id)
    cells = [cell for one in plan.operations if one.number in numbers for cell in one.cells()]
    quantities: dict[tuple[str, str], int] = {}
    for cell in cells:
        key = (cell.plan.raw, cell.location.raw)
        quantities[key] = quantities.get(key, 0) + cell.quantity
    return confirmed.with_quantities(quantities)
