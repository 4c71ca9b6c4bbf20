"""The whole program through the door: every area and the common dialogs, looked at cell by cell; bytes counted."""

from __future__ import annotations

import statistics

import pytest
from rich.color import ColorSystem
from textual._compositor import LayoutUpdate
from textual._context import visible_screen_stack
from textual.geometry import Region

from billtui.terminal.attributes import style_book
from billtui.terminal.screenful import Painting
from tests.screens.test_sizes import AREAS
from tests.screens.test_what_is_drawn import copy_stands_still
from tests.support.driving import Driver, Program
from tests.support.through_door import Watched, watched

OPENING = 9_000
"""P-BYTES-1: what opening a screen may write."""
CURSES = 278
"""P-BYTES-1: what a table in curses writes when it scrolls by a row (docs/performance.md)."""


def door_of(driver: Driver) -> Watched:
    door = driver.app._driver
    assert isinstance(door, Watched)
    return door


def drawn_anew(driver: Driver) -> list[str]:
    """The rows of the top screen, composed from nothing, as the picture should have them."""
    app, screen = driver.app, driver.app.screen
    visible_screen_stack.set(app._background_screens)
    strips = screen._compositor.render_strips()
    size = screen._compositor.size
    painting = Painting(style_book(ColorSystem.TRUECOLOR))
    painting.take_over(LayoutUpdate([[strip] for strip in strips], Region(0, 0, *size)))
    return ["".join(cell.text for cell in row) for row in painting.screenful.rows]


async def looked_at(driver: Driver) -> None:
    """What was meant is what the compositor would draw anew; the emulator was compared with it after each frame."""
    door = door_of(driver)

    def standing() -> list[str]:
        if door.shown is None:  # forgotten by ctrl+l, and not drawn anew yet
            return []
        return ["".join(cell.text for cell in row) for row in door.shown.rows]

    await driver.until(lambda: standing() == drawn_anew(driver), f"the picture of {driver.app.screen}")
    door.look()


async def there_and_back(driver: Driver, key: str, name: str) -> None:
    back = type(driver.app.screen).__name__
    await driver.press(key)
    await driver.on(name)
    await looked_at(driver)
    await driver.press("escape")
    await driver.on(back)
    await looked_at(driver)


async def test_every_area_and_what_opens_above_it(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    with watched(monkeypatch):
        async with program.open(size=(96, 26)) as driver:
            for key, name in AREAS.items():
                await driver.go(key, name)
                await looked_at(driver)
                await driver.press("j", "j", "pagedown", "k", "end", "home")
                await looked_at(driver)
            await driver.go("3", "OrdersScreen")
            await driver.cursor_to("20")
            for key, name in (
                ("enter", "OrderScreen"), ("R", "ChoiceDialog"), ("E", "Prompt"), ("c", "ColumnsDialog"),
                ("b", "BulkOrderScreen"), ("A", "ChecklistDialog"), ("question_mark", "HelpScreen"),
                ("colon", "Palette"), ("ctrl+f", "SearchScreen"), ("q", "QuitDialog"),
            ):  # fmt: skip
                await there_and_back(driver, key, name)
            await driver.press("slash")
            await driver.type("web")
            await looked_at(driver)
            await driver.press("escape")
            for size in ((60, 15), (20, 5), (1, 1), (140, 40)):
                await driver.resize(*size)
                await looked_at(driver)


async def test_what_a_key_costs(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    """P-BYTES-1 in the whole program: one frame for a key, few bytes in it."""
    with watched(monkeypatch):
        async with program.open(size=(96, 24)) as driver:
            await driver.go("3", "OrdersScreen")
            copy_stands_still(driver.list_screen)  # what comes meanwhile costs by itself, not by a key
            await looked_at(driver)
            door = door_of(driver)

            async def cost(*keys: str) -> list[int]:
                costs = []
                for key in keys:
                    door.frames.clear()
                    await driver.press(key)
                    await looked_at(driver)
                    costs.append(door.bytes())
                return costs

            moves = await cost(*["j"] * 8)
            assert statistics.median(moves) <= 1.5 * CURSES
            await driver.press(*["j"] * 12)
            scrolls = await cost(*["j"] * 8)
            assert 0 < statistics.median(scrolls) <= 1.5 * CURSES
            assert statistics.median(scrolls) < 1.2 * statistics.median(moves), "rows that moved are not written"
            assert max(await cost("space", "space")) < CURSES
            door.frames.clear()
            await driver.press("k")
            await looked_at(driver)
            assert len(door.frames) == 1
            assert max(await cost(*"2345", "ctrl+l")) <= OPENING
