"""Words for the end of a hold: what is understood, what is said back, what is refused (TKT-5)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billtui.services.hold_times import LONGEST, NotATime, read_hold, said

KYIV = ZoneInfo("Europe/Kyiv")
NOW = datetime(2026, 11, 25, 14, 20, 30, tzinfo=UTC)
"""A Wednesday, 16:20:30 in Kyiv."""


@pytest.mark.parametrize(
    ("words", "back"),
    [
        ("2h", "Wednesday 2026-11-25 18:21"),
        ("1h30", "Wednesday 2026-11-25 17:51"),
        ("45 min", "Wednesday 2026-11-25 17:06"),
        ("in 2 days 4 hours", "Friday 2026-11-27 20:21"),
        ("1w", "Wednesday 2026-12-02 16:21"),
        ("tomorrow 9:00", "Thursday 2026-11-26 09:00"),
        ("Tomorrow at 9", "Thursday 2026-11-26 09:00"),
        ("tomorrow", "Thursday 2026-11-26 09:00"),
        ("17:30", "Wednesday 2026-11-25 17:30"),
        ("16:20", "Thursday 2026-11-26 16:20"),
        ("5pm", "Wednesday 2026-11-25 17:00"),
        ("noon", "Thursday 2026-11-26 12:00"),
        ("today 23.59", "Wednesday 2026-11-25 23:59"),
        ("fri", "Friday 2026-11-27 09:00"),
        ("wed 10:00", "Wednesday 2026-12-02 10:00"),
        ("10:00 mon", "Monday 2026-11-30 10:00"),
        ("next monday", "Monday 2026-11-30 09:00"),
        ("next week", "Monday 2026-11-30 09:00"),
        ("2026-12-01", "Tuesday 2026-12-01 09:00"),
        ("2026-12-01, 14:05", "Tuesday 2026-12-01 14:05"),
    ],
)
def test_words_are_understood_and_said_back_exactly(words: str, back: str) -> None:
    assert said(read_hold(words, NOW, KYIV), KYIV) == back


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ("", "Say until when"),
        ("soon", "no time that is understood"),
        ("2x", "no time that is understood"),
        ("25:00", "no time 25:00"),
        ("13pm", "no time 13pm"),
        ("2026-02-30", "no day 2026-02-30"),
        ("today 9:00", "is over already"),
        ("2026-11-01", "is over already"),
        ("0h", "no time at all"),
        ("2028-01-01", "more than a year away"),
        ("999999w", "more than a year away"),
        ("9999-12-31 23:00", "more than a year away"),
        ("0001-01-01", "over already"),
    ],
)
def test_what_cannot_be_used_says_what_to_type(words: str, why: str) -> None:
    with pytest.raises(NotATime) as refused:
        read_hold(words, NOW, KYIV)
    assert why in str(refused.value)


def test_a_morning_after_the_clocks_change_is_nine_o_clock_there() -> None:
    before = datetime(2026, 10, 24, 12, 0, tzinfo=UTC)
    assert said(read_hold("sunday 9:00", before, KYIV), KYIV) == "Sunday 2026-10-25 09:00"


@given(st.text(max_size=40))
def test_any_text_is_an_instant_to_come_or_a_sentence(text: str) -> None:
    try:
        at = read_hold(text, NOW, KYIV)
    except NotATime as refused:
        assert str(refused)
    else:
        assert NOW < at <= NOW + LONGEST


@given(st.integers(1, 59), st.integers(1, 23))
def test_lengths_of_time_add_up(minutes: int, hours: int) -> None:
    at = read_hold(f"{hours}h {minutes}m", NOW, KYIV)
    assert timedelta() <= at - NOW - timedelta(hours=hours, minutes=minutes) < timedelta(minutes=1)
