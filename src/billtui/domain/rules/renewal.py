"""Renewal: who may be renewed, until when, at which price, by hand or by itself (REN)."""

from __future__ import annotations

import calendar
from dataclasses import replace
from datetime import datetime

from billtui.domain.models.invoices import Discount
from billtui.domain.models.orders import OrderState
from billtui.domain.money import Money
from billtui.domain.periods import add_months, shifted
from billtui.domain.policy import DEFAULT_POLICY, Policy
from billtui.domain.refusal import Refusal
from billtui.domain.rules.discounts import PricedLine, better_of, priced_line
from billtui.domain.rules.facts import PURSES, OrderFacts, Purses, format_when
from billtui.domain.rules.orders import action_refusal, gone_refusal, open_invoice_refusal, pending_refusal


def period_refusal(months: int, policy: Policy = DEFAULT_POLICY) -> Refusal | None:
    """Only the periods on sale can be bought (REN-3)."""
    if months in policy.periods:
        return None
    choices = ", ".join(str(one) for one in policy.periods)
    return Refusal("unknown-period", "REN-3", f"A period of {months} months is not sold: choose {choices} months.")


def renewal_refusal(order: OrderFacts, now: datetime, policy: Policy = DEFAULT_POLICY) -> Refusal | None:
    """Why the order cannot be renewed (REN-2, BLK-5, ORD-1, ORD-2, TRF-6); ``None`` if it can, also while blocked."""
    return action_refusal(order, "renew", now, policy)


def renewed_until(order: OrderFacts, months: int) -> datetime:
    """The order's end once ``months`` more are paid, counted from the old end, never from now (REN-3, PRM-7).

    The day is the order's billing day, clamped to the month's end. A billing day that does not fit the present end is
    not believed (a panel may not send it): then the day of that end counts. Raises ``ValueError`` while pending.
    """
    if order.paid_until is None:
        raise ValueError(f"order {order.id} has no paid period to renew")
    end = order.paid_until
    last = calendar.monthrange(end.year, end.month)[1]
    fits = 1 <= order.billing_day <= 31 and end.day == min(order.billing_day, last)
    return add_months(end, months, order.billing_day if fits else end.day)


def renewed(order: OrderFacts, months: int, now: datetime) -> OrderFacts:
    """The order after its renewal is paid (REN-1, REN-3, PRM-7): later end, no invoice, no promise, no longer blocked.

    An order that is suspended by its owner stays so. One whose new end has passed already stays blocked.
    Raises ``ValueError`` for an order that is pending, cancelled or deleted.
    """
    if not order.is_running and order.state != OrderState.BLOCKED:
        raise ValueError(f"order {order.id} is {order.state} and cannot be renewed")
    end = renewed_until(order, months)
    state, blocked_at = order.state, order.blocked_at
    if state == OrderState.BLOCKED and end > now:
        state, blocked_at = OrderState.ACTIVE, None
    return replace(
        order,
        state=state,
        blocked_at=blocked_at,
        paid_until=end,
        open_invoice_id=None,
        promise_invoice_id=None,
        promise_until=None,
        broken_promise_invoice_id=None,
    )


def price_renewal(
    order: OrderFacts, months: int, loyalty: tuple[Discount, ...], promo: Discount | None = None
) -> PricedLine:
    """What ``months`` more of the order cost, and its new end (INV-10, DSC-7, DSC-8, REN-3).

    ``promo`` is the code's discount if it is valid for this line; an order with an individual price has none (DSC-4).
    Its add-ons come on top, without discount (ORD-5).
    """
    discounts = () if order.individual_price else better_of(loyalty, promo)
    return priced_line(
        order.id,
        f"Renewal of {order.name}, {months} months" if months != 1 else f"Renewal of {order.name}, 1 month",
        order.monthly_price,
        months,
        discounts,
        paid_until=order.paid_until,
        new_paid_until=renewed_until(order, months),
        addons=order.addons,
    )


def auto_renews_at(order: OrderFacts, policy: Policy = DEFAULT_POLICY) -> datetime | None:
    """When auto-renewal issues and pays: 2 days before the end (REN-4); ``None`` if it is off (REN-5) or pending."""
    if not order.auto_renew_on or order.paid_until is None:
        return None
    return shifted(order.paid_until, -policy.auto_renew_lead)


def auto_renewal_refusal(order: OrderFacts, now: datetime, policy: Policy = DEFAULT_POLICY) -> Refusal | None:
    """Why auto-renewal issues no invoice for the order at ``now`` (REN-4, REN-5); ``None`` if it does.

    A running transfer is no reason: it is cancelled first (TRF-6). Too little money is none either: the invoice is
    issued and stays unpaid.
    """
    about = {"order_id": order.id}
    refusal = gone_refusal(order, now, policy) or pending_refusal(order)
    if refusal is not None:
        return refusal
    moment = auto_renews_at(order, policy)
    if moment is None:
        return Refusal("auto-renew-off", "REN-5", f"Auto-renewal of “{order.name}” is off: renew it by hand.", about)
    if now < moment or order.auto_renew_done_for == order.paid_until:
        return Refusal(
            "auto-renew-not-due",
            "REN-4",
            f"“{order.name}” renews itself at {format_when(moment)}, once in each period.",
            about,
            moment if now < moment else None,
        )
    if order.auto_renew_since is not None and order.auto_renew_since > moment:
        return Refusal(
            "auto-renew-too-late",
            "REN-4",
            f"Auto-renewal of “{order.name}” was not on yet at {format_when(moment)}: renew it by hand this time.",
            about,
        )
    if order.state == OrderState.BLOCKED:
        return Refusal("order-blocked", "ORD-2", f"The paid period of “{order.name}” is over: renew it by hand.", about)
    return open_invoice_refusal(order)


def purse_for(amount: Money, purses: Purses) -> str | None:
    """The purse that alone holds ``amount``: internal first, else affiliate, else none (REN-4, ACC-4)."""
    return next((purse for purse in PURSES if purses.holds(purse) >= amount), None)
