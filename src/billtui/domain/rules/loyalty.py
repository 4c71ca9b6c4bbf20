"""Where an account stands with its loyalty discounts, and what reaches the next step of each (DSC-1 to DSC-5)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import NamedTuple

from billtui.domain.models.invoices import Discount
from billtui.domain.money import CurrencyMismatch, Money
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
    counted = _Counted(kind, now, currency, policy)
    for order in orders:
        if order.kind == kind and order.is_running:
            counted.add(order)
    return counted.standing()


def loyalty_standings(
    orders: Iterable[OrderFacts], now: datetime, currency: str, policy: Policy = DEFAULT_POLICY
) -> list[LoyaltyStanding]:
    """The standings of all kinds among ``orders``, in the order in which they come.

    The orders are gone through once and not kept, so that those of a large fleet need never be there together (P-MEM).
    """
    by_kind: dict[str, _Counted] = {}
    for order in orders:
        if order.is_running:
            counted = by_kind.get(order.kind)
            if counted is None:
                counted = by_kind[order.kind] = _Counted(order.kind, now, currency, policy)
            counted.add(order)
    return [counted.standing() for counted in by_kind.values()]


class _Coming(NamedTuple):
    """A service whose next step by length of use may be the first of all."""

    at: datetime
    name: str
    listed: Decimal
    used: Decimal
    """Its discount by length of use now, in per cent."""
    percent: Decimal
    """What it is from then on."""


class _Counted:
    """The running orders of one kind, counted one after another."""

    def __init__(self, kind: str, now: datetime, currency: str, policy: Policy) -> None:
        self._kind, self._now, self._currency, self._policy = kind, now, currency, policy
        self._count = self._individual = 0
        self._alike: Counter[tuple[Decimal, Decimal]] = Counter()
        self._fixed = self._addons = Money(Decimal("0.00"), currency)
        tiers = policy.loyalty.get(kind)
        self._steps = tiers.by_months if tiers is not None else ()
        self._nearest = 1_000_000
        self._coming: list[_Coming] = []

    def add(self, order: OrderFacts) -> None:
        """One more. Raises CurrencyMismatch for a price in another currency than the account's."""
        price = order.monthly_price
        if price.currency != self._currency:
            raise CurrencyMismatch(f"{self._currency} and {price.currency} cannot be put together")
        self._count += 1
        for addon in order.addons:
            self._addons += addon.monthly_price
        if order.individual_price:
            self._individual += 1
            self._fixed += price
            return
        used = _percent(loyalty_by_use(self._kind, order.in_use_since, self._now, self._policy))
        self._alike[price.amount, used] += 1
        if order.in_use_since is not None:
            self._look_ahead(order, order.in_use_since, used)

    def _look_ahead(self, order: OrderFacts, since: datetime, used: Decimal) -> None:
        """Which calendar month a next step is in says which come first; only their instants are worked out."""
        now = self._now
        between = (now.year - since.year) * 12 + now.month - since.month
        for months, percent in self._steps:
            if months < between or (months == between and now > add_months(since, months)):
                continue  # it is over that already
            if months - between < self._nearest:
                self._nearest = months - between
                self._coming.clear()
            if months - between == self._nearest:
                at = add_months(since, months)
                self._coming.append(_Coming(at, order.name, order.monthly_price.amount, used, percent))
            return

    def standing(self) -> LoyaltyStanding:
        """What they come to."""
        by_count = loyalty_by_count(self._kind, self._count, self._policy)
        month = _Month(self._currency)
        servers = month.total(self._alike, _percent(by_count))
        listed = sum((amount * services for (amount, _), services in self._alike.items()), Decimal("0.00"))
        tiers: Counter[Decimal] = Counter()
        for (_, percent), services in self._alike.items():
            tiers[percent] += services
        return LoyaltyStanding(
            kind=self._kind,
            services=self._count,
            individual=self._individual,
            by_count=by_count,
            by_use=tuple(UseTier(percent, tiers[percent]) for percent in sorted(tiers, reverse=True)),
            listed=Money(listed, self._currency) + self._fixed + self._addons,
            total=servers + self._fixed + self._addons,
            next_count=_next_count(self._kind, self._count, self._alike, month, servers, self._policy),
            next_use=self._next_use(month, _percent(by_count)),
        )

    def _next_use(self, month: _Month, more: Decimal) -> UseStep | None:
        if not self._coming:
            return None
        first = min(one.at for one in self._coming)
        day = first.astimezone(UTC).date()
        those = [one for one in self._coming if one.at.astimezone(UTC).date() == day]
        before = month.total(Counter((one.listed, one.used) for one in those), more)
        after = month.total(Counter((one.listed, one.percent) for one in those), more)
        return UseStep(first, tuple(one.name for one in those), before - after)


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
