"""Whose turn a transfer is (TRF-2, TRF-3): one definition for lists, the overview and the planner."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final, NamedTuple

from billtui.domain.transfer_states import RUNNING_STATES, TransferDirection, TransferState

if TYPE_CHECKING:
    from billtui.services.store import StoreReader, TransferRow

_STEPS: Final = {TransferState.AWAITING_SENDER: "confirm", TransferState.AWAITING_RECIPIENT: "accept"}
_ACTORS: Final = {
    TransferState.AWAITING_SENDER: TransferDirection.OUT,
    TransferState.AWAITING_RECIPIENT: TransferDirection.IN,
}
"""Whose transfer it must be for the step to be one's own."""


class Turn(NamedTuple):
    """Who has to do what next."""

    yours: bool
    step: str
    """``confirm`` or ``accept``."""

    @property
    def words(self) -> str:
        """Behind ``you`` or a login: ``confirm``, ``accepts``."""
        return self.step if self.yours else f"{self.step}s"

    def __str__(self) -> str:
        """``you: confirm``, ``they: accept``."""
        return f"{'you' if self.yours else 'they'}: {self.step}"


def is_running(row: TransferRow) -> bool:
    """Whether somebody still has to act; its order is locked meanwhile (TRF-6)."""
    return row.state in RUNNING_STATES


def turn_of(row: TransferRow) -> Turn | None:
    """Whose turn it is, or ``None`` where it has ended (or is in a state that is not known)."""
    state = next((one for one in _STEPS if one == row.state), None)
    if state is None:
        return None
    return Turn(row.direction == _ACTORS[state], _STEPS[state])


def waits_for_you(row: TransferRow) -> bool:
    """Whether this account has to act."""
    turn = turn_of(row)
    return turn is not None and turn.yours


def siblings_of(store: StoreReader, row: TransferRow) -> list[TransferRow]:
    """The other transfers of the same push (TRF-7)."""
    return [one for one in store.transfers_of_push(row.push_id) if one.id != row.id] if row.push_id else []


def running_of_order(store: StoreReader, transfer_id: str | None) -> TransferRow | None:
    """The transfer that an order is in, as the copy knows it."""
    if not transfer_id:
        return None
    return store.transfer_rows([transfer_id]).get(transfer_id)


def handed_over(store: StoreReader, order_id: str) -> TransferRow | None:
    """The transfer that took an order to another account, where it did not come back since (TRF-5)."""
    ended = [row for row in store.transfers_of_order(order_id) if row.state == TransferState.COMPLETED]
    return ended[0] if ended and ended[0].direction == TransferDirection.OUT else None


def notes_of_orders(store: StoreReader, order_ids: Iterable[str]) -> dict[str, str]:
    """What is to be said of those orders that are on their way, or have gone: ``on its way to ivan``."""
    notes: dict[str, str] = {}
    wanted = list(dict.fromkeys(order_ids))
    rows = store.order_rows(wanted)
    running = store.transfer_rows(row.transfer_id for row in rows.values() if row.transfer_id)
    for order_id in wanted:
        row = rows.get(order_id)
        if row is not None and row.transfer_id:
            transfer = running.get(row.transfer_id)
            notes[order_id] = f"on its way to {transfer.counterparty}" if transfer is not None else "on its way"
        elif row is None and (gone := handed_over(store, order_id)) is not None:
            notes[order_id] = f"handed over to {gone.counterparty}"
    return notes
