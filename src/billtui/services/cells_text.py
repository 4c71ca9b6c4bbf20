"""Lines such as ``nl micro 3`` as cells of a bulk order (BLK-3): pasted into a screen, or from a file."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from billtui.domain.models import OrderCell
from billtui.domain.models.catalogue import Addon, Location, Plan
from billtui.domain.safetext import SafeText

MOST: Final = 100_000
"""Most servers of one line: a slip of the finger beyond it is not taken for an order."""
EXAMPLE: Final = "nl micro 3"
_SEPARATORS = re.compile(r"[\s,;:=|×*]+")
_TIMES = re.compile(r"[x×*]?(\d+)[x×*]?")
_WORDS = re.compile(r"[\s_.-]+")
_SHOWN: Final = 4
_MOST_WORDS: Final = 16
"""Words of a line that are tried as names; each way of parting them is looked up."""


T = TypeVar("T", Plan, Location, Addon)


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that is not understood: which, what stands there, and what to write instead."""

    number: int
    """From 1, as an editor counts."""
    text: SafeText
    reason: str

    def __str__(self) -> str:
        """``Line 2, “nl mikro 3”: …``."""
        return f"Line {self.number}, “{self.text}”: {self.reason}"


@dataclass(frozen=True, slots=True)
class CellsRead:
    """What the lines say: cells in the order of first appearance, and the lines that are not understood."""

    cells: tuple[OrderCell, ...] = ()
    bad: tuple[BadLine, ...] = ()

    @property
    def count(self) -> int:
        """How many servers the cells are."""
        return sum(one.quantity for one in self.cells)


def read_cells(text: str, plans: Sequence[Plan], locations: Sequence[Location]) -> CellsRead:
    """Cells from lines of a location, a plan and a number: ``nl micro 3``, ``nl:vds-micro=3``, ``3x micro nl``.

    Plans and locations are named by id, name, or a part of either that only one has; small and capital letters are
    alike. Blanks, tabs, commas, semicolons, colons and equals signs separate. Empty lines and what follows ``#`` are
    skipped. A plan and location that stands twice is added up. A line that is not understood is reported; the rest
    is kept.
    """
    found: dict[tuple[str, str], OrderCell] = {}
    bad: list[BadLine] = []
    for number, line in enumerate(text.splitlines(), start=1):
        words = [word for word in _SEPARATORS.split(line.partition("#")[0]) if word]
        if not words:
            continue
        cell = _cell(words, plans, locations)
        if isinstance(cell, str):
            bad.append(BadLine(number, SafeText(line.strip()[:80]), cell))
            continue
        key = (cell.plan.raw, cell.location.raw)
        before = found.get(key)
        more = before.quantity if before is not None else 0
        found[key] = cell.model_copy(update={"quantity": cell.quantity + more})
    return CellsRead(tuple(found.values()), tuple(bad))


def _cell(words: list[str], plans: Sequence[Plan], locations: Sequence[Location]) -> OrderCell | str:
    """The cell that the words of a line name, or a sentence about what is wrong with it."""
    last, first = _TIMES.fullmatch(words[-1].casefold()), _TIMES.fullmatch(words[0].casefold())
    if last is not None:
        number, names = last, words[:-1]
    elif first is not None:
        number, names = first, words[1:]
    else:
        return f"How many? Write the number at the end, as in “{EXAMPLE}”."
    digits = number[1].lstrip("0")
    if not digits:
        return "None are ordered by leaving the line away; the number is 1 or more."
    if len(digits) > len(str(MOST)) or int(digits) > MOST:
        return f"That many are taken for a slip; at most {MOST:,} in a line."
    if len(names) < 2 or len(names) > _MOST_WORDS:
        return f"It takes a location, a plan and a number, as in “{EXAMPLE}”."
    pairs: dict[tuple[str, str], tuple[Plan, Location]] = {}
    for cut in range(1, len(names)):
        one, other = " ".join(names[:cut]), " ".join(names[cut:])
        for plan_word, place_word in ((one, other), (other, one)):
            for plan in find_named(plan_word, plans):
                for place in find_named(place_word, locations):
                    pairs[plan.id.raw, place.id.raw] = plan, place
    if len(pairs) == 1:
        [(plan, place)] = pairs.values()
        return OrderCell(plan=plan.id, location=place.id, quantity=int(digits))
    if pairs:
        likely = _listed([f"{place.id} {plan.id}" for plan, place in pairs.values()])
        return f"It could be {likely}: write the ids of the one you mean."
    return _what_is_unknown(names, plans, locations)


def find_named(word: str, things: Sequence[T]) -> list[T]:
    """The things that ``word`` may mean: by id, name, a word of either, its beginning, or any part.

    The first of these ways that finds something decides, so that ``large`` is not ``xlarge`` as well.
    """
    wanted = word.casefold()
    ways: tuple[Callable[[T], bool], ...] = (
        lambda one: one.id.casefold() == wanted,
        lambda one: one.name.casefold() == wanted,
        lambda one: wanted in _WORDS.split(one.id.casefold()),
        lambda one: wanted in _WORDS.split(one.name.casefold()),
        lambda one: any(word.startswith(wanted) for word in _WORDS.split(one.id.casefold())),
        lambda one: any(word.startswith(wanted) for word in _WORDS.split(one.name.casefold())),
        lambda one: wanted in one.id.casefold() or wanted in one.name.casefold(),
    )
    return next((found for way in ways if (found := [one for one in things if way(one)])), [])


def _what_is_unknown(names: list[str], plans: Sequence[Plan], locations: Sequence[Location]) -> str:
    plan_words = [name for name in names if find_named(name, plans)]
    place_words = [name for name in names if find_named(name, locations)]
    if place_words and not plan_words:
        return (
            f"No plan is called {_words(names, place_words)}: write one of {_listed([str(one.id) for one in plans])}."
        )
    if plan_words and not place_words:
        known = _listed([str(one.id) for one in locations])
        return f"No location is called {_words(names, plan_words)}: write one of {known}."
    if plan_words and place_words:
        return f"One word is a location, one a plan, one the number, as in “{EXAMPLE}”: leave the rest away."
    return f"Neither a location nor a plan is called so; write lines as “{EXAMPLE}”."


def _words(names: list[str], known: list[str]) -> str:
    rest = [name for name in names if name not in known] or names
    return f"“{SafeText(' '.join(rest)[:40])}”"


def _listed(words: Sequence[str]) -> str:
    shown = ", ".join(words[:_SHOWN])
    return f"{shown} … ({len(words)} in all)" if len(words) > _SHOWN else shown
