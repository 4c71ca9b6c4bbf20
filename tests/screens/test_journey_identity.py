"""Identity, not position: what a dialog acts on does not change under it; the cursor stays on its id."""

from __future__ import annotations

from tests.support.driving import Program, password_of


async def test_rows_that_vanish_do_not_move_the_cursor_or_the_dialog(program: Program) -> None:
    """A second client pays rows above and below while the picker is open."""
    panel = program.panel()
    number = panel.invoice(program.bill("13"))["number"]
    async with program.open() as driver:
        await driver.go("2", "InvoicesScreen")
        await driver.cursor_to(program.bill("13"))
        await driver.press("p")
        await driver.on("ChoiceDialog")
        await driver.sees(f"Pay invoice {number}")
        for other in (program.bill("12"), program.bill("administration")):
            panel.pay(other)
        listed = driver.app.screen_stack[0].table  # type: ignore[attr-defined]  # an InvoicesScreen
        await driver.until(
            lambda: not {program.bill("12"), program.bill("administration")} & set(listed.shown_ids()),
            "the rows to leave",
        )
        await driver.sees(f"Pay invoice {number}")
        assert listed.cursor_id == program.bill("13")
        await driver.choose("internal")
        await driver.on("ConfirmPlan")
        await driver.sees("3.29 EUR")
        panel.renew(["20"])
        await driver.until(lambda: len(listed.shown_ids()) == 8, "a new row")
        await driver.confirm()
        await driver.finished()
        assert panel.invoice(program.bill("13"))["state"] == "paid"
        assert panel.invoice(program.bill("11"))["state"] == "unpaid"


async def test_the_object_itself_changed_under_the_dialog(program: Program) -> None:
    """Somebody else paid it: the confirmation sends nothing new, money moves once, and the reason is said."""
    panel = program.panel()
    async with program.open() as driver:
        await driver.go("2", "InvoicesScreen")
        await driver.cursor_to(program.bill("13"))
        await driver.press("p")
        await driver.on("ChoiceDialog")
        await driver.choose("internal")
        await driver.on("ConfirmPlan")
        panel.pay(program.bill("13"))
        after = panel.balances()["internal"]
        await driver.confirm()
        job = await driver.finished()
        assert job.counts == {"refused": 1}
        assert panel.balances()["internal"] == after
        await driver.hears("1 refused")
        await driver.go("4", "JobsScreen")
        await driver.press("enter")
        await driver.on("JobScreen")
        await driver.press("enter")
        await driver.on("MessageDialog")
        await driver.sees("paid")


async def test_marks_survive_a_refresh_and_follow_their_ids(program: Program) -> None:
    panel = program.panel()
    async with program.open() as driver:
        await driver.go("3", "OrdersScreen")
        await driver.mark("1", "2")
        await driver.cursor_to("20")
        panel.write("PATCH", "/orders/1", {"name": "zz-renamed"})
        panel.renew(["2"])
        await driver.until(
            lambda: driver.app.session.store.order_rows(["1"])["1"].name == "zz-renamed", "the other client's change"
        )
        await driver.sees("2 marked")
        assert driver.list_screen.table.marked_ids == {"1", "2"}
        assert driver.cursor == "20"
        await driver.press("R")
        await driver.on("ChoiceDialog")
        await driver.choose("1")
        await driver.on("RenewalDialog")
        await driver.sees("1 in, 1 left out")


async def test_an_order_on_an_open_invoice_cannot_be_marked(program: Program) -> None:
    """BLK-5: the reason names the invoice, and ``i`` leads there."""
    async with program.open() as driver:
        await driver.go("3", "OrdersScreen")
        await driver.cursor_to("13")
        await driver.press("space")
        await driver.hears("on an open invoice (BLK-5)")
        assert not driver.list_screen.table.marked_ids
        await driver.press("i")
        await driver.on("InvoiceScreen")
        await driver.sees("Renewal of backup-jp-01")


async def test_marks_do_not_reach_another_account(program: Program) -> None:
    """What was marked in one account is not marked in the next, whatever its ids are, and ``u`` brings nothing back."""
    async with program.open() as driver:
        await driver.go("3", "OrdersScreen")
        await driver.mark("1", "2")
        table = driver.list_screen.table
        assert table.marked_ids == {"1", "2"}
        path = driver.app.session.store.path
        await driver.app.session.sign_in("kofi.brandt", password_of({"password": "demo-fleet-2026"}).secret)
        await driver.until(lambda: driver.app.session.store.path != path, "the other account's copy")
        await driver.until(lambda: not table.marked_ids, "marks that are forgotten")
        await driver.press("u")
        assert not table.marked_ids
