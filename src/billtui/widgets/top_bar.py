"""The two lines at the top: where you are, and the areas."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from billtui.widgets.formats import TONE_STYLES
from billtui.widgets.profile_tag import tag
from billtui.widgets.record_table_columns import Tone


@dataclass(frozen=True, slots=True)
class Place:
    """Where you are: profile, panel, account, role, money, read-only or not, how old the data is."""

    profile: str = ""
    panel: str = ""
    account: str = ""
    role: str = ""
    balance: str = ""
    unread: str = ""
    """How many tickets have something new, in words; empty where none has."""
    read_only: bool = False
    freshness: str = ""
    tone: Tone = ""
    accent: str | None = None
    """The profile's colour; its name stands on it."""


class TopBar(Widget):
    """Where you are, in one line: the least important parts give way first when the line is short."""

    DEFAULT_CSS = """
    TopBar { height: 1; background: $panel; color: $foreground; }
    """
    place: reactive[Place] = reactive(Place())

    def render(self) -> Content:
        """The line, fitted to the width."""
        width = self.size.width
        place = self.place
        right = Content.styled(place.freshness, TONE_STYLES[place.tone])
        ways: tuple[tuple[str, ...], ...] = ((), ("role",), ("role", "panel"), ("role", "panel", "balance"))
        for drop in ways:
            left = self._left(place, drop)
            if left.cell_length + right.cell_length + 3 <= width:
                break
        room = width - right.cell_length - 2
        if left.cell_length > room:
            left = left.truncate(max(room, 1), ellipsis=True)
        gap = max(1, width - left.cell_length - right.cell_length - 1)
        return Content.assemble(left, " " * gap, right, " ")

    def _left(self, place: Place, drop: Sequence[str]) -> Content:
        sixteen = self.app.current_theme.ansi
        parts: list[Content] = [tag(place.profile, place.accent, sixteen=sixteen)] if place.profile else []
        if place.read_only:
            parts.append(Content.styled("READ-ONLY", "bold $text-warning"))
        if place.panel and "panel" not in drop:
            parts.append(Content(place.panel))
        if place.account:
            parts.append(Content.styled(place.account, "bold"))
        if place.role and "role" not in drop:
            parts.append(Content.styled(place.role, "$muted"))
        if place.balance and "balance" not in drop:
            parts.append(Content(place.balance))
        if place.unread:
            parts.append(Content.styled(place.unread, "bold $text-accent"))
        return Content("  ").join(parts)


LEAST_WORD = 3
"""Letters of an area's name that are shown on any line."""


class AreaBar(Widget):
    """The areas with their keys; the present one stands out."""

    DEFAULT_CSS = """
    AreaBar { height: 1; background: $surface; }
    """
    current: reactive[str] = reactive("")
    areas: reactive[tuple[tuple[str, str], ...]] = reactive(())

    def __init__(self, areas: Sequence[tuple[str, str]] = (), current: str = "") -> None:
        """``areas`` are (key, title)."""
        super().__init__()
        self.set_reactive(AreaBar.areas, tuple(areas))
        self.set_reactive(AreaBar.current, current)

    def render(self) -> Content:
        """The line of areas; on a narrow one the others' names give way, all to the same length."""
        letters = self._letters()
        parts: list[Content] = []
        for key, title in self.areas:
            if title == self.current:
                parts.append(Content.styled(f" {key} {title} ", "bold $text-accent underline"))
            else:
                word = title[:letters]
                parts.append(Content.assemble((f" {key} ", "$muted"), (f"{word} ", "")))
        return Content("").join(parts)

    def _letters(self) -> int:
        """How many letters of each name but the present one have room."""
        most = max((len(title) for _, title in self.areas), default=0)
        for letters in range(most, LEAST_WORD, -1):
            words = (title if title == self.current else title[:letters] for _, title in self.areas)
            keys = sum(len(key) + 3 for key, _ in self.areas)
            if keys + sum(map(cell_len, words)) <= self.size.width:
                return letters
        return LEAST_WORD
