"""Tickets: states (TKT-5), queue (TKT-7), service level (TKT-10), writing (TKT-4, TKT-6, TKT-8, TKT-9)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from billtui.domain.business_hours import BusinessHours
from billtui.domain.models import TicketState
from billtui.domain.policy import Policy
from billtui.domain.rules import tickets
from billtui.domain.rules.tickets import Priority, TicketFacts
from tests.unit.domain.made_facts import DAY, HOUR, NOW

MINUTE = timedelta(minutes=1)
MIB = 1024 * 1024


def ticket(ticket_id: str = "41", **facts: Any) -> TicketFacts:
    """An open technical ticket of now."""
    values: dict[str, Any] = {
        "department": "technical",
        "state": TicketState.OPEN,
        "created_at": NOW,
        "last_client_message_at": NOW,
        "last_message_id": "m1",
    }
    return TicketFacts(ticket_id, **(values | facts))


def code_of(refusal: Any) -> str:
    """The refusal's code, which it has to have."""
    assert refusal is not None and refusal.rule.startswith("TKT-") and refusal.reason
    return str(refusal.code)


def test_tkt_5_who_must_act_changes_with_who_wrote() -> None:
    answered = tickets.after_reply(ticket(), "m2", NOW + HOUR)
    assert (answered.state, answered.first_answer_at) == (TicketState.ANSWERED, NOW + HOUR)
    asked_again = tickets.after_client_message(answered, "m3", NOW + 2 * HOUR)
    assert (asked_again.state, asked_again.last_client_message_at) == (TicketState.OPEN, NOW + 2 * HOUR)
    assert asked_again.first_answer_at == NOW + HOUR
    done = tickets.after_reply(asked_again, "m4", NOW + 3 * HOUR, close=True)
    assert (done.state, done.closed_at, done.first_answer_at) == (TicketState.CLOSED, NOW + 3 * HOUR, NOW + HOUR)
    assert tickets.closed(done, NOW + DAY) == done
    again = tickets.after_reply(done, "m5", NOW + DAY, close=True)
    assert (again.state, again.closed_at) == (TicketState.CLOSED, NOW + DAY), "what closes it is the new answer"
    assert tickets.after_note(answered, "m5") == replace(answered, last_message_id="m5")


def test_tkt_5_a_closed_ticket_reopens_for_14_days_to_the_second() -> None:
    closed = tickets.closed(ticket(), NOW)
    last = NOW + 14 * DAY
    assert tickets.client_message_refusal(closed, last - timedelta(seconds=1)) is None
    assert code_of(tickets.client_message_refusal(closed, last)) == "ticket-closed"
    assert tickets.client_message_refusal(ticket(), last) is None
    reopened = tickets.after_client_message(closed, "m2", NOW + DAY)
    assert (reopened.state, reopened.closed_at) == (TicketState.OPEN, None)


def test_tkt_5_a_hold_ends_by_itself_or_when_the_client_writes() -> None:
    held = tickets.on_hold(ticket(), NOW + DAY)
    assert tickets.woken(held, NOW + DAY - MINUTE) == held
    assert tickets.woken(held, NOW + DAY).state is TicketState.OPEN
    assert tickets.after_client_message(held, "m2", NOW + HOUR).hold_until is None
    assert code_of(tickets.hold_refusal(ticket(), NOW, NOW)) == "hold-in-the-past"
    assert code_of(tickets.hold_refusal(tickets.closed(ticket(), NOW), NOW + DAY, NOW)) == "ticket-closed"
    assert tickets.hold_refusal(ticket(), NOW + MINUTE, NOW) is None


def test_tkt_7_a_priority_is_served_by_the_last_client_message() -> None:
    first = ticket("1", last_client_message_at=NOW - HOUR)
    bumped = tickets.after_client_message(first, "m2", NOW + MINUTE)
    second, down = ticket("2"), ticket("3", priority=Priority.SERVICE_DOWN)
    finance = ticket("4", department="finance", last_client_message_at=NOW - DAY)
    answered = ticket("5", state=TicketState.ANSWERED)
    assert tickets.queue_places([first, second, down, finance, answered]) == {"3": 1, "1": 2, "2": 3, "4": 1}
    assert tickets.queue_places([bumped, second, down]) == {"3": 1, "2": 2, "1": 3}


@given(st.lists(st.tuples(st.sampled_from(Priority), st.integers(0, 3), st.sampled_from(TicketState)), max_size=12))
def test_tkt_7_the_queue_has_every_open_ticket_once(made: list[tuple[Priority, int, TicketState]]) -> None:
    all_of_them = [
        ticket(str(n), priority=priority, last_client_message_at=NOW + hours * HOUR, state=state)
        for n, (priority, hours, state) in enumerate(made)
    ]
    found = tickets.queue(all_of_them)
    assert {one.id for one in found} == {one.id for one in all_of_them if one.state is TicketState.OPEN}
    assert tickets.queue(reversed(all_of_them)) == found
    assert sorted(tickets.queue_places(all_of_them).values()) == [*range(1, len(found) + 1)]


def test_tkt_10_technical_in_15_minutes_others_in_4_hours() -> None:
    assert tickets.answer_due_at(ticket()) == NOW + 15 * MINUTE
    assert tickets.answer_due_at(ticket(department="sales")) == NOW + 4 * HOUR
    assert tickets.time_left(NOW + 15 * MINUTE, NOW + 5 * MINUTE) == 10 * MINUTE
    assert tickets.time_left(NOW + 15 * MINUTE, NOW + HOUR) == -45 * MINUTE
    assert tickets.answer_due_at(ticket(first_answer_at=NOW)) is None
    assert tickets.answer_due_at(tickets.closed(ticket(), NOW)) is None


def test_tkt_10_in_business_hours() -> None:
    policy = Policy(support_hours=BusinessHours(time(9), time(18), frozenset(range(5))))
    friday = datetime.fromisoformat("2026-11-20T17:50:00+00:00")
    late = ticket(created_at=friday, last_client_message_at=friday)
    due = datetime.fromisoformat("2026-11-23T09:05:00+00:00")
    assert tickets.answer_due_at(late, policy) == due
    assert tickets.time_left(due, friday + DAY, policy) == 5 * MINUTE
    assert tickets.time_left(due, due + MINUTE, policy) == -MINUTE


def test_tkt_6_five_attachments_of_ten_mib() -> None:
    assert tickets.attachments_refusal([10 * MIB] * 5) is None
    assert code_of(tickets.attachments_refusal([1] * 6)) == "too-many-attachments"
    assert code_of(tickets.attachments_refusal([1, 10 * MIB + 1])) == "attachment-too-large"


def test_tkt_9_a_reply_on_an_unseen_thread_is_held() -> None:
    assert tickets.moved_on_refusal(ticket(), "m1") is None
    for unseen in ("m0", None):
        refusal = tickets.moved_on_refusal(ticket(), unseen)
        assert code_of(refusal) == "thread-moved-on"
        assert refusal is not None and refusal.related["message_id"] == "m1"


def test_tkt_4_access_is_for_support_on_an_open_ticket_with_a_reason() -> None:
    assert tickets.access_refusal(ticket(), "support", "looking at the boot log") is None
    for role in ("client", "admin", ""):
        assert code_of(tickets.access_refusal(ticket(), role, "why not")) == "forbidden"
    assert code_of(tickets.access_refusal(tickets.closed(ticket(), NOW), "support", "late")) == "access-wiped"
    assert code_of(tickets.access_refusal(ticket(), "support", " \n")) == "reason-missing"


def test_tkt_8_an_unresolved_placeholder_is_named_and_values_are_not_read_again() -> None:
    filled = tickets.fill_reply("Hello {client}, {server} is {state}. {client}: {missing} {missing}", {
        "client": "{server}", "server": "web-1", "state": "",
    })  # fmt: skip
    assert filled.text == "Hello {server}, web-1 is {state}. {server}: {missing} {missing}"
    assert filled.unresolved == ("state", "missing")
    assert tickets.fill_reply("Nothing { to } fill", {"to": "left"}).text == "Nothing left fill"
    assert tickets.fill_reply("{}", {}).unresolved == ("",)


@given(st.text(max_size=60), st.dictionaries(st.text(max_size=5), st.text(max_size=10), max_size=3))
def test_tkt_8_without_braces_a_reply_is_what_it_is(template: str, values: dict[str, str]) -> None:
    plain = template.replace("{", "").replace("}", "")
    assert tickets.fill_reply(plain, values) == tickets.FilledReply(plain, ())


# --- what may be written, and what can be done


def test_tkt_1_and_tkt_6_texts_have_a_length() -> None:
    assert code_of(tickets.department_refusal("poetry", ("technical", "sales"))) == "unknown-department"
    assert tickets.department_refusal("sales", ("technical", "sales")) is None
    for subject, code in ((" \t", "subject-missing"), ("x" * 201, "subject-too-long")):
        assert code_of(tickets.subject_refusal(subject)) == code
    assert tickets.subject_refusal("x" * 200) is None
    for body, code in (("\n ", "body-missing"), ("x" * 1_000_001, "body-too-long")):
        assert code_of(tickets.body_refusal(body)) == code
    assert tickets.body_refusal("x" * 1_000_000) is None


def test_tkt_10_a_first_answer_is_owed_anew_from_a_reopening_without_one() -> None:
    never = tickets.closed(ticket(), NOW + HOUR)
    for again in (tickets.after_client_message(never, "m2", NOW + DAY), tickets.reopened(never, NOW + DAY)):
        assert (again.state, tickets.answer_due_at(again)) == (TicketState.OPEN, NOW + DAY + 15 * MINUTE)
    answered = tickets.after_reply(ticket(), "m2", NOW + HOUR, close=True)
    assert tickets.answer_due_at(tickets.after_client_message(answered, "m3", NOW + DAY)) is None
    open_one = ticket()
    assert tickets.reopened(open_one, NOW + DAY) is open_one


def test_tkt_8_to_a_merged_ticket_nothing_is_written() -> None:
    merged = replace(tickets.closed(ticket(), NOW), merged_into="40")
    for refusal in (tickets.client_message_refusal(merged, NOW), tickets.merged_refusal(merged)):
        assert code_of(refusal) == "ticket-merged" and refusal is not None and refusal.related == {"ticket_id": "40"}
    client = tickets.ticket_actions(merged, "client", NOW)
    assert {name: code_of(why) for name, why in client.items() if name != "rate"} == dict.fromkeys(
        ("reply", "close", "reopen", "give-access"), "ticket-merged"
    )
    staff = tickets.ticket_actions(merged, "support", NOW)
    assert {name for name, why in staff.items() if why is None} == {"tag", "unmerge"}


def test_actions_by_role_and_state() -> None:
    """TKT-4, TKT-5, TKT-8: a client has five, staff the rest, and each no has its reason."""
    assert tuple(tickets.ticket_actions(ticket(), "client", NOW)) == tickets.CLIENT_ACTIONS
    for role in ("support", "admin"):
        assert tuple(tickets.ticket_actions(ticket(), role, NOW)) == tickets.STAFF_ACTIONS
    closed = tickets.closed(ticket(), NOW)
    refused = {name: code_of(why) for name, why in tickets.ticket_actions(closed, "client", NOW).items() if why}
    assert refused == {"close": "ticket-closed", "give-access": "ticket-closed"}
    late = {name: code_of(why) for name, why in tickets.ticket_actions(closed, "client", NOW + 14 * DAY).items() if why}
    assert late == refused | {"reply": "ticket-closed", "reopen": "ticket-closed"}
    taken = tickets.ticket_actions(ticket(), "support", NOW, login="sam.desk", assignee="sam.desk", access="given")
    assert {name: code_of(why) for name, why in taken.items() if why} == {
        "reopen": "ticket-not-closed",
        "take": "already-taken",
        "unmerge": "not-merged",
    }
    for role, access, code in (
        ("admin", "given", "forbidden"),
        ("support", "none", "no-access-given"),
        ("support", "wiped", "access-wiped"),
    ):
        assert code_of(tickets.ticket_actions(ticket(), role, NOW, access=access)["reveal-access"]) == code


def test_tkt_5_rating_waits_for_an_answer_or_the_end() -> None:
    assert code_of(tickets.rating_refusal(ticket())) == "not-rateable"
    answered = tickets.after_reply(ticket(), "m2", NOW)
    for rateable in (answered, tickets.after_client_message(answered, "m3", NOW), tickets.closed(ticket(), NOW)):
        assert tickets.rating_refusal(rateable) is None
