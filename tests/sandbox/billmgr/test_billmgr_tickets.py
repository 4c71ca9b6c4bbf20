"""Tickets for both sides (wire: 13, 14)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.billmgr.kit import Browser, Json, many, named, text
from tests.support.panel import InProcessPanel, SignedIn


def said(thread: Json) -> list[Json]:
    """The messages of a thread, in their order."""
    return [message for part in many(thread.get("mlist")) for message in part["message"]]


def kinds(thread: Json) -> list[str]:
    return [message["$type"] for message in said(thread)]


async def new_ticket(shop: Browser, **fields: Any) -> str:
    """The number of a new ticket to the technical department."""
    form = await shop.ok("clientticket.edit")
    values = named(form["slist"], "client_department")["val"]
    technical = next(one["$key"] for one in values if one["$plainval"] == "Technical support")
    wanted = {"subject": "Server is down", "message": "Please check", "client_department": technical, "sok": "ok"}
    return text((await shop.ok("clientticket.edit", **{**wanted, **fields}))["id"])


async def taken(desk: Browser, number: str) -> str:
    """Where taking a ticket leads."""
    return text((await desk.ok("ticket_all.edit", elid=number, plid=number, clicked_button="ok_get", sok="ok"))["ok"])


async def test_writing_and_reading(shop: Browser, client: SignedIn) -> None:
    whole = await shop.ok("clientticket.edit", sv_field="ticket_item", sv_autocomplete="yes")
    items = named(whole["slist"], "ticket_item")["val"]
    assert items[0]["$key"] == "null"
    service = items[1]
    number = await new_ticket(shop, ticket_item=service["$key"])
    assert (await client.get(f"/tickets/{number}")).json()["order_id"] == service["$key"]
    thread = await shop.ok("clientticket.edit", elid=number)
    assert kinds(thread) == ["info", "incoming"]
    assert text(said(thread)[0]["rowgroup"][0]["row"][0]["row"][0]) == f"{service['$']} #{service['$key']}"
    assert text(said(thread)[1]["body"]) == "Please check"
    assert text(said(thread)[1]["user"]["realname"]) == client.account["login"]
    assert text(thread["closed_ticket_user"]) == "off"
    await shop.ok("clientticket.edit", elid=number, message="not sent")  # without sok
    await shop.ok("clientticket.edit", elid=number, message="And\nagain: 1 < 2 & 3", sok="ok")
    assert [text(one["body"]) for one in said(await shop.ok("clientticket.edit", elid=number))[1:]] == [
        "Please check",
        "And\nagain: 1 < 2 & 3",
    ]
    for wrong, field in ({"client_department": "99"}, "client_department"), ({"subject": ""}, "subject"):
        with pytest.raises(AssertionError, match=field):
            await new_ticket(shop, **wrong)
    assert await shop.error("clientticket.edit", elid=number, message=" ", sok="ok") == ("value", "message")


async def test_files_go_there_and_back(panel: InProcessPanel, shop: Browser, desk: Browser) -> None:
    number = await new_ticket(shop)
    content = bytes(range(256)) + b"\r\n--boundary\r\n\r\n"
    files = {"file_2": ("second.log", b"two"), "file_1": ("first \N{SNOWMAN}.bin", content)}
    answer = await shop.raw("clientticket.edit", elid=number, message="Two files", sok="ok", files=files)
    assert "error" not in answer.json()["doc"]
    message = said(await shop.ok("clientticket.edit", elid=number))[-1]
    assert [text(one["name"]) for one in message["file"]] == ["first \N{SNOWMAN}.bin", "second.log"]
    param = text(message["file"][0]["param"])
    assert param.isdigit()
    assert (await shop.raw("ticket.file", elid=param)).content == content
    assert (await desk.raw("ticket.file", elid=param)).content == content
    from tests.sandbox.billmgr.kit import sign_in

    stranger = await sign_in(panel, number=1)
    assert await stranger.error("ticket.file", elid=param) == ("missed", "elid")
    large = {"file_1": ("large.bin", b"0" * (10 * 1024 * 1024 + 1))}
    refused = (await shop.raw("clientticket.edit", elid=number, message="x", sok="ok", files=large)).json()["doc"]
    assert refused["error"]["$type"] == "value"
    assert text(said(await shop.ok("clientticket.edit", elid=number))[-1]["body"]) == "Two files"


async def test_unread_until_it_is_read(shop: Browser, desk: Browser) -> None:
    number = await new_ticket(shop)
    [row] = await shop.rows("clientticket", filter="on", id=number)
    assert (row["tstatus"], row["unread"]) == ("In progress", "off")
    assigned = await taken(desk, number)
    queue = await desk.rows("ticket")
    [mine] = [one for one in queue if one["ticket"] == number]
    assert f"elid={mine['id']}" in assigned
    assert mine["id"] != number
    assert mine["unread"] == "on"
    reply = {"elid": mine["id"], "plid": number, "message": "Done", "clicked_button": "ok", "sok": "ok"}
    await desk.ok("ticket.edit", **reply)
    [row] = await shop.rows("clientticket", filter="on", id=number)
    assert (row["tstatus"], row["unread"]) == ("New replies", "on")
    assert (await shop.rows("dashboard.tickets"))[0]["id"] == number
    thread = await shop.ok("clientticket.edit", elid=number)
    assert kinds(thread) == ["incoming", "outcoming"]
    [row] = await shop.rows("clientticket", filter="on", id=number)
    assert (row["tstatus"], row["unread"]) == ("Waiting to reply", "off")


async def test_the_archive_and_the_way_back(shop: Browser) -> None:
    number = await new_ticket(shop)
    await shop.ok("clientticket.archive", elid=number)
    assert await shop.rows("clientticket", filter="on", id=number) == []
    [row] = await shop.rows("clientticket_archive", filter="on", id=number)
    assert row["tstatus"] == "In archive"
    thread = await shop.ok("clientticket.edit", elid=number)
    assert text(thread["closed_ticket_user"]) == "on"
    assert text(said(thread)[-1]["body"]) == "Ticket was moved to Archive"
    await shop.ok("clientticket.edit", elid=number, message="Once more", sok="ok")
    assert [row["id"] for row in await shop.rows("clientticket", filter="on", id=number)] == [number]
    thread = await shop.ok("clientticket.edit", elid=number)
    assert "Ticket was removed from Archive" in {text(one["body"]) for one in said(thread)}


async def test_a_vote_on_an_answer(shop: Browser, desk: Browser, client: SignedIn) -> None:
    number = await new_ticket(shop)
    ok = text((await desk.ok("ticket_all.edit", plid=number, clicked_button="ok_get", sok="ok"))["ok"])
    await desk.ok("ticket.edit", elid=ok.split("elid=")[1].split("&")[0], message="Done", sok="ok")
    mine, answer = said(await shop.ok("clientticket.edit", elid=number))
    assert "rates" not in mine
    assert answer["rates"] == {"rate": {}}
    assert await shop.error("ticket.message.rate.good", elid=mine["$id"], plid=number) == ("missed", "elid")
    await shop.ok("ticket.message.rate.bad", elid=answer["$id"], plid=number)
    assert said(await shop.ok("clientticket.edit", elid=number))[1]["rates"]["rate"]["$name"] == "bad"
    await shop.ok("clientticket.archive", elid=number)
    await shop.ok("ticket.message.rate.good", elid=answer["$id"], plid=number)
    assert said(await shop.ok("clientticket.edit", elid=number))[1]["rates"]["rate"]["$name"] == "good"
    assert (await client.get(f"/tickets/{number}")).json()["rating"] == 5


async def test_two_spaces_of_ids(panel: InProcessPanel, shop: Browser, desk: Browser) -> None:
    from tests.sandbox.billmgr.kit import sign_in

    number = await new_ticket(shop)
    assert number in {row["id"] for row in await desk.rows("ticket_all", p_cnt=500)}
    assert await desk.error("ticket.edit", elid=number) == ("missed", "ticket")  # a ticket is no assignment
    assert kinds(await desk.ok("ticket_all.edit", elid=number)) == ["incoming"]
    colleague = await sign_in(panel, "support", 1)
    first = text((await desk.ok("ticket_all.edit", plid=number, clicked_button="ok_get", sok="ok"))["ok"])
    second = text((await colleague.ok("ticket_all.edit", plid=number, clicked_button="ok_get", sok="ok"))["ok"])
    assert first != second
    ours, theirs = (one.split("elid=")[1].split("&")[0] for one in (first, second))
    assert await desk.error("ticket.edit", elid=ours) == ("missed", "ticket")  # the colleague has it now
    assert await desk.error("ticket.edit", elid=theirs) == ("missed", "ticket")
    assert await colleague.error("ticket.edit", elid=theirs, plid="1", message="x", sok="ok") == ("missed", "plid")
    [row] = [one for one in await colleague.rows("ticket") if one["ticket"] == number]
    assert (row["id"], row["responsible"]) == (theirs, panel.account("support", 1)["login"])


async def test_a_note_is_for_staff_alone(shop: Browser, desk: Browser) -> None:
    number = await new_ticket(shop)
    ok = text((await desk.ok("ticket_all.edit", plid=number, clicked_button="ok_get", sok="ok"))["ok"])
    fields = {"elid": ok.split("elid=")[1].split("&")[0], "plid": number, "clicked_button": "ok", "sok": "ok"}
    await desk.ok("ticket.edit", show_optional="on", note_message="A secret thought", **fields)
    assert await desk.error("ticket.edit", note_message="without the switch", **fields) == ("value", "message")
    assert kinds(await desk.ok("ticket.edit", elid=fields["elid"])) == ["incoming", "note"]
    answer = await shop.raw("clientticket.edit", elid=number)
    assert "secret" not in answer.text
    assert kinds(answer.json()["doc"]) == ["incoming"]
    assert await shop.error("ticket_all") == ("access", "func")


async def test_tickets_are_filtered(shop: Browser) -> None:
    await new_ticket(shop, subject="About the moon", message="It is made of cheese")
    for field, value in (("name", "MOON"), ("message", "cheese"), ("message_post", "today")):
        rows = await shop.rows("clientticket", filter="on", **{field: value})
        assert "About the moon" in {row["name"] for row in rows}
    assert await shop.rows("clientticket", filter="on", message="no such words") == []
    assert {row["tstatus"] for row in await shop.rows("clientticket", filter="on", tstatus="work")} == {"In progress"}


async def test_staff_waits_are_told(desk: Browser) -> None:
    for row in await desk.rows("ticket", p_cnt=500):
        days, _, clock = row["delay"].partition("d+")
        assert days.isdigit()
        assert len(clock) == 5
    page = await desk.raw("ticket.edit", elid="1", out="", sfrom="none")
    assert page.text.startswith("<!DOCTYPE html>")
