"""Every call against the reference panel, over a real port."""

from __future__ import annotations

import asyncio
import stat
import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from billtui.client import (
    BillingClient,
    ClientError,
    ConnectionLost,
    CursorExpired,
    NotFound,
    OutcomeUnknown,
    PriceChanged,
    RuleRefused,
    ServerTrouble,
    SessionExpired,
    SignInRefused,
    TotpRequired,
    VersionMismatch,
    Write,
)
from billtui.domain.models import AutoRenew, Invoice, Order
from billtui.domain.money import Money
from tests.client.client_kit import Connect
from tests.support.sandbox import SandboxProcess


def write(if_match: int | None = None) -> Write:
    """A write with a key of its own."""
    return Write(uuid.uuid4().hex, if_match)


@pytest.fixture
async def client(connect: Connect, sandbox_server: SandboxProcess) -> AsyncIterator[BillingClient]:
    """Signed in as the owner of the fleet."""
    sandbox_server.faults()
    owner = sandbox_server.account()
    async with connect(sandbox_server.url, token=None, read_deadline=20, write_deadline=20) as opened:
        await opened.sessions.sign_in(owner["login"], SecretStr(owner["password"]))
        yield opened


async def renewable(client: BillingClient, count: int) -> list[Order]:
    """Active orders that no open invoice bills and nothing holds."""
    found: list[Order] = []
    async for order in client.orders.iterate(state="active", open_invoice="no"):
        if order.transfer_id is None and all(action.action != "renew" for action in order.actions):
            found.append(order)
        if len(found) == count:
            return found
    raise AssertionError("the fleet has too few renewable orders")


async def new_invoice(client: BillingClient, count: int = 1) -> Invoice:
    """A fresh renewal invoice for ``count`` orders."""
    orders = await renewable(client, count)
    quote = await client.quotes.renewal([order.id for order in orders], 1)
    assert len(quote.lines) == count and not quote.excluded
    return await client.purchases.renew(quote.id, quote.total, write())


async def test_signing_in_and_out(client: BillingClient, sandbox_server: SandboxProcess, connect: Connect) -> None:
    token = client.token
    assert token is not None
    account = await client.account.me()
    assert account.account_id == sandbox_server.account()["account_id"]
    assert "invoices.pay" in client.capabilities
    async with connect(sandbox_server.url, token=None) as other:
        with pytest.raises(SignInRefused) as caught:
            await other.sessions.sign_in(account.login, SecretStr("wrong"))
        assert caught.value.code == "wrong-credentials"
        with pytest.raises(TotpRequired):
            secured = next(one for one in sandbox_server.accounts if "totp_secret" in one)
            await other.sessions.sign_in(secured["login"], SecretStr(secured["password"]))
        await other.sessions.sign_in(account.login, SecretStr(sandbox_server.account()["password"]))
        current = next(one for one in await other.sessions.list() if one.current)
        assert {True, False} <= {one.current for one in await client.sessions.list()}
        await client.sessions.revoke(current.id)
        with pytest.raises(SessionExpired):
            await other.account.me()
    await client.sessions.sign_out()
    assert client.token is None
    client.token = token
    with pytest.raises(SessionExpired):
        await client.account.me()


async def test_the_catalogue(client: BillingClient) -> None:
    plans = await client.catalogue.plans()
    locations = {location.id for location in await client.catalogue.locations()}
    assert any("micro" in plan.name.lower() or "micro" in plan.id for plan in plans)
    assert all(plan.monthly_price.amount > 0 for plan in plans)
    assert {item.location for item in await client.catalogue.stock()} <= locations
    assert all(addon.monthly_price.currency == "EUR" for addon in await client.catalogue.addons())


async def test_lists_page_by_page_hold_every_order_once(client: BillingClient) -> None:
    pages = [page async for page in client.orders.pages(limit=7)]
    ids = [order.id for page in pages for order in page.items]
    assert len(ids) == len(set(ids)) == pages[0].total
    assert {order.id async for order in client.orders.iterate()} == set(ids)
    first = await client.orders.list(limit=3, sort="-paid_until")
    assert first.next_cursor is not None
    second = await client.orders.list(limit=3, sort="-paid_until", cursor=first.next_cursor)
    assert not {order.id for order in first.items} & {order.id for order in second.items}
    invoices = [page async for page in client.invoices.pages(limit=60)]
    assert sum(len(page.items) for page in invoices) == invoices[0].total
    unpaid = await client.invoices.list(state="unpaid", limit=2)
    every = [invoice.id async for invoice in client.invoices.iterate(state="unpaid", limit=6)]
    assert len(every) == unpaid.total
    lines = [line async for line in client.balance.iterate_ledger(limit=150)]
    assert (await client.balance.ledger(limit=1)).total == len(lines)


async def test_orders_are_changed(client: BillingClient) -> None:
    [order] = await renewable(client, 1)
    renamed = await client.orders.rename(order.id, "Grüße [b] 服务器", write())
    assert (renamed.name, renamed.id) == ("Grüße [b] 服务器", order.id)
    with pytest.raises(VersionMismatch):
        await client.orders.rename(order.id, "again", write(if_match=renamed.version - 1))
    renewing = await client.orders.set_auto_renew(order.id, AutoRenew(on=True, months=3), write(renamed.version))
    assert renewing.auto_renew == AutoRenew(on=True, months=3)
    await client.orders.set_auto_renew(order.id, AutoRenew(on=False, months=3), write())
    assert (await client.orders.act(order.id, "reboot", write())).id == order.id
    with pytest.raises(ClientError) as caught:
        await client.orders.act(order.id, "reinstall", write(), confirm_name="another name")
    assert caught.value.outcome == "refused"
    assert (await client.orders.get(order.id)).version >= renewing.version
    with pytest.raises(NotFound):
        await client.orders.get("no-such-order")


async def test_renewing_and_paying(client: BillingClient, tmp_path: Path) -> None:
    """REN-1, DSC-8, INV-3, INV-4, INV-9."""
    invoice = await new_invoice(client)
    order_id = invoice.lines[0].order_id
    assert order_id is not None
    before = await client.orders.get(order_id)
    methods = {str(method.method): method for method in await client.invoices.payment_methods(invoice.id)}
    assert methods["internal"].available
    too_little = Money(invoice.total.amount - 1, invoice.total.currency)
    with pytest.raises(PriceChanged):
        await client.invoices.pay(invoice.id, "internal", too_little, write())
    once = write()
    payment = await client.invoices.pay(invoice.id, "internal", invoice.total, once)
    assert payment == await client.invoices.pay(invoice.id, "internal", invoice.total, once)  # the first answer again
    with pytest.raises(RuleRefused):
        await client.invoices.pay(invoice.id, "internal", invoice.total, write())
    assert (await client.invoices.get(invoice.id)).state == "paid"
    after = await client.orders.get(order_id)
    assert before.paid_until is not None and after.paid_until is not None and after.paid_until > before.paid_until
    status = await client.operations.status(once.key)
    assert status.state == "done" and status.answer is not None and status.answer["id"] == payment.id
    assert (await client.operations.status("never-" + once.key)).state == "never-seen"
    for form, start in (("pdf", b"%PDF"), ("json", b"{"), ("csv", b"")):
        target = tmp_path / f"invoice.{form}"
        assert await client.invoices.document(invoice.id, form, target) == target.stat().st_size > 50
        assert target.read_bytes().startswith(start)
        assert stat.S_IMODE(target.stat().st_mode) == 0o600


async def test_combining_splitting_and_deleting(client: BillingClient) -> None:
    """INV-5, INV-6, INV-7."""
    parts = [await new_invoice(client), await new_invoice(client)]
    total = parts[0].total + parts[1].total
    combined = await client.invoices.combine([part.id for part in parts], total, write())
    assert combined.total == total
    with pytest.raises(RuleRefused):
        await client.invoices.delete(combined.id, write())
    again = await client.invoices.split(combined.id, write())
    assert {invoice.id for invoice in again} == {part.id for part in parts}
    for part in parts:
        assert (await client.invoices.delete(part.id, write())).state == "deleted"


async def test_purses(client: BillingClient) -> None:
    """ACC-4, INV-13."""
    before = (await client.account.me()).balances
    amount = Money("1.25", before.internal.currency)
    after = await client.balance.move(amount, write())
    assert after.internal == before.internal + amount
    assert after.affiliate == before.affiliate - amount
    top_up = await client.balance.top_up(Money("20.00", amount.currency), "card", write())
    assert top_up.payment.payment_url is not None and top_up.invoice.kind == "top-up"


async def test_changes_arrive_while_a_long_poll_waits(client: BillingClient) -> None:
    cursor = await client.changes.cursor()
    assert (await client.changes.after(cursor)).items == []
    waiting = asyncio.create_task(client.changes.after(cursor, wait=10))
    invoice = await new_invoice(client)
    feed = await waiting
    assert feed.items
    seen = {(change.kind, change.id) for change in (await client.changes.after(cursor)).items}
    assert ("invoice", invoice.id) in seen
    assert feed.cursor != cursor
    with pytest.raises(ClientError) as caught:
        await client.changes.after("not-a-cursor")
    assert isinstance(caught.value, CursorExpired) or caught.value.outcome == "refused"
    await client.invoices.delete(invoice.id, write())


@pytest.mark.parametrize("kind", ["drop-after", "truncate", "garble", "html", "drop-before", "http-500", "http-503"])
async def test_a_lost_answer_is_unknown_and_then_settled(
    client: BillingClient, sandbox_server: SandboxProcess, kind: str
) -> None:
    """Work committed, answer lost: unknown; the key tells; the same key again answers the first answer."""
    invoice = await new_invoice(client)
    once = write()
    sandbox_server.faults({"kind": kind, "method": "POST", "path": f"/invoices/{invoice.id}/payments", "times": 1})
    with pytest.raises(OutcomeUnknown) as caught:
        await client.invoices.pay(invoice.id, "internal", invoice.total, once)
    assert isinstance(caught.value.cause_error, ClientError)
    assert sandbox_server.fault_strikes() == [1]
    done = kind in ("drop-after", "truncate", "garble", "html")
    assert (await client.operations.status(once.key)).state == ("done" if done else "never-seen")
    payment = await client.invoices.pay(invoice.id, "internal", invoice.total, once)
    assert payment.amount == invoice.total
    taken = [line async for line in client.balance.iterate_ledger() if line.invoice_id == invoice.id]
    assert [line.amount for line in taken] == [-invoice.total]  # paid once


@pytest.mark.parametrize("kind", ["drop-before", "drop-after", "truncate", "http-500", "http-503"])
async def test_reads_survive_faults_that_pass(client: BillingClient, sandbox_server: SandboxProcess, kind: str) -> None:
    sandbox_server.faults({"kind": kind, "times": 2, "path": "/me"})
    assert (await client.account.me()).panel_id
    assert sandbox_server.fault_strikes() == [2]
    sandbox_server.faults({"kind": kind, "path": "/me"})
    with pytest.raises((ConnectionLost, ServerTrouble)):
        await client.account.me()
    sandbox_server.faults()


async def test_a_session_that_the_panel_ends_is_renewed_by_a_read(
    connect: Connect, sandbox_server: SandboxProcess
) -> None:
    async def again() -> SecretStr:
        return SecretStr(sandbox_server.sign_in())

    sandbox_server.faults({"kind": "expire-session", "times": 1, "path": "/me"})
    token = sandbox_server.sign_in()
    async with connect(sandbox_server.url, token=token, on_session_expired=again) as client:
        assert (await client.account.me()).account_id == sandbox_server.account()["account_id"]
        assert client.token is not None and client.token.get_secret_value() != token
    sandbox_server.faults()
