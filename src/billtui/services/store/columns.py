"""Rows of a list as columns: what a hundred thousand orders weigh in memory, and what is read of them at once (P-MEM).

A block of rows is one column for each field, in the smallest form that holds it: one value where all are the same,
a byte for each row where there are few, whole numbers side by side, texts in one piece. A row is made when it is asked
for. The same form stands in the file, so that reading a block is making no object for each of its rows.
"""

from __future__ import annotations

import marshal
import sys
from array import array
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import accumulate, chain, compress, islice, repeat, takewhile
from operator import attrgetter
from typing import Any, Final, Generic, NamedTuple, Protocol, TypeVar, cast, overload

R = TypeVar("R")
T = TypeVar("T")

FEW: Final = 32
"""Different values from which on a column is not kept as one byte for each row."""
MANY: Final = 4
"""Rows fewer than this part of all are made one by one."""
_BETWEEN: Final = "\n"
"""Stands between the texts of a column, none of which has it."""
_NUMBERS: Final = ("B", "h", "i", "q")
"""Forms of whole numbers, the smallest first."""
_PLAIN: Final = frozenset({int, str, type(None)})
_MARKS: Final = frozenset({str})


class Column(Protocol):
    """The values of one field."""

    def __getitem__(self, place: int, /) -> Any: ...

    def __iter__(self) -> Iterator[Any]: ...


class Same:
    """One value for all rows."""

    __slots__ = ("count", "value")

    def __init__(self, value: object, count: int) -> None:
        self.value, self.count = value, count

    def __getitem__(self, place: int) -> object:
        return self.value

    def __iter__(self) -> Iterator[object]:
        return repeat(self.value, self.count)


class Coded:
    """Few different values: a byte for each row says which one it has."""

    __slots__ = ("codes", "values")

    def __init__(self, codes: bytes, values: tuple[object, ...]) -> None:
        self.codes, self.values = codes, values

    def __getitem__(self, place: int) -> object:
        return self.values[self.codes[place]]

    def __iter__(self) -> Iterator[object]:
        return map(self.values.__getitem__, self.codes)


class Gaps:
    """Whole numbers, and ``None`` where one of them stands that none has."""

    __slots__ = ("gap", "numbers")

    def __init__(self, numbers: array[int], gap: int) -> None:
        self.numbers, self.gap = numbers, gap

    def __getitem__(self, place: int) -> int | None:
        number = self.numbers[place]
        return None if number == self.gap else number

    def __iter__(self) -> Iterator[int | None]:
        gap = self.gap
        return iter([None if number == gap else number for number in self.numbers])


class Texts:
    """Texts in one piece, and where each of them ends."""

    __slots__ = ("ends", "text")

    def __init__(self, text: str, ends: array[int]) -> None:
        self.text, self.ends = text, ends

    def __getitem__(self, place: int) -> str:
        return self.text[self.ends[place - 1] + 1 if place else 0 : self.ends[place]]

    def __iter__(self) -> Iterator[str]:
        return iter(self.text.split(_BETWEEN))


class Block(NamedTuple):
    """Some rows."""

    size: int
    columns: tuple[Column, ...]


# --- in the file


def packed(rows: Sequence[Sequence[object]]) -> bytes:
    """One or more rows, of text, whole numbers and ``None``, as they stand in the file."""
    return marshal.dumps((len(rows), [_form(values) for values in zip(*rows, strict=True)]), 4)


def _form(values: tuple[object, ...]) -> tuple[object, ...]:
    kinds = frozenset(map(type, values))
    if not kinds <= _PLAIN:
        return ("*", values)
    different = set(values)
    if len(different) == 1:
        return ("=", values[0])
    if len(different) <= FEW:
        ordered = sorted(different, key=lambda value: (str(type(value)), value))
        codes = {value: code for code, value in enumerate(ordered)}
        return ("c", bytes(map(codes.__getitem__, values)), tuple(ordered))
    if kinds == _MARKS:
        return _texts(values) or ("*", values)
    if str not in kinds:
        return _numbers(values, gaps=type(None) in kinds) or ("*", values)
    return ("*", values)


def _texts(values: tuple[Any, ...]) -> tuple[object, ...] | None:
    text = _BETWEEN.join(values)
    if text.count(_BETWEEN) != len(values) - 1:
        return None
    ends = array("I", (end - 1 for end in accumulate(len(value) + 1 for value in values)))
    return ("t", text, _in_order(ends))


def _numbers(values: tuple[Any, ...], *, gaps: bool) -> tuple[object, ...] | None:
    for form in _NUMBERS[1:] if gaps else _NUMBERS:
        gap = -1 << 8 * array(form).itemsize - 1
        if gaps and gap in values:
            continue
        try:
            numbers = array(form, [gap if value is None else value for value in values] if gaps else values)
        except OverflowError:
            continue
        return ("g" if gaps else "n", form, _in_order(numbers))
    return None


def _in_order(numbers: array[int]) -> bytes:
    """As bytes, the least first: the file may come from another machine."""
    if sys.byteorder == "big":
        numbers = numbers[:]
        numbers.byteswap()
    return numbers.tobytes()


def _array(form: str, content: bytes) -> array[int]:
    numbers = array(form, content)
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers


def unpacked(content: bytes, shared: dict[object, object] | None = None) -> Block:
    """A block from what :func:`packed` gave; equal lists of few values are one in all blocks that go by ``shared``."""
    count, forms = marshal.loads(content)
    same = {} if shared is None else shared
    return Block(count, tuple(_column(form, count, same) for form in forms))


def _column(form: tuple[Any, ...], count: int, shared: dict[object, object]) -> Column:
    match form[0]:
        case "=":
            return Same(form[1], count)
        case "c":
            values: Any = shared.setdefault(form[2], form[2])
            return Coded(form[1], values)
        case "t":
            return Texts(form[1], _array("I", form[2]))
        case "n":
            return _array(form[1], form[2])
        case "g":
            numbers = _array(form[1], form[2])
            return Gaps(numbers, -1 << 8 * numbers.itemsize - 1)
    rest: tuple[object, ...] = form[1]
    return rest


def _total(column: Any) -> int:
    if isinstance(column, Same | Coded):
        return sum(value * count for value, count in _counts(column).items())
    total: int = sum(column)
    return total


def _counts(column: Column) -> Mapping[Any, int]:
    if isinstance(column, Same):
        return {column.value: column.count}
    if isinstance(column, Coded):
        return {value: column.codes.count(code) for code, value in enumerate(column.values)}
    return Counter(column)


def _holding(column: Any, word: str) -> bytes:
    if isinstance(column, Same):
        return bytes([word in str(column.value).lower()]) * column.count
    if isinstance(column, Coded):
        table = bytes(word in str(value).lower() for value in column.values)
        return column.codes.translate(table.ljust(256, b"\0"))
    if isinstance(column, Texts):
        text = column.text.lower()
        return bytes([word in one for one in text.split(_BETWEEN)]) if word in text else bytes(len(column.ends))
    return bytes(word in str(value).lower() for value in column)


def rows_of(kind: type[R], block: Block) -> Iterable[R]:
    """All rows of a block, which are named tuples."""
    make: Callable[[type[R], tuple[object, ...]], R] = tuple.__new__  # type: ignore[assignment]  # of a named tuple
    return map(make, repeat(kind), zip(*block.columns, strict=True))


# --- in memory


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
            self._totals[name] = sum(map(_total, self._column(name)))
        return self._totals[name]

    def counts(self, name: str) -> Counter[Any]:
        """How often each value of a field is among them; counted once, for nobody to change."""
        if name not in self._counts:
            found = self._counts[name] = Counter()
            for column in self._column(name):
                found.update(_counts(column))
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
        names: tuple[str, ...] = ()

        def given(block: Block) -> Iterable[T]:
            nonlocal names
            while True:
                try:
                    return self._given(function, block, names)
                except _Lacking as lacking:
                    names = (*names, lacking.name)

        return self._part(given, start, stop)

    def holding(self, name: str, word: str) -> bytes:
        """For each row 1 where its text in this field has ``word``, which is in small letters and without spaces."""
        return b"".join(map(_holding, self._column(name), repeat(word)))

    def picked(self, wanted: Callable[[R], object]) -> PickedRows[R]:
        """Those rows for which ``wanted``, which is asked as in :meth:`each`, is true."""
        return PickedRows(self, bytearray(map(bool, self.each(wanted))))

    def _given(self, function: Callable[[R], T], block: Block, names: tuple[str, ...]) -> Iterable[T]:
        columns = [block.columns[self._fields[name]] for name in names]
        make, kind = tuple.__new__, _stand_in(self._kind, names)
        differing = [column for column in columns if not isinstance(column, Same)]
        if not differing:
            row = make(kind, [column[0] for column in columns])
            return repeat(function(row), block.size)
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

    def values(self, name: str) -> Iterator[Any]:
        """One field of all of them, in their order."""
        return compress(self._rows.values(name), self._flags)

    def each(self, function: Callable[[R], T], start: int = 0, stop: int | None = None) -> Iterator[T]:
        """As :meth:`RowsInColumns.each`."""
        return islice(compress(self._rows.each(function), self._flags), start, stop)
