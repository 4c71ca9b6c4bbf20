"""Transfers over the wire: two accounts, two mails, one order that changes hands (TRF)."""

from __future__ import annotations

from tests.support.panel import InProcessPanel, Json, SignedIn


async def free_orders(client: SignedIn, count: int) -> list[Json]:
    """Active orders that nothing stands in the way of, well before their end."""
    items = await client.items("/orders", state="active", open_invoice="no", auto_renew="off", sort="-paid_until")
    return [one for one in items if one["transfer_id"] is None][:count]


async def mails(panel: InProcessPanel, **query: str) -> list[Json]:
    answer = await panel.http.get("/sandbox/mail", params=query)
    assert answer.status_code == 200
    found: list[Json] = answer.json()["items"]
    return found


async def code_for(panel: InProcessPanel, transfer: Json, event: str) -> str:
    """The code of the newest mail about this transfer."""
    found = [one for one in await mails(panel) if one["transfer_id"] == transfer["id"] and one["event"] == event]
    return str(found[-1]["code"])


def to(other: SignedIn, *orders: Json) -> Json:
    """The body of a push."""
    return {
        "order_ids": [one["id"] for one in orders],
        "recipient_login": other.account["login"],
        "recipient_account_id": other.account["account_id"],
    }


async def pushed(client: SignedIn, other: SignedIn, *orders: Json) -> list[Json]:
    """Transfers that the sender has to confirm."""
    answer = await client.post("/transfers", to(other, *orders))
    assert answer.status_code == 201, answer.text
    found: list[Json] = answer.json()["items"]
    return found


async def confirmed(panel: InProcessPanel, client: SignedIn, transfer: Json) -> Json:
    """The transfer, once the sender has confirmed it."""
    code = await code_for(panel, transfer, "transfer-confirmation")
    answer = await client.post(f"/transfers/{transfer['id']}/confirm", {"code": code})
    assert answer.status_code == 200, answer.text
    found: Json = answer.json()
    return found


async def changes(client: SignedIn, after: str) -> list[tuple[str, str, str]]:
    """What the feed tells: kind, id, change."""
    answer = await client.get("/changes", after=after)
    return [(one["kind"], one["id"], one["change"]) for one in answer.json()["items"]]


async def cursor(client: SignedIn) -> str:
    """The present end of the feed."""
    return str((await client.get("/changes")).json()["cursor"])


async def test_an_order_changes_hands(panel: InProcessPanel, client: SignedIn, other: SignedIn) -> None:
    """TRF-2: push, mail, confirm, mail, accept; only then it moves, and both feeds tell so (TRF-5)."""
    (order,) = await free_orders(client, 1)
    mine, theirs = await cursor(client), await cursor(other)
    (transfer,) = await pushed(client, other, order)
    assert (transfer["state"], transfer["direction"], transfer["order_id"]) == ("awaiting sender", "out", order["id"])
    assert transfer["counterparty"] == other.account["login"]
    assert await changes(client, mine) == [("order", order["id"], "changed"), ("transfer", transfer["id"], "created")]
    assert await changes(other, theirs) == [], "the recipient learns of nothing yet"
    assert (await other.get(f"/transfers/{transfer['id']}")).status_code == 404
    assert transfer["id"] not in [one["id"] for one in await other.items("/transfers")]

    mail = (await mails(panel, to=client.account["email"]))[-1]
    assert mail["subject"] == "Order Transfer Confirmation"
    assert order["id"] in mail["body"] and order["address"] in mail["body"]
    assert mail["link"] == f"http://127.0.0.1/transfers/{transfer['id']}#confirm={mail['code']}"
    assert mail["link"] in mail["body"] and mail["code"] in mail["body"]
    transfer = await confirmed(panel, client, transfer)
    assert transfer["state"] == "awaiting recipient"
    mail = (await mails(panel, to=other.account["email"]))[-1]
    assert mail["subject"] == "Order Acceptance Confirmation"
    assert order["id"] in mail["body"] and order["address"] in mail["body"]
    assert mail["link"] == f"http://127.0.0.1/transfers/{transfer['id']}#accept={mail['code']}"
    assert await changes(other, theirs) == [("transfer", transfer["id"], "created")]
    seen = (await other.get(f"/transfers/{transfer['id']}")).json()
    assert (seen["direction"], seen["counterparty"]) == ("in", client.account["login"])
    assert {one["action"]: one["allowed"] for one in seen["actions"]} == {
        "confirm": False,
        "accept": True,
        "decline": True,
        "cancel": False,
    }
    assert (await other.get(f"/orders/{order['id']}")).status_code == 404

    mine, theirs = await cursor(client), await cursor(other)
    done = await other.post(f"/transfers/{transfer['id']}/accept", {"code": mail["code"]})
    assert done.status_code == 200, done.text
    assert (done.json()["state"], done.json()["expires_at"]) == ("completed", None)
    assert [(one["state"], one["by"]) for one in done.json()["history"]] == [
        ("awaiting sender", client.account["login"]),
        ("awaiting recipient", client.account["login"]),
        ("completed", other.account["login"]),
    ]
    assert await changes(client, mine) == [("order", order["id"], "deleted"), ("transfer", transfer["id"], "changed")]
    assert await changes(other, theirs) == [("order", order["id"], "created"), ("transfer", transfer["id"], "changed")]
    assert (await client.get(f"/orders/{order['id']}")).status_code == 404
    got: Json = (await other.get(f"/orders/{order['id']}")).json()
    kept = (
        "name",
        "plan",
        "location",
        "address",
        "monthly_price",
        "paid_until",
        "in_use_since",
        "billing_day",
        "addons",
    )
    assert {name: got[name] for name in kept} == {name: order[name] for name in kept}
    assert got["auto_renew"]["on"] is False and got["transfer_id"] is None
