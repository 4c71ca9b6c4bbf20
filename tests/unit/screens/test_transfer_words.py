"""How a transfer is told: steps, whose turn it is, time left, facts of a push (TRF-2, TRF-3)."""

from __future__ import annotations

import pytest

from billtui.domain.models import Transfer, TransferState
from billtui.screens.transfer_view import left_of, steps_text
from billtui.services.store import TransferRow
from billtui.services.store.convert import transfer_row
from billtui.services.transfers import turn_of, waits_for_you
from tests.support.small_panel import NOW, iso, transfer

MOMENT = int(NOW.timestamp())
HISTORY = transfer(1)["history"]
IN_ASCII = str.maketrans("─●○✓×", "-*o+x")
CONFIRMED = [*HISTORY, {"state": "awaiting recipient", "at": iso(NOW), "by": "olena"}]


def row(**other: object) -> TransferRow:
    return transfer_row(Transfer.model_validate(transfer(1, **other)))


@pytest.mark.parametrize(
    ("direction", "state", "history", "words"),
    [
        ("out", "awaiting sender", HISTORY, "pushed ─ ● you confirm ─ ○ accept"),
        ("out", "awaiting recipient", CONFIRMED, "pushed ─ confirmed ─ ● they accept"),
        ("in", "awaiting recipient", CONFIRMED, "pushed ─ confirmed ─ ● you accept"),
        ("in", "completed", CONFIRMED, "pushed ─ confirmed ─ ✓ accepted"),
        ("out", "cancelled", HISTORY, "pushed ─ × cancelled"),
        ("out", "declined", CONFIRMED, "pushed ─ confirmed ─ × declined"),
        ("out", "expired", HISTORY, "pushed ─ × expired"),
        ("out", "frozen by court", HISTORY, "pushed ─ × frozen by court"),
    ],
)  # fmt: skip
def test_the_steps_of_every_state(direction: str, state: str, history: object, words: str) -> None:
    one = row(direction=direction, state=state, history=history)
    assert steps_text(one).text == words
    assert steps_text(one, ascii_only=True).text == words.translate(IN_ASCII)
    assert len(words) <= 34 or state not in list(TransferState)


@pytest.mark.parametrize(
    ("direction", "state", "turn", "yours"),
    [
        ("out", "awaiting sender", "you: confirm", True),
        ("in", "awaiting sender", "they: confirm", False),
        ("out", "awaiting recipient", "they: accept", False),
        ("in", "awaiting recipient", "you: accept", True),
        ("in", "completed", "None", False),
        ("out", "cancelled", "None", False),
    ],
)
def test_whose_turn_it_is(direction: str, state: str, turn: str, yours: bool) -> None:
    one = row(direction=direction, state=state)
    assert str(turn_of(one)) == turn
    assert waits_for_you(one) is yours


def test_time_left_changes_by_the_hour_and_in_the_last_one_by_the_minute() -> None:
    one = row()

    def left(seconds: int) -> str:
        assert one.expires_at is not None
        cell = left_of(one, one.expires_at - seconds)
        return cell if isinstance(cell, str) else cell.text

    assert [left(72 * 3600), left(71 * 3600 + 3599), left(3600), left(3599), left(59)] == [
        "3 d", "2 d 23 h", "1 h", "59 min", "1 min",
    ]  # fmt: skip
    assert left(0) == "expiring"
    assert all(len(left(seconds)) <= 9 for seconds in range(1, 72 * 3600, 997))
    ended = row(
        state="expired", expires_at=None, history=[*HISTORY, {"state": "expired", "at": iso(NOW), "reason": "72 h"}]
    )
    assert (ended.ended_at, ended.why) == (MOMENT, "72 h")
    assert left_of(ended, MOMENT + 3 * 86_400)[0] == "3 d ago"
