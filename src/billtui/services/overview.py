"""The overview: what is owed, what runs out, what will fail, what changed. From the local copy alone."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from billtui.domain.models import Account, InvoiceState
from billtui.domain.periods import shifted
from billtui.domain.policy import DEFAULT_POLICY, Policy
from billtui.services.store import ChangeRow, InvoiceRow, OrderRow, StoreReader, epoch, instant, money
from billtui.services.transfers import waits_for_you

if TYPE_CHECKING:
    from billtui.domain.money import Money
    from billtui.services.forecast import Forecast, Saving

HORIZONS = (3, 7, 14, 30)
"""Days ahead that are counted."""
AUTO_DAYS = 14
"""How far ahead auto-renewal is played through."""
AUTO_MOST = 1_000
"""Orders that it looks at, the soonest first, so that it is quick for any fleet."""
LIST_MOST = 100


@dataclass(frozen=True, slots=True)
class Owed:
    """Invoices of one state: how many and how much."""

    count: int
    total: Money


@dataclass(frozen=True, slots=True)
class Promise:
    """A running promise and its deadline (PRM-3)."""

    invoice: InvoiceRow
    deadline: datetime | None

    def left(self, now: datetime) -> timedelta | None:
        """Time to the deadline; negative once it has passed."""
        return None if self.deadline is None else self.deadline - now


@dataclass(frozen=True, slots=True)
class RunningOut:
    """Running orders whose paid period ends within ``days``: how many, their monthly sum, how many renew themselves."""

    days: int
    count: int
    monthly: Money
    auto: int


@dataclass(frozen=True, slots=True)
class Blocked:
    """A blocked order, and when it is deleted, where that is known (ORD-2)."""

    order: OrderRow
    deleted_at: datetime | None


@dataclass(frozen=True, slots=True)
class FailingRenewal:
    """An auto-renewal for which no purse alone will hold the price (REN-4)."""

    order_id: str
    name: str
    at: datetime
    price: Money


@dataclass(frozen=True, slots=True)
class Ahead:
    """What auto-renewal will do in the next days: the part of the overview that takes time."""

    failing: tuple[FailingRenewal, ...]
    seen_until: datetime
    """Auto-renewals up to here were played through."""
    saving: Saving | None
    """The top-up with which none of them fails (REN-4)."""


@dataclass(frozen=True, slots=True)
class Overview:
    """Everything the first screen says. ``account`` is ``None`` before the first sign-in."""

    now: datetime
    synced_at: datetime | None
    account: Account | None
    currency: str
    unpaid: Owed
    overdue: Owed
    promised: Owed
    past_due: int
    """Unpaid invoices whose due date has passed."""
    promises: tuple[Promise, ...]
    running_out: tuple[RunningOut, ...]
    orders: dict[str, int]
    """Orders by state."""
    blocked: tuple[Blocked, ...]
    """Soonest deleted first; at most a hundred."""
    failing: tuple[FailingRenewal, ...]
    failing_seen_until: datetime
    """Auto-renewals up to here were played through."""
    saving: Saving | None
    """The top-up with which none of them fails (REN-4)."""
    changes: tuple[ChangeRow, ...]
    transfers_for_you: int = 0
    """Transfers that wait for this account to confirm or accept (TRF-2)."""
    transfers_for_others: int = 0
    """Transfers that wait for the other side."""
    transfers_until: datetime | None = None
    """When the first of those that wait for this account expires."""

    tickets: dict[str, int] = field(default_factory=dict)
    """Tickets by state (TKT-5)."""
    unread: frozenset[str] = frozenset()
    """Tickets with an answer that was not read here yet."""
    has_invoices: bool = True
    """Whether the panel lists invoices; without, nothing is known of what is owed."""
    two_purses: bool = True
    """Whether there is an affiliate balance (ACC-4)."""

    @property
    def internal(self) -> Money | None:
        """The internal balance (ACC-4)."""
        return None if self.account is None else self.account.internal

    @property
    def affiliate(self) -> Money | None:
        """The affiliate balance, never added to the internal one (ACC-4); ``None`` where there is none."""
        return None if self.account is None or not self.two_purses else self.account.balances.affiliate


def look_ahead(store: StoreReader, now: datetime, policy: Policy = DEFAULT_POLICY) -> Ahead:
    """Auto-renewal of the next two weeks, played through."""
    from billtui.services.forecast import forecast_near  # with all its rules: behind the first key (P-START-2)

    near = forecast_near(store, now, AUTO_DAYS, AUTO_MOST, policy=policy)
    if near is None:
        return Ahead((), now, None)
    return Ahead(_failing(near), instant(near.until), near.saving)


def overview(
    store: StoreReader,
    now: datetime,
    policy: Policy = DEFAULT_POLICY,
    *,
    ahead: Ahead | None = None,
    unread: frozenset[str] = frozenset(),
) -> Overview:
    """The overview at ``now`` (the panel's clock); ``ahead`` where that was worked out already.

    ``unread`` are the tickets with an answer that nobody read here.
    """
    account = store.account()
    open_invoices = store.open_invoices()
    currency = account.currency if account is not None else next((row.currency for row in open_invoices), "EUR")
    unpaid = [row for row in open_invoices if row.state == InvoiceState.UNPAID]
    promised = [row for row in open_invoices if row.state == InvoiceState.PROMISED]
    moment = int(now.timestamp())
    if ahead is None:
        ahead = look_ahead(store, now, policy)
    running = store.transfers_running()
    yours = [row for row in running if waits_for_you(row)]
    return Overview(
        now=now,
        synced_at=store.synced_at(),
        account=account,
        currency=currency,
        unpaid=_owed(unpaid, currency),
        overdue=_owed([row for row in open_invoices if row.state == InvoiceState.OVERDUE], currency),
        promised=_owed(promised, currency),
        past_due=sum(1 for row in unpaid if row.due_at is not None and row.due_at < moment),
        promises=tuple(
            sorted(
                (Promise(row, None if row.promise_until is None else instant(row.promise_until)) for row in promised),
                key=lambda promise: (promise.deadline is None, promise.deadline or now, promise.invoice.id),
            )
        ),
        running_out=tuple(_running_out(store, moment, days, currency) for days in HORIZONS),
        orders=store.states(),
        blocked=_blocked(store, policy),
        failing=ahead.failing,
        failing_seen_until=ahead.seen_until,
        saving=ahead.saving,
        changes=tuple(store.changes_since_visit()),
        transfers_for_you=len(yours),
        transfers_for_others=len(running) - len(yours),
        transfers_until=next((instant(row.expires_at) for row in yours if row.expires_at is not None), None),
        tickets=store.ticket_states(),
        unread=unread,
    )


def _owed(rows: list[InvoiceRow], currency: str) -> Owed:
    return Owed(len(rows), money(sum(row.total for row in rows if row.currency == currency), currency))


def _running_out(store: StoreReader, now: int, days: int, currency: str) -> RunningOut:
    count, monthly, auto = store.ending(now, now + days * 86_400)
    return RunningOut(days, count, money(monthly, currency), auto)


def _blocked(store: StoreReader, policy: Policy) -> tuple[Blocked, ...]:
    """ORD-2: deleted so long after the block, which may be later than the end of the paid period."""
    found = [
        Blocked(row, None if row.blocked_at is None else shifted(instant(row.blocked_at), policy.deletion_after_block))
        for row in store.in_state("blocked", LIST_MOST)
    ]
    return tuple(sorted(found, key=lambda item: (item.deleted_at is None, epoch(item.deleted_at) or 0, item.order.id)))


def _failing(near: Forecast) -> tuple[FailingRenewal, ...]:
    """Auto-renewals that no purse alone will hold, in the order in which they come (REN-4): the forecast's."""
    from billtui.services.forecast import What

    return tuple(
        FailingRenewal(event.order_id, event.title, instant(event.at), money(event.cents, near.currency))
        for event in near.events(kinds=frozenset({What.FAILED}))
    )
