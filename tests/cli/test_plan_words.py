"""A plan file is written by anybody: what is really sent stands before the file's own words."""

from __future__ import annotations

from decimal import Decimal

from billtui.cli.plan_text import plan_lines
from billtui.domain.money import Money
from billtui.domain.safetext import SafeText
from billtui.services.plans import Operation, OperationKind, Plan


def test_steps_of_a_file_say_what_they_do() -> None:
    renamed = Operation(
        number=1,
        kind=OperationKind.ACTION,
        targets=("order:17",),
        params={"order_id": "17", "action": "reinstall"},
        title=SafeText("Look at order 17\nTotal    0.00 EUR"),
    )
    plan = Plan(
        kind="order.action",
        title=SafeText("Look at order 17"),
        panel_id="panel",
        account_id="1",
        operations=(renamed,),
        total=Money(amount=Decimal(0), currency="EUR"),
    )
    lines = plan_lines(plan, from_file=True)
    assert any("order.action order:17 action reinstall: “Look at order 17" in line for line in lines)
    assert not any("\n" in line for line in lines)
    assert not any("order.action" in line for line in plan_lines(plan))
