"""Lines of the overview that hold numbers fit their line at 80 columns."""

from __future__ import annotations

from decimal import Decimal

import pytest

from billtui.domain.money import Money
from billtui.screens.overview import ROOM, running_out_words
from billtui.services.overview import RunningOut


@pytest.mark.parametrize(
    ("count", "monthly", "auto", "words"),
    [
        (0, "0", 0, "30 days: 0 orders"),
        (1, "5.90", 1, "30 days: 1 order, 5.90 EUR a month, 1 renews itself"),
        (33, "577.90", 12, "30 days: 33 orders, 577.90 EUR a month, 12 renew themselves"),
        (1226, "16659.50", 282, "30 days: 1226 orders, 16 659.50 EUR a month, 282 automatic"),
        (10001, "120827.75", 2477, "30 days: 10001 orders, 120 827.75 EUR a month, 2477 automatic"),
    ],
)
def test_what_runs_out_is_one_line(count: int, monthly: str, auto: int, words: str) -> None:
    told = running_out_words(RunningOut(30, count, Money(Decimal(monthly), "EUR"), auto))
    assert told.replace("\N{NO-BREAK SPACE}", " ").replace("\N{NARROW NO-BREAK SPACE}", " ") == words
    assert len(told) <= ROOM
