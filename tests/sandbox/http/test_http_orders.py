"""Orders over HTTP: filters and sorts, every action explained, changes and actions (ORD)."""

from __future__ import annotations

import pytest

from tests.support.panel import SignedIn

ACTIONS = {
    "start",
    "stop",
    "reboot",
    "reset",
    "reinstall",
    "suspend",
    "unsuspend",
    "rename",
    "auto-renew",
    "renew",
    "addons",
    "change-plan",
    "transfer",
}


async def test_ord_7_every_action_is_explained(client: SignedIn) -> None:
    states = set()
    for item in await client.items("/orders", limit=500):
        order = (await client.get(f"/orders/{item['id']}")).json()
        states.add(order["state"])
        assert {action["action"] for action in order["actions"]} == ACTIONS
        for action in order["actions"]:
            if not action["allowed"]:
                assert action["code"]
                assert action["rule"]
                assert action["reason"].strip()
        refused = {action["action"]: action["code"] for action in order["actions"] if not action["allowed"]}
        assert {action["action"]: action["code"] for action in item["actions"]} == refused
    assert {"active", "blocked"} <= states


@pytest.mark.parametrize(
    "sort", ["id", "name", "state", "plan", "location", "monthly_price", "created_at", "paid_until"]
)
async def test_sorts_are_total_and_reversible(client: SignedIn, sort: str) -> None:
    up = [order["id"] for order in await client.items("/orders", sort=sort, limit=9)]
    down = [order["id"] for order in await client.items("/orders", sort=f"-{sort}", limit=9)]
    assert len(up) == len(set(up))
    assert set(up) == set(down)
    if sort in ("id", "name", "created_at"):
        values = [order[sort] for order in await client.items("/orders", sort=sort)]
        assert values == sorted(values, key=int if sort == "id" else None)


async def test_filters_and_search(client: SignedIn) -> None:
    everything = await client.items("/orders")
    location = everything[0]["location"]
    there = await client.items("/orders", location=location)
    assert {order["id"] for order in there} == {o["id"] for o in everything if o["location"] == location}
    states = await client.get("/orders", state=["active", "blocked"], limit=500)
    assert {order["state"] for order in states.json()["items"]} == {"active", "blocked"}
    wanted = everything[-1]
    assert wanted["id"] in [order["id"] for order in await client.items("/orders", q=wanted["name"])]
    assert await client.items("/orders", q="no-such-thing-anywhere") == []


async def test_rename_and_auto_renewal_in_one_change(client: SignedIn) -> None:
    order = (await client.items("/orders", state="active", open_invoice="no"))[0]
    body = {"name": "db-primary", "auto_renew": {"on": True, "months": 3}}
    changed = await client.patch(f"/orders/{order['id']}", body, if_match=order["version"])
    assert changed.status_code == 200, changed.text
    assert changed.json()["name"] == "db-primary"
    assert changed.json()["auto_renew"] == {"on": True, "months": 3}
    nothing = await client.patch(f"/orders/{order['id']}", {})
    assert nothing.status_code == 422
    both_or_none = await client.patch(f"/orders/{order['id']}", {"name": "x", "auto_renew": {"on": True, "months": 5}})
    assert both_or_none.status_code == 422
    assert (await client.get(f"/orders/{order['id']}")).json()["name"] == "db-primary"


async def test_ord_4_actions(client: SignedIn) -> None:
    orders = await client.items("/orders", state="active", open_invoice="no")
    order = next(order for order in orders if order["power"] == "running")
    path = f"/orders/{order['id']}/actions"
    stopped = await client.post(path, {"action": "stop"})
    assert (stopped.status_code, stopped.json()["power"]) == (200, "stopped"), stopped.text
    assert (await client.post(path, {"action": "start"})).json()["power"] == "running"
    unconfirmed = await client.post(path, {"action": "reinstall"})
    assert (unconfirmed.status_code, unconfirmed.json()["rule"]) == (409, "ORD-4")
    assert (await client.post(path, {"action": "reinstall", "confirm_name": order["name"]})).status_code == 200
    assert (await client.post(path, {"action": "explode"})).status_code == 422
    blocked = (await client.items("/orders", state="blocked"))[0]
    refused = await client.post(f"/orders/{blocked['id']}/actions", {"action": "reboot"})
    assert refused.status_code == 409
    assert refused.json()["detail"]


async def test_the_catalogue(client: SignedIn) -> None:
    plans, locations = await client.items("/plans"), await client.items("/locations")
    assert len(locations) == 13
    assert any("micro" in plan["name"].lower() and len(plan["locations"]) > 1 for plan in plans)
    assert await client.items("/addons")
    stock = await client.items("/stock", plan=plans[0]["id"])
    assert {item["plan"] for item in stock} == {plans[0]["id"]}
    for path in ("/plans", "/locations", "/addons", "/stock"):
        page = (await client.get(path)).json()
        assert (page["next_cursor"], page["total"]) == (None, len(page["items"]))
