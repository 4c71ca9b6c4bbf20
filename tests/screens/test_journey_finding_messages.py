"""What is new in tickets is told on the first screen and above every one; what was said is found from anywhere."""

from __future__ import annotations

from tests.support.driving import Program
from tests.support.reading_tickets import copied, thread_on_top, ticket_named, whole_thread

DISK = "is read-only after the reboot"
BILL = "Which invoice did"


async def test_news_of_tickets_lead_to_them_and_words_of_messages_are_found_anywhere(program: Program) -> None:
    """TKT-6 at 80 columns: read, it is no news any more; the search opens the message in its thread."""
    async with program.open() as driver:
        await copied(driver, DISK, BILL)
        await driver.go("1", "OverviewScreen")
        new = len(driver.app.session.tickets.unread())
        assert new > 0
        await driver.sees(f"{new} unread answer", "tickets (9)", f"{new} unread")
        await driver.go("3", "OrdersScreen")
        await driver.sees(f"{new} unread")
        await driver.press("ctrl+f")
        await driver.on("SearchScreen")
        await driver.type("dovecot")
        await driver.sees("message", "dovecot")
        await driver.press("enter")
        await driver.on("TicketScreen")
        await whole_thread(driver)
        assert thread_on_top(driver).ticket_id == ticket_named(driver, DISK).id
        await driver.sees("dovecot")
        await driver.press("escape")
        await driver.press("ctrl+f")
        await driver.on("SearchScreen")
        await driver.type(f"ticket:{ticket_named(driver, BILL).number}")
        await driver.press("enter")
        await driver.on("TicketScreen")
        await whole_thread(driver)
        await driver.press("G")
        await driver.until(lambda: len(driver.app.session.tickets.unread()) == new - 1, "what was read is no news")
        await driver.press("escape")
        await driver.go("1", "OverviewScreen")
        if new > 1:
            await driver.sees(f"{new - 1} unread")
        else:
            await driver.until(lambda: "unread" not in driver.text(), "nothing is new")
