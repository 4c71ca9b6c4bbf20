"""Combine, split, delete: with the undo window, and what the panel saw of it."""

from __future__ import annotations

from decimal import Decimal

import pytest

from billtui.config.settings import Settings
from billtui.services.executor import Executor
from billtui.services.journal import JournalError
from tests.support.driving import Driver, Program, money_of

THREE = ("10", "12", "13")
"""Orders on an unpaid renewal invoice each."""
SOON = Settings(undo_seconds=0)
LONG = Settings(undo_seconds=60)


def watch(driver: Driver) -> None:
    """From now on the panel counts the writes it gets, without changing any."""
    driver.sandbox.faults(*({"kind": "latency", "ms": 0, "method": one} for one in ("POST", "PATCH", "DELETE")))


def writes(driver: Driver) -> int:
    return sum(driver.sandbox.fault_strikes())


async def combine_three(driver: Driver) -> list[str]:
    """Up to and with the confirmation; gives the ids of the three invoices."""
    bills = [driver.bill(one) for one in THREE]
    await driver.go("2", "InvoicesScreen")
    await driver.mark(*bills)
    await driver.press("C")
    await driver.on("ConfirmPlan")
    await driver.sees("25.85 EUR")
    await driver.confirm()
    return bills


async def test_combined_and_split_again(program: Program) -> None:
    """INV-6, INV-7: the exact sum on one invoice; splitting gives back exactly the originals."""
    panel = program.panel()
    bills = [program.bill(one) for one in THREE]
    originals = {one: panel.invoice(one) for one in bills}
    async with program.open(settings=SOON) as driver:
        await combine_three(driver)
        await driver.finished()
        combined = panel.invoices()[0]
        assert money_of(combined["total"]) == sum((money_of(one["total"]) for one in originals.values()), Decimal(0))
        assert set(combined["combined_from"]) == set(bills)
        assert {panel.invoice(one)["state"] for one in bills} == {"combined"}
        await driver.cursor_to(combined["id"])
        await driver.press("D")
        await driver.until(lambda: driver.says("split"), "why it is not deleted")
        if type(driver.app.screen).__name__ == "MessageDialog":
            await driver.press("escape")
        await driver.press("X")
        await driver.confirm()
        await driver.finished(2)
        for one in bills:
            now = panel.invoice(one)
            assert (now["state"], now["total"], now["lines"]) == (
                "unpaid", originals[one]["total"], originals[one]["lines"],
            )  # fmt: skip
        await driver.until(lambda: set(bills) <= set(driver.list_screen.table.shown_ids()), "the originals")


async def test_undo_within_the_window_leaves_no_trace(program: Program) -> None:
    """The panel gets no request at all; nothing changed there."""
    panel = program.panel()
    program.bill("10")  # asked before requests are counted
    async with program.open(settings=LONG) as driver:
        watch(driver)
        cursor = panel.get("/changes")["cursor"]
        bills = await combine_three(driver)
        await driver.sees("takes it back")
        await driver.press("u")
        await driver.hears("Taken back")
        assert "takes it back" not in driver.text()
        job = await driver.finished()
        assert job.counts == {"cancelled": 1}
        assert writes(driver) == 0
        assert panel.get("/changes")["cursor"] == cursor
        assert not driver.list_screen.table.marked_ids, "what was confirmed is no longer marked"
        await driver.press("u")
        assert driver.list_screen.table.marked_ids == set(bills), "the next undo brings the marks back"


async def test_an_undo_that_could_not_be_written_can_be_pressed_again(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The journal was in use at that moment: what is held still says so, and goes to nobody unseen."""
    async with program.open(settings=LONG) as driver:
        await combine_three(driver)
        await driver.sees("takes it back")

        def busy(_executor: Executor, _job_id: str) -> int:
            raise JournalError("Another process keeps the journal locked. Try again.")

        with monkeypatch.context() as locked:
            locked.setattr(Executor, "take_back", busy)
            await driver.press("u")
            await driver.hears("keeps the journal locked")
            assert driver.app.holds_something
            await driver.sees("takes it back")
        await driver.press("u")
        await driver.hears("Taken back")
        assert (await driver.finished()).counts == {"cancelled": 1}


async def test_without_undo_it_lands_when_the_window_ends(program: Program) -> None:
    async with program.open(settings=Settings(undo_seconds=1)) as driver:
        panel = program.panel()
        bills = await combine_three(driver)
        await driver.finished()
        assert set(panel.invoices()[0]["combined_from"]) == set(bills)
        await driver.until(lambda: "takes it back" not in driver.text(), "the outbox to empty")


async def test_deleting_frees_the_order_for_renewal(program: Program) -> None:
    """INV-5, REN-2: the number stays, the order can be renewed again."""
    panel = program.panel()
    assert panel.order("13")["unpaid_invoice_id"] == program.bill("13")
    async with program.open(settings=SOON) as driver:
        await driver.go("3", "OrdersScreen")
        await driver.cursor_to("13")
        await driver.press("R")
        await driver.hears("(REN-2)")
        await driver.press("i")
        await driver.on("InvoiceScreen")
        await driver.press("D")
        await driver.on("ConfirmPlan")
        await driver.sees("can be renewed again")
        await driver.confirm()
        await driver.finished()
        assert panel.invoice(program.bill("13"))["state"] == "deleted"
        await driver.press("escape")
        await driver.on("OrdersScreen")
        table = driver.list_screen.table
        await driver.until(
            lambda: getattr(table.row_of("13"), "unpaid_invoice_id", "not there") is None, "the freed order in the list"
        )
        await driver.press("R")
        await driver.on("ChoiceDialog")
        await driver.sees("Renew backup-jp-01")


async def test_deleting_a_new_order_invoice_says_that_it_cancels(program: Program) -> None:
    """INV-5, ORD-1."""
    panel = program.panel()
    async with program.open(settings=SOON) as driver:
        await driver.go("2", "InvoicesScreen")
        await driver.cursor_to(program.bill("52"))
        await driver.press("D")
        await driver.on("ConfirmPlan")
        await driver.sees("cancels those pending orders")
        await driver.confirm()
        await driver.finished()
        assert panel.order("52")["state"] == "cancelled"
