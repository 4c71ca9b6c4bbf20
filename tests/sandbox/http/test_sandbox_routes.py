"""``/sandbox``: only from this machine, time that never goes back, mails, ledger, reset."""

from __future__ import annotations

from datetime import timedelta

import pytest

from billtui.domain.periods import format_instant, parse_instant
from tests.support.panel import API, InProcessPanel, SignedIn


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Host": "127.0.0.1:8765"}, 200),
        ({"Host": "localhost"}, 200),
        ({"Host": "LOCALHOST:1"}, 200),
        ({"Host": "[::1]:80"}, 200),
        ({"Host": "evil.example"}, 403),
        ({"Host": "127.0.0.1.evil.example"}, 403),
        ({"Host": "[::1"}, 403),
        ({"Host": "127.0.0.1", "Origin": "https://evil.example"}, 403),
        ({"Host": "127.0.0.1", "Origin": "http://127.0.0.1:8765"}, 200),
        ({"Host": "127.0.0.1", "Sec-Fetch-Site": "cross-site"}, 403),
    ],
)
async def test_only_from_this_machine(panel: InProcessPanel, headers: dict[str, str], status: int) -> None:
    assert (await panel.http.get("/sandbox/clock", headers=headers)).status_code == status


async def test_the_clock_never_goes_back(panel: InProcessPanel) -> None:
    now = parse_instant((await panel.http.get("/sandbox/clock")).json()["now"])
    later = now + timedelta(days=2)
    set_to = await panel.http.post("/sandbox/clock", json={"now": format_instant(later)})
    assert set_to.status_code == 200
    back = await panel.http.post("/sandbox/clock", json={"now": format_instant(now)})
    assert (back.status_code, "now" in back.json()["fields"]) == (422, True)
    assert parse_instant((await panel.http.get("/sandbox/clock")).json()["now"]) >= later
    for wrong in ({}, {"advance": -1}, {"advance": 1, "now": format_instant(later)}, {"now": "tomorrow"}):
        assert (await panel.http.post("/sandbox/clock", json=wrong)).status_code == 422


async def test_ord_2_time_blocks_and_mails_tell(client: SignedIn, panel: InProcessPanel) -> None:
    before = {order["id"] for order in await client.items("/orders", state="blocked")}
    await panel.advance(days=30)
    blocked = {order["id"] for order in await client.items("/orders", state="blocked")}
    assert blocked - before
    mails = (await panel.http.get("/sandbox/mail")).json()["items"]
    assert {"to", "subject", "at", "code", "order_id", "transfer_id"} <= set(mails[-1])


async def test_the_ledger_and_its_check(panel: InProcessPanel) -> None:
    answer = (await panel.http.get("/sandbox/ledger", params={"check": "true"})).json()
    assert answer["items"]
    assert answer["problems"] == []
    assert {"id", "at", "account_id", "purse", "amount", "kind", "invoice_id", "operation"} <= set(answer["items"][0])


async def test_reset_starts_anew_and_ends_sessions(client: SignedIn, panel: InProcessPanel) -> None:
    await panel.faults({"kind": "http-500"})
    assert (await client.get("/me")).status_code == 500
    answer = await panel.http.post("/sandbox/reset", json={"fleet": 12, "seed": 5})
    assert answer.status_code == 200, answer.text
    assert (await client.get("/me")).status_code == 401
    again = await panel.sign_in()
    assert (await again.get("/orders")).json()["total"] >= 12
    assert (await panel.http.post("/sandbox/reset")).status_code == 200


async def test_faults_are_shown_with_their_strikes(client: SignedIn, panel: InProcessPanel) -> None:
    await panel.faults({"kind": "http-503", "times": 2, "path": "/me"}, seed=4)
    statuses = [(await client.get("/me")).status_code for _ in range(3)]
    assert statuses == [503, 503, 200]
    shown = (await panel.http.get("/sandbox/faults")).json()
    assert (shown["seed"], shown["faults"][0]["strikes"]) == (4, 2)
    assert (await panel.http.post("/sandbox/faults", json={"faults": [{"kind": "x"}]})).status_code == 422
    assert (await panel.http.get("/sandbox/accounts")).json()["items"] == panel.accounts
    assert (await panel.http.get(f"{API}/openapi.json")).status_code == 200


async def test_settling_nothing_is_not_found(panel: InProcessPanel) -> None:
    assert (await panel.http.post("/sandbox/provider/999999/settle")).status_code == 404
