"""Transfers over the wire: two accounts, two mails, one order that changes hands (TRF)."""

from __future__ import annotations

from contextlib import closing

import pytest

from tests.support.panel import InProcessPanel, Json, SignedIn
from tests.support.transferring import changes, code_for, confirmed, cursor, free_orders, mails, pushed, to


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


# --- beginning one (TRF-1, TRF-4, TRF-7)


async def test_a_wrong_pair_tells_nothing(panel: InProcessPanel, client: SignedIn, other: SignedIn) -> None:
    """TRF-1: the same bytes whichever half is wrong, for no account, and for one that is no client's."""
    (order,) = await free_orders(client, 1)
    staff = panel.account("support")
    pairs = [
        ("nobody.at.all", other.account["account_id"]),
        (other.account["login"], "999999"),
        (other.account["login"], client.account["account_id"]),
        (client.account["login"], other.account["account_id"]),
        (staff["login"], staff["account_id"]),
        (other.account["login"].upper(), other.account["account_id"]),
        (other.account["login"], f"0{other.account['account_id']}x"),
        (other.account["login"], "٣١٨٢٥٥"),
    ]
    answers = set()
    for login, account_id in pairs:
        body = {"order_ids": [order["id"]], "recipient_login": login, "recipient_account_id": account_id}
        answer = await client.post("/transfers", body)
        answers.add((answer.status_code, answer.content, answer.headers["content-type"]))
    ((status, content, _),) = answers
    assert status == 409 and b'"code":"recipient-not-found"' in content and b'"rule":"TRF-1"' in content
    assert (await client.get(f"/orders/{order['id']}")).json()["transfer_id"] is None
    assert await pushed(client, other, order), "the order is free, and the right pair works"


async def test_ten_wrong_pairs_an_hour(panel: InProcessPanel, client: SignedIn, other: SignedIn) -> None:
    """TRF-1: then nothing is looked up, the right pair neither; it says when to go on; others are not hindered."""
    (order,) = await free_orders(client, 1)
    wrong = {**to(other, order), "recipient_account_id": "999999"}
    for number in range(10):
        answer = await client.post("/transfers", wrong, key=f"try-{number}")
        assert answer.status_code == 409
    again = await client.post("/transfers", wrong, key="try-3")
    assert again.status_code == 409 and again.headers["idempotent-replay"] == "true"
    right = await client.post("/transfers", to(other, order), key="later")
    assert right.status_code == 429
    problem = right.json()
    assert (problem["code"], problem["rule"]) == ("too-many-wrong-recipients", "TRF-1")
    wait = int(right.headers["retry-after"])
    assert 3_500 < wait <= 3_600 and problem["available_from"]
    hint = await client.post("/transfers", {**to(other, order), "recipient_login": other.account["email"]})
    assert hint.status_code == 422, "an e-mail is not looked up at all"
    (theirs,) = await free_orders(other, 1)
    assert await pushed(other, client, theirs)
    await panel.advance(seconds=wait)
    now = await client.post("/transfers", to(other, order), key="later")
    assert now.status_code == 201, "nothing was executed under this key before"


async def test_an_email_and_oneself(client: SignedIn, other: SignedIn) -> None:
    """TRF-1, TRF-4: each with its own message; neither counts as a guess."""
    (order,) = await free_orders(client, 1)
    for _ in range(11):
        hint = await client.post("/transfers", {**to(other, order), "recipient_login": other.account["email"]})
        own = await client.post("/transfers", to(client, order))
    assert hint.status_code == 422 and hint.json()["code"] == "recipient-is-email" and hint.json()["rule"] == "TRF-1"
    assert "login" in hint.json()["fields"]["recipient_login"]
    assert own.status_code == 409 and own.json()["code"] == "transfer-to-self"
    assert await pushed(client, other, order)


async def test_all_of_a_push_or_none(client: SignedIn, other: SignedIn) -> None:
    """TRF-4, TRF-7: every refused order is named with its reason, and nothing is begun."""
    free = await free_orders(client, 2)
    (billed,) = (await client.items("/orders", state="active", open_invoice="yes"))[:1]
    (blocked,) = (await client.items("/orders", state="blocked"))[:1]
    (pending,) = (await client.items("/orders", state="pending"))[:1]
    answer = await client.post("/transfers", to(other, *free, billed))
    assert answer.status_code == 409
    problem = answer.json()
    assert (problem["code"], problem["rule"]) == ("open-invoice", "TRF-4")
    assert problem["related"]["invoice_id"] == billed["unpaid_invoice_id"]
    assert list(problem["fields"]) == [f"order_ids.{billed['id']}"]
    answer = await client.post("/transfers", to(other, *free, billed, blocked, pending))
    problem = answer.json()
    assert problem["code"] == "orders-refused" and "3 of 5" in problem["detail"]
    assert set(problem["fields"]) == {f"order_ids.{one['id']}" for one in (billed, blocked, pending)}
    assert problem["related"]["order_ids"].split() == [one["id"] for one in (billed, blocked, pending)]
    (theirs,) = await free_orders(other, 1)
    assert (await client.post("/transfers", to(other, *free, theirs))).status_code == 404
    assert [one["id"] for one in await free_orders(client, 2)] == [one["id"] for one in free], "nothing was begun"
    begun = await pushed(client, other, *free, free[0])
    assert [one["order_id"] for one in begun] == [one["id"] for one in free], "named twice, it is in it once"
    assert {one["push_id"] for one in begun} == {begun[0]["id"]}


async def test_an_account_in_another_currency(panel: InProcessPanel, client: SignedIn) -> None:
    """INV-10: an order keeps its price, and an account has one currency."""
    third = await panel.sign_in(number=2)
    with closing(panel.database.raw_connection()) as connection:
        connection.execute("UPDATE accounts SET currency = 'USD' WHERE id = ?", (third.account["account_id"],))
    (order,) = await free_orders(client, 1)
    answer = await client.post("/transfers", to(third, order))
    assert (answer.status_code, answer.json()["code"]) == (409, "currency-mismatch")
    assert "USD" in answer.json()["fields"][f"order_ids.{order['id']}"]


@pytest.mark.parametrize(
    "changes",
    [
        {"order_ids": []},
        {"order_ids": "12"},
        {"recipient_login": ""},
        {"recipient_account_id": 318255},
        {"order_ids": ["0"] * 10_001},
    ],
)
async def test_bodies_that_are_none(client: SignedIn, other: SignedIn, changes: Json) -> None:
    (order,) = await free_orders(client, 1)
    assert (await client.post("/transfers", {**to(other, order), **changes})).status_code == 422


async def test_more_than_a_thousand(client: SignedIn, other: SignedIn) -> None:
    """BLK-7."""
    body = {**to(other), "order_ids": [str(number) for number in range(1_001)]}
    assert (await client.post("/transfers", body)).json()["code"] == "bulk-limit"


# --- codes (TRF-2, TRF-3)


async def test_codes_each_with_its_own_message(panel: InProcessPanel, client: SignedIn, other: SignedIn) -> None:
    """TRF-3: wrong, used, of another transfer, of one that is over; typed in any way."""
    first, second = await free_orders(client, 2)
    one, two = await pushed(client, other, first, second)
    code = await code_for(panel, one, "transfer-confirmation")
    path = f"/transfers/{one['id']}/confirm"

    async def answer(where: str, given: str, who: SignedIn = client) -> str:
        found = await who.post(where, {"code": given})
        assert given not in found.text
        return str(found.json().get("code", found.status_code))

    assert await answer(path, "00000-00000-00000-00000") == "wrong-code"
    assert await answer(path, await code_for(panel, two, "transfer-confirmation")) == "wrong-code"
    assert await answer(f"/transfers/{one['id']}/accept", code) == "not-the-recipient"
    typed = code.upper().replace("-", " ").replace("0", "O")
    assert await answer(path, f" {typed} ") == "200"
    assert await answer(path, code) == "code-used"
    assert await answer(path, "00000-00000-00000-00000") == "already-confirmed"
    assert await answer(path, code, other) == "not-the-sender"
    accepting = await code_for(panel, one, "transfer-acceptance")
    assert await answer(f"/transfers/{one['id']}/accept", code, other) == "wrong-code", "the sender's is another one"
    await panel.advance(hours=72)
    over = await other.post(f"/transfers/{one['id']}/accept", {"code": accepting})
    assert over.json()["code"] == "transfer-over" and over.json()["related"]["state"] == "expired"
    assert await answer(f"/transfers/{one['id']}/accept", "00000-00000-00000-00000", other) == "transfer-over"
    assert (await client.post(path, {})).status_code == 422


async def test_guessing_codes_is_limited(panel: InProcessPanel, client: SignedIn, other: SignedIn) -> None:
    """TRF-2: ten an hour for each transfer; the right one waits too, another transfer does not."""
    first, second = await free_orders(client, 2)
    one, two = await pushed(client, other, first, second)
    for number in range(10):
        wrong = await client.post(f"/transfers/{one['id']}/confirm", {"code": f"00000-00000-00000-0000{number}"})
        assert wrong.json()["code"] == "wrong-code"
    code = await code_for(panel, one, "transfer-confirmation")
    limited = await client.post(f"/transfers/{one['id']}/confirm", {"code": code}, key="k")
    assert (limited.status_code, limited.json()["code"]) == (429, "too-many-wrong-codes")
    assert 0 < int(limited.headers["retry-after"]) <= 3_600
    await confirmed(panel, client, two)
    cancelled = await client.post(f"/transfers/{one['id']}/cancel")
    assert cancelled.status_code == 200, "taking it back needs no code"


async def test_a_retry_answers_again(panel: InProcessPanel, client: SignedIn, other: SignedIn) -> None:
    """The key stands for one request; what is kept of it holds no code."""
    (order,) = await free_orders(client, 1)
    body = to(other, order)
    begun = [await client.post("/transfers", body, key="push") for _ in range(2)]
    assert begun[0].content == begun[1].content and begun[1].headers["idempotent-replay"] == "true"
    (transfer,) = begun[0].json()["items"]
    code = await code_for(panel, transfer, "transfer-confirmation")
    path = f"/transfers/{transfer['id']}/confirm"
    done = [await client.post(path, {"code": code}, key="confirm", if_match=transfer["version"]) for _ in range(2)]
    assert done[0].status_code == 200 and done[0].content == done[1].content
    assert (await client.post(path, {"code": code + "0"}, key="confirm")).json()["code"] == "idempotency-key-reused"
    mails_about = [one for one in await mails(panel) if one["transfer_id"] == transfer["id"]]
    assert [one["event"] for one in mails_about] == ["transfer-confirmation", "transfer-acceptance"]
    status = (await client.get("/operations/confirm")).json()
    assert status["state"] == "done" and status["answer"]["id"] == transfer["id"]
    with panel.database.read() as tx:
        kept = str(tx.sql("SELECT * FROM operations").fetchall()) + str(tx.sql("SELECT * FROM transfers").fetchall())
    for mail in mails_about:
        assert mail["code"] not in kept, "hashed in the transfer, absent from the kept answers"


async def test_versions(panel: InProcessPanel, client: SignedIn, other: SignedIn) -> None:
    """``If-Match``: a step is refused if the transfer is not as it was seen."""
    (order,) = await free_orders(client, 1)
    (transfer,) = await pushed(client, other, order)
    seen = await client.get(f"/transfers/{transfer['id']}")
    assert (
        await client.get(f"/transfers/{transfer['id']}", {"If-None-Match": seen.headers["etag"]})
    ).status_code == 304
    await confirmed(panel, client, transfer)
    late = await client.post(f"/transfers/{transfer['id']}/cancel", if_match=transfer["version"])
    assert (late.status_code, late.json()["code"]) == (412, "version-mismatch")
    present = (await client.get(f"/transfers/{transfer['id']}")).json()["version"]
    assert (await client.post(f"/transfers/{transfer['id']}/cancel", if_match=present)).json()["state"] == "cancelled"


# --- who sees what


async def test_lists(panel: InProcessPanel, client: SignedIn, other: SignedIn) -> None:
    """Filters, order and pages; each side sees its own, and the refused actions only."""
    orders = await free_orders(client, 3)
    begun = await pushed(client, other, *orders)
    await confirmed(panel, client, begun[0])
    every = await client.items("/transfers")
    assert [one["created_at"] for one in every] == sorted((one["created_at"] for one in every), reverse=True)
    assert {one["direction"] for one in every} == {"in", "out"}
    for field in ("id", "created_at", "expires_at", "state", "order_id", "order_name", "paid_until", "monthly_price"):
        for sign in ("", "-"):
            paged = await client.items("/transfers", sort=sign + field, limit=2)
            assert sorted(one["id"] for one in paged) == sorted(one["id"] for one in every)
    out = await client.items("/transfers", direction="out")
    assert {one["id"] for one in every if one["direction"] == "out"} == {one["id"] for one in out}
    both = await client.items("/transfers", direction=["in", "out"])
    assert len(both) == len(every)
    waiting = await client.items("/transfers", state=["awaiting sender"], push_id=begun[0]["push_id"])
    assert {one["id"] for one in waiting} == {begun[1]["id"], begun[2]["id"]}
    assert [one["id"] for one in await client.items("/transfers", order_id=orders[0]["id"])] == [begun[0]["id"]]
    (found,) = await client.items(
        "/transfers", q=f"{other.account['login']} {orders[1]['name']}", state="awaiting sender"
    )
    assert found["id"] == begun[1]["id"] and len(found["history"]) == 1
    assert {one["action"]: one["code"] for one in found["actions"]} == {
        "accept": "not-the-recipient",
        "decline": "not-the-recipient",
    }
    soon = await client.items("/transfers", expires_before=begun[0]["expires_at"])
    assert all(one["expires_at"] is not None and one["expires_at"] < begun[0]["expires_at"] for one in soon)
    assert (await client.get("/transfers", direction="sideways")).status_code == 422
    assert (await client.get("/transfers", nonsense="x")).status_code == 422
    received = await other.items("/transfers", direction="in")
    assert begun[0]["id"] in {one["id"] for one in received} and begun[1]["id"] not in {one["id"] for one in received}


async def test_strangers_and_staff(panel: InProcessPanel, client: SignedIn, other: SignedIn) -> None:
    """ACC-7: transfers are their two sides' business; the role of staff changes nothing."""
    (order,) = await free_orders(client, 1)
    (transfer,) = await pushed(client, other, order)
    await confirmed(panel, client, transfer)
    third, support = await panel.sign_in(number=2), await panel.sign_in("support")
    assert (await third.get(f"/transfers/{transfer['id']}")).status_code == 404
    for step in ("decline", "cancel"):
        assert (await third.post(f"/transfers/{transfer['id']}/{step}")).status_code == 404
    assert (await support.items("/transfers")) == []
    refused = await support.post(f"/transfers/{transfer['id']}/cancel")
    assert (refused.status_code, refused.json()["rule"]) == (403, "ACC-7")
    assert "transfers" in (await client.get("/me")).json()["capabilities"]
    assert "transfers" not in (await support.get("/me")).json()["capabilities"]
    assert (await support.get(f"/orders/{order['id']}")).json()["transfer_id"] == transfer["id"]
    assert (await panel.http.post("/api/v1/transfers")).status_code == 401


async def test_where_the_links_lead(panel: InProcessPanel, client: SignedIn, other: SignedIn) -> None:
    """TRF-2: a browser sends nothing of what stands behind the #, and the page tells where to take it."""
    (order,) = await free_orders(client, 1)
    (transfer,) = await pushed(client, other, order)
    (mail,) = [one for one in await mails(panel) if one["transfer_id"] == transfer["id"]]
    pages = [await panel.http.get(mail["link"]), await panel.http.get("http://127.0.0.1/transfers/999999")]
    assert pages[0].status_code == 200 and "billtui transfers confirm" in pages[0].text
    assert pages[0].content == pages[1].content and mail["code"] not in pages[0].text
    assert pages[0].headers["referrer-policy"] == "no-referrer"


async def test_mails_are_in_the_sandbox_only(panel: InProcessPanel, client: SignedIn, other: SignedIn) -> None:
    """Of one address or of all; nothing else can be asked."""
    everything = await mails(panel)
    mine = await mails(panel, to=client.account["email"])
    assert 0 < len(mine) < len(everything) and {one["to"] for one in mine} == {client.account["email"]}
    assert await mails(panel, to=other.account["login"]) == []
    assert (await panel.http.get("/sandbox/mail", params={"from": "x"})).status_code == 422
    assert (await client.get("/mail")).status_code == 404
