"""The planner by keys: the month, a day of it, the agenda, the chart, and the top-up that saves the renewals."""

from __future__ import annotations

from decimal import Decimal

import pytest

from billtui.commands import COMMANDS
from billtui.screens.agenda import AgendaScreen
from billtui.screens.planner import PlannerScreen
from billtui.services.forecast import What
from billtui.services.store import money
from tests.support.driving import Driver, Program, money_of

SIZES = [(80, 24), (140, 40)]


def planner(driver: Driver) -> PlannerScreen:
    screen = driver.app.screen
    assert isinstance(screen, PlannerScreen)
    return screen


def agenda(driver: Driver) -> AgendaScreen:
    screen = driver.app.screen
    assert isinstance(screen, AgendaScreen)
    return screen


async def planning(driver: Driver, days: int = 30) -> PlannerScreen:
    """The planner with a forecast of so many days."""
    await driver.go("7", "PlannerScreen")
    await driver.sees("Next 30 days")
    while planner(driver).days != days:
        await driver.press("z")
    await driver.sees(f"Next {days} days")
    return planner(driver)


@pytest.mark.parametrize("size", SIZES)
async def test_month_day_agenda_order_and_back(program: Program, size: tuple[int, int]) -> None:
    """What the calendar counts is what the day's agenda lists; enter opens the order."""
    async with program.open(size=size) as driver:
        screen = await planning(driver)
        made = screen.forecast
        assert made is not None
        await driver.sees(str(money(made.totals.due_cents, made.currency)), "today", "Forecast: what happens if nobody")
        steps = next(n for n, day in enumerate(made.days) if day.manual and n)
        await driver.press(*["l"] * steps)
        assert screen.calendar.cursor == made.days[steps].date
        await driver.sees(made.days[steps].date.isoformat(), "needs you")
        await driver.press("enter")
        await driver.on("AgendaScreen")
        rows = [*agenda(driver).table.rows]
        assert sum(1 for row in rows if row.what == What.BLOCKED_MANUAL) == made.days[steps].manual
        place = next(n for n, row in enumerate(rows) if row.what == What.BLOCKED_MANUAL)
        await driver.press(*["j"] * place)
        await driver.press("enter")
        await driver.on("OrderScreen")
        await driver.sees(rows[place].title)
        await driver.press("escape")
        await driver.on("AgendaScreen")
        await driver.press("escape")
        await driver.on("PlannerScreen")


async def test_commands_of_the_agenda_need_no_row(program: Program) -> None:
    async with program.open() as driver:
        await driver.go("7", "PlannerScreen")
        await driver.press(":")
        await driver.type("agenda")
        await driver.press("enter")
        await driver.on("AgendaScreen")
        await driver.press("slash")
        await driver.type("zqzq")
        await driver.press("enter")
        assert driver.cursor is None
        screen = agenda(driver)
        assert screen.refusal_of(COMMANDS["agenda.horizon"]) is None


async def test_the_agenda_is_filtered_and_opens_invoices(program: Program) -> None:
    """Views of what goes wrong and what needs you; a mark is refused with what to do instead."""
    async with program.open() as driver:
        await planning(driver)
        await driver.press("a")
        await driver.on("AgendaScreen")
        everything = agenda(driver).table.row_count
        await driver.press("v")
        await driver.choose("needs-you")
        await driver.sees("What needs you")
        assert 0 < agenda(driver).table.row_count < everything
        await driver.press("space")
        await driver.hears("Events cannot be marked")
        await driver.press("slash", *"invoice", "enter")
        row = agenda(driver).table.cursor_row
        assert row is not None
        assert row.invoice_id
        await driver.press("enter")
        await driver.on("InvoiceScreen")
        await driver.press("escape")
        await driver.on("AgendaScreen")
        await driver.press("z")
        await driver.sees("Forecast of the next 90 days")


@pytest.mark.parametrize("size", SIZES)
async def test_the_chart_shows_both_purses_and_where_renewals_fail(program: Program, size: tuple[int, int]) -> None:
    """ACC-4: each purse on its own scale; esc goes back to the month."""
    async with program.open(size=size) as driver:
        screen = await planning(driver, 365)
        await driver.press("f")
        await driver.sees("Internal balance", "Affiliate balance", "fails !")
        assert screen.forecast is not None
        first = screen.forecast.days[0].date.isoformat()
        await driver.sees(first)
        await driver.press("escape")
        await driver.sees("Mon", "Sun")


async def test_the_top_up_that_saves_is_offered_and_then_nothing_fails(program: Program) -> None:
    """REN-4, INV-13: t has the amount ready; once the provider has reported it, the planner sees no failure."""
    panel = program.panel()
    async with program.open() as driver:
        screen = await planning(driver, 365)
        made = screen.forecast
        assert made is not None
        assert made.saving is not None
        assert made.totals.failed > 0
        amount = Decimal(made.saving.cents).scaleb(-2)
        await driver.sees(f"{made.totals.failed} renewals will fail", f"top up {amount} EUR before then: t")
        await driver.press("t")
        await driver.on("Prompt")
        await driver.sees(f"{amount}", "all ", "succeed")
        await driver.press("enter")
        await driver.on("ChoiceDialog")
        await driver.choose("card")
        await driver.on("ConfirmPlan")
        await driver.type(f"{amount:.2f}")
        await driver.press("enter", "enter")
        await driver.on("ExternalPayment")
        await driver.press("escape")
        await driver.on("PlannerScreen")
        top_up = next(
            one
            for one in panel.invoices(state="unpaid")
            if one["kind"] == "top-up" and money_of(one["total"]) == amount
        )
        payment = panel.get(f"/invoices/{top_up['id']}/payments")["items"][0]
        program.sandbox.settle(payment["id"])
        await driver.press("r")
        await driver.sees("Every auto-renewal succeeds.")
        assert planner(driver).days == 365
        await driver.press("t")
        await driver.hears("nothing has to be topped up")


async def test_a_large_fleet_is_worked_out_beside_the_loop(large_program: Program) -> None:
    """10,000 orders: the forecast comes from a thread; the agenda lists what matters."""
    async with large_program.open() as driver:
        await driver.go("7", "PlannerScreen")
        await driver.sees("Next 30 days")
        made = planner(driver).forecast
        assert made is not None
        assert made.totals.failed > 0
        await driver.sees("will fail from")
        await driver.press("a")
        await driver.on("AgendaScreen")
        await driver.until(lambda: agenda(driver).table.row_count > 1_000, "the rows")


async def test_the_overview_points_to_the_planner(large_program: Program) -> None:
    """REN-4: what will not renew within two weeks, and the key that saves it."""
    async with large_program.open() as driver:
        await driver.go("1", "OverviewScreen")
        await driver.sees("Will not renew")
        from textual.widgets import OptionList

        lines = driver.app.screen.query_one("#lines", OptionList)

        def here() -> bool:
            option = lines.highlighted_option
            return option is not None and "all renew" in str(option.prompt)

        await driver.until(
            lambda: any("all renew" in str(one.prompt) for one in lines.options), "the key that saves it"
        )
        for _ in range(lines.option_count):
            if not here():
                await driver.press("down")
        assert here()
        await driver.press("enter")
        await driver.on("PlannerScreen")


async def test_signs_are_ascii_where_the_terminal_is(program: Program) -> None:
    """No sign beyond ASCII in calendar, chart and agenda."""
    async with program.open(ascii_only=True) as driver:
        await planning(driver, 365)
        for keys, words in ((("c",), "will not renew"), (("f",), "Internal balance"), (("c", "a"), "events")):
            await driver.press(*keys)
            await driver.sees(words)
            body = "\n".join(driver.text().splitlines()[3:-2])
            assert {one for one in body if not one.isascii()} <= {"–", "─", "│", "▁", "▸", "┃", "…"}
