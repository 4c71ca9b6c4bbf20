"""The sandbox as a RootPanel gateway: nine commands, for a plain HTTP client written from the wire document."""

from __future__ import annotations

import json
from decimal import Decimal

import httpx
import pytest

from tests.sandbox.apih.kit import Gateway, php, with_key
from tests.support.panel import InProcessPanel


@pytest.fixture
async def gate(panel: InProcessPanel) -> Gateway:
    """The first client's."""
    return await with_key(panel)


async def balance(gate: Gateway) -> Decimal:
    return Decimal((await gate.ok("getBalance"))["balance"])


async def active(gate: Gateway) -> str:
    """An order that can be renewed."""
    for order_id, one in (await gate.orders()).items():
        if one["status"] == "active" and one["todate"]:
            return order_id
    raise AssertionError("no active order")


async def test_balance_in_both_formats(gate: Gateway) -> None:
    found = await gate.ok("getBalance")
    assert set(found) == {"status", "balance", "currency"}
    assert isinstance(found["balance"], str) and Decimal(found["balance"]) >= 0
    answer = await gate.raw("getBalance", json="")
    assert answer.headers["content-type"].startswith("text/plain")
    assert php(answer.content) == found


async def test_every_folder_serves_it(gate: Gateway) -> None:
    for folder in ("/my", "/bill/x"):
        gate.url = f"{folder}/apih.php"
        assert (await gate.ok("getBalance"))["currency"] == "EUR"


async def test_tariffs_by_kind(gate: Gateway) -> None:
    found = (await gate.ok("getTarifs", vid="vds"))["tarifs"]
    assert found and all(one["vid"] == "vds" and Decimal(one["price"]) > 0 for one in found)
    assert len({one["id"] for one in found}) == len(found)
    assert (await gate.ok("getTarifs", vid="hosting"))["tarifs"] == []
    assert (await gate.error("getTarifs"))[0] == "3"
    assert (await gate.error("getTarifs", vid="vps"))[0] == "3"
    as_php = php((await gate.raw("getTarifs", json="", vid="vds")).content)
    assert list(as_php["tarifs"].values()) == found


async def test_orders_all_and_one(panel: InProcessPanel, gate: Gateway) -> None:
    orders = await gate.orders()
    signed = await panel.sign_in()
    own = {one["id"]: one for one in await signed.items("/orders")}
    assert orders.keys() == own.keys()
    for order_id, one in orders.items():
        assert one["domain"] == own[order_id]["name"] and one["status"] == own[order_id]["state"]
        assert one["todate"] == (own[order_id]["paid_until"] or "")[:10]
        assert all(isinstance(value, str) for name, value in one.items() if name != "prices")
        assert all(Decimal(price) > 0 for price in one["prices"].values())
    first = next(iter(orders))
    assert await gate.orders(orderid=first) == {first: orders[first]}
    for missing in ("999999", "x", "0"):
        assert (await gate.error("getOrders", orderid=missing))[0] == "4"


async def test_another_accounts_order_is_not_there(panel: InProcessPanel, gate: Gateway) -> None:
    other = await with_key(panel, number=1)
    theirs = set(await other.orders()) - set(await gate.orders())
    for order_id in list(theirs)[:1]:
        assert (await gate.error("getOrders", orderid=order_id))[0] == "4"
        assert (await gate.error("renewOrder", orderid=order_id, period="1"))[0] == "4"


async def test_renewing_debits_and_moves_the_end(gate: Gateway) -> None:
    order_id, before = await active(gate), await balance(gate)
    end = (await gate.orders())[order_id]["todate"]
    done = await gate.ok("renewOrder", orderid=order_id, period="1")
    assert done["todate"] > end
    assert await balance(gate) == before - Decimal(done["price"])
    assert (await gate.orders(orderid=order_id))[order_id]["todate"] == done["todate"]
    again = await gate.ok("renewOrder", orderid=order_id, period="1")
    assert again["todate"] > done["todate"], "there is no idempotency"


async def test_too_little_money_leaves_nothing_behind(panel: InProcessPanel, gate: Gateway) -> None:
    order_id, signed = await active(gate), await panel.sign_in()
    invoices = await signed.items("/invoices")
    while (found := await gate.ask("renewOrder", orderid=order_id, period="12"))["status"] == "SUCCESS":
        invoices = await signed.items("/invoices")
    assert found["errorCode"] == "7" and "Недостаточно" in found["errorMsg"]
    assert await signed.items("/invoices") == invoices


async def test_creating_one_service(gate: Gateway) -> None:
    tarif = next(
        one for one in (await gate.ok("getTarifs", vid="vds"))["tarifs"] if int(one["available"]) and one["price"] > "0"
    )
    before = await gate.orders()
    made = await gate.ok("createOrder", vid="vds", tarifid=tarif["id"], period="1", domain="new-1.example")
    orders = await gate.orders()
    assert orders.keys() - before.keys() == {made["orderid"]}
    new = orders[made["orderid"]]
    assert (new["domain"], new["status"], new["tarifid"]) == ("new-1.example", "active", tarif["id"])
    assert (await gate.error("createOrder", vid="dedicated", tarifid=tarif["id"], period="1"))[0] == "4"
    assert (await gate.error("createOrder", vid="vds", tarifid="nothing", period="1"))[0] == "4"
    assert (await gate.error("createOrder", vid="vds", tarifid=tarif["id"], period="5"))[0] == "3"
    assert (await gate.error("createOrder", vid="vds", tarifid=tarif["id"], period="x"))[0] == "3"
    assert (await gate.error("createOrder", vid="vds", tarifid=tarif["id"], period="1", addons="99,x"))[0] == "3"
    assert await gate.orders() == orders


async def test_power(gate: Gateway) -> None:
    order_id = await active(gate)
    await gate.ok("suspendOrder", orderid=order_id)
    assert (await gate.orders())[order_id]["status"] == "suspended"
    assert (await gate.error("restartOrder", orderid=order_id))[0] == "6"
    await gate.ok("unSuspendOrder", orderid=order_id)
    await gate.ok("restartOrder", orderid=order_id)
    await gate.ok("reinstallOrder", orderid=order_id)
    assert (await gate.orders())[order_id]["status"] == "active"
    assert (await gate.error("unsuspendOrder", orderid=order_id))[0] == "2", "spelled with a capital S"


async def test_who_is_not_let_in(panel: InProcessPanel, gate: Gateway) -> None:
    for login, key in (
        (gate.login, "bpk_wrong"), ("nobody", gate.apikey), (gate.login, ""), ("", gate.apikey), ("\0", "\ud800x"),
    ):  # fmt: skip
        wrong = Gateway(panel.http, login.encode("utf-8", "replace").decode(), key.encode("utf-8", "replace").decode())
        assert (await wrong.error("getBalance"))[0] == "1"
    signed = await panel.sign_in()
    assert (await Gateway(panel.http, gate.login, signed.token).error("getBalance"))[0] == "1", "a session is no key"


async def test_access_that_is_off_is_error_5(panel: InProcessPanel, gate: Gateway) -> None:
    signed = await panel.sign_in()
    body = {"on": False, "current_password": signed.account["password"]}
    answer = await signed.post("/me/api-access", body)
    assert answer.status_code == 200, answer.text
    code, words = await gate.error("getBalance")
    assert code == "5" and "API" in words and not words.isascii()


async def test_a_key_that_only_reads(panel: InProcessPanel) -> None:
    reader = await with_key(panel, read_only=True)
    order_id = await active(reader)
    assert (await reader.error("renewOrder", orderid=order_id, period="1"))[0] == "8"


async def test_support_buys_nothing(panel: InProcessPanel) -> None:
    desk = await with_key(panel, "support")
    assert await desk.orders() == {}
    assert (await desk.error("renewOrder", orderid="1", period="1"))[0] == "6"


@pytest.mark.parametrize(
    "body", [b"", b"\xff\xfe", b"command", b"&" * 1000, b"command=getBalance&json=1&" + b"a=b&" * 300]
)
async def test_whatever_is_posted_gets_an_answer(panel: InProcessPanel, body: bytes) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = await panel.http.post("/apih.php", content=body, headers=headers)
    assert answer.status_code == 200
    found = php(answer.content) if not answer.content.startswith(b"{") else json.loads(answer.content)
    assert found["status"] == "ERROR"


async def test_a_lost_answer_has_done_its_work(panel: InProcessPanel, gate: Gateway) -> None:
    """Faults strike the gateway too, command by command; nothing keeps a second request from renewing again."""
    order_id, before = await active(gate), await balance(gate)
    await panel.faults({"kind": "http-503", "path": "/apih.php/renewOrder", "times": 1})
    assert (await gate.raw("getBalance")).status_code == 200
    assert (await gate.raw("renewOrder", orderid=order_id, period="1")).status_code == 503
    assert await balance(gate) == before
    await panel.faults({"kind": "html", "path": "/apih.php/renewOrder", "times": 1})
    lost = await gate.raw("renewOrder", orderid=order_id, period="1")
    assert lost.status_code == 502
    assert await balance(gate) < before


async def test_a_get_is_not_for_secrets(panel: InProcessPanel, gate: Gateway) -> None:
    answer: httpx.Response = await panel.http.get(f"/apih.php?command=getBalance&login=x&apikey={gate.apikey}")
    assert answer.status_code == 405
