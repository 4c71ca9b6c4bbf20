"""What holds for every request: problems, request ids, panel time, entity tags, versions, limits."""

from __future__ import annotations

import uuid
from email.utils import parsedate_to_datetime
from typing import Any

import httpx
import pytest

from tests.support.panel import API, InProcessPanel, SignedIn

PROBLEM = "application/problem+json"


def is_problem(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == PROBLEM
    body: dict[str, Any] = answer.json()
    assert body["status"] == status
    assert body["code"] == code
    assert body["type"].endswith(code)
    assert body["title"]
    assert body["detail"]
    return body


async def test_every_error_is_a_problem(client: SignedIn, panel: InProcessPanel) -> None:
    http = panel.http
    is_problem(await http.get("/nowhere"), 404, "not-found")
    is_problem(await http.get(f"{API}/nowhere"), 404, "not-found")
    wrong_method = await http.put(f"{API}/orders")
    is_problem(wrong_method, 405, "method-not-allowed")
    assert "GET" in wrong_method.headers["allow"]
    no_token = await http.get(f"{API}/me")
    is_problem(no_token, 401, "session-expired")
    assert no_token.headers["www-authenticate"] == "Bearer"
    is_problem(await http.get(f"{API}/me", headers={"Authorization": "Bearer no"}), 401, "session-expired")
    is_problem(await http.get(f"{API}/me", headers={"Authorization": "Basic abc"}), 401, "session-expired")
    is_problem(await client.get("/orders/999999"), 404, "not-found")
    is_problem(await client.get("/invoices/../../etc/passwd"), 404, "not-found")
    fields = is_problem(await http.post(f"{API}/sessions", json={"login": "x"}), 422, "invalid-input")["fields"]
    assert list(fields) == ["password"]
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {client.token}", "Idempotency-Key": "k"}
    for body in (b"{", b"\xff\xfe", b"[]", b'"text"', b"null", b""):
        answer = await http.post(f"{API}/quotes", content=body, headers=headers)
        is_problem(answer, 422, "invalid-input")
    big = await http.post(f"{API}/quotes", content=b" " * (1024 * 1024 + 1), headers=headers)
    is_problem(big, 413, "too-large")


async def test_a_wrong_input_is_never_repeated(panel: InProcessPanel) -> None:
    answer = await panel.http.post(f"{API}/sessions", json={"login": "x", "password": ["hunter2-secret"]})
    assert answer.status_code == 422
    assert "hunter2" not in answer.text


async def test_lone_surrogates_are_refused_not_stored(client: SignedIn) -> None:
    order = (await client.items("/orders"))[0]
    headers = {"Content-Type": "application/json", "Idempotency-Key": "k", "Authorization": f"Bearer {client.token}"}
    answer = await client.http.patch(f"{API}/orders/{order['id']}", content=b'{"name": "\\ud800"}', headers=headers)
    is_problem(answer, 422, "invalid-input")


async def test_a_bug_is_a_problem_too(panel: InProcessPanel, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> None:
        raise ZeroDivisionError("secret detail")

    client = await panel.sign_in()
    monkeypatch.setattr("billtui.sandbox.engine.accounts.me", broken)
    transport = httpx.ASGITransport(app=panel.app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as http:
        answer = await http.get(f"{API}/me", headers={"Authorization": f"Bearer {client.token}"})
    body = is_problem(answer, 500, "internal-error")
    assert "secret detail" not in str(body)
    assert answer.headers["x-request-id"]


async def test_request_ids(client: SignedIn, panel: InProcessPanel) -> None:
    first, second = await client.get("/me"), await panel.http.get("/nowhere")
    assert first.headers["x-request-id"] != second.headers["x-request-id"]
    mine = await client.get("/me", headers={"X-Request-ID": "my-own.1"})
    assert mine.headers["x-request-id"] == "my-own.1"
    hostile = await client.get("/me", headers={"X-Request-ID": "a b\x01"})
    assert hostile.headers["x-request-id"] not in ("", "a b\x01")
    await panel.faults({"kind": "http-503"})
    assert (await client.get("/me")).headers["x-request-id"]


async def test_date_is_the_panels_time(client: SignedIn, panel: InProcessPanel) -> None:
    before = parsedate_to_datetime((await client.get("/me")).headers["date"])
    await panel.advance(days=3)
    after = parsedate_to_datetime((await client.get("/me")).headers["date"])
    assert 3 * 86_400 <= (after - before).total_seconds() < 3 * 86_400 + 30


@pytest.mark.parametrize("path", ["/me", "/plans", "/orders", "/invoices", "/sessions", "/balance/ledger", "/stock"])
async def test_a_read_that_did_not_change_answers_304(client: SignedIn, path: str) -> None:
    first = await client.get(path)
    assert first.status_code == 200
    again = await client.get(path, headers={"If-None-Match": first.headers["etag"]})
    assert again.status_code == 304
    assert again.content == b""
    assert again.headers["etag"] == first.headers["etag"]
    other = await client.get(path, headers={"If-None-Match": '"something-else"'})
    assert other.status_code == 200


async def test_a_tag_changes_with_the_object_and_serves_as_if_match(client: SignedIn) -> None:
    order = next(order for order in await client.items("/orders") if order["state"] == "active")
    read = await client.get(f"/orders/{order['id']}")
    tag = read.headers["etag"]
    renamed = await client.patch(f"/orders/{order['id']}", {"name": "renamed-1"}, if_match=tag)
    assert renamed.status_code == 200, renamed.text
    assert renamed.json()["version"] > read.json()["version"]
    assert (await client.get(f"/orders/{order['id']}", headers={"If-None-Match": tag})).status_code == 200
    stale = await client.patch(f"/orders/{order['id']}", {"name": "renamed-2"}, if_match=tag)
    is_problem(stale, 412, "version-mismatch")
    plain = await client.patch(f"/orders/{order['id']}", {"name": "renamed-3"}, if_match=renamed.json()["version"])
    assert plain.json()["name"] == "renamed-3"
    wrong = await client.patch(f"/orders/{order['id']}", {"name": "renamed-4"}, if_match="abc")
    is_problem(wrong, 422, "invalid-input")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("limit", "0"),
        ("limit", "501"),
        ("limit", "-1"),
        ("limit", "ten"),
        ("limit", "\u0661"),
        ("cursor", "nonsense"),
        ("sort", "colour"),
        ("colour", "red"),
        ("state", "asleep"),
        ("plan", ""),
        ("sort", ""),
        ("q", "x" * 201),
        ("expires_before", "yesterday"),
    ],
)
async def test_a_wrong_query_names_its_parameter(client: SignedIn, name: str, value: str) -> None:
    query: dict[str, Any] = {name: value}
    answer = await client.get("/orders", **query)
    assert name in is_problem(answer, 422, "invalid-input")["fields"]


async def test_a_list_is_paged_without_loss_while_it_changes(client: SignedIn) -> None:
    everything = [order["id"] for order in await client.items("/orders", limit=500, sort="name")]
    seen: list[str] = []
    cursor: str | None = None
    while True:
        more: dict[str, Any] = {"cursor": cursor} if cursor else {}
        page = (await client.get("/orders", limit=7, sort="name", **more)).json()
        assert page["total"] == len(everything)
        seen += [item["id"] for item in page["items"]]
        # What was seen is renamed so that it would come again under an offset.
        moved = await client.patch(f"/orders/{page['items'][0]['id']}", {"name": f"aa-{uuid.uuid4().hex[:8]}"})
        assert moved.status_code in (200, 409)
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert sorted(seen) == sorted(everything)


async def test_items_of_lists_are_light(client: SignedIn) -> None:
    for path in ("/orders", "/invoices"):
        for item in (await client.get(path, limit=500)).json()["items"]:
            assert "lines" not in item
            for action in item["actions"]:
                assert set(action) == {"action", "code", "related"}
