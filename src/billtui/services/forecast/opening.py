"""Where a walk begins: what comes next for every order and invoice, and the auto-renewals that nothing but money stops.

Of an order without an open invoice whose billing day is settled, all auto-renewals of the time are known beforehand:
one month table and one offset tell their instants. They are made month by month, for many orders at once, already
almost in their order, so that sorting them only joins runs.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from datetime import date

from billtui.domain.models import InvoiceState
from billtui.domain.policy import Policy
from billtui.services.forecast.fleet import BLOCKED, FREE, PENDING, RUNNING, UNKNOWN, Fleet
from billtui.services.forecast.months import DAY, LENGTHS, MOST, STARTS

# What comes first where several things are due at one instant, as the panel has it.
TOP_UP, BROKEN, AUTO, BLOCK, DELETE, CANCEL, DUE = range(7)
RANKS_OF_INVOICES = frozenset({BROKEN, DUE, TOP_UP})
PLACE_BITS = 24
PLACES = (1 << PLACE_BITS) - 1
SHIFT = PLACE_BITS + 5
"""A key: second (from ``base`` on) << SHIFT | rank << PLACE_BITS | number of the order by its id, or place of the
invoice."""
AUTO_KEY = AUTO << PLACE_BITS
SKEW = 120
"""Seconds by which the panel's clock may be misjudged: an auto-renewal that close is still to come unless the row says
that it was dealt with."""
_EVERY_MONTH = 28
"""The last day that every month has."""
MOVING, STEADY, STOPPED = range(3)
"""How an order's auto-renewals come: one after the other as each is dealt with, all known beforehand, no more."""


class Opening:
    """The beginning of a walk; walks change nothing of it, so that two can begin there."""

    def __init__(
        self, fleet: Fleet, since: int, until: int, days: tuple[Sequence[int], Sequence[date]], policy: Policy
    ) -> None:
        self.fleet, self.since, self.until, self.policy = fleet, since, until, policy
        self.starts, self.dates = list(days[0]), days[1]
        self.base = min(self.starts[0], since - SKEW) - DAY
        self.lead = int(policy.auto_renew_lead.total_seconds())
        self.grace = int(policy.deletion_after_block.total_seconds())
        self.buckets: list[list[int]] = [[] for _ in self.starts]
        """For each day the keys that are known of it, in no order, without those of :class:`Chains`."""
        self.promise: dict[int, int] = {}
        """Deadlines of running promises."""
        self.steady = bytearray(len(fleet))
        self._groups: dict[tuple[int, int, int], list[int]] = {}
        self._orders(int(policy.pending_lifetime.total_seconds()))
        self._invoices()
        self._runs = self._by_month()

    def chains(self) -> Chains:
        """The auto-renewals of steady orders, from the first."""
        return Chains(self._runs, self.base, self.lead)

    def key_of(self, at: int) -> int:
        """No key of an instant before ``at`` is as great, none from ``at`` on is smaller."""
        return (at - self.base) << SHIFT

    def _push(self, at: int, rank: int, number: int) -> None:
        if at <= self.until:
            key = (at - self.base) << SHIFT | rank << PLACE_BITS | number
            self.buckets[max(0, bisect_right(self.starts, at) - 1)].append(key)

    def _orders(self, pending: int) -> None:
        fleet, since, until, lead = self.fleet, self.since, self.until, self.lead
        dealt_with = since - SKEW
        push, numbers = self._push, fleet.numbers
        autos: list[int] = []
        columns = zip(fleet.state, fleet.end, fleet.open_of, fleet.auto_on, fleet.auto_done_for, strict=True)
        for place, (state, end, opened, auto_on, done_for) in enumerate(columns):
            promise = 0
            if opened != FREE and (promise := fleet.promise_of(place)):
                self.promise[place] = promise
            if state == RUNNING:
                if end == UNKNOWN or end - lead > until:
                    continue
                if auto_on and done_for != end and end - lead > dealt_with:
                    autos.append(place)
                else:
                    push(max(end, promise, since), BLOCK, numbers[place])
            elif state == PENDING:
                push(max((fleet.since(place) or 0) + pending, since), CANCEL, numbers[place])
            elif state == BLOCKED and (blocked_at := fleet.since(place)) is not None:
                push(max(blocked_at + self.grace, since), DELETE, numbers[place])
        self._autos(autos)

    def _autos(self, places: Sequence[int]) -> None:
        """Auto-renewals of these orders, whose ends rise."""
        fleet, lead, base, groups = self.fleet, self.lead, self.base, self._groups
        ends, periods, billings, since = fleet.end, fleet.auto_months, fleet.billing, fleet.auto_since
        numbers, open_of, steady = fleet.numbers, fleet.open_of, self.steady
        month = 0
        for place in places:
            end = ends[place]
            days, second = divmod(end, DAY)
            while month < MOST and STARTS[month + 1] <= days:
                month += 1
            day = days - STARTS[month] + 1
            period = periods[place]
            known = end >= 0 and month < MOST and period > 0
            known = known and open_of[place] == FREE and since[place] <= end - lead
            if not known or not (billing := settled_day(month, day, billings[place])):
                self._push(end - lead, AUTO, numbers[place])
                continue
            steady[place] = STEADY
            if billing <= _EVERY_MONTH:
                second += (billing - 1) * DAY
                billing = 0
            key = (second - lead - base) << SHIFT | AUTO_KEY | numbers[place]
            group = groups.get((month, period, billing))
            if group is None:
                group = groups[month, period, billing] = []
            group.append(key)

    def _by_month(self) -> dict[int, list[tuple[int, list[int]]]]:
        """For each month: what to add to which keys for the auto-renewals before the ends in that month."""
        limit = self.key_of(self.until + 1)
        runs: dict[int, list[tuple[int, list[int]]]] = {}
        for (first, period, billing), keys in self._groups.items():
            for month in range(first, MOST, period):
                day = STARTS[month] + (min(billing, LENGTHS[month]) - 1 if billing else 0)
                offset = day * DAY << SHIFT
                if keys[0] + offset >= limit:
                    break
                runs.setdefault(month, []).append((offset, keys))
        return runs

    def _invoices(self) -> None:
        for place, invoice in enumerate(self.fleet.invoices):
            if invoice.state == InvoiceState.PROMISED and invoice.promise_until is not None:
                self._push(max(invoice.promise_until, self.since), BROKEN, place)
            elif invoice.state == InvoiceState.UNPAID and invoice.due_at is not None:
                self._push(max(invoice.due_at, self.since), DUE, place)


class Chains:
    """Keys of auto-renewals in their order, made a month ahead of need."""

    def __init__(self, runs: dict[int, list[tuple[int, list[int]]]], base: int, lead: int) -> None:
        self._runs, self._base, self._lead = runs, base, lead
        self._months = sorted(runs, reverse=True)
        self._keys: list[int] = []
        self._at = 0

    def before(self, limit: int) -> list[int]:
        """Those below ``limit`` that were not given yet."""
        months = self._months
        while months and (STARTS[months[-1]] * DAY - self._lead - self._base) << SHIFT < limit:
            self._keys = self._keys[self._at :]
            self._at = 0
            for offset, keys in self._runs[months.pop()]:
                self._keys += [key + offset for key in keys]
            self._keys.sort()
        begin = self._at
        self._at = bisect_left(self._keys, limit, begin)
        return self._keys[begin : self._at]


def settled_day(month: int, day: int, billing: int) -> int:
    """The day on which every later end falls, clamped to each month (REN-3); 0 where that changes on the way.

    A billing day that does not fit the present end is not believed. An end that was clamped itself moves on with each
    short month, and on the 28th of a month the billing day may become believable later.
    """
    length = LENGTHS[month]
    if billing == day or (day == length and billing > length):
        return billing
    if day < _EVERY_MONTH or (day == _EVERY_MONTH and billing <= _EVERY_MONTH):
        return day
    return 0
