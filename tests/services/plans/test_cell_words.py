"""What a cell of a purchase is called, where the panel's ids are numbers."""

from __future__ import annotations

import pytest
from pydantic import JsonValue

from billtui.domain.models import OrderCell
from billtui.domain.money import Money
from billtui.domain.safetext import SafeText
from billtui.services.plans import Operation, OperationKind, cell_words


@pytest.mark.parametrize(
    ("plan", "title", "said"),
    [
        ("vds-501", "KVM-2 in Amsterdam", "KVM-2 in Amsterdam (vds-501 in 6)"),
        ("vds.vps-7", "KVM-2 in Rome (the promo code comes off in the basket)", "KVM-2 in Rome (vds.vps-7 in 6)"),
        ("12", "VPS One", "VPS One (12 in 6)"),
        ("vds:3", "\x1b[31mRed", "␛[31mRed (vds:3 in 6)"),
        ("vds-501", "vds-501", "vds-501 in 6"),
        ("vds-501", None, "vds-501 in 6"),
        ("vds-micro", "New server", "vds-micro in 6"),
    ],
)
def test_names_stand_before_ids_that_are_numbers(plan: str, title: str | None, said: str) -> None:
    cell = OrderCell(plan=SafeText(plan), location=SafeText("6"), quantity=1)
    facts: dict[str, JsonValue] = {"lines": {f"{plan}@6": {"title": title}}}
    operation = Operation(
        number=1, kind=OperationKind.ORDER, targets=("new:1",), title=SafeText("Order"), amount=Money("1.00", "EUR"),
        params={"cells": [cell.model_dump(mode="json")], "period": 1}, facts=facts,
    )  # fmt: skip
    assert str(cell_words(operation, cell)) == said
