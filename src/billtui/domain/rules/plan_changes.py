"""Another plan for an order: who can have it, and what the difference costs for the rest of the period (ORD-6)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from billtui.domain.money import Money
from billtui.domain.policy import DEFAULT_POLICY, Policy
from billtui.domain.refusal import Refusal
from billtui.domain.rules.addons import remaining_words
from billtui.domain.rules.discounts import PricedChange, PricedLine
from billtui.domain.rules.facts import OrderFacts, format_when
from billtui.domain.rules.new_orders import Cell, PlanFacts, Shop, cell_refusal
from billtui.domain.rules.orders import action_refusal, plan_change_amount, remaining_period_refusal

TICKET_SUBJECT = "Tariff Plan Change"
"""What the ticket is called that opens by itself once a change of plan is paid (ORD-6)."""
TICKET_DEPARTMENT = "technical"
"""Which department it goes to (ORD-6)."""


@dataclass(frozen=True, slots=True)
class ChangeOffer:
    """A change of plan, priced, or why it cannot be (ORD-6)."""

    line: PricedLine | None
    refusal: Refusal | None
    total: Money


def plan_change_refusal(
    order: OrderFacts, plan: str, shop: Shop, now: datetime, policy: Policy = DEFAULT_POLICY
) -> Refusal | None:
    """Why the order cannot have ``plan`` now (ORD-6, ORD-4, ORD-5, TRF-6, BLK-2); ``None`` if it can.

    The plan has to be sold, and in stock, where the server stands: a change of plan moves it nowhere.
    """
    refusal = action_refusal(order, "change-plan", now, policy) or remaining_period_refusal(order, now)
    if refusal is not None:
        return refusal
    about = {"order_id": order.id, "plan": plan}
    wanted = shop.plans.get(plan)
    if order.plan == plan:
        name = plan if wanted is None else wanted.name
        return Refusal("plan-there", "ORD-6", f"“{order.name}” has the plan {name} already: choose another.", about)
    if wanted is not None and wanted.kind != order.kind:
        reason = f"{wanted.name} is for {wanted.kind}, “{order.name}” is {order.kind}: choose a plan of its kind."
        return Refusal("plan-other-kind", "ORD-6", reason, {**about, "kind": wanted.kind})
    missing = cell_refusal(shop, Cell(plan, order.location, 1))
    if missing is None:
        return None
    reason = missing.reason
    if missing.code in ("not-sold-there", "out-of-stock"):  # its other half, another location, is no way out here
        reason = reason.replace("choose another location or plan", "choose another plan")
    return Refusal(missing.code, missing.rule, reason, {**missing.related, **about})


def price_plan_change(order: OrderFacts, old_name: str, plan: PlanFacts, now: datetime) -> PricedLine:
    """What ``plan`` costs more from ``now`` to the end of the paid period, rounded once, no discount (ORD-6, ORD-5).

    Against the price that the order has, not the one at which its plan is sold today. A cheaper plan costs nothing
    and gives nothing back. Raises ``ValueError`` for an order that has no paid period.
    """
    if order.paid_until is None:
        raise ValueError(f"order {order.id} has no paid period")
    end = order.paid_until
    amount = plan_change_amount(order.monthly_price, plan.monthly_price, now, end)
    change = PricedChange(order.plan, old_name, plan.id, plan.name, order.monthly_price, plan.monthly_price, now, end)
    left = f"{remaining_words(now, end)} until {format_when(end)}"
    title = f"Change of plan for {order.name}, {left}: {old_name} → {plan.name}"
    return PricedLine(order.id, title, None, amount, (), amount, 1, end, change=change)


def offer_plan_change(
    order: OrderFacts,
    plan: str,
    shop: Shop,
    currency: str,
    now: datetime,
    *,
    priced_at: datetime | None = None,
    policy: Policy = DEFAULT_POLICY,
) -> ChangeOffer:
    """Price ``plan`` for ``order``, or say why it cannot have it.

    ``priced_at``: the instant of the quote, from which the remaining period counts also when it is bought a little
    later (DSC-8).
    """
    refusal = plan_change_refusal(order, plan, shop, now, policy)
    if refusal is not None:
        return ChangeOffer(None, refusal, Money.zero(currency))
    old = shop.plans.get(order.plan)
    line = price_plan_change(order, order.plan if old is None else old.name, shop.plans[plan], priced_at or now)
    return ChangeOffer(line, None, line.total)
