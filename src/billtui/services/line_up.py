"""Line up: bring the ends of many orders near each other with the periods that can be bought (REN-3). Pure.

The day of the month is each order's billing day and stays (REN-3), so ends can be brought into the same month, and no
nearer than their days are. For every order the months to add are chosen among those that a purchase can reach; a
window slides over all reachable ends, and of every window the shortest ways into it are known at once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from heapq import heapify, heapreplace
from typing import Final

from billtui.domain.policy import DEFAULT_POLICY, Policy
from billtui.domain.refusal import Refusal
from billtui.services.pricing import unmarkable
from billtui.services.solver.model import Batch, Left, SolverStopped
from billtui.services.solver.prices import Curve, Ending, RateCurve, discounted
from billtui.services.store import OrderRow, epoch, gc_paused

MONTH_DAYS: Final = 31
"""A window of so many days holds any two ends of one month."""
MAX_LIMIT: Final = 24
_DAY: Final = 86_400


@dataclass(frozen=True, slots=True)
class LineUpQuestion:
    """Which ends, and how far they may be moved."""

    chosen: Sequence[OrderRow]
    now: datetime
    running: dict[str, int]
    limit: int = 12
    """No order is paid for more than so many months at once."""
    several: bool = False
    """Whether an order may need several purchases, one after the other, each paid before the next (REN-2)."""
    target: tuple[int, int] | None = None
    """A year and month that all ends are to fall into."""
    policy: Policy = DEFAULT_POLICY
    bills: Mapping[str, str] = field(default_factory=dict)
    """Numbers of the open invoices of the chosen orders, by id."""

    def check(self) -> None:
        """Raises ValueError with a sentence that says what to give instead."""
        if not 1 <= self.limit <= MAX_LIMIT:
            raise ValueError(f"An order is moved by 1 to {MAX_LIMIT} months.")
        if self.target is not None and not 1 <= self.target[1] <= 12:
            raise ValueError("A month is written as 2027-03.")
        if len({row.currency for row in self.chosen}) > 1:
            raise ValueError("The orders are in different currencies: choose those of one.")


@dataclass(frozen=True, slots=True)
class Step:
    """What is done for one order."""

    row: OrderRow
    periods: tuple[int, ...]
    """Bought one after the other; empty: it stays as it is."""
    before: datetime
    after: datetime
    costs: tuple[int, ...]
    """Cents of each, with the add-ons, at today's loyalty."""
    anyway: int
    """Cents for the same months, a month at a time, each with the loyalty of its time."""
    missed: bool = False
    """It cannot be brought into the month that was asked for; this is as near as it comes."""

    @property
    def months(self) -> int:
        """How far it is moved."""
        return sum(self.periods)

    @property
    def cost(self) -> int:
        """Cents of all."""
        return sum(self.costs)

    @property
    def beyond(self) -> int:
        """Cents more than month by month would cost; negative: fewer."""
        return self.cost - self.anyway


@dataclass(frozen=True, slots=True)
class LineUp:
    """One way to bring the ends together."""

    name: str
    """``tightest``, ``cheapest`` or ``month``."""
    steps: tuple[Step, ...]
    spread_before: int
    """Seconds between the first and the last end."""
    spread_after: int
    currency: str
    policy: Policy = field(repr=False, default=DEFAULT_POLICY)

    @property
    def cost(self) -> int:
        """Cents now."""
        return sum(step.cost for step in self.steps)

    @property
    def beyond(self) -> int:
        """Cents more than month by month would cost."""
        return sum(step.beyond for step in self.steps)

    @property
    def first(self) -> datetime:
        """The first end afterwards."""
        return min(step.after for step in self.steps)

    @property
    def last(self) -> datetime:
        """The last end afterwards."""
        return max(step.after for step in self.steps)

    @property
    def missed(self) -> list[Step]:
        """Those that do not come into the month that was asked for."""
        return [step for step in self.steps if step.missed]

    @property
    def rounds(self) -> int:
        """How many purchases one after the other the longest way takes."""
        return max((len(step.periods) for step in self.steps), default=0)

    @property
    def buys(self) -> bool:
        """Whether anything is to be bought for it."""
        return any(step.periods for step in self.steps)

    @property
    def batches(self) -> tuple[Batch, ...]:
        """What is bought first: the first period of each order, an invoice for each period and 1,000 orders."""
        together: dict[int, list[Step]] = {}
        for step in self.steps:
            if step.periods:
                together.setdefault(step.periods[0], []).append(step)
        limit = self.policy.bulk_limit
        return tuple(
            Batch(period, None, tuple(step.row.id for step in part), sum(step.costs[0] for step in part))
            for period, steps in sorted(together.items())
            for part in (steps[begin : begin + limit] for begin in range(0, len(steps), limit))
        )


@dataclass(frozen=True, slots=True)
class LineUps:
    """The ways that were found, the best first; none where nothing can be moved."""

    found: tuple[LineUp, ...]
    excluded: tuple[Left, ...]


@dataclass(slots=True)
class _Order:
    row: OrderRow
    ending: Ending
    curve: Curve
    months: list[int]
    """How far it can be moved, ascending."""
    ends: list[int]
    """The ends that leads to, in epoch seconds."""

    def costs(self, periods: Sequence[int]) -> tuple[int, ...]:
        return tuple(self._amount(months, self.curve.now) for months in periods)

    def anyway(self, months: int, due: bool) -> int:
        rates = [self.curve.now if due and not offset else self.curve.at(offset) for offset in range(months)]
        return sum(self._amount(1, rate) for rate in rates)

    def _amount(self, months: int, rate: int) -> int:
        return discounted(self.row.price * months, rate) + self.row.addons * months


def line_up(question: LineUpQuestion, stopped: Callable[[], bool] | None = None) -> LineUps:
    """Ways to bring the ends of the chosen orders together, the tightest first, then the cheapest within a month.

    With a target month there is one way: into that month. Raises ValueError, SolverStopped.
    """
    question.check()
    with gc_paused():
        return _line_ups(question, stopped)


def _line_ups(question: LineUpQuestion, stopped: Callable[[], bool] | None) -> LineUps:
    orders, excluded = _orders(question, stopped)
    if not orders:
        return LineUps((), tuple(excluded))
    if question.target is not None:
        return LineUps((_into_month(question, orders, question.target),), tuple(excluded))
    tightest, cheapest = _windows(orders, stopped)
    found = [_made("tightest", question, orders, tightest)]
    if cheapest is not None and cheapest != tightest:
        found.append(_made("cheapest", question, orders, cheapest))
    return LineUps(tuple(found), tuple(excluded))


def _orders(question: LineUpQuestion, stopped: Callable[[], bool] | None) -> tuple[list[_Order], list[Left]]:
    rates = RateCurve(question.now, question.running, question.running, {}, question.policy)
    orders: list[_Order] = []
    excluded: list[Left] = []
    for number, row in enumerate({row.id: row for row in question.chosen}.values()):
        if stopped is not None and number % 500 == 0 and stopped():
            raise SolverStopped
        refusal = unmarkable(row, question.now, question.policy, question.bills)
        if refusal is None and row.paid_until is None:
            refusal = Refusal("no-period", "ORD-1", f"“{row.name}” has no paid period yet.")
        if refusal is not None:
            excluded.append(Left(row, refusal))
            continue
        ending = Ending.of(row, 3, question.policy)
        steps = range(1, question.limit + 1) if question.several else question.policy.periods
        months = [one for one in steps if one <= question.limit]
        if ending.end > question.now:
            months = [0, *months]  # what runs may stay as it is; what is blocked has to be renewed
        ends = [int(ending.after(one).timestamp()) for one in months]
        orders.append(_Order(row, ending, rates.curve(row, ending, question.limit), months, ends))
    return orders, excluded


def _windows(orders: Sequence[_Order], stopped: Callable[[], bool] | None) -> tuple[int, int | None]:
    """The beginning of the narrowest window, and of the cheapest one that is no wider than a month.

    The window begins at the earliest end; moving that order on to its next reachable end gives the next window. Each
    order rests on its first reachable end in the window, so the cost rises with the window, and the first one that is
    narrow enough is the cheapest.
    """
    heap = [(order.ends[0], place, 0) for place, order in enumerate(orders)]
    last = max(order.ends[0] for order in orders)
    heapify(heap)
    best: tuple[int, int] | None = None
    cheapest: int | None = None
    count = 0
    while True:
        count += 1
        if stopped is not None and count % 5_000 == 0 and stopped():
            raise SolverStopped
        first, place, at = heap[0]
        if best is None or last - first < best[0]:
            best = (last - first, first)
        if cheapest is None and last - first <= MONTH_DAYS * _DAY:
            cheapest = first
        ends = orders[place].ends
        if at + 1 == len(ends):
            return best[1], cheapest
        last = max(last, ends[at + 1])
        heapreplace(heap, (ends[at + 1], place, at + 1))


def _made(name: str, question: LineUpQuestion, orders: Sequence[_Order], begin: int) -> LineUp:
    steps = []
    for order in orders:
        at = next(place for place, end in enumerate(order.ends) if end >= begin)
        steps.append(_step(question, order, order.months[at]))
    return _line_up(name, question, steps)


def _into_month(question: LineUpQuestion, orders: Sequence[_Order], target: tuple[int, int]) -> LineUp:
    """Every order into one calendar month (UTC), or as near as it comes."""
    wanted = target[0] * 12 + target[1] - 1
    steps = []
    for order in orders:
        base = order.ending.end.year * 12 + order.ending.end.month - 1
        months = min(order.months, key=lambda one: (abs(base + one - wanted), one))
        steps.append(_step(question, order, months, missed=base + months != wanted))
    return _line_up("month", question, steps)


def _step(question: LineUpQuestion, order: _Order, months: int, *, missed: bool = False) -> Step:
    periods = _periods(months, question.policy)
    return Step(
        row=order.row,
        periods=periods,
        before=order.ending.end,
        after=order.ending.after(months) if months else order.ending.end,
        costs=order.costs(periods),
        anyway=order.anyway(months, order.ending.due(question.now)),
        missed=missed,
    )


def _periods(months: int, policy: Policy) -> tuple[int, ...]:
    """The fewest periods that add up to ``months``, the longest first."""
    found: list[int] = []
    for period in sorted(policy.periods, reverse=True):
        count, months = divmod(months, period)
        found += [period] * count
    return tuple(found)


def _line_up(name: str, question: LineUpQuestion, steps: Sequence[Step]) -> LineUp:
    before = [epoch(step.before) or 0 for step in steps]
    after = [epoch(step.after) or 0 for step in steps]
    currency = steps[0].row.currency
    return LineUp(name, tuple(steps), max(before) - min(before), max(after) - min(after), currency, question.policy)


def within_month_note(found: LineUp) -> str:
    """Why the ends do not come nearer, in a sentence; empty where they are on one day."""
    if found.spread_after < _DAY:
        return ""
    days = -(-found.spread_after // _DAY)
    if found.spread_after <= MONTH_DAYS * _DAY:
        return (
            f"The ends stay {days} days apart: every order keeps its day of the month (REN-3), "
            "so periods bring them into one month and no nearer."
        )
    return (
        f"The ends stay {days} days apart: single periods of 1, 3, 6, 12 or 24 months do not bring them nearer. "
        "Several purchases one after the other would."
    )


def spread_days(seconds: int) -> str:
    """A spread as days: ``0``, ``12``, ``0.5``."""
    days = timedelta(seconds=seconds) / timedelta(days=1)
    return f"{days:.1f}".rstrip("0").rstrip(".") if days < 10 else f"{days:.0f}"
