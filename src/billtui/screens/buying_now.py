"""From what was worked out to an ordinary plan: real quotes, compared with the figures, then the confirmation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from billtui.domain.models import Exclusion, Order
from billtui.screens.flows import busy_targets, confirm_and_submit, payment_refused, signed_in_account
from billtui.screens.modals.dialog import Fact
from billtui.screens.quoting import UNPAID, QuoteDialog, purse_fact
from billtui.services import planner
from billtui.services.operation_kinds import OperationKind
from billtui.services.panel_ways import payer
from billtui.services.solver import Batch, differences, quote_batches
from billtui.services.store import cents
from billtui.widgets.formats import cents_text, count_text

if TYPE_CHECKING:
    from billtui.screens.shell import Shell


async def buy_batches(
    app: Shell, batches: Sequence[Batch], currency: str, note: str = "", *, budget: int | None = None
) -> str | None:
    """Quote every batch, show quotes and differences, ask how to pay, confirm (BLK-4, DSC-8); the job's id.

    ``note`` says what else has to be known before it is confirmed; ``budget`` is in cents.
    """
    account = signed_in_account(app)
    ids = [one for batch in batches for one in batch.order_ids]
    orders = await app.session.orders_by_ids(ids)
    quoted = await quote_batches(app.session, batches)
    said = differences(currency, quoted)
    figured = sum(batch.amount for batch in batches)
    compared = "; ".join(said) if said else f"Every cent is as worked out: {cents_text(figured, currency)}."
    asked = sum(cents(one.quote.total) for one in quoted)
    if budget is not None and asked > budget:
        compared = f"More than the budget of {cents_text(budget, currency)}. {compared}"
        note = f"This is more than the budget of {cents_text(budget, currency)}. {note}".strip()
    method = await app.push_screen_wait(
        QuoteDialog(
            [one.quote for one in quoted],
            account,
            name_of=_names(orders),
            title="Buy now",
            note=compared,
            several="an invoice for each period and code",
            by_itself=payer(app.session.traits, OperationKind.RENEW),
        )
    )
    if method is None:
        return None
    then_pay = None if method == UNPAID else method
    plan = planner.renew_many(
        account,
        [one.quote for one in quoted],
        [one.request for one in quoted],
        orders,
        then_pay,
        now=app.session.now(),
        busy=busy_targets(app),
        profile=app.profile.name,
        together=app.session.traits.renews_together,
        in_turn=app.session.traits.one_basket,
    )
    if await payment_refused(app, plan):
        return None
    facts = [Fact("Purchases", ", ".join(map(_batch_words, batches)))]
    if then_pay:
        facts.append(purse_fact(account, then_pay, plan.total))
        button = f"Renew and pay {plan.total}"
    else:
        button = "Issue the invoice" if len(quoted) == 1 else f"Issue {len(quoted)} invoices"
        note = f"{note} Only payment renews: the ends stay as they are until the invoices are paid.".strip()
    return await confirm_and_submit(app, plan, button=button, facts=facts, note=note)


def _batch_words(batch: Batch) -> str:
    code = f" with {batch.code}" if batch.code else ""
    return f"{count_text(len(batch.order_ids), 'order')} for {batch.months} mo{code}"


def _names(orders: Sequence[Order]) -> Callable[[Exclusion], str]:
    names = {order.id: str(order.name) for order in orders}

    def name_of(one: Exclusion) -> str:
        return "?" if one.order_id is None else names.get(one.order_id, str(one.order_id))

    return name_of
