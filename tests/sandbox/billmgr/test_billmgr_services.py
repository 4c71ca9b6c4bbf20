"""Renewals, power, settings: one service and many, and what is done twice when it is sent twice (wire: 10, 17)."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import Any

import pytest

from tests.sandbox.billmgr.kit import Browser, named, text
from tests.support.panel import InProcessPanel, SignedIn

Json = dict[str, Any]
CENT = Decimal("0.01")
"""What is billed for the rest of a period falls by the second."""


async def free(client: SignedIn, count: int) -> list[Json]:
    """Active services without an open invoice, the cheapest first."""
    found = await client.items("/orders", state="active", open_invoice="no", kind="vds", sort="monthly_price")
    found = [one for one in found if one["transfer_id"] is None and not one["addons"]]
    assert len(found) >= count
    return found[:count]


async def ends(client: SignedIn, orders: list[Json]) -> list[str]:
    return [(await client.get(f"/orders/{one['id']}")).json()["paid_until"] for one in orders]


async def test_the_form_of_a_renewal_prices_every_period_and_changes_nothing(shop: Browser, client: SignedIn) -> None:
    [order] = await free(client, 1)
    form = await shop.ok("service.prolong", elid=order["id"])
    assert text(form["title_name"]) == order["name"]
    assert text(form["expiredate"]) == order["paid_until"][:10]
    assert [one["$key"] for one in named(form["slist"], "period")["val"]] == ["1", "3", "6", "12", "24"]
    priced = await shop.ok("service.prolong", elid=order["id"], period=3)
    assert text(priced["newexpiredate"]) > order["paid_until"][:10]
    assert "Total amount: " in text(priced["orderinfo"])
    assert await ends(client, [order]) == [order["paid_until"]]
    assert (await client.get(f"/orders/{order['id']}")).json()["unpaid_invoice_id"] is None
    flat = (await shop.raw("service.prolong", elid=order["id"], out="bjson")).json()
    assert flat["model"]["title_name"] == order["name"]
    assert flat["slist"]["period"][0]["k"] == "1"


async def test_a_renewal_sent_twice_renews_twice(shop: Browser, client: SignedIn) -> None:
    [order] = await free(client, 1)
    before = await shop.balance()
    await shop.ok("service.prolong", elid=order["id"], period=1, sok="ok")
    [once] = await ends(client, [order])
    cost = before - await shop.balance()
    assert cost > 0
    assert once > order["paid_until"]
    await shop.ok("service.prolong", elid=order["id"], period=1, sok="ok")
    [twice] = await ends(client, [order])
    assert twice > once
    assert await shop.balance() == before - 2 * cost


async def test_a_lost_answer_has_renewed_all_the_same(panel: InProcessPanel, shop: Browser, client: SignedIn) -> None:
    [order] = await free(client, 1)
    fault = {"kind": "drop-after", "path": "/billmgr/service.prolong", "times": 1}
    await panel.faults(fault)
    await shop.ok("vds")  # another function is not struck
    with pytest.raises(ConnectionResetError):
        await shop.ok("service.prolong", elid=order["id"], period=1, sok="ok")
    assert (await ends(client, [order]))[0] > order["paid_until"]
    await panel.faults({**fault, "kind": "http-500"})
    assert (await shop.raw("service.prolong", elid=order["id"], period=1, sok="ok")).status_code == 500
    assert len(await shop.rows("payment", filter="on", status="4", createdate="today")) >= 1


async def test_many_at_once_all_or_none(shop: Browser, client: SignedIn) -> None:
    orders = await free(client, 3)
    ids = ", ".join(one["id"] for one in orders)
    before = await shop.balance()
    for wrong in (f"{ids}, 999999", f"{ids}, {(await client.items('/orders', open_invoice='yes'))[0]['id']}"):
        kind = (await shop.error("groupedit", faction="service.prolong", elid=wrong, period=1, sok="ok"))[0]
        assert kind in ("missed", "value")
    assert await shop.error("groupedit", faction="service.prolong", elid=ids, period=2, sok="ok") == ("value", "period")
    assert await ends(client, orders) == [one["paid_until"] for one in orders]
    form = await shop.ok("groupedit", faction="service.prolong", elid=ids, period=1)
    total = Decimal(text(form["orderinfo"]).split("Total amount: ")[1].split()[0])
    await shop.ok("groupedit", faction="service.prolong", elid=ids, period=1, sok="ok")
    assert await shop.balance() == before - total
    assert all(a > b["paid_until"] for a, b in zip(await ends(client, orders), orders, strict=True))
    assert await shop.error("groupedit", faction="service.transfer", elid=ids, sok="ok") == ("missed", "faction")


async def test_too_little_money_changes_nothing(shop: Browser, client: SignedIn) -> None:
    orders = await free(client, 20)
    ids = ", ".join(one["id"] for one in orders)
    before = await shop.balance()
    doc = await shop.doc("groupedit", faction="service.prolong", elid=ids, period=24, sok="ok")
    assert text(doc["error"]["msg"]).startswith("insufficient funds to complete the operation. Required amount ")
    assert f"Your current balance: {before} EUR, credit limit 0.00 EUR" in text(doc["error"]["msg"])
    assert await shop.balance() == before
    assert await ends(client, orders) == [one["paid_until"] for one in orders]
    assert all(one["unpaid_invoice_id"] is None for one in await free(client, 20))


async def test_what_cannot_be_renewed(shop: Browser) -> None:
    pending = (await shop.rows("vds", filter="on", status="1"))[0]
    doc = await shop.doc("service.prolong", elid=pending["id"], period=1, sok="ok")
    assert text(doc["error"]["msg"]).startswith("Cannot renew this service: the service has not been processed yet")
    assert await shop.error("service.prolong", period=1, sok="ok") == ("missed", "elid")


async def test_a_long_request_is_a_page_first(panel: InProcessPanel, shop: Browser, client: SignedIn) -> None:
    import re

    [order] = await free(client, 1)
    await panel.faults({"kind": "long-request", "path": "/billmgr/service.prolong", "times": 1, "ms": 300})
    fields = {"elid": order["id"], "period": "1", "sok": "ok"}
    answer = await shop.raw("service.prolong", **fields)
    assert answer.status_code == 200
    found = re.search(r"long.+billmgr", answer.text)
    assert found is not None
    assert await ends(client, [order]) == [order["paid_until"]]  # nothing is to be seen of it yet
    again = await shop.doc("service.prolong", **fields)
    assert "Request in process, please wait" in text(again["error"]["msg"])
    for _ in range(20):
        answer = await panel.http.get(f"/{found.group()}")
        if answer.headers["content-type"] == "application/json":
            break
        await asyncio.sleep(0.05)
    assert "ok" in answer.json()["doc"]
    [once] = await ends(client, [order])
    assert once > order["paid_until"]
    assert (await panel.http.get(f"/billmgr/{found.group()}")).json() == answer.json()
    assert await ends(client, [order]) == [once]
    nothing = (await panel.http.get("/long/0000/billmgr")).json()
    assert nothing["doc"]["error"]["$type"] == "missed"


async def test_power(shop: Browser, client: SignedIn) -> None:
    orders = await free(client, 2)
    ids = ", ".join(one["id"] for one in orders)
    await shop.ok("service.stop", elid=ids)
    rows = (await shop.ok("vds", filter="on", id=ids))["elem"]
    assert [row["item_status"]["$orig"] for row in rows] == ["2_stop", "2_stop"]
    await shop.ok("service.start", elid=orders[0]["id"], sok="ok")
    await shop.ok("groupedit", faction="service.start", elid=ids, sok="ok")
    await shop.ok("service.reboot", elid=ids)
    await shop.ok("service.hardreboot", elid=ids)
    assert {(await client.get(f"/orders/{one['id']}")).json()["power"] for one in orders} == {"running"}
    pending = (await shop.rows("vds", filter="on", status="1"))[0]["id"]
    assert (await shop.error("service.stop", elid=f"{ids}, {pending}"))[0] == "value"
    assert {(await client.get(f"/orders/{one['id']}")).json()["power"] for one in orders} == {"running"}


async def test_settings_of_a_service(shop: Browser, client: SignedIn) -> None:
    orders = await free(client, 2)
    number = orders[0]["id"]
    form = await shop.ok("vds.edit", elid=number)
    assert text(form["name"]) == orders[0]["name"]
    assert text(form["messages"]["msg"]["addon_12"]) == form["messages"]["msg"]["addon_12"] == "Daily backup"
    await shop.ok("vds.edit", elid=number, server_name="renamed", autoprolong="3", sv_field="autoprolong", sok="ok")
    assert (await client.get(f"/orders/{number}")).json()["name"] == orders[0]["name"]
    await shop.ok("vds.edit", elid=number, server_name="renamed", autoprolong="3", sok="ok")
    seen = (await client.get(f"/orders/{number}")).json()
    assert (seen["name"], seen["auto_renew"]) == ("renamed", {"on": True, "months": 3})
    both = ", ".join(one["id"] for one in orders)
    await shop.ok("groupedit", faction="vds.edit", elid=both, autoprolong="null", sok="ok")
    for one in orders:
        assert (await client.get(f"/orders/{one['id']}")).json()["auto_renew"]["on"] is False
    assert await shop.error("vds.edit", elid=number, autoprolong="5", sok="ok") == ("value", "autoprolong")
    assert await shop.error("dedic.edit", elid=number) == ("missed", "elid")


async def test_an_addon_goes_into_the_basket(shop: Browser, client: SignedIn) -> None:
    [order] = await free(client, 1)
    dry = await shop.ok("vds.edit", elid=order["id"], addon_12="1", sv_field="addon_12")
    assert "Total amount: " in text(dry["orderinfo"])
    assert isinstance(dry["doc"]["slist"], list)
    assert isinstance(named(dry["doc"]["slist"], "stored_method")["val"], dict)  # collapsed within (wire: 3.1, 7)
    doc = await shop.ok("vds.edit", elid=order["id"], addon_12="1", clicked_button="basket", sok="ok")
    basket = await shop.ok("basket")
    assert text(basket["billorder"]) == text(doc["billorder"])
    shown = Decimal(text(dry["orderinfo"]).split("Total amount: ")[1].split()[0])
    assert 0 <= shown - Decimal(text(basket["total_sum"])) <= CENT
    pay = {"billorder": text(doc["billorder"]), "clicked_button": "fromsubaccount", "sok": "ok"}
    await shop.ok("payment.add.method", **pay)
    assert [one["id"] for one in (await client.get(f"/orders/{order['id']}")).json()["addons"]] == ["backup"]


async def test_a_password_is_looked_at_and_forgotten(shop: Browser, client: SignedIn) -> None:
    ids = ", ".join(one["id"] for one in await free(client, 2))
    change = {"elid": ids, "passwd": "secret", "confirm": "secret", "sok": "ok"}
    await shop.ok("service.changepassword", **change)
    await shop.ok("groupedit", faction="service.changepassword", **change)
    assert await shop.error("service.changepassword", **{**change, "confirm": "x"}) == ("value", "confirm")
    assert await shop.error("service.changepassword", **{**change, "passwd": ""}) == ("value", "passwd")
    pending = (await shop.rows("vds", filter="on", status="1"))[0]["id"]
    assert await shop.error("service.changepassword", **{**change, "elid": pending}) == ("value", "elid")


async def test_deleting_what_is_not_paid_and_what_is(shop: Browser, client: SignedIn) -> None:
    [order] = await free(client, 1)
    await shop.ok("vds.edit", elid=order["id"], autoprolong="3", sok="ok")
    await shop.ok("vds.delete", elid=order["id"])
    [row] = await shop.rows("vds", filter="on", id=order["id"])
    assert (row["scheduledclose"], row["status"], row["autoprolong"]) == ("on", "2", "Do not renew")
    await shop.ok("vds.edit", elid=order["id"], autoprolong="1", sok="ok")
    await shop.ok("vds.edit", elid=order["id"], autoprolong="null", sok="ok")
    assert (await shop.rows("vds", filter="on", id=order["id"]))[0]["scheduledclose"] == "off"
    wanted = {"pricelist": "501", "datacenter": "1", "period": "1", "domain": "gone.example", "order_count": "3"}
    await shop.ok("vds.order.param", sok="ok", **wanted)
    rows = await shop.rows("vds", filter="on", domain="gone.example")
    await shop.ok("vds.delete", elid=rows[1]["id"], sok="ok")
    basket = await shop.ok("basket")
    left = [text(one["item.id"]) for one in named(basket["list"], "itemlist")["elem"]]
    assert left == [rows[0]["id"], rows[2]["id"]]
    await shop.ok("vds.delete", elid=", ".join(left))
    assert named((await shop.ok("basket"))["list"], "itemlist").get("elem") is None
    assert await shop.rows("vds", filter="on", domain="gone.example") == []
    assert (await shop.error("vds.delete", elid=left[0]))[0] == "value"


async def test_a_server_is_not_installed_anew_unseen(shop: Browser, client: SignedIn) -> None:
    [order] = await free(client, 1)
    assert await shop.error("vds.edit", elid=order["id"], ostempl="debian-13", sok="ok") == ("value", "ostempl")


async def test_another_tariff(shop: Browser, client: SignedIn) -> None:
    [order] = await free(client, 1)
    form = await shop.ok("service.changepricelist", elid=order["id"])
    values = {one["$key"]: one["$"] for one in named(form["slist"], "pricelist")["val"]}
    assert text(form["pricelist"]) not in values
    dearer = "504"  # the medium plan
    step = {"elid": order["id"], "pricelist": dearer}
    preview = await shop.ok("service.changepricelist.pricelist", sok="ok", **step)
    assert text(preview["newpricelist"]) == "VDS medium"
    assert text(preview["oldexpiredate"]) == order["paid_until"][:10]
    cost = Decimal(text(preview["money_info"]).split()[2])
    before = await shop.balance()
    await shop.ok("service.changepricelist.getmoney", **step)
    assert await shop.balance() == before
    await shop.ok("service.changepricelist.getmoney", sok="ok", snext="ok", clicked_button="finish", **step)
    paid = before - await shop.balance()
    assert 0 <= cost - paid <= CENT
    assert (await client.get(f"/orders/{order['id']}")).json()["plan"] == "vds-medium"
    assert await shop.error("service.changepricelist.getmoney", sok="ok", **step) == ("value", "pricelist")
    cheaper = {"elid": order["id"], "pricelist": "501"}
    await shop.ok("service.changepricelist.getmoney", sok="ok", **cheaper)
    assert await shop.balance() == before - paid
    assert await shop.error("service.changepricelist.pricelist", elid=order["id"], pricelist="1") == (
        "missed",
        "pricelist",
    )
