"""Staff reads the orders and invoices of an account that it names; nobody else can name one (ACC-7)."""

from __future__ import annotations

import pytest

from tests.support.panel import InProcessPanel, SignedIn


@pytest.mark.parametrize("role", ["support", "admin"])
async def test_the_customer_card_has_orders_and_invoices(
    panel: InProcessPanel, client: SignedIn, other: SignedIn, role: str
) -> None:
    staff = await panel.sign_in(role)
    for who in (client, other):
        account = who.account["account_id"]
        own_orders = await who.items("/orders")
        assert [one["id"] for one in await staff.items("/orders", account_id=account)] == [
            one["id"] for one in own_orders
        ]
        unpaid = await who.items("/invoices", state="unpaid")
        assert [one["id"] for one in await staff.items("/invoices", account_id=account, state="unpaid")] == [
            one["id"] for one in unpaid
        ]
        for invoice in unpaid[:1]:
            shown = (await staff.get(f"/invoices/{invoice['id']}")).json()
            assert shown == (await who.get(f"/invoices/{invoice['id']}")).json()
            refused = await staff.post(f"/invoices/{invoice['id']}/payments", {"method": "internal"})
            assert (refused.status_code, refused.json()["rule"]) == (403, "ACC-7")
    both = [client.account["account_id"], other.account["account_id"]]
    several = await staff.get("/orders", account_id=both, limit=1)
    assert several.json()["total"] == len(await client.items("/orders")) + len(await other.items("/orders"))
    assert await staff.items("/invoices") == [], "no account was named"
    assert await staff.items("/orders", account_id="nobody") == []


@pytest.mark.parametrize("path", ["/orders", "/invoices"])
async def test_a_client_cannot_name_an_account_not_even_its_own(client: SignedIn, other: SignedIn, path: str) -> None:
    for account in (client.account["account_id"], other.account["account_id"], "1"):
        refused = await client.get(path, account_id=account)
        assert (refused.status_code, refused.json()["code"], refused.json()["rule"]) == (403, "forbidden", "ACC-7")
