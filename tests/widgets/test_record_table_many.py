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
