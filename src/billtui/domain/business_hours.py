"""Business hours: when a promise "in 15 minutes" runs, and when it rests (TKT-10).

A week of opening times in one time zone. Closed time does not count: what is asked on Friday evening is due after the
opening on Monday. Clock changes are the time zone's business: an hour that does not exist is not counted, one that
comes twice counts twice.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from billtui.domain.periods import shifted, utc

_LONGEST_SEARCH = 400
"""Days that are looked ahead for an opening."""
_SURE = timedelta(days=_LONGEST_SEARCH - 2)
"""Spans up to this are looked at whole, whichever way."""


@dataclass(frozen=True, slots=True)
class BusinessHours:
    """Opening times from ``opens`` to ``closes`` on ``weekdays`` (Monday is 0), except on ``holidays``.

    ``closes`` of midnight means the end of the day. Raises ``ValueError`` for a week that is never open.
    """

    opens: time
    closes: time
    weekdays: frozenset[int]
    zone: tzinfo = UTC
    holidays: frozenset[date] = frozenset()

    def __post_init__(self) -> None:
        if not self.weekdays or not self.weekdays <= set(range(7)):
            raise ValueError("business hours need weekdays from 0 (Monday) to 6")
        if self.closes != time(0) and self.closes <= self.opens:
            raise ValueError("business hours end after they begin, on the same day")

    @property
    def never_closes(self) -> bool:
        """Whether it is open around the clock, on every day: then open time is time, worked out at once."""
        return self.opens == self.closes == time(0) and len(self.weekdays) == 7 and not self.holidays

    def openings(self, start: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Open stretches in UTC that end after ``start``, in order, the first one cut to begin no earlier."""
        day = start.astimezone(self.zone).date()
        for _ in range(_LONGEST_SEARCH):
            if day.weekday() in self.weekdays and day not in self.holidays:
                last = day + timedelta(days=1) if self.closes == time(0) else day
                begin = utc(datetime.combine(day, self.opens, self.zone))
                end = utc(datetime.combine(last, self.closes, self.zone))
                if end > start and end > begin:
                    yield max(begin, utc(start)), end
            day += timedelta(days=1)

    def after(self, start: datetime, length: timedelta) -> datetime:
        """The instant at which ``length`` of open time has passed since ``start``.

        Raises ``ValueError`` where the next year has too little open time.
        """
        if self.never_closes and length < _SURE:
            return shifted(utc(start), length)
        left = length
        for begin, end in self.openings(start):
            if left <= end - begin:
                return begin + left
            left -= end - begin
        raise ValueError("there is not that much open time within a year")

    def between(self, start: datetime, end: datetime) -> timedelta:
        """How much open time lies between two instants, up to 400 days; nothing where ``end`` is not later."""
        if self.never_closes and end - start < _SURE:
            return max(timedelta(0), utc(end) - utc(start))
        open_time = timedelta(0)
        for begin, close in self.openings(start):
            if begin >= end:
                break
            open_time += min(close, utc(end)) - begin
        return open_time


ALWAYS_OPEN = BusinessHours(time(0), time(0), frozenset(range(7)))
"""Around the clock."""
