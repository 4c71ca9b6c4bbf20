"""The states and sides of a transfer, without its model: lists know them by these words (TRF-3)."""

from __future__ import annotations

from enum import StrEnum


class TransferState(StrEnum):
    """TRF-3."""

    AWAITING_SENDER = "awaiting sender"
    AWAITING_RECIPIENT = "awaiting recipient"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    DECLINED = "declined"
    EXPIRED = "expired"


RUNNING_STATES: frozenset[str] = frozenset({TransferState.AWAITING_SENDER, TransferState.AWAITING_RECIPIENT})
"""States of a running transfer: somebody still has to act, and its order is locked meanwhile (TRF-6)."""


class TransferDirection(StrEnum):
    """Whose side the account that asks is on."""

    OUT = "out"
    IN = "in"
