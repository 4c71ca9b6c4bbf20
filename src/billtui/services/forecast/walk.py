"""Time, day by day: exactly what the panel does with orders and invoices if nobody acts (REN-4, ORD-2, ORD-3, PRM-8).

Everything is a whole number: an event is its second, its rank and the place of its row in one key, kept in the bucket
of its day and sorted when that day comes. Things move days ahead only, so each is sorted once: n log n over all.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Sequence
from datetime import date

from billtui.domain.policy import Policy
from billtui.services.forecast.fleet import BLOCKED, FREE, GONE, OWN_INVOICE, PENDING, RUNNING, CentsHeld, Fleet, TopUp
from billtui.services.forecast.happenings import DaySums, What
from billtui.services.forecast.months import DAY, LENGTHS, MOST, STARTS, split
from billtui.services.forecast.opening import (
    AUTO,
    AUTO_KEY,
    BLOCK,
    BROKEN,
    CANCEL,
    DELETE,
    DUE,
    MOVING,
    PLACE_BITS,
    PLACES,
    RANKS_OF_INVOICES,
    SHIFT,
    STEADY,
    STOPPED,
    TOP_UP,
    Opening,
)
from billtui.services.forecast.prices import NEVER, PriceList

_BY_AFFILIATE = AUTO_KEY - (What.RENEWED_AFFILIATE << PLACE_BITS)


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
        opening: Opening | None = None,
    ) -> None:
        """``renewals_only``: the log tells of paid auto-renewals alone, which takes less time.

        ``opening`` is that of another walk through the same time, which saves finding it again.
        """
        self.opening = opening = opening or Opening(fleet, since, until, days, policy)
        self.fleet, self.since, self.until = fleet, since, until
        self.internal, self.affiliate = purses.internal, purses.affiliate
        self.base, self.starts = opening.base, opening.starts
        self.sums = [DaySums(date=day, begins=begins) for begins, day in zip(*days, strict=True)]
        self.buckets = [list(bucket) for bucket in opening.buckets]
        self.log = array("q")
        """What happened, in its order: (second − base) << SHIFT | what << PLACE_BITS | number or place."""
        self.amounts = array("q")
        """The cents of each."""
        self.short: list[tuple[int, int]] = []
        """Both purses at each failed auto-renewal."""
        self.failed: list[int] = []
        """The place of each of those in the log."""
        self._told: list[int] = []
        self._told_cents: list[int] = []
        """What the present day adds to both."""
        self._lead, self._grace = opening.lead, opening.grace
        self._top_up = top_up
        self._tells = not renewals_only
        self._withdrawn: set[int] = set()
        self._day = 0
        self._now_key = -1
        self._load(PriceList(policy))
        if top_up is not None:
            self._push(max(top_up.at, since), TOP_UP, 0)

    def _load(self, prices: PriceList) -> None:
        fleet = self.fleet
        self._numbers, self._kind = fleet.numbers, fleet.kind
        self._prices = prices
        self._state, self._end, self._open = fleet.state[:], fleet.end[:], list(fleet.open_of)
        self._promise = dict(self.opening.promise)
        self._tiers = [prices.tiers(kind) for kind in fleet.kinds]
        self._counts = [fleet.running.get(kind, 0) for kind in fleet.kinds]
        self._steps = [tiers.count_step(count) for tiers, count in zip(self._tiers, self._counts, strict=True)]
        """With fewer services than this, the count discount falls (DSC-2)."""
        self._by_count = [tiers.count_percent(count) for tiers, count in zip(self._tiers, self._counts, strict=True)]
        nothing = bytes(8 * len(fleet))
        self._amount = array("q", nothing)
        self._priced = array("q", nothing)
        """Below which key ``_amount`` is right, unless the count discount of its kind changes."""
        self._at_once = array("q", nothing)
        """The same of steady orders alone, whose auto-renewals need no other look."""
        self._steady = bytearray(self.opening.steady)

    def _push(self, at: int, rank: int, place: int) -> None:
        if at > self.until:
            return
        number = place if rank in RANKS_OF_INVOICES else self._numbers[place]
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
        chains, ends = self.opening.chains(), [*self.starts[1:], self.until + 1]
        for day, (bucket, sums, end) in enumerate(zip(self.buckets, self.sums, ends, strict=True)):
            bucket += chains.before(self.opening.key_of(end))
            if bucket:
                self._day, self._now_key = day, -1
                bucket.sort()
                self._walk_day(bucket, sums)
                bucket.clear()
                self.log.fromlist(self._told)
                self.amounts.fromlist(self._told_cents)
                self._told.clear()
                self._told_cents.clear()
            sums.internal, sums.affiliate = self.internal, self.affiliate
        return self

    def _walk_day(self, bucket: list[int], sums: DaySums) -> None:
        """One day. What happens a million times stands here in full: the auto-renewal of a steady order."""
        amounts, at_once, places, steady = self._amount, self._at_once, self.fleet.places, self._steady
        told, told_cents = self._told, self._told_cents
        internal, affiliate = self.internal, self.affiliate
        renewed = renewed_cents = 0
        for key in bucket:
            if key >> PLACE_BITS & 31 != AUTO:
                self.internal, self.affiliate, self._now_key = internal, affiliate, key
                self._other(key, sums)
                internal = self.internal
                continue
            place = places[key & PLACES]
            if key < at_once[place]:
                cents = amounts[place]
            elif steady[place] == STOPPED or (found := self._due_amount(key, place, sums)) is None:
                continue
            else:
                cents = found
            if internal >= cents:
                internal -= cents
                told.append(key - AUTO_KEY)
            elif affiliate >= cents:
                affiliate -= cents
                told.append(key - _BY_AFFILIATE)
            else:
                self._now_key = key
                self.short.append((internal, affiliate))
                self._fail((key >> SHIFT) + self.base, place, cents, sums)
                continue
            told_cents.append(cents)
            renewed += 1
            renewed_cents += cents
            if not at_once[place]:
                self._move_on(key, place)
        self.internal, self.affiliate = internal, affiliate
        sums.renewed += renewed
        sums.renewed_cents += renewed_cents

    def _due_amount(self, key: int, place: int, sums: DaySums) -> int | None:
        """What the auto-renewal asks of a purse; ``None`` where it is skipped."""
        steady = self._steady[place]
        at = (key >> SHIFT) + self.base
        if steady == MOVING and (self._open[place] != FREE or self.fleet.auto_since[place] > at):
            self._now_key = key
            self._skip(at, place, sums)
            return None
        if key >= self._priced[place]:
            cents, until = self._price_of(place, at, self.fleet.auto_months[place])
            self._amount[place] = cents
            self._priced[place] = self.opening.key_of(min(until, self.until) + 1)
        if steady == STEADY:
            self._at_once[place] = self._priced[place]
        return self._amount[place]

    def _move_on(self, key: int, place: int) -> None:
        """The next end of an order that is not steady, and its auto-renewal (REN-3).

        The billing day is clamped to the month's end; one that does not fit the present end is not believed.
        """
        at = (key >> SHIFT) + self.base
        end = at + self._lead
        month, day, second = split(end)
        billing, length = self.fleet.billing[place], LENGTHS[month]
        if day == length and billing > length:
            day = billing
        month += self.fleet.auto_months[place]
        if not 0 <= month < MOST:
            self._end[place] = NEVER
            return
        later = self._end[place] = (STARTS[month] + min(day, LENGTHS[month]) - 1) * DAY + second
        if later <= end:  # a panel's period of no months: dealt with once, then the end comes
            self._now_key = key
            self._push(max(later, at), BLOCK, place)
        else:
            self._push(later - self._lead, AUTO, place)

    def _write(self, at: int, what: What, place: int, cents: int = 0) -> None:
        if self._tells:
            self._told.append((at - self.base) << SHIFT | what << PLACE_BITS | self._numbers[place])
            self._told_cents.append(cents)

    def _write_invoice(self, at: int, what: What, place: int) -> None:
        if self._tells:
            self._told.append((at - self.base) << SHIFT | what << PLACE_BITS | place)
            self._told_cents.append(self.fleet.invoices[place].total)

    def _price_of(self, place: int, at: int, months: int) -> tuple[int, int]:
        """What ``months`` cost at ``at`` (REN-5, DSC-1 to DSC-4), and until when the loyalty in it holds."""
        fleet = self.fleet
        percent, until = 0, NEVER
        if not fleet.individual[place]:
            kind = self._kind[place]
            percent, until = self._tiers[kind].use_percent(fleet.in_use_since[place], at)
            percent += self._by_count[kind]
        return self._prices.cents(fleet.price[place], fleet.addons[place], months, percent), until

    def _skip(self, at: int, place: int, sums: DaySums) -> None:
        """Auto-renewal does nothing: once in each period, whatever is freed later (REN-4)."""
        on_invoice = self._open[place] != FREE
        self._write(at, What.ON_INVOICE if on_invoice else What.TOO_LATE, place)
        sums.skipped += 1
        self._push(max(self._until(place), at), BLOCK, place)

    def _fail(self, at: int, place: int, cents: int, sums: DaySums) -> None:
        """No purse alone: the invoice stays unpaid, and a later top-up pays nothing by itself (REN-4)."""
        self._open[place] = OWN_INVOICE
        if self._steady[place] == STEADY:
            self._steady[place], self._at_once[place] = STOPPED, 0
            self._end[place] = at + self._lead
        self.failed.append(len(self.log) + len(self._told))
        self._write(at, What.FAILED, place, cents)
        sums.failed += 1
        sums.failed_cents += cents
        self._push(max(self._until(place), at), BLOCK, place)

    def _until(self, place: int) -> int:
        """Until when the order runs without a payment (PRM-5)."""
        end, promise = self._end[place], self._promise.get(place, 0)
        return end if end >= promise else promise

    def _other(self, key: int, sums: DaySums) -> None:
        rank, place, at = (key >> PLACE_BITS) & 31, key & PLACES, (key >> SHIFT) + self.base
        if rank not in RANKS_OF_INVOICES:
            place = self.fleet.places[place]
        if rank == BLOCK:
            self._block(at, place, sums)
        elif rank == DELETE:
            if self._state[place] == BLOCKED:
                self._gone(at, place, What.DELETED)
                sums.deletions += 1
        elif rank == CANCEL:
            if self._state[place] == PENDING:
                self._gone(at, place, What.CANCELLED)
                sums.cancelled += 1
        elif rank == BROKEN:
            self._break(at, place, sums)
        elif rank == DUE:
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
        for place, one in enumerate(self._kind):
            if one == kind:
                self._priced[place] = self._at_once[place] = 0

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
            self._push(later, DELETE, place)

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
        self._write_invoice(at, What.INVOICE_GONE, invoice)
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
                self._push(max(self._until(other), at), BLOCK, other)

    def _break(self, at: int, invoice: int, sums: DaySums) -> None:
        """PRM-8: overdue, and its orders are blocked at once; one whose paid period outlasts it at its end (PRM-5)."""
        if invoice in self._withdrawn:
            return
        found = self.fleet.invoices[invoice]
        self._write_invoice(at, What.PROMISE_BROKEN, invoice)
        sums.promises += 1
        sums.invoices += 1
        sums.invoices_cents += found.total
        for place in self.fleet.billed.get(invoice, ()):
            if self._open[place] != invoice or self._promise.pop(place, 0) == 0 or self._state[place] != RUNNING:
                continue
            if self._end[place] <= at:
                self._write(at, What.BLOCKED_BROKEN, place)
                self._stop(at, place, at, sums)

    def _due(self, at: int, invoice: int, sums: DaySums) -> None:
        if invoice in self._withdrawn:
            return
        found = self.fleet.invoices[invoice]
        self._write_invoice(at, What.INVOICE_DUE, invoice)
        sums.invoices += 1
        sums.invoices_cents += found.total
