"""From a quote to a paid invoice over HTTP, with every way there is (REN, INV, PRM, ACC-4)."""

from __future__ import annotations

import csv
import io
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from billtui.domain.periods import add_months, format_instant, parse_instant
from tests.support.panel import InProcessPanel, SignedIn

Json = dict[str, Any]


async def now(panel: InProcessPanel) -> datetime:
    return parse_instant((await panel.http.get("/sandbox/clock")).json()["now"])


async def free_orders(client: SignedIn, count: int, panel: InProcessPanel, *, beyond: int = 0) -> list[Json]:
    """Active orders without an open invoice, more than ``beyond`` days from their end, cheapest first."""
    end = format_instant(await now(panel) + timedelta(days=beyond))
    orders = await client.items("/orders", state="active", open_invoice="no", expires_after=end, sort="monthly_price")
    free = [order for order in orders if order["transfer_id"] is None]
    assert len(free) >= count
    return free[:count]


async def renewal(client: SignedIn, orders: list[Json], period: int = 1) -> Json:
    """The invoice of a renewal of ``orders``."""
    quote = await client.post(
        "/quotes", {"kind": "renewal", "order_ids": [order["id"] for order in orders], "period": period}
    )
    assert quote.status_code == 200, quote.text
    bought = await client.post("/renewals", {"quote_id": quote.json()["id"], "expected_total": quote.json()["total"]})
    assert bought.status_code == 201, bought.text
    invoice: Json = bought.json()["invoice"]
    assert invoice["total"] == quote.json()["total"]
    return invoice


async def balance(client: SignedIn, purse: str = "internal") -> Decimal:
    return Decimal((await client.get("/me")).json()["balances"][purse]["amount"])


async def pay(client: SignedIn, invoice: Json, method: str = "internal", **options: Any) -> Any:
    body = {"method": method, "expected_total": invoice["total"]}
    return await client.post(f"/invoices/{invoice['id']}/payments", body, **options)


async def test_ren_1_payment_renews_and_nothing_before(client: SignedIn, panel: InProcessPanel) -> None:
    orders = await free_orders(client, 3, panel)
    invoice = await renewal(client, orders)
    assert len(invoice["lines"]) == 3
    assert sum(Decimal(line["amount"]["amount"]) for line in invoice["lines"]) == Decimal(invoice["total"]["amount"])
    for order in orders:
        seen = (await client.get(f"/orders/{order['id']}")).json()
        assert (seen["paid_until"], seen["unpaid_invoice_id"]) == (order["paid_until"], invoice["id"])
    before = await balance(client)
    paid = await pay(client, invoice)
    assert paid.status_code == 201, paid.text
    assert (paid.json()["state"], paid.json()["amount"]) == ("done", invoice["total"])
    assert await balance(client) == before - Decimal(invoice["total"]["amount"])
    for order in orders:
        seen = (await client.get(f"/orders/{order['id']}")).json()
        end = add_months(parse_instant(order["paid_until"]), 1, order["billing_day"])
        assert parse_instant(seen["paid_until"]) == end
        assert seen["unpaid_invoice_id"] is None
    assert (await client.get(f"/invoices/{invoice['id']}")).json()["state"] == "paid"
    lines = (await client.get("/balance/ledger", limit=1, sort="-id")).json()["items"]
    assert lines[0]["invoice_id"] == invoice["id"]
    assert lines[0]["amount"]["amount"] == f"-{invoice['total']['amount']}"
    assert lines[0]["operation"], "the ledger names the operation that moved the money"


async def test_inv_4_a_paid_invoice_is_not_paid_again(client: SignedIn, panel: InProcessPanel) -> None:
    invoice = await renewal(client, await free_orders(client, 1, panel))
    assert (await pay(client, invoice)).status_code == 201
    before = await balance(client)
    again = await pay(client, invoice)
    assert (again.status_code, again.json()["rule"]) == (409, "INV-4")
    assert await balance(client) == before


async def test_dsc_8_another_total_than_expected_pays_nothing(client: SignedIn, panel: InProcessPanel) -> None:
    invoice = await renewal(client, await free_orders(client, 1, panel))
    wrong = {**invoice, "total": {"amount": "0.01", "currency": invoice["total"]["currency"]}}
    answer = await pay(client, wrong)
    assert (answer.status_code, answer.json()["code"], answer.json()["rule"]) == (409, "price-changed", "DSC-8")
    assert answer.json()["fields"]["expected_total"] == invoice["total"]["amount"]
    assert (await client.get(f"/invoices/{invoice['id']}")).json()["state"] == "unpaid"


async def test_ren_2_an_order_on_an_open_invoice_is_left_out_and_says_which(
    client: SignedIn, panel: InProcessPanel
) -> None:
    order, free = await free_orders(client, 2, panel)
    invoice = await renewal(client, [order])
    body = {"kind": "renewal", "order_ids": [order["id"], free["id"]], "period": 1}
    quote = (await client.post("/quotes", body)).json()
    assert [line["order_id"] for line in quote["lines"]] == [free["id"]]
    (excluded,) = quote["excluded"]
    assert (excluded["order_id"], excluded["rule"]) == (order["id"], "REN-2")
    assert excluded["related"]["invoice_id"] == invoice["id"]
    nothing = (await client.post("/quotes", {**body, "order_ids": [order["id"]]})).json()
    assert nothing["lines"] == []
    assert Decimal(nothing["total"]["amount"]) == 0
    bought = await client.post("/renewals", {"quote_id": nothing["id"]})
    assert (bought.status_code, bought.json()["code"]) == (409, "nothing-to-buy")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"kind": "plan_change"}, "invalid-input"),
        ({"kind": "gift"}, "invalid-input"),
        ({"kind": "renewal", "order_ids": ["1"]}, "invalid-input"),
        ({"kind": "renewal", "period": 1}, "invalid-input"),
        ({"kind": "renewal", "order_ids": ["1"], "period": 5}, "invalid-input"),
    ],
)
async def test_a_quote_that_cannot_be_made_says_why(client: SignedIn, body: Json, code: str) -> None:
    answer = await client.post("/quotes", body)
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert answer.json()["fields"]


async def test_blk_7_a_thousand_at_most(client: SignedIn) -> None:
    body = {"kind": "renewal", "order_ids": [str(number) for number in range(1, 1002)], "period": 1}
    answer = await client.post("/quotes", body)
    assert (answer.status_code, answer.json()["rule"]) == (409, "BLK-7")


async def test_inv_6_inv_7_combine_and_split(client: SignedIn, panel: InProcessPanel) -> None:
    invoices = [await renewal(client, [order]) for order in await free_orders(client, 3, panel)]
    total = sum(Decimal(invoice["total"]["amount"]) for invoice in invoices)
    money = {"amount": f"{total:.2f}", "currency": "EUR"}
    ids = [invoice["id"] for invoice in invoices]
    wrong = {"amount": "1.00", "currency": "EUR"}
    refused = await client.post("/invoices/combine", {"invoice_ids": ids, "expected_total": wrong})
    assert (refused.status_code, refused.json()["code"]) == (409, "price-changed")
    combined = await client.post("/invoices/combine", {"invoice_ids": ids, "expected_total": money})
    assert combined.status_code == 201, combined.text
    whole = combined.json()
    assert (whole["total"], sorted(whole["combined_from"])) == (money, sorted(ids))
    for invoice_id in ids:
        seen = (await client.get(f"/invoices/{invoice_id}")).json()
        assert (seen["state"], seen["combined_into"]) == ("combined", whole["id"])
    held = await client.delete(f"/invoices/{whole['id']}")
    assert (held.status_code, held.json()["rule"]) == (409, "INV-5")
    stale = await client.post(f"/invoices/{whole['id']}/split", if_match=whole["version"] + 5)
    assert stale.status_code == 412
    split = await client.post(f"/invoices/{whole['id']}/split")
    assert split.status_code == 200, split.text
    assert sorted(item["id"] for item in split.json()["items"]) == sorted(ids)
    for before in invoices:
        after = (await client.get(f"/invoices/{before['id']}")).json()
        assert (after["state"], after["total"], after["lines"]) == ("unpaid", before["total"], before["lines"])


async def test_inv_5_deleting_frees_the_orders(client: SignedIn, panel: InProcessPanel) -> None:
    (order,) = await free_orders(client, 1, panel)
    invoice = await renewal(client, [order])
    deleted = await client.delete(f"/invoices/{invoice['id']}", if_match=invoice["version"])
    assert (deleted.status_code, deleted.json()["state"]) == (200, "deleted")
    assert (await client.get(f"/orders/{order['id']}")).json()["unpaid_invoice_id"] is None
    found = await client.items("/invoices", state="deleted")
    assert invoice["id"] in [item["id"] for item in found], "it stays findable"


async def test_prm_2_the_promise_says_from_when_it_is_offered(client: SignedIn, panel: InProcessPanel) -> None:
    (order,) = await free_orders(client, 1, panel, beyond=10)
    invoice = await renewal(client, [order])
    methods = {item["method"]: item for item in await client.items(f"/invoices/{invoice['id']}/payment-methods")}
    promise = methods["promise"]
    assert (promise["available"], promise["rule"]) == (False, "PRM-2")
    opens = parse_instant(order["paid_until"]) - timedelta(hours=72)
    assert parse_instant(promise["available_from"]) == opens
    refused = await pay(client, invoice, "promise")
    assert (refused.status_code, refused.json()["rule"]) == (409, "PRM-2")
    assert parse_instant(refused.json()["available_from"]) == opens
    answer = await panel.http.post("/sandbox/clock", json={"now": format_instant(opens + timedelta(seconds=1))})
    assert answer.status_code == 200, answer.text
    kept = await pay(client, invoice, "promise")
    if (await client.get(f"/invoices/{invoice['id']}")).json()["state"] == "deleted":
        pytest.fail("an open invoice must outlive the wait")
    assert kept.status_code == 201, kept.text
    assert kept.json()["state"] == "promised"
    deadline = parse_instant(kept.json()["promise_until"])
    assert abs(deadline - (await now(panel)) - timedelta(days=7)) < timedelta(minutes=1)  # PRM-1, PRM-3


async def test_inv_3_external_payment_waits_for_the_provider(client: SignedIn, panel: InProcessPanel) -> None:
    (order,) = await free_orders(client, 1, panel)
    invoice = await renewal(client, [order])
    pending = await pay(client, invoice, "card")
    assert pending.status_code == 201, pending.text
    assert pending.json()["state"] == "pending"
    assert pending.json()["payment_url"].startswith(("http://", "https://"))
    assert (await client.get(f"/invoices/{invoice['id']}")).json()["state"] == "unpaid"
    settle = f"/sandbox/provider/{pending.json()['id']}/settle"
    first = await panel.http.post(settle, json={"event_id": "event-1"})
    assert (first.status_code, first.json()["outcome"]) == (200, "paid")
    again = await panel.http.post(settle, json={"event_id": "event-1"})
    assert again.json()["outcome"] == "repeated", "INV-11: an event counts once"
    assert (await client.get(f"/invoices/{invoice['id']}")).json()["state"] == "paid"
    payments = await client.items(f"/invoices/{invoice['id']}/payments")
    assert [payment["state"] for payment in payments] == ["done"]


async def test_inv_11_money_for_a_paid_invoice_goes_to_the_balance(client: SignedIn, panel: InProcessPanel) -> None:
    invoice = await renewal(client, await free_orders(client, 1, panel))
    pending = (await pay(client, invoice, "card")).json()
    assert (await pay(client, invoice)).status_code == 201
    before = await balance(client)
    late = await panel.http.post(f"/sandbox/provider/{pending['id']}/settle")
    assert late.json()["outcome"] == "credited", late.text
    assert await balance(client) == before + Decimal(invoice["total"]["amount"])


async def test_inv_13_top_up_is_external_only(client: SignedIn, panel: InProcessPanel) -> None:
    amount = {"amount": "40.00", "currency": "EUR"}
    refused = await client.post("/balance/top-ups", {"amount": amount, "method": "internal"})
    assert (refused.status_code, refused.json()["rule"]) == (409, "INV-13")
    made = await client.post("/balance/top-ups", {"amount": amount, "method": "card"})
    assert made.status_code == 201, made.text
    before = await balance(client)
    assert (await panel.http.post(f"/sandbox/provider/{made.json()['payment']['id']}/settle")).status_code == 200
    assert await balance(client) == before + 40


async def test_acc_4_moving_affiliate_money(client: SignedIn) -> None:
    internal, affiliate = await balance(client), await balance(client, "affiliate")
    assert affiliate > 1
    moved = await client.post("/balance/moves", {"amount": {"amount": "1.00", "currency": "EUR"}})
    assert moved.status_code == 201, moved.text
    assert Decimal(moved.json()["balances"]["internal"]["amount"]) == internal + 1
    assert Decimal(moved.json()["balances"]["affiliate"]["amount"]) == affiliate - 1
    assert len(moved.json()["items"]) == 2
    too_much = await client.post("/balance/moves", {"amount": {"amount": "999999.00", "currency": "EUR"}})
    assert (too_much.status_code, too_much.json()["rule"]) == (409, "ACC-4")


@pytest.mark.parametrize(
    "amount", ["-1.00", "1.001", "1e3", "NaN", "Infinity", "", "1,50", " 1", "\u0661", "1" * 13, 1.5, 2, None]
)
async def test_inv_10_an_amount_that_is_none_is_refused(client: SignedIn, amount: object) -> None:
    answer = await client.post("/balance/moves", {"amount": {"amount": amount, "currency": "EUR"}})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid-input")
    assert list(answer.json()["fields"]) == ["amount.amount"]


async def test_inv_9_documents(client: SignedIn, panel: InProcessPanel) -> None:
    invoice = await renewal(client, await free_orders(client, 2, panel))
    path = f"/invoices/{invoice['id']}/document"
    pdf = await client.get(path, format="pdf")
    assert (pdf.status_code, pdf.headers["content-type"]) == (200, "application/pdf")
    assert pdf.content.startswith(b"%PDF-")
    assert f"invoice-{invoice['number']}.pdf" in pdf.headers["content-disposition"]
    rows = list(csv.DictReader(io.StringIO((await client.get(path, format="csv")).text)))
    assert [row["order_id"] for row in rows[:-1]] == [line["order_id"] for line in invoice["lines"]]
    assert rows[-1]["amount"] == invoice["total"]["amount"]
    document = (await client.get(path, format="json")).json()
    assert (document["number"], document["lines"]) == (invoice["number"], invoice["lines"])
    wrong = await client.get(path, format="docx")
    assert (wrong.status_code, list(wrong.json()["fields"])) == (422, ["format"])
    assert (await client.get("/invoices/0/document")).status_code == 404


async def test_a_purchase_by_an_expired_quote_buys_nothing(client: SignedIn, panel: InProcessPanel) -> None:
    orders = await free_orders(client, 1, panel, beyond=10)
    body = {"kind": "renewal", "order_ids": [orders[0]["id"]], "period": 1}
    quote = (await client.post("/quotes", body)).json()
    await panel.advance(seconds=15 * 60 + 1)
    answer = await client.post("/renewals", {"quote_id": quote["id"]})
    assert (answer.status_code, answer.json()["rule"]) == (409, "DSC-8")
    assert (await client.get(f"/orders/{orders[0]['id']}")).json()["unpaid_invoice_id"] is None
