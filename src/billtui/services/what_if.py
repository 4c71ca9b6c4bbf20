"""What if: orders lapse, go to somebody else, or new ones come; how tier, discounts and costs change. Nothing is sent.

Lapsing orders count until their ends, transferred ones are gone at once, new ones count as soon as they are active
(DSC-2, DSC-5, TRF-5). Prices are those of ``domain/rules`` in whole cents.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from billtui.domain.models import Plan
from billtui.domain.policy import DEFAULT_POLICY, Policy
from billtui.services.solver.prices import Ending, RateCurve, discounted, percent_words
from billtui.services.store import OrderRow, cents, instant

RUNNING = ("active", "suspended")
MOST_NEW = 100_000


@dataclass(frozen=True, slots=True)
class NewServers:
    """So many new servers of a plan in a location."""

    plan: str
    location: str
    kind: str
    price: int
    """Cents a month."""
    count: int


@dataclass(frozen=True, slots=True)
class Supposed:
    """What is supposed to happen to the orders of ``rows``."""

    rows: Sequence[OrderRow]
    """All orders of the account."""
    now: datetime
    lapsing: frozenset[str] = frozenset()
    """Ids of orders that are not renewed any more."""
    transferred: frozenset[str] = frozenset()
    """Ids of orders that another account gets."""
    added: Sequence[NewServers] = ()
    lead_days: int = 3
    policy: Policy = field(default=DEFAULT_POLICY, repr=False)


@dataclass(frozen=True, slots=True)
class Tier:
    """What counts for one kind of service, before and after (DSC-2)."""

    kind: str
    count: int
    count_after: int
    percent: str
    percent_after: str
    changes: tuple[tuple[datetime | None, str], ...]
    """From when which discount holds; ``None``: at once."""


@dataclass(frozen=True, slots=True)
class Changed:
    """An order that stays, before and after. Amounts are cents with add-ons."""

    row: OrderRow
    percent: str
    percent_after: str
    """Once everything supposed has happened, at today's length of use."""
    monthly: int
    monthly_after: int
    next_months: int
    """The period that its next renewal would have: its auto-renewal's, else one month."""
    next_at: datetime
    next_cost: int
    next_cost_after: int

    @property
    def difference(self) -> int:
        """Cents a month."""
        return self.monthly_after - self.monthly


@dataclass(frozen=True, slots=True)
class WhatIf:
    """What would change."""

    tiers: tuple[Tier, ...]
    staying: tuple[Changed, ...]
    lapsing: tuple[OrderRow, ...]
    transferred: tuple[OrderRow, ...]
    not_running: tuple[OrderRow, ...]
    """Named, but neither running nor blocked: nothing changes by them."""
    monthly: int
    """All running orders, cents a month at today's discounts."""
    monthly_after: int
    """Those that stay, and the new ones."""
    added_monthly: int
    """The new ones of it."""
    next_costs: int
    """The next renewal of every order that stays."""
    next_costs_after: int
    currency: str

    @property
    def difference(self) -> int:
        """Cents a month that the whole account pays more, or fewer."""
        return self.monthly_after - self.monthly

    @property
    def staying_difference(self) -> int:
        """Of it, what those that stay pay more because the tier changes."""
        return sum(one.difference for one in self.staying)


def what_if(supposed: Supposed) -> WhatIf:
    """How tier, discounts, monthly cost and the next renewals would change (DSC-1 to DSC-5)."""
    running = [row for row in supposed.rows if row.state in RUNNING]
    by_id = {row.id: row for row in supposed.rows}
    gone_now = supposed.transferred
    lapsing = supposed.lapsing - gone_now
    counts = Counter(row.kind for row in running)
    added = Counter[str]()
    for one in supposed.added:
        added[one.kind] += one.count
    moved = Counter(row.kind for row in running if row.id in gone_now)
    ends: dict[str, list[datetime]] = {}
    for row in running:
        if row.id in lapsing and row.paid_until is not None:
            ends.setdefault(row.kind, []).append(instant(row.paid_until))
    at_once = {kind: counts[kind] + added[kind] - moved[kind] for kind in {*counts, *added}}
    finally_ = {kind: count - len(ends.get(kind, ())) for kind, count in at_once.items()}
    before = RateCurve(supposed.now, counts, counts, {}, supposed.policy)
    after = RateCurve(supposed.now, finally_, at_once, ends, supposed.policy)
    staying = tuple(
        _changed(supposed, row, before, after) for row in running if row.id not in lapsing and row.id not in gone_now
    )
    leaving = [row for row in running if row.id in lapsing or row.id in gone_now]
    new_monthly = sum(_new_price(one, after) * one.count for one in supposed.added)
    return WhatIf(
        tiers=tuple(_tiers(supposed, counts, finally_, before, after)),
        staying=staying,
        lapsing=tuple(row for row in running if row.id in lapsing),
        transferred=tuple(row for row in running if row.id in gone_now),
        not_running=tuple(
            by_id[one] for one in sorted(lapsing | gone_now) if one in by_id and by_id[one].state not in RUNNING
        ),
        monthly=sum(one.monthly for one in staying) + sum(_monthly(supposed, row, before) for row in leaving),
        monthly_after=sum(one.monthly_after for one in staying) + new_monthly,
        added_monthly=new_monthly,
        next_costs=sum(one.next_cost for one in staying),
        next_costs_after=sum(one.next_cost_after for one in staying),
        currency=running[0].currency if running else "",
    )


def _amount(row: OrderRow, months: int, rate: int) -> int:
    return discounted(row.price * months, rate) + row.addons * months


def _monthly(supposed: Supposed, row: OrderRow, rates: RateCurve) -> int:
    return _amount(row, 1, rates.curve(row, _ending(supposed, row), 1).now)


def _ending(supposed: Supposed, row: OrderRow) -> Ending:
    if row.paid_until is None:
        row = row._replace(paid_until=int(supposed.now.timestamp()))
    return Ending.of(row, supposed.lead_days, supposed.policy)


def _changed(supposed: Supposed, row: OrderRow, before: RateCurve, after: RateCurve) -> Changed:
    ending = _ending(supposed, row)
    old, new = before.curve(row, ending, 1), after.curve(row, ending, 1)
    months = row.auto_months if row.auto_on and row.auto_months in supposed.policy.periods else 1
    due = ending.due(supposed.now)
    return Changed(
        row=row,
        percent=percent_words(old.now),
        percent_after=percent_words(new.now),
        monthly=_amount(row, 1, old.now),
        monthly_after=_amount(row, 1, new.now),
        next_months=months,
        next_at=ending.moment(0, supposed.now),
        next_cost=_amount(row, months, old.now if due else old.at(0)),
        next_cost_after=_amount(row, months, new.at(0)),
    )


def _new_price(one: NewServers, after: RateCurve) -> int:
    """A new server has no length of use: the number alone counts, with those bought together (DSC-5)."""
    steps = after.counts.get(one.kind)
    return discounted(one.price, steps.later if steps is not None else 0)


def _tiers(
    supposed: Supposed,
    counts: Mapping[str, int],
    finally_: Mapping[str, int],
    before: RateCurve,
    after: RateCurve,
) -> list[Tier]:
    found = []
    for kind in sorted(finally_):
        old, new = before.counts.get(kind), after.counts.get(kind)
        changes: list[tuple[datetime | None, str]] = []
        if old is not None and new is not None:
            if new.later != old.now:
                changes.append((None, percent_words(new.later)))
            changes += [(when, percent_words(percent)) for when, percent in new.falls]
        found.append(
            Tier(
                kind,
                counts.get(kind, 0),
                finally_[kind],
                percent_words(old.now if old is not None else 0),
                percent_words(new.now if new is not None else 0),
                tuple(changes),
            )
        )
    return found


def new_servers(text: str, plans: Sequence[Plan]) -> NewServers:
    """``vds-nano:nl:3``, or with blanks: three new servers of a plan in a location.

    Raises ValueError that says what to type instead.
    """
    parts = text.replace(":", " ").split()
    if len(parts) != 3 or not parts[2].isascii() or not parts[2].isdigit() or not 1 <= int(parts[2]) <= MOST_NEW:
        raise ValueError(f"“{text[:40]}” is not PLAN:LOCATION:NUMBER; for example vds-nano:nl:3.")
    name, location, number = parts
    plan = next((one for one in plans if name in (str(one.id), str(one.name))), None)
    if plan is None:
        raise ValueError(f"There is no plan “{name[:40]}”; there are: {', '.join(str(one.id) for one in plans)}.")
    if plan.locations and location not in map(str, plan.locations):
        raise ValueError(f"{plan.id} is not sold in “{location[:20]}”, only in {', '.join(map(str, plan.locations))}.")
    return NewServers(str(plan.id), location, str(plan.kind), cents(plan.monthly_price), int(number))
