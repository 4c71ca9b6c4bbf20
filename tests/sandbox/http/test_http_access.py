"""Password and second factor over HTTP (ACC-2, ACC-6): a session that shows its password. Roles (ACC-7), sessions."""

from __future__ import annotations

import asyncio
import time

import pyotp
import pytest

from billtui.sandbox.engine.wire import instant_json
from tests.sandbox.http.access_kit import (
    NEW,
    code_of,
    device_code,
    keyed,
    mails,
    new_key,
    password_of,
    sign_in,
    with_second_factor,
)
from tests.support.panel import API, InProcessPanel, SignedIn

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
    assert instant_json(kept) >= seen
