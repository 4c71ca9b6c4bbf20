"""States of operations and jobs, and the moves between them (RELIABILITY "Money": the one definition)."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class OperationState(StrEnum):
    """Where one operation stands."""

    HELD = "held"
    """In the undo window; not confirmed yet."""
    PREPARED = "prepared"
    """Confirmed, nothing sent, or provably not executed."""
    SENDING = "sending"
    """Written down before the first byte; the only state in which a request runs."""
    DONE = "done"
    REFUSED = "refused"
    NOT_SENT = "not-sent"
    """It failed provably before sending: nothing left this machine."""
    UNKNOWN = "unknown"
    """Sent, and the answer was lost: it is being looked up."""
    NEEDS_YOU = "needs-you"
    """The panel cannot say any more what became of it: a person decides."""
    CANCELLED = "cancelled"
    """Never confirmed, taken back, or cancelled before sending."""


class JobState(StrEnum):
    """What a job as a whole is doing, derived from its operations."""

    HELD = "held"
    RUNNING = "running"
    PAUSED = "paused"
    SETTLING = "settling"
    """Nothing left to send, but an outcome is still being looked up."""
    NEEDS_YOU = "needs-you"
    FINISHED = "finished"


class PauseReason(StrEnum):
    """Why a job waits for a person."""

    USER = "user"
    RESTART = "restart"
    """billtui ended while operations were left; they continue when a person says so."""
    SIGN_IN = "sign-in"
    OFFLINE = "offline"
    BUSY_PANEL = "busy-panel"
    """The panel answers "too many requests" or does not execute, again and again."""
    OTHER_ACCOUNT = "other-account"
    TROUBLE = "trouble"
    """billtui itself failed, before sending; a crash report says where."""
    JOURNAL = "journal"
    """The journal cannot be written, so nothing may be sent."""


S = OperationState

OPEN: Final = frozenset({S.HELD, S.PREPARED, S.SENDING, S.UNKNOWN, S.NEEDS_YOU})
"""Open operations hold the locks of their targets."""

CLOSED: Final = frozenset(S) - OPEN

MOVES: Final[dict[OperationState, frozenset[OperationState]]] = {
    S.HELD: frozenset({S.PREPARED, S.CANCELLED}),
    S.PREPARED: frozenset({S.SENDING, S.REFUSED, S.NOT_SENT, S.DONE, S.UNKNOWN, S.CANCELLED}),
    S.SENDING: frozenset({S.DONE, S.REFUSED, S.NOT_SENT, S.UNKNOWN, S.PREPARED}),
    S.UNKNOWN: frozenset({S.DONE, S.REFUSED, S.PREPARED, S.NEEDS_YOU}),
    S.NEEDS_YOU: frozenset({S.DONE, S.REFUSED}),
    S.NOT_SENT: frozenset({S.PREPARED}),
    S.DONE: frozenset(),
    S.REFUSED: frozenset(),
    S.CANCELLED: frozenset(),
}
"""Every move that is allowed. ``prepared`` → ``done``/``unknown`` is what a look-up by key says of a plan that another
host already applied; ``prepared`` → ``refused`` is the drift guard; only ``prepared`` may become ``sending``."""


def job_state(counts: Mapping[OperationState, int], *, paused: bool) -> JobState:
    """The state of a job with ``counts`` operations in each state."""

    def any_of(*states: OperationState) -> bool:
        return any(counts.get(state) for state in states)

    if any_of(S.PREPARED) and paused:
        return JobState.PAUSED
    if any_of(S.SENDING, S.PREPARED):
        return JobState.RUNNING
    if any_of(S.HELD):
        return JobState.HELD
    if any_of(S.UNKNOWN):
        return JobState.SETTLING
    if any_of(S.NEEDS_YOU):
        return JobState.NEEDS_YOU
    return JobState.FINISHED
