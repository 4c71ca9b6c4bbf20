"""What is pasted, between the marks that the terminal puts around it (bracketed paste), also where the end is missing.

Textual's parser waits for the end mark for ever, and everything that is typed meanwhile is swallowed; and an end mark
that a slow line cuts in two is none for it. Here the marks are read by themselves. Where nothing more comes for a while
the paste is over with what came. What comes then may be its rest: several letters in one piece are pasted text still,
never keys, until the end mark comes after all or a while has passed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterator
from time import monotonic
from typing import Final, NamedTuple

START: Final = "\x1b[200~"
END: Final = "\x1b[201~"
SILENCE: Final = 2.0
"""Seconds without any text after which a paste is over without its end mark."""
SUSPICION: Final = 30.0
"""Seconds for which then what comes in one piece may be its rest."""
MOST: Final = 4 * 1024 * 1024
"""Letters that are kept of one paste at most; what is longer comes in parts of that size."""
_REPORTS: Final = re.compile(r"(?:\x1b\[(?:[<?]?[\d;]*[MmnIORc]|\?[\d;]*\$y))+")
"""What a terminal tells of itself: the mouse, the focus, answers. No sign that a paste goes on."""
_KEYS_OR_REPORTS: Final = re.compile(r"(?:\x1b(?:\[[<?]?[\d;:]*(?:\$y|[A-Za-z~])|O[A-Z]))+|\x1b$")
"""Keys that are no letters, and reports: nothing that a paste would hold."""


class Piece(NamedTuple):
    """A part of what was read."""

    text: str
    pasted: bool
    cut: bool = False
    """The beginning of a start mark was given out as typed: it is to be forgotten."""


class Pasting:
    """Takes what is read in pieces of any size and tells what of it was typed and what was pasted."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        """Nothing was read yet."""
        self._clock = clock
        self._tail = ""
        """The last letters that were read: the beginning of a mark, perhaps."""
        self._text: list[str] | None = None
        """What was pasted so far; None: nothing is being pasted."""
        self._size = 0
        self._heard = 0.0
        self._suspicious_until = float("-inf")

    @property
    def goes_on(self) -> bool:
        """Whether something is being pasted: :meth:`tick` is to be called now and then."""
        return self._text is not None

    def feed(self, text: str) -> Iterator[Piece]:
        """What was typed and what was pasted, in its order."""
        while text:
            if self._text is not None:
                text = yield from self._go_on(text)
            elif self._clock() < self._suspicious_until:
                text = yield from self._after_giving_up(text)
            else:
                text = yield from self._typed(text)

    def tick(self) -> Iterator[Piece]:
        """Give up a paste whose end does not come."""
        if self._text is not None and self._clock() - self._heard >= SILENCE:
            text = "".join(self._text)
            self._text = None
            self._suspicious_until = self._clock() + SUSPICION
            yield Piece(text, pasted=True)

    def _begin(self) -> None:
        self._text, self._size, self._tail, self._heard = [], 0, "", self._clock()

    def _typed(self, text: str) -> Generator[Piece, None, str]:
        known = self._tail + text
        at = known.find(START)
        if at < 0:
            self._tail = known[1 - len(START) :]
            yield Piece(text, pasted=False)
            return ""
        before = len(self._tail)
        if at != before:
            yield Piece(known[before:at], pasted=False, cut=at < before)
        self._begin()
        return known[at + len(START) :]

    def _go_on(self, text: str) -> Generator[Piece, None, str]:
        assert self._text is not None
        known = self._tail + text
        at = known.find(END)
        if at >= 0:
            whole = "".join(self._text) + text
            end = len(whole) - len(known) + at
            self._text, self._tail = None, ""
            yield Piece(whole[:end], pasted=True)
            return known[at + len(END) :]
        if not _REPORTS.fullmatch(text):
            self._heard = self._clock()
            self._text.append(text)
            self._size += len(text)
            self._tail = known[1 - len(END) :]
        if self._size > MOST:
            whole = "".join(self._text)
            self._text, self._size = [self._tail], len(self._tail)
            yield Piece(whole[: len(whole) - len(self._tail)], pasted=True)
        return ""

    def _after_giving_up(self, text: str) -> Generator[Piece, None, str]:
        """One key is a key, several letters in one piece are the rest of what was pasted."""
        end, start = text.find(END), text.find(START)
        if end >= 0 and not 0 <= start < end:
            self._suspicious_until = float("-inf")
            self._tail = ""
            yield Piece(text[:end], pasted=True)
            return text[end + len(END) :]
        part = text if start < 0 else text[:start]
        keys = found.end() if (found := _KEYS_OR_REPORTS.match(part)) else 0
        rest = part[keys:]
        if keys:
            yield Piece(part[:keys], pasted=False)
        if len(rest) > 1:
            self._suspicious_until = self._clock() + SUSPICION
        if rest:
            yield Piece(rest, pasted=len(rest) > 1)
        if start < 0:
            return ""
        self._begin()
        return text[start + len(START) :]
