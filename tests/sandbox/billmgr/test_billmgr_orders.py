"""Ordering in both versions: basket, cart, promo codes, and what is charged at once (wire: 11, 17)."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest

from tests.sandbox.billmgr.kit import Browser, Json, amount, many, named, text
from tests.support.panel import InProcessPanel, SignedIn


async def cheapest(shop: Browser) -> dict[str, str]:
    """The fields of an order of the cheapest plan, in the first place."""
    step = await shop.ok("vds.order")
    plan = named(step["list"], "tariflist")["elem"][0]
    assert text(plan["order_available"]) == "on"
    place = named(step["slist"], "datacenter")["val"][0]["$key"]
    return {"pricelist": text(plan["pricelist"]), "datacenter": place, "period": "1"}


async def test_the_steps_of_the_wizard(shop: Browser) -> None:
    step = await shop.ok("vds.order", period=3)
    plans = named(step["list"], "tariflist")["elem"]
    assert all(text(one["pricelist"]).isdigit() and "<b>" in text(one["price"]) for one in plans)
    assert text(plans[0]["filter"]["tag"]) == step["flist"]["val"][0]["$key"] == "all"
    wanted = await cheapest(shop)
    assert await shop.error("vds.order.param") == ("wizard_unavailable", "vds.order.param")
    by_wizard = await shop.ok("vds.order.pricelist", snext="ok", sok="ok", **wanted)
    form = await shop.ok("vds.order.param", **wanted)
    assert named(by_wizard["slist"], "ostempl") == named(form["slist"], "ostempl")
    assert named(form["slist"], "recipe")["val"][0]["$key"] == "null"
    assert named(form["slist"], "addon_12")["val"][1]["$cost"] == "3.40"
    price = text(form["orderinfo"])
    partial = await shop.ok("vds.order.param", addon_12="1", sv_field="addon_12", sok="ok", **wanted)
    assert text(partial["orderinfo"]) != price
    assert text(partial["doc"]["addon_12"]) == "1"
    assert "billorder" not in partial
    assert await shop.rows("vds", filter="on", status="1", createdate="today") is not None
    for field, value in (("period", "2"), ("ostempl", "none"), ("datacenter", "99"), ("order_count", "36")):
        assert await shop.error("vds.order.param", **{**wanted, field: value, "sok": "ok"}) == ("value", field)
    assert await shop.error("vds.order.param", **{**wanted, "pricelist": "1", "sok": "ok"}) == ("missed", "pricelist")
    assert (await shop.error("dedic.order.param", **wanted, sok="ok"))[0] == "missed"


async def test_into_the_basket_and_paid_from_the_balance(shop: Browser) -> None:
    wanted = await cheapest(shop)
    before = await shop.balance()
    order = {**wanted, "domain": "basket.example", "ostempl": "debian-13", "recipe": "null", "sok": "ok"}
    doc = await shop.ok("vds.order.param", **order)
    basket = await shop.ok("basket")
    assert text(basket["billorder"]) == text(doc["billorder"])
    [item] = named(basket["list"], "itemlist")["elem"]
    assert text(item["cost"]) == text(basket["total_sum"])
    [row] = await shop.rows("vds", filter="on", domain="basket.example")
    assert (row["status"], row["id"], row["ip"]) == ("1", text(item["item.id"]), "")
    assert await shop.balance() == before
    hidden = {one["id"] for one in await shop.rows("payment", p_num=1, p_cnt=500)}
    form = await shop.ok("payment.add", billorder=text(doc["billorder"]))
    assert text(form["amount"]) == text(basket["total_sum"])
    pay = {"billorder": text(doc["billorder"]), "amount": text(basket["total_sum"]), "sok": "ok"}
    paid = await shop.ok("payment.add.method", paymethod="1", clicked_button="fromsubaccount", **pay)
    assert await shop.balance() == before - Decimal(text(basket["total_sum"]))
    [row] = await shop.rows("vds", filter="on", domain="basket.example")
    assert row["status"] == "2"
    assert row["ip"]
    assert text(paid["payment_id"]) not in hidden
    assert text((await shop.rows("payment", filter="on", id=text(paid["payment_id"])))[0]["status"]) == "Paid"
    assert named((await shop.ok("basket"))["list"], "itemlist").get("elem") is None
    assert (await shop.error("payment.add.method", paymethod="1", **pay))[0] == "missed"  # a closed basket is no more


async def test_what_is_bought_at_once_is_bought_twice_when_sent_twice(shop: Browser) -> None:
    wanted = await cheapest(shop)
    before = await shop.balance()
    order = {**wanted, "domain": "twice.example", "skipbasket": "on", "sok": "ok"}
    for _ in range(2):
        doc = await shop.ok("vds.order.param", **order)
        assert set(doc) == {"ok"}  # nothing tells which service it became (wire: 17, 5)
    rows = await shop.rows("vds", filter="on", domain="twice.example")
    assert [row["status"] for row in rows] == ["2", "2"]
    assert {row["domain"] for row in rows} == {"twice.example"}
    cost = sum(Decimal(row["item_cost"]) for row in rows)
    assert before - cost <= await shop.balance() < before
    spent = {"domain": "poor.example", "period": "24", "order_count": "35", "skipbasket": "on", "sok": "ok"}
    kept = await shop.balance()
    doc = await shop.doc("vds.order.param", **{**wanted, **spent})
    assert "insufficient funds" in text(doc["error"]["msg"])
    assert await shop.balance() == kept
    assert await shop.rows("vds", filter="on", domain="poor.example") == []


async def test_a_lost_answer_of_an_order(panel: InProcessPanel, shop: Browser) -> None:
    wanted = await cheapest(shop)
    await panel.faults({"kind": "drop-after", "path": "/billmgr/vds.order.param", "times": 1})
    with pytest.raises(ConnectionResetError):
        await shop.ok("vds.order.param", domain="lost.example", skipbasket="on", sok="ok", **wanted)
    assert [row["status"] for row in await shop.rows("vds", filter="on", domain="lost.example")] == ["2"]


async def test_several_of_one_and_their_auto_renewal(shop: Browser, client: SignedIn) -> None:
    wanted = await cheapest(shop)
    order = {**wanted, "domain": "many.example", "order_count": "3", "autoprolong": "3", "addon_11": "1"}
    await shop.ok("vds.order.param", skipbasket="on", sok="ok", **order)
    bought = [one for one in await client.items("/orders") if one["name"].startswith("many.example")]
    assert [one["name"] for one in bought] == ["many.example-01", "many.example-02", "many.example-03"]
    assert {one["auto_renew"]["months"] for one in bought} == {3}
    assert {addon["id"] for one in bought for addon in one["addons"]} == {"ipv4"}


async def test_changing_the_basket(shop: Browser, client: SignedIn) -> None:
    wanted = await cheapest(shop)
    for domain, count in (("one.example", "1"), ("few.example", "3")):
        await shop.ok("vds.order.param", domain=domain, order_count=count, sok="ok", **wanted)
    basket = await shop.ok("basket")
    items = named(basket["list"], "itemlist")["elem"]
    assert len(items) == 4
    third = text(items[3]["item.id"])
    await shop.ok("basket", id=text(items[3]["id"]), clicked_button="delete")  # without sok: nothing
    assert len(named((await shop.ok("basket"))["list"], "itemlist")["elem"]) == 4
    await shop.ok("basket", id=text(items[3]["id"]), clicked_button="delete", sok="ok")
    assert (await client.get(f"/orders/{third}")).json()["state"] == "cancelled"
    assert third not in {row["id"] for row in await shop.rows("vds", p_num=1, p_cnt=500)}, "it never became a service"
    left = await shop.ok("basket")
    assert [text(one["item.id"]) for one in named(left["list"], "itemlist")["elem"]] == [
        text(one["item.id"]) for one in items[:3]
    ]
    assert await shop.error("basket", id="3000", clicked_button="delete", sok="ok") == ("missed", "id")
    assert await shop.error("basket", id="77", clicked_button="clearbasket", sok="ok") == ("missed", "billorder")
    number = text(left["billorder"])
    assert await shop.error("basket", id=number, clicked_button="free", sok="ok") == ("value", "id")
    await shop.ok("basket", id=number, clicked_button="clearbasket", sok="ok")
    assert (await shop.ok("basket"))["billorder"] == {}
    assert await shop.rows("vds", filter="on", domain="few.example") == []


async def test_several_purchases_become_one_payment(panel: InProcessPanel, shop: Browser, client: SignedIn) -> None:
    wanted = await cheapest(shop)
    await shop.ok("vds.order.param", domain="first.example", sok="ok", **wanted)
    found = await client.items("/orders", state="active", open_invoice="no", kind="vds", sort="monthly_price")
    renewed = next(one for one in found if one["transfer_id"] is None)
    doc = await shop.ok("service.prolong", elid=renewed["id"], period=1, clicked_button="basket", sok="ok")
    again = await shop.error("service.prolong", elid=renewed["id"], period=1, clicked_button="basket", sok="ok")
    assert again == ("value", "elid")  # one open invoice for each order (REN-2)
    basket = await shop.ok("basket")
    assert {text(one["item.type"]) for one in named(basket["list"], "itemlist")["elem"]} == {"vds"}
    waiting = await shop.ok("order")
    assert {text(one["item_id"]) for one in named(waiting["list"], "openlist")["elem"]} >= {renewed["id"]}
    form = await shop.ok("payment.add", billorder=text(doc["billorder"]))
    ask = {"billorder": text(doc["billorder"]), "paymethod": "2", "profile": text(form["profile"]), "sok": "ok"}
    asked = await shop.ok("payment.add.method", amount=text(basket["total_sum"]), **ask)
    number = text(asked["payment_id"])
    [payment] = (await shop.ok("payment", filter="on", id=number))["elem"]
    assert payment["status"]["$orig"] == "2"
    assert amount(text(payment["subaccountamount_iso"])) == Decimal(text(basket["total_sum"]))
    listed = named((await shop.ok("order"))["list"], "inpaylist")["elem"]
    assert any(text(one["desc"]).endswith(f"#{text(payment['number'])}") for one in listed)
    await panel.http.post(f"/sandbox/provider/{text(asked['ok']).rsplit('/', 1)[1]}/settle")
    assert [row["status"] for row in await shop.rows("vds", filter="on", domain="first.example")] == ["2"]
    assert (await client.get(f"/orders/{renewed['id']}")).json()["paid_until"] > renewed["paid_until"]


async def test_promo_codes_in_the_basket(panel: InProcessPanel, shop: Browser) -> None:
    code = {"code": "HALF", "percent": "50", "once_per_account": True}
    late = {"code": "LATE", "percent": "60", "ends_at": "2020-01-01T00:00:00Z"}
    body = {"promo_codes": [code, late]}
    assert (await panel.http.post("/sandbox/catalogue", json=body)).status_code == 200
    wanted = await cheapest(shop)
    assert (await shop.error("basket", promocode="HALF", sok="ok"))[0] == "promocode_not_use"
    await shop.ok("vds.order.param", domain="code.example", order_count="2", sok="ok", **wanted)
    before = await shop.ok("basket")
    assert (await shop.error("basket", promocode="NOSUCH", sok="ok"))[0] == "missed"
    doc = await shop.doc("basket", promocode="LATE", sok="ok")
    assert (doc["error"]["$type"], doc["error"]["param"]["$"]) == ("promocode_not_use", "LATE")
    await shop.ok("basket", promocode="half", sok="ok")
    after = await shop.ok("basket")
    assert text(after["promocode"]) == "HALF"
    assert Decimal(text(after["total_sum"])) < Decimal(text(before["total_sum"]))
    ids = [text(one["item.id"]) for one in named(after["list"], "itemlist")["elem"]]
    assert ids == [text(one["item.id"]) for one in named(before["list"], "itemlist")["elem"]]
    assert text(named(after["list"], "itemlist")["elem"][0]["discount_percent"]) == "50%"
    money = await shop.balance()
    pay = {"billorder": text(after["billorder"]), "paymethod": "1", "clicked_button": "fromsubaccount", "sok": "ok"}
    await shop.ok("payment.add.method", **pay)
    assert await shop.balance() == money - Decimal(text(after["total_sum"]))
    await shop.ok("vds.order.param", domain="code2.example", sok="ok", **wanted)
    assert (await shop.error("basket", promocode="HALF", sok="ok"))[0] == "promocode_not_use"  # once for each account


def prices(row: Json) -> dict[str, Decimal]:
    return {text(one["period"]): Decimal(text(one["cost"])) for one in row["prices"]["price"]}


async def test_the_second_version(shop: Browser) -> None:
    catalogue = await shop.ok("v2.vds.order.pricelist")
    places = catalogue["slist"][0]["val"]
    rows = catalogue["list"][0]["elem"]
    assert prices(rows[0])["12"] == 12 * prices(rows[0])["1"]
    assert isinstance(rows[0]["detail"], list)
    wanted = {"pricelist": text(rows[0]["id"]), "datacenter": places[0]["$key"], "domain": "v2.example"}
    preview = await shop.ok("v2.vds.order.param", period=3, **wanted)
    cost = named(preview["list"], "total_summary")["elem"][0]["cost"]["price"]
    assert isinstance(cost, dict)
    assert Decimal(text(cost["noDiscountCost"])) == prices(rows[0])["3"]
    assert named(preview["slist"], "ostempl")["val"][0]["$valuegroup"] == "Debian"
    add = {"clicked_button": "order", "order_period": "3", "force_use_new_cart": "on", "sok": "ok"}
    before = await shop.balance()
    line = text((await shop.ok("v2.vds.order.param", **wanted, **add))["lineitem.id"])
    other = text((await shop.ok("v2.vds.order.param", **wanted, **add))["lineitem.id"])
    assert await shop.rows("vds", filter="on", domain="v2.example") == []  # nothing is bought yet
    cart = await shop.ok("cart")
    assert text(cart["total"]["count"]) == "2"
    lines = named(cart["list"], "lineitems")["elem"]
    assert [text(one["id"]) for one in lines] == [line, other]
    assert lines[0]["action"]["button"]["$func"] == "lineitem.delete"
    assert Decimal(text(cart["total"]["cost"])) == 2 * Decimal(text(cost["cost"]))
    assert await shop.error("cartorder.create.confirm", elid=line, paymethod_id="7", sok="ok") == (
        "value",
        "paymethod_id",
    )
    await shop.ok("cartorder.create.confirm", elid=line)
    assert await shop.balance() == before
    await shop.ok("cartorder.create.confirm", elid=line, paymethod_id="0", sok="ok")
    assert await shop.balance() == before - Decimal(text(cost["cost"]))
    assert [row["status"] for row in await shop.rows("vds", filter="on", domain="v2.example")] == ["2"]
    again = await shop.error("cartorder.create.confirm", elid=line, paymethod_id="0", sok="ok")
    assert again == ("missed", "lineitem")
    await shop.ok("cart.empty")
    empty = await shop.ok("cart")
    assert (text(empty["total"]["count"]), text(empty["total"]["cost"])) == ("0", "0.00")
    assert many(named(empty["list"], "lineitems").get("elem")) == []


async def test_the_public_price_list(panel: InProcessPanel) -> None:
    fields = {"func": "pricelist.export", "itemtype": "vds", "onlyavailable": "yes", "project": "1", "out": "bjson"}
    rows = (await panel.http.get("/billmgr", params=fields)).json()["elem"]
    assert all(re.fullmatch(r"\d+\.\d\d", row["price_1"]) for row in rows)
