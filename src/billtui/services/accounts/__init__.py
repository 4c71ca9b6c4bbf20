"""Several accounts side by side: what their local copies hold, their own sessions, one plan for each of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from billtui.late import late

if TYPE_CHECKING:
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

_NAMES = {
    "AccountCopy": "copies",
    "AccountLine": "desk",
    "AccountRow": "copies",
    "AccountState": "desk",
    "AccountsDesk": "desk",
    "Kind": "copies",
    "Owing": "copies",
    "Roster": "desk",
    "distinct": "copies",
    "read_copy": "copies",
    "row_key": "copies",
}
__getattr__ = late(__name__, _NAMES)
