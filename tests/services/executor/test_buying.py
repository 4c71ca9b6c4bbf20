"""New servers and add-ons through the executor: once, at the price that was confirmed, in one request or several."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from billtui.domain.models import AddonRequest, Order, OrderRequest, Quote
from billtui.services import planner
from billtui.services.executor import Executor
from billtui.services.journal import JobState, OperationRow, OperationState
from billtui.services.plans import Plan
from billtui.services.session_jobs import Touched, touched
from billtui.services.settle import MOST_LINES, speaks_of
from tests.support.money_panel import FAULTS_AFTER, Fault, MoneyPanel

S = OperationState
NewExecutor = Callable[..., Executor]
SECONDS = 20.0
Cells = dict[str, int]


def asking(cells: Cells, **more: Any) -> dict[str, Any]:
    wanted = [
        {"plan": key.partition("@")[0], "location": key.partition("@")[2], "quantity": number}
        for key, number in cells.items()
    ]
    return {"cells": wanted, "period": 1, **more}


def bulk(panel: MoneyPanel, *requests: Cells, then: str | None = "internal", **more: Any) -> Plan:
    """A plan that buys ``requests``, quoted now."""
    asked = [asking(one, **more) for one in requests]
    quotes = [Quote.model_validate(panel._quoted({"kind": "order", **one})[1]) for one in asked]
    return planner.buy(panel.account(), quotes, [OrderRequest.model_validate(one) for one in asked], then)


def rows(executor: Executor, plan: Plan) -> list[OperationRow]:
    return executor.reader.operations(plan.id)


def effects(panel: MoneyPanel) -> list[str]:
    return [one.kind for one in panel.effects]


def test_new_servers_are_bought_and_paid_and_appear(executor: Executor, panel: MoneyPanel) -> None:
    """BLK-1: one invoice, paid, active; the answer names the new orders, so that the lists show them at once."""
    plan = bulk(panel, {"vds-micro@nl": 3, "vds-mini@nl": 2})
    assert executor.wait(executor.submit(plan), SECONDS).counts == {S.DONE: 2}
    assert effects(panel) == ["order", "pay"] and panel.balance == Decimal("99987.00")
    assert [one["state"] for one in panel.orders.values()] == ["active"] * 5
    buying, paying = rows(executor, plan)
    assert buying.answer is not None and buying.answer["order_ids"] == ["1", "2", "3", "4", "5"]
    assert touched(buying.targets, buying.answer) == Touched({"1", "2", "3", "4", "5"}, {"1"}, set())
    assert paying.targets == ("invoice:1",)


@pytest.mark.parametrize("fault", FAULTS_AFTER)
def test_a_lost_answer_of_a_purchase_is_settled_by_its_key(executor: Executor, panel: MoneyPanel, fault: str) -> None:
    """RELIABILITY "Money": bought once, known, and paid; its new orders are known from the look-up as well."""
    panel.faults = [Fault(fault, "POST /orders")]
    plan = bulk(panel, {"vds-micro@nl": 3})
    assert executor.wait(executor.submit(plan), SECONDS).counts == {S.DONE: 2}
    assert effects(panel) == ["order", "pay"]
    answer = rows(executor, plan)[0].answer
    assert answer is not None and answer["order_ids"] == ["1", "2", "3"] and "orders" not in answer


def test_add_ons_are_bought_once_and_paid(executor: Executor, panel: MoneyPanel) -> None:
    """ORD-5."""
    orders = panel.add_orders(2)
    asked = {"order_ids": ["1", "2"], "addons": ["backup"]}
    quote = Quote.model_validate(panel._quoted({"kind": "addon", **asked})[1])
    plan = planner.addons(panel.account(), [quote], [AddonRequest.model_validate(asked)], orders, "internal")
    panel.faults = [Fault("drop-after", "POST /addons")]
    assert executor.wait(executor.submit(plan), SECONDS).counts == {S.DONE: 2}
    assert effects(panel) == ["addons", "pay"] and panel.balance == Decimal("99997.00")


# -- what has changed since it was confirmed


def price_up(panel: MoneyPanel) -> None:
    panel.prices["vds-micro"] = Decimal("3.50")


def price_down(panel: MoneyPanel) -> None:
    panel.prices["vds-micro"] = Decimal("2.50")


def sold_out(panel: MoneyPanel) -> None:
    panel.stock["vds-micro@nl"] = 2


def code_used_up(panel: MoneyPanel) -> None:
    panel.codes["NEW10"] = 0


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (price_up, "The price of 3 vds-micro in nl was 8.10 EUR, now it is 9.45 EUR."),
        (price_down, "The price of 3 vds-micro in nl was 8.10 EUR, now it is 6.75 EUR."),
        (sold_out, "vds-micro in nl is left out now: Fewer than 3 are in stock."),
        (code_used_up, "The panel does not sell it like this any more: Refused: promo-used-up."),
    ],
)
def test_what_changed_is_said_and_nothing_is_sent(
    executor: Executor, panel: MoneyPanel, change: Callable[[MoneyPanel], None], words: str
) -> None:
    """DSC-8: a cheaper price is not taken unseen either."""
    panel.codes["NEW10"] = 5
    plan = bulk(panel, {"vds-micro@nl": 3}, promo_code="NEW10")
    change(panel)
    executor.wait(executor.submit(plan), SECONDS)
    buying, paying = rows(executor, plan)
    assert (buying.state, buying.code, paying.state) == (S.REFUSED, "facts-changed", S.CANCELLED)
    assert words in str(buying.detail).replace("\u00a0", " ")
    assert not panel.writes()


def test_a_discount_that_changed_is_named(executor: Executor, panel: MoneyPanel) -> None:
    """DSC-2, DSC-5: the account lost a server meanwhile, and with it the tier."""
    panel.add_orders(9)
    plan = bulk(panel, {"vds-micro@nl": 1}, then=None)
    del panel.orders["9"]
    executor.wait(executor.submit(plan), SECONDS)
    assert "The discount on 1 vds-micro in nl was 5 %, now it is 0 %." in str(rows(executor, plan)[0].detail)


def test_a_code_that_the_purchase_itself_used_up_is_no_drift(
    new_executor: NewExecutor, panel: MoneyPanel, tmp_path: Path
) -> None:
    """A plan's own effects are not drift: the same file on another host finds the code used, by itself."""
    panel.codes["ONCE"] = 1
    plan = bulk(panel, {"vds-micro@nl": 3}, promo_code="ONCE")
    first = new_executor()
    assert first.wait(first.submit(plan), SECONDS).counts == {S.DONE: 2}
    second = Executor(panel.client, tmp_path / "elsewhere" / "journal.sqlite")
    second.start()
    try:
        assert second.wait(second.submit(plan), SECONDS).counts == {S.DONE: 2}
    finally:
        second.close()
    assert effects(panel) == ["order", "pay"]


# -- several requests in one plan (BLK-7)


def test_requests_of_one_plan_do_not_change_each_others_price(executor: Executor, panel: MoneyPanel) -> None:
    """DSC-5: paid first, the ten of the first request would make the second cheaper than it was confirmed."""
    plan = bulk(panel, {"vds-micro@nl": 12}, {"vds-micro@nl": 3}, {"vds-mini@nl": 2})
    assert [str(one.amount) for one in plan.operations[:3]] == ["34.20 EUR", "9.00 EUR", "4.00 EUR"]
    assert executor.wait(executor.submit(plan), SECONDS).counts == {S.DONE: 6}
    assert effects(panel) == ["order", "order", "order", "pay", "pay", "pay"]
    assert panel.balance == Decimal("100000.00") - plan.total.amount
    names = [one["id"] for one in panel.orders.values() if one["plan"] == "vds-mini"]
    assert names == ["16", "17"]  # bought one after another, in the plan's order


def test_what_is_bought_is_paid_although_another_request_is_refused(executor: Executor, panel: MoneyPanel) -> None:
    """Stock fell between the two: the first is done as confirmed, the second says why it was not."""
    plan = bulk(panel, {"vds-micro@nl": 12}, {"vds-mini@nl": 3})
    panel.on_effect = lambda what: panel.stock.update({"vds-mini@nl": 0}) if what == "POST /orders" else None
    assert executor.wait(executor.submit(plan), SECONDS).counts == {S.DONE: 2, S.REFUSED: 1, S.CANCELLED: 1}
    assert [row.state for row in rows(executor, plan)] == [S.DONE, S.REFUSED, S.DONE, S.CANCELLED]
    assert effects(panel) == ["order", "pay"]


def test_a_payment_waits_while_another_purchase_is_unknown(executor: Executor, panel: MoneyPanel) -> None:
    panel.faults = [Fault("drop-after", "POST /orders", 2)]
    plan = bulk(panel, {"vds-micro@nl": 12}, {"vds-micro@nl": 3})
    assert executor.wait(executor.submit(plan), SECONDS).counts == {S.DONE: 4}
    assert effects(panel) == ["order", "order", "pay", "pay"]


def test_a_second_life_goes_on_with_what_is_left(panel: MoneyPanel, new_executor: NewExecutor) -> None:
    """The process ended after the first request: the rest is bought, then both are paid."""
    plan = bulk(panel, {"vds-micro@nl": 12}, {"vds-micro@nl": 3})
    first = new_executor()
    panel.on_effect = lambda what: first.pause(plan.id) if what == "POST /orders" else None
    first.wait(first.submit(plan), SECONDS)
    first.close()
    panel.on_effect = None
    second = new_executor()
    second.recover()
    second.resume(plan.id)
    assert second.wait(plan.id, SECONDS).counts == {S.DONE: 4}
    assert effects(panel) == ["order", "order", "pay", "pay"]


# -- answers


def test_the_journal_does_not_keep_a_thousand_orders(executor: Executor, panel: MoneyPanel) -> None:
    panel.stock["vds-micro@nl"] = 1_000
    plan = bulk(panel, {"vds-micro@nl": 1_000}, then=None)
    assert executor.wait(executor.submit(plan), SECONDS).counts == {S.DONE: 1}
    answer = rows(executor, plan)[0].answer
    assert answer is not None and len(answer["order_ids"]) == 1_000
    assert answer["invoice"]["lines"] == [] and answer["invoice"]["line_count"] == 1_000
    assert len(str(answer)) < 12_000


def answer_of(panel: MoneyPanel, plan: Plan) -> dict[str, Any]:
    [(_, _, answer)] = [kept for key, kept in panel.operations.items() if key == plan.key(1)]
    return answer


def test_an_answer_about_another_purchase_is_recognised(executor: Executor, panel: MoneyPanel) -> None:
    """The same total, other servers: a plan file that was changed after another host had carried it out."""
    panel.prices["vds-mini"] = panel.prices["vds-micro"]
    plan = bulk(panel, {"vds-micro@nl": 3}, then=None)
    executor.wait(executor.submit(plan), SECONDS)
    answer = answer_of(panel, plan)
    assert speaks_of(answer, plan.operations[0])
    for other in ({"vds-mini@nl": 3}, {"vds-micro@de": 3}, {"vds-micro@nl": 2, "vds-micro@de": 1}):
        assert not speaks_of(answer, bulk(panel, other, then=None).operations[0])
    orders = [Order.model_validate(one) for one in panel.orders.values()]
    asked = {"order_ids": ["1", "2"], "addons": ["backup"]}
    quote = Quote.model_validate(panel._quoted({"kind": "addon", **asked})[1])
    addons = planner.addons(panel.account(), [quote], [AddonRequest.model_validate(asked)], orders)
    assert not speaks_of(answer, addons.operations[0])


def test_a_changed_plan_file_asks_a_person(new_executor: NewExecutor, panel: MoneyPanel, tmp_path: Path) -> None:
    panel.prices["vds-mini"] = panel.prices["vds-micro"]
    plan = bulk(panel, {"vds-micro@nl": 3}, then=None)
    first = new_executor()
    first.wait(first.submit(plan), SECONDS)
    edited = Plan.from_json(plan.to_json().replace("vds-micro", "vds-mini"))
    second = Executor(panel.client, tmp_path / "elsewhere" / "journal.sqlite")
    second.start()
    try:
        assert second.wait(second.submit(edited), SECONDS).state is JobState.NEEDS_YOU
        assert rows(second, edited)[0].code == "odd-answer"
    finally:
        second.close()
    assert effects(panel) == ["order"] and MOST_LINES < 1_000


# -- add-ons: billed for the rest of the period, so their price falls while time passes (ORD-5)


def addons_plan(panel: MoneyPanel, then: str | None = "internal") -> Plan:
    orders = panel.add_orders(2)
    asked = {"order_ids": ["1", "2"], "addons": ["backup"]}
    quote = Quote.model_validate(panel._quoted({"kind": "addon", **asked})[1])
    return planner.addons(panel.account(), [quote], [AddonRequest.model_validate(asked)], orders, then)


@pytest.mark.parametrize("fault", [None, "drop-after", "500-after"])
def test_time_that_passed_makes_add_ons_cheaper_and_is_no_change(
    executor: Executor, panel: MoneyPanel, fault: str | None
) -> None:
    """Bought and paid at the price of now, which is less than was confirmed; also where an answer is lost."""
    plan = addons_plan(panel)
    assert plan.total.amount == Decimal("3.00")
    panel.addon_prices["backup"] = Decimal("1.49")
    panel.faults = [Fault(fault, "POST /addons"), Fault(fault, "payments")] if fault else []
    assert executor.wait(executor.submit(plan), SECONDS).counts == {S.DONE: 2}
    assert effects(panel) == ["addons", "pay"] and panel.balance == Decimal("99997.02")
    assert panel.invoices["1"]["total"]["amount"] == "2.98"


def test_add_ons_that_cost_more_are_not_bought(executor: Executor, panel: MoneyPanel) -> None:
    """DSC-8."""
    plan = addons_plan(panel)
    panel.addon_prices["backup"] = Decimal("1.51")
    executor.wait(executor.submit(plan), SECONDS)
    assert [row.code for row in rows(executor, plan)] == ["facts-changed", "earlier-not-done"]
    assert "The price of vds-1 was 1.50 EUR, now it is 1.51 EUR." in str(rows(executor, plan)[0].detail)
    assert not panel.writes()


def test_an_invoice_of_add_ons_that_rose_is_not_paid(executor: Executor, panel: MoneyPanel) -> None:
    """INV-4: between the purchase and its payment somebody changed it; what was confirmed is the most that is paid."""
    plan = addons_plan(panel)

    def dearer(what: str) -> None:
        if what == "POST /addons":
            panel.invoices["1"] = panel.invoices["1"] | {"total": {"amount": "9.00", "currency": "EUR"}}

    panel.addon_prices["backup"] = Decimal("1.49")
    panel.on_effect = dearer
    executor.wait(executor.submit(plan), SECONDS)
    buying, paying = rows(executor, plan)
    assert buying.state is S.DONE and (paying.state, paying.code) == (S.REFUSED, "facts-changed")
    assert effects(panel) == ["addons"] and panel.balance == Decimal("100000.00")


def test_add_ons_whose_period_changed_are_not_bought(executor: Executor, panel: MoneyPanel) -> None:
    """ORD-5: somebody renewed an order meanwhile; a lower price does not hide that."""
    plan = addons_plan(panel)
    panel.addon_prices["backup"] = Decimal("1.00")
    panel.orders["2"]["paid_until"] = "2026-12-24T10:00:00Z"
    executor.wait(executor.submit(plan), SECONDS)
    assert "The paid period of vds-2 ended" in str(rows(executor, plan)[0].detail) and not panel.writes()
