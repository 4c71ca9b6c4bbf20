"""What an order says of its last days: a promise that keeps it active, a block that ends in its deletion."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from billtui.screens.order_view import order_columns, order_detail
from billtui.screens.record_screen import RecordScreen
from billtui.services.session import Session
from billtui.services.store import OrderRow
from billtui.widgets.formats import left_text
from tests.services.order_rows import DAY, NOW, order_row
from tests.support.driving import Program

HOUR = 3_600


def left(row: OrderRow, *, ascii_only: bool = False) -> str:
    column = next(one for one in order_columns(lambda: NOW, ascii_only=ascii_only) if one.key == "left")
    return str(getattr(cell := column.cell(row), "text", cell))


def detail(row: OrderRow) -> str:
    return order_detail(row, None, datetime.fromtimestamp(NOW, UTC), "").plain


@pytest.mark.parametrize(("ascii_only", "sign"), [(False, "◷"), (True, "@")])
def test_a_promise_counts_in_the_place_of_the_paid_period(ascii_only: bool, sign: str) -> None:
    """PRM-5: active until its deadline, whatever was paid; PRM-3: by then it has to be paid."""
    row = order_row(paid_until=NOW - DAY, promise_until=NOW + 6 * DAY + 4 * HOUR)
    assert left(row, ascii_only=ascii_only) == f"{sign} pay in 6 d 4 h"
    assert len(left(row)) <= 19
    assert "Promise      pay by 20" in detail(row)
    assert "6 d 4 h, active till then" in detail(row)


def test_a_broken_promise_counts_no_more() -> None:
    """PRM-8."""
    row = order_row(paid_until=NOW - 8 * DAY, promise_until=NOW, state="blocked")
    assert "pay in" not in left(row)
    assert "Promise" not in detail(row)


def test_when_a_blocked_order_is_deleted() -> None:
    """ORD-2: seven days after the block, which after a broken promise is later than the end."""
    blocked = order_row(state="blocked", paid_until=NOW - 9 * DAY, blocked_at=NOW - 2 * DAY)
    assert "in 5 d, unless renewed" in " ".join(detail(blocked).split())
    assert "at any moment" in detail(blocked._replace(blocked_at=NOW - 8 * DAY))
    assert "Deleted" not in detail(blocked._replace(blocked_at=None)), "a panel that does not tell since when"
    assert "Deleted" not in detail(order_row())
    assert left(blocked) == "deleted in 5 d"
    assert left(blocked._replace(blocked_at=None)) == "ended 9 d ago"


def test_what_has_ended_is_read_whole() -> None:
    """Without the bar, which would be empty: the words were cut with it."""
    assert left(order_row(paid_until=NOW - 2 * DAY - 23 * HOUR)) == "ended 2 d 23 h ago"
    assert left(order_row(paid_until=NOW + 2 * DAY)).endswith(" 2 d")


class _Later:
    """Panel time, as far on as is said."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.by = timedelta(0)
        now = Session.now
        monkeypatch.setattr(Session, "now", lambda session: now(session) + self.by)


@pytest.mark.parametrize("size", [(80, 24), (140, 40)])
async def test_the_time_left_beside_and_in_an_order_goes_on(
    program: Program, monkeypatch: pytest.MonkeyPatch, size: tuple[int, int]
) -> None:
    """The list, the pane beside it and the order in full say the same an hour later: nobody decides by an old one."""
    later = _Later(monkeypatch)
    async with program.open(size=size) as driver:
        await driver.go("3", "OrdersScreen")
        row = driver.list_screen.table.cursor_row
        assert isinstance(row, OrderRow)

        def words(row: OrderRow) -> str:
            assert row.paid_until is not None
            return left_text(row.paid_until, int(driver.app.session.now().timestamp()))

        before = words(row)
        if size[0] >= 120:
            await driver.sees(f"Left         {before}")
        later.by = timedelta(hours=3)
        driver.list_screen._minute()
        if size[0] >= 120:
            await driver.sees(f"Left         {words(row)}")
        await driver.press("enter")
        await driver.on("OrderScreen")
        await driver.sees(f"Left         {words(row)}")
        later.by = timedelta(hours=6)
        screen = driver.app.screen
        assert isinstance(screen, RecordScreen) and screen.TIMED
        screen._minute()
        await driver.sees(f"Left         {words(row)}")
        assert words(row) != before
