"""From a key press to a paid renewal: by keys only, and the panel's truth afterwards."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import pytest

from billtui.domain.periods import add_months
from tests.support.driving import Pocket, Program, money_of

EXPIRING = ("1", "2", "3")


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


@pytest.mark.parametrize("size", [(80, 24), (140, 40)])
async def test_three_expiring_orders_renewed_and_paid(program: Program, size: tuple[int, int]) -> None:
    """BLK-4, REN-1, REN-3, INV-4: signed in by hand, three marked, one month, paid from the balance."""
    panel = program.panel()
    ends = {one: panel.order(one) for one in EXPIRING}
    before = panel.balances()
    async with program.open(credentials=Pocket(), ready=False, size=size) as driver:
        await driver.on("SignInScreen")
        await driver.type("demo-fleet-2026")
        await driver.press("enter")
        await driver.ready()
        await driver.go("3", "OrdersScreen")
        await driver.mark(*EXPIRING)
        await driver.sees("3 marked")
        await driver.press("R")
        await driver.on("ChoiceDialog")
        await driver.sees("Renew 3 orders")
        await driver.choose("1")
        await driver.on("RenewalDialog")
        await driver.sees("3 in, 0 left out")
        await driver.choose("internal")
        await driver.on("ConfirmPlan")
        await driver.sees("olena.marsh, ID 204817", "Sandbox panel")
        await driver.confirm()
        job = await driver.finished()
        assert job.counts == {"done": 2}
        paid = next(one for one in panel.invoices() if one["state"] == "paid" and one["kind"] == "renewal")
        whole = panel.invoice(paid["id"])
        assert {line["order_id"] for line in whole["lines"]} == set(EXPIRING)
        total = money_of(whole["total"])
        assert total == sum((money_of(line["amount"]) for line in whole["lines"]), Decimal(0))
        assert panel.balances()["internal"] == before["internal"] - total
        lines = [one for one in panel.ledger() if one["invoice_id"] == paid["id"]]
        assert [money_of(one["amount"]) for one in lines] == [-total]
        for order_id, was in ends.items():
            now = panel.order(order_id)
            assert instant(now["paid_until"]) == add_months(instant(was["paid_until"]), 1, was["billing_day"])
            assert now["unpaid_invoice_id"] is None
        store = driver.app.session.store

        def copied() -> bool:
            rows = store.order_rows(list(EXPIRING))
            return all(
                rows[one].paid_until == int(instant(panel.order(one)["paid_until"]).timestamp()) for one in EXPIRING
            )

        await driver.until(copied, "the new ends in the list")
        await driver.sees(f"{panel.balances()['internal']} EUR") if size[0] > 100 else None
        await driver.go("2", "InvoicesScreen")
        await driver.press("v")
        await driver.choose("paid")
        await driver.sees(paid["number"])
