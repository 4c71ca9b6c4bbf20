"""Reading tickets as a person does: into a thread, and until all of it is there."""

from __future__ import annotations

from billtui.screens.ticket import TicketScreen
from billtui.services.store import TicketRow
from tests.support.driving import Driver


def ticket_named(driver: Driver, words: str) -> TicketRow:
    """The ticket of the copy whose subject holds these words."""
    found = [row for row in driver.app.session.store.tickets() if words in row.subject]
    assert len(found) == 1, f"{words}: {[row.subject for row in driver.app.session.store.tickets()]}"
    return found[0]


def thread_on_top(driver: Driver) -> TicketScreen:
    """The thread that is open."""
    screen = driver.app.screen
    assert isinstance(screen, TicketScreen), screen
    return screen


async def copied(driver: Driver, *words: str) -> None:
    """Wait until tickets with these words in their subjects are in the copy, with all that was written."""
    store = driver.app.session.store

    def whole() -> bool:
        rows = [row for row in store.tickets() if any(one in row.subject for one in words)]
        return len(rows) == len(words) and all(store.messages_known(row.id).whole for row in rows)

    await driver.until(whole, f"the threads {words}")


async def open_ticket(driver: Driver, words: str, *, view: str = "") -> TicketScreen:
    """From the list of tickets into the thread whose subject holds ``words``, until all of it is shown."""
    if view:
        await driver.press("v")
        await driver.choose(view)
    await driver.cursor_to(ticket_named(driver, words).id)
    await driver.press("enter")
    await driver.on("TicketScreen")
    await whole_thread(driver)
    return thread_on_top(driver)


async def whole_thread(driver: Driver) -> None:
    """Wait until the panel has answered, and every message of the thread on top is shown."""
    screen = thread_on_top(driver)
    store = driver.app.session.store
    await driver.until(
        lambda: (
            screen._asked
            and store.messages_known(screen.ticket_id).whole
            and len(screen.thread.entries) == len(store.messages(screen.ticket_id)) > 0
            and screen.ticket is not None
        ),
        "the whole thread",
    )
