"""What a person does on the panel's own pages at the same moment is neither taken for ours nor undone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from urllib.parse import urlencode

import pytest
from pydantic import SecretStr

from billtui.client import BillingClient, OutcomeUnknown
from billtui.client.codec import UnreadableAnswer
from billtui.client.drivers.acts import Act
from billtui.client.drivers.billmanager.catalogue import Sold, Tariff
from billtui.client.drivers.billmanager.ordering import Cell, Wish
from billtui.client.drivers.billmanager.renewals import RENEWAL
from billtui.client.drivers.sealed import seal
from billtui.client.errors import ClientError, RuleRefused, TakenBack
from billtui.client.exchange import Answer, Conversation, Exchange, Kind, Steps
from billtui.client.transport import Transport
from billtui.domain.models import Order, OrderCell, OrderRequest, OrderState, PaymentState, RenewalRequest
from billtui.domain.money import Money
from billtui.services import planner
from billtui.services.executor import Executor
from billtui.services.journal import OperationState
from tests.client.billmanager.conftest import Lose, opened
from tests.client.billmanager.kit import Doc, driver, play, refusal, row, text, write
from tests.client.billmanager.shop import in_basket
from tests.support.sandbox import SandboxProcess

Doing = Callable[[], Awaitable[object]]
Meanwhile = Callable[[Doing], None]


@pytest.fixture
def meanwhile(monkeypatch: pytest.MonkeyPatch) -> Meanwhile:
    """``meanwhile(doing)``: somebody does that just before the next write leaves."""
    real, waiting = Transport.send, list[Doing]()

    async def send(self: Transport, exchange: Exchange, token: SecretStr | None, deadline: float) -> Answer:
        if exchange.kind is Kind.WRITE and waiting:
            await waiting.pop()()
        return await real(self, exchange, token, deadline)

    monkeypatch.setattr(Transport, "send", send)
    return waiting.append


@pytest.fixture
async def person(shop: SandboxProcess) -> AsyncIterator[BillingClient]:
    owner = shop.account()
    async with opened(shop, owner["login"]) as theirs:
        await theirs.sessions.sign_in(owner["login"], SecretStr(owner["password"]))
        yield theirs


async def renewable(client: BillingClient, count: int) -> list[Order]:
    """Active servers that a renewal of a month prices, one by one."""
    found: list[Order] = []
    async for one in client.orders.iterate():
        if one.state == OrderState.ACTIVE and not (await client.quotes.renewal([one.id], 1)).excluded:
            found.append(one)
        if len(found) == count:
            break
    return found


async def test_what_a_person_put_into_the_basket_meanwhile_stays_there(
    client: BillingClient, person: BillingClient, meanwhile: Meanwhile
) -> None:
    ours, theirs = await renewable(client, 2)
    quote = await client.quotes.renewal([ours.id.raw], 1)
    meanwhile(lambda: in_basket(person, [theirs]))
    with pytest.raises(ClientError) as caught:
        await client.purchases.renew(quote.id, quote.total, write())
    left = [line.order_id for one in (await client.invoices.list(limit=1)).items for line in one.lines]
    assert theirs.id in left
    assert isinstance(caught.value, OutcomeUnknown)


async def test_new_servers_that_a_person_put_into_the_basket_meanwhile_stay_there(
    client: BillingClient, person: BillingClient, meanwhile: Meanwhile
) -> None:
    (theirs,) = await renewable(client, 1)
    free = next(one for one in await client.catalogue.stock() if one.available)
    cells = [OrderCell(plan=free.plan, location=free.location, quantity=1)]
    quote = await client.quotes.order(OrderRequest(cells=cells, period=1))
    meanwhile(lambda: in_basket(person, [theirs]))
    with pytest.raises(ClientError) as caught:
        await client.purchases.order(quote.id, quote.total, write())
    left = [line.order_id for one in (await client.invoices.list(limit=1)).items for line in one.lines]
    assert theirs.id in left
    assert isinstance(caught.value, OutcomeUnknown)


async def test_a_basket_that_a_person_paid_is_not_told_as_deleted(
    client: BillingClient, person: BillingClient, lose: Lose
) -> None:
    (order,) = await renewable(client, 1)
    invoice = await in_basket(client, [order])
    wanted = Act("invoice.delete", {"invoice_id": invoice.id.raw}, None)
    before = await client.outcomes.before(wanted)
    assert before is not None
    lose(arrives=False)
    with pytest.raises(OutcomeUnknown):
        await client.invoices.delete(invoice.id, write())
    await person.invoices.pay(invoice.id, "internal", invoice.total, write())
    finding = await client.outcomes.found(wanted, before)
    assert finding.state == "unclear", finding.words


@pytest.mark.parametrize(("balance", "state"), [("94.00 EUR", "done"), ("100.00 EUR", "unclear")])
def test_a_top_up_of_the_same_amount_is_no_payment_of_a_basket_that_was_emptied(balance: str, state: str) -> None:
    """Both leave one new credited payment and no basket; only a payment from the balance makes it less."""
    made = row(id="51", number="51", status=text("Paid", orig="4"), paymethodamount_iso="6.00 EUR",
               create_date="2026-02-01", paymethod_name="Card")  # fmt: skip
    act = Act("invoice.pay", {"invoice_id": "basket:9", "method": "internal"}, Money("6.00", "EUR"))
    before = {"invoice": "unpaid", "balance": "100.00 EUR", "newest_payments": ["50"]}
    now = {"invoice": "gone", "balance": balance, "newest_payments": ["51", "50"]}
    judged = Conversation(lambda: driver()._judge_payment(act, before, now))

    def panel(form: dict[str, str]) -> Doc:
        said: Doc = {"elem": [made]} if form["func"] == "payment" else {}
        return said

    assert play(judged, panel).state == state


def test_a_bulk_renewal_that_is_refused_half_way_is_taken_out_of_the_basket_again() -> None:
    """The panel put the first service in before it refused the second one."""
    item = row(id="3001", item__id="8101", item__type="vds", item__period="1", cost="4.90", fullcost="4.90")
    full = {"billorder": text("904"), "total_sum": text("4.90"), "list": [{"$name": "itemlist", "elem": [item]}]}
    empty = {"billorder": text(""), "total_sum": text("0.00")}
    inside: list[Doc] = [empty, full, empty]
    asked: list[dict[str, str]] = []

    def panel(form: dict[str, str]) -> Doc:
        if form["func"] == "groupedit":
            return refusal("value", "period", "Wrong period for 8102.")
        if form["func"] == "basket" and form.get("sok"):
            return {"ok": text("")}
        return inside.pop(0)

    quote = seal(RENEWAL, {"orders": ["vds:8101", "vds:8102"], "period": 1})
    with pytest.raises(TakenBack, match="Wrong period for 8102"):
        play(driver().renew(quote, Money("9.80", "EUR"), write()), panel, asked)
    assert [one["clicked_button"] for one in asked if one.get("sok")] == ["basket", "clearbasket"]


@pytest.mark.parametrize(("left", "right"), [("95.10 EUR", True), ("90.20 EUR", False)])
def test_a_cart_that_became_dearer_while_it_was_paid_is_not_told_as_paid_at_the_old_price(
    left: str, right: bool
) -> None:
    line = {
        "id": text("7"),
        "main": row(name="KVM-2", period="1"),
        "price": {"price": row(cost="4.90", currency="EUR")},
    }
    full = {"total": row(cost="4.90", currency="EUR"), "list": [{"$name": "lineitems", "elem": [line]}]}
    carts: list[Doc] = [full, {"list": []}]
    balances = ["100.00 EUR", left]

    def panel(form: dict[str, str]) -> Doc:
        if form["func"] == "cart":
            return carts.pop(0)
        if form["func"] == "dashboard.info":
            return {"elem": [row(realbalance=balances.pop(0))]}
        if form["func"] == "cartorder.create.confirm":
            return {"ok": text("func=order")}
        return refusal("missed", "func")

    paying = driver(ordering="v2").pay("cart:7", "internal", Money("4.90", "EUR"), write())
    if right:
        assert play(paying, panel).state == PaymentState.DONE
    else:
        with pytest.raises(UnreadableAnswer, match="balance"):
            play(paying, panel)


@pytest.mark.parametrize("offered", [("153", "978"), ("153",)])
def test_an_invoice_is_paid_in_its_own_currency_or_not_at_all(offered: tuple[str, ...]) -> None:
    """The form stands at roubles: four roubles ninety are not what four euros ninety are."""
    words = {"153": "RUB", "978": "EUR"}
    form = {
        "payment_currency": text("153"),
        "slist": [{"$name": "payment_currency", "val": [{"$key": one, "$": words[one]} for one in offered]}],
        "list": [{"$name": "methodlist", "elem": [row(paymethod="4", name="Card")]}],
    }  # fmt: skip
    due = row(id="51", number="51", status=text("New", orig="1"), paymethodamount_iso="4.90 EUR",
              create_date="2026-02-01", paymethod_name="select", sender_id="9")  # fmt: skip
    sent: list[dict[str, str]] = []

    def panel(asked: dict[str, str]) -> Doc:
        if asked["func"] == "payment":
            return {"elem": [due]}
        if asked["func"] == "payment.add.method" and asked.get("sok"):
            sent.append(asked)
            return {"ok": text("https://pay.example/1"), "payment_id": text("51")}
        return form if asked["func"] == "payment.add.method" else refusal("missed", "func")

    paying = driver().pay("51", "card-4", Money("4.90", "EUR"), write())
    if "978" in offered:
        assert play(paying, panel).state == PaymentState.PENDING
        assert [(one["amount"], one["payment_currency"]) for one in sent] == [("4.90", "978")]
    else:
        with pytest.raises(RuleRefused, match="RUB"):
            play(paying, panel)
        assert sent == []


@pytest.mark.parametrize(
    ("name", "months", "state"), [("KVM-2", "1", "done"), ("SSD-2", "1", "unclear"), ("KVM-2", "3", "unclear")]
)
def test_another_server_of_the_same_price_is_not_the_one_that_was_ordered(
    name: str, months: str, state: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    item = row(id="3001", item__id="8103", item__type="vds", item__period=months, pricelist_name=name, cost="4.90")
    basket = {"billorder": text("904"), "total_sum": text("4.90"), "list": [{"$name": "itemlist", "elem": [item]}]}
    tariff = Tariff("vds", "502", "KVM-2", "", {1: Money("4.90", "EUR")}, available=True)
    made = driver(ordering="v1")

    def sold(*_: object) -> Steps[Sold]:
        yield from ()
        return Sold(tariffs={("vds-502", "vds-1"): tariff})

    monkeypatch.setattr(made, "sold", sold)
    cells = [{"plan": "vds-502", "location": "vds-1", "quantity": 1}]
    act = Act("order.new", {"cells": cells, "period": 1}, Money("4.90", "EUR"))

    def panel(form: dict[str, str]) -> Doc:
        return basket if form["func"] == "basket" else {"elem": []}

    finding = play(made.found(act, {"basket": [], "newest_services": {"vds": []}}), panel)
    assert finding.state == state, finding.words


async def alike(client: BillingClient) -> tuple[Order, Order]:
    """Two servers whose renewal costs the same."""
    seen: dict[Money, Order] = {}
    for one in await renewable(client, 15):
        price = (await client.quotes.renewal([one.id], 1)).total
        if price in seen:
            return seen[price], one
        seen[price] = one
    raise AssertionError("no two of them cost the same")


def on_the_web(shop: SandboxProcess, client: BillingClient, func: str, **fields: str) -> None:
    """What a person does on the panel's own pages."""
    assert client.token is not None
    form = {"func": func, "out": "json", "sok": "ok", "auth": client.token.get_secret_value(), **fields}
    status, _, body = shop.raw("GET", "/billmgr?" + urlencode(form))
    assert (status, b'"error"' in body) == (200, False), body


def swapped(shop: SandboxProcess, client: BillingClient, out: Order, into: Order) -> None:
    """The basket keeps its number and its price, and holds another server."""
    on_the_web(shop, client, "service.prolong", elid=into.id.rpartition(":")[2], period="1", clicked_button="basket")
    on_the_web(shop, client, "basket", id="3" + out.id.rpartition(":")[2], clicked_button="delete")


@pytest.mark.parametrize("planned", ["payment", "renewal"])
async def test_what_is_paid_is_what_was_shown_and_not_something_else_at_the_same_price(
    client: BillingClient, shop: SandboxProcess, tmp_path: Path, planned: str
) -> None:
    """A person puts another server into the basket, and ours out, between the plan and its payment."""
    ours, theirs = await alike(client)
    quote = await client.quotes.renewal([ours.id], 1)
    account = await client.account.me()
    swap = [lambda: swapped(shop, client, ours, theirs)]
    if planned == "payment":
        made = await client.purchases.renew(quote.id, quote.total, write())
        plan = planner.pay(account, [made], "internal")
        swap.pop()()
    else:
        request = RenewalRequest(order_ids=[ours.id], period=1)
        plan = planner.renew(account, quote, request, [ours], "internal")

    def meanwhile(step: str) -> None:
        if step == "outcome-written" and swap:
            swap.pop()()

    def factory() -> BillingClient:
        again = opened(shop, shop.account()["login"])
        again.token = client.token
        return again

    executor = Executor(factory, tmp_path / "state" / "journal", step=meanwhile)
    executor.start()
    try:
        await asyncio.to_thread(executor.wait, executor.submit(plan), 30.0)
        last = executor.reader.operations(plan.id)[-1]
    finally:
        executor.close()
    assert (last.state, last.code) == (OperationState.REFUSED, "facts-changed"), last.detail
    assert "bills something else" in str(last.detail)
    assert (await client.account.me()).balances == account.balances
    [waiting] = [one for one in (await client.invoices.list(limit=1)).items if ":" in one.id]
    assert [line.order_id for line in waiting.lines] == [theirs.id]


@pytest.mark.parametrize(("payments", "state"), [(["50"], "not-done"), (["51", "50"], "unclear")])
def test_a_renewal_whose_basket_somebody_paid_is_not_told_as_not_done(payments: list[str], state: str) -> None:
    """The answer was lost, a person paid the basket, and the panel has not moved the end yet."""
    service = row(id="8101", domain="web-1", status="2", cost="4.90 EUR / Month", real_expiredate="2026-12-01")
    act = Act("order.renew", {"order_ids": ["vds:8101"], "period": 1}, Money("4.90", "EUR"))
    before = {"basket": [], "paid_until": {"vds:8101": "2026-12-01T00:00:00Z"}, "newest_payments": ["50"]}

    def panel(form: dict[str, str]) -> Doc:
        said: dict[str, Doc] = {"vds": {"elem": [service]}, "payment": {"elem": [row(id=one) for one in payments]}}
        return EMPTY if form["func"] == "basket" else said.get(form["func"], {})

    finding = play(driver(ordering="v1").found(act, before), panel)
    assert finding.state == state, finding.words


ITEM = row(id="3001", item__id="8103", item__type="vds", item__period="1", pricelist_name="KVM-2", cost="4.90")
FULL: Doc = {"billorder": text("904"), "total_sum": text("4.90"), "list": [{"$name": "itemlist", "elem": [ITEM]}]}
EMPTY: Doc = {"billorder": text(""), "total_sum": text("0.00")}


def test_a_promo_code_that_is_taken_in_silence_and_takes_nothing_off_buys_nothing() -> None:
    baskets = [EMPTY, FULL, EMPTY]
    asked: list[dict[str, str]] = []

    def panel(form: dict[str, str]) -> Doc:
        if form["func"] == "basket":
            return {"ok": text("")} if form.get("sok") else baskets.pop(0)
        return {"ok": text("")} if form["func"] == "vds.order.param" else refusal("missed", "func")

    wish = Wish((Cell("vds-502", "vds-1", 1),), 1, "", "", "SPRING")
    with pytest.raises(TakenBack, match="SPRING") as caught:
        play(driver(ordering="v1").buy_order(wish.sealed(), Money("4.90", "EUR"), write()), panel, asked)
    assert caught.value.code == "promo-refused"
    assert [one["clicked_button"] for one in asked if "clicked_button" in one] == ["finish", "clearbasket"]


@pytest.mark.parametrize(("total", "state"), [("4.41", "done"), ("4.90", "unclear")])
def test_an_order_whose_promo_code_was_lost_on_the_way_is_not_told_as_done(
    total: str, state: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server is in the basket, and the line broke when the code was sent: at its full price it is not paid."""
    basket = FULL | {"total_sum": text(total)}
    made = driver(ordering="v1")

    def sold(*_: object) -> Steps[Sold]:
        yield from ()
        return Sold(tariffs={})

    monkeypatch.setattr(made, "sold", sold)
    cells = [{"plan": "vds-502", "location": "vds-1", "quantity": 1}]
    act = Act("order.new", {"cells": cells, "period": 1, "promo_code": "SPRING"}, Money("4.90", "EUR"))

    def panel(form: dict[str, str]) -> Doc:
        return basket if form["func"] == "basket" else {"elem": []}

    assert play(made.found(act, {"basket": [], "newest_services": {"vds": []}}), panel).state == state


@pytest.mark.parametrize(("status", "told"), [("4", PaymentState.DONE), ("2", PaymentState.PENDING), ("1", None)])
def test_paid_from_the_balance_is_what_the_panel_shows_as_credited(status: str, told: PaymentState | None) -> None:
    """In progress is begun and not paid; one that is still new was not paid at all, whatever the answer said."""
    due = row(id="51", number="51", status=text("New", orig="1"), paymethodamount_iso="4.90 EUR",
              create_date="2026-02-01", paymethod_name="Select", sender_id="9")  # fmt: skip
    form = {"list": [{"$name": "methodlist", "elem": [row(paymethod="7", paymethod_type="0", name="Balance")]}]}

    def panel(asked: dict[str, str]) -> Doc:
        if asked["func"] == "payment":
            return {"elem": [due]}
        if asked["func"] == "payment.add.method" and asked.get("sok"):
            due["status"] = text("?", orig=status)
            return {"ok": text("func=order"), "payment_id": text("51")}
        return form if asked["func"] == "payment.add.method" else refusal("missed", "func")

    paying = driver().pay("51", "internal", Money("4.90", "EUR"), write())
    if told is not None:
        assert play(paying, panel).state == told
    else:
        with pytest.raises(UnreadableAnswer, match="as new as before"):
            play(paying, panel)
