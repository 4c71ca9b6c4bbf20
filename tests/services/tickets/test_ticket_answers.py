"""Whether a panel's answer is about what was asked, and how little of it is kept (RELIABILITY "wrong id", TKT-6)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from billtui.domain.models import TicketChange, TicketState
from billtui.services import planner, settle
from billtui.services.attachments import attached
from billtui.services.journal import OperationState
from billtui.services.plans import Operation
from billtui.services.settle import Verdict, held_against
from tests.support.letters import client_account, message, staff_account, ticket

CLOSE = TicketChange(state=TicketState.CLOSED)


def wire(**values: Any) -> dict[str, Any]:
    """A ticket as a panel sends it."""
    found: dict[str, Any] = ticket(**values).model_dump(mode="json")
    return found


def operation(name: str, tmp_path: Path) -> tuple[Operation, dict[str, Any]]:
    """An operation of each kind, and the right answer to it."""
    staff = staff_account()
    (tmp_path / "a.log").write_text("a")
    file = attached(tmp_path / "a.log")
    if name == "new":
        plan = planner.new_ticket(
            client_account(), department="technical", subject="Disk  is full", body="b" * 9000, order_id="7"
        )
        return plan.operation(1), wire(order_id="7")
    if name in ("reply", "note"):
        internal = name == "note"
        plan = planner.reply(staff, ticket(), "b" * 9000, seen="m3", internal=internal, attachments=[file])
        files = [{"id": "f1", "name": "a.log", "size": 1}]
        posted = message("m4", internal=internal, body="b" * 9000, attachments=files).model_dump(mode="json")
        return plan.operation(1), {"message": posted, "ticket": wire(last_message_id="m4")}
    if name == "change":
        return planner.change_tickets(staff, [ticket()], CLOSE).operation(1), wire(state="closed")
    if name == "bulk":
        plan = planner.change_tickets(staff, [ticket("1"), ticket("2")], CLOSE)
        return plan.operation(1), {"items": [wire(ticket_id="2"), wire(ticket_id="1")]}
    if name == "merge":
        return planner.merge(staff, [ticket("1")], ticket("2")).operation(1), wire(ticket_id="2")
    if name == "unmerge":
        return planner.unmerge(staff, ticket("1", merged_into="2")).operation(1), wire(ticket_id="1")
    if name == "split":
        plan = planner.split_ticket(staff, ticket(), [message("m1")], subject="Other", department="sales")
        return plan.operation(1), wire(ticket_id="99", split_from="71")
    saved = planner.save_canned(staff, title="Hello", body="Dear {client}")
    return saved.operation(1), {"id": "c1", "title": "Hello", "body": "Dear {client}", "version": 1}


KINDS = ("new", "reply", "note", "change", "bulk", "merge", "unmerge", "split", "canned")
WRONG: dict[str, list[dict[str, Any]]] = {
    "new": [{"department": "sales"}, {"subject": "Another"}, {"order_id": "8"}, {"order_id": None}, {"id": None}],
    "reply": [
        {"message.ticket_id": "72"},
        {"ticket.id": "72"},
        {"message.internal": True},
        {"message.attachments": []},
    ],
    "note": [{"message.internal": False}, {"message.internal": None}, {"message": None}],
    "change": [{"id": "72"}],
    "bulk": [{"items": [wire(ticket_id="1")]}, {"items": [wire(ticket_id="1"), wire(ticket_id="3")]}],
    "merge": [{"id": "1"}],
    "unmerge": [{"id": "2"}, {"merged_into": "2"}],
    "split": [{"split_from": "72"}, {"split_from": None}],
    "canned": [{"title": "Bye"}],
}


def changed(answer: dict[str, Any], change: dict[str, Any]) -> dict[str, Any]:
    copy: dict[str, Any] = json.loads(json.dumps(answer))
    for path, value in change.items():
        *way, last = path.split(".")
        place = copy
        for step in way:
            place = place[step]
        place[last] = value
    return copy


@pytest.mark.parametrize("name", KINDS)
def test_an_answer_about_something_else_is_never_done(name: str, tmp_path: Path) -> None:
    asked, answer = operation(name, tmp_path)
    assert settle.speaks_of(answer, asked)
    kept = held_against(Verdict(OperationState.DONE, answer=answer), asked, None)
    assert kept.state is OperationState.DONE and len(json.dumps(kept.answer)) < 700, "no text is kept twice"
    for change in WRONG[name]:
        wrong = held_against(Verdict(OperationState.DONE, answer=changed(answer, change)), asked, None)
        assert (wrong.state, wrong.code) == (OperationState.NEEDS_YOU, "odd-answer"), change


def test_a_large_bulk_change_keeps_its_ids_only() -> None:
    tickets = [ticket(str(number)) for number in range(200)]
    asked = planner.change_tickets(staff_account(), tickets, CLOSE).operation(1)
    answer = {"items": [one.model_dump(mode="json") for one in tickets]}
    assert settle.kept_answer(asked, answer) == {"ticket_ids": [str(number) for number in range(200)]}
