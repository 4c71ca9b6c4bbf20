"""Amounts as panels of many countries spell them, for the readers of money."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from hypothesis import strategies as st


@dataclass(frozen=True)
class Spelled:
    """An amount, and a text that says it in one way only."""

    text: str
    amount: Decimal
    currency: str


def only_digits(text: str) -> str:
    """The digits of a text, without zeros at the beginning."""
    return re.sub(r"[^0-9]", "", text).lstrip("0")


def grouped(whole: int, gap: str) -> str:
    """Thousands apart."""
    return f"{whole:,}".replace(",", gap)


@st.composite
def spellings(draw: st.DrawFn, signs: bool = True) -> Spelled:
    """Thousands by blank, by one that does not break, by comma, point or apostrophe; sign; currency before or behind.

    Where a comma or point parts thousands, the other one and two places stand behind them: else it has two meanings.
    """
    cents = draw(st.integers(0, 99_999_999_999))
    whole, rest = divmod(cents, 100)
    gap = draw(st.sampled_from(["", " ", "\u00a0", "\u202f", "'", "\u2019", ",", "."]))
    point = {",": ".", ".": ","}.get(gap) or draw(st.sampled_from([".", ","]))
    minus = draw(st.sampled_from(["", "-"])) if signs and cents else ""
    digits = f"{minus}{grouped(whole, gap)}{point}{rest:02}"
    currency, sign = draw(st.sampled_from([("", ""), ("EUR", "EUR"), ("EUR", "€"), ("USD", "$"), ("RUB", "₽")]))
    between = draw(st.sampled_from(["", " ", "\u00a0"]))
    text = digits if not sign else draw(st.sampled_from([f"{sign}{between}{digits}", f"{digits}{between}{sign}"]))
    return Spelled(text, Decimal(cents if not minus else -cents) / 100, currency)
