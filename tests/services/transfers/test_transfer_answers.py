"""A kept answer proves an operation only if it is about it: its orders, its recipient, its step (TRF, ACC-8)."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import SecretStr

from billtui.services import planner
from billtui.services.journal import OperationState
from billtui.services.plans import Operation
from billtui.services.settle import Verdict, held_against, without
from tests.services.planner.test_transfer_plans import NOW, account, order, transfer

S = OperationState
Json = dict[str, Any]


def item(number: int = 1, **more: Any) -> Json:
    known: Json = {
        "id": f"t{number}", "order_id": f"o{number}", "state": "awaiting sender", "counterparty": "b.berger",
        "counterparty_account_id": "1002", "push_id": "p", "history": [{"state": "awaiting sender"}], "actions": [],
    }  # fmt: skip
    return known | more


def push(count: int = 2) -> Operation:
    return planner.push(
        account(), [order(number) for number in range(1, count + 1)], "b.berger", "1002", now=NOW
    ).operation(1)


def judged(operation: Operation, answer: Json) -> Verdict:
    return held_against(Verdict(S.DONE, answer=answer), operation, None)


def test_a_push_is_proved_by_transfers_of_its_orders_to_its_recipient() -> None:
    done = judged(push(), {"items": [item(2), item(1)]})
    assert done.state is S.DONE and done.answer is not None
    assert [set(one) for one in done.answer["items"]] == [
        {"id", "order_id", "state", "counterparty", "counterparty_account_id", "push_id"}
    ] * 2
    many = judged(push(60), {"items": [item(number) for number in range(1, 61)]})
    assert many.answer == {"transfer_ids": [f"t{number}" for number in range(1, 61)]}


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"items": []},
        {"items": [item(1)]},
        {"items": [item(1), item(1)]},
        {"items": [item(1), item(3)]},
        {"items": [item(1), item(2, counterparty_account_id="1003")]},
        {"items": [item(1), "t2"]},
    ],
)
def test_another_push_proves_nothing(answer: Json) -> None:
    assert judged(push(), answer).state is S.NEEDS_YOU


def test_a_step_is_proved_by_its_transfer_in_the_state_that_it_comes_to() -> None:
    """TRF-3."""
    cancel = planner.cancel_transfer(account(), [transfer()]).operation(1)
    assert judged(cancel, item(1, state="cancelled")).state is S.DONE
    for wrong in ({"state": "expired"}, {"state": "cancelled", "id": "t2"}, {"state": "cancelled", "order_id": "o2"}):
        assert judged(cancel, item(1, **wrong)).state is S.NEEDS_YOU, wrong
    accept = planner.accept_transfer(account(), [transfer(direction="in", state="awaiting recipient")]).operation(1)
    assert judged(accept, item(1, state="completed")).state is S.DONE
    assert judged(accept, item(1, state="awaiting recipient")).state is S.NEEDS_YOU


def test_a_change_of_notifications_is_proved_by_the_settings() -> None:
    """ACC-8."""
    operation = planner.notifications(account(), {"invoice-created": {"email": False}}).operation(1)

    def rules(on: object) -> Json:
        return {"email": "a@example.org", "notifications": [{"event": "invoice-created", "channels": {"email": on}}]}

    done = judged(operation, rules(False))
    assert done.state is S.DONE and done.answer == {"settings": {"invoice-created": {"email": False}}}
    others: list[Json] = [rules(True), {"notifications": []}, {}, {"notifications": [{"event": "invoice-created"}]}]
    for answer in others:
        assert judged(operation, answer).state is S.NEEDS_YOU, answer


def test_a_code_that_a_panel_repeats_is_not_kept() -> None:
    """TRF-2."""
    verdict = Verdict(
        S.REFUSED, "wrong-code", "TRF-2", "“QES8-MCQ5-BP70” is wrong.", "r-QES8-MCQ5-BP70",
        {"id": "t1", "note": "QES8-MCQ5-BP70"},
    )  # fmt: skip
    kept = without(verdict, SecretStr("QES8-MCQ5-BP70"))
    assert "QES8" not in repr(kept) and kept.answer == {"id": "t1"} and kept.detail == "“(the code)” is wrong."
    assert without(verdict, None) == verdict
