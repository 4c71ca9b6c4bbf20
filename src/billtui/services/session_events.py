"""What a session tells: events, handed to one listener from the session's own threads.

A listener returns quickly and passes the event on (``app.call_from_thread``, a queue); it must not raise.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from billtui.domain.models import Account
    from billtui.services.executor import JobEvent
    from billtui.services.journal import Recovered


class ConnectionState(StrEnum):
    """How it stands between the program and the panel."""

    CONNECTING = "connecting"
    ONLINE = "online"
    SLOW = "slow"
    OFFLINE = "offline"
    SIGNED_OUT = "signed-out"


@dataclass(frozen=True, slots=True)
class AccountChanged:
    """Another account, or other balances, capabilities or role of the same one."""

    account: Account
    store_replaced: bool = False
    """True where it is another copy now: every list is read anew."""


@dataclass(frozen=True, slots=True)
class StoreChanged:
    """The local copy changed. ``everything``: more than can be named, read the lists anew."""

    kinds: frozenset[str] = frozenset()
    """``order``, ``invoice``, ``transfer``, ``ticket``, ``message``, ``account``."""
    orders: frozenset[str] = frozenset()
    invoices: frozenset[str] = frozenset()
    transfers: frozenset[str] = frozenset()
    tickets: frozenset[str] = frozenset()
    messages: frozenset[str] = frozenset()
    """Tickets whose thread is other than before."""
    everything: bool = False
    generation: int = 0


@dataclass(frozen=True, slots=True)
class ConnectionChanged:
    """The connection's state, in words, and when the next try is."""

    state: ConnectionState
    message: str = ""
    retry_at: datetime | None = None
    skew: timedelta | None = None
    """The panel's clock minus this computer's, where that is more than two minutes."""


@dataclass(frozen=True, slots=True)
class SignInNeeded:
    """Nobody is signed in: ``first`` (no saved token), ``expired``, or ``signed-out``."""

    reason: str
    message: str = ""


@dataclass(frozen=True, slots=True)
class JobChanged:
    """A job of this session moved."""

    event: JobEvent


@dataclass(frozen=True, slots=True)
class SyncProgress:
    """How far a load of all lists is. ``total`` is ``None`` where the panel does not say."""

    orders: int = 0
    orders_total: int | None = None
    invoices: int = 0
    invoices_total: int | None = None
    tickets: int = 0
    tickets_total: int | None = None
    done: bool = False


@dataclass(frozen=True, slots=True)
class StoreRebuilt:
    """The local copy was unusable and is built anew from the panel."""

    message: str


@dataclass(frozen=True, slots=True)
class StoreTrouble:
    """The local copy cannot be kept (disk full, unsafe directory); the panel's answers are still shown."""

    message: str


@dataclass(frozen=True, slots=True)
class PanelMistake:
    """The panel sent what it must not send; it was dropped, and whoever runs the panel should hear of it."""

    message: str


@dataclass(frozen=True, slots=True)
class JobsRecovered:
    """What an earlier, ended run of the program left: dropped, looked up now, or waiting for a person."""

    found: Recovered


@dataclass(frozen=True, slots=True)
class JournalTrouble:
    """The journal cannot be used, so nothing can be changed; everything can be read."""

    message: str


@dataclass(frozen=True, slots=True)
class Unforeseen:
    """A fault of billtui's own met what goes on by itself; it is tried again, and whoever made billtui should hear."""

    error: Exception


SessionEvent = (
    AccountChanged
    | StoreChanged
    | ConnectionChanged
    | SignInNeeded
    | JobChanged
    | SyncProgress
    | StoreRebuilt
    | StoreTrouble
    | PanelMistake
    | JobsRecovered
    | JournalTrouble
    | Unforeseen
)
