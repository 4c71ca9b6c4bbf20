"""Answers of unknown shape, read tolerantly: no row is dropped, whatever it stands under (wire: RootPanel)."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

from billtui.client.codec import UnreadableAnswer, parse_json
from billtui.client.exchange import Answer
from billtui.domain.money import CENT

Row = Mapping[str, Any]
ENVELOPE: Final = frozenset({"status", "errorcode", "errormsg"})
"""Of the answer itself."""
KEY: Final = "(key)"
"""Where a row keeps the key that it stood under."""
_DEEPEST: Final = 4
_DAY: Final = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})|(\d{1,2})\.(\d{1,2})\.(\d{4})")
_NUMBER: Final = (
    r"-?(?:[1-9][0-9]{0,2}(?P<gap>[\s'\u2019])[0-9]{3}(?:(?P=gap)[0-9]{3}){0,3}(?:[.,][0-9]{1,12})?"
    r"|[1-9][0-9]{0,2}(?:,[0-9]{3})+\.[0-9]{1,12}|[1-9][0-9]{0,2}(?:\.[0-9]{3})+,[0-9]{1,12}"
    r"|(?:0|[1-9][0-9]{0,11})(?:[.,][0-9]{1,12})?)"
)
_SIGN: Final = r"[A-Za-z]{3}(?![A-Za-z])|руб(?![а-яё])\.?|грн(?![а-яё])\.?|[₽$€₴]"
_AMOUNT: Final = re.compile(
    rf"(?:(?P<before>{_SIGN})\s?)?(?P<number>{_NUMBER})(?:\s?(?P<behind>{_SIGN}))?\s*"
    r"(?:(?:/|per\s|a\s|за\s|в\s).{0,80})?",
    re.IGNORECASE | re.DOTALL,
)
"""An amount, its currency before or behind it, and for how long; what has anything else beside it is not understood."""
_TWO_WAYS: Final = re.compile(r"-?[1-9][0-9]{0,2}[.,][0-9]{3}")
_GAPS: Final = re.compile(r"[\s'\u2019]")
_LARGEST: Final = Decimal("999999999.99")
_CURRENCIES: Final[Mapping[str, str]] = {
    "rur": "RUB", "руб": "RUB", "₽": "RUB", "$": "USD", "€": "EUR", "грн": "UAH", "₴": "UAH",
}  # fmt: skip
"""Signs that stand for a currency."""


def answered(answer: Answer) -> Row:
    """The one JSON object that every answer is. Raises :class:`UnreadableAnswer`; whatever type it says it is."""
    if answer.body.lstrip()[:1] == b"<":
        raise UnreadableAnswer("it is a web page")
    value = parse_json(answer.body)
    if not isinstance(value, dict):
        raise UnreadableAnswer("it is not an object")
    if not isinstance(value.get("status"), str):
        raise UnreadableAnswer("status is missing")
    return value


def rows_of(answer: Row, marks: Collection[str] = ()) -> list[Row]:
    """The rows of a list: under any key, a list or an object of objects, or the answer itself where it is one row.

    ``marks`` are names (in small letters) of fields that only a row has: what holds one is never searched for a list.
    """
    inside = {key: value for key, value in answer.items() if key.lower() not in ENVELOPE}
    found = _found(inside, frozenset(marks), 0)
    if found is not None:
        return found
    is_row = any(not isinstance(value, dict | list) and not _nothing(value) for value in inside.values())
    return [inside] if is_row else []


def _found(value: Any, marks: frozenset[str], depth: int) -> list[Row] | None:
    """The rows below ``value``; ``None`` where there is no list: it is a row itself, or nothing."""
    if isinstance(value, list):
        return [_row("", one) for one in value]  # a place in a list is nobody's id
    if not isinstance(value, dict) or depth > _DEEPEST:
        return None
    if not value:
        return []
    if any(key.lower() in marks and not isinstance(one, dict | list) for key, one in value.items()):
        return None
    lists = [one for one in value.values() if isinstance(one, list)]
    if lists:
        return [row for one in lists for row in _found(one, marks, depth) or ()]
    if all(isinstance(one, dict) for one in value.values()):
        key, only = next(iter(value.items()))
        inner = _found(only, marks, depth + 1) if len(value) == 1 and not key.isdigit() else None
        return inner if inner is not None else [_row(key, one) for key, one in value.items()]
    for one in value.values():
        inner = _found(one, marks, depth + 1) if isinstance(one, dict) else None
        if inner is not None:
            return inner
    return None


def _row(key: str, value: Any) -> Row:
    return {KEY: key, **value} if isinstance(value, dict) else {KEY: key, "value": value}


def _nothing(value: Any) -> bool:
    return value is None or value is False or value == ""


def field(row: Row, names: Sequence[str]) -> tuple[str, Any] | None:
    """The first field of these names that says something: its own spelling, and its value."""
    small = {key.lower(): key for key in row}
    for name in names:
        key = small.get(name)
        if key is not None and not _nothing(row[key]):
            return key, row[key]
    return None


def text_of(value: Any) -> str:
    """A scalar as text; empty for what is none."""
    if isinstance(value, bool):
        return "1" if value else ""
    return str(value).strip() if isinstance(value, str | int | float) else ""


def exact_of(value: Any) -> Decimal | None:
    """An amount as it was told, from a number or a text such as ``4,90``, ``1,234.50``, ``€ 4.90`` or ``4.90 EUR/mo``.

    ``None`` for anything else, and for what can be read in two ways: ``1,234`` is a thousand here and one there.
    """
    if isinstance(value, bool):
        return None
    match = _AMOUNT.fullmatch(text_of(value))
    if match is None or (match["before"] and match["behind"]):
        return None
    digits = _GAPS.sub("", match["number"])
    if not isinstance(value, int | float) and match["gap"] is None and _TWO_WAYS.fullmatch(digits):
        return None
    comma, point = digits.rfind(","), digits.rfind(".")
    if comma >= 0 and point >= 0:
        digits = digits.replace("," if comma < point else ".", "")
    number = Decimal(digits.replace(",", "."))
    return number if abs(number) <= _LARGEST else None


def told_currency(value: Any) -> str:
    """The currency that stands beside an amount; empty where there is none."""
    match = _AMOUNT.fullmatch(text_of(value))
    return "" if match is None else currency_of(match["before"] or match["behind"])


def amount_of(value: Any) -> Decimal | None:
    """An amount to be shown, to the cent; ``None`` as :func:`exact_of`."""
    number = exact_of(value)
    return None if number is None else number.quantize(CENT, ROUND_HALF_UP)


def price_of(number: Decimal | None) -> Decimal | None:
    """What something costs, to the cent. ``None`` for what has parts of a cent, which somebody would round, and for
    what costs nothing or less, which no gateway sells."""
    if number is None or not 0 < number <= _LARGEST:
        return None
    whole = number.quantize(CENT, ROUND_HALF_UP)
    return whole if whole == number else None


def currency_of(value: Any) -> str:
    """A currency's three letters; empty where that is not known."""
    text = text_of(value)
    text = _CURRENCIES.get(text.lower().rstrip("."), text.upper())
    return text if re.fullmatch(r"[A-Z]{3}", text) else ""


def whole_of(value: Any) -> int | None:
    """A whole number that is not negative; ``None`` for anything else."""
    match = re.match(r"\d{1,9}(?!\d)", text_of(value))
    return int(match[0]) if match is not None else None


def months_of(value: Any) -> int | None:
    """Whole months from a number or a text such as ``3 months`` or ``1 year``; ``None`` for anything else."""
    match = re.fullmatch(r"(\d{1,3})\s*(m\w*|мес\w*)?\.?|(\d{1,2})\s*(y\w*|год\w*|г|лет)\.?", text_of(value).lower())
    if match is None:
        return None
    return int(match[1]) if match[1] else int(match[3]) * 12


def day_of(value: Any, *, end: bool = False) -> datetime | None:
    """``YYYY-MM-DD`` or ``DD.MM.YYYY`` as an instant in UTC: the day's beginning, or its ``end``."""
    match = _DAY.match(text_of(value))
    if match is None:
        return None
    year, month, day = (match[1], match[2], match[3]) if match[1] else (match[6], match[5], match[4])
    try:
        begin = datetime(int(year), int(month), int(day), tzinfo=UTC)
        return begin + timedelta(days=1) if end else begin
    except (ValueError, OverflowError):
        return None


def prices_of(value: Any, currency: str = "") -> dict[int, Decimal]:
    """Prices by months: an object ``{"3": "14.11"}``, or a list of rows with ``period`` and ``price``.

    One that says another currency than ``currency`` is none.
    """
    found: dict[int, Decimal] = {}
    for months, price in _priced(value):
        number, amount = months_of(months), price_of(exact_of(price))
        if number and amount is not None and (told_currency(price) or currency) == currency:
            found[number] = amount
    return found


def _priced(value: Any) -> Iterator[tuple[Any, Any]]:
    if isinstance(value, dict):
        yield from value.items()
    elif isinstance(value, list):
        for one in value:
            if isinstance(one, dict):
                yield one.get("period", one.get("months")), one.get("price", one.get("cost"))


def flat(row: Row, prefix: str = "", depth: int = 0) -> Iterator[tuple[str, str]]:
    """Everything in a row as name and text, for people."""
    for key, value in row.items():
        name = f"{prefix}{key}"
        if isinstance(value, dict) and depth < _DEEPEST:
            yield from flat(value, f"{name}.", depth + 1)
        elif isinstance(value, list):
            yield name, ", ".join(text_of(one) or "…" for one in value[:20])
        elif not _nothing(value) and key != KEY:
            yield name, text_of(value)
