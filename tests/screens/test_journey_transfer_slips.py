"""What goes wrong when servers are handed over: each slip has its own words, and nothing that was typed is lost."""

from __future__ import annotations

import pytest
from textual.widgets import Input

from billtui.services.journal import OperationState
from tests.support.driving import Driver, Pocket, Program
from tests.support.handing_over import (
    RECIPIENT,
    RECIPIENT_ID,
    SENDER,
    SENDER_ID,
    both,
    code_of,
    confirm_push,
    free_orders,
    give,
    link_of,
    mails,
    paste,
    push,
    push_by_api,
    step_by_api,
    tab_to,
    type_recipient,
)

PUSHES = {"method": "POST", "path": "/api/v1/transfers"}


def first_free(program: Program, login: str = SENDER) -> str:
    """The id of an order that nothing is in the way of."""
    return str(free_orders(program.panel(login), 1)[0]["id"])


async def ask_recipient(driver: Driver, order_id: str) -> None:
    """``T`` on an order."""
    await driver.go("3", "OrdersScreen")
    await driver.cursor_to(order_id)
    await driver.press("T")
    await driver.on("RecipientDialog")


def typed(driver: Driver) -> tuple[str, str]:
    """What stands in the two fields."""
    screen = driver.app.screen
    return screen.query_one("#field-login", Input).value, screen.query_one("#field-account_id", Input).value


async def clear(driver: Driver, field: str) -> None:
    """Empty a field by its keys."""
    entry = driver.app.screen.query_one(f"#field-{field}", Input)
    entry.focus()
    await driver.press("end", "ctrl+u")
    assert entry.value == ""


async def push_to(driver: Driver, login: str, account_id: str) -> None:
    """From the two fields to the confirmed push."""
    await type_recipient(driver, login, account_id)
    await driver.on("PushDialog")
    await driver.press("enter")
    await confirm_push(driver, login)


async def test_what_cannot_be_right_is_said_while_it_is_typed(program: Program) -> None:
    """TRF-1, TRF-4: an e-mail, letters in the ID, the own account by either half; nothing is sent for it."""
    async with program.open() as driver:
        await ask_recipient(driver, first_free(program))
        await driver.type("kofi@")
        await driver.sees("e-mail address", "login")
        await driver.press("backspace")
        await driver.until(lambda: "e-mail address" not in driver.text(), "the hint to go")
        await driver.press("tab")
        await driver.type("3182a")
        await driver.sees("digits only")
        await driver.press("backspace")
        await driver.until(lambda: "digits only" not in driver.text(), "the hint to go")
        await driver.press("enter")
        await driver.on("PushDialog")  # 3182 may be somebody's: only the panel knows
        await driver.press("escape")
        for login, account_id in ((SENDER, "1"), ("Olena.Marsh", "1"), ("somebody", SENDER_ID)):
            await ask_recipient(driver, first_free(program))
            await driver.type(login)
            await driver.press("tab")
            await driver.type(account_id)
            await driver.sees("own account")
            await driver.press("enter")
            await driver.on("RecipientDialog")
            await driver.press("escape")
        await driver.press("T")
        await driver.press("enter")
        await driver.sees("login")
        await driver.on("RecipientDialog")
        assert driver.jobs() == []


@pytest.mark.parametrize(("login", "account_id"), [(RECIPIENT, "427903"), ("nobody", RECIPIENT_ID), ("nobody", "1")])
async def test_a_wrong_pair_gets_one_neutral_answer_and_can_be_corrected(
    program: Program, login: str, account_id: str
) -> None:
    """TRF-1: the same words whichever half is wrong; both fields stay as they were typed."""
    async with program.open() as driver:
        order = first_free(program)
        await ask_recipient(driver, order)
        await push_to(driver, login, account_id)
        await driver.on("RecipientDialog")
        await driver.sees("There is no client with this login and this account ID together")
        assert typed(driver) == (login, account_id)
        assert program.panel().order(order)["transfer_id"] is None
        for field, right in (("login", RECIPIENT), ("account_id", RECIPIENT_ID)):
            await clear(driver, field)
            await driver.type(right)
        await driver.press("enter")
        await driver.on("PushDialog")
        await driver.press("enter")
        await confirm_push(driver)
        await driver.on("CodesDialog")
        assert program.panel().order(order)["transfer_id"] is not None


async def test_after_ten_wrong_pairs_the_waiting_time_is_said_and_nothing_waits_by_itself(program: Program) -> None:
    """TRF-1: 429 ends the job with the time from which on it can be tried again; it is not repeated unasked."""
    panel, order = program.panel(), first_free(program)
    body = {"order_ids": [order], "recipient_login": "nobody", "recipient_account_id": "1"}
    for number in range(10):
        headers = {"Idempotency-Key": f"{number:032d}"}
        status, answer = program.sandbox.call("POST", "/api/v1/transfers", body, token=panel.token, headers=headers)
        assert status == 409, answer
    async with program.open() as driver:
        await ask_recipient(driver, order)
        await push_to(driver, RECIPIENT, RECIPIENT_ID)
        await driver.on("RecipientDialog")
        await driver.sees("Too many recipients that do not exist", "try again at")
        assert typed(driver) == (RECIPIENT, RECIPIENT_ID)
        assert driver.jobs()[0].counts == {"refused": 1}
        assert panel.order(order)["transfer_id"] is None
        program.sandbox.advance(hours=1)
        await driver.press("enter")
        await driver.on("PushDialog")
        await driver.press("enter")
        await confirm_push(driver)
        await driver.on("CodesDialog")


async def test_a_wrong_code_is_asked_for_anew_and_the_others_go_through(program: Program) -> None:
    """TRF-2: one of two codes is wrong; the right one is confirmed, the wrong one is wanted again with the reason."""
    box = program.sandbox
    ids = [one["id"] for one in free_orders(program.panel(), 2)]
    async with program.open() as driver:
        await push(driver, *ids)
        transfers = {one: program.panel().order(one)["transfer_id"] for one in ids}
        right = {one: link_of(box, SENDER, "confirm", transfer) for one, transfer in transfers.items()}
        wrong = right[ids[1]].replace(code_of(right[ids[1]]), "0000-0000-0000-0000")
        await give(driver, f"{right[ids[0]]} {wrong}")
        await driver.on("CodesDialog")
        await driver.sees("This is not the code for")
        assert program.panel().get(f"/transfers/{transfers[ids[0]]}")["state"] == "awaiting recipient"
        assert program.panel().get(f"/transfers/{transfers[ids[1]]}")["state"] == "awaiting sender"
        await driver.type(code_of(right[ids[1]]).lower().replace("-", " "))  # as one types it
        await driver.press("enter")
        await driver.sees("taken")
        await driver.press("enter")
        await driver.confirm()
        await driver.finished(3)
        assert program.panel().get(f"/transfers/{transfers[ids[1]]}")["state"] == "awaiting recipient"
        screens = "\n".join([driver.text(), *driver.said])
        assert not any(code_of(link) in screens for link in right.values())


async def test_links_of_other_transfers_steps_and_panels(program: Program) -> None:
    """TRF-2: another transfer's link is offered, the recipient's and a foreign panel's are told apart, unsent."""
    panel, box = program.panel(), program.sandbox
    mine, also = (one["id"] for one in free_orders(panel, 2))
    first = push_by_api(panel, [mine])[0]
    second = push_by_api(panel, [also])[0]
    link, other = (link_of(box, SENDER, "confirm", one) for one in (first, second))
    async with program.open() as driver:
        await driver.go("8", "TransfersScreen")
        await driver.cursor_to(first)
        await driver.press("f")
        await driver.on("CodesDialog")
        await paste(driver, link.replace("127.0.0.1", "127.0.0.9"))
        await driver.sees("leads to 127.0.0.9", "not sent here")
        await paste(driver, link.replace("#confirm", "#accept"))
        await driver.sees("the recipient's link, to accept")
        await paste(driver, "https://panel.example/ and nothing else of use")
        await driver.sees("That is no code")
        await paste(driver, link.replace(f"/transfers/{first}#", "/transfers/999999#"))
        await driver.sees("does not know")
        await paste(driver, other)
        await driver.sees("of another transfer", "Enter takes it")
        await driver.press("enter")
        await driver.sees("1 of 2")
        await paste(driver, link)
        await driver.sees("2 of 2")
        await driver.press("enter")
        await driver.confirm()
        await driver.finished(1)
        assert {panel.get(f"/transfers/{one}")["state"] for one in (first, second)} == {"awaiting recipient"}


async def test_a_used_and_an_expired_code(program: Program) -> None:
    """TRF-3: confirmed elsewhere meanwhile, and 72 hours too late: each with its own words, nothing twice."""
    panel, box = program.panel(), program.sandbox
    used, late = push_by_api(panel, [one["id"] for one in free_orders(panel, 2)])
    links = {one: link_of(box, SENDER, "confirm", one) for one in (used, late)}
    async with program.open() as driver:
        await driver.go("8", "TransfersScreen")
        await driver.cursor_to(used)
        await driver.press("f")
        await driver.on("CodesDialog")
        step_by_api(panel, SENDER, used, "confirm")
        await paste(driver, links[used])
        await tab_to(driver, "go")
        await driver.press("enter")
        await driver.on("MessageDialog")
        await driver.sees("This cannot be done now", "You have confirmed", "waits for its")
        await driver.press("escape")
        await driver.on("TransfersScreen")
        await driver.until(lambda: driver.list_screen.table.row_count, "the rows")
        await driver.cursor_to(late)
        await driver.press("f")
        await driver.on("CodesDialog")
        box.advance(hours=73)
        await paste(driver, links[late])
        await driver.press("enter")
        await driver.until(
            lambda: "expired" in driver.text() or any("expired" in one for one in driver.said), "that it has expired"
        )
        assert panel.get(f"/transfers/{late}")["state"] == "expired"
        assert not any(job.counts.get(OperationState.DONE) for job in driver.jobs())


@pytest.mark.parametrize("size", [(80, 24), (140, 40)])
async def test_cancel_and_decline_of_many(program: Program, size: tuple[int, int]) -> None:
    """TRF-3: the sender cancels what is marked, the recipient declines; orders are free again, both sides are told."""
    panel, box = program.panel(), program.sandbox
    ids = [one["id"] for one in free_orders(panel, 4)]
    transfers = push_by_api(panel, ids)
    for one in transfers[2:]:
        step_by_api(panel, SENDER, one, "confirm")
    async with both(program, size) as (sender, recipient):
        await sender.go("8", "TransfersScreen")
        await sender.mark(*transfers[:2])
        await sender.press("X")
        await sender.on("ConfirmPlan")
        await sender.sees("kofi.brandt", "The servers stay yours")
        await sender.confirm()
        await sender.finished(1)
        await recipient.go("8", "TransfersScreen")
        await recipient.mark(*transfers[2:])
        await recipient.press("D")
        await recipient.confirm()
        await recipient.finished(1)
        store = sender.app.session.store
        await sender.until(
            lambda: not any(row.transfer_id for row in store.order_rows(ids).values()), "the orders to be free"
        )
        wanted = ["cancelled", "cancelled", "declined", "declined"]
        await sender.until(
            lambda: [store.transfer_rows([one])[one].state for one in transfers] == wanted, "their states"
        )
        await sender.press("v")
        await sender.choose("ended")
        await sender.sees("× cancelled", "confirmed ─ × declined")
        await sender.cursor_to(transfers[0])
        await sender.press("f")
        await sender.hears("nothing is left to do")
        await sender.press("space")
        await sender.hears("nothing can be done with it any more")
    told = [one["transfer_id"] for one in mails(box, SENDER, "was declined")]
    assert set(transfers[2:]) <= set(told)


async def test_the_answer_of_a_push_is_lost_and_found(program: Program) -> None:
    """A push whose answer was lost: unknown, looked up, done once; it goes on to the codes."""
    panel, order = program.panel(), first_free(program)
    async with program.open() as driver:
        await ask_recipient(driver, order)
        program.sandbox.faults({"kind": "drop-after", "times": 1, **PUSHES})
        await push_to(driver, RECIPIENT, RECIPIENT_ID)
        await driver.on("CodesDialog")
        assert program.sandbox.fault_strikes() == [1]
        events = driver.app.session.journal.events(driver.jobs()[0].id)
        assert OperationState.UNKNOWN in [event.after for event in events]
        found = [one for one in panel.get("/transfers?limit=200")["items"] if one["order_id"] == order]
        assert [one["state"] for one in found] == ["awaiting sender"]


async def test_the_line_is_lost_before_a_push(program: Program) -> None:
    """Never sent: said in the dialog, with everything as it was typed; it goes once the line is back."""
    order = first_free(program)
    async with program.open() as driver:
        await ask_recipient(driver, order)
        await type_recipient(driver)
        await driver.on("PushDialog")
        await driver.press("enter")
        await driver.on("ConfirmPlan")
        program.sandbox.kill()
        await confirm_push(driver)
        await driver.hears("not sent")
        program.sandbox.start()
        await driver.on("PushDialog")
        await driver.sees("kofi.brandt (account ID 318255)", "Nothing was sent")
        await driver.until(lambda: driver.online, "the line to come back")
        await driver.press("enter")
        await confirm_push(driver)
        await driver.on("CodesDialog")
        assert program.panel().order(order)["transfer_id"] is not None


async def test_the_session_expires_between_codes_and_confirmation(program: Program) -> None:
    """TRF-2: signed in again, the confirmation goes on with the code that was given; it is sent once."""
    panel, box = program.panel(), program.sandbox
    transfer = push_by_api(panel, [first_free(program)])[0]
    link = link_of(box, SENDER, "confirm", transfer)
    async with program.open(credentials=Pocket(), ready=False) as driver:
        await driver.on("SignInScreen")
        await driver.type("demo-fleet-2026")
        await driver.press("enter")
        await driver.ready()
        await driver.go("8", "TransfersScreen")
        await driver.cursor_to(transfer)
        await driver.press("f")
        await driver.on("CodesDialog")
        await paste(driver, link)
        await tab_to(driver, "go")
        await driver.press("enter")
        await driver.on("ConfirmPlan")
        box.faults({"kind": "expire-session", "times": 1, "method": "POST"})
        await driver.confirm()
        await driver.on("SignInScreen")
        await driver.type("demo-fleet-2026")
        await driver.press("enter")
        await driver.finished(1)
        assert program.panel().get(f"/transfers/{transfer}")["state"] == "awaiting recipient"
