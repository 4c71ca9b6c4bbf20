"""The forecast: what falls due, what auto-renewal will really manage, what breaks when, and what would save it."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, date, datetime, tzinfo
from typing import NamedTuple

from billtui.domain.policy import DEFAULT_POLICY, Policy
from billtui.services.forecast.fleet import CentsHeld, Fleet
from billtui.services.forecast.happenings import OF_INVOICES, DaySums, Sums, What
from billtui.services.forecast.months import DAY, zone_days
from billtui.services.forecast.opening import PLACE_BITS, PLACES, SHIFT
from billtui.services.forecast.topping_up import Saving, saving
from billtui.services.forecast.walk import Walk
from billtui.services.store import gc_paused

HORIZONS = (30, 90, 365)
"""Days ahead that are offered."""
_PLENTY = 1 << 61


class Event(NamedTuple):
    """One thing that will happen. ``n`` is its place in the forecast: they are in the order in which they happen."""

    n: int
    at: int
    """Seconds since 1970."""
    what: What
    order_id: str
    """Empty where it is an invoice's."""
    invoice_id: str
    """The invoice it is about; empty where there is none yet."""
    title: str
    """The order's name, or the invoice's number."""
    cents: int
    """What is paid, fails or falls due; 0 where no money moves."""
    short_internal: int
    """Of a failed auto-renewal: what is missing on the internal balance at that instant."""
    ends_transfer: bool
    """A running transfer is cancelled first (TRF-6)."""
    invoice_number: str = ""
    """As people call that invoice."""
    transfer_id: str = ""
    """Of a transfer that expires."""
    waits_for: str = ""
    """Of a transfer that expires: who has to do what, as ``you accept``."""

    @property
    def key(self) -> str:
        """The same thing in a later forecast has the same key."""
        return f"{self.at} {int(self.what)} {self.order_id or self.invoice_id or self.transfer_id}"


class Forecast:
    """What happens up to ``until`` if nobody acts. Made by :func:`forecast`; instants are seconds since 1970.

    It keeps of the orders the columns that its events name, not their rows, which weigh more than a year of events.
    """

    def __init__(self, walk: Walk, purses: CentsHeld, now: int, saved: Saving | None) -> None:
        fleet = walk.fleet
        self.now, self.since, self.until = now, walk.since, walk.until
        self.currency, self.left_out = fleet.currency, fleet.left_out
        self.purses = purses
        """Cents in both purses now."""
        self.days: Sequence[DaySums] = walk.sums
        self.saving = saved
        """The top-up that makes every auto-renewal succeed; ``None`` where none fails."""
        self.totals = _totals(walk.sums)
        self._base, self._starts = walk.base, walk.starts
        self._log, self._amounts, self._short, self._failed = walk.log, walk.amounts, walk.short, walk.failed
        self._names, self._places = fleet.names, fleet.places
        self._open_of, self._invoices = fleet.open_of, fleet.invoices

    def __len__(self) -> int:
        return len(self._log)

    @property
    def first_failure(self) -> int | None:
        """When the first auto-renewal fails."""
        return self._at(self._log[self._failed[0]]) if self._failed else None

    def _at(self, entry: int) -> int:
        return (entry >> SHIFT) + self._base

    def day_of(self, at: int) -> DaySums:
        """The day that an instant falls on."""
        return self.days[max(0, bisect_right(self._starts, at) - 1)]

    def events(
        self, first: int | None = None, last: int | None = None, kinds: Collection[What] | None = None
    ) -> Iterator[Event]:
        """What happens from ``first`` up to ``last``, both included, in its order."""
        begin = 0 if first is None else self._find(first)
        end = len(self._log) if last is None else self._find(last + 1)
        failures = bisect_left(self._failed, begin)
        for n in range(begin, end):
            what = _what(self._log[n])
            short = 0
            if what == What.FAILED:
                short = self._amounts[n] - self._short[failures][0]
                failures += 1
            if kinds is None or what in kinds:
                yield self._event(n, What(what), short)

    def count(self, first: int, last: int) -> int:
        """How many things happen from ``first`` up to ``last``, both included."""
        return self._find(last + 1) - self._find(first)

    def _find(self, at: int) -> int:
        """How many happen before ``at``."""
        return bisect_left(self._log, (at - self._base) << SHIFT)

    def _event(self, n: int, what: What, short: int) -> Event:
        entry = self._log[n]
        place = entry & PLACES
        at, cents = self._at(entry), self._amounts[n]
        if what in OF_INVOICES:
            invoice = self._invoices[place]
            title = f"invoice {invoice.number or invoice.id}"
            return Event(n, at, what, "", invoice.id, title, cents, 0, False, invoice.number)
        place = self._places[place]
        order_id, name, transfer_until = self._names.of(place)
        invoice_id = number = ""
        if what in _ON_INVOICE and (opened := self._open_of[place]) >= 0:
            invoice_id, number = self._invoices[opened].id, self._invoices[opened].number
        ends_transfer = what in _END_TRANSFERS and at <= transfer_until
        return Event(n, at, what, order_id, invoice_id, name, cents, short, ends_transfer, number)


_ON_INVOICE = frozenset({What.ON_INVOICE, What.BLOCKED_UNPAID, What.BLOCKED_BROKEN, What.CANCELLED})
_END_TRANSFERS = frozenset(
    {What.RENEWED_INTERNAL, What.RENEWED_AFFILIATE, What.FAILED, What.BLOCKED_MANUAL, What.BLOCKED_UNPAID}
)


def _what(entry: int) -> int:
    return (entry >> PLACE_BITS) & 31


def _totals(days: Sequence[DaySums]) -> Sums:
    return Sums(**{name: sum(getattr(day, name) for day in days) for name in Sums.__dataclass_fields__})


def forecast(
    fleet: Fleet,
    purses: CentsHeld,
    now: datetime,
    days: int,
    *,
    since: datetime | None = None,
    known_until: datetime | None = None,
    zone: tzinfo | None = UTC,
    policy: Policy = DEFAULT_POLICY,
) -> Forecast:
    """What time alone does to ``fleet`` until ``days`` from ``now`` (the panel's clock), and what would save it.

    ``since`` is when the rows were true, if earlier than now; ``known_until`` is how far ``fleet`` reaches, if not as
    far as ``days``. ``zone`` is where a day begins; ``None`` is this computer's zone.
    """
    moment = int(now.timestamp())
    known_at = moment if since is None else min(moment, int(since.timestamp()))
    until = moment + days * DAY
    if known_until is not None:
        until = max(moment, min(until, int(known_until.timestamp())))
    line = zone_days(known_at, until, zone)
    with gc_paused():
        walk = Walk(fleet, purses, known_at, until, line, policy).run()
        return Forecast(walk, purses, moment, _saving(walk, purses, line, policy) if walk.short else None)


def _saving(walk: Walk, purses: CentsHeld, line: tuple[Sequence[int], Sequence[date]], policy: Policy) -> Saving | None:
    """All auto-renewals as they would be with money for every one of them, then the least money for that."""
    rich = Walk(
        walk.fleet,
        CentsHeld(_PLENTY, 0),
        walk.since,
        walk.until,
        line,
        policy,
        renewals_only=True,
        opening=walk.opening,
    ).run()
    return saving(rich.amounts, lambda n: (rich.log[n] >> SHIFT) + rich.base, purses.internal, purses.affiliate)
