"""Add-ons for orders that run, by keys, and the panel's truth afterwards (ORD-5)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest

from billtui.domain.periods import months_left
from billtui.screens.adding import remaining_text
from tests.screens.test_journey_renewing import instant
from tests.support.driving import Driver, Program, money_of


async def chosen(driver: Driver, *marks: str) -> None:
    """In the list of orders, with these marked, and the question which add-ons."""
    await driver.go("3", "OrdersScreen")
    await driver.mark(*marks)
    await driver.press("A")
    await driver.on("ChecklistDialog")


@pytest.mark.parametrize("size", [(80, 24), (140, 40)])
async def test_two_orders_get_two_addons_on_one_invoice(program: Program, size: tuple[int, int]) -> None:
    """ORD-5: the whole remaining period is shown, explained, billed to the cent, and paid; the page shows them."""
    panel = program.panel()
    ids = ["2", "3"]
    ends = {one: instant(panel.order(one)["paid_until"]) for one in ids}
    before = panel.balances()
    async with program.open(size=size) as driver:
        await chosen(driver, *ids)
        await driver.sees("Additional IPv4 address  2.00 EUR a month", "only for dedicated orders")
        await driver.press("space", "down", "space")
        await driver.sees("5.40 EUR a month each")
        await driver.press("enter")
        await driver.on("QuoteDialog")
        now = driver.app.session.now()
        await driver.sees("2 in, 0 left out", remaining_text(now, ends["2"])[:8], "rounded once")
        await driver.choose("internal")
        await driver.confirm()
        job = await driver.finished()
        assert job.counts == {"done": 2}
        paid = next(one for one in panel.invoices() if one["kind"] == "addon")
        whole = panel.invoice(paid["id"])
        assert whole["state"] == "paid"
        total = money_of(whole["total"])
        assert panel.balances()["internal"] == before["internal"] - total
        issued = instant(whole["issued_at"])
        for line in whole["lines"]:
            left = months_left(issued, ends[line["order_id"]])
            for part, monthly in zip(line["addons"], ("2.00", "3.40"), strict=True):
                exact = left * Fraction(monthly)
                assert abs(Fraction(money_of(part["amount"])) - exact) <= Fraction("0.0051")
            assert money_of(line["amount"]) == sum(money_of(part["amount"]) for part in line["addons"])
        assert {one["id"] for one in panel.order("2")["addons"]} == {"ipv4", "backup"}
        await driver.cursor_to("3")
        await driver.press("enter")
        await driver.on("OrderScreen")
        await driver.sees("Daily backup", "a month with add-ons")
        await driver.press("A")
        await driver.on("ChecklistDialog")
        await driver.sees("it has this already")


async def test_what_is_left_out_says_why(program: Program) -> None:
    """BLK-6: a blocked order is left out with its reason; nothing is bought for it."""
    panel = program.panel()
    async with program.open() as driver:
        await chosen(driver, "3", "8")
        await driver.press("space", "enter")
        await driver.on("QuoteDialog")
        await driver.sees("1 in, 1 left out", "app-ca-01")
        await driver.choose("unpaid")
        await driver.on("ConfirmPlan")
        await driver.sees("The add-ons come when the invoice is paid.")
        await driver.confirm()
        await driver.finished()
    assert panel.order("3")["addons"] == [], "not before it is paid"
    assert panel.order("8")["addons"] == []


async def test_one_has_to_be_ticked(program: Program) -> None:
    async with program.open() as driver:
        await chosen(driver, "3")
        await driver.press("enter")
        await driver.sees("Tick one with space")
        await driver.press("escape")
        await driver.on("OrdersScreen")


@pytest.mark.parametrize(
    ("left", "words"),
    [
        (timedelta(days=2, hours=22), "2 d 22 h left"),
        (timedelta(days=35), "1 month and 5 days left"),
        (timedelta(days=30), "1 month left"),
        (timedelta(days=61), "2 months left"),
        (timedelta(0), "no time left"),
    ],
)
def test_the_time_that_is_billed_in_words(left: timedelta, words: str) -> None:
    """ORD-5: calendar months, then days. From 1 November on."""
    now = datetime(2026, 11, 1, 12, tzinfo=UTC)
    assert remaining_text(now, now + left) == words
    assert remaining_text(now, None) == "no time left"
