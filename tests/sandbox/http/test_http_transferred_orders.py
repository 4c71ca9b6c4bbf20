"""What a transfer does to the order, over the wire: locked, kept, counted, and time comes first (TRF-5, TRF-6)."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from tests.support.panel import InProcessPanel, SignedIn
from tests.support.transferring import changes, code_for, confirmed, cursor, free_orders, mails, pushed


async def test_an_order_on_its_way_is_locked(client: SignedIn, other: SignedIn) -> None:
    """TRF-6: power goes on, everything else waits; list and detail say why, and name the transfer."""
    (order,) = await free_orders(client, 1)
    (transfer,) = await pushed(client, other, order)
    detail = (await client.get(f"/orders/{order['id']}")).json()
    assert detail["transfer_id"] == transfer["id"]
    allowed = {one["action"] for one in detail["actions"] if one["allowed"]}
    assert allowed == {"start", "stop", "reboot", "reset"}
    held = [one for one in detail["actions"] if not one["allowed"] and one["action"] != "unsuspend"]
    assert {(one["code"], one["related"]["transfer_id"]) for one in held} == {("in-transfer", transfer["id"])}
    assert {one["rule"] for one in held} == {"TRF-4", "TRF-6"}
    (item,) = await client.items("/orders", id=order["id"])
    assert {one["action"] for one in item["actions"]} >= {"renew", "rename", "auto-renew", "addons", "transfer"}
    assert (await client.patch(f"/orders/{order['id']}", {"name": "mine"})).json()["code"] == "in-transfer"
    assert (await client.post(f"/orders/{order['id']}/actions", {"action": "reboot"})).status_code == 200
    await client.post(f"/transfers/{transfer['id']}/cancel")
    assert (await client.patch(f"/orders/{order['id']}", {"name": "mine"})).status_code == 200


async def test_what_goes_along_and_what_stays(panel: InProcessPanel, client: SignedIn, other: SignedIn) -> None:
    """TRF-5: add-ons and an individual price go along; invoices and the ledger stay; old quotes are worth nothing."""
    (special,) = [one for one in await client.items("/orders", state="active") if one["individual_price"]]
    assert special["addons"]
    quote = (await client.post("/quotes", {"kind": "renewal", "order_ids": [special["id"]], "period": 1})).json()
    assert len(quote["lines"]) == 1
    books = [await client.items("/invoices", state="paid"), await client.items("/balance/ledger")]
    (transfer,) = await pushed(client, other, special)
    transfer = await confirmed(panel, client, transfer)
    seen = (await other.get(f"/transfers/{transfer['id']}")).json()
    (listed,) = await other.items("/transfers", id=transfer["id"])
    told = (seen["monthly_price"], seen["addons_monthly"], seen["individual_price"])
    assert told == (listed["monthly_price"], listed["addons_monthly"], listed["individual_price"])
    (mail,) = [one for one in await mails(panel, to=other.account["email"]) if one["transfer_id"] == transfer["id"]]
    assert f"{seen['addons_monthly']['amount']} EUR for its add-ons a month" in mail["body"]
    code = await code_for(panel, transfer, "transfer-acceptance")
    accepted = await other.post(f"/transfers/{transfer['id']}/accept", {"code": code})
    assert accepted.status_code == 200
    assert (accepted.json()["addons_monthly"], accepted.json()["individual_price"]) == (None, None)
    assert [await client.items("/invoices", state="paid"), await client.items("/balance/ledger")] == books
    bought = await client.post("/renewals", {"quote_id": quote["id"], "expected_total": quote["total"]})
    assert bought.status_code == 409, bought.text
    assert await other.items("/invoices", order_id=special["id"]) == []
    theirs = (await other.post("/quotes", {"kind": "renewal", "order_ids": [special["id"]], "period": 1})).json()
    assert theirs["total"] == quote["total"] and theirs["lines"][0]["addons"] == quote["lines"][0]["addons"]
    month = Decimal(seen["monthly_price"]["amount"]) + Decimal(seen["addons_monthly"]["amount"])
    assert seen["individual_price"] is True and Decimal(theirs["total"]["amount"]) == month, "the recipient was told"
    assert theirs["lines"][0]["discounts"] == [], "an individual price stays one (DSC-4)"


async def test_the_discounts_of_both_sides(panel: InProcessPanel, client: SignedIn, other: SignedIn) -> None:
    """DSC-2, DSC-5: five VDS give 3 %. One of them goes, and the rest have it no more, from that instant on."""
    own = await other.items("/orders", kind="vds", state="active")
    assert len(own) == 5
    given, kept = own[-1], own[0]
    third = await panel.sign_in(number=2)

    async def percent(who: SignedIn, order_id: str) -> float:
        return float((await who.get(f"/orders/{order_id}")).json()["discount_percent"])

    before, of_given = await percent(other, kept["id"]), await percent(other, given["id"])
    assert len(await third.items("/orders", kind="vds", state="active")) == 5
    (transfer,) = await pushed(other, third, given)
    transfer = await confirmed(panel, other, transfer)
    assert await percent(other, kept["id"]) == before, "on its way it still counts for its owner"
    code = await code_for(panel, transfer, "transfer-acceptance")
    versions = {one["id"]: one["version"] for one in own}
    theirs, others = await cursor(other), await cursor(third)
    assert (await third.post(f"/transfers/{transfer['id']}/accept", {"code": code})).status_code == 200
    assert await percent(other, kept["id"]) == before - 3
    told = {(key, change) for kind, key, change in await changes(other, theirs) if kind == "order"}
    assert told == {(given["id"], "deleted")} | {(one["id"], "changed") for one in own[:-1]}, (
        "whoever shows it, reads it"
    )
    now = {one["id"]: one["version"] for one in await other.items("/orders", kind="vds", state="active")}
    assert all(now[key] == versions[key] + 1 for key in now)
    arrived = [(key, change) for kind, key, change in await changes(third, others) if kind == "order"]
    assert arrived == [(given["id"], "created")], "no step between five and six"
    assert await percent(third, given["id"]) == of_given, "six here give the same as five there"


async def test_the_new_owner_is_told_of_the_end(panel: InProcessPanel, client: SignedIn, other: SignedIn) -> None:
    """ACC-8: the notice that the paid period ends soon went to somebody else; auto-renewal is off for good (TRF-5)."""
    ending = await client.items("/orders", state="active", open_invoice="no", auto_renew="off")
    near = min(ending, key=lambda one: str(one["paid_until"]))
    (transfer,) = await pushed(client, other, near)
    transfer = await confirmed(panel, client, transfer)
    code = await code_for(panel, transfer, "transfer-acceptance")
    assert (await other.post(f"/transfers/{transfer['id']}/accept", {"code": code})).status_code == 200
    told = [one for one in await mails(panel, to=other.account["email"]) if one["event"] == "period-ending"]
    assert [one["order_id"] for one in told][-1] == near["id"]


@pytest.mark.parametrize("auto_renew", [True, False])
async def test_time_comes_first(panel: InProcessPanel, client: SignedIn, other: SignedIn, auto_renew: bool) -> None:
    """TRF-6: auto-renewal, or the end of the paid period, cancels the transfer first, and both are told why."""
    days_before_end = 2 if auto_renew else 0
    for order in await free_orders(client, 40):
        until = datetime.fromisoformat(order["paid_until"]) - timedelta(days=days_before_end)
        left = until - panel.database.now()
        if timedelta(days=5) < left < timedelta(days=40):
            break
    if auto_renew:
        changed = await client.patch(f"/orders/{order['id']}", {"auto_renew": {"on": True, "months": 1}})
        assert changed.status_code == 200
    await panel.advance(seconds=int(left.total_seconds()) - 3_600)
    (transfer,) = await pushed(client, other, order)
    await confirmed(panel, client, transfer)
    mine, theirs = await cursor(client), await cursor(other)
    await panel.advance(hours=2)
    (step,) = (await client.get(f"/transfers/{transfer['id']}")).json()["history"][-1:]
    assert (step["state"], step["by"]) == ("cancelled", "")
    assert step["reason"] == (
        "auto-renewal of the server fell due" if auto_renew else "the paid period of the server is over"
    )
    assert abs(datetime.fromisoformat(step["at"]) - until) < timedelta(seconds=1)
    for who, after in ((client, mine), (other, theirs)):
        assert ("transfer", transfer["id"], "changed") in await changes(who, after)
        (told,) = [one for one in await mails(panel, to=who.account["email"]) if one["event"] == "transfer-cancelled"][
            -1:
        ]
        assert told["transfer_id"] == transfer["id"] and step["reason"] in told["body"]
    after_all = (await client.get(f"/orders/{order['id']}")).json()
    assert after_all["transfer_id"] is None
    assert after_all["state"] == ("active" if auto_renew else "blocked")
    assert (after_all["paid_until"] > order["paid_until"]) == auto_renew
