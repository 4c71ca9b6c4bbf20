"""Transfers over the wire, as two signed-in accounts make them (TRF-2)."""

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
