"""The shift: what was answered, how fast, what is left, and what is missed within the hour (TKT-10)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from textual import on
from textual.containers import Vertical
from textual.content import Content
from textual.widget import Widget
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from billtui.client.errors import ClientError
from billtui.commands import Scope, handles
from billtui.domain.models import ShiftSummary
from billtui.screens.base import BilltuiScreen
from billtui.screens.modals.choice import Choice, ChoiceDialog
from billtui.services.session_settings import SessionRefused
from billtui.services.store import TicketRow
from billtui.widgets.backlog_chart import BacklogChart, backlog_words
from billtui.widgets.choices import Choices
from billtui.widgets.formats import count_text, left_text, local, moment_text, span_text, toned

LABEL = 15
SPANS = (
    Choice("8", "Eight hours", "A shift"),
    Choice("today", "Since midnight", "Today, by your clock"),
    Choice("24", "24 hours"),
    Choice("168", "Seven days"),
)


def begin_of(span: str, now: datetime) -> datetime:
    """When a span begins, in UTC."""
    if span == "today":
        return local(now).replace(hour=0, minute=0, second=0, microsecond=0).astimezone(now.tzinfo)
    return now - timedelta(hours=int(span))


def summary_lines(found: ShiftSummary, *, everybody: bool) -> Content:
    """The numbers, a line each."""

    def line(label: str, value: Content | str) -> Content:
        return Content.assemble((f"{label:<{LABEL}}", "$muted"), value)

    late = (
        toned(f"  {found.first_answers_late} of them late", "bad")
        if found.first_answers_late
        else toned("  all in time", "good")
    )
    median = found.first_answer_seconds_median
    speed = "–" if median is None else f"{span_text(median)} (half were faster, in business hours)"
    return Content("\n").join(
        [
            line("Answers", Content.assemble((str(found.answered), "bold"), "  to clients; notes do not count")),
            line(
                "First answers",
                Content.assemble((str(found.first_answers), "bold"), late if found.first_answers else ""),
            ),
            line("First in", speed),
            line("Closed", Content.assemble((str(found.closed), "bold"), f"  and {found.opened} opened by clients")),
            line(
                "Backlog",
                Content.assemble(
                    (str(found.backlog), "bold"), f"  wait for us now; {backlog_words(found.backlog_by_hour)}"
                ),
            ),
        ]
    )


class ShiftScreen(BilltuiScreen):
    """Numbers, a chart of the backlog, and what is about to be missed."""

    AREA = "Tickets"
    SCOPES = (Scope.SHIFT,)
    DEFAULT_CSS = """
    ShiftScreen #shift { padding: 1 1 0 1; height: 1fr; }
    ShiftScreen #title, ShiftScreen #numbers { height: auto; }
    ShiftScreen #numbers { margin: 1 0; }
    ShiftScreen #chart { height: 6; }
    ShiftScreen #soon-title { height: 1; margin-top: 1; }
    ShiftScreen #soon { height: 1fr; min-height: 2; border: none; padding: 0; background: $background; }
    ShiftScreen #soon:focus { border: none; }
    """

    def __init__(self) -> None:
        """One's own eight hours until something else is chosen."""
        super().__init__()
        self.span = "8"
        self.everybody = False
        self.found: ShiftSummary | None = None
        self._trouble = ""

    def compose_body(self) -> Iterable[Widget]:
        """Whose and since when, numbers, bars, what is due."""
        with Vertical(id="shift"):
            yield Static(id="title")
            yield Static(id="numbers")
            yield BacklogChart(ascii_only=self.billtui.ascii_only, id="chart")
            yield Static(id="soon-title")
            yield Choices(id="soon")

    def on_mount(self) -> None:
        """Ask at once."""
        super().on_mount()
        self.query_one("#soon").focus()
        self._draw()
        self.guarded(self.load())

    async def load(self) -> None:
        """Ask the panel; the numbers stay until it answers."""
        account = self.session.account
        login = None if self.everybody or account is None else str(account.login)
        try:
            self.found = await self.session.tickets.summary(begin_of(self.span, self.session.now()), login)
            self._trouble = ""
        except (ClientError, SessionRefused) as error:
            self._trouble = str(error)
        if self.is_attached:
            self._draw()

    def _draw(self) -> None:
        found = self.found
        whose = "Everybody's shift" if self.everybody else "Your shift"
        since = f"since {moment_text(found.since)}" if found is not None else "…"
        self.query_one("#title", Static).update(
            Content.assemble((whose, "bold"), (f"  {since}", "$muted"), (f"   {self._trouble}", "$text-error"))
        )
        if found is None:
            return
        self.query_one("#numbers", Static).update(summary_lines(found, everybody=self.everybody))
        chart = self.query_one("#chart", BacklogChart)
        chart.hours, chart.until = tuple(found.backlog_by_hour), found.until
        self._draw_soon(found)

    def _draw_soon(self, found: ShiftSummary) -> None:
        rows = self.session.store.ticket_rows([one.raw for one in found.due_next_hour])
        soon = sorted(rows.values(), key=lambda row: row.answer_due_at or 0)
        count = len(found.due_next_hour)
        words = (
            f"{count_text(count, 'first answer')} will be missed within the hour"
            if count
            else "No first answer is missed within the hour."
        )
        self.query_one("#soon-title", Static).update(toned(words, "warning" if count else "good"))
        lines = self.query_one("#soon", OptionList)
        lines.clear_options()
        now = int(self.session.now().timestamp())
        room = max(20, self.app.size.width - 4)
        lines.add_options([Option(_soon_line(row, now).truncate(room, ellipsis=True), id=row.id) for row in soon])
        if soon:
            lines.highlighted = 0

    def reload(self) -> None:
        """Tickets changed: the panel counts anew."""
        if self.found is not None and self.is_current:
            self.guarded(self.load())

    @on(OptionList.OptionSelected, "#soon")
    def chosen(self, event: OptionList.OptionSelected) -> None:
        """Its thread."""
        event.stop()
        if event.option.id:
            self.billtui.show_ticket(event.option.id)

    @handles("shift.span")
    async def choose_span(self) -> None:
        """Since when."""
        chosen = await self.app.push_screen_wait(ChoiceDialog("Since when?", SPANS, chosen=self.span))
        if chosen is not None:
            self.span = chosen
            await self.load()

    @handles("shift.whose")
    async def switch_whose(self) -> None:
        """One's own or everybody's."""
        self.everybody = not self.everybody
        await self.load()

    @handles("app.refresh")
    def refresh_from_panel(self) -> None:
        """Ask anew."""
        super().refresh_from_panel()
        self.guarded(self.load())


def _soon_line(row: TicketRow, now: int) -> Content:
    due = row.answer_due_at or now
    left = f"in {left_text(due, now)}" if due > now else "late"
    who = row.assignee or "nobody"
    return Content.assemble(
        (f"{left:<11}", "$text-warning"), (f"{row.number}  ", "$muted"), row.subject, (f"  {who}", "$muted")
    )
