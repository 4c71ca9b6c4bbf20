"""Prices in whole cents, equal to ``domain/rules`` to the cent, and how an order's discount grows with time (DSC-1)."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final, NamedTuple

from billtui.domain.periods import add_months, shifted
from billtui.domain.policy import Policy
from billtui.services.store import OrderRow, instant

_STEPS: Final = 10**10
"""Per cent are whole numbers of these parts: as fine as the wire can say it."""
FULL: Final = 100 * _STEPS
"""A hundred per cent."""


def parts(percent: Decimal) -> int:
    """Per cent in whole parts."""
    return int(percent.scaleb(10))


def percent_words(percent: int) -> str:
    """Parts as a person writes per cent: ``12.5``."""
    value = (Decimal(percent).scaleb(-10)).normalize()
    return f"{value:f}" if percent else "0"


def discounted(cents: int, percent: int) -> int:
    """``cents`` less ``percent`` parts, rounded half up once (INV-10)."""
    return (2 * cents * (FULL - percent) + FULL) // (2 * FULL)


class Curve(NamedTuple):
    """An order's loyalty: now, and at each later purchase, by the months between its present end and the end then."""

    now: int
    steps: tuple[tuple[int, int], ...]
    """(offset in months, parts) where it changes; the first is offset 0."""

    def at(self, offset: int) -> int:
        """The loyalty of a purchase that begins ``offset`` months after the present end."""
        return self.steps[bisect_right(self.steps, (offset, FULL + 1)) - 1][1]


class CountSteps(NamedTuple):
    """The discount by number of one kind (DSC-2): now, later, and when it falls because others end."""

    now: int
    later: int
    falls: tuple[tuple[datetime, int], ...]
    """(from when, parts), the soonest first."""


class Ending(NamedTuple):
    """An order's paid period: its end, the day of the month that counts (REN-3), how long before it is bought."""

    end: datetime
    day: int
    lead: timedelta

    @classmethod
    def of(cls, row: OrderRow, lead_days: int, policy: Policy) -> Ending:
        """Of a row that has an end. Auto-renewal acts days before it (REN-4): whoever buys must be a day earlier."""
        assert row.paid_until is not None
        end = instant(row.paid_until)
        plain = add_months(end, 0, row.billing_day) if 1 <= row.billing_day <= 31 else None
        lead = timedelta(days=lead_days)
        if row.auto_on:
            lead = max(lead, policy.auto_renew_lead + timedelta(days=1))
        return cls(end, row.billing_day if plain == end else end.day, lead)

    def after(self, months: int) -> datetime:
        """The end after ``months`` more (REN-3)."""
        return add_months(self.end, months, self.day)

    def moment(self, months: int, now: datetime) -> datetime:
        """The last sensible moment to buy on, once ``months`` more are paid."""
        return max(now, shifted(self.after(months), -self.lead))

    def due(self, now: datetime) -> bool:
        """Whether that moment has come for the present end."""
        return shifted(self.end, -self.lead) <= now

    def first_beyond(self, when: datetime, *, strictly: bool) -> int:
        """The first offset whose purchase is later than ``when`` (or then, unless ``strictly``); may be negative."""
        target = shifted(when, self.lead)
        months = (target.year - self.end.year) * 12 + target.month - self.end.month
        end = self.after(months)
        return months if end > target or (end == target and not strictly) else months + 1


class RateCurve:
    """Loyalty over time for the orders of one question: by use (DSC-1) and by number (DSC-2), added up (DSC-3)."""

    def __init__(
        self,
        now: datetime,
        running: Mapping[str, int],
        kept: Mapping[str, int],
        others_end: Mapping[str, Sequence[datetime]],
        policy: Policy,
    ) -> None:
        """``running`` counts now; ``kept`` counts later: those that run on, with what is renewed."""
        self.now = now
        self.policy = policy
        self.counts = {
            kind: self._count_steps(kind, running.get(kind, 0), kept.get(kind, 0), sorted(others_end.get(kind, ())))
            for kind in policy.loyalty
        }

    def _count_steps(self, kind: str, running: int, kept: int, ends: Sequence[datetime]) -> CountSteps:
        def tier(count: int) -> int:
            reached = [tier for tier in self.policy.loyalty[kind].by_count if count >= tier[0]]
            return parts(max(reached)[1]) if reached else 0

        falls: list[tuple[datetime, int]] = []
        for gone, end in enumerate(ends, 1):
            before = falls[-1][1] if falls else tier(kept)
            if (after := tier(kept - gone)) != before:
                falls.append((end, after))
        return CountSteps(tier(running), tier(kept), tuple(falls))

    def curve(self, row: OrderRow, ending: Ending, horizon: int) -> Curve:
        """The loyalty of an order now and at the last sensible moment of each month of the horizon."""
        counts = self.counts.get(row.kind)
        if counts is None or row.individual_price:
            return Curve(0, ((0, 0),))
        since = None if row.in_use_since is None else instant(row.in_use_since)
        use_now, changes = self._use(row.kind, since, ending, horizon)
        count = counts.later
        falls: list[tuple[int, int]] = []
        for when, percent in counts.falls:
            falls.append((max(0, ending.first_beyond(when, strictly=False)), percent))
        offsets = sorted({0, *(at for at, _ in changes), *(at for at, _ in falls if at < horizon)})
        steps: list[tuple[int, int]] = []
        for offset in offsets:
            use = next((pct for at, pct in reversed(changes) if at <= offset), 0)
            tier = next((pct for at, pct in reversed(falls) if at <= offset), count)
            total = min(FULL, use + tier)
            if not steps or steps[-1][1] != total:
                steps.append((offset, total))
        return Curve(min(FULL, use_now + counts.now), tuple(steps))

    def _use(
        self, kind: str, since: datetime | None, ending: Ending, horizon: int
    ) -> tuple[int, list[tuple[int, int]]]:
        """The discount for length of use now, and (offset, parts) at which later purchases reach a tier."""
        if since is None:
            return 0, []
        now = self.now
        used = (now.year - since.year) * 12 + now.month - since.month
        last = used + horizon + 2  # no purchase of the horizon is later than that many months of use
        use_now, changes = 0, list[tuple[int, int]]()
        for months, percent in sorted(self.policy.loyalty[kind].by_months):
            if months < used - 1:
                use_now = parts(percent)
                changes = [(0, use_now)]
                continue
            if months > last + max(0, (ending.end.year - now.year) * 12 + ending.end.month - now.month):
                break
            reached = add_months(since, months)
            if now > reached:
                use_now = parts(percent)
                changes = [(0, use_now)]
            else:
                first = max(0, ending.first_beyond(reached, strictly=True))
                if first < horizon:
                    changes.append((first, parts(percent)))
        return use_now, changes
