"""Renewal prices in whole cents by whole numbers alone: the same cents as ``rules.renewal.price_renewal``.

The rules price one order at one instant, with a Decimal and a Discount for each step. A forecast prices a million, so
the same arithmetic stands here once more, without their objects; a test with random input holds the two together.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from math import lcm

from billtui.domain.policy import Policy
from billtui.services.forecast.months import DAY, STARTS, join, split

NEVER = 1 << 60
"""Later than every instant."""
MOST_CENTS = 1 << 62
"""No forecast counts further; amounts of the wire are far below."""


class Tiers:
    """The loyalty of one kind of service, per cent in whole ``1/scale`` parts (DSC-1, DSC-2)."""

    __slots__ = ("_months", "_percents", "by_count")

    def __init__(self, by_months: Sequence[tuple[int, int]], by_count: Sequence[tuple[int, int]]) -> None:
        """Pairs of threshold and per cent; those of months rise."""
        self.by_count = tuple(by_count)
        self._months = [months for months, _ in by_months]
        self._percents = [0, *(percent for _, percent in by_months)]

    def count_percent(self, count: int) -> int:
        """For so many services of the kind (DSC-2): the step with the most of those that are reached."""
        reached = [step for step in self.by_count if count >= step[0]]
        return max(reached)[1] if reached else 0

    def count_step(self, count: int) -> int:
        """The number of services from which on that discount holds; 0 where none holds."""
        return max((step[0] for step in self.by_count if count >= step[0]), default=0)

    def use_percent(self, in_use_since: int, at: int) -> tuple[int, int]:
        """For the length of use at ``at`` (DSC-1), and until when, that instant included, it stays so.

        "Over 3 months" is later than first activation + 3 calendar months.
        """
        thresholds = self._months
        if not thresholds or in_use_since == NEVER:
            return 0, NEVER
        month, day, second = split(in_use_since)
        apart = bisect_right(STARTS, at // DAY) - 1 - month
        place = bisect_left(thresholds, apart)  # steps of fewer calendar months are behind, of more ahead
        if place < len(thresholds) and thresholds[place] == apart and at > join(month + apart, day, second):
            place += 1
        if place == len(thresholds):
            return self._percents[place], NEVER
        return self._percents[place], join(month + thresholds[place], day, second)


NO_TIERS = Tiers((), ())


class PriceList:
    """A policy's loyalty as whole numbers."""

    def __init__(self, policy: Policy) -> None:
        percents = [step for tiers in policy.loyalty.values() for _, step in (*tiers.by_months, *tiers.by_count)]
        self.scale = lcm(*(Fraction(percent).denominator for percent in percents)) if percents else 1
        """So many parts make one per cent."""
        self.full = 100 * self.scale
        self._tiers = {
            kind: Tiers(self._parts(tiers.by_months), self._parts(tiers.by_count))
            for kind, tiers in policy.loyalty.items()
        }

    def _parts(self, steps: Sequence[tuple[int, Decimal]]) -> tuple[tuple[int, int], ...]:
        return tuple(sorted((threshold, int(Fraction(percent) * self.scale)) for threshold, percent in steps))

    def tiers(self, kind: str) -> Tiers:
        """The steps of a kind; none for one that is not listed (DSC-4)."""
        return self._tiers.get(kind, NO_TIERS)

    def cents(self, monthly: int, addons: int, months: int, percent: int) -> int:
        """``months`` of a server, less ``percent`` (parts, at most all), rounded half up once (INV-10, DSC-3).

        ``addons`` a month come on top, without discount (DSC-4): whole cents × whole months need no rounding.
        """
        full = self.full
        exact = monthly * months * (full - percent) if percent < full else 0
        rounded = (2 * abs(exact) + full) // (2 * full)
        total = (rounded if exact >= 0 else -rounded) + addons * months
        return total if total < MOST_CENTS else MOST_CENTS
