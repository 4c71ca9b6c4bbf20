"""Tickets in the session: threads whole and live, copying in the background, what was read, server access (TKT)."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from pydantic import SecretStr

from billtui.client.errors import ClientError, NotFound
from billtui.client.settings import ConnectionSettings
from billtui.services.read_marks import ReadMarks
from billtui.services.search import covered, search
from billtui.services.session import ReadOnlySession, Session, SessionSettings
from billtui.services.session_events import ConnectionChanged, ConnectionState, PanelMistake, StoreChanged, SyncProgress
from billtui.services.session_jobs import Touched, touched
from billtui.services.store import LastWord, TicketRow
from tests.services.session.test_session_reads import Pocket, password
from tests.support.listening import Events, until
from tests.support.small_panel import NOW, SmallPanel, iso, message, ticket

Opens = Callable[..., contextlib.AbstractAsyncContextManager[tuple[Session, Events]]]


@pytest.fixture
def panel() -> Iterator[SmallPanel]:
    small = SmallPanel()
    small.me = small.me | {"capabilities": [*small.me["capabilities"], "tickets"]}
    for number in range(5):
        small.put("ticket", ticket(number), quietly=True)
        written = [message(10 * number + at, f"k{number}", f"words {number} of {at}") for at in range(3)]
        small.write(*written, quietly=True)
    small.start()
    yield small
    small.stop()


@pytest.fixture
def opens(panel: SmallPanel, tmp_path: Path) -> Opens:
    settings = SessionSettings(
        connection=ConnectionSettings(panel.url, retry_base=0.01, tries=2, read_deadline=5),
        profile="test", login="olena", data_dir=tmp_path / "data", state_dir=tmp_path / "state",
        poll_seconds=2, retry_seconds=0.05, retry_most=0.2,
    )  # fmt: skip

    @contextlib.asynccontextmanager
    async def opened(pocket: Pocket | None = None, **other: Any) -> AsyncIterator[tuple[Session, Events]]:
        events = Events()
        async with Session(replace(settings, **other), listener=events, credentials=pocket or password()) as session:
            yield session, events

    return opened


def as_staff(panel: SmallPanel) -> None:
    panel.me = panel.me | {"role": "support", "capabilities": [*panel.me["capabilities"], "staff"]}


def row_of(session: Session, ticket_id: str) -> TicketRow:
    row = session.store.ticket_row(ticket_id)
    assert row is not None
    return row


async def copied(session: Session) -> None:
    await until(lambda: (held := session.store.coverage()).tickets > 0 and held.whole == held.tickets)


def bodies(session: Session, ticket_id: str) -> list[str]:
    return [row.body for row in session.store.messages(ticket_id)]


def ends_with(session: Session, ticket_id: str, body: str) -> bool:
    return bodies(session, ticket_id)[-1:] == [body]


async def test_a_clients_messages_are_copied_in_the_background_and_found(panel: SmallPanel, opens: Opens) -> None:
    async with opens() as (session, events):
        await copied(session)
        assert bodies(session, "k3") == ["words 3 of 0", "words 3 of 1", "words 3 of 2"]
        hits = [hit for hit in search(session.store, "words 4") if hit.kind == "message"]
        assert [(hit.id, hit.message_id) for hit in hits] == [("k4", "m42"), ("k4", "m41"), ("k4", "m40")]
        assert "words 4 of 2" in hits[0].detail and hits[0].title == "7004 Disk of web-00004 is full"
        assert covered(session.store.coverage()) == ""
        told = [event for event in events.of(StoreChanged) if "message" in event.kinds]
        assert {key for event in told for key in event.messages} >= {"k0", "k4"}


async def test_many_missing_threads_are_read_over_all_tickets_newest_window_first(
    panel: SmallPanel, opens: Opens
) -> None:
    for number in range(100, 220):
        ago = NOW - timedelta(days=number - 100)
        panel.put("ticket", ticket(number), quietly=True)
        panel.write(message(number, f"k{number}", at=iso(ago)), quietly=True)
    async with opens() as (session, _):
        await copied(session)
        asked = [line for line in panel.questions if "/messages?" in line and "/tickets/" not in line]
        assert 1 < len(asked) <= 12 and all("state=" not in line for line in asked)
        assert panel.count("GET /tickets/") <= 40


async def test_of_staff_the_threads_that_are_worked_on_are_copied(panel: SmallPanel, opens: Opens) -> None:
    as_staff(panel)
    panel.change("ticket", "k1", state="closed")
    panel.change("ticket", "k2", state="on hold")
    panel.write(message(900, "k2", "careful with this one", internal=True, author_role="support"), quietly=True)
    async with opens() as (session, _):
        await until(lambda: session.store.coverage().whole == 4)
        assert bodies(session, "k1") == [] and session.store.messages("k2")[-1].internal == 1
        assert covered(session.store.coverage()).startswith("Searched: messages of 4 of 5 tickets")
        await session.tickets.thread("k1")
        assert len(bodies(session, "k1")) == 3 and session.store.messages_known("k1").whole


async def test_thread_answers_when_it_is_whole_and_asks_only_for_what_is_new(panel: SmallPanel, opens: Opens) -> None:
    async with opens(background=False) as (session, _):
        panel.write(*(message(1000 + at, "k0", f"line {at}") for at in range(400)), quietly=True)
        found = await session.tickets.thread("k0")
        assert found.id == "k0" and len(bodies(session, "k0")) == 403
        assert session.store.messages_known("k0") == ("m1399", True)
        panel.write(message(2000, "k0", "one more"), quietly=True)
        before = len(panel.questions)
        await session.tickets.thread("k0")
        assert bodies(session, "k0")[-1] == "one more"
        asked = [line for line in panel.questions[before:] if "/messages" in line]
        assert len(asked) == 1 and "after=m1399" in asked[0]


async def test_what_is_written_elsewhere_is_in_the_copy_at_once(panel: SmallPanel, opens: Opens) -> None:
    async with opens(poll_seconds=15) as (session, events):
        await copied(session)
        with session.tickets.watching("k2"):
            await until(lambda: panel.polls > 0)
            seen = events.count
            panel.write(message(500, "k2", "support answers", author="sam.desk", author_role="support"))
            told = await events.until(StoreChanged, lambda event: "k2" in event.messages, after=seen)
            assert bodies(session, "k2")[-1] == "support answers" and told.kinds >= {"message"}


async def test_a_message_that_went_and_a_ticket_that_went_are_gone(panel: SmallPanel, opens: Opens) -> None:
    """TKT-8: what was split off; and a deleted ticket takes its thread along."""
    async with opens() as (session, _):
        await copied(session)
        await until(lambda: panel.polls > 0)
        with panel.lock:
            del panel.threads["k1"][1]
            panel.change("ticket", "k1", message_count=2)
        await until(lambda: bodies(session, "k1") == ["words 1 of 0", "words 1 of 2"])
        with panel.lock:
            del panel.threads["k2"][2]  # the last one, after which the rest is asked for
            panel.write(message(600, "k2", "later"))
        await until(lambda: bodies(session, "k2") == ["words 2 of 0", "words 2 of 1", "later"])
        panel.delete("ticket", "k3")
        await until(lambda: session.store.ticket_row("k3") is None)
        assert bodies(session, "k3") == [] and not search(session.store, "words 3 of 1")
        with pytest.raises(NotFound):
            await session.tickets.thread("k3")


async def test_a_note_sent_to_a_client_is_dropped_and_told_once(panel: SmallPanel, opens: Opens) -> None:
    async with opens() as (session, events):
        await copied(session)
        await until(lambda: panel.polls > 0)
        for number in (700, 701):
            panel.write(message(number, "k1", "do not tell the client", internal=True, author_role="support"))
            panel.write(message(number + 50, "k1", f"after {number}", author_role="support"))
            await until(partial(ends_with, session, "k1", f"after {number}"))
        assert not any("do not tell" in body for body in bodies(session, "k1"))
        (told,) = events.of(PanelMistake)
        assert "dropped" in told.message


async def test_a_message_of_another_ticket_is_not_taken(panel: SmallPanel, opens: Opens) -> None:
    async with opens(background=False) as (session, _):
        panel.threads["k0"].append(message(800, "k1", "strange"))
        with pytest.raises(ClientError):
            await session.tickets.thread("k0")
        assert "strange" not in [*bodies(session, "k0"), *bodies(session, "k1")]


async def test_threads_that_were_copied_are_read_without_network(panel: SmallPanel, opens: Opens) -> None:
    pocket = password()
    async with opens(pocket) as (session, _):
        await copied(session)
        await session.tickets.thread("k4")
    panel.stop()
    async with opens(pocket, read_only=True) as (session, events):
        await events.until(ConnectionChanged, lambda event: event.state is ConnectionState.OFFLINE)
        assert len(session.store.tickets()) == 5 and bodies(session, "k4")[-1] == "words 4 of 2"
        assert [hit.kind for hit in search(session.store, "words 4 of 2")] == ["message"]
        with pytest.raises(ClientError):
            await session.tickets.thread("k4")


async def test_unread_is_what_the_other_side_wrote_and_nobody_read_here(panel: SmallPanel, opens: Opens) -> None:
    pocket = password()
    panel.change("ticket", "k1", last_author_role="support", state="answered", last_staff_message_at=iso(NOW))
    panel.change("ticket", "k2", last_author_role="client")
    panel.change("ticket", "k3", last_author_role="support", state="closed")  # before this computer saw the account
    panel.change("ticket", "k4", last_author_role="panel", state="answered")
    async with opens(pocket) as (session, _):
        await copied(session)
        assert session.tickets.unread() == {"k1", "k4"}
        last = session.store.messages("k1")[-1]
        assert session.tickets.seen("k1") is None and session.tickets.mark_seen("k1", last.id)
        assert not session.tickets.mark_seen("k1", last.id)
        assert session.tickets.unread() == {"k4"} and not session.tickets.is_unread(row_of(session, "k1"))
        later = iso(NOW + timedelta(days=1))
        panel.write(message(900, "k1", "more", author_role="support", at=later), quietly=True)
        panel.change("ticket", "k1", last_staff_message_at=later)
        await until(lambda: session.tickets.unread() == {"k1", "k4"})
        assert not session.tickets.mark_seen("k1", "m10")  # an older one takes nothing back
    async with opens(pocket) as (session, _):
        await copied(session)
        assert session.tickets.unread() == {"k1", "k4"}
        assert (seen := session.tickets.seen("k1")) is not None and seen.message_id == last.id


async def test_of_two_messages_of_one_second_the_second_is_new_until_it_was_read(
    panel: SmallPanel, opens: Opens
) -> None:
    """TKT-9: what nobody can have seen is unread, however soon after what was read it was written."""
    at = iso(NOW + timedelta(minutes=1))
    panel.change("ticket", "k1", last_author_role="support", state="answered", last_staff_message_at=at)
    first, second = (message(900 + n, "k1", f"word {n}", author_role="support", at=at) for n in range(2))
    panel.write(first, quietly=True)
    async with opens() as (session, _):
        await copied(session)
        assert bodies(session, "k1")[-1] == "word 0" and session.tickets.mark_seen("k1", "m900")
        assert session.tickets.unread() == frozenset()
        panel.write(second)
        await until(lambda: bodies(session, "k1")[-1] == "word 1")
        assert session.tickets.unread() == {"k1"} and session.tickets.is_unread(row_of(session, "k1"))
        assert session.tickets.mark_seen("k1", "m901")
        assert not session.tickets.mark_seen("k1", "m900"), "an older one of the same second takes nothing back"
        assert session.tickets.unread() == frozenset()


class Threads(NamedTuple):
    """Answers what it is told to."""

    behind: bool | None

    def is_later(self, ticket_id: str, message_id: str, than: str) -> bool | None:
        return self.behind

    def wrote_behind(self, ticket_id: str, message_id: str, up_to: str, *, by_client: bool) -> bool | None:
        return self.behind


def test_where_the_order_of_one_second_is_not_known_a_message_was_not_read(tmp_path: Path) -> None:
    marks = ReadMarks(tmp_path / "read.json")
    assert marks.mark("1", "a", 50, Threads(None))

    def new(message_id: str, at: int, behind: bool | None = None) -> bool:
        return marks.is_new(LastWord("1", message_id, at), Threads(behind), staff=False)

    assert [new("b", 50, behind) for behind in (True, None, False)] == [True, True, False]
    assert not new("a", 50), "the very message"
    assert [new("b", at) for at in (49, 51)] == [False, True]


async def test_what_another_program_marked_counts_at_once(panel: SmallPanel, opens: Opens) -> None:
    """The command line beside the screen: neither takes the other's marks back."""
    for key in ("k1", "k2"):
        panel.change("ticket", key, last_author_role="support", state="answered", last_staff_message_at=iso(NOW))
    async with opens() as (one, _):
        await copied(one)
        async with opens(background=False) as (other, _):
            assert one.tickets.unread() == other.tickets.unread() == {"k1", "k2"}
            assert other.tickets.mark_seen("k1", "m12")
            assert one.tickets.unread() == {"k2"}
            assert one.tickets.mark_seen("k2", "m22")
            assert other.tickets.unread() == frozenset()


async def test_for_staff_unread_is_what_clients_wrote(panel: SmallPanel, opens: Opens) -> None:
    as_staff(panel)
    panel.change("ticket", "k1", last_author_role="client", last_client_message_at=iso(NOW + timedelta(seconds=12)))
    panel.change("ticket", "k2", last_author_role="support", state="answered")
    async with opens() as (session, _):
        await copied(session)
        assert session.tickets.is_staff and session.tickets.unread() == {"k1"}
        session.tickets.mark_seen("k1", "m12")
        panel.write(message(901, "k1", "a note", internal=True, author_role="support"))  # changes nothing for us
        await until(lambda: bodies(session, "k1")[-1] == "a note")
        assert session.tickets.unread() == frozenset()


async def test_nothing_is_written_through_a_read_only_profile(panel: SmallPanel, opens: Opens) -> None:
    async with opens(read_only=True) as (session, _):
        await copied(session)
        with pytest.raises(ReadOnlySession):
            await session.tickets.give_access("k1", SecretStr("root:pw"))
        with pytest.raises(ReadOnlySession):
            await session.tickets.reveal_access("k1", "to help")
        assert not panel.count("access")


@pytest.mark.parametrize("knows", [True, False], ids=["filter", "no-filter"])
async def test_twenty_changes_at_once_are_asked_for_as_a_list(panel: SmallPanel, opens: Opens, knows: bool) -> None:
    """A panel that does not know the filter by ids is asked one by one; nothing of its list is taken for an answer."""
    panel.lists_by_id = knows
    async with opens() as (session, _):
        await copied(session)
        await until(lambda: panel.polls > 0)
        before = len(panel.requests)
        with panel.lock:
            for number in range(300, 320):
                panel.put("ticket", ticket(number))
            panel.delete("ticket", "k319", quietly=True)
        await until(lambda: session.store.counts()["ticket"] == 24)
        await until(lambda: all(session.store.messages_known(f"k{number}").whole for number in range(300, 319)))
        assert sum("id=k300" in line for line in panel.questions) == 1
        single = [line for line in panel.requests[before:] if line.startswith("GET /tickets/k3") and "/m" not in line]
        assert len(single) == (1 if knows else 20), single  # of the list alone the one that is gone is asked for


def test_what_an_operation_on_tickets_touched() -> None:
    posted = {"message": {"id": "m1", "ticket_id": "k1"}, "ticket": {"id": "k1", "number": "7", "department": "sales"}}
    assert touched(["ticket:k1"], posted) == Touched(tickets={"k1"})
    opened = {"id": "k2", "number": "8", "department": "sales"}
    assert touched(["new-ticket:1"], opened) == Touched(tickets={"k2"})
    assert touched([], {"items": [opened, {"id": "k3", "number": "9", "department": "abuse"}]}) == Touched(
        tickets={"k2", "k3"}
    )
    assert touched(["order:1"], {"ticket_id": "k4", "invoice_id": "5"}) == Touched({"1"}, {"5"}, tickets={"k4"})


@pytest.mark.parametrize("what", ["order", "invoice", "transfer", "ticket"])
async def test_a_session_that_ends_in_the_middle_of_a_change_leaves_nothing_unawaited(
    panel: SmallPanel, opens: Opens, what: str, recwarn: pytest.WarningsRecorder
) -> None:
    async with opens() as (session, events):
        await events.until(SyncProgress, lambda progress: progress.done)
        await until(lambda: panel.polls > 0)
        with panel.lock:
            panel._tell(what, "1", "changed", 5)
            await session.close()
    assert not [one for one in recwarn if "never awaited" in str(one.message)]
