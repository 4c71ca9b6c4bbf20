"""Orders on their way, on every other screen; and the sandbox's mails (TRF-2, TRF-6)."""

from __future__ import annotations

import pytest

from billtui.screens.modals.mail import BANNER
from billtui.screens.transfers import TransfersScreen
from tests.support.driving import Driver, Pocket, Program
from tests.support.handing_over import (
    RECIPIENT,
    SENDER,
    code_of,
    free_orders,
    link_of,
    links,
    push,
    push_by_api,
    step_by_api,
    tab_to,
)

SIZES = [(80, 24), (140, 40)]


async def in_list(driver: Driver, transfer_id: str) -> None:
    """The list of transfers with the cursor on one."""
    await driver.go("8", "TransfersScreen")
    await driver.cursor_to(transfer_id)


@pytest.mark.parametrize("size", SIZES)
async def test_an_order_on_its_way_says_so_everywhere_and_leads_to_its_transfer(
    program: Program, size: tuple[int, int]
) -> None:
    """TRF-6: every change is refused with the reason and the way out; ``T`` opens the transfer, ``X`` cancels it."""
    panel = program.panel()
    order = free_orders(panel, 1)[0]
    bill = panel.renew([order["id"]])
    panel.pay(bill["id"])
    transfer = push_by_api(panel, [order["id"]])[0]
    async with program.open(size=size) as driver:
        await driver.sees("Transfers", "wait for you", "transfers (8)")
        await driver.go("3", "OrdersScreen")
        await driver.cursor_to(order["id"])
        line = next(one for one in driver.text().splitlines() if "▸" in one)
        assert "⇄ transfer" in line
        for key in ("R", "a", "A", "E"):
            driver.said.clear()
            await driver.press(key)
            await driver.hears("on the way to another account (TRF-6): T opens the transfer, X there cancels it")
            assert type(driver.app.screen).__name__ == "OrdersScreen"
        await driver.press("enter")
        await driver.on("OrderScreen")
        await driver.sees("to kofi.brandt", "you: confirm", "locked meanwhile; T opens it")
        await driver.press("R")
        await driver.hears("on the way to another account")
        await driver.press("T")
        await driver.on("TransferScreen")
        await driver.sees("● you confirm", "kofi.brandt", "pushed by olena.marsh", order["name"])
        await driver.press("O")
        await driver.on("OrderScreen")
        await driver.press("escape")
        await driver.on("TransferScreen")
        await driver.press("a")
        await driver.hears("waits for you to confirm: f confirms it, X cancels it")
        await driver.press("escape", "escape")
        await driver.on("OrdersScreen")

        # The paid invoice of the order says where it is going.
        await driver.go("2", "InvoicesScreen")
        await driver.press("v")
        await driver.choose("paid")
        await driver.cursor_to(bill["id"])
        await driver.press("enter")
        await driver.on("InvoiceScreen")
        await driver.sees("⇄ on its way to kofi.brandt")

        # The agenda names when it expires, and leads there.
        await driver.go("7", "PlannerScreen")
        await driver.press("a")
        await driver.on("AgendaScreen")
        await driver.press("v")
        await driver.choose("transfers")
        await driver.sees("transfer ends", order["name"])
        table = driver.list_screen.table
        row = next(one for one in table.rows if one.transfer_id == transfer)
        await driver.cursor_to(row.key)
        await driver.press("enter")
        await driver.on("TransferScreen")
        await driver.sees(order["name"])

        # Cancelled from there, it can be renewed again.
        await driver.press("X")
        await driver.confirm()
        await driver.finished(1)
        await driver.sees("× cancelled", "cancelled by olena.marsh")
        await driver.go("3", "OrdersScreen")
        await driver.until(
            lambda: not driver.app.session.store.order_rows([order["id"]])[order["id"]].transfer_id, "it to be free"
        )
        await driver.cursor_to(order["id"])
        await driver.press("R")
        await driver.on("ChoiceDialog")


async def test_the_overview_leads_to_what_waits(program: Program) -> None:
    """The line of the overview says how many wait for whom, and opens that view."""
    async with program.open() as driver:
        running = driver.app.session.store.transfers_running()
        await driver.sees("Transfers")
        for _ in range(30):
            if (line := driver.app.screen.query_one("#lines")).highlighted_option.id.startswith("transfers:"):  # type: ignore[attr-defined]  # an OptionList
                break
            await driver.press("down")
        assert line.highlighted_option.id.startswith("transfers:waiting")  # type: ignore[attr-defined]  # an OptionList
        await driver.press("enter")
        await driver.on("TransfersScreen")
        screen = driver.app.screen
        assert isinstance(screen, TransfersScreen)
        await driver.until(lambda: screen.view is not None and screen.view.id == "waiting", "the view")
        assert 0 < screen.table.row_count <= len(running)


async def test_an_order_that_changed_hands_says_whose_it_is(program: Program) -> None:
    """TRF-5: its page, while it is open, and the invoices that stayed."""
    panel, other = program.panel(), program.panel(RECIPIENT)
    order = free_orders(panel, 1)[0]
    bill = panel.renew([order["id"]])
    panel.pay(bill["id"])
    transfer = push_by_api(panel, [order["id"]])[0]
    step_by_api(panel, SENDER, transfer, "confirm")
    async with program.open() as driver:
        await driver.go("3", "OrdersScreen")
        await driver.cursor_to(order["id"])
        await driver.press("enter")
        await driver.on("OrderScreen")
        await driver.sees("they: accept")
        step_by_api(other, RECIPIENT, transfer, "accept")
        await driver.sees(f"{order['name']} went to kofi.brandt on", "it is theirs now")
        await driver.press("R")
        await driver.hears("it is theirs now")
        await driver.press("T")
        await driver.on("TransferScreen")
        await driver.sees("✓ accepted", "accepted by kofi.brandt")
        await driver.press("O")
        await driver.hears("is kofi.brandt's")
        await driver.go("2", "InvoicesScreen")
        await driver.press("v")
        await driver.choose("paid")
        await driver.cursor_to(bill["id"])
        await driver.press("enter")
        await driver.on("InvoiceScreen")
        await driver.sees("⇄ handed over to kofi.brandt")
        await driver.press("ctrl+f")
        await driver.on("SearchScreen")
        await driver.type(f"{order['name']} kofi")
        await driver.press("enter")
        await driver.on("TransferScreen")


async def test_a_mail_leads_to_its_transfer_and_its_code_is_used(program: Program) -> None:
    """TRF-2 in the demo: marked as the sandbox's; the code is hidden until asked for, enter uses it."""
    panel, box = program.panel(), program.sandbox
    order = free_orders(panel, 1)[0]
    transfer = push_by_api(panel, [order["id"]])[0]
    code = code_of(link_of(box, SENDER, "confirm", transfer))
    async with program.open() as driver:
        await in_list(driver, transfer)
        await driver.press("M")
        await driver.on("MailDialog")
        await driver.sees(BANNER, "Order Transfer Confirmation", order["name"], "••••")
        assert code not in driver.text()
        await driver.press("v")
        await driver.sees(code)
        await driver.press("v")
        await driver.until(lambda: code not in driver.text(), "the code to go")
        await driver.press("enter")
        await driver.on("ConfirmPlan")
        await driver.sees(order["name"])
        await driver.confirm()
        await driver.finished(1)
        assert panel.get(f"/transfers/{transfer}")["state"] == "awaiting recipient"
        # Once more: the mail is still there, and what became of it is said.
        await driver.press("M")
        await driver.on("MailDialog")
        await driver.sees("Order Transfer Confirmation")
        await driver.press("enter")
        await driver.hears("is confirmed and waits for kofi.brandt")


async def test_all_codes_of_a_push_come_from_the_mails_at_once(program: Program) -> None:
    """From the question for codes to the mails, ``A``, and back with every code given."""
    panel = program.panel()
    ids = [one["id"] for one in free_orders(panel, 3)]
    async with program.open() as driver:
        await push(driver, *ids)
        await tab_to(driver, "mail")
        await driver.press("enter")
        await driver.on("MailDialog")
        await driver.sees("wanted", "A takes the codes of all")
        await driver.press("A")
        await driver.on("ConfirmPlan")
        await driver.sees("3 steps")
        await driver.confirm()
        await driver.finished(2)
        assert {panel.get(f"/transfers/{panel.order(one)['transfer_id']}")["state"] for one in ids} == {
            "awaiting recipient"
        }


async def test_mails_can_be_read_before_anybody_is_signed_in(program: Program) -> None:
    """A recovery code is wanted exactly then (ACC-3): the session reads the sandbox's mails without a sign-in."""
    panel = program.panel()
    push_by_api(panel, [free_orders(panel, 1)[0]["id"]])
    async with program.open(credentials=Pocket(), ready=False) as driver:
        await driver.on("SignInScreen")
        found = await driver.app.session.mails("olena@marsh-hosting.example")
        assert links(program.sandbox, SENDER, "Order Transfer")[-1] in {str(one.link) for one in found}
        assert {str(one.to) for one in found} == {"olena@marsh-hosting.example"}


async def test_a_read_only_profile_looks_and_changes_nothing(program: Program) -> None:
    """Every key that would change something says why not; the list, the detail and the mails are there."""
    transfer = push_by_api(program.panel(), [free_orders(program.panel(), 1)[0]["id"]])[0]
    async with program.open(read_only=True) as driver:
        await in_list(driver, transfer)
        for key in ("f", "a", "D", "X"):
            driver.said.clear()
            await driver.press(key)
            await driver.hears("read-only")
        await driver.press("enter")
        await driver.on("TransferScreen")
        await driver.press("M")
        await driver.on("MailDialog")
