"""What loyalty comes to, in sentences: the same on the screen and on the command line (DSC-1 to DSC-5)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Final

from billtui.domain.money import Money, group_digits
from billtui.domain.rules.loyalty import LoyaltyStanding

KINDS = {"vds": "VDS", "dedicated": "dedicated"}


def kind_title(kind: str) -> str:
    """``VDS``; a kind that is not known stands as the panel names it."""
    return KINDS.get(kind, kind)


def percent(value: Decimal) -> str:
    """``5 %``, and ``0 %`` for none."""
    return f"{value.normalize():f} %"


UNKNOWN: Final = (
    "This kind of panel does not tell by which rules it gives discounts: list prices are counted with here."
)
"""Said once where amounts are worked out without loyalty (``Traits.loyalty``)."""


def tier_words(one: LoyaltyStanding, *, has_loyalty: bool = True) -> str:
    """What holds now: by number, by length of use, and together: ``5 % by number + 0 to 15 % by use = 5 to 20 %``."""
    if not has_loyalty:
        return "no loyalty discount on this kind (DSC-4)"
    count = percent(one.by_count.percent) if one.by_count is not None else "0 %"
    if not one.by_use:
        return f"{count} by number, but own prices get none (DSC-4)"
    use = _span(one.by_use[-1].percent, one.by_use[0].percent)
    return f"{count} by number + {use} by use = {_span(one.least_percent, one.most_percent)}"


def _span(low: Decimal, high: Decimal) -> str:
    return percent(low) if low == high else f"{low.normalize():f} to {percent(high)}"


def month_words(total: Money, listed: Money) -> str:
    """What a month costs with discounts, and without."""
    if total == listed:
        return f"{total} a month, no discount yet"
    return f"{total} a month (list {group_digits(listed.amount)}, saves {group_digits((listed - total).amount)})"


def next_count_words(one: LoyaltyStanding) -> str:
    """What reaches the next step by number: ``3 more VDS → 5 %, saves 12.40 EUR a month``.

    It is saved on what runs now; the new ones cost their own price.
    """
    step = one.next_count
    if step is None:
        return "the highest step by number is reached"
    kind = kind_title(one.kind)
    return f"{step.missing} more {kind} → {percent(step.percent)}, saves {step.saves} a month"


def next_use_words(one: LoyaltyStanding, day: Callable[[datetime], str]) -> str:
    """Which service reaches the next step by time alone, and when; empty where none does."""
    step = one.next_use
    if step is None:
        return ""
    more = len(step.names) - 1
    who = step.names[0] if not more else f"{step.names[0]} and {more} more"
    return f"after {day(step.at)}, saves {step.saves} a month: {who}"


def use_tier_words(one: LoyaltyStanding, in_a_row: int = 4) -> list[str]:
    """How many services have which discount by length of use, the highest first; so many in a row."""
    words = [f"{tier.services} × {percent(tier.percent)}" for tier in one.by_use]
    if one.individual:
        words.append(f"{one.individual} × own price (DSC-4)")
    return [", ".join(words[at : at + in_a_row]) for at in range(0, len(words), in_a_row)]
