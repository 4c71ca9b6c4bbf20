"""What staff reads in few words: who else is there, the shift's chart, a joined thread, the line of counts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billtui.commands import COMMANDS
from billtui.domain.models import Presence
from billtui.screens.canned import how_it_begins
from billtui.screens.merging import joined_thread
from billtui.screens.presence import presence_words
from billtui.screens.queue_view import counts_line
from billtui.screens.triage_commands import triage_refusal
from billtui.services.store import MessageRow
from billtui.services.ticket_queue import count_views, queue_views
from billtui.widgets.backlog_chart import backlog_words
from tests.support.ticket_rows import NOW, ticket_row

AT = datetime(2026, 11, 25, 22, tzinfo=UTC)


def there(login: str, doing: str, seconds: int) -> Presence:
    return Presence.model_validate({"login": login, "doing": doing, "since": AT - timedelta(seconds=seconds)})


@pytest.mark.parametrize(
    ("others", "words"),
    [
        ([], ""),
        ([there("ada.desk", "left", 5)], ""),
        ([there("ada.desk", "writing", 45)], "ada.desk is writing since 40 s"),
        ([there("ada.desk", "reading", 3)], "ada.desk is reading now"),
        (
            [there("ada.desk", "writing", 130), there("bo.desk", "reading", 61)],
            "ada.desk is writing since 2 min · bo.desk is reading since 1 min",
        ),
    ],
)
def test_presence_is_said_in_a_line(others: list[Presence], words: str) -> None:
    assert presence_words(others, AT) == words


@pytest.mark.parametrize(
    ("hours", "words"),
    [
        ([], "nothing is known of the hours before"),
        ([3, 3], "the backlog stayed at 3"),
        ([1, 9, 4], "the backlog rose from 1 to 4, 9 at its highest"),
        ([5, 2], "the backlog fell from 5 to 2"),
    ],
)
def test_the_chart_is_said_in_words_as_well(hours: list[int], words: str) -> None:
    assert backlog_words(hours) == words


def message(number: int, ticket_id: str, at: int, body: str, *, internal: int = 0) -> MessageRow:
    return MessageRow(number, f"m{number}", ticket_id, "olena.marsh", "client", at, internal, body, (), "")


def test_a_joined_thread_names_ticket_author_and_day_once() -> None:
    rows = [
        message(1, "7", NOW, "\n\nThe disk is full\nand more"),
        message(2, "9", NOW + 60, "x" * 200, internal=1),
        message(3, "9", NOW + 90_000, "later"),
    ]
    lines = joined_thread(rows, {"7": "10007", "9": "10009"}, 60).plain.splitlines()
    assert len(lines) == 5, "two days, three messages, a line each"
    assert "10007  olena.marsh  The disk is full" in lines[1]
    assert "note" in lines[2] and lines[2].endswith("…")
    assert all(len(line) <= 60 for line in lines)


def test_a_canned_reply_is_told_by_what_stands_behind_its_greeting() -> None:
    assert how_it_begins("Hello {client},\n\nthe server is up again.") == "the server is up again."
    assert how_it_begins("Вітаємо, {client}!\nГотово.") == "Готово."
    assert how_it_begins("Hello,") == "Hello,"
    assert how_it_begins("") == ""


@given(st.integers(40, 200), st.sampled_from(["next", "mine", "hold", "dept-finance", "all"]))
def test_the_line_of_counts_fits_and_names_the_view_that_is_shown(width: int, chosen: str) -> None:
    rows = [ticket_row(number, answer_due_at=NOW - 60, priority="service down") for number in range(1, 1_200)]
    views = queue_views("sam.desk", {"technical": "Technical", "finance": "Finance"})
    line = counts_line(views, count_views(rows, "sam.desk", NOW), chosen, width)
    assert line.cell_length <= width + 2
    if chosen != "all":
        assert next(view.short for view in views if view.id == chosen) in line.plain


@pytest.mark.parametrize(
    ("command", "values", "words"),
    [
        ("ticket.take", {"state": "closed"}, "an answer reopens it"),
        ("ticket.take", {"assignee": "sam.desk"}, "yours already"),
        ("ticket.read_access", {}, "never given"),
        ("ticket.read_access", {"access": "wiped"}, "was wiped"),
        ("ticket.unmerge", {}, "was not merged"),
    ],
)
def test_every_no_of_triage_says_why(command: str, values: dict[str, object], words: str) -> None:
    refusal = triage_refusal(COMMANDS[command], [ticket_row(1, **values)], "sam.desk")
    assert refusal is not None
    assert words in refusal


def test_a_ticket_of_ones_own_is_given_away_only_where_the_panel_can() -> None:
    mine = [ticket_row(1, assignee="sam.desk")]
    here, there = (
        triage_refusal(COMMANDS["ticket.take"], mine, "sam.desk", others=able) or "" for able in (True, False)
    )
    assert here.endswith("A gives it to somebody else.") and there.endswith("is yours already.")


def test_what_is_about_one_ticket_says_how_to_unmark() -> None:
    refusal = triage_refusal(COMMANDS["ticket.split"], [ticket_row(1), ticket_row(2)], "sam.desk")
    assert refusal is not None
    assert "- takes the marks away" in refusal
