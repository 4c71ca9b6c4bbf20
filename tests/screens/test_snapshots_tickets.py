"""Pictures of reading tickets, in both sizes: the list, threads of a client and of support, search, saving, facts."""

from __future__ import annotations

import pytest
from pytest_textual_snapshot import SVGImageExtension
from syrupy.assertion import SnapshotAssertion

from billtui.config.settings import Settings
from tests.screens.test_snapshots import (  # the fixtures are used by name
    SIZES,
    Steps,
    picture,
    still,  # noqa: F401
    still_panel,  # noqa: F401
)
from tests.support.driving import Driver, Program
from tests.support.reading_tickets import copied, open_ticket, ticket_named, whole_thread

CLIENT, STAFF = "olena.marsh", "sam.desk"
DISK, LOSS, MOVE = "is read-only after the reboot", "Packet loss from", "Move of 40 servers"


async def listed(driver: Driver) -> None:
    """In the list, with the names of departments."""
    await copied(driver, DISK, LOSS)
    await driver.go("9", "TicketsScreen")
    await driver.sees("Who acts", "for you to answer")
    if driver.app.size.width > 100:
        await driver.sees("Technical")


async def tickets(driver: Driver) -> None:
    await listed(driver)


async def tickets_found_by_what_was_said(driver: Driver) -> None:
    await listed(driver)
    await driver.press("slash")
    await driver.type("dovecot")
    await driver.press("enter")
    await driver.sees("dovecot")


async def thread_of_a_client(driver: Driver) -> None:
    await listed(driver)
    await open_ticket(driver, DISK)
    await driver.press("g")
    await driver.sees("EXT4-fs error", "Technical")


async def thread_searched(driver: Driver) -> None:
    await thread_of_a_client(driver)
    await driver.press("slash")
    await driver.type("fsck")
    await driver.press("enter")
    await driver.sees("1 of")


async def thread_of_many_messages(driver: Driver) -> None:
    await copied(driver, MOVE)
    driver.app.show_ticket(ticket_named(driver, MOVE).id)
    await driver.on("TicketScreen")
    await whole_thread(driver)
    await driver.press("g", "pagedown", "pagedown")
    await driver.sees("message ", "Technical")


async def saving(driver: Driver) -> None:
    await listed(driver)
    await open_ticket(driver, LOSS)
    await driver.press("s")
    await driver.on("Prompt")


async def thread_of_support(driver: Driver) -> None:
    await copied(driver, DISK)
    driver.app.show_ticket(ticket_named(driver, DISK).id)
    await driver.on("TicketScreen")
    await whole_thread(driver)
    await driver.press("g", "J")
    await driver.sees("only staff sees this", "Technical")
    if driver.app.size.width > 100:
        await driver.sees("Unpaid:")


async def facts(driver: Driver) -> None:
    await thread_of_support(driver)
    await driver.press("f")
    await driver.on("MessageDialog")
    await driver.sees("access given, read once")


OF_CLIENT: list[Steps] = [
    tickets, tickets_found_by_what_was_said, thread_of_a_client, thread_searched, saving,
]  # fmt: skip
OF_STAFF: list[Steps] = [thread_of_support, facts]
SMALL, LARGE = SIZES
SHOTS = [
    *((CLIENT, steps, SMALL) for steps in OF_CLIENT),
    *((STAFF, steps, SMALL) for steps in OF_STAFF),
    (CLIENT, tickets, LARGE),
    (CLIENT, thread_of_many_messages, LARGE),
    (STAFF, thread_of_support, LARGE),
]


def name_of(value: object) -> str:
    """A part of a picture's name."""
    return "x".join(map(str, value)) if isinstance(value, tuple) else getattr(value, "__name__", str(value))


@pytest.fixture(autouse=True)
def nothing_is_marked_as_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """The count of what is unread, at the top, does not change while a picture is taken."""
    monkeypatch.setattr("billtui.screens.ticket_reading.KEEP_AFTER", 3600.0)


@pytest.mark.parametrize(("login", "steps", "size"), SHOTS, ids=name_of)
async def test_picture(
    still: Program,  # noqa: F811 - the fixture
    snapshot: SnapshotAssertion,
    login: str,
    steps: Steps,
    size: tuple[int, int],
) -> None:
    async with still.open(login=login, size=size, toasts=False) as driver:
        await steps(driver)
        assert await picture(driver) == snapshot(extension_class=SVGImageExtension)


@pytest.mark.parametrize("theme", ["dark", "terminal"])
async def test_picture_of_a_thread_in_few_colours_and_ascii(
    still: Program,  # noqa: F811 - the fixture
    snapshot: SnapshotAssertion,
    theme: str,
) -> None:
    chosen = Settings(theme=theme)
    async with still.open(login=STAFF, settings=chosen, ascii_only=theme == "dark", toasts=False) as driver:
        await thread_of_support(driver)
        assert await picture(driver) == snapshot(extension_class=SVGImageExtension)
