"""Time, day by day: exactly what the panel does with orders and invoices if nobody acts (REN-4, ORD-2, ORD-3, PRM-8).

Everything is a whole number: an event is its second, its rank and the place of its row in one key, kept in the bucket
of its day and sorted when that day comes. Things move days ahead only, so each is sorted once: n log n over all.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Sequence
from datetime import date

from billtui.domain.models import InvoiceState
from billtui.domain.policy import Policy
from billtui.services.forecast.fleet import (
    BLOCKED,
    FREE,
    GONE,
    OWN_INVOICE,
    PENDING,
    RUNNING,
    STATES,
    CentsHeld,
    Fleet,
    TopUp,
)
from billtui.services.forecast.happenings import OF_INVOICES, DaySums, What
from billtui.services.forecast.months import DAY, LENGTHS, MOST, STARTS, split
from billtui.services.forecast.prices import NEVER, PriceList

# What comes first where several things are due at one instant, as the panel has it.
_TOP_UP, _BROKEN, _AUTO, _BLOCK, _DELETE, _CANCEL, _DUE = range(7)
_OF_INVOICES = frozenset({_BROKEN, _DUE, _TOP_UP})
PLACE_BITS = 24
PLACES = (1 << PLACE_BITS) - 1
SHIFT = PLACE_BITS + 5
"""A key: second (from ``base`` on) << SHIFT | rank << PLACE_BITS | number of the order by its id, or place of the
invoice. In the log, ``what`` stands for the rank."""
_AUTO_KEY = _AUTO << PLACE_BITS
_BY_AFFILIATE = _AUTO_KEY - (What.RENEWED_AFFILIATE << PLACE_BITS)
SKEW = 120
"""Seconds by which the panel's clock may be misjudged: an auto-renewal that close is still to come unless the row says
that it was dealt with."""


class Walk:
    """One walk through time. After :meth:`run` read ``sums``, ``log``, ``amounts`` and ``short``."""

    def __init__(
        self,
        fleet: Fleet,
        purses: CentsHeld,
        since: int,
        until: int,
        days: tuple[Sequence[int], Sequence[date]],
        policy: Policy,
        top_up: TopUp | None = None,
        *,
        renewals_only: bool = False,
    ) -> None:
        """``renewals_only``: the log tells of paid auto-renewals alone, which takes less time."""
        self.fleet, self.since, self.until = fleet, since, until
        self.internal, self.affiliate = purses.internal, purses.affiliate
        self.base = min(days[0][0], since - SKEW) - DAY
        self.starts = list(days[0])
        self.sums = [DaySums(day, begins) for begins, day in zip(*days, strict=True)]
        self.buckets: list[list[int]] = [[] for _ in self.sums]
        self.log = array("q")
        """What happened, in its order: (second − base) << SHIFT | what << PLACE_BITS | number or place."""
        self.amounts = array("q")
        """The cents of each."""
        self.short: list[tuple[int, int]] = []
        """Both purses at each failed auto-renewal."""
        self.failed: list[int] = []
        """The place of each of those in the log."""
        self._lead = int(policy.auto_renew_lead.total_seconds())
        self._grace = int(policy.deletion_after_block.total_seconds())
        self._pending = int(policy.pending_lifetime.total_seconds())
        self.policy = policy
        self._top_up = top_up
        self._tells = not renewals_only
        self._withdrawn: set[int] = set()
        self._day = 0
        self._now_key = -1
        self._load(PriceList(policy))

    # --- columns

    def _load(self, prices: PriceList) -> None:
        orders = self.fleet.orders
        self._numbers = self.fleet.numbers
        self._prices = prices
        self._state = [STATES[row.state] for row in orders]
        self._end = [row.paid_until for row in orders]
        self._open = list(self.fleet.open_of)
        self._promise: dict[int, int] = {}
        self._kinds = sorted({row.kind for row in orders})
        kind_of = {kind: place for place, kind in enumerate(self._kinds)}
        self._kind = [kind_of[row.kind] for row in orders]
        self._tiers = [prices.tiers(kind) for kind in self._kinds]
        self._counts = [self.fleet.running.get(kind, 0) for kind in self._kinds]
        self._steps = [tiers.count_step(count) for tiers, count in zip(self._tiers, self._counts, strict=True)]
        """With fewer services than this, the count discount falls (DSC-2)."""
        self._by_count = [tiers.count_percent(count) for tiers, count in zip(self._tiers, self._counts, strict=True)]
        self._amount = [0] * len(orders)
        self._amount_until = [-NEVER] * len(orders)
        """Until when ``_amount`` is right, unless the count discount of its kind changes."""
        self._auto_since = [row.auto_since or 0 for row in orders]
        self._auto_months = [row.auto_months for row in orders]
        self._billing = [row.billing_day if 1 <= row.billing_day <= 31 else 0 for row in orders]
        self._month = [-1] * len(orders)
        """Place of the month in which the paid period ends; -1 while it was not looked at."""
        self._day_of_month = [0] * len(orders)
        self._blocked_at = {place: row.blocked_at for place, row in enumerate(orders) if row.blocked_at is not None}

    def _first(self) -> None:
        """Put what comes next for every order and invoice onto the days."""
        since, until, lead, base = self.since, self.until, self._lead, self.base
        dealt_with = since - SKEW
        push, buckets, starts, numbers = self._push, self.buckets, self.starts, self._numbers
        for place, order in enumerate(self.fleet.orders):
            state, end = self._state[place], order.paid_until
            if self._open[place] != FREE and (promise := self.fleet.promise_of(place)):
                self._promise[place] = promise
            if state == RUNNING:
                if end is None or end - lead > until:
                    continue
                moment = end - lead
                if order.auto_on and order.auto_done_for != end and moment > dealt_with:
                    day = max(0, bisect_right(starts, moment) - 1)
                    buckets[day].append((moment - base) << SHIFT | _AUTO_KEY | numbers[place])
                else:
                    push(max(end, self._promise.get(place, 0), since), _BLOCK, place)
            elif state == PENDING:
                push(max(order.created_at + self._pending, since), _CANCEL, place)
            elif (blocked_at := self._blocked_at.get(place)) is not None:
                push(max(blocked_at + self._grace, since), _DELETE, place)
        for place, invoice in enumerate(self.fleet.invoices):
            if invoice.state == InvoiceState.PROMISED and invoice.promise_until is not None:
                push(max(invoice.promise_until, since), _BROKEN, place)
            elif invoice.state == InvoiceState.UNPAID and invoice.due_at is not None:
                push(max(invoice.due_at, since), _DUE, place)
        if self._top_up is not None:
            push(max(self._top_up.at, since), _TOP_UP, 0)

    def _push(self, at: int, rank: int, place: int) -> None:
        if at > self.until:
            return
        number = place if rank in _OF_INVOICES else self._numbers[place]
        key = (at - self.base) << SHIFT | rank << PLACE_BITS | number
        day = max(0, bisect_right(self.starts, at) - 1)
        bucket = self.buckets[day]
        if day > self._day or self._now_key < 0:
            bucket.append(key)
            return
        # Something frees itself on the very day that is being walked: behind what happens now, in its order.
        here = bisect_right(bucket, self._now_key)
        bucket.insert(max(here, bisect_right(bucket, key)), key)

    # --- the walk

    def run(self) -> Walk:
        """Walk to the end."""
        self._first()
        self._walk()
        return self

    def _walk(self) -> None:
        for day, (bucket, sums) in enumerate(zip(self.buckets, self.sums, strict=True)):
            if bucket:
                self._day, self._now_key = day, -1
                bucket.sort()
                self._walk_day(bucket, sums)
                bucket.clear()
            sums.internal, sums.affiliate = self.internal, self.affiliate

    def _walk_day(self, bucket: list[int], sums: DaySums) -> None:
        """One day. Auto-renewal stands here in full: it is what happens a million times."""
        opened, ends, since, periods, billings = (
            self._open,
            self._end,
            self._auto_since,
            self._auto_months,
            self._billing,
        )
        amounts, amount_until, months_of, days_of = self._amount, self._amount_until, self._month, self._day_of_month
        buckets, starts, until, base, lead = self.buckets, self.starts, self.until, self.base, self._lead
        log, log_cents = self.log.append, self.amounts.append
        starts_of, lengths, day_of, places = STARTS, LENGTHS, bisect_right, self.fleet.places
        internal, affiliate = self.internal, self.affiliate
        renewed = renewed_cents = 0
        for key in bucket:
            if key >> PLACE_BITS & 31 != _AUTO:
                self.internal, self.affiliate, self._now_key = internal, affiliate, key
                self._other(key, sums)
                internal = self.internal
                continue
            number = key & PLACES
            place = places[number]
            at = (key >> SHIFT) + base
            if opened[place] != FREE or since[place] > at:
                self._now_key = key
                self._skip(at, place, sums)
                continue
            cents = amounts[place] if amount_until[place] >= at else self._price(place, at)
            if internal >= cents:
                internal -= cents
                log(key - _AUTO_KEY)
            elif affiliate >= cents:
                affiliate -= cents
                log(key - _BY_AFFILIATE)
            else:
                self._now_key = key
                self.short.append((internal, affiliate))
                self._fail(at, place, cents, sums)
                continue
            log_cents(cents)
            renewed += 1
            renewed_cents += cents
            # REN-3: the billing day, clamped to the month's end; one that does not fit the present end is not believed.
            end = at + lead
            month = months_of[place]
            if month < 0:
                month, day, _ = split(end)
            else:
                day = days_of[place]
            billing = billings[place]
            if day != billing:
                length = lengths[month]
                if day == length and billing > length:
                    day = billing
            month += periods[place]
            if not 0 <= month < MOST:
                ends[place] = NEVER
                continue
            months_of[place] = month
            if day > 28 and day > (length := lengths[month]):
                day = length
            days_of[place] = day
            later = (starts_of[month] + day - 1) * DAY + end % DAY
            ends[place] = later
            if later <= end:  # a panel's period of no months: dealt with once, then the end comes
                self._now_key = key
                self._push(max(later, at), _BLOCK, place)
            elif (moment := later - lead) <= until:
                buckets[day_of(starts, moment) - 1].append((moment - base) << SHIFT | _AUTO_KEY | number)
        self.internal, self.affiliate = internal, affiliate
        sums.renewed += renewed
        sums.renewed_cents += renewed_cents

    def _write(self, at: int, what: What, place: int, cents: int = 0) -> None:
        if not self._tells:
            return
        number = place if what in OF_INVOICES else self._numbers[place]
        self.log.append((at - self.base) << SHIFT | what << PLACE_BITS | number)
        self.amounts.append(cents)

    def _price(self, place: int, at: int) -> int:
        """What the order's own period costs at ``at`` (REN-5, DSC-1 to DSC-4)."""
        order = self.fleet.orders[place]
        cents, until = self._price_of(place, at, order.auto_months)
        self._amount[place] = cents
        self._amount_until[place] = until
        return cents

    def _price_of(self, place: int, at: int, months: int) -> tuple[int, int]:
        order, kind = self.fleet.orders[place], self._kind[place]
        percent, until = 0, NEVER
        if not order.individual_price:
            percent, until = self._tiers[kind].use_percent(order.in_use_since, at)
            percent += self._by_count[kind]
        return self._prices.cents(order.price, order.addons, months, percent), until

    def _skip(self, at: int, place: int, sums: DaySums) -> None:
        """Auto-renewal does nothing: once in each period, whatever is freed later (REN-4)."""
        on_invoice = self._open[place] != FREE
        self._write(at, What.ON_INVOICE if on_invoice else What.TOO_LATE, place)
        sums.skipped += 1
        self._push(max(self._until(place), at), _BLOCK, place)

    def _fail(self, at: int, place: int, cents: int, sums: DaySums) -> None:
        """No purse alone: the invoice stays unpaid, and a later top-up pays nothing by itself (REN-4)."""
        self._open[place] = OWN_INVOICE
        self.failed.append(len(self.log))
        self._write(at, What.FAILED, place, cents)
        sums.failed += 1
        sums.failed_cents += cents
        self._push(max(self._until(place), at), _BLOCK, place)

    def _until(self, place: int) -> int:
        """Until when the order runs without a payment (PRM-5)."""
        return max(self._end[place] or 0, self._promise.get(place, 0))

    def _other(self, key: int, sums: DaySums) -> None:
        rank, place, at = (key >> PLACE_BITS) & 31, key & PLACES, (key >> SHIFT) + self.base
        if rank not in _OF_INVOICES:
            place = self.fleet.places[place]
        if rank == _BLOCK:
            self._block(at, place, sums)
        elif rank == _DELETE:
            if self._state[place] == BLOCKED:
                self._gone(at, place, What.DELETED)
                sums.deletions += 1
        elif rank == _CANCEL:
            if self._state[place] == PENDING:
                self._gone(at, place, What.CANCELLED)
                sums.cancelled += 1
        elif rank == _BROKEN:
            self._break(at, place, sums)
        elif rank == _DUE:
            self._due(at, place, sums)
        elif self._top_up is not None:
            self.internal += self._top_up.cents

    def _leaves(self, place: int) -> None:
        """An order stops to count (DSC-5)."""
        kind = self._kind[place]
        count = self._counts[kind] = self._counts[kind] - 1
        if count >= self._steps[kind]:
            return
        self._by_count[kind] = self._tiers[kind].count_percent(count)
        self._steps[kind] = self._tiers[kind].count_step(count)
        self._amount_until[:] = [
            -NEVER if one == kind else until for one, until in zip(self._kind, self._amount_until, strict=True)
        ]

    def _block(self, at: int, place: int, sums: DaySums) -> None:
        """ORD-2: the paid period, or the promise that outlasts it, is over."""
        until = self._until(place)
        if self._state[place] != RUNNING or until > at:
            return
        if self._open[place] == FREE and self._tells:
            cents, _ = self._price_of(place, at, 1)
            self._write(at, What.BLOCKED_MANUAL, place, cents)
            sums.manual += 1
            sums.manual_cents += cents
        else:
            self._write(at, What.BLOCKED_UNPAID, place)
        self._stop(at, place, until, sums)

    def _stop(self, at: int, place: int, blocked_at: int, sums: DaySums) -> None:
        self._state[place] = BLOCKED
        self._promise.pop(place, None)
        sums.blocks += 1
        self._leaves(place)
        later = max(blocked_at + self._grace, at)
        if later <= self.until and (self._tells or self._open[place] != FREE):
            self._push(later, _DELETE, place)

    def _gone(self, at: int, place: int, what: What) -> None:
        """ORD-2, ORD-3: deleted or cancelled, and with it the open invoice that bills it (INV-12)."""
        self._state[place] = GONE
        self._write(at, what, place)
        opened = self._open[place]
        self._open[place] = FREE
        if opened >= 0:  # the unpaid one of its own auto-renewal is no invoice of the fleet's
            self._withdraw(at, opened)

    def _withdraw(self, at: int, invoice: int) -> None:
        """INV-12: the invoice goes, its other orders are free; pending ones are cancelled with it (INV-5)."""
        self._write(at, What.INVOICE_GONE, invoice, self.fleet.invoices[invoice].total)
        self._withdrawn.add(invoice)
        for other in self.fleet.billed.get(invoice, ()):
            if self._open[other] != invoice:
                continue
            self._open[other] = FREE
            if self._state[other] == PENDING:
                self._state[other] = GONE
                self._write(at, What.CANCELLED, other)
                self.sums[self._day].cancelled += 1
            elif self._promise.pop(other, 0) and self._state[other] == RUNNING:
                self._push(max(self._until(other), at), _BLOCK, other)

    def _break(self, at: int, invoice: int, sums: DaySums) -> None:
        """PRM-8: overdue, and its orders are blocked at once; one whose paid period outlasts it at its end (PRM-5)."""
        if invoice in self._withdrawn:
            return
        found = self.fleet.invoices[invoice]
        self._write(at, What.PROMISE_BROKEN, invoice, found.total)
        sums.promises += 1
        sums.invoices += 1
        sums.invoices_cents += found.total
        for place in self.fleet.billed.get(invoice, ()):
            if self._open[place] != invoice or self._promise.pop(place, 0) == 0 or self._state[place] != RUNNING:
                continue
            if (self._end[place] or 0) <= at:
                self._write(at, What.BLOCKED_BROKEN, place)
                self._stop(at, place, at, sums)

    def _due(self, at: int, invoice: int, sums: DaySums) -> None:
        if invoice in self._withdrawn:
            return
        found = self.fleet.invoices[invoice]
        self._write(at, What.INVOICE_DUE, invoice, found.total)
        sums.invoices += 1
        sums.invoices_cents += found.total
