"""Many records at once are looked up with work in proportion to their number (P-GROWTH)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Any, ClassVar, NamedTuple, overload

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billtui.services.store.column_forms import Block, packed, unpacked
from billtui.services.store.columns import RowsInColumns
from billtui.widgets.record_table_chosen import counts_of, total_of
from billtui.widgets.record_table_view import RecordView


class CountedId(str):
    """An id that counts how often it is compared."""

    __slots__ = ()
    compared: ClassVar[int] = 0

    def __eq__(self, other: object) -> bool:
        CountedId.compared += 1
        return str.__eq__(self, other)

    __hash__ = str.__hash__


class Row(NamedTuple):
    id: CountedId


def test_rows_of_many_ids_compares_each_id_a_few_times() -> None:
    rows = [Row(CountedId(f"o{number}")) for number in range(2_000)]
    view = RecordView[Row](lambda row: row.id)
    view.set_rows(rows)
    wanted = [CountedId(f"o{number}") for number in range(1_999, -1, -1)]
    CountedId.compared = 0
    found = view.rows_of([*wanted, "gone"])
    assert CountedId.compared <= 4 * len(rows)
    assert found == rows[::-1]
    assert view.rows_of(["o7", "gone"]) == [rows[7]]
    assert view.rows_of([]) == []


def test_shown_rows_are_those_of_the_filter_in_the_order_shown() -> None:
    rows = [Row(CountedId(f"o{number}")) for number in range(30)]
    view = RecordView[Row](lambda row: row.id)
    view.set_rows(rows)
    assert view.shown_rows() == rows
    view.set_predicate(lambda row: row.id.endswith("7"))
    assert view.shown_rows() == [rows[7], rows[17], rows[27]]


def test_a_view_is_asked_about_each_new_row_once_and_about_none_that_goes() -> None:
    """A list that is read anew: another predicate and other rows come together (P-SYNC)."""
    asked: list[str] = []

    def even(row: Row) -> bool:
        asked.append(row.id)
        return int(row.id[1:]) % 2 == 0

    old = [Row(CountedId(f"o{number}")) for number in range(500)]
    new = [Row(CountedId(f"o{number}")) for number in range(400, 1_000)]
    view = RecordView[Row](lambda row: row.id)
    view.set_rows(old)
    view.sort("id", lambda row: -int(row.id[1:]))
    view.set_predicate(even, rows_follow=True)
    assert view.shown_rows() == sorted(old, key=lambda row: -int(row.id[1:]))  # as before, until the rows are there
    view.set_rows(new)
    assert sorted(asked) == sorted(row.id for row in new)
    assert [row.id for row in view.shown_rows()] == [f"o{number}" for number in range(998, 398, -2)]


class Lookups(Sequence[Row]):
    """Records that count how often one of them is taken out."""

    def __init__(self, rows: list[Row]) -> None:
        self._rows, self.taken = rows, 0

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, index: int) -> Row: ...

    @overload
    def __getitem__(self, index: slice) -> list[Row]: ...

    def __getitem__(self, index: int | slice) -> Row | list[Row]:
        self.taken += 1
        return self._rows[index]


def shown_view(count: int, shows: Callable[[int], bool] | None) -> tuple[RecordView[Row], Lookups]:
    """So many records, the last first, all or some of them."""
    rows = Lookups([Row(CountedId(f"o{number}")) for number in range(count)])
    view = RecordView[Row](lambda row: row.id)
    view.set_rows(rows)
    view.sort("id", lambda row: -int(row.id[1:]))
    if shows is not None:
        view.set_predicate(lambda row: shows(int(row.id[1:])))
    view.all_ids()
    return view, rows


@pytest.mark.parametrize("hidden", [False, True])
@pytest.mark.parametrize("but", [0, 3])
def test_choosing_all_takes_no_record_out(hidden: bool, but: int) -> None:
    """P-TABLE-3: which are chosen, how many, and the first few of them, without going through the records."""
    view, rows = shown_view(4_000, (lambda number: number % 10 != 0) if hidden else None)
    ids = set(view.shown_ids()[but:])
    rows.taken = 0
    every, records = view.shown_pairs()
    assert (set(every), len(records)) == (set(view.shown_ids()), len(view))
    found = view.in_order(ids)
    assert len(found) == (3_600 if hidden else 4_000) - but
    assert (found[0].id, found[-1].id) == (f"o{3_999 - but}", "o1" if hidden else "o0")
    assert [row.id for row in found[:2]] == [f"o{3_999 - but}", f"o{3_998 - but}"]
    assert rows.taken <= 4


@given(st.sets(st.integers(0, 45)), st.integers(1, 7))
def test_chosen_rows_are_the_same_in_any_order(numbers: set[int], step: int) -> None:
    """Shown ones first, in the order shown, then hidden ones by their ids; in a sum each once; gone ids not."""
    view, _ = shown_view(40, lambda number: number % step == 0)
    found = view.in_order({f"o{number}" for number in numbers})
    there = {number for number in numbers if number < 40}
    shown = sorted((number for number in there if number % step == 0), reverse=True)
    wanted = [f"o{number}" for number in shown] + sorted(f"o{number}" for number in there - set(shown))
    assert [row.id for row in found] == wanted
    assert Counter(row.id for row in found.in_any_order()) == Counter(wanted)
    assert len(found) == len(wanted)
    assert [found[place].id for place in range(len(found))] == wanted
    assert Counter(row.id for row in view.all_shown()) == Counter(view.shown_ids())


class Priced(NamedTuple):
    """A record with something to sum."""

    id: str
    state: str
    price: int


def priced(count: int, in_columns: bool) -> Sequence[Priced]:
    rows = [Priced(f"o{number}", "ab"[number % 3 == 0], number * 7 % 100) for number in range(count)]
    return RowsInColumns(Priced, [unpacked(packed(rows))]) if in_columns and rows else rows


@given(st.integers(0, 60), st.sets(st.integers(0, 59)), st.sets(st.integers(0, 59)), st.booleans(), st.booleans())
def test_choosing_all_that_is_shown_comes_to_what_each_of_them_does(
    count: int, hidden: set[int], refused: set[int], in_columns: bool, turned: bool
) -> None:
    """P-TABLE-3: sums and counts of nearly all are those of all without the few; never anything else."""
    view = RecordView[Priced](lambda row: row.id)
    view.refusal = lambda row: "no" if int(row.id[1:]) in refused else None
    view.set_rows(priced(count, in_columns))
    if turned:
        view.sort("price", lambda row: row.price, reverse=True)
    view.set_predicate(lambda row: int(row.id[1:]) not in hidden)
    chosen = view.choose_shown()
    shown = view.shown_rows()
    wanted = [row for row in shown if int(row.id[1:]) not in refused]
    assert chosen.markable == {row.id for row in wanted}
    assert Counter(chosen.refused) == Counter(row.id for row in shown if int(row.id[1:]) in refused)
    for rows, each in ((chosen.records, wanted), (view.all_shown(), shown), (view.in_order(chosen.markable), wanted)):
        assert len(rows) == len(each)
        assert list(rows[:1]) == each[:1]
        assert total_of(rows, "price") == sum(row.price for row in each)
        assert counts_of(rows, "state") == Counter(row.state for row in each)
        assert not each or rows[0] == each[0]
        assert list(rows) == each
        assert [rows[place] for place in range(len(rows))] == each
        assert list(rows.each(lambda row: row.id)) == [row.id for row in each]
        assert Counter(rows.in_any_order()) == Counter(each)


def test_marking_all_again_asks_no_record() -> None:
    """P-TABLE-3: what cannot be marked, sums and counts are worked out once for the same records."""
    taken: list[int] = []

    class Counted(RowsInColumns[Priced]):
        __slots__ = ()

        def __getitem__(self, index: Any) -> Any:
            taken.append(index)
            return super().__getitem__(index)

    rows = [Priced(f"o{number}", "ab"[number % 3 == 0], number % 100) for number in range(4_000)]
    view = RecordView[Priced](lambda row: row.id)
    view.refusal = lambda row: "no" if row.price == 5 else None
    view.set_rows(Counted(Priced, [unpacked(packed(rows[start : start + 512])) for start in range(0, 4_000, 512)]))
    view.sort("price", lambda row: row.price)
    view.choose_shown()
    taken.clear()
    chosen = view.choose_shown()
    assert (len(chosen.markable), len(chosen.refused), len(chosen.records)) == (3_960, 40, 3_960)
    assert total_of(chosen.records, "price") == sum(row.price for row in rows if row.price != 5)
    assert chosen.records[0].price == 0
    assert len(taken) <= 41


def test_ids_are_together_before_all_are_marked() -> None:
    """P-TABLE-3: put together a part at a time ahead of the key, anew where others come; never of others' ids."""
    view = RecordView[Priced](lambda row: row.id)
    view.refusal = lambda row: "no" if row.price == 5 else None
    rows = [Priced(f"o{number}", "a", number % 100) for number in range(4_000)]
    view.set_rows(rows[:3_000])
    assert sum(1 for _ in iter(lambda: view.warm(1_000), False)) == 3 + 2, "asked, then gathered"
    before = view.choose_shown().markable
    assert view.every_id() is view.every_id()
    view.set_rows(rows)
    assert sum(1 for _ in iter(lambda: view.warm(1_000), False)) == 4 + 3
    after = view.choose_shown().markable
    assert (len(before), len(after)) == (2_970, 3_960)
    assert set(before) == {row.id for row in rows[:3_000] if row.price != 5}, "what was chosen before is as it was"


BLOCK = st.lists(st.builds(Priced, st.just(""), st.sampled_from("abc"), st.none() | st.integers(0, 3)), max_size=4)


@given(st.lists(st.tuples(st.integers(0, 4), st.lists(BLOCK, max_size=3)), max_size=5), st.booleans(), st.booleans())
def test_what_is_known_of_records_that_are_still_there_is_true(
    steps: list[tuple[int, list[list[Priced]]]], reverse: bool, by_words: bool
) -> None:
    """P-SYNC: a list that grows keeps what was found out of its first blocks; it is what a new view finds."""

    def view() -> RecordView[Priced]:
        made = RecordView[Priced](attrgetter("id"), [attrgetter("state"), attrgetter("id")])
        made.refusal = lambda row: "no" if row.state == "b" else None
        made.sort("price", attrgetter("price"), reverse=reverse)
        made.set_predicate(lambda row: row.price != 2)
        if by_words:
            made.set_filter("a")
        return made

    kept, blocks, number = view(), list[Block](), 0
    for left, more in steps:
        for _ in range(left):
            kept.warm(2)
        blocks = blocks[:left]
        for block in more:
            named = [row._replace(id=f"o{number + place}") for place, row in enumerate(block)]
            number += len(named)
            blocks += [unpacked(packed(named))] if named else []
        rows = RowsInColumns(Priced, blocks)
        kept.set_rows(rows)
        fresh = view()
        fresh.set_rows(rows)
        assert kept.shown_rows() == fresh.shown_rows()
        assert list(kept.all_ids()) == [row.id for row in rows]
        assert kept.choose_shown()[:2] == fresh.choose_shown()[:2]
        assert kept.every_id() == {row.id for row in rows}
        assert kept.all_refused() == fresh.all_refused() == {row.id for row in rows if row.state == "b"}
        assert kept.hidden == fresh.hidden == frozenset(range(len(rows))).difference(fresh.shown)
        assert [kept.position_of(row.id) for row in rows] == [fresh.position_of(row.id) for row in rows]


LETTERS = st.text("abAB ßİΣσ\nпП-1", max_size=5)


@given(
    st.lists(st.builds(Priced, LETTERS, LETTERS, st.integers(0, 3)), max_size=45),
    st.lists(LETTERS, min_size=1, max_size=3),
    st.booleans(),
)
def test_a_filter_over_columns_finds_what_one_over_records_does(
    rows: list[Priced], typed: list[str], turned: bool
) -> None:
    """Words are looked for in whole columns: whatever letters there are, the same records are found (P-MEM)."""
    search: list[Callable[[Priced], str]] = [
        attrgetter("id"),
        attrgetter("state"),
        lambda row: f"{row.price} {row.id[:2]}",
    ]
    in_columns = RowsInColumns(Priced, [unpacked(packed(part)) for part in (rows[:20], rows[20:]) if part])
    one, other = RecordView[Priced](attrgetter("id"), search), RecordView[Priced](attrgetter("id"), search)
    one.set_rows(in_columns)
    other.set_rows(rows)
    for view in (one, other):
        if turned:
            view.sort("price", attrgetter("price"), reverse=True)
            view.set_predicate(lambda row: row.price > 0)
    for text in typed:
        one.set_filter(text)
        other.set_filter(text)
        assert list(one.shown) == list(other.shown)
