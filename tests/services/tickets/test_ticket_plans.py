"""Plans of what is written to tickets and done with them: what is left out and why, and the seal (TKT-5 … TKT-9)."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from billtui.domain.models import CannedReply, Department, TicketChange, TicketPriority, TicketState
from billtui.services import planner
from billtui.services.attachments import attached
from billtui.services.journal import OperationState
from billtui.services.journal.rows import Busy
from billtui.services.plans import OperationKind, Plan, PlanError
from billtui.services.ticket_params import AttachedFile
from tests.support.letters import NOW, client_account, message, refused_action, staff_account, ticket

K = OperationKind
CLOSE = TicketChange(state=TicketState.CLOSED)


def codes(plan: Plan) -> list[str]:
    """Why things were left out."""
    assert plan.operations == ()
    return [one.code.raw for one in plan.left_out]


def note() -> Plan:
    return planner.reply(staff_account(), ticket(), "He has not paid.", seen="m3", internal=True)


# --- writing


def test_a_reply_rests_on_what_was_seen() -> None:
    """TKT-9"""
    plan = planner.reply(staff_account(), ticket(), "Freed 40 GB.", seen="m3", close=True)
    [operation] = plan.operations
    assert (operation.kind, operation.targets, operation.holdable) == (K.TICKET_REPLY, ("ticket:71",), True)
    assert operation.params == {
        "ticket_id": "71", "body": "Freed 40 GB.", "attachments": [], "internal": False, "seen": "m3", "close": True,
    }  # fmt: skip
    assert str(plan.title) == "Answer and close T-71: Disk is full" and plan.item_count == 1
    assert Plan.from_json(plan.to_json()) == plan
    moved = planner.reply(staff_account(), ticket(), "Freed 40 GB.", seen="m2")
    assert codes(moved) == ["thread-moved-on"] and moved.left_out[0].related["message_id"].raw == "m3"
    assert codes(planner.reply(staff_account(), ticket(), "x", seen=None)) == ["thread-moved-on"]


@pytest.mark.parametrize(
    ("words", "code"),
    [("  \n", "body-missing"), ("x" * 1_000_001, "body-too-long"), ("Dear { client },", "unresolved-placeholder")],
)
def test_a_text_that_cannot_be_sent_says_why(words: str, code: str) -> None:
    plan = planner.reply(staff_account(), ticket(), words, seen="m3", placeholders=("client", "order"))
    assert codes(plan) == [code]
    new = planner.new_ticket(
        client_account(), department="technical", subject="Disk", body=words, placeholders=("client",)
    )
    assert codes(new) == [code]


def test_braces_that_came_from_no_canned_reply_are_text() -> None:
    """TKT-8: a shell script is no template."""
    assert planner.reply(staff_account(), ticket(), "rm {a,b} ${client}", seen="m3").operations


def test_what_the_panel_says_about_a_reply_is_said_in_its_words() -> None:
    closed = ticket(state="closed", actions=[refused_action("reply", "ticket-closed", "Closed on Monday.")])
    plan = planner.reply(client_account(), closed, "It is full again.", seen="m3")
    assert codes(plan) == ["ticket-closed"] and plan.left_out[0].reason.raw == "Closed on Monday."
    merged = planner.reply(client_account(), ticket(merged_into="99"), "Hello", seen="m3")
    assert codes(merged) == ["ticket-merged"] and merged.left_out[0].related["ticket_id"].raw == "99"


def test_a_new_ticket_says_what_is_missing() -> None:
    """TKT-1"""
    departments = [Department.model_validate({"id": "technical", "name": "Technical support"})]

    def made(**values: Any) -> Plan:
        wanted = {"department": "technical", "subject": "Disk is full", "body": "df says 100 %"} | values
        return planner.new_ticket(client_account(), departments=departments, **wanted)

    assert codes(made(department="cleaning")) == ["unknown-department"]
    assert codes(made(subject=" ")) == ["subject-missing"]
    assert codes(made(account_id="318255")) == ["forbidden"]
    [operation] = made(order_id="1001", number=3).operations
    assert operation.targets == ("new-ticket:3",), "the order can be renewed while this waits"
    assert operation.params["order_id"] == "1001" and "invoice_id" not in operation.params and operation.holdable


def test_one_draft_has_one_open_operation() -> None:
    busy = {"new-ticket:3": Busy("new-ticket:3", "a" * 32, 1, OperationState.UNKNOWN, ticket().subject)}
    plan = planner.new_ticket(client_account(), department="sales", subject="a", body="b", number=3, busy=busy)
    assert codes(plan) == ["operation-open"]


def test_files_stand_in_the_plan_with_their_digest(tmp_path: Path) -> None:
    """TKT-6"""
    (tmp_path / "a.log").write_text("full")
    file = attached(tmp_path / "a.log")
    plan = planner.reply(staff_account(), ticket(), "See the log.", seen="m3", attachments=[file])
    assert Plan.from_json(plan.to_json()).operation(1).files() == (file,)
    six = planner.reply(staff_account(), ticket(), "x", seen="m3", attachments=[file] * 6)
    assert codes(six) == ["too-many-attachments"]
    large = AttachedFile("/a", "a", 10 * 1024 * 1024 + 1, "0" * 64)
    assert codes(planner.reply(staff_account(), ticket(), "x", seen="m3", attachments=[large])) == [
        "attachment-too-large"
    ]


# --- a note never becomes public (TKT-6)


def test_a_client_writes_no_note_and_a_note_closes_nothing() -> None:
    assert codes(planner.reply(client_account(), ticket(), "x", seen="m3", internal=True)) == ["forbidden"]
    assert codes(planner.reply(staff_account(), ticket(), "x", seen="m3", internal=True, close=True)) == ["forbidden"]


@pytest.mark.parametrize("value", [False, None, 0, "false", "missing"])
def test_a_plan_file_in_which_a_note_was_made_public_by_hand_is_refused(value: object) -> None:
    document = json.loads(note().to_json())
    if value == "missing":
        del document["operations"][0]["params"]["internal"]
    else:
        document["operations"][0]["params"]["internal"] = value
    with pytest.raises(PlanError, match=r"sealed|needs internal"):
        Plan.from_json(json.dumps(document))


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_no_word_of_what_is_written_can_be_changed_by_hand(data: st.DataObject) -> None:
    """Whatever one parameter is changed to, the file is refused; so nothing is sent that nobody confirmed."""
    document = json.loads(note().to_json())
    params = document["operations"][0]["params"]
    name = data.draw(st.sampled_from(sorted(params)))
    other = data.draw(st.one_of(st.booleans(), st.text(max_size=20), st.none(), st.lists(st.text(max_size=3))))
    if type(other) is type(params[name]) and other == params[name]:
        return
    params[name] = other
    with pytest.raises(PlanError):
        Plan.from_json(json.dumps(document))


def test_a_note_says_so_in_its_title_and_is_never_done_again_by_itself() -> None:
    plan = note()
    assert str(plan.title).startswith("Note on T-71")
    again = planner.again(plan, [1])
    assert again.operations == () and again.left_out[0].code.raw == "plan-again"


# --- changing (TKT-5, TKT-8)


def test_closing_can_be_held_back_and_other_changes_go_at_once() -> None:
    assert planner.change_tickets(client_account(), [ticket()], CLOSE).operations[0].holdable
    taken = planner.change_tickets(staff_account(), [ticket()], TicketChange(assignee="ada.desk"))
    [operation] = taken.operations
    assert not operation.holdable and str(taken.title) == "Assign to ada.desk: T-71: Disk is full"
    document = json.loads(taken.to_json())
    document["operations"][0]["holdable"] = True
    with pytest.raises(PlanError, match="only closing"):
        Plan.from_json(json.dumps(document))


def test_many_tickets_are_one_request_without_those_that_cannot() -> None:
    tickets = [
        ticket("1"), ticket("2", state="closed"), ticket("3", merged_into="1"), ticket("4"), ticket("1"),
        ticket("5", actions=[refused_action("close", "refused", "Not this one.")]),
    ]  # fmt: skip
    plan = planner.change_tickets(staff_account(), tickets, CLOSE)
    [operation] = plan.operations
    assert operation.params["ticket_ids"] == ["1", "4"] and operation.targets == ("ticket:1", "ticket:4")
    assert [(one.target, one.code.raw) for one in plan.left_out] == [
        ("ticket:2", "nothing-to-do"), ("ticket:3", "ticket-merged"), ("ticket:5", "refused"),
    ]  # fmt: skip
    many = planner.change_tickets(staff_account(), [ticket(str(one)) for one in range(1, 1206)], CLOSE)
    assert [len(one.targets) for one in many.operations] == [1000, 205]


@pytest.mark.parametrize(
    ("change", "values", "code"),
    [
        (TicketChange(state=TicketState.ON_HOLD, hold_until=NOW), {}, "hold-in-the-past"),
        (TicketChange(state=TicketState.ON_HOLD), {}, "hold-in-the-past"),
        (TicketChange(state=TicketState.ON_HOLD, hold_until=NOW + timedelta(1)), {"state": "closed"}, "ticket-closed"),
        (TicketChange(state=TicketState.ANSWERED), {}, "answer-it"),
        (TicketChange(tags_add=("two words",)), {}, "bad-tag"),
        (TicketChange(tags_add=("VIP",)), {"tags": ["vip"]}, "nothing-to-do"),
        (TicketChange(assignee="ada.desk"), {"assignee": "ada.desk"}, "nothing-to-do"),
        (TicketChange(priority=TicketPriority.HIGH), {"priority": "high"}, "nothing-to-do"),
        (TicketChange(), {}, "nothing-to-do"),
    ],
)
def test_what_staff_cannot_change_says_why(change: TicketChange, values: dict[str, Any], code: str) -> None:
    assert codes(planner.change_tickets(staff_account(), [ticket(**values)], change, now=NOW)) == [code]


def test_a_client_closes_and_rates_and_nothing_else() -> None:
    for change in (TicketChange(assignee="x"), TicketChange(state=TicketState.OPEN), TicketChange(tags_add=("a",))):
        assert codes(planner.change_tickets(client_account(), [ticket()], change)) == ["forbidden"]
    rating = TicketChange(rating=5, rating_comment="Quick.")
    assert codes(planner.change_tickets(client_account(), [ticket()], rating)) == ["not-rateable"]
    assert planner.change_tickets(client_account(), [ticket(state="answered")], rating).operations


# --- merging, splitting, canned replies (TKT-8)


def test_only_tickets_of_one_account_are_merged() -> None:
    plan = planner.merge(
        staff_account(), [ticket("1"), ticket("2", account_id="318255"), ticket("3", merged_into="9")], ticket("9")
    )
    [operation] = plan.operations
    assert operation.params == {"ticket_ids": ["1"], "into": "9"} and set(operation.targets) == {"ticket:1", "ticket:9"}
    assert [one.code.raw for one in plan.left_out] == ["not-mergeable", "not-mergeable"]
    assert codes(planner.merge(client_account(), [ticket("1")], ticket("9"))) == ["forbidden"]
    assert planner.merge(staff_account(), [ticket("9")], ticket("9")).operations == ()


def test_unmerging_and_splitting_say_why_not() -> None:
    assert codes(planner.unmerge(staff_account(), ticket())) == ["not-merged"]
    assert planner.unmerge(staff_account(), ticket(merged_into="9")).operations
    some = [message("m1"), message("m2")]

    def split(**values: Any) -> Plan:
        wanted = {"subject": "Invoice", "department": "finance"} | values
        return planner.split_ticket(staff_account(), ticket(), values.pop("messages", some), **wanted)

    assert codes(split(subject="")) == ["subject-missing"] and codes(split(department="")) == ["unknown-department"]
    [operation] = split().operations
    assert operation.params["message_ids"] == ["m1", "m2"]


def test_canned_replies_are_saved_as_they_were_read() -> None:
    known = CannedReply.model_validate({"id": "c1", "title": "Hello", "body": "Dear {client}", "version": 7})
    saved = planner.save_canned(staff_account(), title="Hello", body="Dear {client},", reply=known, department="sales")
    [operation] = saved.operations
    assert operation.targets == ("canned:c1",) and operation.facts["version"] == 7
    new = planner.save_canned(staff_account(), title="New", body="x", number=2)
    assert new.operations[0].targets == ("new-canned:2",)
    assert codes(planner.save_canned(staff_account(), title="", body="x")) == ["title-missing"]
    assert codes(planner.save_canned(client_account(), title="a", body="x")) == ["forbidden"]
    assert planner.delete_canned(staff_account(), known).operations[0].targets == ("canned:c1",)
