"""Reading tickets by keys, as a client and as support, on both sizes: list, thread, search, copy, save, follow live."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from billtui.screens.composer import ComposerScreen
from tests.support.driving import Driver, Panel, Program
from tests.support.reading_tickets import copied, open_ticket, thread_on_top, ticket_named, whole_thread

DISK = "is read-only after the reboot"
LOSS = "Packet loss from"
MOVE = "Move of 40 servers"
BILL = "Which invoice did"
SIZES = [(80, 24), (140, 40)]
LOG = "\n".join(f"{number:03d} nvme0n1: I/O {number} QID 3 timeout" for number in range(300))


def copies(driver: Driver) -> list[str]:
    """What the program says it sent to the clipboard."""
    return [message for message in driver.said if "clipboard" in message]


def write(panel: Panel, ticket_id: str, body: str, **more: object) -> str:
    """Somebody else writes into a thread."""
    return str(panel.write("POST", f"/tickets/{ticket_id}/messages", {"body": body, **more})["message"]["id"])


@pytest.mark.parametrize("size", SIZES, ids=["80x24", "140x40"])
async def test_a_client_reads_finds_copies_saves_and_follows(
    program: Program, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """TKT-5, TKT-6, TKT-7 as a client sees them."""
    monkeypatch.chdir(tmp_path)
    staff = program.panel("sam.desk")
    async with program.open(size=size) as driver:
        await copied(driver, DISK, LOSS, BILL)
        await driver.go("9", "TicketsScreen")
        await driver.sees("Who acts", "unread answer", "for you to answer")
        table = driver.list_screen.table
        new = driver.app.session.tickets.unread() & set(table.shown_ids())
        assert ticket_named(driver, BILL).id in new
        assert set(table.shown_ids()[: len(new)]) == new, "what is new stands first"
        assert driver.cursor == table.shown_ids()[0]

        # everything that was said is found, and leads to where it was said
        await driver.press("slash")
        await driver.type("dovecot")
        await driver.until(lambda: table.shown_ids() == [ticket_named(driver, DISK).id], "the one that says it")
        await driver.sees("dovecot")
        await driver.press("enter", "enter")
        await driver.on("TicketScreen")
        await whole_thread(driver)
        await driver.sees("Corrupted index cache file")
        thread = thread_on_top(driver).thread
        assert not any(one.internal for one in thread.entries), "a client has no notes (TKT-6)"
        assert "NOTE" not in driver.text()
        await driver.sees("1st in the queue")
        await driver.press("g")
        await driver.sees("EXT4-fs error")

        # search within, with what is typed; n and p go on and back
        await driver.press("slash")
        await driver.type("fsck")
        await driver.press("enter")
        count = sum(one.body.lower().count("fsck") for one in thread.entries)
        assert thread.found_at == (1, count) and count > 3
        await driver.press("n", "n", "p")
        assert thread.found_at == (2, count)
        await driver.sees(f"2 of {count}")
        await driver.press("escape")
        assert not thread.wanted

        # copy, and go to what the ticket is about
        await driver.press("y")
        assert copies(driver)[-1].endswith("characters") or "clipboard: " in copies(driver)[-1]
        await driver.press("o")
        await driver.on("OrderScreen")
        await driver.press("escape")
        await driver.on("TicketScreen")

        # a message that comes does not move what is read, and says so
        await driver.press("g")
        before = [thread.render_line(y).text for y in range(thread.size.height)]
        ticket_id = ticket_named(driver, DISK).id
        write(staff, ticket_id, f"Here is the log:\n\n```\n{LOG}\n```\n\nSee order 12.")
        write(staff, ticket_id, "A word among ourselves.", internal=True)
        await driver.until(lambda: thread.entries[-1].author == "sam.desk" and len(thread.entries) == 6, "the answer")
        assert [thread.render_line(y).text for y in range(thread.size.height)] == before
        await driver.sees("support waits for your answer")
        if size[1] < 30:
            await driver.sees("1 new below: G")
        await driver.press("G", "K", "J")
        await driver.sees("lines more, z shows them")
        await driver.press("z", "G")
        await driver.sees("299 nvme0n1")
        await driver.press("o")
        await driver.on("ChoiceDialog")
        await driver.sees("the ticket is about it", "named in the message")
        await driver.press("escape", "f")
        await driver.on("MessageDialog")
        await driver.sees("Server access was read by", "fsck from the")
        await driver.press("escape")
        await driver.on("TicketScreen")

        # it was read: the list says nothing is new there, also for the next program
        await driver.press("escape")
        await driver.on("TicketsScreen")
        await driver.press("escape")
        await driver.until(lambda: not driver.app.session.tickets.is_unread(ticket_named(driver, DISK)), "the mark")

        # from the list to one of 376 messages, by a word that it holds
        await copied(driver, MOVE)
        await driver.press("slash")
        await driver.type("mon-de-03")
        await driver.until(lambda: driver.list_screen.table.shown_ids() == [ticket_named(driver, MOVE).id], "it alone")
        await driver.press("enter", "enter")
        await driver.on("TicketScreen")
        await whole_thread(driver)
        await driver.sees("mon-de-03")
        found = thread_on_top(driver).thread
        assert found.chosen is not None and "mon-de-03" in found.chosen.body and len(found.entries) > 300
        await driver.press("escape", "escape")
        await driver.on("TicketsScreen")
        await driver.press("escape")

        # an attachment: under a harmless name, never over a file without a yes
        await open_ticket(driver, LOSS)
        await driver.sees("mtr-frankfurt.txt")
        await driver.press("s")
        await driver.on("Prompt")
        await driver.press("enter")
        await driver.hears("Saved")
        saved = tmp_path / "mtr-frankfurt.txt"
        assert b"transit-a.example" in saved.read_bytes()
        assert stat.S_IMODE(saved.stat().st_mode) == 0o600
        saved.write_text("mine")
        await driver.press("s")
        await driver.on("Prompt")
        await driver.press("enter")
        await driver.on("ChoiceDialog")
        await driver.sees("is there already")
        await driver.press("enter")
        await driver.until(lambda: (tmp_path / "mtr-frankfurt-2.txt").exists(), "the second file")
        assert saved.read_text() == "mine"


async def test_support_sees_notes_apart_and_colleagues_words_live(program: Program) -> None:
    """TKT-6: notes are told apart by a word and a line, not by colour alone."""
    client, ada = program.panel(), program.panel("ada.desk")
    async with program.open(login="sam.desk", size=(80, 24)) as driver:
        await copied(driver, DISK)
        row = ticket_named(driver, DISK)
        driver.app.show_ticket(row.id)
        await driver.on("TicketScreen")
        await whole_thread(driver)
        await driver.sees("of olena.marsh", "service down")
        thread = thread_on_top(driver).thread
        await driver.press("g", "J")
        await driver.sees("NOTE", "only staff sees this")
        assert thread.chosen is not None and thread.chosen.internal
        noted = next(line for line in driver.text().splitlines() if "Taking this one" in line)
        assert "┊" in noted

        # a note is quoted among staff only: never in a letter that the client reads
        await driver.press("greater_than_sign")
        await driver.on("ComposerScreen")
        composer = driver.app.screen
        assert isinstance(composer, ComposerScreen) and composer.kept.draft.internal
        assert "> Taking this one" in composer.kept.draft.body
        await driver.press("escape", "escape")
        await driver.on("TicketScreen")
        await driver.press("G")
        write(ada, row.id, "I have the same node on another ticket.", internal=True)
        write(client, row.id, "Any news?")
        await driver.until(lambda: len(thread.entries) == 8, "what was written meanwhile")
        await driver.press("G")
        await driver.sees("Any news?", "same node on another ticket")
        assert len(client.get(f"/tickets/{row.id}/messages")["items"]) == 6
