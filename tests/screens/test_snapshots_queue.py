"""Pictures of what support staff lives in: the queue and the thread in both sizes, the rest where it is tightest."""

from __future__ import annotations

import pytest
from pytest_textual_snapshot import SVGImageExtension
from syrupy.assertion import SnapshotAssertion

from billtui.config.profiles import make_profile
from tests.screens.test_snapshots import (  # the fixtures are used by name
    Steps,
    picture,
    still,  # noqa: F401
    still_panel,  # noqa: F401
)
from tests.support.driving import Driver, Program

SAM = "sam.desk"
SMALL, LARGE = (80, 24), (140, 40)


async def queue(driver: Driver) -> None:
    await driver.on("QueueScreen")
    await driver.until(lambda: driver.list_screen.table.row_count, "tickets")
    if driver.app.size.width > 100:  # what was written last stands beside the list once the thread was read
        await driver.sees("abuse 0", "delete the file?")
    else:
        await driver.sees("hold")


async def thread(driver: Driver) -> None:
    await queue(driver)
    await driver.press("enter")
    await driver.on("TicketScreen")
    await driver.sees("dovecot", *(["Unpaid"] if driver.app.size.width > 100 else []))


async def hold(driver: Driver) -> None:
    await queue(driver)
    await driver.press("L")
    await driver.on("Prompt")
    await driver.reads("It comes back on")


async def merge(driver: Driver) -> None:
    await queue(driver)
    await driver.press("M")
    await driver.on("ChecklistDialog")
    await driver.press("space", "enter")
    await driver.on("ChoiceDialog")
    await driver.press("enter")
    await driver.on("MergePreview")


async def many(driver: Driver) -> None:
    await queue(driver)
    await driver.press("v")
    await driver.choose("all")
    await driver.press("asterisk", "P")
    await driver.on("ChoiceDialog")
    await driver.choose("low")
    await driver.on("ConfirmPlan")


async def customer(driver: Driver) -> None:
    await queue(driver)
    await driver.press("C")
    await driver.on("CustomerCardScreen")
    await driver.sees("Unpaid")


async def canned_form(driver: Driver) -> None:
    await queue(driver)
    await driver.press("K")
    await driver.on("CannedScreen")
    await driver.until(lambda: driver.list_screen.table.row_count, "replies")
    await driver.press("e")
    await driver.on("CannedForm")


async def shift(driver: Driver) -> None:
    await queue(driver)
    await driver.press("d")
    await driver.on("ShiftScreen")
    await driver.press("m")
    await driver.sees("Everybody's shift", "backlog")


async def overview(driver: Driver) -> None:
    await queue(driver)
    await driver.press("1")
    await driver.on("OverviewScreen")
    await driver.sees("Departments")


SHOTS: list[tuple[Steps, tuple[int, int]]] = [
    (queue, SMALL), (queue, LARGE), (thread, SMALL), (thread, LARGE), (hold, SMALL), (merge, LARGE), (many, SMALL),
    (customer, SMALL), (canned_form, SMALL), (shift, SMALL), (overview, SMALL),
]  # fmt: skip


@pytest.fixture(autouse=True)
def nothing_is_marked_as_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """The count of what is unread, at the top, does not change while a picture is taken."""
    monkeypatch.setattr("billtui.screens.ticket_reading.KEEP_AFTER", 3600.0)


PROFILE = make_profile(name="demo", url="http://127.0.0.1:8765", login=SAM, demo=True)


@pytest.mark.parametrize(("steps", "size"), SHOTS, ids=[f"{steps.__name__}-{size[0]}" for steps, size in SHOTS])
async def test_picture(
    still: Program,  # noqa: F811 - the fixture
    snapshot: SnapshotAssertion,
    steps: Steps,
    size: tuple[int, int],
) -> None:
    async with still.open(login=SAM, size=size, profile=PROFILE, toasts=False) as driver:
        await steps(driver)
        assert await picture(driver) == snapshot(extension_class=SVGImageExtension)
