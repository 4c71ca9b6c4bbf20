"""The account's loyalty, worked out of the local copy: by kind of service, and all of it together (DSC)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from billtui.domain.money import Money
from billtui.domain.policy import DEFAULT_POLICY, Policy
from billtui.domain.rules.facts import AddonFacts, OrderFacts
from billtui.domain.rules.loyalty import LoyaltyStanding, loyalty_standings
from billtui.services.store import OrderRow, StoreReader, instant, money


@dataclass(frozen=True, slots=True)
class Loyalty:
    """What all kinds of running services come to."""

    standings: tuple[LoyaltyStanding, ...]
    """The kinds that have loyalty, and other ones that run; the greatest number first."""
    total: Money
    """A month of everything that runs, with discounts."""
    listed: Money
    """The same at list prices."""

    @property
    def saves(self) -> Money:
        """What loyalty takes off a month."""
        return self.listed - self.total


def loyalty_from(
    store: StoreReader, now: datetime, currency: str = "", policy: Policy = DEFAULT_POLICY
) -> Loyalty | None:
    """The loyalty of the account that ``store`` holds; ``None`` before one is known."""
    account = store.account()
    if account is None:
        return None
    currency = currency or account.currency
    made = store.of_orders(lambda rows: loyalty_standings(_running(rows), now, currency, policy))
    made.sort(key=lambda one: (-one.services, one.kind))
    return Loyalty(
        tuple(made),
        Money.total((one.total for one in made), currency),
        Money.total((one.listed for one in made), currency),
    )


_RUNNING = frozenset({"active", "suspended"})


def _running(rows: Iterable[OrderRow]) -> Iterator[OrderFacts]:
    """What loyalty looks at of the running orders, one after another; equal prices are one object (P-MEM)."""

    @cache
    def cents(amount: int, currency: str) -> Money:
        return money(amount, currency)

    @cache
    def addons(prices: str, currency: str) -> tuple[AddonFacts, ...]:
        return tuple(AddonFacts("", "add-on", cents(int(one), currency)) for one in prices.split())

    for row in rows:
        if row.state in _RUNNING:
            yield OrderFacts(
                id=row.id,
                name=row.name,
                kind=row.kind,
                state=row.state,
                paid_until=None,
                monthly_price=cents(row.price, row.currency),
                individual_price=bool(row.individual_price),
                in_use_since=None if row.in_use_since is None else instant(row.in_use_since),
                addons=addons(row.addon_prices, row.currency),
            )
