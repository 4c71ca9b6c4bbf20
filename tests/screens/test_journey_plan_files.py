"""A confirmation that is answered by a file: nothing is sent, the file is read by a person and applied later."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from billtui.domain.models import OrderRequest
from billtui.services import planner
from billtui.services.plans import Plan
from tests.support.driving import Program, money_of


@pytest.mark.parametrize("size", [(80, 24), (50, 20)])
async def test_a_plan_is_written_instead_of_carried_out(
    program: Program, tmp_path: Path, size: tuple[int, int]
) -> None:
    """By ``w``, also where its button has no room; an existing file stays as it is, and another name is asked for."""
    taken, path = tmp_path / "taken.json", tmp_path / "plan.json"
    taken.write_text("mine")
    panel = program.panel()
    before = panel.balances()
    async with program.open(size=size) as driver:
        await driver.go("3", "OrdersScreen")
        await driver.mark("1", "2")
        await driver.press("R")
        await driver.on("ChoiceDialog")
        await driver.choose("1")
        await driver.on("RenewalDialog")
        await driver.choose("internal")
        await driver.on("ConfirmPlan")
        assert driver.app.screen.query_one("#write").display is (size[0] >= 64)
        await driver.press("w")
        await driver.on("Prompt")
        await driver.press("end", "ctrl+u")
        await driver.type(str(taken))
        await driver.press("enter")
        await driver.sees("not overwritten")
        await driver.press("end", "ctrl+u")
        await driver.type(str(path))
        await driver.press("enter")
        await driver.on("OrdersScreen")
        assert not driver.app.session.journal.jobs(None)
    assert taken.read_text() == "mine" and stat.S_IMODE(path.stat().st_mode) == 0o600
    plan = Plan.from_json(path.read_bytes())
    assert [str(one.kind) for one in plan.operations] == ["order.renew", "invoice.pay"]
    assert panel.balances() == before and panel.order("1")["unpaid_invoice_id"] is None


async def test_esc_at_the_path_goes_back_to_the_question(program: Program) -> None:
    async with program.open() as driver:
        await driver.go("3", "OrdersScreen")
        await driver.mark("1")
        await driver.press("R")
        await driver.on("ChoiceDialog")
        await driver.choose("1")
        await driver.on("RenewalDialog")
        await driver.choose("internal")
        await driver.on("ConfirmPlan")
        await driver.press("w")
        await driver.on("Prompt")
        await driver.press("escape")
        await driver.on("ConfirmPlan")
        await driver.confirm()
        assert (await driver.finished()).counts == {"done": 2}


async def test_a_refused_purchase_is_confirmed_anew_at_todays_price(program: Program) -> None:
    """DSC-8: the price rose after the confirmation; nothing was sent, and doing it again asks with the new total."""
    panel = program.panel()
    asked = {"cells": [{"plan": "vds-nano", "location": "nl", "quantity": 2}], "period": 1}
    async with program.open() as driver:
        session = driver.app.session
        offer = await session.offer_order(OrderRequest.model_validate(asked))
        assert session.account is not None
        plan = planner.buy(session.account, offer.quotes, offer.requests, "internal")
        dearer = {"plan": "vds-nano", "monthly_price": {"amount": "4.00", "currency": "EUR"}}
        assert panel.sandbox.call("POST", "/sandbox/catalogue", {"prices": [dearer]})[0] == 200
        driver.app.submit(plan)
        job = await driver.finished()
        assert {str(state): number for state, number in job.counts.items()} == {"refused": 1, "cancelled": 1}
        await driver.go("4", "JobsScreen")
        await driver.press("enter")
        await driver.on("JobScreen")
        await driver.press("R")
        await driver.on("ConfirmPlan")
        await driver.sees("2 steps, 2 new servers", "2 × vds-nano in nl", "7.60")
        await driver.confirm()
        job = await driver.finished(2)
        assert job.counts == {"done": 2} and job.total.amount == money_of({"amount": "7.60"})
