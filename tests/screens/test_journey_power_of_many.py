"""Power for many at once: what is left out says why, what is set aside for renewal takes part, many are typed."""

from __future__ import annotations

import re

from tests.screens.test_journey_bulk_renewal import choose_by_expression
from tests.support.driving import Program


async def test_many_are_rebooted_what_is_left_out_says_why(program: Program) -> None:
    """ORD-4, ORD-7: an open invoice blocks renewal alone; a pending or blocked order is left out with its reason."""
    panel = program.panel()
    orders = {one["id"]: one for one in panel.orders()}
    billed = [key for key, one in orders.items() if one["unpaid_invoice_id"] and one["state"] == "active"]
    assert billed
    async with program.open(size=(80, 24)) as driver:
        await driver.go("3", "OrdersScreen")
        await choose_by_expression(driver, "kind:vds")
        chosen = driver.list_screen.chosen_ids()
        table = driver.list_screen.table
        assert set(billed) & table.aside_ids
        await driver.press("x")
        await driver.on("ChoiceDialog")
        await driver.choose("reboot")
        await driver.on("ConfirmPlan")
        await driver.sees("to confirm")
        typed = re.search(r"Type (\d+) to confirm", driver.text())
        assert typed is not None
        running = [key for key in chosen if orders[key]["state"] == "active"]
        assert int(typed[1]) == len(running)
        assert set(running) & set(billed)
        assert f"Left out ({len(chosen) - len(running)})" in driver.text()
        await driver.type(typed[1])
        await driver.press("enter", "enter")
        job = await driver.finished()
        assert job.counts == {"done": len(running)}
        await driver.until(lambda: not table.chosen_ids, "the marks to be used up")
        await driver.press("u")
        assert set(driver.list_screen.chosen_ids()) == set(chosen)
