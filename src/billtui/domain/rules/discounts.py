"""Discounts: loyalty by length of use and by number of services, promo codes, and how a price is explained (DSC)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache

from billtui.domain.models.invoices import Discount
from billtui.domain.money import Money, round_fraction
from billtui.domain.periods import add_months
from billtui.domain.policy import DEFAULT_POLICY, Policy
from billtui.domain.rules.facts import AddonFacts, OrderFacts
from billtui.domain.safetext import SafeText

HUNDRED = Decimal(100)


def loyalty_by_use(
    kind: str, in_use_since: datetime | None, now: datetime, policy: Policy = DEFAULT_POLICY
) -> Discount | None:
    """The discount for length of use (DSC-1). "Over 3 months" is *later than* first activation + 3 calendar months."""
    tiers = policy.loyalty.get(kind)
    if tiers is None or in_use_since is None:
        return None
    # The months between the two calendar months decide, but for the tier that falls into the present month.
    between = (now.year - in_use_since.year) * 12 + now.month - in_use_since.month
    reached = [
        tier
        for tier in tiers.by_months
        if tier[0] < between or (tier[0] == between and now > add_months(in_use_since, between))
    ]
    return _use_discount(*max(reached)) if reached else None


def loyalty_by_count(kind: str, count: int, policy: Policy = DEFAULT_POLICY) -> Discount | None:
    """The discount for the number of services of one kind (DSC-2)."""
    tiers = policy.loyalty.get(kind)
    if tiers is None:
        return None
    reached = [tier for tier in tiers.by_count if count >= tier[0]]
    return _count_discount(*max(reached)) if reached else None


@lru_cache(maxsize=256)
def _use_discount(months: int, percent: Decimal) -> Discount:
    return Discount(name=SafeText(f"in use for over {months} months"), percent=percent)


@lru_cache(maxsize=256)
def _count_discount(least: int, percent: Decimal) -> Discount:
    return Discount(name=SafeText(f"{least} or more services"), percent=percent)


def count_services(orders: Iterable[OrderFacts], kind: str, bought: int = 0) -> int:
    """How many services of ``kind`` count: the active ones, plus ``bought`` in the same bulk order (DSC-5).

    A suspended order is an active one that its owner stopped (ORD-1), so it counts; blocked and pending ones do not.
    """
    return bought + sum(1 for order in orders if order.kind == kind and order.is_running)


def loyalty(
    kind: str,
    in_use_since: datetime | None,
    count: int,
    now: datetime,
    individual_price: bool = False,
    policy: Policy = DEFAULT_POLICY,
) -> tuple[Discount, ...]:
    """Both loyalty discounts, which add up (DSC-1 to DSC-3); none for an individual price or another kind (DSC-4)."""
    if individual_price:
        return ()
    both = (loyalty_by_use(kind, in_use_since, now, policy), loyalty_by_count(kind, count, policy))
    return tuple(one for one in both if one is not None)


def loyalty_of(order: OrderFacts, count: int, now: datetime, policy: Policy = DEFAULT_POLICY) -> tuple[Discount, ...]:
    """The loyalty discounts of an order whose account has ``count`` services of its kind (DSC-1 to DSC-5)."""
    return loyalty(order.kind, order.in_use_since, count, now, order.individual_price, policy)


def percent_of(discounts: Iterable[Discount]) -> Decimal:
    """The discounts added up, in per cent, at most 100 (DSC-3); what ORD-7 shows beside the plan."""
    return min(sum((one.percent for one in discounts), Decimal(0)), HUNDRED)


def better_of(loyalty_discounts: Sequence[Discount], promo: Discount | None) -> tuple[Discount, ...]:
    """Promo and loyalty do not stack: the better one alone (DSC-7). A tie keeps the loyalty and saves the code."""
    if promo is None or promo.percent <= percent_of(loyalty_discounts):
        return tuple(loyalty_discounts)
    return (promo,)


def apply(list_price: Money, discounts: Iterable[Discount]) -> Money:
    """``list_price`` (already × months) less the discounts, exact, rounded half up once (INV-10, DSC-3)."""
    exact = Fraction(list_price.amount) * Fraction(HUNDRED - percent_of(discounts)) / 100
    return Money(round_fraction(exact), list_price.currency)


@dataclass(frozen=True, slots=True)
class PricedAddon:
    """The part of a line that one add-on makes up: rounded once, without discount (ORD-5, DSC-4)."""

    id: str
    name: str
    amount: Money
    monthly_price: Money


@dataclass(frozen=True, slots=True)
class PricedChange:
    """What a line of a plan change bills: the difference of two prices a month, from an instant on (ORD-6)."""

    old_plan: str
    old_name: str
    new_plan: str
    new_name: str
    old_monthly: Money
    new_monthly: Money
    billed_from: datetime
    billed_until: datetime


@dataclass(frozen=True, slots=True)
class PricedLine:
    """What one order costs: the list price, each discount by name, the amount (DSC-8, INV-10).

    The add-ons are in ``list_price`` and ``amount``; the discounts are on the rest.
    """

    order_id: str | None
    title: str
    months: int | None
    list_price: Money
    discounts: tuple[Discount, ...]
    amount: Money
    """For one; a quote's line of quantity n costs n times that."""
    quantity: int = 1
    paid_until: datetime | None = None
    new_paid_until: datetime | None = None
    addons: tuple[PricedAddon, ...] = ()
    change: PricedChange | None = None
    """The change of plan that it bills (ORD-6)."""

    @property
    def total(self) -> Money:
        """The amount times the quantity (INV-10)."""
        return self.amount * self.quantity


def priced_line(
    order_id: str | None,
    title: str,
    monthly_price: Money,
    months: int,
    discounts: tuple[Discount, ...],
    quantity: int = 1,
    paid_until: datetime | None = None,
    new_paid_until: datetime | None = None,
    addons: Sequence[AddonFacts] = (),
) -> PricedLine:
    """Monthly price × months, discount applied, then rounded half up, per order (INV-10).

    ``addons`` come on top for the same months, without discount (DSC-4).
    """
    list_price = monthly_price * months
    amount = apply(list_price, discounts)
    parts = tuple(PricedAddon(one.id, one.name, one.monthly_price * months, one.monthly_price) for one in addons)
    if parts:
        more = Money.total((one.amount for one in parts), list_price.currency)
        list_price, amount = list_price + more, amount + more
    return PricedLine(
        order_id, title, months, list_price, discounts, amount, quantity, paid_until, new_paid_until, parts
    )
