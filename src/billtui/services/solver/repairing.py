"""A way near the multipliers' choice that keeps every limit: orders are moved to their next best ways where they must.

What is tried: which periods each code is used for (a code with few uses, or a least number of orders, cannot be used
for all), then moves with the least loss until the budget holds, then moves with the most gain for what is left of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final, NamedTuple

from billtui.services.solver.exact import Assignment, key_of, now_of, used
from billtui.services.solver.model import SolverStopped
from billtui.services.solver.options import NO_CODE, Table

_PASSES: Final = 4
"""Through all moves, until nothing moves; while sets of uses are only compared, one has to do."""


class _Move(NamedTuple):
    ratio: float
    group: int
    before: int
    after: int


@dataclass(slots=True)
class Repair:
    """One search for a way. ``limit`` is the most orders of one request (BLK-7)."""

    table: Table
    budget: int | None
    limit: int
    price: int = 0
    """Of a cent spent now, in key units: what the first choice goes by."""
    stopped: Callable[[], bool] | None = None

    def keeps_limits(self, chosen: Assignment) -> bool:
        if self.budget is not None and now_of(self.table, chosen) > self.budget:
            return False
        requests: dict[int, int] = {}
        for use, many in used(self.table, chosen).items():
            code = self.table.uses[use].code
            parts = -(-many // self.limit)
            requests[code] = requests.get(code, 0) + parts
            if many // parts < self.table.codes[code].least:
                return False
        allowed = ((self.table.codes[code].uses, many) for code, many in requests.items())
        return all(most is None or many <= most for most, many in allowed)

    def best(self) -> Assignment | None:
        """Try sets of periods for each code, one code after the other; the cheapest, or ``None``."""
        room: dict[int, int] = {}
        for code in range(len(self.table.codes)):
            tries = self._room_sets(code)
            best: tuple[int, dict[int, int]] | None = None
            for one in tries:
                found = self._repaired({**room, **one}, passes=1)
                if found is not None and (best is None or key_of(self.table, found) < best[0]):
                    best = (key_of(self.table, found), one)
            if best is not None:
                room.update(best[1])
        return self._repaired(room)

    def _room_sets(self, code: int) -> list[dict[int, int]]:
        """Sets of a code's uses worth trying, each with the number of orders that it has room for."""
        gains: dict[int, int] = {}
        wanted: dict[int, int] = {}
        for group in self.table.groups:
            plain = min(way.key + self.price * way.now for way in group.ways if way.use == NO_CODE)
            for way in group.ways:
                if way.use != NO_CODE and self.table.uses[way.use].code == code:
                    gain = plain - way.key - self.price * way.now
                    if gain > 0:
                        gains[way.use] = gains.get(way.use, 0) + gain * group.size
                        wanted[way.use] = wanted.get(way.use, 0) + group.size
        ranked = sorted(gains, key=lambda use: -gains[use])
        uses = self.table.codes[code].uses
        if uses is None and self.table.codes[code].least <= 1:
            return [dict.fromkeys(ranked, 1 << 60)]
        sets: list[list[int]] = [[], *([one] for one in ranked)]
        sets += [ranked[:many] for many in range(2, len(ranked) + 1)]
        result: list[dict[int, int]] = []
        for one in sets:
            if uses is None:
                result.append(dict.fromkeys(one, 1 << 60))
            elif len(one) <= uses:
                result.append(self._shared(one, uses, wanted))
        return result

    def _shared(self, chosen: list[int], uses: int, wanted: dict[int, int]) -> dict[int, int]:
        """Room for each use: a request each, and what is left of them to the one that wants most."""
        requests = dict.fromkeys(chosen, 1)
        for _ in range(min(uses - len(chosen), 64)):
            lacking = {use: wanted[use] - self.limit * many for use, many in requests.items()}
            most = max(lacking, key=lambda use: lacking[use], default=None)
            if most is None or lacking[most] <= 0:
                break
            requests[most] += 1
        return {use: many * self.limit for use, many in requests.items()}

    def _repaired(self, room: dict[int, int], passes: int = _PASSES) -> Assignment | None:
        """The orders' best ways with these uses of codes, moved until every limit is kept; ``None`` if that fails."""
        if self.stopped is not None and self.stopped():
            raise SolverStopped
        chosen = self._pick_within(room)
        counts = used(self.table, chosen)
        for use, most in room.items():
            if counts.get(use, 0) > most and not self._move_out(chosen, counts, use, most, room):
                return None
        for use in room:
            least = self.table.codes[self.table.uses[use].code].least
            if 0 < counts.get(use, 0) < least and not self._move_in(chosen, counts, use, least):
                return None
        if self.budget is not None and now_of(self.table, chosen) > self.budget:
            self._spend_less(chosen, counts, room, _PASSES)
        if self.budget is None or now_of(self.table, chosen) <= self.budget:
            self._spend_the_rest(chosen, counts, room, passes)
        return chosen if self.keeps_limits(chosen) else None

    def _pick_within(self, room: dict[int, int]) -> Assignment:
        chosen: Assignment = []
        for group in self.table.groups:
            best, best_score = 0, None
            for at, way in enumerate(group.ways):
                if way.use != NO_CODE and way.use not in room:
                    continue
                score = way.key + self.price * way.now
                if best_score is None or score < best_score:
                    best, best_score = at, score
            chosen.append({best: group.size})
        return chosen

    def _score(self, group: int, way: int) -> int:
        found = self.table.groups[group].ways[way]
        return found.key + self.price * found.now

    def _apply(self, chosen: Assignment, counts: dict[int, int], move: _Move, many: int) -> None:
        ways = self.table.groups[move.group].ways
        here = chosen[move.group]
        here[move.before] -= many
        if not here[move.before]:
            del here[move.before]
        here[move.after] = here.get(move.after, 0) + many
        for way, sign in ((move.before, -1), (move.after, 1)):
            use = ways[way].use
            if use != NO_CODE:
                counts[use] = counts.get(use, 0) + sign * many

    def _free(self, move: _Move, counts: dict[int, int], room: dict[int, int]) -> int:
        """How many may make a move without breaking a code's room or its least number."""
        ways = self.table.groups[move.group].ways
        free = 1 << 60
        before, after = ways[move.before].use, ways[move.after].use
        if before == after:
            return free
        if before != NO_CODE:
            free = min(free, counts.get(before, 0) - self.table.codes[self.table.uses[before].code].least)
        if after != NO_CODE:
            least = self.table.codes[self.table.uses[after].code].least
            if after not in room or counts.get(after, 0) < max(least, 1):
                return 0
            free = min(free, room[after] - counts.get(after, 0))
        return max(0, free)

    def _move_out(self, chosen: Assignment, counts: dict[int, int], use: int, most: int, room: dict[int, int]) -> bool:
        """Take those out of a use that lose least, until it holds no more than it has room for."""
        moves: list[_Move] = []
        for place, here in enumerate(chosen):
            for before in here:
                ways = self.table.groups[place].ways
                if ways[before].use != use:
                    continue
                other = [
                    at
                    for at, way in enumerate(ways)
                    if way.use == NO_CODE
                    or (way.use in room and way.use != use and counts.get(way.use, 0) < room[way.use])
                ]
                after = min(other, key=lambda at: self._score(place, at))
                moves.append(_Move(float(self._score(place, after) - self._score(place, before)), place, before, after))
        for move in sorted(moves):
            too_many = counts[use] - most
            if too_many <= 0:
                break
            self._apply(chosen, counts, move, min(too_many, chosen[move.group][move.before]))
        return counts.get(use, 0) <= most

    def _move_in(self, chosen: Assignment, counts: dict[int, int], use: int, least: int) -> bool:
        """Bring those into a use that lose least by it, until it has its least number."""
        moves: list[_Move] = []
        for place, here in enumerate(chosen):
            ways = self.table.groups[place].ways
            into = next((at for at, way in enumerate(ways) if way.use == use), None)
            if into is not None:
                moves += [
                    _Move(float(self._score(place, into) - self._score(place, before)), place, before, into)
                    for before in here
                    if ways[before].use != use
                ]
        for move in sorted(moves):
            missing = least - counts.get(use, 0)
            if missing <= 0:
                break
            many = min(missing, chosen[move.group].get(move.before, 0))
            leaving = self.table.groups[move.group].ways[move.before].use
            if leaving != NO_CODE:
                spare = counts[leaving] - self.table.codes[self.table.uses[leaving].code].least
                many = min(many, max(0, spare))
            if many > 0:
                self._apply(chosen, counts, move, many)
        return counts.get(use, 0) >= least

    def _moves(self, chosen: Assignment, *, saving: bool) -> Iterable[_Move]:
        """Moves that spend less now (dearer over the horizon), or more (cheaper over it); the best ratio first."""
        found: list[_Move] = []
        for place, here in enumerate(chosen):
            ways = self.table.groups[place].ways
            for before in here:
                old = ways[before]
                for after, new in enumerate(ways):
                    if saving and new.now < old.now:
                        found.append(_Move((new.key - old.key) / (old.now - new.now), place, before, after))
                    elif not saving and new.key < old.key:
                        found.append(_Move((new.key - old.key) / max(1, new.now - old.now), place, before, after))
        return sorted(found)

    def _spend_less(self, chosen: Assignment, counts: dict[int, int], room: dict[int, int], passes: int) -> None:
        assert self.budget is not None
        for _ in range(passes):
            over = now_of(self.table, chosen) - self.budget
            if over <= 0:
                return
            for move in self._moves(chosen, saving=True):
                ways = self.table.groups[move.group].ways
                step = ways[move.before].now - ways[move.after].now
                many = min(chosen[move.group].get(move.before, 0), -(-over // step), self._free(move, counts, room))
                if many > 0:
                    self._apply(chosen, counts, move, many)
                    over -= many * step
                if over <= 0:
                    return

    def _spend_the_rest(self, chosen: Assignment, counts: dict[int, int], room: dict[int, int], passes: int) -> None:
        for _ in range(passes):
            left = None if self.budget is None else self.budget - now_of(self.table, chosen)
            moved = False
            for move in self._moves(chosen, saving=False):
                ways = self.table.groups[move.group].ways
                step = ways[move.after].now - ways[move.before].now
                many = min(chosen[move.group].get(move.before, 0), self._free(move, counts, room))
                if left is not None and step > 0:
                    many = min(many, left // step)
                if many > 0:
                    self._apply(chosen, counts, move, many)
                    left = None if left is None else left - many * step
                    moved = True
            if not moved:
                return
