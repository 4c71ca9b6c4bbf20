"""A plan file on a panel without keys, on two computers: what was done with it elsewhere is seen before it is done."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from billtui.client.drivers.acts import Act, Finding, Picture
from billtui.client.exchange import Conversation, Steps, ask
from billtui.services import planner
from billtui.services.executor import Executor, Limits
from billtui.services.journal import OperationState
from billtui.services.panel_seen import _foreign, changed_since_written, with_panel_seen
from billtui.services.plans import Plan
from tests.services.executor.test_without_keys import carry, purchase, renewals
from tests.support.executors import executors
from tests.support.keyless_panel import KeylessDriver, KeylessPanel
from tests.support.money_panel import Fault

S = OperationState
NewExecutor = Callable[[str], Executor]


@pytest.fixture
def panel() -> Iterator[KeylessPanel]:
    with KeylessPanel() as panel:
        yield panel


@pytest.fixture
def computer(panel: KeylessPanel, tmp_path: Path) -> Iterator[NewExecutor]:
    with executors() as begin:

        def start(name: str) -> Executor:
            limits = Limits(first_pause=0.02, longest_pause=0.05, looks=2)
            return begin(panel.client, tmp_path / name / "journal", limits=limits)

        yield start


def written(panel: KeylessPanel, plan: Plan) -> Plan:
    async def look() -> Plan:
        async with panel.client() as client:
            return await with_panel_seen(client, plan)

    return Plan.from_json(asyncio.run(look()).to_json())


def changed(panel: KeylessPanel, computer: Executor, plan: Plan) -> list[str]:
    async def look() -> list[str]:
        async with panel.client() as client:
            return await changed_since_written(client, computer.reader, plan)

    return asyncio.run(look())


def test_a_purchase_of_another_computer_is_seen(panel: KeylessPanel, computer: NewExecutor) -> None:
    here, there = computer("here"), computer("there")
    plan = written(panel, purchase(panel))
    assert changed(panel, here, plan) == []
    assert carry(there, plan) == [S.DONE]
    assert changed(panel, here, plan) != []


def test_what_leaves_no_trace_there_explains_no_difference(panel: KeylessPanel, computer: NewExecutor) -> None:
    """A server was renamed from here since, and a purchase was refused: neither is why there is a new invoice."""
    here, there = computer("here"), computer("there")
    [order] = panel.add_orders(1)
    plan = written(panel, purchase(panel))
    assert carry(there, plan) == [S.DONE]
    assert carry(here, planner.rename(panel.account(), order, "web-1")) == [S.DONE]
    panel.faults = [Fault("422-before", "POST /renewals")]
    assert carry(here, renewals(panel, 1, None)) == [S.REFUSED]
    assert changed(panel, here, plan) != []


def test_what_was_bought_here_since_stops_no_other_file(panel: KeylessPanel, computer: NewExecutor) -> None:
    here = computer("here")
    first, second = written(panel, purchase(panel)), written(panel, purchase(panel))
    assert carry(here, first) == [S.DONE]
    assert changed(panel, here, second) == []


class ListsServers(KeylessDriver):
    """A panel whose purchases are told by its newest servers alone, as BILLmanager's are once they are paid."""

    def before(self, act: Act) -> Conversation[Picture]:  # type: ignore[override]
        def begin() -> Steps[Picture]:
            state = yield from ask(self._state())
            return {"newest_services": {"vds": sorted(state["orders"], key=int)}}

        return Conversation(begin)

    def found(self, act: Act, before: Mapping[str, Any]) -> Conversation[Finding]:
        def begin() -> Steps[Finding]:
            now: Picture = yield from self.before(act).begin()
            same = now == before
            return Finding("not-done" if same else "unclear", "There are new servers, or none.", now)

        return Conversation(begin)


def test_servers_bought_here_since_stop_no_other_file(panel: KeylessPanel, computer: NewExecutor) -> None:
    """The journal keeps the ids of new orders; those of another computer are still somebody else's."""
    panel.driver = ListsServers()
    here, there = computer("here"), computer("there")
    first, second = written(panel, purchase(panel)), written(panel, purchase(panel))
    assert carry(here, first) == [S.DONE]
    assert changed(panel, here, second) == []
    assert carry(there, purchase(panel)) == [S.DONE]
    assert changed(panel, here, second) != []


def test_a_number_is_ours_only_as_what_it_was_made_as() -> None:
    """An invoice of another computer is not ours for having the number of a server of ours, nor the other way round."""
    before = {"newest_invoices": ["7"], "newest_services": {"vds": ["7"], "dns": ["7"]}}
    now = {"newest_invoices": ["8", "9"], "newest_services": {"vds": ["8", "9"], "dns": ["8", "9"]}}
    assert {name: _foreign(before[name], now[name], {"8"}, {"vds:9"}) for name in before} == {
        "newest_invoices": ["7", "9"],
        "newest_services": {"vds": ["7", "8"], "dns": ["7", "8", "9"]},
    }


@pytest.mark.parametrize("first", ["here", "there"])
def test_a_purchase_of_another_computer_is_seen_beside_what_was_bought_here(
    panel: KeylessPanel, computer: NewExecutor, first: str
) -> None:
    here, there = computer("here"), computer("there")
    plan = written(panel, purchase(panel))
    if first == "here":
        assert carry(here, purchase(panel)) == [S.DONE]
        assert changed(panel, here, plan) == []
    assert carry(there, plan) == [S.DONE]
    if first == "there":
        assert carry(here, purchase(panel)) == [S.DONE]
    assert changed(panel, here, plan) != []
    assert len(panel.invoices) == 2
