"""New servers and add-ons through the client: against the panel, and answers that prove nothing (BLK, ORD-5, DSC-8)."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from typing import Any

import pytest
from pydantic import SecretStr

from billtui.client import BadAnswer, BillingClient, InvalidInput, OutcomeUnknown, PriceChanged, RuleRefused, Write
from billtui.domain.models import AddonRequest, AutoRenew, OrderCell, OrderRequest, PlanChangeRequest
from billtui.domain.money import Money
from billtui.domain.safetext import SafeText
from tests.client.client_kit import Connect
from tests.client.panel_stub import PanelStub, answer, sends
from tests.client.wire_objects import invoice, money, order
from tests.support.sandbox import SandboxProcess


def write() -> Write:
    """A write with a key of its own."""
    return Write(uuid.uuid4().hex)


def cell(plan: str, location: str, quantity: int) -> OrderCell:
    return OrderCell(plan=SafeText(plan), location=SafeText(location), quantity=quantity)


@pytest.fixture
async def client(connect: Connect, sandbox_server: SandboxProcess) -> AsyncIterator[BillingClient]:
    """Signed in as the owner of the fleet."""
    sandbox_server.faults()
    owner = sandbox_server.account()
    async with connect(sandbox_server.url, token=None, read_deadline=20, write_deadline=20) as opened:
        await opened.sessions.sign_in(owner["login"], SecretStr(owner["password"]))
        yield opened


async def test_blk_3_servers_are_quoted_bought_and_paid(client: BillingClient, sandbox_server: SandboxProcess) -> None:
    """BLK-1, BLK-3, ORD-1: cells with add-ons, names, auto-renewal and a code."""
    plan = next(plan for plan in await client.catalogue.plans() if plan.id == "vds-nano")
    stock = {one.location: one.available for one in await client.catalogue.stock() if one.plan == plan.id}
    first, second = [place for place, left in stock.items() if left >= 3][:2]
    request = OrderRequest(
        cells=[cell("vds-nano", first, 2), cell("vds-nano", second, 1), cell("vds-nano", "mars", 1)],
        period=3,
        addons=[SafeText("backup")],
        names=SafeText("bought-{loc}-{n}"),
        auto_renew=AutoRenew(on=True, months=6),
        promo_code=SafeText("stay10"),
    )
    quote = await client.quotes.order(request)
    assert [(line.location, line.quantity, len(line.names)) for line in quote.lines] == [(first, 2, 2), (second, 1, 1)]
    assert [(one.location, one.code) for one in quote.excluded] == [("mars", "unknown-location")]
    assert quote.promo is not None and f"{quote.promo.code} {quote.promo.percent}" == "STAY10 10"
    assert [str(one.name) for one in quote.lines[0].discounts] == ["promo code STAY10"]
    with pytest.raises(PriceChanged):
        await client.purchases.order(quote.id, Money("1.00", "EUR"), write())
    bought = await client.purchases.order(quote.id, quote.total, write())
    assert bought.invoice.total == quote.total
    names = [str(name) for line in quote.lines for name in line.names]
    assert [str(one.name) for one in bought.orders] == names
    assert all(one.state == "pending" and one.unpaid_invoice_id == bought.invoice.id for one in bought.orders)
    payment = await client.invoices.pay(bought.invoice.id, "card", bought.invoice.total, write())
    sandbox_server.settle(payment.id)
    active = await client.orders.get(bought.orders[0].id)
    assert (active.state, active.auto_renew, [one.id for one in active.addons]) == (
        "active",
        AutoRenew(on=True, months=6),
        ["backup"],
    )
    assert active.auto_renew_since is not None


async def test_blk_2_everywhere(client: BillingClient) -> None:
    """BLK-2, DSC-6: all locations are in or left out; an unknown code and a failed condition are told apart."""
    request = OrderRequest(plan=SafeText("vds-micro"), quantity=1, all_locations=True, period=1)
    quote = await client.quotes.order(request)
    places = {one.id for one in await client.catalogue.locations()}
    assert {line.location for line in quote.lines} | {one.location for one in quote.excluded} == places
    with pytest.raises(InvalidInput) as unknown:
        await client.quotes.order(request.model_copy(update={"promo_code": SafeText("NOSUCH")}))
    assert unknown.value.problem is not None and "promo_code" in unknown.value.problem.fields
    with pytest.raises(RuleRefused) as refused:
        await client.quotes.order(request.model_copy(update={"promo_code": SafeText("SUMMER25")}))
    assert (refused.value.code, refused.value.rule) == ("promo-expired", "DSC-6")


async def test_ord_5_add_ons_are_quoted_and_bought(client: BillingClient) -> None:
    """ORD-5."""
    free = [
        one
        async for one in client.orders.iterate(state="active", open_invoice="no")
        if one.kind == "vds" and not one.addons and one.transfer_id is None
    ]
    chosen = free[-1]
    quote = await client.quotes.addons(AddonRequest(order_ids=[chosen.id], addons=[SafeText("ipv4")]))
    assert [line.order_id for line in quote.lines] == [chosen.id]
    bought = await client.purchases.addons(quote.id, quote.total, write())
    assert (bought.kind, bought.total, bought.lines[0].addons[0].id) == ("addon", quote.total, "ipv4")
    await client.invoices.delete(bought.id, write())


def order_line(**changes: Any) -> dict[str, Any]:
    base = {
        "title": "VDS micro in Amsterdam, 1 month",
        "months": 1,
        "list_price": money("11.80"),
        "amount": money("11.80"),
        "plan": "vds-micro",
        "location": "nl",
        "quantity": 2,
    }
    return base | changes


def order_quote(**changes: Any) -> dict[str, Any]:
    base = {
        "id": "q-1",
        "kind": "order",
        "lines": [order_line()],
        "total": money("11.80"),
        "excluded": [],
        "expires_at": "2031-03-01T10:15:00Z",
    }
    return base | changes


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "renewal"},
        {"total": money("11.79")},
        {"lines": [order_line(quantity=3)]},
        {"lines": [order_line(plan="vds-large")]},
        {"lines": [order_line(location="de")]},
        {"lines": [order_line(months=12)]},
        {"lines": [order_line(), order_line()], "total": money("23.60")},
        {"lines": [order_line(amount={"amount": "11.80", "currency": "USD"})]},
        {"lines": [], "total": money("0.00")},
        {"excluded": [{"plan": "vds-micro", "location": "de", "code": "out-of-stock", "reason": "Sold out."}]},
        {"excluded": [{"plan": "vds-micro", "location": "nl", "code": "out-of-stock", "reason": "Sold out."}]},
        {"excluded": [{"code": "out-of-stock", "reason": "Sold out."}]},
    ],
)
async def test_a_quote_of_something_else_is_no_quote(connect: Connect, wrong: dict[str, Any]) -> None:
    """BLK-6, DSC-8: never more, elsewhere or for another sum than was asked, and nothing left out in silence."""
    request = OrderRequest(cells=[cell("vds-micro", "nl", 2)], period=1)
    async with PanelStub(sends(answer(order_quote()))) as panel, connect(panel.url) as client:
        assert (await client.quotes.order(request)).total == Money("11.80", "EUR")
    async with PanelStub(sends(answer(order_quote(**wrong)))) as panel, connect(panel.url) as client:
        with pytest.raises(BadAnswer):
            await client.quotes.order(request)


def bought(**changes: Any) -> dict[str, Any]:
    line = {"title": "New server a", "list_price": money("12.50"), "amount": money("12.50"), "order_id": "o1"}
    return {"invoice": invoice(kind="new-order", lines=[line]), "orders": [order(state="pending")]} | changes


@pytest.mark.parametrize(
    "wrong",
    [
        {"orders": []},
        {"orders": [order("o2")]},
        {"invoice": invoice(total=money("12.51"))},
        {"invoice": None},
    ],
)
async def test_an_answer_about_something_else_proves_no_purchase(connect: Connect, wrong: dict[str, Any]) -> None:
    """BLK-1, INV-10: another sum, other orders than on the invoice, none at all: the outcome is unknown."""
    async with PanelStub(sends(answer(bought(), "201 Created"))) as panel, connect(panel.url) as client:
        assert len((await client.purchases.order("q-1", Money("12.50", "EUR"), write())).orders) == 1
    async with PanelStub(sends(answer(bought(**wrong), "201 Created"))) as panel, connect(panel.url) as client:
        with pytest.raises(OutcomeUnknown):
            await client.purchases.order("q-1", Money("12.50", "EUR"), write())


@pytest.mark.parametrize("order_id", ["o2", None])
async def test_add_ons_of_another_order_are_no_quote(connect: Connect, order_id: str | None) -> None:
    """ORD-5, BLK-6."""
    line = {"title": "Backup", "list_price": money("3.40"), "amount": money("3.40"), "order_id": order_id}
    wrong = order_quote(kind="addon", lines=[line], total=money("3.40"))
    request = AddonRequest(order_ids=[SafeText("o1")], addons=[SafeText("backup")])
    async with PanelStub(sends(answer(wrong))) as panel, connect(panel.url) as client:
        with pytest.raises(BadAnswer):
            await client.quotes.addons(request)


async def test_ord_6_another_plan_is_quoted_and_bought(client: BillingClient) -> None:
    """ORD-6: the invoice over the difference; a cheaper plan comes at once; why one cannot be had."""
    free = [
        one
        async for one in client.orders.iterate(state="active", open_invoice="no", plan="vds-micro")
        if one.transfer_id is None and not one.individual_price
    ]
    order, medium = free[-1], SafeText("vds-medium")
    quote = await client.quotes.plan_change(PlanChangeRequest(order_id=order.id, plan=medium))
    change = quote.lines[0].plan_change
    assert change is not None and (change.old_plan, change.new_plan) == ("vds-micro", "vds-medium")
    with pytest.raises(PriceChanged):
        await client.purchases.change_plan(quote.id, quote.total + Money("0.01", "EUR"), write())
    bought = await client.purchases.change_plan(quote.id, quote.total, write())
    assert (bought.kind, bought.state, bought.total) == ("plan-change", "unpaid", quote.total)
    refused = await client.quotes.plan_change(PlanChangeRequest(order_id=order.id, plan=medium))
    assert [one.code for one in refused.excluded] == ["open-invoice"]
    await client.invoices.delete(bought.id, write())
    cheaper = await client.quotes.plan_change(PlanChangeRequest(order_id=order.id, plan=SafeText("vds-nano")))
    assert cheaper.total == Money("0.00", "EUR")
    paid = await client.purchases.change_plan(cheaper.id, cheaper.total, write())
    assert paid.state == "paid"
    changed = await client.orders.get(order.id)
    assert changed.plan == "vds-nano" and changed.plan_change_ticket_id is not None
    ticket = await client.tickets.get(changed.plan_change_ticket_id)
    assert (ticket.subject, ticket.department, ticket.opened_by) == ("Tariff Plan Change", "technical", "panel")
    assert (ticket.order_id, ticket.invoice_id) == (order.id, paid.id)


def change_line(**changes: Any) -> dict[str, Any]:
    base = {
        "order_id": "o1",
        "title": "Change of plan for db-1",
        "list_price": money("10.50"),
        "amount": money("10.50"),
        "plan": "vds-medium",
    }
    return base | changes


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "addon"},
        {"total": money("10.49")},
        {"lines": [change_line(order_id="o2")]},
        {"lines": [change_line(order_id=None)]},
        {"lines": [change_line(plan="vds-large")]},
        {"lines": [change_line(), change_line()], "total": money("21.00")},
        {"lines": [change_line(amount=money("-10.50"))], "total": money("-10.50")},
        {"lines": [change_line(amount={"amount": "10.50", "currency": "USD"})]},
    ],
)
async def test_a_change_to_something_else_is_no_quote(connect: Connect, wrong: dict[str, Any]) -> None:
    """ORD-6, DSC-8."""
    request = PlanChangeRequest(order_id=SafeText("o1"), plan=SafeText("vds-medium"))
    right = order_quote(kind="plan_change", lines=[change_line()], total=money("10.50"))
    async with PanelStub(sends(answer(right))) as panel, connect(panel.url) as client:
        assert (await client.quotes.plan_change(request)).total == Money("10.50", "EUR")
    async with PanelStub(sends(answer(right | wrong))) as panel, connect(panel.url) as client:
        with pytest.raises(BadAnswer):
            await client.quotes.plan_change(request)
