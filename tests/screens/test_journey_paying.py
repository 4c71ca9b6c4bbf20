"""Paying: from the list, one and several; the method picker; promises kept and broken; external payments."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from textual.widgets import OptionList

from billtui.domain.models import Invoice, PaymentMethod
from billtui.domain.money import Money
from billtui.domain.periods import add_months
from billtui.domain.safetext import SafeText
from billtui.screens.modals.choice import ChoiceDialog
from billtui.screens.modals.dialog import KEYS
from billtui.services.session import Session
from billtui.widgets.formats import moment_text
from tests.support.driving import Driver, Panel, Program


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


async def picker(driver: Driver, invoice_id: str) -> OptionList:
    """Open the method picker of an invoice in the list."""
    await driver.go("2", "InvoicesScreen")
    await driver.cursor_to(invoice_id)
    await driver.press("p")
    await driver.on("ChoiceDialog")
    return driver.app.screen.query_one("#choices", OptionList)


async def test_one_invoice_from_the_list(program: Program) -> None:
    """INV-3, INV-4."""
    panel = program.panel()
    before = panel.balances()["internal"]
    async with program.open() as driver:
        await picker(driver, program.bill("10"))
        await driver.choose("internal")
        await driver.sees(f"internal balance: {before} EUR → {before - Decimal('5.55')} EUR")
        await driver.confirm()
        await driver.finished()
        assert panel.invoice(program.bill("10"))["state"] == "paid"
        assert panel.balances()["internal"] == before - Decimal("5.55")
        await driver.until(
            lambda: program.bill("10") not in driver.list_screen.table.shown_ids(), "the paid invoice to leave"
        )
        await driver.hears("done")


async def test_one_key_too_many_is_no_other_method(program: Program) -> None:
    """At the end of the methods the cursor stays: it does not come out at the first of them, which pays at once."""
    program.panel()
    async with program.open() as driver:
        options = await picker(driver, program.bill("10"))
        able = [place for place, one in enumerate(options.options) if not one.disabled]
        assert len(able) > 1
        await driver.press(*["down"] * (len(able) + 3))
        assert options.highlighted == able[-1]
        await driver.press(*["up"] * (len(able) + 3))
        assert options.highlighted == able[0]


async def test_a_key_without_meaning_in_a_question_is_told_which_have_one(program: Program) -> None:
    program.panel()
    async with program.open() as driver:
        await picker(driver, program.bill("10"))
        await driver.choose("internal")
        await driver.on("ConfirmPlan")
        box = driver.app.screen.query_one("#dialog")
        assert KEYS not in str(box.border_subtitle)
        await driver.press("tab")
        assert KEYS not in str(box.border_subtitle)
        await driver.press("y")
        assert KEYS in str(box.border_subtitle)
        assert "olena.marsh" in str(box.border_subtitle)
        assert type(driver.app.screen).__name__ == "ConfirmPlan", "y is no yes"
        await driver.resize(40, 20)
        await driver.press("question_mark")
        assert KEYS not in str(box.border_subtitle), "whose question it is comes first"
        assert "olena.marsh" in str(box.border_subtitle)


async def test_an_invoice_in_another_currency_says_so_instead_of_a_question(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    """INV-10: two currencies have no total; some panels bill in the currency of an order."""
    real = Session.invoices_by_ids

    async def in_dollars(self: Session, ids: Iterable[str]) -> list[Invoice]:
        found = await real(self, ids)
        return [one.model_copy(update={"total": Money(one.total.amount, "USD")}) for one in found]

    monkeypatch.setattr(Session, "invoices_by_ids", in_dollars)
    async with program.open() as driver:
        await driver.go("2", "InvoicesScreen")
        await driver.cursor_to(program.bill("10"))
        await driver.press("p")
        await driver.hears("is in USD, and this account is kept in EUR")
        assert driver.app.screen.__class__.__name__ == "InvoicesScreen"


async def test_invoices_that_are_gone_meanwhile_are_named(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    """INV-3: three are marked, and one is there: which are not is said before anything is chosen, and confirmed."""
    real = Session.invoices_by_ids

    async def first_alone(self: Session, ids: Iterable[str]) -> list[Invoice]:
        return (await real(self, ids))[:1]

    monkeypatch.setattr(Session, "invoices_by_ids", first_alone)
    async with program.open() as driver:
        await driver.go("2", "InvoicesScreen")
        marked = [program.bill(one) for one in ("10", "12", "13")]
        numbers = {key: row.number for key, row in driver.app.session.store.invoice_rows(marked).items()}
        await driver.mark(*marked)
        await driver.press("p")
        await driver.on("ChoiceDialog")
        dialog = driver.app.screen
        assert isinstance(dialog, ChoiceDialog)
        gone = [one for one in numbers.values() if dialog.title_text != f"Pay invoice {one}"]
        await driver.sees("Left out: 2 invoices are not there any more")
        assert len(gone) == 2 and all(one in dialog.note for one in gone)
        await driver.choose("internal")
        await driver.on("ConfirmPlan")
        await driver.sees("Left out (2)", f"Invoice {gone[0]}", "It is not there any more")


async def test_a_way_to_pay_is_called_as_the_panel_calls_it(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    """INV-3: its id is for machines, and may be a number."""
    real = Session.payment_methods

    async def renamed(self: Session, invoice_id: str) -> list[PaymentMethod]:
        found = await real(self, invoice_id)
        title = {"title": SafeText("Bank wire")}
        return [one.model_copy(update=title) if one.method.raw == "card" else one for one in found]

    monkeypatch.setattr(Session, "payment_methods", renamed)
    async with program.open() as driver:
        await picker(driver, program.bill("13"))
        await driver.choose("card")
        await driver.on("ConfirmPlan")
        await driver.sees(" by Bank wire ")


async def test_several_at_once_and_what_cannot_be_paid_is_left_out(program: Program) -> None:
    """INV-3: each marked invoice is a payment of its own; all from one purse."""
    panel = program.panel()
    before = panel.balances()["internal"]
    async with program.open() as driver:
        await driver.go("2", "InvoicesScreen")
        await driver.mark(program.bill("10"), program.bill("12"), program.bill("13"))
        await driver.press("p")
        await driver.on("ChoiceDialog")
        await driver.sees("Pay 3 invoices", "Total 25.85 EUR")
        methods = driver.app.screen.query_one("#choices", OptionList)
        assert methods.get_option("card").disabled
        await driver.sees("One invoice at a time")
        await driver.choose("internal")
        await driver.confirm()
        job = await driver.finished()
        assert job.counts == {"done": 3}
        assert {
            panel.invoice(one)["state"] for one in (program.bill("10"), program.bill("12"), program.bill("13"))
        } == {"paid"}
        assert panel.balances()["internal"] == before - Decimal("25.85")


async def test_picker_explains_what_is_not_available(program: Program) -> None:
    """ACC-4, PRM-2: a purse that holds too little, and the promise with the date from which it works."""
    panel = program.panel()
    async with program.open() as driver:
        methods = await picker(driver, program.bill("16"))
        for method in ("internal", "affiliate"):
            assert methods.get_option(method).disabled
        await driver.sees("1 674.96 EUR too little", "2 163.56 EUR too little")
        assert not methods.get_option("card").disabled
        await driver.press("escape")
        methods = await picker(driver, program.bill("13"))
        assert methods.get_option("promise").disabled
        works_from = instant(panel.order("13")["paid_until"]) - timedelta(hours=72)
        await driver.until(
            lambda: moment_text(works_from) in " ".join(driver.text().replace("│", " ").split()), "the date"
        )


async def promised(driver: Driver, panel: Panel) -> str:
    """Promise to pay a renewal of order 3 two days before its end; gives the invoice."""
    sandbox = driver.sandbox
    invoice_id: str = panel.renew(["3"])["id"]
    sandbox.advance(days=1)
    await driver.press("r")
    methods = await picker(driver, invoice_id)
    assert methods.get_option("promise").disabled, "4 days left: refused (PRM-2)"
    works_from = instant(panel.order("3")["paid_until"]) - timedelta(hours=72)
    await driver.until(lambda: moment_text(works_from) in " ".join(driver.text().split()), "the date it works from")
    await driver.press("escape")
    sandbox.advance(days=2)
    await driver.press("r")
    methods = await picker(driver, invoice_id)
    assert not methods.get_option("promise").disabled, "2 days left: available"
    await driver.choose("promise")
    await driver.on("ConfirmPlan")
    await driver.sees("Pay by", "blocked at once")
    await driver.confirm()
    await driver.finished()
    invoice = panel.invoice(invoice_id)
    assert invoice["state"] == "promised"
    now = instant(sandbox.call("GET", "/sandbox/clock")[1]["now"])
    assert abs(instant(invoice["promise_until"]) - now - timedelta(days=7)) < timedelta(minutes=2)
    await driver.until(lambda: driver.app.session.store.invoice_rows([invoice_id])[invoice_id].state == "promised")
    return invoice_id


async def test_promise_refused_at_four_days_available_at_two_and_kept(program: Program) -> None:
    """PRM-1, PRM-2, PRM-3, PRM-5, PRM-7."""
    panel = program.panel()
    end = panel.order("3")
    async with program.open() as driver:
        invoice_id = await promised(driver, panel)
        await driver.go("2", "InvoicesScreen")
        await driver.cursor_to(invoice_id)
        await driver.sees("promised")
        await driver.press("D")
        await driver.hears("only unpaid ones can be deleted (INV-5)")
        await driver.go("3", "OrdersScreen")
        await driver.sees("◷ pay in ")
        program.sandbox.advance(days=5)
        panel = program.panel()
        assert panel.order("3")["state"] == "active", "PRM-5: it goes on beyond its end"
        await driver.press("r")
        await picker(driver, invoice_id)
        await driver.choose("internal")
        await driver.confirm()
        await driver.finished(2)
        assert panel.invoice(invoice_id)["state"] == "paid"
        now = panel.order("3")
        assert instant(now["paid_until"]) == add_months(instant(end["paid_until"]), 1, end["billing_day"]), "PRM-7"
        await driver.until(lambda: driver.app.session.store.invoice_rows([invoice_id])[invoice_id].state == "paid")


async def test_promise_broken_is_shown_overdue_and_blocked(program: Program) -> None:
    """PRM-6, PRM-8."""
    panel = program.panel()
    async with program.open() as driver:
        invoice_id = await promised(driver, panel)
        program.sandbox.advance(days=7, seconds=60)
        panel = program.panel()
        assert panel.invoice(invoice_id)["state"] == "overdue"
        assert panel.order("3")["state"] == "blocked"
        await driver.go("2", "InvoicesScreen")
        await driver.press("r")
        await driver.until(lambda: driver.app.session.store.invoice_rows([invoice_id])[invoice_id].state == "overdue")
        await driver.cursor_to(invoice_id)
        await driver.sees("overdue")
        methods = await picker(driver, invoice_id)
        assert methods.get_option("promise").disabled
        assert not methods.get_option("internal").disabled
        await driver.press("escape")
        await driver.go("3", "OrdersScreen")
        await driver.cursor_to("3")
        await driver.press("enter")
        await driver.on("OrderScreen")
        await driver.sees("blocked")


async def test_external_payment_shows_where_to_pay_and_turns_paid_by_itself(program: Program) -> None:
    """INV-3: the invoice stays unpaid until the provider reports the money; no key is needed then."""
    panel = program.panel()
    async with program.open(size=(80, 50)) as driver:
        await picker(driver, program.bill("13"))
        await driver.choose("card")
        await driver.sees("Nothing is charged by billtui itself")
        await driver.confirm()
        await driver.on("ExternalPayment")
        operation = driver.app.session.journal.operations(driver.jobs()[0].id)[0]
        assert operation.answer is not None
        payment_id, address = str(operation.answer["id"]), str(operation.answer["payment_url"])
        await driver.sees(address.removeprefix("https://")[:30])
        assert any(block in driver.text() for block in "█▀▄"), "the QR code"
        assert panel.invoice(program.bill("13"))["state"] == "unpaid"
        await driver.press("escape")
        await driver.on("InvoicesScreen")
        assert program.bill("13") in driver.list_screen.table.shown_ids()
        program.sandbox.settle(payment_id)
        await driver.until(
            lambda: program.bill("13") not in driver.list_screen.table.shown_ids(), "the invoice to turn paid"
        )
        assert panel.invoice(program.bill("13"))["state"] == "paid"
