"""Where an account stands with its loyalty discounts, and what reaches the next step of each (DSC-1 to DSC-5)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from billtui.domain.models.invoices import Discount
from billtui.domain.money import Money
from billtui.domain.periods import add_months
from billtui.domain.policy import DEFAULT_POLICY, Policy
from billtui.domain.rules.discounts import apply, loyalty_by_count, loyalty_by_use
from billtui.domain.rules.facts import OrderFacts
from billtui.domain.safetext import SafeText


@dataclass(frozen=True, slots=True)
class CountStep:
    """The next step by number of services (DSC-2)."""

    missing: int
    """So many more services reach it."""
    least: int
    percent: Decimal
    """The discount by number from then on."""
    saves: Money
    """What a month of the services that run now costs less by it; the new ones cost their own price."""


@dataclass(frozen=True, slots=True)
class UseStep:
    """The next step by length of use (DSC-1) that time alone reaches: the first of all services' next steps."""

    at: datetime
    """Later than this instant it holds."""
    names: tuple[str, ...]
    """The services that reach a step on that day (UTC), in the order given."""
    saves: Money
    """What a month of these costs less by it."""


@dataclass(frozen=True, slots=True)
class UseTier:
    """How many services have one discount by length of use."""

    percent: Decimal
    services: int


@dataclass(frozen=True, slots=True)
class LoyaltyStanding:
    """The loyalty of one kind of service: what holds now, what it is worth a month, and what comes next."""

    kind: str
    services: int
    """Those that run: the count goes by them (DSC-5)."""
    individual: int
    """Those of them with an individual price: they count, and get no discount (DSC-4)."""
    by_count: Discount | None
    by_use: tuple[UseTier, ...]
    """By length of use, the highest discount first; without the ones with an individual price."""
    listed: Money
    """A month of all of them at list prices, add-ons included."""
    total: Money
    """The same with their discounts, each rounded for itself (INV-10)."""
    next_count: CountStep | None
    """``None`` on the highest step."""
    next_use: UseStep | None
    """``None`` where no service has a step before it."""

    @property
    def saves(self) -> Money:
        """What the discounts take off a month."""
        return self.listed - self.total

    @property
    def least_percent(self) -> Decimal:
        """The smallest discount of a service without an individual price."""
        return self._count_percent + min((tier.percent for tier in self.by_use), default=Decimal(0))

    @property
    def most_percent(self) -> Decimal:
        """The greatest one (DSC-3: both add up)."""
        return self._count_percent + max((tier.percent for tier in self.by_use), default=Decimal(0))

    @property
    def _count_percent(self) -> Decimal:
        return self.by_count.percent if self.by_count is not None else Decimal(0)


def loyalty_standing(
    kind: str, orders: Iterable[OrderFacts], now: datetime, currency: str, policy: Policy = DEFAULT_POLICY
) -> LoyaltyStanding:
    """The standing of ``kind`` at ``now``; only its running orders among ``orders`` are looked at (DSC-5)."""
    running = [order for order in orders if order.kind == kind and order.is_running]
    count = len(running)
    by_count = loyalty_by_count(kind, count, policy)
    priced = [order for order in running if not order.individual_price]
    used = [loyalty_by_use(kind, order.in_use_since, now, policy) for order in priced]
    month = _Month(currency)
    discounted = [(order, _both(use, by_count)) for order, use in zip(priced, used, strict=True)]
    addons = Money.total((one.monthly_price for order in running for one in order.addons), currency)
    fixed = Money.total((order.monthly_price for order in running if order.individual_price), currency)
    server_now = month.total(discounted)
    tiers = Counter(use.percent if use is not None else Decimal(0) for use in used)
    return LoyaltyStanding(
        kind=kind,
        services=count,
        individual=count - len(priced),
        by_count=by_count,
        by_use=tuple(UseTier(percent, tiers[percent]) for percent in sorted(tiers, reverse=True)),
        listed=Money.total((order.monthly_price for order in running), currency) + addons,
        total=server_now + fixed + addons,
        next_count=_next_count(kind, count, list(zip(priced, used, strict=True)), month, server_now, policy),
        next_use=_next_use(kind, priced, by_count, now, month, policy),
    )


def _both(*discounts: Discount | None) -> Decimal:
    return sum((one.percent for one in discounts if one is not None), Decimal(0))


_LOYALTY = SafeText("loyalty")


class _Month:
    """What one month costs after discounts; equal prices are worked out once."""

    def __init__(self, currency: str) -> None:
        self._currency = currency
        self._known: dict[tuple[Decimal, Decimal], Decimal] = {}

    def price(self, listed: Money, percent: Decimal) -> Decimal:
        """One service, rounded half up once (INV-10)."""
        key = (listed.amount, percent)
        if key not in self._known:
            discounts = (Discount(name=_LOYALTY, percent=percent),)
            self._known[key] = apply(listed, discounts).amount
        return self._known[key]

    def total(self, services: Iterable[tuple[OrderFacts, Decimal]]) -> Money:
        """Several, each rounded for itself."""
        amounts = (self.price(order.monthly_price, percent) for order, percent in services)
        return Money(sum(amounts, Decimal("0.00")), self._currency)


def _next_count(
    kind: str,
    count: int,
    services: list[tuple[OrderFacts, Discount | None]],
    month: _Month,
    server_now: Money,
    policy: Policy,
) -> CountStep | None:
    tiers = policy.loyalty.get(kind)
    ahead = sorted(tier for tier in tiers.by_count if tier[0] > count) if tiers is not None else []
    if not ahead:
        return None
    least, percent = ahead[0]
    then = month.total((order, percent + _both(use)) for order, use in services)
    return CountStep(least - count, least, percent, server_now - then)


def _next_use(
    kind: str,
    services: list[OrderFacts],
    by_count: Discount | None,
    now: datetime,
    month: _Month,
    policy: Policy,
) -> UseStep | None:
    tiers = policy.loyalty.get(kind)
    if tiers is None:
        return None
    steps: list[tuple[datetime, OrderFacts, Decimal]] = []
    first: datetime | None = None
    for order in services:
        since = order.in_use_since
        if since is None:
            continue
        between = (now.year - since.year) * 12 + now.month - since.month
        for months, percent in tiers.by_months:
            # A step is before it while now is not later than the anniversary; earlier calendar months are past.
            if months < between or (months == between and now > add_months(since, months)):
                continue
            at = add_months(since, months)
            if first is None or at.astimezone(UTC).date() <= first.astimezone(UTC).date():
                steps.append((at, order, percent))
                first = at if first is None else min(first, at)
            break
    if first is None:
        return None
    day = first.astimezone(UTC).date()
    on_that_day = [(order, percent) for at, order, percent in steps if at.astimezone(UTC).date() == day]
    base = _both(by_count)
    before = month.total(
        (order, base + _both(loyalty_by_use(kind, order.in_use_since, now, policy))) for order, _ in on_that_day
    )
    after = month.total((order, base + percent) for order, percent in on_that_day)
    return UseStep(first, tuple(order.name for order, _ in on_that_day), before - after)
