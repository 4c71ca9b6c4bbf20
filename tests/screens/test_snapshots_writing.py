"""Pictures of writing: a new ticket with its review, what is asked before sending, an answer and a note beside it."""

from __future__ import annotations

import pytest
from pytest_textual_snapshot import SVGImageExtension
from syrupy.assertion import SnapshotAssertion

from billtui.config.profiles import Profile, make_profile
from billtui.config.settings import Settings
from tests.screens.test_journey_writing import (
    SUPPORT,
    answer_by_api,
    answer_findings,
    begin_new,
    begin_reply,
    composer,
    found,
    open_ticket,
)
from tests.screens.test_snapshots import (  # the fixtures are used by name
    SIZES,
    picture,
    still,  # noqa: F401
    still_panel,  # noqa: F401
)
from tests.support.driving import Driver, Program
from tests.support.handing_over import SENDER, paste

POOR = (
    "Hello, my server web does not work since the update, nginx says 502. My root password is: hunter2Secret! "
    "Also I have a question about my invoice, please refund me."
)
HELD = Settings(undo_seconds=0)


def profile_of(login: str) -> Profile:
    """The profile of these pictures."""
    return make_profile(name="demo", url="http://127.0.0.1:8765", login=login, demo=True)


async def kept(driver: Driver) -> None:
    """Wait until the letter is on disk and reviewed: its frame and its panel say so."""
    screen = composer(driver)
    await driver.until(lambda: screen.kept.draft.body == screen.body.text, "it to be kept")
    await driver.until(
        lambda: (one := screen.reviewer.draft) is not None and one.body == screen.body.text, "its review"
    )
    await driver.sees("draft kept")


@pytest.mark.parametrize("size", SIZES, ids=["80x24", "140x40"])
async def test_pictures_of_a_client_who_writes(
    still: Program,  # noqa: F811 - the fixture
    snapshot: SnapshotAssertion,
    size: tuple[int, int],
) -> None:
    ticket_id = open_ticket(still)["id"]

    async def shot(name: str) -> None:
        assert await picture(driver) == snapshot(extension_class=SVGImageExtension, name=name)

    async with still.open(size=size, profile=profile_of(SENDER), toasts=False, settings=HELD) as driver:
        await begin_new(driver)
        await driver.type("urgent")
        await driver.press("enter")
        await paste(driver, POOR)
        await found(driver, "secret-in-text", "two-problems", "no-order")
        await kept(driver)
        await shot("new")
        await driver.press("escape")
        await driver.sees("a number does its fix")
        if size == SIZES[0]:
            await shot("review")
        await driver.press("ctrl+o")
        await driver.on("SendWithFindings")
        await shot("ask")
        await driver.press("enter")
        await driver.on("ComposerScreen")
        await driver.press("escape", "escape")
        await driver.on("TicketsScreen")
        await begin_reply(driver, ticket_id)
        await driver.type("It is mail-1.")
        answer_by_api(still, ticket_id, "Do you mean mail-1?")
        await driver.sees("wrote meanwhile")
        await kept(driver)
        await driver.press("ctrl+o")
        await answer_findings(driver)
        await driver.on("ThreadMovedOn")
        await driver.sees("Nothing was sent. 1 message came after the last one that you saw", "Do you mean mail-1?")
        await driver.sees("5 unread")  # nobody can have seen what came
        await shot("held")


async def test_what_a_letter_stands_over_is_counted_as_unread_and_the_bar_says_so(
    still: Program,  # noqa: F811 - the fixture
) -> None:
    """TKT-9, on a panel whose time stands still: whatever was written is of the second of what was read."""
    ticket_id = open_ticket(still)["id"]
    async with still.open(settings=HELD) as driver:
        tickets = driver.app.session.tickets
        await driver.until(lambda: "unread" in driver.text(), "the count")
        before = len(tickets.unread())
        await begin_reply(driver, ticket_id)
        await driver.until(lambda: tickets.seen(ticket_id), "one's own message to be read")
        answer_by_api(still, ticket_id, "Do you mean mail-1?")
        await driver.sees("wrote meanwhile")
        assert ticket_id in tickets.unread()
        await driver.sees(f"{before + 1} unread")
        await driver.press("escape", "escape")
        await driver.on("TicketScreen")
        await driver.sees("Do you mean mail-1?")
        await driver.until(lambda: ticket_id not in tickets.unread(), "it to be read")
        await driver.sees(f"{before} unread")


@pytest.mark.parametrize("look", ["80x24", "140x40", "ascii"])
async def test_pictures_of_support_who_answers(
    still: Program,  # noqa: F811 - the fixture
    snapshot: SnapshotAssertion,
    look: str,
) -> None:
    ticket_id = open_ticket(still)["id"]

    async def shot(name: str) -> None:
        assert await picture(driver) == snapshot(extension_class=SVGImageExtension, name=name)

    size = SIZES[1] if look == "140x40" else SIZES[0]
    settings = HELD.model_copy(update={"theme": "terminal" if look == "ascii" else "dark"})
    async with still.open(
        login=SUPPORT,
        size=size,
        profile=profile_of(SUPPORT),
        toasts=False,
        settings=settings,
        ascii_only=look == "ascii",
    ) as driver:
        await begin_reply(driver, ticket_id)
        if look != "ascii":
            await driver.press("f5")
            await driver.on("CannedPicker")
            await driver.type("answers again")
            await driver.sees("To be written in")
            await shot("canned")
            await driver.press("enter")
            await driver.on("ComposerScreen")
        await driver.type("mail-1")
        await kept(driver)
        await shot("answer")
        await driver.press("escape", "escape")
        await driver.on("TicketScreen")
        await driver.press("i")
        await driver.on("ComposerScreen")
        await driver.type("Third time this month, look at the quota.")
        await kept(driver)
        await shot("note")
