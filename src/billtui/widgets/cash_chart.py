"""Both purses over time as bars, each on its own scale: they are never added together (ACC-4)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from billtui.widgets.formats import cents_text, count_text

_BLOCKS = " ▁▂▃▄▅▆▇█"
_PLAIN = " .:#"
LABEL = 13
"""Cells for the amounts at the left."""
TICK = 12
"""Cells between the dates of the axis, at least."""


@dataclass(frozen=True, slots=True)
class CashDay:
    """Both purses at the end of a day, in cents, and how many auto-renewals fail on it."""

    date: date
    internal: int
    affiliate: int
    fails: int = 0


def bar_column(value: int, top: int, height: int, signs: str) -> str:
    """A bar from the top row to the bottom one; ``top`` is full. What is above nothing is never drawn as nothing."""
    steps = len(signs) - 1
    units = 0 if top <= 0 or value <= 0 else max(1, value * height * steps // top)
    return "".join(signs[max(0, min(steps, units - (height - 1 - row) * steps))] for row in range(height))


def spread(count: int, width: int) -> list[tuple[int, int]]:
    """Which days each column stands for: (first, one behind the last); a day has one column or more."""
    if count >= width:
        return [(at * count // width, (at + 1) * count // width) for at in range(width)]
    return [(at * count // width, at * count // width + 1) for at in range(width)]


class CashChart(Widget):
    """Internal balance above, affiliate below; ``!`` marks the days on which auto-renewals fail."""

    DEFAULT_CSS = """
    CashChart { width: 1fr; height: 1fr; padding: 0 1; }
    """
    days: reactive[Sequence[CashDay]] = reactive(())
    currency: reactive[str] = reactive("")
    both: reactive[bool] = reactive(True)
    """Whether there is an affiliate purse at all."""

    def __init__(self, *, ascii_only: bool = False, **options: str) -> None:
        """Without data: set ``days`` and ``currency``."""
        super().__init__(**options)  # type: ignore[arg-type]  # id and classes only
        self._signs = _PLAIN if ascii_only else _BLOCKS
        self._ascii_only = ascii_only

    def render(self) -> Content:
        """Title, bars, failures, title, bars, dates."""
        width = self.size.width - LABEL - 1
        if not self.days or width < 8 or self.size.height < 7:
            return Content("The chart needs a larger terminal." if self.days else "")
        columns = spread(len(self.days), width)
        rows = self.size.height - (5 if self.both else 4)
        upper = max(1, rows * 2 // 3) if self.both else max(1, rows)
        lower = max(1, rows - upper)
        held = [day.internal for day in self.days]
        other = [day.affiliate for day in self.days]
        lines = [
            self._title("Internal balance", held),
            *self._bars(held, columns, upper),
            self._failures(columns),
            *([self._title("Affiliate balance", other), *self._bars(other, columns, lower)] if self.both else []),
            *self._axis(columns),
        ]
        return Content("\n").join(lines)

    def _title(self, name: str, values: Sequence[int]) -> Content:
        lowest = min(range(len(values)), key=lambda at: (values[at], at))
        words = f"  lowest {cents_text(values[lowest], self.currency)} on {self.days[lowest].date}"
        return Content.assemble((name, "bold"), (words, "$muted"))

    def _bars(self, values: Sequence[int], columns: Sequence[tuple[int, int]], height: int) -> list[Content]:
        """Each column shows the lowest of its days: that is what decides."""
        top = max(*values, 0) if len(values) > 1 else max(values[0], 0)
        bars = [bar_column(min(values[first:last]), top, height, self._signs) for first, last in columns]
        lines = []
        for row in range(height):
            label = cents_text(top) if row == 0 else "0.00" if row == height - 1 else ""
            edge = ("|" if self._ascii_only else "│") if height > 1 else " "
            text = "".join(bar[row] for bar in bars)
            lines.append(Content.assemble((f"{label:>{LABEL - 1}}{edge}", "$muted"), (text, "$text-accent")))
        return lines

    def _failures(self, columns: Sequence[tuple[int, int]]) -> Content:
        fails = [sum(day.fails for day in self.days[first:last]) for first, last in columns]
        number = sum(day.fails for day in self.days)
        if not number:
            return Content.styled(f"{'':>{LABEL}}no auto-renewal fails", "$muted")
        marks = "".join("!" if one else " " for one in fails)
        label = f"{'fails ! ':>{LABEL}}"
        room = len(marks) - len(marks.rstrip())
        words = f" {count_text(number, 'renewal')}" if room > 14 else ""
        return Content.assemble((label, "$muted"), (marks.rstrip() + words, "bold $text-error"))

    def _axis(self, columns: Sequence[tuple[int, int]]) -> list[Content]:
        width = len(columns)
        ticks, dates = [" "] * width, [" "] * width
        at = 0
        while at + 10 <= width:
            ticks[at] = "+" if self._ascii_only else "┴"
            dates[at : at + 10] = str(self.days[columns[at][0]].date)
            at += max(TICK, width // 6)
        line = "".join(one if one != " " else ("-" if self._ascii_only else "─") for one in ticks)
        corner = "+" if self._ascii_only else "└"
        return [
            Content.styled(f"{corner:>{LABEL}}{line}", "$muted"),
            Content.styled(f"{'':>{LABEL}}{''.join(dates)}", "$muted"),
        ]
