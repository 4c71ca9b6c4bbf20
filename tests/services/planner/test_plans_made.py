"""What a plan holds, what it costs, and what it leaves out with which reason."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from billtui.domain.models import AutoRenew, Order, OrderRequest, Quote, RenewalRequest
from billtui.domain.money import Money
from billtui.domain.safetext import SafeText
from billtui.services import planner
from billtui.services.journal import Busy, OperationState
from billtui.services.plans import OperationKind, Plan, PlanError
from tests.support.money_panel import MoneyPanel

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def reasons(plan: Plan) -> list[tuple[str, str]]:
    return [(str(one.code), str(one.rule)) for one in plan.left_out]


def eur(amount: str) -> Money:
    return Money(amount, "EUR")


@pytest.fixture
def panel() -> MoneyPanel:
    panel = MoneyPanel(balance=Decimal("25.00"))
    panel.add_invoices(5)
    panel.add_orders(3)
    return panel


def test_a_purse_is_walked_and_what_it_no_longer_covers_is_left_out(panel: MoneyPanel) -> None:
    """ACC-4, INV-4: 25.00 pays two invoices of 10.00; the third is left out, with what is missing."""
    plan = planner.pay(panel.account(), panel.models([3, 1, 2]), "internal")
    assert [one.params["invoice_id"] for one in plan.operations] == ["3", "1"]
    assert plan.total == eur("20.00")
    assert reasons(plan) == [("insufficient-funds", "ACC-4")]
    assert "5.00" in plan.left_out[0].reason


@pytest.mark.parametrize("state", ["paid", "deleted", "combined", "refunded"])
def test_what_cannot_be_paid_is_left_out(panel: MoneyPanel, state: str) -> None:
    """INV-3, INV-4, INV-5."""
    panel.invoices["2"]["state"] = state
    plan = planner.pay(panel.account(), panel.models([1, 2]), "card")
    assert len(plan.operations) == 1 and len(plan.left_out) == 1
    assert plan.left_out[0].rule.startswith("INV") and plan.left_out[0].target == "invoice:2"


def test_the_same_invoice_twice_is_paid_once(panel: MoneyPanel) -> None:
    plan = planner.pay(panel.account(), panel.models([1, 1]), "internal")
    assert len(plan.operations) == 1 and plan.total == eur("10.00")


@pytest.mark.parametrize("method", ["internal", "card"])
def test_what_is_in_another_currency_is_left_out(panel: MoneyPanel, method: str) -> None:
    """INV-10: two currencies have no total that could be confirmed."""
    panel.invoices["2"]["total"] = {"amount": "5.00", "currency": "USD"}
    plan = planner.pay(panel.account(), panel.models([1, 2]), method)
    assert [one.params["invoice_id"] for one in plan.operations] == ["1"]
    assert plan.total == eur("10.00")
    assert reasons(plan) == [("currency-mismatch", "INV-10")]
    assert planner.pay(panel.account(), panel.models([2]), method).operations == ()


@pytest.mark.parametrize("method", ["internal", "card"])
def test_what_is_owed_to_the_account_is_not_paid(panel: MoneyPanel, method: str) -> None:
    """A credit note that stands as unpaid: it is no payment, and makes no other one look cheaper."""
    panel.invoices["2"]["total"]["amount"] = "-5.00"
    plan = planner.pay(panel.account(), panel.models([2, 1]), method)
    assert plan.total == eur("10.00")
    assert reasons(plan) == [("not-payable", "INV-3")]


@pytest.mark.parametrize("then", [None, "internal"])
def test_purchases_in_another_currency_are_left_out(panel: MoneyPanel, then: str | None) -> None:
    orders = [Order.model_validate(one) for one in panel.orders.values()]
    raw = panel._quote({"order_ids": [one.id.raw for one in orders], "period": 1})
    dollars = json.loads(json.dumps(raw).replace('"EUR"', '"USD"'))
    request = RenewalRequest.model_validate({"order_ids": [one.id.raw for one in orders], "period": 1})
    for together in (True, False):
        plan = planner.renew_many(
            panel.account(), [Quote.model_validate(dollars)], [request], orders, then, together=together
        )
        assert plan.operations == ()
        assert set(reasons(plan)) == {("currency-mismatch", "INV-10")}
    asked = {"cells": [{"plan": "vds-micro", "location": "nl", "quantity": 2}], "period": 1}
    cells = json.loads(json.dumps(panel._quoted({"kind": "order", **asked})[1]).replace('"EUR"', '"USD"'))
    bought = planner.buy(panel.account(), [Quote.model_validate(cells)], [OrderRequest.model_validate(asked)], then)
    assert bought.operations == ()
    assert reasons(bought) == [("currency-mismatch", "INV-10")]


def test_a_promise_too_early_says_from_when(panel: MoneyPanel) -> None:
    """PRM-2: with its order 60 days from its end, left out with the instant from which it is possible."""
    panel.orders["1"].update(paid_until="2027-01-20T10:00:00Z", unpaid_invoice_id="1")
    orders = [Order.model_validate(panel.orders["1"])]
    plan = planner.promise(panel.account(), panel.models([1, 2]), orders=orders, now=NOW)
    assert [one.params["invoice_id"] for one in plan.operations] == ["2"]
    assert reasons(plan) == [("promise-too-early", "PRM-2")]
    assert plan.left_out[0].available_from == datetime(2027, 1, 17, 10, tzinfo=UTC)


def test_a_target_with_an_open_operation_is_left_out(panel: MoneyPanel) -> None:
    busy = {"invoice:1": Busy("invoice:1", "a" * 32, 1, OperationState.UNKNOWN, SafeText("Pay invoice 1"))}
    plan = planner.pay(panel.account(), panel.models([1, 2]), "internal", busy=busy)
    assert [one.params["invoice_id"] for one in plan.operations] == ["2"]
    assert reasons(plan) == [("operation-open", "")] and plan.left_out[0].related["job_id"] == "a" * 32


def test_deleting_leaves_out_what_is_promised_or_holds_others(panel: MoneyPanel) -> None:
    """INV-5, PRM-9; deletions can be held back."""
    panel.invoices["2"]["state"] = "promised"
    panel.invoices["3"]["combined_from"] = ["7", "8"]
    plan = planner.delete(panel.account(), panel.models([1, 2, 3]))
    assert [one.targets for one in plan.operations] == [("invoice:1",)]
    assert plan.operations[0].holdable and plan.operations[0].amount is None and plan.total == eur("0.00")
    assert [one.target for one in plan.left_out] == ["invoice:2", "invoice:3"]


def test_combining_locks_all_and_sums_exactly(panel: MoneyPanel) -> None:
    """INV-6."""
    panel.invoices["2"]["total"]["amount"] = "0.05"
    plan = planner.combine(panel.account(), panel.models([1, 2, 3]))
    [operation] = plan.operations
    assert operation.targets == ("invoice:1", "invoice:2", "invoice:3")
    assert operation.facts["total"] == {"amount": "20.05", "currency": "EUR"} and plan.total == eur("0.00")


def test_combining_one_invoice_is_nothing_to_do(panel: MoneyPanel) -> None:
    plan = planner.combine(panel.account(), panel.models([1]))
    assert not plan.operations and reasons(plan) == [("combine-needs-two", "INV-6")]


@pytest.mark.parametrize("make", [lambda account, two: planner.pay(account, two, "card"), planner.combine])
def test_more_than_any_amount_is_refused_in_words(panel: MoneyPanel, make: Callable[..., Plan]) -> None:
    """INV-10: what two of them come to fits neither a plan nor an invoice."""
    two = panel.add_invoices(2, total="999999999999.99")
    with pytest.raises(PlanError, match=r"Together this is 1 999 999 999 999\.98 EUR.*choose fewer"):
        make(panel.account(), two)


def test_what_is_gone_is_left_out_with_its_number(panel: MoneyPanel) -> None:
    """INV-3: marked, and not there any more when it is paid."""
    plan = planner.pay(panel.account(), panel.models([1]), "internal", gone={"9": "5009"})
    assert [one.params["invoice_id"] for one in plan.operations] == ["1"]
    assert [(one.target, str(one.title), str(one.code)) for one in plan.left_out] == [
        ("invoice:9", "Invoice 5009", "not-found")
    ]


def test_a_way_to_pay_is_called_as_the_panel_calls_it(panel: MoneyPanel) -> None:
    """INV-3: its id may be a number, or name nothing."""
    plan = planner.pay(panel.account(), panel.models([1]), "card", way="Bankkarte")
    assert str(plan.title) == "Pay invoice 1 by Bankkarte"
    assert str(planner.pay(panel.account(), panel.models([1]), "card").title) == "Pay invoice 1 by card"


def test_splitting_needs_a_combined_invoice(panel: MoneyPanel) -> None:
    """INV-7."""
    assert reasons(planner.split(panel.account(), panel.models([1])[0])) == [("not-combined", "INV-7")]
    panel.invoices["1"]["combined_from"] = ["2", "3"]
    assert planner.split(panel.account(), panel.models([1])[0]).operations[0].kind is OperationKind.SPLIT


def renewal(panel: MoneyPanel, ids: list[str], then: str | None) -> Plan:
    orders = [Order.model_validate(one) for one in panel.orders.values()]
    request = RenewalRequest.model_validate({"order_ids": ids, "period": 1})
    return planner.renew(
        panel.account(), Quote.model_validate(panel._quote({"order_ids": ids, "period": 1})), request, orders, then
    )


def test_a_renewal_and_its_payment_count_once(panel: MoneyPanel) -> None:
    """BLK-4, REN-1: one invoice, then its payment, which takes the invoice from the purchase's answer."""
    plan = renewal(panel, ["1", "2"], "internal")
    buy, pay = plan.operations
    assert (buy.kind, pay.kind, pay.takes_from) == (OperationKind.RENEW, OperationKind.PAY, 1)
    assert buy.amount == pay.amount == plan.total == eur("10.00")
    assert buy.targets == ("order:1", "order:2") and pay.targets == ()
    assert "quote" not in str(buy.params)  # a plan holds the purchase, not a quote: quotes expire


def test_a_renewal_leaves_out_what_the_quote_excludes(panel: MoneyPanel) -> None:
    """BLK-5, BLK-6, REN-2."""
    panel.orders["2"]["unpaid_invoice_id"] = "5"
    plan = renewal(panel, ["1", "2"], None)
    assert plan.operations[0].params["order_ids"] == ["1"] and plan.total == eur("5.00")
    assert reasons(plan) == [("open-invoice", "REN-2")]


def test_a_renewal_that_the_purse_cannot_pay_is_bought_but_not_paid(panel: MoneyPanel) -> None:
    panel.balance = Decimal("1.00")
    plan = renewal(panel, ["1"], "internal")
    assert [one.kind for one in plan.operations] == [OperationKind.RENEW]
    assert reasons(plan) == [("insufficient-funds", "ACC-4")]


def test_reinstalling_needs_the_typed_name(panel: MoneyPanel) -> None:
    """ORD-4."""
    order = Order.model_validate(panel.orders["1"])
    assert reasons(planner.order_action(panel.account(), [order], "reinstall")) == [("confirm-name", "ORD-4")]
    plan = planner.order_action(panel.account(), [order], "reinstall", {"1": "vds-1"})
    assert plan.operations[0].params == {"order_id": "1", "action": "reinstall", "confirm_name": "vds-1"}


def test_orders_that_cannot_are_left_out(panel: MoneyPanel) -> None:
    """ORD-1, ORD-2, ORD-7."""
    panel.orders["2"]["state"] = "blocked"
    orders = [Order.model_validate(one) for one in panel.orders.values()]
    plan = planner.order_action(panel.account(), orders, "reboot", now=NOW)
    assert [one.targets[0] for one in plan.operations] == ["order:1", "order:3"]
    assert [one.target for one in plan.left_out] == ["order:2"]


def test_renaming_and_auto_renewal_that_change_nothing_are_left_out(panel: MoneyPanel) -> None:
    order = Order.model_validate(panel.orders["1"])
    assert reasons(planner.rename(panel.account(), order, " vds-1 ")) == [("nothing-to-do", "ORD-4")]
    assert reasons(planner.rename(panel.account(), order, "  ")) == [("invalid-input", "ORD-4")]
    assert planner.rename(panel.account(), order, "web-1").operations[0].params["name"] == "web-1"
    assert reasons(planner.auto_renew(panel.account(), [order], AutoRenew(on=False))) == [("nothing-to-do", "REN-5")]
    assert planner.auto_renew(panel.account(), [order], AutoRenew(on=True, months=3)).operations
    assert len(planner.auto_renew(panel.account(), [order], AutoRenew(on=True, months=5)).left_out) == 1  # REN-3


def test_switching_off_keeps_the_period_of_each(panel: MoneyPanel) -> None:
    """REN-5: nobody chose another one."""
    for number, months in (("1", 3), ("2", 12)):
        panel.orders[number]["auto_renew"] = {"on": True, "months": months}
    panel.orders["3"]["auto_renew"] = {"on": False, "months": 6}
    orders = [Order.model_validate(one) for one in panel.orders.values()]
    plan = planner.auto_renew(panel.account(), orders, AutoRenew(on=False), own_periods=True)
    assert [(one.params["on"], one.params["months"]) for one in plan.operations] == [(False, 3), (False, 12)]
    assert reasons(plan) == [("nothing-to-do", "REN-5")]
    plan = planner.auto_renew(panel.account(), orders, AutoRenew(on=True, months=1), own_periods=True)
    assert [one.params["months"] for one in plan.operations] == [1, 1, 1]


def test_top_ups_come_from_outside_and_moves_go_one_way(panel: MoneyPanel) -> None:
    """INV-13, ACC-4; both lock the purse."""
    assert planner.top_up(panel.account(), eur("20.00"), "card").operations[0].targets == ("purse",)
    assert reasons(planner.top_up(panel.account(), eur("20.00"), "internal")) == [("top-up-external-only", "INV-13")]
    assert planner.move(panel.account(), eur("50.00")).total == eur("50.00")
    assert reasons(planner.move(panel.account(), eur("50.01"))) == [("insufficient-funds", "ACC-4")]


def test_again_is_a_new_plan_with_new_keys_and_fresh_facts(panel: MoneyPanel) -> None:
    plan = planner.pay(panel.account(), panel.models([1, 2]), "internal")
    panel.invoices["2"]["total"]["amount"] = "12.00"
    again = planner.again(plan, {2}, invoices={"2": panel.models([2])[0]})
    assert again.id != plan.id and again.key(1) not in (plan.key(1), plan.key(2))
    assert [one.params["invoice_id"] for one in again.operations] == ["2"] and again.total == eur("12.00")


def test_what_was_paid_meanwhile_is_not_paid_again(panel: MoneyPanel) -> None:
    """INV-4: a refused payment is planned again by the rules of now, not because it was once confirmed."""
    plan = planner.pay(panel.account(), panel.models([1, 2]), "internal")
    panel.invoices["2"]["state"] = "paid"
    again = planner.again(plan, {1, 2}, invoices={"1": panel.models([1])[0], "2": panel.models([2])[0]})
    assert [one.params["invoice_id"] for one in again.operations] == ["1"] and again.total == eur("10.00")
    assert reasons(again) == [("already-paid", "INV-4")]


def test_purchases_and_reinstallations_are_not_repeated_unasked(panel: MoneyPanel) -> None:
    """DSC-8: quoted anew; ORD-4: the name is typed for each reinstallation."""
    [order] = panel.add_orders(1)
    erase = planner.order_action(panel.account(), [order], "reinstall", {"1": order.name.raw})
    again = planner.again(erase, {1}, orders={"1": order})
    assert not again.operations and reasons(again) == [("name-needed", "ORD-4")]
    bought = planner.again(renewal(panel, ["1"], "internal"), {1, 2})
    assert not bought.operations and reasons(bought) == [("plan-again", "DSC-8"), ("plan-again", "INV-3")]


def test_a_promise_that_is_too_early_does_not_follow_a_renewal(panel: MoneyPanel) -> None:
    """PRM-2: known before the invoice is issued, so it is said before, with the day from which it is possible."""
    orders = panel.add_orders(1)
    quote = Quote.model_validate(panel._quote({"order_ids": ["1"], "period": 1}))
    request = RenewalRequest.model_validate({"order_ids": ["1"], "period": 1})
    end = orders[0].paid_until
    assert end is not None
    early, late = end - timedelta(days=20), end - timedelta(hours=71)
    plan = planner.renew(panel.account(), quote, request, orders, "promise", now=early)
    assert [one.kind for one in plan.operations] == [OperationKind.RENEW]
    assert reasons(plan) == [("promise-too-early", "PRM-2")]
    plan = planner.renew(panel.account(), quote, request, orders, "promise", now=late)
    assert [one.kind for one in plan.operations] == [OperationKind.RENEW, OperationKind.PAY]
