"""New servers over HTTP: quoted, bought, paid (BLK-1…7, ORD-1, DSC-6, DSC-8), and what can go wrong between."""

from __future__ import annotations

import asyncio
import csv
import io
import uuid
from collections import Counter
from decimal import Decimal
from typing import Any

import pytest

from tests.support.panel import InProcessPanel, SignedIn

Json = dict[str, Any]
NL = {"plan": "vds-micro", "location": "nl", "quantity": 2}
EVERYWHERE = {"kind": "order", "plan": "vds-micro", "quantity": 3, "all_locations": True, "period": 1}


async def quote(client: SignedIn, *cells: Json, **wish: Any) -> Json:
    """A quote of new servers for one month."""
    answer = await client.post("/quotes", {"kind": "order", "cells": [*cells], "period": 1, **wish})
    assert answer.status_code == 200, answer.text
    quoted: Json = answer.json()
    return quoted


async def buy(client: SignedIn, quoted: Json, **options: Any) -> Any:
    return await client.post("/orders", {"quote_id": quoted["id"], "expected_total": quoted["total"]}, **options)


async def shop(panel: InProcessPanel, **changes: Any) -> Json:
    """Set prices, stock or codes; the catalogue after that."""
    answer = await panel.http.post("/sandbox/catalogue", json=changes)
    assert answer.status_code == 200, answer.text
    shown: Json = answer.json()
    return shown


async def stock_of(client: SignedIn, plan: str, location: str) -> int:
    (cell,) = await client.items("/stock", plan=plan, location=location)
    return int(cell["available"])


async def test_blk_1_to_2_from_a_quote_to_active_servers(client: SignedIn, panel: InProcessPanel) -> None:
    """BLK-1, BLK-2, ORD-1: 3 in each location that has them, the others explained; one invoice, paid, all active."""
    await shop(panel, stock=[{"plan": "vds-micro", "location": "uk", "available": 2}])
    cursor = (await client.get("/changes")).json()["cursor"]
    body = {**EVERYWHERE, "addons": ["backup"], "names": "edge-{loc}-{n:02}", "auto_renew": {"on": True, "months": 3}}
    quoted = (await client.post("/quotes", {**body, "promo_code": "welcome15"})).json()
    places = [line["location"] for line in quoted["lines"]]
    left_out = {one["location"]: one for one in quoted["excluded"]}
    assert sorted([*places, *left_out]) == sorted(place["id"] for place in await client.items("/locations"))
    assert left_out["uk"]["related"]["available"] == "2"
    assert {one["code"] for one in left_out.values()} == {"out-of-stock", "not-sold-there"}
    assert (quoted["promo"]["code"], quoted["period"]) == ("WELCOME15", 1)
    for line in quoted["lines"]:
        # 5.90 − 15 % = 5.015 → 5.02, and 3.40 without discount, three times
        assert (line["unit_amount"]["amount"], line["amount"]["amount"], line["quantity"]) == ("8.42", "25.26", 3)
        assert (line["list_price"]["amount"], line["addons"][0]["amount"]["amount"]) == ("27.90", "10.20")
        assert line["names"] == [f"edge-{line['location']}-{number:02}" for number in (1, 2, 3)]
    assert Decimal(quoted["total"]["amount"]) == Decimal("25.26") * len(places)
    bought = await buy(client, quoted)
    assert bought.status_code == 201, bought.text
    invoice, orders = bought.json()["invoice"], bought.json()["orders"]
    assert invoice["line_count"] == len(orders) == len(invoice["lines"]) == 3 * len(places)
    feed = (await client.get("/changes", after=cursor)).json()["items"]
    told = {(item["kind"], item["change"]) for item in feed}
    assert told >= {("order", "created"), ("invoice", "created")}
    assert {item["id"] for item in feed if item["kind"] == "order"} == {order["id"] for order in orders}
    paid = await client.post(f"/invoices/{invoice['id']}/payments", {"method": "card"})
    await panel.http.post(f"/sandbox/provider/{paid.json()['id']}/settle")
    seen = await client.items("/orders", limit=500, sort="-id")
    new = {order["id"]: order for order in seen if order["id"] in {one["id"] for one in orders}}
    assert Counter(order["state"] for order in new.values()) == {"active": 3 * len(places)}
    for order in new.values():
        assert order["auto_renew"] == {"on": True, "months": 3} and order["address"]
        assert [one["id"] for one in order["addons"]] == ["backup"]
    document = (await client.get(f"/invoices/{invoice['id']}/document", format="csv")).text
    rows = list(csv.DictReader(io.StringIO(document)))
    assert {row["addons"] for row in rows[:-1]} == {"Daily backup 3.40"}


async def test_blk_6_price_stock_or_code_changed_in_between(client: SignedIn, panel: InProcessPanel) -> None:
    """BLK-6, DSC-6, DSC-8: refused with the difference; nothing is bought."""
    await shop(panel, promo_codes=[{"code": "TRY30", "percent": "30"}])
    before = await stock_of(client, "vds-micro", "nl")
    total = (await client.get("/orders", limit=1)).json()["total"]
    quoted = await quote(client, NL, promo_code="TRY30")

    async def refused() -> Json:
        answer = await buy(client, quoted)
        assert answer.status_code == 409, answer.text
        assert (await client.get("/orders", limit=1)).json()["total"] == total
        problem: Json = answer.json()
        return problem

    price = {"plan": "vds-micro", "monthly_price": {"amount": "6.00", "currency": "EUR"}}
    await shop(panel, prices=[price])
    problem = await refused()
    assert (problem["code"], problem["rule"]) == ("price-changed", "DSC-8")
    assert problem["fields"] == {"expected_total": "8.40"}
    assert "8.26 EUR to 8.40 EUR" in problem["detail"]
    await shop(panel, prices=[{**price, "monthly_price": {"amount": "5.90", "currency": "EUR"}}])
    await shop(panel, stock=[{"plan": "vds-micro", "location": "nl", "available": 1}])
    problem = await refused()
    assert (problem["code"], problem["rule"]) == ("out-of-stock", "BLK-2")
    assert problem["related"] == {"plan": "vds-micro", "location": "nl", "available": "1"}
    await shop(panel, stock=[{"plan": "vds-micro", "location": "nl", "available": before}])
    await shop(panel, promo_codes=[{"code": "TRY30", "percent": "30", "ends_at": "2020-01-01T00:00:00Z"}])
    problem = await refused()
    assert (problem["code"], problem["rule"], problem["related"]["promo_code"]) == ("promo-expired", "DSC-6", "TRY30")
    await shop(panel, promo_codes=[{"code": "TRY30", "percent": "30"}])
    assert (await buy(client, quoted)).status_code == 201
    assert await stock_of(client, "vds-micro", "nl") == before - 2


async def test_two_want_the_last_one(client: SignedIn, other: SignedIn, panel: InProcessPanel) -> None:
    """BLK-6: one gets it, the other is told; over and over, also from the same account."""
    for place in ("nl", "de", "uk"):
        cell = {"plan": "vds-micro", "location": place, "quantity": 1}
        await shop(panel, stock=[{"plan": "vds-micro", "location": place, "available": 1}])
        quotes = [(buyer, await quote(buyer, cell)) for buyer in (client, other, client)]
        answers = await asyncio.gather(*(buy(buyer, quoted) for buyer, quoted in quotes))
        assert sorted(answer.status_code for answer in answers) == [201, 409, 409]
        lost = {answer.json()["code"] for answer in answers if answer.status_code == 409}
        assert lost <= {"out-of-stock", "names-changed"} and "out-of-stock" in lost
        assert await stock_of(client, "vds-micro", place) == 0


async def test_a_code_for_one_purchase_and_two_who_want_it(client: SignedIn, other: SignedIn) -> None:
    """DSC-6: counted in the same transaction; given back with the invoice."""
    quotes = [(buyer, await quote(buyer, NL, promo_code="LASTCALL30")) for buyer in (client, other)]
    answers = await asyncio.gather(*(buy(buyer, quoted) for buyer, quoted in quotes))
    won = [place for place, answer in enumerate(answers) if answer.status_code == 201]
    assert len(won) == 1
    lost = answers[1 - won[0]].json()
    assert (lost["code"], lost["rule"]) == ("promo-used-up", "DSC-6")
    winner, loser = quotes[won[0]][0], quotes[1 - won[0]][0]
    invoice = answers[won[0]].json()["invoice"]
    assert (await winner.delete(f"/invoices/{invoice['id']}")).status_code == 200
    assert (await buy(loser, await quote(loser, NL, promo_code="LASTCALL30"))).status_code == 201


async def test_the_same_key_buys_once_and_a_lost_answer_can_be_had(client: SignedIn) -> None:
    """The answer of ``POST /orders`` is kept: again under its key, and at ``/operations``."""
    before = await stock_of(client, "vds-micro", "nl")
    quoted = await quote(client, NL)
    key = uuid.uuid4().hex
    first = await buy(client, quoted, key=key)
    again = await buy(client, quoted, key=key)
    assert (first.status_code, again.status_code, again.json()) == (201, 201, first.json())
    assert again.headers["idempotent-replay"] == "true"
    kept = (await client.get(f"/operations/{key}")).json()
    assert (kept["state"], kept["status"], kept["answer"]) == ("done", 201, first.json())
    used = await buy(client, quoted)
    assert (used.status_code, used.json()["code"]) == (409, "quote-used")
    assert used.json()["related"]["invoice_id"] == first.json()["invoice"]["id"]
    assert await stock_of(client, "vds-micro", "nl") == before - 2
    refused = await client.get(f"/operations/{uuid.uuid4().hex}")
    assert refused.json() == {"state": "never-seen"}


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({"cells": [NL]}, {"period"}),
        ({"period": 1}, {"cells"}),
        ({"period": 1, "plan": "vds-micro", "quantity": 2}, {"cells"}),
        ({"period": 1, "all_locations": True}, {"cells"}),
        ({"period": 1, "cells": [NL], "all_locations": True, "plan": "vds-micro"}, {"cells"}),
        ({"period": 5, "cells": [NL]}, {"period"}),
        ({"period": 1, "cells": [{**NL, "quantity": 0}]}, {"cells.0.quantity"}),
        ({"period": 1, "plan": "vds-tera", "all_locations": True}, {"plan"}),
        ({"period": 1, "cells": [NL], "addons": ["gold"]}, {"addons"}),
        ({"period": 1, "cells": [NL], "names": "{what}"}, {"names"}),
        ({"period": 1, "cells": [NL], "promo_code": "NOSUCH"}, {"promo_code"}),
        ({"period": 1, "cells": [NL], "auto_renew": {"on": True, "months": 5}}, {"auto_renew.months"}),
    ],
)
async def test_what_is_not_valid_says_where(client: SignedIn, body: Json, fields: set[str]) -> None:
    """422 with the field."""
    answer = await client.post("/quotes", {"kind": "order", **body})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid-input")
    assert set(answer.json()["fields"]) == fields


async def test_blk_6_nothing_to_buy(client: SignedIn) -> None:
    """BLK-6: a quote with nothing in it is an answer; buying it is refused."""
    quoted = await quote(client, {"plan": "vds-micro", "location": "hk", "quantity": 1}, promo_code="STAY10")
    assert (quoted["lines"], quoted["total"]["amount"]) == ([], "0.00")
    assert (quoted["excluded"][0]["plan"], quoted["excluded"][0]["location"]) == ("vds-micro", "hk")
    assert "order_id" not in quoted["excluded"][0]
    bought = await buy(client, quoted)
    assert (bought.status_code, bought.json()["code"]) == (409, "nothing-to-buy")
    assert (await quote(client))["lines"] == []


async def test_blk_7_a_thousand_in_one_request(client: SignedIn, panel: InProcessPanel) -> None:
    """BLK-7: 1,000 are bought and paid; 1,001 are refused."""
    await shop(panel, stock=[{"plan": "vds-nano", "location": "nl", "available": 2000}])
    cell = {"plan": "vds-nano", "location": "nl", "quantity": 1001}
    answer = await client.post("/quotes", {"kind": "order", "cells": [cell], "period": 1})
    assert (answer.status_code, answer.json()["code"], answer.json()["rule"]) == (409, "bulk-limit", "BLK-7")
    bought = (await buy(client, await quote(client, {**cell, "quantity": 1000}))).json()
    assert len(bought["orders"]) == 1000
    paid = await client.post(f"/invoices/{bought['invoice']['id']}/payments", {"method": "card"})
    await panel.http.post(f"/sandbox/provider/{paid.json()['id']}/settle")
    active = await client.get("/orders", plan="vds-nano", location="nl", state="active", limit=1)
    assert active.json()["total"] >= 1000


async def test_a_quote_of_one_kind_buys_nothing_of_another(client: SignedIn) -> None:
    """Each kind has its own address."""
    quoted = await quote(client, NL)
    for path in ("/renewals", "/addons"):
        answer = await client.post(path, {"quote_id": quoted["id"]})
        assert (answer.status_code, answer.json()["code"]) == (404, "not-found")


async def test_staff_buys_nothing(panel: InProcessPanel) -> None:
    """ACC-7."""
    staff = await panel.sign_in("support")
    for path, body in (("/quotes", {"kind": "order", "cells": [NL], "period": 1}), ("/orders", {"quote_id": "x"})):
        answer = await staff.post(path, body)
        assert (answer.status_code, answer.json()["rule"]) == (403, "ACC-7")


async def test_the_account_says_that_it_can(client: SignedIn) -> None:
    """A client enables the commands by these."""
    assert {"orders.new", "orders.addons"} <= set((await client.get("/me")).json()["capabilities"])


async def test_the_sandbox_shows_and_sets_its_shop(client: SignedIn, panel: InProcessPanel) -> None:
    """``/sandbox/catalogue``: only what is named changes; what is wrong changes nothing at all."""
    before = (await panel.http.get("/sandbox/catalogue")).json()
    assert {one["code"] for one in before["promo_codes"]} >= {"WELCOME15", "FLEET25", "SUMMER25"}
    money = {"amount": "4.10", "currency": "EUR"}
    after = await shop(
        panel,
        prices=[{"addon": "backup", "monthly_price": money}],
        stock=[{"plan": "vds-micro", "location": "hk", "available": 7}],
        promo_codes=[{"code": "new-1", "percent": "12.5", "plans": ["vds-micro"], "max_uses": 3}],
    )
    assert {"addon": "backup", "monthly_price": money} in after["prices"]
    assert await stock_of(client, "vds-micro", "hk") == 7, "it is sold there now"
    assert [one["max_uses"] for one in after["promo_codes"] if one["code"] == "NEW-1"] == [3]
    assert len(after["promo_codes"]) == len(before["promo_codes"]) + 1
    for wrong in (
        {"prices": [{"monthly_price": money}]},
        {"prices": [{"plan": "vds-micro", "monthly_price": money}, {"plan": "no", "monthly_price": money}]},
        {"prices": [{"plan": "vds-micro", "monthly_price": {"amount": "1.00", "currency": "USD"}}]},
        {"stock": [{"plan": "vds-micro", "location": "mars", "available": 1}]},
        {"stock": [{"plan": "vds-micro", "location": "nl", "available": -1}]},
        {"promo_codes": [{"code": "X", "percent": "0"}]},
        {"promo_codes": [{"code": "X Y", "percent": "5"}]},
        {"promo_codes": [{"code": "SOLDOUT50", "percent": "5", "max_uses": 2}]},
    ):
        answer = await panel.http.post("/sandbox/catalogue", json=wrong)
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid-input"), wrong
    assert (await panel.http.get("/sandbox/catalogue")).json() == after
