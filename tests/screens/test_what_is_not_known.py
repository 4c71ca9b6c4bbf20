"""What is old is not shown as new, and what is not known yet not as gone."""

from __future__ import annotations

import asyncio

import pytest

from billtui import app as app_module
from billtui import shell_news
from billtui.client.errors import NotFound
from billtui.domain.models import Order
from tests.support.driving import Pocket, Program


async def test_the_age_of_the_data_grows_while_nothing_happens(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Signed out nothing is heard of the panel, so nothing but time itself makes the words change."""
    async with program.open(home="known"):
        pass
    age = "5 min ago"
    monkeypatch.setattr(app_module, "AGE_SECONDS", 0.05)
    monkeypatch.setattr(shell_news, "age_text", lambda *_: age)
    async with program.open(home="known", credentials=Pocket(), ready=False) as driver:
        await driver.on("SignInScreen")
        await driver.press("escape")
        await driver.go("6", "SettingsScreen")
        await driver.sees("signed out, data 5 min ago")
        age = "6 min ago"
        await driver.sees("signed out, data 6 min ago")


async def test_what_is_not_in_the_copy_is_not_called_gone_before_the_panel_says_so(program: Program) -> None:
    async with program.open() as driver:
        answer = asyncio.Event()

        async def slow(order_id: str) -> Order:
            await answer.wait()
            raise NotFound(f"There is no order {order_id}.")

        driver.app.session.order = slow  # type: ignore[method-assign]  # a panel that takes its time
        driver.app.show_order("no-such-order")
        await driver.on("OrderScreen")
        await driver.sees("the panel has not answered yet")
        answer.set()
        await driver.sees("This order is not there any more.")


async def test_lists_that_are_being_loaded_are_not_called_empty(program: Program) -> None:
    """The first copy of a large fleet takes a while: nobody reads "0 orders", or "none", meanwhile."""
    program.sandbox.faults({"kind": "http-503", "path": "/orders"})
    try:
        async with program.open(home="new", ready=False) as driver:
            await driver.sees("olena.marsh")
            await driver.sees("loading the orders")
            assert "0 orders" not in driver.text()
            assert "none" not in driver.text()
            program.sandbox.faults()
            driver.app.refresh_from_panel()
            await driver.sees("38 active")
            await driver.sees("3 days: ")
            assert "loading" not in driver.text()
    finally:
        program.sandbox.faults()
