"""API keys over HTTP (ACC-5): what they let in, from where, and until when."""

from __future__ import annotations

import uuid

import httpx
import pytest

from tests.sandbox.http.access_kit import NEW, code_of, keyed, mails, new_key, password_of
from tests.support.panel import API, InProcessPanel, Json, SignedIn


async def test_acc_5_a_key_is_shown_once_and_listed_by_its_end(client: SignedIn, panel: InProcessPanel) -> None:
    made = await new_key(client, label=" backup job ", read_only=True, networks=["127.0.0.0/8", "2001:db8::/32"])
    key = made["key"]
    assert made["secret"].startswith("bpk_") and made["secret"].endswith(key["last_four"])
    assert (key["label"], key["read_only"]) == ("backup job", True)
    assert (key["networks"], key["expires_at"], key["last_used_at"]) == (["127.0.0.0/8", "2001:db8::/32"], None, None)
    listed = await client.get("/me/api-keys")
    assert listed.json()["items"] == [key]
    assert made["secret"] not in listed.text
    by_key = SignedIn(client.http, made["secret"], client.account)
    me = (await by_key.get("/me")).json()
    assert (me["signed_in_by"], me["key_read_only"], me["login"]) == ("api-key", True, client.account["login"])
    mine = (await client.get("/me")).json()
    assert (mine["signed_in_by"], mine["key_read_only"]) == ("session", False)
    assert (await client.get("/me/api-keys")).json()["items"][0]["last_used_at"] is not None
    (mail,) = await mails(panel, "api-key-made")
    assert key["last_four"] in mail["body"] and made["secret"] not in str(mail)


async def test_acc_5_a_revoked_key_is_worth_nothing(client: SignedIn, other: SignedIn, panel: InProcessPanel) -> None:
    made = await new_key(client)
    by_key = SignedIn(client.http, made["secret"], client.account)
    assert (await by_key.get("/orders")).status_code == 200
    path = f"/me/api-keys/{made['key']['id']}/revoke"
    foreign = await other.post(path, {"current_password": password_of(other)})
    assert code_of(foreign) == (404, "not-found")
    assert (await by_key.get("/orders")).status_code == 200
    assert (await client.post(path, {"current_password": password_of(client)})).status_code == 204
    gone = await by_key.get("/orders")
    assert code_of(gone) == (401, "session-expired") and "API key" in gone.json()["detail"]
    assert (await client.get("/me/api-keys")).json()["items"] == []
    assert code_of(await client.post(path, {"current_password": password_of(client)})) == (404, "not-found")
    assert len(await mails(panel, "api-key-revoked")) == 1


async def test_acc_5_a_key_touches_no_password_second_factor_key_or_session(client: SignedIn) -> None:
    by_key = await keyed(client)
    session_id = (await client.get("/sessions")).json()["items"][0]["id"]
    password = {"current_password": password_of(client)}
    tries = [
        await by_key.post("/me/password", {**password, "new_password": NEW}),
        await by_key.post("/me/totp", {**password, "action": "begin"}),
        await by_key.get("/me/api-keys"),
        await by_key.post("/me/api-keys", {**password, "label": "child"}),
        await by_key.post("/me/api-keys/x/revoke", password),
        await by_key.post("/me/api-access", {**password, "on": False}),
        await by_key.get("/sessions"),
        await by_key.delete(f"/sessions/{session_id}"),
        await by_key.delete("/sessions/current"),
    ]
    assert [code_of(answer) for answer in tries] == [(403, "session-needed")] * len(tries)
    assert {answer.json()["rule"] for answer in tries} == {"ACC-5"}
    assert (await client.get("/me")).json()["api_access"] is True


async def test_acc_5_a_read_only_key_reads_and_asks_for_prices_only(client: SignedIn) -> None:
    """A quote changes nothing for anybody, so it is a read in effect."""
    by_key, writing = await keyed(client, read_only=True), await keyed(client)
    order = (await by_key.items("/orders", state="active", open_invoice="no"))[0]
    quote = await by_key.post("/quotes", {"kind": "renewal", "order_ids": [order["id"]], "period": 1})
    assert quote.is_success, quote.text
    refused = [
        await by_key.post("/renewals", {"quote_id": quote.json()["id"]}),
        await by_key.patch(f"/orders/{order['id']}", {"name": "renamed"}),
        await by_key.patch("/me", {"settings": {"notifications": {}}}),
        await by_key.post("/balance/moves", {"amount": {"amount": "1.00", "currency": "EUR"}}),
    ]
    assert [code_of(answer) for answer in refused] == [(403, "api-key-read-only")] * len(refused)
    assert (await writing.patch(f"/orders/{order['id']}", {"name": "renamed"})).status_code == 200
    assert (await writing.post("/renewals", {"quote_id": quote.json()["id"]})).status_code == 201


async def test_acc_5_a_key_serves_its_networks_only(client: SignedIn, panel: InProcessPanel) -> None:
    """By the peer's address of the connection; what a header claims proves nothing."""
    made = await new_key(client, networks=["198.51.100.0/24", "2001:db8::/64", "203.0.113.9"])
    headers = {"Authorization": f"Bearer {made['secret']}", "X-Forwarded-For": "198.51.100.7"}
    for address, expected in (
        ("127.0.0.1", 403),
        ("198.51.100.7", 200),
        ("198.51.101.7", 403),
        ("::ffff:198.51.100.7", 200),
        ("2001:db8::17", 200),
        ("2001:db8:1::17", 403),
        ("203.0.113.9", 200),
        ("203.0.113.8", 403),
        ("not an address", 403),
    ):
        transport = httpx.ASGITransport(app=panel.app, client=(address, 4711))
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as peer:
            answer = await peer.get(f"{API}/me", headers=headers)
        assert answer.status_code == expected, address
        if expected == 403:
            assert answer.json()["code"] == "api-key-network"


@pytest.mark.parametrize(
    ("wish", "field", "code"),
    [
        ({"label": " "}, "label", "api-key-label"),
        ({"label": "x" * 101}, "label", "api-key-label"),
        ({"expires_at": "2020-01-01T00:00:00Z"}, "expires_at", "api-key-expiry"),
        ({"networks": ["10.0.0.1/24"]}, "networks", "not-a-network"),
        ({"networks": ["somewhere"]}, "networks", "not-a-network"),
        ({"networks": ["10.0.0.0/8", "fe80::1%eth0"]}, "networks", "not-a-network"),
        ({"networks": ["10.0.0.0/33"]}, "networks", "not-a-network"),
        ({"networks": ["10.0.0.0/8"] * 51}, "networks", "not-a-network"),
    ],
)
async def test_acc_5_what_a_key_cannot_be(client: SignedIn, wish: Json, field: str, code: str) -> None:
    body = {"label": "ci", "current_password": password_of(client), **wish}
    answer = await client.post("/me/api-keys", body)
    assert code_of(answer) == (422, code)
    assert set(answer.json()["fields"]) == {field}
    assert (await client.get("/me/api-keys")).json()["items"] == []


async def test_acc_5_a_key_ends_when_it_was_said_to(client: SignedIn, panel: InProcessPanel) -> None:
    now = (await panel.http.get("/sandbox/clock")).json()["now"]
    until = now.replace("2026", "2027") if "2026" in now else f"{int(now[:4]) + 1}{now[4:]}"
    by_key = await keyed(client, expires_at=until)
    await panel.advance(days=364)
    assert (await by_key.get("/me")).status_code == 200
    await panel.advance(days=2)
    ended = await by_key.get("/me")
    assert code_of(ended) == (401, "session-expired") and "expired" in ended.json()["detail"]


async def test_acc_5_api_access_off_stops_every_key_and_no_session(client: SignedIn, panel: InProcessPanel) -> None:
    by_key, reading = await keyed(client), await keyed(client, read_only=True)
    off = await client.post("/me/api-access", {"on": False, "current_password": password_of(client)})
    assert off.json()["api_access"] is False
    for key in (by_key, reading):
        for answer in (await key.get("/me"), await key.get("/changes"), await key.post("/quotes", {"kind": "renewal"})):
            assert code_of(answer) == (403, "api-access-disabled")
    assert (await client.get("/orders")).status_code == 200
    on = await client.post("/me/api-access", {"on": True, "current_password": password_of(client)})
    assert on.json()["api_access"] is True
    assert (await by_key.get("/me")).status_code == 200
    told = [*await mails(panel, "api-access-disabled"), *await mails(panel, "api-access-enabled")]
    assert len(told) == 2


async def test_acc_5_too_many_keys(client: SignedIn, panel: InProcessPanel) -> None:
    most = panel.database.policy.api_keys_most
    with panel.database.write() as tx:
        for number in range(most):
            tx.sql(
                "INSERT INTO api_keys (id, account_id, label, last_four, key_hash) VALUES (?, ?, 'x', 'abcd', ?)",
                (f"k{number}", int(client.account["account_id"]), uuid.uuid4().hex),
            )
    answer = await client.post("/me/api-keys", {"label": "one more", "current_password": password_of(client)})
    assert code_of(answer) == (409, "too-many-api-keys")
