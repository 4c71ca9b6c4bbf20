"""Rows of a list as columns: what a hundred thousand orders weigh in memory, and what is read of them at once (P-MEM).

A block of rows is one column for each field, in the smallest form that holds it: one value where all are the same,
a byte for each row where there are few, whole numbers side by side, texts in one piece. A row is made when it is asked
for. The same form stands in the file, so that reading a block is making no object for each of its rows.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import accumulate, chain, compress, islice, repeat, takewhile
from operator import attrgetter
from typing import Any, Final, Generic, NamedTuple, TypeVar, cast, overload

from billtui.services.store.column_forms import Block, Coded, Column, Same, counts, holding, left_of, rows_of, total

R = TypeVar("R")
T = TypeVar("T")

MANY: Final = 4
"""Rows fewer than this part of all are made one by one."""


class _Lacking(Exception):
    """A function wants to see a field of a row that it was not given."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


@lru_cache(maxsize=256)
def _stand_in(kind: type[Any], names: tuple[str, ...]) -> type[Any]:
    """Rows of ``kind`` that have these fields alone; who wants another one is told, whatever it does about it."""
    fields: tuple[str, ...] = kind._fields

    def lacking(_row: object, name: str) -> object:
        if name in fields:
            raise _Lacking(name)
        raise AttributeError(name)

    def no_tuple(_row: object, *_: object) -> object:
        raise TypeError("only the fields of such a row can be seen, by their names")

    base: Any = NamedTuple(kind.__name__, [(name, object) for name in names])  # type: ignore[misc]  # made of names
    content = {"__slots__": (), "__getattr__": lacking, "__getitem__": no_tuple, "__iter__": no_tuple}
    return type(kind.__name__, (base,), content)


class AnyHolds(Generic[R]):
    """Of a row: whether any of some texts has a word in it. Whole columns are asked at once where there are columns."""

    __slots__ = ("also", "fields", "key", "test", "word")

    def __init__(
        self, word: str, fields: Sequence[str], key: str, also: frozenset[str], test: Callable[[R], bool]
    ) -> None:
        """``word`` is in small letters and in one line; it is true as well of rows whose ``key`` is among ``also``.

        ``test`` says the same of one row.
        """
        self.word, self.fields, self.key, self.also, self.test = word, tuple(fields), key, also, test

    def __call__(self, row: R) -> bool:
        """Whether ``row`` is one."""
        return self.test(row)


class RowsInColumns(Sequence[R], Generic[R]):
    """Rows of one kind, a named tuple, in blocks. It never changes; a row that is taken out is made anew each time."""

    __slots__ = ("_counts", "_fields", "_kind", "_starts", "_totals", "blocks")

    def __init__(self, kind: type[R], blocks: Sequence[Block]) -> None:
        self._kind = cast("Any", kind)
        names: Sequence[str] = self._kind._fields
        self._fields = {name: place for place, name in enumerate(names)}
        self.blocks = tuple(blocks)
        self._totals: dict[str, int] = {}
        self._counts: dict[str, Counter[Any]] = {}
        self._starts = [0, *accumulate(block.size for block in self.blocks)]

    def __len__(self) -> int:
        return self._starts[-1]

    @overload
    def __getitem__(self, index: int) -> R: ...

    @overload
    def __getitem__(self, index: slice) -> list[R]: ...

    def __getitem__(self, index: int | slice) -> R | list[R]:
        if isinstance(index, slice):
            start, stop, step = index.indices(len(self))
            if step == 1:
                return list(self._part(lambda block: rows_of(self._kind, block), start, stop))
            return [self[place] for place in range(start, stop, step)]
        count = self._starts[-1]
        if index < 0:
            index += count
        if not 0 <= index < count:
            raise IndexError(index)
        number = bisect_right(self._starts, index) - 1
        place = index - self._starts[number]
        row: R = self._kind._make([column[place] for column in self.blocks[number].columns])
        return row

    def __iter__(self) -> Iterator[R]:
        return chain.from_iterable(rows_of(self._kind, block) for block in self.blocks)

    def same_until(self, other: object) -> int:
        """How many rows at the beginning are the very same in ``other``: blocks that were not read again."""
        if not isinstance(other, RowsInColumns):
            return 0
        pairs = takewhile(lambda two: two[0] is two[1], zip(self.blocks, other.blocks, strict=False))
        return sum(block.size for block, _ in pairs)

    def values(self, name: str) -> Iterator[Any]:
        """One field of all rows, in their order."""
        place = self._fields[name]
        return chain.from_iterable(block.columns[place] for block in self.blocks)

    def total(self, name: str) -> int:
        """The sum of a field of whole numbers, which every row has; worked out once."""
        if name not in self._totals:
            self._totals[name] = sum(map(total, self._column(name)))
        return self._totals[name]

    def counts(self, name: str) -> Counter[Any]:
        """How often each value of a field is among them; counted once, for nobody to change."""
        if name not in self._counts:
            found = self._counts[name] = Counter()
            for column in self._column(name):
                found.update(counts(column))
        return self._counts[name]

    def _column(self, name: str) -> Iterator[Column]:
        place = self._fields[name]
        return (block.columns[place] for block in self.blocks)

    def each(self, function: Callable[[R], T], start: int = 0, stop: int | None = None) -> Iterator[T]:
        """What ``function`` gives for each row from ``start`` to before ``stop``, in their order.

        It sees stand-ins that have those fields alone that it asks for; it keeps none of them, and goes by nothing
        but these fields: where they are the same it need not be asked again.
        """
        stop = len(self) if stop is None else stop
        if isinstance(function, attrgetter) and (place := self._fields.get(function.__reduce__()[1][0])) is not None:
            return self._part(lambda block: block.columns[place], start, stop)
        return self._part(self._asking(function), start, stop)

    def _asking(self, function: Callable[[R], T]) -> Callable[..., Iterable[T]]:
        """What asks ``function`` about a block, or the rows of it that are left; it learns which fields are seen."""
        names: tuple[str, ...] = ()

        def given(block: Block, left: bytes | None = None) -> Iterable[T]:
            nonlocal names
            while True:
                try:
                    return self._given(function, block, names, left)
                except _Lacking as lacking:
                    names = (*names, lacking.name)

        return given

    def holding(self, name: str, word: str) -> bytes:
        """For each row 1 where its text in this field has ``word``, which is in small letters and without spaces."""
        return b"".join(map(holding, self._column(name), repeat(word)))

    def picked(self, wanted: Sequence[Callable[[R], object]]) -> PickedRows[R]:
        """Those rows for which all of ``wanted``, which are asked as in :meth:`each`, are true.

        They are asked one after the other, and only about rows that those before have left: the cheap ones first.
        """
        flags = [bytes([1]) * block.size for block in self.blocks]
        for one in wanted:
            if isinstance(one, AnyHolds):
                flags = [self._holding(one, block, left) for block, left in zip(self.blocks, flags, strict=True)]
                continue
            asked = self._asking(one)
            for number, block in enumerate(self.blocks):
                left = flags[number]
                if 1 in left:
                    still = bytearray(block.size)
                    places = range(block.size) if 0 not in left else compress(range(block.size), left)
                    for place in compress(places, asked(block, left if 0 in left else None)):
                        still[place] = 1
                    flags[number] = bytes(still)
        return PickedRows(self, bytearray().join(flags))

    def _holding(self, one: AnyHolds[R], block: Block, left: bytes) -> bytes:
        """Which rows of a block that are left are so."""
        found, wanted = 0, int.from_bytes(left)
        for name in one.fields:
            if found & wanted == wanted:
                break
            found |= int.from_bytes(holding(block.columns[self._fields[name]], one.word))
        if one.also and found & wanted != wanted:
            found |= int.from_bytes(bytes(key in one.also for key in block.columns[self._fields[one.key]]))
        return (found & wanted).to_bytes(block.size)

    def _given(
        self, function: Callable[[R], T], block: Block, names: tuple[str, ...], left: bytes | None
    ) -> Iterable[T]:
        columns, size = [block.columns[self._fields[name]] for name in names], block.size
        if left is not None:
            size = left.count(1)
            columns = [left_of(column, left, size) for column in columns]
        make, kind = tuple.__new__, _stand_in(self._kind, names)
        differing = [column for column in columns if not isinstance(column, Same)]
        if not differing:
            row = make(kind, [column[0] for column in columns])
            return repeat(function(row), size)
        if len(differing) == 1 and isinstance(coded := differing[0], Coded):
            every = zip(*(coded.values if column is coded else repeat(column[0]) for column in columns), strict=False)
            return map([function(make(kind, row)) for row in every].__getitem__, coded.codes)
        return list(map(function, map(make, repeat(kind), zip(*columns, strict=True))))

    def _part(self, given: Callable[[Block], Iterable[T]], start: int, stop: int) -> Iterator[T]:
        """What ``given`` makes of each block, for the rows from ``start`` to before ``stop``."""
        stop = min(stop, len(self))
        if start >= stop:
            return iter(())
        first, last = bisect_right(self._starts, start) - 1, bisect_right(self._starts, stop - 1)
        before = self._starts[first]
        found = chain.from_iterable(map(given, self.blocks[first:last]))
        if start == before and stop == self._starts[last]:
            return found
        return islice(found, start - before, stop - before)


class PickedRows(Sequence[R], Generic[R]):
    """Some rows of a list in columns, in their order."""

    __slots__ = ("_flags", "_places", "_rows")

    def __init__(self, rows: RowsInColumns[R], flags: bytearray) -> None:
        """``flags`` says of each of ``rows`` whether it is among them: 1 or 0."""
        self._rows, self._flags = rows, flags
        self._places = array("I", compress(range(len(rows)), flags))

    def __len__(self) -> int:
        return len(self._places)

    @overload
    def __getitem__(self, index: int) -> R: ...

    @overload
    def __getitem__(self, index: slice) -> list[R]: ...

    def __getitem__(self, index: int | slice) -> R | list[R]:
        if isinstance(index, slice):
            return [self._rows[place] for place in self._places[index]]
        return self._rows[self._places[index]]

    def __iter__(self) -> Iterator[R]:
        if len(self._places) * MANY < len(self._rows):
            return map(self._rows.__getitem__, self._places)
        return compress(self._rows, self._flags)

    def of_all(self, values: Iterable[T]) -> Iterator[T]:
        """Those of ``values``, one for each row of the whole list, that are of these rows."""
        return compress(values, self._flags)

    def values(self, name: str) -> Iterator[Any]:
        """One field of all of them, in their order."""
        return compress(self._rows.values(name), self._flags)

    def each(self, function: Callable[[R], T], start: int = 0, stop: int | None = None) -> Iterator[T]:
        """As :meth:`RowsInColumns.each`."""
        return islice(compress(self._rows.each(function), self._flags), start, stop)
