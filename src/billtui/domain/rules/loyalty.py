"""Where an account stands with its loyalty discounts, and what reaches the next step of each (DSC-1 to DSC-5)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
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
    used = [_percent(loyalty_by_use(kind, order.in_use_since, now, policy)) for order in priced]
    alike = Counter(zip((order.monthly_price.amount for order in priced), used, strict=True))
    month = _Month(currency)
    addons = Money.total((one.monthly_price for order in running for one in order.addons), currency)
    fixed = Money.total((order.monthly_price for order in running if order.individual_price), currency)
    servers = month.total(alike, _percent(by_count))
    tiers = Counter(used)
    return LoyaltyStanding(
        kind=kind,
        services=count,
        individual=count - len(priced),
        by_count=by_count,
        by_use=tuple(UseTier(percent, tiers[percent]) for percent in sorted(tiers, reverse=True)),
        listed=Money.total((order.monthly_price for order in running), currency) + addons,
        total=servers + fixed + addons,
        next_count=_next_count(kind, count, alike, month, servers, policy),
        next_use=_next_use(kind, priced, by_count, now, month, policy),
    )


def _percent(discount: Discount | None) -> Decimal:
    return Decimal(0) if discount is None else discount.percent


_LOYALTY = SafeText("loyalty")
Alike = Mapping[tuple[Decimal, Decimal], int]
"""List price and discount by length of use in per cent → how many services have both."""


class _Month:
    """What one month costs after discounts; equal services are worked out once."""

    def __init__(self, currency: str) -> None:
        self._currency = currency

    def price(self, listed: Decimal, percent: Decimal) -> Decimal:
        """One service, rounded half up once (INV-10)."""
        return apply(Money(listed, self._currency), (Discount(name=_LOYALTY, percent=percent),)).amount

    def total(self, alike: Alike, more: Decimal) -> Money:
        """Several, each rounded for itself, with ``more`` per cent beside the discount by length of use (DSC-3)."""
        amounts = (self.price(listed, percent + more) * count for (listed, percent), count in alike.items())
        return Money(sum(amounts, Decimal("0.00")), self._currency)


def _next_count(kind: str, count: int, alike: Alike, month: _Month, servers: Money, policy: Policy) -> CountStep | None:
    tiers = policy.loyalty.get(kind)
    ahead = sorted(tier for tier in tiers.by_count if tier[0] > count) if tiers is not None else []
    if not ahead:
        return None
    least, percent = ahead[0]
    return CountStep(least - count, least, percent, servers - month.total(alike, percent))


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
    # Which calendar month each one's next step is in says which come first; only their instants are worked out.
    nearest = 1_000_000
    coming: list[tuple[OrderFacts, int, Decimal]] = []
    for order in services:
        since = order.in_use_since
        if since is None:
            continue
        between = (now.year - since.year) * 12 + now.month - since.month
        for months, percent in tiers.by_months:
            if months < between or (months == between and now > add_months(since, months)):
                continue  # it is over that already
            if months - between < nearest:
                nearest = months - between
                coming.clear()
            if months - between == nearest:
                coming.append((order, months, percent))
            break
    if not coming:
        return None
    steps = [
        (add_months(order.in_use_since, months), order, percent)
        for order, months, percent in coming
        if order.in_use_since is not None
    ]
    first = min(at for at, _, _ in steps)
    day = first.astimezone(UTC).date()
    on_that_day = [(order, percent) for at, order, percent in steps if at.astimezone(UTC).date() == day]
    more = _percent(by_count)
    used = (_percent(loyalty_by_use(kind, order.in_use_since, now, policy)) for order, _ in on_that_day)
    prices = [order.monthly_price.amount for order, _ in on_that_day]
    before = month.total(Counter(zip(prices, used, strict=True)), more)
    after = month.total(Counter(zip(prices, (percent for _, percent in on_that_day), strict=True)), more)
    return UseStep(first, tuple(order.name for order, _ in on_that_day), before - after)
