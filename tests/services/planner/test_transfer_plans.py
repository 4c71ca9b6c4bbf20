"""Plans of transfers and settings: what is in, what is left out and why, and what they rest on (TRF, ACC-8)."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from billtui.domain.models import Account, Order, Transfer
from billtui.services import planner
from billtui.services.plan_files import write_plan
from billtui.services.plans import OperationKind, Plan, PlanError

K = OperationKind
NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
MONEY = {"amount": "9.00", "currency": "EUR"}


def account(**more: Any) -> Account:
    rule = {"event": "invoice-created", "title": "New invoice", "channels": {"email": True, "telegram": False}}
    fixed = {"event": "order-blocked", "title": "Order blocked", "channels": {"email": True}, "fixed": ["email"]}
    known = {
        "panel_id": "p1", "account_id": "1001", "login": "a.adler", "email": "a@example.org",
        "balances": {"internal": MONEY, "affiliate": MONEY}, "notifications": [rule, fixed],
    }  # fmt: skip
    return Account.model_validate(known | more)


def order(number: int, **more: Any) -> Order:
    known = {
        "id": f"o{number}", "name": f"web-{number}", "plan": "vds-micro", "location": "nl", "state": "active",
        "created_at": "2026-01-01T00:00:00Z", "paid_until": "2026-12-25T12:00:00Z", "monthly_price": MONEY,
    }  # fmt: skip
    return Order.model_validate(known | more)


def transfer(number: int = 1, **more: Any) -> Transfer:
    known = {
        "id": f"t{number}", "order_id": f"o{number}", "order_name": f"web-{number}", "direction": "out",
        "state": "awaiting sender", "counterparty": "b.berger", "created_at": "2026-11-25T12:00:00Z",
        "monthly_price": MONEY, "paid_until": "2026-12-25T12:00:00Z",
    }  # fmt: skip
    return Transfer.model_validate(known | more)


def left_out(plan: Plan) -> dict[str, str]:
    return {str(one.title): str(one.code) for one in plan.left_out}


def test_a_push_is_one_request_for_all_its_orders_and_leaves_out_what_is_in_its_way() -> None:
    """TRF-4, TRF-7: each blocker is named with what it is about."""
    orders = [
        order(1), order(2), order(3, unpaid_invoice_id="5531"), order(4, transfer_id="t9"),
        order(5, state="blocked"), order(6, state="pending", paid_until=None, created_at="2026-11-25T00:00:00Z"),
        order(7, state="suspended"),
    ]  # fmt: skip
    plan = planner.push(account(), orders, " b.berger ", "1002", now=NOW)
    [operation] = plan.operations
    assert operation.kind is K.TRANSFER_PUSH and operation.params["order_ids"] == ["o1", "o2", "o7"]
    assert operation.params["recipient_login"] == "b.berger"
    assert operation.targets == ("order:o1", "order:o2", "order:o7")
    assert str(plan.title) == "Push 3 orders to b.berger (account 1002)" and plan.item_count == 3
    assert left_out(plan) == {
        "web-3": "open-invoice", "web-4": "in-transfer", "web-5": "order-blocked", "web-6": "order-pending"
    }  # fmt: skip
    assert plan.left_out[0].related == {"invoice_id": "5531", "order_id": "o3"}
    assert str(plan.left_out[0].rule) == "TRF-4"
    assert not operation.holdable and plan.total.amount == 0 and plan.coded == ()
    assert Plan.from_json(plan.to_json()) == plan


@pytest.mark.parametrize(
    ("login", "account_id", "code", "words"),
    [
        ("b@example.org", "1002", "recipient-is-email", "recipient's login"),
        ("a.adler", "1002", "transfer-to-self", "your own account"),
        ("b.berger", "1001", "transfer-to-self", "your own account"),
        ("", "1002", "invalid-input", "login is missing"),
        ("b.berger", " ", "invalid-input", "account ID is missing"),
    ],
)
def test_a_recipient_that_cannot_be_one_is_said_before_anything_is_sent(
    login: str, account_id: str, code: str, words: str
) -> None:
    """TRF-1, TRF-4."""
    plan = planner.push(account(), [order(1)], login, account_id, now=NOW)
    assert plan.operations == () and left_out(plan) == {"web-1": code}
    assert any(one in str(plan.left_out[0].reason) for one in words.split("|"))


def test_more_orders_than_one_request_takes_are_several_requests() -> None:
    """BLK-7."""
    plan = planner.push(account(), [order(number) for number in range(1, 1006)], "b.berger", "1002", now=NOW)
    assert [len(one.targets) for one in plan.operations] == [1000, 5] and plan.item_count == 1005
    assert "in 2 requests" in str(plan.title)


STEPS = {
    K.TRANSFER_CONFIRM: planner.confirm_transfer,
    K.TRANSFER_ACCEPT: planner.accept_transfer,
    K.TRANSFER_DECLINE: planner.decline_transfer,
    K.TRANSFER_CANCEL: planner.cancel_transfer,
}
ALLOWED = {
    ("out", "awaiting sender"): {K.TRANSFER_CONFIRM, K.TRANSFER_CANCEL},
    ("out", "awaiting recipient"): {K.TRANSFER_CANCEL},
    ("in", "awaiting recipient"): {K.TRANSFER_ACCEPT, K.TRANSFER_DECLINE},
}
OVER = {"transfer-over", "not-the-sender", "not-the-recipient"}
REFUSED = {
    "awaiting sender": {"not-the-sender", "not-the-recipient", "not-confirmed-yet"},
    "awaiting recipient": {"not-the-sender", "not-the-recipient", "already-confirmed"},
    "completed": OVER, "cancelled": OVER, "declined": OVER, "expired": OVER, "odd": {"unknown-state"},
}  # fmt: skip


@pytest.mark.parametrize("direction", ["in", "out"])
@pytest.mark.parametrize(
    "state", ["awaiting sender", "awaiting recipient", "completed", "cancelled", "declined", "expired", "odd"]
)
def test_each_step_is_for_one_side_in_one_state(direction: str, state: str) -> None:
    """TRF-3: and the refusal says whose turn it is, or that it is over."""
    for kind, plan_step in STEPS.items():
        plan = plan_step(account(), [transfer(direction=direction, state=state)])
        if kind in ALLOWED.get((direction, state), ()):
            [operation] = plan.operations
            assert operation.kind is kind and operation.targets == ("transfer:t1", "order:o1")
            assert plan.item_count == 1 and operation.facts["counterparty"] == "b.berger"
        else:
            [left] = plan.left_out
            assert plan.operations == () and str(left.code) in REFUSED[state], left
            assert str(left.reason).endswith(".") and left.related["transfer_id"] == "t1"


def test_the_panels_own_no_is_told_in_its_words() -> None:
    no = {"action": "cancel", "allowed": False, "code": "api-key-read-only", "reason": "This key only reads."}
    plan = planner.cancel_transfer(account(), [transfer(actions=[no]), transfer(2)])
    assert left_out(plan) == {"web-1": "api-key-read-only"} and plan.item_count == 1


def test_what_needs_a_code_says_so_and_is_no_file(tmp_path: Path) -> None:
    """TRF-2: the code stands in no file, so without it a file would be worth nothing."""
    plan = planner.confirm_transfer(account(), [transfer(1), transfer(2)])
    assert plan.coded == (1, 2)
    with pytest.raises(PlanError, match="one-time code"):
        write_plan(tmp_path / "plan.json", plan)
    assert list(tmp_path.iterdir()) == []
    write_plan(tmp_path / "plan.json", planner.cancel_transfer(account(), [transfer(1)]))


def test_notifications_are_changed_in_one_request_and_only_where_they_change() -> None:
    """ACC-8."""
    wanted = {
        "invoice-created": {"email": False, "telegram": False},
        "order-blocked": {"email": False},
        "moon-phase": {"email": True},
    }
    plan = planner.notifications(account(), wanted)
    [operation] = plan.operations
    assert operation.targets == ("account",) and operation.settings() == {"invoice-created": {"email": False}}
    assert operation.facts == {"settings": {"invoice-created": {"email": True}}}
    assert left_out(plan) == {
        "New invoice by telegram": "nothing-to-do",
        "Order blocked by email": "setting-fixed",
        "moon-phase by email": "unknown-setting",
    }
    assert str(plan.title) == "New invoice by email: off" and Plan.from_json(plan.to_json()) == plan


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda one: one["params"].update(transfer_id="t2"), "acts on something"),
        (lambda one: one.update(targets=["transfer:t1"]), "names its order"),
        (lambda one: one.update(holdable=True), "cannot be held back"),
    ],
)
def test_a_changed_file_of_a_step_is_damaged(change: Any, words: str) -> None:
    import json

    document = json.loads(planner.cancel_transfer(account(), [transfer()]).to_json())
    change(document["operations"][0])
    with pytest.raises(PlanError, match=words):
        Plan.from_json(json.dumps(document))
