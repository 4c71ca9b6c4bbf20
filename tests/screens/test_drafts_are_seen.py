"""What was begun and not sent is seen wherever its writer looks next, also after the program was left (TKT-9)."""

from __future__ import annotations

from billtui.screens.composer import ComposerScreen
from billtui.screens.tickets import TicketsScreen
from tests.screens.test_journey_writing import begin_reply, open_ticket
from tests.support.driving import Driver, Program

SUPPORT = "sam.desk"


def bar(driver: Driver) -> str:
    """The last line: the keys of this place."""
    return driver.text().rstrip().splitlines()[-1]


async def test_a_draft_is_seen_in_thread_list_and_queue_and_after_the_program_was_left(program: Program) -> None:
    ticket = open_ticket(program)
    async with program.open(size=(80, 24)) as driver:
        await begin_reply(driver, str(ticket["id"]))
        await driver.until(lambda: "esc Review" in bar(driver), "the key that works in a text")
        assert "q Close" not in bar(driver) and "? Help" not in bar(driver)
        await driver.type("One more thing")
        await driver.press("escape")
        await driver.until(lambda: "q Close" in bar(driver), "the key that works beside the text")
        await driver.press("escape")
        await driver.on("TicketScreen")
        await driver.sees("your draft waits (a)")
        await driver.go("9", "TicketsScreen")
        await driver.sees("; 1 draft")
        await driver.press("n")
        await driver.on("ComposerScreen")
        await driver.type("Another matter")
        await driver.press("escape", "escape")
        await driver.on("TicketsScreen")
        await driver.sees("; 1 draft, 1 new (n)")

    async with program.open(size=(80, 24)) as driver:
        await driver.go("9", "TicketsScreen")
        await driver.sees("; 1 draft, 1 new (n)")
        screen = driver.app.screen
        assert isinstance(screen, TicketsScreen)
        screen.show_view("drafts")
        await driver.sees("With a draft of yours", "Port 25 is closed", "draft")
        assert [row.id for row in screen.table.shown_rows()] == [ticket["id"]]
        await driver.press("enter")
        await driver.on("TicketScreen")
        await driver.press("a")
        await driver.on("ComposerScreen")
        assert isinstance(driver.app.screen, ComposerScreen)
        assert driver.app.screen.body.text == "One more thing"

    async with program.open(size=(80, 24), login=SUPPORT) as driver:
        await begin_reply(driver, str(ticket["id"]), internal=True)
        await driver.type("Ask the network people")
        await driver.press("escape", "escape")
        await driver.on("TicketScreen")
        await driver.sees("your note waits (i)")
        await driver.press("escape")
        await driver.on("QueueScreen")
        await driver.sees("1 draft")
