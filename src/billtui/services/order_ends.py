"""When an order that is not paid any more goes for good."""

from __future__ import annotations

from typing import Final

from billtui.domain.plain_policy import DELETION_AFTER_BLOCK
from billtui.services.store.rows import OrderRow

_LAST: Final = 253_402_300_799
"""9999-12-31 23:59:59 UTC: nothing later can be told."""


def deletion(row: OrderRow) -> int | None:
    """When a blocked order is deleted, epoch seconds (ORD-2); ``None`` for others, and where its block is not dated."""
    if row.state != "blocked" or row.blocked_at is None:
        return None
    return min(row.blocked_at + DELETION_AFTER_BLOCK, _LAST)
