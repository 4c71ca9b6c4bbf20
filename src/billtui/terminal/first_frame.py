"""The first frame: the last known overview with its age, drawn before Textual or anything else is imported (P-START-1).

It is laid out where the program draws the same things, so that taking over changes few cells. It is honest: it says
that the program is opening and how old the figures are, and shows no key and no cursor before they are of use. Like
everything here it consists of its own sequences and printable letters only. Imports nothing that `python -c pass` has
not loaded.
"""

from __future__ import annotations

import time

from billtui.terminal.frame_facts import COLOURS, Colour, Facts, Piece
from billtui.terminal.harmless import one_line
from billtui.terminal.recognition import by_term, color_system, colourless, utf8

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

SMALLEST = (40, 12)
"""Below this many columns and rows only a word is drawn, as in the program."""
WIDE = 120
"""From so many columns on, what changed stands beside the lines."""
NEWS = 50
LEAST_WORD = 3
"""Letters of an area's name that are shown on any line."""
MINUTE, HOUR, DAY = 60, 3_600, 86_400

DEFAULT: dict[str, Colour] = dict.fromkeys(COLOURS, ("", -1, -1))
"""The terminal's own colours, for a frame of which nothing is known."""


class Look:
    """What the terminal can show."""

    __slots__ = ("erases", "no_color", "plain", "system")

    def __init__(self, environment: Mapping[str, str], ascii_setting: str = "auto") -> None:
        """As the environment says it, with the setting for ASCII."""
        system = environment.get("TEXTUAL_COLOR_SYSTEM") or color_system(environment)
        term = environment.get("TERM", "")
        self.system = by_term(term) if system == "auto" else system
        self.no_color = bool(colourless(environment))
        self.plain = ascii_setting == "on" or (ascii_setting == "auto" and not utf8(environment)[0])
        self.erases = bool(environment.get("TMUX")) or not term.startswith("screen")
        """Whether erasing leaves the background's colour; GNU screen leaves its own."""

    def colour(self, colour: Colour, *, background: bool = False) -> str:
        """The parameters that choose ``colour``."""
        code, of_256, of_16 = colour
        if code and self.system == "truecolor":
            return f"{48 if background else 38};2;{int(code[1:3], 16)};{int(code[3:5], 16)};{int(code[5:7], 16)}"
        if code and self.system == "256":
            return f"{48 if background else 38};5;{of_256}"
        if of_16 < 0:
            return "49" if background else "39"
        return str((of_16 + 30 if of_16 < 8 else of_16 + 82) + (10 if background else 0))


class Page:
    """Rows of cells, written from the top to the bottom."""

    def __init__(self, facts: Facts, look: Look, columns: int, rows: int) -> None:
        self.columns, self.rows = columns, rows
        self.look = look
        self.colours = facts.colours or DEFAULT
        self.parts: list[str] = []
        self._style = ""

    def clear(self) -> None:
        """The whole screen in the background's colour."""
        self.style("", "background")
        if self.look.erases:
            self.parts.append("\x1b[2J")
        else:
            self.parts += [f"\x1b[{row};1H{' ' * self.columns}" for row in range(1, self.rows + 1)]

    def style(self, tone: str, ground: str) -> None:
        """How what follows looks: a tone on a ground."""
        bold = "1;" if tone in ("bold", "bad", "tag") else ""
        if self.look.no_color:
            reverse = "7;" if tone == "tag" else ""
            self._put_style(f"\x1b[0;{bold}{reverse}".rstrip(";") + "m")
            return
        front = "on-tag" if tone == "tag" else tone if tone in self.colours else "foreground"
        back = "tag" if tone == "tag" else ground
        colours = self.look.colour(self.colours[front]), self.look.colour(self.colours[back], background=True)
        self._put_style(f"\x1b[0;{bold}{colours[0]};{colours[1]}m")

    def _put_style(self, sequence: str) -> None:
        if sequence != self._style:
            self._style = sequence
            self.parts.append(sequence)

    def put(self, row: int, column: int, pieces: list[Piece], room: int, ground: str = "background") -> int:
        """Write ``pieces`` within ``room`` cells; how many they took. Rows and columns count from 0."""
        if not 0 <= row < self.rows or room < 1:
            return 0
        self.parts.append(f"\x1b[{row + 1};{column + 1}H")
        used = 0
        for tone, text in pieces:
            shown = self.letters(text)
            cut = fitting(shown, room - used)
            if cut != shown and (room - used) > 0:
                cut = fitting(shown, room - used - 1) + ("." if self.look.plain else "…")
            if cut:
                self.style(tone, ground)
                self.parts.append(cut)
                used += cells(cut)
            if cut != shown:
                break
        return used

    def bar(self, row: int, ground: str) -> None:
        """A line all in one colour."""
        self.parts.append(f"\x1b[{row + 1};1H")
        self.style("", ground)
        self.parts.append("\x1b[K" if self.look.erases else " " * self.columns)

    def letters(self, text: str) -> str:
        """``text`` as it can be drawn here."""
        text = one_line(text)
        if self.look.plain and not text.isascii():
            from billtui.terminal.plain_letters import PLAIN

            text = "".join(one if one.isascii() else "?" * cells(one) for one in text.translate(PLAIN))
        return text


def cells(text: str) -> int:
    """How many cells a terminal draws ``text`` in."""
    if text.isascii():
        return len(text)
    from unicodedata import combining, east_asian_width

    return sum(0 if combining(one) else 2 if east_asian_width(one) in "WF" else 1 for one in text)


def fitting(text: str, room: int) -> str:
    """The beginning of ``text`` that has room."""
    if cells(text) <= room:
        return text
    kept, used = "", 0
    for one in text:
        used += cells(one)
        if used > room:
            break
        kept += one
    return kept


def draw(facts: Facts, look: Look, columns: int, rows: int, now: float) -> str:
    """What fills a screen of this size, the alternate one being entered already; ``now`` in seconds since 1970."""
    page = Page(facts, look, columns, rows)
    page.clear()
    if columns < SMALLEST[0] or rows < SMALLEST[1]:
        page.put(0, 0, [("", "billtui: opening …")], columns)
        return "".join(page.parts)
    around(page, facts, now, _words(facts))
    wide = columns >= WIDE and bool(facts.lines)
    room = columns - (NEWS if wide else 0) - 2
    folded = [part for line in facts.lines or _unknown(facts) for part in _fold(line, room)]
    for number, line in enumerate(folded[: rows - 4]):
        page.put(3 + number, 1, line, room)
    if wide:
        _news(page, facts)
    return "".join(page.parts)


def around(page: Page, facts: Facts, now: float, words: str, area: str = "") -> None:
    """The lines above and below: where one is, the areas, and ``words``. ``area`` stands out; the first one without."""
    _top(page, facts, now)
    _areas(page, facts, area)
    page.bar(page.rows - 1, "panel")
    page.put(page.rows - 1, 1, [("muted", words)], page.columns - 2, "panel")


def _fold(line: list[Piece], room: int) -> list[list[Piece]]:
    """A line as the program folds it: between words, where it is too long."""
    width = sum(cells(text) for _, text in line)
    if width <= room:
        return [line]
    words: list[Piece] = []
    for tone, text in line:
        parts = text.split(" ")
        words += [(tone, f"{part} ") for part in parts[:-1]] + ([(tone, parts[-1])] if parts[-1] else [])
    rows: list[list[Piece]] = [[]]
    used = 0
    for tone, word in words:
        if used + cells(word.rstrip(" ")) > room and used:
            rows.append([])
            used = 0
        rows[-1].append((tone, word))
        used += cells(word)
    return rows


def _unknown(facts: Facts) -> list[list[Piece]]:
    return [[("muted", f"{'Profile':<15}"), ("bold", facts.profile)], [("muted", "No overview is known here yet.")]]


def _words(facts: Facts) -> str:
    if not facts.lines:
        return "Opening … What you type now is kept."
    when = moment(facts.synced_at) if facts.synced_at else "an unknown time"
    return f"Opening … The figures as of {when}. What you type now is kept."


def moment(at: float) -> str:
    """``2026-11-26 08:15``, here; ``at`` in seconds since 1970."""
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(at))


def _top(page: Page, facts: Facts, now: float) -> None:
    page.bar(0, "panel")
    age = age_words(facts.synced_at, now)
    right = f"opening, data {age}" if facts.lines and age != "never" else "opening"
    room = page.columns - len(right) - 2
    for drop in ((), ("role",), ("role", "panel"), ("role", "panel", "balance")):
        pieces = _place(facts, drop)
        if sum(cells(text) for _, text in pieces) + len(right) + 3 <= page.columns:
            break
    page.put(0, 0, pieces, room, "panel")
    page.put(0, page.columns - len(right) - 1, [("muted", right)], len(right), "panel")


def _place(facts: Facts, drop: tuple[str, ...]) -> list[Piece]:
    parts: list[Piece] = [("tag", f" {facts.profile} ")]
    if facts.read_only:
        parts.append(("warning", "READ-ONLY"))
    if facts.panel and "panel" not in drop:
        parts.append(("", facts.panel))
    if facts.account:
        parts.append(("bold", facts.account))
    if facts.role and "role" not in drop:
        parts.append(("muted", facts.role))
    if facts.balance and "balance" not in drop:
        parts.append(("", facts.balance))
    if facts.unread:
        parts.append(("accent", facts.unread))
    gap: Piece = ("", "  ")
    return [one for part in parts for one in (gap, part)][1:]


def _areas(page: Page, facts: Facts, area: str) -> None:
    """The names of the areas where they will stand, without their keys: nothing can be pressed yet."""
    page.bar(1, "surface")
    titles = [title for _, title in facts.areas]
    chosen = titles.index(area) if area in titles else 0
    keys = sum(cells(key) + 3 for key, _ in facts.areas)
    for letters in range(max(map(len, titles), default=0), LEAST_WORD - 1, -1):
        shown = [title if number == chosen else title[:letters] for number, title in enumerate(titles)]
        if keys + sum(map(cells, shown)) <= page.columns:
            break
    line: list[Piece] = []
    for number, (key, _) in enumerate(facts.areas):
        line += [("", " " * (cells(key) + 2)), ("bold" if number == chosen else "muted", shown[number]), ("", " ")]
    page.put(1, 0, line, page.columns, "surface")


def _news(page: Page, facts: Facts) -> None:
    left = page.columns - NEWS
    frame = "|" if page.look.plain else "│"
    for row in range(2, page.rows - 1):
        page.put(row, left, [("panel", frame)], 1)
    for number, line in enumerate(facts.news[: page.rows - 5]):
        page.put(3 + number, left + 3, line, NEWS - 5)


def age_words(then: float, now: float) -> str:
    """How old data is: the same words as the program's (``widgets.formats.age_text``)."""
    if not then:
        return "never"
    seconds = int(now - then)
    if seconds < MINUTE:
        return "just now"
    days, rest = divmod(seconds, DAY)
    hours, rest = divmod(rest, HOUR)
    minutes = rest // MINUTE
    if days >= 10 or (days and not hours):
        return f"{days} d ago"
    if days:
        return f"{days} d {hours} h ago"
    if hours and minutes:
        return f"{hours} h {minutes} min ago"
    return f"{hours} h ago" if hours else f"{minutes} min ago"
