"""A picture of the account's screens and forms in both sizes; what is shown once is covered in them.

``pytest tests/screens/test_account_pictures.py --snapshot-update`` draws them anew; look at them before keeping them.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest
from pytest_textual_snapshot import SVGImageExtension
from syrupy.assertion import SnapshotAssertion

from billtui.config.profiles import make_profile
from billtui.config.settings import Settings
from tests.screens.test_snapshots import SIZES, picture
from tests.screens.test_snapshots import still as still
from tests.screens.test_snapshots import still_panel as still_panel
from tests.support.driving import PASSWORD, Driver, Program

Steps = Callable[[Driver], Awaitable[None]]


async def account(driver: Driver) -> None:
    await driver.go("0", "AccountScreen")
    await driver.until(lambda: driver.app.screen.loyalty is not None, "loyalty")  # type: ignore[attr-defined]  # an AccountScreen
    await picture(driver)  # what shines through a dialog was painted, too


async def account_end(driver: Driver) -> None:
    """The lower half, as it is scrolled to on a low terminal."""
    await account(driver)
    await driver.press("end")
    await driver.reads("cannot be turned off for e-mail")


async def loyalty(driver: Driver) -> None:
    await account(driver)
    await driver.press("L")
    await driver.on("MessageDialog")


async def password(driver: Driver) -> None:
    """With a slip: the login is in it."""
    await account(driver)
    await driver.press("P")
    await driver.on("PasswordDialog")
    for text in (PASSWORD, "olena.marsh-7", "olena.marsh-7"):
        await driver.type(text)
        await driver.press("enter")
    await driver.reads("is not good yet: without the login")


async def second_factor(driver: Driver) -> None:
    """The QR code and the secret are covered."""
    await account(driver)
    await driver.press("F")
    await driver.on("BeginTotp")
    await driver.type(PASSWORD)
    await driver.press("enter")
    await driver.on("ConfirmTotp")


async def keys(driver: Driver) -> None:
    await account(driver)
    await driver.press("K")
    await driver.on("ApiKeysScreen")
    await driver.sees("There is no API key")


async def new_key(driver: Driver) -> None:
    await keys(driver)
    await driver.press("n")
    await driver.on("NewKeyDialog")
    await driver.type("monitoring")
    await driver.press("tab", "tab")
    await driver.type("192.0.2.0/24")
    await driver.reads("It reads only, until")


async def key_shown_once(driver: Driver) -> None:
    """The key itself is covered."""
    await new_key(driver)
    await driver.press("tab")
    await driver.type(PASSWORD)
    await driver.press("enter")
    await driver.on("ShownOnce")


async def notifications(driver: Driver) -> None:
    await account(driver)
    await driver.press("N")
    await driver.on("NotificationsScreen")
    await driver.press("t", "j", "e")
    await driver.sees("2 settings switched")


async def sessions(driver: Driver) -> None:
    await account(driver)
    await driver.press("W")
    await driver.on("SessionsScreen")
    await driver.sees("this one")


SHOTS: list[Steps] = [
    account, account_end, loyalty, password, second_factor, keys, new_key, key_shown_once, notifications,
]  # fmt: skip


async def compare(still: Program, snapshot: SnapshotAssertion, steps: Steps, size: tuple[int, int]) -> None:
    profile = make_profile(name="demo", url="http://127.0.0.1:8765", login="olena.marsh", demo=True)
    async with still.open(size=size, profile=profile, settings=Settings(), toasts=False) as driver:
        await steps(driver)
        driver.app.screen.refresh()  # to read its text had it drawn without what shines through
        assert await picture(driver) == snapshot(extension_class=SVGImageExtension)


@pytest.mark.parametrize("size", SIZES, ids=["80x24", "140x40"])
@pytest.mark.parametrize("steps", SHOTS, ids=lambda steps: steps.__name__)
async def test_picture(still: Program, snapshot: SnapshotAssertion, steps: Steps, size: tuple[int, int]) -> None:
    await compare(still, snapshot, steps, size)


async def test_picture_of_sessions(still: Program, snapshot: SnapshotAssertion) -> None:
    """On a wide terminal the pane beside it shows the session's id, which is another one each time."""
    await compare(still, snapshot, sessions, (80, 24))
