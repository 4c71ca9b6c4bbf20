"""The text of a message as lines: quotes, code and prose told apart, long runs folded, wrapped to a width when asked.

Nothing here looks at more of a text than it must: a line of a million characters is cut into parts before it is
wrapped, and each part is wrapped by itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from enum import IntEnum
from itertools import groupby
from typing import NamedTuple

from rich.cells import get_character_cell_size

PART = 4096
"""Characters of a line that are wrapped at a time; a longer line is several parts."""
MOST_HANG = 12
"""Cells by which the following rows of a list item are set in, at most."""
DEPTH = 4
"""Quotes of quotes that are told apart."""

_ONE_CELL = re.compile("[ -~\u00a0-\u00ac\u00ae-\u02ff\u0370-\u0482\u048a-\u052f]*")
"""Latin, Greek and Cyrillic letters that take a cell each."""
_ITEM = re.compile(r" *(?:[-*•–] |\d{1,3}[.)] )? *")
_QUOTE = re.compile(r" ?((?:> ?)+)")
_FENCE = re.compile(r" {0,3}(```+|~~~+)")


class Kind(IntEnum):
    """What a line of a message is."""

    TEXT = 0
    QUOTE = 1
    CODE = 2


class Line(NamedTuple):
    """A line of a body, or a part of a very long one: characters ``start`` to ``end``, without what marks its kind."""

    kind: Kind
    start: int
    end: int
    depth: int = 0
    """How many times it is quoted."""
    continued: bool = False
    """Whether it goes on from the part before."""


class Fold(NamedTuple):
    """Lines that are not shown: how many, and how many characters."""

    start: int
    end: int
    lines: int

    @property
    def characters(self) -> int:
        """Characters that are not shown."""
        return self.end - self.start


class FoldRule(NamedTuple):
    """From how many lines or characters on a run of one kind is folded, and how much of it stays."""

    lines: int
    keep_lines: int
    characters: int = 6_000
    keep_characters: int = 1_500


RULES = {
    Kind.TEXT: FoldRule(60, 24),
    Kind.QUOTE: FoldRule(12, 3),
    Kind.CODE: FoldRule(24, 10),
}
MOST_LINES = 200
"""Lines of a folded message in all."""


def lines_of(body: str) -> list[Line]:
    """The lines of a body in their order; marks of quotes and fences are left out of them."""
    found: list[Line] = []
    at, fence, before = 0, "", Kind.TEXT
    blank = 0
    for text in body.split("\n"):
        start, end = at, at + len(text)
        at = end + 1
        if not text or text.isspace():
            blank += 1
            if not fence and blank > 2:  # a wall of empty lines says nothing
                continue
            found.append(Line(Kind.CODE if fence else Kind.TEXT, start, start))
            continue
        after_blank, blank = blank > 0 or not found, 0
        opening = _FENCE.match(text)
        if opening is not None and (not fence or text.strip() == fence):
            fence = "" if fence else opening[1]
            before = Kind.TEXT
            continue
        depth = 0
        if fence:
            kind = Kind.CODE
        elif (quoted := _QUOTE.match(text)) is not None:
            kind, depth = Kind.QUOTE, min(quoted[1].count(">"), DEPTH)
            start += quoted.end()
        elif text.startswith("    ") and (before is Kind.CODE or after_blank):
            kind = Kind.CODE
            start += 4
        else:
            kind = Kind.TEXT
        before = kind
        if end - start <= PART:
            found.append(Line(kind, start, end, depth))
        else:
            found += (Line(kind, first, last, depth, first > start) for first, last in _parts(body, start, end))
    while found and found[-1].start == found[-1].end:
        found.pop()
    return found


def _parts(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """A long line in parts that end behind a space where there is one, and never before a combining mark."""
    while end - start > PART:
        cut = text.rfind(" ", start + PART // 2, start + PART) + 1 or start + PART
        while cut < end and cut - start < 2 * PART and not _width(text[cut]):
            cut += 1
        yield start, cut
        start = cut
    yield start, end


def folded(lines: Sequence[Line]) -> list[Line | Fold]:
    """The lines with long runs of one kind folded; the whole, too, where that is not enough."""
    found: list[Line | Fold] = []
    for kind, group in groupby(lines, key=lambda line: line.kind):
        run = list(group)
        rule = RULES[kind]
        if len(run) <= rule.lines and run[-1].end - run[0].start <= rule.characters:
            found += run
            continue
        kept = _kept(run, rule)
        found += run[:kept]
        if kept < len(run):
            found.append(_fold_of(run[kept:]))
    if len(found) > MOST_LINES:
        found = [*found[:MOST_LINES], _fold_of(found[MOST_LINES:])]
    return found


def _kept(run: Sequence[Line], rule: FoldRule) -> int:
    kept = characters = 0
    for line in run[: rule.keep_lines]:
        characters += line.end - line.start
        if kept and characters > rule.keep_characters:
            break
        kept += 1
    return kept


def _fold_of(run: Sequence[Line | Fold]) -> Fold:
    lines = sum(one.lines if isinstance(one, Fold) else not one.continued for one in run)
    return Fold(run[0].start, run[-1].end, lines)


# --- wrapping


def _width(character: str) -> int:
    return 1 if character < "\u0300" else get_character_cell_size(character)


def hang_of(body: str, line: Line) -> int:
    """Cells by which the rows after the first are set in: under the words of a list item."""
    if line.kind is not Kind.TEXT or line.continued:
        return 0
    found = _ITEM.match(body, line.start, min(line.end, line.start + MOST_HANG))
    return found.end() - line.start if found is not None else 0


def wrapped(body: str, line: Line, width: int, hang: int = 0) -> list[tuple[int, int]]:
    """The rows of a line, as characters from and to; ``width`` cells each, ``hang`` fewer after the first.

    Prose breaks at spaces where it can, code anywhere. A row never begins with a combining mark.
    """
    start, end = line.start, line.end
    if start >= end:
        return [(start, start)]
    text = body[start:end]
    if text.isascii() or _ONE_CELL.fullmatch(text):
        return _plain_rows(body, start, end, width, hang, at_spaces=line.kind is not Kind.CODE)
    return _wide_rows(text, start, width, hang, at_spaces=line.kind is not Kind.CODE)


def _plain_rows(body: str, start: int, end: int, width: int, hang: int, *, at_spaces: bool) -> list[tuple[int, int]]:
    rows: list[tuple[int, int]] = []
    room = width
    while end - start > room:
        cut = start + room
        following = cut
        if at_spaces:
            space = body.rfind(" ", start + 1, cut + 1)
            if space > start and not body[start:space].isspace():
                cut, following = space, space + 1
        rows.append((start, cut))
        start = following
        room = max(width - hang, 1)
    rows.append((start, end))
    return rows


def _wide_rows(text: str, offset: int, width: int, hang: int, *, at_spaces: bool) -> list[tuple[int, int]]:
    """The same for text with wide or combining characters: cell by cell; beside a wide one a row may end anywhere."""
    rows: list[tuple[int, int]] = []
    start = at = used = before = 0
    room, count = max(width, 2), len(text)
    words = False
    ways: tuple[int, int] | None = None
    while at < count:
        character = text[at]
        cells = _width(character)
        if words and cells and 2 in (cells, before):
            ways = at, at
        if used + cells > room and at > start:
            if character == " " and not _marked(text, at):
                cut, following = at, at + 1
            else:
                cut, following = ways if at_spaces and ways is not None else (at, at)
            rows.append((offset + start, offset + cut))
            start = at = following
            used = before = 0
            room = max(width - hang, 2)
            words, ways = False, None
            continue
        if character != " ":
            words = True
        elif words and not _marked(text, at):
            ways = at, at + 1
        used += cells
        before = cells or before
        at += 1
    if start < count or not rows:
        rows.append((offset + start, offset + count))
    return rows


def _marked(text: str, at: int) -> bool:
    """Whether the space at ``at`` carries a combining mark: it is no place to break then, the mark stays with it."""
    return at + 1 < len(text) and not _width(text[at + 1])


def quoted(body: str, most: int = 200) -> str:
    """A body as a quotation: each line behind ``> ``; of a very long one the first ``most`` lines."""
    lines = body.rstrip().split("\n")
    cut = [f"> {line}" if line else ">" for line in lines[:most]]
    if len(lines) > most:
        cut.append("> …")
    return "\n".join(cut)
