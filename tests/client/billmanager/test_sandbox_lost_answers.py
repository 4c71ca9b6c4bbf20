"""The driver against the reference panel's own dialect: answers that are lost, and what is found of them."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import SecretStr

from billtui.client import BillingClient, NotFound, OutcomeUnknown
from billtui.client.drivers.acts import Act
from billtui.client.errors import Refused, TakenBack
from billtui.domain.models import (
    AutoRenew,
    Invoice,
    MessageRequest,
    OrderRequest,
    PaymentState,
    TicketRequest,
)
from billtui.domain.money import Money
from tests.client.billmanager.conftest import Lose, opened
from tests.client.billmanager.kit import write
from tests.client.billmanager.shop import _cells, in_basket, renewable
from tests.support.sandbox import SandboxProcess


def act(kind: str, params: dict[str, Any], amount: Money | None = None) -> Act:
    return Act(kind, params, amount)


async def test_a_lost_renewal_is_found_in_the_basket(client: BillingClient, lose: Lose) -> None:
    for count in (1, 3):
        orders = await renewable(client, count)
        ids = [one.id.raw for one in orders]
        quote = await client.quotes.renewal(ids, 1)
        wanted = act("order.renew", {"order_ids": ids, "period": 1}, quote.total)
        for arrives, state in ((False, "not-done"), (True, "done")):
            before = await client.outcomes.before(wanted)
            assert before is not None
            lose(arrives=arrives)
            with pytest.raises(OutcomeUnknown):
                await client.purchases.renew(quote.id, quote.total, write())
            finding = await client.outcomes.found(wanted, before)
            assert finding.state == state, finding.words
        assert finding.answer is not None
        invoice = Invoice.model_validate(finding.answer["invoice"])
        assert invoice.total == quote.total and {line.order_id for line in invoice.lines} == {one.id for one in orders}
        await client.invoices.delete(invoice.id, write())


@pytest.mark.parametrize("version", ["v1", "v2"])
async def test_a_lost_order_is_found_in_the_basket_or_the_cart(shop: SandboxProcess, version: str, lose: Lose) -> None:
    shop.faults()
    owner = shop.account()
    async with opened(shop, owner["login"], ordering=version) as ours:
        await ours.sessions.sign_in(owner["login"], SecretStr(owner["password"]))
        cells = await _cells(ours, (2,))
        quote = await ours.quotes.order(OrderRequest(cells=cells, period=1))
        params = {"cells": [one.model_dump(mode="json") for one in cells], "period": 1}
        wanted = act("order.new", params, quote.total)
        for arrives, state in ((False, "not-done"), (True, "done")):
            before = await ours.outcomes.before(wanted)
            assert before is not None
            lose(arrives=arrives)
            with pytest.raises(OutcomeUnknown):
                await ours.purchases.order(quote.id, quote.total, write())
            finding = await ours.outcomes.found(wanted, before)
            assert finding.state == state, finding.words
        assert finding.answer is not None and len(finding.answer["orders"]) == 2
        invoice = Invoice.model_validate(finding.answer["invoice"])
        assert invoice.total == quote.total
        wanted = act("invoice.pay", {"invoice_id": invoice.id.raw, "method": "internal"}, invoice.total)
        for arrives, state in ((False, "not-done"), (True, "done")):
            before = await ours.outcomes.before(wanted)
            assert before is not None
            lose(arrives=arrives)
            with pytest.raises(OutcomeUnknown):
                await ours.invoices.pay(invoice.id, "internal", invoice.total, write())
            finding = await ours.outcomes.found(wanted, before)
            assert finding.state == state, finding.words
        assert finding.answer is not None and finding.answer["state"] == "done"
        assert finding.answer["invoice_id"] == invoice.id.raw


async def test_a_lost_top_up_is_found_by_its_new_payment(client: BillingClient, lose: Lose) -> None:
    amount = Money("31.07", "EUR")
    wanted = act("balance.top-up", {"method": "card-2"}, amount)
    for arrives, state in ((False, "not-done"), (True, "done")):
        before = await client.outcomes.before(wanted)
        assert before is not None
        lose(arrives=arrives)
        with pytest.raises(OutcomeUnknown):
            await client.balance.top_up(amount, "card-2", write())
        finding = await client.outcomes.found(wanted, before)
        assert finding.state == state, finding.words
    assert finding.answer is not None and finding.answer["payment"]["state"] == "pending"


async def test_a_purchase_that_stops_half_way_is_taken_back(client: BillingClient, lose: Lose) -> None:
    """The second of two requests is refused: the first one's servers leave the basket again."""
    cells = await _cells(client, (1, 1))
    quote = await client.quotes.order(OrderRequest(cells=cells, period=1))
    lose(arrives=False, number=2, refused=True)
    with pytest.raises(TakenBack):
        await client.purchases.order(quote.id, quote.total, write())
    assert not any(":" in one.id for one in (await client.invoices.list(limit=2)).items)


async def test_a_lost_payment_is_found_in_the_list(client: BillingClient, shop: SandboxProcess) -> None:
    (order,) = await renewable(client, 1)
    invoice = await in_basket(client, [order])
    wanted = act("invoice.pay", {"invoice_id": invoice.id.raw, "method": "internal"}, invoice.total)
    before = await client.outcomes.before(wanted)
    assert before is not None
    balance = (await client.account.me()).balances.internal
    shop.faults({"kind": "long-request", "path": "/billmgr/payment.add.method", "ms": 300})
    payment = await client.invoices.pay(invoice.id, "internal", invoice.total, write())
    shop.faults()
    assert payment.state == PaymentState.DONE
    assert (await client.account.me()).balances.internal == balance - invoice.total
    finding = await client.outcomes.found(wanted, before)
    assert finding.state == "done" and finding.answer is not None
    assert (finding.answer["id"], finding.answer["state"]) == (payment.id.raw, "done")


async def test_a_long_request_is_followed_and_its_refusal_is_the_writes_own(
    client: BillingClient, shop: SandboxProcess
) -> None:
    orders = await renewable(client, 2)
    shop.faults({"kind": "long-request", "path": "/billmgr/groupedit", "ms": 300})
    invoice = await in_basket(client, orders)
    assert invoice.is_open
    shop.faults({"kind": "long-request", "path": "/billmgr/vds", "ms": 100, "times": 1})
    assert (await client.orders.list(limit=5)).items
    shop.faults({"kind": "long-request", "path": "/billmgr/service.reboot", "ms": 100})
    with pytest.raises((Refused, OutcomeUnknown)):
        await client.orders.act("vds:999999", "reboot", write())
    shop.faults()


async def test_a_lost_text_is_found_in_its_thread(client: BillingClient, lose: Lose) -> None:
    department = (await client.tickets.departments())[0].id.raw
    request = TicketRequest(department=department, subject="Lost one", body="Was it sent?")
    wanted = act("ticket.new", {"subject": request.subject, "body": request.body, "department": department})
    before = await client.outcomes.before(wanted)
    assert before is not None
    lose(arrives=True)
    with pytest.raises(OutcomeUnknown):
        await client.tickets.new(request, write())
    finding = await client.outcomes.found(wanted, before)
    assert finding.state == "done" and finding.answer is not None
    ticket = finding.answer["id"]
    reply = act("ticket.reply", {"ticket_id": ticket, "body": "And now?"})
    before = await client.outcomes.before(reply)
    assert before is not None
    assert (await client.outcomes.found(reply, before)).state == "not-done"
    await client.tickets.write(ticket, MessageRequest(body="And now?"), write())
    found = await client.outcomes.found(reply, before)
    assert found.state == "done" and found.answer is not None and found.answer["message"]["body"] == "And now?"


async def test_what_is_repeatable_is_the_same_done_twice(client: BillingClient) -> None:
    """The three kinds that go again by themselves (``traits.repeatable``)."""
    (order,) = await renewable(client, 1)
    for _ in range(2):
        assert (await client.orders.rename(order.id, "twice-01", write())).name == "twice-01"
        setting = AutoRenew(on=True, months=1)
        assert (await client.orders.set_auto_renew(order.id, setting, write())).auto_renew == setting
    await client.orders.set_auto_renew(order.id, AutoRenew(), write())
    invoice = await in_basket(client, [order])
    await client.invoices.delete(invoice.id, write())
    with pytest.raises(NotFound):
        await client.invoices.delete(invoice.id, write())
    kinds = client.driver.traits.repeatable
    assert kinds == {"invoice.delete", "order.rename", "order.auto-renew"}
