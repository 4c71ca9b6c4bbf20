"""Answers of unknown shape, read tolerantly: no row is dropped, whatever it stands under (wire: RootPanel)."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from billtui.client.codec import UnreadableAnswer, parse_json
from billtui.client.exchange import Answer

Row = Mapping[str, Any]
ENVELOPE: Final = frozenset({"status", "errorcode", "errormsg"})
"""Of the answer itself."""
KEY: Final = "(key)"
"""Where a row keeps the key that it stood under."""
_DEEPEST: Final = 4
_DAY: Final = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})|(\d{1,2})\.(\d{1,2})\.(\d{4})")
_LARGEST: Final = Decimal("999999999.99")
_CURRENCIES: Final[Mapping[str, str]] = {
    "rur": "RUB", "руб": "RUB", "руб.": "RUB", "₽": "RUB", "$": "USD", "€": "EUR", "грн": "UAH", "₴": "UAH",
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
        return [_row(str(number), one) for number, one in enumerate(value)]
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


def amount_of(value: Any) -> Decimal | None:
    """An amount of money, from a number or a text such as ``4,90`` or ``4.90 EUR``; ``None`` for anything else."""
    text = text_of(value).replace("\N{NO-BREAK SPACE}", "").replace(" ", "").replace(",", ".")
    match = re.match(r"-?\d{1,12}(\.\d{1,12})?(?!\d)", text)
    if match is None or re.match(r"[eE][+-]?\d", text[match.end() :]):
        return None
    try:
        number = Decimal(match[0])
    except InvalidOperation:
        return None
    return number.quantize(Decimal("0.01")) if abs(number) <= _LARGEST else None


def currency_of(value: Any) -> str:
    """A currency's three letters; empty where that is not known."""
    text = text_of(value)
    text = _CURRENCIES.get(text.lower(), text.upper())
    return text if re.fullmatch(r"[A-Z]{3}", text) else ""


def whole_of(value: Any) -> int | None:
    """A whole number that is not negative; ``None`` for anything else."""
    match = re.match(r"\d{1,9}(?!\d)", text_of(value))
    return int(match[0]) if match is not None else None


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


def prices_of(value: Any) -> dict[int, Decimal]:
    """Prices by months: an object ``{"3": "14.11"}``, or a list of rows with ``period`` and ``price``."""
    found: dict[int, Decimal] = {}
    for months, price in _priced(value):
        number, amount = whole_of(months), amount_of(price)
        if number and amount is not None and amount >= 0:
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
