"""What reaches the screen: hostile text, wide characters, any size."""

from __future__ import annotations

import unicodedata
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.style import Style
from rich.text import Text
from textual.strip import Strip

from billtui.widgets.record_table import Cell, Column, RecordTable, Toned
from billtui.widgets.record_table_columns import fit_columns
from billtui.widgets.record_table_lines import CURSOR, MARKED, LinePainter, Looks
from billtui.widgets.record_table_text import clean, cut
from tests.widgets.table_fleet import COLUMNS, Server, TableApp, servers

HOSTILE = [
    "\x05ENQ",
    "\x1b[31mred\x1b[2J",
    "\x1b]0;title\x07",
    "\x9b31m",
    "a\tb\nc\rd\x00e\x7f",
    "\u202e9900.00\u202c",
    "\u2028\u2029\ufeff\u200b",
    "\ud800 half",
    "\U000e0041tag",
    "[/]",
    "[@click=app.quit]x[/]",
    "[bold",
    "e" + "\u0301" * 50,
    "👩‍👩‍👧‍👦 ❤️ 🇺🇦 漢字",
    "x" * 10_000,
    "漢" * 10_000,
]
TEXTS = st.text(max_size=40) | st.sampled_from(HOSTILE)
CELLS: st.SearchStrategy[Cell] = st.one_of(
    TEXTS,
    st.builds(Toned, text=TEXTS, tone=st.sampled_from(["", "bad", "dim"])),
    st.builds(lambda text: Text(text, style="bold"), TEXTS),
    st.builds(lambda text: Text.assemble((text, Style(link="http://evil", meta={"@click": "quit"})), "tail"), TEXTS),
    st.builds(lambda text: Text.assemble((text, "no such style"), (text, "red")), TEXTS),
)


def harmless(strip: Strip) -> bool:
    """Nothing in a strip a terminal could obey, no link, no action; and it can be written as UTF-8."""
    strip.text.encode()
    return not any(
        control or (style is not None and (style.link or style.meta)) or unicodedata.category(character) in {"Cc", "Cf"}
        for text, style, control in strip
        for character in text
    )


@settings(max_examples=400, deadline=None)
@given(CELLS, CELLS, st.integers(0, 90), st.sampled_from([0, CURSOR, MARKED, CURSOR | MARKED]), st.booleans())
def test_every_line_is_harmless_and_exactly_as_wide_as_the_table(
    first: Cell, second: Cell, width: int, state: int, ascii_only: bool
) -> None:
    columns = [
        Column[None](key="a", title="A\x1b[1m", cell=lambda _: first, min_width=3, flex=2),
        Column[None](key="b", title="漢字", cell=lambda _: second, width=9, align="right", priority=1),
    ]
    painter = LinePainter(columns, width, Looks(tones={"bad": Style(color="red")}), ascii_only=ascii_only)
    for strip in (painter.row(None, state), painter.header("a", reverse=False), painter.with_thumb(painter.blank)):
        assert harmless(strip)
        assert sum(cell_len(segment.text) for segment in strip) == strip.cell_length == width
        assert strip.text.isascii() or not ascii_only


@given(st.text())
def test_clean_text_is_left_alone_and_the_rest_made_harmless(text: str) -> None:
    cleaned = clean(text)
    assert len(cleaned) == len(text)
    assert all(unicodedata.category(one)[0] not in "C" and one not in "\u2028\u2029" for one in cleaned)
    assert clean(cleaned) == cleaned


def test_pictures_stand_for_control_bytes() -> None:
    assert clean("a\x1b[31m\x7f\x05\u202e") == "a␛[31m␡␅�"


@given(st.text(alphabet=st.sampled_from("ab漢字👍é"), max_size=30), st.integers(1, 20))
def test_cut_fits_and_says_that_it_cut(text: str, width: int) -> None:
    short = cut(text, width, "…")
    assert cell_len(short) <= width
    assert short == text if cell_len(text) <= width else short.endswith("…")


COLUMN_SHAPES = st.builds(
    lambda width, least, extra, flex, priority, apart: Column[None](
        key="k", title="t", cell=lambda _: "", width=width, min_width=least, flex=flex, priority=priority,
        max_width=None if extra is None else least + extra, apart=apart,
    ),
    st.none() | st.integers(0, 20), st.integers(0, 20), st.none() | st.integers(0, 20), st.integers(0, 3),
    st.integers(0, 3), st.booleans(),
)  # fmt: skip


@given(st.lists(COLUMN_SHAPES, max_size=6), st.integers(-2, 120), st.integers(1, 2))
def test_columns_fit_into_the_space(columns: list[Column[None]], space: int, gap: int) -> None:
    fitted = fit_columns(columns, space, gap)
    if not fitted:
        assert space <= 0 or not columns
        return
    assert fitted[-1].offset + fitted[-1].width <= space
    for left, right in pairwise(fitted):
        between = right.offset - left.offset - left.width
        assert between == gap or (between == 2 and left.column.apart)
    kept = [column for column, _, _ in fitted]
    gone = [column.priority for column in columns if not any(column is one for one in kept)]
    assert not gone or max(gone) <= min(column.priority for column in kept)
    if len(fitted) > 1:
        for column, _, width in fitted:
            assert column.least <= width <= (width if column.most is None else max(column.most, column.least))


def test_an_amount_and_the_words_behind_it_stand_apart_as_long_as_no_column_goes_for_it() -> None:
    total = Column[None](key="total", title="Total", cell=lambda _: "9.90 EUR", width=8, align="right", apart=True)
    due = Column[None](key="due", title="Due", cell=lambda _: "2 d", width=3)
    title = Column[None](key="for", title="For", cell=lambda _: "", min_width=4)
    for space, offsets in ((17, [0, 9, 13]), (18, [0, 10, 14]), (40, [0, 10, 14])):
        assert [one.offset for one in fit_columns([total, due, title], space, 1)] == offsets
    assert [one.offset for one in fit_columns([total, due, title], 40, 2)] == [0, 10, 15]


@pytest.mark.parametrize("text", HOSTILE)
async def test_hostile_text_through_the_whole_program(text: str) -> None:
    app = TableApp([Server(f"o{number}", text) for number in range(5)])
    async with app.run_test(size=(60, 8)) as pilot:
        await pilot.press("down", "space", "down")
        app.table.sort_by("name")
        app.table.set_filter(text)
        await pilot.pause()
        await pilot.click(RecordTable, offset=(14, 3))
        for strip in app.screen._compositor.render_strips():
            assert all(unicodedata.category(one) not in {"Cc", "Cs"} for one in strip.text)
        assert app.is_running


SIZES = [(0, 0), (1, 1), (2, 1), (1, 5), (3, 2), (4, 3), (5, 2), (10, 4), (40, 1), (80, 24), (140, 40), (200, 60)]


@pytest.mark.parametrize("count", [0, 1, 30])
async def test_any_size_and_the_cursor_stays_in_sight(count: int) -> None:
    app = TableApp(servers(count))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("G")
        for width, height in [*SIZES, *reversed(SIZES)]:
            await pilot.resize_terminal(width, height)
            table = app.table
            for act in (table.action_cursor_up, table.action_page_down, table.action_toggle_mark):
                act()
            for act in (table.action_mark_range, table.action_page_up, table.action_mark_range):
                act()
            await pilot.press("end")
            if height and width:  # at size 0 Textual keeps the last layout
                assert app.table.size == (width, height)
            if height > 1 and width > 0 and count:
                assert sum(line.startswith("▸") for line in app.lines()) == 1
            for line in app.lines():
                assert cell_len(line) == app.table.size.width


@pytest.mark.parametrize(
    "css", ["border: round red;", "padding: 1 2;", "opacity: 50%;", "tint: red 20%;", "outline: solid red;"]
)
async def test_styles_around_take_the_ordinary_way_and_show_the_same_rows(css: str) -> None:
    class Styled(TableApp):
        CSS = f"WatchedTable {{ {css} }}"

    app = Styled(servers(30))
    async with app.run_test(size=(60, 12)) as pilot:
        await pilot.press("down", "G", "up")
        text = "\n".join(strip.text for strip in app.screen._compositor.render_strips())
        assert "o28" in text
        assert "▸" in text or "outline" in css  # an outline covers the first column


async def test_kept_lines_equal_freshly_drawn_ones() -> None:
    app = TableApp(servers(300))
    async with app.run_test(size=(70, 14)) as pilot:
        for key in ["down", "pagedown", "space", "G", "up", "V", "up", "up", "V", "*", "u", "g"]:
            await pilot.press(key)
            kept = [strip.text for strip in app.screen._compositor.render_strips()]
            app.table._restyle()
            await pilot.pause()
            assert [strip.text for strip in app.screen._compositor.render_strips()] == kept


async def test_colours_follow_the_theme_and_the_focus() -> None:
    app = TableApp(servers(3), COLUMNS)
    async with app.run_test(size=(60, 8)) as pilot:
        await pilot.pause()
        focused = app.table.render_line(1)
        app.screen.set_focus(None)
        await pilot.pause()
        blurred = app.table.render_line(1)
        assert focused.text == blurred.text
        assert focused != blurred
        app.theme = "textual-light"
        await pilot.pause()
        assert app.table.render_line(2) != blurred
        assert len({segment.style for segment in app.table.render_line(2)}) > 1
