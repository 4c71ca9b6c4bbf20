"""Orders: what may be done with them, when they end by themselves, what add-ons and other plans cost (ORD)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from fractions import Fraction

from billtui.domain.models.orders import OrderState
from billtui.domain.money import Money, round_fraction
from billtui.domain.periods import add_months, months_left, shifted
from billtui.domain.policy import DEFAULT_POLICY, Policy
from billtui.domain.refusal import Refusal
from billtui.domain.rules.facts import OrderFacts, format_when

ACTIONS: tuple[str, ...] = (
    "start",
    "stop",
    "reboot",
    "reset",
    "reinstall",
    "suspend",
    "unsuspend",
    "rename",
    "auto-renew",
    "renew",
    "addons",
    "change-plan",
    "transfer",
)
"""What the owner of an order can do with it (ORD-4)."""
DESTRUCTIVE_ACTIONS = frozenset({"reinstall"})
"""The order's name is typed before these (ORD-4)."""
_NEEDS_RUNNING = frozenset(ACTIONS) - {"rename", "auto-renew", "renew"}
_POWER = frozenset({"start", "stop", "reboot", "reset", "reinstall", "suspend"})
_NOT_DURING_TRANSFER = frozenset(ACTIONS) - {"start", "stop", "reboot", "reset"}
_NEEDS_NO_OPEN_INVOICE = frozenset({"renew", "addons", "change-plan", "transfer"})
_OPEN_INVOICE_RULE = {"renew": "REN-2", "transfer": "TRF-4"}


class OrderEventKind(StrEnum):
    """What happens to an order by itself, when time passes."""

    BLOCK = "block"
    DELETE = "delete"
    CANCEL = "cancel"


@dataclass(frozen=True, slots=True)
class OrderEvent:
    """The next thing that time alone does to an order."""

    at: datetime
    kind: OrderEventKind
    order_id: str
    rule: str


def active_until(order: OrderFacts) -> datetime | None:
    """Until when the order runs without a payment: paid-until, or the deadline of its promise if later (PRM-5)."""
    if order.paid_until is None:
        return None
    if order.promise_invoice_id is None or order.promise_until is None:
        return order.paid_until
    return max(order.paid_until, order.promise_until)


def next_event(order: OrderFacts, policy: Policy = DEFAULT_POLICY) -> OrderEvent | None:
    """What happens to the order by itself if nobody pays (ORD-2, ORD-3, PRM-8); ``None`` if nothing does.

    The event is due from ``at`` on, that instant included. A blocked order is deleted 7 days after the block, not after
    its paid-until: a broken promise blocks later than the paid period ends.
    """
    if order.state == OrderState.PENDING:
        if order.created_at is None:
            return None
        end = shifted(order.created_at, policy.pending_lifetime)
        return OrderEvent(end, OrderEventKind.CANCEL, order.id, "ORD-3")
    if order.is_running:
        until = active_until(order)
        if until is None:
            return None
        rule = "ORD-2" if order.promise_invoice_id is None else "PRM-8"
        return OrderEvent(until, OrderEventKind.BLOCK, order.id, rule)
    if order.state == OrderState.BLOCKED and order.blocked_at is not None:
        end = shifted(order.blocked_at, policy.deletion_after_block)
        return OrderEvent(end, OrderEventKind.DELETE, order.id, "ORD-2")
    return None


def state_at(order: OrderFacts, now: datetime, policy: Policy = DEFAULT_POLICY) -> OrderFacts:
    """The order after everything that time alone did to it up to ``now`` (ORD-2, ORD-3, PRM-8)."""
    event = next_event(order, policy)
    while event is not None and event.at <= now:
        order = after_event(order, event)
        event = next_event(order, policy)
    return order


def after_event(order: OrderFacts, event: OrderEvent) -> OrderFacts:
    """The order after ``event`` (ORD-1)."""
    if event.kind is OrderEventKind.BLOCK:
        return replace(
            order,
            state=OrderState.BLOCKED,
            blocked_at=event.at,
            promise_invoice_id=None,
            promise_until=None,
            broken_promise_invoice_id=order.promise_invoice_id or order.broken_promise_invoice_id,
        )
    state = OrderState.DELETED if event.kind is OrderEventKind.DELETE else OrderState.CANCELLED
    return replace(
        order,
        state=state,
        open_invoice_id=None,
        promise_invoice_id=None,
        promise_until=None,
        broken_promise_invoice_id=None,
        auto_renew_on=False,
    )


def activated(order: OrderFacts, months: int, now: datetime) -> OrderFacts:
    """A pending order after its first invoice is paid: active from ``now`` on (ORD-1, REN-3, DSC-1).

    The billing day is the day of the activation, and length of use counts from it. Whole seconds only: the paid period
    never ends within one. Raises ``ValueError`` if the order is not pending.
    """
    if order.state != OrderState.PENDING:
        raise ValueError(f"order {order.id} is {order.state}, not pending")
    begin = now.replace(microsecond=0)
    return replace(
        order,
        state=OrderState.ACTIVE,
        paid_until=add_months(begin, months),
        billing_day=begin.day,
        in_use_since=begin,
        open_invoice_id=None,
    )


def open_invoice_refusal(order: OrderFacts, action: str = "renew") -> Refusal | None:
    """An order on an open invoice of any kind is not billed a second time (REN-2, BLK-5, TRF-4).

    For add-ons and a change of plan it follows from INV-10: an invoice has one line per order, also a combined one.
    """
    if order.open_invoice_id is None:
        return None
    invoice = "An open invoice" if order.open_invoice_number is None else f"Invoice {order.open_invoice_number}"
    return Refusal(
        "open-invoice",
        _OPEN_INVOICE_RULE.get(action, "ORD-4"),
        f"{invoice} still bills “{order.name}”: pay or delete that invoice first.",
        {"invoice_id": order.open_invoice_id, "order_id": order.id},
    )


def transfer_refusal(order: OrderFacts, action: str = "renew") -> Refusal | None:
    """An order on its way to another account is not renewed, reinstalled, changed (TRF-6) or pushed again (TRF-4)."""
    if order.transfer_id is None:
        return None
    return Refusal(
        "in-transfer",
        "TRF-4" if action == "transfer" else "TRF-6",
        f"“{order.name}” is being transferred: cancel the transfer, or wait until it has ended.",
        {"transfer_id": order.transfer_id, "order_id": order.id},
    )


def gone_refusal(order: OrderFacts, now: datetime, policy: Policy = DEFAULT_POLICY) -> Refusal | None:
    """A deleted or cancelled order can do nothing any more (ORD-1 to ORD-3), also before a sweep has marked it so."""
    seen = order.state
    if seen in (OrderState.PENDING, OrderState.BLOCKED):
        seen = state_at(order, now, policy).state
    about = {"order_id": order.id}
    if seen == OrderState.DELETED:
        return Refusal("order-deleted", "ORD-2", f"“{order.name}” is deleted: order a new server instead.", about)
    if seen == OrderState.CANCELLED:
        return Refusal(
            "order-cancelled",
            "ORD-1",
            f"“{order.name}” was cancelled before it was paid: order it again.",
            about,
        )
    return None


def pending_refusal(order: OrderFacts) -> Refusal | None:
    """A pending order waits for its first payment (ORD-1)."""
    if order.state != OrderState.PENDING:
        return None
    about = {"order_id": order.id}
    if order.open_invoice_id is None:
        return Refusal("order-pending", "ORD-1", f"“{order.name}” is not paid yet: pay its first invoice first.", about)
    invoice = order.open_invoice_number or order.open_invoice_id
    return Refusal(
        "order-pending",
        "ORD-1",
        f"“{order.name}” is not paid yet: pay its first invoice {invoice} first.",
        {**about, "invoice_id": order.open_invoice_id},
    )


def action_refusal(order: OrderFacts, action: str, now: datetime, policy: Policy = DEFAULT_POLICY) -> Refusal | None:
    """Why ``action`` is not available for the order now (ORD-4, ORD-7, REN-2, TRF-4, TRF-6); ``None`` if it is."""
    about = {"order_id": order.id}
    if action not in ACTIONS:
        return Refusal("unknown-action", "ORD-4", f"There is no action “{action}”: choose one of the listed.", about)
    refusal = gone_refusal(order, now, policy)
    if refusal is not None:
        return refusal
    if action not in ("rename", "auto-renew"):
        refusal = pending_refusal(order)
        if refusal is not None:
            return refusal
    if action in _NOT_DURING_TRANSFER:
        refusal = transfer_refusal(order, action)
        if refusal is not None:
            return refusal
    if action in _NEEDS_RUNNING and order.state == OrderState.BLOCKED:
        return Refusal(
            "order-blocked",
            "TRF-4" if action == "transfer" else "ORD-2",
            f"The paid period of “{order.name}” is over: renew it first.",
            _with_invoice(about, order),
        )
    if order.state == OrderState.SUSPENDED and action in _POWER:
        return Refusal(
            "order-suspended", "ORD-1", f"“{order.name}” is suspended by its owner: take it up again first.", about
        )
    if action == "unsuspend" and order.state != OrderState.SUSPENDED:
        return Refusal(
            "not-suspended", "ORD-1", f"“{order.name}” is not suspended: there is nothing to take up.", about
        )
    if action in _NEEDS_NO_OPEN_INVOICE:
        refusal = open_invoice_refusal(order, action)
    if refusal is None and action == "change-plan" and order.individual_price:
        refusal = Refusal(
            "individual-price",
            "ORD-6",
            f"“{order.name}” has a price that was agreed for its plan: ask the sales department for another plan.",
            about,
        )
    return refusal


def _with_invoice(about: dict[str, str], order: OrderFacts) -> dict[str, str]:
    return about if order.open_invoice_id is None else {**about, "invoice_id": order.open_invoice_id}


def allowed_actions(order: OrderFacts, now: datetime, policy: Policy = DEFAULT_POLICY) -> dict[str, Refusal | None]:
    """Every action with ``None`` where it is available, else why not (ORD-4, ORD-7)."""
    return {action: action_refusal(order, action, now, policy) for action in ACTIONS}


def confirm_name_refusal(order: OrderFacts, action: str, typed: str | None) -> Refusal | None:
    """A destructive action wants the order's name typed exactly (ORD-4)."""
    if action not in DESTRUCTIVE_ACTIONS or typed == order.name:
        return None
    return Refusal(
        "confirm-name",
        "ORD-4",
        f"This erases the server: type its name, “{order.name}”, to confirm.",
        {"order_id": order.id},
    )


def remaining_period_refusal(order: OrderFacts, now: datetime) -> Refusal | None:
    """Add-ons and plan changes are billed for what is left of the paid period: refused when nothing is (ORD-5)."""
    if order.paid_until is not None and order.paid_until > now:
        return None
    ended = "has not begun" if order.paid_until is None else f"ended {format_when(order.paid_until)}"
    return Refusal(
        "period-over",
        "ORD-5",
        f"The paid period of “{order.name}” {ended}: renew it first.",
        {"order_id": order.id},
    )


def addon_amount(monthly_price: Money, now: datetime, paid_until: datetime) -> Money:
    """What an add-on costs for the whole remaining paid period, exact and rounded once (ORD-5). 0 if it is over."""
    exact = Fraction(monthly_price.amount) * months_left(now, paid_until)
    return Money(round_fraction(exact), monthly_price.currency)


def plan_change_amount(old_price: Money, new_price: Money, now: datetime, paid_until: datetime) -> Money:
    """The difference of two monthly prices for the remaining period (ORD-6). A cheaper plan costs 0: no refund."""
    difference = new_price - old_price
    if difference.amount <= 0:
        return Money.zero(new_price.currency)
    return addon_amount(difference, now, paid_until)
