"""A panel that takes its time: what is waited for is shown in one line, and every wait can be left."""

from __future__ import annotations

import os

import pytest
from textual.widgets import Input

from billtui.screens import waits
from billtui.screens.modals.dialog import TOO_EARLY
from billtui.services.journal.schema import owners_dir
from billtui.services.locks import OwnerLock
from tests.screens.test_journey_jobs import written
from tests.support.driving import Driver, Pocket, Program, type_at_once
from tests.support.slow_relay import SlowRelay
from tests.support.waiting import SIGN_IN, hold, leaves, writes

ORDER = "GET /api/v1/orders/"
FROM_AN_ORDER = {
    "A": "Reading the order",
    "C": "Reading the order",
    "x": "Reading the order",
    "E": "Reading the order",
    "a": "Reading the order",
}
"""Keys on an order, and what is asked of the panel before anything is shown."""


pytestmark = pytest.mark.usefixtures("shown_soon")


async def test_every_key_on_an_order_is_left_by_escape(slow: Program, relay: SlowRelay) -> None:
    async with slow.open() as driver:
        await driver.go("3", "OrdersScreen")
        begun = len(relay.calls)
        for key, words in FROM_AN_ORDER.items():
            hold(relay, ORDER)
            await driver.press(key)
            await leaves(driver, relay, words)
        assert writes(relay.calls[begun:]) == []
        assert driver.jobs() == []


async def test_a_price_is_left_behind_its_question_and_can_be_asked_for_again(slow: Program, relay: SlowRelay) -> None:
    async with slow.open() as driver:
        await driver.go("3", "OrdersScreen")
        screen = driver.app.screen
        for _ in range(2):
            await driver.press("R")
            await driver.on("ChoiceDialog")
            hold(relay, "POST /api/v1/quotes")
            await driver.choose("1")
            await driver.until(lambda: driver.app.screen is screen, "the list")
            await leaves(driver, relay, "Pricing the renewal")
        await driver.press("R")
        await driver.on("ChoiceDialog")
        await driver.choose("1")
        await driver.on("RenewalDialog")
        assert writes(relay.calls) == []


async def test_what_prepares_a_payment_is_left_and_nothing_is_paid(slow: Program, relay: SlowRelay) -> None:
    async with slow.open() as driver:
        await driver.go("2", "InvoicesScreen")
        hold(relay, "GET /api/v1/invoices/")
        await driver.press("p")
        await leaves(driver, relay, "Reading the invoice")
        relay.holds = lambda call: call.endswith("/payment-methods")
        await driver.press("p")
        await leaves(driver, relay, "Asking how it can be paid")
        assert writes(relay.calls) == []
        assert driver.jobs() == []


async def test_a_sign_in_is_left_and_what_was_typed_stays(slow: Program, relay: SlowRelay) -> None:
    async with slow.open(credentials=Pocket(), ready=False) as driver:
        await driver.on("SignInScreen")
        await driver.type("demo-fleet-2026")
        hold(relay, SIGN_IN)
        await driver.press("enter")
        screen = driver.app.screen
        await driver.sees("Signing in …", "esc cancels")
        await driver.press("escape")
        await driver.until(lambda: relay.given_up, "the line to be closed")
        await driver.until(lambda: "esc cancels" not in driver.text(), "the words to go")
        assert driver.app.screen is screen
        assert screen.query_one("#password", Input).value == "demo-fleet-2026"
        relay.let_go()
        await driver.quiet()
        assert not driver.app.session.signed_in
        await driver.press("enter")
        await driver.ready()


async def test_a_sign_in_left_after_it_was_accepted_is_ended_on_the_panel(slow: Program, relay: SlowRelay) -> None:
    async with slow.open(credentials=Pocket(), ready=False) as driver:
        await driver.on("SignInScreen")
        await driver.type("demo-fleet-2026")
        hold(relay, "GET /api/v1/me")
        await driver.press("enter")
        await driver.until(lambda: relay.waiting, "who it is to be asked")
        await driver.sees("Signing in …", "esc cancels")
        await driver.press("escape")
        await driver.until(lambda: relay.given_up, "the line to be closed")
        relay.let_go()
        await driver.until(lambda: "DELETE /api/v1/sessions/current" in relay.calls, "the session to be ended")
        await driver.quiet()
        assert not driver.app.session.signed_in
        await driver.press("enter")
        await driver.ready()


async def test_escape_typed_ahead_leaves_what_turns_out_to_take_long(slow: Program, relay: SlowRelay) -> None:
    """On a panel that answers at once the same keys answer the question with no (see ``test_typed_ahead``)."""
    async with slow.open() as driver:
        await driver.go("3", "OrdersScreen")
        screen = driver.app.screen
        hold(relay, ORDER)
        type_at_once(driver.app, "A", "enter", "escape")
        await driver.until(lambda: relay.given_up, "the line to be closed")
        relay.let_go()
        await driver.quiet()
        assert driver.app.screen is screen
        assert driver.says("Reading the order: left. Nothing was sent.")
        assert writes(relay.calls) == []


async def reading_goes_on(driver: Driver, relay: SlowRelay) -> None:
    """The actions of an order are asked for, take long, and whoever waited goes on with something else."""
    await driver.go("3", "OrdersScreen")
    hold(relay, ORDER)
    await driver.press("x")
    await driver.sees("esc cancels")
    await driver.press("j")  # patience ends


async def test_the_same_key_again_asks_nothing_twice(slow: Program, relay: SlowRelay) -> None:
    async with slow.open() as driver:
        await reading_goes_on(driver, relay)
        await driver.press("x")
        await driver.until(lambda: driver.says("is being asked already"))
        assert len(relay.waiting) == 1
        relay.let_go()
        await driver.on("ChoiceDialog")
        assert "esc cancels" not in driver.text()


async def test_a_question_on_top_takes_its_own_escape(slow: Program, relay: SlowRelay) -> None:
    """What goes on below it stands there again once it has gone."""
    async with slow.open() as driver:
        await reading_goes_on(driver, relay)
        await driver.press("question_mark")
        await driver.on("HelpScreen")
        await driver.press("escape")
        await driver.on("OrdersScreen")
        assert relay.given_up == []
        await driver.sees("esc cancels")
        relay.let_go()
        await driver.on("ChoiceDialog")


async def test_a_panel_that_answers_at_once_shows_nothing(
    slow: Program, relay: SlowRelay, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waits, "SHOWN_AFTER", 30.0)
    async with slow.open() as driver:
        await driver.go("3", "OrdersScreen")
        await driver.press("x")
        await driver.on("ChoiceDialog")
        assert not driver.app.query("WaitLine")


async def test_what_is_left_of_a_job_is_compared_for_as_long_as_it_takes(slow: Program, relay: SlowRelay) -> None:
    """Before a job goes on the panel is asked about all that is left: shown, counted, and left by ``esc``."""
    async with slow.open() as driver:
        lock = OwnerLock(owners_dir(driver.app.session.settings.journal_path))
        writer, plan = written(driver, 50, 5, lock)
        os.close(lock._descriptor)  # as the kernel does when that program is gone
        await driver.go("4", "JobsScreen")
        await driver.press("enter")
        await driver.on("JobScreen")
        await driver.sees("left; p shows them and goes on")
        hold(relay, "GET /api/v1/invoices")
        await driver.press("p")
        await driver.sees("1 of 2")
        await leaves(driver, relay, "Comparing what is left with the panel")
        assert writes(relay.calls) == [] and driver.app.session.journal.job(plan.id).paused is not None
        await driver.press("p")
        await driver.on("ChoiceDialog")
        await driver.sees("45 steps left", "45 changed since you confirmed")
        writer.close()


async def test_a_job_goes_on_for_nobody_who_could_not_see_what_is_left_of_it(slow: Program, relay: SlowRelay) -> None:
    """Law 2 of the typing gate: the key, the choice and its enter in one piece send nothing."""
    async with slow.open() as driver:
        lock = OwnerLock(owners_dir(driver.app.session.settings.journal_path))
        writer, plan = written(driver, 20, 5, lock)
        os.close(lock._descriptor)
        await driver.go("4", "JobsScreen")
        await driver.press("enter")
        await driver.on("JobScreen")
        await driver.sees("left; p shows them and goes on")
        type_at_once(driver.app, "p", "down", "enter")
        await driver.on("ChoiceDialog")
        dropped = "typed meanwhile: not used"  # instead, where comparing took longer than keys wait
        await driver.until(lambda: TOO_EARLY in driver.prose() or driver.says(dropped), "the keys to be refused")
        assert driver.app.session.journal.job(plan.id).paused is not None
        await driver.press("escape")
        await driver.on("JobScreen")
        assert writes(relay.calls) == [] and driver.app.session.journal.job(plan.id).paused is not None
        writer.close()
