"""What the terms of a promo code mean for a renewal (DSC-6)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from billtui.domain.models import PromoTerms
from billtui.domain.refusal import Refusal
from billtui.domain.rules.promo import PromoFacts, promo_refusal
from billtui.services.solver.prices import FULL, parts
from billtui.services.store import OrderRow


@dataclass(frozen=True, slots=True)
class Code:
    """A code as the solver uses it."""

    name: str
    percent: int
    """Parts, see ``prices``."""
    plans: frozenset[str]
    locations: frozenset[str]
    periods: frozenset[int]
    least: int
    """So many covered orders in one purchase, or it gives nothing."""
    uses: int | None
    """Purchases that may use it."""
    kinds: frozenset[str]
    """Kinds of service that have discounts at all (DSC-4)."""

    @classmethod
    def of(cls, terms: PromoTerms, kinds: Iterable[str]) -> Code:
        """Of the terms as the panel sent them."""
        return cls(
            str(terms.code),
            max(0, min(FULL, parts(terms.percent))),
            frozenset(map(str, terms.plans)),
            frozenset(map(str, terms.locations)),
            frozenset(terms.periods),
            max(1, terms.min_quantity),
            None if terms.uses_left is None else max(0, terms.uses_left),
            frozenset(kinds),
        )

    def covers(self, row: OrderRow) -> bool:
        """Whether it is valid for the order; an individual price has no discount at all (DSC-4)."""
        return (
            not row.individual_price
            and row.kind in self.kinds
            and (not self.plans or row.plan in self.plans)
            and (not self.locations or row.location in self.locations)
        )


def code_refusal(terms: PromoTerms, now: datetime) -> Refusal | None:
    """Which condition of the code fails for any renewal at ``now`` (DSC-6): the first that does, or ``None``."""
    period = terms.periods[0] if terms.periods else 1
    return promo_refusal(PromoFacts.of(terms), period, (), now, renewal=True)
