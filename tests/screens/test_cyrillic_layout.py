"""On a ЙЦУКЕН layout the same physical keys work, signs too: what Russian and Ukrainian keyboards send."""

from __future__ import annotations

from tests.support.driving import Program


async def test_filter_help_palette_marks_and_sorting(program: Program) -> None:
    async with program.open() as driver:
        await driver.go("3", "OrdersScreen")
        await driver.until(lambda: driver.list_screen.table.cursor_id, "a row")
        first = driver.cursor
        await driver.press("о")
        assert driver.cursor != first, "j moves down"
        await driver.press("л")
        assert driver.cursor == first, "k moves up"
        before = driver.list_screen.table.sorted_by
        await driver.press("і")
        assert driver.list_screen.table.sorted_by != before, "s sorts, on a Ukrainian layout"
        await driver.press(".")
        assert driver.app.screen.has_class("filtering"), "/ filters"
        await driver.type("вуб")
        assert driver.app.focused is not None
        assert driver.app.focused.id == "filter", "letters are letters in a field"
        await driver.press("escape")
        await driver.press(",")
        await driver.on("HelpScreen")
        await driver.press("escape")
        await driver.on("OrdersScreen")
        await driver.press("Ж")
        await driver.on("Palette")
        await driver.press("escape")
        await driver.press('"')
        await driver.on("ProfileDialog")
