"""The panel's tables (SQLAlchemy Core, SQLite).

Units: instants are whole microseconds UTC since the epoch (``paid_until`` always on a full second), money is whole
cents beside a currency (INV-10). ``next_due`` is the next instant at which the clock has something to do with a row
(see ``engine/events.py``); it is indexed, so that asking "is anything due?" costs one look.
"""

from __future__ import annotations

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from billtui.sandbox import tables_accounts as tables_accounts  # whoever knows these tables knows those
from billtui.sandbox import tables_tickets as tables_tickets  # whoever knows these tables knows those
from billtui.sandbox.billmgr import tables as billmgr_tables  # noqa: F401  # whoever knows these tables knows those
from billtui.sandbox.columns import instant_column as _instant
from billtui.sandbox.columns import int_column as _int
from billtui.sandbox.columns import metadata
from billtui.sandbox.columns import text_column as _text

SCHEMA_VERSION = 5
"""1: until 0.2; 2: new servers, add-ons, promo codes; 3: transfers, API keys, recovery; 4: tickets; 5: what
other panels' dialects keep (``migration.py`` takes older files along)."""
NEVER = 9_223_372_036_854_775_807
"""Stands for "no instant" where rows are sorted by one: later than any."""

panel = Table(
    "panel",
    metadata,
    Column("id", Integer, CheckConstraint("id = 1"), primary_key=True),
    _int("schema_version"),
    _text("panel_id"),
    _text("name"),
    _text("epoch"),  # changes with every reset: cursors of before are then too old
    _int("seed"),
    _int("fleet"),
    Column("tickets", Integer),  # how many there are to be beside the demo's; none: as many as the fleet asks for
    _int("hostile"),
    _int("clock_offset"),  # microseconds added to real time
    _int("clock_floor"),  # panel time never reads earlier than this
    _int("history_from"),  # the first change sequence still kept
    _int("next_address"),  # how many addresses were given to servers so far
)

plans = Table(
    "plans",
    metadata,
    Column("id", Text, primary_key=True),
    _text("name"),
    _text("kind", default="vds"),
    _int("monthly_cents"),
    _int("cpu"),
    _int("memory_mib"),
    _int("disk_gib"),
    _int("position"),
)

locations = Table(
    "locations",
    metadata,
    Column("id", Text, primary_key=True),
    _text("name"),
    _text("country"),
    _int("position"),
)

addons = Table(
    "addons",
    metadata,
    Column("id", Text, primary_key=True),
    _text("name"),
    _text("kind", default="vds"),
    _int("monthly_cents"),
    _int("position"),
)

stock = Table(
    "stock",
    metadata,
    Column("plan", ForeignKey("plans.id"), nullable=False),
    Column("location", ForeignKey("locations.id"), nullable=False),
    _int("available"),
    _int("capacity"),  # available, and the orders there that are neither deleted nor cancelled
    PrimaryKeyConstraint("plan", "location"),
    CheckConstraint("available >= 0", name="stock_not_negative"),
)

promo_codes = Table(
    "promo_codes",
    metadata,
    Column("code", Text, primary_key=True),
    _text("percent"),
    _text("plans", default="[]"),  # of these three, an empty list means all
    _text("locations", default="[]"),
    _text("periods", default="[]"),
    _int("min_quantity", 1),
    _int("renewals"),
    _int("once_per_account"),
    _instant("starts_at"),
    _instant("ends_at"),
    Column("max_uses", Integer),
    _int("used_before"),  # uses that are not told here: by accounts that this panel does not know
)

promo_uses = Table(
    "promo_uses",
    metadata,
    Column("invoice_id", ForeignKey("invoices.id"), primary_key=True),  # DSC-6: one purchase is one use
    Column("code", ForeignKey("promo_codes.code"), nullable=False),
    Column("account_id", ForeignKey("accounts.id"), nullable=False),
    _int("at"),
    _instant("given_back_at"),
    Index("uses_by_code", "code", "account_id"),
)

orders = Table(
    "orders",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("account_id", ForeignKey("accounts.id"), nullable=False),
    _text("name"),
    _text("kind", default="vds"),
    Column("plan", ForeignKey("plans.id"), nullable=False),
    Column("location", ForeignKey("locations.id"), nullable=False),
    Column("address", Text),
    _text("state"),
    _text("power", default="running"),
    _int("created_at"),
    _instant("paid_until"),
    _instant("in_use_since"),
    _int("billing_day", 1),
    _int("monthly_cents"),
    _text("currency", default="EUR"),
    _int("individual_price"),
    _int("auto_on"),
    _int("auto_months", 1),
    _instant("auto_since"),
    _instant("auto_checked_for"),  # the paid_until for which auto-renewal has been tried or passed over
    Column("open_invoice_id", ForeignKey("invoices.id")),
    Column("promise_invoice_id", ForeignKey("invoices.id")),
    Column("broken_invoice_id", ForeignKey("invoices.id")),
    Column("transfer_id", Integer),
    Column("plan_change_ticket_id", Integer),  # ORD-6: the ticket that the last change of plan has opened
    _instant("promise_until"),  # PRM-5: the deadline of the running promise
    _instant("blocked_at"),
    _instant("deleted_at"),
    _int("noticed"),  # bits of the notices that were sent for this paid_until
    _text("addons", default="[]"),  # JSON [[id, name, monthly cents], …], as they were bought (ORD-5)
    _text("search"),
    _instant("next_due"),
    _int("version", 1),
    Index("orders_by_id", "account_id", "id"),
    Index("orders_by_end", "account_id", text(f"coalesce(paid_until, {NEVER})"), "id"),
    Index("orders_by_name", "account_id", "name", "id"),
    Index("orders_by_state", "account_id", "state", "id"),
    Index("orders_by_plan", "account_id", "plan", "id"),
    Index("orders_by_location", "account_id", "location", "id"),
    Index("orders_by_price", "account_id", "monthly_cents", "id"),
    Index("orders_by_creation", "account_id", "created_at", "id"),
    Index("orders_by_kind", "account_id", "kind", "state"),
    Index("orders_at_stake", "account_id", "state", "monthly_cents", "addons"),  # what a ticket's account pays
    Index("orders_due", "next_due", sqlite_where=text("next_due IS NOT NULL")),
)

invoices = Table(
    "invoices",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("account_id", ForeignKey("accounts.id"), nullable=False),
    _int("number"),
    _text("kind"),
    _text("state"),
    _int("issued_at"),
    _instant("due_at"),
    _instant("paid_at"),
    Column("paid_by", Text),
    Column("paid_method", Text),
    _int("total_cents"),
    _text("currency", default="EUR"),
    _text("title"),
    _int("line_count"),
    Column("combined_into", ForeignKey("invoices.id")),
    _text("combined_from", default="[]"),
    _instant("promise_until"),
    _instant("reminded_at"),
    _text("search"),
    _instant("next_due"),
    _int("version", 1),
    UniqueConstraint("account_id", "number"),  # INV-8
    Index("invoices_by_issue", "account_id", "issued_at", "id"),
    Index("invoices_by_due", "account_id", text(f"coalesce(due_at, {NEVER})"), "id"),
    Index("invoices_by_payment", "account_id", text(f"coalesce(paid_at, {NEVER})"), "id"),
    Index("invoices_by_total", "account_id", "total_cents", "id"),
    Index("invoices_by_state", "account_id", "state", "id"),
    Index("invoices_due", "next_due", sqlite_where=text("next_due IS NOT NULL")),
)

invoice_lines = Table(
    "invoice_lines",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("invoice_id", ForeignKey("invoices.id"), nullable=False),
    Column("order_id", ForeignKey("orders.id")),
    _text("kind"),
    _text("title"),
    Column("months", Integer),
    _int("list_cents"),
    _text("discounts", default="[]"),
    _int("amount_cents"),
    _text("addons", default="[]"),  # JSON [[id, name, cents, monthly cents], …], part of both amounts
    _text("plan_change"),  # ORD-6: JSON [old, its name, new, its name, old cents, new cents, from, until], else empty
    Index("lines_by_invoice", "invoice_id", "id"),
    Index("lines_by_order", "order_id", "invoice_id"),
)

payments = Table(
    "payments",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("invoice_id", ForeignKey("invoices.id"), nullable=False, index=True),
    Column("account_id", ForeignKey("accounts.id"), nullable=False),
    _text("method"),
    _text("state"),
    _int("cents"),
    _text("currency", default="EUR"),
    Column("payment_url", Text),
    _instant("created_at"),
    _instant("done_at"),
    _instant("promise_until"),
    # INV-4, in the schema itself: an invoice has at most one payment that paid it.
    Index("one_payment_per_invoice", "invoice_id", unique=True, sqlite_where=text("state = 'done'")),
)

provider_events = Table(
    "provider_events",
    metadata,
    Column("event_id", Text, primary_key=True),  # INV-11: an event counts once
    Column("payment_id", ForeignKey("payments.id"), nullable=False),
    _int("at"),
    _text("outcome"),
)

ledger = Table(
    "ledger",
    metadata,
    Column("id", Integer, primary_key=True),
    _int("entry"),  # the lines of one entry add up to nothing: debits = credits
    _int("at"),
    Column("account_id", ForeignKey("accounts.id"), nullable=False),
    _text("purse"),  # internal, affiliate: the client's; provider, revenue, commission: the other side
    _int("cents"),
    _text("currency", default="EUR"),
    _text("kind"),
    Column("invoice_id", ForeignKey("invoices.id")),
    Column("payment_id", ForeignKey("payments.id")),
    Column("operation", Text),
    _text("note"),
    Index("ledger_by_account", "account_id", "id"),
    Index("ledger_by_invoice", "invoice_id"),
)

renewals = Table(
    "renewals",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("order_id", ForeignKey("orders.id"), nullable=False, index=True),
    Column("invoice_id", ForeignKey("invoices.id"), nullable=False),
    Column("payment_id", ForeignKey("payments.id"), nullable=False),
    _int("months"),
    Column("old_until", Integer),
    _int("new_until"),
    _int("at"),
    # REN-1: an invoice renews an order once.
    UniqueConstraint("invoice_id", "order_id"),
)

transfers = Table(
    "transfers",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("account_id", ForeignKey("accounts.id"), nullable=False),  # the sender
    Column("recipient_id", ForeignKey("accounts.id"), nullable=False),
    Column("seen_by", ForeignKey("accounts.id")),  # the recipient, once the sender has confirmed (TRF-2)
    Column("order_id", ForeignKey("orders.id"), nullable=False),
    _int("push_id"),  # the first transfer of the same push (TRF-7)
    _text("state"),
    _text("order_name"),  # from here to paid_until: the order as it was pushed; it is locked while it is on its way
    _text("plan"),
    _text("location"),
    Column("address", Text),
    _int("monthly_cents"),
    _text("currency", default="EUR"),
    _instant("paid_until"),
    _int("created_at"),
    _instant("expires_at"),
    _instant("ended_at"),
    _text("history", default="[]"),  # JSON [[state, at, account id or null, reason], …]
    Column("confirm_hash", Text),  # of the code in the sender's mail
    Column("accept_hash", Text),  # of the code in the recipient's mail
    _text("search"),
    _instant("next_due"),
    _int("version", 1),
    CheckConstraint("account_id <> recipient_id", name="transfer_to_another"),
    # TRF-4, in the schema itself: an order is in one transfer at a time.
    Index(
        "one_running_transfer",
        "order_id",
        unique=True,
        sqlite_where=text("state IN ('awaiting sender', 'awaiting recipient')"),
    ),
    Index("transfers_by_sender", "account_id", "id"),
    Index("transfers_by_recipient", "seen_by", "id"),
    Index("transfers_due", "next_due", sqlite_where=text("next_due IS NOT NULL")),
)

guesses = Table(
    "guesses",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("account_id", ForeignKey("accounts.id"), nullable=False),
    Column("transfer_id", ForeignKey("transfers.id")),  # of a wrong code; none: a wrong recipient (TRF-1)
    _int("at"),
    Index("guesses_by_account", "account_id", "at"),
)

quotes = Table(
    "quotes",
    metadata,
    Column("id", Text, primary_key=True),
    Column("account_id", ForeignKey("accounts.id"), nullable=False),
    _text("kind"),
    _text("request", default="{}"),
    _text("fingerprint"),
    _int("total_cents"),
    _int("created_at"),
    _int("expires_at"),
    Column("invoice_id", ForeignKey("invoices.id")),
    Index("quotes_by_expiry", "expires_at"),
)

changes = Table(
    "changes",
    metadata,
    Column("seq", Integer, primary_key=True),
    _int("account_id"),
    _text("kind"),
    _text("object_id"),
    _int("version"),
    _text("change"),
    Index("changes_by_account", "account_id", "seq"),
    sqlite_autoincrement=True,
)

operations = Table(
    "operations",
    metadata,
    Column("account_id", ForeignKey("accounts.id"), nullable=False),
    Column("key", Text, nullable=False),
    _text("fingerprint"),
    _text("state"),
    _int("status"),
    Column("answer", Text),
    _int("at"),
    PrimaryKeyConstraint("account_id", "key"),
    Index("operations_by_age", "at"),
)

mails = Table(
    "mails",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("account_id", ForeignKey("accounts.id"), nullable=False),
    _text("recipient"),
    _int("at"),
    _text("event"),
    _text("subject"),
    _text("body"),
    Column("code", Text),
    Column("order_id", Integer),
    Column("invoice_id", Integer),
    Column("transfer_id", Integer),
    Column("link", Text),  # a path below the panel's address, with the code behind the # (TRF-2)
    Index("mails_by_recipient", "recipient", "id"),
)
