"""The driver against the reference panel's own dialect: renewing, paying, ordering."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import SecretStr

from billtui.client import BillingClient, NotFound, RuleRefused
from billtui.client.errors import InvalidInput, Refused, TakenBack
from billtui.domain.models import (
    AutoRenew,
    InvoiceState,
    OrderRequest,
    OrderState,
    PaymentState,
)
from billtui.domain.money import Money
from billtui.domain.safetext import SafeText
from tests.client.billmanager.conftest import opened
from tests.client.billmanager.kit import write
from tests.client.billmanager.shop import _cells, in_basket, renewable, truth
from tests.support.sandbox import SandboxProcess

PROMO = "STAY10"
"""A code of the sandbox: 10 % on whatever is bought."""


async def test_renewing_one_pays_and_prolongs(client: BillingClient, shop: SandboxProcess) -> None:
    (order,) = await renewable(client, 1)
    invoice = await in_basket(client, [order], 3)
    assert invoice.is_open and invoice.lines[0].order_id == order.id
    before = (await client.account.me()).balances.internal
    methods = {one.method.raw: one for one in await client.invoices.payment_methods(invoice.id)}
    assert methods["internal"].available and "card-2" in methods
    payment = await client.invoices.pay(invoice.id, "internal", invoice.total, write())
    assert payment.state == PaymentState.DONE and payment.invoice_id == invoice.id
    assert (await client.account.me()).balances.internal == before - invoice.total
    after = (await client.orders.get(order.id)).paid_until
    assert order.paid_until is not None and after is not None and (after - order.paid_until).days in range(88, 93)
    with pytest.raises(NotFound):
        await client.invoices.get(invoice.id)
    made = await client.invoices.get(payment.id)
    assert made.state == InvoiceState.PAID and made.total == invoice.total and made.lines


async def test_renewing_many_is_one_request_and_one_price(client: BillingClient) -> None:
    orders = await renewable(client, 14)
    quote = await client.quotes.renewal([one.id for one in orders], 1)
    assert len(quote.lines) == 14 and quote.total.amount == sum(line.amount.amount for line in quote.lines)
    invoice = await client.purchases.renew(quote.id, quote.total, write())
    assert {line.order_id for line in invoice.lines} == {one.id for one in orders}
    again = await client.quotes.renewal([orders[0].id], 1)
    assert again.lines == [] and "basket" in again.excluded[0].reason
    deleted = await client.invoices.delete(invoice.id, write())
    assert deleted.state == InvoiceState.DELETED
    assert (await client.quotes.renewal([orders[0].id], 1)).lines


async def test_another_price_than_confirmed_buys_nothing(client: BillingClient) -> None:
    orders = await renewable(client, 2)
    quote = await client.quotes.renewal([one.id for one in orders], 1)
    with pytest.raises(TakenBack) as caught:
        await client.purchases.renew(quote.id, quote.total + Money("0.01", "EUR"), write())
    assert caught.value.code == "price-changed"
    assert not any(":" in one.id for one in (await client.invoices.list(limit=2)).items)
    invoice = await client.purchases.renew(quote.id, quote.total, write())
    with pytest.raises(RuleRefused, match="paid along"):
        await client.purchases.renew(quote.id, quote.total, write())
    with pytest.raises(Refused, match="was confirmed"):
        await client.invoices.pay(invoice.id, "internal", invoice.total + Money("1.00", "EUR"), write())
    assert (await client.invoices.get(invoice.id)).is_open


async def test_paying_at_a_provider_gives_an_address_and_is_not_paid(client: BillingClient) -> None:
    (order,) = await renewable(client, 1)
    invoice = await in_basket(client, [order])
    payment = await client.invoices.pay(invoice.id, "card-2", invoice.total, write())
    assert payment.state == PaymentState.PENDING and payment.payment_url is not None
    made = await client.invoices.get(payment.id)
    assert made.state == "payment in progress" and not made.is_open


async def test_topping_up_deleting_and_printing(client: BillingClient, tmp_path: Path) -> None:
    made = await client.balance.top_up(Money("25.00", "EUR"), "card-2", write())
    assert made.invoice.total == Money("25.00", "EUR") and made.payment.payment_url is not None
    with pytest.raises(Refused, match="balance"):
        await client.balance.top_up(Money("25.00", "EUR"), "internal", write())
    with pytest.raises(InvalidInput, match="no way to pay"):
        await client.balance.top_up(Money("25.00", "EUR"), "gold-9", write())
    size = await client.invoices.document(made.invoice.id, "pdf", tmp_path / "invoice.pdf")
    assert (tmp_path / "invoice.pdf").read_bytes()[:5] == b"%PDF-" and size == (tmp_path / "invoice.pdf").stat().st_size
    with pytest.raises(InvalidInput, match="PDF only"):
        await client.invoices.document(made.invoice.id, "csv", tmp_path / "invoice.csv")


@pytest.mark.parametrize("version", ["v1", "v2"])
async def test_ordering_in_bulk(shop: SandboxProcess, version: str) -> None:
    owner = shop.account()
    async with opened(shop, owner["login"], ordering=version, order_cap="2") as ours:
        await ours.sessions.sign_in(owner["login"], SecretStr(owner["password"]))
        before = len(truth(shop, "/orders"))
        request = OrderRequest(cells=await _cells(ours, (3, 1)), period=1, auto_renew=AutoRenew(on=True, months=1))
        quote = await ours.quotes.order(request)
        assert [line.quantity for line in quote.lines] == [3, 1] and not quote.excluded
        bought = await ours.purchases.order(quote.id, quote.total, write())
        assert len(bought.orders) == 4 and bought.invoice.total == quote.total
        assert {one.state for one in bought.orders} == {OrderState.PENDING}
        payment = await ours.invoices.pay(bought.invoice.id, "internal", bought.invoice.total, write())
        assert payment.state == PaymentState.DONE
        assert len(truth(shop, "/orders")) == before + 4
        assert not any(":" in one.id for one in (await ours.invoices.list(limit=2)).items)


async def test_a_promo_code_comes_off_in_the_basket(client: BillingClient) -> None:
    cells = await _cells(client, (1,))
    plain = await client.quotes.order(OrderRequest(cells=cells, period=3))
    request = OrderRequest(cells=cells, period=3, promo_code=SafeText(PROMO))
    quote = await client.quotes.order(request)
    assert quote.total == plain.total and "promo code" in quote.lines[0].title
    bought = await client.purchases.order(quote.id, quote.total, write())
    assert bought.invoice.total < quote.total
    await client.invoices.delete(bought.invoice.id, write())
    unknown = await client.quotes.order(OrderRequest(cells=cells, period=3, promo_code=SafeText("NO-SUCH-CODE")))
    with pytest.raises(TakenBack):
        await client.purchases.order(unknown.id, unknown.total, write())
    assert not any(":" in one.id for one in (await client.invoices.list(limit=2)).items)
