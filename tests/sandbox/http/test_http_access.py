"""Password, second factor and API keys over HTTP (ACC-2, ACC-5, ACC-6): a session that shows its password."""

from __future__ import annotations

import asyncio
import time
import uuid
from typing import Any

import httpx
import pyotp
import pytest

from tests.support.panel import API, InProcessPanel, Json, SignedIn

NEW = "quite another phrase"


def code_of(answer: httpx.Response) -> tuple[int, str]:
    """Status and code of a problem."""
    return answer.status_code, answer.json()["code"]


def password_of(who: SignedIn) -> str:
    return str(who.account["password"])


async def sign_in(panel: InProcessPanel, login: str, password: str, totp: str | None = None) -> httpx.Response:
    body = {"login": login, "password": password} | ({} if totp is None else {"totp": totp})
    return await panel.http.post(f"{API}/sessions", json=body)


async def mails(panel: InProcessPanel, event: str) -> list[Json]:
    found: list[Json] = (await panel.http.get("/sandbox/mail")).json()["items"]
    return [mail for mail in found if mail["event"] == event]


async def new_key(who: SignedIn, **wish: Any) -> Json:
    """A fresh key: ``key`` and ``secret``."""
    answer = await who.post("/me/api-keys", {"label": "ci", "current_password": password_of(who), **wish})
    assert answer.status_code == 201, answer.text
    made: Json = answer.json()
    return made


async def keyed(who: SignedIn, **wish: Any) -> SignedIn:
    """The same account, let in by an API key."""
    return SignedIn(who.http, (await new_key(who, **wish))["secret"], who.account)


def device_code(secret: str, *, later: int = 0) -> str:
    """What the device shows, ``later`` steps of 30 seconds from now (the next one is accepted already)."""
    return pyotp.TOTP(secret).at(int(time.time()) + 30 * later)


async def with_second_factor(who: SignedIn) -> tuple[str, list[str]]:
    """Turn the second factor on: its secret, and the recovery codes."""
    begun = await who.post("/me/totp", {"action": "begin", "current_password": password_of(who)})
    assert begun.status_code == 200, begun.text
    secret = begun.json()["secret"]
    body = {"action": "confirm", "current_password": password_of(who), "code": device_code(secret)}
    confirmed = await who.post("/me/totp", body)
    assert confirmed.status_code == 200, confirmed.text
    return secret, confirmed.json()["codes"]


# --- password


async def test_acc_2_a_new_password_ends_every_other_session_and_no_key(
    client: SignedIn, panel: InProcessPanel, other: SignedIn
) -> None:
    """One call: the other sessions are out, this one and the API key go on, the account is told by mail."""
    elsewhere, by_key = await panel.sign_in(), await keyed(client)
    body = {"current_password": password_of(client), "new_password": NEW}
    changed = await client.post("/me/password", body)
    assert (changed.status_code, changed.content, changed.headers["cache-control"]) == (204, b"", "no-store")
    assert code_of(await elsewhere.get("/me")) == (401, "session-expired")
    for still in (client, by_key, other):
        assert (await still.get("/me")).status_code == 200
    assert (await client.get("/me")).json()["password_changed_at"] is not None
    login = client.account["login"]
    assert code_of(await sign_in(panel, login, password_of(client))) == (401, "wrong-credentials")
    assert (await sign_in(panel, login, NEW)).status_code == 201
    (mail,) = await mails(panel, "password-changed")
    assert mail["to"] == client.account["email"] and NEW not in str(mail) and "API keys stay valid" in mail["body"]


async def test_acc_2_who_waits_for_changes_is_out_at_once(client: SignedIn, panel: InProcessPanel) -> None:
    """A long poll of another session is woken by the change, and told that it has ended."""
    elsewhere = await panel.sign_in()
    cursor = (await elsewhere.get("/changes")).json()["cursor"]
    waiting = asyncio.ensure_future(elsewhere.get("/changes", after=cursor, wait=15))
    while not panel.app.state.panel.hub._waiting:  # noqa: ASYNC110  # until it has begun to wait
        await asyncio.sleep(0)
    begin = time.monotonic()
    body = {"current_password": password_of(client), "new_password": NEW}
    assert (await client.post("/me/password", body)).status_code == 204
    assert code_of(await waiting) == (401, "session-expired")
    assert time.monotonic() - begin < 14


@pytest.mark.parametrize(
    ("new", "code"),
    [
        ("tiny", "password-too-short"),
        ("demo-fleet-2026", "password-unchanged"),
        ("my Olena.Marsh password", "password-contains-login"),
        ("xx-OLENA@marsh-hosting.example", "password-contains-email"),
    ],
)
async def test_acc_2_a_refused_password_changes_nothing(
    client: SignedIn, panel: InProcessPanel, new: str, code: str
) -> None:
    elsewhere = await panel.sign_in()
    answer = await client.post("/me/password", {"current_password": password_of(client), "new_password": new})
    assert code_of(answer) == (422, code)
    assert answer.json()["rule"] == "ACC-2"
    assert set(answer.json()["fields"]) == {"new_password"}
    assert new not in answer.text
    assert (await elsewhere.get("/me")).status_code == 200
    assert await mails(panel, "password-changed") == []


async def test_acc_6_wrong_current_passwords_lock_like_failed_sign_ins(client: SignedIn, panel: InProcessPanel) -> None:
    """Two failed sign-ins and three wrong current passwords make five; then also the right one waits, everywhere."""
    login = client.account["login"]
    for _ in range(2):
        assert (await sign_in(panel, login, "wrong")).status_code == 401
    wrong = {"current_password": "not this one", "new_password": NEW}
    for path, body in (
        ("/me/password", wrong),
        ("/me/totp", {**wrong, "action": "begin"}),
        ("/me/api-keys", {**wrong, "label": "x"}),
    ):
        answer = await client.post(path, body)
        assert code_of(answer) == (403, "wrong-password")
        assert set(answer.json()["fields"]) == {"current_password"}
        assert "not this one" not in answer.text
    locked = await client.post("/me/password", {**wrong, "current_password": password_of(client)})
    assert code_of(locked) == (423, "locked-out")
    assert 0 < int(locked.headers["retry-after"]) <= 900
    assert locked.json()["available_from"]
    assert code_of(await sign_in(panel, login, password_of(client))) == (423, "locked-out")
    assert (await client.get("/me")).status_code == 200, "reading goes on"
    await panel.advance(seconds=901)
    right = {"current_password": password_of(client), "new_password": NEW}
    assert (await client.post("/me/password", right)).status_code == 204


async def test_acc_6_the_right_password_forgets_failures(client: SignedIn) -> None:
    wrong = {"current_password": "no", "on": True}
    for _ in range(3):
        for _ in range(4):
            assert (await client.post("/me/api-access", wrong)).status_code == 403
        assert (await client.post("/me/api-access", {**wrong, "current_password": password_of(client)})).is_success


# --- second factor


async def test_acc_6_a_second_factor_is_off_until_its_first_code(client: SignedIn, panel: InProcessPanel) -> None:
    password, login = password_of(client), client.account["login"]
    early = await client.post("/me/totp", {"action": "confirm", "current_password": password, "code": "123456"})
    assert code_of(early) == (409, "totp-not-begun")
    begun = await client.post("/me/totp", {"action": "begin", "current_password": password})
    setup = begun.json()
    assert begun.headers["cache-control"] == "no-store"
    read = pyotp.parse_uri(setup["uri"])
    assert isinstance(read, pyotp.TOTP)
    assert (read.secret, read.name, read.issuer) == (setup["secret"], login, "Sandbox panel")
    assert (await client.get("/me")).json()["totp"] is False
    assert (await sign_in(panel, login, password)).status_code == 201, "off until it is confirmed"
    wrong = f"{(int(device_code(setup['secret'])) + 1) % 1_000_000:06}"
    refused = await client.post("/me/totp", {"action": "confirm", "current_password": password, "code": wrong})
    assert code_of(refused) == (403, "wrong-totp")
    right = device_code(setup["secret"])
    typed = f" {right[:3]} {right[3:]} "
    confirmed = await client.post("/me/totp", {"action": "confirm", "current_password": password, "code": typed})
    codes = confirmed.json()["codes"]
    assert len(set(codes)) == 10
    me = (await client.get("/me")).json()
    assert (me["totp"], me["recovery_codes_left"]) == (True, 10)
    assert code_of(await sign_in(panel, login, password)) == (401, "totp-required")
    assert code_of(await sign_in(panel, login, password, right)) == (401, "wrong-totp"), "a code works once"
    assert (await sign_in(panel, login, password, device_code(setup["secret"], later=1))).status_code == 201
    again = await client.post("/me/totp", {"action": "begin", "current_password": password})
    assert code_of(again) == (409, "totp-on")
    assert len(await mails(panel, "second-factor-on")) == 1


async def test_acc_6_recovery_codes_stand_in_once_each(client: SignedIn, panel: InProcessPanel) -> None:
    """At sign-in, however they are typed; a mail tells how many are left; the last one turns it off."""
    password, login = password_of(client), client.account["login"]
    _, codes = await with_second_factor(client)
    assert (await sign_in(panel, login, password, codes[0])).status_code == 201
    assert code_of(await sign_in(panel, login, password, codes[0])) == (401, "wrong-totp")
    typed = codes[1].upper().replace("-", " ").replace("0", "O").replace("1", "l")
    assert (await sign_in(panel, login, password, typed)).status_code == 201
    told = await mails(panel, "recovery-code-used")
    assert ["9 of them are left" in told[0]["body"], "8 of them are left" in told[1]["body"]] == [True, True]
    assert not any(code in str(told) for code in codes)
    assert (await client.get("/me")).json()["recovery_codes_left"] == 8
    off = await client.post("/me/totp", {"action": "off", "current_password": password, "code": codes[2]})
    assert off.status_code == 204, off.text
    me = (await client.get("/me")).json()
    assert (me["totp"], me["recovery_codes_left"]) == (False, None)
    assert (await sign_in(panel, login, password)).status_code == 201
    assert len(await mails(panel, "second-factor-off")) == 1
    again = await client.post("/me/totp", {"action": "off", "current_password": password, "code": codes[3]})
    assert code_of(again) == (409, "totp-off")


async def test_acc_6_new_recovery_codes_make_the_older_ones_worthless(client: SignedIn, panel: InProcessPanel) -> None:
    password, login = password_of(client), client.account["login"]
    secret, codes = await with_second_factor(client)
    body = {"action": "new-codes", "current_password": password}
    assert code_of(await client.post("/me/totp", body)) == (422, "invalid-input"), "a code is needed"
    answer = await client.post("/me/totp", {**body, "code": device_code(secret, later=1)})
    fresh = answer.json()["codes"]
    assert len(fresh) == 10 and not set(fresh) & set(codes)
    assert code_of(await sign_in(panel, login, password, codes[0])) == (401, "wrong-totp")
    assert (await sign_in(panel, login, password, fresh[0])).status_code == 201


async def test_acc_6_wrong_codes_count_towards_the_lock(client: SignedIn) -> None:
    password = password_of(client)
    await with_second_factor(client)
    for code in ("", "000000", "abc", "ключ", "\u0665\u0665\u0665\u0665\u0665\u0665"):
        answer = await client.post("/me/totp", {"action": "off", "current_password": password, "code": code or "x"})
        assert code_of(answer) == (403, "wrong-totp")
    answer = await client.post("/me/totp", {"action": "off", "current_password": password, "code": "1"})
    assert code_of(answer) == (423, "locked-out")


async def test_acc_6_any_text_is_just_a_wrong_code_at_sign_in(panel: InProcessPanel) -> None:
    person = next(one for one in panel.accounts if "totp_secret" in one)
    for code in ("ключ", "\u0661\u0662\u0663\u0664\u0665\u0666", "a-b-c"):
        assert code_of(await sign_in(panel, person["login"], person["password"], code)) == (401, "wrong-totp")


# --- API keys


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


# --- roles and sessions


@pytest.mark.parametrize("role", ["support", "admin"])
async def test_acc_7_staff_keeps_its_own_doors_and_no_others(
    panel: InProcessPanel, client: SignedIn, role: str
) -> None:
    """Everybody changes the own password and keys; nobody sees how somebody else got in."""
    staff = await panel.sign_in(role)
    made = await new_key(staff)
    assert {"account.password", "account.api-keys"} <= set((await staff.get("/me")).json()["capabilities"])
    body = {"current_password": password_of(staff), "new_password": NEW}
    assert (await staff.post("/me/password", body)).status_code == 204
    card = (await staff.get(f"/accounts/{client.account['account_id']}")).json()
    assert not {"signed_in_by", "key_read_only"} & set(card)
    assert made["secret"] not in str(card)
    by_key = SignedIn(staff.http, made["secret"], staff.account)
    assert (await by_key.get("/accounts")).status_code == 200
    order = (await client.items("/orders"))[0]
    assert code_of(await by_key.patch(f"/orders/{order['id']}", {"name": "mine"})) == (403, "forbidden")


async def test_sessions_tell_where_and_when(client: SignedIn, panel: InProcessPanel) -> None:
    """The address of the peer, the client's own name, and the last use, which rises by using it."""
    body = {"login": client.account["login"], "password": password_of(client)}
    await panel.http.post(f"{API}/sessions", json=body, headers={"User-Agent": "billtui/0.3 (test)"})
    listed = (await client.get("/sessions")).json()["items"]
    named = next(one for one in listed if one["client"] == "billtui/0.3 (test)")
    assert named["address"] == "127.0.0.1"
    mine = next(one for one in listed if one["current"])
    await panel.advance(hours=3)
    await client.get("/orders")
    later = next(one for one in (await client.get("/sessions")).json()["items"] if one["current"])
    assert later["last_used_at"] > mine["last_used_at"] >= mine["created_at"] == later["created_at"]
    unused = next(one for one in (await client.get("/sessions")).json()["items"] if one["id"] == named["id"])
    assert unused["last_used_at"] == named["last_used_at"]


async def test_what_was_used_when_is_still_known_after_a_restart(client: SignedIn, panel: InProcessPanel) -> None:
    await panel.advance(hours=1)
    await client.get("/orders")
    seen = (await client.get("/sessions")).json()["items"][0]["last_used_at"]
    panel.database.close()
    with panel.database.read() as tx:
        (kept,) = tx.sql("SELECT last_used_at FROM sessions").fetchone()
    from billtui.sandbox.engine.wire import instant_json

    assert instant_json(kept) >= seen
