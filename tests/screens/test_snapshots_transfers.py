"""Pictures of everything that belongs to transfers, in both sizes; the list also in 16 colours and in ASCII."""

from __future__ import annotations

import pytest
from pytest_textual_snapshot import SVGImageExtension
from syrupy.assertion import SnapshotAssertion

from billtui.config.profiles import make_profile
from billtui.config.settings import Settings
from tests.screens.test_snapshots import (  # the fixtures are used by name
    SIZES,
    Steps,
    picture,
    still,  # noqa: F401
    still_panel,  # noqa: F401
)
from tests.support.driving import Driver, Program
from tests.support.handing_over import RECIPIENT, RECIPIENT_ID, SENDER, SENDER_ID, code_of, links, paste, type_recipient


def written(program: Program) -> None:
    """Transfers in every state, by other clients: out and in, waiting for each side, ended in three ways (TRF-3)."""
    mine, theirs, box = program.panel(), program.panel(RECIPIENT), program.sandbox

    def push(panel: object, ids: list[str], login: str, account_id: str) -> list[str]:
        body = {"order_ids": ids, "recipient_login": login, "recipient_account_id": account_id}
        return [str(one["id"]) for one in panel.write("POST", "/transfers", body)["items"]]  # type: ignore[attr-defined]  # a Panel

    def confirm(panel: object, login: str, transfer: str) -> None:
        link = next(one for one in links(box, login, "Order Transfer") if f"/transfers/{transfer}#" in one)
        panel.write("POST", f"/transfers/{transfer}/confirm", {"code": code_of(link)})  # type: ignore[attr-defined]  # a Panel

    vds = [one["id"] for one in mine.orders() if one["state"] == "active" and not one["unpaid_invoice_id"]]
    waiting = push(mine, vds[:3], RECIPIENT, RECIPIENT_ID)
    confirmed, declined, done = push(mine, vds[3:6], RECIPIENT, RECIPIENT_ID)
    for one in (confirmed, declined, done):
        confirm(mine, SENDER, one)
    theirs.write("POST", f"/transfers/{declined}/decline")
    link = next(one for one in links(box, RECIPIENT, "Order Acceptance") if f"/transfers/{done}#" in one)
    theirs.write("POST", f"/transfers/{done}/accept", {"code": code_of(link)})
    mine.write("POST", f"/transfers/{waiting[2]}/cancel")
    free = [one["id"] for one in theirs.orders() if one["state"] == "active" and not one["unpaid_invoice_id"]]
    incoming = push(theirs, free[:1], SENDER, SENDER_ID)
    confirm(theirs, RECIPIENT, incoming[0])


async def transfers(driver: Driver) -> None:
    await driver.go("8", "TransfersScreen")
    await driver.press("v")
    await driver.choose("all")
    await driver.sees("you accept", "declined", "accepted", "cancelled")


async def transfer(driver: Driver) -> None:
    await driver.go("8", "TransfersScreen")
    await driver.sees("you accept")
    await driver.press("v")
    await driver.choose("outgoing")
    await driver.press("end", "enter")
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
    await driver.go("8", "TransfersScreen")
    await driver.press("v")
    await driver.choose("outgoing")
    await driver.press("home", "j", "f")
    await driver.on("CodesDialog")
    await paste(driver, links(driver.sandbox, SENDER, "Order Transfer")[0])


async def mail(driver: Driver) -> None:
    await driver.go("8", "TransfersScreen")
    await driver.press("M")
    await driver.on("MailDialog")
    await driver.sees("Order Transfer Confirmation", "Accept it before")


async def accept(driver: Driver) -> None:
    await driver.go("8", "TransfersScreen")
    await driver.press("v")
    await driver.choose("incoming")
    await driver.press("home", "a")
    await driver.on("CodesDialog")
    await paste(driver, links(driver.sandbox, SENDER, "Order Acceptance")[0])
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
    written(still)
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
    written(still)
    chosen = Settings(theme=theme)
    async with still.open(profile=PROFILE, settings=chosen, ascii_only=theme == "dark", toasts=False) as driver:
        await transfers(driver)
        assert await picture(driver) == snapshot(extension_class=SVGImageExtension)
