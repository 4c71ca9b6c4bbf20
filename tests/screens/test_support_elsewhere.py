"""Support on a panel that can less (BILLmanager): what cannot be done is said before it is tried, with a way out."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

from pydantic import SecretStr

from billtui.config.credentials import Credential
from billtui.config.profiles import make_profile
from tests.panels.fossbilling_panel import FossPanel
from tests.screens.test_journey_queue import ADA, SAM, at_the_queue, rows_of, ticket
from tests.support.driving import Pocket, Program


async def test_the_desk_of_billmanager_offers_no_dead_ends(program: Program) -> None:
    """TKT-8: taking a ticket is no promise to give it back; closing and many at once are refused at the key."""
    sam = program.panel(SAM)
    profile = make_profile(name="desk", url=program.sandbox.url, login=SAM, kind="billmanager")
    async with program.open(login=SAM, profile=profile) as driver:
        await at_the_queue(driver)
        of_ada = next(row.id for row in rows_of(driver) if row.state == "open" and row.assignee == ADA)
        free = [row.id for row in rows_of(driver) if row.state == "open" and not row.assignee]

        # Nothing is closed from here, and that is said at the key, not after the undo window.
        await driver.cursor_to(free[0])
        await driver.press("x")
        await driver.hears("This account may not close or reopen tickets (tickets.change).")
        assert not driver.app.holds_something and not driver.app.session.journal.jobs()

        # Many at once: refused before anything is asked.
        await driver.mark(*free[:2])
        await driver.press("t")
        await driver.hears("tickets are changed one at a time (staff.bulk)")
        await driver.on("QueueScreen")
        await driver.press("minus")

        # A colleague's ticket: no key is named that does nothing here.
        await driver.cursor_to(of_ada)
        await driver.press("t")
        await driver.hears("ada.desk has ticket")
        await driver.hears("ask them, or do it on the panel's page")

        # Answering it would be refused: that is said before the letter is written.
        await driver.press("a")
        await driver.on("TicketScreen")
        await driver.press("a")
        await driver.on("ComposerScreen")
        await driver.hears("this panel takes answers only from who has it")
        await driver.press("f5")
        await driver.hears("cannot read canned replies from here (staff.canned)")
        await driver.on("ComposerScreen")
        await driver.press("escape", "escape")
        await driver.on("TicketScreen")
        await driver.press("escape")
        await driver.on("QueueScreen")

        # Taken; there is no way back from here, so none is offered.
        await driver.cursor_to(free[0])
        await driver.press("t")
        await driver.hears(f"Ticket {free[0]} is yours.")
        assert not driver.app.undo_offered
        assert ticket(sam, free[0])["assignee"] == SAM
        assert not any("gives it back" in one for one in driver.said)


async def test_where_nobody_takes_tickets_no_key_is_named_for_it(tmp_path: Path) -> None:
    """FOSSBilling: its tickets have nobody who has them."""
    with FossPanel() as panel:
        panel.books.add_ticket("Please move me", "Now.")
        sandbox: Any = SimpleNamespace(
            url=panel.url, accounts=[{"login": panel.staff_email, "password": panel.staff_password}]
        )
        profile = make_profile(
            name="desk", url=panel.url, login=panel.staff_email, kind="fossbilling", panel_options={"role": "staff"}
        )
        pocket = Pocket(Credential("password", SecretStr(panel.staff_password), "test"))
        async with Program(sandbox, tmp_path).open(
            profile=profile, credentials=pocket, login=panel.staff_email, size=(140, 40)
        ) as driver:
            await at_the_queue(driver)
            await driver.sees("Who has it", "nobody")
            assert "t takes it" not in driver.text()
