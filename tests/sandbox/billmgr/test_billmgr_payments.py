"""Payments: making, paying, deleting, printing; the books of the panel are checked after each test (wire: 9)."""

from __future__ import annotations

from decimal import Decimal

from tests.sandbox.billmgr.kit import Browser, amount, many, named, text
from tests.support.panel import InProcessPanel, SignedIn


def payer(form: dict[str, object]) -> str:
    return text(form["profile"])


async def new_ones(shop: Browser) -> list[dict[str, str]]:
    return await shop.rows("payment", filter="on", status="1", p_num=1, p_cnt=500)


async def test_the_form_of_a_payment_shows_every_way_to_pay(shop: Browser) -> None:
    row = (await new_ones(shop))[0]
    for step in ("payment.add", "payment.add.method", "payment.add.pay"):
        form = await shop.ok(step, payment_id=row["id"])
        assert Decimal(text(form["amount"])) == amount(row["subaccountamount_iso"])
        methods = named(form["list"], "methodlist")["elem"]
        assert [text(one["paymethod_type"]) for one in methods] == ["0", "1", "1"]
        assert methods[0]["action"]["button"] == {"$name": "fromsubaccount"}
        assert named(form["slist"], "payment_currency")["val"] == [{"$key": "50", "$": "EUR"}]
    top_up = await shop.ok("payment.add")
    assert [text(one["paymethod_type"]) for one in named(top_up["list"], "methodlist")["elem"]] == ["1", "1"]
    assert top_up["payment_id"] == {}
    assert await shop.error("payment.add", payment_id="99999999") == ("missed", "elid")


async def test_paying_from_the_balance_once(shop: Browser, client: SignedIn) -> None:
    unpaid = [row for row in await new_ones(shop) if amount(row["subaccountamount_iso"]) < 30]
    invoices = {one["id"]: one for one in await client.items("/invoices", state="unpaid")}
    row = next(row for row in unpaid if invoices[row["id"]]["kind"] == "renewal")
    cost = amount(row["subaccountamount_iso"])
    before = await shop.balance()
    pay = {"payment_id": row["id"], "paymethod": "1", "clicked_button": "fromsubaccount", "payment_currency": "50"}
    assert await shop.error("payment.add.method", sok="ok", amount="0.01", **pay) == ("value", "amount")
    await shop.ok("payment.add.method", sok="ok", sv_field="paymethod", **pay)
    assert await shop.balance() == before
    doc = await shop.ok("payment.add.method", sok="ok", amount=str(cost), **pay)
    assert text(doc["ok"]) == "func=order"
    assert text(doc["payment_id"]) == row["id"]
    assert await shop.balance() == before - cost
    assert (await shop.error("payment.add.method", sok="ok", **pay))[0] == "value"  # already paid
    assert await shop.balance() == before - cost
    paid = await shop.rows("payment", filter="on", id=row["id"])
    assert (paid[0]["status"], paid[0]["paymethod_name"]) == ("Paid", "Account balance")
    info = (await shop.ok("payment.orderinfo", elid=row["id"]))["elem"]
    assert sum(amount(text(line["cost"])) for line in info) == cost


async def test_a_provider_is_asked_and_its_report_pays(panel: InProcessPanel, shop: Browser) -> None:
    row = next(row for row in await new_ones(shop) if row["paymethod_name"] == "Select")
    form = await shop.ok("payment.add", payment_id=row["id"])
    ask = {"payment_id": row["id"], "paymethod": "2", "payment_currency": "50", "amount": text(form["amount"])}
    assert await shop.error("payment.add.method", sok="ok", **ask) == ("value", "profile")
    doc = await shop.ok("payment.add.method", sok="ok", profile=payer(form), **ask)
    address = text(doc["ok"])
    assert address.startswith("https://")
    seen = (await shop.ok("payment", filter="on", id=row["id"]))["elem"][0]
    assert seen["status"]["$orig"] == "2"
    assert text(seen["paymethod_name"]) == "Card"
    again = await shop.ok("payment.add.redirect", elid=row["id"], elname=row["number"], sok="ok")
    assert text(again["ok"]).startswith("https://")
    settled = await panel.http.post(f"/sandbox/provider/{address.rsplit('/', 1)[1]}/settle")
    assert settled.status_code == 200
    assert (await shop.ok("payment", filter="on", id=row["id"]))["elem"][0]["status"]["$orig"] == "4"


async def test_a_top_up(panel: InProcessPanel, shop: Browser) -> None:
    before = await shop.balance()
    form = await shop.ok("payment.add.method")
    fields = {"sok": "ok", "payment_currency": "50", "profile": payer(form)}
    assert await shop.error("payment.add.method", paymethod="2", amount="", **fields) == ("value", "amount")
    assert await shop.error("payment.add.method", paymethod="9", amount="5", **fields) == ("value", "paymethod")
    assert (await shop.error("payment.add.method", paymethod="1", amount="5", **fields))[0] == "value"
    doc = await shop.ok("payment.add.pay", paymethod="3", amount="25.50", **fields)
    assert text(doc["id"][0]) == text(doc["payment_id"])  # an array here, though there is one (wire: 3.1, 5)
    await panel.http.post(f"/sandbox/provider/{text(doc['ok']).rsplit('/', 1)[1]}/settle")
    assert await shop.balance() == before + Decimal("25.50")


async def test_deleting_what_is_new_and_nothing_else(shop: Browser) -> None:
    rows = await new_ones(shop)
    two = [row["id"] for row in rows if row["subaccountamount_iso"]][:2]
    paid = (await shop.rows("payment", filter="on", status="4", p_num=1))[0]
    assert await shop.error("payment.delete", elid=f"{two[0]}, {paid['id']}") == ("access", "func")
    assert {row["id"] for row in await new_ones(shop)} >= set(two)  # all of them or none
    await shop.ok("payment.delete", elid=", ".join(two))
    gone = (await shop.ok("payment", filter="on", id=",".join(two)))["elem"]
    assert [row["status"]["$orig"] for row in gone] == ["9", "9"]
    assert await shop.error("payment.delete", elid=two[0]) == ("access", "func")
    assert await shop.error("payment.delete", elid="0") == ("missed", "elid")


async def test_a_payment_as_a_document(shop: Browser, panel: InProcessPanel) -> None:
    row = (await shop.rows("payment", p_num=1, p_cnt=1))[0]
    answer = await shop.raw("payment.print.pdf", out="pdf_print", elid=row["id"])
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF")
    other = await panel.sign_in(number=1)
    theirs = (await other.items("/invoices"))[0]["id"]
    refused = await shop.raw("payment.print.pdf", out="pdf_print", elid=theirs)
    assert b'type="missed"' in refused.content
    assert many((await shop.doc("payment", filter="on", id=theirs)).get("elem")) == []


async def test_what_is_not_there_is_not_invented(shop: Browser) -> None:
    form = await shop.ok("payment.add", payment_id=(await new_ones(shop))[0]["id"])
    names = {text(one["name"]).lower() for one in named(form["list"], "methodlist")["elem"]}
    assert names == {"account balance", "card", "crypto"}
    assert await shop.error("payment.setpaid", elid="1") == ("missed", "func")


async def test_some_clients_pay_with_the_first_step(shop: Browser) -> None:
    form = await shop.ok("payment.add")
    fields = {"paymethod": "2", "amount": "100", "payment_currency": "50", "profile": payer(form)}
    before = len(await new_ones(shop))
    assert "ok" not in await shop.ok("payment.add", **fields)
    assert len(await new_ones(shop)) == before
    doc = await shop.ok("payment.add", sok="ok", **fields)
    assert text(doc["ok"]).startswith("https://")
    assert await shop.error("payment.add", sok="ok", **{**fields, "payment_currency": "126"}) == (
        "value",
        "payment_currency",
    )
