"""Orders: one service each that an account holds (ORD)."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum

from pydantic import Field

from billtui.domain.models.catalogue import OrderAddon
from billtui.domain.models.wire import Id, Instant, OpenEnum, Percent, Whole, WireModel
from billtui.domain.money import Money
from billtui.domain.safetext import SafeText


class OrderState(StrEnum):
    """ORD-1."""

    PENDING = "pending"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    BLOCKED = "blocked"
    DELETED = "deleted"
    CANCELLED = "cancelled"


class Action(WireModel):
    """One thing that can be done with an object, and if not, why (ORD-7).

    ``action`` of an order is one of: start, stop, reboot, reset, reinstall, suspend, unsuspend, rename, auto-renew,
    renew, addons, change-plan, transfer. Items of a list carry the refused ones only, as action, code and related.
    """

    action: SafeText
    allowed: bool = False
    code: SafeText | None = None
    rule: SafeText | None = None
    reason: SafeText | None = None
    related: dict[SafeText, SafeText] = Field(default_factory=dict)
    available_from: Instant | None = None


class AutoRenew(WireModel):
    """Auto-renewal of an order and its own period in months (REN-4, REN-5)."""

    on: bool = False
    months: Whole = 1


class Order(WireModel):
    """An order. ``paid_until`` is ``None`` while it is pending."""

    id: Id
    name: SafeText
    kind: SafeText = SafeText("vds")
    plan: SafeText
    location: SafeText
    address: SafeText | None = None
    state: OpenEnum[OrderState]
    power: SafeText | None = None
    created_at: Instant
    paid_until: Instant | None = None
    monthly_price: Money
    discount_percent: Percent = Decimal(0)
    individual_price: bool = False
    auto_renew: AutoRenew = AutoRenew()
    auto_renew_since: Instant | None = None
    """Since when auto-renewal is on; ``None`` where the panel does not say (REN-4)."""
    auto_renew_done_for: Instant | None = None
    """The paid-until whose auto-renewal was dealt with already: once in each period (REN-4)."""
    addons: list[OrderAddon] = Field(default_factory=list)
    """What comes on top of ``monthly_price`` with every renewal, without discount (DSC-4)."""
    promise_until: Instant | None = None
    """The deadline of the promise that runs for it (PRM-5)."""
    billing_day: int = Field(default=1, ge=1, le=31)
    in_use_since: Instant | None = None
    unpaid_invoice_id: Id | None = None
    transfer_id: Id | None = None
    plan_change_ticket_id: Id | None = None
    """The ticket that its last change of plan has opened (ORD-6)."""
    blocked_at: Instant | None = None
    """Since when it is blocked: it is deleted 7 days later (ORD-2)."""
    actions: list[Action] = Field(default_factory=list)
    more: dict[SafeText, SafeText] = Field(default_factory=dict)
    """What else the panel says of it, as name and text: fields that its driver does not understand."""
    version: Whole = 0
