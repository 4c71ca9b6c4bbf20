"""The matrix of quantities: keys, what it draws, and how little of it."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.style import Style
from textual.app import App, ComposeResult
from textual.geometry import Region
from textual.message import Message

from billtui.widgets.quantity_grid import MOST, Cell, QuantityGrid
from billtui.widgets.quantity_matrix import MatrixColumn, MatrixRow, QuantityMatrix
from billtui.widgets.quantity_matrix_lines import MatrixLayout, MatrixLooks, MatrixPainter, cell_text
from tests.widgets.test_record_table_drawing import HOSTILE, harmless

ROWS = [MatrixRow(f"plan-{number}", f"VDS {number}", f"{number}.90") for number in range(9)]
PLACES = ("nl", "de", "uk", "fr", "se", "pl", "ch", "us-east", "us-west", "ca", "sg", "hk", "jp")
COLUMNS = [MatrixColumn(key, key) for key in PLACES]
STOCK: dict[Cell, int] = {
    (row.key, column.key): 10 * place
    for row in ROWS
    for place, column in enumerate(COLUMNS)
    if (row.key, column.key) != ("plan-1", "ch")
}
"""Nothing is left in nl; plan-1 is not sold in ch."""


class Shown(QuantityMatrix):
    """Remembers which regions it was asked to draw again."""

    def __init__(self) -> None:
        super().__init__(("Plan", "A month"), id="matrix")
        self.drawn: list[Region | None] = []

    def refresh(self, *regions: Region, **options: bool) -> Shown:
        if hasattr(self, "drawn"):
            self.drawn += regions or (None,)
        super().refresh(*regions, **options)
        return self


class MatrixApp(App[None]):
    """The widget alone."""

    def __init__(self, stock: Mapping[Cell, int] | None = STOCK) -> None:
        super().__init__()
        self.stock = stock
        self.heard: list[Message] = []

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return {"muted": "#8f9aab", "faint": "#5d6675"}

    def compose(self) -> ComposeResult:
        yield Shown()

    def on_mount(self) -> None:
        self.matrix.set_axes(ROWS, COLUMNS)
        self.matrix.set_stock(self.stock)
        self.matrix.focus()

    @property
    def matrix(self) -> Shown:
        return self.query_one(Shown)

    def on_quantity_matrix_not_sold(self, event: QuantityMatrix.NotSold) -> None:
        self.heard.append(event)

    def on_quantity_matrix_quantities_changed(self, event: QuantityMatrix.QuantitiesChanged) -> None:
        self.heard.append(event)

    def lines(self) -> list[str]:
        return [self.matrix.render_line(y).text for y in range(self.matrix.size.height)]


async def test_digits_are_the_cells_number() -> None:
    app = MatrixApp()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("right", "1", "2")
        assert app.matrix.quantities == {("plan-0", "de"): 12}
        await pilot.press("backspace")
        assert app.matrix.quantities == {("plan-0", "de"): 1}
        await pilot.press("5")
        assert app.matrix.quantities == {("plan-0", "de"): 15}
        await pilot.press("j", "k", "7")
        assert app.matrix.quantities == {("plan-0", "de"): 7}, "back in the cell, a digit begins anew"
        await pilot.press("j", "k", "0")
        assert app.matrix.quantities == {}
        await pilot.press("3", "delete")
        assert app.matrix.quantities == {}


async def test_what_was_typed_in_a_cell_is_one_step_to_undo() -> None:
    app = MatrixApp()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("l", "1", "2", "3", "l", "4")
        assert app.matrix.undo()
        assert app.matrix.quantities == {("plan-0", "de"): 123}
        assert app.matrix.undo()
        assert app.matrix.quantities == {}
        assert not app.matrix.undo()


async def test_a_number_cannot_outgrow_its_cell() -> None:
    app = MatrixApp()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("l", *"99999")
        assert app.matrix.quantities == {("plan-0", "de"): MOST}


async def test_what_is_not_sold_cannot_be_typed_and_says_so() -> None:
    app = MatrixApp()
    async with app.run_test(size=(140, 24)) as pilot:
        assert app.matrix.move_to(("plan-1", "ch"))
        await pilot.press("3")
        assert app.matrix.quantities == {}
        assert [type(one) for one in app.heard] == [QuantityMatrix.NotSold]
        assert app.matrix.move_to(("plan-1", "nl"))
        await pilot.press("3")
        assert app.matrix.quantities == {("plan-1", "nl"): 3}, "what is sold out can be wished for, and is marked"
        assert "3/0!" in app.lines()[2]


@pytest.mark.parametrize("size", [(80, 24), (140, 40), (40, 12), (20, 5)])
async def test_the_cursors_cell_is_always_in_sight(size: tuple[int, int]) -> None:
    app = MatrixApp()
    async with app.run_test(size=size) as pilot:
        for keys in (["end"], ["G"], ["home"], ["g"], ["l"] * 7 + ["j"] * 5):
            await pilot.press(*keys)
            cell = app.matrix.cursor
            assert cell is not None
            lines = app.lines()
            assert all(cell_len(line) == size[0] for line in lines)
            own = [line for line in lines if "[" in line]
            assert len(own) == 1, lines
            assert own[0].startswith("▸")
            row = ROWS[int(cell[0][-1])]
            assert own[0][2:].startswith(row.title if size[0] >= 40 else row.title[:3])
            titled = lines[0].index(cell[1][:5])
            assert abs(own[0].index("[") - titled) < 10, "the title stands over its cell"


async def test_all_thirteen_locations_fit_a_wide_terminal() -> None:
    app = MatrixApp()
    async with app.run_test(size=(140, 40)):
        assert all(f" {column.title}" in app.lines()[0] for column in COLUMNS)
        assert "›" not in app.lines()[0]


async def test_signs_say_where_it_goes_on() -> None:
    app = MatrixApp()
    async with app.run_test(size=(80, 6)) as pilot:
        assert app.lines()[0].endswith("›")
        assert "‹" not in app.lines()[0]
        assert any(line.endswith("┃") for line in app.lines())
        await pilot.press("end")
        assert "‹" in app.lines()[0]
        assert not app.lines()[0].endswith("›")


async def test_a_digit_draws_its_cell_and_nothing_else() -> None:
    """Few bytes over SSH: eight cells of one line."""
    app = MatrixApp()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("l", "j")
        app.matrix.drawn.clear()
        await pilot.press("4")
        assert len(app.matrix.drawn) == 1
        (region,) = app.matrix.drawn
        assert region is not None
        assert region.height == 1
        assert region.width <= 11


async def test_a_move_draws_two_cells_and_the_titles() -> None:
    app = MatrixApp()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("l")
        app.matrix.drawn.clear()
        await pilot.press("j")
        assert None not in app.matrix.drawn
        assert sum(region.area for region in app.matrix.drawn if region is not None) <= 120


async def test_a_refresh_keeps_cursor_and_quantities_with_their_keys() -> None:
    app = MatrixApp()
    async with app.run_test(size=(80, 24)) as pilot:
        assert app.matrix.move_to(("plan-4", "fr"))
        await pilot.press("5")
        app.matrix.set_axes(ROWS[3:], COLUMNS[::-1])
        assert app.matrix.cursor == ("plan-4", "fr")
        app.matrix.set_axes(ROWS[5:], COLUMNS[::-1])
        assert app.matrix.cursor == ("plan-6", "fr"), "the plan is gone: the cursor stays on its place"
        assert app.matrix.quantities == {("plan-4", "fr"): 5}, "nothing that was typed is lost"
        app.matrix.set_axes([], [])
        gone: Cell | None = app.matrix.cursor
        assert gone is None
        await pilot.press("3", "l", "j", "end", "backspace", "delete")
        app.matrix.set_axes(ROWS, COLUMNS)
        assert app.matrix.quantities == {("plan-4", "fr"): 5}


async def test_before_the_stock_is_known_numbers_can_be_typed() -> None:
    app = MatrixApp(stock=None)
    async with app.run_test(size=(80, 24)) as pilot:
        assert "?" in app.lines()[1]
        await pilot.press("3")
        assert app.matrix.quantities == {("plan-0", "nl"): 3}
        app.matrix.set_stock({("plan-0", "nl"): 2})
        assert "3/2!" in app.lines()[1]
        assert "–" in app.lines()[2]


async def test_a_click_goes_to_its_cell() -> None:
    app = MatrixApp()
    async with app.run_test(size=(80, 24)) as pilot:
        x = app.lines()[0].index("fr")
        await pilot.click(Shown, offset=(x, 3))
        assert app.matrix.cursor == ("plan-2", "fr")


def test_signs_of_a_cell() -> None:
    """Sold out, not sold and too many differ by signs, not by colour alone."""

    def text(quantity: int, stock: int | None, room: int = 6) -> str:
        return cell_text(quantity, stock, known=True, room=room).text

    assert text(0, 120) == "120"
    assert text(0, 0) == "0!"
    assert text(0, None) == "–"
    assert text(3, 120) == "3/120"
    assert text(120, 400) == "120"
    assert text(5, 3) == "5/3!"
    assert text(3, 0) == "3/0!"
    assert text(2, None) == "2/–!"
    assert text(1000, 400) == "1000!"
    assert cell_text(0, None, known=True, room=6, ascii_only=True).text == "-"


@settings(max_examples=200, deadline=None)
@given(
    title=st.sampled_from(HOSTILE),
    name=st.sampled_from(HOSTILE),
    width=st.integers(1, 90),
    ascii_only=st.booleans(),
    quantity=st.integers(0, MOST),
    stock=st.none() | st.integers(0, 10**7),
)
def test_hostile_names_at_any_width(
    title: str, name: str, width: int, ascii_only: bool, quantity: int, stock: int | None
) -> None:
    rows, columns = [MatrixRow("a", title, title), MatrixRow("b", "b")], [MatrixColumn("c", name)] * 3
    layout = MatrixLayout(rows, columns, width)
    painter = MatrixPainter(layout, MatrixLooks(tones={"bad": Style(bold=True)}), ascii_only=ascii_only)
    cell = cell_text(quantity, stock, known=True, room=layout.cell - 2, ascii_only=ascii_only)
    for strip in (
        painter.header((title, name), columns[: layout.shown], 0, left=True, right=True),
        painter.row(rows[0], [cell] * layout.shown, 0, thumb=True),
        painter.row(rows[0], [cell] * layout.shown, None, thumb=False),
    ):
        assert strip.cell_length == width
        assert cell_len(strip.text) == width
        assert harmless(strip)
        assert strip.text.isascii() or not ascii_only


steps = st.lists(
    st.tuples(st.sampled_from(["digit", "erase", "clear", "leave", "undo"]), st.integers(0, 9), st.booleans()),
    max_size=40,
)


@settings(max_examples=200, deadline=None)
@given(steps)
def test_undo_leads_back_through_every_state(taken: list[tuple[str, int, bool]]) -> None:
    """Whatever was done, undoing it all ends where it began; no cell ever holds 0 or more than fits."""
    begin = {("a", "x"): 5}
    grid = QuantityGrid(begin)
    for what, digit, other in taken:
        cell = ("a", "y" if other else "x")
        if what == "digit":
            grid.type_digit(cell, digit)
        elif what == "erase":
            grid.erase_digit(cell)
        elif what == "clear":
            grid.change({cell: 0})
        elif what == "undo":
            grid.undo()
        else:
            grid.stop_typing()
        assert all(0 < one <= MOST for one in grid.quantities.values())
    while grid.undo():
        pass
    assert grid.quantities == begin
