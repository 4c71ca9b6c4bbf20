"""A change of plan in words: how the difference comes about, and what comes after it (ORD-6, DSC-8)."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from billtui.domain.models.invoices import PlanChangePart
from billtui.domain.money import Money, group_digits
from billtui.domain.periods import months_left
from billtui.domain.rules.addons import remaining_words
from billtui.domain.rules.facts import format_when


class Row(NamedTuple):
    """A step on the way to the amount, and its value."""

    label: str
    value: str


def difference_rows(change: PlanChangePart, amount: Money) -> list[Row]:
    """From two prices a month to what is billed, each step in a row (DSC-8)."""
    new, old = change.new_monthly_price, change.old_monthly_price
    difference = new.amount - old.amount
    rows = [
        Row(f"{change.new_plan_name} a month", group_digits(new.amount)),
        Row(f"{change.old_plan_name} a month, as you pay it now", _signed(-old.amount)),
        Row("the difference a month", _signed(difference)),
    ]
    if difference <= 0:
        return [*rows, Row("not dearer: nothing to pay, nothing given back", f"{amount}")]
    if change.billed_until > change.billed_from:
        left = months_left(change.billed_from, change.billed_until)
        factor = Decimal(left.numerator) / Decimal(left.denominator)
        words = remaining_words(change.billed_from, change.billed_until)
        rows.append(Row(f"for the {words} that are left, in months", f"× {factor:.4f}"))
    return [*rows, Row("rounded half up, once, to", f"{amount}")]


def what_comes(change: PlanChangePart) -> str:
    """When the plan comes, and what renewals cost from then on."""
    dearer = change.new_monthly_price > change.old_monthly_price
    when = "once the invoice is paid" if dearer else "at once, for there is nothing to pay"
    until = format_when(change.billed_until)
    return (
        f"The plan changes {when}. It stays paid until {until}; renewals then cost {change.new_monthly_price} a month,"
        " less the discounts of the order. A ticket with the technical department opens by itself."
    )


def _signed(amount: Decimal) -> str:
    return f"−{group_digits(-amount)}" if amount < 0 else group_digits(amount)
