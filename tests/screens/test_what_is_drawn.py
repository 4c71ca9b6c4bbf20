"""What is drawn for a key, and while nothing happens: counts that no machine changes (P-TABLE-2, P-BYTES-2)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from time import monotonic
from typing import Any

import pytest
from textual.content import Content

from billtui.screens.order import OrderScreen
from billtui.screens.record_list import RecordList
from billtui.screens.trailing import HELD
from billtui.services.store import OrderRow
from tests.support.drawing import Drawing, as_textual_draws, drawn_at_rest
from tests.support.driving import PATIENCE, Driver, Program
from tests.support.queueing import Stopwatch

WIDE, HIGH = 140, 26


async def comes(driver: Driver, condition: Callable[[], object]) -> None:
    """Wait for it, without anything being brought to rest, as ``Driver.until`` does."""
    watch = Stopwatch()
    while not condition():
        assert not watch.has_run(PATIENCE), driver.text()
        await driver.pilot.pause(0.002)


async def step(driver: Driver, drawing: Drawing, key: str) -> None:
    """One step of a held key, drawn; nothing has come to rest."""
    table, trailing = driver.list_screen.table, driver.list_screen.trailing
    heard: list[str | None] = []
    moved = trailing.moved

    def hears() -> None:
        moved()
        heard.append(table.cursor_id)

    trailing.moved = hears  # type: ignore[method-assign]  # the last of all who hear of a step
    driver.app.simulate_key(key)
    await comes(driver, lambda: heard)
    trailing.moved = moved  # type: ignore[method-assign]
    await drawing.done(driver.pilot)
    await asyncio.sleep(0.03)  # a widget that was changed just now asks for its picture in its own time
    await drawing.done(driver.pilot)


def copy_stands_still(screen: RecordList[Any]) -> None:
    """Nothing that is copied meanwhile reaches the screen: bills and names of plans may come after the orders."""
    screen.reload_if_changed = lambda force=False: None  # type: ignore[method-assign]  # as of a panel that rests


async def test_a_held_key_draws_rows(program: Program) -> None:
    """A row scrolled draws the rows; pane and keys follow at the first key, and when the key is let go."""
    async with program.open(size=(WIDE, HIGH)) as driver:
        await driver.go("3", "OrdersScreen")
        screen = driver.list_screen
        table, drawing, seconds = screen.table, Drawing(driver.app), [monotonic() + 1000]
        await driver.press(*["down"] * HIGH)
        assert table.scroll_offset.y > 0
        await comes(driver, lambda: not screen.trailing.behind)
        screen.trailing.clock = lambda: seconds[0]
        copy_stands_still(screen)
        await drawing.done(driver.pilot)
        pane = screen.query_one("#detail-text").region

        def shown() -> str:
            return driver.text().splitlines()[pane.y][pane.x :].strip()

        def name() -> str:
            row: OrderRow | None = table.cursor_row
            assert row is not None
            return row.name

        await step(driver, drawing, "down")
        assert shown() == name(), "the pane follows the first key"
        before = name()
        for number in range(2, HELD + 4):
            seconds[0] += 0.03
            drawing.forget()
            await step(driver, drawing, "down")
            assert drawing.spans
            if number == HELD:
                await comes(driver, lambda: drawing.outside(table.region) != [] and shown() == "")
            else:
                assert drawing.outside(table.region) == [], (number, shown())
            assert shown() == (before if number < HELD else ""), "what is known of another row goes away, once"
        assert screen.trailing.behind
        assert [row.name for row in screen.chosen_rows()] == [name()], "commands act on the row under the cursor"
        seconds[0] += 0.2
        await driver.until(lambda: not screen.trailing.behind, "the keys to rest")
        assert shown() == name()


async def test_a_refresh_of_the_copy_does_not_draw_the_pane_while_a_key_is_held(program: Program) -> None:
    """What is known of another row stays away; it comes when the keys rest, as it is by then."""
    async with program.open(size=(WIDE, HIGH)) as driver:
        await driver.go("3", "OrdersScreen")
        screen = driver.list_screen
        drawing, seconds = Drawing(driver.app), [monotonic() + 1000]
        await comes(driver, lambda: not screen.trailing.behind)
        screen.trailing.clock = lambda: seconds[0]
        copy_stands_still(screen)
        for _ in range(HELD + 2):
            seconds[0] += 0.03
            await step(driver, drawing, "down")
        assert screen.trailing.behind
        screen.detail = lambda row: Content("as it is by now")  # type: ignore[method-assign]  # the copy says other words
        drawing.forget()
        screen.reload()
        await drawing.done(driver.pilot)
        assert drawing.outside(screen.table.region) == []
        seconds[0] += 0.2
        await driver.until(lambda: "as it is by now" in driver.text(), "the keys to rest")


async def test_what_is_pressed_while_the_pane_is_behind_is_about_the_row_under_the_cursor(program: Program) -> None:
    async with program.open(size=(WIDE, HIGH)) as driver:
        await driver.go("3", "OrdersScreen")
        screen = driver.list_screen
        drawing, seconds = Drawing(driver.app), [monotonic() + 1000]
        await comes(driver, lambda: not screen.trailing.behind)
        screen.trailing.clock = lambda: seconds[0]
        for _ in range(HELD + 2):
            seconds[0] += 0.03
            await step(driver, drawing, "down")
        assert screen.trailing.behind
        row: OrderRow | None = screen.table.cursor_row
        assert row is not None
        driver.app.simulate_key("enter")
        await comes(driver, lambda: isinstance(driver.app.screen, OrderScreen))
        assert isinstance(driver.app.screen, OrderScreen)
        assert driver.app.screen.order_id == row.id


async def test_a_step_within_the_window_draws_two_rows(program: Program) -> None:
    """The row that the cursor leaves and the one that it enters; below them the keys may change."""
    async with program.open(size=(80, HIGH)) as driver:
        await driver.go("3", "OrdersScreen")
        table, drawing = driver.list_screen.table, Drawing(driver.app)
        drawn: list[set[int]] = []
        for _ in range(5):  # something else may come in between: the line's state, the end of opening
            await drawing.done(driver.pilot)
            drawing.forget()
            await step(driver, drawing, "down")
            first = table.region.y + table.cursor_position
            drawn.append({y - first for y, _, _ in drawing.spans if y != HIGH - 1})
        assert {0, 1} in drawn, drawn


AREAS = ("2", "3", "4", "5", "6", "7", "8", "9", "0", "1")
STEPS = ("down", "space", "?", "down", "escape", ":", "d", "escape", "/", "w", "escape")
"""Moves, marks, help and palette over it, a filter."""


@pytest.mark.parametrize(("size", "areas"), [((80, 24), AREAS[::2]), ((WIDE, 40), AREAS[1::2])])
async def test_the_same_cells_as_textual_draws(program: Program, size: tuple[int, int], areas: Sequence[str]) -> None:
    """What is left out was covered: after every update each cell is what Textual's own compositor would draw."""
    async with program.open(size=size, toasts=False) as driver:
        await driver.go("3", "OrdersScreen")
        await driver.press("1")
        drawing = Drawing(driver.app)
        driver.app.screen.refresh(layout=True)
        await driver.quiet()
        await drawing.done(driver.pilot)
        for key in (step for area in areas for step in (area, *STEPS)):
            await driver.press(key)
            await drawing.done(driver.pilot)
            meant = as_textual_draws(driver.app)
            if drawing.grid != meant:  # what an answer of the panel has changed in this very turn is drawn in the next
                await drawing.done(driver.pilot)
                meant = as_textual_draws(driver.app)
            assert drawing.grid == meant, f"after {key}"


PLACES = {
    "overview": "1", "invoices": "2", "an invoice": "2 enter", "orders": "3", "an order": "3 enter",
    "a filter": "3 / w", "jobs": "4", "the balance": "5", "settings": "6", "the planner": "7", "transfers": "8",
    "tickets": "9", "a ticket": "9 enter", "a letter": "9 n", "the account": "0", "servers to order": "3 b",
    "help": "3 ?", "the palette": "3 :", "a choice": "3 v", "a question": "q",
}  # fmt: skip
"""How one gets there."""


@pytest.mark.parametrize("size", [(80, 24), (WIDE, 40)])
async def test_nothing_is_drawn_while_nothing_happens(program: Program, size: tuple[int, int]) -> None:
    """P-BYTES-2: every clock rings, on every screen, and not one line is drawn; nothing blinks."""
    async with program.open(size=size, toasts=False) as driver:
        drawn: dict[str, object] = {}
        for place, keys in PLACES.items():
            await driver.go("1", "OverviewScreen")
            for key in keys.split():
                await driver.press(key)
            await driver.until(lambda: not driver.app._animator._animations, "rest")
            if spans := await drawn_at_rest(driver.app, driver.pilot):
                drawn[place] = len(spans), spans[:2]
            for _ in range(3):
                if len(driver.app.screen_stack) > 1 or driver.app.screen.has_class("filtering"):
                    await driver.press("escape")
        assert drawn == {}


async def test_a_key_held_is_not_behind(program: Program) -> None:
    """P-BYTES-2: thirty keys in one piece: every one moves the cursor, few pictures are drawn, none is left over."""
    async with program.open(size=(WIDE, HIGH)) as driver:
        await driver.go("3", "OrdersScreen")
        table, drawing = driver.list_screen.table, Drawing(driver.app)
        await drawing.done(driver.pilot)
        drawing.forget()
        for _ in range(30):
            driver.app.simulate_key("down")
        watch = Stopwatch()
        while table.cursor_position != 30:
            assert not watch.has_run(PATIENCE), driver.text()
            await asyncio.sleep(0.002)  # a pilot's pause would draw by itself, each time
        await drawing.done(driver.pilot)
        assert drawing.updates <= 30 + 5, "no more pictures than keys"
        drawing.forget()
        await driver.press("up")
        assert table.cursor_position == 29
