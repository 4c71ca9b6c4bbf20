"""Invoices: who may pay, delete, combine and split them, and what that does (INV)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from billtui.domain.models.invoices import BEGUN_STATES, InvoiceKind, InvoiceState, PaymentMethod
from billtui.domain.models.orders import OrderState
from billtui.domain.money import Money
from billtui.domain.periods import format_instant
from billtui.domain.policy import DEFAULT_POLICY, Policy
from billtui.domain.refusal import Refusal
from billtui.domain.rules.accounts import other_currency, purse_refusal
from billtui.domain.rules.facts import (
    AFFILIATE,
    EXTERNAL_METHODS,
    INTERNAL,
    PROMISE,
    PURSES,
    InvoiceFacts,
    OrderFacts,
    Purses,
    format_when,
)
from billtui.domain.rules.promise import promise_deadline, promise_refusal
from billtui.domain.safetext import SafeText

ACTIONS: tuple[str, ...] = ("pay", "promise", "delete", "combine", "split", "document")
"""What can be done with an invoice."""
METHODS: tuple[str, ...] = (*PURSES, *EXTERNAL_METHODS, PROMISE)
"""Every way to pay an invoice (INV-3)."""
_TITLES = {
    INTERNAL: "Internal balance",
    AFFILIATE: "Affiliate balance",
    PROMISE: "Promise to pay",
    "card": "Card",
    "crypto": "Cryptocurrency",
}


def state_refusal(invoice: InvoiceFacts) -> Refusal | None:
    """Why no payment method fits the invoice's state (INV-3, INV-4); ``None`` if it is open."""
    about = {"invoice_id": invoice.id}
    if invoice.is_open and invoice.total.amount < 0:
        reason = f"Invoice {invoice.number} is over {invoice.total}: that is owed to you, there is nothing to pay."
        return Refusal("not-payable", "INV-3", reason, about)
    if invoice.is_open:
        return None
    if invoice.state == InvoiceState.PAID:
        return already_paid(invoice)
    if invoice.state == InvoiceState.COMBINED:
        return combined_refusal(invoice)
    if invoice.state == InvoiceState.REFUNDED:
        return Refusal(
            "not-payable", "INV-3", f"Invoice {invoice.number} was refunded: there is nothing to pay.", about
        )
    if invoice.state in BEGUN_STATES:
        return Refusal("not-payable", "INV-3", begun_words(invoice.number), about)
    return Refusal(
        "not-payable",
        "INV-3",
        f"Invoice {invoice.number} is {invoice.state}: order or renew again for a new one.",
        about,
    )


def begun_words(number: str) -> str:
    """Why an invoice whose payment was begun at a provider is not paid once more, and what to do instead."""
    return (
        f"The payment of invoice {number} was begun at a provider. Pay it at the address that was given then, or on the"
        " panel's own pages; from here it is not begun a second time."
    )


def already_paid(invoice: InvoiceFacts) -> Refusal:
    """The answer to a second payment: who paid it, when and how (INV-4)."""
    when = "" if invoice.paid_at is None else f" on {format_when(invoice.paid_at)}"
    who = "" if invoice.paid_by is None else f" by {invoice.paid_by}"
    how = "" if invoice.paid_method is None else f", method {invoice.paid_method}"
    about = {"invoice_id": invoice.id}
    if invoice.paid_by is not None:
        about["paid_by"] = invoice.paid_by
    if invoice.paid_method is not None:
        about["paid_method"] = invoice.paid_method
    if invoice.paid_at is not None:
        about["paid_at"] = format_instant(invoice.paid_at)
    return Refusal(
        "already-paid", "INV-4", f"Invoice {invoice.number} was paid{when}{who}{how}: nothing is left to pay.", about
    )


def combined_refusal(invoice: InvoiceFacts) -> Refusal:
    """The answer to anything done with a combined original (INV-5)."""
    into = invoice.combined_into
    about = {"invoice_id": into or invoice.id, "combined_id": invoice.id}
    way = f"act on invoice {into}, or split that" if into is not None else "act on the one it was combined into"
    return Refusal("invoice-combined", "INV-5", f"Invoice {invoice.number} is part of another one: {way}.", about)


def pay_refusal(
    invoice: InvoiceFacts,
    method: str,
    purses: Purses,
    orders: Iterable[OrderFacts],
    now: datetime,
    policy: Policy = DEFAULT_POLICY,
    external: Collection[str] = EXTERNAL_METHODS,
) -> Refusal | None:
    """Why ``method`` cannot pay the invoice now (INV-3, INV-4, INV-13, ACC-4, PRM); ``None`` if it can.

    The whole amount comes from one method or nothing at all.
    """
    about = {"invoice_id": invoice.id}
    if method not in PURSES and method != PROMISE and method not in external:
        choices = ", ".join((*PURSES, *external, PROMISE))
        return Refusal("unknown-method", "INV-3", f"There is no payment method “{method}”: choose {choices}.", about)
    refusal = state_refusal(invoice) or other_currency(f"Invoice {invoice.number}", invoice.total, purses, about)
    if refusal is not None:
        return refusal
    if method == PROMISE:
        return promise_refusal(invoice, orders, now, policy)
    if method in external:
        return None
    if invoice.kind == InvoiceKind.TOP_UP:
        return Refusal(
            "top-up-external-only", "INV-13", "A top-up is not paid from a balance: choose an external method.", about
        )
    lacking = purse_refusal(method, invoice.total, purses)
    if lacking is None:
        return None
    return Refusal(lacking.code, lacking.rule, lacking.reason, {**lacking.related, **about})


def payment_methods(
    invoice: InvoiceFacts,
    orders: Iterable[OrderFacts],
    purses: Purses,
    now: datetime,
    policy: Policy = DEFAULT_POLICY,
    external: Sequence[str] = EXTERNAL_METHODS,
) -> list[PaymentMethod]:
    """Every payment method, available or not, with the reason and from when (INV-3, PRM-2, PRM-3)."""
    known = tuple(orders)
    methods: list[PaymentMethod] = []
    for method in (*PURSES, *external, PROMISE):
        refusal = pay_refusal(invoice, method, purses, known, now, policy, external)
        deadline = promise_deadline(now, policy) if method == PROMISE and refusal is None else None
        methods.append(_method(method, refusal, deadline))
    return methods


def _method(method: str, refusal: Refusal | None, deadline: datetime | None) -> PaymentMethod:
    title = SafeText(_TITLES.get(method, method.capitalize()))
    if refusal is None:
        return PaymentMethod(method=SafeText(method), title=title, available=True, deadline=deadline)
    return PaymentMethod(
        method=SafeText(method),
        title=title,
        available=False,
        code=SafeText(refusal.code),
        rule=SafeText(refusal.rule),
        reason=SafeText(refusal.reason),
        available_from=refusal.available_from,
        related={SafeText(key): SafeText(value) for key, value in refusal.related.items()},
    )


def _not_unpaid(invoice: InvoiceFacts, verb: str, rule: str) -> Refusal | None:
    """Why something that needs an unpaid invoice is not for this one: one answer per state (INV-5 to INV-7, PRM-9)."""
    about = {"invoice_id": invoice.id}
    number = invoice.number
    if invoice.state == InvoiceState.UNPAID:
        return None
    if invoice.state == InvoiceState.PROMISED:
        rule = "PRM-9" if rule in ("INV-5", "INV-6") else rule
        return Refusal("invoice-promised", rule, f"Invoice {number} is promised and cannot be {verb}: pay it.", about)
    if invoice.state == InvoiceState.OVERDUE:
        reason = f"Invoice {number} is overdue after a broken promise and cannot be {verb}: pay it."
        return Refusal("invoice-overdue", rule, reason, about)
    if invoice.state == InvoiceState.PAID:
        return already_paid(invoice)
    if invoice.state == InvoiceState.COMBINED:
        return combined_refusal(invoice)
    if invoice.state == InvoiceState.REFUNDED:
        return Refusal("invoice-refunded", rule, f"Invoice {number} was refunded and cannot be {verb}.", about)
    if invoice.state == InvoiceState.DELETED:
        return Refusal("invoice-deleted", rule, f"Invoice {number} is deleted already: nothing is left to do.", about)
    return Refusal(
        "not-payable", rule, f"Invoice {number} is {invoice.state} and cannot be {verb}: ask support.", about
    )


def delete_refusal(invoice: InvoiceFacts) -> Refusal | None:
    """Why the invoice cannot be deleted (INV-5, PRM-9); ``None`` if it can."""
    refusal = _not_unpaid(invoice, "deleted", "INV-5")
    if refusal is None and invoice.combined_from:
        return Refusal(
            "holds-combined",
            "INV-5",
            f"Invoice {invoice.number} holds {len(invoice.combined_from)} combined ones: split it, then delete those.",
            {"invoice_id": invoice.id},
        )
    return refusal


def cancelled_by_delete(invoice: InvoiceFacts, orders: Iterable[OrderFacts]) -> tuple[str, ...]:
    """Ids of the pending orders that deleting the invoice cancels; the confirmation names them (INV-5, ORD-1)."""
    billed = frozenset(invoice.line_order_ids)
    return tuple(order.id for order in orders if order.id in billed and order.state == OrderState.PENDING)


def cannot_combine(invoice: InvoiceFacts) -> Refusal | None:
    """Why this one invoice cannot be combined with any other (INV-6, INV-13, PRM-9); ``None`` if it can."""
    refusal = _not_unpaid(invoice, "combined", "INV-6")
    if refusal is None and invoice.kind == InvoiceKind.TOP_UP:
        return Refusal(
            "combine-kind",
            "INV-13",
            f"Invoice {invoice.number} is a top-up, and those are never combined: leave it out.",
            {"invoice_id": invoice.id},
        )
    return refusal


def combine_refusal(invoices: Sequence[InvoiceFacts]) -> Refusal | None:
    """Why these invoices cannot become one (INV-6, INV-13, PRM-9); the first reason found, ``None`` if they can."""
    for invoice in invoices:
        refusal = cannot_combine(invoice)
        if refusal is not None:
            return refusal
    if len({invoice.id for invoice in invoices}) < 2 or len({invoice.id for invoice in invoices}) < len(invoices):
        return Refusal(
            "combine-needs-two", "INV-6", "Combining needs two or more different unpaid invoices: mark another one."
        )
    first = invoices[0]
    for invoice in invoices[1:]:
        about = {"invoice_id": invoice.id}
        if invoice.account_id != first.account_id:
            reason = f"Invoice {invoice.number} belongs to another account than {first.number}: combine them apart."
            return Refusal("combine-account", "INV-6", reason, about)
        if invoice.currency != first.currency:
            reason = f"Invoice {invoice.number} is in {invoice.currency}, not {first.currency}: combine them apart."
            return Refusal("combine-currency", "INV-6", reason, about)
    return None


@dataclass(frozen=True, slots=True)
class CombinedFacts:
    """What a combined invoice is made of (INV-6)."""

    kind: str
    total: Money
    due_at: datetime | None
    line_order_ids: tuple[str, ...]
    combined_from: tuple[str, ...]


def combined(invoices: Sequence[InvoiceFacts]) -> CombinedFacts:
    """The invoice that holds all of ``invoices``: exact sum, earliest due date, common kind or ``mixed`` (INV-6).

    Raises ``ValueError`` if ``combine_refusal`` refuses them.
    """
    refusal = combine_refusal(invoices)
    if refusal is not None:
        raise ValueError(refusal.reason)
    kinds = {invoice.kind for invoice in invoices}
    return CombinedFacts(
        kind=kinds.pop() if len(kinds) == 1 else InvoiceKind.MIXED,
        total=Money.total((invoice.total for invoice in invoices), invoices[0].currency),
        due_at=min((invoice.due_at for invoice in invoices if invoice.due_at is not None), default=None),
        line_order_ids=tuple(one for invoice in invoices for one in invoice.line_order_ids),
        combined_from=tuple(invoice.id for invoice in invoices),
    )


def split_refusal(invoice: InvoiceFacts) -> Refusal | None:
    """Why the invoice cannot be split back into what was combined (INV-7); ``None`` if it can."""
    if not invoice.combined_from:
        return Refusal(
            "not-combined",
            "INV-7",
            f"Invoice {invoice.number} was not made by combining: there is nothing to split.",
            {"invoice_id": invoice.id},
        )
    return _not_unpaid(invoice, "split", "INV-7")


def invoice_actions(
    invoice: InvoiceFacts, orders: Iterable[OrderFacts], now: datetime, policy: Policy = DEFAULT_POLICY
) -> dict[str, Refusal | None]:
    """Every action with ``None`` where it is available, else why not. "pay" looks at the state, not at the purses."""
    state = state_refusal(invoice)
    return {
        "pay": state,
        "promise": state or promise_refusal(invoice, orders, now, policy),
        "delete": delete_refusal(invoice),
        "combine": cannot_combine(invoice),
        "split": split_refusal(invoice),
        "document": None,
    }


def goes_with(invoice: InvoiceFacts, order_id: str) -> bool:
    """Whether it is deleted with an order that is deleted or cancelled (INV-12, ORD-3); its other orders are freed."""
    return invoice.is_open and order_id in invoice.line_order_ids


def next_number(last: int) -> int:
    """The number after ``last`` of an account: rising, without gaps, never reused (INV-8). The first one is 1."""
    return last + 1


class Settlement(StrEnum):
    """Where an external payment goes when the provider reports it (INV-3, INV-11)."""

    PAYS_INVOICE = "pays-invoice"
    CREDITS_INTERNAL = "credits-internal"
    COUNTED_BEFORE = "counted-before"


def settle_external(invoice: InvoiceFacts, amount: Money, event_id: str, seen: Collection[str]) -> Settlement:
    """What a provider's event does: once only; what no invoice takes is credited to the internal balance (INV-11).

    An amount other than the total pays nothing in part (INV-4): it is credited too.
    """
    if event_id in seen:
        return Settlement.COUNTED_BEFORE
    return Settlement.PAYS_INVOICE if invoice.is_open and amount == invoice.total else Settlement.CREDITS_INTERNAL
