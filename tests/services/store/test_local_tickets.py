"""Tickets and their messages in the local store: rows, threads, search, notes, deletion, what does not fit (TKT-6)."""

from __future__ import annotations

import json
import sqlite3
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from billtui.domain.models import Account, Ticket, TicketMessage
from billtui.services.store import HeldThread, Store, StoreReader
from tests.support.small_panel import NOW, iso, message, money, ticket

Json = dict[str, Any]
HOSTILE = "\x1b]52;c;cHduZWQ=\x07\u202egnp.exe\x1b[2J [@click=app.quit]\u200b"


def tickets(*numbers: int, **other: Any) -> list[Ticket]:
    return [Ticket.model_validate(ticket(number) | other) for number in numbers]


def messages(*raw: Json) -> list[TicketMessage]:
    return [TicketMessage.model_validate(one) for one in raw]


def account(role: str) -> Account:
    balances = {"internal": money("0.00"), "affiliate": money("0.00")}
    return Account.model_validate(
        {"panel_id": "p", "account_id": "1", "login": "olena", "email": "o@e.net", "balances": balances, "role": role}
    )


@pytest.fixture
def store(tmp_path: Path) -> Store:
    made = Store(tmp_path / "data" / "copy.db")
    made.apply_account(account("client"))
    return made


@pytest.fixture
def staff(tmp_path: Path) -> Store:
    made = Store(tmp_path / "data" / "staff.db")
    made.apply_account(account("support"))
    return made


def bodies(store: Store, ticket_id: str) -> list[str]:
    return [row.body for row in StoreReader(store.path).messages(ticket_id)]


def test_a_ticket_is_a_row_of_whole_numbers_and_text(store: Store) -> None:
    full = {
        "state": "on hold", "priority": "service down", "account_id": "2", "login": "kofi", "order_id": "17",
        "assignee": "sam.desk", "queue_place": 3, "answer_due_at": iso(NOW), "last_message_id": "m9",
        "last_author_role": "client", "message_count": 9, "hold_until": iso(NOW + timedelta(days=1)),
        "tags": ["vip", "disk"], "access": "given", "at_stake": money("12.34"), "rating": 5,
        "presence": [{"login": "ada.desk", "doing": "writing", "since": iso(NOW)}],
    }  # fmt: skip
    store.apply_tickets(tickets(1, **full), whole=True)
    reader = StoreReader(store.path)
    (row,) = reader.tickets()
    assert reader.ticket_row("k1") == row and reader.ticket_row("k2") is None
    assert all(value is None or type(value) in (int, str) for value in row)
    assert (row.tags, row.at_stake, row.currency, row.access, row.queue_place) == ("vip disk", 1234, "EUR", "given", 3)
    assert (row.order_id, row.invoice_id, row.last_message_id, row.rating) == ("17", "", "m9", 5)
    assert row.hold_until == int((NOW + timedelta(days=1)).timestamp())
    again = reader.ticket("k1")
    assert again is not None and again.at_stake is not None and again.presence == []  # who is there is never kept
    assert reader.tickets_of_account("2") == [row]
    assert reader.ticket_states() == {"on hold": 1} and reader.counts()["ticket"] == 1


def test_a_thread_is_in_the_order_of_writing_and_knows_whether_it_is_whole(store: Store) -> None:
    store.apply_tickets(tickets(1, message_count=3, last_message_id="m3"))
    reader = StoreReader(store.path)
    assert reader.messages_known("k1") == HeldThread(None, False) == reader.messages_known("absent")
    file = {"id": "a1", "name": "\x1b[1mlog.txt", "size": 12}
    assert store.apply_messages(messages(message(3, "k1", "third"))).tickets == {"k1"}
    assert reader.messages_known("k1") == HeldThread("m3", False)  # the last one alone is no whole thread
    store.apply_messages(messages(message(1, "k1", "first", attachments=[file]), message(2, "k1", "second")))
    assert bodies(store, "k1") == ["first", "second", "third"]
    assert reader.messages_known("k1") == HeldThread("m3", True)
    first = reader.messages("k1")[0]
    assert first.attachments[0].size == 12 and first.attachments[0].name.isprintable()
    assert (first.author, first.role, first.internal, first.merged_from) == ("olena", "client", 0, "")
    store.apply_tickets(tickets(1, message_count=4, last_message_id="m4", version=2))
    assert reader.messages_known("k1") == HeldThread("m3", False)
    (wanted,) = store.wanted_threads(10)
    assert (wanted.raw_id, wanted.after, wanted.version) == ("k1", "m3", 2)


def test_what_a_thread_told_stays_where_the_list_tells_less(store: Store) -> None:
    """Some panels' lists know neither who wrote last nor when each side did: that is no news of the ticket."""
    listed = {"version": 0, "updated_at": iso(NOW), "created_at": iso(NOW), "department": ""}
    store.apply_tickets(tickets(1, **listed))
    store.complete("7")
    told = {
        "state": "answered", "last_author_role": "support", "last_message_id": "m2", "message_count": 2,
        "created_at": iso(NOW - timedelta(days=3)), "last_staff_message_at": iso(NOW), "department": "technical",
    }  # fmt: skip
    store.apply_tickets(tickets(1, **listed | told), whole=True)
    reader = StoreReader(store.path)
    before, news = reader.ticket_row("k1"), reader.changes_since_visit()
    assert before is not None and before.state == "answered" and len(news) == 1
    assert store.apply_tickets(tickets(1, **listed)).changed == frozenset()
    assert reader.ticket_row("k1") == before and reader.changes_since_visit() == news
    whole = reader.ticket("k1")
    assert whole is not None and (whole.state, whole.message_count) == ("answered", 2)
    store.apply_tickets(tickets(1, **listed | {"state": "closed"}))
    closed = reader.ticket_row("k1")
    assert closed is not None and (closed.state, closed.message_count) == ("closed", 2), "closed is always told"
    store.apply_tickets(tickets(1, **listed | {"updated_at": iso(NOW + timedelta(hours=1))}))
    moved = reader.ticket_row("k1")
    assert moved is not None and (moved.state, moved.message_count) == ("open", 0), "something was written"


def test_messages_of_one_second_keep_their_order(store: Store) -> None:
    store.apply_tickets(tickets(1))
    same = [message(number, "k1", str(number), at=iso(NOW)) for number in range(30, 0, -1)]
    store.apply_messages(messages(*same[:10]))
    store.apply_messages(messages(*same[10:], message(99, "k1", "before", at=iso(NOW - timedelta(seconds=1)))))
    assert bodies(store, "k1") == ["before", *(str(number) for number in range(30, 0, -1))]


def test_what_came_by_a_merge_stands_where_the_panel_has_it(store: Store) -> None:
    """TKT-8: written in one second, but read later than what comes after it; also found after it was moved."""
    store.apply_tickets(tickets(1))
    at = iso(NOW)
    store.apply_messages(messages(message(2, "k1", "second words", at=at), message(4, "k1", "fourth words", at=at)))
    between = [message(1, "k1", "first words", at=at), message(3, "k1", "third words", at=at, merged_from="k2")]
    store.apply_messages(messages(*between))
    assert bodies(store, "k1")[0] == "second words"
    assert store.end_thread("k1", 1, ["m1", "m2", "m3", "m4"]) == {"k1"}
    assert bodies(store, "k1") == ["first words", "second words", "third words", "fourth words"]
    assert store.end_thread("k1", 1, ["m1", "m2", "m3", "m4"]) == frozenset()
    found = StoreReader(store.path).search_messages("words")
    assert [hit.message_id for hit in found] == ["m4", "m3", "m2", "m1"]
    with sqlite3.connect(store.path) as connection:
        connection.execute("INSERT INTO message_words (message_words) VALUES ('integrity-check')")


def test_a_copy_of_a_client_never_holds_a_note(store: Store, staff: Store) -> None:
    """TKT-6: whatever the panel sends, in whichever way; a support worker's copy holds it."""
    for one in (store, staff):
        one.apply_tickets(tickets(1, message_count=2, last_message_id="m2"))
    note, told = message(1, "k1", "the client is rude", internal=True), message(2, "k1", "hello there")
    assert store.apply_messages(messages(note, told)).notes == 1
    assert bodies(store, "k1") == ["hello there"] and not StoreReader(store.path).search_messages("rude")
    assert b"is rude" not in store.path.read_bytes() + store.path.with_name("copy.db-wal").read_bytes()
    assert staff.apply_messages(messages(note, told)).notes == 0
    (hit,) = StoreReader(staff.path).search_messages("rude")
    assert hit.internal == 1
    staff.apply_account(account("client"))  # no support any more
    assert bodies(staff, "k1") == ["hello there"] and not StoreReader(staff.path).search_messages("rude")


def test_a_note_that_becomes_one_later_goes(store: Store) -> None:
    """A message that was public and is sent again as a note leaves what was held alone: it was seen already."""
    store.apply_tickets(tickets(1))
    store.apply_messages(messages(message(1, "k1", "open words")))
    assert store.apply_messages(messages(message(1, "k1", "hidden words", internal=True))).notes == 1
    assert bodies(store, "k1") == ["open words"]


def test_messages_of_unknown_tickets_are_left_out(store: Store) -> None:
    store.apply_tickets(tickets(1))
    applied = store.apply_messages(messages(message(1, "k9"), message(2, "k1")))
    assert applied.strange == 1 and applied.tickets == {"k1"}
    assert store.end_thread("k9", 1) == frozenset() and store.open_thread("k9") is None
    assert StoreReader(store.path).coverage() == (1, 0, 1)


def test_what_is_the_same_is_no_change(store: Store) -> None:
    store.apply_tickets(tickets(1))
    store.apply_messages(messages(message(1, "k1"), message(2, "k1")))
    before = store.meta("generation")
    applied = store.apply_messages(messages(message(1, "k1"), message(2, "k1")))
    assert (applied.tickets, applied.known, store.meta("generation")) == (frozenset(), 2, before)
    applied = store.apply_messages(messages(message(1, "k1", "written over")))
    assert applied.tickets == {"k1"} and applied.known == 0
    assert StoreReader(store.path).search_messages("written over") and bodies(store, "k1")[0] == "written over"
    assert not StoreReader(store.path).search_messages("does not start over")


def test_an_older_answer_about_a_ticket_does_not_undo_a_newer_one(store: Store) -> None:
    store.apply_tickets(tickets(1, version=5, state="answered", message_count=2))
    applied = store.apply_tickets(tickets(1, version=4, state="open", message_count=1))
    assert applied.stale == {"k1"}
    row = StoreReader(store.path).ticket_row("k1")
    assert row is not None and (row.state, row.message_count) == ("answered", 2)


def test_a_ticket_that_is_deleted_takes_its_messages_and_their_words_along(store: Store) -> None:
    store.apply_tickets(tickets(1, 2))
    store.apply_messages(messages(message(1, "k1", "kernel panic"), message(2, "k2", "kernel update")))
    assert store.remove("ticket", ["k1"]) == {"k1"}
    reader = StoreReader(store.path)
    assert reader.messages("k1") == [] and reader.messages_known("k1").last_id is None
    assert [hit.ticket_id for hit in reader.search_messages("kernel")] == ["k2"]
    with sqlite3.connect(store.path) as connection:
        connection.execute("INSERT INTO message_words (message_words) VALUES ('integrity-check')")


def test_a_thread_read_from_its_beginning_loses_what_is_not_in_it(store: Store) -> None:
    """TKT-8: messages that were split off, or given back by unmerging."""
    store.apply_tickets(tickets(1, message_count=3, last_message_id="m3"))
    store.apply_messages(messages(*(message(number, "k1") for number in (1, 2, 3))))
    store.apply_tickets(tickets(1, message_count=2, last_message_id="m3", version=2))
    (wanted,) = store.wanted_threads(10)
    assert wanted.after is None  # as many as before less one: only reading all of it tells which
    assert store.end_thread("k1", 2, ["m1", "m3"]) == {"k1"}
    assert [row.id for row in StoreReader(store.path).messages("k1")] == ["m1", "m3"]
    assert store.wanted_threads(10) == []


def test_merged_threads_hold_the_same_message_twice_until_both_were_read(store: Store) -> None:
    store.apply_tickets(tickets(1, 2))
    store.apply_messages(messages(message(1, "k1", "one"), message(2, "k2", "two")))
    store.apply_messages(messages(message(1, "k2", "one", merged_from="k1")))
    assert bodies(store, "k2") == ["one", "two"] and bodies(store, "k1") == ["one"]
    assert StoreReader(store.path).messages("k2")[0].merged_from == "k1"
    store.end_thread("k1", 2, [])
    assert bodies(store, "k1") == [] and bodies(store, "k2") == ["one", "two"]


def test_a_panel_whose_count_is_wrong_is_asked_once_for_each_version(store: Store) -> None:
    store.apply_tickets(tickets(1, message_count=7, last_message_id="m1"))
    store.apply_messages(messages(message(1, "k1")))
    assert [one.ticket_id for one in store.wanted_threads(10)] == ["k1"]
    store.end_thread("k1", 1, ["m1"])
    assert store.wanted_threads(10) == [] and StoreReader(store.path).messages_known("k1").whole
    store.apply_tickets(tickets(1, message_count=7, last_message_id="m1", version=2))
    assert store.count_wanted() == 1


def test_of_staff_only_what_is_worked_on_or_was_opened_is_wanted(staff: Store, store: Store) -> None:
    for one in (staff, store):
        for number, state in enumerate(("open", "answered", "on hold", "closed", "closed")):
            one.apply_tickets(tickets(number, state=state, message_count=1, last_message_id="m1"))
    assert {one.ticket_id for one in staff.wanted_threads(10)} == {"k0", "k1", "k2"}
    assert staff.open_thread("k4") is not None
    assert {one.ticket_id for one in staff.wanted_threads(10)} == {"k0", "k1", "k2", "k4"}
    assert [one.ticket_id for one in store.wanted_threads(10)] == ["k0", "k1", "k2", "k3", "k4"]  # newest first


def test_search_finds_every_word_in_one_message_newest_first(store: Store) -> None:
    store.apply_tickets(tickets(1, 2, subject="Mail"))
    store.apply_messages(
        messages(
            message(1, "k1", "Der Server ist LANGSAM, Zeile 42"),
            message(5, "k2", "сервер не відповідає " + "x" * 5000 + " нарешті"),
            message(3, "k1", 'langsam, immer noch: 100% "quoted" O\'Brien a_b'),
        )
    )
    reader = StoreReader(store.path)

    def found(text: str) -> list[str]:
        return [hit.message_id for hit in reader.search_messages(text)]

    assert found("langsam") == ["m3", "m1"]
    assert found("langsam 42") == ["m1"] and found("LANGSAM noch") == ["m3"]
    assert found("Відповідає НАРЕШТІ") == ["m5"]
    assert found('100% "quoted"') == ["m3"] and found("o'brien a_") == ["m3"]
    assert found("ab") == found("") == found("* NEAR(") == found("\0") == []
    (hit,) = reader.search_messages("нарешті")
    assert hit.excerpt.endswith("нарешті") and hit.excerpt.startswith("…") and len(hit.excerpt) <= 161
    assert (hit.number, hit.subject, hit.state) == ("7002", "Mail", "open")
    assert len(reader.search_messages("langsam", 1)) == 1


def test_a_message_of_a_million_characters_is_kept_found_and_told_short(store: Store) -> None:
    store.apply_tickets(tickets(1))
    body = "\n".join(f"{number:07} line of a log" for number in range(45_000))[:999_980] + "\nneedle-at-the-end"
    store.apply_messages(messages(message(1, "k1", body)))
    reader = StoreReader(store.path)
    assert reader.messages("k1")[0].body == body
    (hit,) = reader.search_messages("needle-at")
    assert "needle-at-the-end" in hit.excerpt and len(hit.excerpt) < 200
    assert store.held_characters() == len(body)


def test_hostile_text_is_harmless_in_every_row(store: Store) -> None:
    store.apply_tickets(tickets(1, subject=HOSTILE, number=HOSTILE, id=f"k{HOSTILE}"))
    (row,) = StoreReader(store.path).tickets()
    hostile = message(1, f"k{HOSTILE}", HOSTILE, id=HOSTILE, author=HOSTILE, author_role=HOSTILE)
    store.apply_messages(messages(hostile | {"attachments": [{"id": HOSTILE, "name": HOSTILE}]}))
    (held,) = StoreReader(store.path).messages(row.id)
    texts = [*row, *held[1:8], *held.attachments[0], *StoreReader(store.path).search_messages("click")[0]]
    assert all(text.isprintable() for text in texts if isinstance(text, str))
    assert getattr(held.id, "raw", "") == HOSTILE and getattr(held.attachments[0].id, "raw", "") == HOSTILE
    (wanted,) = store.threads([row.id])
    assert wanted.raw_id == f"k{HOSTILE}"
    store.end_thread(row.id, 0, None)
    store.apply_tickets(tickets(1, subject=HOSTILE, id=f"k{HOSTILE}", version=3, last_message_id="m2"))
    assert store.threads([row.id])[0].after == HOSTILE


def test_times_that_cannot_be_are_kept_in_order_and_break_nothing(store: Store) -> None:
    store.apply_tickets(tickets(1))
    odd = [message(1, "k1", "a", at="0001-01-02T00:00:00Z"), message(2, "k1", "z", at="9999-12-30T00:00:00Z")]
    store.apply_messages(messages(odd[1], message(3, "k1", "m"), odd[0]))
    assert bodies(store, "k1") == ["a", "m", "z"]


def test_closed_threads_go_when_there_are_too_many_the_longest_unchanged_first(store: Store) -> None:
    for number in range(4):
        closed = number != 3
        store.apply_tickets(tickets(number, state="closed" if closed else "open"))
        store.apply_messages(messages(message(number, f"k{number}", "word" * 25)))
    assert store.trim_threads(400) == frozenset()
    assert store.trim_threads(250) == {"k2", "k1"}  # k3 is open
    assert StoreReader(store.path).coverage().messages == 2 and store.held_characters() == 200


def test_access_is_nowhere_in_the_copy(store: Store) -> None:
    """TKT-4: a panel that puts it into a ticket by mistake does not get it into the file either."""
    raw = ticket(1, access="given") | {"server_access": "root:s3cret-access"}
    store.apply_tickets([Ticket.model_validate_json(json.dumps(raw))], whole=True)
    assert b"s3cret-access" not in store.path.read_bytes() + store.path.with_name("copy.db-wal").read_bytes()


def test_news_tell_what_became_of_tickets(store: Store) -> None:
    store.complete("1")
    store.apply_tickets(tickets(1))
    store.apply_tickets(tickets(1, version=2, state="answered"))
    news = [(row.kind, row.what, row.title, row.after) for row in StoreReader(store.path).changes_since_visit()]
    title = "7001 Disk of web-00001 is full"
    assert news == [("ticket", "state", title, "answered"), ("ticket", "created", title, "open")]
