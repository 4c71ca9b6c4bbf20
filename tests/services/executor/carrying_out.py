"""Plans for the panel of money, and how far their operations are."""

from __future__ import annotations

from collections.abc import Callable

from billtui.domain.models import Quote, RenewalRequest
from billtui.services import planner
from billtui.services.executor import Executor
from billtui.services.journal import (
    OperationState,
)
from billtui.services.plans import Plan
from tests.support.money_panel import MoneyPanel

S = OperationState


NewExecutor = Callable[..., Executor]


SECONDS = 20.0


def payments(panel: MoneyPanel, count: int = 3, method: str = "internal") -> Plan:
    return planner.pay(panel.account(), panel.add_invoices(count), method)


def renewal(panel: MoneyPanel, then: str | None = "internal") -> Plan:
    orders = panel.add_orders(2)
    request = RenewalRequest.model_validate({"order_ids": ["1", "2"], "period": 1})
    quote = Quote.model_validate(panel._quote({"order_ids": ["1", "2"], "period": 1}))
    return planner.renew(panel.account(), quote, request, orders, then)


def states(executor: Executor, plan: Plan) -> list[OperationState]:
    return [row.state for row in executor.reader.operations(plan.id)]


def codes(executor: Executor, plan: Plan) -> list[str | None]:
    return [row.code for row in executor.reader.operations(plan.id)]
