"""What live panels do differently, one by one (wire: 17)."""

from __future__ import annotations

from pathlib import Path

from billtui.sandbox.billmgr.quirks import Quirk
from tests.sandbox.billmgr.kit import Browser, many, named, text, xml_doc
from tests.support.panel import InProcessPanel


async def order(panel: InProcessPanel, *quirks: str) -> None:
    answer = await panel.http.post("/sandbox/billmgr", json={"quirks": list(quirks)})
    assert answer.json() == {"quirks": sorted(quirks)}
    assert (await panel.http.get("/sandbox/billmgr")).json() == answer.json()


async def test_one_row_as_object_and_scalars_without_a_wrapper(panel: InProcessPanel, shop: Browser) -> None:
    [plain] = (await shop.ok("vds", p_num=1, p_cnt=1))["elem"]
    await order(panel, "lone-rows")
    assert (await shop.ok("vds"))["elem"] == plain
    assert isinstance((await shop.ok("vds", p_cnt=2))["elem"], list)
    await order(panel, "bare-scalars")
    [bare] = (await shop.ok("vds", p_cnt=1))["elem"]
    assert bare["id"] == text(plain["id"])
    assert bare["item_status"] == plain["item_status"]  # with an attribute it is an object all the same
    await order(panel, "lone-rows", "bare-scalars")
    doc = await shop.ok("service.prolong", elid=bare["id"])
    assert doc["title_name"] == bare["name"]
    assert doc["slist"]["$name"] == "period"


async def test_amounts_with_a_decimal_comma(panel: InProcessPanel, shop: Browser) -> None:
    before = (await shop.ok("payment", p_num=1))["elem"]
    await order(panel, "comma-amounts")
    for row, other in zip((await shop.ok("payment"))["elem"], before, strict=True):
        shown = text(row["subaccountamount_iso"])
        assert shown == text(other["subaccountamount_iso"]).replace(".", ",")
        assert "," in shown
    rows = (await shop.ok("vds"))["elem"]
    assert all("." in text(row["item_cost"]) for row in rows)  # amounts for programs stay
    assert ", EUR" not in text(rows[0]["cost"])
    assert b",90 EUR" in (await shop.raw("vds", out="xml")).content


async def test_services_without_their_status(panel: InProcessPanel, shop: Browser) -> None:
    await order(panel, "no-item-status", "expiry-words")
    for row in (await shop.ok("vds", p_num=1))["elem"]:
        assert "item_status" not in row
        assert text(row["item_real_status"]) == text(row["status"])
        if text(row["real_expiredate"]):
            assert text(row["expiredate"]) == "daily charging"


async def test_a_status_without_its_label(panel: InProcessPanel, shop: Browser) -> None:
    await order(panel, "status-codes")
    for row in (await shop.ok("vds", p_num=1))["elem"]:
        assert row["item_status"] == row["status"]


async def test_a_new_server_takes_a_while(panel: InProcessPanel, shop: Browser) -> None:
    await order(panel, "slow-opening")
    wanted = {"pricelist": "501", "datacenter": "1", "period": "1", "domain": "slow.example", "skipbasket": "on"}
    await shop.ok("vds.order.param", sok="ok", **wanted)
    [row] = (await shop.ok("vds", filter="on", domain="slow.example"))["elem"]
    assert (row["status"]["$"], row["item_status"]["$orig"], row["ip"]) == ("5", "5_open", {})
    await panel.advance(seconds=6)
    [row] = (await shop.ok("vds", filter="on", domain="slow.example"))["elem"]
    assert (row["status"]["$"], row["item_status"]["$orig"]) == ("2", "2")
    assert text(row["ip"])


async def test_servers_in_a_list_of_another_name(panel: InProcessPanel, shop: Browser) -> None:
    rows = await shop.rows("vds", p_num=1, p_cnt=500)
    assert await shop.error("vds.vps") == ("missed", "func")
    await order(panel, "renamed-list")
    assert await shop.rows("vds") == []
    group = named((await shop.ok("menu"))["mainmenu"]["node"], "mainmenuservice")
    assert [node["$action"] for node in many(group["node"])] == ["vds.vps", "vds", "dedic"]
    assert await shop.rows("vds.vps") == rows
    assert text((await shop.ok("vds.vps.edit", elid=rows[0]["id"]))["name"]) == rows[0]["name"]


async def test_a_filter_that_is_only_echoed(panel: InProcessPanel, shop: Browser) -> None:
    everything = await shop.rows("payment", p_num=1, p_cnt=500)
    await order(panel, "filter-echo")
    doc = await shop.ok("payment.filter", status="4", sok="ok")
    assert text(doc["status"]) == "4"
    assert "ok" not in doc
    assert await shop.rows("payment") == everything
    await shop.raw("payment.filter", out="", status="9", sok="ok")
    assert len(await shop.rows("payment")) < len(everything)
    await shop.ok("payment.filter", status="", sok="ok")
    assert len(await shop.rows("payment")) < len(everything)
    await shop.raw("payment.filter", out="", status="", sok="ok")
    assert await shop.rows("payment") == everything


async def test_json_that_calls_itself_text(panel: InProcessPanel, shop: Browser) -> None:
    await order(panel, "text-plain")
    answer = await shop.raw("whoami")
    assert answer.headers["content-type"].startswith("text/plain")
    assert answer.json()["doc"]["user"]
    assert xml_doc((await shop.raw("whoami", out="xml")).content).find("user") is not None


async def test_unknown_quirks_are_refused(panel: InProcessPanel) -> None:
    assert (await panel.http.post("/sandbox/billmgr", json={"quirks": ["none"]})).status_code == 422
    await order(panel)


def test_every_quirk_is_described() -> None:
    described = (Path(__file__).parents[3] / "docs" / "billmgr.md").read_text(encoding="utf-8")
    assert [quirk for quirk in Quirk if f"| `{quirk}` |" not in described] == []
