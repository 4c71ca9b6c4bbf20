"""The cheapest way, line up and what-if by keys at 80×24: what is shown is what the panel then takes."""

from __future__ import annotations

from decimal import Decimal

import pytest
from textual.widgets import Input

from billtui.domain.money import group_digits
from billtui.screens.lining_up import LineUpScreen
from billtui.screens.solving import SolverScreen
from billtui.screens.supposing import WhatIfScreen
from billtui.services.solver import Solution
from tests.support.driving import Driver, Program, money_of

SOON = ("1", "2", "3")
"""Orders of the seed that end within days, on no invoice."""


async def open_tool(driver: Driver, tool: str, *orders: str) -> None:
    """Mark orders, press ``P`` and choose."""
    await driver.go("3", "OrdersScreen")
    await driver.mark(*orders)
    await driver.press("P")
    await driver.on("ChoiceDialog")
    await driver.choose(tool)


def solution_of(driver: Driver) -> Solution:
    """The answer on the screen."""
    screen = driver.app.screen
    assert isinstance(screen, SolverScreen)
    assert screen.answer is not None
    return screen.answer.solution


async def solved(driver: Driver) -> Solution:
    """Wait for the answer."""
    await driver.on("SolverScreen")
    await driver.until(lambda: getattr(driver.app.screen, "answer", None) is not None, "an answer")
    return solution_of(driver)


async def give(driver: Driver, **values: str) -> None:
    """Fill the form of inputs by keys and take it."""
    await driver.press("i")
    await driver.on("FormDialog")
    screen = driver.app.screen
    for name, text in values.items():
        field = screen.query_one(f"#field-{name}", Input)
        for _ in range(10):
            if driver.app.focused is field:
                break
            await driver.press("down")
        assert driver.app.focused is field
        await driver.press("end", *["backspace"] * len(field.value))
        await driver.type(text)
    await driver.press("enter")


def cents(amount: int) -> str:
    """Cents as they stand on the screen."""
    return group_digits(Decimal(amount).scaleb(-2))


async def test_what_is_worked_out_is_bought_to_the_cent(program: Program) -> None:
    panel = program.panel()
    before = panel.balances()["internal"]
    ends = {one: panel.order(one)["paid_until"] for one in SOON}
    async with program.open() as driver:
        await open_tool(driver, "renew", *SOON)
        await solved(driver)
        await give(driver, months="3", lead="14")
        await driver.until(lambda: solution_of(driver).question.months == 3)
        solution = solution_of(driver)
        assert len(solution.order_ids) == len(SOON)
        assert all(line.due for line in solution.lines()), "all three end within two weeks"
        await driver.sees(f"now {cents(solution.spent_now)} EUR", f"total {cents(solution.total)}", "the optimum")
        await driver.press("e")
        await driver.on("MessageDialog")
        await driver.sees("It has to be bought now")
        await driver.press("escape")
        await driver.on("SolverScreen")
        await driver.press("enter")
        await driver.on("QuoteDialog")
        await driver.sees("Every cent is as worked out")
        await driver.choose("internal")
        await driver.confirm()
        await driver.finished()
    assert before - panel.balances()["internal"] == Decimal(solution.spent_now).scaleb(-2)
    assert all(panel.order(one)["paid_until"] > ends[one] for one in SOON)
    bought = {one: batch.months for batch in solution.batches for one in batch.order_ids}
    newest = panel.invoices(state="paid", kind="renewal")[: len(solution.batches)]
    billed = {line["order_id"]: line["months"] for one in newest for line in panel.invoice(one["id"])["lines"]}
    assert billed == bought
    assert sum(money_of(one["total"]) for one in newest) == Decimal(solution.spent_now).scaleb(-2)


async def test_a_budget_that_does_not_keep_all_says_whom_it_leaves(program: Program) -> None:
    async with program.open() as driver:
        await open_tool(driver, "renew", *SOON)
        await solved(driver)
        await give(driver, budget="12", lead="14")
        await driver.until(lambda: solution_of(driver).question.budget == 1_200)
        solution = solution_of(driver)
        assert solution.left
        assert solution.spent_now <= 1_200
        await driver.sees("1 not kept", "not kept")
        await driver.press("escape")
        await driver.on("OrdersScreen")
        assert driver.jobs() == []


async def test_inputs_without_sense_are_told_at_their_field(program: Program) -> None:
    async with program.open() as driver:
        await open_tool(driver, "renew", *SOON)
        before = await solved(driver)
        await give(driver, months="25")
        await driver.sees("a whole number from 1 to 24")
        assert type(driver.app.screen).__name__ == "FormDialog", "what was typed is not lost"
        await driver.press("escape")
        await driver.on("SolverScreen")
        assert solution_of(driver) is before, "the former answer stays"


async def test_a_code_that_does_not_exist_is_told_and_not_used(program: Program) -> None:
    """DSC-6: asked about by quotes, reads only."""
    invoices = len(program.panel().invoices())
    async with program.open() as driver:
        await open_tool(driver, "renew", *SOON)
        await solved(driver)
        await give(driver, codes="NOSUCH")
        await driver.hears("Code NOSUCH is not used")
        await driver.until(lambda: not solution_of(driver).question.codes)
        assert driver.jobs() == []
    assert len(program.panel().invoices()) == invoices


async def test_orders_that_changed_are_worked_out_anew_before_anything_is_bought(program: Program) -> None:
    panel = program.panel()
    async with program.open() as driver:
        await open_tool(driver, "renew", *SOON)
        await solved(driver)
        await give(driver, lead="14")
        await driver.until(lambda: len(solution_of(driver).order_ids) == len(SOON))
        panel.renew(["1"])
        await driver.press("r")
        screen = driver.app.screen
        assert isinstance(screen, SolverScreen)
        await driver.until(lambda: screen.stale, "the change of another client")
        await driver.press("enter")
        await driver.hears("worked out anew")
        await driver.until(lambda: len(solution_of(driver).excluded) == 1, "the order on an invoice left out")
        assert driver.jobs() == []


async def test_line_up_shows_both_ways_and_buys_the_shown_one(program: Program) -> None:
    panel = program.panel()
    async with program.open() as driver:
        await open_tool(driver, "line-up", "1", "2", "33", "4")
        await driver.on("LineUpScreen")
        await driver.sees("days apart", "cost")
        screen = driver.app.screen
        assert isinstance(screen, LineUpScreen)
        way = screen.way
        assert way is not None
        assert way.spread_after <= way.spread_before
        await driver.press("e")
        await driver.on("MessageDialog")
        await driver.press("escape")
        await driver.on("LineUpScreen")
        await driver.press("enter")
        await driver.on("QuoteDialog")
        await driver.choose("internal")
        await driver.confirm()
        await driver.finished()
    for step in way.steps:
        assert panel.order(step.row.id)["paid_until"] == step.after.strftime("%Y-%m-%dT%H:%M:%SZ")


async def test_what_if_sends_nothing(program: Program) -> None:
    async with program.open() as driver:
        await driver.go("7", "PlannerScreen")
        await driver.press("P")
        await driver.on("ChoiceDialog")
        await driver.choose("all")
        await driver.on("ChoiceDialog")
        await driver.choose("what-if")
        await driver.on("WhatIfScreen")
        await driver.until(lambda: getattr(driver.app.screen, "answer", None) is not None, "an answer")
        await give(driver, becomes="stay", added="vds-nano:nl:3")
        screen = driver.app.screen
        assert isinstance(screen, WhatIfScreen)
        await driver.until(lambda: screen.answer is not None and screen.answer.added_monthly == 3 * 333)
        await driver.sees("vds-nano:nl:3 come", "nothing is sent")
        assert driver.jobs() == []
        await driver.press("escape")
        await driver.on("PlannerScreen")


@pytest.mark.parametrize(
    ("tool", "name"), [("renew", "SolverScreen"), ("line-up", "LineUpScreen"), ("what-if", "WhatIfScreen")]
)
async def test_every_size_shows_the_totals_or_one_plain_notice(program: Program, tool: str, name: str) -> None:
    async with program.open() as driver:
        await open_tool(driver, tool, *SOON)
        await driver.on(name)
        await driver.until(lambda: getattr(driver.app.screen, "answer", None) is not None, "an answer")
        for width, height in ((20, 5), (40, 12), (60, 15), (200, 60), (80, 24)):
            await driver.resize(width, height)
            small = width < 40 or height < 12
            await driver.until(lambda small=small: (type(driver.app.screen).__name__ == "TooSmall") == small)  # type: ignore[misc]  # a default argument binds it
            if not small:
                words = {"SolverScreen": "now ", "LineUpScreen": "ends ", "WhatIfScreen": "a month "}[name]
                await driver.sees(words)
        await driver.press("i")
        await driver.on("FormDialog")
        await driver.resize(40, 12)
        await driver.sees("Work it out")
        await driver.resize(80, 24)
        await driver.press("escape")
        await driver.on(name)


async def test_the_former_answer_stays_while_another_is_worked_out(program: Program) -> None:
    """The computation is off the interface's loop; leaving the screen stops it."""
    async with program.open() as driver:
        await open_tool(driver, "renew", *SOON)
        before = await solved(driver)
        screen = driver.app.screen
        assert isinstance(screen, SolverScreen)
        first_stop = screen._stop
        await driver.press("C")
        assert first_stop.is_set(), "an older computation is told to stop"
        assert screen.table.row_count == len(SOON), "the rows stay meanwhile"
        await driver.until(lambda: solution_of(driver) is not before, "the new answer")
        await driver.press("escape")
        await driver.on("OrdersScreen")
        await driver.until(lambda: screen._stop.is_set(), "the computation to be stopped")
