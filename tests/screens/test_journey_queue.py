"""A day at the queue by keys: what is next and why, triage, hand-over, merging, splitting, access, canned replies."""

from __future__ import annotations

import html
from pathlib import Path
from time import monotonic

import pytest
from textual.widgets import Input, TextArea

from billtui.screens import access_reading
from billtui.screens.next_ticket import after_acting
from billtui.screens.ticket import TicketScreen
from billtui.services.store import TicketRow
from billtui.services.waits import ACT
from tests.support.driving import Driver, Panel, Program
from tests.support.sandbox import Json

SAM, ADA = "sam.desk", "ada.desk"


def ticket(panel: Panel, ticket_id: str) -> Json:
    """As the panel has it now."""
    return panel.get(f"/tickets/{ticket_id}")


def bodies(panel: Panel, ticket_id: str) -> list[tuple[str, bool]]:
    """Messages of a thread, with whether each is a note."""
    items = panel.get(f"/tickets/{ticket_id}/messages?limit=100")["items"]
    return [(one["body"], bool(one["internal"])) for one in items]


def rows_of(driver: Driver) -> list[TicketRow]:
    """The copy's tickets."""
    return driver.app.session.store.tickets()


async def at_the_queue(driver: Driver) -> None:
    """Staff begins there, without a key."""
    await driver.ready()
    await driver.on("QueueScreen")
    await driver.until(lambda: driver.list_screen.table.row_count, "tickets")


def of_olena(driver: Driver) -> tuple[str, str]:
    """Two of her open tickets: the one with her service down, and a technical one that nobody has."""
    found = [row for row in rows_of(driver) if row.login == "olena.marsh" and row.state == "open"]
    down = next(row.id for row in found if row.priority == "service down")
    fresh = next(row.id for row in found if not row.assignee and row.department == "technical")
    return down, fresh


async def view(driver: Driver, view_id: str) -> None:
    """Choose a view."""
    await driver.press("v")
    await driver.on("ChoiceDialog")
    await driver.choose(view_id)


async def test_a_shift_by_keys_at_80_columns(program: Program) -> None:
    """TKT-7, TKT-8, TKT-9: triage of one ticket at once and undone, of many confirmed; the next opens by itself."""
    sam = program.panel(SAM)
    async with program.open(login=SAM) as driver:
        await at_the_queue(driver)
        await driver.sees("9 Tickets  1 Overview", "What is next", "Why it is next", "service down")
        down, fresh = of_olena(driver)
        assert driver.cursor == down, "what cannot wait stands first"
        queue = driver.list_screen

        # Take, and give back; the panel knows each time.
        await driver.cursor_to(fresh)
        await driver.press("t")
        await driver.hears("is yours. u gives it back.")
        assert ticket(sam, fresh)["assignee"] == SAM
        await driver.press("u")
        await driver.hears("is as it was.")
        assert ticket(sam, fresh)["assignee"] is None

        # Tags and priority; undone together with their words.
        await driver.press("number_sign")
        await driver.on("Prompt")
        await driver.type("disk -nothing")
        await driver.reads("Then: disk")
        await driver.press("enter")
        await driver.hears("is tagged. u takes that back.")
        assert ticket(sam, fresh)["tags"] == ["disk"]
        was = ticket(sam, fresh)["priority"]
        await driver.press("P")
        await driver.on("ChoiceDialog")
        await driver.choose("low" if was != "low" else "high")
        await driver.hears(": priority ")
        assert ticket(sam, fresh)["priority"] != was
        await driver.press("u")
        await driver.until(lambda: ticket(sam, fresh)["priority"] == was, "the priority as it was")

        # On hold until a time in words, said back exactly; the count follows; brought back at once.
        held = sum(row.state == "on hold" for row in rows_of(driver))
        await driver.cursor_to(fresh)
        await driver.press("L")
        await driver.on("Prompt")
        field = driver.app.screen.query_one("#field", Input)
        field.value = "yesterday"
        await driver.reads("no time that is understood")
        await driver.press("enter")
        await driver.on("Prompt")
        field.value = "2h"
        await driver.reads("It comes back on ", "in 2 h 0")
        await driver.press("enter")
        await driver.hears("is on hold until ")
        assert ticket(sam, fresh)["state"] == "on hold"
        await driver.sees(f"hold {held + 1}")
        await driver.press("u")
        await driver.until(lambda: ticket(sam, fresh)["state"] == "open", "it to wake up")
        await driver.until(lambda: fresh in queue.table.shown_ids(), "it in the queue")

        # Many at once: one confirmation that names what is left out and why.
        await view(driver, "all")
        closed = next(row.id for row in rows_of(driver) if row.state == "closed" and not row.merged_into)
        await driver.mark(down, fresh, closed)
        await driver.sees("3 marked")
        await driver.press("P")
        await driver.on("ChoiceDialog")
        await driver.choose("low")
        await driver.on("ConfirmPlan")
        await driver.sees("2 tickets", ticket(sam, down)["number"], ticket(sam, closed)["number"], "is closed")
        await driver.press("escape")
        await driver.hears("Nothing was sent.")
        assert ticket(sam, down)["priority"] == "service down"
        await driver.press("A")
        await driver.on("ChoiceDialog")
        await driver.choose(ADA)
        await driver.confirm()
        await driver.finished()
        assert {ticket(sam, one)["assignee"] for one in (down, fresh)} == {ADA}
        assert queue.table.marked_count == 0
        await driver.until(lambda: {row.assignee for row in rows_of(driver) if row.id in (down, fresh)} == {ADA}, "ada")

        # What a colleague has is not taken from under them.
        await driver.cursor_to(fresh)
        await driver.press("t")
        await driver.hears("ada.desk has ticket")
        assert ticket(sam, fresh)["assignee"] == ADA

        # A single mark is perhaps not even shown: it is not closed by a key on another row without a question.
        await driver.mark(fresh)
        await driver.cursor_to(down)
        await driver.press("x")
        await driver.on("ConfirmPlan")
        await driver.sees(ticket(sam, fresh)["number"])
        await driver.press("escape")
        await driver.on("QueueScreen")
        assert ticket(sam, fresh)["state"] == "open"
        await driver.press("u")
        await driver.until(lambda: not queue.table.marked_count, "no marks")

        # A saved view: filter, order, columns under a name.
        await view(driver, "all")
        await driver.press("slash")
        await driver.type("who:ada.desk state:open")
        await driver.press("enter")
        await driver.until(lambda: set(queue.table.shown_ids()) >= {down, fresh}, "ada's")
        await driver.press("W")
        await driver.on("Prompt")
        await driver.type("adas")
        await driver.press("enter")
        await driver.hears("Kept as “adas”")
        await view(driver, "next")
        assert not driver.app.screen.query_one("#filter", Input).value
        await view(driver, "saved:adas")
        await driver.sees("“adas”", "who:ada.desk state:open")
        assert set(queue.table.shown_ids()) >= {down, fresh}

        # Hand over from the thread, with a note; what is next opens by itself.
        await view(driver, "next")
        await driver.cursor_to(fresh)
        await driver.press("enter")
        await driver.on("TicketScreen")
        await driver.press("h")
        await driver.on("ChoiceDialog")
        await driver.choose("finance")
        await driver.on("Prompt")
        await driver.type("Promised by noon")
        await driver.press("enter")
        await driver.hears("is with Finance now.")
        assert ticket(sam, fresh)["department"] == "finance"
        await driver.until(lambda: bodies(sam, fresh)[-1] == ("Promised by noon", True), "the note")
        await driver.until(
            lambda: isinstance(driver.app.screen, TicketScreen) and driver.app.screen.ticket_id != fresh, "the next one"
        )
        assert len(driver.app.screen_stack) == 2, "it opened in place of the one before"

        # Business is not support's: the command is there and says why not (ACC-7).
        await driver.press("3")
        await driver.on("OrdersScreen")
        await driver.press("R")
        await driver.hears("(ACC-7)")
        await driver.press("1")
        await driver.on("OverviewScreen")
        await driver.sees("Queue", "to answer", "Nobody")


async def test_joining_parting_and_what_stands_beside_at_140_columns(program: Program) -> None:
    """TKT-3, TKT-8, TKT-10, ACC-7: merge and split with a look first, the card, canned replies, the shift."""
    sam = program.panel(SAM)
    async with program.open(login=SAM, size=(140, 40)) as driver:
        await at_the_queue(driver)
        down, fresh = of_olena(driver)
        await driver.cursor_to(down)
        await driver.sees("Why next", "olena.marsh  204817")
        before = [body for body, _ in bodies(sam, down)]

        # Merge: choose, look at the joined thread, do it, take it apart.
        await driver.press("M")
        await driver.on("ChecklistDialog")
        number = ticket(sam, fresh)["number"]
        await driver.press("space", "enter")
        await driver.on("ChoiceDialog")
        await driver.choose(down)
        await driver.on("MergePreview")
        await driver.reads(f"{number} closes and leads here")
        await driver.press("right", "enter")
        await driver.hears("merged into")
        assert ticket(sam, fresh)["merged_into"] == down
        await driver.until(lambda: fresh not in driver.list_screen.table.shown_ids(), "one row less")
        driver.app.show_ticket(fresh)
        await driver.on("TicketScreen")
        await driver.sees(f"merged into ticket {ticket(sam, down)['number']} (o)")
        await driver.press("o")
        await driver.on("ChoiceDialog")
        await driver.choose("0")
        await driver.until(lambda: getattr(driver.app.screen, "ticket_id", "") == down, "the thread that it goes on in")
        await driver.press("escape", "escape")
        await driver.on("QueueScreen")
        await driver.press("u")
        await driver.hears("is by itself again.")
        assert ticket(sam, fresh)["merged_into"] is None
        assert [body for body, _ in bodies(sam, down)][: len(before)] == before

        # Split: a message becomes a ticket of its own.
        await driver.until(lambda: fresh in driver.list_screen.table.shown_ids(), "both rows")
        await driver.cursor_to(down)
        await driver.press("B")
        await driver.on("ChecklistDialog")
        await driver.press("space", "enter")
        await driver.on("Prompt")
        driver.app.screen.query_one("#field", Input).value = "Index of one mailbox"
        await driver.press("enter")
        await driver.on("ChoiceDialog")
        await driver.choose("technical")
        await driver.confirm()
        await driver.until(lambda: any(row.subject == "Index of one mailbox" for row in rows_of(driver)), "the new one")
        new = next(row for row in rows_of(driver) if row.subject == "Index of one mailbox")
        assert bodies(sam, new.id)[0][0] == before[0]
        assert before[0] not in [body for body, _ in bodies(sam, down)]

        # The card: beside the thread, and from there to another ticket.
        await driver.cursor_to(down)
        await driver.press("enter")
        await driver.on("TicketScreen")
        await driver.sees("Unpaid: ", "Balance")
        await driver.press("tab")
        await driver.until(lambda: driver.app.focused is not None and driver.app.focused.id == "card", "the card")
        await driver.press("enter")
        await driver.on("MessageDialog")
        await driver.sees("Total", "Due")
        await driver.press("escape")
        await driver.press("escape")
        await driver.on("QueueScreen")

        # Canned replies: a slip in a placeholder is named; saved, changed list, deleted.
        await driver.press("K")
        await driver.on("CannedScreen")
        await driver.until(lambda: driver.list_screen.table.row_count, "replies")
        await driver.press("n")
        await driver.on("CannedForm")
        await driver.type("Zz night shift")
        text = driver.app.screen.query_one("#body", TextArea)
        text.text = "Hello {clint}, we look at {order}."
        await driver.reads("{client} is what the program fills")
        await driver.press("ctrl+o")
        await driver.on("CannedForm")
        text.text = "Hello {client}, we look at {order}, {what was promised}."
        await driver.reads("By hand, before it can be sent: {what was promised}")
        await driver.press("ctrl+o")
        await driver.hears("“Zz night shift” is kept.")
        saved = next(one for one in sam.get("/canned-replies")["items"] if one["title"] == "Zz night shift")
        assert "{what was promised}" in saved["body"]
        await driver.on("CannedScreen")
        await driver.cursor_to(saved["id"])
        await driver.press("D")
        await driver.confirm()
        await driver.until(
            lambda: all(one["id"] != saved["id"] for one in sam.get("/canned-replies")["items"]), "it to be gone"
        )
        await driver.press("q")

        # The shift: one's own, then everybody's.
        await driver.press("d")
        await driver.on("ShiftScreen")
        await driver.sees("Your shift", "First answers", "Backlog")
        await driver.press("m")
        await driver.sees("Everybody's shift")


async def test_two_take_the_same_ticket_and_the_second_is_told_who_has_it(program: Program) -> None:
    """TKT-8, TKT-9: the copy of the second is old on purpose; and each sees that the other is there."""
    sam = program.panel(SAM)
    async with (
        program.open(login=SAM, home="sam") as first,
        program.open(login=ADA, home="ada") as second,
    ):
        await at_the_queue(first)
        await at_the_queue(second)
        _, fresh = of_olena(first)
        await first.cursor_to(fresh)
        await second.cursor_to(fresh)
        await first.press("t")
        await second.press("t")
        await first.until(lambda: any("is yours" in one for one in first.said + second.said), "one of them")
        winner, loser = (first, second) if any("is yours" in one for one in first.said) else (second, first)
        name = ticket(sam, fresh)["assignee"]
        assert name == (SAM if winner is first else ADA)
        await loser.hears(f"{name} has ticket")
        assert not any("is yours" in one for one in loser.said)
        assert ticket(sam, fresh)["assignee"] == name

        await second.press("enter")
        await second.on("TicketScreen")
        await first.press("enter")
        await first.on("TicketScreen")
        await first.sees("ada.desk is reading")


def files_with(words: str, folder: Path) -> list[Path]:
    """The files below ``folder`` in which ``words`` stand."""
    return [path for path in folder.rglob("*") if path.is_file() and words.encode() in path.read_bytes()]


async def test_server_access_is_shown_for_its_time_and_is_nowhere_afterwards(
    program: Program, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """TKT-4: a reason first; on the screen for its time; in no picture, journal, copy or file."""
    passed = 0.0
    monkeypatch.setattr(access_reading, "monotonic", lambda: monotonic() + passed)
    canary = "Paper-Orbit-91"
    async with program.open(login=SAM) as driver:
        await at_the_queue(driver)
        down, _ = of_olena(driver)
        await driver.cursor_to(down)
        await driver.press("E")
        await driver.on("Prompt")
        await driver.press("enter")
        await driver.reads("Say why in a few words")
        await driver.type("fsck from the rescue system")
        await driver.press("enter")
        await driver.on("AccessShown")
        await driver.sees(canary, "Gone from here in")
        picture = html.unescape(driver.app.export_screenshot()).replace("\xa0", " ")
        assert canary not in picture
        assert "Gone from here in" in picture
        shown = driver.app.screen
        passed = access_reading.SHOWN_SECONDS  # its time goes by once all of it was looked at
        await driver.on("QueueScreen")
        await driver.hears("is gone from this screen and from memory")
        assert isinstance(shown, access_reading.AccessShown)
        assert shown._access is None
        assert canary not in driver.text()
        assert not any(canary in one for one in driver.said)
    log = ticket(program.panel(SAM), down)["access_log"]
    assert (log[0]["login"], log[0]["reason"]) == (SAM, "fsck from the rescue system")
    assert files_with(canary, tmp_path / "home") == []


async def test_no_next_ticket_opens_for_whoever_left_the_wait(program: Program) -> None:
    """A hand-over that goes on without being waited for does not turn the page under its reader (TKT-8)."""
    async with program.open(login=SAM) as driver:
        await at_the_queue(driver)
        await driver.press("enter")
        await driver.on("TicketScreen")
        screen = driver.app.screen
        assert isinstance(screen, TicketScreen)
        done = [screen.ticket_id]
        with driver.app.waits.act("ticket.hand_over"):
            act = ACT.get()
            assert act is not None
            act.leave()
            after_acting(driver.app, done)
            await driver.quiet()
        assert driver.app.screen is screen
        after_acting(driver.app, done)
        await driver.until(lambda: driver.app.screen is not screen, "the next one")
