"""The tightest dialogs at every size, and terminals too small from the start. All screens: test_every_screen.py."""

from __future__ import annotations

import re

import pytest

from tests.support.driving import Driver, Program

SIZES = [(20, 5), (3, 2), (1, 1), (39, 30), (80, 11), (40, 12), (60, 15), (120, 30), (200, 60)]
FEW = [(20, 5), (1, 1), (40, 12), (200, 60)]
AREAS = {
    "1": "OverviewScreen",
    "2": "InvoicesScreen",
    "3": "OrdersScreen",
    "4": "JobsScreen",
    "5": "BalanceScreen",
    "6": "SettingsScreen",
    "7": "PlannerScreen",
    "9": "TicketsScreen",
    "0": "AccountScreen",
}


def notice(driver: Driver) -> bool:
    return type(driver.app.screen).__name__ == "TooSmall"


def title_of(driver: Driver) -> str:
    """What stands in the frame of the dialog on top; nothing for a screen."""
    found = re.search("╭─ (.*?) ─", driver.text())
    return found[1] if found else ""


async def through_sizes(driver: Driver, name: str, sizes: list[tuple[int, int]]) -> None:
    """Shrink and grow the terminal under what is open now; it is there again when there is room."""
    for width, height in sizes:
        await driver.resize(width, height)
        await driver.until(lambda small=width < 40 or height < 12: notice(driver) == small, f"{width}×{height}")  # type: ignore[misc]  # a default argument binds it
        lines = driver.text().splitlines()
        assert len(lines) <= height
    await driver.resize(80, 24)
    await driver.on(name)


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("p", "ChoiceDialog"),
        ("a", "ChecklistDialog"),
        ("n", "Prompt"),
        ("d", "Prompt"),
        ("t", "ChoiceDialog"),
        ("v", "LinesDialog"),
        ("x", "ChoiceDialog"),
        ("e", "MessageDialog"),
        ("enter", "QuoteDialog"),
    ],
)
async def test_every_dialog_of_the_bulk_order(program: Program, key: str, name: str) -> None:
    """With a whole row wanted, one of it left out; the total is in sight at every size that shows anything."""
    async with program.open() as driver:
        await driver.press("b")
        await driver.on("BulkOrderScreen")
        await driver.sees("VDS micro")
        await driver.press("j", "3", "f")
        await driver.sees("Price of the panel")
        for width, height in SIZES:
            await driver.resize(width, height)
            if width >= 40 and height >= 12:
                await driver.sees("30 servers", " EUR for 1 month", "3/51]")
        await driver.resize(80, 24)
        await driver.press(key)
        await driver.on(name)
        title = title_of(driver)
        await through_sizes(driver, name, FEW)
        assert title_of(driver) == title


@pytest.mark.parametrize("size", [(40, 12), (80, 17), (80, 24), (80, 31), (140, 40)])
async def test_the_total_stands_beside_the_ways_to_pay(program: Program, size: tuple[int, int]) -> None:
    """However many lines and reasons there are, and wherever the choice is."""
    async with program.open() as driver:
        await driver.press("b")
        await driver.on("BulkOrderScreen")
        await driver.sees("VDS micro")
        await driver.press("j", "3", "f")
        await driver.sees("Price of the panel")
        await driver.press("enter")
        await driver.on("QuoteDialog")
        await driver.resize(*size)
        await driver.press("end", "up")
        await driver.quiet()
        assert re.search(r"Total +\d+\.\d\d EUR", driver.text()), driver.text()


async def test_a_terminal_too_small_from_the_start(program: Program) -> None:
    """The notice first, the program once there is room; a dialog that came meanwhile does not keep the notice."""
    from tests.support.driving import Pocket

    async with program.open(size=(30, 8), credentials=Pocket(), ready=False) as driver:
        await driver.until(lambda: notice(driver) or type(driver.app.screen).__name__ == "SignInScreen", "anything")
        await driver.resize(80, 24)
        await driver.on("SignInScreen")
        await driver.resize(20, 5)
        await driver.until(lambda: notice(driver), "the notice")
        await driver.resize(80, 24)
        await driver.on("SignInScreen")
        await driver.type("demo-fleet-2026")
        await driver.press("enter")
        await driver.ready()
        await driver.on("OverviewScreen")


async def test_a_dialog_that_opens_in_a_terminal_too_small(program: Program) -> None:
    """An answer that brings a dialog while there is no room: no crash, and the dialog once there is."""
    async with program.open() as driver:
        await driver.go("2", "InvoicesScreen")
        await driver.cursor_to(driver.bill("10"))
        program.sandbox.faults({"kind": "latency", "ms": 400, "method": "GET", "path": "/invoices"})
        await driver.press("p")
        await driver.resize(3, 3)
        await driver.until(
            lambda: any(type(screen).__name__ == "ChoiceDialog" for screen in driver.app.screen_stack), "the dialog"
        )
        await driver.quiet()
        await driver.resize(80, 24)
        await driver.on("ChoiceDialog")
        await driver.press("escape")
        await driver.on("InvoicesScreen")
