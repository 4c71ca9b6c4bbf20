"""Several purchases in one plan where the panel has one basket, paid whole: each is paid before the next, whatever line
is cut, program ends or basket is filled in between; the panel's own books say what happened."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

import pytest

from billtui.client import BillingClient
from billtui.domain.models import OrderCell, OrderRequest, RenewalRequest
from billtui.domain.safetext import SafeText
from billtui.services import planner
from billtui.services.executor import Executor, Limits
from billtui.services.journal import OperationRow, OperationState
from billtui.services.plans import Plan
from tests.client.billmanager.kit import write
from tests.panels.dropping_sandbox import Billmgr
from tests.support.executors import executors

S = OperationState
T = TypeVar("T")
LIMITS = Limits(concurrency=3, first_pause=0.005, longest_pause=0.02, rate_pause=0.01, looks=2, watch=0.2)
SECONDS = 60.0


@pytest.fixture(scope="module")
def shop() -> Iterator[Billmgr]:
    with Billmgr() as case:
        yield case


@pytest.fixture
def basket(shop: Billmgr) -> Iterator[Billmgr]:
    yield shop
    shop.mend()
    shop.tidy()


Born = Callable[..., Executor]


@pytest.fixture
def born(basket: Billmgr, tmp_path: Path) -> Iterator[Born]:
    """Starts executors on one journal."""
    with executors() as begin:

        def start(**options: Any) -> Executor:
            return begin(basket.client, tmp_path / "state" / "journal", limits=LIMITS, **options)

        yield start


def ask(shop: Billmgr, what: Callable[[BillingClient], Awaitable[T]]) -> T:
    async def work() -> T:
        async with shop.client() as client:
            return await what(client)

    return asyncio.run(work())


def two_periods(shop: Billmgr, then: str | None = "internal") -> Plan:
    """One order for a month, two for three: two purchases."""
    ids = shop.orders(3)

    async def make(client: BillingClient) -> Plan:
        asked = [(ids[:1], 1), (ids[1:], 3)]
        requests = [RenewalRequest(order_ids=[SafeText(one) for one in some], period=months) for some, months in asked]
        quotes = [await client.quotes.renewal(some, months) for some, months in asked]
        orders = [await client.orders.get(one) for one in ids]
        in_turn = client.driver.traits.one_basket
        return planner.renew_many(await client.account.me(), quotes, requests, orders, then, in_turn=in_turn)

    return ask(shop, make)


def carry(executor: Executor, plan: Plan) -> list[OperationRow]:
    executor.wait(executor.submit(plan), SECONDS)
    return executor.reader.operations(plan.id)


def states(rows: list[OperationRow]) -> list[S]:
    return [row.state for row in rows]


def billed(shop: Billmgr, plan: Plan) -> list[int]:
    """How often each order of each purchase was billed."""
    return [shop.renewed(one) for operation in plan.operations if operation.takes_from is None
            for one in operation.texts("order_ids")]  # fmt: skip


def test_each_is_paid_before_the_next_begins(basket: Billmgr, born: Born) -> None:
    plan, spent = two_periods(basket), basket.spent()
    assert [(one.kind.value, one.takes_from) for one in plan.operations] == [
        ("order.renew", None), ("invoice.pay", 1), ("order.renew", None), ("invoice.pay", 3),
    ]  # fmt: skip
    rows = carry(executor := born(), plan)
    assert states(rows) == [S.DONE] * 4
    sent = [row.first_sent_at for row in rows]
    assert sent == sorted(sent, key=str)
    assert basket.spent() - spent == plan.total.amount
    assert billed(basket, plan) == [1, 1, 1]
    assert executor.reader.verify() == []


def test_without_a_way_to_pay_it_is_refused_before_anything_is_sent(basket: Billmgr) -> None:
    plan = two_periods(basket, None)
    assert plan.operations == () and plan.total.amount == 0
    [why] = [one for one in plan.left_out if one.target == "invoice"]
    assert why.code == "one-basket" and "Pay with it" in why.reason and "one period" in why.reason


def test_a_purse_that_does_not_hold_all_of_it_pays_and_buys_nothing(basket: Billmgr) -> None:
    plan = two_periods(basket, "affiliate")
    assert plan.operations == ()
    assert [one.target for one in plan.left_out] == ["invoice"]


@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_the_answer_of_any_step_is_lost_after_the_work(basket: Billmgr, born: Born, number: int) -> None:
    plan, spent = two_periods(basket), basket.spent()
    basket._cuts = [""] * (number - 1) + ["after"]
    rows = carry(born(), plan)
    assert states(rows) == [S.DONE] * 4, [(row.state, row.detail) for row in rows]
    assert [row.sends for row in rows] == [1] * 4
    assert basket.spent() - spent == plan.total.amount
    assert billed(basket, plan) == [1, 1, 1]


def test_a_purchase_that_never_arrived_stays_with_a_person_and_the_rest_waits(basket: Billmgr, born: Born) -> None:
    plan, spent = two_periods(basket), basket.spent()
    basket._cuts = ["before"]
    rows = carry(executor := born(), plan)
    assert states(rows) == [S.NEEDS_YOU, S.PREPARED, S.PREPARED, S.PREPARED]
    assert (billed(basket, plan), basket.spent()) == ([0, 0, 0], spent)
    executor.decide(plan.id, 1, as_done=False)  # nothing of it is in the basket: the next one can go
    executor.wait(plan.id, SECONDS)
    rows = executor.reader.operations(plan.id)
    assert states(rows) == [S.REFUSED, S.CANCELLED, S.DONE, S.DONE], [row.detail for row in rows]
    assert billed(basket, plan) == [0, 1, 1]
    assert basket.spent() - spent == plan.operations[3].amount.amount  # type: ignore[union-attr]


def test_a_payment_that_never_arrived_leaves_the_rest_in_the_job_until_the_basket_is_free(
    basket: Billmgr, born: Born
) -> None:
    plan, spent = two_periods(basket), basket.spent()
    basket._cuts = ["", "before"]
    rows = carry(executor := born(), plan)
    assert states(rows) == [S.DONE, S.NEEDS_YOU, S.PREPARED, S.PREPARED]
    executor.decide(plan.id, 2, as_done=False)
    executor.wait(plan.id, SECONDS)
    rows = executor.reader.operations(plan.id)
    assert states(rows) == [S.DONE, S.REFUSED, S.NOT_SENT, S.NOT_SENT]
    assert rows[2].code == rows[3].code == "earlier-not-paid"
    assert rows[2].detail is not None and "step 1" in rows[2].detail and "send this again" in rows[2].detail
    assert (billed(basket, plan), basket.spent()) == ([1, 0, 0], spent)

    executor.retry_failed(plan.id)  # the basket is still full: the panel is asked, and nothing is put on top of it
    executor.wait(plan.id, SECONDS)
    rows = executor.reader.operations(plan.id)
    assert states(rows) == [S.DONE, S.REFUSED, S.REFUSED, S.CANCELLED]
    assert rows[2].code == "basket-not-empty"
    assert billed(basket, plan) == [1, 0, 0]


def test_what_was_left_goes_when_it_is_sent_again_after_the_basket_was_paid(basket: Billmgr, born: Born) -> None:
    plan, spent = two_periods(basket), basket.spent()
    basket._cuts = ["", "before"]
    carry(executor := born(), plan)
    executor.decide(plan.id, 2, as_done=False)
    executor.wait(plan.id, SECONDS)

    async def pay(client: BillingClient) -> None:
        [invoice] = [one for one in (await client.invoices.list(limit=5)).items if one.id.raw.startswith("basket:")]
        await client.invoices.pay(invoice.id, "internal", invoice.total, write())

    ask(basket, pay)
    executor.retry_failed(plan.id)
    executor.wait(plan.id, SECONDS)
    rows = executor.reader.operations(plan.id)
    assert states(rows) == [S.DONE, S.REFUSED, S.DONE, S.DONE], [row.detail for row in rows]
    assert billed(basket, plan) == [1, 1, 1]
    assert basket.spent() - spent == plan.total.amount


@pytest.mark.parametrize("at", ["sending-written", "answered", "outcome-written"])
@pytest.mark.parametrize("number", [2, 3])
def test_the_program_ends_between_two_of_them(basket: Billmgr, born: Born, at: str, number: int) -> None:
    plan, spent, seen = two_periods(basket), basket.spent(), 0
    ending: list[threading.Thread] = []

    def step(name: str) -> None:
        nonlocal seen
        seen += name == at
        if name == at and seen == number:
            closing = threading.Thread(target=dead.close, args=(0.0,))
            closing.start()
            ending.append(closing)
            time.sleep(0.1)  # the end comes before anything else

    dead = born(step=step)
    dead.submit(plan)
    while not ending:
        time.sleep(0.01)
    ending[0].join()

    executor = born()
    executor.recover()
    for _ in range(3):
        executor.settle_now(plan.id)
        executor.resume(plan.id)
        executor.wait(plan.id, SECONDS)
    rows = executor.reader.operations(plan.id)
    assert states(rows)[: number - 1] == [S.DONE] * (number - 1), [(row.state, row.detail) for row in rows]
    assert all(row.sends <= 1 for row in rows)
    assert max(billed(basket, plan)) == 1
    paid = [row.amount.amount for row in rows if row.kind == "invoice.pay" and row.state is S.DONE and row.amount]
    assert sum(paid, Decimal(0)) <= basket.spent() - spent <= plan.total.amount
    if S.NEEDS_YOU not in states(rows):
        assert states(rows) == [S.DONE] * 4
        assert basket.spent() - spent == plan.total.amount


def test_a_basket_that_somebody_filled_meanwhile_is_not_paid_along(basket: Billmgr, born: Born) -> None:
    plan, spent = two_periods(basket), basket.spent()
    [foreign] = basket.orders(1)
    seen = 0

    def step(name: str) -> None:
        nonlocal seen
        seen += name == "outcome-written"
        if name == "outcome-written" and seen == 2:  # the first is paid, the next has not begun
            in_a_thread(lambda: ask(basket, fill))

    async def fill(client: BillingClient) -> None:
        quote = await client.quotes.renewal([foreign], 1)
        await client.purchases.renew(quote.id, quote.total, write())

    rows = carry(born(step=step), plan)
    assert states(rows) == [S.DONE, S.DONE, S.REFUSED, S.CANCELLED], [row.detail for row in rows]
    assert rows[2].code == "basket-not-empty" and "basket" in str(rows[2].detail)
    assert billed(basket, plan) == [1, 0, 0]
    assert basket.spent() - spent == plan.operations[1].amount.amount  # type: ignore[union-attr]
    assert basket.renewed(foreign) == 1  # it still waits there


def in_a_thread(work: Callable[[], object]) -> None:
    """What is awaited cannot run in the executor's own loop."""
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()


def test_new_servers_in_two_requests_are_ordered_and_paid_one_after_the_other(basket: Billmgr, born: Born) -> None:
    before, spent = basket.bought(), basket.spent()
    cells = [OrderCell(plan=SafeText("vds-502"), location=SafeText(one), quantity=2) for one in ("1", "2")]

    async def make(client: BillingClient) -> Plan:
        requests = [OrderRequest(cells=[one], period=1) for one in cells]
        quotes = [await client.quotes.order(one) for one in requests]
        return planner.buy(await client.account.me(), quotes, requests, "internal", in_turn=True)

    plan = ask(basket, make)
    basket._cuts = ["", "after", "after"]
    rows = carry(born(), plan)
    assert states(rows) == [S.DONE] * 4, [(row.state, row.detail) for row in rows]
    assert basket.bought() - before == 4
    assert basket.spent() - spent == plan.total.amount
