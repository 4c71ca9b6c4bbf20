"""Renewing orders: a period, a quote that explains itself, how to pay, and one confirmation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from billtui.domain.models import Exclusion, Order, RenewalRequest
from billtui.domain.periods import PERIODS, add_months
from billtui.screens.flows import busy_targets, confirm_and_submit, signed_in_account
from billtui.screens.modals.choice import Choice, ChoiceDialog
from billtui.screens.modals.dialog import Fact
from billtui.screens.quoting import UNPAID, QuoteDialog, purse_fact
from billtui.services import planner
from billtui.widgets.formats import count_text, date_text

if TYPE_CHECKING:
    from billtui.screens.shell import Shell


async def renew_orders(app: Shell, order_ids: Sequence[str]) -> None:
    """Ask for the period, show the quote, ask how to pay, confirm, and hand the plan over."""
    account = signed_in_account(app)
    orders = await app.session.orders_by_ids(order_ids)
    if not orders:
        app.say("These orders are not there any more; press r to refresh.", "warning")
        return
    period = await app.push_screen_wait(ChoiceDialog(_title(orders), period_choices(orders), note="For how long?"))
    if period is None:
        return
    request = RenewalRequest(order_ids=[order.id for order in orders], period=int(period))
    quote = await app.session.quote_renewal([order.id.raw for order in orders], request.period)
    method = await app.push_screen_wait(QuoteDialog([quote], account, name_of=_names(orders)))
    if method is None:
        return
    then_pay = None if method == UNPAID else method
    plan = planner.renew(
        account,
        quote,
        request,
        orders,
        then_pay,
        busy=busy_targets(app),
        profile=app.profile.name,
    )
    facts = [Fact("Period", count_text(request.period, "month"))]
    if then_pay:
        facts.append(purse_fact(account, then_pay, quote.total))
        button, note = f"Renew and pay {quote.total}", ""
    else:
        button, note = "Issue the invoice", "Only payment renews: the ends stay as they are until the invoice is paid."
    await confirm_and_submit(app, plan, button=button, facts=facts, note=note)


def _names(orders: Sequence[Order]) -> Callable[[Exclusion], str]:
    names = {order.id: str(order.name) for order in orders}

    def name_of(one: Exclusion) -> str:
        return "?" if one.order_id is None else names.get(one.order_id, str(one.order_id))

    return name_of


def _title(orders: Sequence[Order]) -> str:
    return f"Renew {orders[0].name}" if len(orders) == 1 else f"Renew {len(orders)} orders"


def period_choices(orders: Sequence[Order]) -> list[Choice]:
    """The periods with the end they lead to (REN-3): months are shown as dates, not as days."""
    choices = []
    for months in PERIODS:
        ends = [add_months(one.paid_until, months, one.billing_day) for one in orders if one.paid_until is not None]
        if not ends:
            detail = ""
        elif min(ends) == max(ends):
            detail = f"paid until {date_text(ends[0])}"
        else:
            detail = f"paid until {date_text(min(ends))} … {date_text(max(ends))}"
        choices.append(Choice(str(months), count_text(months, "month"), detail))
    return choices
