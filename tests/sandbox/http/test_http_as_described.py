"""What somebody expects who knows the description of the Billing API and nothing else."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import Any

import pytest

from billtui.domain.periods import format_instant, parse_instant
from tests.support.panel import API, InProcessPanel, SignedIn

Json = dict[str, Any]


async def ledger(panel: InProcessPanel) -> list[Json]:
    found: list[Json] = (await panel.http.get("/sandbox/ledger")).json()["items"]
    return found


async def free_orders(client: SignedIn) -> list[Json]:
    return await client.items("/orders", state="active", open_invoice="no")


async def renewal(client: SignedIn, *order_ids: str) -> Json:
    """The unpaid invoice of a renewal by one month."""
    quote = (await client.post("/quotes", {"kind": "renewal", "order_ids": order_ids, "period": 1})).json()
    bought = await client.post("/renewals", {"quote_id": quote["id"], "expected_total": quote["total"]})
    assert bought.status_code == 201, bought.text
    invoice: Json = bought.json()["invoice"]
    return invoice


async def books_are_plain(panel: InProcessPanel, *clients: SignedIn) -> None:
    """Double entry that may be read as if it were single entry."""
    lines = await ledger(panel)
    assert sum(Decimal(line["amount"]["amount"]) for line in lines) == 0
    payments = Counter(line["invoice_id"] for line in lines if line["kind"] == "payment")
    for client in clients:
        me = (await client.get("/me")).json()
        own = [line for line in lines if line["account_id"] == me["account_id"]]
        held = {purse: Decimal(money["amount"]) for purse, money in me["balances"].items()}
        sums = dict.fromkeys(held, Decimal(0))
        for line in own:
            sums[line["purse"]] += Decimal(line["amount"]["amount"])
        assert sums == held
        paid = await client.items("/invoices", state="paid")
        assert {payments[invoice["id"]] for invoice in paid} == {1}


async def test_the_ledger_adds_up_for_whoever_reads_it(
    client: SignedIn, other: SignedIn, panel: InProcessPanel
) -> None:
    """ACC-4, INV-4, INV-11: per account and purse the balance; one line of kind payment per paid invoice; all 0."""
    await books_are_plain(panel, client, other)
    first, second, third = (order["id"] for order in (await free_orders(client))[:3])
    by_purse, by_card = await renewal(client, first), await renewal(client, second, third)
    assert (await client.post(f"/invoices/{by_purse['id']}/payments", {"method": "internal"})).status_code == 201
    payments = [
        (await client.post(f"/invoices/{by_card['id']}/payments", {"method": method})).json()
        for method in ("card", "crypto")
    ]
    body = {"amount": {"amount": "20.00", "currency": "EUR"}}
    payments.append((await client.post("/balance/top-ups", {**body, "method": "card"})).json()["payment"])
    for payment in payments:
        assert (await panel.http.post(f"/sandbox/provider/{payment['id']}/settle")).status_code == 200
    assert (await client.post("/balance/moves", body)).status_code == 201
    await books_are_plain(panel, client, other)
    lines = [line for line in await ledger(panel) if line["invoice_id"] == by_purse["id"]]
    shown = {line["purse"]: (line["account_id"], line["kind"], line["amount"]["amount"]) for line in lines}
    total = by_purse["total"]["amount"]
    assert shown == {
        "internal": (client.account["account_id"], "payment", f"-{total}"),
        "revenue": ("panel", "revenue", total),
    }


@pytest.mark.parametrize("path", ["/plans", "/locations", "/addons", "/stock", "/sessions"])
async def test_short_lists_are_lists_like_all_others(client: SignedIn, path: str) -> None:
    whole = (await client.get(path)).json()
    assert whole["next_cursor"] is None
    assert whole["total"] == len(whole["items"]) > 0
    paged: list[Json] = []
    query: Json = {"limit": 1}
    while True:
        answer = await client.get(path, **query)
        assert answer.headers["etag"]
        page = answer.json()
        assert (len(page["items"]), page["total"]) == (1, whole["total"])
        paged += page["items"]
        if page["next_cursor"] is None:
            break
        query["cursor"] = page["next_cursor"]
    assert paged == whole["items"]
    for name, value in (("limit", "0"), ("limit", "501"), ("cursor", "no"), ("sort", "colour"), ("colour", "red")):
        wrong: Json = {name: value}
        assert (await client.get(path, **wrong)).status_code == 422, (name, value)


async def test_short_lists_sort_and_search(client: SignedIn) -> None:
    plans = (await client.get("/plans", sort="-monthly_price")).json()["items"]
    prices = [Decimal(plan["monthly_price"]["amount"]) for plan in plans]
    assert prices == sorted(prices, reverse=True) != prices[::-1]
    found = (await client.get("/plans", q="MICRO vds")).json()
    assert [plan["id"] for plan in found["items"]] == ["vds-micro"]
    assert found["total"] == 1
    invoice = (await client.items("/invoices", state="unpaid"))[0]
    methods = (await client.get(f"/invoices/{invoice['id']}/payment-methods", limit=2)).json()
    assert (len(methods["items"]), methods["next_cursor"] is not None) == (2, True)


@pytest.mark.parametrize("field", ["kind", "address", "billing_day", "in_use_since", "paid_until", "monthly_price"])
async def test_orders_sort_both_ways(client: SignedIn, field: str) -> None:
    up = [order["id"] for order in await client.items("/orders", sort=field, limit=7)]
    down = [order["id"] for order in await client.items("/orders", sort=f"-{field}", limit=7)]
    assert up == down[::-1]
    assert len(set(up)) == len(up)


async def test_orders_by_the_invoice_that_bills_them(client: SignedIn) -> None:
    order = (await free_orders(client))[0]
    invoice = await renewal(client, order["id"])
    assert [one["id"] for one in await client.items("/orders", unpaid_invoice_id=invoice["id"])] == [order["id"]]
    kinds = [one["kind"] for one in await client.items("/invoices", sort="kind", limit=100)]
    assert kinds == sorted(kinds)


async def test_a_quote_of_nothing_is_a_quote(client: SignedIn) -> None:
    """BLK-6: 200 with no lines; buying it is refused. Without any ``order_ids`` it is bad input."""
    body: Json = {"kind": "renewal", "order_ids": [], "period": 1}
    quote = await client.post("/quotes", body)
    assert (quote.status_code, quote.json()["lines"], quote.json()["total"]["amount"]) == (200, [], "0.00")
    bought = await client.post("/renewals", {"quote_id": quote.json()["id"], "expected_total": quote.json()["total"]})
    assert (bought.status_code, bought.json()["code"]) == (409, "nothing-to-buy")
    del body["order_ids"]
    refused = await client.post("/quotes", body)
    assert (refused.status_code, list(refused.json()["fields"])) == (422, ["order_ids"])


async def test_the_second_payment_is_told_who_when_and_how(client: SignedIn) -> None:
    """INV-4."""
    invoice = await renewal(client, (await free_orders(client))[0]["id"])
    paid = f"/invoices/{invoice['id']}/payments"
    assert (await client.post(paid, {"method": "internal"})).status_code == 201
    refused = await client.post(paid, {"method": "affiliate"})
    assert (refused.status_code, refused.json()["code"], refused.json()["rule"]) == (409, "already-paid", "INV-4")
    shown = (await client.get(f"/invoices/{invoice['id']}")).json()
    related = refused.json()["related"]
    assert {key: related[key] for key in ("paid_by", "paid_method")} == {
        "paid_by": client.account["login"],
        "paid_method": "internal",
    }
    assert parse_instant(related["paid_at"]) == parse_instant(shown["paid_at"])


async def test_an_unknown_method_is_bad_input(client: SignedIn) -> None:
    invoice = await renewal(client, (await free_orders(client))[0]["id"])
    amount = {"amount": "5.00", "currency": "EUR"}
    for path, body in (
        (f"/invoices/{invoice['id']}/payments", {"method": "seashells"}),
        ("/balance/top-ups", {"method": "seashells", "amount": amount}),
    ):
        refused = await client.post(path, body)
        assert (refused.status_code, list(refused.json()["fields"])) == (422, ["method"])


async def test_a_locked_login_is_told_until_when(panel: InProcessPanel) -> None:
    """ACC-6: in seconds and as an instant on the panel's clock; an unknown login alike."""
    for login in (panel.account()["login"], "nobody.here"):
        body = {"login": login, "password": "not the password"}
        for _ in range(5):
            assert (await panel.http.post(f"{API}/sessions", json=body)).status_code == 401
        locked = await panel.http.post(f"{API}/sessions", json=body)
        assert (locked.status_code, locked.json()["code"]) == (423, "locked-out")
        left = parse_instant(locked.json()["available_from"]) - panel.database.now()
        assert timedelta(minutes=14) < left <= timedelta(minutes=15)
        assert 14 * 60 < int(locked.headers["retry-after"]) <= 15 * 60


async def test_time_goes_on_by_fractions_and_is_said_with_every_answer(client: SignedIn, panel: InProcessPanel) -> None:
    """PRM-2 to the second: what is left is a fraction, and ``Date`` is the panel's time."""
    order = max(await free_orders(client), key=lambda one: str(one["paid_until"]))
    invoice = await renewal(client, order["id"])
    opens = parse_instant(order["paid_until"]) - timedelta(hours=72)
    seconds = (opens - panel.database.now()).total_seconds() - 30.5
    assert (await panel.http.post("/sandbox/clock", json={"advance": seconds})).status_code == 200

    async def promise() -> Json:
        methods = (await client.get(f"/invoices/{invoice['id']}/payment-methods")).json()["items"]
        return next(one for one in methods if one["method"] == "promise")

    early = await promise()
    assert (early["available"], early["rule"], parse_instant(early["available_from"])) == (False, "PRM-2", opens)
    await panel.http.post("/sandbox/clock", json={"now": format_instant(opens)})
    assert (await promise())["available"] is True
    date = parsedate_to_datetime((await client.get("/me")).headers["date"])
    assert abs(date - panel.database.now()) < timedelta(seconds=5)
    for bad in (-0.5, "NaN", 1e300):
        assert (await panel.http.post("/sandbox/clock", json={"advance": bad})).status_code == 422


async def test_a_key_is_forgotten_after_30_days(client: SignedIn, panel: InProcessPanel) -> None:
    body = {"amount": {"amount": "1.00", "currency": "EUR"}}
    assert (await client.post("/balance/moves", body, key="k-30")).status_code == 201
    await panel.advance(days=29)
    assert (await client.get("/operations/k-30")).json()["state"] == "done"
    await panel.advance(days=1, seconds=1)
    assert (await client.get("/operations/k-30")).json()["state"] == "never-seen"
    again = await client.post("/balance/moves", body, key="k-30")
    assert (again.status_code, again.headers.get("idempotent-replay")) == (201, None)


async def test_a_fault_takes_the_paths_of_the_description(client: SignedIn, panel: InProcessPanel) -> None:
    await panel.faults({"kind": "http-503", "path": "/invoices/{id}/payment-methods"})
    invoice = (await client.items("/invoices"))[0]
    assert (await client.get(f"/invoices/{invoice['id']}/payment-methods")).status_code == 503
    assert (await client.get(f"/invoices/{invoice['id']}")).status_code == 200


async def test_staff_read_accounts_and_orders_of_all(client: SignedIn, other: SignedIn, panel: InProcessPanel) -> None:
    """ACC-7: support reads, and changes nothing; a client sees the own account only."""
    support = await panel.sign_in("support")
    cards = await support.items("/accounts", limit=2)
    assert [card["login"] for card in cards] == [person["login"] for person in panel.accounts]
    card = (await support.get(f"/accounts/{client.account['account_id']}")).json()
    assert (card["login"], card["balances"]) == (client.account["login"], (await client.get("/me")).json()["balances"])
    assert (await support.get("/accounts/1")).status_code == 404
    for path in ("/accounts", f"/accounts/{client.account['account_id']}"):
        refused = await client.get(path)
        assert (refused.status_code, refused.json()["code"], refused.json()["rule"]) == (403, "forbidden", "ACC-7")
    seen = {order["id"]: order["account_id"] for order in await support.items("/orders", limit=20)}
    for one in (client, other):
        own = await one.items("/orders")
        assert {seen[order["id"]] for order in own} == {one.account["account_id"]}
        assert (await support.get(f"/orders/{own[0]['id']}")).json() == (
            await one.get(f"/orders/{own[0]['id']}")
        ).json()
    theirs = (await other.items("/orders"))[0]
    assert (await client.get(f"/orders/{theirs['id']}")).status_code == 404
    renamed = await support.patch(f"/orders/{theirs['id']}", {"name": "mine"})
    assert (renamed.status_code, renamed.json()["code"]) == (403, "forbidden")
