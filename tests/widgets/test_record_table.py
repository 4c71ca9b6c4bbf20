"""The table as a person meets it: keys, messages, what is on the screen, what is drawn again."""

from __future__ import annotations

import pytest
from textual import events
from textual.binding import Keymap

from billtui.widgets.record_table import Column, RecordTable, Toned
from billtui.widgets.record_table_marks import Ids, NearlyAll
from tests.widgets.table_fleet import COLUMNS, Server, TableApp, refuse_locked, servers


async def test_first_row_has_the_cursor_and_the_header_stands_above() -> None:
    app = TableApp(servers(50))
    async with app.run_test(size=(60, 10)):
        header, first, second, *_ = app.lines()
        assert header.split() == ["Id", "Name", "Days", "Plan"]
        assert first.split() == ["▸", "o0", "web-000", "0", "d", "micro", "┃"]
        assert not second.startswith("▸")
        assert app.table.cursor_id == "o0"


@pytest.mark.parametrize(
    ("keys", "position"),
    [
        (["down", "j", "j", "up"], 2),
        (["k"], 0),
        (["G"], 49),
        (["end", "down"], 49),
        (["G", "g"], 0),
        (["end", "home"], 0),
        (["pagedown"], 8),
        (["pagedown", "pagedown", "pageup"], 8),
        (["G", "pageup"], 41),
    ],
)
async def test_keys_move_the_cursor(keys: list[str], position: int) -> None:
    app = TableApp(servers(50))
    async with app.run_test(size=(60, 10)) as pilot:
        await pilot.press(*keys)
        assert app.table.cursor_position == position
        assert app.table.cursor_id == f"o{position}"
        assert sum(line.startswith("▸") for line in app.lines()) == 1
        assert isinstance(app.said[-1], RecordTable.CursorMoved) or position == 0


async def test_enter_opens_the_record_under_the_cursor() -> None:
    app = TableApp(servers(5))
    async with app.run_test() as pilot:
        await pilot.press("down", "enter")
        opened = app.said[-1]
        assert isinstance(opened, RecordTable.RowOpened)
        assert (opened.row_id, opened.control) == ("o1", app.table)


async def test_keys_can_be_given_by_binding_id() -> None:
    app = TableApp(servers(5))
    keymap: Keymap = {"table.down": "n,т"}
    async with app.run_test() as pilot:
        app.set_keymap(keymap)
        await pilot.press("n", "т", "down")
        assert app.table.cursor_id == "o2"


async def test_a_move_draws_two_lines_and_the_edge_draws_no_header() -> None:  # P-TABLE-2
    app = TableApp(servers(1000))
    async with app.run_test(size=(60, 12)) as pilot:
        table = app.table
        await pilot.press("down")
        table.drawn.clear()
        await pilot.press("down")
        assert table.drawn == [2, 3]
        await pilot.press(*["down"] * 8)
        table.drawn.clear()
        await pilot.press("down")  # at the edge: the window moves by a row
        assert table.drawn == list(range(1, 12))
        table.drawn.clear()
        await pilot.press("home", "home")
        table.drawn.clear()
        await pilot.press("up")
        assert table.drawn == []


async def test_a_refresh_draws_only_rows_that_look_different() -> None:  # P-BYTES
    app = TableApp(servers(1000))
    async with app.run_test(size=(60, 12)) as pilot:
        await pilot.pause()
        app.table.drawn.clear()
        app.table.set_rows(servers(1000))
        assert app.table.drawn == []
        rows = servers(1000)
        rows[3] = rows[3]._replace(name="renamed")
        app.table.set_rows(rows)
        assert app.table.drawn == [4]
        assert "renamed" in app.lines()[4]


async def test_cells_are_asked_for_visible_rows_only() -> None:  # P-TABLE-1
    asked: list[str] = []

    def cell(server: Server) -> str:
        asked.append(server.id)
        return server.id

    app = TableApp(servers(100_000), [Column(key="id", title="Id", cell=cell, width=8)])
    async with app.run_test(size=(40, 12)) as pilot:
        await pilot.pause()
        assert set(asked) == {f"o{number}" for number in range(11)}
        asked.clear()
        app.table.action_cursor_last()
        assert len(asked) == 11


async def test_refresh_cells_asks_again() -> None:
    clock = ["1 d"]
    app = TableApp(servers(3), [Column(key="left", title="Left", cell=lambda _: Toned(clock[0], "bad"), width=8)])
    async with app.run_test(size=(40, 6)) as pilot:
        await pilot.pause()
        clock[0] = "23 h"
        app.table.refresh_cells()
        assert "23 h" in app.lines()[1]


async def test_cursor_stays_on_its_id_and_on_its_line() -> None:
    app = TableApp(servers(200))
    async with app.run_test(size=(60, 12)) as pilot:
        table = app.table
        table.move_cursor_to("o100")
        await pilot.press("up", "up", "up")
        line = next(y for y, text in enumerate(app.lines()) if text.startswith("▸"))
        table.set_rows(servers(200)[50:])
        assert table.cursor_id == "o97"
        assert app.lines()[line].startswith("▸  o97 ")
        table.sort_by("name")
        assert table.cursor_id == "o97"
        assert app.lines()[line].startswith("▸  o97 ")


async def test_vanished_row_gives_way_to_the_next_and_says_so() -> None:
    app = TableApp(servers(5))
    async with app.run_test() as pilot:
        table = app.table
        await pilot.press("down", "down")
        table.set_rows([row for row in servers(5) if row.id not in {"o2", "o3"}])
        await pilot.pause()
        assert table.cursor_id == "o4"
        assert app.said[-1] == RecordTable.CursorMoved(table, "o4", vanished="o2")
        table.set_rows(servers(2))
        await pilot.pause()
        assert app.said[-1] == RecordTable.CursorMoved(table, "o1", vanished="o4")
        table.set_rows([])
        await pilot.pause()
        assert app.said[-1] == RecordTable.CursorMoved(table, None, vanished="o1")
        assert table.cursor_row is None
        await pilot.press("down", "enter", "space", "V", "asterisk", "G", "pagedown")
        table.set_rows(servers(2))
        await pilot.pause()
        assert app.said[-1] == RecordTable.CursorMoved(table, "o0")


async def test_wheel_scrolls_without_the_cursor_and_a_refresh_keeps_the_rows_in_view() -> None:
    app = TableApp(servers(100))
    async with app.run_test(size=(60, 11)) as pilot:
        table = app.table
        for _ in range(10):
            table.post_message(
                events.MouseScrollDown(table, 5, 5, 0, 1, 0, False, False, False)  # a turn of the wheel
            )
        await pilot.pause()
        assert table.cursor_id == "o0"
        assert "o30" in app.lines()[1]
        table.set_rows(servers(100)[10:])
        assert "o30" in app.lines()[1]
        await pilot.press("down")
        assert sum(line.startswith("▸") for line in app.lines()) == 1


async def test_click_moves_double_click_opens_header_sorts() -> None:
    app = TableApp(servers(20))
    async with app.run_test(size=(60, 11)) as pilot:
        await pilot.click(RecordTable, offset=(10, 4))
        assert app.table.cursor_id == "o3"
        await pilot.click(RecordTable, offset=(10, 5), times=2)
        await pilot.pause()
        assert RecordTable.RowOpened(app.table, "o4") in app.said
        await pilot.click(RecordTable, offset=(14, 0))
        assert app.table.sorted_by == ("name", False)
        assert "Name▲" in app.lines()[0]
        await pilot.click(RecordTable, offset=(14, 0))
        assert app.table.sorted_by == ("name", True)
        assert "Name▼" in app.lines()[0]
        assert app.said[-1] == RecordTable.SortChanged(app.table, "name", True)


async def test_none_sorts_last_both_ways_and_plain_columns_do_not_sort() -> None:
    rows = [Server("a", "x", 5), Server("b", "x", None), Server("c", "x", 1), Server("d", "x", 5)]
    app = TableApp(rows)
    async with app.run_test():
        app.table.sort_by("days")
        assert app.table.shown_ids() == ["c", "a", "d", "b"]
        app.table.sort_by("days", reverse=True)
        assert app.table.shown_ids() == ["a", "d", "c", "b"]
        app.table.sort_by("plan")
        assert app.table.sorted_by == ("days", True)
        app.table.sort_by(None)
        assert app.table.shown_ids() == ["a", "b", "c", "d"]


async def test_filter_takes_every_word_in_any_order() -> None:
    app = TableApp([Server("o1", "Київ web"), Server("o2", "Web Oslo"), Server("o3", "db Oslo")])
    async with app.run_test() as pilot:
        table = app.table
        for text, ids in [("oslo", ["o2", "o3"]), ("oslo WEB", ["o2"]), ("київ", ["o1"]), ("o3 db", ["o3"]), ("x", [])]:
            table.set_filter(text)
            assert table.shown_ids() == ids, text
        table.set_filter("")
        table.set_predicate(lambda row: row.id != "o2")
        table.set_filter("oslo")
        assert (table.shown_ids(), table.row_count, table.total_count) == (["o3"], 1, 3)
        await pilot.pause()
        table.set_predicate(None)
        assert table.shown_ids() == ["o2", "o3"]


async def test_columns_are_chosen_ordered_and_fitted() -> None:
    app = TableApp(servers(3))
    async with app.run_test(size=(60, 6)) as pilot:
        table = app.table
        assert list(table.fitting_columns) == ["id", "name", "days", "plan"]
        await pilot.resize_terminal(36, 6)
        assert list(table.fitting_columns) == ["id", "name", "days"]
        await pilot.resize_terminal(20, 6)
        assert list(table.fitting_columns) == ["id", "name"]
        await pilot.resize_terminal(60, 6)
        table.visible_columns = ("days", "name", "nonsense")
        await pilot.pause()
        assert app.lines()[0].split() == ["Days", "Name"]
        table.visible_columns = ()
        assert table.visible_columns == tuple(column.key for column in COLUMNS)


async def test_ascii_only_draws_ascii_only() -> None:
    app = TableApp([Server("o1", "Київ 漢字"), Server("o2", "x" * 500)], ascii_only=True)
    async with app.run_test(size=(40, 6)) as pilot:
        app.table.sort_by("name")
        await pilot.press("space")
        lines = app.lines()
        assert all(line.isascii() for line in lines)
        assert "Name^" in lines[0]
        assert lines[2].startswith(">* o1       ")
        assert "?" in lines[2]


def chosen(table: RecordTable[Server]) -> tuple[set[str], set[str]]:
    """What is marked, and what is set aside."""
    return set(table.marked_ids), set(table.aside_ids)


async def test_refused_marks_say_why() -> None:  # BLK-5
    rows = [Server("a", "a"), Server("b", "b", locked=True), Server("c", "c", locked=True)]
    app = TableApp(rows, mark_refusal=refuse_locked)
    async with app.run_test() as pilot:
        await pilot.press("down", "space")
        assert RecordTable.MarkRefused(app.table, "b", "an open invoice blocks it", 1) in app.said
        assert app.table.marked_ids == frozenset()
        assert app.table.aside_ids == {"b"}
        await pilot.press("*")
        assert app.table.marked_ids == {"a"}
        assert RecordTable.MarkRefused(app.table, "b", "an open invoice blocks it", 2) in app.said
        assert app.said[-1:] == [RecordTable.MarksChanged(app.table, 1, 0)]
        assert app.table.aside_ids == {"b", "c"}
        assert [line[1] for line in app.lines()[1:4]] == ["●", "!", "!"]
        await pilot.press("!")
        assert app.table.chosen_ids == frozenset()
        await pilot.press("u", "space")
        assert chosen(app.table) == ({"a"}, {"c"})


async def test_what_was_set_aside_joins_the_marks_when_it_is_free() -> None:  # BLK-5
    rows = [Server("a", "a"), Server("b", "b", locked=True), Server("c", "c"), Server("d", "d")]
    app = TableApp(rows, mark_refusal=refuse_locked)
    async with app.run_test() as pilot:
        table = app.table
        await pilot.press("*")
        assert chosen(table) == ({"a", "c", "d"}, {"b"})
        table.set_rows([Server("a", "a", locked=True), Server("b", "b"), Server("c", "c")])
        assert table.settle_marks() == ["d"]
        assert chosen(table) == ({"b", "c"}, {"a"})
        await pilot.press("u")
        assert table.chosen_ids == frozenset()
        table.choose(["a", "b", "nobody"])
        assert chosen(table) == ({"b"}, {"a"})
        table.choose(["c"], replace=True)
        assert chosen(table) == ({"c"}, set())
        await pilot.press("u")
        assert chosen(table) == ({"b"}, {"a"})


async def test_marks_by_keys() -> None:
    app = TableApp(servers(6))
    async with app.run_test(size=(60, 9)) as pilot:
        table = app.table
        await pilot.press("space", "down", "V", "down", "down")
        assert [line[:2] for line in app.lines()[1:6]] == [" ●", " ○", " ○", "▸○", "  "]
        await pilot.press("escape")
        assert table.marked_ids == {"o0"}
        await pilot.press("V", "up", "V")
        assert table.marked_ids == {"o0", "o2", "o3"}
        await pilot.press("!")
        assert table.marked_ids == {"o1", "o4", "o5"}
        await pilot.press("u", "u")
        assert table.marked_ids == {"o0"}
        await pilot.press("*", "-")
        assert table.marked_ids == frozenset()
        await pilot.press("u")
        assert table.marked_count == 6


async def test_marking_all_goes_through_none_of_them(monkeypatch: pytest.MonkeyPatch) -> None:  # P-TABLE-3
    """Counted, drawn, summed up and taken back: no set of all their ids is made before somebody asks for it."""
    made: list[NearlyAll] = []
    plain = NearlyAll.plain

    def counted(nearly: NearlyAll) -> Ids:
        made.append(nearly)
        return plain(nearly)

    monkeypatch.setattr(NearlyAll, "plain", counted)
    rows = [Server(f"o{number}", f"web-{number}", locked=number % 10 == 0) for number in range(60)]
    app = TableApp(rows, mark_refusal=refuse_locked)
    async with app.run_test(size=(60, 9)) as pilot:
        table = app.table
        await pilot.press("*")
        assert (table.marked_count, table.hidden_marked_count, len(table.chosen_rows())) == (54, 0, 60)
        assert [line[1] for line in app.lines()[1:9]] == ["!", *"●●●●●●●"]
        assert [row.id for row in table.marked_rows()[:3]] == ["o1", "o2", "o3"]
        await pilot.press("u")
        assert (table.marked_count, table.aside_count) == (0, 0)
        await pilot.press("*")
        assert made == []
        await pilot.press("down", "space")
        assert made != []
        assert table.marked_ids == {row.id for row in rows if not row.locked} - {"o1"}
        assert len(table.aside_ids) == 6


async def test_hidden_marks_stay_and_are_counted() -> None:
    app = TableApp(servers(10))
    async with app.run_test() as pilot:
        table = app.table
        table.change_marks(add=["o1", "o2", "o3"])
        table.set_filter("o2")
        assert (table.marked_count, table.hidden_marked_count) == (3, 2)
        table.set_filter("")
        assert table.hidden_marked_count == 0
        table.set_rows(servers(2))
        assert table.marked_ids == {"o1", "o2", "o3"}
        assert (table.hidden_marked_count, [row.id for row in table.marked_rows()]) == (2, ["o1"])
        await pilot.pause()


async def test_keys_without_use_are_left_to_the_screen() -> None:
    class Around(TableApp):
        BINDINGS = [("u", "note('u')"), ("escape", "note('escape')"), ("-", "note('-')")]
        noted: list[str] = []

        def action_note(self, key: str) -> None:
            self.noted.append(key)

    app = Around(servers(3))
    async with app.run_test() as pilot:
        await pilot.press("u", "escape", "-")
        assert app.noted == ["u", "escape", "-"]
        await pilot.press("space", "V", "escape", "u")
        assert app.noted == ["u", "escape", "-"]
