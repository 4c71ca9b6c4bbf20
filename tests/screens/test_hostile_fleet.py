"""A panel whose every text attacks: all screens open, nothing acts, no raw control byte, the program's cells intact."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest
from textual.widgets import Input

from billtui.screens.renewal_dialog import RenewalDialog
from tests.support.driving import Driver, Program
from tests.support.sandbox import SandboxProcess


@pytest.fixture(scope="module")
def hostile_panel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    """A panel with hostile names."""
    server = SandboxProcess(tmp_path_factory.mktemp("hostile") / "panel.db", hostile=True).start()
    try:
        yield server
    finally:
        server.kill()


@pytest.fixture
def hostile(hostile_panel: SandboxProcess, tmp_path: Path) -> Program:
    """Programs on it."""
    return Program(hostile_panel, tmp_path)


def raw_controls(driver: Driver) -> list[str]:
    """Control and bidirectional characters in what the widgets drew: the first of two layers against them."""
    found = []
    for character in driver.text().replace("\n", ""):
        if (
            unicodedata.category(character) in ("Cc", "Co", "Cs")
            or character in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200b"
        ):
            found.append(f"U+{ord(character):04X}")
    return found


@pytest.mark.parametrize("size", [(80, 24), (140, 40)])
async def test_every_screen_opens_and_draws_nothing_raw(hostile: Program, size: tuple[int, int]) -> None:
    async with hostile.open(size=size) as driver:
        for key, name in (
            ("1", "OverviewScreen"),
            ("2", "InvoicesScreen"),
            ("3", "OrdersScreen"),
            ("4", "JobsScreen"),
            ("5", "BalanceScreen"),
            ("6", "SettingsScreen"),
            ("7", "PlannerScreen"),
            ("9", "TicketsScreen"),
            ("0", "AccountScreen"),
        ):
            await driver.go(key, name)
            await driver.quiet()
            assert raw_controls(driver) == []
        for key, detail in (("2", "InvoiceScreen"), ("3", "OrderScreen"), ("9", "TicketScreen")):
            await driver.press(key)
            for _ in range(12):
                await driver.press("enter")
                await driver.on(detail)
                assert raw_controls(driver) == []
                await driver.press("escape", "j")
        await driver.go("7", "PlannerScreen")
        await driver.press("a")
        await driver.on("AgendaScreen")
        for _ in range(40):
            await driver.press("j")
            assert raw_controls(driver) == []
        assert driver.app.return_code is None
        assert driver.app.crash_text == ""


async def test_search_and_palette(hostile: Program) -> None:
    async with hostile.open() as driver:
        await driver.press("ctrl+f")
        await driver.type("a")
        await driver.quiet()
        assert raw_controls(driver) == []


async def test_confirmation_keeps_amount_and_account_in_their_cells(hostile: Program) -> None:
    """Whatever stands in a name, amount, count, account and panel are drawn by the program on lines of their own."""
    panel = hostile.panel()
    names = {one["id"]: one["name"] for one in panel.orders()}
    strange = [
        one["id"]
        for one in panel.orders()
        if one["state"] == "active" and one["unpaid_invoice_id"] is None and not names[one["id"]].isprintable()
    ][:3]
    assert strange, "the hostile fleet has hostile names"
    async with hostile.open(size=(80, 40)) as driver:
        await driver.go("3", "OrdersScreen")
        await driver.mark(*strange)
        assert raw_controls(driver) == []
        await driver.press("R")
        await driver.on("ChoiceDialog")
        await driver.choose("1")
        await driver.on("RenewalDialog")
        assert raw_controls(driver) == []
        screen = driver.app.screen
        assert isinstance(screen, RenewalDialog)
        await driver.choose("unpaid")
        await driver.on("ConfirmPlan")
        lines = [line.strip(" │┃▏▕").strip() for line in driver.text().splitlines()]
        account = driver.app.session.account
        assert account is not None
        assert f"Account  {account.login}, ID {account.account_id}" in [
            " ".join(line.split()).replace("Account ", "Account  ", 1) for line in lines
        ]
        assert (
            any(line.startswith("Amount") and line.endswith(str(screen.offer.total)) for line in lines)
            or "Issue the invoice" in driver.text()
        )
        assert raw_controls(driver) == []
        await driver.press("escape")
        await driver.hears("Nothing was sent.")


@pytest.mark.parametrize("size", [(80, 24), (140, 40)])
async def test_the_bulk_order_draws_nothing_raw(hostile: Program, size: tuple[int, int]) -> None:
    """Names, patterns and codes that attack, typed or told: every part of the order of many servers."""
    async with hostile.open(size=size) as driver:
        await driver.press("b")
        await driver.on("BulkOrderScreen")
        await driver.sees("VDS micro")
        await driver.press("j", "3", "f")
        await driver.sees("30 servers", "Price of the panel")
        for key, text in (("n", "a\u202e\u200b{loc}{n}"), ("d", "\u202eX[/]")):
            await driver.press(key)
            await driver.on("Prompt")
            driver.app.screen.query_one("#field", Input).value = text
            await driver.quiet()
            assert raw_controls(driver) == []
            await driver.press("enter")
            await driver.quiet()
            assert raw_controls(driver) == []
        if type(driver.app.screen).__name__ == "Prompt":
            await driver.press("escape")
        for key in ("x", "e", "v", "enter"):
            await driver.press(key)
            await driver.until(lambda: type(driver.app.screen).__name__ != "BulkOrderScreen", key)
            assert raw_controls(driver) == []
            await driver.press("escape")
            await driver.on("BulkOrderScreen")
        assert driver.app.crash_text == ""


async def test_choosing_naming_and_left_out_ones_draw_hostile_names_harmlessly(hostile: Program) -> None:
    """BLK-5, ORD-4: names of a hostile panel in every dialog about many orders, and in the exported files."""
    panel = hostile.panel()
    strange = [
        one
        for one in panel.orders()
        if one["state"] == "active" and one["unpaid_invoice_id"] is None and not one["name"].isprintable()
    ][:4]
    panel.renew([strange[0]["id"]])
    async with hostile.open(size=(80, 40)) as driver:
        await driver.go("3", "OrdersScreen")
        blocked = strange[0]["id"]
        store = driver.app.session.store
        await driver.until(lambda: store.order_rows([blocked])[blocked].unpaid_invoice_id, "the bill")
        await driver.press("m")
        await driver.on("ChoiceDialog")
        await driver.choose("expression")
        await driver.on("ExpressionDialog")
        await driver.type(f"id:{','.join(one['id'] for one in strange)}")
        await driver.sees("3 can be marked, 1 cannot")
        assert raw_controls(driver) == []
        await driver.press("enter")
        await driver.on("OrdersScreen")
        await driver.press("E")
        await driver.on("PatternDialog")
        assert raw_controls(driver) == []
        await driver.press("escape", "t")
        await driver.on("Prompt")
        assert raw_controls(driver) == []
        await driver.press("escape", "R")
        await driver.on("ChoiceDialog")
        await driver.choose("1")
        await driver.on("RenewalDialog")
        await driver.sees("3 in, 1 left out")
        assert raw_controls(driver) == []
    assert all(message.isprintable() for message in driver.said)


@pytest.mark.parametrize(("tool", "name"), [("renew", "SolverScreen"), ("line-up", "LineUpScreen")])
async def test_what_was_worked_out_draws_nothing_raw(hostile: Program, tool: str, name: str) -> None:
    async with hostile.open(size=(140, 40)) as driver:
        await driver.go("3", "OrdersScreen")
        await driver.press("*", "P")
        await driver.on("ChoiceDialog")
        await driver.choose(tool)
        await driver.on(name)
        await driver.until(lambda: getattr(driver.app.screen, "answer", None) is not None, "an answer")
        for _ in range(driver.list_screen.table.row_count):
            assert raw_controls(driver) == []
            await driver.press("j")
        await driver.press("e")
        await driver.on("MessageDialog")
        assert raw_controls(driver) == []
        await driver.sees("Close")
