"""Every call of support: against the reference panel, and what of it a client gets (TKT-8, TKT-9, TKT-10, ACC-7)."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import SecretStr

from billtui.client import (
    BillingClient,
    CapabilityMissing,
    ClientError,
    Forbidden,
    InvalidInput,
    NotFound,
    RuleRefused,
    Write,
)
from billtui.domain.models import (
    Doing,
    MessageRequest,
    Ticket,
    TicketChange,
    TicketMessage,
    TicketPriority,
    TicketRequest,
)
from billtui.domain.models.tickets import TicketState
from tests.client.client_kit import Connect
from tests.support.sandbox import SandboxProcess


def write(if_match: int | None = None) -> Write:
    """A write with a key of its own."""
    return Write(uuid.uuid4().hex, if_match)


async def _signed_in(connect: Connect, sandbox: SandboxProcess, login: str) -> AsyncIterator[BillingClient]:
    """Nothing is known of what it may do: it asks, and the panel answers."""
    async with connect(sandbox.url, token=sandbox.sign_in(login), read_deadline=20, write_deadline=20) as one:
        yield one


@pytest.fixture
async def client(connect: Connect, sandbox_server: SandboxProcess) -> AsyncIterator[BillingClient]:
    """Signed in as support."""
    sandbox_server.faults()
    async for one in _signed_in(connect, sandbox_server, "sam.desk"):
        yield one


@pytest.fixture
async def colleague(connect: Connect, sandbox_server: SandboxProcess) -> AsyncIterator[BillingClient]:
    """Signed in as the second support."""
    async for one in _signed_in(connect, sandbox_server, "ada.desk"):
        yield one


@pytest.fixture
async def customer(connect: Connect, sandbox_server: SandboxProcess) -> AsyncIterator[BillingClient]:
    """Signed in as the owner of the fleet."""
    async for one in _signed_in(connect, sandbox_server, "olena.marsh"):
        yield one


async def opened(customer: BillingClient, *bodies: str, department: str = "technical") -> Ticket:
    """A ticket with these messages of its client."""
    first, *more = bodies or ("It does not answer.",)
    request = TicketRequest(department=department, subject=f"About {uuid.uuid4().hex[:6]}", body=first)
    ticket = await customer.tickets.new(request, write())
    for body in more:
        await customer.tickets.write(ticket.id, MessageRequest(body=body), write())
    return ticket


async def thread(who: BillingClient, ticket: Ticket) -> list[TicketMessage]:
    return [one async for page in who.tickets.message_pages(ticket.id) for one in page.items]


def related(error: ClientError) -> dict[str, str]:
    assert error.problem is not None
    return {str(name): str(value) for name, value in error.problem.related.items()}


# --- changing


async def test_staff_changes_what_stands_about_a_ticket(client: BillingClient, customer: BillingClient) -> None:
    ticket = await opened(customer)
    taken = await client.tickets.change(ticket.id, TicketChange(assignee="sam.desk"), write())
    assert taken.assignee == "sam.desk"
    high = TicketChange(priority=TicketPriority.SERVICE_DOWN, tags_add=("#VIP", "network"), subject="  No   route ")
    changed = await client.tickets.change(ticket.id, high, write())
    assert (changed.priority, changed.tags, changed.subject) == ("service down", ["network", "vip"], "No route")
    over = await client.tickets.change(ticket.id, TicketChange(department="finance"), write())
    assert (over.department, over.assignee) == ("finance", None), "handed over, and nobody has it"
    assert over.answer_due_at is not None and ticket.answer_due_at is not None
    assert over.answer_due_at - ticket.answer_due_at == timedelta(hours=3, minutes=45), "TKT-10: that department's"
    until = datetime.now(UTC) + timedelta(days=300)
    held = await client.tickets.change(ticket.id, TicketChange(state=TicketState.ON_HOLD, hold_until=until), write())
    assert held.state == "on hold" and held.hold_until == until
    closed = await client.tickets.change(ticket.id, TicketChange(state=TicketState.CLOSED), write())
    assert closed.state == "closed" and closed.hold_until is None
    again = await client.tickets.change(ticket.id, TicketChange(state=TicketState.OPEN, tags_remove=("vip",)), write())
    assert again.state == "open" and again.tags == ["network"]
    assert (await customer.tickets.get(ticket.id)).tags == [], "tags are staff's alone"


async def test_what_cannot_be_changed_says_why(client: BillingClient, customer: BillingClient) -> None:
    ticket = await opened(customer)
    past = datetime.now(UTC) - timedelta(days=1)
    for change, code in (
        (TicketChange(assignee="olena.marsh"), "no-such-colleague"),
        (TicketChange(department="poetry"), "unknown-department"),
        (TicketChange(subject="  "), "subject-missing"),
        (TicketChange(tags_add=("-",)), "bad-tag"),
    ):
        with pytest.raises(InvalidInput) as caught:
            await client.tickets.change(ticket.id, change, write())
        assert caught.value.code == code
    with pytest.raises(RuleRefused) as refused:
        await client.tickets.change(ticket.id, TicketChange(state=TicketState.ON_HOLD, hold_until=past), write())
    assert refused.value.code == "hold-in-the-past"
    for change in (TicketChange(assignee="olena.marsh"), TicketChange(tags_add=("x",)), TicketChange(subject="mine")):
        with pytest.raises(Forbidden):
            await customer.tickets.change(ticket.id, change, write())
    with pytest.raises(Forbidden):
        await client.tickets.rate(ticket.id, 5, "", write())


async def test_many_at_a_time_all_or_none(client: BillingClient, customer: BillingClient) -> None:
    tickets = [await opened(customer) for _ in range(3)]
    ids = [str(one.id) for one in tickets]
    change = TicketChange(assignee="ada.desk", tags_add=("wave",))
    found = await client.staff.bulk(ids, change, write())
    assert [one.id for one in found] == ids and {one.assignee for one in found} == {"ada.desk"}
    page = await client.tickets.list(tag="wave", assignee="ada.desk", limit=500)
    assert set(ids) <= {str(one.id) for one in page.items}
    await client.tickets.change(ids[1], TicketChange(state=TicketState.CLOSED), write())
    hold = TicketChange(state=TicketState.ON_HOLD, hold_until=datetime.now(UTC) + timedelta(days=300))
    with pytest.raises(RuleRefused) as caught:
        await client.staff.bulk(ids, hold, write())
    assert caught.value.code == "ticket-closed" and caught.value.problem is not None
    assert set(caught.value.problem.fields) == {f"ticket_ids.{ids[1]}"}, "each that cannot is named"
    assert (await client.tickets.get(ids[0])).state == "open", "and none was changed"
    with pytest.raises(NotFound):
        await client.staff.bulk([*ids, "999999"], change, write())
    with pytest.raises(Forbidden):
        await customer.staff.bulk(ids, change, write())


# --- merging and taking apart


async def test_merging_and_taking_out_again(client: BillingClient, customer: BillingClient) -> None:
    kept, gone = await opened(customer, "One", "Two"), await opened(customer, "Three")
    await client.tickets.write(kept.id, MessageRequest(body="An answer."), write())
    await client.tickets.write(gone.id, MessageRequest(body="A note.", internal=True), write())
    before = {str(one.id): await thread(client, one) for one in (kept, gone)}
    merged = await client.staff.merge([kept.id, gone.id], kept.id, write())
    assert merged.state == "open", "the merged one waits for an answer" and merged.merged_from == [gone.id]
    mine, theirs = await thread(customer, kept), await thread(client, kept)
    written = [(one.id, one.body, one.merged_from) for one in mine if one.author_role != "panel"]
    assert [body for _, body, _ in written] == ["One", "Two", "Three", "An answer."]
    assert [origin for _, body, origin in written if body == "Three"] == [gone.id]
    assert gone.number in mine[-1].body and mine[-1].author_role == "panel", "the client is told"
    assert {one.id for one in theirs} >= {one.id for several in before.values() for one in several}
    away = await customer.tickets.get(gone.id)
    assert (away.state, away.merged_into) == ("closed", kept.id)
    with pytest.raises(RuleRefused) as caught:
        await customer.tickets.write(gone.id, MessageRequest(body="Hello?"), write())
    assert caught.value.code == "ticket-merged" and related(caught.value) == {"ticket_id": str(kept.id)}
    back = await client.staff.unmerge(gone.id, write())
    assert (back.state, back.merged_into) == ("open", None)
    assert (await client.tickets.get(kept.id)).state == "answered", "as it was"
    for one in (kept, gone):
        now = [message for message in await thread(client, one) if message.author_role != "panel"]
        assert now == before[str(one.id)], "exactly what it had"
    with pytest.raises(RuleRefused) as again:
        await client.staff.unmerge(gone.id, write())
    assert again.value.code == "not-merged"


async def test_only_tickets_of_one_account_are_merged(
    client: BillingClient, customer: BillingClient, connect: Connect, sandbox_server: SandboxProcess
) -> None:
    mine = await opened(customer)
    async for other in _signed_in(connect, sandbox_server, "kofi.brandt"):
        theirs = await opened(other)
        with pytest.raises(RuleRefused) as caught:
            await client.staff.merge([theirs.id], mine.id, write())
        assert caught.value.code == "not-mergeable" and caught.value.problem is not None
        assert set(caught.value.problem.fields) == {f"ticket_ids.{theirs.id}"}
        with pytest.raises(NotFound):
            await customer.tickets.get(theirs.id)
    with pytest.raises(RuleRefused):
        await client.staff.merge([mine.id], mine.id, write())
    with pytest.raises(Forbidden):
        await customer.staff.merge([mine.id], mine.id, write())


async def test_messages_about_another_problem_become_a_ticket(client: BillingClient, customer: BillingClient) -> None:
    ticket = await opened(customer, "It is slow.", "And my invoice is wrong.")
    slow, wrong = (one.id for one in await thread(client, ticket))
    new = await client.staff.split(ticket.id, [wrong], "Wrong invoice", "finance", write())
    assert (new.split_from, new.department, new.state) == (ticket.id, "finance", "open")
    said = [one for one in await thread(customer, new) if one.author_role != "panel"]
    assert [(one.id, one.merged_from) for one in said] == [(wrong, None)], "the message keeps its id"
    left = await thread(customer, ticket)
    assert [one.id for one in left if one.author_role != "panel"] == [slow]
    assert new.number in left[-1].body
    with pytest.raises(RuleRefused) as caught:
        await client.staff.split(ticket.id, [slow], "All of it", "finance", write())
    assert caught.value.code == "not-splittable"
    await client.staff.merge([new.id], ticket.id, write())
    together = [one.id for one in await thread(customer, ticket) if one.author_role != "panel"]
    assert together == [slow, wrong], "merging it back undoes it"


# --- presence


async def test_colleagues_see_each_other_and_clients_do_not(
    client: BillingClient, colleague: BillingClient, customer: BillingClient
) -> None:
    ticket = await opened(customer)
    assert await client.staff.presence(ticket.id, Doing.WRITING) == []
    (there,) = await colleague.staff.presence(ticket.id, Doing.READING)
    assert (there.login, there.doing) == ("sam.desk", "writing")
    assert [one.login for one in (await colleague.tickets.get(ticket.id)).presence] == ["sam.desk"]
    assert (await customer.tickets.get(ticket.id)).presence == []
    await client.staff.presence(ticket.id, Doing.LEFT)
    assert await colleague.staff.presence(ticket.id, Doing.READING) == []
    with pytest.raises(Forbidden):
        await customer.staff.presence(ticket.id, Doing.READING)
    with pytest.raises(NotFound):
        await client.staff.presence("999999", Doing.READING)


# --- server access


async def test_server_access_is_read_for_a_reason_and_the_client_knows(
    client: BillingClient, customer: BillingClient
) -> None:
    ticket = await opened(customer)
    await customer.tickets.give_access(ticket.id, SecretStr("root: canary-4711"))
    with pytest.raises(InvalidInput) as caught:
        await client.staff.reveal_access(ticket.id, " ")
    assert caught.value.code == "reason-missing"
    revealed = await client.staff.reveal_access(ticket.id, "look at the disk")
    assert revealed.access.get_secret_value() == "root: canary-4711" and "canary" not in repr(revealed)
    (reading,) = (await customer.tickets.get(ticket.id)).access_log
    assert (reading.login, reading.reason) == ("sam.desk", "look at the disk")
    with pytest.raises(Forbidden):
        await customer.staff.reveal_access(ticket.id, "mine")


# --- canned replies, cards, the shift


async def test_canned_replies_are_kept_changed_and_deleted(client: BillingClient, customer: BillingClient) -> None:
    seeded = await client.staff.canned_replies()
    assert {one.language for one in seeded} == {"en", "ru", "uk"}
    assert {one.department for one in seeded} == {None, "technical", "finance", "sales", "abuse"}
    key = write()
    made = await client.staff.save_canned_reply(
        "Disk is full", "Hello {client}, {order} is full.", key, department="technical"
    )
    again = await client.staff.save_canned_reply(
        "Disk is full", "Hello {client}, {order} is full.", key, department="technical"
    )
    assert again == made, "the same key writes once"
    changed = await client.staff.save_canned_reply(
        "Disk is full", "Здравствуйте, {client}!", write(made.version), reply_id=made.id, language="ru"
    )
    assert (changed.id, changed.department, changed.language) == (made.id, None, "ru")
    assert changed.version == made.version + 1
    with pytest.raises(InvalidInput) as caught:
        await client.staff.save_canned_reply("Slip", "Hello {clinet}", write())
    assert caught.value.code == "unresolved-placeholder" and "{client}" in str(caught.value)
    await client.staff.delete_canned_reply(made.id, write())
    assert made.id not in {one.id for one in await client.staff.canned_replies()}
    with pytest.raises(NotFound):
        await client.staff.delete_canned_reply(made.id, write())
    with pytest.raises(Forbidden):
        await customer.staff.canned_replies()


async def test_the_customers_card(client: BillingClient, customer: BillingClient) -> None:
    accounts = await client.staff.accounts()
    assert {"olena.marsh", "kofi.brandt", "sam.desk", "ada.desk"} <= {str(one.login) for one in accounts}
    for call in (customer.staff.accounts(), customer.staff.account("318255")):
        with pytest.raises(Forbidden):
            await call
    me = await customer.account.me()
    with pytest.raises(CapabilityMissing):
        await customer.staff.accounts()
    card = await client.staff.account(me.account_id)
    assert (card.login, card.email, card.balances) == (me.login, me.email, me.balances)
    orders = await client.orders.list(account_id=str(me.account_id), limit=1)
    invoices = await client.invoices.list(account_id=str(me.account_id), state="unpaid", limit=1)
    tickets = await client.tickets.list(account_id=str(me.account_id), limit=1)
    assert orders.total and invoices.total and tickets.total


async def test_the_summary_of_a_shift(client: BillingClient, customer: BillingClient) -> None:
    since = datetime.now(UTC) - timedelta(hours=2, minutes=30)
    before = await client.staff.summary(since, "sam.desk")
    ticket = await opened(customer)
    await client.tickets.write(ticket.id, MessageRequest(body="A note.", internal=True), write())
    waiting = await client.staff.summary(since, "sam.desk")
    assert waiting.answered == before.answered, "a note is no answer"
    assert waiting.backlog == before.backlog + 1 and waiting.opened == before.opened + 1
    assert ticket.id in waiting.due_next_hour
    await client.tickets.write(ticket.id, MessageRequest(body="An answer.", close=True), write())
    after = await client.staff.summary(since, "sam.desk")
    assert (after.answered, after.closed, after.first_answers, after.backlog) == (
        before.answered + 1, before.closed + 1, before.first_answers + 1, before.backlog,
    )  # fmt: skip
    assert after.first_answer_seconds_median is not None
    assert len(after.backlog_by_hour) == 3 and after.backlog_by_hour[-1] == after.backlog
    everybody = await client.staff.summary(since)
    assert everybody.login is None and everybody.answered >= after.answered
    for wrong in (datetime.now(UTC) + timedelta(days=400), datetime.now(UTC) - timedelta(days=400)):
        with pytest.raises(InvalidInput):
            await client.staff.summary(wrong)
    with pytest.raises(InvalidInput):
        await client.staff.summary(since, "olena.marsh")
    with pytest.raises(Forbidden):
        await customer.staff.summary(since)
