"""The feed of changes and its long poll."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest

from tests.support.panel import InProcessPanel, SignedIn


async def cursor_of(client: SignedIn) -> str:
    answer = await client.get("/changes")
    assert answer.json()["items"] == []
    return str(answer.json()["cursor"])


async def a_name(client: SignedIn, name: str) -> str:
    order = (await client.items("/orders", state="active", open_invoice="no"))[0]
    assert (await client.patch(f"/orders/{order['id']}", {"name": name})).status_code == 200
    return str(order["id"])


async def test_what_changed_after_a_cursor(client: SignedIn, other: SignedIn) -> None:
    cursor, theirs = await cursor_of(client), await cursor_of(other)
    order_id = await a_name(client, "changed-1")
    feed = (await client.get("/changes", after=cursor)).json()
    version = (await client.get(f"/orders/{order_id}")).json()["version"]
    assert {"kind": "order", "id": order_id, "version": version, "change": "changed"} in feed["items"]
    assert (await client.get("/changes", after=feed["cursor"])).json()["items"] == []
    assert (await other.get("/changes", after=theirs)).json()["items"] == [], "another account's changes are not told"


async def test_waiting_ends_with_the_first_change(client: SignedIn) -> None:
    cursor = await cursor_of(client)
    start = time.monotonic()
    waiting = asyncio.create_task(client.get("/changes", after=cursor, wait=15))
    order_id = await a_name(client, "changed-2")
    feed = (await waiting).json()
    assert order_id in [item["id"] for item in feed["items"]]
    assert time.monotonic() - start < 10


async def test_waiting_without_a_change_ends_in_time(client: SignedIn) -> None:
    cursor = await cursor_of(client)
    start = time.monotonic()
    feed = (await client.get("/changes", after=cursor, wait=1)).json()
    assert feed["items"] == []
    assert 0.9 <= time.monotonic() - start < 10


async def test_many_who_wait_keep_no_thread_busy(client: SignedIn) -> None:
    """Long polls of 60 clients, and a write between them: it is answered at once, and all of them hear of it."""
    cursor = await cursor_of(client)
    waiting = [asyncio.create_task(client.get("/changes", after=cursor, wait=15)) for _ in range(60)]
    for _ in range(5):
        await client.get("/me")
    order_id = await a_name(client, "changed-3")
    for answer in await asyncio.gather(*waiting):
        assert order_id in [item["id"] for item in answer.json()["items"]]


async def test_the_clocks_work_wakes_who_waits(client: SignedIn, panel: InProcessPanel) -> None:
    cursor = await cursor_of(client)
    waiting = asyncio.create_task(client.get("/changes", after=cursor, wait=15))
    await panel.advance(days=40)
    assert (await waiting).json()["items"], "orders ran out meanwhile (ORD-2)"


async def test_an_old_cursor_means_a_full_reload(client: SignedIn, panel: InProcessPanel) -> None:
    cursor = await cursor_of(client)
    assert (await panel.http.post("/sandbox/reset", json={"fleet": 40})).status_code == 200
    client = await panel.sign_in()
    answer = await client.get("/changes", after=cursor)
    assert (answer.status_code, answer.json()["code"]) == (410, "cursor-expired")


@pytest.mark.parametrize("query", [{"wait": "16"}, {"wait": "-1"}, {"wait": "soon"}])
async def test_a_wrong_wait_is_refused(client: SignedIn, query: dict[str, Any]) -> None:
    assert (await client.get("/changes", after=await cursor_of(client), **query)).status_code == 422
