"""The tables of accounts and of the ways into them (ACC). Units as in :mod:`billtui.sandbox.tables`."""

from __future__ import annotations

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
)

from billtui.sandbox.columns import instant_column as _instant
from billtui.sandbox.columns import int_column as _int
from billtui.sandbox.columns import metadata
from billtui.sandbox.columns import text_column as _text

accounts = Table(
    "accounts",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("login", Text, nullable=False, unique=True),
    _text("email"),
    _text("emails", default="[]"),
    _text("role", default="client"),
    _text("password"),
    Column("totp_secret", Text),
    _int("totp_step", -1),
    Column("totp_pending", Text),  # a second factor that was begun and is not on yet (ACC-6)
    _text("recovery_codes", default="{}"),  # JSON: the salt, and the hashes of the codes that are left (ACC-6)
    _instant("password_changed_at"),
    _int("api_access", 1),
    _text("currency", default="EUR"),
    _int("internal_cents"),
    _int("affiliate_cents"),
    _int("next_number", 1),
    _text("settings", default="{}"),
    _int("created_at"),
    _int("version", 1),
    CheckConstraint("internal_cents >= 0", name="internal_not_negative"),
    CheckConstraint("affiliate_cents >= 0", name="affiliate_not_negative"),
)

sessions = Table(
    "sessions",
    metadata,
    Column("id", Text, primary_key=True),
    Column("account_id", ForeignKey("accounts.id"), nullable=False, index=True),
    Column("token_hash", Text, nullable=False, unique=True),
    _int("created_at"),
    _int("last_used_at"),
    _int("expires_at"),  # real time: moving the panel's clock signs nobody out
    _text("address"),
    _text("client"),
)

api_keys = Table(
    "api_keys",
    metadata,
    Column("id", Text, primary_key=True),
    Column("account_id", ForeignKey("accounts.id"), nullable=False, index=True),
    _text("label"),
    _text("last_four"),
    Column("key_hash", Text, nullable=False, unique=True),
    _int("read_only"),
    _text("networks", default="[]"),
    _int("created_at"),
    _instant("expires_at"),  # panel time: an end that somebody chose is part of the story that the clock plays
    _instant("last_used_at"),
)

password_recoveries = Table(
    "password_recoveries",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("account_id", ForeignKey("accounts.id")),  # none: the address is nobody's, and only counted (ACC-3)
    _text("address_hash"),
    Column("code_hash", Text, nullable=False, unique=True),
    _int("asked_at"),
    _int("expires_at"),
    _instant("used_at"),
    _instant("voided_at"),
    Index("recoveries_by_address", "address_hash", "asked_at"),
    Index("recoveries_by_age", "asked_at"),
)

login_failures = Table(
    "login_failures",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("login", Text, nullable=False),
    _int("at"),
    Index("login_failures_by_login", "login", "at"),
)
