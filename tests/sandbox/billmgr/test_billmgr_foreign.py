"""Every function with ids that are somebody else's, and every list with filters that nobody should ask for."""

from __future__ import annotations

import json
from typing import Any

import pytest

from billtui.sandbox.billmgr.endpoint import FUNCTIONS
from billtui.sandbox.billmgr.functions import desk, expenses, payments, services, tickets
from tests.sandbox.billmgr.kit import Json, named, sign_in, text
from tests.support.panel import InProcessPanel, SignedIn

UNASKED = ("logon", "logoff", "auth", "recovery", "recovery.change")
"""They end or begin a session, of whoever it is."""
LISTS = (expenses.LISTING, payments.LISTING, *services.LISTINGS.values(), *tickets.LISTINGS.values())


async def holdings(owner: SignedIn) -> Json:
    """All that an account has, but for the clock."""
    found: Json = {name: await owner.items(f"/{name}") for name in ("orders", "invoices", "tickets", "transfers")}
    found["me"] = (await owner.get("/me")).json()
    return found


async def test_no_function_shows_or_changes_what_is_somebody_elses(panel: InProcessPanel) -> None:
    owner, thief = await panel.sign_in(), await sign_in(panel, number=1)
    shop = await sign_in(panel)
    plans = await shop.ok("vds.order", period=1)
    put = await shop.ok("vds.order.param", pricelist=text(plans["list"][0]["elem"][0]["pricelist"]), sok="ok")
    line = await shop.ok(
        "v2.vds.order.param", pricelist=text(plans["list"][0]["elem"][0]["pricelist"]), sok="ok", clicked_button="order"
    )
    files = {"file_1": ("of-the-owner.txt", b"of the owner alone")}
    departments = named((await shop.ok("clientticket.edit"))["slist"], "client_department")
    made = await shop.raw(
        "clientticket.edit", sok="ok", client_department=departments["val"][0]["$key"], subject="of the owner",
        message="words of the owner", files=files,
    )  # fmt: skip
    ticket = text(made.json()["doc"]["id"])
    thread = json.dumps(await shop.ok("clientticket.edit", elid=ticket))
    file = thread.partition('"param": {"$": "')[2].partition('"')[0]
    assert file
    before = await holdings(owner)
    names = {one["name"] for one in before["orders"]} | {one["subject"] for one in before["tickets"]}
    names |= {"of-the-owner", "of the owner", owner.account["login"]}
    ids = {
        "orders": [one["id"] for one in before["orders"]][:2],
        "invoices": [one["id"] for one in before["invoices"]][:2],
        "tickets": [ticket],
        "others": [file, text(put["billorder"]), text(line["lineitem.id"])],
    }
    own = json.dumps([await holdings(other := await panel.sign_in(number=1)), await other.items("/balance/ledger")])
    names = {name for name in names if name not in own}
    assert len(names) > 10
    for func in sorted(FUNCTIONS.keys() - set(UNASKED)):
        for number in (one for of in ids.values() for one in of):
            for more in ({}, {"sok": "ok"}):
                fields: dict[str, Any] = {"elid": number, "plid": number, "id": number, "billorder": number, **more}
                fields |= {"period": "1", "paymethod": "1", "paymethod_id": "0", "payment_id": number, "sender": number}
                fields |= {"clicked_button": "delete" if func == "basket" else "", "message": "mine", "lang": "en"}
                fields |= {"faction": "service.prolong", "passwd": "", "pricelist": "502", "name": "stolen"}
                answer = await thief.raw(func, **fields)
                assert answer.status_code == 200, (func, fields, answer.text)
                for shown in names:
                    assert shown not in answer.text, (func, fields)
    after = await holdings(owner)
    assert after == before


TOO_MUCH = ("1e999999", "-1e400", "NaN", ",".join(map(str, range(2_000))))


@pytest.mark.parametrize("role", ["client", "support"])
async def test_no_filter_breaks_a_list_for_good(panel: InProcessPanel, role: str) -> None:
    """A filter is remembered: one that cannot be carried out would break its list from then on."""
    browser = await sign_in(panel, role)
    for listing in desk.LISTINGS.values() if role == "support" else LISTS:
        for value in TOO_MUCH:
            fields: dict[str, Any] = dict.fromkeys(listing.filters, value)
            fields |= {f"{name}{end}": value for name in listing.dates for end in ("start", "end")}
            fields |= dict.fromkeys(listing.dates, "other")
            answer = await browser.raw(f"{listing.name}.filter", **fields, sok="ok")
            assert answer.status_code == 200, (listing.name, value, answer.text)
            answer = await browser.raw(listing.name, p_num=value, p_cnt=value, p_col=value)
            assert answer.status_code == 200, (listing.name, value, answer.text)
