"""The chosen records of a table, by their places: nothing is made for each of a hundred thousand (P-TABLE-3)."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from itertools import compress
from operator import attrgetter
from typing import Any, Generic, NamedTuple, Protocol, TypeVar, overload, runtime_checkable

from billtui.widgets.record_table_marks import Ids, NearlyAll

R = TypeVar("R")
T = TypeVar("T")

FEW = 64
"""Records fewer than this part of all are looked at one by one, not all of a column."""


@runtime_checkable
class InColumns(Protocol):
    """Records that are kept as columns: one of them is made when it is asked for, a field of all is quickly seen."""

    def values(self, name: str) -> Iterator[Any]:
        """One field of all records, in their order."""

    def each(self, function: Callable[[Any], Any], start: int = 0, stop: int | None = None) -> Iterator[Any]:
        """What ``function`` makes of each record; it goes by the record's fields alone, and does not keep it."""

    def holding(self, name: str, word: str) -> bytes:
        """For each record 1 where its text in this field has ``word``, which is in small letters, else 0."""

    def same_until(self, other: object) -> int:
        """How many records at the beginning are the very same in ``other``."""

    def total(self, name: str) -> int:
        """The sum of a field of whole numbers; worked out once."""

    def counts(self, name: str) -> Mapping[Any, int]:
        """How often each value of a field is among them; worked out once."""


def field_of(function: Callable[[Any], Any]) -> str | None:
    """The one field that a function gives as it is: what ``attrgetter`` makes; ``None`` for any other."""
    if not isinstance(function, attrgetter):
        return None
    names = function.__reduce__()[1]
    return names[0] if len(names) == 1 and "." not in names[0] else None


class ChosenRows(Sequence[R]):
    """Some of ``rows`` in an order of their own.

    They are looked up when somebody asks for them: a list of all would be filled by going through the memory of every
    record in that order, and gone through again by each collection of young garbage.
    """

    __slots__ = ("_counts", "_flags", "_places", "_rows", "_totals")

    def __init__(self, rows: Sequence[R], places: Sequence[int], flags: bytearray | None = None) -> None:
        """``places`` are indexes of ``rows``; ``flags`` says of each of ``rows`` whether it is among them, where that
        is known."""
        self._rows, self._places, self._flags = rows, places, flags
        self._totals: dict[str, int] = {}
        self._counts: dict[str, Mapping[Any, int]] = {}

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

    def each(self, function: Callable[[R], T]) -> Iterable[T]:
        """What ``function`` gives for each of them, in their order; it goes by a record's fields alone."""
        rows = self._rows
        if not isinstance(rows, InColumns) or len(self._places) * FEW < len(rows):
            return map(function, self)
        return map(list(rows.each(function)).__getitem__, self._places)

    def field(self, name: str) -> Iterable[Any]:
        """One field of all of them, in any order."""
        rows = self._rows
        if not isinstance(rows, InColumns) or len(self._places) * FEW < len(rows):
            return map(attrgetter(name), self.in_any_order())
        if self._flags is not None:
            return compress(rows.values(name), self._flags)
        return rows.values(name) if len(self._places) == len(rows) else self.each(attrgetter(name))

    def total(self, name: str) -> int:
        """The sum of a field of whole numbers; worked out once, as the records never change."""
        if name not in self._totals:
            self._totals[name] = self._total(name)
        return self._totals[name]

    def _total(self, name: str) -> int:
        return sum(self.field(name))

    def counts(self, name: str) -> Mapping[Any, int]:
        """How often each value of a field is among them; worked out once."""
        if name not in self._counts:
            self._counts[name] = self._count(name)
        return self._counts[name]

    def _count(self, name: str) -> Mapping[Any, int]:
        return Counter(self.field(name))


class AllBut(ChosenRows[R]):
    """All records but few, in an order of their own: what they come to is that of all without those few."""

    __slots__ = ("_left_out", "_made", "_order")

    def __init__(self, rows: Sequence[R], order: Sequence[int], left_out: Set[int]) -> None:
        """``order`` are the places of all records, or of all but some of those that are left out."""
        super().__init__(rows, order)
        self._order, self._left_out, self._made = order, left_out, False

    def _whole(self) -> Sequence[int]:
        """Their places, which nobody asks for while it is only counted, summed and looked at the first of them."""
        if not self._made:
            out = self._left_out
            self._places = array("l", [place for place in self._order if place not in out]) if out else self._order
            self._made = True
        return self._places

    def __len__(self) -> int:
        return len(self._rows) - len(self._left_out)

    @overload
    def __getitem__(self, index: int) -> R: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[R]: ...

    def __getitem__(self, index: int | slice) -> R | Sequence[R]:
        if index == 0 and not self._made and len(self):
            return self._rows[next(place for place in self._order if place not in self._left_out)]
        self._whole()
        return super().__getitem__(index)

    def __iter__(self) -> Iterator[R]:
        self._whole()
        return super().__iter__()

    def in_any_order(self) -> Iterable[R]:
        """All of them, as they lie in memory where none is left out."""
        self._whole()
        return super().in_any_order()

    def each(self, function: Callable[[R], T]) -> Iterable[T]:
        """What ``function`` gives for each of them, in their order; it goes by a record's fields alone."""
        self._whole()
        return super().each(function)

    def field(self, name: str) -> Iterable[Any]:
        """One field of all of them, in any order."""
        self._whole()
        return super().field(name)

    def _total(self, name: str) -> int:
        rows = self._rows
        if not isinstance(rows, InColumns):
            return super()._total(name)
        without: int = sum(self._not_among(name))
        return int(rows.total(name)) - without

    def _count(self, name: str) -> Mapping[Any, int]:
        rows = self._rows
        if not isinstance(rows, InColumns):
            return super()._count(name)
        found = Counter(rows.counts(name))
        found.subtract(self._not_among(name))
        return +found

    def _not_among(self, name: str) -> Iterable[Any]:
        return ChosenRows(self._rows, list(self._left_out)).each(attrgetter(name))


def each_of(rows: Sequence[R], function: Callable[[R], T]) -> Iterable[T]:
    """What ``function`` gives for each of ``rows``, in their order; it goes by a record's fields alone."""
    if isinstance(rows, ChosenRows):
        chosen: Iterable[T] = rows.each(function)
        return chosen
    if isinstance(rows, InColumns):
        found: Iterable[T] = rows.each(function)
        return found
    return map(function, rows)


def each_between(rows: Sequence[R], function: Callable[[R], T], start: int = 0, stop: int | None = None) -> Iterable[T]:
    """What ``function`` gives for each of ``rows`` from ``start`` to before ``stop``; it goes by fields alone."""
    if isinstance(rows, InColumns):
        found: Iterable[T] = rows.each(function, start, stop)
        return found
    return map(function, rows if start == 0 and (stop is None or stop >= len(rows)) else rows[start:stop])


def total_of(rows: Sequence[Any], name: str) -> int:
    """The sum of a field of whole numbers."""
    return rows.total(name) if isinstance(rows, ChosenRows | InColumns) else sum(map(attrgetter(name), rows))


def counts_of(rows: Sequence[Any], name: str) -> Mapping[Any, int]:
    """How often each value of a field is among ``rows``."""
    return rows.counts(name) if isinstance(rows, ChosenRows | InColumns) else Counter(map(attrgetter(name), rows))


class Choice(NamedTuple, Generic[R]):
    """What comes of choosing all that is shown."""

    markable: Ids | NearlyAll
    refused: list[str]
    """In source order."""
    records: ChosenRows[R]
    """The records of ``markable``, in the order shown."""


SORT_KEYS_KEPT = 3
"""Columns whose sort keys are kept; older ones are made anew when needed."""


def plain_keys(keys: list[Any]) -> list[Any]:
    """Give exact `str` for subclasses of it: Python compares those two to three times faster."""
    if keys and isinstance(keys[0], str) and all(issubclass(kind, str) for kind in set(map(type, keys))):
        return list(map(str.__str__, keys))
    return keys
