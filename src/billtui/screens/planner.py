"""The planner: a calendar of what falls due. Other plans are opened from here by their own commands."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import timedelta

from textual import on
from textual.widget import Widget
from textual.widgets import Static

from billtui.commands import Scope, handles
from billtui.screens.base import BilltuiScreen
from billtui.screens.optimizing import choose_orders_and_tool
from billtui.widgets.formats import cents_text, count_text, epoch, local, toned
from billtui.widgets.month_calendar import CalendarDay, MonthCalendar

DAYS = 365


class PlannerScreen(BilltuiScreen):
    """The month, day by day; read from the store alone."""

    AREA = "Planner"
    SCOPES = (Scope.PLANNER,)
    DEFAULT_CSS = """
    PlannerScreen #headline { height: auto; padding: 0 1; }
    """

    def compose_body(self) -> Iterable[Widget]:
        """Headline and calendar."""
        yield Static(id="headline")
        yield MonthCalendar(ascii_only=self.billtui.ascii_only, id="calendar")

    @property
    def calendar(self) -> MonthCalendar:
        """The month."""
        return self.query_one("#calendar", MonthCalendar)

    def on_mount(self) -> None:
        """At once from the store."""
        super().on_mount()
        self.reload_if_changed(force=True)
        self.calendar.focus()

    def reload(self) -> None:
        """The days anew."""
        now = self.session.now()
        today = local(now).date()
        last = today + timedelta(days=DAYS)
        counts: Counter[object] = Counter()
        sums: Counter[object] = Counter()
        currency = ""
        for row in self.session.store.orders():
            end = epoch(row.paid_until)
            if row.state in ("active", "suspended") and end is not None and now < end:
                counts[local(end).date()] += 1
                sums[local(end).date()] += row.price + row.addons
                currency = row.currency
        days = {day: CalendarDay(count, sums[day]) for day, count in counts.items()}
        self.calendar.set_days(days, today, last)  # type: ignore[arg-type]
        total = sum(sums.values())
        text = f"{count_text(sum(counts.values()), 'order')} to renew, {cents_text(total, currency)} a month"
        self.query_one("#headline", Static).update(toned(text))

    @handles("planner.optimize")
    async def optimize(self) -> None:
        """The cheapest way to renew, line up, what if: for orders that end soon."""
        await choose_orders_and_tool(self.billtui)

    @handles("planner.open")
    def open_day(self) -> None:
        """What happens on the day under the cursor."""
        self.calendar.action_open()

    @on(MonthCalendar.DayOpened)
    def day_opened(self, event: MonthCalendar.DayOpened) -> None:
        """Say what falls due."""
        found = self.calendar.days.get(event.day, CalendarDay())
        self.billtui.say(f"{event.day}: {count_text(found.due, 'order')} to renew.")
