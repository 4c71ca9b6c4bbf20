"""What the terms of a promo code mean for a renewal (DSC-6)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from billtui.domain.models import PromoTerms
from billtui.domain.refusal import Refusal
from billtui.domain.rules.facts import format_when
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
    """Which condition of the code fails for renewals at ``now`` (DSC-6), or ``None``: the first that does."""
    name = f"“{terms.code}”"
    if not terms.renewals:
        return Refusal("promo-renewals", "DSC-6", f"Code {name} is for new servers only; renewals go without it.")
    if terms.starts_at is not None and now < terms.starts_at:
        reason = f"Code {name} is valid from {format_when(terms.starts_at)} on; renew then, or without it."
        return Refusal("promo-not-started", "DSC-6", reason, {}, terms.starts_at)
    if terms.ends_at is not None and now >= terms.ends_at:
        return Refusal("promo-expired", "DSC-6", f"Code {name} ended at {format_when(terms.ends_at)}.")
    if terms.uses_left is not None and terms.uses_left <= 0:
        return Refusal("promo-used-up", "DSC-6", f"Code {name} has no uses left.")
    return None
