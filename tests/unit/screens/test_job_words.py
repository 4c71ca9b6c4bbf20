"""What a job that was not done is called: nobody refused what never left, and nobody is told to try again blindly."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from billtui.client.errors import ClientError, ConnectionLost, OutcomeUnknown, TimedOut
from billtui.domain.money import Money
from billtui.domain.safetext import SafeText
from billtui.screens.job_actions import _means
from billtui.screens.job_progress import outcome
from billtui.screens.jobs import job_detail
from billtui.services.journal import JobRow, JobState, OperationRow, OperationState
from billtui.services.settle import verdict_of_error

S = OperationState
NOW = datetime(2026, 11, 26, 9, tzinfo=UTC)
PRICE = Money("9.90", "EUR")


def job(counts: Mapping[OperationState, int]) -> JobRow:
    """A finished one."""
    text = SafeText("Pay invoice SB/265")
    return JobRow("1", "invoice.pay", text, "p", text, "1", text, "main", PRICE, PRICE, NOW, JobState.FINISHED,
                  None, None, counts)  # fmt: skip


@pytest.mark.parametrize(
    ("counts", "word"),
    [
        ({S.NOT_SENT: 1}, "not-sent"),
        ({S.NOT_SENT: 2, S.CANCELLED: 1}, "not-sent"),
        ({S.NOT_SENT: 1, S.REFUSED: 1}, "refused"),
        ({S.REFUSED: 1}, "refused"),
        ({S.DONE: 1, S.NOT_SENT: 1}, "partly done"),
        ({S.DONE: 2}, "done"),
        ({S.CANCELLED: 2}, "cancelled"),
    ],
)
def test_a_job_is_called_refused_only_where_something_was(counts: dict[OperationState, int], word: str) -> None:
    assert outcome(job(counts)) == word


@pytest.mark.parametrize(
    "cause", [ConnectionLost("The line broke.", "Try again."), TimedOut("No answer.", "Try again.")]
)
def test_an_unknown_payment_is_never_said_to_be_tried_again(cause: ClientError) -> None:
    verdict = verdict_of_error(OutcomeUnknown(cause))
    assert verdict.state is S.UNKNOWN
    assert verdict.detail == f"{cause.fact} Its outcome is looked up."


def test_what_costs_nothing_has_no_price_of_today() -> None:
    row = OperationRow("1", 1, "k", "ticket.change", SafeText("Close"), (), None, None, S.REFUSED, None, None, None,
                       None, None, 1, NOW, NOW, None)  # fmt: skip
    said = _means(row, keys=False)
    assert said is not None and "price" not in said and "R " in said
    paid = _means(replace(row, amount=PRICE), keys=False)
    assert paid is not None and "today's price" in paid


@pytest.mark.parametrize("total", [Money("9.90", "EUR"), Money.zero("XXX")])
def test_nothing_is_left_of_a_job_that_has_ended_and_what_costs_nothing_has_no_total(total: Money) -> None:
    ended = replace(job({S.NOT_SENT: 1}), total=total, left=Money.zero(total.currency))
    words = job_detail(ended).plain
    assert "Left" not in words and "XXX" not in words and ("9.90 EUR" in words) == bool(total.amount)
    assert "Left" in job_detail(job({S.PREPARED: 1})).plain
