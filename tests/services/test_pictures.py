"""The panel before and now, in words that a person decides by."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from billtui.domain.safetext import SafeText
from billtui.services.journal import OperationRow, OperationState
from billtui.services.pictures import Compared, compared, found_json, looked_at

ROW = OperationRow(
    job_id="a" * 32, number=1, key="k", kind="order.renew", title=SafeText("Renew"), targets=("order:7",),
    takes_from=None, amount=None, state=OperationState.NEEDS_YOU, code="unclear", rule=None, detail=None,
    request_id=None, answer=None, sends=1, first_sent_at=None, changed_at=datetime(2026, 11, 26, tzinfo=UTC),
    owner=None,
)  # fmt: skip


def looked(before: dict[str, Any], now: dict[str, Any] | None) -> OperationRow:
    found = None
    if now is not None:
        found = {"at": "2026-11-26T10:05:00+00:00", "state": "unclear", "words": "Two.", "now": now}
    return replace(ROW, picture={"at": "2026-11-26T10:00:00+00:00", "seen": before}, finding=found)


def test_both_states_lie_side_by_side() -> None:
    row = looked(
        {"balance": "10.00 EUR", "paid_until": "2026-12-01T00:00:00Z", "unpaid_invoices": ["1", "2"], "on": True},
        {"balance": "5.00 EUR", "paid_until": "2026-12-01T00:00:00Z", "unpaid_invoices": ["2", "3"], "more": None},
    )
    assert [one.words for one in compared(row)] == [
        "balance: 10.00 EUR before, 5.00 EUR now",
        "paid until: 2026-12-01 00:00 UTC, as before",
        "unpaid invoices: 1, 2 before, new: 3; gone: 1 now",
        "on: yes before",
        "more: none, as before",
    ]
    assert [one.changed for one in compared(row)] == [True, False, True, False, False]
    assert looked_at(row) == (datetime(2026, 11, 26, 10, tzinfo=UTC), datetime(2026, 11, 26, 10, 5, tzinfo=UTC))


def test_for_programs() -> None:
    found = found_json(looked({"balance": "1"}, {"balance": "2"}))
    assert found is not None
    assert (found["before"]["seen"], found["now"]["seen"]) == ({"balance": "1"}, {"balance": "2"})
    assert (found["found"], found["words"]) == ("unclear", "Two.")
    before = found_json(looked({}, None))
    assert before is not None
    assert before["now"] is None
    assert found_json(ROW) is None
    assert compared(ROW) == []


def test_what_a_panel_wrote_is_harmless_and_short() -> None:
    row = looked({"a\x1b[2J": "\x1b]0;x\x07", "many": [str(n) for n in range(40)], "long": "x" * 9_999}, None)
    shown = compared(row)
    assert all(one.name.isprintable() and one.before.isprintable() for one in shown)
    assert "and 28 more" in shown[1].before
    assert len(shown[2].before) <= 300
    assert isinstance(compared(looked({"odd": {"a": {"b": [None, False]}}}, {"odd": 5}))[0], Compared)
