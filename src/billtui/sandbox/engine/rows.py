"""Rows of the tables that transactions change, as plain mutable records. Units as in :mod:`billtui.sandbox.tables`.

``KIND`` is what the changes feed calls such a row, ``SEEN_BY`` names the columns that say whose feed tells of it;
``QUIET`` columns are nobody's business but the panel's.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import ClassVar

OPEN = frozenset({"unpaid", "promised", "overdue"})
"""States of an open invoice (REN-2, BLK-5)."""
LIVE = frozenset({"active", "suspended"})
"""States of an order that runs, or that its owner stopped (ORD-1)."""


@dataclass(slots=True)
class AccountRow:
    """An account and its two purses (ACC-1, ACC-4)."""

    id: int
    login: str
    email: str
    emails: str = "[]"
    role: str = "client"
    password: str = ""
    totp_secret: str | None = None
    totp_step: int = -1
    totp_pending: str | None = None
    recovery_codes: str = "{}"
    password_changed_at: int | None = None
    api_access: int = 1
    currency: str = "EUR"
    internal_cents: int = 0
    affiliate_cents: int = 0
    next_number: int = 1
    settings: str = "{}"
    created_at: int = 0
    version: int = 1

    TABLE: ClassVar[str] = "accounts"
    KIND: ClassVar[str] = "account"
    SEEN_BY: ClassVar[tuple[str, ...]] = ("id",)
    QUIET: ClassVar[frozenset[str]] = frozenset({"next_number", "totp_step", "totp_pending", "password"})


@dataclass(slots=True)
class OrderRow:
    """An order (ORD-1)."""

    id: int
    account_id: int
    name: str
    kind: str
    plan: str
    location: str
    address: str | None
    state: str
    power: str
    created_at: int
    paid_until: int | None
    in_use_since: int | None
    billing_day: int
    monthly_cents: int
    currency: str = "EUR"
    individual_price: int = 0
    auto_on: int = 0
    auto_months: int = 1
    auto_since: int | None = None
    auto_checked_for: int | None = None
    open_invoice_id: int | None = None
    promise_invoice_id: int | None = None
    broken_invoice_id: int | None = None
    transfer_id: int | None = None
    plan_change_ticket_id: int | None = None
    promise_until: int | None = None
    blocked_at: int | None = None
    deleted_at: int | None = None
    noticed: int = 0
    addons: str = "[]"
    search: str = ""
    next_due: int | None = None
    version: int = 1

    TABLE: ClassVar[str] = "orders"
    KIND: ClassVar[str] = "order"
    SEEN_BY: ClassVar[tuple[str, ...]] = ("account_id",)
    QUIET: ClassVar[frozenset[str]] = frozenset({"next_due", "search", "noticed"})

    def index_text(self) -> None:
        """Bring the text that ``q`` looks in up to date."""
        self.search = f"{self.name} {self.address or ''} {self.id} {self.plan}".casefold()


@dataclass(slots=True)
class InvoiceRow:
    """An invoice without its lines (INV-2)."""

    id: int
    account_id: int
    number: int
    kind: str
    state: str
    issued_at: int
    due_at: int | None
    paid_at: int | None
    paid_by: str | None
    paid_method: str | None
    total_cents: int
    currency: str
    title: str
    line_count: int
    combined_into: int | None = None
    combined_from: str = "[]"
    promise_until: int | None = None
    reminded_at: int | None = None
    search: str = ""
    next_due: int | None = None
    version: int = 1

    TABLE: ClassVar[str] = "invoices"
    KIND: ClassVar[str] = "invoice"
    SEEN_BY: ClassVar[tuple[str, ...]] = ("account_id",)
    QUIET: ClassVar[frozenset[str]] = frozenset({"next_due", "search", "reminded_at"})

    @property
    def parts(self) -> list[int]:
        """Ids of the invoices that were combined into this one (INV-6)."""
        return [] if self.combined_from == "[]" else [int(part) for part in json.loads(self.combined_from)]

    @property
    def is_open(self) -> bool:
        """Whether it can still be paid."""
        return self.state in OPEN

    def index_text(self) -> None:
        """Bring the text that ``q`` looks in up to date."""
        self.search = f"{self.number} {self.title} {self.kind} {self.id}".casefold()


@dataclass(slots=True)
class TransferRow:
    """A transfer of one order (TRF-3); what stands here of the order is as it was when it was pushed."""

    id: int
    account_id: int
    recipient_id: int
    seen_by: int | None
    order_id: int
    push_id: int
    state: str
    order_name: str
    plan: str
    location: str
    address: str | None
    monthly_cents: int
    currency: str
    paid_until: int | None
    created_at: int
    expires_at: int | None
    ended_at: int | None = None
    history: str = "[]"
    confirm_hash: str | None = None
    accept_hash: str | None = None
    search: str = ""
    next_due: int | None = None
    version: int = 1

    TABLE: ClassVar[str] = "transfers"
    KIND: ClassVar[str] = "transfer"
    SEEN_BY: ClassVar[tuple[str, ...]] = ("account_id", "seen_by")
    QUIET: ClassVar[frozenset[str]] = frozenset({"next_due", "search"})


@dataclass(slots=True)
class PaymentRow:
    """A payment (INV-3). States: pending, done, promised, failed; ``kept`` for a promise that was paid, ``credited``
    for money that came too late for its invoice (INV-11)."""

    id: int
    invoice_id: int
    account_id: int
    method: str
    state: str
    cents: int
    currency: str
    payment_url: str | None
    created_at: int
    done_at: int | None
    promise_until: int | None

    TABLE: ClassVar[str] = "payments"


@dataclass(slots=True)
class LineRow:
    """A line of an invoice; never changed once written (INV-10)."""

    id: int
    invoice_id: int
    order_id: int | None
    kind: str
    title: str
    months: int | None
    list_cents: int
    discounts: str
    amount_cents: int
    addons: str = "[]"
    plan_change: str = ""

    TABLE: ClassVar[str] = "invoice_lines"


@dataclass(slots=True)
class LedgerRow:
    """A movement in one purse; the lines of one ``entry`` add up to nothing."""

    id: int
    entry: int
    at: int
    account_id: int
    purse: str
    cents: int
    currency: str
    kind: str
    invoice_id: int | None
    payment_id: int | None
    operation: str | None
    note: str

    TABLE: ClassVar[str] = "ledger"


@dataclass(slots=True)
class RenewalRow:
    """What a payment did to an order's end (REN-1): the proof that every renewal has its payment."""

    id: int
    order_id: int
    invoice_id: int
    payment_id: int
    months: int
    old_until: int | None
    new_until: int
    at: int

    TABLE: ClassVar[str] = "renewals"


@dataclass(slots=True)
class MailRow:
    """A mail that a real panel would send."""

    id: int
    account_id: int
    recipient: str
    at: int
    event: str
    subject: str
    body: str
    code: str | None = None
    order_id: int | None = None
    invoice_id: int | None = None
    transfer_id: int | None = None
    link: str | None = None

    TABLE: ClassVar[str] = "mails"
