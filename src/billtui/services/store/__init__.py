"""The local store: a SQLite copy of the lists, so that the first frame and every list need no network.

One thread writes (:class:`Store`), everybody else reads (:class:`StoreReader`). It is keyed by the panel's id and the
account, kept private (0600), and only a copy: what is damaged or of another version is set aside and built anew.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from billtui.late import late

if TYPE_CHECKING:
    from billtui.services.store.columns import RowsInColumns
    from billtui.services.store.known import KnownAccount, KnownAccounts
    from billtui.services.store.messages import AppliedMessages, WantedThread
    from billtui.services.store.reader import HeldRows, StoreReader, gc_paused
    from billtui.services.store.rows import (
        AttachmentRow,
        ChangeRow,
        Coverage,
        HeldThread,
        InvoiceRow,
        LastWord,
        MessageHit,
        MessageRow,
        OrderRow,
        SearchHit,
        TicketRow,
        TransferRow,
        cents,
        epoch,
        instant,
        money,
    )
    from billtui.services.store.schema import StoreDamaged, StoreUnavailable, store_path
    from billtui.services.store.writer import Applied, Store

__all__ = [
    "Applied",
    "AppliedMessages",
    "AttachmentRow",
    "ChangeRow",
    "Coverage",
    "HeldRows",
    "HeldThread",
    "InvoiceRow",
    "KnownAccount",
    "KnownAccounts",
    "LastWord",
    "MessageHit",
    "MessageRow",
    "OrderRow",
    "RowsInColumns",
    "SearchHit",
    "Store",
    "StoreDamaged",
    "StoreReader",
    "StoreUnavailable",
    "TicketRow",
    "TransferRow",
    "WantedThread",
    "cents",
    "epoch",
    "gc_paused",
    "instant",
    "money",
    "store_path",
]

_NAMES = {
    "Applied": "writer",
    "AppliedMessages": "messages",
    "AttachmentRow": "rows",
    "ChangeRow": "rows",
    "Coverage": "rows",
    "HeldRows": "reader",
    "RowsInColumns": "columns",
    "HeldThread": "rows",
    "InvoiceRow": "rows",
    "KnownAccount": "known",
    "KnownAccounts": "known",
    "LastWord": "rows",
    "MessageHit": "rows",
    "MessageRow": "rows",
    "OrderRow": "rows",
    "SearchHit": "rows",
    "Store": "writer",
    "StoreDamaged": "schema",
    "StoreReader": "reader",
    "StoreUnavailable": "schema",
    "TicketRow": "rows",
    "TransferRow": "rows",
    "WantedThread": "messages",
    "cents": "rows",
    "epoch": "rows",
    "gc_paused": "reader",
    "instant": "rows",
    "money": "rows",
    "store_path": "schema",
}
__getattr__ = late(__name__, _NAMES)
