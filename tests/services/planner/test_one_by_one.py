"""Renewals on panels that bill each order by itself, and what is said before they are confirmed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from billtui.client.drivers.traits import BILLING_V1
from billtui.domain.models import OrderRequest, Quote, RenewalRequest
from billtui.services import planner
from billtui.services.panel_ways import ways_of
from billtui.services.plans import OperationKind, Plan
from tests.support.money_panel import MoneyPanel

K = OperationKind
OTHER = replace(BILLING_V1, title="Boxes", keys=False, renews_together=False, renewal_pays=True)


def renewal(count: int, then: str | None, *, together: bool, busy: int = 0) -> Plan:
    panel = MoneyPanel()
    orders = panel.add_orders(count)
    for order in orders[:busy]:
        panel.orders[order.id.raw]["unpaid_invoice_id"] = "99"
    asked = {"order_ids": [one.id.raw for one in orders], "period": 1}
    quote, request = Quote.model_validate(panel._quote(asked)), RenewalRequest.model_validate(asked)
    return planner.renew_many(panel.account(), [quote], [request], orders, then, together=together)


def test_one_renewal_and_one_payment_for_each_order_come_to_the_same_money() -> None:
    one, many = renewal(40, "internal", together=True), renewal(40, "internal", together=False)
    assert [item.kind for item in many.operations] == [K.RENEW] * 40 + [K.PAY] * 40
    assert all(len(item.targets) == 1 for item in many.operations if item.kind is K.RENEW)
    assert many.total == one.total  # the limits and what is typed count the same
    assert many.item_count == one.item_count == 40
    assert "in 40 requests" in str(many.title)


def test_each_step_of_a_renewal_names_its_order() -> None:
    """Of steps that read alike nobody can tell which one is unknown."""
    plan = renewal(3, "internal", together=False)
    names = [str(one.name) for one in MoneyPanel().add_orders(3)]
    said = [str(one.title) for one in plan.operations]
    assert said == [*(f"Renew {one} for 1 month" for one in names), *(f"Pay the invoice for {one}" for one in names)]
    assert str(plan.title).startswith("Renew 3 orders for 1 month")
    assert str(renewal(3, "internal", together=True).operations[0].title) == "Renew 3 orders for 1 month"


def test_what_is_left_out_is_said_once() -> None:
    plan = renewal(3, None, together=False, busy=2)
    assert len(plan.operations) == 1
    assert [item.target for item in plan.left_out] == ["order:1", "order:2"]
    nothing = renewal(2, None, together=False, busy=2)
    assert nothing.operations == ()
    assert len(nothing.left_out) == 2


def test_it_is_said_before_it_is_confirmed() -> None:
    plan = renewal(40, None, together=False)
    words = ways_of(OTHER, plan)
    assert words[0] == "40 invoices, one per order: this panel (Boxes) cannot put them on one."
    assert "although no payment was asked for" in words[1]
    assert len(words) == 2
    assert "although" not in ways_of(OTHER, renewal(40, "internal", together=False))[1]
    assert ways_of(OTHER, renewal(1, "internal", together=False))[0].startswith("It is paid from the balance at once")
    assert ways_of(BILLING_V1, renewal(2, None, together=True), from_file=True) == []


@pytest.mark.parametrize("pays", [True, False])
def test_a_purchase_has_its_own_way(pays: bool) -> None:
    panel = MoneyPanel()
    asked = {"cells": [{"plan": "vds-micro", "location": "nl", "quantity": 2}], "period": 1}
    quote = Quote.model_validate(panel._quoted({"kind": "order", **asked})[1])
    plan = planner.buy(panel.account(), [quote], [OrderRequest.model_validate(asked)])
    words = ways_of(replace(OTHER, purchase_pays=pays), plan)
    assert len(words) == int(pays)


def test_a_file_may_have_been_carried_out_elsewhere() -> None:
    words = ways_of(OTHER, renewal(1, "internal", together=False), from_file=True)
    assert "on another computer already" in words[-1]


def test_what_is_only_assumed_is_said_so() -> None:
    """A kind of panel whose ways nobody documents: whoever confirms knows that it may bill instead."""
    words = ways_of(replace(OTHER, ways_assumed=True), renewal(1, "internal", together=False))
    assert "that is assumed" in words[0] and "does that itself" not in words[0]
