"""The driver against the reference panel's own dialect: tickets, from both sides."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import SecretStr

from billtui.client import BillingClient, RuleRefused
from billtui.client.errors import CapabilityMissing
from billtui.domain.models import (
    MessageRequest,
    TicketChange,
    TicketRequest,
    TicketState,
)
from tests.client.billmanager.conftest import opened
from tests.client.billmanager.kit import write
from tests.support.sandbox import SandboxProcess


async def test_a_ticket_with_a_file_from_its_opening_to_its_end(client: BillingClient, tmp_path: Path) -> None:
    department = (await client.tickets.departments())[0]
    order = (await client.orders.list(limit=1)).items[0]
    file = await client.tickets.upload("a.log", b"line\r\n" * 10, write())
    request = TicketRequest(
        department=department.id.raw, subject="Server is down", body="Please check <config>", order_id=order.id.raw,
        attachments=(file.id.raw,),
    )  # fmt: skip
    ticket = await client.tickets.new(request, write())
    assert ticket.subject == "Server is down" and ticket.state == TicketState.OPEN
    (message,) = (await client.tickets.messages(ticket.id)).items
    assert message.author_role == "client" and message.body == "Please check <config>"
    assert await client.tickets.download(message.attachments[0].id, tmp_path / "a.log") == 60
    assert (tmp_path / "a.log").read_bytes() == b"line\r\n" * 10
    reply = MessageRequest(body="Any news?", seen=message.id.raw)
    posted = await client.tickets.write(ticket.id, reply, write())
    assert posted.message.body == "Any news?" and posted.ticket.last_message_id == posted.message.id
    with pytest.raises(RuleRefused) as caught:
        await client.tickets.write(ticket.id, reply, write())
    assert caught.value.code == "thread-moved-on"
    closed = await client.tickets.change(ticket.id, TicketChange(state=TicketState.CLOSED), write())
    assert closed.state == TicketState.CLOSED
    assert ticket.id in {one.id async for page in client.tickets.pages() for one in page.items}


async def test_staff_takes_answers_and_notes(client: BillingClient, shop: SandboxProcess) -> None:
    department = (await client.tickets.departments())[0]
    opened_one = await client.tickets.new(
        TicketRequest(department=department.id.raw, subject="Slow", body="It is slow"), write()
    )
    support = shop.account("support")
    async with opened(shop, support["login"]) as staff:
        await staff.sessions.sign_in(support["login"], SecretStr(support["password"]))
        me = await staff.account.me()
        for lists in (staff.orders, staff.invoices):
            with pytest.raises(CapabilityMissing, match="This account may not"):
                await lists.list()
        assert staff.unavailable("tickets.change"), "staff closes on the panel's own pages, and is told before it tries"
        assert me.role == "support" and staff.unavailable("staff.take") is None and staff.unavailable("invoices.pay")
        assert me.purses == {} and me.internal is None, "staff has no money, and none is shown: not even 0.00"
        ticket = await staff.tickets.get(opened_one.id)
        assert ticket.department in {one.id for one in await staff.tickets.departments()}
        assert ticket.subject == "Slow"
        with pytest.raises(RuleRefused, match="queue"):
            await staff.tickets.write(ticket.id, MessageRequest(body="Hello"), write())
        taken = await staff.tickets.change(ticket.id, TicketChange(assignee=me.login.raw), write())
        assert taken.assignee == me.login
        note = await staff.tickets.write(ticket.id, MessageRequest(body="Look at the disk", internal=True), write())
        assert note.message.internal
        answer = await staff.tickets.write(ticket.id, MessageRequest(body="We look at it"), write())
        assert answer.message.author_role == "support"
    seen = (await client.tickets.messages(opened_one.id)).items
    assert [one.body for one in seen if one.author_role != "panel"] == ["It is slow", "We look at it"]
    rated = await client.tickets.rate(opened_one.id, 5, "", write())
    assert rated.rating == 5
