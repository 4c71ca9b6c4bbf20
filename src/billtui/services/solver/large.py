"""Many orders: a bound from below by Lagrangian multipliers, and a way near it by repairing what they choose.

The budget gets a price (so much key for a cent spent now), and so does each use of a code that has fewer uses than
wanted. With any such prices the sum of every order's best way, less what the limits are worth, is below the cost of
every way that keeps the limits. So the difference between the way found and the best such sum bounds how far it is
from the optimum, whatever repairing did. Everything is whole numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from billtui.services.solver.exact import Assignment, key_of, now_of, used
from billtui.services.solver.model import SolverStopped
from billtui.services.solver.options import CENT, NO_CODE, Table
from billtui.services.solver.repairing import Repair

_PRICE_MOST: Final = 4 * CENT
"""A cent now is never worth more than four of them over the horizon; beyond, the least now is taken."""
_HALVINGS: Final = 22
_ROUNDS: Final = 2
_NEAR: Final = 2_000
"""A way within one part of so many of the bound is near enough not to look for another one."""


class Found(NamedTuple):
    """A way that keeps the limits, and what no way is below."""

    assignment: Assignment
    key: int
    bound: int


@dataclass(slots=True)
class Search:
    """One search. ``limit`` is the most orders of one request (BLK-7)."""

    table: Table
    budget: int | None
    limit: int
    stopped: Callable[[], bool] | None = None
    price: int = 0
    """Of a cent spent now, in key units."""
    code_prices: list[int] = field(default_factory=list)

    def run(self) -> Found | None:
        """The best way found with its bound; ``None`` where none was found that fits the budget."""
        self.code_prices = [0] * len(self.table.codes)
        free = self._pick()
        if Repair(self.table, self.budget, self.limit).keeps_limits(free):
            key = key_of(self.table, free)
            return Found(free, key, key)
        bound = self._raise_bound()
        best: Assignment | None = None
        best_key = 0
        for price in dict.fromkeys((self.price, 0)):
            found = Repair(self.table, self.budget, self.limit, price, self.stopped).best()
            if found is not None and (best is None or key_of(self.table, found) < best_key):
                best, best_key = found, key_of(self.table, found)
            if best is not None and (best_key - bound) * _NEAR < bound:
                break
        return None if best is None else Found(best, best_key, bound)

    def _look(self) -> None:
        if self.stopped is not None and self.stopped():
            raise SolverStopped

    # -- from below

    def _weights(self) -> list[int]:
        """The price of each use of a code; the last is that of none."""
        return [*(self.code_prices[use.code] for use in self.table.uses), 0]

    def _pick(self, forced_least: bool = False) -> Assignment:
        """Each order's best way at the present prices (or the one that spends least now)."""
        self._look()
        weights, price = self._weights(), self.price
        chosen: Assignment = []
        for group in self.table.groups:
            if forced_least:
                best = min(range(len(group.ways)), key=lambda at: (group.ways[at].now, group.ways[at].key))
            else:
                best = min(
                    range(len(group.ways)),
                    key=lambda at: group.ways[at].key + price * group.ways[at].now + weights[group.ways[at].use],
                )
            chosen.append({best: group.size})
        return chosen

    def _value(self, chosen: Assignment) -> int:
        """What no way is below, by these prices."""
        total = key_of(self.table, chosen)
        if self.budget is not None:
            total += self.price * (now_of(self.table, chosen) - self.budget)
        by_code = self._by_code(used(self.table, chosen))
        for code, price in enumerate(self.code_prices):
            if price:
                total += price * (by_code.get(code, 0) - (self._most(code) or 0))
        return total

    def _most(self, code: int) -> int | None:
        uses = self.table.codes[code].uses
        return None if uses is None else uses * self.limit

    def _by_code(self, by_use: dict[int, int]) -> dict[int, int]:
        found: dict[int, int] = {}
        for use, many in by_use.items():
            code = self.table.uses[use].code
            found[code] = found.get(code, 0) + many
        return found

    def _raise_bound(self) -> int:
        bound = self._value(self._pick())
        for _ in range(_ROUNDS):
            limited = [code for code in range(len(self.table.codes)) if self._most(code) is not None]
            for code in limited:
                self.code_prices[code] = self._price_of_code(code)
            bound = max(bound, self._value(self._pick()))
            if self.budget is not None:
                bound = max(bound, self._price_of_budget(self.budget))
            if not limited:
                break
        return bound

    def _price_of_code(self, code: int) -> int:
        """The price at which no more orders want the code than it has room for."""
        most = self._most(code)
        assert most is not None
        weights, wants = self._weights(), list[tuple[int, int]]()
        for group in self.table.groups:
            with_code = without = None
            for way in group.ways:
                score = way.key + self.price * way.now
                if way.use != NO_CODE and self.table.uses[way.use].code == code:
                    with_code = score if with_code is None else min(with_code, score)
                else:
                    score += weights[way.use]
                    without = score if without is None else min(without, score)
            if with_code is not None and without is not None and without > with_code:
                wants.append((without - with_code, group.size))
        room = most
        for gain, size in sorted(wants, reverse=True):
            room -= size
            if room < 0:
                return gain
        return 0

    def _price_of_budget(self, budget: int) -> int:
        """Raise the price of a cent until the orders' best ways fit the budget; gives the best bound seen."""
        low, high = 0, _PRICE_MOST
        self.price = high
        chosen = self._pick()
        bound = self._value(chosen)
        if now_of(self.table, chosen) > budget:
            return bound
        for _ in range(_HALVINGS):
            self.price = (low + high) // 2
            chosen = self._pick()
            bound = max(bound, self._value(chosen))
            if now_of(self.table, chosen) > budget:
                low = self.price
            else:
                high = self.price
        self.price = high
        return bound
