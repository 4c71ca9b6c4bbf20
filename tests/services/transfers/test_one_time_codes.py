"""Codes from what a person pastes, and that no text of a panel keeps one (TRF-2)."""

from __future__ import annotations

import pytest
from pydantic import SecretStr

from billtui.services.one_time_codes import NoCode, answer_without_code, code_of, link_of, without_code
from billtui.services.plans import OperationKind

K = OperationKind
CODE = "k7Qm-3xYz-99ab"
LINK = f"https://panel.example.org/transfers/t1#confirm={CODE}"


@pytest.mark.parametrize(
    "pasted",
    [CODE, f"  {CODE}\n", LINK, f"{LINK}\r\n", LINK.replace("#", "\n  #")],
)
def test_a_code_or_the_whole_link_also_wrapped_by_a_mail_program(pasted: str) -> None:
    assert code_of(pasted, K.TRANSFER_CONFIRM, "t1").get_secret_value() == CODE


@pytest.mark.parametrize(
    ("pasted", "kind", "words"),
    [
        ("", K.TRANSFER_CONFIRM, "whole link"),
        (LINK, K.TRANSFER_ACCEPT, "link of the other mail"),
        (LINK.replace("t1", "t2"), K.TRANSFER_CONFIRM, "another transfer"),
        (f"https://panel.example.org/transfers/t1?x={CODE}", K.TRANSFER_CONFIRM, "carries no code"),
        (f"https://[bad/{CODE}#confirm={CODE}", K.TRANSFER_CONFIRM, "carries no code"),
        (f"#confirm={CODE}", K.TRANSFER_CONFIRM, "carries no code"),
        (f"{CODE}/../", K.TRANSFER_CONFIRM, "no code"),
    ],
)
def test_what_is_no_code_is_refused_without_being_repeated(pasted: str, kind: OperationKind, words: str) -> None:
    with pytest.raises(NoCode, match=words) as refusal:
        code_of(pasted, kind, "t1")
    assert CODE not in str(refusal.value)


def test_a_panel_that_repeats_the_code_does_not_get_it_written_down() -> None:
    code = SecretStr(CODE)
    assert without_code(f"“{CODE}” is wrong.", code) == "“(the code)” is wrong."
    assert answer_without_code({"id": "t1", "note": f"by {CODE}", "deep": [{"x": CODE}]}, code) == {"id": "t1"}
    assert without_code("t1 is wrong.", SecretStr("t1")) == "t1 is wrong."


def test_a_link_of_another_panel_keeps_its_code_to_itself() -> None:
    """Its code is that panel's secret, and another transfer may have the same id here."""
    assert code_of(LINK, K.TRANSFER_CONFIRM, "t1", "panel.example.org").get_secret_value() == CODE
    for pasted in (LINK, LINK.removeprefix("https://")):
        with pytest.raises(NoCode, match=r"leads to panel\.example\.org, and this panel is lab\.example") as refusal:
            code_of(pasted, K.TRANSFER_CONFIRM, "t1", "lab.example")
        assert CODE not in str(refusal.value)
    with pytest.raises(NoCode, match="not sent here"):
        link_of(LINK, K.TRANSFER_CONFIRM, "lab.example")
    assert link_of("/transfers/t1#confirm=" + CODE, K.TRANSFER_CONFIRM, "lab.example")[0] == "t1"
