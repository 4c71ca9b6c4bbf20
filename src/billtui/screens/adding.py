"""Add-ons for orders that run: which, what they cost for the rest of each paid period, how to pay (ORD-5)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from textual.content import Content

from billtui.domain.models import Addon, Exclusion, Order, QuoteLine
from billtui.domain.money import Money, group_digits
from billtui.domain.periods import add_months, whole_months_between
from billtui.screens.flows import busy_targets, confirm_and_submit, payment_refused, signed_in_account
from billtui.screens.modals.checklist import ChecklistDialog
from billtui.screens.modals.choice import Choice
from billtui.screens.modals.dialog import Fact
from billtui.screens.quoting import UNPAID, QuoteDialog, purse_fact
from billtui.services import planner
from billtui.widgets.formats import count_text, span_text

if TYPE_CHECKING:
    from billtui.screens.shell import Shell

LEFT_WIDTH = 23
"""Cells for the words of the time that is left."""
WIDTH = 70


async def add_addons(app: Shell, order_ids: Sequence[str]) -> None:
    """Ask which, show the price of each order, ask how to pay, confirm, and hand the plan over."""
    account = signed_in_account(app)
    orders = await app.session.orders_by_ids(order_ids)
    if not orders:
        app.say("These orders are not there any more; press r to refresh.", "warning")
        return
    addons = (await app.session.catalogue()).addons
    title = f"Add-ons for {orders[0].name}" if len(orders) == 1 else f"Add-ons for {len(orders)} orders"
    chosen = await app.push_screen_wait(
        ChecklistDialog(
            title,
            addon_choices(addons, orders),
            note="Billed now for the rest of each paid period, then with every renewal, without discount (ORD-5).",
            summary=lambda ids: _a_month(ids, addons, len(orders)),
            button="Price",
            least=1,
        )
    )
    if not chosen:
        return
    offer = await app.session.offer_addons([one.id.raw for one in orders], chosen)
    names = {one.id: str(one.name) for one in orders}
    ends = {one.id: one.paid_until for one in orders}
    now = app.session.now()

    def line(one: QuoteLine) -> Content:
        until = one.paid_until or (ends.get(one.order_id) if one.order_id is not None else None)
        name = names.get(one.order_id, str(one.title)) if one.order_id is not None else str(one.title)
        return addon_line(one, name, remaining_text(now, until))

    def name_of(one: Exclusion) -> str:
        return "?" if one.order_id is None else names.get(one.order_id, str(one.order_id))

    method = await app.push_screen_wait(
        QuoteDialog(
            offer.quotes,
            account,
            name_of=name_of,
            title=title,
            unpaid_detail="Pay it later by any method; the add-ons come when it is paid",
            nothing="Nothing to add",
            line=line,
            note="Each add-on: price a month × the time that is left, rounded once (ORD-5).",
        )
    )
    if method is None:
        return
    then_pay = None if method == UNPAID else method
    plan = planner.addons(
        account,
        offer.quotes,
        offer.requests,
        orders,
        then_pay,
        now=app.session.now(),
        busy=busy_targets(app),
        profile=app.profile.name,
    )
    if await payment_refused(app, plan):
        return
    facts = [Fact("Add-ons", count_text(len(chosen), "add-on"))]
    if then_pay:
        facts.append(purse_fact(account, then_pay, plan.total))
        button, note = f"Add and pay {plan.total}", ""
    else:
        button, note = "Issue the invoice", "The add-ons come when the invoice is paid. "
    note += "At most this is billed: for the rest of the paid period, so a little less when it is bought later."
    await confirm_and_submit(app, plan, button=button, facts=facts, note=note)


def addon_choices(addons: Sequence[Addon], orders: Sequence[Order]) -> list[Choice]:
    """The add-ons with their price a month; one that none of the orders can have, or all have, says so."""
    choices = []
    for one in addons:
        able = [order for order in orders if order.kind == one.kind]
        having = [order for order in able if any(part.id == one.id for part in order.addons)]
        refusal = ""
        if not able:
            refusal = f"only for {one.kind} orders"
        elif len(having) == len(able) == 1:
            refusal = "it has this already"
        elif len(having) == len(able):
            refusal = "all of them have this already"
        few = f", for {len(able) - len(having)} of {len(orders)}" if len(able) - len(having) < len(orders) else ""
        choices.append(Choice(one.id.raw, str(one.name), f"{one.monthly_price} a month{few}", refusal))
    return choices


def _a_month(ids: Sequence[str], addons: Sequence[Addon], orders: int) -> str:
    prices = [one.monthly_price for one in addons if one.id.raw in ids]
    if not prices:
        return "None"
    each = Money.total(prices, prices[0].currency)
    return f"{each} a month each" + (f", {each * orders} for all at most" if orders > 1 else "")


def addon_line(line: QuoteLine, name: str, left: str) -> Content:
    """An order in a row: the amount, its name, the time that is billed; with several add-ons, the parts below."""
    room = WIDTH - 12 - LEFT_WIDTH
    rows = [
        Content.assemble(
            (f"{group_digits(line.amount.amount):>10}  ", "bold"),
            Content(name).truncate(room, ellipsis=True, pad=True),
            Content.styled(f" {left}", "$muted").truncate(LEFT_WIDTH, ellipsis=True),
        )
    ]
    if len(line.addons) > 1:
        rows += [
            Content.assemble(
                (f"{group_digits(part.amount.amount):>10}  ", "$muted"),
                Content.styled(f"  {part.name}", "$muted").truncate(WIDTH - 14, ellipsis=True),
            )
            for part in line.addons
        ]
    return Content("\n").join(rows)


def remaining_text(now: datetime, until: datetime | None) -> str:
    """The time that is billed, in calendar months and days: ``1 month and 5 days left`` (ORD-5)."""
    if until is None or until <= now:
        return "no time left"
    months = whole_months_between(now, until)
    rest = until - add_months(now, months)
    if not months:
        return f"{span_text(rest.total_seconds())} left"
    days = f" and {count_text(rest.days, 'day')}" if rest.days else ""
    return f"{count_text(months, 'month')}{days} left"
