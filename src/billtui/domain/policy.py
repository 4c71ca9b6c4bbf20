"""What the billing system leaves to the provider: days, limits and tiers as data.

A provider with other numbers needs another :class:`Policy`, not other code.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal

from billtui.domain.business_hours import ALWAYS_OPEN, BusinessHours
from billtui.domain.plain_policy import DELETION_AFTER_BLOCK


@dataclass(frozen=True, slots=True)
class LoyaltyTiers:
    """Loyalty of one kind of service: per cent by months of use (DSC-1) and by number of services (DSC-2)."""

    by_months: tuple[tuple[int, Decimal], ...]
    """(months, per cent): in use for longer than that many calendar months."""
    by_count: tuple[tuple[int, Decimal], ...]
    """(count, per cent): that many services or more."""


def _tiers(months: str, count: str) -> LoyaltyTiers:
    def pairs(text: str) -> tuple[tuple[int, Decimal], ...]:
        return tuple((int(a), Decimal(b)) for a, b in (part.split(":") for part in text.split()))

    return LoyaltyTiers(pairs(months), pairs(count))


def _default_loyalty() -> dict[str, LoyaltyTiers]:
    return {
        "vds": _tiers("3:1 6:3 12:5 18:7 24:10 36:15", "5:3 10:5"),
        "dedicated": _tiers("3:1 6:3 12:5", "3:2 5:3"),
    }


@dataclass(frozen=True, slots=True)
class Policy:
    """The numbers behind RULES: every field names its rule."""

    periods: tuple[int, ...] = (1, 3, 6, 12, 24)
    """Months that can be bought (REN-3)."""
    deletion_after_block: timedelta = timedelta(seconds=DELETION_AFTER_BLOCK)
    """ORD-2."""
    pending_lifetime: timedelta = timedelta(days=7)
    """A pending order is cancelled with its invoice after this (ORD-3)."""
    invoice_due: timedelta = timedelta(days=7)
    """Due date of an invoice after its issue, where nothing earlier holds."""
    auto_renew_lead: timedelta = timedelta(days=2)
    """Auto-renewal issues and pays this long before the end (REN-4)."""
    promise_window: timedelta = timedelta(hours=72)
    """A promise is offered when this or less is left (PRM-2)."""
    promise_length: timedelta = timedelta(days=7)
    """PRM-1, PRM-3."""
    quote_lifetime: timedelta = timedelta(minutes=15)
    """DSC-8."""
    bulk_limit: int = 1000
    """Most VDS in one request (BLK-7)."""
    transfer_lifetime: timedelta = timedelta(hours=72)
    """TRF-3."""
    wrong_recipients: int = 10
    """So many wrong pairs of login and account ID within ``guess_window`` (TRF-1)."""
    wrong_codes: int = 10
    """So many wrong codes for one transfer within ``guess_window`` (TRF-2)."""
    guess_window: timedelta = timedelta(hours=1)
    """TRF-1."""
    password_min_length: int = 10
    """ACC-2."""
    lock_after_failures: int = 5
    """ACC-6."""
    lock_window: timedelta = timedelta(minutes=15)
    """ACC-6: failures are counted, and the login is locked, for this long."""
    recovery_codes: int = 10
    """One-time codes that stand in for the second factor (ACC-6)."""
    recovery_lifetime: timedelta = timedelta(hours=24)
    """How long a mailed code recovers a password (ACC-3)."""
    recovery_window: timedelta = timedelta(hours=1)
    """ACC-3: in it, only so many requests are heard, for one address and in total."""
    recoveries_per_address: int = 3
    """ACC-3: more requests for an address are answered alike and send nothing."""
    recoveries_in_total: int = 200
    """ACC-3: more requests, for whatever addresses, have to wait."""
    api_keys_most: int = 50
    """API keys of one account (ACC-5)."""
    operation_memory: timedelta = timedelta(days=30)
    """How long the first answer of an idempotency key is kept."""
    session_lifetime: timedelta = timedelta(days=14)
    ticket_reopening: timedelta = timedelta(days=14)
    """For so long a client's message reopens a closed ticket (TKT-5)."""
    tickets_a_merge: int = 50
    """Most tickets that are merged into another one at a time (TKT-8)."""
    tickets_a_bulk: int = 1000
    """Most tickets that are changed at a time (TKT-8)."""
    attachments_per_message: int = 5
    """TKT-6."""
    attachment_bytes: int = 10 * 1024 * 1024
    """TKT-6."""
    first_answer: dict[str, timedelta] = field(default_factory=lambda: {"technical": timedelta(minutes=15)})
    """How soon a department answers for the first time, in business hours (TKT-10)."""
    first_answer_otherwise: timedelta = timedelta(hours=4)
    """The same for the others (TKT-10)."""
    support_hours: BusinessHours = ALWAYS_OPEN
    """When that time runs (TKT-10)."""
    loyalty: dict[str, LoyaltyTiers] = field(default_factory=_default_loyalty)
    """Per kind of service; a kind that is not listed has none (DSC-4)."""


DEFAULT_POLICY = Policy()
"""The provider whose rules this project serves."""
NO_LOYALTY = Policy(loyalty={})
"""Of a panel whose discounts are not known from here: its prices are worked out at list price, and it prices itself."""
