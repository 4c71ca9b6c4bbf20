"""What can happen in a forecast, and what a day of it comes to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import IntEnum


class What(IntEnum):
    """One thing that time alone does, or that waits for a person."""

    RENEWED_INTERNAL = 0
    """Auto-renewal, paid from the internal balance (REN-4)."""
    RENEWED_AFFILIATE = 1
    """Auto-renewal, paid from the affiliate balance."""
    FAILED = 2
    """Auto-renewal that no purse alone can pay: its invoice stays unpaid (REN-4, ACC-4)."""
    ON_INVOICE = 3
    """Auto-renewal that is skipped: an open invoice bills the order (REN-4, REN-2)."""
    TOO_LATE = 4
    """Auto-renewal that is skipped: it was not on yet two days before the end (REN-4)."""
    PROMISE_BROKEN = 5
    """The deadline of a promise passes; of an invoice (PRM-8)."""
    BLOCKED_MANUAL = 6
    """The paid period ends and nothing renews the order (ORD-2): it needs a person."""
    BLOCKED_UNPAID = 7
    """The paid period ends with an open invoice (ORD-2, PRM-5)."""
    BLOCKED_BROKEN = 8
    """Blocked at once by a broken promise (PRM-8)."""
    DELETED = 9
    """Seven days after the block (ORD-2)."""
    CANCELLED = 10
    """A pending order whose invoice was not paid within seven days (ORD-3)."""
    INVOICE_GONE = 11
    """An invoice is deleted with its order; other orders on it are freed (INV-12)."""
    INVOICE_DUE = 12
    """The due date of an unpaid invoice."""
    TRANSFER_EXPIRES = 13
    """A running transfer whose next step nobody takes (TRF-3); no money moves, so the walk knows nothing of it."""


RENEWED = frozenset({What.RENEWED_INTERNAL, What.RENEWED_AFFILIATE})
BLOCKED = frozenset({What.BLOCKED_MANUAL, What.BLOCKED_UNPAID, What.BLOCKED_BROKEN})
OF_INVOICES = frozenset({What.PROMISE_BROKEN, What.INVOICE_GONE, What.INVOICE_DUE})
"""These are of an invoice; the others of an order."""


@dataclass(slots=True)
class Sums:
    """Counts, and amounts in cents, of a day or of many."""

    renewed: int = 0
    renewed_cents: int = 0
    failed: int = 0
    failed_cents: int = 0
    manual: int = 0
    """Paid periods that end with nothing to renew the order."""
    manual_cents: int = 0
    """What one month for each of these costs."""
    invoices: int = 0
    """Invoices that fall due and promises that end."""
    invoices_cents: int = 0
    promises: int = 0
    blocks: int = 0
    deletions: int = 0
    cancelled: int = 0
    skipped: int = 0

    @property
    def due(self) -> int:
        """How many things fall due: renewals, ends without one, invoices."""
        return self.renewed + self.failed + self.manual + self.invoices

    @property
    def due_cents(self) -> int:
        """What they come to: auto-renewals, ends without one (a month each), open invoices."""
        return self.renewed_cents + self.failed_cents + self.manual_cents + self.invoices_cents


@dataclass(slots=True, kw_only=True)
class DaySums(Sums):
    """A day of a forecast, with both purses at its end (never added, ACC-4)."""

    date: date
    begins: int
    internal: int = 0
    affiliate: int = 0
