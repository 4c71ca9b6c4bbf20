"""Every call on transfers and on the sandbox's mail: against the reference panel, and against one that lies."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from pydantic import SecretStr

from billtui.client import (
    BadAnswer,
    BillingClient,
    CapabilityMissing,
    ClientError,
    InvalidInput,
    NotFound,
    OutcomeUnknown,
    RateLimited,
    RuleRefused,
    VersionMismatch,
    Write,
)
from billtui.domain.models import Mail, Order, Transfer
from tests.client.client_kit import Connect
from tests.client.panel_stub import PanelStub, Script, answer, in_turn, keeps, problem, sends
from tests.client.wire_objects import account
from tests.support.sandbox import SandboxProcess

CODE = "7KQM-2X9D-HV4T-8ZWN"


def write(if_match: int | None = None) -> Write:
    """A write with a key of its own."""
    return Write(uuid.uuid4().hex, if_match)


@pytest.fixture
async def client(connect: Connect, sandbox_server: SandboxProcess) -> AsyncIterator[BillingClient]:
    """Signed in as the owner of the fleet."""
    sandbox_server.faults()
    async with connect(sandbox_server.url, token=sandbox_server.sign_in(), read_deadline=20, write_deadline=20) as one:
        await one.account.me()
        yield one


@pytest.fixture
async def other(connect: Connect, sandbox_server: SandboxProcess) -> AsyncIterator[BillingClient]:
    """Signed in as the second client."""
    token = sandbox_server.sign_in(sandbox_server.account(number=1)["login"])
    async with connect(sandbox_server.url, token=token, read_deadline=20, write_deadline=20) as one:
        await one.account.me()
        yield one


async def transferable(client: BillingClient, count: int) -> list[Order]:
    """Orders that nothing stands in the way of."""
    found: list[Order] = []
    async for order in client.orders.iterate(state="active", open_invoice="no", auto_renew="off", sort="-paid_until"):
        if all(action.action != "transfer" for action in order.actions):
            found.append(order)
        if len(found) == count:
            return found
    raise AssertionError("the fleet has too few orders to transfer")


async def newest_mail(client: BillingClient, to: str, transfer: Transfer) -> Mail:
    """The last mail to an address about a transfer."""
    return next(one for one in reversed(await client.mailbox.list(to)) if one.transfer_id == transfer.id)


async def code_for(client: BillingClient, to: str, transfer: Transfer) -> SecretStr:
    """The code of that mail."""
    mail = await newest_mail(client, to, transfer)
    assert mail.code is not None
    return SecretStr(mail.code.raw)


def related(error: ClientError) -> dict[str, str]:
    """What the panel's refusal is about."""
    assert error.problem is not None
    return {str(name): str(value) for name, value in error.problem.related.items()}


async def push(client: BillingClient, other: BillingClient, *orders: Order) -> list[Transfer]:
    """One push to the other client."""
    recipient = await other.account.me()
    return list(await client.transfers.push([one.id for one in orders], recipient.login, recipient.account_id, write()))


async def test_two_orders_on_their_way_to_another_account(client: BillingClient, other: BillingClient) -> None:
    """TRF-2, TRF-3, TRF-7: pushed together, then each with a state of its own."""
    first, second = await transferable(client, 2)
    me, recipient = await client.account.me(), await other.account.me()
    moved, declined = await push(client, other, first, second)
    assert [one.order_id for one in (moved, declined)] == [first.id, second.id]
    assert moved.push_id == declined.push_id and moved.id != declined.id
    assert (await client.orders.get(first.id)).transfer_id == moved.id
    with pytest.raises(NotFound):
        await other.transfers.get(moved.id)

    shown = await client.transfers.get(moved.id)
    assert shown == moved and [step.state for step in shown.history] == ["awaiting sender"]
    sent = [one.id async for page in client.transfers.pages(limit=2, direction="out") for one in page.items]
    assert {moved.id, declined.id} <= set(sent) and len(sent) == len(set(sent))

    mail = await newest_mail(client, me.email.raw, moved)
    assert mail.link is not None and mail.code is not None
    assert mail.link.raw.endswith(f"/transfers/{moved.id}#confirm={mail.code}")
    for one in (moved, declined):
        confirmed = await client.transfers.confirm(one.id, await code_for(client, me.email.raw, one), write())
        assert (confirmed.state, confirmed.direction) == ("awaiting recipient", "out")
    listed = [one async for page in other.transfers.pages(limit=1, direction="in") for one in page.items]
    assert {moved.id, declined.id} <= {one.id for one in listed}
    page = await other.transfers.list(limit=50, state="awaiting recipient", order_id=first.id, sort="expires_at")
    assert [(one.id, one.direction, one.counterparty) for one in page.items] == [(moved.id, "in", me.login)]

    done = await other.transfers.accept(moved.id, await code_for(client, recipient.email.raw, moved), write())
    assert (done.state, done.expires_at) == ("completed", None)
    assert (await other.orders.get(first.id)).monthly_price == first.monthly_price
    assert (await other.transfers.decline(declined.id, write())).state == "declined"
    assert (await client.orders.get(second.id)).transfer_id is None
    with pytest.raises(RuleRefused) as caught:
        await client.transfers.cancel(moved.id, write())
    assert caught.value.code == "transfer-over" and related(caught.value)["state"] == "completed"


async def test_a_step_is_taken_once(client: BillingClient, other: BillingClient) -> None:
    """TRF-3: the same key answers again, a new one is told that the code was used; other versions are refused."""
    [order] = await transferable(client, 1)
    [transfer] = await push(client, other, order)
    code = await code_for(client, (await client.account.me()).email.raw, transfer)
    with pytest.raises(VersionMismatch):
        await client.transfers.confirm(transfer.id, code, write(if_match=transfer.version + 7))
    once = write(transfer.version)
    confirmed = await client.transfers.confirm(transfer.id, code, once)
    assert confirmed == await client.transfers.confirm(transfer.id, code, once)
    status = await client.operations.status(once.key)
    assert status.state == "done" and code.get_secret_value() not in str(status.answer)
    with pytest.raises(RuleRefused) as caught:
        await client.transfers.confirm(transfer.id, code, write())
    assert caught.value.code == "code-used"
    assert (await client.transfers.cancel(transfer.id, write())).state == "cancelled"


async def test_what_is_refused_says_so(client: BillingClient, other: BillingClient) -> None:
    """TRF-1, TRF-4: an e-mail, a wrong pair, oneself, an order that is on its way, a wrong code."""
    [order] = await transferable(client, 1)
    me, recipient = await client.account.me(), await other.account.me()
    with pytest.raises(InvalidInput) as hinted:
        await client.transfers.push([order.id], recipient.email.raw, recipient.account_id, write())
    assert hinted.value.code == "recipient-is-email" and "login" in hinted.value.message
    wrong: list[RuleRefused] = []
    for login, account_id in (("nobody.at.all", recipient.account_id), (recipient.login, me.account_id)):
        with pytest.raises(RuleRefused) as refused:
            await client.transfers.push([order.id], login, account_id, write())
        wrong.append(refused.value)
    assert [one.code for one in wrong] == ["recipient-not-found"] * 2
    assert wrong[0].message == wrong[1].message
    with pytest.raises(RuleRefused) as refused:
        await client.transfers.push([order.id], me.login, me.account_id, write())
    assert refused.value.code == "transfer-to-self"
    [transfer] = await push(client, other, order)
    with pytest.raises(RuleRefused) as refused:
        await push(client, other, order)
    assert refused.value.code == "in-transfer" and related(refused.value)["transfer_id"] == transfer.id.raw
    with pytest.raises(RuleRefused) as refused:
        await client.transfers.confirm(transfer.id, SecretStr(CODE), write())
    assert refused.value.code == "wrong-code" and CODE not in refused.value.message
    await client.transfers.cancel(transfer.id, write())


async def test_the_mailbox(client: BillingClient) -> None:
    """Every mail, oldest first; or those to one address."""
    mine = (await client.account.me()).email.raw
    every = await client.mailbox.list()
    assert [int(one.id) for one in every] == sorted(int(one.id) for one in every)
    assert {one.to.raw for one in await client.mailbox.list(mine)} == {mine}
    assert await client.mailbox.list("nobody@example.org") == []


# --- a panel that lies, or cannot do it


def transfer(transfer_id: str = "7", **changes: Any) -> dict[str, Any]:
    """A transfer on the wire."""
    base = {
        "id": transfer_id,
        "order_id": "o1",
        "direction": "out",
        "state": "awaiting sender",
        "counterparty": "kofi.brandt",
        "created_at": "2031-03-01T10:00:00Z",
    }
    return base | changes


Call = Callable[[BillingClient], Awaitable[object]]
CALLS: dict[str, Call] = {
    "push": lambda client: client.transfers.push(["o1"], "kofi.brandt", "318255", Write("k-1")),
    "confirm": lambda client: client.transfers.confirm("7", SecretStr(CODE), Write("k-1", 3)),
    "accept": lambda client: client.transfers.accept("7", SecretStr(CODE), Write("k-1", 3)),
    "decline": lambda client: client.transfers.decline("7", Write("k-1", 3)),
    "cancel": lambda client: client.transfers.cancel("7", Write("k-1", 3)),
}
RIGHT: dict[str, Any] = {
    "push": {"items": [transfer()]},
    "confirm": transfer(state="awaiting recipient"),
    "accept": transfer(state="completed", direction="in"),
    "decline": transfer(state="declined", direction="in"),
    "cancel": transfer(state="cancelled"),
}
LIES: dict[str, list[Any]] = {
    "push": [{"items": []}, {"items": [transfer(order_id="o2")]}, {"items": [transfer(), transfer("8")]}, transfer()],
    "confirm": [transfer(), transfer("8", state="awaiting recipient"), {}],
    "accept": [transfer(state="awaiting recipient"), transfer("8", state="completed")],
    "decline": [transfer(state="completed"), transfer(state="cancelled")],
    "cancel": [transfer(state="expired"), transfer("8", state="cancelled")],
}


@pytest.mark.parametrize("name", CALLS)
async def test_what_is_sent(connect: Connect, name: str) -> None:
    """One request with the key, the version and, where one is needed, the code in the body and nowhere else."""
    status = "201 Created" if name == "push" else "200 OK"
    async with PanelStub(keeps(answer(RIGHT[name], status))) as panel, connect(panel.url) as client:
        await CALLS[name](client)
        [seen] = panel.seen
    path = "/api/v1/transfers" if name == "push" else f"/api/v1/transfers/7/{name}"
    assert (seen.method, seen.target, seen.headers["idempotency-key"]) == ("POST", path, "k-1")
    assert seen.headers.get("if-match") == (None if name == "push" else '"3"')
    bodies: dict[str, Any] = {
        "push": {"order_ids": ["o1"], "recipient_login": "kofi.brandt", "recipient_account_id": "318255"},
        "confirm": {"code": CODE},
        "accept": {"code": CODE},
    }
    assert (seen.json() if seen.body else None) == bodies.get(name)


@pytest.mark.parametrize(("name", "wrong"), [(name, wrong) for name, lies in LIES.items() for wrong in lies])
async def test_an_answer_about_something_else_proves_nothing(connect: Connect, name: str, wrong: Any) -> None:
    status = "201 Created" if name == "push" else "200 OK"
    async with PanelStub(sends(answer(wrong, status))) as panel, connect(panel.url) as client:
        with pytest.raises(OutcomeUnknown) as caught:
            await CALLS[name](client)
        assert len(panel.seen) == 1
    assert isinstance(caught.value.cause_error, BadAnswer)
    assert CODE not in f"{caught.value!r} {caught.value.cause_error!r}"


async def test_too_many_wrong_pairs(connect: Connect) -> None:
    """TRF-1: with the time to wait; the request is not repeated by itself."""
    when = {"rule": "TRF-1", "available_from": "2031-03-01T11:00:00Z"}
    limited = sends(problem(429, "too-many-wrong-recipients", "Too many.", "Retry-After: 1800", **when))
    async with PanelStub(limited) as panel, connect(panel.url) as client:
        with pytest.raises(RateLimited) as caught:
            await CALLS["push"](client)
        assert len(panel.seen) == 1
    assert caught.value.code == "too-many-wrong-recipients"
    assert caught.value.problem is not None and str(caught.value.problem.available_from) == "2031-03-01 11:00:00+00:00"


async def test_a_panel_without_transfers_or_a_mailbox(connect: Connect) -> None:
    """A real panel has no mailbox, another kind perhaps no transfers: it is said, and nothing is sent."""

    def only_me() -> Script:
        return in_turn(keeps(answer(account(capabilities=["invoices.pay"]))), sends(answer({})))

    reads: list[Call] = [lambda client: client.mailbox.list(), lambda client: client.transfers.list()]
    for call in (*CALLS.values(), *reads):
        async with PanelStub(only_me()) as panel, connect(panel.url) as client:
            await client.account.me()
            with pytest.raises(CapabilityMissing):
                await call(client)
            assert len(panel.seen) == 1
