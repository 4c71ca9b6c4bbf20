"""Tickets in the engine: SQL says what the rules say, notes change nothing for clients, seeds are whole (TKT)."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from billtui.domain.models.tickets import TicketState
from billtui.domain.refusal import RuleBroken
from billtui.domain.rules import tickets as rules
from billtui.sandbox.database import Database
from billtui.sandbox.engine import changes, server_access, ticket_messages, ticket_triage, tickets
from billtui.sandbox.engine.paging import ListQuery
from billtui.sandbox.engine.ticket_messages import Draft, MessagesWanted
from billtui.sandbox.engine.ticket_states import Person, ticket_facts
from billtui.sandbox.engine.ticket_views import TicketViews, queue_places
from billtui.sandbox.engine.tickets import ClientChange, Wish
from billtui.sandbox.engine.wire import instant_of
from billtui.sandbox.seed import ticket_crowd
from billtui.sandbox.vault import Vault
from tests.support.engine import FIRST, SECOND, StandingTime

OLENA = Person(FIRST, "olena.marsh", "client")
KOFI = Person(SECOND, "kofi.brandt", "client")
SAM = Person(900011, "sam.desk", "support")
ADA = Person(900013, "ada.desk", "support")
LARGE = 150
"""A fleet that has more tickets than the demo's stories."""


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """A panel with hundreds of tickets; only read."""
    database = Database.open(tmp_path_factory.mktemp("large") / "panel.db", fleet=LARGE, clock_source=StandingTime())
    yield database
    database.close()


# --- what SQL says, the rules say


def test_tkt_7_places_in_the_queue_are_those_of_the_rules(large: Database) -> None:
    """For the whole queue at once, for a page of it, and for one ticket."""
    with large.read() as tx:
        rows = tx.tickets.where("1 ORDER BY id")
        expected = rules.queue_places(ticket_facts(row, staff=True) for row in rows)
        assert len(expected) > 40
        assert {str(key): place for key, place in queue_places(tx, rows).items()} == expected
        some = rows[::7]
        assert queue_places(tx, some) == {row.id: expected[str(row.id)] for row in some if str(row.id) in expected}
        for row in rows[-30:]:
            assert queue_places(tx, [row]).get(row.id) == expected.get(str(row.id))


def test_tkt_10_due_times_are_those_of_the_rules(large: Database) -> None:
    with large.read() as tx:
        due = {
            row.id: (row.answer_due_at, rules.answer_due_at(ticket_facts(row, staff=True)))
            for row in tx.tickets.where("1")
        }
        late = tx.sql("SELECT count(*) FROM tickets WHERE answer_due_at < ?", (tx.at,)).fetchone()[0]
    assert all((kept is None) == (by_rule is None) for kept, by_rule in due.values())
    assert all(
        kept is None or by_rule is None or kept == round(by_rule.timestamp() * 1_000_000)
        for kept, by_rule in due.values()
    )
    assert late > 3, "some were missed already: a queue without them shows nothing"


def test_items_of_a_list_refuse_what_the_ticket_refuses(large: Database) -> None:
    """The rules are asked once per situation on a page; each ticket by itself says the same."""
    with large.read() as tx:
        rows = tx.tickets.where("1 ORDER BY id")
        for who in (SAM, OLENA):
            page = TicketViews(tx, who, rows)
            for row in rows[::5]:
                whole = {one["action"]: one for one in page.whole(row)["actions"]}
                assert [(one["action"], one["code"], one["related"]) for one in page.item(row)["actions"]] == [
                    (name, one["code"], one["related"]) for name, one in whole.items() if not one["allowed"]
                ]


def test_the_queue_is_walked_along_its_index(large: Database) -> None:
    """A page of a long queue costs one walk along it, never a sort of all tickets."""
    asked: list[str] = []
    with large.read() as tx:
        rows = tx.tickets.where("state = 'open'")
        real = tx.sql

        def listening(statement: str, parameters: Any = ()) -> Any:
            asked.append(statement)
            return real(statement, parameters)

        tx.sql = listening  # type: ignore[method-assign]  # to hear what is asked
        queue_places(tx, rows)
        tx.sql = real  # type: ignore[method-assign]
        plans = {str(real(f"EXPLAIN QUERY PLAN {one}", (0,) * one.count("?")).fetchall()) for one in set(asked)}
    assert plans and all(
        "USING INDEX tickets_queue (department=? AND priority=? AND last_client_at>?" in one for one in plans
    )


# --- notes change nothing for clients (TKT-6)

ACTIONS = ("client writes", "staff answers", "staff closes", "client closes", "hold", "time", "new ticket", "access")
HIDDEN = ("note", "tag")


def _play(database: Database, script: list[str], *, hidden: bool) -> None:
    """The script, with or without what clients must not learn of."""
    ticket_id = "12"
    for step in script:
        if step == "time":
            database.advance(3_600)
            continue
        if step in HIDDEN and not hidden:
            continue
        with database.write() as tx:
            row = tx.tickets.need(int(ticket_id))
            match step:
                case "client writes":
                    ticket_messages.write(tx, OLENA, row, Draft("And?", seen=row.public_last))
                case "staff answers":
                    ticket_messages.write(tx, SAM, row, Draft("So.", seen=row.last_message))
                case "staff closes":
                    ticket_messages.write(tx, ADA, row, Draft("Bye.", close=True))
                case "client closes":
                    tickets.change_as_client(tx, OLENA, ticket_id, ClientChange(close=True))
                case "hold":
                    if row.state != "closed":
                        until = tx.now + timedelta(hours=1, minutes=30)
                        change = ticket_triage.Change(state=TicketState.ON_HOLD, hold_until=until)
                        ticket_triage.change(tx, SAM, ticket_id, change)
                case "new ticket":
                    ticket_id = tickets.open_ticket(tx, OLENA, Wish("technical", "Another", "It too."))["id"]
                case "access":
                    if row.state != "closed":
                        server_access.give(tx, OLENA, ticket_id, "root")
                case "note":
                    ticket_messages.write(tx, ADA, row, Draft("Between us.", internal=True))
                case "tag":
                    ticket_triage.change(tx, SAM, ticket_id, ticket_triage.Change(tags_add=("vip",)))


def _seen_by_client(database: Database, since: str) -> Any:
    with database.read() as tx:
        found = tickets.list_tickets(tx, OLENA, ListQuery(limit=500))
        ids = sorted((one["id"] for one in found["items"]), key=int)[-6:]
        whole = [tickets.get_ticket(tx, OLENA, one) for one in ids]
        threads = [ticket_messages.thread(tx, OLENA, tx.tickets.need(int(one)), MessagesWanted()) for one in ids]
        every = ticket_messages.all_messages(tx, OLENA, MessagesWanted(since=tx.at - 86_400_000_000))
        feed = changes.changes_after(tx, OLENA.account_id, since)["items"]
        found_by_sort = tickets.list_tickets(tx, OLENA, ListQuery(limit=3, sort="updated_at"))
    return found, whole, threads, every, feed, found_by_sort


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of the demo, to be copied."""
    place = tmp_path_factory.mktemp("demo")
    Database.open(place / "panel.db", fleet=8, clock_source=StandingTime()).close()
    return place


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(script=st.lists(st.sampled_from((*ACTIONS, *HIDDEN, *HIDDEN)), min_size=4, max_size=14))
def test_tkt_6_a_client_sees_the_same_with_and_without_notes(
    demo: Path, tmp_path_factory: pytest.TempPathFactory, script: list[str]
) -> None:
    """Two panels play the same, one without notes and tags: no list, ticket, thread or event tells them apart."""
    seen = []
    for hidden in (True, False):
        place = tmp_path_factory.mktemp("copy")
        for part in demo.glob("panel.db*"):
            shutil.copy(part, place / part.name)
        database = Database.open(place / "panel.db", clock_source=StandingTime())
        with database.read() as tx:
            since = changes.present_cursor(tx)
        _play(database, script, hidden=hidden)
        seen.append(_seen_by_client(database, since))
        database.close()
        shutil.rmtree(place)
    assert seen[0] == seen[1]


# --- seeds


def test_tkt_5_a_message_that_closes_a_closed_ticket_closes_it_anew(tmp_path: Path) -> None:
    """Whose message it is: its client can write for 14 days from it. A note, or closing alone, moves nothing."""
    database = Database.open(tmp_path / "panel.db", fleet=8, clock_source=StandingTime())
    day = 86_400

    def view() -> Any:
        with database.read() as tx:
            return tickets.get_ticket(tx, OLENA, ticket_id)

    def write(who: Person, draft: Draft) -> None:
        with database.write() as tx:
            ticket_messages.write(tx, who, tickets.seen_ticket(tx, who, ticket_id), draft)

    with database.write() as tx:
        ticket_id = tickets.open_ticket(tx, OLENA, Wish("technical", "No route", "Nothing answers."))["id"]
        tickets.change_as_client(tx, OLENA, ticket_id, ClientChange(close=True))
    for who, draft in ((ADA, Draft("It was the switch.", close=True)), (OLENA, Draft("Thank you.", close=True))):
        before = view()
        database.advance(13 * day)
        write(ADA, Draft("Nothing to do.", internal=True, close=True))
        with database.write() as tx:
            tickets.change_as_client(tx, OLENA, ticket_id, ClientChange(close=True))
            ticket_triage.change(tx, SAM, ticket_id, ticket_triage.Change(state=TicketState.CLOSED))
        assert view() == before, "closing alone moves nothing"
        write(who, draft)
        after = view()
        assert (after["state"], after["closed_at"] > before["closed_at"]) == ("closed", True)
        assert after["reopen_until"] > before["reopen_until"]
    database.advance(14 * day - 1)
    write(OLENA, Draft("It is back."))
    assert (view()["state"], view()["closed_at"]) == ("open", None)
    database.close()


def test_the_same_seed_gives_the_same_tickets(large: Database, tmp_path: Path) -> None:
    """But for what is sealed: that is new each time."""
    again = Database.open(tmp_path / "panel.db", fleet=LARGE, clock_source=StandingTime())
    for table in ("tickets", "ticket_messages", "ticket_states", "attachments", "attachment_data", "access_readings"):
        with large.read() as one, again.read() as two:
            asked = f"SELECT * FROM {table} ORDER BY 1"
            assert one.sql(asked).fetchall() == two.sql(asked).fetchall(), table
    again.close()


def test_a_large_panel_is_right_in_itself(large: Database, books: Callable[[Database], None]) -> None:
    """Ids rise with time; nobody signs in as one of the many; as many tickets as the fleet asks for."""
    books(large)
    with large.read() as tx:
        times = [row[0] for row in tx.sql("SELECT at FROM ticket_messages ORDER BY id")]
        assert times == sorted(times)
        (count,) = tx.sql("SELECT count(*) FROM tickets").fetchone()
        states = {row[0] for row in tx.sql("SELECT DISTINCT state FROM tickets WHERE id > 100")}
    assert count == ticket_crowd.how_many(LARGE) + 16 and states == {"open", "answered", "on hold", "closed"}
    assert ticket_crowd.how_many(10_000) + 16 == ticket_crowd.how_many(40_000) + 16 == 50_000
    assert ticket_crowd.how_many(40) == 0
    assert len(large.seed_accounts()) == 6


def test_what_a_message_tells_of_is_never_later_than_the_message(large: Database) -> None:
    """“Since 12:10 UTC” in a message of 11:58 would be a lie."""
    told = re.compile(r"(?:since|at|seit|о|с|between) (\d\d):(\d\d)(?: and \d\d:\d\d)? UTC", re.IGNORECASE)
    with large.read() as tx:
        first = tx.sql("SELECT body, min(at) FROM ticket_messages GROUP BY ticket_id").fetchall()
    times = [(at, *map(int, found.groups())) for body, at in first if (found := told.search(body))]
    assert len(times) > 50
    for at, hour, minute in times:
        written = instant_of(at)
        assert 0 < (written.hour * 60 + written.minute - hour * 60 - minute) % (24 * 60) <= 15 * 60


def test_hostile_threads_are_sown_only_when_asked_for(tmp_path: Path) -> None:
    database = Database.open(tmp_path / "panel.db", fleet=8, hostile=True, clock_source=StandingTime())
    with database.read() as tx:
        (found,) = [one for one in tickets.list_tickets(tx, OLENA, ListQuery())["items"] if "\x1b" in one["subject"]]
        (message,) = ticket_messages.thread(tx, OLENA, tx.tickets.need(int(found["id"])), MessagesWanted())["items"]
    assert "\x1b]52;" in message["body"] and "\u202e" in message["body"]
    assert message["attachments"][0]["name"].startswith("../../")
    database.close()


# --- the vault (TKT-4)


def test_a_secret_opens_with_its_key_and_for_its_ticket_only(tmp_path: Path) -> None:
    vault = Vault(tmp_path / "panel.db")
    sealed = vault.seal("root, Violet-Kettle", "ticket 1")
    assert vault.open(sealed, "ticket 1") == "root, Violet-Kettle" and b"Violet" not in sealed
    assert vault.open(sealed, "ticket 2") is None
    assert Vault(tmp_path / "panel.db").open(sealed, "ticket 1") == "root, Violet-Kettle", "another program, same file"
    assert Vault(tmp_path / "copy.db").open(sealed, "ticket 1") is None, "a copy without the key tells nothing"
    assert vault.seal("root, Violet-Kettle", "ticket 1") != sealed
    assert (tmp_path / "panel.db.key").stat().st_mode & 0o777 == 0o600
    (tmp_path / "panel.db.key").write_bytes(b"cut")
    assert Vault(tmp_path / "panel.db").open(sealed, "ticket 1") is None, "a damaged key is replaced, not trusted"
    assert [file.name for file in tmp_path.glob("*.key*")] and not list(tmp_path.glob("panel.db.key.*"))


def test_access_that_no_key_opens_any_more_is_said_in_words(tmp_path: Path) -> None:
    time = StandingTime()
    Database.open(tmp_path / "panel.db", fleet=8, clock_source=time).close()
    (tmp_path / "panel.db.key").unlink()
    database = Database.open(tmp_path / "panel.db", clock_source=time)
    with database.read() as tx:
        (given, *_) = tx.sql("SELECT id FROM tickets WHERE access = 'given' ORDER BY id").fetchall()
    with pytest.raises(RuleBroken) as refused, database.write() as tx:
        server_access.reveal(tx, SAM, str(given[0]), "to look")
    assert refused.value.refusal.code == "access-wiped" and "key" in refused.value.refusal.reason
    with database.write() as tx:
        server_access.give(tx, Person.of(tx.accounts.need(FIRST)), str(given[0]), "again")
    with database.write() as tx:
        assert server_access.reveal(tx, SAM, str(given[0]), "to look")["access"] == "again"
    database.close()
