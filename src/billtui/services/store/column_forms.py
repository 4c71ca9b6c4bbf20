"""The forms in which a column of a block of rows is kept, in memory and in the file (P-MEM).

One value where all are the same, a byte for each row where there are few, whole numbers side by side, texts in one
piece.
"""

from __future__ import annotations

import marshal
import sys
from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import accumulate, compress, repeat
from typing import Any, Final, NamedTuple, Protocol, TypeVar

R = TypeVar("R")
T = TypeVar("T")

FEW: Final = 32
"""Different values from which on a column is not kept as one byte for each row."""
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


def total(column: Any) -> int:
    if isinstance(column, Same | Coded):
        return sum(value * count for value, count in counts(column).items())
    total: int = sum(column)
    return total


def counts(column: Column) -> Mapping[Any, int]:
    if isinstance(column, Same):
        return {column.value: column.count}
    if isinstance(column, Coded):
        return {value: column.codes.count(code) for code, value in enumerate(column.values)}
    return Counter(column)


def holding(column: Any, word: str) -> bytes:
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


def left_of(column: Column, left: bytes, size: int) -> Column:
    """The values of the rows for which ``left`` is 1, which are ``size`` of them."""
    if isinstance(column, Same):
        return Same(column.value, size)
    if isinstance(column, Coded):
        return Coded(bytes(compress(column.codes, left)), column.values)
    return tuple(compress(column, left))
