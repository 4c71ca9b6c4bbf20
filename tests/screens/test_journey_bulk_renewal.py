"""Renewing many by keys at 80×24: blocked ones are explained and freed in the dialog, the rest is right to the cent."""

from __future__ import annotations

import calendar
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import pytest
from textual.widgets import Input

from billtui.screens.renewal_dialog import RenewalDialog
from billtui.widgets.record_table import RecordTable
from tests.screens.conftest import sow
from tests.support.driving import Driver, Panel, Program, money_of
from tests.support.sandbox import Json, SandboxProcess


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def months_later(start: datetime, months: int, day: int) -> datetime:
    """REN-3, written anew: the same clock time, the day clamped to the month's end."""
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    return start.replace(year=year, month=month + 1, day=min(day, calendar.monthrange(year, month + 1)[1]))


LENGTH_OF_USE = ((36, 15), (24, 10), (18, 7), (12, 5), (6, 3), (3, 1))
"""DSC-1: over so many months → per cent, VDS."""
FROM_TEN_ON = 5
"""DSC-2: ten or more VDS → per cent; DSC-3: both add up."""


def renewal_price(order: Json, now: datetime) -> Decimal:
    """A month of a VDS by the rules' own numbers: DSC-1 to DSC-4 (none on add-ons), INV-10."""
    price = money_of(order["monthly_price"])
    percent = 0
    if not order["individual_price"]:
        since = instant(order["in_use_since"])
        used = next((off for months, off in LENGTH_OF_USE if now > months_later(since, months, since.day)), 0)
        percent = used + FROM_TEN_ON
    addons = sum((money_of(one["monthly_price"]) for one in order["addons"]), Decimal(0))
    return (price * (100 - percent) / 100).quantize(Decimal("0.01"), ROUND_HALF_UP) + addons


@pytest.fixture
def fleet_of_sixty(screens_panel: SandboxProcess, tmp_path: Path) -> Program:
    sow(screens_panel, fleet=60)
    return Program(screens_panel, tmp_path)


def forty(panel: Panel) -> list[Json]:
    """Forty running VDS that nothing blocks, the cheapest ones, so that the balance holds their renewal."""
    free = [
        one
        for one in panel.orders()
        if one["kind"] == "vds"
        and one["state"] == "active"
        and one["unpaid_invoice_id"] is None
        and one["transfer_id"] is None
    ]
    return sorted(free, key=lambda one: (money_of(one["monthly_price"]), int(one["id"])))[:40]


async def choose_by_expression(driver: Driver, text: str) -> None:
    """``m``, an expression, enter."""
    await driver.press("m")
    await driver.on("ChoiceDialog")
    await driver.choose("expression")
    await driver.on("ExpressionDialog")
    await driver.type(text)
    await driver.press("enter")
    await driver.on("OrdersScreen")


async def renew_for_a_month(driver: Driver) -> None:
    """``R`` and the period."""
    await driver.press("R")
    await driver.on("ChoiceDialog")
    await driver.choose("1")
    await driver.on("RenewalDialog")


async def tab_to(driver: Driver, widget_id: str) -> None:
    """With tab to a part of the dialog."""
    for _ in range(6):
        if driver.app.focused is not None and driver.app.focused.id == widget_id:
            return
        await driver.press("tab")
    raise AssertionError(f"tab does not lead to {widget_id}: {driver.text()}")


async def to_left_out(driver: Driver, order_id: str) -> None:
    """With tab and the arrows to an order that is left out."""
    await tab_to(driver, "left-out-orders")
    table = driver.app.screen.query_one("#left-out-orders", RecordTable)
    await driver.press("home")
    for _ in range(table.row_count):
        if table.cursor_id == order_id:
            return
        await driver.press("down")
    raise AssertionError(f"{order_id} is not left out: {driver.text()}")


async def confirm_typed(driver: Driver, text: str) -> None:
    """Type what the confirmation asks for, go on to the button, press it."""
    await driver.on("ConfirmPlan")
    await driver.type(text)
    await driver.press("enter", "enter")
    await driver.until(lambda: type(driver.app.screen).__name__ == "OrdersScreen", "the confirmation to close")


async def test_forty_marked_five_blocked_two_freed_thirty_seven_renewed(fleet_of_sixty: Program) -> None:
    """Issue "Bulk": BLK-4, BLK-5, INV-5, REN-1 to REN-3, DSC-1 to DSC-4, INV-10, on one invoice with the cent right."""
    panel = fleet_of_sixty.panel()
    chosen = forty(panel)
    ids = [one["id"] for one in chosen]
    blocked = ids[3:38:7]
    assert len(blocked) == 5
    bills = {one: panel.renew([one]) for one in blocked}
    freed, kept = blocked[:2], blocked[2:]
    async with fleet_of_sixty.open(size=(80, 24)) as driver:
        await driver.go("3", "OrdersScreen")
        await driver.until(
            lambda: all(row.unpaid_invoice_id for row in driver.app.session.store.order_rows(blocked).values()), "bills"
        )
        await driver.press("m")
        await driver.on("ChoiceDialog")
        await driver.choose("expression")
        await driver.on("ExpressionDialog")
        await driver.type(f"id:{','.join(ids)}")
        await driver.sees("40 orders", "35 can be marked, 5 cannot", "5 on an open invoice (BLK-5)")
        await driver.press("enter")
        await driver.on("OrdersScreen")
        await driver.sees("35 marked", "5 set aside")
        table = driver.list_screen.table
        assert (set(table.marked_ids), set(table.aside_ids)) == (set(ids) - set(blocked), set(blocked))

        await renew_for_a_month(driver)
        await driver.sees("35 in, 5 left out")
        for one in blocked:  # each explained, with number and amount
            await to_left_out(driver, one)
            bill = bills[one]
            await driver.sees(bill["number"], str(money_of(bill["total"])), f"p pays invoice {bill['number']}")
        for count, one in enumerate(freed, start=1):
            await to_left_out(driver, one)
            await driver.press("D")
            await driver.confirm()
            await driver.on("RenewalDialog")
            await driver.sees(f"{35 + count} in, {5 - count} left out")
            assert panel.invoice(bills[one]["id"])["state"] == "deleted"

        before = {one["id"]: panel.order(one["id"]) for one in chosen}
        now = datetime.now(UTC)
        expected = {one["id"]: renewal_price(before[one["id"]], now) for one in chosen if one["id"] not in kept}
        total = sum(expected.values(), Decimal(0))
        purse = panel.balances()["internal"]
        assert purse > total
        await driver.sees(f"{total} EUR")
        await tab_to(driver, "choices")
        await driver.choose("internal")
        await confirm_typed(driver, str(total))
        await driver.until(lambda: all(job.finished for job in driver.jobs()), "the jobs to end")

        paid = next(one for one in panel.invoices(state="paid") if one["kind"] == "renewal")
        invoice = panel.invoice(paid["id"])
        assert {line["order_id"]: money_of(line["amount"]) for line in invoice["lines"]} == expected
        assert len(invoice["lines"]) == 37
        assert money_of(invoice["total"]) == total
        assert panel.balances()["internal"] == purse - total
        for order_id in expected:
            was, is_now = before[order_id], panel.order(order_id)
            assert instant(is_now["paid_until"]) == months_later(instant(was["paid_until"]), 1, was["billing_day"])
        for order_id in kept:
            assert panel.order(order_id)["paid_until"] == before[order_id]["paid_until"]
            assert panel.order(order_id)["unpaid_invoice_id"] == bills[order_id]["id"]


async def test_a_promised_invoice_is_paid_not_deleted_and_its_order_joins(program: Program) -> None:
    """BLK-5, INV-5, PRM-9: D says why not, p pays in the normal way, the price is taken anew with the order."""
    panel = program.panel()
    bill = panel.renew(["1"])
    panel.pay(bill["id"], "promise")
    end = panel.order("1")["paid_until"]
    async with program.open() as driver:
        await driver.go("3", "OrdersScreen")
        await driver.until(lambda: driver.app.session.store.order_rows(["1"])["1"].unpaid_invoice_id, "the bill")
        await choose_by_expression(driver, "id:1,2,3")
        await renew_for_a_month(driver)
        await driver.sees("2 in, 1 left out", "promised")
        await to_left_out(driver, "1")
        await driver.press("D")
        await driver.sees("cannot be deleted")
        assert panel.invoice(bill["id"])["state"] == "promised"
        await driver.press("p")
        await driver.on("ChoiceDialog")
        await driver.choose("internal")
        await driver.confirm()
        await driver.on("RenewalDialog")
        await driver.sees("3 in, 0 left out")
        assert panel.invoice(bill["id"])["state"] == "paid"
        assert panel.order("1")["paid_until"] > end
        await driver.press("escape")
        await driver.on("OrdersScreen")
        table = driver.list_screen.table
        await driver.until(lambda: set(table.marked_ids) == {"1", "2", "3"}, "the order to join the marks")
        assert table.aside_ids == frozenset()


async def test_deleting_can_be_thought_better_of(program: Program) -> None:
    """esc in the confirmation leads back to the price, and nothing was sent."""
    panel = program.panel()
    bill = panel.renew(["2"])
    async with program.open() as driver:
        await driver.go("3", "OrdersScreen")
        await driver.until(lambda: driver.app.session.store.order_rows(["2"])["2"].unpaid_invoice_id, "the bill")
        await choose_by_expression(driver, "id:1,2,3")
        await renew_for_a_month(driver)
        await to_left_out(driver, "2")
        await driver.press("D")
        await driver.on("ConfirmPlan")
        await driver.sees("Sent at once")
        await driver.press("escape")
        await driver.on("RenewalDialog")
        await driver.sees("2 in, 1 left out")
        assert driver.jobs() == []
        assert panel.invoice(bill["id"])["state"] == "unpaid"


async def test_deleting_the_invoice_of_a_new_order_says_what_it_cancels(program: Program) -> None:
    """INV-5, ORD-1."""
    panel = program.panel()
    pending = next(one for one in panel.orders() if one["state"] == "pending")
    async with program.open() as driver:
        await driver.go("3", "OrdersScreen")
        await choose_by_expression(driver, f"id:3,{pending['id']}")
        await renew_for_a_month(driver)
        await to_left_out(driver, pending["id"])
        await driver.sees("which cancels the order")
        await driver.press("D")
        await driver.sees("deleting cancels those pending orders")
        await driver.confirm()
        await driver.on("RenewalDialog")
        assert panel.order(pending["id"])["state"] == "cancelled"
        await driver.sees("1 in, 1 left out")


async def test_a_code_that_does_not_hold_stays_and_says_which_condition_failed(program: Program) -> None:
    """DSC-6: the failed condition stands beside the field, what was typed is kept; DSC-7: the better one counts."""
    panel = program.panel()
    now = datetime.now(UTC)
    async with program.open() as driver:
        await driver.go("3", "OrdersScreen")
        await choose_by_expression(driver, "id:1,2,3")
        await renew_for_a_month(driver)
        plain = sum((renewal_price(panel.order(one), now) for one in "123"), Decimal(0))
        await driver.sees(f"{plain} EUR")
        for code, why in (("NO-SUCH", "no promo code"), ("WELCOME15", "renewal"), ("YEAR20", "12")):
            await driver.press("c")
            await driver.press(*["backspace"] * 12)
            await driver.type(code)
            await driver.press("enter")
            await driver.until(lambda code=code: promo_text(driver, code), f"why {code} does not hold")  # type: ignore[misc]  # bound now
            assert why in promo_text(driver, code)
            await driver.sees(f"{plain} EUR")
        dialog = driver.app.screen
        await driver.press("enter")  # the same code once more
        await driver.sees("Not asked again: change it")
        assert driver.app.screen is dialog
        await driver.press("c")
        await driver.press(*["backspace"] * 12)
        await driver.type("STAY10")
        await driver.press("enter")
        await driver.sees("better than loyalty on")
        better = Decimal(0)
        for one in "123":
            order = panel.order(one)
            code_price = (money_of(order["monthly_price"]) * 90 / 100).quantize(Decimal("0.01"), ROUND_HALF_UP)
            addons = sum((money_of(addon["monthly_price"]) for addon in order["addons"]), Decimal(0))
            better += min(renewal_price(order, now), code_price + addons)
        assert better < plain
        await driver.sees(f"{better} EUR")
        await driver.choose("internal")
        await driver.on("ConfirmPlan")
        await driver.sees("STAY10")
        await driver.confirm()
        await driver.finished()
        paid = next(one for one in panel.invoices(state="paid") if one["kind"] == "renewal")
        assert money_of(panel.invoice(paid["id"])["total"]) == better


def promo_text(driver: Driver, code: str) -> str:
    """What stands beside the code; empty until the dialog for it is there."""
    screen = driver.app.screen
    typed = [field.value for field in screen.query("#promo").results(Input)]  # none while it is being composed
    return screen.problem if isinstance(screen, RenewalDialog) and typed == [code] else ""


async def test_every_line_explains_itself(program: Program) -> None:
    """DSC-8."""
    async with program.open() as driver:
        await driver.go("3", "OrdersScreen")
        await choose_by_expression(driver, "id:1,2,3")
        await renew_for_a_month(driver)
        await tab_to(driver, "lines")
        await driver.press("down", "e")
        await driver.on("MessageDialog")
        await driver.sees("list price for 1 month", "rounded half up, once")
        await driver.press("escape")
        await driver.on("RenewalDialog")


async def test_more_than_a_thousand_are_several_requests_shown_as_such(large_program: Program) -> None:
    """BLK-7: said beside the total before anything is confirmed; the lists hold lines, not a widget each."""
    async with large_program.open() as driver:
        await driver.go("3", "OrdersScreen")
        await choose_by_expression(driver, "loc:nl,de,pl plan:micro,small")
        count = len(driver.list_screen.table.marked_ids)
        assert count > 1_000
        await renew_for_a_month(driver)
        await driver.sees(f"{count} in, ", f"{-(-count // 1_000)} requests, an invoice each (BLK-7)")
        screen = driver.app.screen
        assert isinstance(screen, RenewalDialog)
        assert len(screen.lines) == count
        assert len(screen.query("*")) < 30
        await driver.choose("unpaid")
        await driver.on("ConfirmPlan")
        await driver.sees(str(screen.offer.total), f"{-(-count // 1_000)}")
        await driver.press("escape")
        await driver.hears("Nothing was sent")
        assert driver.jobs() == []


async def test_what_was_deleted_and_then_not_renewed_is_said(program: Program) -> None:
    """INV-5: the invoice is gone and the order goes to its end unrenewed; also that others were on that invoice."""
    panel = program.panel()
    bill = panel.renew(["2", "4"])
    async with program.open() as driver:
        await driver.go("3", "OrdersScreen")
        await driver.until(lambda: driver.app.session.store.order_rows(["2"])["2"].unpaid_invoice_id, "the bill")
        await choose_by_expression(driver, "id:1,2,3")
        await renew_for_a_month(driver)
        await to_left_out(driver, "2")
        await driver.press("D")
        await driver.on("ConfirmPlan")
        await driver.sees("It also bills 1 order that is not in this renewal")
        await driver.confirm()
        await driver.on("RenewalDialog")
        await driver.sees("3 in, 0 left out")
        await driver.press("escape")
        await driver.hears(f"Not renewed. Invoice {bill['number']} was deleted")
        assert panel.invoice(bill["id"])["state"] == "deleted"


def drained(panel: Panel, spender: str, total: Decimal) -> Json:
    """Spend the internal balance down until it holds ``total``, and no more once the invoice given is paid."""
    for period in (24, 12, 6, 3, 1):
        while True:
            bill = panel.renew([spender], period)
            if panel.balances()["internal"] - money_of(bill["total"]) < total:
                break
            panel.pay(bill["id"])
        if period > 1:
            panel.write("DELETE", f"/invoices/{bill['id']}")
    return bill


async def test_a_purse_that_was_emptied_meanwhile_issues_no_invoice_unasked(program: Program) -> None:
    """ACC-4, INV-4: renewing and paying are one wish; the button never says "pay" where nothing would be paid."""
    panel = program.panel()
    *chosen, spender = [one["id"] for one in forty(panel)][:4]
    quote = panel.write("POST", "/quotes", {"kind": "renewal", "order_ids": chosen, "period": 1})
    total = money_of(quote["total"])
    bill = drained(panel, spender, total)
    async with program.open() as driver:
        await driver.go("3", "OrdersScreen")
        await choose_by_expression(driver, f"id:{','.join(chosen)}")
        await renew_for_a_month(driver)
        await driver.sees(f"{len(chosen)} in, 0 left out")
        panel.pay(bill["id"])
        account = driver.app.session
        await driver.until(lambda: account.account and account.account.balances.internal.amount < total, "the payment")
        await driver.choose("internal")
        await driver.on("MessageDialog")
        await driver.sees("This cannot be done now", "too little")
        await driver.press("escape")
        await driver.on("OrdersScreen")
        assert driver.jobs() == []
