"""Screens and dialogs of transfers when things go against them: any size, hostile names, secrets on the screen."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from textual.widgets import Input

from billtui.services.transfers import turn_of
from tests.screens.test_hostile_fleet import raw_controls
from tests.screens.test_sizes import FEW, SIZES, through_sizes, title_of
from tests.support.driving import Driver, Program
from tests.support.handing_over import (
    SENDER,
    code_of,
    confirm_push,
    free_orders,
    link_of,
    paste,
    push_by_api,
    tab_to,
    type_recipient,
)
from tests.support.sandbox import SandboxProcess


@pytest.fixture
def hostile_panel(tmp_path: Path) -> Iterator[SandboxProcess]:
    """A panel with hostile names."""
    server = SandboxProcess(tmp_path / "panel.db", hostile=True).start()
    try:
        yield server
    finally:
        server.kill()


async def to_push(driver: Driver) -> None:
    """Everything chosen, to the look ahead: some can go, some cannot."""
    await driver.go("3", "OrdersScreen")
    await driver.press("asterisk", "T")
    await type_recipient(driver)
    await driver.on("PushDialog")


async def to_codes(driver: Driver) -> None:
    """To the question for the codes of what waits."""
    await driver.go("8", "TransfersScreen")
    waiting = [row.id for row in driver.app.session.store.transfers_running() if turn_of(row) == (True, "confirm")]
    await driver.cursor_to(waiting[0])
    await driver.press("f")
    await driver.on("CodesDialog")


async def to_mail(driver: Driver) -> None:
    """To the mails, once they are there."""
    await driver.go("8", "TransfersScreen")
    await driver.press("M")
    await driver.on("MailDialog")
    await driver.sees("Order Transfer")


async def to_recipient(driver: Driver) -> None:
    """To the question to whom."""
    await driver.go("3", "OrdersScreen")
    await driver.press("asterisk", "T")
    await driver.on("RecipientDialog")


async def to_detail(driver: Driver) -> None:
    """To one transfer."""
    await driver.go("8", "TransfersScreen")
    await driver.press("enter")
    await driver.on("TransferScreen")


STEPS = {
    "RecipientDialog": to_recipient,
    "PushDialog": to_push,
    "CodesDialog": to_codes,
    "MailDialog": to_mail,
    "TransferScreen": to_detail,
}


@pytest.mark.parametrize("name", STEPS)
async def test_a_resize_leaves_it_what_it_was(program: Program, name: str) -> None:
    async with program.open() as driver:
        await STEPS[name](driver)
        title = title_of(driver)
        await through_sizes(driver, name, FEW)
        assert title_of(driver) == title


async def test_the_list_at_every_size(program: Program) -> None:
    async with program.open() as driver:
        await driver.go("8", "TransfersScreen")
        await through_sizes(driver, "TransfersScreen", SIZES)


@pytest.mark.parametrize("size", [(80, 24), (60, 16), (40, 12)])
async def test_the_answers_of_a_push_are_in_sight_at_any_size(program: Program, size: tuple[int, int]) -> None:
    """Whoever cannot read all of it can still see what the buttons do, and the field that is typed into."""
    async with program.open(size=size, toasts=False) as driver:
        await to_push(driver)
        last = driver.text().splitlines()
        assert any("Cancel" in line for line in last), driver.text()
        await tab_to(driver, "push")
        await driver.press("enter")
        await driver.on("ConfirmPlan")
        await driver.type("kofi.bra")
        assert re.search(r"│\s+kofi\.bra\s+│", driver.text()), driver.text()
        await driver.type("ndt")
        screen = driver.app.screen
        await driver.press("enter", "enter")
        await driver.until(lambda: driver.app.screen is not screen, "the confirmation to close")


@pytest.mark.parametrize("size", [(80, 24), (140, 40)])
async def test_hostile_names_draw_nothing_raw(
    hostile_panel: SandboxProcess, tmp_path: Path, size: tuple[int, int]
) -> None:
    """The list, every detail, the mails, and a push of all that can go with its codes."""
    program = Program(hostile_panel, tmp_path)
    if not any(one["direction"] == "out" for one in program.panel().get("/transfers?limit=200")["items"]):
        push_by_api(program.panel(), [one["id"] for one in free_orders(program.panel(), 2)])
    async with program.open(size=size) as driver:
        await driver.go("8", "TransfersScreen")
        await driver.press("v")
        await driver.choose("all")
        rows = driver.list_screen.table.row_count
        assert rows
        for _ in range(min(rows, 12)):
            await driver.press("enter")
            await driver.on("TransferScreen")
            assert raw_controls(driver) == []
            await driver.press("escape", "j")
            assert raw_controls(driver) == []
        await driver.press("M")
        await driver.on("MailDialog")
        await driver.sees("Order")
        for _ in range(12):
            assert raw_controls(driver) == []
            await driver.press("j")
        await driver.press("escape")
        await to_push(driver)
        assert raw_controls(driver) == []
        await tab_to(driver, "push")
        await driver.press("enter")
        await driver.on("ConfirmPlan")
        assert raw_controls(driver) == []
        await confirm_push(driver)
        await driver.on("CodesDialog")
        assert raw_controls(driver) == []
        assert driver.app.crash_text == ""


async def test_a_code_is_nowhere_on_the_screen_nor_in_the_clipboard(program: Program) -> None:
    """Typed or pasted, given or refused: dots at most; the field is empty once it was read."""
    panel = program.panel()
    transfer = push_by_api(panel, [free_orders(panel, 1)[0]["id"]])[0]
    code = code_of(link_of(program.sandbox, SENDER, "confirm", transfer))
    async with program.open(size=(140, 40)) as driver:
        copied: list[str] = []

        def listening(text: str, *, secret: bool = False, what: str = "") -> bool:
            copied.append(text)
            return True

        driver.app.copy = listening  # type: ignore[method-assign]  # hears what would be copied
        await driver.go("8", "TransfersScreen")
        await driver.cursor_to(transfer)
        await driver.press("f")
        await driver.on("CodesDialog")
        await driver.type(code)
        assert code not in driver.text() and code not in driver.app.export_screenshot()
        await driver.press("ctrl+shift+a", "ctrl+c", "home", "shift+end", "ctrl+c", "ctrl+x")
        assert copied == []
        await paste(driver, link_of(program.sandbox, SENDER, "confirm", transfer))
        assert driver.app.screen.query_one("#codes", Input).value == ""
        await driver.sees("taken")
        assert code not in driver.text()
        await driver.press("escape")
        await driver.hears("still waits for you to confirm")
        shown = driver.app.export_screenshot()
        assert code not in shown and not any(code in one for one in driver.said)
