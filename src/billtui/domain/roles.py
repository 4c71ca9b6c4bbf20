"""The roles that an account can have (ACC-7)."""

from __future__ import annotations

CLIENT, SUPPORT, ADMIN = "client", "support", "admin"
STAFF = frozenset({SUPPORT, ADMIN})
"""Roles that read the accounts and orders of everybody (ACC-7)."""
