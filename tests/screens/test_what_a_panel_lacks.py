"""Areas and keys of a panel that can less: they are there, say why, and where it is done instead."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from pydantic import SecretStr

from billtui.config.credentials import Credential
from billtui.config.profiles import make_profile
from tests.support.driving import Pocket, Program
from tests.support.gateway_stub import KEY, LOGIN, GatewayStub

AREAS = (
    ("2", "InvoicesScreen", "list invoices"),
    ("8", "TransfersScreen", "hand servers over"),
    ("9", "TicketsScreen", "list and read tickets"),
    ("5", "BalanceScreen", "list movements of money"),
)
REFUSED = (
    ("a", "switch auto-renewal"),
    ("E", "rename orders"),
    ("A", "add to a server"),
    ("p", "pay invoices"),
    ("T", "hand servers over to another account"),
    ("H", "open tickets"),
)


@pytest.mark.parametrize("size", [(80, 24), (140, 40)])
async def test_every_area_is_there_and_says_where_it_is_done(tmp_path: Path, size: tuple[int, int]) -> None:
    with GatewayStub() as gateway:
        sandbox: Any = SimpleNamespace(url=gateway.url, accounts=[{"login": LOGIN, "password": KEY}])
        profile = make_profile(name="gate", url=gateway.url, login=LOGIN, kind="rootpanel")
        pocket = Pocket(Credential("token", SecretStr(KEY), "test"))
        page = gateway.url.replace("apih.php", "billing.php")
        async with Program(sandbox, tmp_path).open(
            profile=profile, credentials=pocket, login=LOGIN, size=size
        ) as driver:
            await driver.sees("100.00 EUR", "not told by this panel", "3 active")
            assert "affiliate" not in driver.text() and "nothing" not in driver.text().partition("Runs out")[0]
            for key, screen, words in AREAS:
                await driver.go(key, screen)
                await driver.reads(words, "from here", page)
                assert "Nothing is open" not in driver.text()
            await driver.go("2", "InvoicesScreen")
            await driver.sees("y copies the address")
            await driver.press("y")
            await driver.hears(page)
            await driver.go("3", "OrdersScreen")
            await driver.sees("web-1.example")
            for key, words in REFUSED:
                await driver.press(key)
                await driver.hears(f"cannot {words} from here")
            await driver.press("enter")
            await driver.on("OrderScreen")
            await driver.sees("osname", "Debian")
        assert set(gateway.asked) <= {"getBalance", "getOrders"}


async def test_signing_in_names_what_is_typed(tmp_path: Path) -> None:
    with GatewayStub() as gateway:
        sandbox: Any = SimpleNamespace(url=gateway.url, accounts=[{"login": LOGIN, "password": KEY}])
        profile = make_profile(name="gate", url=gateway.url, login=LOGIN, kind="rootpanel")
        async with Program(sandbox, tmp_path).open(
            profile=profile, credentials=Pocket(), login=LOGIN, ready=False
        ) as driver:
            await driver.on("SignInScreen")
            await driver.sees("API key")
            await driver.type("wrong")
            await driver.press("enter")
            await driver.reads("Неверный ключ")
            await driver.type(KEY)
            await driver.press("enter")
            await driver.ready()
            await driver.sees("100.00 EUR")


async def test_what_never_ends_is_not_offered_to_be_renewed_nor_a_code_where_none_is_taken(tmp_path: Path) -> None:
    with GatewayStub() as gateway:
        gateway.orders[0]["todate"] = "9999-12-31"
        sandbox: Any = SimpleNamespace(url=gateway.url, accounts=[{"login": LOGIN, "password": KEY}])
        profile = make_profile(name="gate", url=gateway.url, login=LOGIN, kind="rootpanel")
        pocket = Pocket(Credential("token", SecretStr(KEY), "test"))
        async with Program(sandbox, tmp_path).open(profile=profile, credentials=pocket, login=LOGIN) as driver:
            await driver.go("3", "OrdersScreen")
            await driver.cursor_to("1")
            await driver.press("R")
            await driver.hears("web-1.example has no end: there is nothing to renew.")
            await driver.cursor_to("2")
            await driver.press("R")
            await driver.on("ChoiceDialog")
            await driver.press("enter")
            await driver.on("RenewalDialog")
            await driver.sees("none is taken from here: c says why")
            await driver.press("c")
            await driver.reads("cannot take a promo code with renewals from here", "billing.php")
            await driver.press("escape")
            await driver.on("OrdersScreen")
            await driver.press("b")
            await driver.on("BulkOrderScreen")
            await driver.sees("this panel takes none")
            await driver.press("d")
            await driver.hears("cannot take a promo code with new servers from here")
