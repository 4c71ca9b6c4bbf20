"""Rows kept as columns are the rows that were put in, whichever way they are looked at (P-MEM)."""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billtui.services.store.column_forms import FEW, Coded, Gaps, Same, Texts, packed, unpacked
from billtui.services.store.columns import AnyHolds, RowsInColumns
from tests.services.order_rows import order_row


class Row(NamedTuple):
    """Fields of every sort that a list has."""

    id: str
    word: str
    number: int
    moment: int | None
    any: object


texts = st.text(max_size=6) | st.sampled_from(["", "same", "a\nb", "пошта", "🙂"])
numbers = st.integers(-3, 3) | st.integers(-(2**70), 2**70) | st.integers(-(2**31), 2**31)
rows = st.builds(
    Row, texts, st.sampled_from(["active", "blocked"]), numbers, st.none() | numbers, st.none() | texts | numbers
)


def in_columns(blocks: list[list[Row]]) -> RowsInColumns[Row]:
    shared: dict[object, object] = {}
    return RowsInColumns(Row, [unpacked(packed(block), shared) for block in blocks if block])


@given(st.lists(st.lists(rows, max_size=FEW + 20), max_size=4))
def test_they_are_the_same_rows(blocks: list[list[Row]]) -> None:
    kept, wanted = in_columns(blocks), [row for block in blocks for row in block]
    assert list(kept) == wanted
    assert len(kept) == len(wanted)
    assert [kept[place] for place in range(-len(wanted), len(wanted))] == wanted + wanted
    assert [[type(value) for value in row] for row in kept] == [[type(value) for value in row] for row in wanted]
    for name in Row._fields:
        assert list(kept.values(name)) == [getattr(row, name) for row in wanted]


FUNCTIONS: list[Callable[[Row], object]] = [
    lambda row: True,
    lambda row: row.word,
    lambda row: row.word == "active",
    lambda row: row.id.upper() if row.word == "active" else row.number,
    lambda row: row.moment is not None and row.moment > row.number,
    attrgetter("id"),
    attrgetter("word"),
    attrgetter("moment"),
]


@given(st.lists(st.lists(rows, max_size=8), max_size=4), st.sampled_from(FUNCTIONS), st.data())
def test_what_a_function_gives_of_each(blocks: list[list[Row]], function: Callable[[Row], object], data: Any) -> None:
    kept, wanted = in_columns(blocks), [row for block in blocks for row in block]
    start = data.draw(st.integers(0, len(wanted) + 1))
    stop = data.draw(st.integers(0, len(wanted) + 1) | st.none())
    assert list(kept.each(function, start, stop)) == list(map(function, wanted[start:stop]))
    assert kept[start:stop] == wanted[start:stop]
    picked, chosen = kept.picked([function]), list(filter(function, wanted))
    assert list(picked) == chosen
    assert [picked[place] for place in range(len(picked))] == chosen
    assert list(picked.each(attrgetter("number"))) == list(picked.values("number")) == [row.number for row in chosen]
    assert picked[1:3] == chosen[1:3]
    assert list(picked.of_all(wanted)) == chosen
    other = data.draw(st.sampled_from(FUNCTIONS))
    assert list(kept.picked([function, other, function])) == list(filter(other, chosen))
    assert list(kept.picked([])) == wanted


@given(
    st.lists(st.lists(rows, max_size=8), max_size=4), st.text("aceivé1Σ", max_size=2), st.sets(st.text(max_size=3)),
    st.sampled_from(FUNCTIONS),
)  # fmt: skip
def test_a_word_is_looked_for_in_whole_columns(
    blocks: list[list[Row]], word: str, also: set[str], other: Callable[[Row], object]
) -> None:
    kept, wanted = in_columns(blocks), [row for block in blocks for row in block]
    word = word.lower()
    also |= {row.id for row in wanted[::3]}

    def test(row: Row) -> bool:
        return word in row.word.lower() or word in row.id.lower() or row.id in also

    one = AnyHolds(word, ("word", "id"), "id", frozenset(also), test)
    assert list(kept.picked([one])) == list(filter(test, wanted))
    assert list(kept.picked([other, one])) == list(filter(test, filter(other, wanted)))


def test_each_column_has_the_smallest_form_that_holds_it() -> None:
    count = FEW * 4
    block = unpacked(packed([Row(f"o{n}", "ab"[n % 2], n, None if n % 9 else n * 10**6, None) for n in range(count)]))
    assert [type(column) for column in block.columns[:2]] == [Texts, Coded]
    assert type(block.columns[4]) is Same
    number: Any = block.columns[2]
    assert (number.typecode, number.itemsize * len(number)) == ("B", count)
    moments = block.columns[3]
    assert isinstance(moments, Coded)  # fifteen different ones
    block = unpacked(packed([Row("", "", n, n * 10**6 if n % 9 else None, None) for n in range(count)]))
    moments = block.columns[3]
    assert isinstance(moments, Gaps) and moments.numbers.typecode == "i"


def test_few_values_are_asked_about_once_in_each_block() -> None:
    """A view by state costs six questions for 512 orders, not 512 (P-SYNC: a list that grows is asked again)."""
    kept = in_columns([[Row(f"o{n}", ("active", "blocked", "gone")[n % 3], n, None, 7) for n in range(512)]] * 4)
    asked: list[str] = []

    def active(row: Row) -> bool:
        asked.append(row.word)
        return row.word == "active" and row.any == 7

    assert sum(kept.each(active)) == 171 * 4
    assert len(asked) <= 4 * 3 + 3


def test_a_stand_in_is_no_row() -> None:
    kept = in_columns([[Row("a", "x", 1, None, 2), Row("b", "y", 2, None, 3)]])
    with pytest.raises(TypeError):
        list(kept.each(lambda row: row[0]))
    with pytest.raises(TypeError):
        list(kept.each(lambda row: [*row]))
    with pytest.raises(AttributeError):
        list(kept.each(lambda row: row.nothing))  # type: ignore[attr-defined]  # that is the point
    assert list(kept.each(lambda row: getattr(row, "number", None))) == [1, 2]  # the default does not hide it
    with pytest.raises(IndexError):
        kept[2]


def test_what_an_order_weighs() -> None:
    """P-MEM: 27 fields weigh 85 bytes instead of 600; counted in the block that stands in the file."""
    block = [
        order_row(
            str(100_000 + n), name=f"web-nl-{n:05}", address=f"198.51.100.{n % 250}",
            paid_until=1_795_000_000 + n * 977,
            created_at=1_690_000_000 + n * 911, in_use_since=1_690_000_000 + n * 911, price=(350, 590, 1890)[n % 3],
        )
        for n in range(512)
    ]  # fmt: skip
    assert len(packed(block)) < 85 * len(block)
