"""Complete search for a few orders: every combination that could still be the best, by dynamic programming.

Orders are taken one after the other. A state is how many orders each limited code already has (as far as its least
number matters); of each state only those labels are kept that no other one beats in both money now and key, and that
can still get below the best way known. So the result is the optimum, or the certainty that no way fits.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from billtui.services.solver.model import SolverStopped
from billtui.services.solver.options import NO_CODE, Table

MOST_LABELS: Final = 150_000
"""So many at once are too many to go on: then the bound has to do."""

Counts = tuple[int, ...]
Label = tuple[int, int, int, Any]
"""(cents now, key, place of the way, label before)."""
Assignment = list[dict[int, int]]
"""For each group: place of the way → how many of its orders take it."""


class TooMany(Exception):
    """The search would take too long."""


def limited_uses(table: Table) -> tuple[list[int], dict[int, int]]:
    """Uses whose number matters, and the least number of orders of each."""
    periods = [sum(1 for use in table.uses if use.code == place) for place in range(len(table.codes))]
    found: dict[int, int] = {}
    for place, use in enumerate(table.uses):
        code = table.codes[use.code]
        if code.least > 1 or (code.uses is not None and code.uses < periods[use.code]):
            found[place] = code.least
    return list(found), found


def search(
    table: Table, budget: int | None, known: int | None = None, stopped: Callable[[], bool] | None = None
) -> Assignment | None:
    """The best assignment, or ``None`` where none fits. ``known`` is the key of one that fits, if there is one.

    Raises TooMany, SolverStopped.
    """
    members = [place for place, group in enumerate(table.groups) for _ in range(group.size)]
    uses, least = limited_uses(table)
    slot = {use: place for place, use in enumerate(uses)}
    rest_key, rest_now = _rests(table, members)
    states: dict[Counts, list[Label]] = {(0,) * len(uses): [(0, 0, 0, None)]}
    for number, place in enumerate(members):
        if stopped is not None and stopped():
            raise SolverStopped
        ways = table.groups[place].ways
        found: dict[Counts, list[Label]] = {}
        for counts, labels in states.items():
            for index, way in enumerate(ways):
                after = counts
                if way.use in slot:
                    at = slot[way.use]
                    after = (*counts[:at], min(counts[at] + 1, least[way.use]), *counts[at + 1 :])
                    if not _uses_left(table, uses, after):
                        continue
                into = found.setdefault(after, [])
                for label in labels:
                    now, key = label[0] + way.now, label[1] + way.key
                    if budget is not None and now + rest_now[number + 1] > budget:
                        continue
                    if known is not None and key + rest_key[number + 1] > known:
                        continue
                    into.append((now, key, index, label))
        states = {counts: kept for counts, labels in found.items() if (kept := _not_beaten(labels))}
        if sum(map(len, states.values())) > MOST_LABELS:
            raise TooMany
    ends = [
        label
        for counts, labels in states.items()
        if all(count == 0 or count >= least[use] for use, count in zip(uses, counts, strict=True))
        for label in labels
    ]
    if not ends:
        return None
    return _assignment(table, members, min(ends, key=lambda label: (label[1], label[0])))


def _uses_left(table: Table, uses: Sequence[int], counts: Counts) -> bool:
    """Whether no code is used for more purchases than it may."""
    used: dict[int, int] = {}
    for use, count in zip(uses, counts, strict=True):
        if count:
            code = table.uses[use].code
            used[code] = used.get(code, 0) + 1
    return all(_allowed(table, code) is None or many <= (_allowed(table, code) or 0) for code, many in used.items())


def _allowed(table: Table, code: int) -> int | None:
    return table.codes[code].uses


def _rests(table: Table, members: Sequence[int]) -> tuple[list[int], list[int]]:
    """For each place in ``members``: the least key, and the least money now, that those from there on need."""
    keys, nows = [0], [0]
    for place in reversed(members):
        ways = table.groups[place].ways
        keys.append(keys[-1] + min(way.key for way in ways))
        nows.append(nows[-1] + min(way.now for way in ways))
    return keys[::-1], nows[::-1]


def _not_beaten(labels: list[Label]) -> list[Label]:
    kept: list[Label] = []
    for label in sorted(labels, key=lambda one: (one[0], one[1])):
        if not kept or label[1] < kept[-1][1]:
            kept.append(label)
    return kept


def _assignment(table: Table, members: Sequence[int], label: Label) -> Assignment:
    result: Assignment = [{} for _ in table.groups]
    at: Label | None = label
    for place in reversed(members):
        assert at is not None
        result[place][at[2]] = result[place].get(at[2], 0) + 1
        at = at[3]
    return result


def key_of(table: Table, assignment: Sequence[Mapping[int, int]]) -> int:
    """The sum of the keys of an assignment."""
    return sum(
        group.ways[way].key * many
        for group, chosen in zip(table.groups, assignment, strict=True)
        for way, many in chosen.items()
    )


def now_of(table: Table, assignment: Sequence[Mapping[int, int]]) -> int:
    """The cents that an assignment spends now."""
    return sum(
        group.ways[way].now * many
        for group, chosen in zip(table.groups, assignment, strict=True)
        for way, many in chosen.items()
    )


def used(table: Table, assignment: Sequence[Mapping[int, int]]) -> dict[int, int]:
    """How many orders each use of a code has."""
    found: dict[int, int] = {}
    for group, chosen in zip(table.groups, assignment, strict=True):
        for way, many in chosen.items():
            use = group.ways[way].use
            if use != NO_CODE:
                found[use] = found.get(use, 0) + many
    return found
