"""What may come out cheaper than confirmed, and what may not."""

from __future__ import annotations

from typing import Any

import pytest

from billtui.domain.money import Money
from billtui.domain.safetext import SafeText
from billtui.services.plans import Operation, OperationKind, at_most
from billtui.services.settle import speaks_of

CELL = {"plan": "vds-502", "location": "1", "quantity": 1}


def order(**params: Any) -> Operation:
    return Operation(
        number=1, kind=OperationKind.ORDER, targets=("new:1",), params={"cells": [CELL], "period": 1, **params},
        amount=Money("10.00", "EUR"), title=SafeText("Order"),
    )  # fmt: skip


def billed(amount: str, currency: str = "EUR") -> dict[str, Any]:
    total = Money(amount, currency).model_dump(mode="json")
    return {"invoice": {"total": total}, "orders": [{"id": "vds:9", "plan": "vds-502", "location": "1"}]}


@pytest.mark.parametrize(
    ("amount", "currency", "with_code", "without"),
    [("10.00", "EUR", True, True), ("9.00", "EUR", True, False), ("10.01", "EUR", False, False),
     ("9.00", "USD", False, False)],
)  # fmt: skip
def test_a_promo_code_may_come_off_when_it_is_billed(
    amount: str, currency: str, with_code: bool, without: bool
) -> None:
    assert speaks_of(billed(amount, currency), order(promo_code="STAY10")) is with_code
    assert speaks_of(billed(amount, currency), order()) is without


def test_a_renewal_costs_what_was_confirmed() -> None:
    renewal = Operation(
        number=1, kind=OperationKind.RENEW, targets=("order:1",), amount=Money("10.00", "EUR"), title=SafeText("Renew"),
        params={"order_ids": ["1"], "period": 1, "promo_code": "STAY10"},
    )  # fmt: skip
    assert at_most(order(promo_code="STAY10"))
    assert not at_most(renewal) and not at_most(order()) and not at_most(order(promo_code=None))
