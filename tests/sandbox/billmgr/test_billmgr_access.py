"""Signing in, in every way there is, and what a session is good for (wire: 7, 17)."""

from __future__ import annotations

import pyotp
import pytest

from tests.sandbox.billmgr.kit import Browser, sign_in, text, xml_doc
from tests.support.panel import InProcessPanel


@pytest.mark.parametrize("path", ["/billmgr", "/billmgr/", "/manager/billmgr", "/"])
@pytest.mark.parametrize("method", ["GET", "POST", "multipart"])
async def test_every_address_and_method_is_taken(panel: InProcessPanel, path: str, method: str) -> None:
    account = panel.account()
    fields = {"func": "auth", "username": account["login"], "password": account["password"], "out": "json"}
    if method == "GET":
        answer = await panel.http.get(path, params=fields)
    elif method == "POST":
        answer = await panel.http.post(path, data=fields)
    else:
        answer = await panel.http.post(path, files={name: (None, value) for name, value in fields.items()})
    assert answer.status_code == 200
    auth = answer.json()["doc"]["auth"]
    assert auth["$id"] == auth["$"]
    assert auth["$level"] == "16"
    assert int(auth["$id"], 16) > 0


async def test_a_session_may_come_as_field_or_as_cookie(panel: InProcessPanel, shop: Browser) -> None:
    assert (await shop.ok("whoami"))["user"]["$name"] == panel.account()["login"]
    bare = Browser(panel.http)
    assert await bare.error("whoami") == ("access", "func")
    for cookie in (shop.auth, f"{shop.auth}:orion:en"):
        answer = await panel.http.get(
            "/billmgr", params={"func": "whoami", "out": "json"}, headers={"Cookie": f"billmgrses5={cookie}"}
        )
        assert answer.json()["doc"]["user"]["$id"] == panel.account()["account_id"]


async def test_authinfo_with_every_call_and_for_a_session(panel: InProcessPanel) -> None:
    account = panel.account()
    given = f"{account['login']}:{account['password']}"
    bare = Browser(panel.http)
    assert (await bare.ok("whoami", authinfo=given))["user"]["$id"] == account["account_id"]
    assert (await bare.ok("auth", authinfo=given))["auth"]["$id"]
    panel.http.cookies.clear()
    assert await bare.error("whoami", authinfo=f"{account['login']}:wrong") == ("auth", "badpassword")
    stale = Browser(panel.http, "0" * 32)
    assert (await stale.ok("whoami", authinfo=given))["user"]["$id"] == account["account_id"]


async def test_a_wrong_password_and_too_many_of_them(panel: InProcessPanel) -> None:
    login = panel.account()["login"]
    bare = Browser(panel.http)
    for _ in range(5):
        assert await bare.error("auth", username=login, password="no") == ("auth", "badpassword")
    assert await bare.error("auth", username=login, password="no") == ("auth", "blocked_ip")
    assert await bare.error("whoami", authinfo=f"{login}:no") == ("auth", "blocked_ip")


async def test_after_the_second_factor_there_is_a_new_session_and_the_first_stays_half(panel: InProcessPanel) -> None:
    account = next(one for one in panel.accounts if "totp_secret" in one)
    first = Browser(panel.http)
    doc = await first.ok("auth", username=account["login"], password=account["password"])
    first.auth = doc["auth"]["$id"]
    panel.http.cookies.clear()
    assert text((await first.ok("whoami"))["ok"]) == "func=totp.confirm"
    assert await first.error("dashboard.info") == ("access", "func")
    assert await first.error("totp.confirm", qrcode="000000", sok="ok") == ("value", "qrcode")
    code = pyotp.TOTP(account["totp_secret"]).now()
    assert "auth" not in await first.ok("totp.confirm", qrcode=code)  # a form without sok does nothing
    second = Browser(panel.http, (await first.ok("totp.confirm", qrcode=code, sok="ok"))["auth"]["$id"])
    panel.http.cookies.clear()
    assert second.auth != first.auth
    assert (await second.ok("whoami"))["user"]["$id"] == account["account_id"]
    assert text((await first.ok("whoami"))["ok"]) == "func=totp.confirm"
    assert await first.error("payment") == ("access", "func")
    given = f"{account['login']}:{account['password']}"
    assert await Browser(panel.http).error("whoami", authinfo=given) == ("auth", "totp")
    third = Browser(panel.http, (await Browser(panel.http).ok("auth", authinfo=given))["auth"]["$id"])
    panel.http.cookies.clear()
    assert text((await third.ok("whoami"))["ok"]) == "func=totp.confirm"


async def test_signing_out_and_what_is_left(panel: InProcessPanel) -> None:
    for func in ("logon", "logoff"):
        one = await sign_in(panel)
        await one.ok("keepalive")
        await one.ok(func)
        assert await one.error("keepalive") == ("access", "func")


async def test_an_hour_without_a_request_ends_a_session(
    panel: InProcessPanel, shop: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = panel.database.real_time()
    hour = 3_600_000_000
    monkeypatch.setattr(panel.database, "real_time", lambda: start + hour - 5_000_000)
    await shop.ok("keepalive")
    monkeypatch.setattr(panel.database, "real_time", lambda: start + 2 * hour - 70_000_000)
    await shop.ok("keepalive")
    monkeypatch.setattr(panel.database, "real_time", lambda: start + 3 * hour)
    assert await shop.error("keepalive") == ("access", "func")


async def test_a_session_ends_by_order(panel: InProcessPanel, shop: Browser) -> None:
    await panel.faults({"kind": "expire-session", "path": "/billmgr/payment", "times": 1})
    await shop.ok("whoami")
    assert await shop.error("payment") == ("access", "func")
    assert await shop.error("whoami") == ("access", "func")


async def test_a_browser_gets_a_page_instead_of_an_answer(shop: Browser) -> None:
    shop.auth = "0" * 32
    answer = await shop.raw("payment", out="")
    assert answer.status_code == 200
    assert answer.text.startswith("<!DOCTYPE html>")
    assert "password" in answer.text


async def test_an_unknown_function_is_missed(shop: Browser) -> None:
    for func in ("payment.union", "payment.merge", "service.transfer", "payment.promise", "v2.basket", "nothing"):
        assert await shop.error(func) == ("missed", "func"), func


async def test_errors_have_one_parameter_as_object_and_two_as_array(shop: Browser) -> None:
    assert isinstance((await shop.doc("nothing"))["error"]["param"], list)
    shop.auth = ""
    one = (await shop.doc("payment"))["error"]["param"]
    assert one == {"$name": "value", "$": "payment"}
    error = xml_doc((await shop.raw("payment", out="xml")).content).find("error")
    assert error is not None
    assert error.attrib["type"] == "access"
    assert error.findtext("msg")
    assert (await shop.raw("payment", out="bjson")).json()["error"]["msg"]


async def test_what_is_unreadable_is_no_call(panel: InProcessPanel) -> None:
    answer = await panel.http.post("/billmgr", content=b"{}", headers={"Content-Type": "application/json"})
    assert answer.status_code == 422
    assert (await panel.http.get("/")).status_code == 404
