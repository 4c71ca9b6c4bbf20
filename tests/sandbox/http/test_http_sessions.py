"""Signing in over HTTP (ACC-6), roles (ACC-7), sessions and the own account (ACC-1)."""

from __future__ import annotations

import time

import httpx
import pyotp
import pytest

from tests.support.panel import API, InProcessPanel, SignedIn


async def sign_in(panel: InProcessPanel, login: str, password: str, totp: str | None = None) -> httpx.Response:
    body = {"login": login, "password": password} | ({"totp": totp} if totp is not None else {})
    return await panel.http.post(f"{API}/sessions", json=body)


async def test_acc_1_who_is_signed_in(client: SignedIn) -> None:
    me = (await client.get("/me")).json()
    assert me["login"] == client.account["login"]
    assert me["account_id"] == client.account["account_id"]
    assert me["account_id"].isdigit()
    assert me["email"] != me["login"]
    assert set(me["balances"]) == {"internal", "affiliate"}
    assert "invoices.pay" in me["capabilities"]
    assert me["panel_id"]


async def test_acc_6_five_failures_lock_known_and_unknown_logins_alike(panel: InProcessPanel) -> None:
    known = panel.account()["login"]
    answers: dict[str, list[tuple[int, str, bool]]] = {}
    for login in (known, "nobody.at.all"):
        tries = [await sign_in(panel, login, "wrong-password") for _ in range(6)]
        answers[login] = [
            (answer.status_code, answer.json()["code"], "retry-after" in answer.headers) for answer in tries
        ]
        locked = tries[-1]
        assert locked.status_code == 423
        assert 0 < int(locked.headers["retry-after"]) <= 15 * 60
        assert locked.json()["rule"] == "ACC-6"
    assert answers[known] == answers["nobody.at.all"]
    right = await sign_in(panel, known, panel.account()["password"])
    assert right.status_code == 423, "also the right password waits"
    await panel.advance(seconds=15 * 60 + 1)
    assert (await sign_in(panel, known, panel.account()["password"])).status_code == 201


async def test_acc_6_success_forgets_failures(panel: InProcessPanel) -> None:
    account = panel.account()
    for _ in range(3):
        for _ in range(3):
            assert (await sign_in(panel, account["login"], "wrong")).status_code == 401
        assert (await sign_in(panel, account["login"], account["password"])).status_code == 201


@pytest.mark.usefixtures("hashes_worked_out")
async def test_acc_6_unknown_logins_take_as_long(panel: InProcessPanel) -> None:
    async def lasting(login: str) -> float:
        start = time.perf_counter()
        await sign_in(panel, login, "wrong-password")
        return time.perf_counter() - start

    known, unknown = await lasting(panel.account()["login"]), await lasting("nobody.at.all")
    assert unknown > known / 4, "an unknown login must be hashed as well"


async def test_acc_6_second_factor(panel: InProcessPanel) -> None:
    account = next(account for account in panel.accounts if "totp_secret" in account)
    login, password = account["login"], account["password"]
    without = await sign_in(panel, login, password)
    assert (without.status_code, without.json()["code"]) == (401, "totp-required")
    code = pyotp.TOTP(account["totp_secret"]).now()
    wrong = await sign_in(panel, login, password, f"{(int(code) + 1) % 1_000_000:06}")
    assert (wrong.status_code, wrong.json()["code"]) == (401, "wrong-totp")
    assert (await sign_in(panel, login, password, code)).status_code == 201
    replayed = await sign_in(panel, login, password, code)
    assert replayed.status_code == 401, "a code works once"


async def test_signing_out_ends_the_token(client: SignedIn) -> None:
    answer = await client.delete("/sessions/current")
    assert (answer.status_code, answer.content) == (204, b"")
    again = await client.get("/me")
    assert (again.status_code, again.json()["code"]) == (401, "session-expired")


async def test_sessions_are_listed_and_revoked(client: SignedIn, panel: InProcessPanel, other: SignedIn) -> None:
    second = await panel.sign_in()
    sessions = (await client.get("/sessions")).json()["items"]
    assert len(sessions) == 2
    assert [session["current"] for session in sessions].count(True) == 1
    assert client.token not in str(sessions)
    foreign = next(session for session in sessions if not session["current"])
    assert (await other.delete(f"/sessions/{foreign['id']}")).status_code == 404
    assert (await client.delete(f"/sessions/{foreign['id']}")).status_code == 204
    assert (await second.get("/me")).status_code == 401
    assert (await client.get("/me")).status_code == 200


async def test_acc_8_settings_change_and_stay(client: SignedIn) -> None:
    version = (await client.get("/me")).json()["version"]
    quiet = {"notifications": {"invoice-reminder": {"email": False}}}
    answer = await client.patch("/me", {"settings": quiet}, if_match=version)
    assert answer.status_code == 200, answer.text
    me = (await client.get("/me")).json()
    assert me["settings"]["notifications"]["invoice-reminder"]["email"] is False
    assert me["version"] > version
    assert (await client.patch("/me", {"settings": quiet}, if_match=version)).status_code == 412
    always = {"notifications": {"order-soon-deleted": {"email": False}}}
    assert (await client.patch("/me", {"settings": always})).status_code == 422  # ACC-8


@pytest.mark.parametrize("role", ["support", "admin"])
async def test_acc_7_staff_sign_in_but_buy_nothing(panel: InProcessPanel, client: SignedIn, role: str) -> None:
    staff = await panel.sign_in(role)
    assert (await staff.get("/me")).json()["role"] == role
    order = (await client.items("/orders"))[0]
    assert (await staff.get(f"/orders/{order['id']}")).status_code == 200
    answer = await staff.patch(f"/orders/{order['id']}", {"name": "mine-now"})
    assert (answer.status_code, answer.json()["code"], answer.json()["rule"]) == (403, "forbidden", "ACC-7")


async def test_acc_7_a_client_sees_only_what_is_its_own(client: SignedIn, other: SignedIn) -> None:
    for path in ("/orders", "/invoices"):
        mine = {item["id"] for item in await client.items(path)}
        theirs = {item["id"] for item in await other.items(path)}
        assert mine
        assert theirs
        assert not mine & theirs
        foreign, unknown = await client.get(f"{path}/{min(theirs)}"), await client.get(f"{path}/99999999")
        assert foreign.status_code == unknown.status_code == 404
        assert set(foreign.json()) == set(unknown.json()), "no difference shows what another account has"
