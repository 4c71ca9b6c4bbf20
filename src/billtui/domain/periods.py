"""Billing periods and calendar months (REN-3, ORD-5). All instants are aware and in UTC."""

from __future__ import annotations

import calendar
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Final

PERIODS: tuple[int, ...] = (1, 3, 6, 12, 24)
"""Periods that can be bought, in months (REN-3)."""


CALENDARS_BEGIN: Final = datetime(1, 1, 1, tzinfo=UTC)
"""The first instant that can be told."""
CALENDARS_END: Final = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
"""The last instant that can be told. Panels write it, or the last day of that year, for what never ends."""


def never_ends(instant: datetime | None) -> bool:
    """Whether ``instant`` stands for no end at all: it lies in the calendar's last year."""
    return instant is not None and instant.year == CALENDARS_END.year


def utc(instant: datetime) -> datetime:
    """``instant`` in UTC. Raises ``ValueError`` for a naive one, or one that leaves the years 1 to 9999."""
    if instant.tzinfo is None:
        raise ValueError("an instant needs its time zone")
    try:
        return instant.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("an instant in UTC lies in the years 1 to 9999") from error


def here(instant: datetime) -> datetime:
    """``instant`` in the zone of this computer; in UTC where it would leave the years 1 to 9999 there."""
    try:
        return instant.astimezone()
    except OverflowError:
        return instant


def shifted(instant: datetime, by: timedelta) -> datetime:
    """``instant`` moved by a length of time, at most to an end of the calendar: panels write the first or the last
    instant for what has none."""
    try:
        return instant + by
    except OverflowError:
        return CALENDARS_END if by > timedelta(0) else CALENDARS_BEGIN


def parse_instant(text: str) -> datetime:
    """An RFC 3339 instant of the wire, in UTC. Raises ``ValueError``."""
    return utc(datetime.fromisoformat(text))


def format_instant(instant: datetime) -> str:
    """``instant`` as on the wire: RFC 3339 in UTC with ``Z``; whole seconds where it has none below."""
    moment = utc(instant)
    return moment.replace(tzinfo=None).isoformat(timespec="microseconds" if moment.microsecond else "seconds") + "Z"


def add_months(instant: datetime, months: int, billing_day: int | None = None) -> datetime:
    """``instant`` plus calendar months, the day clamped to the month's end of the **original** day (REN-3).

    ``billing_day`` (1–31) is the original day; without it, the day of ``instant``. So 31 Jan + 1 is 28 or 29 Feb, and
    that plus 1 with ``billing_day`` 31 is 31 Mar: 1 + 1 = 2. What lies beyond the calendar is at its end: an order that
    never ends has 9999-12-31 on some panels. Raises ``ValueError`` for a billing day out of range.
    """
    day = instant.day if billing_day is None else billing_day
    if not 1 <= day <= 31:
        raise ValueError("a billing day is 1 to 31")
    index = instant.year * 12 + instant.month - 1 + months
    year, month = divmod(index, 12)
    if year > CALENDARS_END.year:
        return CALENDARS_END
    if day > 28:
        day = min(day, calendar.monthrange(year, month + 1)[1])
    return instant.replace(year=year, month=month + 1, day=day)


def whole_months_between(start: datetime, end: datetime, billing_day: int | None = None) -> int:
    """How many whole calendar months fit from ``start`` up to ``end`` (0 if ``end`` is not later)."""
    if end <= start:
        return 0
    months = (end.year - start.year) * 12 + end.month - start.month
    while months > 0 and add_months(start, months, billing_day) > end:
        months -= 1
    return months


def months_left(now: datetime, paid_until: datetime) -> Fraction:
    """The remaining paid period in months, exactly (ORD-5).

    Whole calendar months left, plus the remaining seconds ÷ the seconds of the calendar month they fall in: the month
    that begins after the whole months, counted from ``now`` on. It is as long as the calendar month it begins in,
    except where a month's end clamps the day (31 Jan → 28 Feb → 31 Mar); so a longer period never counts less.
    0 if the period is over.
    """
    if paid_until <= now:
        return Fraction(0)
    whole = whole_months_between(now, paid_until)
    begin = add_months(now, whole)
    month = add_months(now, whole + 1) - begin
    microsecond = timedelta(microseconds=1)
    return whole + Fraction((paid_until - begin) // microsecond, month // microsecond)
