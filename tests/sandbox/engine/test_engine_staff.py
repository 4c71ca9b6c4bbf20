"""What support works with, where time counts: presence, a shift's summary, merges with holds (TKT-5, TKT-8, TKT-10)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from billtui.domain.models.tickets import Doing, TicketState
from billtui.domain.periods import format_instant, parse_instant
from billtui.sandbox.engine import canned, shift_summary, ticket_merging, ticket_messages, ticket_triage, tickets
from billtui.sandbox.engine.errors import InvalidInput, NotFound, VersionMismatch
from billtui.sandbox.engine.presence import Presences
from billtui.sandbox.engine.ticket_messages import Draft
from billtui.sandbox.engine.ticket_states import Person
from billtui.sandbox.engine.ticket_triage import Change
from billtui.sandbox.engine.tickets import Wish
from tests.support.engine import FIRST, StandingTime, World

CLIENT = Person(FIRST, "olena.marsh", "client")
SAM, ADA = Person(900011, "sam.desk", "support"), Person(900013, "ada.desk", "support")


def opened(world: World, department: str = "technical") -> str:
    return world.write(lambda tx: tickets.open_ticket(tx, CLIENT, Wish(department, "About it", "It is slow.")))["id"]


def write(world: World, who: Person, ticket: str, body: str = "word", **more: Any) -> None:
    world.write(
        lambda tx: ticket_messages.write(tx, who, tickets.seen_ticket(tx, who, ticket), Draft(body, **more)).wire_id
    )


def shown(world: World, ticket: str, who: Person = SAM) -> Any:
    return world.read(lambda tx: tickets.get_ticket(tx, who, ticket))


def summary(world: World, hours: float, login: str | None = None) -> Any:
    since = format_instant(world.now() - timedelta(hours=hours))
    return world.read(lambda tx: shift_summary.summary(tx, since, login))


# --- presence (TKT-9)


def test_presence_ends_after_thirty_seconds_of_real_time() -> None:
    time = StandingTime()
    there = Presences(time)
    assert there.note(7, 1, "sam.desk", Doing.WRITING, time()) == []
    time.pass_(seconds=29)
    assert [one["doing"] for one in there.note(7, 2, "ada.desk", Doing.READING, time())] == ["writing"]
    time.pass_(seconds=1)
    assert there.others(7, 2) == [], "thirty seconds are over"
    assert [one["login"] for one in there.others(7, 1)] == ["ada.desk"]
    assert there.others(8, 1) == []


def test_presence_lasts_while_it_is_said_again_and_keeps_when_it_began() -> None:
    time = StandingTime()
    there = Presences(time)
    there.note(7, 1, "sam.desk", Doing.WRITING, time())
    (first,) = there.others(7, 2)
    for _ in range(5):
        time.pass_(seconds=20)
        there.note(7, 1, "sam.desk", Doing.WRITING, time())
    assert there.others(7, 2) == [first]
    there.note(7, 1, "sam.desk", Doing.READING, time())
    (now,) = there.others(7, 2)
    assert now["doing"] == "reading" and now["since"] > first["since"]
    there.note(7, 1, "sam.desk", Doing.LEFT, time())
    assert there.others(7, 2) == []


def test_moving_the_panels_clock_sends_nobody_away(world: World) -> None:
    ticket = int(opened(world))
    world.database.presences.note(ticket, SAM.account_id, SAM.login, Doing.WRITING, 0)
    world.advance(days=3)
    assert [one["login"] for one in shown(world, str(ticket), ADA)["presence"]] == ["sam.desk"]
    assert shown(world, str(ticket), CLIENT)["presence"] == [] == shown(world, str(ticket))["presence"]


# --- the shift (TKT-10)


def test_the_summary_counts_what_each_did_and_how_long_it_took(world: World) -> None:
    before = summary(world, 1)
    late, quick = opened(world), opened(world)
    world.advance(seconds=600)
    write(world, SAM, quick)
    write(world, SAM, quick, "and a note", internal=True)
    world.advance(seconds=900)
    write(world, ADA, late, close=True)
    sam, ada, both = summary(world, 1, "sam.desk"), summary(world, 1, "ada.desk"), summary(world, 1)
    assert (sam["answered"], sam["first_answers"], sam["first_answers_late"]) == (1, 1, 0)
    assert sam["first_answer_seconds_median"] == 600 and sam["closed"] == 0
    assert (ada["answered"], ada["first_answers"], ada["first_answers_late"]) == (1, 1, 1), "25 minutes are late"
    assert ada["first_answer_seconds_median"] == 1_500 and ada["closed"] == 1
    assert both["answered"] - before["answered"] >= 2 and both["backlog"] <= before["backlog"] + 2


def test_the_backlog_is_told_hour_by_hour(world: World) -> None:
    base = summary(world, 1)["backlog"]
    first, second = opened(world, "finance"), opened(world, "finance")
    world.advance(hours=1, seconds=600)
    write(world, SAM, first)
    world.advance(seconds=3_000)
    world.write(lambda tx: ticket_triage.change(tx, SAM, second, Change(state=TicketState.CLOSED)))
    write(world, CLIENT, first)
    world.advance(seconds=1_800)
    found = summary(world, 2.5)
    assert len(found["backlog_by_hour"]) == 3 and found["backlog_by_hour"][-1] == found["backlog"]
    # Seeded holds may end meanwhile, each of which only adds.
    assert found["backlog_by_hour"][0] >= base + 2 and found["backlog"] >= base + 1


def test_a_merge_is_no_work_done(world: World) -> None:
    one, two = opened(world), opened(world)
    before = summary(world, 1, "sam.desk")["closed"]
    world.write(lambda tx: ticket_merging.merge(tx, SAM, [two], one))
    assert summary(world, 1, "sam.desk")["closed"] == before


@pytest.mark.parametrize("since", ["yesterday", "2030-01-01T00:00:00Z", "2001-01-01T00:00:00Z"])
def test_a_summary_needs_an_instant_of_the_last_month(world: World, since: str) -> None:
    with pytest.raises(InvalidInput):
        world.read(lambda tx: shift_summary.summary(tx, since))


def test_what_is_due_within_the_hour_is_named(world: World) -> None:
    soon, answered = opened(world), opened(world)
    write(world, ADA, answered)
    due = summary(world, 1)["due_next_hour"]
    assert soon in due and answered not in due
    world.advance(seconds=901)
    assert soon not in summary(world, 1)["due_next_hour"], "it is late already"


# --- merging and time (TKT-5, TKT-8)


def test_a_hold_that_ended_while_it_was_merged_ends_when_it_is_taken_out(world: World) -> None:
    kept, gone = opened(world), opened(world)
    until = world.now() + timedelta(hours=2)
    world.write(lambda tx: ticket_triage.change(tx, SAM, gone, Change(hold_until=until)))
    assert shown(world, gone)["state"] == "on hold"
    write(world, SAM, kept)
    world.write(lambda tx: ticket_merging.merge(tx, SAM, [gone], kept))
    assert shown(world, kept)["state"] == "answered", "nobody waited in the other one"
    world.advance(hours=1)
    world.write(lambda tx: ticket_merging.unmerge(tx, SAM, gone))
    back = shown(world, gone)
    assert back["state"] == "on hold" and parse_instant(back["hold_until"]) == until
    world.write(lambda tx: ticket_merging.merge(tx, SAM, [gone], kept))
    world.advance(hours=2)
    world.write(lambda tx: ticket_merging.unmerge(tx, SAM, gone))
    assert shown(world, gone)["state"] == "open", "its time is over"


def test_handing_over_takes_the_other_departments_time(world: World) -> None:
    ticket = opened(world)
    created = parse_instant(shown(world, ticket)["created_at"])
    assert parse_instant(shown(world, ticket)["answer_due_at"]) == created + timedelta(minutes=15)
    world.write(lambda tx: ticket_triage.change(tx, SAM, ticket, Change(department="sales", assignee="ada.desk")))
    over = shown(world, ticket)
    assert over["assignee"] == "ada.desk" and parse_instant(over["answer_due_at"]) == created + timedelta(hours=4)


# --- canned replies


def test_a_canned_reply_that_changed_since_is_not_overwritten_and_no_id_comes_twice(world: World) -> None:
    made = world.write(lambda tx: canned.save(tx, None, "One", "Hello {client}", None, "en"))
    same = world.write(lambda tx: canned.save(tx, made["id"], "One", "Hello {client}", None, "en", made["version"]))
    assert same == made, "nothing changed, so nothing is new"
    changed = world.write(lambda tx: canned.save(tx, made["id"], "Two", "Hello {client}", None, "en", made["version"]))
    assert (changed["title"], changed["version"]) == ("Two", made["version"] + 1)
    for stale in (
        lambda tx: canned.save(tx, made["id"], "Three", "x", None, "en", made["version"]),
        lambda tx: canned.delete(tx, made["id"], made["version"]),
    ):
        with pytest.raises(VersionMismatch):
            world.write(stale)
    world.write(lambda tx: canned.delete(tx, made["id"]))
    with pytest.raises(NotFound):
        world.write(lambda tx: canned.save(tx, made["id"], "Again", "x", None, "en"))
    assert world.write(lambda tx: canned.save(tx, None, "New", "x", None, "en"))["id"] != made["id"]
