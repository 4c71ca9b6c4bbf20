"""The promise to pay: a payment method that defers payment by 7 days (PRM)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from billtui.domain.models.invoices import InvoiceKind, InvoiceState
from billtui.domain.models.orders import OrderState
from billtui.domain.periods import shifted
from billtui.domain.policy import DEFAULT_POLICY, Policy
from billtui.domain.refusal import Refusal
from billtui.domain.rules.facts import InvoiceFacts, OrderFacts, format_when, is_renewal
from billtui.domain.rules.orders import gone_refusal


def promise_deadline(now: datetime, policy: Policy = DEFAULT_POLICY) -> datetime:
    """By when the money must be there if the promise is chosen ``now`` (PRM-1, PRM-3)."""
    return now + policy.promise_length


def order_active_until(order: OrderFacts, promise_until: datetime) -> datetime:
    """Until when a promise keeps the order active: the later of paid-until and the deadline (PRM-5)."""
    return promise_until if order.paid_until is None else max(order.paid_until, promise_until)


def promise_refusal(
    invoice: InvoiceFacts, orders: Iterable[OrderFacts], now: datetime, policy: Policy = DEFAULT_POLICY
) -> Refusal | None:
    """Why the invoice cannot be promised now (INV-3, INV-13, PRM-2, PRM-4, PRM-6); ``None`` if it can.

    Looks at the invoice as ``unpaid``, ``promised`` or ``overdue``; other states are the caller's (``pay_refusal``).
    ``orders`` are the orders of its lines: a panel passes all of them, a client those it knows.
    """
    about = {"invoice_id": invoice.id}
    if invoice.state == InvoiceState.PROMISED:
        until = "" if invoice.promise_until is None else f" until {format_when(invoice.promise_until)}"
        return Refusal(
            "promise-running",
            "PRM-6",
            f"Invoice {invoice.number} is promised already{until}: pay it by then by another method.",
            about,
        )
    if invoice.state == InvoiceState.OVERDUE:
        return Refusal(
            "promise-broken",
            "PRM-6",
            f"The promise for invoice {invoice.number} was broken: pay it by another method.",
            about,
        )
    if invoice.kind == InvoiceKind.TOP_UP:
        return Refusal(
            "top-up-external-only", "INV-13", "A top-up cannot be promised: pay it by an external method.", about
        )
    if not is_renewal(invoice.kind):
        return Refusal(
            "promise-renewal-only",
            "PRM-4",
            f"Only renewals can be promised, and invoice {invoice.number} bills something else: pay it another way.",
            about,
        )
    known = [order for order in orders if order.id in invoice.line_order_ids] if invoice.line_order_ids else [*orders]
    for order in known:
        refusal = gone_refusal(order, now, policy) or _promise_history(invoice, order)
        if refusal is not None:
            return refusal
    return _too_early(invoice, known, now, policy)


def _promise_history(invoice: InvoiceFacts, order: OrderFacts) -> Refusal | None:
    broken = order.broken_promise_invoice_id
    if broken is not None:
        return Refusal(
            "promise-broken",
            "PRM-6",
            f"The promise on invoice {broken} for “{order.name}” was broken: pay that invoice first.",
            {"invoice_id": broken, "order_id": order.id},
        )
    running = order.promise_invoice_id
    if running is not None and running != invoice.id:
        return Refusal(
            "promise-running",
            "PRM-6",
            f"A promise runs for “{order.name}” on invoice {running}: pay that one first.",
            {"invoice_id": running, "order_id": order.id},
        )
    return None


def _too_early(invoice: InvoiceFacts, orders: list[OrderFacts], now: datetime, policy: Policy) -> Refusal | None:
    ends = [(order.paid_until, order) for order in orders if order.paid_until is not None]
    if not ends:
        return None
    end, latest = max(ends, key=lambda pair: pair[0])
    start = shifted(end, -policy.promise_window)
    if now >= start:
        return None
    hours = int(policy.promise_window.total_seconds()) // 3600
    return Refusal(
        "promise-too-early",
        "PRM-2",
        f"“{latest.name}” has more than {hours} hours left: a promise is possible from {format_when(start)} on; "
        "until then pay another way.",
        {"invoice_id": invoice.id, "order_id": latest.id},
        start,
    )


def promised(order: OrderFacts, invoice_id: str, deadline: datetime) -> OrderFacts:
    """The order once a promise runs for it: it stays, or becomes, active (PRM-5). Its paid-until does not move."""
    state = OrderState.ACTIVE if order.state == OrderState.BLOCKED else order.state
    return replace(order, state=state, blocked_at=None, promise_invoice_id=invoice_id, promise_until=deadline)


def is_missed(invoice: InvoiceFacts, now: datetime) -> bool:
    """Whether the invoice's promise is broken at ``now``: promised, and the deadline has come (PRM-8)."""
    return invoice.state == InvoiceState.PROMISED and invoice.promise_until is not None and now >= invoice.promise_until


def broken(order: OrderFacts, invoice_id: str, deadline: datetime) -> OrderFacts:
    """The order once the promise for it is broken: blocked, and the days to deletion start (PRM-8, ORD-2).

    An order whose paid period outlasts the deadline is blocked at its end instead (PRM-5).
    """
    until = order_active_until(order, deadline)
    cleared = replace(order, promise_invoice_id=None, promise_until=None, broken_promise_invoice_id=invoice_id)
    if until > deadline:
        return cleared
    return replace(cleared, state=OrderState.BLOCKED, blocked_at=deadline)
