"""Money, dates and periods as BILLmanager writes them: for people, in the panel's own way (wire: BILLmanager 3.4).

``"15.00 EUR"``, ``"1 234,50 €"`` with spaces that do not break, ``"75.00 RUB / Month"``, ``"610.8000"``, and in order
forms HTML with the old price struck out. Never a float; what can be read in two ways is not read.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from billtui.client.codec import UnreadableAnswer
from billtui.client.drivers.billmanager.shapes import plain
from billtui.domain.money import CENT, MAX_AMOUNT, Money

SYMBOLS: Final = {"€": "EUR", "$": "USD", "£": "GBP", "₽": "RUB", "₴": "UAH", "₸": "KZT"}
"""Signs that stand for a currency; ``$`` is taken as US dollars."""
_NUMBER = r"-?(?:[0-9]{1,3}(?:[\s'\u2019][0-9]{3})+(?:[.,][0-9]{1,10})?(?![0-9])|[0-9](?:[0-9.,]{0,30}[0-9])?)"
_AFTER = re.compile(rf"({_NUMBER})\s*([A-Z]{{3}}(?![A-Za-z])|[€$£₽₴₸])")
_BEFORE = re.compile(rf"((?<![A-Za-z])[A-Z]{{3}}(?![A-Za-z])|[€$£₽₴₸])\s*({_NUMBER})")
_ALONE = re.compile(_NUMBER)
_GROUPS = re.compile(r"-?[0-9]{1,3}([,.'][0-9]{3})+")
_THOUSANDS = re.compile(r"-?[1-9][0-9]{0,2}\.[0-9]{3}")
_PLAIN = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,10})?")
_PERIOD = re.compile(
    r"([0-9]{1,3})?\s*(day|month|quarter|half|year|полгод|полугод|день|дня|дней|сут|мес|квартал|год|лет)", re.IGNORECASE
)
_MONTHS: Final = {
    "month": 1, "quarter": 3, "half": 6, "year": 12,
    "мес": 1, "квартал": 3, "полгод": 6, "полугод": 6, "год": 12, "лет": 12,
}  # fmt: skip
"""Every other word of :data:`_PERIOD` is a day."""
_DAY = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[ T]([0-9]{2}:[0-9]{2}(?::[0-9]{2})?))?\Z")
DAYS_IN_A_MONTH: Final = 30
"""What a price a day is told as a month's with."""
_LONGEST: Final = 2_000
"""Characters of a text that an amount is looked for in."""


def number(text: str) -> Decimal:
    """An amount without its currency. Raises :class:`UnreadableAnswer` for what is none, or for one of two meanings."""
    digits = re.sub(r"[\s'\u2019]", "", text)
    comma, point = digits.rfind(","), digits.rfind(".")
    if comma >= 0 and point >= 0:
        grouping = "," if comma < point else "."
        digits = digits.replace(grouping, "").replace(",", ".")
    elif comma >= 0:
        if _GROUPS.fullmatch(digits):
            raise UnreadableAnswer("an amount can be read in two ways")
        digits = digits.replace(",", ".")
    elif digits.count(".") > 1 or _THOUSANDS.fullmatch(digits):
        raise UnreadableAnswer("an amount can be read in two ways")
    if not _PLAIN.fullmatch(digits):
        raise UnreadableAnswer("an amount is not a number")
    amount = Decimal(digits)
    if abs(amount) > MAX_AMOUNT:
        raise UnreadableAnswer("an amount is too large")
    return amount


def _split(text: str) -> tuple[str, str]:
    """The last amount in a text, and its currency as it stands there."""
    shown = plain(text[:_LONGEST])
    after: list[tuple[str, str]] = _AFTER.findall(shown)
    if after:
        return after[-1]
    before: list[tuple[str, str]] = _BEFORE.findall(shown)
    if before:
        return before[-1][1], before[-1][0]
    alone: list[str] = _ALONE.findall(shown.partition("/")[0])
    if not alone:
        raise UnreadableAnswer("an amount is missing")
    return alone[-1], ""


def amount_of(text: str) -> Decimal:
    """The last amount in a text. Raises :class:`UnreadableAnswer`."""
    return number(_split(text)[0])


def currency_of(text: str) -> str | None:
    """The currency beside an amount, or a currency's code or sign alone; ``None`` where there is none."""
    bare = text.strip()
    if bare in SYMBOLS:
        return SYMBOLS[bare]
    if re.fullmatch(r"[A-Z]{3}", bare):
        return bare
    try:
        sign = _split(text)[1]
    except UnreadableAnswer:
        return None
    return SYMBOLS.get(sign, sign) or None


def money(text: str, currency: str) -> Money:
    """An amount to the cent, in its own currency, else in ``currency``. Raises :class:`UnreadableAnswer`.

    One with parts of a cent is not rounded: it would be another amount.
    """
    amount = amount_of(text)
    exact = amount.quantize(CENT, rounding=ROUND_HALF_UP)
    if exact != amount:
        raise UnreadableAnswer("an amount has parts of a cent")
    return Money(exact, currency_of(text) or currency)


def rounded(amount: Decimal, currency: str) -> Money:
    """A price that is only shown, rounded half up."""
    return Money(amount.quantize(CENT, rounding=ROUND_HALF_UP), currency)


@dataclass(frozen=True, slots=True)
class Length:
    """How long a price is for."""

    months: int = 0
    days: int = 0

    def monthly(self, amount: Decimal) -> Decimal:
        """``amount`` for this long, as a month's."""
        if self.months:
            return amount / self.months
        return amount * DAYS_IN_A_MONTH / self.days if self.days else amount


def length_of(text: str) -> Length | None:
    """The period in a text (``/ 3 Months``, ``1``, ``-50``), by the codes of periods or by English or Russian words."""
    bare = text.strip()
    if re.fullmatch(r"-?[0-9]{1,3}", bare):
        code = int(bare)
        return Length(days=1) if code == -50 else Length(months=code) if code > 0 else None
    found = _PERIOD.search(plain(text[:_LONGEST]).rpartition("/")[2])
    if found is None:
        return None
    count, word = int(found.group(1) or 1), found.group(2).lower()
    if not count:
        return None
    return Length(months=count * _MONTHS[word]) if word in _MONTHS else Length(days=count)


def instant(text: str, offset: timedelta = timedelta(0)) -> datetime | None:
    """A date (its beginning) or an instant, in UTC; ``None`` for words (``daily charging``)."""
    found = _DAY.match(text.strip())
    if found is None:
        return None
    try:
        moment = datetime.fromisoformat(f"{found.group(1)}T{found.group(2) or '00:00'}")
        return (moment - offset).replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
