"""A write is done once, and a lost answer can always be had again."""

from __future__ import annotations

import asyncio
import threading
import uuid
from typing import Any

import httpx
import pytest

from billtui.sandbox.engine import orders
from tests.support.panel import API, InProcessPanel, SignedIn


async def an_active_order(client: SignedIn) -> dict[str, Any]:
    return next(order for order in await client.items("/orders") if order["state"] == "active")


async def operation(client: SignedIn, key: str) -> dict[str, Any]:
    answer = await client.get(f"/operations/{key}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_the_same_request_answers_again_and_does_nothing(client: SignedIn) -> None:
    body = {"amount": {"amount": "12.50", "currency": "EUR"}, "method": "card"}
    first = await client.post("/balance/top-ups", body, key="top-up-1")
    assert first.status_code == 201, first.text
    assert "idempotent-replay" not in first.headers
    again = await client.post("/balance/top-ups", body, key="top-up-1")
    assert again.headers["idempotent-replay"] == "true"
    assert (again.status_code, again.json()) == (first.status_code, first.json())
    other = await client.post("/balance/top-ups", body, key="top-up-2")
    assert other.json()["invoice"]["id"] != first.json()["invoice"]["id"]


async def test_another_request_under_the_same_key_is_refused(client: SignedIn) -> None:
    order = await an_active_order(client)
    path = f"/orders/{order['id']}"
    assert (await client.patch(path, {"name": "first"}, key="k1")).status_code == 200
    for method, where, body in (
        ("PATCH", path, {"name": "second"}),
        ("POST", f"{path}/actions", {"action": "reboot"}),
        ("PATCH", "/me", {"settings": {}}),
    ):
        answer = await client.write(method, where, body, key="k1")
        assert (answer.status_code, answer.json()["code"]) == (422, "idempotency-key-reused")
    assert (await client.get(path)).json()["name"] == "first"


async def test_keys_belong_to_the_account(client: SignedIn, other: SignedIn) -> None:
    body = {"amount": {"amount": "5.00", "currency": "EUR"}, "method": "card"}
    mine = await client.post("/balance/top-ups", body, key="shared")
    theirs = await other.post("/balance/top-ups", body, key="shared")
    assert mine.status_code == theirs.status_code == 201, theirs.text
    assert "idempotent-replay" not in theirs.headers
    assert mine.json()["invoice"]["id"] != theirs.json()["invoice"]["id"]
    assert (await operation(other, "shared"))["answer"] == theirs.json()


@pytest.mark.parametrize("key", ["", " ", "a b", "x" * 201])
async def test_a_wrong_key_is_refused(client: SignedIn, key: str) -> None:
    headers = {"Authorization": f"Bearer {client.token}", "Idempotency-Key": key}
    answer = await client.http.post(f"{API}/invoices/combine", json={"invoice_ids": []}, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency-key-invalid")


async def test_a_write_without_a_key_is_refused_and_does_nothing(client: SignedIn) -> None:
    order = await an_active_order(client)
    headers = {"Authorization": f"Bearer {client.token}"}
    answer = await client.http.patch(f"{API}/orders/{order['id']}", json={"name": "no-key"}, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency-key-missing")
    assert (await client.get(f"/orders/{order['id']}")).json()["name"] == order["name"]


async def test_quotes_and_sessions_accept_a_key_and_store_nothing(client: SignedIn) -> None:
    order = await an_active_order(client)
    body = {"kind": "renewal", "order_ids": [order["id"]], "period": 1}
    first, second = [await client.post("/quotes", body, key="quote") for _ in range(2)]
    assert first.status_code == second.status_code == 200, first.text
    assert first.json()["id"] != second.json()["id"]
    assert (await operation(client, "quote"))["state"] == "never-seen"
    headers = {"Authorization": f"Bearer {client.token}"}
    assert (await client.http.post(f"{API}/quotes", json=body, headers=headers)).status_code == 200


async def test_operations_tell_done_refused_and_never_seen(client: SignedIn) -> None:
    order = await an_active_order(client)
    assert await operation(client, "never") == {"state": "never-seen"}
    done = await client.patch(f"/orders/{order['id']}", {"name": "done-1"}, key="done-1")
    status = await operation(client, "done-1")
    assert (status["state"], status["status"], status["answer"]) == ("done", 200, done.json())
    refused = await client.post(
        f"/orders/{order['id']}/actions", {"action": "reinstall", "confirm_name": "wrong"}, key="refused-1"
    )
    assert refused.status_code == 409, refused.text
    status = await operation(client, "refused-1")
    assert (status["state"], status["problem"]) == ("refused", refused.json())


async def test_a_refusal_is_an_answer_and_stays(client: SignedIn) -> None:
    """The first answer again, also when the request would succeed by now: a new wish has a new key."""
    order = await an_active_order(client)
    stale = {"name": "later"}
    first = await client.patch(f"/orders/{order['id']}", stale, key="stale", if_match=order["version"] + 1)
    assert first.status_code == 412
    assert (await client.patch(f"/orders/{order['id']}", {"name": "now"})).status_code == 200
    again = await client.patch(f"/orders/{order['id']}", stale, key="stale", if_match=order["version"] + 1)
    assert (again.status_code, again.json()) == (412, first.json())
    assert again.headers["idempotent-replay"] == "true"


@pytest.mark.parametrize("fault", ["rate-limit", "http-503", "expire-session"])
async def test_what_was_not_executed_is_not_stored(client: SignedIn, panel: InProcessPanel, fault: str) -> None:
    order = await an_active_order(client)
    await panel.faults({"kind": fault, "times": 1, "method": "PATCH"})
    path = f"/orders/{order['id']}"
    answer = await client.patch(path, {"name": "once"}, key="not-yet")
    assert answer.status_code in (401, 429, 503)
    if fault == "expire-session":
        client = await panel.sign_in()
    assert (await operation(client, "not-yet"))["state"] == "never-seen"
    again = await client.patch(path, {"name": "once"}, key="not-yet")
    assert again.status_code == 200
    assert "idempotent-replay" not in again.headers


async def test_the_answer_survives_a_lost_connection(client: SignedIn, panel: InProcessPanel) -> None:
    order = await an_active_order(client)
    await panel.faults({"kind": "drop-after", "times": 1, "method": "PATCH"})
    with pytest.raises(ConnectionResetError):
        await client.patch(f"/orders/{order['id']}", {"name": "lost"}, key="lost")
    status = await operation(client, "lost")
    assert (status["state"], status["answer"]["name"]) == ("done", "lost")


async def test_running_is_told_while_it_runs(client: SignedIn, monkeypatch: pytest.MonkeyPatch) -> None:
    order = await an_active_order(client)
    at_work, go_on = threading.Event(), threading.Event()
    rename = orders.rename

    def slow(*arguments: Any) -> Any:
        at_work.set()
        assert go_on.wait(20)
        return rename(*arguments)

    monkeypatch.setattr(orders, "rename", slow)
    path = f"/orders/{order['id']}"
    first = asyncio.create_task(client.patch(path, {"name": "slow"}, key="slow"))
    try:
        assert await asyncio.to_thread(at_work.wait, 20)
        assert (await operation(client, "slow"))["state"] == "running"
        second = asyncio.create_task(client.patch(path, {"name": "slow"}, key="slow"))
        await asyncio.sleep(0)
    finally:
        go_on.set()
    one, two = await first, await second
    assert (await operation(client, "slow"))["state"] == "done"
    assert one.status_code == 200
    if two.status_code == 200:
        assert two.json() == one.json()
    else:
        assert two.json()["code"] == "operation-running"


async def test_one_key_sent_by_many_at_once_is_done_once(client: SignedIn) -> None:
    body = {"amount": {"amount": "7.00", "currency": "EUR"}, "method": "card"}
    key = uuid.uuid4().hex
    before = len(await client.items("/invoices", kind="top-up"))

    async def one() -> httpx.Response:
        return await client.post("/balance/top-ups", body, key=key)

    answers = await asyncio.gather(*(one() for _ in range(16)))
    done = [answer for answer in answers if answer.status_code == 201]
    assert done
    assert len({answer.json()["invoice"]["id"] for answer in done}) == 1
    assert {answer.json()["code"] for answer in answers if answer not in done} <= {"operation-running"}
    assert len(await client.items("/invoices", kind="top-up")) == before + 1
