"""How the cheapest way looks: a row for each order, what is bought now, what later."""

from __future__ import annotations

from typing import NamedTuple

from billtui.screens.list_screen import View
from billtui.services.solver import Brief, Left, Solution
from billtui.widgets.formats import cents_text, date_text
from billtui.widgets.formats import epoch as instant_of
from billtui.widgets.record_table import Column, Tone, Toned

NOW, LATER, LOST, OUT = "now", "later", "lost", "out"
_TONES: dict[str, Tone] = {NOW: "good", LATER: "dim", LOST: "bad", OUT: "warning"}


class WayRow(NamedTuple):
    """One order in the answer."""

    id: str
    name: str
    what: str
    """``now``, ``later``, ``lost`` (the budget does not keep it) or ``out`` (it cannot be renewed)."""
    ends: int | None
    now: str
    later: str
    total: int
    saving: int
    reason: str


def bought_words(line: Brief) -> str:
    """``12 mo −20 % CODE``; nothing for none."""
    if not line.months:
        return ""
    off = f" −{line.percent} %" if line.percent != "0" else ""
    return f"{line.months} mo{off}{f' {line.code}' if line.code else ''}"


def later_words(line: Brief) -> str:
    """The next purchase after now, and how many follow it."""
    if line.next_at is None:
        return "nothing"
    more = f" +{line.later - 1}" if line.later > 1 else ""
    return f"{date_text(line.next_at)} {line.next_months} mo{more}"


def _kept_row(line: Brief) -> WayRow:
    row = line.row
    words = bought_words(line) or "nothing yet"
    what = NOW if line.months else LATER
    return WayRow(row.id, row.name, what, row.paid_until, words, later_words(line), line.total, line.saving, "")


def _left_row(left: Left, what: str) -> WayRow:
    words = "not kept" if what == LOST else "left out"
    return WayRow(
        left.row.id, left.row.name, what, left.row.paid_until, words, left.refusal.reason, 0, 0, left.refusal.reason
    )


def way_rows(solution: Solution) -> list[WayRow]:
    """All rows of an answer: who is kept, then who is not, and why."""
    rows = [_kept_row(solution.brief_of(one)) for one in solution.order_ids]
    rows += [_left_row(one, LOST) for one in solution.left]
    return rows + [_left_row(one, OUT) for one in solution.excluded]


WAY_VIEWS = (
    View("all", "Cheapest way", lambda row, now: True),
    View(NOW, "Bought now", lambda row, now: row.what == NOW),
    View(LATER, "Bought later", lambda row, now: row.what == LATER),
    View("not", "Not kept or left out", lambda row, now: row.what in (LOST, OUT)),
)


def way_columns() -> list[Column[WayRow]]:
    """Who, what now, what later, for how much."""

    def now_cell(row: WayRow) -> Toned:
        return Toned(row.now, _TONES[row.what])

    def kept(row: WayRow, cents: int) -> str:
        return cents_text(cents) if row.what in (NOW, LATER) else ""

    return [
        Column(key="name", title="Order", cell=lambda r: r.name, min_width=12, max_width=30, flex=2, priority=10, sort_key=lambda r: r.name, search=lambda r: r.name),
        Column(key="now", title="Buy now", cell=now_cell, min_width=18, max_width=26, priority=9, sort_key=lambda r: r.now, search=lambda r: r.now),
        Column(key="later", title="Then", cell=lambda r: r.later, min_width=18, max_width=60, flex=3, priority=8, sort_key=lambda r: r.later, search=lambda r: r.later),
        Column(key="total", title="Total", cell=lambda r: kept(r, r.total), width=9, align="right", priority=7, sort_key=lambda r: r.total),
        Column(key="saving", title="Saves", cell=lambda r: kept(r, r.saving), width=7, align="right", priority=6, sort_key=lambda r: r.saving),
        Column(key="ends", title="Paid until", cell=lambda r: date_text(instant_of(r.ends)), width=10, priority=5, sort_key=lambda r: r.ends),
    ]  # fmt: skip
