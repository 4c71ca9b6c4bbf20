"""New servers and add-ons against the reference panel in its own process: real rules, prices, stock and faults."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest
from pydantic import SecretStr

from billtui.client import BillingClient, ConnectionSettings
from billtui.client.settings import Write
from billtui.domain.models import Account, AddonRequest, Order, OrderRequest, Quote, StockItem
from billtui.domain.money import Money
from billtui.services import planner
from billtui.services.executor import Executor, Limits
from billtui.services.journal import OperationState
from billtui.services.offers import Offer, offer_order
from billtui.services.plans import Plan
from billtui.services.session_settings import Catalogue
from tests.support.sandbox import SandboxProcess

S = OperationState
T = TypeVar("T")
SECONDS = 60.0


class Prices:
    """The panel's prices, as the session asks for them."""

    def __init__(self, client: BillingClient) -> None:
        self._client = client

    async def quote_order(self, request: OrderRequest) -> Quote:
        return await self._client.quotes.order(request)

    async def quote_renewal(self, order_ids: Any, period: int, promo_code: str | None) -> Quote:
        return await self._client.quotes.renewal(order_ids, period, promo_code)

    async def quote_addons(self, request: AddonRequest) -> Quote:
        return await self._client.quotes.addons(request)

    async def stock(self) -> list[StockItem]:
        return await self._client.catalogue.stock()

    async def catalogue(self) -> Catalogue:
        source = self._client.catalogue
        return Catalogue(tuple(await source.plans()), tuple(await source.locations()), tuple(await source.addons()))


class Panel:
    """The sandbox as its first client sees it."""

    def __init__(self, sandbox: SandboxProcess) -> None:
        self.sandbox = sandbox
        self.token = sandbox.sign_in()

    def client(self) -> BillingClient:
        settings = ConnectionSettings(self.sandbox.url, write_deadline=5, read_deadline=10, retry_base=0.02)
        return BillingClient(settings, SecretStr(self.token))

    def ask(self, work: Callable[[BillingClient], Awaitable[T]]) -> T:
        async def run() -> T:
            async with self.client() as client:
                return await work(client)

        return asyncio.run(run())

    def account(self) -> Account:
        return self.ask(lambda client: client.account.me())

    def orders(self, ids: list[str]) -> list[Order]:
        found: list[Order] = []
        for start in range(0, len(ids), 40):
            some = ids[start : start + 40]
            found += self.ask(lambda client, some=some: client.orders.list(limit=40, id=some)).items  # type: ignore[misc]
        return found

    def offer(self, **asked: Any) -> Offer[OrderRequest]:
        request = OrderRequest.model_validate({"period": 1} | asked)
        return self.ask(lambda client: offer_order(Prices(client), request))

    def stock(self) -> list[StockItem]:
        return [one for one in self.ask(lambda client: client.catalogue.stock()) if one.available]

    def fill(self, amount: str) -> None:
        """Money from outside on the internal balance."""
        top_up = self.ask(lambda client: client.balance.top_up(Money(amount, "EUR"), "card", Write("fill")))
        self.sandbox.settle(top_up.payment.id.raw)

    def debits(self) -> Counter[str]:
        lines = self.sandbox.ledger()
        return Counter(str(line["invoice_id"]) for line in lines if line["kind"] == "payment" and line["invoice_id"])


@pytest.fixture
def panel(own_sandbox: Callable[..., SandboxProcess]) -> Panel:
    return Panel(own_sandbox(fleet=40))


@pytest.fixture
def executor(panel: Panel, tmp_path: Path) -> Iterator[Executor]:
    limits = Limits(concurrency=4, first_pause=0.05, longest_pause=0.5, rate_pause=0.05)
    executor = Executor(panel.client, tmp_path / "state" / "journal.sqlite", limits=limits)
    executor.start()
    yield executor
    executor.close()


def new_ids(executor: Executor, plan: Plan) -> list[str]:
    answers = [row.answer or {} for row in executor.reader.operations(plan.id) if row.kind == "order.new"]
    return [one for answer in answers for one in answer["order_ids"]]


def test_whatever_breaks_new_servers_are_bought_and_paid_once(panel: Panel, executor: Executor) -> None:
    """BLK-1, INV-4, RELIABILITY "Money": under every fault that the purchase or its payment can meet."""
    kinds = ["drop-before", "drop-after", "http-500", "http-503", "html", "garble", "truncate", "rate-limit"]
    for place, kind in enumerate(kinds):
        offer = panel.offer(plan="vds-nano", quantity=1, all_locations=True, names=f"f{place}-{{loc}}-{{n}}")
        plan = planner.buy(panel.account(), offer.quotes, offer.requests, "internal")
        panel.sandbox.faults(
            {"kind": kind, "times": 1, "method": "POST", "path": "*/orders"},
            {"kind": kind, "times": 1, "method": "POST", "path": "*/payments"},
        )
        job = executor.wait(executor.submit(plan), SECONDS)
        rows = executor.reader.operations(plan.id)
        assert job.counts == {S.DONE: 2}, (kind, [(row.code, row.detail) for row in rows])
        assert sum(panel.sandbox.fault_strikes()) == 2, kind
        panel.sandbox.faults()
        orders = panel.orders(new_ids(executor, plan))
        assert [str(one.state) for one in orders] == ["active"] * offer.count
        names = [name for line in offer.quotes[0].lines for name in line.names]
        assert sorted(one.name.raw for one in orders) == sorted(one.raw for one in names)
        assert panel.debits()[rows[1].targets[0].removeprefix("invoice:")] == 1


def test_a_thousand_and_five_in_two_requests(panel: Panel, executor: Executor) -> None:
    """BLK-7, DSC-5: names go on from the first request, the second costs what was confirmed, and all are active."""
    panel.fill("9000.00")
    cells: list[dict[str, Any]] = []
    left = 1_005
    for one in panel.stock():
        take = min(left, one.available)
        if take and one.plan.startswith("vds"):
            cells.append({"plan": one.plan, "location": one.location, "quantity": take})
            left -= take
    offer = panel.offer(cells=cells, names="bulk-{n:04}")
    plan = planner.buy(panel.account(), offer.quotes, offer.requests, "internal")
    assert [one.new_count for one in plan.operations] == [995, 10, 0, 0]
    before = panel.account().balances.internal
    job = executor.wait(executor.submit(plan), SECONDS)
    rows = executor.reader.operations(plan.id)
    assert job.counts == {S.DONE: 4}, [(row.code, row.detail) for row in rows]
    orders = panel.orders(new_ids(executor, plan))
    assert {str(one.state) for one in orders} == {"active"}
    assert [one.name.raw for one in orders] == [f"bulk-{number:04}" for number in range(1, 1_006)]
    assert panel.account().balances.internal == before - plan.total
    assert max(len(str(row.answer)) for row in rows) < 20_000


def test_a_panel_killed_in_the_middle_of_two_requests(panel: Panel, executor: Executor) -> None:
    offer = panel.offer(plan="vds-nano", quantity=1, all_locations=True)
    quotes, requests = [*offer.quotes, *offer.quotes], [*offer.requests, *offer.requests]
    plan = planner.buy(panel.account(), quotes, requests, "internal")
    panel.sandbox.faults({"kind": "latency", "ms": 200, "method": "POST", "path": "*/orders"})
    executor.submit(plan)
    panel.sandbox.restart()
    row = executor.wait(plan.id, SECONDS)
    for _ in range(5):
        if row.finished and not row.counts.get(S.NOT_SENT):
            break
        executor.retry_failed(plan.id)
        executor.resume(plan.id)
        row = executor.wait(plan.id, SECONDS)
    assert row.counts == {S.DONE: 4}, [(one.state, one.code, one.detail) for one in executor.reader.operations(plan.id)]
    ids = new_ids(executor, plan)
    assert len(set(ids)) == 2 * offer.count and {str(one.state) for one in panel.orders(ids)} == {"active"}


def test_stock_that_somebody_else_took_is_a_difference(panel: Panel, executor: Executor) -> None:
    """BLK-6, DSC-8: refused in words, nothing sent, and the payment does not follow."""
    least = min(panel.stock(), key=lambda one: one.available)
    cell = {"plan": least.plan, "location": least.location, "quantity": least.available}
    offer = panel.offer(cells=[cell])
    plan = planner.buy(panel.account(), offer.quotes, offer.requests, None)
    one = panel.offer(cells=[cell | {"quantity": 1}])
    quicker = planner.buy(panel.account(), one.quotes, one.requests, None)
    assert executor.wait(executor.submit(quicker), SECONDS).counts == {S.DONE: 1}
    assert executor.wait(executor.submit(plan), SECONDS).counts == {S.REFUSED: 1}
    [row] = executor.reader.operations(plan.id)
    assert row.code == "facts-changed" and "is left out now" in str(row.detail) and row.sends == 0


def test_add_ons_bought_once_whatever_breaks(panel: Panel, executor: Executor) -> None:
    """ORD-5."""
    found = panel.ask(lambda client: client.orders.list(limit=40, state=["active"])).items
    free = [one for one in found if one.unpaid_invoice_id is None and one.kind == "vds" and one.transfer_id is None]
    free = [one for one in free if "panel" not in [addon.id for addon in one.addons]][:3]
    asked = AddonRequest.model_validate({"order_ids": [one.id.raw for one in free], "addons": ["panel"]})
    quote = panel.ask(lambda client: client.quotes.addons(asked))
    plan = planner.addons(panel.account(), [quote], [asked], free, "internal")
    panel.sandbox.faults({"kind": "drop-after", "times": 1, "method": "POST", "path": "*/addons"})
    panel.sandbox.advance(hours=12)  # a plan that was reviewed in the meantime
    before = panel.account().balances.internal
    assert executor.wait(executor.submit(plan), SECONDS).counts == {S.DONE: 2}
    panel.sandbox.faults()
    paid = before - panel.account().balances.internal
    assert plan.total > paid > Money("0.00", "EUR")  # it costs less the later it is bought, and is no change
    after = panel.orders([one.id.raw for one in free])
    assert all([str(addon.id) for addon in one.addons].count("panel") == 1 for one in after)
