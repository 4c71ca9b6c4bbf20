"""Times left: what nobody acts upon is not written anew every minute (P-BYTES-2)."""

from __future__ import annotations

from billtui.widgets.formats import DAY, HOUR, MINUTE, left_text

NOON = 1_793_620_800
LINES = 20
"""Rows of a list at 80×24."""
BUDGET = 200
PLACE = 9
"""Bytes to get to a cell that changed and to set its colour, at most, as the door writes it."""


def test_the_minutes_are_told_near_the_instant_only() -> None:
    said = {
        9 * DAY + 5 * HOUR: "9 d 5 h",
        DAY + 59 * MINUTE: "1 d",
        DAY - 1: "23 h",
        5 * HOUR + 10 * MINUTE: "5 h",
        2 * HOUR: "2 h",
        2 * HOUR - 1: "1 h 59 min",
        90 * MINUTE: "1 h 30 min",
        40 * MINUTE: "40 min",
        40: "40 s",
        -40: "ended 40 s ago",
        -90 * MINUTE: "ended 1 h 30 min ago",
        -5 * HOUR - 10 * MINUTE: "ended 5 h ago",
    }
    assert {left: left_text(NOON + left, NOON) for left in said} == said


def test_a_list_of_servers_in_their_last_day_is_quiet() -> None:
    """Twenty that end somewhere in the next day: in no minute of the day are all of them written anew."""
    ends = [NOON + DAY * (number + 1) // LINES for number in range(LINES)]
    worst = 0
    for minute in range(DAY // MINUTE):
        before, now = NOON + minute * MINUTE, NOON + (minute + 1) * MINUTE
        changed = [left_text(end, now) for end in ends if left_text(end, now) != left_text(end, before)]
        worst = max(worst, sum(len(words) + PLACE for words in changed))
    assert 0 < worst <= BUDGET, f"{worst} B in a minute"
