"""Ticket engines broken by hand: the machine of two of support and two clients must catch every one of them (TKT).

Each function breaks one promise in one place, as a hasty change might.
"""

from __future__ import annotations

import logging
import os
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from billtui.domain.models.tickets import TicketState
from billtui.domain.rules import ticket_desk
from billtui.domain.rules import tickets as rules
from billtui.sandbox.engine import (
    attachments,
    changes,
    held_rows,
    server_access,
    ticket_merging,
    ticket_messages,
    ticket_states,
    ticket_triage,
    ticket_views,
    tickets,
)
from billtui.sandbox.engine.rows_tickets import TicketRow
from billtui.sandbox.engine.ticket_states import Person
from tests.support.busy_desk import BusyDesk
from tests.support.ticket_machine import Desk

Patch = pytest.MonkeyPatch
LONG = os.environ.get("BILLTUI_FAULTS") == "long"


def _as_staff(who: Person) -> Person:
    return replace(who, role="support")


def notes_stand_in_threads(patch: Patch) -> None:
    real = ticket_messages._page
    patch.setattr(ticket_messages, "_page", lambda tx, who, *rest: real(tx, _as_staff(who), *rest))


def notes_stand_in_the_list_of_all_messages(patch: Patch) -> None:
    def all_messages(tx: Any, who: Person, wanted: Any) -> Any:
        return ticket_messages._page(tx, _as_staff(who), wanted, ["account_id = ?"], [who.account_id])

    patch.setattr(ticket_messages, "all_messages", all_messages)


def a_client_is_shown_the_ticket_as_staff_is(patch: Patch) -> None:
    real = ticket_views.TicketViews.__init__
    patch.setattr(
        ticket_views.TicketViews, "__init__", lambda self, tx, who, rows: real(self, tx, _as_staff(who), rows)
    )


def a_note_gives_clients_a_new_version(patch: Patch) -> None:
    shape = held_rows._Shape.of(TicketRow)
    patch.setattr(shape, "open", shape.loud)


def a_note_is_told_in_the_feed_of_clients(patch: Patch) -> None:
    real = held_rows.Rows._tell
    patch.setattr(held_rows.Rows, "_tell", lambda self, *arguments, shown: real(self, *arguments, shown=True))


def a_note_moves_what_clients_have_seen_last(patch: Patch) -> None:
    real = ticket_messages._count

    def count(row: Any, message: Any) -> None:
        real(row, message)
        row.public_last = message.wire_id

    patch.setattr(ticket_messages, "_count", count)


def a_note_answers(patch: Patch) -> None:
    patch.setattr(rules, "after_note", lambda facts, message: replace(facts, state=TicketState.ANSWERED))


def files_of_notes_are_given_to_clients(patch: Patch) -> None:
    real = attachments.download
    patch.setattr(attachments, "download", lambda tx, who, attachment: real(tx, _as_staff(who), attachment))


def a_place_after_a_note_is_known_to_clients(patch: Patch) -> None:
    real = ticket_messages._place
    patch.setattr(ticket_messages, "_place", lambda tx, who, message: real(tx, _as_staff(who), message))


def tickets_of_others_are_shown(patch: Patch) -> None:
    real = tickets.seen_ticket
    patch.setattr(tickets, "seen_ticket", lambda tx, who, ticket: real(tx, _as_staff(who), ticket))


def others_are_answered_on_their_behalf(patch: Patch) -> None:
    real = tickets.seen_ticket
    patch.setattr(server_access, "seen_ticket", lambda tx, who, ticket: real(tx, _as_staff(who), ticket))


def nobody_is_told_that_the_thread_moved_on(patch: Patch) -> None:
    patch.setattr(rules, "moved_on_refusal", lambda *_: None)


def clients_are_held_up_by_notes(patch: Patch) -> None:
    real = ticket_states.ticket_facts
    patch.setattr(ticket_messages, "ticket_facts", lambda row, *, staff: real(row, staff=True))


def notes_count_for_nobody_who_replies(patch: Patch) -> None:
    real = ticket_states.ticket_facts
    patch.setattr(ticket_messages, "ticket_facts", lambda row, *, staff: real(row, staff=False))


def clients_write_notes(patch: Patch) -> None:
    real = ticket_messages.write

    def write(tx: Any, who: Person, row: Any, draft: Any) -> Any:
        return real(tx, who, row, replace(draft, internal=draft.internal and who.is_staff))

    patch.setattr(ticket_messages, "write", write)


def closed_tickets_open_again_for_ever(patch: Patch) -> None:
    patch.setattr(rules, "client_message_refusal", lambda ticket, *_: rules.merged_refusal(ticket))


def a_message_leaves_a_closed_ticket_closed(patch: Patch) -> None:
    real = rules.after_client_message

    def after(ticket: Any, message: str, now: Any) -> Any:
        if ticket.state is TicketState.CLOSED:
            return replace(ticket, last_client_message_at=now)
        return real(ticket, message, now)

    patch.setattr(rules, "after_client_message", after)


def a_reply_leaves_a_ticket_on_hold(patch: Patch) -> None:
    real = rules.after_reply

    def after(ticket: Any, message: str, now: Any, *, close: bool = False) -> Any:
        held = ticket.state is TicketState.ON_HOLD and not close
        return replace(ticket, first_answer_at=now) if held else real(ticket, message, now, close=close)

    patch.setattr(rules, "after_reply", after)


def every_answer_is_the_first(patch: Patch) -> None:
    real = rules.after_reply
    patch.setattr(
        rules, "after_reply", lambda ticket, *rest, **more: real(replace(ticket, first_answer_at=None), *rest, **more)
    )


def holds_never_end(patch: Patch) -> None:
    patch.setattr(ticket_states, "wake", lambda tx, row: setattr(row, "next_due", None))


def a_ticket_that_comes_back_owes_its_answer_since_long_ago(patch: Patch) -> None:
    real = rules.after_client_message
    patch.setattr(
        rules, "after_client_message", lambda ticket, *rest: replace(real(ticket, *rest), owed_since=ticket.owed_since)
    )


def server_access_outlives_its_ticket(patch: Patch) -> None:
    patch.setattr(ticket_states, "wipe_access", lambda *_: None)


def server_access_needs_no_reason(patch: Patch) -> None:
    real = rules.access_refusal
    patch.setattr(
        rules, "access_refusal", lambda ticket, role, _reason, *, access: real(ticket, role, "any", access=access)
    )


def a_ticket_is_rated_unanswered(patch: Patch) -> None:
    patch.setattr(rules, "rating_refusal", lambda *_: None)


def clients_are_colleagues(patch: Patch) -> None:
    patch.setattr(ticket_desk, "colleague_refusal", lambda *_: None)


def handing_over_keeps_who_has_it(patch: Patch) -> None:
    real = ticket_triage._apply

    def apply(tx: Any, who: Any, row: Any, wish: Any) -> None:
        assignee = row.assignee
        real(tx, who, row, wish)
        if wish.assignee is None:
            row.assignee = assignee

    patch.setattr(ticket_triage, "_apply", apply)


def handing_over_keeps_the_other_departments_service_level(patch: Patch) -> None:
    patch.setattr(ticket_triage, "set_due", lambda *_: None)


def tags_are_told_to_clients(patch: Patch) -> None:
    patch.setattr(ticket_triage, "stirred", lambda tx, row, **_: ticket_states.stirred(tx, row))


def of_many_those_are_changed_that_can_be(patch: Patch) -> None:
    patch.setattr(ticket_triage, "FieldsRefused", lambda *_: None)
    real = ticket_triage.bulk

    def bulk(tx: Any, who: Any, ticket_ids: Any, wish: Any) -> Any:
        can = [one for one in ticket_ids if ticket_triage._refusal(tx, tickets.seen_ticket(tx, who, one), wish) is None]
        return real(tx, who, can or ticket_ids, wish)

    patch.setattr(ticket_triage, "bulk", bulk)


def what_was_merged_away_is_still_changed(patch: Patch) -> None:
    patch.setattr(rules, "merged_refusal", lambda *_: None)


def tickets_of_two_accounts_are_merged(patch: Patch) -> None:
    real = ticket_desk.merge_refusals
    patch.setattr(
        ticket_desk,
        "merge_refusals",
        lambda sources, into, *rest: real([replace(one, account_id=into.account_id) for one in sources], into, *rest),
    )


def what_is_merged_away_stays_open(patch: Patch) -> None:
    patch.setattr(ticket_states, "close", lambda *_: None)


def a_merge_leaves_the_other_one_answered(patch: Patch) -> None:
    patch.setattr(rules, "reopened", lambda ticket, _now: ticket)


def a_merge_tells_nobody(patch: Patch) -> None:
    def panel_message(tx: Any, row: Any, _body: str) -> Any:
        return ticket_messages.add_message(tx, Person(900011, "sam.desk", "support"), row, "merged", (), internal=True)

    patch.setattr(ticket_merging, "panel_message", panel_message)


def taking_out_takes_everything(patch: Patch) -> None:
    def coming_back(tx: Any, _row: Any, target: Any) -> Any:
        return ticket_merging._messages(tx, [target.id])

    patch.setattr(ticket_merging, "_coming_back", coming_back)


def taking_out_forgets_what_had_gone_in_before(patch: Patch) -> None:
    def coming_back(tx: Any, row: Any, target: Any) -> Any:
        return tx.messages.where("thread_id = ? AND ticket_id = ? ORDER BY id", (target.id, row.id))

    patch.setattr(ticket_merging, "_coming_back", coming_back)


def taking_out_leaves_it_closed(patch: Patch) -> None:
    real = ticket_merging._forget

    def forget(*arguments: Any) -> Any:
        real(*arguments)
        return {}

    patch.setattr(ticket_merging, "_forget", forget)


def a_moved_thread_is_not_counted_anew(patch: Patch) -> None:
    patch.setattr(ticket_merging, "_recount", lambda *_: None)


def splitting_leaves_who_wrote_it_where(patch: Patch) -> None:
    real = ticket_merging._made_of

    def made_of(tx: Any, row: Any, chosen: Any, subject: str, department: str) -> Any:
        new = real(tx, row, chosen, subject, department)
        new.account_id = 318255 if row.account_id == 204817 else 204817
        return new

    patch.setattr(ticket_merging, "_made_of", made_of)


def splitting_takes_all_there_is(patch: Patch) -> None:
    patch.setattr(ticket_desk, "split_refusal", lambda *_: None)


def places_are_counted_without_priority(patch: Patch) -> None:
    real = ticket_views.queue_places

    def places(tx: Any, rows: Any) -> Any:
        found = real(tx, rows)
        return {one: 1 if place > 1 else place for one, place in found.items()}

    patch.setattr(ticket_views, "queue_places", places)


def the_feed_forgets_staff(patch: Patch) -> None:
    real = changes.changes_after
    patch.setattr(changes, "changes_after", lambda *arguments, staff=False: real(*arguments))


BROKEN = [
    value
    for name, value in list(globals().items())
    if callable(value) and getattr(value, "__module__", "") == __name__ and not name.startswith("_")
]
ENOUGH = settings(
    max_examples=120,
    stateful_step_count=50,
    deadline=None,
    derandomize=True,
    database=None,
    phases=(Phase.generate,),
    report_multiple_bugs=False,
    suppress_health_check=list(HealthCheck),
)


def test_there_are_enough_broken_engines() -> None:
    assert len(BROKEN) >= 40


@pytest.mark.faults
@pytest.mark.skipif(not LONG, reason="the machine on an engine that is whole: test_engine_ticket_machine.py")
def test_the_engine_as_it_is_is_caught_at_nothing() -> None:
    """Else nothing below would mean anything: a machine that is wrong by itself catches every engine."""
    run_state_machine_as_test(BusyDesk, settings=ENOUGH)


@pytest.mark.faults
@pytest.mark.parametrize("broken", BROKEN if LONG else BROKEN[3::20], ids=lambda broken: broken.__name__)
def test_every_broken_ticket_engine_is_caught(broken: Callable[[Patch], None], monkeypatch: Patch) -> None:
    logging.disable(logging.CRITICAL)
    broken(monkeypatch)
    try:
        run_state_machine_as_test(BusyDesk if LONG else Desk, settings=ENOUGH)
    except (AssertionError, sqlite3.IntegrityError):
        return  # by the model, or by what the schema itself forbids
    finally:
        logging.disable(logging.NOTSET)
    pytest.fail(f"{broken.__name__} survived")
