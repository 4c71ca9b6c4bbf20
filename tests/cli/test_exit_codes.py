"""Which exit code a job, a refusal and an error lead to: pure functions."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billtui.cli.exits import MEANINGS, Ended, Exit, exit_of_job, exit_of_left_out, exit_of_refusal
from billtui.cli.problems import CliError, problem_of
from billtui.client import errors
from billtui.services.journal import OperationState, PauseReason, UnknownJob
from billtui.services.plans import PlanError
from billtui.services.session_settings import AlienPlan, NotSignedIn, ReadOnlySession


@pytest.mark.parametrize(
    ("operations", "paused", "left_out", "expected"),
    [
        ([("done", None)], None, 0, Exit.DONE),
        ([("done", None), ("done", None)], None, 0, Exit.DONE),
        ([("done", None)], None, 2, Exit.PARTLY),
        ([("done", None), ("refused", "insufficient-funds")], None, 0, Exit.PARTLY),
        ([("done", None), ("not-sent", "not-sent")], None, 0, Exit.PARTLY),
        ([("done", None), ("prepared", None)], "offline", 0, Exit.PARTLY),
        ([("done", None), ("unknown", "timed-out")], None, 0, Exit.UNKNOWN),
        ([("unknown", "timed-out"), ("prepared", None)], None, 0, Exit.UNKNOWN),
        ([("needs-you", "too-old")], None, 0, Exit.UNKNOWN),
        ([("sending", None)], None, 0, Exit.UNKNOWN),
        ([("refused", "already-paid")], None, 0, Exit.REFUSED),
        ([("refused", "insufficient-funds")], None, 0, Exit.PAYMENT),
        ([("refused", "facts-changed"), ("cancelled", "earlier-not-done")], None, 0, Exit.CHANGED),
        ([("refused", "price-changed")], None, 0, Exit.CHANGED),
        ([("refused", "version-mismatch")], None, 0, Exit.CHANGED),
        ([("refused", "not-found")], None, 0, Exit.NOT_FOUND),
        ([("refused", "insufficient-funds"), ("refused", "facts-changed")], None, 0, Exit.CHANGED),
        ([("not-sent", "not-sent"), ("not-sent", "earlier-not-done")], None, 0, Exit.NETWORK),
        ([("prepared", None)], "sign-in", 0, Exit.SIGN_IN),
        ([("prepared", None)], "busy-panel", 0, Exit.NETWORK),
        ([("prepared", None)], "other-account", 0, Exit.USAGE),
        ([("prepared", None)], "journal", 0, Exit.UNEXPECTED),
        ([("prepared", None)], "trouble", 0, Exit.UNEXPECTED),
        ([("cancelled", "cancelled")], None, 0, Exit.REFUSED),
    ],
)
def test_the_exit_code_of_a_job(
    operations: list[tuple[str, str | None]], paused: str | None, left_out: int, expected: Exit
) -> None:
    assert exit_of_job([Ended(*one) for one in operations], paused, left_out=left_out) is expected


STATES = st.sampled_from([state.value for state in OperationState])
CODES = st.one_of(st.none(), st.sampled_from(["insufficient-funds", "facts-changed", "earlier-not-done", "x"]))
OPERATIONS = st.lists(st.builds(Ended, STATES, CODES), min_size=1, max_size=8)
PAUSES = st.one_of(st.none(), st.sampled_from([reason.value for reason in PauseReason]))


@given(OPERATIONS, PAUSES, st.integers(0, 3))
def test_what_is_unknown_is_never_called_anything_else(
    operations: list[Ended], paused: str | None, left_out: int
) -> None:
    """RELIABILITY: unknown has its own words, never "failed", and never "done"."""
    code = exit_of_job(operations, paused, left_out=left_out)
    states = {one.state for one in operations}
    assert (code is Exit.UNKNOWN) == bool(states & {"unknown", "needs-you", "sending"})
    assert (code is Exit.DONE) == (states == {"done"} and not left_out)
    assert code in MEANINGS


def test_left_out_only_for_money_is_a_refused_payment() -> None:
    assert exit_of_left_out(["insufficient-funds", "insufficient-funds"]) is Exit.PAYMENT
    assert exit_of_left_out(["insufficient-funds", "already-paid"]) is Exit.REFUSED
    assert exit_of_left_out([]) is Exit.REFUSED
    assert exit_of_refusal("promise-too-early") is Exit.REFUSED


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.NotSent("No line."), Exit.NETWORK),
        (errors.TimedOut("Too late."), Exit.NETWORK),
        (errors.ServerTrouble("Broken."), Exit.NETWORK),
        (errors.ConfigurationProblem("Odd address."), Exit.USAGE),
        (errors.SessionExpired("Over."), Exit.SIGN_IN),
        (errors.TotpRequired("Code."), Exit.SIGN_IN),
        (errors.LockedOut("Wait."), Exit.SIGN_IN),
        (errors.NotFound("Gone."), Exit.NOT_FOUND),
        (errors.RuleRefused("No."), Exit.REFUSED),
        (errors.RuleRefused("No.", code="insufficient-funds"), Exit.PAYMENT),
        (errors.PriceChanged("Dearer."), Exit.CHANGED),
        (errors.OutcomeUnknown(errors.TimedOut("Late.")), Exit.UNKNOWN),
        (errors.InvalidInput("Odd."), Exit.USAGE),
        (NotSignedIn("Nobody."), Exit.SIGN_IN),
        (ReadOnlySession("Look only."), Exit.REFUSED),
        (AlienPlan("Other."), Exit.USAGE),
        (UnknownJob("Which?"), Exit.NOT_FOUND),
        (PlanError("Torn."), Exit.USAGE),
        (CliError("usage", "What?"), Exit.USAGE),
        (OSError(28, "No space left on device"), Exit.UNEXPECTED),
    ],
)
def test_every_known_error_has_its_exit_code_and_words(error: Exception, code: Exit) -> None:
    problem = problem_of(error)
    assert problem is not None
    assert problem.exit is code
    assert problem.detail
    assert problem.code


def test_a_fault_of_the_program_is_no_known_error() -> None:
    assert problem_of(KeyError("secret")) is None
