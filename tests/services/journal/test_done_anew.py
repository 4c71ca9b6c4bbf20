"""What was refused is done anew once, whoever asks how often (RELIABILITY "Money")."""

from __future__ import annotations

from pathlib import Path

import pytest

from billtui.domain.money import Money
from billtui.services import planner
from billtui.services.journal import DoneAnew, Journal, JournalReader, OperationState
from billtui.services.plans import Plan, PlanError
from tests.support.money_panel import MoneyPanel

S = OperationState


def payment(number: int) -> Plan:
    panel = MoneyPanel()
    panel.add_invoices(9)
    return planner.pay(panel.account(), panel.models([number]), "internal")


def refuse(journal: Journal, plan: Plan) -> None:
    journal.add_job(plan, "me", held=False)
    journal.move(plan.id, 1, S.REFUSED, come_from=(S.PREPARED,))


def test_a_second_plan_for_the_same_refusal_is_not_taken_on(journal: Journal, path: Path) -> None:
    """Also where both were made and confirmed before either was handed over, by two programs."""
    first = payment(1)
    refuse(journal, first)
    one, two = payment(1).anew(first.id, [1]), payment(2).anew(first.id, [1])
    reader = JournalReader(path)
    assert reader.done_anew(first.id) == {}
    refuse(journal, one)
    with pytest.raises(DoneAnew, match=one.id[:12]):
        journal.add_job(two, "other", held=False)
    assert reader.done_anew(first.id) == {1: one.id}
    assert journal.add_job(one, "me", held=False) is False  # the very same plan is the job that is there
    three = payment(1).anew(one.id, [1])  # the refusal of the second try is another one
    assert journal.add_job(three, "me", held=False)
    reader.close()


def test_what_was_cancelled_whole_counts_as_never_tried(journal: Journal) -> None:
    first = payment(1)
    refuse(journal, first)
    one = payment(1).anew(first.id, [1])
    journal.add_job(one, "me", held=False)
    with pytest.raises(DoneAnew):
        journal.add_job(payment(2).anew(first.id, [1]), "me", held=False)
    journal.move(one.id, 1, S.CANCELLED, come_from=(S.PREPARED,))
    assert journal.add_job(payment(2).anew(first.id, [1]), "me", held=False)


def test_a_refused_move_of_money_is_done_anew_once() -> None:
    """ACC-4: money that was moved does not come back."""
    account = MoneyPanel().account()
    plan = planner.move(account, Money("1.00", "EUR"))
    again = planner.again(plan, {1})
    assert again.instead_of == (f"{plan.id}:1",) and Plan.from_json(again.to_json()) == again
    assert "instead_of" not in plan.to_json()


def test_a_file_that_names_no_operation_is_no_plan() -> None:
    document = payment(1).anew("0" * 32, [1]).to_json().replace('"00000000000000000000000000000000:1"', '"x"')
    with pytest.raises(PlanError, match="JOB:NUMBER"):
        Plan.from_json(document)
