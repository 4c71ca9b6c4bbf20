"""Lists: shapes, pages, filters, and what the panel remembers of them (wire: 3, 5, 17)."""

from __future__ import annotations

import csv
import io
from decimal import Decimal

from tests.sandbox.billmgr.kit import Browser, amount, many, named, text, xml_doc
from tests.support.panel import InProcessPanel, SignedIn


async def test_services_are_found_by_the_menu_and_are_those_of_the_panel(shop: Browser, client: SignedIn) -> None:
    main = (await shop.ok("menu", sok="ok"))["mainmenu"]
    group = named(main["node"], "mainmenuservice")
    lists = [node["$action"] for node in many(group["node"]) if node["$type"] == "list"]
    assert lists == ["vds", "dedic"]
    rows = [row for one in lists for row in await shop.rows(one, p_num=1, p_cnt=500)]
    orders = {order["id"]: order for order in await client.items("/orders") if order["state"] != "cancelled"}
    assert {row["id"] for row in rows} == set(orders)
    for row in rows:
        order = orders[row["id"]]
        assert row["domain"] == order["name"]
        assert row["real_expiredate"] == (order["paid_until"] or "")[:10]
        expected = {"pending": "1", "active": "2", "suspended": "3", "blocked": "3", "deleted": "4"}
        assert row["status"] == expected[order["state"]]
        months = order["auto_renew"]["months"] if order["auto_renew"]["on"] else 1
        if not order["addons"]:
            assert Decimal(row["item_cost"]) == Decimal(order["monthly_price"]["amount"]) * months
        for number in ("id", "pricelist_id", "datacenter"):
            assert row[number].isdigit()


async def test_the_shape_of_json(shop: Browser) -> None:
    doc = await shop.ok("vds", p_num=1, p_cnt=1)
    assert isinstance(doc["elem"], list)
    row = doc["elem"][0]
    assert row["id"] == {"$": text(row["id"])}
    assert row["item_status"]["$orig"] == "2"
    assert row["item_status"]["$"].strip() == "Active"
    assert doc["p_elems"]["$"].isdigit()
    buttons = [button["$name"] for group in doc["metadata"]["toolbar"]["toolgrp"] for button in group["toolbtn"]]
    assert "prolong" in buttons
    pending = next(row for row in (await shop.ok("vds", p_cnt=500))["elem"] if row["status"]["$"] == "1")
    assert pending["ip"] == {}  # an empty scalar
    nothing = await shop.ok("vds", filter="on", domain="no such name")
    assert "elem" not in nothing
    assert nothing["p_elems"]["$"] == "0"


async def test_all_forms_say_the_same(shop: Browser) -> None:
    plain = await shop.ok("payment", p_num=1, p_cnt=7)
    for out in ("xjson", "sjson", "JSONdata"):
        assert await shop.ok("payment", out=out) == plain
    flat = (await shop.raw("payment", out="bjson")).json()
    assert "doc" not in flat
    tree = xml_doc((await shop.raw("payment", out="xml")).content)
    params = tree.find("tparams")
    assert params is not None
    assert params.findtext("func") == "payment"
    assert params.find("auth") is None
    rows = list(csv.DictReader(io.StringIO((await shop.raw("payment", out="csv")).text), delimiter=";"))
    assert len(plain["elem"]) == len(flat["elem"]) == len(tree.findall("elem")) == len(rows) == 7
    for row, bare, element, cells in zip(plain["elem"], flat["elem"], tree.findall("elem"), rows, strict=True):
        assert bare["status_orig"] == row["status"]["$orig"]
        status = element.find("status")
        assert status is not None
        assert status.attrib["orig"] == row["status"]["$orig"]
        for name, value in row.items():
            assert bare[name] == value.get("$", "") == (element.findtext(name) or "") == cells[name]


async def test_page_and_rows_are_remembered_and_a_page_past_the_end_is_the_last(shop: Browser) -> None:
    all_ids = [row["id"] for row in await shop.rows("payment", p_num=1, p_cnt=500)]
    assert [row["id"] for row in await shop.rows("payment", p_num=2, p_cnt=5)] == all_ids[5:10]
    assert [row["id"] for row in await shop.rows("payment")] == all_ids[5:10]
    last = -(-len(all_ids) // 5)
    doc = await shop.ok("payment", p_num=last + 7)
    assert text(doc["p_num"]) == str(last)
    assert [text(row["id"]) for row in doc["elem"]] == all_ids[5 * (last - 1) :]
    assert text((await shop.ok("vds"))["p_num"]) == "1"  # each list for itself
    totals = [row["subaccountamount_iso"] for row in await shop.rows("payment", p_num=1, p_cnt=500, p_col="-status")]
    assert len(totals) == len(all_ids)
    names = [row["domain"] for row in await shop.rows("vds", p_num=1, p_cnt=500, p_col="+domain")]
    assert names == sorted(names)
    assert [row["domain"] for row in await shop.rows("vds")] == names


async def test_a_filter_hides_rows_later_and_with_another_session_too(panel: InProcessPanel, shop: Browser) -> None:
    everything = await shop.rows("payment", p_num=1, p_cnt=500)
    form = await shop.ok("payment.filter")
    assert form["status"] == {}
    assert text(form["createdate"]) == "nodate"
    assert named(form["slist"], "createdate")["val"]
    await shop.ok("payment.filter", status="1")  # without sok: nothing is kept
    assert await shop.rows("payment") == everything
    await shop.ok("payment.filter", sok="ok", status="1,3", sv_field="status")
    assert await shop.rows("payment") == everything
    await shop.ok("payment.filter", sok="ok", status="1,2")
    hidden = await shop.rows("payment")
    assert {row["status"] for row in hidden} <= {"New", "Payment in progress"}
    assert 0 < len(hidden) < len(everything)
    account = panel.account()
    again = Browser(panel.http)
    given = f"{account['login']}:{account['password']}"
    assert await again.rows("payment", authinfo=given) == hidden
    assert text((await shop.ok("payment.filter"))["status"]) == "1,2"
    once = await shop.rows("payment", filter="on", status="4")
    assert {row["status"] for row in once} == {"Paid"}
    assert await shop.rows("payment") == hidden
    await shop.ok("payment.filter", sok="ok", status="")
    assert await shop.rows("payment") == everything


async def test_ranges_of_dates_and_amounts(shop: Browser) -> None:
    everything = await shop.rows("payment", p_num=1, p_cnt=500)
    days = sorted({row["create_date"] for row in everything})
    middle = days[len(days) // 2]
    late = await shop.rows("payment", filter="on", createdate="other", createdatestart=middle, createdateend="")
    assert [row["id"] for row in late] == [row["id"] for row in everything if row["create_date"] >= middle]
    one_day = await shop.rows("payment", filter="on", createdate="other", createdatestart=middle, createdateend=middle)
    assert {row["create_date"] for row in one_day} == {middle}
    some = await shop.rows("payment", filter="on", saamount_from="50", saamount_to="60.5")
    assert some
    assert all(50 <= amount(row["subaccountamount_iso"]) <= Decimal("60.5") for row in some)
    number = everything[3]["number"]
    assert [row["number"] for row in await shop.rows("payment", filter="on", number=number)] == [number]


async def test_words_are_translated_and_codes_are_not(shop: Browser) -> None:
    english = (await shop.ok("vds", p_num=1, p_cnt=3))["elem"]
    russian = (await shop.ok("vds", lang="ru"))["elem"]
    assert [row["item_status"]["$orig"] for row in english] == [row["item_status"]["$orig"] for row in russian]
    assert english[0]["item_status"]["$"] != russian[0]["item_status"]["$"]
    assert text(russian[0]["item_status"]) == "Активен"
    assert "/ Месяц" in text(russian[0]["cost"])
    await shop.ok("usrparam", sok="ok", lang="ru")
    assert text((await shop.ok("vds"))["elem"][0]["item_status"]) == "Активен"


async def test_one_client_sees_nothing_of_another(panel: InProcessPanel, shop: Browser) -> None:
    from tests.sandbox.billmgr.kit import sign_in

    second = await sign_in(panel, number=1)
    mine = {row["id"] for row in await shop.rows("vds", p_num=1, p_cnt=500)}
    theirs = {row["id"] for row in await second.rows("vds", p_num=1, p_cnt=500)}
    assert theirs
    assert not mine & theirs
    assert await shop.rows("vds", filter="on", id=", ".join(theirs)) == []
    assert await shop.balance() != await second.balance()


async def test_staff_has_no_business_of_its_own(desk: Browser) -> None:
    for func in ("payment", "vds", "dashboard.info", "basket"):
        error = await desk.error(func)
        assert error[0] in ("access", "missed"), func
