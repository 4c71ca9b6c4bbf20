"""What the BILLmanager dialect keeps beside the panel's own tables; units as in :mod:`billtui.sandbox.tables`."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, PrimaryKeyConstraint, Table, Text

from billtui.sandbox.columns import int_column as _int
from billtui.sandbox.columns import metadata
from billtui.sandbox.columns import text_column as _text

sessions = Table(
    "billmgr_sessions",
    metadata,
    Column("id_hash", Text, primary_key=True),
    Column("account_id", ForeignKey("accounts.id"), nullable=False),
    _text("session_id"),  # of the panel's own sessions, which end with the password; empty: the second factor is due
    _int("used_at"),  # real time: moving the panel's clock signs nobody out
    _text("lang", default="en"),
)

memory = Table(
    "billmgr_memory",
    metadata,
    Column("account_id", ForeignKey("accounts.id"), nullable=False),
    Column("list", Text, nullable=False),  # the function; empty: the account's own settings
    _text("kept", default="{}"),  # JSON: filter, page, rows of a page, order
    PrimaryKeyConstraint("account_id", "list"),
)
"""What the panel remembers of each list for an account (wire: 5)."""

baskets = Table(
    "billmgr_baskets",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("account_id", ForeignKey("accounts.id"), nullable=False),
    _int("open", 1),  # 0: a payment was made of it, or it was cleared
    Index("billmgr_baskets_of", "account_id", "open"),
    sqlite_autoincrement=True,
)

basket_items = Table(
    "billmgr_basket_items",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("basket_id", ForeignKey("billmgr_baskets.id"), nullable=False),
    Column("invoice_id", ForeignKey("invoices.id"), nullable=False),
    Index("billmgr_items_of", "basket_id"),
    Index("billmgr_items_by_invoice", "invoice_id"),
    sqlite_autoincrement=True,
)
"""One purchase in a basket: the engine's open invoice, with the orders that wait for it."""

lineitems = Table(
    "billmgr_lineitems",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("account_id", ForeignKey("accounts.id"), nullable=False),
    _text("wish", default="{}"),
    Index("billmgr_lineitems_of", "account_id"),
    sqlite_autoincrement=True,
)
"""A line of the second version's cart: what is wanted; nothing is bought before it is confirmed."""
