"""The month and the chart: what stands in a cell, in colours and in ASCII, at any size."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.app import App, ComposeResult

from billtui.theme import THEMES
from billtui.widgets.cash_chart import CashChart, CashDay, bar_column, spread
from billtui.widgets.month_calendar import CalendarDay, MonthCalendar, add_to_month, short_money, signs_of

TODAY = date(2026, 1, 29)
LAST = TODAY + timedelta(days=365)


class Holder(App[None]):
    """Both widgets, one below the other."""

    CSS = "MonthCalendar { height: 20; } CashChart { height: 20; }"

    def __init__(self, ascii_only: bool = False) -> None:
        super().__init__()
        for theme, _ in THEMES.values():
            self.register_theme(theme)
        self.theme = THEMES["dark"][0].name
        self.ascii_only = ascii_only
        self.opened: list[date] = []

    def compose(self) -> ComposeResult:
        yield MonthCalendar(ascii_only=self.ascii_only, id="calendar")
        yield CashChart(ascii_only=self.ascii_only, id="chart")

    def on_month_calendar_day_opened(self, event: MonthCalendar.DayOpened) -> None:
        self.opened.append(event.day)


def shown(widget: MonthCalendar | CashChart) -> str:
    return str(widget.render())


async def test_cells_say_what_and_how_much() -> None:
    app = Holder()
    async with app.run_test(size=(80, 44)) as pilot:
        calendar = app.query_one(MonthCalendar)
        days = {TODAY: CalendarDay(2, 1_234_50, fails=1, blocks=3), date(2026, 1, 31): CalendarDay(1, 99, promises=1)}
        calendar.set_days(days, TODAY, LAST)
        await pilot.pause()
        text = shown(calendar)
        assert "January 2026" in text
        assert "[29]!1 ■3" in text
        assert "2: ~1234" in text
        assert "31 ▲1" in text
        assert "! will not renew" in text
        assert "■ blocked" in text


async def test_ascii_needs_no_sign_beyond_it() -> None:
    app = Holder(ascii_only=True)
    async with app.run_test(size=(80, 44)) as pilot:
        calendar, chart = app.query_one(MonthCalendar), app.query_one(CashChart)
        calendar.set_days({TODAY: CalendarDay(1, 5, 1, 1, 1, 1)}, TODAY, LAST)
        chart.days = [CashDay(TODAY + timedelta(days=n), 1_000 - n, 10 * n, n % 2) for n in range(40)]
        chart.currency = "EUR"
        await pilot.pause()
        assert shown(calendar).isascii()
        assert shown(chart).isascii()
        assert "!1 ^1" in shown(calendar) or "!^#x" in shown(calendar)


async def test_keys_move_by_days_weeks_and_months_and_never_beyond_what_is_known() -> None:
    app = Holder()
    async with app.run_test(size=(80, 44)) as pilot:
        calendar = app.query_one(MonthCalendar)
        calendar.set_days({}, TODAY, LAST)
        calendar.focus()
        await pilot.press("left", "up", "pageup")
        assert calendar.cursor == TODAY
        await pilot.press("l", "j")
        assert calendar.cursor == date(2026, 2, 6)
        await pilot.press("pagedown", "right", "enter")
        assert app.opened == [date(2026, 3, 7)]
        await pilot.press(*["pagedown"] * 20)
        assert calendar.cursor == LAST
        await pilot.press("g")
        assert calendar.cursor == TODAY
        calendar.set_days({}, TODAY + timedelta(days=3), LAST)
        assert calendar.cursor == TODAY + timedelta(days=3)


@pytest.mark.parametrize("size", [(20, 6), (4, 3), (40, 12), (140, 40)])
async def test_any_size_is_drawn(size: tuple[int, int]) -> None:
    app = Holder()
    async with app.run_test(size=size) as pilot:
        app.query_one(MonthCalendar).set_days({TODAY: CalendarDay(1, 5, 1, 1, 1, 1)}, TODAY, LAST)
        app.query_one(CashChart).days = [CashDay(TODAY, 5, 0, 1), CashDay(LAST, -3, 0)]
        await pilot.pause()


async def test_the_chart_names_amounts_dates_and_failures() -> None:
    app = Holder()
    async with app.run_test(size=(100, 44)) as pilot:
        chart = app.query_one(CashChart)
        chart.currency = "EUR"
        chart.days = [CashDay(TODAY + timedelta(days=n), 50_000 - 1_000 * n, 700, int(n == 9)) for n in range(30)]
        await pilot.pause()
        text = shown(chart)
        assert "Internal balance  lowest 210.00 EUR on 2026-02-27" in text
        assert "Affiliate balance  lowest 7.00 EUR" in text
        assert "500.00│█" in text
        assert "2026-01-29" in text
        assert "1 renewal" in text
        chart.days = [CashDay(TODAY, 0, 0)]
        await pilot.pause()
        assert "no auto-renewal fails" in shown(chart)


@given(st.integers(-5, 10**9), st.integers(0, 10**9), st.integers(1, 30))
def test_a_bar_is_full_at_the_top_and_never_nothing_for_something(value: int, top: int, height: int) -> None:
    bar = bar_column(value, top, height, " .:#")
    assert len(bar) == height
    assert bar == "".join(sorted(bar, key=" .:#".index))
    if top > 0 and value >= top:
        assert bar == "#" * height
    assert (bar.strip() == "") == (value <= 0 or top <= 0)


@given(st.integers(1, 800), st.integers(1, 300))
def test_every_day_stands_in_some_column(count: int, width: int) -> None:
    columns = spread(count, width)
    assert len(columns) == width
    assert {day for first, last in columns for day in range(first, last)} == set(range(count))
    assert all(first < last for first, last in columns)


@given(st.integers(0, 10**12), st.integers(3, 20))
def test_money_fits_its_cell_and_is_never_rounded_up(cents: int, room: int) -> None:
    text = short_money(cents, room)
    assert len(text) <= room
    if not text.startswith("~"):
        assert text in f"{cents // 100}.{cents % 100:02}"


def test_months_end_where_they_end() -> None:
    assert add_to_month(date(2026, 1, 31), 1) == date(2026, 2, 28)
    assert add_to_month(date(2026, 1, 15), -1) == date(2025, 12, 15)
    assert signs_of(CalendarDay(deletions=2), bare=True) == "×"
