"""The queue: order, words, views and counts, what is next (TKT-7, TKT-10)."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billtui.domain.rules import ticket_risk
from billtui.services.store import TicketRow
from billtui.services.ticket_filter import FIELDS, read_filter
from billtui.services.ticket_queue import Ranks, count_views, facts_of, next_ticket, queue_views, why_next
from tests.support.ticket_rows import HOUR, MINUTE, NOW, ticket_row

ME = "sam.desk"
DEPARTMENTS = {"technical": "Technical", "finance": "Finance"}
ROWS = st.builds(
    lambda number, **values: ticket_row(number, **values),
    st.integers(1, 500),
    state=st.sampled_from(["open", "answered", "on hold", "closed", "sleeping"]),
    priority=st.sampled_from(["service down", "high", "normal", "low", "strange"]),
    department=st.sampled_from(["technical", "finance", "elsewhere"]),
    assignee=st.sampled_from(["", ME, "ada.desk"]),
    answer_due_at=st.none() | st.integers(NOW - 9 * HOUR, NOW + 9 * HOUR),
    last_client_at=st.none() | st.integers(NOW - 90 * HOUR, NOW),
    last_staff_at=st.none() | st.integers(NOW - 90 * HOUR, NOW),
    at_stake=st.none() | st.integers(0, 500_000),
    hold_until=st.none() | st.integers(NOW - HOUR, NOW + 90 * HOUR),
    version=st.integers(1, 3),
)
MANY = st.lists(ROWS, max_size=30, unique_by=lambda row: row.id)


@given(MANY)
def test_the_order_is_the_rules_order_and_one_number_sorts_the_same(rows: list[TicketRow]) -> None:
    ranks = Ranks()
    ordered = ranks.in_order(rows)
    by_rule = {row.id: ticket_risk.act_by(facts_of(row)) for row in rows}
    assert sorted(row.id for row in ordered) == sorted(key for key, until in by_rule.items() if until is not None)
    assert [ranks.act_by(row) for row in ordered] == sorted(ranks.act_by(row) or 0 for row in ordered)
    everything = sorted(rows, key=ranks.number)
    assert [row.state == "open" for row in everything] == sorted((row.state == "open" for row in rows), reverse=True)


def test_a_rank_is_kept_until_the_ticket_changes() -> None:
    ranks = Ranks()
    row = ticket_row(1)
    before = ranks.act_by(row)
    assert ranks.act_by(row._replace(priority="service down")) == before
    changed = ranks.act_by(row._replace(priority="service down", version=2))
    assert changed is not None and before is not None and changed < before


@given(MANY)
def test_every_view_counts_what_it_shows(rows: list[TicketRow]) -> None:
    counts = count_views(rows, ME, NOW)
    for view in queue_views(ME, DEPARTMENTS):
        assert counts.by_view.get(view.id, 0) == sum(view.shows(row, NOW) for row in rows), view.id
    assert counts.late + counts.due == counts.by_view["due"]


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({}, "first answer due in 5 min"),
        ({"answer_due_at": NOW - 5 * MINUTE}, "first answer 5 min late"),
        ({"priority": "service down"}, "service down · first answer due in 5 min"),
        ({"answer_due_at": None, "last_staff_at": NOW - HOUR}, "waits 10 min since our last word"),
        ({"answer_due_at": None, "last_client_at": None}, "waits 10 min for us"),
        ({"at_stake": 40_000}, "first answer due in 5 min · 400.00 EUR a month at stake"),
        ({"state": "on hold", "hold_until": NOW + HOUR}, "wakes up in 1 h 00"),
        ({"state": "on hold", "hold_until": NOW - 1}, "wakes up now"),
        ({"state": "answered", "last_staff_at": NOW - 2 * HOUR}, "the client's turn for 2 h 00"),
        ({"state": "closed"}, "closed"),
        ({"state": "closed", "merged_into": "7"}, "merged away"),
    ],
)
def test_each_row_says_in_words_why_it_is_next(values: dict[str, object], words: str) -> None:
    row = ticket_row(1, **values)
    assert why_next(row, Ranks().reasons(row, NOW), NOW) == words


@given(MANY, st.sets(st.integers(1, 500).map(str)))
def test_next_is_the_first_in_order_that_is_mine_or_nobodys(rows: list[TicketRow], but: set[str]) -> None:
    ranks = Ranks()
    found = next_ticket(rows, ranks, ME, but=frozenset(but))
    ours = [row for row in ranks.in_order(rows) if row.assignee in ("", ME) and row.id not in but]
    assert found == (ours[0] if ours else None)


@pytest.mark.parametrize(
    ("text", "ids", "words"),
    [
        ("who:me", ["1"], ""),
        ("who:nobody disk", ["2"], "disk"),
        ("-who:nobody", ["1", "3"], ""),
        ("dept:finance", ["3"], ""),
        ("prio:down,high", ["2"], ""),
        ("tag:raid", ["2"], ""),
        ("state:open waits:2h", ["3"], ""),
        ("client:kofi", ["3"], ""),
        ("order:17", ["1"], ""),
        ("re:start http://x", ["1", "2", "3"], "re:start http://x"),
    ],
)
def test_terms_of_the_filter_narrow_by_what_a_ticket_is(text: str, ids: list[str], words: str) -> None:
    rows = [
        ticket_row(1, assignee=ME, order_id="17"),
        ticket_row(2, priority="service down", tags="disk raid"),
        ticket_row(3, assignee="ada.desk", department="finance", login="kofi.brandt", last_client_at=NOW - 3 * HOUR),
    ]
    found = read_filter(text, ME, NOW)
    assert [row.id for row in rows if found.matches is None or found.matches(row)] == ids
    assert found.words == words
    assert not found.problem


@pytest.mark.parametrize("text", ["who:", "waits:soon", "waits:9999999h", "tag:,"])
def test_a_term_that_cannot_be_read_is_named_and_left_out(text: str) -> None:
    found = read_filter(f"{text} disk", ME, NOW)
    assert found.words == "disk"
    assert found.matches is None
    assert FIELDS[text.partition(":")[0]] in found.problem


def test_ranks_of_many_tickets_are_worked_out_once() -> None:
    rows = [ticket_row(number, answer_due_at=None) for number in range(1, 2_001)]
    random.Random(1).shuffle(rows)
    ranks = Ranks()
    assert [row.id for row in ranks.in_order(rows)] == [str(number) for number in range(1, 2_001)]
