"""Plans of tickets as they are reviewed: who reads it, the words themselves, the files, and nothing raw (TKT-6)."""

from __future__ import annotations

from pathlib import Path

from billtui.cli.plan_text import plan_lines
from billtui.domain.models import TicketChange, TicketState
from billtui.services import planner
from billtui.services.attachments import attached
from billtui.services.plans import Plan
from tests.support.letters import client_account, message, staff_account, ticket


def shown(plan: Plan) -> str:
    return "\n".join(plan_lines(plan, from_file=True))


def test_who_will_read_it_stands_before_its_title() -> None:
    note = shown(planner.reply(staff_account(), ticket(), "He has not paid.", seen="m3", internal=True))
    reply = shown(planner.reply(staff_account(), ticket(), "Paid?\n\x1b[2JNow.", seen="m3", close=True))
    assert "ticket.reply ticket:71: a note that only staff sees: “Note on T-71" in note
    assert "a reply that closes the ticket" in reply and "note" not in reply.lower()
    assert "  | He has not paid." in note and "  | Paid?\n  | ␛[2JNow." in reply


def test_a_new_ticket_shows_what_is_sent(tmp_path: Path) -> None:
    (tmp_path / "df.log").write_text("full")
    plan = planner.new_ticket(
        client_account(), department="technical", subject="Disk is full", body="line\n" * 500, order_id="1001",
        attachments=[attached(tmp_path / "df.log")],
    )  # fmt: skip
    text = shown(plan)
    assert "a new ticket to technical" in text and "subject: Disk is full" in text and "order id: 1001" in text
    assert f"file: df.log, 4 bytes (from {tmp_path / 'df.log'})" in text
    assert text.count("  | line") == 60 and "(2,500 characters in all)" in text


def test_other_steps_say_what_they_do() -> None:
    staff = staff_account()
    close = planner.change_tickets(staff, [ticket("1"), ticket("2")], TicketChange(state=TicketState.CLOSED))
    assert "ticket.change ticket:1 ticket:2: Close" in shown(close)
    merge = planner.merge(staff, [ticket("1")], ticket("2"))
    assert "merge 1 ticket into 2" in shown(merge)
    assert "take the ticket out" in shown(planner.unmerge(staff, ticket("1", merged_into="2")))
    split = planner.split_ticket(staff, ticket(), [message("m1")], subject="Other", department="sales")
    assert "make 1 message a new ticket to sales" in shown(split) and "message ids: m1" in shown(split)
    saved = shown(planner.save_canned(staff, title="Hello", body="Dear {client}"))
    assert "save a canned reply" in saved and "title: Hello" in saved and "  | Dear {client}" in saved
