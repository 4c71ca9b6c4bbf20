"""Writing to support by keys: a poor ticket made better, crashes, a panel that dies, threads that move on (TKT)."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.widgets import Input

from billtui.config.settings import Settings
from billtui.screens.composer import ComposerScreen
from billtui.screens.tickets import TicketsScreen
from billtui.services.journal import OperationState
from tests.support.driving import Driver, Panel, Program, type_at_once
from tests.support.handing_over import paste
from tests.support.sandbox import Json

FIRST = "nginx on web-1 answers 502 since 10:00 today, every request to / fails."
SECOND = "Also I have a question about my invoice: please refund the double payment of yesterday."
SIZES = [(80, 24), (140, 40)]
AT_ONCE = Settings(undo_seconds=0)
SUPPORT = "sam.desk"
ROOT = "Canary-root-7731"
POOR = "Hello, nginx answers 502 since the update. My root password is: hunter2Secret!"


def composer(driver: Driver) -> ComposerScreen:
    """The composer on top."""
    screen = driver.app.screen
    assert isinstance(screen, ComposerScreen), screen
    return screen


def tickets(panel: Panel) -> list[Json]:
    """The account's tickets as the panel has them, the newest first."""
    items: list[Json] = panel.get("/tickets?limit=100&sort=-created_at")["items"]
    return items


async def found(driver: Driver, *ids: str) -> None:
    """Wait until the review has found all of these."""
    await driver.until(lambda: set(ids) <= {one.id for one in composer(driver).reviewer.findings}, f"{ids}")


async def settled(driver: Driver, *ids: str) -> None:
    """Wait until the review finds none of these any more."""
    await driver.until(lambda: not set(ids) & {one.id for one in composer(driver).reviewer.findings}, f"no {ids}")


async def answer_findings(driver: Driver) -> None:
    """After the key that sends: where there are findings, send all the same."""

    def moved() -> bool:
        screen = driver.app.screen
        return not isinstance(screen, ComposerScreen) or bool(screen.job_id)

    await driver.until(moved, "what comes of sending")
    if type(driver.app.screen).__name__ == "SendWithFindings":
        await driver.press("right", "enter")


@pytest.mark.parametrize("size", SIZES)
async def test_a_poor_ticket_is_made_better_by_one_key_each_and_sent(program: Program, size: tuple[int, int]) -> None:
    panel = program.panel()
    before = {one["id"] for one in tickets(panel)}
    async with program.open(size=size, settings=AT_ONCE) as driver:
        await begin_new(driver)
        await driver.type("urgent")
        await driver.press("enter")
        await driver.type(POOR)
        await found(driver, "secret-in-text", "no-order", "subject-says-nothing")
        await driver.sees("SECRET", "a secret stands in the text")
        assert driver.app.focused is composer(driver).body, "the review took the focus"

        # Sending asks once and rests on going back: enter typed ahead sends nothing.
        await driver.press("ctrl+o")
        await driver.on("SendWithFindings")
        await driver.reads("Once sent it cannot be taken back")
        await driver.press("enter")
        await driver.on("ComposerScreen")
        assert {one["id"] for one in tickets(panel)} == before

        # One key inside the text, one outside of it.
        await driver.press("ctrl+t")
        await settled(driver, "secret-in-text")
        assert "hunter2Secret" not in composer(driver).body.text
        await driver.press("escape")
        number = 1 + [one.id for one in composer(driver).reviewer.findings].index("subject-says-nothing")
        await driver.press(str(number))
        await settled(driver, "subject-says-nothing")
        subject = composer(driver).subject
        assert subject is not None
        assert subject.value.startswith("nginx answers 502") or "nginx" in subject.value

        await driver.press("ctrl+o")
        await driver.on("SendWithFindings")
        await driver.press("right", "enter")
        await driver.until(lambda: not isinstance(driver.app.screen, ComposerScreen), "the composer to go")
        job = await driver.finished()
        assert job.title.startswith("New ticket")
        [new] = [one for one in tickets(panel) if one["id"] not in before]
        messages = panel.get(f"/tickets/{new['id']}/messages")["items"]
        assert "hunter2Secret" not in str(messages)
        assert "[removed]" in messages[0]["body"]

        # Where it went: its number is said, and one key opens it.
        await driver.hears(f"It is ticket {new['number']}")
        list_of = driver.app.screen
        assert isinstance(list_of, TicketsScreen)
        await driver.until(lambda: list_of.table.cursor_id == new["id"], "the cursor on the new ticket")
        assert driver.app.session.writing.drafts.all() == []


async def begin_new(driver: Driver) -> None:
    """Open the composer for a new ticket, by its keys."""
    await driver.go("9", "TicketsScreen")
    await driver.press("n")
    await driver.on("ComposerScreen")


async def begin_reply(driver: Driver, ticket_id: str, *, internal: bool = False) -> None:
    """Open the composer on a ticket of the copy."""
    await driver.until(lambda: driver.app.session.store.ticket(ticket_id) is not None, "the ticket")
    await driver.app.session.tickets.thread(ticket_id)
    driver.app.show_ticket(ticket_id)
    await driver.on("TicketScreen")
    await driver.press("i" if internal else "a")
    await driver.on("ComposerScreen")


def open_ticket(program: Program) -> Json:
    """A new ticket of the client, written by another program, that support has not answered yet."""
    body = {"department": "technical", "subject": "Port 25 is closed on mail-1", "body": "Please open it."}
    return program.panel().write("POST", "/tickets", body)


def answer_by_api(program: Program, ticket_id: str, body: str, *, internal: bool = False) -> Json:
    """Support writes from elsewhere."""
    return program.panel(SUPPORT).write("POST", f"/tickets/{ticket_id}/messages", {"body": body, "internal": internal})


def bodies(panel: Panel, ticket_id: str) -> list[str]:
    """The thread as this account sees it."""
    return [str(one["body"]) for one in panel.get(f"/tickets/{ticket_id}/messages")["items"]]


async def the_window_ends(driver: Driver) -> None:
    """What is held is confirmed now, as when its time is over."""
    await driver.until(lambda: (jobs := driver.jobs()) and jobs[0].counts.get(OperationState.HELD), "it to be held")
    driver.app.session.executor.release(driver.jobs()[0].id)


async def test_a_reply_to_a_thread_that_moved_on_is_held_shown_and_sent_only_by_a_yes(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    """TKT-9, seen before sending, and found by the panel while it waited in the undo window."""
    monkeypatch.setattr("billtui.screens.ticket_reading.KEEP_AFTER", 0.01)
    ticket, panel = open_ticket(program), program.panel()
    ticket_id = ticket["id"]
    async with program.open(settings=Settings(undo_seconds=60)) as driver:
        await begin_reply(driver, ticket_id)
        await driver.type("It is urgent for our invoices.")
        answer_by_api(program, ticket_id, "Which port do you mean?")
        answer_by_api(program, ticket_id, "He writes every week.", internal=True)
        await driver.sees("Support wrote meanwhile")
        await driver.press("ctrl+o")
        await answer_findings(driver)
        await driver.on("ThreadMovedOn")
        await driver.reads("1 message came after", "Which port do you mean?")
        assert "every week" not in driver.text(), "a note leaked"
        newest = str(panel.get(f"/tickets/{ticket_id}/messages")["items"][-1]["id"])
        mark = driver.app.session.tickets.seen(ticket_id)
        assert mark is None or mark.message_id != newest, "what the letter stands over was read by nobody"
        await driver.press("enter")  # typed ahead: back to the text
        await driver.on("ComposerScreen")
        assert composer(driver).body.text == "It is urgent for our invoices."
        assert len(bodies(panel, ticket_id)) == 2

        await driver.press("ctrl+o")
        await answer_findings(driver)
        await driver.on("ThreadMovedOn")
        await driver.press("right", "right", "enter")
        await driver.until(lambda: not isinstance(driver.app.screen, ComposerScreen), "the composer to go")
        # While it waits in the undo window support writes again: the panel holds it, and it is shown again.
        answer_by_api(program, ticket_id, "Is it port 25?")
        await the_window_ends(driver)
        await driver.on("ThreadMovedOn")
        await driver.reads("Is it port 25?")
        assert "invoices" not in str(bodies(panel, ticket_id))
        drafts = driver.app.session.writing.drafts.of_ticket(ticket_id)
        assert [one.body for one in drafts] == ["It is urgent for our invoices."]
        await driver.press("right", "right", "enter")
        await the_window_ends(driver)
        await driver.until(lambda: bodies(panel, ticket_id)[-1] == "It is urgent for our invoices.", "it to be sent")
        await driver.until(lambda: not driver.app.session.writing.drafts.all(), "the draft to go")


async def test_a_ticket_is_written_where_no_ticket_is_shown(program: Program) -> None:
    """An empty list, a filter that fits nothing, a first copy that is still being made: a new one needs no row."""
    async with program.open() as driver:
        await driver.go("9", "TicketsScreen")
        await driver.press("slash")
        await driver.type("zqzq")
        await driver.press("enter")
        assert driver.cursor is None
        await driver.press("n")
        await driver.on("ComposerScreen")


async def test_keys_typed_ahead_send_nothing_and_land_in_the_letter(program: Program) -> None:
    before = len(tickets(program.panel()))
    async with program.open(settings=AT_ONCE) as driver:
        driver.app.compose_ticket()
        type_at_once(driver.app, *"Disk is full", "enter", *"df -h says 100 %", "enter", "enter")
        await driver.on("ComposerScreen")
        await driver.until(lambda: "100 %" in composer(driver).body.text, "the text")
        subject = composer(driver).subject
        assert subject is not None
        assert subject.value == "Disk is full"
        await driver.press("escape")
        if type(driver.app.screen).__name__ != "ComposerScreen":
            await driver.on("ComposerScreen")
        assert len(tickets(program.panel())) == before


async def test_files_and_server_access_go_with_it_and_access_stays_in_its_field_where_it_fails(
    program: Program, tmp_path: Path
) -> None:
    """TKT-4, TKT-6: too large is refused, progress is shown, the secret is in no file, a failure keeps it."""
    log, large = tmp_path / "nginx\x1b[31m.log", tmp_path / "core.dump"
    log.write_bytes(b"502\n" * 50_000)
    with large.open("wb") as file:
        file.truncate(11 * 1024 * 1024)
    panel = program.panel()
    async with program.open(settings=AT_ONCE) as driver:
        await begin_new(driver)
        await driver.type("nginx on web-1 answers 502 since 10:00")
        await driver.press("enter")
        await driver.type("The log is attached.")
        await found(driver, "missing-attachment")
        await driver.press("f8")
        await driver.on("Prompt")
        await driver.type(str(large))
        await driver.press("enter")
        await driver.reads("10 MiB at most")
        driver.app.screen.query_one("#field", Input).value = str(log)
        await driver.press("enter")
        await driver.on("ComposerScreen")
        await settled(driver, "missing-attachment")
        await driver.sees("195 KiB")
        access = composer(driver).access
        assert access is not None
        access.focus()
        await driver.type(ROOT)
        await driver.quiet()
        assert ROOT not in driver.text()

        program.sandbox.faults({"kind": "drop-before", "times": 1, "method": "PUT", "path": "/api/v1/tickets/*/access"})
        await driver.press("ctrl+o")
        await answer_findings(driver)
        await driver.hears("server access was not given")
        assert isinstance(driver.app.screen, ComposerScreen)
        assert access.value == ROOT
        [new] = [one for one in tickets(panel) if "502 since" in str(one["subject"])]
        assert panel.get(f"/tickets/{new['id']}")["access"] == "none"
        program.sandbox.faults()
        await driver.press("ctrl+o")
        await driver.until(lambda: not isinstance(driver.app.screen, ComposerScreen), "the composer to go")
        assert panel.get(f"/tickets/{new['id']}")["access"] == "given"
        [message] = panel.get(f"/tickets/{new['id']}/messages")["items"]
        assert [one["size"] for one in message["attachments"]] == [200_000]
    for path in program.root.rglob("*"):
        assert not path.is_file() or ROOT.encode() not in path.read_bytes(), path


async def test_the_panel_dies_while_a_ticket_is_being_sent(program: Program) -> None:
    """Sent or not is not known: it is looked up, sent exactly once, and the draft is there until then."""
    async with program.open(settings=AT_ONCE) as driver:
        await begin_new(driver)
        await driver.type("The disk of db-1 is full")
        await driver.press("enter")
        await driver.type("df -h says 100 % on /var since this morning.")
        await driver.until(lambda: composer(driver).kept.draft.revision > 0, "the draft")
        program.sandbox.faults({"kind": "slow-body", "ms": 5_000, "method": "POST", "path": "/api/v1/tickets"})
        await driver.press("ctrl+o")
        await answer_findings(driver)
        await driver.until(lambda: program.sandbox.fault_strikes() == [1], "the ticket to be written")
        program.sandbox.kill()
        await driver.hears("outcome unknown")
        assert [one.subject for one in driver.app.session.writing.drafts.all()] == ["The disk of db-1 is full"]
        program.sandbox.start()
        await driver.finished()
        await driver.until(lambda: not driver.app.session.writing.drafts.all(), "the draft to go")
        again = [one for one in tickets(program.panel()) if one["subject"] == "The disk of db-1 is full"]
        assert len(again) == 1


async def test_facts_of_an_order_are_filled_in_and_nothing_is_kept_of_what_was_only_looked_at(program: Program) -> None:
    async with program.open(settings=AT_ONCE) as driver:
        await driver.go("3", "OrdersScreen")
        order_id = driver.cursor
        await driver.press("H")
        await driver.on("ComposerScreen")
        row = driver.app.session.store.order_rows([str(order_id)])[str(order_id)]
        await driver.sees(row.name)
        draft = composer(driver).reviewed()
        assert draft.order_id == order_id
        assert f"(id {order_id})" in draft.body
        assert draft.body.startswith("\n\n```")
        await driver.press("escape", "escape")
        await driver.on("OrdersScreen")
        assert driver.app.session.writing.drafts.all() == []


async def test_what_was_typed_is_there_after_a_crash(program: Program) -> None:
    """Another program finds it while nothing of the first one has ended: as after kill -9."""
    async with program.open(settings=AT_ONCE) as first:
        await begin_new(first)
        await first.type("The disk of db-1 is full")
        await first.press("enter")
        await first.type("df -h says 100 %")
        await first.until(lambda: composer(first).kept.draft.body == "df -h says 100 %", "it to be kept")
        async with program.open(settings=AT_ONCE) as second:
            await second.go("9", "TicketsScreen")
            await second.press("n")
            await second.on("ChoiceDialog")
            await second.reads("Go on: The disk of db-1 is full")
            await second.press("enter")
            await second.on("ComposerScreen")
            assert composer(second).body.text == "df -h says 100 %"
            # Both go on writing: neither loses a word.
            await second.type(" since noon")
            await second.until(lambda: composer(second).kept.draft.body.endswith("noon"), "it to be kept")
            first.here()
            await first.type(" since ten")
            await first.hears("Another program changed")
            wanted = {"df -h says 100 % since noon", "df -h says 100 % since ten"}
            drafts = first.app.session.writing.drafts
            await first.until(lambda: {one.body for one in drafts.all()} == wanted, "both to be kept")


async def test_a_second_matter_and_a_second_message_in_a_row_become_drafts(program: Program) -> None:
    """TKT-3, TKT-7: nothing of it is lost, and it is found again where a draft is."""
    ticket_id = open_ticket(program)["id"]
    async with program.open(settings=AT_ONCE) as driver:
        drafts = driver.app.session.writing.drafts
        await begin_new(driver)
        await driver.type("nginx on web-1 answers 502")
        await driver.press("enter")
        await paste(driver, f"{FIRST}\n\n{SECOND}")
        await found(driver, "two-problems")
        await driver.press("escape")
        number = 1 + [one.id for one in composer(driver).reviewer.findings].index("two-problems")
        await driver.press(str(number))
        await settled(driver, "two-problems")
        assert SECOND not in composer(driver).body.text
        await driver.press("escape")
        await driver.on("TicketsScreen")
        both = {one.body.strip() for one in drafts.all()}
        assert len(both) == 2
        assert any(SECOND in one for one in both)

        await begin_reply(driver, ticket_id)
        await driver.type("Any news?")
        await found(driver, "bumping")
        await driver.press("ctrl+t")
        await driver.on("TicketScreen")
        [kept] = drafts.of_ticket(ticket_id)
        assert (kept.body, kept.held_back) == ("Any news?", True)
        assert len(bodies(program.panel(), ticket_id)) == 1

        # Server access can be given later as well, by a key of the thread (TKT-4).
        await driver.press("W")
        await driver.on("Prompt")
        await driver.type(ROOT)
        assert ROOT not in driver.text()
        await driver.press("enter")
        await driver.hears("Server access is given")
        assert program.panel().get(f"/tickets/{ticket_id}")["access"] == "given"
