"""Another plan for an order, planned: what it costs, how it is paid, why not, and how it is told (ORD-6)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from billtui.domain.models import InvoiceLine, Order, PlanChangeRequest, Quote
from billtui.domain.money import Money
from billtui.domain.safetext import SafeText
from billtui.services import planner
from billtui.services.journal import OperationState
from billtui.services.journal.rows import Busy
from billtui.services.plan_change_text import difference_rows, what_comes
from billtui.services.plans import Plan
from tests.services.planner.test_new_orders import euro, quote, reasons
from tests.support.money_panel import MoneyPanel

Json = dict[str, Any]


def change(old: str = "9.90", new: str = "18.90") -> Json:
    return {
        "old_plan": "small", "old_plan_name": "VDS small", "new_plan": "medium", "new_plan_name": "VDS medium",
        "old_monthly_price": euro(old), "new_monthly_price": euro(new),
        "billed_from": "2026-03-10T12:00:00Z", "billed_until": "2026-04-15T12:00:00Z",
    }  # fmt: skip


def line(amount: str = "10.50", **prices: str) -> Json:
    return {
        "order_id": "1", "title": "Change of plan", "list_price": euro(amount), "amount": euro(amount),
        "plan": "medium", "plan_change": change(**prices),
    }  # fmt: skip


@pytest.fixture
def panel() -> MoneyPanel:
    panel = MoneyPanel(balance=Decimal("25.00"))
    panel.add_orders(1)
    return panel


def planned(panel: MoneyPanel, priced: Quote, then: str | None = None, **more: Any) -> Plan:
    order = Order.model_validate(panel.orders["1"])
    request = PlanChangeRequest(order_id=order.id, plan=SafeText("medium"))
    return planner.change_plan(panel.account(), priced, request, order, then, **more)


def test_ord_6_bought_and_paid(panel: MoneyPanel) -> None:
    """ORD-6, INV-4: one operation, and its payment where it is wanted; facts of both plans for the drift guard."""
    plan = planned(panel, quote([line()], "plan_change"), "internal")
    buying, paying = plan.operations
    assert (buying.kind, buying.targets, buying.params) == (
        "order.change-plan", ("order:1",), {"order_id": "1", "plan": "medium"},
    )  # fmt: skip
    assert (paying.takes_from, paying.amount, plan.total) == (1, Money("10.50", "EUR"), Money("10.50", "EUR"))
    facts = buying.facts["plan_change"]
    assert isinstance(facts, dict)
    assert (facts["old_plan"], facts["new_monthly_price"]) == ("small", euro("18.90"))
    assert "from VDS small to VDS medium" in str(plan.title)
    assert Plan.from_json(plan.to_json()) == plan, "as a file as well"
    assert [one.kind for one in planned(panel, quote([line()], "plan_change")).operations] == ["order.change-plan"]


def test_ord_6_a_cheaper_plan_is_not_paid(panel: MoneyPanel) -> None:
    """ORD-6: 0.00 needs no payment, whatever was asked for."""
    cheap = quote([line("0.00", old="18.90", new="9.90")], "plan_change")
    plan = planned(panel, cheap, "internal")
    assert [one.kind for one in plan.operations] == ["order.change-plan"]
    assert (plan.left_out, plan.total) == ((), Money("0.00", "EUR"))


def test_acc_4_nothing_is_paid_that_no_purse_holds(panel: MoneyPanel) -> None:
    """ACC-4: the purse holds 25.00; what is not possible is said with its rule."""
    plan = planned(panel, quote([line("25.01")], "plan_change"), "internal")
    assert reasons(plan) == [("invoice", "insufficient-funds", "ACC-4")]
    assert [one.kind for one in plan.operations] == ["order.change-plan"]


def test_what_cannot_be_had_or_is_busy_is_left_out(panel: MoneyPanel) -> None:
    """ORD-6, BLK-6: the panel's reason; an order with an open operation waits for it."""
    why = {"order_id": "1", "code": "individual-price", "rule": "ORD-6", "reason": "Its price was agreed."}
    plan = planned(panel, quote([], "plan_change", [why]))
    assert (plan.operations, reasons(plan)) == ((), [("order:1", "individual-price", "ORD-6")])
    open_one = Busy("order:1", "j" * 32, 1, OperationState.SENDING, SafeText("Renew 1 order"))
    busy = planned(panel, quote([line()], "plan_change"), busy={"order:1": open_one})
    assert busy.operations == () and reasons(busy)[0][1] == "operation-open"


def told(amount: str, **prices: str) -> list[tuple[str, str]]:
    found = InvoiceLine.model_validate(line(amount, **prices))
    assert found.plan_change is not None
    return [(row.label, row.value) for row in difference_rows(found.plan_change, found.amount)]


def test_dsc_8_the_difference_step_by_step() -> None:
    """ORD-6, ORD-5: 18.90 − 9.90 = 9.00; 1 month and 5 of 30 days = 1.1667; 10.50. A cheaper one ends in 0.00."""
    assert told("10.50") == [
        ("VDS medium a month", "18.90"),
        ("VDS small a month, as you pay it now", "−9.90"),
        ("the difference a month", "9.00"),
        ("for the 1 month 5 days that are left, in months", "× 1.1667"),
        ("rounded half up, once, to", "10.50 EUR"),
    ]
    assert told("0.00", old="18.90", new="9.90")[2:] == [
        ("the difference a month", "−9.00"),
        ("not dearer: nothing to pay, nothing given back", "0.00 EUR"),
    ]
    dearer = InvoiceLine.model_validate(line()).plan_change
    cheaper = InvoiceLine.model_validate(line("0.00", old="18.90", new="9.90")).plan_change
    assert dearer is not None and "once the invoice is paid" in what_comes(dearer)
    assert cheaper is not None and "at once" in what_comes(cheaper) and "9.90 EUR a month" in what_comes(cheaper)
