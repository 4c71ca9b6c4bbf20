"""What is asked of the solver and what it answers. Money is whole cents, instants are aware and in UTC."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, NamedTuple

from billtui.domain.models import PromoTerms
from billtui.domain.policy import DEFAULT_POLICY, Policy
from billtui.domain.refusal import Refusal
from billtui.services.solver.prices import RateCurve
from billtui.services.store import OrderRow

EXACT_ORDERS: Final = 12
"""Up to so many orders the search is complete, whatever budget and codes do; beyond, the bound says how good it is."""
MAX_HORIZON: Final = 24
"""Months."""
MAX_LEAD_DAYS: Final = 14


class SolverStopped(Exception):
    """Whoever asked does not want the answer any more."""


@dataclass(frozen=True, slots=True)
class Question:
    """For which orders, for how long, with what money.

    ``chosen`` are the orders to be kept paid. ``running`` is how many services of each kind run now (DSC-5), the chosen
    ones with them. ``others_end``: for each kind the ends of orders that are not chosen and are taken to lapse then;
    leave it empty to take it that they go on.
    """

    chosen: Sequence[OrderRow]
    now: datetime
    running: Mapping[str, int]
    months: int = 12
    """The horizon, from each order's present end on (1 to 24)."""
    budget: int | None = None
    """The most that may be spent now, in cents; ``None`` for no limit."""
    codes: Sequence[PromoTerms] = ()
    """Codes that the panel takes for renewals now."""
    effort: int = 5
    """What one purchase fewer is worth, in cents: nobody makes nine purchases instead of one to save a cent."""
    lead_days: int = 3
    """Whatever is not bought now is bought so many days before the end that it has then."""
    others_end: Mapping[str, Sequence[datetime]] = field(default_factory=dict)
    policy: Policy = DEFAULT_POLICY
    bills: Mapping[str, str] = field(default_factory=dict)
    """Numbers of the open invoices of the chosen orders, by id."""

    def check(self) -> None:
        """Raises ValueError with a sentence that says what to give instead."""
        if not 1 <= self.months <= MAX_HORIZON:
            raise ValueError(f"The horizon is 1 to {MAX_HORIZON} months.")
        if not 1 <= self.lead_days <= MAX_LEAD_DAYS:
            raise ValueError(f"Buy 1 to {MAX_LEAD_DAYS} days before the end.")
        if (self.budget is not None and self.budget < 0) or self.effort < 0:
            raise ValueError("An amount is not negative.")
        if len({row.currency for row in self.chosen}) > 1:
            raise ValueError("The orders are in different currencies: choose those of one.")


@dataclass(frozen=True, slots=True)
class Purchase:
    """One period for one order."""

    at: datetime
    """When it is bought; the question's ``now`` for what is bought now."""
    months: int
    amount: int
    """Cents, with the add-ons."""
    list_price: int
    """Cents before discount, without the add-ons."""
    addons: int
    percent: str
    """The discount in per cent, as it is written: ``"8"``."""
    code: str | None
    """The promo code that gives it; ``None``: loyalty."""
    until: datetime
    """The end that it leads to (REN-3)."""


@dataclass(frozen=True, slots=True)
class Line:
    """What is done for one order over the horizon."""

    row: OrderRow
    now: Purchase | None
    """Bought now; ``None``: nothing yet."""
    later: tuple[Purchase, ...]
    total: int
    """Cents over the horizon."""
    monthly: int
    """Cents for the horizon, a month at a time."""
    due: bool
    """Its last sensible moment has come: without a purchase now it is lost."""

    @property
    def saving(self) -> int:
        """Against month by month, in cents."""
        return self.monthly - self.total

    @property
    def until(self) -> datetime:
        """The end that all purchases lead to."""
        last = self.later[-1] if self.later else self.now
        assert last is not None
        return last.until


class Brief(NamedTuple):
    """A line in short, for lists of many: made without pricing every later purchase anew."""

    row: OrderRow
    months: int
    """Bought now; 0: nothing."""
    percent: str
    code: str | None
    next_at: datetime | None
    """The next purchase after now."""
    next_months: int
    later: int
    """How many purchases follow in all."""
    total: int
    saving: int


@dataclass(frozen=True, slots=True)
class Batch:
    """Orders bought now together: one period, one code, one invoice (BLK-4); at most 1,000 (BLK-7)."""

    months: int
    code: str | None
    order_ids: tuple[str, ...]
    amount: int


@dataclass(frozen=True, slots=True)
class Left:
    """An order that is not kept, and why."""

    row: OrderRow
    refusal: Refusal
    costs: int | None = None
    """What a month of it would have cost now, where money is the reason."""


@dataclass(frozen=True, slots=True)
class Solution:
    """The cheapest way found, and how near to the best it certainly is."""

    question: Question
    batches: tuple[Batch, ...]
    line_of: Callable[[str], Line]
    """The line of a kept order, by its id."""
    brief_of: Callable[[str], Brief]
    """The line of a kept order in short, by its id."""
    order_ids: tuple[str, ...]
    """The kept orders, in the order in which they were chosen."""
    left: tuple[Left, ...]
    """Orders that the budget does not keep."""
    excluded: tuple[Left, ...]
    """Orders that cannot be renewed now (REN-2, BLK-5, TRF-6)."""
    spent_now: int
    total: int
    """Over the horizon, for the kept orders."""
    monthly: int
    """The horizon, a month at a time."""
    at_once: int
    """The whole horizon bought now, without a code."""
    purchases: int
    """How many periods are bought, now and later, over all orders."""
    bound: int
    """No way costs less than this, in cents, with the effort of its purchases."""
    groups: int
    """How many different orders there were, after equal ones were put together."""
    rates: RateCurve
    currency: str

    @property
    def saving(self) -> int:
        """Against month by month, in cents."""
        return self.monthly - self.total

    @property
    def gap(self) -> int:
        """At most so many cents above the best way, effort counted; 0: it is the best."""
        return max(0, self.total + self.question.effort * self.purchases - self.bound)

    @property
    def later_total(self) -> int:
        """What is bought later."""
        return self.total - self.spent_now

    def lines(self) -> list[Line]:
        """All lines, in the order in which the orders were chosen."""
        return [self.line_of(one) for one in self.order_ids]
