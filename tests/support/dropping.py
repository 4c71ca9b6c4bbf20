"""Renewals and purchases on panels without keys, over lines that are cut after the work is done; the panel's own books
say what happened.

A :class:`Case` is one kind of panel, running, with a way to cut lines and to look into its books. :class:`Rounds` plans
by what the driver reads, carries out as the program does, now and then dies and begins again, and compares.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, Protocol, Self

from billtui.client import BillingClient
from billtui.domain.models import OrderCell, OrderRequest, RenewalRequest
from billtui.domain.safetext import SafeText
from billtui.services import planner
from billtui.services.executor import Executor, Limits
from billtui.services.journal import JobState, MoveLost, OperationRow, OperationState
from billtui.services.operation_kinds import OperationKind
from billtui.services.plans import Plan
from tests.panels.dropping_foss import Foss
from tests.panels.dropping_sandbox import Billmgr, Gateway
from tests.support.keyless_panel import KeylessPanel
from tests.support.money_panel import Fault

S = OperationState
K = OperationKind
LIMITS = Limits(concurrency=3, first_pause=0.005, longest_pause=0.02, rate_pause=0.01, looks=2, watch=0.2)
SECONDS = 30.0
FINAL = frozenset({S.DONE, S.REFUSED, S.NOT_SENT, S.CANCELLED})


class Case(Protocol):
    """One kind of panel, running."""

    name: str
    period: int
    """Months that its orders are renewed by."""

    def __enter__(self) -> Self: ...
    def __exit__(self, *_: object) -> None: ...

    def client(self) -> BillingClient:
        """A signed-in client, impatient."""
        ...

    def orders(self, count: int) -> list[str]:
        """Ids of so many orders that can be renewed and are on no invoice."""
        ...

    def cells(self, rng: random.Random) -> list[OrderCell]:
        """Something to buy."""
        ...

    def cut(self, rng: random.Random, what: str) -> None:
        """Cut lines: ``renew``, ``order`` or ``pay``, mostly after the work was done."""
        ...

    def mend(self) -> None:
        """No line is cut any more."""
        ...

    def tidy(self) -> None:
        """A round is over and was compared: what it left unpaid is taken away where it would be in the way."""
        ...

    def renewed(self, order_id: str) -> int:
        """How often the order was billed for a renewal, by the books."""
        ...

    def bought(self) -> int:
        """How many servers were ever ordered, by the books."""
        ...

    def spent(self) -> Decimal:
        """What has left the balance, by the books."""
        ...

    def paid_twice(self) -> list[str]:
        """Invoices that were paid more than once, by the books."""
        ...


@dataclass
class Rounds:
    """Plans, carries out, and compares; with one journal, as one host has."""

    case: Case
    directory: Path
    seed: int
    ends: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.rng = random.Random(self.seed)
        self.executor = self._born()

    def close(self) -> None:
        """The end of the program."""
        self.executor.close()

    def renew(self) -> None:
        """Some orders, paid or only billed. Fails with what went wrong."""
        ids = self.case.orders(self.rng.randint(1, 2))
        then = self.rng.choice(("internal", None))
        plan = self._planned(lambda client: _renewal(client, ids, self.case.period, then))
        spent = self.case.spent()
        self._carried(plan, ("renew", "renew", "pay") if then else ("renew",))
        rows = {row.number: row for row in self.executor.reader.operations(plan.id)}
        for operation in plan.operations:
            if operation.kind is K.RENEW:
                often = [self.case.renewed(one) for one in operation.texts("order_ids")]
                state = _told(rows[operation.number])
                told = {S.DONE: {1}, S.NEEDS_YOU: {0, 1}}.get(state, {0})
                assert set(often) <= told, f"{operation.title}: {state}, renewed {often} times"
        self._money(plan, spent)

    def order(self) -> None:
        """New servers, paid or only ordered. Fails with what went wrong."""
        cells, then = self.case.cells(self.rng), self.rng.choice(("internal", None))
        plan = self._planned(lambda client: _purchase(client, cells, self.case.period, then))
        before, spent = self.case.bought(), self.case.spent()
        self._carried(plan, ("order", "order", "pay") if then else ("order",))
        rows = {row.number: row for row in self.executor.reader.operations(plan.id)}
        wanted, least, most = self.case.bought() - before, 0, 0
        for operation in plan.operations:
            if operation.kind is K.ORDER:
                state = _told(rows[operation.number])
                least += operation.new_count if state is S.DONE else 0
                most += operation.new_count if state in (S.DONE, S.NEEDS_YOU) else 0
        assert least <= wanted <= most, f"{plan.title}: {wanted} ordered, told between {least} and {most}"
        self._money(plan, spent)

    def _money(self, plan: Plan, spent: Decimal) -> None:
        left = self.case.spent() - spent
        assert left <= plan.total.amount, f"{plan.title}: {left} left the balance, {plan.total} was confirmed"
        assert self.case.paid_twice() == []
        rows = self.executor.reader.operations(plan.id)
        done = [row for row in rows if row.kind == K.PAY and row.state is S.DONE]
        paid = sum((row.amount.amount for row in done if row.amount is not None), Decimal(0))
        assert left >= paid, f"{plan.title}: {paid} is told as paid, {left} left the balance"
        self.case.tidy()

    def _planned(self, make: Callable[[BillingClient], Awaitable[Plan]]) -> Plan:
        async def work() -> Plan:
            async with self.case.client() as client:
                return await make(client)

        plan = asyncio.run(work())
        assert plan.operations, plan.left_out
        return plan

    def _carried(self, plan: Plan, cuts: tuple[str, ...]) -> None:
        for what in self.rng.sample(cuts, self.rng.randint(1, len(cuts))):
            self.case.cut(self.rng, what)
        self.executor.submit(plan)
        if self.rng.random() < 0.15:  # the program ends in the middle, and begins again
            self.executor.wait(plan.id, self.rng.random() * 0.05)
            self.executor.close(0.0)
            self.executor = self._born()
            self.executor.recover()
        self._rest(plan)
        self.case.mend()
        for _ in range(3):  # a person goes on with it, in every way there is
            job = self.executor.reader.job(plan.id)
            if job.finished and not job.counts.get(S.NOT_SENT):
                break
            self.executor.settle_now(plan.id)
            self.executor.retry_failed(plan.id)
            self.executor.resume(plan.id)
            self._rest(plan)
        rows = self.executor.reader.operations(plan.id)
        waits = {row.number for row in rows if row.state is S.NEEDS_YOU}
        for row in rows:
            self.ends[str(row.state)] += 1
            follows = row.state is S.PREPARED and bool(waits)
            assert row.state in FINAL or row.number in waits or follows, f"{row.title}: {row.state} {row.detail}"
        for number in waits:  # and says at last what the books say, so that the next round finds nothing open
            try:
                self.executor.decide(plan.id, number, as_done=False)
            except MoveLost:  # the look that was asked for above found the proof a moment before
                assert self.executor.reader.operation(plan.id, number).state is S.DONE
        self._rest(plan)
        assert self.executor.reader.job(plan.id).finished

    def _rest(self, plan: Plan) -> None:
        job = self.executor.wait(plan.id, SECONDS)
        assert job.state is not JobState.SETTLING, "it is still being looked up"

    def _born(self) -> Executor:
        executor = Executor(self.case.client, self.directory / "state" / "journal", limits=LIMITS)
        executor.start()
        return executor


def _told(row: OperationRow) -> S:
    """What was told of an operation before a person decided."""
    return S.NEEDS_YOU if row.code == "decided" else row.state


async def _renewal(client: BillingClient, ids: list[str], period: int, then: str | None) -> Plan:
    account = await client.account.me()
    orders = [await client.orders.get(one) for one in ids]
    traits = client.driver.traits
    asked = [(ids, period)]
    if traits.one_basket and then and len(ids) > 1:  # two purchases, the first of them paid before the second
        asked = [(ids[:1], period), (ids[1:], period + 2)]
    quotes = [await client.quotes.renewal(some, months) for some, months in asked]
    requests = [RenewalRequest(order_ids=[SafeText(one) for one in some], period=months) for some, months in asked]
    together, in_turn = traits.renews_together, traits.one_basket
    return planner.renew_many(account, quotes, requests, orders, then, together=together, in_turn=in_turn)


async def _purchase(client: BillingClient, cells: list[OrderCell], period: int, then: str | None) -> Plan:
    account = await client.account.me()
    request = OrderRequest(cells=cells, period=period)
    quote = await client.quotes.order(request)
    return planner.buy(account, [quote], [request], then, together=client.driver.traits.buys_together)


class StandIn:
    """The tests' own panel without keys."""

    name = "stand-in"
    period = 1

    def __init__(self) -> None:
        self.panel = KeylessPanel()
        self._made = 0

    def __enter__(self) -> Self:
        self.panel.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self.panel.__exit__()

    def client(self) -> BillingClient:
        return self.panel.client()

    def orders(self, count: int) -> list[str]:
        known = dict(self.panel.orders)
        self.panel.add_orders(count)
        fresh: list[str] = []
        for number in range(1, count + 1):  # new servers are numbered by how many there are: these are kept apart
            self._made += 1
            fresh.append(str(100_000 + self._made))
            known[fresh[-1]] = self.panel.orders[str(number)] | {"id": fresh[-1]}
        self.panel.orders = known
        return fresh

    def cells(self, rng: random.Random) -> list[OrderCell]:
        self.panel.stock = dict.fromkeys(self.panel.stock, 10_000)
        return [OrderCell(plan=SafeText("vds-micro"), location=SafeText("nl"), quantity=rng.randint(1, 3))]

    def cut(self, rng: random.Random, what: str) -> None:
        where = {"renew": "POST /renewals", "order": "POST /orders", "pay": "payments"}[what]
        kind = rng.choice(("drop-after", "drop-after", "drop-after", "html-after", "500-after", "drop-before"))
        self.panel.faults.append(Fault(kind, where))
        if rng.random() < 0.2:
            self.panel.faults.append(Fault("drop-after", "GET /state"))

    def mend(self) -> None:
        self.panel.faults.clear()

    def tidy(self) -> None:
        """Nothing is in the way."""

    def renewed(self, order_id: str) -> int:
        return sum(one.kind == "renew" and order_id in one.target.split(",") for one in self.panel.effects)

    def bought(self) -> int:
        made = [one.target for one in self.panel.effects if one.kind == "order"]
        return sum(len(self.panel.invoices[one]["lines"]) for one in made)

    def spent(self) -> Decimal:
        return Decimal("100000.00") - self.panel.balance

    def paid_twice(self) -> list[str]:
        return [key for key, count in self.panel.paid().items() if count > 1]


CASES: dict[str, Callable[[], Any]] = {
    "stand-in": StandIn,
    "fossbilling": Foss,
    "rootpanel": Gateway,
    "billmanager": Billmgr,
}
