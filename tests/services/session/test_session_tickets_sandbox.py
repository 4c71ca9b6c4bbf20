"""Tickets of the reference panel in two sessions at once: a client's and a support worker's (TKT-4, TKT-6, TKT-9)."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from billtui.client.errors import CapabilityMissing, InvalidInput
from billtui.client.settings import ConnectionSettings
from billtui.config.credentials import Credential
from billtui.domain.models import Doing
from billtui.services.search import search
from billtui.services.session import Session, SessionSettings
from billtui.services.session_events import PanelMistake, StoreChanged
from tests.services.session.test_session_sandbox import Pocket
from tests.support.listening import Events, until
from tests.support.queueing import Stopwatch
from tests.support.sandbox import SandboxProcess

SECRET = "root:Tr0ub4dor-and-3"


@contextlib.asynccontextmanager
async def session_of(sandbox: SandboxProcess, login: str, place: Path) -> AsyncIterator[tuple[Session, Events]]:
    settings = SessionSettings(
        connection=ConnectionSettings(sandbox.url, retry_base=0.02, tries=2), profile=login, login=login,
        data_dir=place / login / "data", state_dir=place / login / "state", retry_seconds=0.05, retry_most=0.3,
    )  # fmt: skip
    events = Events()
    pocket = Pocket(Credential("token", SecretStr(sandbox.sign_in(login)), "test"))
    async with Session(settings, listener=events, credentials=pocket) as session:
        yield session, events


def ask(sandbox: SandboxProcess, login: str, method: str, path: str, body: Any = None) -> Any:
    """One request as that login, beside the sessions."""
    headers = {"Idempotency-Key": uuid.uuid4().hex} if method != "GET" else {}
    status, answer = sandbox.call(method, f"/api/v1{path}", body, token=sandbox.sign_in(login), headers=headers)
    assert status < 300, answer
    return answer


def everything(place: Path) -> bytes:
    return b"".join(file.read_bytes() for file in place.rglob("*") if file.is_file())


async def whole(session: Session) -> None:
    """Until what is copied by itself is there: of a client everything, of staff what is worked on."""

    def is_there() -> bool:
        store = session.store
        rows = [row for row in store.tickets() if not session.tickets.is_staff or row.state != "closed"]
        return store.is_complete and bool(rows) and all(store.messages_known(row.id).whole for row in rows)

    await until(is_there)


async def test_client_and_support_on_one_ticket(sandbox_server: SandboxProcess, tmp_path: Path) -> None:
    """What one writes the other has at once; the client never gets a note, and the secret is nowhere."""
    box = sandbox_server
    opened = ask(
        box, "olena.marsh", "POST", "/tickets",
        {"department": "technical", "subject": "Disk of web is full", "body": "It stopped at 12:00, see the log."},
    )  # fmt: skip
    key = opened["id"]
    async with (
        session_of(box, "olena.marsh", tmp_path) as (client, client_events),
        session_of(box, "sam.desk", tmp_path) as (staff, staff_events),
    ):
        await whole(client)
        await whole(staff)
        assert staff.tickets.is_staff and not client.tickets.is_staff
        mine, theirs = client.store.ticket_row(key), staff.store.ticket_row(key)
        assert mine is not None and theirs is not None and theirs.login == "olena.marsh"
        assert key in staff.tickets.unread() and key not in client.tickets.unread()
        assert {one.id.raw for one in await client.tickets.departments()} >= {"technical", "finance"}

        await client.tickets.give_access(key, SecretStr(SECRET))
        ticket = client.store.ticket(key)
        assert ticket is not None and ticket.access == "given"
        with pytest.raises(InvalidInput, match="reason"):
            await staff.tickets.reveal_access(key, "")
        revealed = await staff.tickets.reveal_access(key, "to look at the disk")
        assert revealed.access.get_secret_value() == SECRET
        found = await client.tickets.thread(key)
        assert [(one.login, one.reason) for one in found.access_log] == [("sam.desk", "to look at the disk")]
        with pytest.raises(CapabilityMissing):
            await client.tickets.presence(key, Doing.READING)

        seen = client_events.count
        note = ask(box, "sam.desk", "POST", f"/tickets/{key}/messages", {"body": "He is rude.", "internal": True})
        ask(box, "sam.desk", "POST", f"/tickets/{key}/messages", {"body": "The disk is larger now."})
        watch = Stopwatch(box.pid)
        await client_events.until(StoreChanged, lambda event: key in event.messages, after=seen)
        assert not watch.has_run(client.settings.poll_seconds / 2), "told by the feed, not found at the next turn"
        await until(lambda: [row.role for row in client.store.messages(key)] == ["client", "support"])
        assert client.tickets.is_unread(client.store.ticket_rows([key])[key])
        client.tickets.mark_seen(key, client.store.messages(key)[-1].id)
        assert not client.tickets.is_unread(client.store.ticket_rows([key])[key])
        await until(lambda: len(staff.store.messages(key)) == 3)
        assert [hit.message_id for hit in search(staff.store, "message:rude")] == [note["message"]["id"]]
        assert search(client.store, "message:rude") == []
        assert client_events.of(PanelMistake) == staff_events.of(PanelMistake) == []

        ask(box, "olena.marsh", "PATCH", f"/tickets/{key}", {"state": "closed"})
        await until(lambda: client.store.ticket_rows([key])[key].access == "wiped")
        assert client.store.messages_known(key).whole
    left = everything(tmp_path)
    assert SECRET.encode() not in left and b"The disk is larger now." in left
    assert b"He is rude." not in everything(tmp_path / "olena.marsh")


async def test_a_long_thread_comes_whole_from_the_panel(sandbox_server: SandboxProcess, tmp_path: Path) -> None:
    """The longest threads that the panel is seeded with, for staff and for their clients."""
    async with session_of(sandbox_server, "ada.desk", tmp_path) as (staff, _):
        await until(lambda: staff.store.is_complete)
        longest = max(staff.store.tickets(), key=lambda row: row.message_count)
        await staff.tickets.thread(longest.id)
        held = staff.store.messages(longest.id)
        assert len(held) == longest.message_count and held[-1].id == longest.last_message_id
        assert [row.at for row in held] == sorted(row.at for row in held)
        assert {row.ticket_id for row in held} == {longest.id}
