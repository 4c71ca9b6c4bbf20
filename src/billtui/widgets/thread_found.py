"""What was searched for in a thread, and at which of the places the search stands."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from typing import NamedTuple

MOST_PLACES = 10_000
"""Places that are looked for; who finds so many searches for too little."""

Spans = Sequence[tuple[int, int, bool]]
"""Characters from and to, and whether it is the place where the search stands."""


class Place(NamedTuple):
    """Where it stands: number of the message, characters from and to."""

    message: int
    start: int
    end: int


class FoundPlaces:
    """The places of one text, in any case, in the order of the thread."""

    def __init__(self) -> None:
        """Nothing is searched for."""
        self.wanted = ""
        self.places: list[Place] = []
        self.at: int | None = None

    def look(self, wanted: str, bodies: Iterable[str]) -> None:
        """Look for ``wanted``; the search stands where it stood, if that is still a place."""
        standing = self.here
        self.wanted = wanted
        self.places = places_of(bodies, wanted)
        self.at = self.places.index(standing) if standing in self.places else None

    @property
    def here(self) -> Place | None:
        """The place where the search stands."""
        return None if self.at is None else self.places[self.at]

    def begin(self, message: int, start: int) -> Place | None:
        """The first place from there on; behind the last one comes the first."""
        self.at = bisect_left(self.places, (message, start, 0)) % len(self.places) if self.places else None
        return self.here

    def step(self, by: int) -> Place | None:
        """The next place, or the one before; behind the last one comes the first."""
        if self.places:
            self.at = ((0 if by > 0 else -1) if self.at is None else self.at + by) % len(self.places)
        return self.here

    def spans(self, message: int, start: int, end: int) -> Spans:
        """The places in some characters of a message."""
        if not self.places:
            return ()
        found: list[tuple[int, int, bool]] = []
        first = bisect_left(self.places, (message, max(start - len(self.wanted) - 1, 0), 0))
        for at in range(first, len(self.places)):
            place = self.places[at]
            if place.message != message or place.start >= end:
                break
            if place.end > start:
                found.append((place.start, place.end, at == self.at))
        return found


def places_of(bodies: Iterable[str], wanted: str, most: int = MOST_PLACES) -> list[Place]:
    """Where ``wanted`` stands, in any case; ``most`` places at most."""
    if not wanted:
        return []
    pattern = re.compile(re.escape(wanted), re.IGNORECASE)
    found: list[Place] = []
    for number, body in enumerate(bodies):
        for match in pattern.finditer(body):
            found.append(Place(number, match.start(), match.end()))
            if len(found) >= most:
                return found
    return found
