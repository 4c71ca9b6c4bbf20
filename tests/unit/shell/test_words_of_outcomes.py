"""What is said of money has the right name: nothing stands still or vanishes in silence, a promise has its day."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from unittest.mock import Mock

import pytest

from billtui.cli.problems import CliError
from billtui.cli.targets import all_found
from billtui.domain.models import PaymentMethod
from billtui.domain.money import Money
from billtui.domain.safetext import SafeText
from billtui.screens.jobs_news import summary_of
from billtui.screens.paying import _consequences
from billtui.screens.renewing import _period_note
from billtui.services.executor import JobEvent
from billtui.services.issued import left_to_pay
from billtui.services.journal import JobState, OperationRow, OperationState, PauseReason
from billtui.services.operation_kinds import OperationKind
from tests.support.money_panel import MoneyPanel

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.mark.parametrize("reason", [one for one in PauseReason if one is not PauseReason.USER])
def test_a_job_that_waits_says_so(reason: PauseReason) -> None:
    """A confirmed payment that is not sent must not look like one that was; whoever pauses it knows it already."""
    event = JobEvent("1", SafeText("Pay invoice 7"), JobState.PAUSED, {OperationState.PREPARED: 2}, paused=reason)
    said = summary_of(event)
    assert said is not None and said[0].startswith("Pay invoice 7: 2 left; ") and said[1] == "warning"


def row(kind: OperationKind, answer: dict[str, Any] | None) -> OperationRow:
    """A step that is done."""
    title, amount = SafeText("Renew 2 orders"), Money("9.00", "EUR")
    state, told = OperationState.DONE, (None, None, None, None)  # code, rule, detail, request
    return OperationRow("1", 1, "key", kind, title, (), None, amount, state, *told, answer, 1, NOW, NOW, None)


@pytest.mark.parametrize(
    ("kind", "state", "steps", "words"),
    [
        (OperationKind.RENEW, "unpaid", 1, "Not paid yet: invoice 271, 9.00 EUR; 2 shows it, p pays it."),
        (OperationKind.ORDER, "unpaid", 1, "Not paid yet: invoice 271, 9.00 EUR; 2 shows it, p pays it."),
        (OperationKind.ORDER, "unpaid", 3, "Its invoices are not paid yet: 2 shows them."),
        (OperationKind.RENEW, "paid", 1, None),
        (OperationKind.PAY, "unpaid", 1, None),
    ],
)
def test_an_invoice_that_was_only_issued_is_not_just_done(
    kind: OperationKind, state: str, steps: int, words: str | None
) -> None:
    """REN-1: “Renew 9 orders: done.” reads as if they were renewed."""
    answer = {"invoice": {"number": "271", "state": state, "total": {"amount": "9.00", "currency": "EUR"}}}
    states = {OperationState.DONE: steps}
    moved = row(kind, answer)
    said = summary_of(JobEvent("1", SafeText("Renew"), JobState.FINISHED, states, operation=moved, done=True))
    assert said == (f"Renew: done. {words}" if words else "Renew: done.", "information")
    paying = replace(row(OperationKind.PAY, {"state": "paid"}), number=2, takes_from=1, kind=OperationKind.PAY.value)
    assert bool(left_to_pay([moved])) is (words is not None)
    assert left_to_pay([moved, paying]) == []


def test_a_promise_of_several_invoices_always_says_its_day() -> None:
    """PRM-3: also where the first one marked cannot be promised, so that the panel names no deadline for it."""
    method = PaymentMethod.model_validate({"method": "promise", "title": "Promise to pay", "available": False})
    facts, _note = _consequences(MoneyPanel().account(), Money("5.00", "EUR"), method, NOW)
    assert facts[0].label == "Pay by" and facts[0].value.startswith("2026-11-30")


def test_what_vanished_meanwhile_is_not_silently_left_out() -> None:
    """Two invoices were named and one is paid: that would be half of what was asked for, called done."""
    [one] = MoneyPanel().add_invoices(1)
    assert all_found(["1"], [one], "invoice") == [one]
    with pytest.raises(CliError, match="nothing was sent"):
        all_found(["1", "2"], [one], "invoice")


@pytest.mark.parametrize(
    ("bills", "said"),
    [
        ([None, None], "For how long?"),
        (["7", None], "For how long? 1 of them is on an open invoice: the ways out stand beside the price."),
        (["7", "7", None], "For how long? 2 of them are on an open invoice: the ways out stand beside the price."),
    ],
)
def test_how_many_are_on_an_open_invoice_is_a_sentence(bills: list[str | None], said: str) -> None:
    assert _period_note([Mock(unpaid_invoice_id=bill) for bill in bills]) == said
