"""Invoices, their lines and payments (INV)."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from billtui.domain.models.orders import Action
from billtui.domain.models.wire import Id, Instant, OpenEnum, Percent, Whole, WireModel
from billtui.domain.money import Money
from billtui.domain.safetext import SafeText


class InvoiceKind(StrEnum):
    """INV-2; ``mixed`` is a combined invoice of several kinds (INV-6)."""

    NEW_ORDER = "new-order"
    RENEWAL = "renewal"
    ADDON = "addon"
    PLAN_CHANGE = "plan-change"
    TOP_UP = "top-up"
    ADMINISTRATION = "administration"
    MIXED = "mixed"


class InvoiceState(StrEnum):
    """INV-2."""

    UNPAID = "unpaid"
    PROMISED = "promised"
    PAID = "paid"
    OVERDUE = "overdue"
    DELETED = "deleted"
    COMBINED = "combined"
    REFUNDED = "refunded"


OPEN_STATES: frozenset[str] = frozenset({InvoiceState.UNPAID, InvoiceState.PROMISED, InvoiceState.OVERDUE})
"""States of an open invoice: it can still be paid (REN-2, BLK-5, TRF-4)."""
BEGUN_STATES: frozenset[str] = frozenset({"payment in progress", "payment initiated"})
"""States of an invoice whose payment was begun at a provider (wire: BILLmanager): neither paid nor to be paid twice."""


class Discount(WireModel):
    """One discount on a line, by name, in per cent (DSC-8)."""

    name: SafeText
    percent: Percent


class AddonPart(WireModel):
    """The part of a line that one add-on makes up; it has no discount (DSC-4)."""

    id: Id
    name: SafeText
    amount: Money


class PlanChangePart(WireModel):
    """What a line of a plan change bills: the difference of two prices for what was left of the period (ORD-6)."""

    old_plan: Id
    old_plan_name: SafeText
    new_plan: Id
    new_plan_name: SafeText
    old_monthly_price: Money
    new_monthly_price: Money
    billed_from: Instant
    billed_until: Instant
    """What is billed: from the quote to the end of the paid period."""


class InvoiceLine(WireModel):
    """What one order costs on this invoice (INV-10).

    The server part, ``list_price`` less the add-ons' amounts, less ``discounts``, rounded once, plus the add-ons'
    amounts is ``amount``.
    """

    order_id: Id | None = None
    title: SafeText
    months: Whole | None = None
    list_price: Money
    discounts: list[Discount] = Field(default_factory=list)
    addons: list[AddonPart] = Field(default_factory=list)
    plan_change: PlanChangePart | None = None
    """Of a change of plan: from what to what (ORD-6)."""
    amount: Money


class Invoice(WireModel):
    """An invoice with all its payment information (INV-1).

    Items of a list carry no ``lines``; ``line_count`` says how many there are.
    """

    id: Id
    number: SafeText
    kind: OpenEnum[InvoiceKind]
    state: OpenEnum[InvoiceState]
    issued_at: Instant
    due_at: Instant | None = None
    paid_at: Instant | None = None
    paid_by: SafeText | None = None
    """Who paid it (INV-4)."""
    paid_method: SafeText | None = None
    """How it was paid: the name of the payment method (INV-4)."""
    total: Money
    lines: list[InvoiceLine] = Field(default_factory=list)
    line_count: Whole = 0
    title: SafeText = SafeText("")
    combined_into: Id | None = None
    combined_from: list[Id] = Field(default_factory=list)
    promise_until: Instant | None = None
    actions: list[Action] = Field(default_factory=list)
    version: Whole = 0

    @property
    def is_open(self) -> bool:
        """Whether it can still be paid: unpaid, promised or overdue."""
        return self.state in OPEN_STATES


class PaymentMethod(WireModel):
    """One way to pay an invoice; unavailable ones say why and from when (PRM-2, INV-3)."""

    method: SafeText
    title: SafeText
    available: bool
    code: SafeText | None = None
    rule: SafeText | None = None
    reason: SafeText | None = None
    available_from: Instant | None = None
    deadline: Instant | None = None
    """For the promise: the instant by which the money must be there if it is chosen now (PRM-3)."""
    related: dict[SafeText, SafeText] = Field(default_factory=dict)


class PaymentState(StrEnum):
    """``pending`` waits for the external provider; ``promised`` for the client."""

    PENDING = "pending"
    DONE = "done"
    PROMISED = "promised"
    FAILED = "failed"


class Payment(WireModel):
    """A payment of an invoice; an external one carries the address to pay at and leaves the invoice unpaid (INV-3)."""

    id: Id
    invoice_id: Id
    method: SafeText
    state: OpenEnum[PaymentState]
    amount: Money
    payment_url: SafeText | None = None
    created_at: Instant | None = None
    promise_until: Instant | None = None
