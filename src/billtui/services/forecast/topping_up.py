"""The smallest top-up with which every auto-renewal succeeds, and by when it must be there (REN-4, ACC-4).

What the purses hold does not change what is asked of them as long as everything succeeds: the same renewals at the
same instants for the same amounts. So the question is one about a row of amounts and two purses. More money on the
internal balance never makes one of them fail that succeeded with less (whatever the internal purse pays in place of
the other leaves the other with more than the internal one could have used), so the smallest amount is found by halving.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate

MOST_STEPS = 20_000_000
"""Payments looked at before an amount that is certainly enough is given instead of the smallest one."""


@dataclass(frozen=True, slots=True)
class Saving:
    """A top-up of the internal balance that saves the auto-renewals."""

    cents: int
    by: int
    """The first auto-renewal without it would fail at this instant: it must be there before."""
    renewals: int
    """So many auto-renewals succeed with it."""
    smallest: bool = True
    """Whether no smaller amount would do."""


def first_failing(amounts: Sequence[int], internal: int, affiliate: int) -> int | None:
    """The place of the first amount that no purse alone holds (REN-4), or ``None``."""
    for place, cents in enumerate(amounts):
        if internal >= cents:
            internal -= cents
        elif affiliate >= cents:
            affiliate -= cents
        else:
            return place
    return None


def saving(amounts: Sequence[int], at: Callable[[int], int], internal: int, affiliate: int) -> Saving | None:
    """What saves renewals of these ``amounts``, in the order in which they happen while all succeed; ``at`` says when.

    ``None`` where nothing fails. The amount is enough whenever it arrives before the first failure: earlier or later,
    other renewals are paid from the other purse meanwhile, so each such arrival is looked at.
    """
    amounts = list(amounts)  # is read faster than an array
    fails = first_failing(amounts, internal, affiliate)
    if fails is None:
        return None
    by = at(fails)
    arrivals = _arrivals(amounts[:fails], internal, affiliate)
    search = _Search(amounts)
    enough = sum(amounts) - internal  # the internal purse pays everything from the beginning on
    best = 0
    steps = 0
    for place, held, other in reversed(arrivals):
        steps += len(amounts) - place
        if steps > MOST_STEPS:
            return Saving(enough, by, len(amounts), False)
        if search.succeeds(place, held + best, other):
            continue
        best, looked_at = search.smallest(place, held, other, best)
        steps += looked_at
    return Saving(best, by, len(amounts))


def _arrivals(amounts: Sequence[int], internal: int, affiliate: int) -> list[tuple[int, int, int]]:
    """Where it makes a difference that the money comes then: place, and both purses there.

    As long as the internal purse pays, it does not matter: it would pay the same with more in it.
    """
    found = [(0, internal, affiliate)]
    for place, cents in enumerate(amounts):
        if internal >= cents:
            internal -= cents
        else:
            affiliate -= cents
            found.append((place + 1, internal, affiliate))
    return found


class _Search:
    """Looks for the smallest amount for one row of renewals."""

    def __init__(self, amounts: Sequence[int]) -> None:
        self._amounts = amounts
        self._sums = [*accumulate(amounts, initial=0)]
        """What all before each place come to."""

    def succeeds(self, place: int, internal: int, affiliate: int) -> bool:
        """Whether all from ``place`` on are paid: the internal purse pays in leaps, up to the first it cannot."""
        sums, amounts, count = self._sums, self._amounts, len(self._amounts)
        while place < count:
            cents = amounts[place]
            if internal >= cents:
                there = bisect_right(sums, sums[place] + internal, place + 1) - 1
                internal -= sums[there] - sums[place]
                place = there
            elif affiliate >= cents:
                affiliate -= cents
                place += 1
            else:
                return False
        return True

    def smallest(self, place: int, internal: int, affiliate: int, low: int) -> tuple[int, int]:
        """The smallest amount above ``low``, which is not enough, and how many payments were looked at."""
        left = self._sums[-1] - self._sums[place]
        high = max(left - internal, low + 1)
        low = max(low, left - internal - max(affiliate, 0) - 1)
        steps = 0
        while high - low > 1:
            middle = (low + high) // 2
            steps += len(self._amounts) - place
            if self.succeeds(place, internal + middle, affiliate):
                high = middle
            else:
                low = middle
        return high, steps
