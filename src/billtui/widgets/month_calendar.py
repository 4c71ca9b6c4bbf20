"""A month as weeks in rows: for each day how much falls due, and signs with their words for what goes wrong."""

from __future__ import annotations

import calendar
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from billtui.widgets.formats import cents_text

DAYS = 7
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
SIGNS: tuple[tuple[str, str, str, str], ...] = (
    # field of CalendarDay, sign, ASCII sign, word
    ("fails", "!", "!", "will not renew"),
    ("promises", "▲", "^", "promise ends"),
    ("blocks", "■", "#", "blocked"),
    ("deletions", "×", "x", "deleted"),
)


@dataclass(frozen=True, slots=True)
class CalendarDay:
    """One day: what falls due, and how many of each kind of trouble."""

    due: int = 0
    """How many things fall due."""
    cents: int = 0
    """What they come to."""
    fails: int = 0
    promises: int = 0
    blocks: int = 0
    deletions: int = 0
    renews: int = 0
    """Auto-renewals that will be paid."""
    needs_you: int = 0
    """Ends of paid periods that nothing renews."""


EMPTY_DAY = CalendarDay()


def add_to_month(day: date, months: int) -> date:
    """The same day so many months on, or the month's last one."""
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def signs_of(day: CalendarDay, *, ascii_only: bool = False, bare: bool = False) -> str:
    """``!2 ■1``: each trouble's sign and how many; ``bare`` leaves the numbers away."""
    found = []
    for field, sign, plain, _ in SIGNS:
        if count := getattr(day, field):
            found.append((plain if ascii_only else sign) + ("" if bare else str(count)))
    return ("" if bare else " ").join(found)


def short_money(cents: int, room: int) -> str:
    """An amount that fits ``room`` cells: whole, without its cents, or in thousands (cut, never rounded up)."""
    text = cents_text(cents).replace(" ", "")
    for unit, size in (("", 100), ("k", 100_000), ("M", 100_000_000)):
        if len(text) <= room:
            return text
        text = f"~{cents // size}{unit}"
    return text[:room]


class MonthCalendar(Widget, can_focus=True):
    """The month around its cursor. Arrows move by a day or a week; ``enter`` opens the day."""

    DEFAULT_CSS = """
    MonthCalendar { width: 1fr; height: 1fr; padding: 0 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left,h,р", "move(-1)", "A day back", show=False),
        Binding("right,l,д", "move(1)", "A day on", show=False),
        Binding("up,k,л", "move(-7)", "A week back", show=False),
        Binding("down,j,о", "move(7)", "A week on", show=False),
        Binding("pageup", "month(-1)", "A month back", show=False),
        Binding("pagedown", "month(1)", "A month on", show=False),
        Binding("g,home,п", "today", "Today", show=False),
        Binding("enter", "open", "Open", show=False),
    ]
    cursor: reactive[date] = reactive(date(2000, 1, 1))
    today: reactive[date] = reactive(date(2000, 1, 1))
    last: reactive[date] = reactive(date(2000, 1, 1))
    """The last day that is known; the cursor goes no further."""
    days: reactive[Mapping[date, CalendarDay]] = reactive(dict)

    class DayMoved(Message):
        """The cursor stands on another day."""

        def __init__(self, day: date) -> None:
            super().__init__()
            self.day = day

    class DayOpened(Message):
        """A day was chosen."""

        def __init__(self, day: date) -> None:
            super().__init__()
            self.day = day

    def __init__(self, *, ascii_only: bool = False, **options: str) -> None:
        """Without data: ``set_days`` gives them."""
        super().__init__(**options)  # type: ignore[arg-type]  # id and classes only
        self._ascii_only = ascii_only

    def set_days(self, days: Mapping[date, CalendarDay], today: date, last: date) -> None:
        """Show these days; the cursor stays where it is, within what is known."""
        first = self.today == date(2000, 1, 1)
        self.today, self.last, self.days = today, last, days
        self._go(today if first else self.cursor)

    def _go(self, day: date) -> None:
        chosen = min(max(day, self.today), self.last)
        if chosen != self.cursor:
            self.cursor = chosen
            self.post_message(self.DayMoved(chosen))

    def action_move(self, days: int) -> None:
        """By days."""
        self._go(self.cursor + timedelta(days=days))

    def action_month(self, months: int) -> None:
        """By months."""
        self._go(add_to_month(self.cursor, months))

    def action_today(self) -> None:
        """Back to today."""
        self._go(self.today)

    def action_open(self) -> None:
        """The day's agenda."""
        self.post_message(self.DayOpened(self.cursor))

    # --- drawing

    def render(self) -> Content:
        """Title, weekdays, weeks, what the signs mean."""
        cell = max(4, self.size.width // DAYS)
        cursor = self.cursor
        weeks = calendar.Calendar().monthdatescalendar(cursor.year, cursor.month)
        lines = [
            Content.styled(f"{calendar.month_name[cursor.month]} {cursor.year}", "bold"),
            Content.styled("".join(f"{name:<{cell}}" for name in WEEKDAYS), "$muted"),
        ]
        tall = (self.size.height - len(lines) - 1) // len(weeks)
        for week in weeks:
            lines.append(self._numbers(week, cell, tall))
            if tall >= 2:
                lines.append(self._sums(week, cell))
            if tall >= 5:
                lines += [self._words(week, cell, "renews", "renew"), self._words(week, cell, "needs_you", "lapse")]
            if tall >= 3:
                lines.append(Content(""))
        lines.append(self._legend())
        return Content("\n").join(lines)

    def _style(self, day: date, style: str) -> str:
        """The cursor is drawn in reverse; outside the month or the time that is known, days are dim."""
        if day == self.cursor:
            return f"{style} reverse".strip() if self.has_focus else f"{style} underline".strip()
        if day.month != self.cursor.month or not self.today <= day <= self.last:
            return "$muted"
        return style

    def _numbers(self, week: list[date], cell: int, tall: int) -> Content:
        parts: list[tuple[str, str]] = []
        for day in week:
            found = self.days.get(day, EMPTY_DAY)
            number = f"[{day.day:>2}]" if day == self.today else f" {day.day:>2} "
            signs = signs_of(found, ascii_only=self._ascii_only)
            if len(signs) > cell - 5:
                signs = signs_of(found, ascii_only=self._ascii_only, bare=True)[: max(0, cell - 5)]
            if not signs and tall < 2 and found.due:
                signs = str(found.due)[: max(0, cell - 5)]
            bad = bool(found.fails or found.blocks or found.deletions)
            parts.append(
                (f"{number}{signs}"[: cell - 1].ljust(cell - 1), self._style(day, "$text-error" if bad else ""))
            )
            parts.append((" ", ""))
        return Content.assemble(*parts)

    def _sums(self, week: list[date], cell: int) -> Content:
        parts: list[tuple[str, str]] = []
        for day in week:
            found = self.days.get(day, EMPTY_DAY)
            text = ""
            if found.due:
                count = f" {found.due}: "
                text = count + short_money(found.cents, max(3, cell - 1 - len(count)))
            parts.append((text[: cell - 1].ljust(cell - 1), self._style(day, "")))
            parts.append((" ", ""))
        return Content.assemble(*parts)

    def _words(self, week: list[date], cell: int, field: str, word: str) -> Content:
        """``3 renew`` under the sums, where there is room."""
        parts: list[tuple[str, str]] = []
        for day in week:
            count = getattr(self.days.get(day, EMPTY_DAY), field)
            text = f" {count} {word}" if count else ""
            parts += [(text[: cell - 1].ljust(cell - 1), self._style(day, "$muted")), (" ", "")]
        return Content.assemble(*parts)

    def _legend(self) -> Content:
        words = [f"{plain if self._ascii_only else sign} {word}" for _, sign, plain, word in SIGNS]
        return Content.styled("[ ] today   " + "   ".join(words), "$muted")
