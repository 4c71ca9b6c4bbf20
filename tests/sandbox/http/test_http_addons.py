"""Add-ons over HTTP: quoted, bought, paid, renewed (ORD-5, BLK-6, DSC-4)."""

from __future__ import annotations

import uuid
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from billtui.domain.money import Money
from billtui.domain.periods import format_instant, parse_instant
from billtui.domain.rules.orders import addon_amount
from tests.support.panel import InProcessPanel, SignedIn

Json = dict[str, Any]


async def free(client: SignedIn, panel: InProcessPanel, count: int) -> list[Json]:
    """VDS without an open invoice and without add-ons, more than ten days from their end."""
    now = parse_instant((await panel.http.get("/sandbox/clock")).json()["now"])
    found = await client.items(
        "/orders", state="active", open_invoice="no", kind="vds", expires_after=format_instant(now + timedelta(days=10))
    )
    orders = [order for order in found if not order["addons"] and not order["individual_price"]]
    assert len(orders) >= count
    return orders[:count]


async def quote(client: SignedIn, orders: list[Json], *addons: str) -> Json:
    body = {"kind": "addon", "order_ids": [order["id"] for order in orders], "addons": addons}
    answer = await client.post("/quotes", body)
    assert answer.status_code == 200, answer.text
    quoted: Json = answer.json()
    return quoted


async def test_ord_5_from_a_quote_to_the_next_renewal(client: SignedIn, panel: InProcessPanel) -> None:
    """ORD-5, DSC-4: billed for the remaining period, there when paid, on top of every renewal from then on."""
    orders = await free(client, panel, 2)
    quoted = await quote(client, orders, "backup", "ipv4")
    at = parse_instant(quoted["expires_at"]) - timedelta(minutes=15)
    for line, order in zip(quoted["lines"], orders, strict=True):
        end = parse_instant(order["paid_until"])
        wanted = [addon_amount(Money(price, "EUR"), at, end).amount for price in ("3.40", "2.00")]
        assert [Decimal(part["amount"]["amount"]) for part in line["addons"]] == wanted
        assert Decimal(line["amount"]["amount"]) == sum(wanted)
        assert (line["discounts"], line["paid_until"], line["plan"]) == ([], order["paid_until"], order["plan"])
    key = uuid.uuid4().hex
    body = {"quote_id": quoted["id"], "expected_total": quoted["total"]}
    bought = await client.post("/addons", body, key=key)
    assert bought.status_code == 201, bought.text
    invoice = bought.json()["invoice"]
    assert (invoice["kind"], invoice["total"], len(invoice["lines"])) == ("addon", quoted["total"], 2)
    again = await client.post("/addons", body, key=key)
    assert (again.json(), again.headers["idempotent-replay"]) == (bought.json(), "true")
    assert (await client.get(f"/operations/{key}")).json()["answer"] == bought.json()
    assert (await client.get(f"/orders/{orders[0]['id']}")).json()["addons"] == []
    assert (await client.post(f"/invoices/{invoice['id']}/payments", {"method": "internal"})).status_code == 201
    seen = (await client.get(f"/orders/{orders[0]['id']}")).json()
    held = [(one["id"], one["monthly_price"]["amount"]) for one in seen["addons"]]
    assert held == [("backup", "3.40"), ("ipv4", "2.00")]
    renewal = {"kind": "renewal", "order_ids": [orders[0]["id"]], "period": 6}
    (line,) = (await client.post("/quotes", renewal)).json()["lines"]
    assert [part["amount"]["amount"] for part in line["addons"]] == ["20.40", "12.00"]
    server = Decimal(orders[0]["monthly_price"]["amount"]) * 6
    assert Decimal(line["list_price"]["amount"]) == server + Decimal("32.40")
    more = await quote(client, orders, "backup", "panel")
    assert [one["code"] for one in more["excluded"]] == ["addon-there", "addon-there"]
    assert {one["related"]["addon"] for one in more["excluded"]} == {"backup"}


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({"addons": ["backup"]}, {"order_ids"}),
        ({"order_ids": ["1"]}, {"addons"}),
        ({"order_ids": ["1"], "addons": []}, {"addons"}),
        ({"order_ids": ["1"], "addons": ["gold"]}, {"addons"}),
        ({"order_ids": ["1"], "addons": ["backup"], "promo_code": "STAY10"}, {"promo_code"}),
    ],
)
async def test_what_is_not_valid_says_where(client: SignedIn, body: Json, fields: set[str]) -> None:
    """422 with the field; a code gives nothing on add-ons (DSC-4)."""
    answer = await client.post("/quotes", {"kind": "addon", **body})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid-input")
    assert set(answer.json()["fields"]) == fields


async def test_blk_7_a_thousand_orders_at_most(client: SignedIn) -> None:
    """BLK-7."""
    body = {"kind": "addon", "order_ids": [str(number) for number in range(1001)], "addons": ["backup"]}
    answer = await client.post("/quotes", body)
    assert (answer.status_code, answer.json()["rule"]) == (409, "BLK-7")


async def test_dsc_8_another_price_buys_nothing(client: SignedIn, panel: InProcessPanel) -> None:
    """DSC-8."""
    orders = await free(client, panel, 1)
    quoted = await quote(client, orders, "panel")
    price = {"addon": "panel", "monthly_price": {"amount": "99.00", "currency": "EUR"}}
    await panel.http.post("/sandbox/catalogue", json={"prices": [price]})
    answer = await client.post("/addons", {"quote_id": quoted["id"], "expected_total": quoted["total"]})
    assert (answer.status_code, answer.json()["code"]) == (409, "price-changed")
    assert (await client.get(f"/orders/{orders[0]['id']}")).json()["unpaid_invoice_id"] is None


async def test_the_seed_has_orders_with_add_ons(client: SignedIn) -> None:
    """A dedicated one, one at an individual price, one that renews itself; none of them on an open invoice."""
    held = {order["id"]: order for order in await client.items("/orders", limit=500) if order["addons"]}
    assert sorted(one["id"] for order in held.values() for one in order["addons"]) == ["backup", "ipv4", "raid"]
    assert {order["kind"] for order in held.values()} == {"vds", "dedicated"}
    assert any(order["individual_price"] for order in held.values())
    assert any(order["auto_renew"]["on"] and order["auto_renew_since"] for order in held.values())
    assert all(order["unpaid_invoice_id"] is None for order in held.values())
