"""Many records at once are looked up with work in proportion to their number (P-GROWTH)."""

from __future__ import annotations

from typing import ClassVar, NamedTuple

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
