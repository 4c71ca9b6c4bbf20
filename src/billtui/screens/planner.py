"""The planner: calendar and cash forecast. Agenda and other plans are opened from here by their own commands."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime

from textual import on
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.events import Resize
from textual.widget import Widget

from billtui.commands import COMMANDS, Command, Scope, handles
from billtui.keymap import keys_of, shown
from billtui.screens.base import BilltuiScreen
from billtui.screens.forecast_desk import ForecastDesk
from billtui.screens.list_screen import DETAIL_FROM
from billtui.screens.optimizing import choose_orders_and_tool
from billtui.screens.planner_view import (
    calendar_day,
    cash_days,
    day_line,
    day_pane,
    days_ahead,
    foot,
    headline,
    saving_note,
)
from billtui.screens.topping_up import top_up
from billtui.services.executor import JobEvent
from billtui.services.forecast import HORIZONS, DaySums, Forecast
from billtui.services.store import money
from billtui.widgets.cash_chart import CashChart
from billtui.widgets.month_calendar import MonthCalendar
from billtui.widgets.still import Still

NOTHING_KNOWN = "Nothing is known yet: sign in, and the first copy is loaded."


class PlannerScreen(BilltuiScreen):
    """What comes if nobody acts, from the store alone."""

    AREA = "Planner"
    SCOPES = (Scope.PLANNER,)
    DEFAULT_CSS = """
    PlannerScreen #headline { height: auto; max-height: 4; padding: 0 1; background: $surface; }
    PlannerScreen #month { height: 1fr; }
    PlannerScreen #day-pane { display: none; width: 48; height: 1fr; padding: 0 1; border-left: solid $panel; }
    PlannerScreen.wide #day-pane { display: block; }
    PlannerScreen #day-text { height: auto; }
    PlannerScreen #cash { display: none; }
    PlannerScreen.cash #cash { display: block; }
    PlannerScreen.cash #month, PlannerScreen.cash #day { display: none; }
    PlannerScreen #day { height: 1; background: $surface; }
    PlannerScreen.wide #day { display: none; }
    PlannerScreen #foot { height: 1; background: $surface; }
    """

    def __init__(self) -> None:
        """The next 30 days."""
        super().__init__()
        self.days = HORIZONS[0]
        self.desk = ForecastDesk()
        self.forecast: Forecast | None = None
        self._coming: int | None = None
        """The horizon that is being worked out."""
        self._by_date: dict[date, DaySums] = {}

    def compose_body(self) -> Iterable[Widget]:
        """Headline, the month with its day, or the chart, and what this is."""
        ascii_only = self.billtui.ascii_only
        yield Still(id="headline")
        with Horizontal(id="month"):
            yield MonthCalendar(ascii_only=ascii_only, id="calendar")
            with VerticalScroll(id="day-pane", can_focus=False):
                yield Still(id="day-text")
        yield CashChart(ascii_only=ascii_only, id="cash")
        yield Still(id="day")
        yield Still(id="foot")

    @property
    def calendar(self) -> MonthCalendar:
        """The month."""
        return self.query_one("#calendar", MonthCalendar)

    def on_mount(self) -> None:
        """At once from the store."""
        super().on_mount()
        self.set_class(self.app.size.width >= DETAIL_FROM, "wide")
        self.reload_if_changed(force=True)
        self.calendar.focus()
        self.at_times(60, self._minute)

    def on_resize(self, event: Resize) -> None:
        """A wide terminal shows the day beside the month."""
        self.set_class(event.size.width >= DETAIL_FROM, "wide")
        self._show_day()

    def _minute(self) -> None:
        if self.is_seen and not self.session.closed:
            self.reload()

    # --- data

    def reload(self) -> None:
        """The forecast anew: at once where it is quick, else in a thread, and the old one stays until then."""
        if self.desk.is_quick(self.session):
            self._show(self.desk.now(self.session, self.days))
        else:
            if self.forecast is None:
                self.query_one("#headline", Still).show(
                    Content.styled("Working the forecast out …", "$muted"), grows=True
                )
            if self._coming != self.days:  # who works on it looks anew when it is done
                self.guarded(self._later(self.days))

    async def _later(self, days: int) -> None:
        self._coming = days
        try:
            while self._waits_for(days):
                made = await self.desk.later(self.session, days)
                if not self._waits_for(days):
                    return
                self._show(made)
                if not self.is_current or self.desk.is_fresh(self.session, days):
                    return
        finally:
            if self._coming == days:
                self._coming = None

    def _waits_for(self, days: int) -> bool:
        return self.is_attached and days == self.days and not self.session.closed

    def reload_if_changed(self, force: bool = False) -> None:
        """Only while it is looked at; coming back reads what changed meanwhile."""
        if force or self.is_current:
            super().reload_if_changed(force)

    def on_screen_resume(self) -> None:
        """What was not worked out while something else was looked at."""
        super().on_screen_resume()
        if self.forecast is not None and not self.session.closed:
            self.reload()

    def begin_anew(self) -> None:
        """Another account's copy."""
        self.forecast = None

    def _show(self, made: Forecast | None) -> None:
        self.forecast = made
        if made is None:
            self.query_one("#headline", Still).show(Content.styled(NOTHING_KNOWN, "$muted"), grows=True)
            return
        key = shown(keys_of(COMMANDS["planner.top_up"], self.billtui.settings.keys)[0])
        self.query_one("#headline", Still).show(headline(made, self.days, key), grows=True)
        ahead = days_ahead(made)
        self._by_date = {day.date: day for day in ahead}
        marks = {day.date: calendar_day(day) for day in ahead}
        self.calendar.set_days(marks, ahead[0].date, ahead[-1].date)
        chart = self.query_one("#cash", CashChart)
        chart.currency = made.currency
        chart.both = made.purses.both
        chart.days = cash_days(made)
        self.query_one("#foot", Still).show(foot(made, self.session.store.synced_at(), datetime.now(UTC)))
        self._show_day()
        self.refresh_keys()

    def _show_day(self) -> None:
        day = self._by_date.get(self.calendar.cursor)
        if self.forecast is None or day is None:
            return
        if self.has_class("wide"):
            pane = day_pane(self.forecast, day, self.size.height - 8, ascii_only=self.billtui.ascii_only)
            self.query_one("#day-text", Still).show(pane, grows=True)
        else:
            self.query_one("#day", Still).show(day_line(day, self.forecast.currency))

    def job_moved(self, event: JobEvent) -> None:
        """A job may have renewed or paid something; the copy tells."""
        if event.done:
            self.reload_if_changed()

    # --- keys

    @on(MonthCalendar.DayMoved)
    def day_moved(self) -> None:
        """The pane follows the cursor."""
        self._show_day()

    @on(MonthCalendar.DayOpened)
    def day_opened(self, event: MonthCalendar.DayOpened) -> None:
        """The day's agenda."""
        self.open_agenda(event.day)

    def open_agenda(self, day: date | None = None) -> None:
        """Everything that will happen, or one day of it."""
        from billtui.screens.agenda import AgendaScreen

        self.app.push_screen(AgendaScreen(self.desk, self.days, day))

    @handles("planner.optimize")
    async def optimize(self) -> None:
        """The cheapest way to renew, line up, what if: for orders that end soon."""
        await choose_orders_and_tool(self.billtui)

    @handles("planner.open")
    def open_day(self) -> None:
        """What happens on the day under the cursor."""
        self.open_agenda(self.calendar.cursor)

    @handles("planner.agenda")
    def open_all(self) -> None:
        """Everything that will happen."""
        self.open_agenda()

    @handles("planner.calendar")
    def show_calendar(self) -> None:
        """The month."""
        self.remove_class("cash")
        self.calendar.focus()

    @handles("planner.cash")
    def show_cash(self) -> None:
        """The chart."""
        self.add_class("cash")

    @handles("planner.horizon")
    def next_horizon(self) -> None:
        """30, 90, 365 days, and around."""
        place = HORIZONS.index(self.days) + 1 if self.days in HORIZONS else 0
        self.days = HORIZONS[place % len(HORIZONS)]
        self.reload()

    @handles("app.back")
    def go_back(self) -> None:
        """From the chart to the month."""
        if self.has_class("cash"):
            self.show_calendar()
        else:
            super().go_back()

    def refusal_of(self, command: Command) -> str | None:
        """Nothing to save, nothing to top up for."""
        if refusal := super().refusal_of(command):
            return refusal
        return saving_refusal(command, self.forecast)

    @handles("planner.top_up")
    async def top_up_what_saves(self) -> None:
        """The amount with which every auto-renewal succeeds stands there already."""
        made = self.forecast
        if made is not None and made.saving is not None:
            await top_up(self.billtui, money(made.saving.cents, made.currency), saving_note(made, self.days))


def saving_refusal(command: Command, made: Forecast | None) -> str | None:
    """Why the top-up that saves is not offered."""
    if command.id not in ("planner.top_up", "agenda.top_up"):
        return None
    if made is None:
        return "The forecast is not there yet."
    if made.saving is None:
        return "No auto-renewal of this time fails, so nothing has to be topped up. The balance (5) tops up anyway."
    return None
