"""A forgotten password: what is taken as a code, and how each refusal is said (ACC-3)."""

from __future__ import annotations

import pytest

from billtui.client.errors import ConnectionLost, InvalidInput, NotSent, OutcomeUnknown, RuleRefused
from billtui.domain.models import Problem
from billtui.services.recovery import NEUTRAL, NOT_KNOWN, check_host, code_of, explain


@pytest.mark.parametrize(
    "typed",
    [
        "kx7-22_Q=",
        "  kx7-22_Q= ",
        "https://panel.example/password-recovery#kx7-22_Q",
        "https://panel.example/password-recovery#code=kx7-22_Q",
    ],
)
def test_the_code_or_its_link(typed: str) -> None:
    """A code stands as it is; of a link only the fragment counts, which never reaches a server."""
    assert code_of(typed).rstrip("=") == "kx7-22_Q"


def test_a_link_of_another_panel_is_not_sent_here() -> None:
    """ACC-3: whoever has its code sets a password there. A bare code names no panel, and goes."""
    for link in (
        "https://panel.example/password-recovery#code=kx7-22_Q",
        "https://lab.example@panel.example/password-recovery#kx7-22_Q",
        "panel.example/password-recovery#code=kx7-22_Q",
    ):
        check_host(link, "panel.example")
        with pytest.raises(NotSent, match=r"leads to panel\.example, and this panel is lab\.example") as refusal:
            check_host(link, "lab.example")
        assert "kx7" not in str(refusal.value)
    for code in ("kx7-22_Q=", "/password-recovery#code=kx7-22_Q"):
        check_host(code, "lab.example")


def test_acc_3_each_refusal_has_its_own_words_and_a_way_out() -> None:
    """ACC-3."""
    said = set()
    for kind in ("used", "expired", "voided", "unknown"):
        problem = Problem.model_validate({"status": 409, "code": f"recovery-code-{kind}", "detail": "No."})
        words = explain(RuleRefused("No.", problem=problem))
        assert "ask for a new" in words.lower()
        said.add(words)
    assert len(said) == 4
    assert explain(OutcomeUnknown(ConnectionLost("The line broke."))) == NOT_KNOWN
    fields = Problem.model_validate(
        {"status": 422, "code": "invalid-input", "fields": {"new_password": "The new password is too short."}}
    )
    assert explain(InvalidInput("No.", problem=fields)) == "The new password is too short."
    assert explain(RuleRefused("The panel refused.")) == "The panel refused."


def test_acc_3_the_neutral_answer_tells_of_no_address() -> None:
    """ACC-3."""
    assert NEUTRAL.startswith("If ")
