"""Writing the local store: one thread of the program alone does it, and every change raises the generation."""

from __future__ import annotations

import contextlib
import sqlite3
import time

from pydantic import ValidationError

from billtui.domain.models import Account
from billtui.domain.roles import STAFF
from billtui.services.store.file import note, raise_generation
from billtui.services.store.lists import Applied, Lists
from billtui.services.store.messages import Messages, forget_notes
from billtui.services.store.news import News
from billtui.services.store.prepared import Kind

__all__ = ["Applied", "Kind", "Store"]


class Store(Lists, Messages):
    """The copy for one account, for writing. Belongs to the thread that opens it.

    Raises StoreUnavailable from any method when it cannot be written now, and StoreDamaged when the file turns out
    unreadable; :meth:`rebuild` sets it aside and begins an empty one. ``set_aside`` says why that happened when it
    was opened, if it did.
    """

    def cursor(self) -> str | None:
        """Where in the feed of changes this copy stands; ``None`` while the lists were never loaded whole."""
        return self.meta("cursor") if self.meta("complete") else None

    def complete(self, cursor: str | None) -> None:
        """All lists are loaded, and stand at ``cursor`` in the feed of changes (``None``: the panel has no feed)."""
        now = int(time.time())
        self.set_meta(complete=1, cursor=cursor, synced_at=now, listed_at=now)

    def caught_up(self, cursor: str | None) -> None:
        """The changes up to ``cursor`` are in; the copy agrees with the panel now."""
        self.set_meta(cursor=cursor, synced_at=int(time.time()))

    def visited(self) -> None:
        """The person has seen what changed up to now: the next visit begins here."""
        last = self._ask("SELECT max(number) FROM changes")[0][0]
        self.set_meta(seen_change=last or 0)

    # -- the account

    def account(self) -> Account | None:
        """The account as it was last read."""
        rows = self._ask("SELECT json FROM account")
        return _account(rows[0][0]) if rows else None

    def apply_account(self, account: Account) -> bool:
        """Keep the account as it is now. True where it differs from before."""
        text = account.model_dump_json()
        rows = self._ask("SELECT json FROM account")
        if rows and rows[0][0] == text:
            return False
        before = _account(rows[0][0]) if rows else None
        with self._write() as connection:
            connection.execute("REPLACE INTO account VALUES (1, ?)", (text,))
            if str(account.role) not in STAFF:
                forget_notes(connection)
            if before is not None:
                for purse in ("internal", "affiliate"):
                    old, new = getattr(before.balances, purse), getattr(account.balances, purse)
                    if old != new:
                        note(
                            connection, "account", str(account.account_id), [News("balance", purse, str(old), str(new))]
                        )
            raise_generation(connection)
        return True

    def tidy(self) -> None:
        """Fold the log into the file and refresh the planner's figures; after a long load."""
        with contextlib.suppress(sqlite3.OperationalError):
            self._connection.execute("PRAGMA optimize")
            self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)")


def _account(text: str) -> Account | None:
    try:
        return Account.model_validate_json(text)
    except ValidationError:
        return None
