"""The chosen records of a table, by their places: nothing is made for each of a hundred thousand (P-TABLE-3)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import compress
from typing import TypeVar, overload

R = TypeVar("R")


class ChosenRows(Sequence[R]):
    """Some of ``rows`` in an order of their own.

    They are looked up when somebody asks for them: a list of all would be filled by going through the memory of every
    record in that order, and gone through again by each collection of young garbage.
    """

    __slots__ = ("_flags", "_places", "_rows")

    def __init__(self, rows: Sequence[R], places: Sequence[int], flags: bytearray | None = None) -> None:
        """``places`` are indexes of ``rows``; ``flags`` says of each of ``rows`` whether it is among them, where that
        is known."""
        self._rows, self._places, self._flags = rows, places, flags

    def __len__(self) -> int:
        return len(self._places)

    @overload
    def __getitem__(self, index: int) -> R: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[R]: ...

    def __getitem__(self, index: int | slice) -> R | Sequence[R]:
        if isinstance(index, slice):
            return [self._rows[place] for place in self._places[index]]
        return self._rows[self._places[index]]

    def __iter__(self) -> Iterator[R]:
        return map(self._rows.__getitem__, self._places)

    def in_any_order(self) -> Iterable[R]:
        """All of them, as they lie in memory where that is known: for sums, twice as fast."""
        if self._flags is not None:
            return compress(self._rows, self._flags)
        return self._rows if len(self._places) == len(self._rows) else self
