"""Waits of a view, of a dialog and of what costs money, each left by ``esc``: cut off where it only reads, said where
it goes on (see ``test_waits`` for keys on orders, prices, payments and signing in)."""

from __future__ import annotations

import pytest

from billtui.config.settings import Settings
from billtui.screens.bulk_order import BulkOrderScreen
from billtui.screens.composer import ComposerScreen
from tests.screens.test_journey_bulk_renewal import choose_by_expression, renew_for_a_month, to_left_out
from tests.screens.test_journey_ordering import opened, priced
from tests.screens.test_journey_paying import picker
from tests.screens.test_journey_recovering import EMAIL, NEW, ask, forgotten, set_password, with_code
from tests.screens.test_journey_solving import SOON, open_tool, solved
from tests.screens.test_journey_writing import SUPPORT, begin_new, begin_reply, composer
from tests.support.driving import Driver, Pocket, Program
from tests.support.guiding import guide
from tests.support.handing_over import confirm_push, free_orders, push_by_api, type_recipient
from tests.support.slow_relay import SlowRelay
from tests.support.waiting import SIGN_IN, hold, leaves, writes

pytestmark = pytest.mark.usefixtures("shown_soon")
AT_ONCE = Settings(undo_seconds=0)
TEXT = "nginx on web-1 answers 502 since 10:00 today, every request to / fails."
QUOTES = "POST /api/v1/quotes"


async def goes_back(driver: Driver, relay: SlowRelay, words: str, under: str) -> None:
    """A view waits for what it shows: ``esc`` takes it away, its question is cut off, and nothing comes of it."""
    await driver.sees(f"{words} …", "esc goes back")
    before = len(relay.given_up)
    await driver.press("escape")
    await driver.on(under)
    await driver.until(lambda: len(relay.given_up) > before, "the line to be closed")
    await driver.until(lambda: "esc goes back" not in driver.text(), "the words to go")
    relay.let_go()
    await driver.quiet()
    assert type(driver.app.screen).__name__ == under


# --- views


async def test_the_live_price_of_new_servers_is_left_and_asked_for_by_r(slow: Program, relay: SlowRelay) -> None:
    async with slow.open() as driver:
        screen = await opened(driver)
        hold(relay, QUOTES)
        await driver.press("j", "3")
        await leaves(driver, relay, "Pricing the new servers")
        assert isinstance(screen, BulkOrderScreen)
        assert screen.desk.price.offer is None and not screen.desk.price.asking
        await driver.sees("r asks again")
        await driver.press("r")
        await priced(driver)
        assert writes(relay.calls) == []


async def test_another_number_typed_while_the_price_is_asked_for_is_no_leaving(slow: Program, relay: SlowRelay) -> None:
    async with slow.open() as driver:
        screen = await opened(driver)
        hold(relay, QUOTES)
        await driver.press("j", "3")
        await driver.sees("Pricing the new servers …")
        await driver.press("4")
        await driver.until(lambda: len(relay.given_up) == 1, "the price of what is not wanted any more to be cut off")
        assert screen.desk.price.trouble == ""
        relay.let_go()
        await priced(driver)
        assert screen.desk.draft.cells[0].quantity == 34


async def test_the_mails_are_left_with_their_dialog(slow: Program, relay: SlowRelay) -> None:
    async with slow.open() as driver:
        await driver.go("8", "TransfersScreen")
        hold(relay, "GET /sandbox/mail")
        await driver.press("M")
        await goes_back(driver, relay, "Reading the mails", "TransfersScreen")


async def test_the_card_of_a_customer_is_left(slow: Program, relay: SlowRelay) -> None:
    async with slow.open(login=SUPPORT) as driver:
        await driver.on("QueueScreen")
        await driver.until(lambda: driver.cursor is not None, "a ticket")
        hold(relay, "GET /api/v1/accounts/")
        await driver.press("C")
        await goes_back(driver, relay, "Reading the customer", "QueueScreen")


async def test_the_card_beside_a_thread_is_left_and_the_thread_stays(slow: Program, relay: SlowRelay) -> None:
    async with slow.open(login=SUPPORT, size=(140, 40)) as driver:
        await driver.on("QueueScreen")
        await driver.until(lambda: driver.cursor is not None, "a ticket")
        hold(relay, "GET /api/v1/accounts/")
        await driver.press("enter")
        await driver.on("TicketScreen")
        await leaves(driver, relay, "Reading the customer")
        await driver.sees("r asks again")
        await driver.press("r")
        await driver.sees("Balance")


async def test_the_first_look_at_a_panel_is_left(relay: SlowRelay) -> None:
    async with guide() as driver:
        relay.holds = lambda _call: True
        await driver.sees("Connect to a panel")
        await driver.press("down", "enter")
        await driver.sees("Where is your panel?")
        await driver.type(relay.url)
        await driver.press("enter")
        await driver.sees("Asking who is there …", "esc goes back")
        await driver.press("escape")
        await driver.sees("Where is your panel?")
        await driver.until(lambda: relay.given_up, "the line to be closed")
        relay.let_go()
        await driver.pilot.pause(0.3)
        assert "It answers" not in driver.text() and driver.value("url") == relay.url
        await driver.press("enter")
        await driver.sees("[✓] It answers")


# --- a forgotten password


async def test_a_mail_that_is_asked_for_is_left_and_no_page_turns(slow: Program, relay: SlowRelay) -> None:
    async with slow.open(credentials=Pocket(), ready=False) as driver:
        await forgotten(driver)
        await driver.type(EMAIL)
        hold(relay, "POST /api/v1/password-recovery")
        await driver.press("enter")
        await leaves(driver, relay, "Asking for the mail with the code")
        assert driver.says("The mail may be on its way all the same.")
        assert not driver.app.screen.has_class("-set")
        await driver.press("enter")
        await driver.sees("Code from the mail")


async def test_a_new_password_that_is_being_set_is_waited_for(slow: Program, relay: SlowRelay) -> None:
    """Its answer is shown nowhere else: ``esc`` says so, and takes nothing back."""
    code = ask(slow)
    async with slow.open(credentials=Pocket(), ready=False) as driver:
        await with_code(driver)
        hold(relay, "POST /api/v1/password-recovery/")
        await set_password(driver, code)
        await driver.sees("Setting the new password …")
        assert "esc cancels" not in driver.text()
        await driver.press("escape")
        await driver.until(lambda: driver.says("The panel is being asked"), "why not")
        assert relay.given_up == []
        relay.let_go()
        await driver.ready()
        status, _ = slow.sandbox.call("POST", SIGN_IN.split()[1], {"login": "olena.marsh", "password": NEW})
        assert status == 201


# --- tickets


async def test_what_prepares_an_answer_is_left_and_the_draft_stays(slow: Program, relay: SlowRelay) -> None:
    async with slow.open(settings=AT_ONCE) as driver:
        ticket = next(row.id for row in driver.app.session.store.tickets() if row.state != "closed")
        await begin_reply(driver, ticket)
        await driver.type("Thank you, it is as you say.")
        hold(relay, f"GET /api/v1/tickets/{ticket}")
        await driver.press("ctrl+o")
        await past_findings(driver)
        await leaves(driver, relay, "Reading the ticket as it is now")
        assert composer(driver).body.text == "Thank you, it is as you say." and not composer(driver).busy
        assert writes(relay.calls) == [] and driver.jobs() == []


async def test_what_prepares_a_new_ticket_is_left_and_the_draft_stays(slow: Program, relay: SlowRelay) -> None:
    async with slow.open(settings=AT_ONCE) as driver:
        hold(relay, "GET /api/v1/departments")
        await begin_new(driver)
        await driver.type("nginx on web-1 answers 502")
        await driver.press("enter")
        await driver.type(TEXT)
        await driver.press("ctrl+o")
        await past_findings(driver)
        await leaves(driver, relay, "Asking for the departments")
        assert composer(driver).body.text == TEXT and not composer(driver).busy
        assert writes(relay.calls) == [] and driver.jobs() == []


async def past_findings(driver: Driver) -> None:
    """Send all the same, where the review has found something."""
    await driver.until(
        lambda: not isinstance(driver.app.screen, ComposerScreen) or "esc cancels" in driver.text(), "what comes of it"
    )
    if type(driver.app.screen).__name__ == "SendWithFindings":
        await driver.press("right", "enter")


# --- transfers


async def test_what_prepares_a_push_is_left_and_nothing_is_pushed(slow: Program, relay: SlowRelay) -> None:
    [order] = [one["id"] for one in free_orders(slow.panel(), 1)]
    async with slow.open() as driver:
        await begin_push(driver, order)
        hold(relay, "GET /api/v1/orders/")
        await driver.press("enter")
        await driver.on("OrdersScreen")
        await leaves(driver, relay, "Reading the order")
        assert writes(relay.calls) == [] and driver.jobs() == []


async def test_a_push_that_was_confirmed_goes_on_and_that_is_said(slow: Program, relay: SlowRelay) -> None:
    """TRF-1, TRF-2: it is sent once, its codes are not asked for out of nowhere."""
    panel = slow.panel()
    [order] = [one["id"] for one in free_orders(panel, 1)]
    async with slow.open() as driver:
        await begin_push(driver, order)
        await driver.press("enter")
        hold(relay, "POST /api/v1/transfers")
        await confirm_push(driver)
        await driver.sees("Waiting for the outcome …", "esc leaves it to go on")
        await driver.press("escape")
        await driver.hears("Waiting for the outcome: left. What was confirmed goes on; 4 shows it.")
        assert relay.given_up == []
        relay.let_go()
        assert (await driver.finished()).counts == {"done": 1}
        await driver.quiet()
        assert type(driver.app.screen).__name__ == "OrdersScreen"
    assert panel.order(order)["transfer_id"]
    assert [one for one in writes(relay.calls) if "transfers" in one] == ["POST /api/v1/transfers"]


async def test_what_prepares_the_end_of_a_transfer_is_left(slow: Program, relay: SlowRelay) -> None:
    panel = slow.panel()
    [transfer] = push_by_api(panel, [free_orders(panel, 1)[0]["id"]])
    async with slow.open() as driver:
        await driver.go("8", "TransfersScreen")
        await driver.cursor_to(transfer)
        hold(relay, f"GET /api/v1/transfers/{transfer}")
        await driver.press("X")
        await leaves(driver, relay, "Reading the transfer")
        assert writes(relay.calls) == [] and driver.jobs() == []


async def begin_push(driver: Driver, order: str) -> None:
    """To what it does to the month, with the recipient typed."""
    await driver.go("3", "OrdersScreen")
    await driver.cursor_to(order)
    await driver.press("T")
    await type_recipient(driver)
    await driver.on("PushDialog")


# --- payments


async def test_an_address_to_pay_at_that_was_left_comes_up_nowhere_and_is_said(slow: Program, relay: SlowRelay) -> None:
    """INV-3: the payment goes on, once; its address stands in the job."""
    panel = slow.panel()
    async with slow.open() as driver:
        methods = await picker(driver, slow.bill("administration"))
        assert not methods.get_option("card").disabled
        hold(relay, "POST /api/v1/invoices/")
        await driver.choose("card")
        await driver.confirm()
        await driver.sees("Asking for the address to pay at …", "esc leaves it to go on")
        await driver.press("escape")
        await driver.hears("What was confirmed goes on")
        relay.let_go()
        await driver.hears("The address to pay at is there: 4 Jobs")
        await driver.finished()
        assert type(driver.app.screen).__name__ == "InvoicesScreen"
        await driver.go("4", "JobsScreen")
        await driver.press("enter")
        await driver.on("JobScreen")
        await driver.press("enter")
        await driver.on("MessageDialog")
        await driver.press("escape")
        await driver.on("ExternalPayment")
    assert len([one for one in writes(relay.calls) if one.endswith("/payments")]) == 1
    assert panel.invoice(slow.bill("administration"))["state"] == "unpaid"


async def test_a_bill_paid_on_the_way_to_a_renewal_and_left_brings_no_price_up(slow: Program, relay: SlowRelay) -> None:
    """BLK-5: whoever leaves the wait for the address has left the renewal with it; nothing comes up by itself later."""
    bill = slow.panel().renew(["2"])
    async with slow.open() as driver:
        await driver.go("3", "OrdersScreen")
        await driver.until(lambda: driver.app.session.store.order_rows(["2"])["2"].unpaid_invoice_id, "the bill")
        await choose_by_expression(driver, "id:1,2,3")
        await renew_for_a_month(driver)
        await to_left_out(driver, "2")
        await driver.press("p")
        await driver.on("ChoiceDialog")
        await driver.choose("card")
        hold(relay, "POST /api/v1/invoices/")
        await driver.confirm()
        await driver.sees("Asking for the address to pay at …", "esc leaves it to go on")
        await driver.press("escape")
        relay.let_go()
        await driver.hears("The address to pay at is there: 4 Jobs")
        await driver.finished()
        await driver.until(lambda: all(one.group != "commands" for one in driver.app.workers), "the end of the command")
        assert type(driver.app.screen).__name__ == "OrdersScreen"
    assert slow.panel().invoice(bill["id"])["state"] == "unpaid"


# --- what was worked out is bought


async def test_the_prices_of_what_was_worked_out_are_left_and_nothing_is_bought(
    slow: Program, relay: SlowRelay
) -> None:
    async with slow.open() as driver:
        await open_tool(driver, "renew", *SOON)
        await solved(driver)
        for start, words in (("GET /api/v1/orders/", "Reading 2 orders"), (QUOTES, "Pricing the renewal")):
            hold(relay, start)
            await driver.press("enter")
            await leaves(driver, relay, words)
        await driver.press("enter")
        await driver.on("QuoteDialog")
        assert writes(relay.calls) == [] and driver.jobs() == []
