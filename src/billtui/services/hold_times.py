"""Until when a ticket is on hold, in the words of a person: ``2h``, ``tomorrow 9:00``, ``fri`` (TKT-5).

Whatever is understood is said back as an exact day and time before anything is sent.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Final

EXAMPLES: Final = "2h, 45 min, 3d, 17:30, tomorrow 9:00, monday, 2026-12-01 10:00"
MORNING: Final = time(9)
"""A day without a time means its morning."""
LONGEST: Final = timedelta(days=366)
"""Later than that is a slip of the finger."""
_DAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_UNITS: Final = {
    "m": 60, "min": 60, "mins": 60, "minute": 60, "minutes": 60,
    "h": 3600, "hr": 3600, "hrs": 3600, "hour": 3600, "hours": 3600,
    "d": 86_400, "day": 86_400, "days": 86_400,
    "w": 604_800, "week": 604_800, "weeks": 604_800,
}  # fmt: skip
_PIECE: Final = re.compile(r"(\d{1,6})\s*([a-z]+)\s*")
_HALF: Final = re.compile(r"(\d{1,3})\s*h\s*(\d{1,2})")
_CLOCK: Final = re.compile(r"(\d{1,2})(?:[:.](\d{2}))?\s*(am|pm)?")
_DATE: Final = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")


class NotATime(ValueError):
    """What was typed names no instant to come; the message says what to type instead."""


def read_hold(text: str, now: datetime, zone: tzinfo | None = None) -> datetime:
    """The instant in UTC that ``text`` means at ``now``, in ``zone`` (the terminal's own unless given).

    Lengths of time count from now, to the whole minute; times without a day are the next ones, days without a time
    begin at 9:00. Raises :class:`NotATime`.
    """
    words = " ".join(text.casefold().replace(",", " ").replace(" at ", " ").split())
    if not words:
        raise NotATime(f"Say until when, for example: {EXAMPLES}.")
    at = _length(words, now) or _moment(words, now, zone)
    if at is None:
        raise NotATime(f"That is no time that is understood here. Write it like one of these: {EXAMPLES}.")
    if at <= now:
        raise NotATime(f"{said(at, zone)} is over already: give a later time.")
    if at - now > LONGEST:
        raise NotATime(f"{said(at, zone)} is more than a year away: close the ticket, or give an earlier time.")
    return at


def said(at: datetime, zone: tzinfo | None = None) -> str:
    """An instant with its day of the week, as it is said back: ``Friday 2026-11-27 09:00``."""
    there = at.astimezone(zone)
    return f"{_DAYS[there.weekday()].capitalize()} {there:%Y-%m-%d %H:%M}"


def _length(words: str, now: datetime) -> datetime | None:
    """``2h``, ``1h30``, ``2 days 4 h``, ``in 45 minutes``."""
    words = words.removeprefix("in ").removeprefix("for ")
    half = _HALF.fullmatch(words)
    seconds = int(half[1]) * 3600 + int(half[2]) * 60 if half else 0
    at = 0
    while not half and at < len(words):
        piece = _PIECE.match(words, at)
        if piece is None or piece[2] not in _UNITS:
            return None
        seconds += int(piece[1]) * _UNITS[piece[2]]
        at = piece.end()
    if not seconds:
        raise NotATime(f"That is no time at all: write it like one of these: {EXAMPLES}.")
    try:
        end = now.astimezone(UTC) + timedelta(seconds=seconds)
    except OverflowError:
        raise NotATime("That is more than a year away: close the ticket, or give an earlier time.") from None
    return end.replace(second=0, microsecond=0) + (
        timedelta(minutes=1) if end.second or end.microsecond else timedelta()
    )


def _moment(words: str, now: datetime, zone: tzinfo | None) -> datetime | None:
    """A day, a time of day, or both, in either order."""
    here = now.astimezone(zone)
    first, _, rest = words.removeprefix("next ").partition(" ")
    for day_words, clock_words in ((first, rest), (words.rpartition(" ")[2], words.rpartition(" ")[0])):
        day = _day(day_words, here.date())
        if day is not None:
            clock = _clock(clock_words) if clock_words else MORNING
            return None if clock is None else _instant(day, clock, zone)
    clock = _clock(words)
    if clock is None:
        return None
    today = _instant(here.date(), clock, zone)
    return today if today > now else _instant(here.date() + timedelta(days=1), clock, zone)


def _day(word: str, today: date) -> date | None:
    """``today``, ``tomorrow``, ``mon``, ``2026-12-01``; a day of the week is the next one, never today."""
    named: dict[str, Callable[[], date]] = {
        "today": lambda: today,
        "tomorrow": lambda: today + timedelta(days=1),
        "week": lambda: today + timedelta(days=7 - today.weekday()),
    }
    if word in named:
        return named[word]()
    if len(word) >= 3 and (found := [number for number, name in enumerate(_DAYS) if name.startswith(word)]):
        return today + timedelta(days=(found[0] - today.weekday() - 1) % 7 + 1)
    parts = _DATE.fullmatch(word)
    if parts is None:
        return None
    try:
        return date(int(parts[1]), int(parts[2]), int(parts[3]))
    except ValueError:
        raise NotATime(f"There is no day {word} in the calendar.") from None


def _clock(words: str) -> time | None:
    """``9``, ``9:30``, ``9.30``, ``5pm``, ``noon``."""
    if words == "noon":
        return time(12)
    parts = _CLOCK.fullmatch(words)
    if parts is None:
        return None
    hour, minute = int(parts[1]), int(parts[2] or 0)
    if parts[3]:
        if not 1 <= hour <= 12:
            raise NotATime(f"There is no time {words} on a clock.")
        hour = hour % 12 + (12 if parts[3] == "pm" else 0)
    if hour > 23 or minute > 59:
        raise NotATime(f"There is no time {words} on a clock.")
    return time(hour, minute)


def _instant(day: date, clock: time, zone: tzinfo | None) -> datetime:
    """A local day and time as an instant; without a zone the terminal's own, with its clock changes."""
    try:
        return datetime.combine(day, clock, zone).astimezone(UTC)
    except (OverflowError, OSError, ValueError):
        raise NotATime("That is more than a year away: close the ticket, or give an earlier time.") from None
