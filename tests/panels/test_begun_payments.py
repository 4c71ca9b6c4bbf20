"""A payment that was begun at a provider on BILLmanager, by keys: it stays in sight, and is not begun a second time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from pydantic import SecretStr

from billtui.config.profiles import make_profile
from billtui.config.secret_sources import Credential
from tests.panels.houses import DIALECTS, House
from tests.support.driving import Driver, Pocket, Program
from tests.support.sandbox import SandboxProcess


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    sandbox = SandboxProcess(tmp_path / "panel.db", fleet=12).start()
    try:
        yield DIALECTS["billmanager"](sandbox)
        assert sandbox.check_books() == []
    finally:
        sandbox.kill()


async def begin_by_card(driver: Driver, invoice: str) -> None:
    """From the list to the provider's address; the second way is chosen by ``j``, as in a list."""
    await driver.go("2", "InvoicesScreen")
    await driver.cursor_to(invoice)
    await driver.press("p")
    await driver.on("ChoiceDialog")
    await driver.press("j", "enter")
    await driver.on("ConfirmPlan")
    await driver.reads("By Card")
    await driver.sees("by card ")
    await driver.confirm()
    await driver.on("ExternalPayment")
    await driver.press("escape")
    await driver.on("InvoicesScreen")


async def test_what_was_begun_stays_in_sight_and_is_not_begun_again(house: House, tmp_path: Path) -> None:
    invoice, spent = house.payable(), house.spent()
    accounts = [{"login": house.login, "password": house.secret[1]}]
    sandbox: Any = SimpleNamespace(url=house.url, accounts=accounts)
    profile = make_profile(name="house", url=house.url, login=house.login, kind=house.kind)
    pocket = Pocket(Credential("password", SecretStr(house.secret[1]), "test"))
    async with Program(sandbox, tmp_path).open(profile=profile, credentials=pocket, login=house.login) as driver:
        await begin_by_card(driver, invoice)
        store = driver.app.session.store
        await driver.until(lambda: store.invoice_rows([invoice])[invoice].state == "payment in progress", "it begun")
        table = driver.list_screen.table
        await driver.until(lambda: invoice in table.shown_ids(), "it among the open ones")
        await driver.cursor_to(invoice)
        for key in ("p", "D"):
            driver.said.clear()
            await driver.press(key)
            await driver.hears("was begun at a provider. Pay it at the address")
            assert type(driver.app.screen).__name__ == "InvoicesScreen"
        assert len(driver.jobs()) == 1
        await driver.go("0", "AccountScreen")
        await driver.reads("does not tell whether it is on")
        await driver.press("P")
        await driver.on("PasswordDialog")
        await driver.reads("Every other session of this account is signed out")
        assert "API keys" not in driver.prose()
        await driver.press("escape")
        await driver.go("5", "BalanceScreen")
        await driver.press("t")
        await driver.on("Prompt")
        await driver.type("12.50")
        await driver.press("enter")
        await driver.on("ChoiceDialog")
        await driver.sees("Card", "Crypto currency")
        assert "card-2" not in driver.text()
        await driver.press("escape")
    assert house.spent() == spent and not house.is_paid(invoice)
