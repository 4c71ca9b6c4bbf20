"""Two at the same tickets: nothing of a colleague is undone, closed over or sent twice by a key (TKT-8, TKT-9)."""

from __future__ import annotations

from billtui.config.settings import Settings
from billtui.screens.triage import close_tickets
from billtui.services.drafts import DraftKind
from tests.screens.test_journey_queue import ADA, SAM, at_the_queue, bodies, of_olena, rows_of, ticket
from tests.screens.test_journey_writing import answer_by_api, answer_findings, composer, open_ticket, tickets
from tests.support.driving import Program


async def test_what_a_colleague_did_is_neither_undone_nor_closed_over(program: Program) -> None:
    """TKT-8: ``u`` after a colleague decided; TKT-9: closing, answering and handing over rest on what was read."""
    sam, ada, olena = program.panel(SAM), program.panel(ADA), program.panel()
    async with program.open(login=SAM, settings=Settings(undo_seconds=1, next_ticket=False)) as driver:
        await at_the_queue(driver)
        first, second = of_olena(driver)[:2]

        # Taken, then given to a colleague: u does not take it from her.
        await driver.cursor_to(second)
        await driver.press("t")
        await driver.hears("is yours. u gives it back.")
        ada.write("PATCH", f"/tickets/{second}", {"assignee": ADA})
        await driver.press("u")
        await driver.hears("is left as it is: ada.desk has it now.")
        assert ticket(sam, second)["assignee"] == ADA

        # Handing over many is asked before anything is written; the note is not lost.
        before = [bodies(sam, one) for one in (first, second)]
        await driver.mark(first, second)
        await driver.press("h")
        await driver.on("ChoiceDialog")
        await driver.choose("finance")
        await driver.on("Prompt")
        await driver.type("Promised by noon")
        await driver.press("enter")
        await driver.on("ConfirmPlan")
        await driver.press("escape")
        await driver.hears("Your note is kept as a draft")
        assert [bodies(sam, one) for one in (first, second)] == before
        notes = [one for one in driver.app.session.writing.drafts.all() if one.key.kind is DraftKind.NOTE]
        assert [one.body for one in notes] == ["Promised by noon"]
        await driver.press("minus")

        # A list that is old: nothing is closed over words that nobody read.
        stale = [next(row for row in rows_of(driver) if row.id == second)]
        olena.write("POST", f"/tickets/{second}/messages", {"body": "Stop, it is back again!"})
        driver.app.work(close_tickets(driver.app, stale))
        await driver.hears("Not closed: somebody wrote to ticket")
        assert ticket(sam, second)["state"] == "open"

        # At 80 columns an answer covers the thread: what was not read is shown first.
        await driver.until(lambda: rows_of(driver) and driver.app.session.store.ticket_row(second), "it")
        await driver.cursor_to(second)
        await driver.press("a")
        await driver.on("TicketScreen")
        await driver.sees("Stop, it is back again!")
        await driver.press("a")
        await driver.on("ComposerScreen")
        await driver.press("escape", "escape")
        await driver.on("TicketScreen")
        await driver.press("escape")

        # u is about what went last, also when it comes too late.
        await driver.on("QueueScreen")
        await driver.cursor_to(first)
        await driver.press("P")
        await driver.on("ChoiceDialog")
        await driver.choose("high")
        await driver.hears(": priority high. u puts it back.")
        await driver.press("x")
        await driver.on("ChoiceDialog")  # it holds server access, which would be wiped (TKT-4)
        await driver.choose("yes")
        await driver.until(lambda: ticket(sam, first)["state"] == "closed", "it to close")
        await driver.until(lambda: not driver.app.holds_something, "the window to end")
        assert not driver.app.undo_offered


async def test_a_draft_that_another_program_sent_is_not_sent_again(program: Program) -> None:
    """A new ticket, open in two programs: once, and the second says why not instead of a crash's place."""
    panel = program.panel()
    before = len(tickets(panel))
    at_once = Settings(undo_seconds=0)
    async with program.open(settings=at_once) as first, program.open(settings=at_once) as second:
        first.here()
        letter = first.app.session.writing.new(
            department="finance", subject="A question on my bill of May", body="Why are there two lines?"
        )
        letter.save()
        for driver in (first, second):
            driver.here()
            await driver.go("9", "TicketsScreen")
            await driver.press("n")
            await driver.on("ChoiceDialog")
            await driver.choose("0")
            await driver.on("ComposerScreen")
            assert composer(driver).body.text == "Why are there two lines?"
        await first.press("ctrl+o")
        await answer_findings(first)
        await first.finished()
        await second.press("ctrl+o")
        await second.hears("in another program meanwhile")
        assert len(tickets(panel)) == before + 1


async def test_an_answer_from_the_middle_of_a_thread_is_held_until_the_rest_is_shown(program: Program) -> None:
    """TKT-9: what stands below the screen was not read; scrolled to, it was."""
    written = open_ticket(program)["id"]
    async with program.open(settings=Settings(undo_seconds=0)) as driver:
        for body in ("A long list:\n" + "one more line\n" * 60, "Which port do you mean?"):
            answer_by_api(program, written, body)
        store = driver.app.session.store
        await driver.until(lambda: len(store.messages(written)) == 3, "the answers")
        driver.app.show_ticket(written)
        await driver.on("TicketScreen")
        await driver.sees("A long list:", "new below: G")
        await driver.press("x")
        await driver.hears("More stands below that you have not seen")
        await driver.press("a")
        await driver.on("ComposerScreen")
        await driver.type("Port 25.")
        await driver.sees("it is shown before anything is sent")
        await driver.press("ctrl+o")
        await answer_findings(driver)
        await driver.on("ThreadMovedOn")
        await driver.reads("Which port do you mean?")
        await driver.press("escape")
        await driver.on("ComposerScreen")
        assert len(program.panel().get(f"/tickets/{written}/messages")["items"]) == 3
        await driver.press("escape", "escape")
        await driver.on("TicketScreen")
        await driver.press("G")
        await driver.until(lambda: "new below" not in driver.text(), "the end")
        assert program.panel().get(f"/tickets/{written}")["state"] == "answered"
        await driver.press("x")
        await driver.until(lambda: program.panel().get(f"/tickets/{written}")["state"] == "closed", "it to close")
