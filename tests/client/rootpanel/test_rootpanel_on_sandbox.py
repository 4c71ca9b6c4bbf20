"""The driver against the sandbox's gateway, over a port: field by field with the sandbox's own interface beside it."""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import AsyncIterator, Iterator
from decimal import Decimal
from typing import Any

import pytest
from pydantic import SecretStr

from billtui.client import BillingClient, CapabilityMissing, ConnectionSettings, OutcomeUnknown
from billtui.client.drivers.acts import Act
from billtui.client.drivers.kinds import make_driver
from billtui.client.errors import (
    ConfigurationProblem,
    InvalidInput,
    NotFound,
    Refused,
    RuleRefused,
    SessionExpired,
    ShutOut,
    SignInRefused,
)
from billtui.client.settings import Write
from billtui.domain.models import ApiKeyRequest, AutoRenew, Order, OrderCell, OrderRequest
from billtui.domain.money import Money
from billtui.domain.safetext import SafeText
from tests.support.gateway_stub import KEY, LOGIN, GatewayStub
from tests.support.sandbox import SandboxProcess


@dataclasses.dataclass
class Both:
    """The gateway's client, and the account's own over the Billing API."""

    panel: SandboxProcess
    gate: BillingClient
    own: BillingClient
    login: str
    key: str
    password: str

    def again(self, **options: str) -> BillingClient:
        """Another client of the gateway, with other options."""
        driver = make_driver("rootpanel", self.login, options)
        settings = ConnectionSettings(f"{self.panel.url}/my/apih.php", retry_base=0.001, tries=1)
        return BillingClient(settings, SecretStr(self.key), driver=driver)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    """One panel for all of it: what a test changes stays, but for faults and API access."""
    panel = SandboxProcess(tmp_path_factory.mktemp("gateway") / "panel.db").start()
    try:
        yield panel
        panel.faults()
        assert panel.check_books() == []
    finally:
        panel.kill()


@pytest.fixture
async def both(served: SandboxProcess) -> AsyncIterator[Both]:
    served.faults()
    account = served.account()
    login, password = account["login"], account["password"]
    async with BillingClient(ConnectionSettings(served.url)) as own:
        await own.sessions.sign_in(login, SecretStr(password))
        await own.account.set_api_access(True, SecretStr(password))
        for key in await own.account.api_keys():
            await own.account.revoke_api_key(key.id.raw, SecretStr(password))
        made = await own.account.create_api_key(ApiKeyRequest(label=SafeText("gate")), SecretStr(password))
        found = Both(served, own, own, login, made.secret.get_secret_value(), password)
        async with found.again() as gate:
            found.gate = gate
            yield found


def write() -> Write:
    return Write(uuid.uuid4().hex)


async def orders(client: BillingClient) -> dict[str, Order]:
    return {one.id.raw: one async for one in client.orders.iterate()}


async def renewable(both: Both) -> str:
    """An order of the gateway that the panel itself would renew."""
    theirs = await orders(both.gate)
    quote = await both.own.quotes.renewal(list(theirs), 1)
    return next(
        line.order_id.raw
        for line in quote.lines
        if line.order_id is not None and str(theirs[line.order_id.raw].state) == "active"
    )


async def test_the_key_stands_for_the_password(both: Both) -> None:
    settings, driver = ConnectionSettings(f"{both.panel.url}/apih.php"), make_driver("rootpanel", "")
    async with BillingClient(settings, driver=driver) as client:
        with pytest.raises(SignInRefused, match="API keys in place of the password"):
            await client.sessions.sign_in(both.login, SecretStr(both.password))
        session = await client.sessions.sign_in(both.login, SecretStr(both.key))
        account = await client.account.me()
        assert (account.login.raw, account.account_id.raw) == (both.login, both.login)
        assert account.balances.internal == (await both.own.account.me()).balances.internal
        await client.sessions.sign_out()
    async with BillingClient(settings, session.token, driver=make_driver("rootpanel", "somebody")) as again:
        assert (await again.account.me()).login.raw == both.login, "the token knows whose it is"
        again.token = SecretStr("bpk_nothing")
        with pytest.raises(SessionExpired, match="Неверный"):
            await again.account.me()
    async with BillingClient(settings, SecretStr(both.key), driver=make_driver("rootpanel", "")) as nobody:
        with pytest.raises(ConfigurationProblem, match="names no login"):
            await nobody.account.me()


async def test_panels_at_different_addresses_are_different_panels(both: Both) -> None:
    async with BillingClient(
        ConnectionSettings(f"{both.panel.url}/apih.php"), SecretStr(both.key),
        driver=make_driver("rootpanel", both.login),
    ) as other:  # fmt: skip
        assert (await other.account.me()).panel_id != (await both.gate.account.me()).panel_id


async def test_access_that_is_off(both: Both) -> None:
    await both.own.account.set_api_access(False, SecretStr(both.password))
    with pytest.raises(ShutOut, match="отключен"):
        await both.gate.account.me()
    with pytest.raises(SignInRefused, match="Switch API access on"):
        await both.gate.sessions.sign_in(both.login, SecretStr(both.key))


async def test_orders_field_by_field(both: Both) -> None:
    theirs, own = await orders(both.gate), await orders(both.own)
    assert theirs.keys() == own.keys()
    for key, order in theirs.items():
        real = own[key]
        assert (order.name, order.kind, order.address) == (real.name, real.kind, real.address)
        assert str(order.state) == str(real.state) and order.power == real.power
        assert order.monthly_price == real.monthly_price
        assert order.auto_renew.on == real.auto_renew.on
        assert (order.paid_until is None) == (real.paid_until is None)
        if order.paid_until is not None and real.paid_until is not None:
            assert order.paid_until.date() == real.paid_until.date() and order.paid_until <= real.paid_until
        assert await both.gate.orders.get(key) == order
        break
    with pytest.raises(NotFound):
        await both.gate.orders.get("999999")
    for action in order.actions:
        assert not action.allowed and "web pages" in str(action.reason)


async def test_a_renewal_is_priced_sent_once_and_read_back(both: Both) -> None:
    key = await renewable(both)
    before, purse = await both.gate.orders.get(key), (await both.gate.account.me()).balances.internal
    for months in (1, 3, 12):
        quote, real = await both.gate.quotes.renewal([key], months), await both.own.quotes.renewal([key], months)
        assert quote.total == real.total
    quote = await both.gate.quotes.renewal([key], 1)
    with pytest.raises(InvalidInput, match="promo"):
        await both.gate.quotes.renewal([key], 1, "SPRING")
    invoice = await both.gate.purchases.renew(quote.id.raw, quote.total, write())
    assert (str(invoice.state), invoice.total) == ("paid", quote.total)
    after = await both.gate.orders.get(key)
    assert after.paid_until is not None and before.paid_until is not None and after.paid_until > before.paid_until
    assert quote.lines[0].new_paid_until == after.paid_until
    assert (await both.gate.account.me()).balances.internal == purse - quote.total
    with pytest.raises(ConfigurationProblem, match="not known"):
        await both.gate.purchases.renew("renewal-of-yesterday", quote.total, write())


async def test_several_orders_are_priced_together_and_renewed_one_by_one(both: Both) -> None:
    keys = list(await orders(both.gate))[:10]
    quote, real = await both.gate.quotes.renewal([*keys, "999999"], 1), await both.own.quotes.renewal(keys, 1)
    assert {str(line.order_id): line.amount for line in real.lines}.items() <= {
        str(line.order_id): line.amount for line in quote.lines
    }.items()
    assert [str(one.code) for one in quote.excluded] == ["not-found"]
    with pytest.raises(ConfigurationProblem, match="one order at a time"):
        await both.gate.purchases.renew(quote.id.raw, quote.total, write())


async def test_a_new_server(both: Both) -> None:
    plans = {one.id.raw: one for one in await both.gate.catalogue.plans()}
    stock = {one.plan.raw: one.available for one in await both.gate.catalogue.stock()}
    places = await both.gate.catalogue.locations()
    plan = next(key for key, one in plans.items() if stock[key] > 1 and one.monthly_price.amount > 0)
    cell = OrderCell(plan=SafeText(plan), location=places[0].id, quantity=2)
    request = OrderRequest(cells=[cell], period=1, names=SafeText("edge-{n}"))
    quote = await both.gate.quotes.order(request)
    assert quote.total.amount == 2 * (quote.lines[0].unit_amount or quote.total).amount
    assert [str(name) for name in quote.lines[0].names] == ["edge-1", "edge-2"]
    with pytest.raises(ConfigurationProblem, match="one server at a time"):
        await both.gate.purchases.order(quote.id.raw, quote.total, write())
    one = request.model_copy(update={"cells": [cell.model_copy(update={"quantity": 1})]})
    quote, before = await both.gate.quotes.order(one), await orders(both.gate)
    bought = await both.gate.purchases.order(quote.id.raw, quote.total, write())
    assert [str(order.name) for order in bought.orders] == ["edge-1"]
    assert (str(bought.invoice.state), bought.invoice.total) == ("paid", quote.total)
    assert (await orders(both.gate)).keys() - before.keys() == {bought.orders[0].id.raw}
    auto = one.model_copy(update={"auto_renew": AutoRenew(on=True, months=1)})
    with pytest.raises(InvalidInput, match="auto-renewal"):
        await both.gate.quotes.order(auto)
    gone = request.model_copy(update={"cells": [cell.model_copy(update={"plan": SafeText("vds:nothing")})]})
    assert [str(left.code) for left in (await both.gate.quotes.order(gone)).excluded] == ["not-sold"]
    short = request.model_copy(update={"cells": [cell.model_copy(update={"quantity": stock[plan] + 1})]})
    assert [str(left.code) for left in (await both.gate.quotes.order(short)).excluded] == ["no-stock"]


async def test_power_by_the_commands_that_there_are(both: Both) -> None:
    key = await renewable(both)
    order = await both.gate.orders.act(key, "suspend", write())
    assert str(order.state) == "suspended"
    with pytest.raises(RuleRefused, match="отклонена"):
        await both.gate.orders.act(key, "reboot", write())
    assert str((await both.gate.orders.act(key, "unsuspend", write())).state) == "active"
    await both.gate.orders.act(key, "reboot", write())
    with pytest.raises(Refused, match="not as it was typed"):
        await both.gate.orders.act(key, "reinstall", write(), confirm_name="another")
    await both.gate.orders.act(key, "reinstall", write(), confirm_name=order.name.raw)
    for action in ("start", "stop", "reset", "nonsense"):
        with pytest.raises(CapabilityMissing, match="no command"):
            await both.gate.orders.act(key, action, write())


async def test_what_the_gateway_lacks_is_refused_before_anything_is_sent(both: Both) -> None:
    for call in (
        both.gate.invoices.list(), both.gate.tickets.list(), both.gate.transfers.list(), both.gate.balance.ledger(),
        both.gate.orders.rename("1", "x", write()), both.gate.changes.cursor(),
    ):  # fmt: skip
        with pytest.raises(CapabilityMissing) as caught:
            await call
    words = both.gate.unavailable("invoices") or ""
    assert words.endswith(f"Use its web page: {both.panel.url}/my/billing.php")
    assert caught.value.outcome.value == "refused"


FAULTS = ("drop-after", "drop-before", "html", "truncate")


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_lost_renewal_is_found_by_balance_and_end(both: Both, fault: str) -> None:
    key = await renewable(both)
    quote = await both.gate.quotes.renewal([key], 1)
    act = Act("order.renew", {"order_ids": [key], "period": 1}, quote.total, (f"order:{key}",))
    picture = await both.gate.outcomes.before(act)
    assert picture is not None
    both.panel.faults({"kind": fault, "path": "/apih.php/renewOrder", "times": 1})
    with pytest.raises(OutcomeUnknown):
        await both.gate.purchases.renew(quote.id.raw, quote.total, write())
    found = await both.gate.outcomes.found(act, picture)
    if fault == "drop-before":
        assert found.state == "unclear", "an invoice could have been issued: nobody said that it debits"
        async with both.again(renewal="debit") as sure:
            assert (await sure.outcomes.found(act, picture)).state == "not-done"
        return
    assert (found.state, found.answer is not None) == ("done", True)
    invoice: dict[str, Any] = (found.answer or {})["invoice"]
    assert invoice["state"] == "paid" and Decimal(invoice["total"]["amount"]) == quote.total.amount
    other = dataclasses.replace(act, amount=quote.total + Money("0.01", quote.total.currency))
    assert (await both.gate.outcomes.found(other, picture)).state == "unclear"


@pytest.mark.parametrize("fault", ["drop-after", "drop-before"])
async def test_a_lost_order_is_found_by_what_is_new(both: Both, fault: str) -> None:
    stock = {one.plan.raw: one.available for one in await both.gate.catalogue.stock()}
    plan = next(key for key, available in stock.items() if available > 2)
    cell = OrderCell(plan=SafeText(plan), location=SafeText("as-sold"), quantity=1)
    quote = await both.gate.quotes.order(OrderRequest(cells=[cell], period=1))
    cells = [{"plan": plan, "location": "as-sold", "quantity": 1}]
    act = Act("order.new", {"cells": cells, "period": 1}, quote.total, ("new:1",))
    picture = await both.gate.outcomes.before(act)
    assert picture is not None
    both.panel.faults({"kind": fault, "path": "/apih.php/createOrder", "times": 1})
    with pytest.raises(OutcomeUnknown):
        await both.gate.purchases.order(quote.id.raw, quote.total, write())
    found = await both.gate.outcomes.found(act, picture)
    assert found.state == ("done" if fault == "drop-after" else "unclear")
    if fault == "drop-after":
        (made,) = (found.answer or {})["orders"]
        assert (made["plan"], made["location"]) == (plan, "as-sold"), "as it was ordered"
        other = dataclasses.replace(act, params={"cells": [{**cells[0], "plan": "vds:another"}], "period": 1})
        assert (await both.gate.outcomes.found(other, picture)).state == "unclear", "of another tariff"
        for name, state in ((made["name"].upper(), "done"), ("ours.example", "unclear")):
            named = dataclasses.replace(act, params={"cells": cells, "period": 1, "names": name})
            assert (await both.gate.outcomes.found(named, picture)).state == state, "by its name"
        again = await both.gate.quotes.order(OrderRequest(cells=[cell], period=1))
        await both.gate.purchases.order(again.id.raw, again.total, write())
        assert (await both.gate.outcomes.found(act, picture)).state == "unclear", "two are new: which is it?"


async def test_a_lost_suspension_is_seen_in_the_state(both: Both) -> None:
    key = await renewable(both)
    act = Act("order.action", {"order_id": key, "action": "suspend"}, None, (f"order:{key}",))
    picture = await both.gate.outcomes.before(act)
    assert picture is not None
    assert (await both.gate.outcomes.found(act, picture)).state == "not-done"
    both.panel.faults({"kind": "drop-after", "path": "/apih.php/suspendOrder", "times": 1})
    with pytest.raises(OutcomeUnknown):
        await both.gate.orders.act(key, "suspend", write())
    assert (await both.gate.outcomes.found(act, picture)).state == "done"
    reboot = dataclasses.replace(act, params={"order_id": key, "action": "reboot"})
    assert (await both.gate.outcomes.found(reboot, picture)).state == "unclear"


async def test_a_large_balance_is_compared_as_well() -> None:
    """Amounts above a thousand are shown with a space between; a picture has none."""
    with GatewayStub() as gateway:
        gateway.balance = "20525.00"
        driver = make_driver("rootpanel", LOGIN, {"renewal": "debit"})
        async with BillingClient(ConnectionSettings(gateway.url), SecretStr(KEY), driver=driver) as client:
            act = Act("order.renew", {"order_ids": ["1"], "period": 1}, Money("5.00", "EUR"), ("order:1",))
            picture = await client.outcomes.before(act)
            assert picture is not None and picture["balance"] == "20525.00 EUR"
            assert (await client.outcomes.found(act, picture)).state == "not-done"
            gateway.balance, gateway.orders[0]["todate"] = "20520.00", "2030-02-01"
            assert (await client.outcomes.found(act, picture)).state == "done"
            gateway.balance = "20519.99"
            assert (await client.outcomes.found(act, picture)).state == "unclear"
