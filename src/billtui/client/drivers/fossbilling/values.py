"""Rows of FOSSBilling's answers, value by value, with suspicion: numbers come as numbers or as texts, times without a
zone, empty values as ``null``, ``""``, ``[]`` or ``"0000-00-00 00:00:00"``."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from typing import Any, Final, TypeVar, cast

from pydantic import TypeAdapter, ValidationError

from billtui.client.codec import UnreadableAnswer
from billtui.domain.money import MAX_AMOUNT, Money, round_money
from billtui.domain.periods import utc

T = TypeVar("T")

_NUMBER = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,30})?")
_WHOLE = re.compile(r"-?[0-9]{1,15}")
_PERIOD = re.compile(r"([0-9]{1,3})([DWMY])")
_NO_TIME: Final = "0000-00-00"
MOST_MONTHS: Final = 120
"""Longest period that is understood."""


def decimal_of(value: Any, at: str) -> Decimal:
    """A number as it was written: ``150.03``, ``"-4.50"`` or ``0``. Raises :class:`UnreadableAnswer`."""
    if isinstance(value, Decimal):
        found = value
    elif isinstance(value, int) and not isinstance(value, bool):
        found = Decimal(value)
    elif isinstance(value, str) and _NUMBER.fullmatch(value.strip()):
        found = Decimal(value.strip())
    else:
        raise UnreadableAnswer(f"{at} is no number")
    if abs(found) > MAX_AMOUNT:
        raise UnreadableAnswer(f"{at} is out of all bounds")
    return found


def whole_of(value: Any, at: str) -> int:
    """A whole number, also as text. Raises :class:`UnreadableAnswer`."""
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**15:
        return value
    if isinstance(value, str) and _WHOLE.fullmatch(value.strip()):
        return int(value)
    raise UnreadableAnswer(f"{at} is no whole number")


def instant_of(value: Any, at: str) -> datetime | None:
    """``2026-11-23 02:04:06`` is UTC (wire: times without a zone). ``None`` where there is none."""
    if value is None or value == "" or (isinstance(value, str) and value.startswith(_NO_TIME)):
        return None
    try:
        if not isinstance(value, str) or len(value) > 40:
            raise ValueError
        found = datetime.fromisoformat(value.strip())
        return found.replace(tzinfo=UTC) if found.tzinfo is None else utc(found)
    except ValueError:
        raise UnreadableAnswer(f"{at} is no time") from None


def months_of(period: str) -> int | None:
    """Calendar months of a period such as ``3M`` or ``1Y``; ``None`` for weeks, days and what has no period."""
    found = _PERIOD.fullmatch(period)
    if found is None or found[2] not in "MY":
        return None
    months = int(found[1]) * (12 if found[2] == "Y" else 1)
    return months if 1 <= months <= MOST_MONTHS else None


def days_of(period: str) -> int | None:
    """Days of a period such as ``1W``; ``None`` for months, years and what has no period."""
    found = _PERIOD.fullmatch(period)
    if found is None or found[2] not in "DW":
        return None
    return int(found[1]) * (7 if found[2] == "W" else 1) or None


def period_of(months: int) -> str:
    """The panel's word for so many months: ``3M``, ``1Y``."""
    return f"{months // 12}Y" if months % 12 == 0 else f"{months}M"


def money_of(value: Any, currency: str, at: str) -> Money:
    """An amount, rounded half up to two places as the panel shows it. Raises :class:`UnreadableAnswer`."""
    try:
        return Money(round_money(decimal_of(value, at)), currency)
    except ValidationError:
        raise UnreadableAnswer(f"{at} is no amount of money") from None


def total_of(amounts: Iterable[Money], currency: str) -> Money:
    """The sum of what is in one currency. Raises :class:`UnreadableAnswer` where it is not, or out of all bounds."""
    return money_of(sum((_in(one, currency) for one in amounts), Decimal(0)), currency, "total")


def _in(amount: Money, currency: str) -> Decimal:
    if amount.currency != currency:
        raise UnreadableAnswer("total is of several currencies")
    return amount.amount


@cache
def _adapter(shape: Hashable) -> TypeAdapter[Any]:
    return TypeAdapter(cast("Any", shape))


def made(shape: type[T], at: str, /, **values: Any) -> T:
    """``values`` as ``shape``. Raises :class:`UnreadableAnswer` with the name of the field, never its value."""
    try:
        result: T = _adapter(cast("Hashable", shape)).validate_python(values)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False, include_context=False)[0]
        path = ".".join([at, *(str(one) for one in first["loc"])])
        raise UnreadableAnswer(f"{path[:200]} is missing or wrong ({first['type']})") from None
    return result


class Row:
    """One object of an answer."""

    __slots__ = ("_at", "_values")

    def __init__(self, value: Any, at: str) -> None:
        """``at`` is what it is called in messages. Raises :class:`UnreadableAnswer` unless it is an object."""
        if not isinstance(value, Mapping):
            raise UnreadableAnswer(f"{at} is not an object")
        self._values = value
        self._at = at

    def where(self, name: str) -> str:
        """The path of a field."""
        return f"{self._at}.{name}"

    def has(self, name: str) -> bool:
        """Whether it is there and says something."""
        return self._values.get(name) not in (None, "")

    def any(self, name: str) -> Any:
        """As it came."""
        return self._values.get(name)

    def text(self, name: str) -> str:
        """A text, also of a number; empty for ``null``. Raises :class:`UnreadableAnswer` for a list or an object."""
        value = self._values.get(name)
        if value is None or value is False:
            return ""
        if isinstance(value, str):
            return value
        if isinstance(value, int | Decimal):
            return str(value)
        raise UnreadableAnswer(f"{self.where(name)} is no text")

    def id(self, name: str = "id") -> str:
        """A whole number as the text of its digits."""
        found = whole_of(self._values.get(name), self.where(name))
        if found < 0:
            raise UnreadableAnswer(f"{self.where(name)} is no id")
        return str(found)

    def maybe_id(self, name: str) -> str | None:
        """As :meth:`id`, or ``None``."""
        return self.id(name) if self.has(name) and self._values.get(name) not in (0, "0") else None

    def whole(self, name: str, default: int = 0) -> int:
        """A whole number."""
        return whole_of(self._values.get(name), self.where(name)) if self.has(name) else default

    def decimal(self, name: str, default: Decimal | None = None) -> Decimal:
        """A number as it was written."""
        if default is not None and not self.has(name):
            return default
        return decimal_of(self._values.get(name), self.where(name))

    def money(self, name: str, currency: str) -> Money:
        """An amount."""
        return money_of(self._values.get(name), currency, self.where(name))

    def time(self, name: str) -> datetime | None:
        """An instant in UTC."""
        return instant_of(self._values.get(name), self.where(name))

    def some_time(self, *names: str) -> datetime:
        """The first of these instants that is there. Raises :class:`UnreadableAnswer` if none is."""
        for name in names:
            found = self.time(name)
            if found is not None:
                return found
        raise UnreadableAnswer(f"{self.where(names[0])} is missing")

    def plain(self, most: int = 30) -> dict[str, str]:
        """What is text or number in it, at most ``most`` of them, none of them long."""
        told = {str(name): str(one) for name, one in self._values.items() if type(one) in (str, int, Decimal)}
        short = [(name, text) for name, text in told.items() if text and len(text) <= 500 and len(name) <= 40]
        return dict(short[:most])

    def row(self, name: str) -> Row:
        """An object in it; an empty one where PHP wrote an empty list."""
        value = self._values.get(name)
        return Row({} if value is None or value == [] else value, self.where(name))

    def rows(self, name: str) -> list[Row]:
        """A list of objects; also where PHP wrote an object with numbers for names."""
        value = self._values.get(name)
        if isinstance(value, Mapping):
            value = list(value.values())
        if value is None:
            return []
        if not isinstance(value, list):
            raise UnreadableAnswer(f"{self.where(name)} is not a list")
        return [Row(one, self.where(name)) for one in value]
