"""The account by keys: who one is, what loyalty gives and what reaches more, notifications (ACC-1, ACC-8, DSC)."""

from __future__ import annotations

from decimal import Decimal

import pytest

from billtui.domain.money import round_money
from billtui.screens.account import AccountScreen
from billtui.screens.notifications import NotificationsScreen
from tests.support.driving import Driver, Program, money_of


async def open_account(driver: Driver) -> AccountScreen:
    await driver.go("0", "AccountScreen")
    screen = driver.app.screen
    assert isinstance(screen, AccountScreen)
    return screen


@pytest.mark.parametrize("size", [(80, 24), (140, 40)])
async def test_who_one_is_each_copied_with_one_key(program: Program, size: tuple[int, int]) -> None:
    """ACC-1: ID, login and e-mail; the login is not the e-mail."""
    async with program.open(size=size) as driver:
        await open_account(driver)
        await driver.sees("204817", "olena.marsh", "olena@marsh-hosting.example", "billing@marsh-hosting.example")
        copies = {"i": "204817", "l": "olena.marsh", "e": "olena@marsh-hosting.example"}
        for key, value in copies.items():
            driver.said.clear()
            await driver.press(key)
            await driver.hears(f"Sent to the terminal's clipboard: {value}")
        await driver.press("down")
        await driver.sees("it is not the e-mail")
        driver.said.clear()
        await driver.press("y")
        await driver.hears("clipboard: olena.marsh")
        await driver.press("m")
        await driver.on("BalanceScreen")


async def test_loyalty_is_what_the_panel_bills(program: Program) -> None:
    """DSC-1 to DSC-5: the month on the screen is the sum over the panel's own percentages; the steps are the rules'."""
    panel = program.panel()
    running = [one for one in panel.orders() if one["state"] in ("active", "suspended")]
    addons = sum((money_of(part["monthly_price"]) for one in running for part in one["addons"]), Decimal(0))
    listed = sum((money_of(one["monthly_price"]) for one in running), Decimal(0)) + addons
    total = addons + sum(
        (
            round_money(money_of(one["monthly_price"]) * (100 - Decimal(one["discount_percent"])) / 100)
            for one in running
        ),
        Decimal(0),
    )
    async with program.open() as driver:
        screen = await open_account(driver)
        await driver.until(lambda: screen.loyalty is not None, "loyalty")
        assert screen.loyalty is not None
        assert (screen.loyalty.total.amount, screen.loyalty.listed.amount) == (total, listed)
        await driver.sees(f"{total} EUR a month (list {listed}")
        dedicated = next(one for one in screen.loyalty.standings if one.kind == "dedicated")
        assert dedicated.next_count is not None
        await driver.sees(f"1 more dedicated → 2 %, saves {dedicated.next_count.saves} a month")
        await driver.press("L")
        await driver.on("MessageDialog")
        await driver.reads("the highest step by number is reached", "a quote of the panel is what counts")


async def test_what_is_under_the_cursor_says_what_it_is_for(program: Program) -> None:
    async with program.open() as driver:
        await open_account(driver)
        await driver.press("end")
        await driver.reads("the warning before a deletion cannot be turned off for e-mail (ACC-8)")
        await driver.press("enter")
        await driver.on("NotificationsScreen")
        await driver.press("escape")
        await driver.on("AccountScreen")


async def open_matrix(driver: Driver) -> NotificationsScreen:
    await open_account(driver)
    await driver.press("N")
    await driver.on("NotificationsScreen")
    screen = driver.app.screen
    assert isinstance(screen, NotificationsScreen)
    await driver.until(lambda: screen.table.row_count == 5, "the events")
    return screen


def settings_of(program: Program) -> dict[str, dict[str, bool]]:
    """The panel's truth."""
    return {one["event"]: one["channels"] for one in program.panel().get("/me")["notifications"]}


@pytest.mark.parametrize("size", [(80, 24), (140, 40)])
async def test_notifications_are_switched_confirmed_and_carried_out(program: Program, size: tuple[int, int]) -> None:
    """ACC-8: one plan for all that was switched; nothing is sent before it is confirmed; a fixed cell says why."""
    before = settings_of(program)
    first, *_, fixed = before
    async with program.open(size=size) as driver:
        screen = await open_matrix(driver)
        await driver.cursor_to(fixed)
        await driver.press("e")
        await driver.hears("it cannot be turned off (ACC-8)")
        assert not screen.switched
        await driver.press("w")
        await driver.hears("Nothing was switched")
        await driver.press("t")
        await driver.cursor_to(first)
        await driver.press("e", "t", "t")
        await driver.sees("2 settings switched and not saved")
        assert settings_of(program) == before
        await driver.press("w")
        await driver.confirm()
        job = await driver.finished()
        assert job.counts == {"done": 1}
        wanted = {**before, first: {**before[first], "email": not before[first]["email"]}}
        wanted[fixed] = {**before[fixed], "telegram": not before[fixed]["telegram"]}
        assert settings_of(program) == wanted
        await driver.until(lambda: not screen.switched, "the screen to know")
        assert "unsaved" not in driver.text()


async def test_what_is_not_saved_is_asked_for_and_forgotten(program: Program) -> None:
    before = settings_of(program)
    async with program.open() as driver:
        screen = await open_matrix(driver)
        await driver.press("t", "escape")
        await driver.on("ChoiceDialog")
        await driver.press("escape")
        await driver.on("NotificationsScreen")
        assert screen.switched
        await driver.press("enter")
        await driver.on("ChecklistDialog")
        await driver.press("space", "enter")
        await driver.on("NotificationsScreen")
        await driver.sees("2 settings switched")
        await driver.press("X")
        assert not screen.switched
        await driver.press("t", "escape")
        await driver.on("ChoiceDialog")
        await driver.choose("forget")
        await driver.on("AccountScreen")
        assert settings_of(program) == before


async def test_another_account_begins_anew(program: Program) -> None:
    """What was worked out or switched in one account does not reach the next."""
    async with program.open() as driver:
        screen = await open_account(driver)
        await driver.until(lambda: screen.loyalty is not None, "loyalty")
        first = screen.loyalty
        from pydantic import SecretStr

        await driver.app.session.sign_in("kofi.brandt", SecretStr("demo-fleet-2026"))
        await driver.sees("318255", "kofi.brandt")
        await driver.until(lambda: screen.loyalty is not None and screen.loyalty != first, "the other's loyalty")
