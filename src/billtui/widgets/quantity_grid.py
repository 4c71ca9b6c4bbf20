"""Quantities in the cells of a matrix: changes that can be undone, and what typing a digit means."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

Cell = tuple[str, str]
"""Key of the row, key of the column."""

MOST: Final = 9_999
"""Largest quantity of one cell."""
HISTORY: Final = 200
"""Steps that can be undone."""


class QuantityGrid:
    """A quantity for each cell; a cell without one is empty. No cell ever holds 0."""

    def __init__(self, quantities: Mapping[Cell, int] | None = None) -> None:
        """Begin with ``quantities``; that is no step to undo."""
        self._now: dict[Cell, int] = _sound(quantities or {})
        self._past: list[dict[Cell, int]] = []
        self._typing: Cell | None = None
        """The cell that digits are being typed into: they go on with its number, and are one step to undo."""
        self._stepped = False
        """Whether what is being typed has its step already: a first digit that is there already changes nothing."""

    @property
    def quantities(self) -> dict[Cell, int]:
        """What the cells hold."""
        return dict(self._now)

    def of(self, cell: Cell) -> int:
        """What ``cell`` holds; 0 for nothing."""
        return self._now.get(cell, 0)

    @property
    def total(self) -> int:
        """All quantities together."""
        return sum(self._now.values())

    def change(self, quantities: Mapping[Cell, int]) -> bool:
        """Give cells other quantities (0 empties one) in one step; whether anything changed."""
        self._typing = None
        return self._become(self._with(quantities))

    def replace(self, quantities: Mapping[Cell, int]) -> bool:
        """Hold these and nothing else, in one step; whether anything changed."""
        self._typing = None
        return self._become(_sound(quantities))

    def type_digit(self, cell: Cell, digit: int) -> bool:
        """A digit typed in a cell: the first one begins a new number, the next ones go on with it."""
        begun = self._typing == cell
        number = self.of(cell) * 10 + digit if begun else digit
        if number > MOST:
            return False
        return self._type(cell, number, begun=begun)

    def erase_digit(self, cell: Cell) -> bool:
        """Backspace: the last digit goes; typing goes on behind what is left."""
        return self._type(cell, self.of(cell) // 10, begun=self._typing == cell)

    def _type(self, cell: Cell, number: int, *, begun: bool) -> bool:
        same_step = begun and self._stepped
        changed = self._become(self._with({cell: number}), same_step=same_step)
        self._stepped = same_step or changed
        self._typing = cell if number else None
        return changed

    def stop_typing(self) -> None:
        """The cursor left the cell: the next digit begins a new number."""
        self._typing = None

    def undo(self) -> bool:
        """As it was before the last step; False where there is none."""
        self._typing = None
        if not self._past:
            return False
        self._now = self._past.pop()
        return True

    @property
    def can_undo(self) -> bool:
        """Whether there is a step to undo."""
        return bool(self._past)

    def forget(self, quantities: Mapping[Cell, int] | None = None) -> None:
        """Begin anew, without a way back: what was there was another account's."""
        self._now, self._past, self._typing = _sound(quantities or {}), [], None

    def _with(self, quantities: Mapping[Cell, int]) -> dict[Cell, int]:
        return _sound({**self._now, **quantities})

    def _become(self, wanted: dict[Cell, int], *, same_step: bool = False) -> bool:
        if wanted == self._now:
            return False
        if not same_step:
            self._past = [*self._past[-(HISTORY - 1) :], self._now]
        self._now = wanted
        return True


def _sound(quantities: Mapping[Cell, int]) -> dict[Cell, int]:
    return {cell: min(quantity, MOST) for cell, quantity in quantities.items() if quantity > 0}
