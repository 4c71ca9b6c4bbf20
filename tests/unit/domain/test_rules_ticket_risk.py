"""What support answers next: laws of the order, and the words that go with it (TKT-7, TKT-10)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from billtui.domain.business_hours import BusinessHours
from billtui.domain.models.tickets import TicketState
from billtui.domain.money import Money
from billtui.domain.policy import DEFAULT_POLICY
from billtui.domain.rules.ticket_risk import (
    BROUGHT_FORWARD,
    NEXT_ANSWER_FACTOR,
    RiskFacts,
    Why,
    act_by,
    answer_by,
    reasons,
    span,
)
from billtui.domain.rules.tickets import Priority

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
OFFICE = replace(DEFAULT_POLICY, support_hours=BusinessHours(time(9), time(17), frozenset(range(5))))

instants = st.integers(-200_000, 200_000).map(lambda seconds: NOON + timedelta(seconds=seconds))
stakes = st.none() | st.integers(0, 500_000).map(lambda cents: Money(Decimal(cents) / 100, "EUR"))
facts = st.builds(
    RiskFacts,
    id=st.integers(1, 99_999).map(str),
    department=st.sampled_from(["technical", "finance", "sales"]),
    state=st.sampled_from(TicketState),
    priority=st.sampled_from(Priority),
    last_client_at=instants,
    answer_due_at=st.none() | instants,
    last_staff_at=st.none() | instants,
    at_stake=stakes,
)
lists = st.lists(facts, unique_by=lambda one: one.id, max_size=12)


def ticket(**changed: object) -> RiskFacts:
    whole = RiskFacts(
        "7", "technical", TicketState.OPEN, Priority.NORMAL, NOON, answer_due_at=NOON + timedelta(minutes=15)
    )
    return replace(whole, **changed)  # type: ignore[arg-type]  # each test names fields that there are


@given(facts, instants)
def test_who_need_not_be_answered_is_urgent_for_no_reason_and_who_must_is_for_one_at_least(
    one: RiskFacts, now: datetime
) -> None:
    assert bool(reasons(one, now)) == (act_by(one) is not None) == (one.state is TicketState.OPEN)


@given(facts, st.sampled_from(Priority), st.sampled_from(Priority))
def test_a_higher_priority_never_waits_longer(one: RiskFacts, first: Priority, second: Priority) -> None:
    one = replace(one, state=TicketState.OPEN)
    sooner, later = sorted((first, second))
    a, b = act_by(replace(one, priority=sooner)), act_by(replace(one, priority=later))
    assert a is not None and b is not None and a <= b and (a < b or sooner == later)


@given(facts, st.integers(0, 300_000), st.integers(0, 300_000))
def test_more_money_at_stake_never_waits_longer(one: RiskFacts, first: int, second: int) -> None:
    one = replace(one, state=TicketState.OPEN)
    less, more = (Money(Decimal(cents) / 100, "EUR") for cents in sorted((first, second)))
    rich, poor = act_by(replace(one, at_stake=more)), act_by(replace(one, at_stake=less))
    assert rich is not None and poor is not None and rich <= poor


@given(facts, st.timedeltas(timedelta(0), timedelta(days=2)))
def test_an_earlier_deadline_never_waits_longer(one: RiskFacts, later: timedelta) -> None:
    one = replace(one, state=TicketState.OPEN, answer_due_at=NOON)
    early, late = act_by(one), act_by(replace(one, answer_due_at=NOON + later))
    assert early is not None and late is not None and early <= late


@given(st.timedeltas(timedelta(0), timedelta(days=400)))
def test_a_span_fits_into_a_row(length: timedelta) -> None:
    assert 3 <= len(span(length)) <= 6


def test_a_service_that_is_down_goes_before_a_plain_question_that_is_due_sooner() -> None:
    down = ticket(id="1", priority=Priority.SERVICE_DOWN, answer_due_at=NOON + timedelta(hours=3))
    plain = ticket(id="2", answer_due_at=NOON + timedelta(minutes=2))
    assert (act_by(down) or NOON) < (act_by(plain) or NOON)
    assert [reason.words for reason in reasons(down, NOON)] == ["service down", "first answer due in 3 h 00"]


def test_a_missed_first_answer_is_the_first_thing_that_is_said() -> None:
    late = ticket(priority=Priority.SERVICE_DOWN, at_stake=Money(Decimal("450.00"), "EUR"))
    said = reasons(late, NOON + timedelta(minutes=27))
    assert [reason.why for reason in said] == [Why.MISSED, Why.DOWN, Why.STAKE]
    assert said[0].words == "first answer 12 min late"
    assert said[2].words == "450.00 EUR a month at stake"


def test_the_next_answer_has_four_times_as_long_in_open_hours() -> None:
    friday = datetime(2026, 11, 27, 16, tzinfo=UTC)
    again = ticket(
        department="finance", answer_due_at=None, last_client_at=friday, last_staff_at=friday - timedelta(hours=1)
    )
    # 16 open hours from Friday 16:00: one on Friday, eight on Monday, seven on Tuesday.
    assert NEXT_ANSWER_FACTOR == 4
    assert answer_by(again, OFFICE) == datetime(2026, 12, 1, 16, tzinfo=UTC)
    assert reasons(again, friday + timedelta(hours=50), OFFICE)[0].words == "waits 2 d since our last word"


def test_low_priority_is_said_last_and_moves_back() -> None:
    low = ticket(priority=Priority.LOW)
    assert act_by(low) == NOON + timedelta(minutes=15) - BROUGHT_FORWARD[Priority.LOW]
    assert [reason.why for reason in reasons(low, NOON)] == [Why.DUE, Why.LOW]
