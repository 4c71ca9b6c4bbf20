"""Plans that buy new servers and add-ons, and how a large purchase is split (BLK, ORD-5)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billtui.domain.models import AddonRequest, Order, OrderCell, OrderRequest, Quote, RenewalRequest
from billtui.domain.money import Money
from billtui.domain.safetext import SafeText
from billtui.services import planner
from billtui.services.journal import Busy, OperationState
from billtui.services.planner import split_cells
from billtui.services.plans import OperationKind, Plan, cell_key
from tests.support.money_panel import MoneyPanel

K = OperationKind
CELLS = st.lists(
    st.builds(
        OrderCell,
        plan=st.sampled_from(["micro", "mini"]).map(SafeText),
        location=st.sampled_from(["nl", "de", "us"]).map(SafeText),
        quantity=st.integers(1, 2_500),
    ),
    max_size=8,
)


def cell(plan: str, location: str, quantity: int) -> OrderCell:
    return OrderCell.model_validate({"plan": plan, "location": location, "quantity": quantity})


def euro(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "EUR"}


def line(plan: str, location: str, quantity: int, amount: str, **more: Any) -> dict[str, Any]:
    return {
        "plan": plan, "location": location, "quantity": quantity, "title": f"{plan} in {location}", "months": 1,
        "list_price": euro(amount), "amount": euro(amount), **more,
    }  # fmt: skip


def quote(lines: list[dict[str, Any]], kind: str = "order", excluded: list[dict[str, Any]] | None = None) -> Quote:
    total = sum((Decimal(one["amount"]["amount"]) for one in lines), Decimal("0.00"))
    body = {
        "id": "q1", "kind": kind, "lines": lines, "total": euro(f"{total:.2f}"), "excluded": excluded or [],
        "expires_at": "2026-11-23T12:15:00Z",
    }  # fmt: skip
    return Quote.model_validate(body)


@pytest.fixture
def panel() -> MoneyPanel:
    panel = MoneyPanel(balance=Decimal("25.00"))
    panel.add_orders(3)
    return panel


def reasons(plan: Plan) -> list[tuple[str, str, str]]:
    return [(one.target, str(one.code), str(one.rule)) for one in plan.left_out]


# -- splitting


@given(cells=CELLS, limit=st.sampled_from([1, 3, 19, 20, 1_000]))
def test_splitting_loses_nothing_and_fills_requests(cells: list[OrderCell], limit: int) -> None:
    """BLK-7: at most ``limit`` each, as few as possible, the same servers in the same order."""
    wanted: dict[str, int] = {}
    for one in cells:
        key = cell_key(one.plan, one.location)
        wanted[key] = wanted.get(key, 0) + one.quantity
    parts = split_cells(cells, limit)
    sizes = [sum(one.quantity for one in part) for part in parts]
    count = sum(wanted.values())
    assert sum(sizes) == count and all(1 <= size <= limit for size in sizes)
    assert len(parts) == -(-count // limit)
    assert all(size >= min(10, limit // 2, count) for size in sizes)
    flat = [(cell_key(one.plan, one.location), one.quantity) for part in parts for one in part]
    found: dict[str, int] = {}
    for key, quantity in flat:
        found[key] = found.get(key, 0) + quantity
    assert found == wanted and list(found) == list(wanted)  # the order of first appearance
    for part in parts:
        keys = [cell_key(one.plan, one.location) for one in part]
        assert len(set(keys)) == len(keys)
    assert split_cells(cells, limit) == parts


def test_a_small_remainder_is_filled_up_to_the_highest_tier() -> None:
    """BLK-7, DSC-2, DSC-5: 1,005 are 995 + 10, never 1,000 + 5, whose price depends on the thousand being paid."""
    parts = split_cells([cell("micro", "nl", 700), cell("micro", "de", 305)])
    assert [[(str(one.location), one.quantity) for one in part] for part in parts] == [
        [("nl", 700), ("de", 295)],
        [("de", 10)],
    ]
    assert [sum(one.quantity for one in part) for part in split_cells([cell("micro", "nl", 2_010)])] == [1000, 1000, 10]
    assert split_cells([]) == []


# -- buying


def test_new_servers_and_their_payment(panel: MoneyPanel) -> None:
    """BLK-1, BLK-2: resolved cells in the plan; what is left out stands in it with its reason."""
    out = {"plan": "micro", "location": "us", "code": "out-of-stock", "rule": "BLK-2", "reason": "1 of 3 in stock."}
    lines = [
        line("micro", "nl", 3, "9.00", discounts=[{"name": "NEW10", "percent": "10"}]),
        line("micro", "de", 3, "9.00"),
    ]
    request = OrderRequest.model_validate(
        {"plan": "micro", "quantity": 3, "all_locations": True, "period": 1, "promo_code": "NEW10", "names": "w-{n}"}
    )
    plan = planner.buy(panel.account(), [quote(lines, excluded=[out])], [request], "internal")
    buying, paying = plan.operations
    assert (buying.kind, buying.targets, buying.new_count) == (K.ORDER, ("new:1",), 6)
    assert buying.params == {
        "cells": [
            {"plan": "micro", "location": "nl", "quantity": 3},
            {"plan": "micro", "location": "de", "quantity": 3},
        ],
        "period": 1, "promo_code": "NEW10", "names": "w-{n}",
    }  # fmt: skip
    assert buying.facts == {
        "lines": {
            "micro@nl": {"title": "micro in nl", "quantity": 3, "discounts": "10", "amount": euro("9.00")},
            "micro@de": {"title": "micro in de", "quantity": 3, "discounts": "0", "amount": euro("9.00")},
        },
        "total": euro("18.00"),
    }
    assert (paying.kind, paying.takes_from, paying.params) == (K.PAY, 1, {"method": "internal"})
    assert plan.total == Money("18.00", "EUR") and plan.item_count == 6
    assert reasons(plan) == [("cell:micro@us", "out-of-stock", "BLK-2")]
    assert str(plan.left_out[0].title) == "micro in us"
    assert Plan.from_json(plan.to_json()) == plan


def test_a_purse_has_to_hold_the_total_of_all_requests(panel: MoneyPanel) -> None:
    """ACC-4, BLK-7: 25.00 pays either of two requests of 20.00, so it pays none; both are still bought."""
    quotes = [quote([line("micro", "nl", 10, "20.00")]), quote([line("micro", "nl", 10, "20.00")])]
    request = OrderRequest.model_validate({"cells": [cell("micro", "nl", 10)], "period": 1})
    plan = planner.buy(panel.account(), quotes, [request, request], "internal")
    assert [(one.kind, one.targets) for one in plan.operations] == [(K.ORDER, ("new:1",)), (K.ORDER, ("new:2",))]
    assert reasons(plan) == [("invoice", "insufficient-funds", "ACC-4")] and plan.total == Money("40.00", "EUR")
    assert str(plan.title) == "Order 20 new servers for 1 month, in 2 requests"
    panel.balance = Decimal("40.00")
    plan = planner.buy(panel.account(), quotes, [request, request], "internal")
    assert [one.takes_from for one in plan.operations] == [None, None, 1, 2]
    assert plan.total == Money("40.00", "EUR") and not plan.left_out


def test_new_servers_cannot_be_promised(panel: MoneyPanel) -> None:
    """PRM-4."""
    request = OrderRequest.model_validate({"cells": [cell("micro", "nl", 1)], "period": 1})
    plan = planner.buy(panel.account(), [quote([line("micro", "nl", 1, "2.00")])], [request], "promise")
    assert reasons(plan) == [("invoice", "promise-renewal-only", "PRM-4")] and len(plan.operations) == 1


def test_a_purchase_waits_for_the_outcome_of_the_last_one(panel: MoneyPanel) -> None:
    busy = {"new:2": Busy("new:2", "a" * 32, 2, OperationState.UNKNOWN, SafeText("Order 3 new servers"))}
    request = OrderRequest.model_validate({"cells": [cell("micro", "nl", 1)], "period": 1})
    plan = planner.buy(panel.account(), [quote([line("micro", "nl", 1, "2.00")])], [request], busy=busy)
    assert not plan.operations and reasons(plan) == [("new:1", "operation-open", "")]


def test_everything_left_out_is_a_plan_of_nothing(panel: MoneyPanel) -> None:
    out = {"plan": "micro", "location": "us", "code": "not-sold", "rule": "BLK-2", "reason": "Not sold there."}
    request = OrderRequest.model_validate({"cells": [cell("micro", "us", 1)], "period": 1})
    plan = planner.buy(panel.account(), [quote([], excluded=[out])], [request], "internal")
    assert not plan.operations and reasons(plan) == [("cell:micro@us", "not-sold", "BLK-2")]


# -- add-ons, and renewals of any size


def own_line(number: str, amount: str) -> dict[str, Any]:
    return {"order_id": number, "title": f"vds-{number}", "list_price": euro(amount), "amount": euro(amount)}


def test_add_ons_of_several_orders(panel: MoneyPanel) -> None:
    """ORD-5, BLK-6."""
    out = {"order_id": "3", "code": "order-pending", "rule": "ORD-4", "reason": "It is not active."}
    priced = quote([own_line("1", "2.34"), own_line("2", "1.00")], "addon", [out])
    request = AddonRequest.model_validate({"order_ids": ["1", "2", "3"], "addons": ["backup"]})
    orders = [Order.model_validate(one) for one in panel.orders.values()]
    plan = planner.addons(panel.account(), [priced], [request], orders, "internal")
    buying, paying = plan.operations
    assert (buying.kind, buying.targets) == (K.ADDONS, ("order:1", "order:2"))
    assert buying.params == {"order_ids": ["1", "2"], "addons": ["backup"]}
    lines = buying.facts["lines"]
    assert isinstance(lines, dict) and lines["1"] == {
        "title": "vds-1", "discounts": "0", "amount": euro("2.34"), "paid_until": panel.orders["1"]["paid_until"],
    }  # fmt: skip
    assert paying.takes_from == 1 and plan.total == Money("3.34", "EUR")
    assert reasons(plan) == [("order:3", "order-pending", "ORD-4")]


def test_a_renewal_in_two_requests(panel: MoneyPanel) -> None:
    """BLK-7: an operation for each, shown as such; one that is busy holds only its own request up (BLK-6)."""
    quotes = [
        quote([own_line("1", "5.00"), own_line("2", "5.00")], "renewal"),
        quote([own_line("3", "5.00")], "renewal"),
    ]
    requests = [
        RenewalRequest.model_validate({"order_ids": ids, "period": 1}) for ids in (["1", "2"], ["3"])
    ]  # fmt: skip
    orders = [Order.model_validate(one) for one in panel.orders.values()]
    plan = planner.renew_many(panel.account(), quotes, requests, orders, "internal")
    assert [(one.kind, one.takes_from) for one in plan.operations] == [
        (K.RENEW, None), (K.RENEW, None), (K.PAY, 1), (K.PAY, 2),
    ]  # fmt: skip
    assert str(plan.title) == "Renew 3 orders for 1 month, in 2 requests" and plan.item_count == 3
    busy = {"order:1": Busy("order:1", "a" * 32, 1, OperationState.SENDING, SafeText("Reboot"))}
    plan = planner.renew_many(panel.account(), quotes, requests, orders, busy=busy)
    assert [one.targets for one in plan.operations] == [("order:3",)]
    assert [(one.target, str(one.code)) for one in plan.left_out] == [
        ("order:1", "operation-open"), ("order:2", "quote-again"),
    ]  # fmt: skip
