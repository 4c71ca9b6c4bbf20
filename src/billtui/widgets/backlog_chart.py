"""How many tickets support had to act on, hour by hour, as bars with a scale and hours below."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from billtui.widgets.cash_chart import bar_column, spread
from billtui.widgets.formats import local

_BLOCKS = " ▁▂▃▄▅▆▇█"
_PLAIN = " .:#"
LABEL = 7
"""Cells for the scale at the left."""
LEAST = 12
"""Narrower than that nothing is drawn."""


class BacklogChart(Widget):
    """Bars of :attr:`hours`, the last one ending at :attr:`until`; equal hours are as wide as there is room."""

    DEFAULT_CSS = "BacklogChart { height: 8; width: 1fr; }"
    hours: reactive[tuple[int, ...]] = reactive(())
    until: reactive[datetime | None] = reactive(None)

    def __init__(self, *, ascii_only: bool = False, id: str | None = None) -> None:
        """Without data: set ``hours`` and ``until``."""
        super().__init__(id=id)
        self._signs = _PLAIN if ascii_only else _BLOCKS
        self._ascii_only = ascii_only

    def render(self) -> Content:
        """Bars, then the hours at which they end."""
        width, height = self.size.width - LABEL - 1, self.size.height - 2
        if not self.hours or self.until is None:
            return Content("")
        if width < LEAST or height < 1:
            return Content("The chart needs a larger terminal.")
        return Content("\n").join([*self._bars(width, height), *self._axis(width)])

    def _columns(self, width: int) -> list[tuple[int, int]]:
        """Which hours each column stands for; few hours are drawn several columns wide each."""
        count = len(self.hours)
        each = max(1, min(4, width // count)) if count < width else 1
        if each == 1:
            return spread(count, min(width, count)) if count <= width else spread(count, width)
        return [(at // each, at // each + 1) for at in range(count * each)]

    def _bars(self, width: int, height: int) -> list[Content]:
        top = max(*self.hours, 1) if len(self.hours) > 1 else max(self.hours[0], 1)
        columns = self._columns(width)
        bars = [bar_column(max(self.hours[first:last]), top, height, self._signs) for first, last in columns]
        edge = "|" if self._ascii_only else "│"
        lines = []
        for row in range(height):
            label = str(top) if row == 0 else "0" if row == height - 1 else ""
            lines.append(
                Content.assemble(
                    (f"{label:>{LABEL - 1}}{edge}", "$muted"), ("".join(bar[row] for bar in bars), "$text-accent")
                )
            )
        return lines

    def _axis(self, width: int) -> list[Content]:
        columns = self._columns(width)
        assert self.until is not None
        marks, words = [" "] * len(columns), [" "] * (len(columns) + 5)
        free = 0
        for at, (first, _) in enumerate(columns):
            begins = at == 0 or columns[at - 1][0] != first
            if begins and at >= free and at + 5 <= len(words):
                hour = local(self.until - timedelta(hours=len(self.hours) - first))
                marks[at] = "+" if self._ascii_only else "┴"
                words[at : at + 5] = f"{hour:%H:%M}"
                free = at + 8
        line = "".join(one if one != " " else ("-" if self._ascii_only else "─") for one in marks)
        corner = "+" if self._ascii_only else "└"
        return [
            Content.styled(f"{corner:>{LABEL}}{line}", "$muted"),
            Content.styled(f"{'':>{LABEL}}{''.join(words).rstrip()}", "$muted"),
        ]


def backlog_words(hours: Sequence[int]) -> str:
    """The same in a sentence, for whoever does not look at bars."""
    if not hours:
        return "nothing is known of the hours before"
    first, last, most = hours[0], hours[-1], max(hours)
    way = "fell" if last < first else "rose" if last > first else "stayed"
    moved = f"{way} at {last}" if way == "stayed" else f"{way} from {first} to {last}"
    return f"the backlog {moved}" + (f", {most} at its highest" if most > max(first, last) else "")
