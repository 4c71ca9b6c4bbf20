"""The books: every movement of money as an entry whose lines add up to nothing."""

from __future__ import annotations

from billtui.sandbox.engine.rows import LedgerRow
from billtui.sandbox.engine.unit import Tx

INTERNAL = "internal"
AFFILIATE = "affiliate"
CLIENT_PURSES = (INTERNAL, AFFILIATE)
PROVIDER = "provider"
"""The other side of money that comes from outside."""
REVENUE = "revenue"
"""The other side of money that is spent on services."""
COMMISSION = "commission"
"""The other side of money that was earned as an affiliate."""
PANEL = "panel"
"""Whose the other sides are, where the books are shown: lines of an account and a purse add up to its balance."""
_PAID_FROM_OUTSIDE = frozenset({"payment", "top-up"})


def counter_kind(purse: str, kind: str) -> str:
    """The kind of a line that is not in a client's purse, its entry being of ``kind``.

    So that exactly one line of kind ``payment`` stands for each payment of an invoice: the one whose money it takes.
    """
    return "payment" if purse == PROVIDER and kind in _PAID_FROM_OUTSIDE else purse


class UnbalancedEntry(ValueError):
    """The lines of an entry do not add up to nothing: a mistake in the program, and nothing is written."""


def post(
    tx: Tx,
    account_id: int,
    kind: str,
    moves: dict[str, int],
    *,
    invoice_id: int | None = None,
    payment_id: int | None = None,
    note: str = "",
) -> list[LedgerRow]:
    """Write one entry, ``moves`` being signed cents per purse, and change the account's purses with it (ACC-4).

    Raises :class:`UnbalancedEntry`. A purse never becomes negative: the table itself refuses that.
    """
    if sum(moves.values()) != 0:
        raise UnbalancedEntry(f"{kind}: {moves}")
    account = tx.accounts.need(account_id)
    account.internal_cents += moves.get(INTERNAL, 0)
    account.affiliate_cents += moves.get(AFFILIATE, 0)
    ids = {purse: tx.ledger.new_id() for purse, cents in moves.items() if cents}
    entry = min(ids.values(), default=0)
    return [
        tx.ledger.add(
            LedgerRow(
                id=ids[purse],
                entry=entry,
                at=tx.at,
                account_id=account_id,
                purse=purse,
                cents=cents,
                currency=account.currency,
                kind=kind,
                invoice_id=invoice_id,
                payment_id=payment_id,
                operation=tx.operation,
                note=note,
            )
        )
        for purse, cents in moves.items()
        if cents
    ]
