"""What the rules need to know about orders, invoices and purses: small frozen facts, made from rows or from models."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from billtui.domain.models.account import Balances
from billtui.domain.models.invoices import OPEN_STATES, Invoice, InvoiceKind, InvoiceState
from billtui.domain.models.orders import Order, OrderState
from billtui.domain.money import Money
from billtui.domain.periods import utc

INTERNAL = "internal"
AFFILIATE = "affiliate"
PROMISE = "promise"
PURSES: tuple[str, ...] = (INTERNAL, AFFILIATE)
"""The purses in the order in which they are tried (REN-4)."""
EXTERNAL_METHODS: tuple[str, ...] = ("card", "crypto")
"""External payment methods: the answer is an address to pay at (INV-3)."""


def format_when(instant: datetime) -> str:
    """``instant`` for a sentence, absolute and to the minute: ``2026-11-23 10:05 UTC``."""
    return utc(instant).strftime("%Y-%m-%d %H:%M UTC")


@dataclass(frozen=True, slots=True)
class Purses:
    """The two purses of an account, never added together (ACC-4)."""

    internal: Money
    affiliate: Money

    @classmethod
    def of(cls, balances: Balances) -> Purses:
        """The purses of an account answer."""
        return cls(balances.internal, balances.affiliate)

    def holds(self, purse: str) -> Money:
        """What ``purse`` holds. Raises ``KeyError`` for an unknown purse."""
        if purse not in PURSES:
            raise KeyError(purse)
        return self.internal if purse == INTERNAL else self.affiliate

    def after(self, purse: str, change: Money) -> Purses:
        """The purses after ``change`` (signed) in ``purse``. Raises ``KeyError`` for an unknown purse."""
        held = self.holds(purse) + change
        return Purses(held, self.affiliate) if purse == INTERNAL else Purses(self.internal, held)


@dataclass(frozen=True, slots=True)
class AddonFacts:
    """An add-on, with its price a month (ORD-5)."""

    id: str
    name: str
    monthly_price: Money
    kind: str = "vds"
    """The kind of service it can be added to."""


@dataclass(frozen=True, slots=True)
class OrderFacts:
    """One order, as far as the rules look at it."""

    id: str
    name: str
    kind: str
    state: str
    paid_until: datetime | None
    monthly_price: Money
    individual_price: bool = False
    billing_day: int = 1
    in_use_since: datetime | None = None
    auto_renew_on: bool = False
    auto_renew_months: int = 1
    auto_renew_since: datetime | None = None
    """Since when auto-renewal is on; ``None`` where that is not known."""
    auto_renew_done_for: datetime | None = None
    """The paid-until whose auto-renewal was dealt with already: once per period (REN-4)."""
    open_invoice_id: str | None = None
    open_invoice_number: str | None = None
    """What a person knows the open invoice by, where that is known: the id is not it."""
    transfer_id: str | None = None
    broken_promise_invoice_id: str | None = None
    """The overdue invoice that bills it (PRM-6)."""
    promise_invoice_id: str | None = None
    """The promised invoice that bills it (PRM-6)."""
    promise_until: datetime | None = None
    """The deadline of the running promise (PRM-5)."""
    created_at: datetime | None = None
    addons: tuple[AddonFacts, ...] = ()
    """Billed with every renewal, without discount (ORD-5, DSC-4)."""
    plan: str = ""
    """What promo codes are for, with the location (DSC-6)."""
    location: str = ""
    blocked_at: datetime | None = None
    """Since when it is blocked. Where that is not known, no deletion is computed: a broken promise blocks later than
    the paid period ends, so ``paid_until`` would be a guess."""

    @property
    def is_running(self) -> bool:
        """Active, or active and stopped by its owner (ORD-1)."""
        return self.state in (OrderState.ACTIVE, OrderState.SUSPENDED)


@dataclass(frozen=True, slots=True)
class InvoiceFacts:
    """One invoice, as far as the rules look at it."""

    id: str
    number: str
    kind: str
    state: str
    total: Money
    line_order_ids: tuple[str, ...] = ()
    combined_into: str | None = None
    combined_from: tuple[str, ...] = ()
    promise_until: datetime | None = None
    issued_at: datetime | None = None
    paid_at: datetime | None = None
    paid_by: str | None = None
    paid_method: str | None = None
    due_at: datetime | None = None
    account_id: str = ""

    @property
    def currency(self) -> str:
        """The currency of its total."""
        return self.total.currency

    @property
    def is_open(self) -> bool:
        """Unpaid, promised or overdue, of any kind: what "open invoice" means in REN-2, BLK-5 and TRF-4."""
        return self.state in OPEN_STATES


def invoice_facts(invoice: Invoice, account_id: str = "") -> InvoiceFacts:
    """The facts of a wire invoice."""
    return InvoiceFacts(
        id=invoice.id.raw,
        number=str(invoice.number),
        kind=str(invoice.kind),
        state=str(invoice.state),
        total=invoice.total,
        line_order_ids=tuple(line.order_id.raw for line in invoice.lines if line.order_id is not None),
        combined_into=invoice.combined_into.raw if invoice.combined_into is not None else None,
        combined_from=tuple(one.raw for one in invoice.combined_from),
        promise_until=invoice.promise_until,
        issued_at=invoice.issued_at,
        paid_at=invoice.paid_at,
        paid_by=str(invoice.paid_by) if invoice.paid_by is not None else None,
        paid_method=str(invoice.paid_method) if invoice.paid_method is not None else None,
        due_at=invoice.due_at,
        account_id=account_id,
    )


def order_facts(order: Order, invoices: Iterable[Invoice] = ()) -> OrderFacts:
    """The facts of a wire order. ``invoices`` are looked through for its open one: is it promised, is it overdue?"""
    open_id = order.unpaid_invoice_id.raw if order.unpaid_invoice_id is not None else None
    promised: Invoice | None = None
    broken: Invoice | None = None
    for invoice in invoices:
        bills = invoice.id.raw == open_id or any(
            line.order_id is not None and line.order_id.raw == order.id.raw for line in invoice.lines
        )
        if bills and invoice.state == InvoiceState.PROMISED:
            promised = invoice
        elif bills and invoice.state == InvoiceState.OVERDUE:
            broken = invoice
    return OrderFacts(
        id=order.id.raw,
        name=str(order.name),
        kind=str(order.kind),
        state=str(order.state),
        paid_until=order.paid_until,
        monthly_price=order.monthly_price,
        individual_price=order.individual_price,
        billing_day=order.billing_day,
        in_use_since=order.in_use_since,
        auto_renew_on=order.auto_renew.on,
        auto_renew_months=order.auto_renew.months,
        auto_renew_since=order.auto_renew_since,
        auto_renew_done_for=order.auto_renew_done_for,
        addons=tuple(AddonFacts(one.id.raw, str(one.name), one.monthly_price) for one in order.addons),
        open_invoice_id=open_id,
        transfer_id=order.transfer_id.raw if order.transfer_id is not None else None,
        broken_promise_invoice_id=broken.id.raw if broken is not None else None,
        promise_invoice_id=promised.id.raw if promised is not None else None,
        promise_until=promised.promise_until if promised is not None else order.promise_until,
        created_at=order.created_at,
        blocked_at=order.blocked_at,
        plan=order.plan.raw,
        location=order.location.raw,
    )


def is_renewal(kind: str) -> bool:
    """Whether every line of an invoice of this kind is a renewal (PRM-4, INV-6)."""
    return kind == InvoiceKind.RENEWAL
