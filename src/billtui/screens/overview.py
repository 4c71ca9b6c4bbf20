"""The first screen: what is owed, what runs out, what will fail, what changed. Every line leads to its list."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING

from textual import on
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.events import Resize
from textual.widget import Widget
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from billtui.commands import COMMANDS, Scope, handles
from billtui.domain.models import TicketState
from billtui.screens.base import DETAIL_FROM, BilltuiScreen
from billtui.screens.forecast_desk import AheadDesk
from billtui.services.journal import JobState, OperationState
from billtui.services.overview import AUTO_DAYS, Ahead, Blocked, Overview, Owed, Promise, RunningOut
from billtui.services.staff import is_staff
from billtui.services.store import HeldRows
from billtui.widgets.choices import Choices
from billtui.widgets.formats import cents_text, count_text, date_text, epoch, moment_text, span_text, toned

if TYPE_CHECKING:
    from billtui.services.executor import JobEvent
    from billtui.services.store import ChangeRow
    from billtui.services.ticket_queue import Ranks
    from billtui.widgets.record_table import Tone

LABEL = 15
CHANGES_BELOW = 6
LISTED = 4
ROOM = 61
"""Columns behind a label, at 80 columns."""


class OverviewScreen(BilltuiScreen):
    """Read from the store alone, so it is there before the network is."""

    AREA = "Overview"
    SCOPES = (Scope.OVERVIEW,)
    DEFAULT_CSS = """
    OverviewScreen #main { height: 1fr; }
    OverviewScreen #lines { width: 1fr; height: 1fr; border: none; padding: 1 1 0 1; background: $background; }
    OverviewScreen #lines:focus { border: none; }
    OverviewScreen #news { display: none; width: 50; height: 1fr; padding: 1 2; border-left: solid $panel; }
    OverviewScreen.wide #news { display: block; }
    OverviewScreen #news-text { height: auto; }
    """

    def __init__(self) -> None:
        """Nothing is shown yet."""
        super().__init__()
        self._news_shown: Content | None = None
        self.desk = AheadDesk()
        self._looking = False
        self._ranks: Ranks | None = None
        self._held: HeldRows | None = None

    def compose_body(self) -> Iterable[Widget]:
        """The lines, and beside them what changed where there is room."""
        self.set_class(self.app.size.width >= DETAIL_FROM, "wide")  # before there is much to be styled anew
        with Horizontal(id="main"):
            yield Choices(id="lines")
            with VerticalScroll(id="news"):
                yield Static(id="news-text")

    def on_mount(self) -> None:
        """At once from the store."""
        super().on_mount()
        self.set_class(self.app.size.width >= DETAIL_FROM, "wide")
        self.reload_if_changed(force=True)
        self.query_one("#lines").focus()
        self.at_times(60, self._minute)

    def on_resize(self, event: Resize) -> None:
        """A wide terminal shows what changed beside the lines."""
        wide = event.size.width >= DETAIL_FROM
        if wide != self.has_class("wide"):
            self.set_class(wide, "wide")
            self.reload_if_changed(force=True)  # leaving: the last picture stays

    def _minute(self) -> None:
        if self.is_seen and not self.session.closed:
            self.reload()

    def reload(self) -> None:
        """The lines anew; the cursor stays on its line."""
        now = self.session.now()
        found = self.session.overview(self._ahead(now))
        options = self._options(found, now)
        if not self._same_lines(options):
            self._put_lines(options)
        news = _news(found.changes, now, 40)
        if news != self._news_shown:
            self._news_shown = news
            self.query_one("#news-text", Static).update(news)
        self.billtui.overview_says((one.prompt for one in options if isinstance(one.prompt, Content)), news)

    def _ahead(self, now: datetime) -> Ahead | None:
        """What auto-renewal will do, as far as it is known; ``None``: few orders, worked out with the rest."""
        session, desk = self.session, self.desk
        if desk.is_quick(session):
            return None
        if not self._looking and not desk.is_fresh(session, AUTO_DAYS):
            self._looking = True
            self.guarded(self._look_ahead(desk))
        return desk.last(AUTO_DAYS) or Ahead((), now, None)

    async def _look_ahead(self, desk: AheadDesk) -> None:
        """Play it through in a thread; the former words stay until then."""
        try:
            await self.billtui.calm()
            if self.session.closed:
                return
            await desk.later(self.session, AUTO_DAYS)
        finally:
            self._looking = False
        if desk is self.desk and self.is_attached and self.is_current and not self.session.closed:
            self.reload()

    def reload_if_changed(self, force: bool = False) -> None:
        """Only while it is looked at; coming back reads what changed meanwhile."""
        if force or self.is_current:
            super().reload_if_changed(force)

    def on_screen_resume(self) -> None:
        """What was not worked out while something else was looked at."""
        super().on_screen_resume()
        if not self.session.closed and not self.desk.is_quick(self.session):
            self.reload()

    def begin_anew(self) -> None:
        """Another account's copy."""
        self.desk = AheadDesk()
        self._looking = False
        self._ranks = None

    def _same_lines(self, options: list[Option]) -> bool:
        """Whether these lines are there already; where only words changed, those lines alone are drawn anew."""
        lines = self.query_one("#lines", OptionList)
        there = [lines.get_option_at_index(index) for index in range(lines.option_count)]
        if [(one.id, one.disabled) for one in there] != [(one.id, one.disabled) for one in options]:
            return False
        for index, (old, new) in enumerate(zip(there, options, strict=True)):
            if old.prompt != new.prompt:
                lines.replace_option_prompt_at_index(index, new.prompt)
        return True

    def _put_lines(self, options: list[Option]) -> None:
        lines = self.query_one("#lines", OptionList)
        before = lines.highlighted_option.id if lines.highlighted_option else None
        lines.clear_options()
        lines.add_options(options)
        ids = [option.id for option in options if not option.disabled]
        if ids:
            lines.highlighted = lines.get_option_index(before if before in ids and before else str(ids[0]))

    def _options(self, found: Overview, now: datetime) -> list[Option]:
        if found.account is None and found.synced_at is None:
            return [
                Option(
                    Content.styled("Nothing is known yet: sign in, and the first copy is loaded.", "$muted"),
                    disabled=True,
                )
            ]
        options: list[Option] = []

        met: Counter[str] = Counter()

        def unique(option_id: str) -> str:
            """One order may have several lines; the cursor's line keeps its id when lines come or go above it."""
            met[option_id] += 1
            return f"{option_id}#{met[option_id]}"

        def line(option_id: str, label: str, *value: Content | str | tuple[str, str]) -> None:
            options.append(Option(Content.assemble((f"{label:<{LABEL}}", "$muted"), *value), id=unique(option_id)))

        def gap() -> None:
            options.append(Option(Content(""), disabled=True))

        if is_staff(found.account):
            from billtui.screens.overview_staff import staff_lines  # support alone needs the queue and its ranks
            from billtui.services.ticket_queue import Ranks

            if self._ranks is None:
                self._ranks = Ranks()
            me = str(found.account.login) if found.account is not None else ""
            self._held = held = self._held or self.session.held("tickets")
            ascii_only = self.billtui.ascii_only
            for place, label, said in staff_lines(self.session, held, me, self._ranks, ascii_only=ascii_only):
                if place:
                    line(place, label, said)
                else:
                    gap()
            if unfinished := self._unfinished_jobs():
                line("jobs", "Unfinished", toned(f"{count_text(unfinished, 'job')} waiting: jobs (4)", "warning"))
            return options
        if found.account is not None:
            line(
                "balance",
                "Balance",
                (str(found.internal), "bold"),
                Content.assemble(("  affiliate ", "$muted"), str(found.affiliate)) if found.two_purses else "",
            )
        complete = self.session.store.is_complete
        if not found.has_invoices:
            line("invoices:open", "To pay", toned("not told by this panel from here: invoices (2) says where", "dim"))
        elif complete:
            line("invoices:open", "To pay", *_owed(found.unpaid, "unpaid", "warning"), *_late(found.past_due))
        else:
            line("invoices:open", "To pay", toned("loading the invoices …", "dim"))
        if found.overdue.count:
            line("invoices:overdue", "Overdue", *_owed(found.overdue, "overdue", "bad"))
        for promise in found.promises[:LISTED]:
            line(f"invoice:{promise.invoice.id}", "Promised", promise_words(promise, now))
        gap()
        for horizon in found.running_out if complete else ():
            label = "Runs out in" if horizon.days == found.running_out[0].days else ""
            tone: Tone = (
                ("bad" if horizon.days <= 3 else "warning" if horizon.days <= 7 else "") if horizon.count else "dim"
            )
            line(f"orders:ends-{horizon.days}", label, toned(running_out_words(horizon), tone))
        for blocked in found.blocked[:LISTED]:
            line(f"order:{blocked.order.id}", "Blocked", blocked_words(blocked, now))
        for failing in found.failing[:LISTED]:
            words = f"{failing.name}: {failing.price} on {date_text(failing.at)}, in no purse"
            line(f"order:{failing.order_id}", "Will not renew", toned(words, "bad"))
        if len(found.failing) > LISTED:
            line("planner", "", toned(f"and {len(found.failing) - LISTED} more", "bad"))
        if found.failing and found.saving is not None:
            amount = cents_text(found.saving.cents, found.currency)
            when = date_text(found.failing[0].at)
            line("planner", "", toned(f"top up {amount} before {when} and all renew: planner (7)", "warning"))
        if found.transfers_for_you or found.transfers_for_others:
            view, waiting = _transfers(found, now)
            line(f"transfers:{view}", "Transfers", waiting)
        if letters := _tickets(found):
            line(*letters)
        if unfinished := self._unfinished_jobs():
            line("jobs", "Unfinished", toned(f"{count_text(unfinished, 'job')} waiting: jobs (4)", "warning"))
        gap()
        states = ", ".join(f"{count} {state}" for state, count in sorted(found.orders.items(), key=lambda one: -one[1]))
        line("orders:live", "Orders", (states or "none") if complete else toned("loading the orders …", "dim"))
        if not self.has_class("wide") and found.changes:
            gap()
            options.append(Option(Content.styled("Since your last visit", "$muted"), disabled=True))
            for change in found.changes[:CHANGES_BELOW]:
                options.append(Option(_change(change, 74), id=unique(f"{change.kind}:{change.id}")))
        return options

    def job_moved(self, event: JobEvent) -> None:
        """A job may wait from now on, or wait no longer."""
        if event.done or event.paused is not None:
            self.reload()

    def _unfinished_jobs(self) -> int:
        """Jobs that wait for a person: paused, or with an outcome that only a person can tell."""
        account = self.session.account
        if account is None:
            return 0
        jobs = self.session.journal.jobs(
            50, open_only=True, panel_id=account.panel_id.raw, account_id=account.account_id.raw
        )
        return sum(job.state is JobState.PAUSED or bool(job.counts.get(OperationState.NEEDS_YOU)) for job in jobs)

    @on(OptionList.OptionHighlighted, "#lines")
    def moved(self) -> None:
        """Keys stay the same on every line."""

    @on(OptionList.OptionSelected, "#lines")
    def chosen(self, event: OptionList.OptionSelected) -> None:
        """Go where the line leads."""
        event.stop()
        self._open(event.option.id or "")

    @handles("overview.open")
    def open_line(self) -> None:
        """Go where the line under the cursor leads."""
        option = self.query_one("#lines", OptionList).highlighted_option
        if option is not None:
            self._open(option.id or "")

    def _open(self, option_id: str) -> None:
        kind, _, rest = option_id.partition("#")[0].partition(":")
        if kind == "invoice":
            self.billtui.show_invoice(rest)
        elif kind == "order":
            self.billtui.show_order(rest)
        elif kind == "transfer":
            self.billtui.show_transfer(rest)
        elif kind == "ticket":
            self.billtui.show_ticket(rest)
        elif kind == "tickets":
            self.billtui.show_list("tickets", rest)
        elif kind in ("invoices", "orders", "transfers"):
            self.billtui.show_list(kind, rest)
        elif kind == "jobs":
            self.run_command(COMMANDS["app.jobs"])
        elif kind == "planner":
            self.run_command(COMMANDS["app.planner"])
        elif kind in ("balance", "account"):
            self.billtui.go_balance()


def _tickets(found: Overview) -> tuple[str, str, Content] | None:
    """What support answered and nobody read here, and what is not closed; ``None`` where there is neither."""
    alive = sum(count for state, count in found.tickets.items() if state != TicketState.CLOSED)
    answered = found.tickets.get(TicketState.ANSWERED, 0)
    new = len(found.unread)
    if not alive and not new:
        return None
    parts = [count_text(new, "unread answer")] if new else []
    parts += [f"{alive} not closed"] if alive else []
    parts += [f"{answered} wait{'s' if answered == 1 else ''} for you"] if answered else []
    words = f"{', '.join(parts)}: tickets (9)"
    where = f"ticket:{next(iter(found.unread))}" if new == 1 else f"tickets:{'unread' if new else 'current'}"
    return where, "Tickets", toned(words, "accent" if new else "")


def _transfers(found: Overview, now: datetime) -> tuple[str, Content]:
    """Which view, and how many wait for whom."""
    mine, theirs = found.transfers_for_you, found.transfers_for_others
    if not mine:
        text = f"{theirs} wait{'s' if theirs == 1 else ''} for the other side: transfers (8)"
        return "running", toned(text, "accent")
    until = found.transfers_until
    left = f", {span_text((until - now).total_seconds())} left" if until is not None and until > now else ""
    also = f"; {theirs} for them" if theirs else ""
    return "waiting", toned(f"{mine} wait{'s' if mine == 1 else ''} for you{left}{also}: transfers (8)", "warning")


def promise_words(promise: Promise, now: datetime) -> Content:
    """How long is left to pay it, and until when; of an old copy that it is over, whatever became of it (PRM-8)."""
    left, until = promise.left(now), moment_text(promise.deadline)
    if left is None:
        return toned(f"invoice {promise.invoice.number}", "accent")
    seconds = left.total_seconds()
    if seconds <= 0:
        return toned(f"invoice {promise.invoice.number}, was to be paid by {until}", "bad")
    tone: Tone = "warning" if seconds < 3 * 86_400 else "accent"
    return toned(f"invoice {promise.invoice.number}, {span_text(seconds)} left, until {until}", tone)


def blocked_words(blocked: Blocked, now: datetime) -> Content:
    """When it goes for good (ORD-2)."""
    words = ""
    if blocked.deleted_at is not None:
        seconds = (blocked.deleted_at - now).total_seconds()
        words = f", deleted in {span_text(seconds)}" if seconds > 0 else ", deleted at any moment"
    return toned(f"{blocked.order.name}{words}", "bad")


def running_out_words(horizon: RunningOut) -> str:
    """How many end within some days, what they are a month, how many renew themselves: one line at 80 columns."""
    sum_text = f", {horizon.monthly} a month" if horizon.count else ""
    text = f"{horizon.days:>2} days: {count_text(horizon.count, 'order')}{sum_text}"
    if not horizon.auto:
        return text
    long = f"{text}, 1 renews itself" if horizon.auto == 1 else f"{text}, {horizon.auto} renew themselves"
    return long if len(long) <= ROOM else f"{text}, {horizon.auto} automatic"


def _owed(owed: Owed, word: str, tone: Tone) -> list[Content]:
    if not owed.count:
        return [toned("nothing", "good")]
    return [toned(str(owed.total), tone), Content(f"  {count_text(owed.count, f'{word} invoice')}")]


def _late(count: int) -> list[Content]:
    return [toned(f", {count} past due", "bad")] if count else []


_WORDS = {"created": "new", "removed": "gone", "paid-until": "end"}


def _change(change: ChangeRow, width: int) -> Content:
    when = moment_text(epoch(change.at))[5:]
    what = _WORDS.get(change.what, change.what)
    moved = f": {change.before} → {change.after}" if change.before or change.after else ""
    return Content.assemble((f"{when}  ", "$muted"), (change.title, "bold"), f" {what}{moved}").truncate(
        width, ellipsis=True
    )


def _news(changes: Iterable[ChangeRow], now: datetime, most: int) -> Content:
    lines = [Content.styled("Since your last visit", "$muted"), Content("")]
    found = [_change(change, 46) for change in list(changes)[:most]]
    return Content("\n").join([*lines, *(found or [Content("Nothing changed.")])])
