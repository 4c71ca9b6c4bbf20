"""The ways to keep one order paid over the horizon, priced: what is bought now, and the cheapest way to go on.

A way's ``key`` puts what is to be made small into one whole number: cents first (each purchase counts as the effort
that the question names), then months beyond the horizon, then the number of purchases. Keys of different orders add
up, so the smallest sum is the answer. Equal orders (same price, add-ons, rates over time, codes) are one
:class:`Group`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from billtui.services.solver.codes import Code
from billtui.services.solver.model import Question, SolverStopped
from billtui.services.solver.prices import Curve, Ending, RateCurve, discounted
from billtui.services.store import OrderRow

CENT: Final = 1 << 48
"""A cent in a key."""
MONTH: Final = 1 << 24
"""A month beyond the horizon in a key."""
PURCHASE: Final = 1
"""A purchase in a key."""
NO_CODE: Final = -1


class Way(NamedTuple):
    """One way for one order."""

    key: int
    now: int
    """Cents spent now."""
    use: int
    """The place of (code, period) among :attr:`Table.uses`, or ``NO_CODE``."""
    months: int
    """Bought now; 0: nothing."""
    percent: int
    """The discount of what is bought now, in parts."""
    coded: bool
    """Whether the code gives that discount (DSC-7: a tie keeps the loyalty)."""


class Use(NamedTuple):
    """A code with a period: what one purchase is of."""

    code: int
    months: int


@dataclass(slots=True)
class Group:
    """Equal orders, and the ways that each of them has."""

    price: int
    addons: int
    curve: Curve
    due: bool
    ways: tuple[Way, ...]
    cheapest_after: tuple[int, ...]
    """The key from an offset on, buying as cheaply as later purchases allow."""
    next_months: tuple[int, ...]
    """The period of the purchase at an offset on that way."""
    rows: list[OrderRow]

    @property
    def size(self) -> int:
        """How many orders."""
        return len(self.rows)

    def amount(self, months: int, percent: int) -> int:
        """Cents for a period at a rate: discounted and rounded once, add-ons on top (INV-10, DSC-4)."""
        return discounted(self.price * months, percent) + self.addons * months

    @property
    def keeping_price(self) -> int:
        """What one month costs now without a code: the least that keeps the order."""
        return self.amount(1, self.curve.now)

    def at_once(self, months: int, periods: Sequence[int]) -> int:
        """Cents for ``months`` bought now, in the fewest periods, without a code."""
        total = 0
        for period in sorted(periods, reverse=True):
            count, months = divmod(months, period)
            total += count * self.amount(period, self.curve.now)
        return total

    def monthly(self, months: int) -> int:
        """Cents for ``months`` bought one by one, each at its last sensible moment, with the loyalty of that time."""
        first = self.curve.now if self.due else self.curve.at(0)
        return self.amount(1, first) + sum(self.amount(1, self.curve.at(one)) for one in range(1, months))


class Table(NamedTuple):
    """All groups of a question."""

    groups: list[Group]
    codes: tuple[Code, ...]
    uses: tuple[Use, ...]
    group_of: dict[str, int]
    """Order id → place of its group."""


def make_table(
    question: Question, rows: Sequence[OrderRow], rates: RateCurve, stopped: Callable[[], bool] | None = None
) -> Table:
    """The groups of ``rows``. Raises SolverStopped once ``stopped`` says so."""
    codes = tuple(Code.of(terms, question.policy.loyalty) for terms in question.codes)
    periods = question.policy.periods
    uses = tuple(
        Use(place, months)
        for place, code in enumerate(codes)
        for months in periods
        if (not code.periods or months in code.periods) and code.uses != 0
    )
    groups: dict[tuple[object, ...], Group] = {}
    places: dict[tuple[object, ...], int] = {}
    group_of: dict[str, int] = {}
    for number, row in enumerate(rows):
        if stopped is not None and number % 500 == 0 and stopped():
            raise SolverStopped
        ending = Ending.of(row, question.lead_days, question.policy)
        due = ending.due(question.now)
        curve = rates.curve(row, ending, question.months)
        covered = tuple(code.covers(row) for code in codes)
        key = (row.price, row.addons, due, curve, covered)
        group = groups.get(key)
        if group is None:
            group = groups[key] = _group(question, row, curve, due, covered, codes, uses)
            places[key] = len(places)
        group.rows.append(row)
        group_of[row.id] = places[key]
    return Table(list(groups.values()), codes, uses, group_of)


def _group(
    question: Question,
    row: OrderRow,
    curve: Curve,
    due: bool,
    covered: Sequence[bool],
    codes: Sequence[Code],
    uses: Sequence[Use],
) -> Group:
    periods, horizon = question.policy.periods, question.months
    made = Group(row.price, row.addons, curve, due, (), (), (), [])
    after = [0] * (horizon + max(periods) + 1)
    for beyond in range(1, max(periods) + 1):
        after[horizon + beyond] = beyond * MONTH
    chosen = [0] * horizon
    purchase = question.effort * CENT + PURCHASE
    for offset in range(horizon - 1, -1, -1):
        rate = curve.at(offset)
        after[offset], chosen[offset] = min(
            (made.amount(months, rate) * CENT + purchase + after[offset + months], months) for months in periods
        )
    plain = [] if due else [Way(after[0], 0, NO_CODE, 0, 0, False)]
    plain += [_way(made, months, curve.now, purchase, after) for months in periods]
    ways = _not_beaten(plain)
    for place, use in enumerate(uses):
        code = codes[use.code]
        if covered[use.code]:
            better = code.percent > curve.now
            rate = code.percent if better else curve.now
            ways.append(_way(made, use.months, rate, purchase, after, place, coded=better))
    made.ways = tuple(ways)
    made.cheapest_after = tuple(after)
    made.next_months = tuple(chosen)
    return made


def _way(
    group: Group, months: int, rate: int, purchase: int, after: Sequence[int], use: int = NO_CODE, coded: bool = False
) -> Way:
    amount = group.amount(months, rate)
    return Way(amount * CENT + purchase + after[months], amount, use, months, rate, coded)


def purchases_of(key: int) -> int:
    """The number of purchases that a key, or a sum of keys, holds."""
    return key % MONTH


def _not_beaten(ways: list[Way]) -> list[Way]:
    """Without those that cost no less over the horizon and no less now than another one."""
    kept: list[Way] = []
    for way in sorted(ways, key=lambda one: (one.now, one.key)):
        if not kept or way.key < kept[-1].key:
            kept.append(way)
    return kept
