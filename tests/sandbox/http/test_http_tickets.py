"""Tickets over the wire: who may what, what nobody learns, and what is done exactly once (TKT)."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sqlite3
import uuid
from datetime import timedelta
from typing import Any

import pytest

from billtui.domain.periods import format_instant, parse_instant
from tests.sandbox.http.access_kit import code_of, keyed
from tests.support.panel import API, InProcessPanel, Json, SignedIn
from tests.support.transferring import changes, cursor

SECRET = "root, Violet-Kettle-7731"


@pytest.fixture
async def support(panel: InProcessPanel) -> SignedIn:
    return await panel.sign_in("support")


@pytest.fixture
async def colleague(panel: InProcessPanel) -> SignedIn:
    return await panel.sign_in("support", 1)


async def opened(client: SignedIn, **more: Any) -> Json:
    body = {"department": "technical", "subject": "No route to 198.51.100.77", "body": "Since 06:40 UTC."} | more
    answer = await client.post("/tickets", body)
    assert answer.status_code == 201, answer.text
    ticket: Json = answer.json()
    return ticket


async def said(who: SignedIn, ticket: Json, body: str = "A word.", **more: Any) -> Json:
    answer = await who.post(f"/tickets/{ticket['id']}/messages", {"body": body} | more)
    assert answer.status_code == 201, answer.text
    posted: Json = answer.json()
    return posted


def in_json(who: SignedIn) -> dict[str, str]:
    """Headers of a write whose body is written by hand."""
    return {
        "Authorization": f"Bearer {who.token}",
        "Idempotency-Key": uuid.uuid4().hex,
        "Content-Type": "application/json",
    }


async def uploaded(who: SignedIn, name: str = "a.txt", data: bytes = b"abc", key: str = "") -> Any:
    headers = {"Authorization": f"Bearer {who.token}", "Idempotency-Key": key or uuid.uuid4().hex}
    return await who.http.post(f"{API}/attachments", params={"name": name}, content=data, headers=headers)


# --- whose it is (TKT-1, ACC-7)


async def test_another_clients_ticket_is_not_there(client: SignedIn, other: SignedIn) -> None:
    """Word for word the answer for a ticket that nobody has, whatever is asked."""
    ticket = await opened(client)

    async def asked(ticket_id: str) -> list[tuple[int, str]]:
        where = f"/tickets/{ticket_id}"
        answers = [
            await other.get(where),
            await other.get(f"{where}/messages"),
            await other.post(f"{where}/messages", {"body": "Hello."}),
            await other.patch(where, {"state": "closed"}),
            await other.patch(where, {"priority": "high"}),
            await other.write("PUT", f"{where}/access", {"access": "x"}),
            await other.post(f"{where}/access/reveal", {"reason": "x"}),
        ]
        return [(one.status_code, one.text.replace(ticket_id, "ID")) for one in answers]

    found = await asked(ticket["id"])
    assert {status for status, _ in found} == {404} and found == await asked("987654")
    assert ticket["id"] not in [one["id"] for one in await other.items("/tickets")]
    assert (await other.get("/tickets", id=ticket["id"])).json()["total"] == 0
    last = (await client.items("/messages"))[-1]
    assert (await other.get("/messages", after=last["id"])).status_code == 422


async def test_a_ticket_is_about_ones_own_things(client: SignedIn, other: SignedIn, support: SignedIn) -> None:
    """TKT-1: server, invoice and account of somebody else are not there; staff says whose ticket it shall be."""
    (order, *_) = await client.items("/orders")
    (invoice, *_) = await client.items("/invoices")
    body = {"department": "sales", "subject": "Price", "body": "How much?"}
    account_id = client.account["account_id"]
    for about in ({"order_id": order["id"]}, {"invoice_id": invoice["id"]}, {"account_id": account_id}):
        assert code_of(await other.post("/tickets", body | about)) == (404, "not-found"), about
    assert code_of(await support.post("/tickets", body)) == (422, "invalid-input")
    for nobody in ("123", "900012", "x"):
        assert code_of(await support.post("/tickets", body | {"account_id": nobody})) == (404, "not-found"), nobody
    made = await support.post("/tickets", body | {"account_id": account_id, "order_id": order["id"]})
    assert made.status_code == 201
    shown = (await client.get(f"/tickets/{made.json()['id']}")).json()
    assert (shown["state"], shown["opened_by"], shown["answer_due_at"]) == ("answered", "support", None)


async def test_what_is_missing_or_too_long_has_its_own_code(client: SignedIn) -> None:
    right = {"department": "technical", "subject": "No route", "body": "Since 06:40 UTC."}
    for wrong, code in (
        ({"department": "poetry"}, "unknown-department"),
        ({"subject": " \n "}, "subject-missing"),
        ({"subject": "x" * 201}, "subject-too-long"),
        ({"body": "\t"}, "body-missing"),
        ({"body": "x" * 1_000_001}, "body-too-long"),
        ({"body": 7}, "invalid-input"),
        ({"body": "\ud800"}, "invalid-input"),
    ):
        sent = json.dumps(right | wrong).encode()
        headers = in_json(client)
        answer = await client.http.post(f"{API}/tickets", content=sent, headers=headers)
        assert code_of(answer) == (422, code), wrong.keys()
    two_lines = await opened(client, subject="  one \r\n two\t")
    assert two_lines["subject"] == "one two"


async def test_the_longest_message_however_it_is_spelled(client: SignedIn) -> None:
    """TKT-6: a million characters, each twelve bytes of JSON; beyond 13 MiB it is not even read."""
    ticket = await opened(client)
    sent = json.dumps({"body": "\N{SNAKE}" * 1_000_000})
    assert len(sent) > 12_000_000
    headers = in_json(client)
    where = f"{API}/tickets/{ticket['id']}/messages"
    answer = await client.http.post(where, content=sent, headers=headers)
    assert answer.status_code == 201 and len(answer.json()["message"]["body"]) == 1_000_000
    pages = (await client.get(f"/tickets/{ticket['id']}/messages")).json()
    assert [len(one["body"]) for one in pages["items"]] == [16] and pages["next_cursor"] == pages["items"][-1]["id"]
    rest = (await client.get(f"/tickets/{ticket['id']}/messages", cursor=pages["next_cursor"])).json()
    assert len(rest["items"]) == 1 and rest["next_cursor"] is None
    huge = await client.http.post(where, content=b"x" * (14 * 1024 * 1024), headers=headers)
    assert code_of(huge) == (413, "too-large")


# --- notes (TKT-6)


async def test_a_note_is_nowhere_for_the_client(panel: InProcessPanel, client: SignedIn, support: SignedIn) -> None:
    """Neither in the thread nor by a count, a version, a time, an id, an entity tag, an event or its file."""
    ticket = await opened(client)
    where = f"/tickets/{ticket['id']}"
    mine, theirs = await cursor(client), await cursor(support)
    before = {path: await client.get(path) for path in (where, f"{where}/messages", "/tickets", "/messages")}
    await panel.advance(seconds=30)
    file = (await uploaded(support, "dump.txt")).json()
    note = await said(support, ticket, "He is angry.", internal=True, attachments=[file["id"]])
    await said(support, ticket, "Still angry.", internal=True, seen=note["message"]["id"])
    tagged = await support.patch(where, {"tags_add": ["angry"]})
    assert tagged.status_code == 200
    for path, was in before.items():
        now = await client.get(path)
        assert (now.content, now.headers["etag"]) == (was.content, was.headers["etag"]), path
        again = await client.get(path, headers={"If-None-Match": was.headers["etag"]})
        assert again.status_code == 304, path
    assert await changes(client, mine) == []
    assert await changes(support, theirs) == [("ticket", ticket["id"], "changed")]
    assert (await client.get(f"/attachments/{file['id']}")).status_code == 404
    assert (await client.get(f"{where}/messages", after=note["message"]["id"])).status_code == 422
    assert (await client.get("/tickets", tag="angry")).status_code == 422
    assert (await client.get("/tickets", sort="last_client_message_at")).status_code == 422
    assert "angry" not in (await client.get("/tickets", q="angry")).text.casefold()
    # And the client's next message is the next one: its id leaves no gap, its `seen` is that of before.
    next_one = await said(client, ticket, "Any news?", seen=ticket["last_message_id"])
    assert int(next_one["message"]["id"]) == int(ticket["last_message_id"]) + 1
    assert next_one["ticket"]["message_count"] == 2
    staffs = (await support.get(where)).json()
    assert (staffs["message_count"], staffs["tags"]) == (4, ["angry"])
    refused = await client.post(f"{where}/messages", {"body": "A note of mine.", "internal": True})
    assert code_of(refused) == (403, "forbidden")


async def test_versions_are_those_of_the_reader(client: SignedIn, support: SignedIn) -> None:
    ticket = await opened(client)
    where = f"/tickets/{ticket['id']}"
    await said(support, ticket, "Ours.", internal=True)
    staffs = (await support.get(where)).json()["version"]
    assert staffs > ticket["version"]
    assert code_of(await client.patch(where, {"state": "closed"}, if_match=staffs)) == (412, "version-mismatch")
    closed = await client.patch(where, {"state": "closed"}, if_match=ticket["version"])
    assert closed.status_code == 200 and closed.json()["version"] > ticket["version"]
    stale = await support.post(f"{where}/messages", {"body": "Late."}, if_match=staffs)
    assert code_of(stale) == (412, "version-mismatch")


# --- once, and one of many (TKT-9)


async def test_the_same_key_writes_once(client: SignedIn, support: SignedIn) -> None:
    ticket = await opened(client)
    where = f"/tickets/{ticket['id']}/messages"
    body = {"body": "Once.", "seen": ticket["last_message_id"]}
    first = await client.post(where, body, key="reply-1")
    again = await client.post(where, body, key="reply-1")
    assert first.json() == again.json() and again.headers["idempotent-replay"] == "true"
    assert code_of(await client.post(where, body | {"body": "Twice."}, key="reply-1")) == (
        422,
        "idempotency-key-reused",
    )
    assert [one["body"] for one in await client.items(where)] == ["Since 06:40 UTC.", "Once."]
    one, two = await uploaded(client, key="file-1"), await uploaded(client, key="file-1")
    assert one.json() == two.json()
    assert code_of(await uploaded(client, "b.txt", key="file-1")) == (422, "idempotency-key-reused")
    refused = await support.post(where, {"body": "Unseen.", "seen": ticket["last_message_id"]}, key="reply-2")
    repeated = await support.post(where, {"body": "Unseen.", "seen": ticket["last_message_id"]}, key="reply-2")
    assert code_of(refused) == code_of(repeated) == (409, "thread-moved-on")


async def test_of_many_who_saw_the_same_thread_one_is_heard(
    client: SignedIn, support: SignedIn, colleague: SignedIn
) -> None:
    ticket = await opened(client)
    where = f"/tickets/{ticket['id']}/messages"
    seen = ticket["last_message_id"]
    for _ in range(4):
        people = [support, colleague, client, support, colleague, client]
        answers = await asyncio.gather(*(one.post(where, {"body": "Mine.", "seen": seen}) for one in people))
        assert sorted(one.status_code for one in answers) == [201, 409, 409, 409, 409, 409]
        (heard,) = [one.json()["message"]["id"] for one in answers if one.status_code == 201]
        for one in answers:
            if one.status_code == 409:
                assert one.json()["code"] == "thread-moved-on" and one.json()["related"]["message_id"] == heard
        seen = heard
    assert len(await client.items(where)) == 5


# --- closing, reopening, rating, holding (TKT-5)


async def test_closed_twice_and_reopened_for_14_days(
    panel: InProcessPanel, client: SignedIn, support: SignedIn
) -> None:
    ticket = await opened(client)
    where = f"/tickets/{ticket['id']}"
    closed = (await client.patch(where, {"state": "closed"})).json()
    twice = (await client.patch(where, {"state": "closed"})).json()
    assert twice == closed and closed["reopen_until"] > closed["closed_at"] and closed["queue_place"] is None
    for what in ({"state": "open"}, {"state": "on hold"}, {"assignee": "sam.desk"}, {"tags_add": ["x"]}):
        assert code_of(await client.patch(where, what)) == (403, "forbidden"), what
    assert code_of(await client.patch(where, {})) == (422, "invalid-input")
    await panel.advance(days=13, hours=23)
    again = (await said(client, ticket, "It is back."))["ticket"]
    assert (again["state"], again["closed_at"]) == ("open", None)
    assert again["answer_due_at"] > again["updated_at"], "TKT-10: owed from the reopening, as nobody had answered"
    await said(client, ticket, "No, it is not.", close=True)
    await panel.advance(days=14)
    late = await client.post(f"{where}/messages", {"body": "It is."})
    assert code_of(late) == (409, "ticket-closed") and late.json()["rule"] == "TKT-5"
    assert (await said(support, ticket, "We looked again."))["ticket"]["state"] == "answered", "staff always may"


async def test_a_hold_ends_by_itself_and_everybody_is_told(
    panel: InProcessPanel, client: SignedIn, support: SignedIn
) -> None:
    ticket = await opened(client)
    until = format_instant(parse_instant(await panel.advance(seconds=1)) + timedelta(hours=2))
    where = f"/tickets/{ticket['id']}"
    held = (await support.patch(where, {"state": "on hold", "hold_until": until})).json()
    assert (held["state"], held["hold_until"], held["queue_place"]) == ("on hold", until, None)
    mine, theirs = await cursor(client), await cursor(support)
    await panel.advance(hours=1)
    assert (await client.get(where)).json()["state"] == "on hold"
    await panel.advance(hours=1)
    for who, since in ((client, mine), (support, theirs)):
        assert ("ticket", ticket["id"], "changed") in await changes(who, since)
    woken = (await client.get(where)).json()
    assert (woken["state"], woken["hold_until"], woken["updated_at"]) == ("open", None, until)


async def test_rating_waits_for_an_answer(client: SignedIn, support: SignedIn) -> None:
    ticket = await opened(client)
    where = f"/tickets/{ticket['id']}"
    assert code_of(await client.patch(where, {"rating": 5})) == (409, "not-rateable")
    await said(support, ticket, "Ours.", internal=True)
    assert code_of(await client.patch(where, {"rating": 5})) == (409, "not-rateable"), "a note is no answer"
    await said(support, ticket, "Done.")
    for wrong in (0, 6, "5", 4.5, True):
        assert code_of(await client.patch(where, {"rating": wrong})) == (422, "invalid-input"), wrong
    rated = (await client.patch(where, {"rating": 5, "rating_comment": " fine "})).json()
    assert (rated["rating"], rated["rating_comment"]) == (5, "fine")


# --- attachments (TKT-6)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../x", "x"),
        ("..\\..\\evil.exe", "evil.exe"),
        ("/etc/passwd", "passwd"),
        ('a"\r\nX-Evil: 1;b', 'a"\r\nX-Evil: 1;b'),
        ("звіт.txt", "звіт.txt"),
        ("..", None),
        ("a/", None),
        ("x" * 256, None),
    ],
)
async def test_a_name_is_a_name(client: SignedIn, given: str, kept: str | None) -> None:
    """What is saved under it stays in its directory; what is in it is no header."""
    answer = await uploaded(client, given)
    if kept is None:
        assert code_of(answer) == (422, "invalid-input")
        return
    assert answer.status_code == 201 and answer.json()["name"] == kept
    file = await client.get(f"/attachments/{answer.json()['id']}")
    assert file.content == b"abc" and file.headers["content-type"] == "application/octet-stream"
    disposition = file.headers["content-disposition"]
    assert disposition.startswith("attachment; filename*=UTF-8''") and disposition.isascii()
    assert "x-evil" not in file.headers and file.headers["x-content-type-options"] == "nosniff"


async def test_files_of_a_message(panel: InProcessPanel, client: SignedIn, other: SignedIn, support: SignedIn) -> None:
    ticket = await opened(client)
    where = f"/tickets/{ticket['id']}/messages"
    assert code_of(await uploaded(client, data=b"x" * (10 * 1024 * 1024 + 1))) == (413, "attachment-too-large")
    largest = await uploaded(client, data=b"x" * (10 * 1024 * 1024))
    assert largest.status_code == 201
    mine = [(await uploaded(client, f"{n}.txt")).json()["id"] for n in range(6)]
    theirs = (await uploaded(other)).json()["id"]
    too_many = await client.post(where, {"body": "All.", "attachments": mine})
    assert code_of(too_many) == (409, "too-many-attachments")
    stolen = await client.post(where, {"body": "Theirs.", "attachments": [theirs]})
    assert code_of(stolen) == (409, "attachment-unknown") and stolen.json()["related"] == {"attachment_id": theirs}
    assert len(await client.items(where)) == 1, "what was refused left nothing"
    posted = await said(client, ticket, "Some.", attachments=[*mine[:2], mine[0], largest.json()["id"]])
    assert [one["name"] for one in posted["message"]["attachments"]] == ["0.txt", "1.txt", "a.txt"]
    assert (await support.get(f"/attachments/{mine[0]}")).status_code == 200
    for stranger_to, who in ((mine[0], other), (theirs, client), (theirs, support), (mine[5], support)):
        assert (await who.get(f"/attachments/{stranger_to}")).status_code == 404
    await panel.advance(hours=24)
    dropped = await client.post(where, {"body": "Late.", "attachments": [mine[5]]})
    assert code_of(dropped) == (409, "attachment-unknown")
    assert (await client.get(f"/attachments/{mine[5]}")).status_code == 404
    assert (await client.get(f"/attachments/{mine[0]}")).content == b"abc", "what a message has stays"


# --- server access (TKT-4)


async def test_server_access_is_nowhere_but_in_its_answer(
    panel: InProcessPanel, client: SignedIn, support: SignedIn
) -> None:
    """Not in the database, a kept answer, a list, an event or a problem; the client sees who read it and why."""
    ticket = await opened(client)
    where = f"/tickets/{ticket['id']}/access"
    staff = await panel.sign_in("admin")
    assert code_of(await support.post(f"{where}/reveal", {"reason": "to look"})) == (409, "no-access-given")
    assert code_of(await support.write("PUT", where, {"access": SECRET})) == (403, "forbidden")
    given = await client.write("PUT", where, {"access": SECRET}, key="access-1")
    assert given.status_code == 204 and given.headers["cache-control"] == "no-store"
    for who in (client, staff):
        assert code_of(await who.post(f"{where}/reveal", {"reason": "to look"})) == (403, "forbidden")
    for reason in ({"reason": "  "}, {}):
        assert code_of(await support.post(f"{where}/reveal", reason)) == (422, "reason-missing")
    mine = await cursor(client)
    revealed = await support.post(f"{where}/reveal", {"reason": "disk is full"}, key="reveal-1")
    assert revealed.json()["access"] == SECRET and revealed.headers["cache-control"] == "no-store"
    assert await changes(client, mine) == [("ticket", ticket["id"], "changed")]
    for who in (client, support):
        shown = (await who.get(f"/tickets/{ticket['id']}")).json()
        assert [(one["login"], one["reason"]) for one in shown["access_log"]] == [("sam.desk", "disk is full")]
        for key in ("access-1", "reveal-1"):
            assert (await who.get(f"/operations/{key}")).json() == {"state": "never-seen"}
    written = b"".join(file.read_bytes() for file in panel.database.path.parent.glob("panel.db*"))
    assert SECRET.encode() not in written and b"Violet-Kettle" not in written
    key_file = panel.database.path.with_name("panel.db.key")
    assert key_file.stat().st_mode & 0o777 == 0o600 and key_file.read_bytes() not in written.replace(
        key_file.read_bytes(), b"", 1
    )
    too_long = await client.write("PUT", where, {"access": "Violet" * 1_000})
    assert code_of(too_long) == (422, "invalid-input") and "Violet" not in too_long.text
    sent = json.dumps({"access": "Violet\ud800"}).encode()
    half = await client.http.put(f"{API}{where}", content=sent, headers=in_json(client))
    assert code_of(half) == (422, "invalid-input") and "Violet" not in half.text


async def test_wiped_access_is_wiped_from_the_file_as_well(panel: InProcessPanel, client: SignedIn) -> None:
    """TKT-4: a deleted row usually stays in its page; the key to it lies beside the database."""
    where = f"/tickets/{(await opened(client))['id']}"
    sealed = []
    for secret in (SECRET, f"{SECRET}, and another"):  # replacing it wipes the one before
        assert (await client.write("PUT", f"{where}/access", {"access": secret})).status_code == 204
        with panel.database.read() as tx:
            sealed.append(
                bytes(tx.sql("SELECT sealed FROM ticket_access ORDER BY given_at DESC, ticket_id DESC").fetchone()[0])
            )
    assert (await client.patch(where, {"state": "closed"})).json()["access"] == "wiped"
    with contextlib.closing(sqlite3.connect(panel.database.path)) as db:
        assert db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0, "somebody reads"
    written = panel.database.path.read_bytes()
    assert [one for one in sealed if one[12:] in written] == []


@pytest.mark.parametrize("closing", ["client", "client's word", "staff", "staff's answer"])
async def test_access_goes_however_the_ticket_closes(client: SignedIn, support: SignedIn, closing: str) -> None:
    ticket = await opened(client)
    where = f"/tickets/{ticket['id']}"
    assert (await client.write("PUT", f"{where}/access", {"access": SECRET})).status_code == 204
    who = client if closing.startswith("client") else support
    if closing.endswith(("'s word", "'s answer")):
        closed = (await said(who, ticket, "Bye.", close=True))["ticket"]
    else:
        closed = (await who.patch(where, {"state": "closed"})).json()
    assert (closed["state"], closed["access"]) == ("closed", "wiped")
    await said(client, ticket, "Once more.")
    assert code_of(await support.post(f"{where}/access/reveal", {"reason": "x"})) == (409, "access-wiped")
    again = await client.write("PUT", f"{where}/access", {"access": "another"})
    assert again.status_code == 204
    assert (await support.post(f"{where}/access/reveal", {"reason": "x"})).json()["access"] == "another"


# --- keys and lists


async def test_a_key_that_only_reads_writes_no_word(client: SignedIn) -> None:
    """ACC-5."""
    ticket = await opened(client)
    reader, writer = await keyed(client, read_only=True), await keyed(client)
    where = f"/tickets/{ticket['id']}"
    assert (await reader.get(where)).status_code == 200
    for refused in (
        await reader.post(f"{where}/messages", {"body": "x"}),
        await reader.post("/tickets", {"department": "sales", "subject": "x", "body": "x"}),
        await reader.patch(where, {"state": "closed"}),
        await reader.write("PUT", f"{where}/access", {"access": "x"}),
        await uploaded(reader),
    ):
        assert code_of(refused) == (403, "api-key-read-only")
    assert (await writer.post(f"{where}/messages", {"body": "x"})).status_code == 201


async def test_writes_need_a_key_but_for_secrets(client: SignedIn) -> None:
    ticket = await opened(client)
    where = f"{API}/tickets/{ticket['id']}"
    headers = {"Authorization": f"Bearer {client.token}"}
    for method, path, body in (
        ("POST", f"{API}/tickets", {"department": "sales", "subject": "x", "body": "x"}),
        ("POST", f"{where}/messages", {"body": "x"}),
        ("PATCH", where, {"state": "closed"}),
    ):
        answer = await client.http.request(method, path, json=body, headers=headers)
        assert code_of(answer) == (422, "idempotency-key-missing"), path
    answer = await client.http.put(f"{where}/access", json={"access": "x"}, headers=headers)
    assert answer.status_code == 204


async def test_a_waiting_colleague_learns_at_once(client: SignedIn, support: SignedIn, other: SignedIn) -> None:
    """The long poll of staff ends with a client's message; another client's does not."""
    theirs = await cursor(support)
    strangers = await cursor(other)
    polled = asyncio.ensure_future(support.get("/changes", after=theirs, wait=15))
    ticket = await opened(client)
    found = (await asyncio.wait_for(polled, 10)).json()["items"]
    assert [(one["kind"], one["id"], one["change"]) for one in found] == [("ticket", ticket["id"], "created")]
    assert await changes(other, strangers) == []


async def test_unknown_questions_are_refused(client: SignedIn) -> None:
    ticket = await opened(client)
    for path, query in (
        ("/tickets", {"colour": "red"}),
        ("/tickets", {"state": "lost"}),
        ("/tickets", {"sort": "tags"}),
        ("/messages", {"state": "lost"}),
        ("/messages", {"since": "yesterday"}),
        ("/messages", {"internal": "true"}),
        (f"/tickets/{ticket['id']}/messages", {"after": "x"}),
        (f"/tickets/{ticket['id']}/messages", {"limit": "0"}),
        (f"/tickets/{ticket['id']}/messages", {"state": "open"}),
    ):
        answer = await client.http.get(API + path, params=query, headers=in_json(client))
        assert code_of(answer) == (422, "invalid-input"), (path, query)
    for wrong_id in ("0", "01", "-1", "1e3", "9" * 30, "%2e%2e"):
        assert (await client.get(f"/tickets/{wrong_id}")).status_code == 404, wrong_id
