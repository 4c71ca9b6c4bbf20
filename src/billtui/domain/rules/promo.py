"""Promo codes: what a code is for, and which condition fails (DSC-6). Whether it beats the loyalty is DSC-7."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from billtui.domain.models.invoices import Discount
from billtui.domain.models.quotes import PromoTerms
from billtui.domain.policy import DEFAULT_POLICY, Policy
from billtui.domain.refusal import Refusal
from billtui.domain.rules.discounts import PricedLine
from billtui.domain.rules.facts import OrderFacts, format_when
from billtui.domain.safetext import SafeText


@dataclass(frozen=True, slots=True)
class PromoFacts:
    """A promo code, as far as one account can use it. Empty tuples and ``None`` mean no limit (DSC-6)."""

    code: str
    percent: Decimal
    plans: tuple[str, ...] = ()
    locations: tuple[str, ...] = ()
    periods: tuple[int, ...] = ()
    min_quantity: int = 1
    """Least number of servers in the purchase that the code covers."""
    renewals: bool = False
    """Whether it is for renewals too; it always is for new servers."""
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    """Valid up to, but not at, this instant."""
    uses_left: int | None = None
    """Purchases that may still use it, however many servers each has."""
    used_by_account: bool = False
    """It is valid once for each account, and this one has used it."""

    @classmethod
    def of(cls, terms: PromoTerms) -> PromoFacts:
        """The terms that a quote carried."""
        return cls(
            code=terms.code.raw,
            percent=terms.percent,
            plans=tuple(one.raw for one in terms.plans),
            locations=tuple(one.raw for one in terms.locations),
            periods=tuple(terms.periods),
            min_quantity=terms.min_quantity,
            renewals=terms.renewals,
            starts_at=terms.starts_at,
            ends_at=terms.ends_at,
            uses_left=terms.uses_left,
        )

    @property
    def discount(self) -> Discount:
        """What it takes off a line that it covers, by name (DSC-8)."""
        return Discount(name=SafeText(f"promo code {self.code}"), percent=self.percent)

    def covers(self, plan: str, location: str) -> bool:
        """Whether it is for this plan in this location."""
        return (not self.plans or plan in self.plans) and (not self.locations or location in self.locations)


@dataclass(frozen=True, slots=True)
class PromoTarget:
    """Servers of a purchase that a code may cover."""

    plan: str
    location: str
    quantity: int = 1
    discounts: bool = True
    """Whether they can have a discount at all (DSC-4)."""


def has_discounts(kind: str, individual_price: bool = False, policy: Policy = DEFAULT_POLICY) -> bool:
    """Neither loyalty nor a code lowers an individual price, or a kind of service without loyalty (DSC-4)."""
    return not individual_price and kind in policy.loyalty


def targets_of(orders: Iterable[OrderFacts], policy: Policy = DEFAULT_POLICY) -> list[PromoTarget]:
    """What a code may cover in a renewal of ``orders``."""
    return [
        PromoTarget(one.plan, one.location, 1, has_discounts(one.kind, one.individual_price, policy)) for one in orders
    ]


def promo_refusal(
    promo: PromoFacts,
    months: int,
    targets: Sequence[PromoTarget],
    now: datetime,
    *,
    renewal: bool = False,
    left_out: int = 0,
) -> Refusal | None:
    """Why the code is not valid for this purchase: the first condition that fails, and what would do (DSC-6).

    ``targets`` is what the purchase takes; with nothing in it, only the conditions on time, use and period are looked
    at. ``left_out``: servers that were asked for and cannot be had; said where the code misses them.
    """
    return (
        _time_refusal(promo, now)
        or _use_refusal(promo)
        or _purchase_refusal(promo, months, renewal)
        or (_target_refusal(promo, targets, left_out) if targets else None)
    )


def _says(promo: PromoFacts, sentence: str) -> str:
    return f"The code “{promo.code}” {sentence}, or leave the code out."


def _about(promo: PromoFacts, **more: str) -> dict[str, str]:
    return {"promo_code": promo.code, **more}


def _time_refusal(promo: PromoFacts, now: datetime) -> Refusal | None:
    if promo.starts_at is not None and now < promo.starts_at:
        says = _says(promo, f"is valid from {format_when(promo.starts_at)} on: order then")
        return Refusal("promo-not-started", "DSC-6", says, _about(promo), promo.starts_at)
    if promo.ends_at is not None and now >= promo.ends_at:
        says = _says(promo, f"was valid until {format_when(promo.ends_at)}: try another one")
        return Refusal("promo-expired", "DSC-6", says, _about(promo))
    return None


def _use_refusal(promo: PromoFacts) -> Refusal | None:
    if promo.used_by_account:
        says = _says(promo, "is valid once for each account, and you have used it: try another one")
        return Refusal("promo-used-by-account", "DSC-6", says, _about(promo))
    if promo.uses_left is not None and promo.uses_left <= 0:
        says = _says(promo, "has been used as often as it may be: try another one")
        return Refusal("promo-used-up", "DSC-6", says, _about(promo))
    return None


def _purchase_refusal(promo: PromoFacts, months: int, renewal: bool) -> Refusal | None:
    if renewal and not promo.renewals:
        says = _says(promo, "is for new servers, not for renewals: try another one")
        return Refusal("promo-not-for-renewals", "DSC-6", says, _about(promo))
    if promo.periods and months not in promo.periods:
        periods = [str(one) for one in sorted(promo.periods)]
        says = _says(promo, f"is for a period of {_choice(periods)} months, not {months}: choose such a period")
        return Refusal("promo-wrong-period", "DSC-6", says, _about(promo, periods=",".join(periods)))
    return None


def _target_refusal(promo: PromoFacts, targets: Sequence[PromoTarget], left_out: int) -> Refusal | None:
    of_plan = [one for one in targets if not promo.plans or one.plan in promo.plans]
    if not of_plan:
        says = _says(promo, f"is for {_choice(promo.plans)}, and none of that is in this purchase: add such servers")
        return Refusal("promo-wrong-plan", "DSC-6", says, _about(promo, plans=",".join(promo.plans)))
    covered = [one for one in of_plan if promo.covers(one.plan, one.location)]
    if not covered:
        places = _choice(promo.locations)
        says = _says(promo, f"is for {places}, and no server that it is for is there: choose such a location")
        return Refusal("promo-wrong-location", "DSC-6", says, _about(promo, locations=",".join(promo.locations)))
    count = sum(one.quantity for one in covered if one.discounts)
    if count == 0:
        says = _says(promo, "gives nothing here, as the price of these servers has no discounts: choose others")
        return Refusal("promo-wrong-plan", "DSC-4", says, _about(promo))
    if count < promo.min_quantity:
        missing = f" ({left_out} more cannot be had)" if left_out else ""
        least, add = promo.min_quantity, promo.min_quantity - count
        says = _says(promo, f"needs {least} servers that it is for in one purchase, not {count}{missing}: add {add}")
        about = _about(promo, min_quantity=str(least), covered=str(count))
        return Refusal("promo-too-few", "DSC-6", says, about)
    return None


def _choice(words: Sequence[str]) -> str:
    """``a, b or c``."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


def renewal_discounts(
    promo: PromoFacts, orders: Iterable[OrderFacts], policy: Policy = DEFAULT_POLICY
) -> dict[str, Discount]:
    """The code's discount by order id, for ``offer_renewal``: each order of its plans and locations (DSC-6)."""
    discount = promo.discount
    return {
        one.id: discount
        for one in orders
        if promo.covers(one.plan, one.location) and has_discounts(one.kind, one.individual_price, policy)
    }


def is_used(promo: PromoFacts, lines: Iterable[PricedLine]) -> bool:
    """Whether any line takes the code: where the loyalty is better everywhere, no use is spent (DSC-7)."""
    discount = promo.discount
    return any(discount in line.discounts for line in lines)
