"""Another plan for an order by keys, and the panel's truth afterwards (ORD-6)."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from billtui.screens.changing_plan import plan_choices
from tests.support.driving import Driver, Program, money_of


async def asked(driver: Driver, order_id: str) -> None:
    """In the order's detail, with the question which plan."""
    await driver.go("3", "OrdersScreen")
    await driver.cursor_to(order_id)
    await driver.press("enter")
    await driver.on("OrderScreen")
    await driver.press("C")
    await driver.on("ChoiceDialog")


@pytest.mark.parametrize("size", [(80, 24), (140, 40)])
async def test_a_dearer_plan_paid_at_once_then_a_cheaper_one(program: Program, size: tuple[int, int]) -> None:
    """ORD-6: the difference explained step by step, paid from a purse; a cheaper plan asks for no payment."""
    panel = program.panel()
    before, balance = panel.order("2"), panel.balances()["internal"]
    async with program.open(size=size) as driver:
        await asked(driver, "2")
        await driver.sees("Another plan for", "it has this plan, at", "a month, about", "gives nothing back (ORD-6)")
        await driver.choose("vds-large")
        await driver.on("QuoteDialog")
        await driver.sees("VDS large a month", "as you pay it now", "the difference a month")
        await driver.choose("internal")
        await driver.on("ConfirmPlan")
        await driver.sees("To plan", "34.90 EUR a month", "internal balance")
        await driver.confirm()
        assert (await driver.finished()).counts == {"done": 2}
        after = panel.order("2")
        assert (after["plan"], money_of(after["monthly_price"])) == ("vds-large", Decimal("34.90"))
        assert after["paid_until"] == before["paid_until"]
        invoice = next(one for one in panel.invoices() if one["kind"] == "plan-change")
        assert panel.balances()["internal"] == balance - money_of(invoice["total"])
        await driver.on("OrderScreen")
        await driver.sees("vds-large in", "J goes there")
        opened = after["plan_change_ticket_id"]
        await driver.press("J")
        await driver.on("TicketScreen")
        await driver.sees("Tariff Plan Change", "message 1 of 1")
        await driver.press("escape")
        await driver.on("OrderScreen")
        await driver.press("C")
        await driver.on("ChoiceDialog")
        await driver.choose("vds-nano")
        await driver.on("ConfirmPlan")
        await driver.sees("at once, for there is nothing to pay", "Change the plan")
        await driver.confirm()
        assert (await driver.finished()).counts == {"done": 1}
        await driver.sees("vds-nano in")
    assert panel.order("2")["plan"] == "vds-nano"
    assert panel.order("2")["plan_change_ticket_id"] != opened, "each change has its own ticket"
    assert panel.balances()["internal"] == balance - money_of(invoice["total"]), "nothing comes back"


async def test_the_invoice_can_wait_and_what_is_in_the_way_is_shown(program: Program) -> None:
    """ORD-6, ORD-7, REN-2: left unpaid nothing changes; asked again, the invoice that blocks it is one key away."""
    panel = program.panel()
    before = panel.order("3")["plan"]
    async with program.open() as driver:
        await asked(driver, "3")
        await driver.choose("vds-large")
        await driver.on("QuoteDialog")
        await driver.choose("unpaid")
        await driver.on("ConfirmPlan")
        await driver.sees("Issue the invoice")
        await driver.confirm()
        assert (await driver.finished()).counts == {"done": 1}
        order = panel.order("3")
        assert (order["plan"], panel.invoice(order["unpaid_invoice_id"])["kind"]) == (before, "plan-change")
        await driver.on("OrderScreen")
        await driver.press("C")
        await driver.on("ChoiceDialog")
        await driver.sees("cannot be changed now", "pay or delete that invoice")
        await driver.choose("invoice")
        await driver.on("InvoiceScreen")
        await driver.sees("plan change")


def test_the_plans_that_can_be_had() -> None:
    """ORD-6, BLK-2: of its kind alone, cheapest first; about what each costs, and why not the rest."""
    from billtui.domain.models import Order, Plan

    def plan(key: str, cents: str, disk: int, kind: str = "vds") -> Plan:
        price = {"amount": cents, "currency": "EUR"}
        return Plan.model_validate(
            {
                "id": key,
                "name": key,
                "kind": kind,
                "monthly_price": price,
                "cpu": 1,
                "memory_mib": 2048,
                "disk_gib": disk,
            }
        )

    order = Order.model_validate(
        {
            "id": "1", "name": "db", "plan": "b", "location": "nl", "state": "active",
            "created_at": "2026-01-01T00:00:00Z", "paid_until": "2026-04-15T12:00:00Z",
            "monthly_price": {"amount": "9.90", "currency": "EUR"},
        }
    )  # fmt: skip
    plans = [
        plan("d", "18.90", 100),
        plan("b", "9.90", 50),
        plan("a", "5.90", 25),
        plan("e", "89.00", 960, "dedicated"),
    ]
    plans += [plan("c", "12.00", 60), plan("f", "64.90", 400)]
    found = plan_choices(plans, order, {"a": 3, "b": 1, "c": 0, "d": 2}, datetime(2026, 3, 10, 12, tzinfo=UTC))
    assert [one.id for one in found] == ["a", "b", "c", "d", "f"]
    assert found[0].detail == "1 CPU, 2 GiB, disk 25 GiB (now 50: make room first) · −4.00 a month, nothing to pay now"
    assert found[3].detail == "1 CPU, 2 GiB, disk 100 GiB · +9.00 a month, about 10.50 EUR now"
    refusals = {one.id: one.refusal for one in found if one.refusal}
    assert refusals == {"b": "it has this plan, at 9.90 EUR a month", "c": "sold out in nl", "f": "not sold in nl"}
