"""Calendar months on whole seconds since 1970, UTC: the arithmetic of ``domain.periods`` without making datetimes."""

from __future__ import annotations

import calendar
from bisect import bisect_right
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, tzinfo

DAY = 86_400
FIRST_YEAR, LAST_YEAR = 1970, 2199
_LENGTHS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def _tables() -> tuple[list[int], list[int]]:
    starts, lengths = [], []
    day = 0
    for year in range(FIRST_YEAR, LAST_YEAR + 1):
        leap = calendar.isleap(year)
        for month, length in enumerate(_LENGTHS):
            days = length + (leap and month == 1)
            starts.append(day)
            lengths.append(days)
            day += days
    return starts, lengths


STARTS, LENGTHS = _tables()
"""Of each month since January 1970: its first day, counted from 1970, and how many days it has."""
MOST = len(STARTS) - 1


def split(seconds: int) -> tuple[int, int, int]:
    """An instant as its month's place in :data:`STARTS`, the day of that month (from 1), and the second of that day.

    What lies outside the table is moved to its edge: no paid period of a forecast gets there.
    """
    days, second = divmod(seconds, DAY)
    month = bisect_right(STARTS, days) - 1
    if month < 0:
        return 0, 1, 0
    day, length = days - STARTS[month] + 1, LENGTHS[month]
    return month, day if day < length else length, second


def join(month: int, day: int, second: int) -> int:
    """The instant of a month's day, the day clamped to the month's end (REN-3)."""
    if month > MOST:
        month = MOST
    length = LENGTHS[month]
    return (STARTS[month] + (day if day < length else length) - 1) * DAY + second


def add_months(seconds: int, months: int, billing_day: int | None = None) -> int:
    """``seconds`` plus calendar months, as ``domain.periods.add_months`` (REN-3)."""
    month, day, second = split(seconds)
    return join(month + months, day if billing_day is None else billing_day, second)


def zone_days(first: int, until: int, zone: tzinfo | None = UTC) -> tuple[list[int], list[date]]:
    """The days that hold ``first`` to ``until``: when each begins, in seconds since 1970, and its date.

    ``zone`` ``None`` is the zone of this computer, with its own summer time.
    """
    midnight = _midnights(zone)
    day = datetime.fromtimestamp(first, zone).date()
    starts, dates = [], []
    while (begin := midnight(day)) <= until:
        starts.append(begin)
        dates.append(day)
        day += timedelta(days=1)
    return starts, dates


def _midnights(zone: tzinfo | None) -> Callable[[date], int]:
    def midnight(day: date) -> int:
        return int(datetime(day.year, day.month, day.day, tzinfo=zone).timestamp())

    return midnight
