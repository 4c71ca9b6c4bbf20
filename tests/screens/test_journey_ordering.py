"""Many servers at once, by keys only, and the panel's truth afterwards (BLK, DSC-6, DSC-8)."""

from __future__ import annotations

from decimal import Decimal

import pytest
from textual import events
from textual.widgets import Input, Static, TextArea

from billtui.commands import COMMANDS
from billtui.screens import bulk_order_view
from billtui.screens.bulk_order import BulkOrderScreen
from tests.support.driving import Driver, Panel, Pocket, Program, money_of
from tests.support.sandbox import SandboxProcess

SIZES = [(80, 24), (140, 40)]
PLACES = ("nl", "de", "uk", "fr", "se", "pl", "us-east", "us-west", "ca", "sg")
"""Where VDS micro can be had."""
SOLD_OUT = "VDS micro is sold out in Tokyo"


def screen_of(driver: Driver) -> BulkOrderScreen:
    screen = driver.app.screen
    assert isinstance(screen, BulkOrderScreen), screen
    return screen


async def opened(driver: Driver) -> BulkOrderScreen:
    """From the list of orders to the matrix, with what is sold."""
    await driver.go("3", "OrdersScreen")
    await driver.press("b")
    await driver.on("BulkOrderScreen")
    await driver.sees("VDS micro")
    return screen_of(driver)


async def priced(driver: Driver) -> None:
    """Wait until the panel's price of what is typed stands there."""
    screen = screen_of(driver)
    await driver.until(lambda: not screen.desk.price.asking and screen.desk.price.offer is not None, "the price")
    await driver.sees("Price of the panel")


async def confirm_typing(driver: Driver) -> None:
    """Confirm; where the total has to be typed, type it."""
    await driver.on("ConfirmPlan")
    focused = driver.app.focused
    if focused is None or focused.id != "typed":
        await driver.confirm()
        return
    wanted = str(driver.app.screen.plan.total.amount)  # type: ignore[attr-defined]  # a ConfirmPlan
    screen = driver.app.screen
    await driver.type(wanted)
    await driver.press("enter")
    assert driver.app.focused is not None
    assert driver.app.focused.id == "confirm", driver.text()
    await driver.press("enter")
    await driver.until(lambda: driver.app.screen is not screen, "the confirmation to close")


def set_shop(server: SandboxProcess, **changes: object) -> None:
    """Change prices, stock or codes, as the shopkeeper does."""
    status, answer = server.call("POST", "/sandbox/catalogue", changes)
    assert status == 200, answer


def new_orders(panel: Panel, before: set[str]) -> list[dict[str, object]]:
    return [one for one in panel.orders() if one["id"] not in before]


@pytest.mark.parametrize("size", SIZES)
async def test_the_same_server_in_all_locations_with_a_code(program: Program, size: tuple[int, int]) -> None:
    """BLK-1, BLK-2, DSC-6, DSC-7: 3 per location, one sold out and explained, a code, one invoice, paid, active."""
    panel = program.panel()
    before, purses = {one["id"] for one in panel.orders()}, panel.balances()
    async with program.open(size=size) as driver:
        await opened(driver)
        await driver.press("j", "3", "f")
        await driver.sees("3 × 10 locations = 30 servers", SOLD_OUT)
        await priced(driver)
        await driver.press("d")
        await driver.on("Prompt")
        await driver.type("fleet25")
        await driver.press("enter")
        await driver.on("BulkOrderScreen")
        each = (Decimal("5.90") * Decimal("0.75")).quantize(Decimal("0.01"), "ROUND_HALF_UP")
        total = each * 30
        await driver.sees(f"{total} EUR for 1 month", "−25 %")
        await driver.press("n")
        await driver.on("Prompt")
        await driver.type("shop-{loc}-{n:02}")
        await driver.sees("shop-nl-01, shop-nl-02 … shop-sg-03")
        await driver.press("enter")
        await driver.on("BulkOrderScreen")
        await driver.sees("shop-nl-01")
        await priced(driver)
        await driver.press("enter")
        await driver.on("QuoteDialog")
        await driver.sees("30 in, 1 left out", SOLD_OUT, str(total))
        await driver.choose("internal")
        await driver.sees("3 × 10 locations = 30 servers", f"{purses['internal'] - total}")
        await confirm_typing(driver)
        job = await driver.finished()
        assert job.counts == {"done": 2}
        await driver.on("OrdersScreen")
        await driver.sees("New since yesterday", "30 orders")
        assert screen_draft_is_empty(driver)
    bought = new_orders(panel, before)
    assert len(bought) == 30
    assert {one["state"] for one in bought} == {"active"}
    assert sorted({str(one["location"]) for one in bought}) == sorted(PLACES)
    assert {str(one["name"]) for one in bought if one["location"] == "nl"} == {f"shop-nl-0{n}" for n in (1, 2, 3)}
    paid = [one for one in panel.invoices() if one["kind"] == "new-order" and one["state"] == "paid"]
    whole = panel.invoice(paid[0]["id"])
    assert {line["order_id"] for line in whole["lines"]} == {one["id"] for one in bought}
    assert money_of(whole["total"]) == total == sum(money_of(line["amount"]) for line in whole["lines"])
    assert panel.balances()["internal"] == purses["internal"] - total


def screen_draft_is_empty(driver: Driver) -> bool:
    from billtui.services.order_draft import OrderDrafts

    account = driver.app.session.account
    assert account is not None
    drafts = OrderDrafts(driver.app.session.settings.state_dir, account.panel_id.raw, account.account_id.raw)
    return not drafts.load().draft.cells


async def test_a_price_that_changes_before_the_confirmation_is_refused(program: Program) -> None:
    """DSC-8: refused with the difference, nothing bought, and what was typed is back."""
    panel = program.panel()
    before, purses = {one["id"] for one in panel.orders()}, panel.balances()
    async with program.open() as driver:
        screen = await opened(driver)
        await driver.press("j", "2", "l", "1")
        await priced(driver)
        await driver.sees("3 servers in 2 locations")
        await driver.press("enter")
        await driver.on("QuoteDialog")
        await driver.choose("internal")
        await driver.on("ConfirmPlan")
        price = {"plan": "vds-micro", "monthly_price": {"amount": "6.90", "currency": "EUR"}}
        set_shop(program.sandbox, prices=[price])
        await confirm_typing(driver)
        job = await driver.finished()
        assert "done" not in job.counts
        await driver.hears("What you had chosen is back")
        assert screen.desk.draft.quantities == {("vds-micro", "nl"): 2, ("vds-micro", "de"): 1}
        assert any("5.90" in one or "6.90" in one or "16.8" in one for one in driver.said), driver.said
    assert not new_orders(panel, before)
    assert panel.balances() == purses


async def test_what_was_typed_survives_leaving_and_a_restart(program: Program) -> None:
    async with program.open() as driver:
        await opened(driver)
        await driver.press("j", "3", "l", "1", "2", "p")
        await driver.choose("6")
        await driver.press("escape")
        await driver.on("OrdersScreen")
        await driver.press("b")
        await driver.on("BulkOrderScreen")
        await driver.sees("15 servers in 2 locations", "6 months")
    async with program.open(size=(140, 40)) as driver:
        screen = await opened(driver)
        await driver.sees("15 servers in 2 locations", "6 months")
        assert screen.matrix.quantities == {("vds-micro", "nl"): 3, ("vds-micro", "de"): 12}


async def test_a_code_that_does_not_hold_says_which_condition_failed(program: Program) -> None:
    """DSC-6: the reason beside the field, the input kept, the price without it meanwhile."""
    async with program.open(size=(140, 40)) as driver:
        screen = await opened(driver)
        await driver.press("j", "3", "d")
        await driver.type("FLEET25")
        await driver.press("enter")
        await driver.on("BulkOrderScreen")
        await driver.until(lambda: screen.desk.price.code_problem, "the reason")
        await driver.sees("FLEET25  ")
        assert "10" in screen.desk.price.code_problem
        assert screen.desk.price.offer is not None, "priced without it"
        await driver.press("d")
        await driver.on("Prompt")
        assert driver.app.screen.query_one("#field", Input).value == "FLEET25"
        await driver.press("escape")
        await driver.press("delete", "1", "2")
        await driver.until(lambda: not screen.desk.price.code_problem and screen.desk.price.offer, "the code to hold")
        await driver.sees("FLEET25: −25 %")
        await driver.press("e")
        await driver.on("MessageDialog")
        await driver.sees("code FLEET25 −25 % beats loyalty", "12 × VDS micro in Amsterdam")


async def test_pasted_lines_are_taken_and_bad_ones_named(program: Program) -> None:
    async with program.open() as driver:
        screen = await opened(driver)
        screen.post_message(events.Paste("nl micro 3\nde nano 2\n"))
        await driver.sees("5 servers in 2 locations, 2 plans")
        screen.post_message(events.Paste("fr micro 4\nparis mikro x\n"))
        await driver.on("LinesDialog")
        await driver.sees("1 cell, 4 servers", "Line 2")
        text = driver.app.screen.query_one(TextArea).text
        assert text == "fr micro 4\nparis mikro x\n", "nothing is lost"
        await driver.press("tab", "tab", "tab")
        await driver.until(lambda: driver.app.focused is not None and driver.app.focused.id == "take", "the button")
        await driver.press("enter")
        await driver.sees("1 of the lines are left out")
        await driver.press("enter")
        await driver.on("BulkOrderScreen")
        await driver.sees("9 servers in 3 locations, 2 plans")
        await driver.press("u")
        await driver.sees("5 servers in 2 locations, 2 plans")
        await driver.press("v")
        await driver.on("LinesDialog")
        assert driver.app.screen.query_one(TextArea).text == "paris mikro x", "what was not understood waits"


async def test_ways_out_of_what_is_left_out(program: Program) -> None:
    async with program.open(size=(140, 40)) as driver:
        screen = await opened(driver)
        await driver.press("j", "3", "f", "x")
        await driver.on("ChoiceDialog")
        await driver.sees("3 in Singapore (sg) instead")
        await driver.choose("nearest")
        await driver.on("BulkOrderScreen")
        await driver.until(lambda: not screen.desk.standing().left_out, "nothing left out")
        assert screen.matrix.quantities["vds-micro", "sg"] == 6
        assert ("vds-micro", "jp") not in screen.matrix.quantities
        await priced(driver)
        await driver.sees("33 servers in 10 locations")
        await driver.press("x")
        await driver.hears("Nothing is left out.")


async def test_a_panel_that_is_down_loses_nothing(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    """It says so, keeps what is typed and shows the list price; the price comes by itself when the panel is back."""
    async with program.open() as driver:
        screen = await opened(driver)
        program.sandbox.faults({"kind": "http-503", "method": "POST", "path": "/quotes"})
        await driver.press("j", "3")
        await driver.sees("3 × 1 location = 3 servers", "17.70 EUR for 1 month")
        await driver.until(lambda: screen.desk.price.trouble, "the trouble")
        status = screen.query_one("#status", Static).render()
        assert "kept" in str(status) or "kept" in screen.desk.price.trouble
        await driver.press("4")
        await driver.sees("34 servers")
        program.sandbox.faults({"kind": "http-503", "method": "GET"}, {"kind": "http-503", "method": "POST"})
        await driver.press("r")
        await driver.until(lambda: not screen.desk.price.asking and screen.desk.price.trouble, "the trouble again")
        await driver.sees("34 servers")
        monkeypatch.setattr(bulk_order_view, "RETRY", 0.2)
        program.sandbox.faults()
        await driver.press("r")
        await priced(driver)


async def test_the_invoice_only_leads_to_the_invoice(program: Program) -> None:
    """ORD-1: pending until it is paid; the invoice is there to be paid by any method."""
    panel = program.panel()
    before = {one["id"] for one in panel.orders()}
    async with program.open() as driver:
        await opened(driver)
        await driver.press("2")
        await priced(driver)
        await driver.press("enter")
        await driver.on("QuoteDialog")
        await driver.choose("unpaid")
        await driver.sees("pending until the invoice is paid")
        await confirm_typing(driver)
        await driver.finished()
        await driver.on("InvoiceScreen")
        unpaid = next(one for one in panel.invoices(state="unpaid") if one["kind"] == "new-order")
        await driver.sees(str(unpaid["number"]))
    assert [one["state"] for one in new_orders(panel, before)] == ["pending"] * 2


async def test_more_than_a_thousand_are_several_requests(program: Program) -> None:
    """BLK-7: shown as such before anything is confirmed."""
    async with program.open(size=(140, 40)) as driver:
        screen = await opened(driver)
        await driver.press("asterisk")
        await driver.on("Prompt")
        await driver.type("16")
        await driver.press("enter")
        await driver.on("BulkOrderScreen")
        await priced(driver)
        assert screen.desk.standing().count > 1000
        await driver.sees("2 requests, an invoice each (BLK-7)")
        await driver.press("enter")
        await driver.on("QuoteDialog")
        await driver.sees("Requests", "2, an invoice each")
        await driver.press("escape")
        await driver.press("e")
        await driver.on("MessageDialog")
        await driver.sees("Request 1 of 2")


async def test_a_read_only_profile_sees_prices_and_cannot_buy(program: Program) -> None:
    async with program.open(read_only=True) as driver:
        await opened(driver)
        await driver.press("3")
        await priced(driver)
        await driver.press("enter")
        await driver.hears("This profile is read-only")
        assert screen_of(driver).is_current


async def test_staff_cannot_order_and_is_told(program: Program) -> None:
    login = next(str(one["login"]) for one in program.sandbox.accounts if one["role"] != "client")
    async with program.open(login=login) as driver:
        await driver.press("b")
        await driver.hears("This account may not order new servers (orders.new)")
        assert type(driver.app.screen).__name__ == "QueueScreen"


async def test_a_digit_asks_nobody_until_typing_pauses(program: Program) -> None:
    """The matrix answers at once from what is known: the price of the list, said to be that."""
    async with program.open() as driver:
        await opened(driver)
        program.sandbox.faults({"kind": "latency", "ms": 10_000, "method": "POST", "path": "/quotes"})
        await driver.press("j", "4")
        assert "4 × 1 location = 4 servers" in driver.text()
        assert "23.60 EUR for 1 month" in driver.text()
        assert "List price, before discounts" in driver.text()
        await driver.press("0")
        assert "236.00 EUR for 1 month" in driver.text()
        program.sandbox.faults()
        await driver.press("backspace")
        await priced(driver)
        await driver.sees("4 × 1 location = 4 servers")


async def test_a_command_behind_a_digit_acts_on_it(program: Program) -> None:
    """Keys that arrive together, as over a slow line: the number is the row's before anything was drawn."""
    async with program.open() as driver:
        screen = await opened(driver)
        await driver.press("j")
        screen.matrix.action_digit(3)
        screen.run_command(COMMANDS["bulk.fill_row"])
        await driver.sees("3 × 10 locations = 30 servers")
        await driver.press("X")
        screen.matrix.action_digit(3)
        screen.run_command(COMMANDS["bulk.fill_row"])
        screen.run_command(COMMANDS["bulk.period"])  # asked before the row was filled
        await driver.on("ChoiceDialog")
        await driver.choose("3")
        await driver.sees("3 × 10 locations = 30 servers", "3 months")
        assert screen.desk.draft.quantities == screen.matrix.quantities
        await driver.press("X")
        screen.matrix.action_digit(2)
        screen.run_command(COMMANDS["bulk.buy"])
        await driver.on("QuoteDialog")
        await driver.sees("2 in, 0 left out")


async def test_a_session_that_ends_meanwhile_loses_nothing(program: Program) -> None:
    async with program.open(credentials=Pocket(), ready=False) as driver:
        await driver.on("SignInScreen")
        await driver.type("demo-fleet-2026")
        await driver.press("enter")
        await driver.ready()
        screen = await opened(driver)
        await driver.press("j", "3", "l")
        await priced(driver)
        program.sandbox.faults({"kind": "expire-session", "times": 1, "method": "POST"})
        await driver.press("4")  # one key: the price is asked for when keys rest, and on a busy machine they do early
        await driver.on("SignInScreen")
        await driver.type("demo-fleet-2026")
        await driver.press("enter")
        await driver.on("BulkOrderScreen")
        await driver.sees("7 servers in 2 locations")
        await priced(driver)
        assert screen.matrix.quantities == {("vds-micro", "nl"): 3, ("vds-micro", "de"): 4}


async def test_stock_that_ran_out_meanwhile_is_shown(program: Program) -> None:
    """BLK-2: the panel leaves it out; the matrix, the line of the cell and the total follow."""
    async with program.open(size=(140, 40)) as driver:
        screen = await opened(driver)
        cells = [{"plan": "vds-micro", "location": "de", "available": 1}]
        set_shop(program.sandbox, stock=cells)
        await driver.press("j", "3", "l", "3")
        await driver.sees("[  3/1!]", "3 × 1 location = 3 servers", "order 1 or fewer there")
        await driver.press("x")
        await driver.choose("take")
        await driver.sees("[   1/1]", "4 servers in 2 locations")
        assert screen.matrix.quantities["vds-micro", "de"] == 1


async def test_the_command_that_orders_the_same(program: Program) -> None:
    async with program.open() as driver:
        await opened(driver)
        await driver.press("Y")
        await driver.hears("No servers are chosen yet")
        await driver.press("j", "3", "Y")
        await driver.hears("Sent to the terminal's clipboard")


async def test_a_digit_after_anything_else_begins_a_new_number(program: Program) -> None:
    """After a dialog, a command, a key at the edge, and on another widget and back: never 27 for 2 and then 7."""
    async with program.open() as driver:
        screen = await opened(driver)
        cell = screen.matrix.cursor
        assert cell is not None
        await driver.press("2", "3")
        assert screen.matrix.quantities == {cell: 23}
        for between in (("p", "escape"), ("left",), ("tab", "shift+tab"), ("r",)):
            await driver.press("2", *between)
            await driver.on("BulkOrderScreen")
            await driver.press("7")
            assert screen.matrix.quantities == {cell: 7}, between
            await driver.press("delete")


async def test_a_document_pasted_by_a_slip_stops_nothing(program: Program) -> None:
    async with program.open() as driver:
        screen = await opened(driver)
        screen.post_message(events.Paste("zz qq 3\n" * 100_000))
        await driver.hears("are no list for here")
        screen.post_message(events.Paste("zz qq 3\n" * 200))
        await driver.on("LinesDialog")
        shown = driver.app.screen.query_one("#bad-text", Static)
        assert str(shown.render()).count("\n") == 30, "named up to a number, the rest counted"
        await driver.press("escape")
        await driver.on("BulkOrderScreen")


async def test_more_than_a_cell_holds_is_not_said_to_be_taken_over(program: Program) -> None:
    async with program.open(size=(140, 40)) as driver:
        screen = await opened(driver)
        screen.post_message(events.Paste("nl micro 20000\nde micro 3"))
        await driver.sees("A cell holds at most 9,999", "20,000 wanted")
        assert sorted(screen.matrix.quantities.values()) == [3, 9_999]


async def test_a_price_without_the_names_is_not_bought_with_them(program: Program) -> None:
    """DSC-8: the names did not hold for two, then one was left out; what is confirmed is what is asked for."""
    panel = program.panel()
    before = {one["id"] for one in panel.orders()}
    async with program.open() as driver:
        screen = await opened(driver)
        await driver.press("j", "1")
        await driver.press("n")
        await driver.on("Prompt")
        await driver.type("solo")
        await driver.press("enter")
        await driver.on("BulkOrderScreen")
        await priced(driver)
        set_shop(program.sandbox, stock=[{"plan": "vds-micro", "location": "de", "available": 0}])
        await driver.press("l", "1")
        await driver.until(lambda: screen.desk.standing().left_out and screen.desk.price.offer, "one to be left out")
        await priced(driver)
        await driver.press("enter")
        await driver.on("QuoteDialog")
        await driver.choose("internal")
        await driver.on("ConfirmPlan")
        await driver.sees("solo")
        await confirm_typing(driver)
        await driver.finished()
    assert [one["name"] for one in new_orders(panel, before)] == ["solo"]
