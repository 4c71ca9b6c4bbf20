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
from billtui.client.drivers.billmanager.shapes import MOST_TEXT, plain
from billtui.domain.money import CENT, MAX_AMOUNT, Money

SYMBOLS: Final = {
    "€": "EUR", "$": "USD", "£": "GBP", "₽": "RUB", "₴": "UAH", "₸": "KZT", "руб": "RUB", "грн": "UAH", "rur": "RUB",
}  # fmt: skip
"""Signs and words that stand for a currency; ``$`` is taken as US dollars."""
_CODE: Final = (
    "AED|AFN|ALL|AMD|ANG|AOA|ARS|AUD|AWG|AZN|BAM|BBD|BDT|BGN|BHD|BIF|BMD|BND|BOB|BRL|BSD|BTN|BWP|BYN|BZD|CAD|CDF|CHF"
    "|CLP|CNY|COP|CRC|CUP|CVE|CZK|DJF|DKK|DOP|DZD|EGP|ERN|ETB|EUR|FJD|FKP|GBP|GEL|GHS|GIP|GMD|GNF|GTQ|GYD|HKD|HNL|HRK"
    "|HTG|HUF|IDR|ILS|INR|IQD|IRR|ISK|JMD|JOD|JPY|KES|KGS|KHR|KMF|KPW|KRW|KWD|KYD|KZT|LAK|LBP|LKR|LRD|LSL|LYD|MAD|MDL"
    "|MGA|MKD|MMK|MNT|MOP|MRU|MUR|MVR|MWK|MXN|MYR|MZN|NAD|NGN|NIO|NOK|NPR|NZD|OMR|PAB|PEN|PGK|PHP|PKR|PLN|PYG|QAR|RON"
    "|RSD|RUB|RUR|RWF|SAR|SBD|SCR|SDG|SEK|SGD|SHP|SLE|SOS|SRD|SSP|STN|SVC|SYP|SZL|THB|TJS|TMT|TND|TOP|TRY|TTD|TWD|TZS"
    "|UAH|UGX|USD|UYU|UZS|VES|VND|VUV|WST|XAF|XCD|XOF|XPF|YER|ZAR|ZMW|ZWL"
)
"""Codes of currencies (ISO 4217): three capitals alone are a tariff's name as well (``KVM 2``)."""
_SIGN = "-\u2212"
_RUN = (
    rf"(?P<run>[{_SIGN}]?[.,'\u2019]{{0,3}}[0-9](?:[{_SIGN}\u2013'\u2019 0-9.,]*[0-9])?"
    rf"(?:[.,]?[{_SIGN}](?![\w ]))?)"
)
"""All that may belong to one number, to its last digit; a minus behind it as well."""
_CURRENCY = rf"(?:(?:{_CODE})(?![A-Za-z0-9])|[€$£₽₴₸]|(?i:руб|грн)(?![^\W\d_]))"
_ALONE = re.compile(rf"(?<!\w)(?<!\w[{_SIGN}\u2013.,'\u2019]){_RUN}")
_BEHIND = re.compile(rf" ?(?P<currency>{_CURRENCY})")
_BEFORE = re.compile(rf"(?P<minus>[{_SIGN}] ?)?(?<![^\W\d_])(?P<currency>{_CODE}|[€$£₽₴₸]) ?{_RUN}")
_NAMED = re.compile(rf"(?<![^\W\d_]){_CURRENCY}|(?:{_CODE})(?=[{_SIGN}]?[0-9])")
_ITSELF = re.compile(r"(?:.*:)? ?")
_NUMBER = re.compile(
    r"(?P<sign>[-\u2212]?)(?:"
    r"(?P<plain>(?:0|[1-9][0-9]{0,14})(?:[.,][0-9]{1,10})?)"
    r"|(?P<spaced>[1-9][0-9]{0,2}(?P<gap>[ '\u2019])[0-9]{3}(?:(?P=gap)[0-9]{3}){0,4}(?:[.,][0-9]{1,10})?)"
    r"|(?P<commas>[1-9][0-9]{0,2}(?:,[0-9]{3}){1,5}\.[0-9]{1,10})"
    r"|(?P<points>[1-9][0-9]{0,2}(?:\.[0-9]{3}){1,5},[0-9]{1,10})"
    r")"
)
"""Ways to write an amount that have one meaning, but for :data:`_TWO_WAYS`."""
_TWO_WAYS = re.compile(r"[1-9][0-9]{0,2}[.,][0-9]{3}")
"""``1,234`` and ``1.234``: a thousand here, one and a bit there."""
_DATE = re.compile(r"(?<![\w.-])[0-9]{4}-[0-9]{2}-[0-9]{2}(?![\w-])")
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
"""Characters of a text, without its HTML, that an amount is looked for in."""


def number(text: str) -> Decimal:
    """An amount without its currency. Raises :class:`UnreadableAnswer` for what is none, or for one of two meanings."""
    found = _NUMBER.fullmatch(text)
    if found is None:
        raise UnreadableAnswer("an amount is not a number that can be read in one way")
    digits = found["plain"] or found["spaced"] or found["commas"] or found["points"]
    if found["plain"] and _TWO_WAYS.fullmatch(digits):
        raise UnreadableAnswer("an amount can be read in two ways")
    if found["commas"] or found["spaced"]:
        digits = re.sub(r"[ '\u2019]", "", digits)
    if found["commas"]:
        digits = digits.replace(",", "")
    elif found["points"]:
        digits = digits.replace(".", "")
    amount = Decimal(digits.replace(",", "."))
    if amount > MAX_AMOUNT:
        raise UnreadableAnswer("an amount is too large")
    return -amount if found["sign"] and amount else amount


@dataclass(frozen=True, slots=True)
class _Found:
    """Where an amount stands in a text, and the sign or code of its currency beside it."""

    run: str
    currency: str
    end: int


def _split(text: str) -> tuple[str, str]:
    """What the last amount in a text is written with, and its currency as it stands there.

    A text that is too long is not read in part: what is the last amount then is not known. Where one amount has its
    currency before and the next one behind, or a minus stands before the currency, it cannot be told which is meant.
    """
    shown = plain(text) if len(text) <= MOST_TEXT else ""
    if len(shown) > _LONGEST or not shown:
        raise UnreadableAnswer("an amount is missing, or too long")
    shown = _DATE.sub("|", shown)
    runs = [(one, _BEHIND.match(shown, one.end())) for one in _ALONE.finditer(shown)]
    behind = [_Found(one["run"], beside["currency"], one.end()) for one, beside in runs if beside is not None]
    before = [
        _Found("?" if one["minus"] else one["run"], one["currency"], one.end()) for one in _BEFORE.finditer(shown)
    ]
    if behind:
        chosen = behind[-1]
        if before and before[-1].end > chosen.end:
            raise UnreadableAnswer("it cannot be told which currency belongs to which amount")
    elif before:
        chosen = before[-1]
    else:
        priced = shown.partition("/")[0]
        alone = [one for one, _ in runs if one.end() <= len(priced)]
        if len(alone) != 1 or not _ITSELF.fullmatch(priced[: alone[0].start()]) or priced[alone[0].end() :].strip(" ("):
            raise UnreadableAnswer("an amount is missing, or more stands beside it than a currency")
        chosen = _Found(alone[-1]["run"], "", alone[-1].end())
    begin = chosen.end - len(chosen.run)
    if shown[max(begin - 1, 0) : begin] == "(" and shown[chosen.end : chosen.end + 1] == ")":
        raise UnreadableAnswer("an amount in brackets may be one that is owed")
    if shown[:begin].strip() in ("-", "\u2212", "+") or shown[:begin].endswith(
        ("-", "\u2212", "\u2013", "+", ".", ",")
    ):
        raise UnreadableAnswer("an amount has a sign that stands alone")
    return chosen.run, chosen.currency


def amount_of(text: str) -> Decimal:
    """The last amount in a text. Raises :class:`UnreadableAnswer`."""
    return number(_split(text)[0])


def currency_of(text: str) -> str | None:
    """The currency beside an amount, or a currency's code or sign alone; ``None`` where there is none."""
    bare = text.strip()
    if bare.lower() in SYMBOLS:
        return SYMBOLS[bare.lower()]
    if re.fullmatch(r"[A-Z]{3}", bare):
        return bare
    try:
        sign = _split(text)[1]
    except UnreadableAnswer:
        return None
    return SYMBOLS.get(sign.lower(), sign) or None


def shows_amount(text: str) -> bool:
    """Whether an amount with a currency stands in a text, readable or not: then it is read, and nothing worked out."""
    shown = plain(text)
    return bool(_NAMED.search(shown)) and any(one.isdigit() for one in _NAMED.sub(" ", shown))


def money(text: str, currency: str) -> Money:
    """An amount to the cent, in its own currency, else in ``currency``. Raises :class:`UnreadableAnswer`.

    One with parts of a cent is not rounded: it would be another amount.
    """
    amount = amount_of(text)
    exact = amount.quantize(CENT, rounding=ROUND_HALF_UP)
    if exact != amount:
        raise UnreadableAnswer("an amount has parts of a cent")
    return Money(exact, currency_of(text) or currency)


def money_in(text: str, beside: str, currency: str) -> Money:
    """:func:`money` of an amount whose currency stands in a field of its own, ``beside``; where that is empty, in
    ``currency``. Raises :class:`UnreadableAnswer`, also where the field holds no currency or another than the text."""
    own = currency_of(beside) if beside.strip() else currency
    found = money(text, own) if own else None
    if found is None or found.currency != own:
        raise UnreadableAnswer("the currency of an amount is not clear")
    return found


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
