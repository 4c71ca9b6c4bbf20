"""Business hours (TKT-10): closed time does not count, and clock changes are the zone's business."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billtui.domain.business_hours import ALWAYS_OPEN, BusinessHours

WEEK = BusinessHours(time(9), time(18), frozenset(range(5)))
FRIDAY = datetime(2026, 11, 20, 17, 50, tzinfo=UTC)
MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
instants = st.datetimes(datetime(2026, 1, 1), datetime(2027, 6, 1), timezones=st.just(UTC))
lengths = st.timedeltas(timedelta(0), timedelta(days=1))
weeks = st.builds(
    lambda opens, hours, days, zone: BusinessHours(time(opens), time((opens + hours) % 24), frozenset(days), zone),
    st.integers(0, 12),
    st.integers(1, 11),
    st.sets(st.integers(0, 6), min_size=1),
    st.sampled_from([UTC, ZoneInfo("Europe/Berlin"), ZoneInfo("America/New_York")]),
)


def test_tkt_10_what_is_asked_before_the_weekend_is_due_after_it() -> None:
    assert WEEK.after(FRIDAY, 15 * MINUTE) == MONDAY + 5 * MINUTE
    assert WEEK.after(FRIDAY, 10 * MINUTE) == FRIDAY + 10 * MINUTE
    assert WEEK.between(FRIDAY, MONDAY + 5 * MINUTE) == 15 * MINUTE
    assert WEEK.between(MONDAY, FRIDAY) == timedelta(0)


def test_tkt_10_holidays_are_closed_and_always_is_always() -> None:
    closed = BusinessHours(time(9), time(18), frozenset(range(5)), holidays=frozenset({date(2026, 11, 23)}))
    assert closed.after(FRIDAY, 15 * MINUTE) == MONDAY + timedelta(days=1, minutes=5)
    assert ALWAYS_OPEN.after(FRIDAY, timedelta(days=9)) == FRIDAY + timedelta(days=9)


def test_tkt_10_opening_times_are_of_their_zone() -> None:
    """Nine in Berlin is eight in UTC in winter and seven in summer; the night of the change counts as it was."""
    berlin = BusinessHours(time(9), time(18), frozenset(range(7)), ZoneInfo("Europe/Berlin"))
    assert berlin.after(datetime(2026, 1, 5, tzinfo=UTC), MINUTE) == datetime(2026, 1, 5, 8, 1, tzinfo=UTC)
    assert berlin.after(datetime(2026, 7, 5, tzinfo=UTC), MINUTE) == datetime(2026, 7, 5, 7, 1, tzinfo=UTC)
    night = BusinessHours(time(1), time(5), frozenset(range(7)), ZoneInfo("Europe/Berlin"))
    spring, autumn = datetime(2026, 3, 29, tzinfo=UTC), datetime(2026, 10, 25, tzinfo=UTC)
    assert night.between(spring, spring + timedelta(hours=4)) == timedelta(hours=3)
    assert night.between(autumn - timedelta(hours=1), autumn + timedelta(hours=4)) == timedelta(hours=5)


@given(weeks, instants, lengths)
def test_tkt_10_what_is_due_has_just_that_much_open_time_before_it(
    week: BusinessHours, start: datetime, length: timedelta
) -> None:
    due = week.after(start, length)
    assert due >= start
    assert week.between(start, due) == length
    assert week.after(start, length + MINUTE) > due


@pytest.mark.parametrize(
    "week", [(time(9), time(18), frozenset()), (time(9), time(9), frozenset({1})), (time(9), time(18), frozenset({7}))]
)
def test_tkt_10_a_week_that_never_opens_is_refused(week: tuple[time, time, frozenset[int]]) -> None:
    with pytest.raises(ValueError, match="business hours"):
        BusinessHours(*week)
