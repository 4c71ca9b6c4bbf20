"""One journey by keys on every kind of panel, through the whole program at 80×24; and a lost answer that a person
decides about, with both states in sight."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from pydantic import SecretStr

from billtui.client.drivers.kinds import make_driver
from billtui.config.profiles import Profile, make_profile
from billtui.config.secret_sources import Credential
from billtui.services.executor import Limits, executor
from billtui.services.journal import OperationState
from tests.panels.fossbilling_panel import Fault
from tests.panels.houses import DIALECTS, KINDS, FossHouse, House, capabilities
from tests.support.driving import Driver, Pocket, Program
from tests.support.sandbox import SandboxProcess

S = OperationState


@pytest.fixture(params=KINDS)
def house(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[House]:
    if request.param == "fossbilling":
        foss = FossHouse()
        with foss.panel:
            yield foss
        return
    sandbox = SandboxProcess(tmp_path / "panel.db", fleet=12).start()
    try:
        yield DIALECTS[request.param](sandbox)
        assert sandbox.check_books() == []
    finally:
        sandbox.kill()


def opened(house: House, root: Path) -> tuple[Program, Profile, Pocket]:
    """The program, at home in a house."""
    accounts = [{"login": house.login, "password": house.secret[1]}]
    sandbox: Any = SimpleNamespace(url=house.url, accounts=accounts)
    profile = make_profile(
        name="house", url=house.url, login=house.login, kind=house.kind, panel_options=dict(house.options)
    )
    kind, value = house.secret
    pocket = Pocket(Credential(cast("Any", kind), SecretStr(value), "test"))
    return Program(sandbox, root), profile, pocket


async def renewal_asked(driver: Driver, house: House, orders: list[str]) -> None:
    """From the list to the last question."""
    await driver.go("3", "OrdersScreen")
    await driver.mark(*orders)
    await driver.sees("2 marked")
    await driver.press("R")
    await driver.on("ChoiceDialog")
    await driver.choose(str(house.period))
    await driver.on("RenewalDialog")
    await driver.sees("2 in, 0 left out")
    await driver.choose("internal")
    await driver.on("ConfirmPlan")


async def test_two_orders_are_renewed_and_paid_by_keys(house: House, tmp_path: Path) -> None:
    program, profile, pocket = opened(house, tmp_path)
    orders, spent = house.renewable(2), house.spent()
    traits = make_driver(house.kind, house.login, house.options).traits
    async with program.open(profile=profile, credentials=pocket, login=house.login) as driver:
        if "orders.renew" not in capabilities(house):
            await driver.go("3", "OrdersScreen")
            await driver.mark(*orders)
            await driver.press("R")
            await driver.until(lambda: driver.says("cannot renew orders"), "why not")
            assert driver.jobs() == []
            assert [house.renewals(one) for one in orders] == [0, 0]
            return
        await renewal_asked(driver, house, orders)
        if not traits.renews_together:
            await driver.reads("2 invoices, one per order", "cannot put them on one")
        if traits.renewal_pays:
            await driver.reads("paid from the balance at once if it suffices")
        await driver.confirm()
        job = await driver.finished()
        assert set(job.counts) == {S.DONE}
        assert [house.renewals(one) for one in orders] == [1, 1]
        assert house.spent() - spent == job.total.amount
        await driver.go("4", "JobsScreen")
        await driver.sees("Renew 2 orders")


async def test_names_of_product_and_host_are_read_whole_on_a_small_terminal(tmp_path: Path) -> None:
    """FOSSBilling tells neither places nor who renews itself: those columns leave their room to the names."""
    house = FossHouse()
    with house.panel:
        program, profile, pocket = opened(house, tmp_path)
        async with program.open(profile=profile, credentials=pocket, login=house.login, size=(80, 24)) as driver:
            await driver.go("3", "OrdersScreen")
            await driver.sees(*(f"{row.name} " for row in driver.app.session.store.orders()))
            assert not {"location", "auto"} & set(driver.list_screen.table.visible_columns)


async def test_a_plan_that_the_panel_numbers_is_named(tmp_path: Path) -> None:
    """FOSSBilling numbers products: the list and the order say the title, the copy keeps the id."""
    house = FossHouse()
    with house.panel:
        program, profile, pocket = opened(house, tmp_path)
        async with program.open(profile=profile, credentials=pocket, login=house.login, size=(140, 40)) as driver:
            await driver.go("3", "OrdersScreen")
            row = driver.app.session.store.orders()[0]
            title = house.panel.books.products[int(row.plan)].title
            assert row.plan.isdigit() and not title.isdigit()
            await driver.sees(f"{title} in panel")
            plan = next(one for one in driver.list_screen.table.columns if one.key == "plan")
            assert plan.cell(row) == title
            asked = house.panel.calls.count("guest/product/get_list")
            await driver.press("enter")
            await driver.on("OrderScreen")
            await driver.sees(f"{title} in panel")
            await driver.press("escape", "r")
            await driver.quiet()
            assert house.panel.calls.count("guest/product/get_list") == asked, "it is asked once in a session"


async def test_a_lost_answer_is_decided_with_both_states_in_sight(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """FOSSBilling; the line is cut before the panel hears of it: nothing is sent again, and nothing is claimed."""
    monkeypatch.setattr(executor, "Limits", partial(Limits, looks=2))  # asked for after 1 s instead of 15
    house = FossHouse()
    with house.panel:
        program, profile, pocket = opened(house, tmp_path)
        orders, spent = house.renewable(2), house.spent()
        async with program.open(profile=profile, credentials=pocket, login=house.login) as driver:
            house.panel.faults.append(Fault("client/invoice/renewal_invoice", "drop-before"))
            await renewal_asked(driver, house, orders)
            await driver.confirm()
            journal = driver.app.session.journal
            await driver.until(lambda: journal.in_state(S.NEEDS_YOU), "a person to be asked")
            await driver.go("4", "JobsScreen")
            await driver.press("enter")
            await driver.on("JobScreen")
            await driver.press("e")
            await driver.on("MessageDialog")
            await driver.sees("not sent again", "USD, as before", "newest invoice: 0, as before")
            await driver.press("escape")
            await driver.on("JobScreen")
            await driver.press("d")
            await driver.on("ChoiceDialog")
            await driver.reads("newest invoice: 0, as before")
            await driver.choose("not")
            await driver.finished()
        assert sorted(house.renewals(one) for one in orders) == [0, 1]
        assert house.spent() - spent == house.panel.books.orders[int(orders[0])].total
        assert house.panel.calls.count("client/invoice/renewal_invoice") == 2


async def test_a_ticket_is_written_by_keys_to_a_department_of_this_panel(house: House, tmp_path: Path) -> None:
    """Panels that number their departments know no “technical”: the one that is called so is written to."""
    program, profile, pocket = opened(house, tmp_path)
    if "tickets.new" not in capabilities(house):
        pytest.skip("no tickets on this panel")
    before = house.letters()
    async with program.open(profile=profile, credentials=pocket, login=house.login) as driver:
        await driver.go("9", "TicketsScreen")
        await driver.press("n")
        await driver.on("ComposerScreen")
        screen: Any = driver.app.screen
        await driver.until(lambda: screen.addressees.told, "the departments")
        assert screen.department in screen.addressees.known
        assert (screen.access is not None) == ("tickets.access" in capabilities(house))
        await driver.type("The panel shows a wrong date")
        await driver.press("enter")
        await driver.type("Since this morning the date in the corner is of yesterday.")
        await driver.press("ctrl+o")
        await driver.until(lambda: type(driver.app.screen).__name__ != "ComposerScreen", "findings")
        if type(driver.app.screen).__name__ == "SendWithFindings":
            await driver.press("right", "enter")
        job = await driver.finished()
        assert set(job.counts) == {S.DONE}, driver.said
        (new,) = [one for one in house.letters() if one not in before]
        assert "of yesterday" in new
