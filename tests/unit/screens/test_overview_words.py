"""Lines of the overview that hold numbers fit their line at 80 columns."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from billtui.domain.money import Money
from billtui.screens.overview import ROOM, blocked_words, promise_words, running_out_words
from billtui.services.overview import Blocked, Promise, RunningOut
from billtui.services.store import InvoiceRow
from tests.services.order_rows import NOW, order_row


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


def test_what_is_over_is_never_said_to_be_left() -> None:
    """Of a copy that is older than a deadline, as without a line: PRM-8, ORD-2."""
    now = datetime.fromtimestamp(NOW, UTC)
    row = InvoiceRow("7", "1007", "renewal", "promised", NOW, NOW, None, 500, "EUR", "", NOW, None, 1, 1)
    hour = timedelta(hours=1)
    promised = [promise_words(Promise(row, now + by), now).plain for by in (2 * hour, -2 * hour)]
    assert promised[0].startswith("invoice 1007, 2 h left, until 20")
    assert promised[1].startswith("invoice 1007, was to be paid by 20") and "left" not in promised[1]
    order = order_row(state="blocked")
    blocked = [blocked_words(Blocked(order, at), now).plain for at in (now + 2 * hour, now - 2 * hour, None)]
    assert blocked == [f"{order.name}, deleted in 2 h", f"{order.name}, deleted at any moment", order.name]
    assert all(len(words) <= ROOM for words in promised)
