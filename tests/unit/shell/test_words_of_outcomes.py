"""What is said of money has the right name: nothing stands still or vanishes in silence, a promise has its day."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from billtui.cli.problems import CliError
from billtui.cli.targets import all_found
from billtui.domain.models import PaymentMethod
from billtui.domain.money import Money
from billtui.domain.safetext import SafeText
from billtui.screens.jobs_news import summary_of
from billtui.screens.paying import _consequences
from billtui.services.executor import JobEvent
from billtui.services.journal import JobState, OperationState, PauseReason
from tests.support.money_panel import MoneyPanel

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.mark.parametrize("reason", [one for one in PauseReason if one is not PauseReason.USER])
def test_a_job_that_waits_says_so(reason: PauseReason) -> None:
    """A confirmed payment that is not sent must not look like one that was; whoever pauses it knows it already."""
    event = JobEvent("1", SafeText("Pay invoice 7"), JobState.PAUSED, {OperationState.PREPARED: 2}, paused=reason)
    said = summary_of(event)
    assert said is not None and said[0].startswith("Pay invoice 7: 2 left; ") and said[1] == "warning"


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
