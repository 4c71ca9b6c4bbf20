"""Planning another plan for an order (ORD-6)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from billtui.domain.models import Account, InvoiceKind, Order, PlanChangeRequest, Quote
from billtui.domain.rules.facts import order_facts
from billtui.services.journal.rows import Busy
from billtui.services.planner.draft import Draft
from billtui.services.planner.facts import facts_of_plan_change
from billtui.services.planner.purchases import Bought, exclude, lines_not_busy, then_pay
from billtui.services.plans import OperationKind, Plan

K = OperationKind


def change_plan(
    account: Account,
    quote: Quote,
    request: PlanChangeRequest,
    order: Order,
    then: str | None = None,
    *,
    now: datetime | None = None,
    busy: Mapping[str, Busy] | None = None,
    profile: str = "",
) -> Plan:
    """Give ``order`` the plan that ``quote`` prices, and perhaps pay its invoice at once by ``then`` (ORD-6).

    A plan that is not dearer costs nothing: its invoice comes paid, so there is nothing to pay. Where the order cannot
    have the plan, the plan has no operation, and says why.
    """
    draft = Draft(account, K.PLAN_CHANGE, profile, busy or {})
    orders = {order.id.raw: order}
    exclude(draft, quote, orders)
    title = f"Change the plan of {order.name}"
    for line in lines_not_busy(draft, quote, orders):
        change = line.plan_change
        if change is not None:
            title = f"Change {order.name} from {change.old_plan_name} to {change.new_plan_name}"
        number = draft.add(
            K.PLAN_CHANGE,
            [f"order:{order.id.raw}"],
            title,
            params={"order_id": order.id.raw, "plan": request.plan.raw},
            facts=facts_of_plan_change(quote, order),
            amount=quote.total,
        )
        if then is not None and quote.total.amount > 0:
            bought = [Bought(number, quote.total, "the change of plan")]
            kind = InvoiceKind.PLAN_CHANGE
            then_pay(draft, then, bought, now or datetime.now(UTC), kind=kind, orders=[order_facts(order)])
    return draft.plan(title)
