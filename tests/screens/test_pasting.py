"""Bracketed paste on lists and into fields: words, ids and addresses; never commands, whatever stands in them."""

from __future__ import annotations

import pytest
from textual.widgets import Input, TextArea

from tests.support.driving import Driver, Program
from tests.support.handing_over import paste

COMMANDS = "Dp\nq\n:\n\x1b[A*R\r\n x D"
"""Would delete, pay, quit, mark all and renew, if it were read as keys."""


def filter_of(driver: Driver) -> str:
    return driver.app.screen.query_one("#filter", Input).value


async def test_a_list_pasted_on_the_orders_is_read_as_orders(program: Program) -> None:
    orders = program.panel().orders()
    named = next(one for one in orders if one["id"] == "20")
    async with program.open() as driver:
        await driver.go("3", "OrdersScreen")
        await paste(driver, f"21\r\n{named['name']}\nno-such-server\n")
        await driver.on("PasteDialog")
        await driver.reads("2 orders found")
        assert "no-such-server" in driver.app.screen.query_one("#list", TextArea).text
        await driver.press("escape")
        await driver.on("OrdersScreen")
        assert not driver.list_screen.table.marked_ids


@pytest.mark.parametrize(("area", "name"), [("2", "InvoicesScreen"), ("3", "OrdersScreen"), ("9", "TicketsScreen")])
async def test_one_word_pasted_on_a_list_filters_it(program: Program, area: str, name: str) -> None:
    async with program.open() as driver:
        await driver.go(area, name)
        await driver.until(lambda: driver.list_screen.table.row_count, "rows")
        await paste(driver, "  db-nl-01\n")
        assert filter_of(driver) == "db-nl-01"
        await driver.press("enter", "escape")
        await driver.go("1", "OverviewScreen")


async def test_what_is_pasted_is_never_run(program: Program) -> None:
    """On lists, screens without one, and in questions: nothing is asked for, chosen or sent."""
    async with program.open() as driver:
        for area, name in (
            ("2", "InvoicesScreen"),
            ("3", "OrdersScreen"),
            ("5", "BalanceScreen"),
            ("6", "SettingsScreen"),
        ):
            await driver.go(area, name)
            await paste(driver, COMMANDS)
            await driver.quiet(6)
            assert type(driver.app.screen).__name__ in (name, "PasteDialog")
            await driver.press("escape", "escape")
            await driver.on(name)
        await driver.go("2", "InvoicesScreen")
        await driver.cursor_to(driver.bill("10"))
        await driver.press("D")
        await driver.on("ConfirmPlan")
        await paste(driver, "\r\n\r\n")
        await driver.quiet(6)
        await driver.on("ConfirmPlan")
        await driver.press("escape")
        await driver.on("InvoicesScreen")
        assert driver.jobs() == []
