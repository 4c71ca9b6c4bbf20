"""The own account: balance, settings, password; and that everything served is described (wire: 8)."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path

from billtui.sandbox.billmgr.endpoint import FUNCTIONS
from tests.sandbox.billmgr.kit import Browser, amount, named, sign_in, text
from tests.support.panel import InProcessPanel, SignedIn

DOCUMENT = Path(__file__).parents[3] / "docs" / "billmgr.md"


async def test_the_balance_is_that_of_the_internal_purse(shop: Browser, client: SignedIn) -> None:
    internal = (await client.get("/me")).json()["balances"]["internal"]
    assert await shop.balance() == Decimal(internal["amount"])
    info = (await shop.ok("dashboard.info"))["elem"][0]
    assert text(info["realbalance"]) == text(info["available"])
    assert re.fullmatch(r"(\d{4}-\d\d-\d\d)?", text(info["enoughmoneyto"]))
    told = await shop.ok("notify")
    assert text(told["realbalance"]) == text(info["realbalance"])
    assert named(told["notify"]["item"], "ticket")["msg"]["$"].isdigit()
    credit = (await shop.ok("dashboard.subaccount_credit"))["elem"][0]
    assert text(credit["available_credit"]) == "0.00 EUR"


async def test_settings_are_read_and_the_language_is_kept(shop: Browser) -> None:
    form = await shop.ok("usrparam")
    assert text(form["status_totp"]) == "off"
    assert named(form["slist"], "atype")["val"]
    assert form["passwd"] == {}
    await shop.ok("usrparam", lang="ru")  # without sok
    assert text((await shop.ok("usrparam"))["lang"]) == "en"
    await shop.ok("usrparam", sok="ok", lang="ru")
    assert text((await shop.ok("usrparam"))["lang"]) == "ru"


async def test_another_password(panel: InProcessPanel, shop: Browser) -> None:
    old, new = panel.account()["password"], "a whole new password 7"
    change = {"sok": "ok", "passwd": new, "confirm": new}
    other = await sign_in(panel)
    assert await shop.error("usrparam", old_passwd="wrong", **change) == ("value", "old_passwd")
    assert await shop.error("usrparam", old_passwd=old, **{**change, "confirm": "x"}) == ("value", "confirm")
    short = {"sok": "ok", "passwd": "short", "confirm": "short"}
    assert await shop.error("usrparam", old_passwd=old, **short) == ("value", "passwd")
    await shop.ok("usrparam", old_passwd=old, **change)
    await shop.ok("whoami")
    assert await other.error("whoami") == ("access", "func")  # every other session has ended (ACC-2)
    login = panel.account()["login"]
    bare = Browser(panel.http)
    assert await bare.error("whoami", authinfo=f"{login}:{old}") == ("auth", "badpassword")
    third = "with: a colon, 9 times"
    again = {"sok": "ok", "old_passwd": new, "passwd": third, "confirm": third}
    await bare.ok("usrparam", authinfo=f"{login}:{new}", **again)
    assert (await bare.ok("whoami", authinfo=f"{login}:{third}"))["user"]["$name"] == login


async def test_a_payer_and_an_account(shop: Browser) -> None:
    [payer] = await shop.rows("profile")
    assert (payer["id"].isdigit(), payer["profiletype"]) == (True, "Person")
    assert [payment["sender_id"] for payment in await shop.rows("payment", p_cnt=1)] == [payer["id"]]
    [account] = await shop.rows("subaccount")
    assert account["id"].isdigit()


async def test_the_menu_names_only_what_there_is(shop: Browser, desk: Browser) -> None:
    for who in (shop, desk):
        main = (await who.ok("menu"))["mainmenu"]
        names = [node["$name"] for group in main["node"] for node in group["node"]]
        assert names
        for name in names:
            assert "error" not in await who.doc(name), name


async def test_what_was_taken_from_the_balance(shop: Browser, client: SignedIn) -> None:
    lines = await client.items("/balance/ledger", purse="internal")
    spent = [one for one in lines if one["amount"]["amount"].startswith("-")]
    rows = await shop.rows("expense", p_num=1, p_cnt=500)
    assert [row["id"] for row in rows] == [one["id"] for one in spent]
    assert [-amount(row["amount"]) for row in rows] == [Decimal(one["amount"]["amount"]) for one in spent]
    today = max(row["realdate"] for row in rows)
    some = await shop.rows("expense", filter="on", fromdate=today, todate=today)
    assert {row["realdate"] for row in some} == {today}
    numbers = {row["number"] for row in await shop.rows("payment", p_num=1, p_cnt=500)}
    assert {row["payments"] for row in rows} <= numbers | {""}


async def test_a_forgotten_password(panel: InProcessPanel) -> None:
    account = panel.account()
    bare = Browser(panel.http)
    for email in ("nobody@nowhere.example", account["email"]):
        await bare.ok("recovery", email=email)  # without sok
        await bare.ok("recovery", email=email, sok="ok")
    mails = (await panel.http.get("/sandbox/mail", params={"to": account["email"]})).json()["items"]
    [code] = [mail["code"] for mail in mails if mail["event"] == "password-recovery"]
    new = "remembered: again 4"
    change = {"userid": account["account_id"], "secret": code, "password": new, "confirm": new, "sok": "ok"}
    assert await bare.error("recovery.change", **{**change, "confirm": "x"}) == ("value", "confirm")
    assert await bare.error("recovery.change", **{**change, "userid": "318255"}) == ("check_2", "secret")
    assert await bare.error("recovery.change", **{**change, "secret": "0"}) == ("check_2", "secret")
    assert await bare.error("recovery.change", **{**change, "password": "short", "confirm": "short"}) == (
        "value",
        "passwd",
    )
    bare.auth = (await bare.ok("recovery.change", **change))["auth"]["$id"]
    panel.http.cookies.clear()
    assert (await bare.ok("whoami"))["user"]["$id"] == account["account_id"]
    assert await bare.error("recovery.change", **change) == ("check_2", "secret")


def test_every_function_is_described_and_nothing_else() -> None:
    section = DOCUMENT.read_text(encoding="utf-8").partition("## Functions")[2]
    rows = [line for line in section.splitlines() if line.startswith("|")]
    described = set(re.findall(r"`([a-z0-9_.]+)`", "\n".join(rows)))
    of_other_items = {name for name in FUNCTIONS if "dedic" in name.split(".")}
    assert described == set(FUNCTIONS) - of_other_items
    assert {name.replace("dedic", "vds") for name in of_other_items} <= described
