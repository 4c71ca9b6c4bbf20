"""Transfers of the seed: some that have ended, each in its own way, and running ones in either state (TRF-3)."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from billtui.domain.rules.transfers import Side
from billtui.sandbox.engine import transfers
from billtui.sandbox.engine.rows import AccountRow, OrderRow
from billtui.sandbox.engine.unit import Tx
from billtui.sandbox.seed import fleet
from billtui.sandbox.seed.cases import Cases

_FIRST, _SECOND, _THIRD = range(3)
"""The clients, by their place in :class:`Fleets`."""


@dataclass(frozen=True, slots=True)
class Fleets:
    """Whose servers there are: the ids of the first of each client."""

    accounts: tuple[int, int, int]
    orders: tuple[list[int], list[int], list[int]]


class Transfers:
    """Plays pushes and steps at the instants when they would have happened; codes are drawn by ``seed``."""

    def __init__(self, tx: Tx, now: int, seed: int, fleets: Fleets) -> None:
        """``now`` in microseconds; the transaction's instant is moved."""
        self._tx = tx
        self._play = Cases(tx, now)
        self._fleets = fleets
        self._random = Random(f"codes {seed}")

    def past(self) -> None:
        """What was begun days ago: a server given away and taken back, an expired, a declined, a cancelled one.

        And one to the first client that waits since then, with a few hours left.
        """
        self._tx.draw = self._random.randbytes
        if not self._first_has_enough():
            self._at(70)
            waiting = self._push(_THIRD, -1, _FIRST)
            self._confirm(waiting)
            return
        self._at(95)
        lent = self._push(_FIRST, fleet.LENT, _THIRD)
        self._push(_FIRST, fleet.NEVER_CONFIRMED, _SECOND)
        self._confirm(lent)
        self._at(93)
        self._accept(lent)
        self._at(80)
        returned = self._push(_THIRD, fleet.LENT, _FIRST, of=_FIRST)
        self._at(79.5)
        self._confirm(returned)
        self._at(78)
        self._accept(returned)
        self._at(70)
        refused = self._push(_FIRST, fleet.NOT_WANTED, _THIRD)
        self._confirm(refused)
        self._confirm(self._push(_THIRD, -1, _FIRST))
        self._at(60)
        transfers.decline(self._tx, self._account(refused, Side.RECIPIENT).id, str(refused))
        self._at(50)
        taken_back = self._push(_FIRST, fleet.LENT, _SECOND)
        transfers.cancel(self._tx, self._account(taken_back, Side.SENDER).id, str(taken_back))
        self._at(22)

    def present(self) -> None:
        """What was begun lately: every client is waited for, and the first one waits for others."""
        self._tx.draw = self._random.randbytes
        self._at(1.5)
        self._confirm(self._push(_THIRD, -2, _FIRST))
        self._confirm(self._push(_THIRD, -3, _SECOND))
        if self._first_has_enough():
            self._at(1)
            self._confirm(self._push(_FIRST, fleet.OFFERED, _THIRD))
            self._push(_FIRST, fleet.PUSHED, _SECOND)

    def _first_has_enough(self) -> bool:
        return len(self._fleets.orders[0]) > max(fleet.LENT, fleet.NEVER_CONFIRMED, fleet.NOT_WANTED)

    def _at(self, hours: float) -> None:
        self._play.ago(hours)

    def _push(self, sender: int, place: int, recipient: int, of: int | None = None) -> int:
        """Push the ``place``-th server of the sender's (or of another's) seed; the id of the transfer."""
        owned = self._fleets.orders[sender if of is None else of]
        order: OrderRow = self._tx.orders.need(owned[place])
        to = self._tx.accounts.need(self._fleets.accounts[recipient])
        (begun,) = transfers.push(self._tx, order.account_id, [str(order.id)], to.login, str(to.id))
        return int(begun["id"])

    def _confirm(self, transfer_id: int) -> None:
        sender = self._account(transfer_id, Side.SENDER)
        transfers.confirm(self._tx, sender.id, str(transfer_id), self._code(transfer_id))

    def _accept(self, transfer_id: int) -> None:
        recipient = self._account(transfer_id, Side.RECIPIENT)
        transfers.accept(self._tx, recipient.id, str(transfer_id), self._code(transfer_id))

    def _account(self, transfer_id: int, side: Side) -> AccountRow:
        row = self._tx.transfers.need(transfer_id)
        return self._tx.accounts.need(row.account_id if side is Side.SENDER else row.recipient_id)

    def _code(self, transfer_id: int) -> str:
        """The code of the last mail about a transfer, as its reader would take it."""
        mails = self._tx.mails.where("transfer_id = ? AND code IS NOT NULL ORDER BY id", (transfer_id,))
        return str(mails[-1].code)
