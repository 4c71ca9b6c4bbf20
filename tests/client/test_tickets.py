"""Every call on tickets: against the reference panel, and against one that lies (TKT)."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from billtui.client import (
    BadAnswer,
    BillingClient,
    CapabilityMissing,
    ClientError,
    ConfigurationProblem,
    Forbidden,
    InvalidInput,
    NotFound,
    OutcomeUnknown,
    RuleRefused,
    VersionMismatch,
    Write,
)
from billtui.domain.models import MessageRequest, Ticket, TicketChange, TicketMessage, TicketRequest
from billtui.domain.models.tickets import TicketPriority, TicketState
from tests.client.client_kit import Connect
from tests.client.panel_stub import PanelStub, Script, answer, in_turn, keeps, sends
from tests.client.wire_objects import account
from tests.support.sandbox import SandboxProcess

ACCESS = "root, Paper-Orbit-91"


def write(if_match: int | None = None) -> Write:
    """A write with a key of its own."""
    return Write(uuid.uuid4().hex, if_match)


async def _signed_in(connect: Connect, sandbox: SandboxProcess, login: str) -> AsyncIterator[BillingClient]:
    async with connect(sandbox.url, token=sandbox.sign_in(login), read_deadline=20, write_deadline=20) as one:
        await one.account.me()
        yield one


@pytest.fixture
async def client(connect: Connect, sandbox_server: SandboxProcess) -> AsyncIterator[BillingClient]:
    """Signed in as the owner of the fleet."""
    sandbox_server.faults()
    async for one in _signed_in(connect, sandbox_server, "olena.marsh"):
        yield one


@pytest.fixture
async def stranger(connect: Connect, sandbox_server: SandboxProcess) -> AsyncIterator[BillingClient]:
    """Signed in as the second client."""
    async for one in _signed_in(connect, sandbox_server, "kofi.brandt"):
        yield one


@pytest.fixture
async def support(connect: Connect, sandbox_server: SandboxProcess) -> AsyncIterator[BillingClient]:
    """Signed in as support."""
    async for one in _signed_in(connect, sandbox_server, "sam.desk"):
        yield one


async def opened(client: BillingClient, **more: Any) -> Ticket:
    """A ticket of the client's own."""
    request = {"department": "technical", "subject": f"About {uuid.uuid4().hex[:6]}", "body": "It does not answer."}
    return await client.tickets.new(TicketRequest(**(request | more)), write())


async def thread(client: BillingClient, ticket: Ticket) -> list[TicketMessage]:
    return [one async for page in client.tickets.message_pages(ticket.id) for one in page.items]


def code_of(error: ClientError) -> str:
    assert error.problem is not None
    return str(error.code)


# --- reading


async def test_departments_with_their_first_answer(client: BillingClient) -> None:
    """TKT-1, TKT-10."""
    departments = await client.tickets.departments()
    assert [(one.id, one.first_answer_minutes) for one in departments] == [
        ("technical", 15),
        ("finance", 240),
        ("sales", 240),
        ("abuse", 240),
    ]


async def test_lists_by_pages_and_filters(client: BillingClient, support: BillingClient) -> None:
    """A client has the own tickets; the seed has some in every state, and staff sees those of others too."""
    mine = [one async for page in client.tickets.pages(limit=3) for one in page.items]
    assert len({one.id for one in mine}) == len(mine) == (await client.tickets.list(limit=1)).total
    assert {one.state for one in mine} == set(TicketState)
    everybodys = [one async for page in support.tickets.pages() for one in page.items]
    assert {one.login for one in everybodys} >= {"olena.marsh", "kofi.brandt", "mei.tanaka"}
    assert {one.id for one in mine} < {one.id for one in everybodys}
    waiting = (await support.tickets.list(state="open", department="technical", sort="answer_due_at", limit=500)).items
    assert waiting and {(one.state, one.department) for one in waiting} == {("open", "technical")}
    owed = [one.answer_due_at for one in waiting if one.answer_due_at is not None]
    assert owed == sorted(owed)
    places = sorted(one.queue_place or 0 for one in waiting)
    assert places == list(range(1, len(waiting) + 1)), "TKT-7: each place once, from 1"
    (found,) = (await client.tickets.list(q=mine[0].number)).items
    assert found.id == mine[0].id
    with pytest.raises(InvalidInput):
        await client.tickets.list(tag="vip")


async def test_one_ticket_with_what_can_be_done(client: BillingClient, stranger: BillingClient) -> None:
    ticket = await opened(client)
    actions = {one.action: one.code for one in (await client.tickets.get(ticket.id)).actions}
    assert actions == {
        "reply": None,
        "close": None,
        "reopen": "ticket-not-closed",
        "rate": "not-rateable",
        "give-access": None,
    }
    with pytest.raises(NotFound):
        await stranger.tickets.get(ticket.id)


async def test_the_longest_thread_and_the_longest_message(client: BillingClient, support: BillingClient) -> None:
    """TKT-6: pages of a hundred; a client's has no notes, and ids without a gap where they stand."""
    (ticket,) = (await client.tickets.list(q="night by night")).items
    pages = [page async for page in support.tickets.message_pages(ticket.id)]
    assert [len(page.items) for page in pages] == [100, 100, 100, 100]
    whole = [one for page in pages for one in page.items]
    assert [one.at for one in whole] == sorted(one.at for one in whole)
    notes = [one for one in whole if one.internal]
    seen = await thread(client, ticket)
    assert notes and [one.id for one in seen] == [one.id for one in whole if not one.internal]
    assert len(seen) == ticket.message_count == 400 - len(notes)
    rest = await client.tickets.messages(ticket.id, after=seen[-3].id.raw)
    assert [one.id for one in rest.items] == [one.id for one in seen[-2:]]
    some = await client.tickets.messages(ticket.id, limit=2)
    assert [one.id for one in some.items] == [one.id for one in seen[:2]] and some.next_cursor
    (log,) = (await client.tickets.list(q="502 from time")).items
    assert max(len(one.body.raw) for one in await thread(client, log)) == 200_000


async def test_every_message_in_the_order_of_writing(client: BillingClient, support: BillingClient) -> None:
    ticket = await opened(client)
    await support.tickets.write(ticket.id, MessageRequest(body="Only for us.", internal=True), write())
    found = [one async for page in client.tickets.every_message() for one in page.items]
    assert [one.at for one in found] == sorted(one.at for one in found) and not any(one.internal for one in found)
    assert found[-1].ticket_id == ticket.id
    assert (await anext(client.tickets.every_message(after=found[-2].id.raw))).items == found[-1:]
    staffs = [
        one async for page in support.tickets.every_message(state="open", since=ticket.created_at) for one in page.items
    ]
    assert [one.internal for one in staffs if one.ticket_id == ticket.id] == [False, True]


# --- writing


async def test_a_ticket_from_opening_to_reopening(client: BillingClient, support: BillingClient) -> None:
    """TKT-5: who must act changes with who writes; the client closes, rates, and writes again."""
    order = (await client.orders.list(limit=1)).items[0]
    ticket = await opened(client, order_id=order.id.raw, department="finance")
    assert (ticket.state, ticket.order_id, ticket.opened_by) == ("open", order.id, "client")
    with pytest.raises(RuleRefused) as early:
        await client.tickets.rate(ticket.id, 5, "", write())
    assert code_of(early.value) == "not-rateable"
    answered = await support.tickets.write(
        ticket.id, MessageRequest(body="Done.", seen=ticket.last_message_id and ticket.last_message_id.raw), write()
    )
    assert answered.ticket.state == "answered" and answered.ticket.answer_due_at is None
    rated = await client.tickets.rate(ticket.id, 4, "quick", write())
    assert (rated.rating, rated.rating_comment) == (4, "quick")
    closed = await client.tickets.change(ticket.id, TicketChange(state=TicketState.CLOSED), write(rated.version))
    assert closed.state == "closed" and closed.reopen_until is not None
    with pytest.raises(VersionMismatch):
        await client.tickets.change(ticket.id, TicketChange(state=TicketState.CLOSED), write(rated.version))
    again = await client.tickets.change(ticket.id, TicketChange(state=TicketState.CLOSED), write())
    assert again.version == closed.version, "closing what is closed changes nothing"
    reopened = await client.tickets.write(ticket.id, MessageRequest(body="Not quite."), write())
    assert reopened.ticket.state == "open" and reopened.ticket.closed_at is None
    with pytest.raises(Forbidden):
        await client.tickets.change(ticket.id, TicketChange(priority=TicketPriority.HIGH), write())


async def test_a_reply_on_a_thread_that_moved_on(client: BillingClient, support: BillingClient) -> None:
    """TKT-9: it is held, and the last message is named; a note moves the thread for staff, not for the client."""
    ticket = await opened(client)
    assert ticket.last_message_id is not None
    seen = ticket.last_message_id.raw
    note = await support.tickets.write(ticket.id, MessageRequest(body="Ours.", internal=True, seen=seen), write())
    with pytest.raises(RuleRefused) as held:
        await support.tickets.write(ticket.id, MessageRequest(body="An answer.", seen=seen), write())
    assert code_of(held.value) == "thread-moved-on" and held.value.problem is not None
    assert {str(name): str(value) for name, value in held.value.problem.related.items()} == {
        "ticket_id": ticket.id,
        "message_id": note.message.id,
    }
    posted = await client.tickets.write(ticket.id, MessageRequest(body="One thing more.", seen=seen), write())
    assert posted.ticket.last_message_id == posted.message.id


def names_in(folder: Path) -> list[str]:
    return sorted(one.name for one in folder.iterdir())


async def test_a_file_there_and_back(client: BillingClient, stranger: BillingClient, tmp_path: Path) -> None:
    """TKT-6: its bytes come back; a path in its name is none, and nobody else gets it."""
    data = bytes(range(256)) * 300
    sent: list[int] = []
    file = await client.tickets.upload("../../.ssh/config", data, write(), sent.append)
    assert (file.name, file.size, file.sha256) == ("config", len(data), hashlib.sha256(data).hexdigest())
    assert sum(sent) == len(data) or sent[-1] == len(data)
    ticket = await opened(client, attachments=(file.id.raw,))
    (message,) = await thread(client, ticket)
    assert [one.id for one in message.attachments] == [file.id]
    saved = tmp_path / "config"
    assert await client.tickets.download(file.id.raw, saved) == len(data)
    assert saved.read_bytes() == data and saved.stat().st_mode & 0o777 == 0o600
    saved.write_bytes(b"mine")
    elsewhere = tmp_path / "link"
    elsewhere.symlink_to(saved)
    for there in (saved, elsewhere):
        with pytest.raises(ConfigurationProblem, match="exists"):
            await client.tickets.download(file.id.raw, there)
    assert saved.read_bytes() == b"mine" and names_in(tmp_path) == ["config", "link"], "and no half file"
    assert await client.tickets.download(file.id.raw, elsewhere, replace=True) == len(data)
    assert saved.read_bytes() == b"mine" and elsewhere.read_bytes() == data, "through no link"
    with pytest.raises(NotFound):
        await stranger.tickets.download(file.id.raw, tmp_path / "theirs")
    with pytest.raises(RuleRefused) as twice:
        await client.tickets.write(ticket.id, MessageRequest(body="Again.", attachments=(file.id.raw,)), write())
    assert code_of(twice.value) == "attachment-unknown"


async def test_server_access_is_given_and_read_once(
    client: BillingClient, support: BillingClient, stranger: BillingClient
) -> None:
    """TKT-4: only its client gives it, only support reads it; the client sees that; closing wipes it."""
    ticket = await opened(client)
    with pytest.raises(RuleRefused) as none:
        await support.staff.reveal_access(ticket.id, "to look")
    assert code_of(none.value) == "no-access-given"
    await client.tickets.give_access(ticket.id, SecretStr(ACCESS))
    for who in (stranger, client):
        with pytest.raises(CapabilityMissing):
            await who.staff.reveal_access(ticket.id, "to look")
    with pytest.raises(NotFound):
        await stranger.tickets.give_access(ticket.id, SecretStr("mine"))
    with pytest.raises(Forbidden):
        await support.tickets.give_access(ticket.id, SecretStr("mine"))
    revealed = await support.staff.reveal_access(ticket.id, "disk is full")
    assert revealed.access.get_secret_value() == ACCESS and ACCESS not in repr(revealed)
    shown = await client.tickets.get(ticket.id)
    assert [(one.login, one.reason) for one in shown.access_log] == [("sam.desk", "disk is full")]
    await client.tickets.change(ticket.id, TicketChange(state=TicketState.CLOSED), write())
    with pytest.raises(RuleRefused) as wiped:
        await support.staff.reveal_access(ticket.id, "again")
    assert code_of(wiped.value) == "access-wiped"
    with pytest.raises(RuleRefused) as closed:
        await client.tickets.give_access(ticket.id, SecretStr(ACCESS))
    assert code_of(closed.value) == "ticket-closed"


# --- a panel that lies, or cannot do it


def ticket_json(ticket_id: str = "7", **changes: Any) -> dict[str, Any]:
    """A ticket on the wire."""
    base = {
        "id": ticket_id,
        "number": "210007",
        "subject": "No route",
        "department": "technical",
        "state": "open",
        "created_at": "2031-03-01T10:00:00Z",
        "updated_at": "2031-03-01T10:00:00Z",
    }
    return base | changes


def message_json(**changes: Any) -> dict[str, Any]:
    """A message on the wire."""
    base = {
        "id": "31",
        "ticket_id": "7",
        "author": "olena.marsh",
        "author_role": "client",
        "at": "2031-03-01T10:00:00Z",
        "body": "Hello.",
    }
    return base | changes


def posted(message: dict[str, Any] | None = None, ticket: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"message": message or message_json(), "ticket": ticket or ticket_json()}


Call = Callable[[BillingClient], Awaitable[object]]
REQUEST = TicketRequest(department="technical", subject="No route", body="Hello.", order_id="o1")
CALLS: dict[str, Call] = {
    "new": lambda client: client.tickets.new(REQUEST, Write("k-1")),
    "write": lambda client: client.tickets.write("7", MessageRequest(body="Hello.", seen="30"), Write("k-1", 3)),
    "note": lambda client: client.tickets.write("7", MessageRequest(body="Hello.", internal=True), Write("k-1")),
    "close": lambda client: client.tickets.change("7", TicketChange(state=TicketState.CLOSED), Write("k-1", 3)),
    "upload": lambda client: client.tickets.upload("a b.txt", b"abc", Write("k-1")),
}
WHERE: dict[str, tuple[str, str, str]] = {
    "new": ("POST", "/api/v1/tickets", "201 Created"),
    "write": ("POST", "/api/v1/tickets/7/messages", "201 Created"),
    "note": ("POST", "/api/v1/tickets/7/messages", "201 Created"),
    "close": ("PATCH", "/api/v1/tickets/7", "200 OK"),
    "upload": ("POST", "/api/v1/attachments?name=a%20b.txt", "201 Created"),
}
RIGHT: dict[str, Any] = {
    "new": ticket_json(order_id="o1"),
    "write": posted(),
    "note": posted(message_json(internal=True)),
    "close": ticket_json(state="closed"),
    "upload": {"id": "f1", "name": "a b.txt", "size": 3},
}
LIES: dict[str, list[Any]] = {
    "new": [ticket_json(order_id="o2"), ticket_json(order_id="o1", department="sales"), {}],
    "write": [
        posted(message_json(ticket_id="8")),
        posted(ticket=ticket_json("8")),
        posted(message_json(internal=True)),
    ],
    "note": [posted()],
    "close": [ticket_json(), ticket_json("8", state="closed")],
    "upload": [{"id": "f1", "name": "a b.txt", "size": 4}, {"id": "f1", "name": "a", "size": 3, "sha256": "00"}],
}


@pytest.mark.parametrize("name", CALLS)
async def test_what_is_sent(connect: Connect, name: str) -> None:
    method, target, status = WHERE[name]
    async with PanelStub(keeps(answer(RIGHT[name], status))) as panel, connect(panel.url) as client:
        await CALLS[name](client)
        [seen] = panel.seen
    assert (seen.method, seen.target.replace("+", "%20"), seen.headers["idempotency-key"]) == (method, target, "k-1")
    if name == "upload":
        assert seen.body == b"abc" and seen.headers["content-type"] == "application/octet-stream"
    elif name == "note":
        assert seen.json() == {"body": "Hello.", "internal": True}


@pytest.mark.parametrize(("name", "wrong"), [(name, wrong) for name, lies in LIES.items() for wrong in lies])
async def test_an_answer_about_something_else_proves_nothing(connect: Connect, name: str, wrong: Any) -> None:
    async with PanelStub(sends(answer(wrong, WHERE[name][2]))) as panel, connect(panel.url) as client:
        with pytest.raises(OutcomeUnknown) as caught:
            await CALLS[name](client)
        assert len(panel.seen) == 1
    assert isinstance(caught.value.cause_error, BadAnswer)


async def test_messages_of_another_ticket_are_no_thread(connect: Connect) -> None:
    for wrong in ([message_json(ticket_id="8")], [message_json(), message_json()]):
        async with (
            PanelStub(sends(answer({"items": wrong, "next_cursor": None}))) as panel,
            connect(panel.url) as client,
        ):
            with pytest.raises(BadAnswer):
                await client.tickets.messages("7")


async def test_a_lost_answer_about_server_access_is_not_repeated(connect: Connect) -> None:
    """TKT-4: one request, and the secret is in no error."""
    calls: list[Call] = [
        lambda client: client.tickets.give_access("7", SecretStr(ACCESS)),
        lambda client: client.staff.reveal_access("7", "to look"),
    ]
    for call in calls:
        async with PanelStub(sends(b"")) as panel, connect(panel.url) as client:
            with pytest.raises(OutcomeUnknown) as caught:
                await call(client)
            assert len(panel.seen) == 1
        assert ACCESS not in f"{caught.value!r} {caught.value.cause_error!r}"


async def test_a_panel_without_tickets(connect: Connect) -> None:
    """It is said, and nothing is sent."""

    def only_me() -> Script:
        return in_turn(keeps(answer(account(capabilities=["invoices.pay"]))), sends(answer({})))

    reads: list[Call] = [lambda client: client.tickets.list(), lambda client: client.tickets.get("7")]
    for call in (*CALLS.values(), *reads):
        async with PanelStub(only_me()) as panel, connect(panel.url) as client:
            await client.account.me()
            with pytest.raises(CapabilityMissing):
                await call(client)
