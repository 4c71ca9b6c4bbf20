"""A client and support, each at their own terminal, on one panel: from a poor ticket to a reopened one (TKT).

Every step by keys at 80x24, as the two would do it.
"""

from __future__ import annotations

from textual.widgets import Input

from billtui.config.settings import Settings
from billtui.screens.composer import ComposerScreen
from billtui.services.store import TicketRow
from tests.screens.test_journey_writing import answer_findings, begin_new, bodies, composer, found, settled, tickets
from tests.support.driving import Driver, Program

CLIENT, STAFF = "olena.marsh", "sam.desk"
ROOT = "Canary-root-9904"
NOTE = "Third time this month, look at the disk quota."
SIZE = (80, 24)


def row_of(driver: Driver, ticket_id: str) -> TicketRow:
    """The ticket in this side's copy."""
    row = driver.app.session.store.ticket_row(ticket_id)
    assert row is not None
    return row


async def sent(driver: Driver) -> None:
    """The key that sends, findings answered, and the composer gone."""
    await driver.press("ctrl+o")
    await answer_findings(driver)
    await driver.until(lambda: not isinstance(driver.app.screen, ComposerScreen), "the composer to go")


async def test_a_ticket_from_its_first_word_to_its_reopening(program: Program) -> None:
    """Two fixes by a key each, live at support, access read once, a note that does not leak, closed, reopened."""
    settings = Settings(undo_seconds=0, next_ticket=False)
    panel, desk = program.panel(CLIENT), program.panel(STAFF)
    before = {one["id"] for one in tickets(panel)}
    async with (
        program.open(login=CLIENT, size=SIZE, home="client", settings=settings) as client,
        program.open(login=STAFF, size=SIZE, home="staff", settings=settings) as staff,
    ):
        # The client writes a poor ticket, and makes it better by two keys.
        await begin_new(client)
        await client.type("help")
        await client.press("enter")
        await client.type(f"nginx on {order_name(client)} answers 502 since 10:00. Root password: {ROOT}x!")
        await found(client, "secret-in-text", "no-order", "subject-says-nothing")
        await client.press("ctrl+t")
        await settled(client, "secret-in-text")
        await client.press("escape")
        number = 1 + [one.id for one in composer(client).reviewer.findings].index("no-order")
        await client.press(str(number))
        await settled(client, "no-order")
        assert composer(client).order_id is not None
        access = composer(client).access
        assert access is not None
        for _ in range(10):
            if client.app.focused is access:
                break
            await client.press("shift+tab")
        assert client.app.focused is access
        await client.type(ROOT)
        await staff.go("9", "QueueScreen")
        await client.press("ctrl+o")
        await answer_findings(client)
        await client.until(lambda: {one["id"] for one in tickets(panel)} - before, "the ticket on the panel")
        [ticket_id] = {one["id"] for one in tickets(panel)} - before

        # It arrives at support by itself, is taken, and its server access is read once, for a reason.
        await staff.until(lambda: ticket_id in staff.list_screen.table.shown_ids(), "the ticket to arrive")
        await client.until(lambda: not isinstance(client.app.screen, ComposerScreen), "server access to be given")
        await staff.cursor_to(ticket_id)
        await staff.press("t")
        await staff.until(lambda: desk.get(f"/tickets/{ticket_id}")["assignee"] == STAFF, "it to be taken")
        await staff.press("enter")
        await staff.on("TicketScreen")
        await staff.until(lambda: desk.get(f"/tickets/{ticket_id}")["access"] == "given", "the access")
        await staff.until(lambda: row_of(staff, ticket_id).access == "given", "in the copy")
        await staff.press("E")
        await staff.on("Prompt")
        await staff.type("nginx config")
        await staff.press("enter")
        await staff.on("AccessShown")
        await staff.sees(ROOT)
        await staff.press("escape")
        await staff.on("TicketScreen")
        assert ROOT not in staff.text()
        log = panel.get(f"/tickets/{ticket_id}")["access_log"]
        assert [(one["login"], one["reason"]) for one in log] == [(STAFF, "nginx config")]

        # A canned reply, what is missing written in, and a note.
        await staff.press("a")
        await staff.on("ComposerScreen")
        await staff.sees("ANSWER to the client")
        await staff.press("f5")
        await staff.on("CannedPicker")
        await staff.type("server answers again")
        await staff.reads("To be written in: {cause}")
        await staff.press("enter")
        await staff.on("ComposerScreen")
        await staff.until(lambda: "{cause}" in composer(staff).body.text, "the reply")
        assert CLIENT in composer(staff).body.text
        await staff.press("ctrl+o")  # it is refused as long as the client would read {cause}
        await staff.on("ChoiceDialog")
        await staff.reads("A client would read {cause}")
        await staff.choose("go")
        await staff.on("ComposerScreen")
        await staff.type("a full disk")
        assert "What was wrong: a full disk." in composer(staff).body.text
        await sent(staff)
        await staff.until(lambda: len(bodies(panel, ticket_id)) == 2, "the answer on the panel")
        await staff.on("TicketScreen")
        await staff.until(lambda: "a full disk" in staff.text(), "the answer in the thread")
        await staff.press("i")
        await staff.on("ComposerScreen")
        await staff.sees("NOTE for colleagues", "ADD NOTE")
        await staff.type(NOTE)
        await sent(staff)
        await staff.until(lambda: NOTE in bodies(desk, ticket_id), "the note on the panel")

        # The client sees the answer and no note.
        await client.on("TicketsScreen")
        await client.cursor_to(ticket_id)
        await client.press("enter")
        await client.on("TicketScreen")
        await client.sees("a full disk")
        assert NOTE not in "\n".join(bodies(panel, ticket_id))
        assert NOTE[:20] not in client.text()
        assert all(NOTE not in one.body for one in client.app.session.store.messages(ticket_id))

        # Closed, which wipes the access; rated; reopened by a message.
        await client.press("x")
        await client.on("ChoiceDialog")
        await client.choose("yes")
        await client.until(lambda: panel.get(f"/tickets/{ticket_id}")["state"] == "closed", "it to be closed")
        assert panel.get(f"/tickets/{ticket_id}")["access"] == "wiped"
        await client.until(lambda: row_of(client, ticket_id).state == "closed", "in the copy")
        await client.press("asterisk")
        await client.on("ChoiceDialog")
        await client.choose("5")
        await client.on("Prompt")
        await client.type("quick")
        assert isinstance(client.app.focused, Input)
        await client.press("enter")
        await client.until(lambda: panel.get(f"/tickets/{ticket_id}")["rating"] == 5, "the rating")
        await client.press("O")
        await client.on("ComposerScreen")
        await client.sees("your message reopens it")
        await client.type("It is full again.")
        await sent(client)
        await client.until(lambda: panel.get(f"/tickets/{ticket_id}")["state"] == "open", "it to be open again")
        await staff.sees("1 new below")
        await staff.press("G")
        await staff.sees("It is full again.")

        # Support answers, and closes with the answer.
        await staff.press("a")
        await staff.on("ComposerScreen")
        await staff.type("There is more room now.")
        await staff.press("ctrl+r")
        await staff.until(lambda: panel.get(f"/tickets/{ticket_id}")["state"] == "closed", "it to be closed")
        assert bodies(panel, ticket_id)[-1] == "There is more room now."
    for path in program.root.rglob("*"):
        assert not path.is_file() or ROOT.encode() not in path.read_bytes(), path


def order_name(driver: Driver) -> str:
    """An order whose name tells it from all others."""
    return next(row.name for row in driver.app.session.store.orders() if row.state == "active")
