"""Orders: power, rename, auto-renewal, reinstall; and the guards before anything is changed."""

from __future__ import annotations

from decimal import Decimal

import pytest
from textual.widgets import Input

from billtui.config.settings import Settings
from tests.support.driving import Driver, Program


async def at_order(driver: Driver, order_id: str) -> None:
    await driver.go("3", "OrdersScreen")
    await driver.cursor_to(order_id)


async def test_power_actions_and_why_not(program: Program) -> None:
    """ORD-4, ORD-7: a suspended server can be resumed; what it does not allow says why."""
    panel = program.panel()
    async with program.open(size=(100, 40)) as driver:
        await at_order(driver, "9")
        await driver.press("x")
        await driver.on("ChoiceDialog")
        choices = driver.app.screen.query_one("#choices")
        assert choices.get_option("suspend").disabled  # type: ignore[attr-defined]  # an OptionList
        await driver.choose("unsuspend")
        await driver.confirm()
        await driver.finished()
        assert panel.order("9")["state"] == "active"
        await driver.until(lambda: driver.app.session.store.order_rows(["9"])["9"].state == "active")


async def test_rename(program: Program) -> None:
    """A name of 10,000 characters is refused in the form and stays there; a good one lands."""
    panel = program.panel()
    async with program.open() as driver:
        await at_order(driver, "20")
        await driver.press("E")
        await driver.on("Prompt")
        driver.app.screen.query_one("#field", Input).value = "x" * 10_000
        await driver.press("enter")
        await driver.sees("at most 200 characters")
        driver.app.screen.query_one("#field", Input).value = ""
        await driver.type("vpn-warsaw-7")
        await driver.press("enter")
        await driver.finished()
        assert panel.order("20")["name"] == "vpn-warsaw-7"
        await driver.sees("vpn-warsaw-7")
        assert driver.cursor == "20"


async def test_auto_renewal_of_several(program: Program) -> None:
    """REN-4, REN-5: one plan for all marked; each order its own step."""
    panel = program.panel()
    async with program.open() as driver:
        await driver.go("3", "OrdersScreen")
        await driver.mark("4", "6")
        await driver.press("a")
        await driver.on("ChoiceDialog")
        await driver.choose("3")
        await driver.confirm()
        await driver.finished()
        assert [panel.order(one)["auto_renew"] for one in ("4", "6")] == [{"on": True, "months": 3}] * 2


async def test_orders_whose_auto_renewal_differs_stay_as_they_are_unless_one_is_chosen(program: Program) -> None:
    """REN-5: no period is the default of all because it is the first one's; switched off, each keeps its own."""
    panel = program.panel()
    for number, wanted in (("4", {"on": True, "months": 12}), ("6", {"on": True, "months": 3})):
        panel.write("PATCH", f"/orders/{number}", {"auto_renew": wanted})
    async with program.open() as driver:
        await driver.go("3", "OrdersScreen")
        await driver.mark("4", "6")
        await driver.press("a")
        await driver.on("ChoiceDialog")
        await driver.sees("As they are", "1 on for 12 months, 1 on for 3 months")
        await driver.press("enter")
        await driver.hears("stays as it is; nothing was sent")
        assert not driver.jobs()
        await driver.press("a")
        await driver.on("ChoiceDialog")
        await driver.choose("0")
        await driver.confirm()
        await driver.finished()
        assert [panel.order(one)["auto_renew"] for one in ("4", "6")] == [
            {"on": False, "months": 12}, {"on": False, "months": 3},
        ]  # fmt: skip


async def test_reinstall_wants_the_name_typed(program: Program) -> None:
    """ORD-4: the wrong name goes no further; the right one, and then a confirmation that rests on "no"."""
    panel = program.panel()
    async with program.open(size=(80, 30)) as driver:
        await at_order(driver, "20")
        before = panel.order("20")["version"]
        await driver.press("x")
        await driver.on("ChoiceDialog")
        await driver.choose("reinstall")
        await driver.on("Prompt")
        await driver.type("vpn-pl-02")
        await driver.press("enter")
        await driver.sees("That is not the order's name")
        await driver.press("backspace", "1", "enter")
        await driver.on("ConfirmPlan")
        await driver.sees("cannot be taken back")
        await driver.press("enter")
        await driver.hears("Nothing was sent.")
        assert panel.order("20")["version"] == before
        assert not driver.jobs()
        await driver.press("x")
        await driver.on("ChoiceDialog")
        await driver.choose("reinstall")
        await driver.type("vpn-pl-01")
        await driver.press("enter")
        await driver.confirm()
        job = await driver.finished()
        assert job.counts == {"done": 1}


async def test_above_the_limit_the_total_is_typed(program: Program) -> None:
    """The wrong text keeps the dialog; the right one only leads to the button."""
    panel = program.panel()
    before = panel.balances()["internal"]
    async with program.open(settings=Settings(confirm_limit=Decimal(20))) as driver:
        await driver.go("2", "InvoicesScreen")
        await driver.cursor_to(program.bill("11"))
        await driver.press("p")
        await driver.on("ChoiceDialog")
        await driver.choose("internal")
        await driver.on("ConfirmPlan")
        await driver.sees("Type 27.32 to confirm")
        await driver.type("2732")
        await driver.press("enter")
        await driver.sees("That is not 27.32")
        await driver.press("tab", "tab", "tab", "enter")
        assert type(driver.app.screen).__name__ == "ConfirmPlan", "the button does not go round the field"
        driver.app.screen.query_one("#typed", Input).focus()
        await driver.quiet()
        await driver.press(*["backspace"] * 4)
        await driver.type("27.32")
        await driver.press("enter")
        assert not driver.jobs(), "enter in the field goes on to the button, never past it"
        await driver.press("enter")
        await driver.finished()
        assert panel.balances()["internal"] == before - Decimal("27.32")


async def test_more_steps_than_the_limit_are_typed_by_count(program: Program) -> None:
    async with program.open(settings=Settings(confirm_items=2)) as driver:
        await driver.go("3", "OrdersScreen")
        await driver.mark("4", "6", "20")
        await driver.press("a")
        await driver.on("ChoiceDialog")
        await driver.choose("12")
        await driver.on("ConfirmPlan")
        await driver.sees("Type 3 to confirm")
        await driver.press("escape")
        await driver.hears("Nothing was sent.")


async def test_top_up_and_affiliate_money(program: Program) -> None:
    """ACC-4, INV-13: a bad amount is said in the form; a top-up waits for the provider; affiliate money moves once."""
    panel = program.panel()
    before = panel.balances()
    async with program.open(size=(80, 50)) as driver:
        await driver.go("5", "BalanceScreen")
        await driver.until(lambda: driver.app.screen.query_one("#table").row_count, "the ledger")  # type: ignore[attr-defined]  # a RecordTable
        await driver.press("t")
        await driver.on("Prompt")
        await driver.type("-5")
        await driver.press("enter")
        await driver.until(lambda: driver.app.screen.query_one("#problem").has_class("shown"), "the reason")
        driver.app.screen.query_one("#field", Input).value = ""
        await driver.type("40")
        await driver.press("enter")
        await driver.on("ChoiceDialog")
        await driver.choose("card")
        await driver.confirm()
        await driver.on("ExternalPayment")
        assert panel.balances() == before
        operation = driver.app.session.journal.operations(driver.jobs()[0].id)[0]
        assert operation.answer is not None
        await driver.press("escape")
        program.sandbox.settle(str(operation.answer["payment"]["id"]))
        await driver.until(
            lambda: (
                driver.app.session.account
                and driver.app.session.account.balances.internal.amount == before["internal"] + 40
            ),
            "the money",
        )
        await driver.press("m")
        await driver.on("Prompt")
        await driver.press("enter")
        await driver.on("ConfirmPlan")
        await driver.sees("There is no way back")
        await driver.confirm()
        await driver.finished(2)
        assert panel.balances() == {
            "internal": before["internal"] + 40 + before["affiliate"],
            "affiliate": Decimal(0),
        }
        await driver.until(lambda: "565.00" in driver.text() or "601.40" in driver.text(), "the new balance")
        await driver.until(lambda: driver.app.screen.refusal_of is not None, "")  # type: ignore[attr-defined]  # a BilltuiScreen
        await driver.press("m")
        await driver.hears("There is no affiliate money to move (ACC-4).")


@pytest.mark.parametrize(("area", "key"), [("2", "p"), ("2", "D"), ("3", "R"), ("3", "a"), ("5", "t")])
async def test_read_only_profile_refuses_with_the_reason(program: Program, area: str, key: str) -> None:
    names = {"2": "InvoicesScreen", "3": "OrdersScreen", "5": "BalanceScreen"}
    async with program.open(read_only=True) as driver:
        await driver.sees("READ-ONLY")
        await driver.go(area, names[area])
        await driver.press(key)
        await driver.hears("This profile is read-only")
        assert not driver.jobs()


async def test_missing_capability_is_shown_disabled_with_its_reason(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A panel without a capability: the command stays visible, dim, and says why."""
    async with program.open() as driver:
        session = driver.app.session
        everything = session.unavailable
        monkeypatch.setattr(
            session, "unavailable", lambda name: "This panel cannot combine." if "combine" in name else everything(name)
        )
        await driver.go("2", "InvoicesScreen")
        await driver.mark(program.bill("10"), program.bill("12"))
        await driver.press("C")
        await driver.hears("This panel cannot combine.")
        assert type(driver.app.screen).__name__ == "InvoicesScreen"
        await driver.press("colon")
        await driver.type("combine")
        await driver.sees("This panel cannot combine.")
