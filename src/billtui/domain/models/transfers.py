"""Transfers: an order on its way from one account to another (TRF)."""

from __future__ import annotations

from pydantic import Field

from billtui.domain.models.orders import Action
from billtui.domain.models.wire import Id, Instant, OpenEnum, Whole, WireModel
from billtui.domain.money import Money
from billtui.domain.safetext import SafeBody, SafeText
from billtui.domain.transfer_states import TransferDirection, TransferState


class TransferStep(WireModel):
    """One line of a transfer's history: the state it came to, when, and who brought it there."""

    state: OpenEnum[TransferState]
    at: Instant
    by: SafeText = SafeText("")
    """A login, or empty where time or the panel did it."""
    reason: SafeText = SafeText("")
    """Why, where it ended without completing and nobody pressed a button (TRF-6)."""


class Transfer(WireModel):
    """One order on its way (TRF-7: each order of a push is its own transfer).

    The recipient sees it from ``awaiting recipient`` on. What stands here of the order is what either side may know.
    """

    id: Id
    order_id: Id
    order_name: SafeText = SafeText("")
    plan: SafeText = SafeText("")
    location: SafeText = SafeText("")
    address: SafeText | None = None
    monthly_price: Money | None = None
    addons_monthly: Money | None = None
    """What its add-ons cost a month, on top and without discount (DSC-4), while it is on its way.

    ``None`` where that is not told.
    """
    individual_price: bool | None = None
    """Whether its price is its own: no discount applies to it, the new owner's neither (DSC-4). ``None``: not told."""
    paid_until: Instant | None = None
    direction: OpenEnum[TransferDirection]
    state: OpenEnum[TransferState]
    counterparty: SafeText
    """The login of the other side."""
    counterparty_account_id: Id | None = None
    push_id: Id | None = None
    """The same for all orders of one push."""
    created_at: Instant
    expires_at: Instant | None = None
    """When it expires unless somebody takes the next step; ``None`` once it has ended (TRF-3)."""
    history: list[TransferStep] = Field(default_factory=list)
    actions: list[Action] = Field(default_factory=list)
    """confirm, accept, decline, cancel: allowed or why not, for the account that asks."""
    version: Whole = 0


class Mail(WireModel):
    """A mail that a real panel would have sent (sandbox only)."""

    id: Id
    to: SafeText
    at: Instant
    event: SafeText = SafeText("")
    subject: SafeText
    body: SafeBody = SafeBody("")
    code: SafeText | None = None
    """The one-time code that it carries."""
    link: SafeText | None = None
    order_id: Id | None = None
    invoice_id: Id | None = None
    transfer_id: Id | None = None
