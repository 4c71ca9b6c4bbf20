"""The agenda: what will happen, one after the other, of one day or of all that the forecast looks at."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import date

from textual.content import Content

from billtui.commands import Command, Scope, handles
from billtui.screens.forecast_desk import Agenda, ForecastDesk, agenda_of, with_transfers
from billtui.screens.list_screen import ListScreen, View
from billtui.screens.planner import saving_refusal
from billtui.screens.planner_view import event_detail, saving_note, span_of, what_cell
from billtui.screens.record_list import RecordList
from billtui.screens.topping_up import top_up
from billtui.services.forecast import HORIZONS, OF_INVOICES, RENEWED, Event, Forecast, What
from billtui.services.forecast.words import SHORT, why
from billtui.services.store import instant, money
from billtui.widgets.formats import cents_text, moment_text
from billtui.widgets.record_table import Column

_NEEDS = frozenset({What.BLOCKED_MANUAL, What.INVOICE_DUE, What.PROMISE_BROKEN, What.TRANSFER_EXPIRES})
_QUIET = frozenset({What.RENEWED_INTERNAL, What.RENEWED_AFFILIATE, What.INVOICE_DUE})


VIEWS = (
    View("all", "Everything", lambda row, now: True),
    View("trouble", "What goes wrong", lambda row, now: row.what not in _QUIET),
    View("fails", "Renewals that fail", lambda row, now: row.what == What.FAILED),
    View("needs-you", "What needs you", lambda row, now: row.what in _NEEDS),
    View("renewed", "What renews itself", lambda row, now: row.what in RENEWED),
    View("promises", "Promises and invoices", lambda row, now: row.what in OF_INVOICES),
    View("transfers", "Transfers that expire", lambda row, now: row.what == What.TRANSFER_EXPIRES),
    View("ends", "Blocked and deleted", lambda row, now: What.BLOCKED_MANUAL <= row.what <= What.CANCELLED),
)


class AgendaScreen(ListScreen[Event]):
    """Events of the forecast; ``enter`` opens the order or the invoice."""

    AREA = "Planner"
    SCOPES = (Scope.AGENDA, Scope.LIST)
    LIST_NAME = "agenda"
    NOUN = "event"
    VIEWS = VIEWS
    EMPTY = "Nothing happens in this time."

    def __init__(self, desk: ForecastDesk, days: int, day: date | None = None) -> None:
        """Of ``day`` alone, or of the next ``days``; ``desk`` may have that forecast already."""
        super().__init__()
        self.days = days
        self.day = day
        self.desk = desk
        self.forecast: Forecast | None = None
        self._agenda = Agenda([], 0)
        self._coming: tuple[int, date | None] | None = None
        """What is being worked out."""

    def columns(self) -> Sequence[Column[Event]]:
        """When, what, whose, how much, why."""
        ascii_only = self.billtui.ascii_only
        return [
            Column(key="at", title="When", cell=lambda r: moment_text(instant(r.at)), width=16, priority=9, sort_key=lambda r: (r.at, r.n)),
            Column(key="what", title="What", cell=lambda r: what_cell(r, ascii_only=ascii_only), width=16, priority=10, sort_key=lambda r: int(r.what), search=lambda r: SHORT[r.what]),
            Column(key="title", title="Order or invoice", cell=lambda r: r.title, min_width=14, max_width=32, flex=2, priority=8, sort_key=lambda r: r.title, search=lambda r: r.title),
            Column(key="amount", title="Amount", cell=self._amount, width=15, align="right", apart=True, priority=7, sort_key=lambda r: r.cents),
            Column(key="why", title="Why", cell=self._why, min_width=30, flex=3, priority=5, search=self._why),
        ]  # fmt: skip

    def _amount(self, row: Event) -> str:
        return cents_text(row.cents, self.forecast.currency if self.forecast else "") if row.cents else ""

    def _why(self, row: Event) -> str:
        return why(row, self.forecast.currency if self.forecast else "")

    def row_id(self, row: Event) -> str:
        """The same thing in the next forecast has the same id."""
        return row.key

    def mark_refusal(self, row: Event) -> str | None:
        """Nothing can be done with events."""
        return "Events cannot be marked; enter opens the order or invoice, and there it can be renewed or paid."

    def load_rows(self) -> Sequence[Event]:
        """What was worked out last."""
        return self._agenda.rows

    # --- data

    def reload(self) -> None:
        """The forecast anew; the rows stay until it is there."""
        if self.desk.is_quick(self.session):
            made = self.desk.now(self.session, self.days)
            self._take(made, Agenda([], 0) if made is None else agenda_of(made, self._span(made)))
        else:
            if self.forecast is None:
                self.list_state.show_loading()
            if self._coming != (self.days, self.day):  # who works on it looks anew when it is done
                self.guarded(self._later((self.days, self.day)))

    async def _later(self, wanted: tuple[int, date | None]) -> None:
        self._coming = wanted
        try:
            while self._waits_for(wanted):
                made = await self.desk.later(self.session, self.days)
                agenda = Agenda([], 0) if made is None else await asyncio.to_thread(agenda_of, made, self._span(made))
                if not self._waits_for(wanted):
                    return
                self._take(made, agenda)
                if not self.is_current or self.desk.is_fresh(self.session, self.days):
                    return
        finally:
            if self._coming == wanted:
                self._coming = None

    def _waits_for(self, wanted: tuple[int, date | None]) -> bool:
        return self.is_attached and wanted == (self.days, self.day) and not self.session.closed

    def reload_if_changed(self, force: bool = False) -> None:
        """Only while it is looked at; coming back reads what changed meanwhile."""
        if force or self.is_current:
            super().reload_if_changed(force)

    def on_screen_resume(self) -> None:
        """What was not worked out while something else was looked at."""
        super().on_screen_resume()
        if self.forecast is not None and not self.session.closed:
            self.reload()

    def _span(self, made: Forecast) -> tuple[int, int] | None:
        """The day's first and last second; none for all days."""
        if self.day is None:
            return None
        day = next((one for one in made.days if one.date == self.day), None)
        return (0, 0) if day is None else span_of(made, day)

    def _take(self, made: Forecast | None, agenda: Agenda) -> None:
        if made is not None:
            rows = with_transfers(agenda.rows, self.session.store.transfers_running(), self._span(made), made)
            agenda = agenda._replace(rows=rows)
        self.forecast, self._agenda = made, agenda
        super().reload()
        self.refresh_keys()

    def summary(self, rows: Sequence[Event], marked: Sequence[Event]) -> Content:
        """What this is, and how much of it."""
        what = f"{self.day:%a %Y-%m-%d}" if self.day is not None else f"the next {self.days} days"
        left = self._agenda.left_away
        more = f" {left} more: see single days." if left else ""
        return Content.styled(f" Forecast of {what}, if nobody acts.{more}", "$muted")

    def detail(self, row: Event) -> Content:
        """The event in full words."""
        return event_detail(self.forecast, row) if self.forecast is not None else Content("")

    def open_row(self, row_id: str) -> None:
        """The order, or the invoice."""
        row = self.table.cursor_row
        if row is None:
            return
        if row.transfer_id:
            self.billtui.show_transfer(row.transfer_id)
        elif row.order_id:
            self.billtui.show_order(row.order_id)
        elif row.invoice_id:
            self.billtui.show_invoice(row.invoice_id)

    def command_words(self) -> list[str]:
        """The same from the command line."""
        return ["orders", "show"]

    def command_ids(self) -> list[str]:
        """The order under the cursor."""
        row = self.table.cursor_row
        return [row.order_id] if row is not None and row.order_id else []

    def chosen_ids(self) -> list[str]:
        """Ids of orders or invoices, not of events."""
        return [row.order_id or row.invoice_id or row.transfer_id for row in self.chosen_rows()]

    # --- keys

    def refusal_of(self, command: Command) -> str | None:
        """Commands here need no row."""
        if command.scope is Scope.AGENDA:
            return super(RecordList, self).refusal_of(command) or saving_refusal(command, self.forecast)
        return super().refusal_of(command)

    @handles("agenda.horizon")
    def next_horizon(self) -> None:
        """All of the next 30, 90, 365 days, and around."""
        self.days = HORIZONS[(HORIZONS.index(self.days) + 1) % len(HORIZONS)] if self.day is None else self.days
        self.day = None
        self.reload()

    @handles("agenda.top_up")
    async def top_up_what_saves(self) -> None:
        """The amount with which every auto-renewal succeeds stands there already."""
        made = self.forecast
        if made is not None and made.saving is not None:
            await top_up(self.billtui, money(made.saving.cents, made.currency), saving_note(made, self.days))
