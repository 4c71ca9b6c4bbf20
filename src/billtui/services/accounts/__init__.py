"""Several accounts side by side: what their local copies hold, their own sessions, one plan for each of them."""

from __future__ import annotations

from billtui.services.accounts.copies import AccountCopy, AccountRow, Kind, Owing, distinct, read_copy, row_key
from billtui.services.accounts.desk import AccountLine, AccountsDesk, AccountState, Roster

__all__ = [
    "AccountCopy",
    "AccountLine",
    "AccountRow",
    "AccountState",
    "AccountsDesk",
    "Kind",
    "Owing",
    "Roster",
    "distinct",
    "read_copy",
    "row_key",
]
