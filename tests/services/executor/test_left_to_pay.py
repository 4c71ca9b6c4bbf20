"""What is said to be left to pay, by the journal's own rows: what the job paid is not asked for once more."""

from __future__ import annotations

from decimal import Decimal
from unittest.mock import Mock

import pytest

from billtui.cli.plan_text import show_job
from billtui.services.executor import Executor
from billtui.services.issued import left_to_pay
from tests.services.executor.carrying_out import SECONDS, S, renewal, states
from tests.support.money_panel import MoneyPanel


@pytest.mark.parametrize(("then", "left"), [("internal", 0), ("promise", 0), (None, 1)])
def test_what_the_job_pays_is_not_left(executor: Executor, panel: MoneyPanel, then: str | None, left: int) -> None:
    plan = renewal(panel, then)
    executor.wait(executor.submit(plan), SECONDS)
    assert set(states(executor, plan)) == {S.DONE}
    assert len(left_to_pay(executor.reader.operations(plan.id))) == left


def test_an_invoice_whose_payment_was_refused_is_left(executor: Executor, panel: MoneyPanel) -> None:
    plan = renewal(panel)
    panel.balance = Decimal("0.00")
    executor.wait(executor.submit(plan), SECONDS)
    assert states(executor, plan) == [S.DONE, S.REFUSED]
    [issued] = left_to_pay(executor.reader.operations(plan.id))
    assert issued.total == plan.total and issued.number in panel.invoices


def test_the_invoice_is_named_by_its_number_and_nothing_else(executor: Executor, panel: MoneyPanel) -> None:
    """A bare number may be the id of another invoice."""
    plan = renewal(panel, None)
    job = executor.wait(executor.submit(plan), SECONDS)
    rows = executor.reader.operations(plan.id)
    [issued], out = left_to_pay(rows), Mock()
    show_job(out, job, rows)
    assert f"billtui invoices pay number:{issued.number} " in out.line.call_args.args[0]
