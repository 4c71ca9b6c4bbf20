"""How many requests one act takes on a BILLmanager panel: where it takes eight seconds for each, they are what it costs
its person. The table stands in docs/billmanager.md as well."""

from __future__ import annotations

from collections.abc import Awaitable, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import TypeVar, cast

import pytest
from pydantic import SecretStr

from billtui.client.questions import QUESTIONS, Questions
from billtui.config.profiles import make_profile
from billtui.config.secret_sources import Credential
from billtui.domain.models import OrderCell, OrderRequest
from billtui.services.journal import OperationState
from billtui.services.session import Session, SessionSettings
from tests.panels.houses import BillmgrHouse
from tests.support.driving import Pocket, Program
from tests.support.sandbox import SandboxProcess
from tests.support.slow_relay import SlowRelay

T = TypeVar("T")
CALLS = {
    "sign in": 5,
    "read the account again": 2,
    "read an order": 1,
    "price the renewal of one order": 3,
    "price the renewal of three": 6,
    "read an invoice": 2,
    "ways to pay it": 3,
    "what is sold, a second time": 0,
    "price a new server": 1,
    "departments": 1,
    "departments, a second time": 0,
}
"""Act → requests, once signed in and with a copy."""


@pytest.fixture
def house(tmp_path: Path) -> Iterator[BillmgrHouse]:
    sandbox = SandboxProcess(tmp_path / "panel.db", fleet=12).start()
    try:
        yield BillmgrHouse(sandbox)
    finally:
        sandbox.kill()


async def test_what_each_act_asks(house: BillmgrHouse, tmp_path: Path) -> None:
    """Never more than is said; and where it is said beforehand how many there will be, there are not fewer or more."""
    found: dict[str, int] = {}
    told: dict[str, tuple[int, int]] = {}
    with SlowRelay(house.sandbox.port) as relay:
        profile = make_profile(name="house", url=f"{relay.url}/billmgr", login=house.login, kind="billmanager")
        settings = replace(
            SessionSettings.of(profile, background=False), data_dir=tmp_path / "data", state_dir=tmp_path / "state"
        )

        async def count(act: str, work: Awaitable[T]) -> T:
            before, questions = len(relay.calls), Questions()
            token = QUESTIONS.set(questions)
            try:
                answer = await work
            finally:
                QUESTIONS.reset(token)
            found[act] = len(relay.calls) - before
            if questions.known:
                told[act] = (questions.known, questions.asked)
            return answer

        async with Session(settings) as session:
            await count("sign in", session.sign_in(house.login, SecretStr(house.secret[1])))
            await session.refresh(full=True)
            before = len(relay.calls)
            await session.refresh(full=True)
            account = [one for one in relay.calls[before:] if one in OF_THE_ACCOUNT]
            found["read the account again"] = len(account)
            ids, bill = house.renewable(3), house.payable()
            await count("read an order", session.orders_by_ids(ids[:1]))
            await count("price the renewal of one order", session.offer_renewal(ids[:1], house.period))
            await count("price the renewal of three", session.offer_renewal(ids, house.period))
            await count("read an invoice", session.invoices_by_ids([bill]))
            await count("ways to pay it", session.payment_methods(bill))
            await session.catalogue()
            await count("what is sold, a second time", session.catalogue())
            one = next(item for item in await session.stock() if item.available)
            cell = OrderCell(plan=one.plan, location=one.location, quantity=1)
            await count("price a new server", session.offer_order(OrderRequest(cells=[cell], period=house.period)))
            await count("departments", session.tickets.departments())
            await count("departments, a second time", session.tickets.departments())
    assert found == CALLS
    assert all(known == asked for known, asked in told.values()), told
    assert {"sign in", "ways to pay it", "price the renewal of three"} <= told.keys()


OF_THE_ACCOUNT = ("whoami", "dashboard.info", "dashboard.subaccount_credit", "payment.add.method")


async def test_what_was_confirmed_is_cancelled_before_its_first_write(house: BillmgrHouse, tmp_path: Path) -> None:
    """While the panel is still being looked at, nothing was sent; cancelled then, nothing ever is."""
    with SlowRelay(house.sandbox.port) as relay:
        sandbox = SimpleNamespace(url=f"{relay.url}/billmgr", accounts=[{"login": house.login, "password": "-"}])
        profile = make_profile(name="house", url=sandbox.url, login=house.login, kind="billmanager")
        pocket = Pocket(Credential("password", SecretStr(house.secret[1]), "test"))
        program = Program(cast("SandboxProcess", sandbox), tmp_path)
        async with program.open(profile=profile, credentials=pocket, login=house.login) as driver:
            await driver.go("3", "OrdersScreen")
            await driver.cursor_to(house.renewable(1)[0])
            await driver.press("x")
            await driver.on("ChoiceDialog")
            await driver.choose("reboot")
            await driver.on("ConfirmPlan")
            begun = len(relay.calls)
            relay.holds = lambda call: call == "vds"
            await driver.confirm()
            await driver.until(lambda: relay.waiting, "the look before the write")
            assert driver.app.session.executor.cancel(driver.jobs()[0].id) == 1
            relay.let_go()
            job = await driver.finished()
            assert [row.state for row in driver.app.session.journal.operations(job.id)] == [OperationState.CANCELLED]
            assert [one for one in relay.calls[begun:] if one.endswith("!") and one != "menu!"] == []
