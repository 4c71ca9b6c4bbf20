"""Pictures of everything that belongs to transfers, in both sizes; the list also in 16 colours and in ASCII."""

from __future__ import annotations

import pytest
from pytest_textual_snapshot import SVGImageExtension
from syrupy.assertion import SnapshotAssertion

from billtui.config.profiles import make_profile
from billtui.config.settings import Settings
from billtui.services.transfers import turn_of
from tests.screens.test_snapshots import (  # the fixtures are used by name
    SIZES,
    Steps,
    picture,
    still,  # noqa: F401
    still_panel,  # noqa: F401
)
from tests.support.driving import Driver, Program
from tests.support.handing_over import SENDER, links, paste, tab_to, type_recipient


async def on_one_that_waits(driver: Driver, step: str) -> str:
    """In the list, on the first transfer that waits for this step of ours; its link, from the mail."""
    await driver.go("8", "TransfersScreen")
    await driver.press("v")
    await driver.choose("waiting")
    running = driver.app.session.store.transfers_running()
    chosen = next(row.id for row in running if turn_of(row) == (True, step))
    await driver.cursor_to(chosen)
    subject = "Order Transfer" if step == "confirm" else "Order Acceptance"
    return next(one for one in links(driver.sandbox, SENDER, subject) if f"/transfers/{chosen}#" in one)


async def transfers(driver: Driver) -> None:
    await driver.go("8", "TransfersScreen")
    await driver.press("v")
    await driver.choose("all")
    await driver.sees("you accept", "declined", "accepted", "cancelled", "expired")


async def transfer(driver: Driver) -> None:
    await driver.go("8", "TransfersScreen")
    await driver.sees("you accept")
    await driver.press("v")
    await driver.choose("outgoing")
    await driver.press("home", "enter")
    await driver.on("TransferScreen")
    await driver.sees("History", "Cannot")


async def orders_on_their_way(driver: Driver) -> None:
    await driver.go("3", "OrdersScreen")
    await driver.press("v")
    await driver.choose("transferring")
    await driver.sees("transfer")


async def recipient(driver: Driver) -> None:
    await driver.go("3", "OrdersScreen")
    await driver.cursor_to("20")
    await driver.press("T")
    await driver.on("RecipientDialog")
    await driver.type("kofi.brandt@post.example")
    await driver.sees("is an e-mail address")


async def push_blocked(driver: Driver) -> None:
    """TRF-4: an unpaid invoice, a transfer, a blocked order; the rest can go."""
    await driver.go("3", "OrdersScreen")
    await driver.press("asterisk", "T")
    await type_recipient(driver)
    await driver.on("PushDialog")


async def push_confirm(driver: Driver) -> None:
    await push_blocked(driver)
    await driver.press("tab", "tab", "tab")
    assert driver.app.focused is not None
    assert driver.app.focused.id == "push"
    await driver.press("enter")
    await driver.on("ConfirmPlan")


async def codes(driver: Driver) -> None:
    link = await on_one_that_waits(driver, "confirm")
    await driver.press("f")
    await driver.on("CodesDialog")
    await paste(driver, link)
    await driver.sees("taken")
    await driver.sees("Server")


async def mail(driver: Driver) -> None:
    await driver.go("8", "TransfersScreen")
    await driver.press("M")
    await driver.on("MailDialog")
    await driver.sees("Order Transfer Confirmation", "to olena@marsh")


async def accept(driver: Driver) -> None:
    link = await on_one_that_waits(driver, "accept")
    await driver.press("a")
    await driver.on("CodesDialog")
    await paste(driver, link)
    await tab_to(driver, "go")
    await driver.press("enter")
    await driver.on("ConfirmPlan")


SHOTS: list[Steps] = [
    transfers, transfer, orders_on_their_way, recipient, push_blocked, push_confirm, codes, mail, accept,
]  # fmt: skip
PROFILE = make_profile(name="demo", url="http://127.0.0.1:8765", login=SENDER, demo=True)


@pytest.mark.parametrize("size", SIZES, ids=["80x24", "140x40"])
@pytest.mark.parametrize("steps", SHOTS, ids=lambda steps: steps.__name__)
async def test_picture(
    still: Program,  # noqa: F811 - the fixture
    snapshot: SnapshotAssertion,
    steps: Steps,
    size: tuple[int, int],
) -> None:
    profile = PROFILE.model_copy(update={"url": still.sandbox.url}) if steps in (codes, accept) else PROFILE
    async with still.open(size=size, profile=profile, toasts=False) as driver:
        await steps(driver)
        drawn = await picture(driver)
        assert drawn.replace(still.sandbox.url, "http://127.0.0.1:58765") == snapshot(extension_class=SVGImageExtension)


@pytest.mark.parametrize("theme", ["dark", "terminal"])
async def test_picture_of_the_list_in_few_colours_and_ascii(
    still: Program,  # noqa: F811 - the fixture
    snapshot: SnapshotAssertion,
    theme: str,
) -> None:
    chosen = Settings(theme=theme)
    async with still.open(profile=PROFILE, settings=chosen, ascii_only=theme == "dark", toasts=False) as driver:
        await transfers(driver)
        assert await picture(driver) == snapshot(extension_class=SVGImageExtension)
