"""What takes long is worked out beside the loop: forecasts of many orders, and with a rest while the copy changes."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

import pytest
from textual.widgets import OptionList

from billtui.domain.policy import DEFAULT_POLICY, Policy
from billtui.screens import forecast_desk
from billtui.screens.forecast_desk import Desk
from billtui.screens.overview import OverviewScreen
from billtui.screens.planner import PlannerScreen
from billtui.services.session import Session
from billtui.services.store import StoreReader
from tests.support.driving import Driver, Program

DAYS = 30


@dataclass
class Copy:
    """A store as far as a desk looks at it."""

    path: Path | None = None
    changes: int = 0

    def generation(self) -> int:
        return self.changes


@dataclass
class Place:
    """A session as far as a desk looks at it."""

    store: Copy = field(default_factory=Copy)
    closed: bool = False

    policy = DEFAULT_POLICY

    def now(self) -> datetime:
        return datetime(2026, 11, 1, tzinfo=UTC)


def desk_of(place: Place, pause: float) -> tuple[Desk[int], list[int]]:
    """A desk that tells which change it saw, and all that it worked out."""
    made: list[int] = []

    def work(_store: StoreReader, _now: datetime, _clock: datetime, _days: int, _policy: Policy) -> int:
        assert threading.current_thread() is not threading.main_thread()
        made.append(place.store.changes)
        return place.store.changes

    return Desk(work, pause), made


async def test_changes_in_a_row_are_one_piece_of_work_and_the_last_one_counts() -> None:
    """However many ask while the copy changes, it is worked out once before and once after the rest."""
    place = Place()
    session = cast("Session", place)
    desk, made = desk_of(place, 0.2)
    assert await desk.later(session, DAYS) == 0
    waiting = []
    for _ in range(20):
        place.store.changes += 1
        waiting.append(asyncio.create_task(desk.later(session, DAYS)))
        await asyncio.sleep(0)
    assert not desk.is_fresh(session, DAYS)
    assert desk.last(DAYS) == 0
    assert await asyncio.gather(*waiting) == [20] * 20
    assert made == [0, 20]
    assert desk.is_fresh(session, DAYS)


async def test_another_horizon_and_another_copy_need_no_rest() -> None:
    """Only the same work over again has to wait."""
    place = Place()
    session = cast("Session", place)
    desk, made = desk_of(place, 1000.0)
    assert await desk.later(session, DAYS) == 0
    place.store.changes = 1
    assert await desk.later(session, 365) == 1
    place.store = Copy(Path("/nowhere/else.db"), 7)
    assert await desk.later(session, 365) == 7
    assert made == [0, 1, 7]


async def test_who_waits_for_a_session_that_ends_gets_the_last_answer() -> None:
    """The copy of a closed session is not read."""
    place = Place()
    session = cast("Session", place)
    desk, made = desk_of(place, 0.05)
    await desk.later(session, DAYS)
    place.store.changes = 1
    waiting = asyncio.create_task(desk.later(session, DAYS))
    await asyncio.sleep(0)
    place.closed = True
    assert await waiting == 0
    assert made == [0]


async def test_overview_and_planner_of_many_orders_say_the_same(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Worked out in a thread, the same words come a moment later."""
    async with program.open() as driver:
        await driver.sees("Runs out in")
        await settled(driver)
        wanted = lines_of(driver)
    monkeypatch.setattr(forecast_desk, "AT_ONCE", -1)
    async with program.open() as driver:
        await driver.sees("Runs out in")
        await driver.until(lambda: lines_of(driver) == wanted, "the same lines as worked out at once")
        await driver.go("7", "PlannerScreen")
        await driver.sees("Next 30 days")
        screen = driver.app.screen
        assert isinstance(screen, PlannerScreen)
        await driver.until(lambda: screen.desk.is_fresh(screen.session, screen.days), "the forecast is the copy's")


async def settled(driver: Driver) -> None:
    """The copy is whole, and what stands on the screen is what it says."""
    await driver.until(lambda: driver.online and driver.app.session.store.is_complete, "the whole copy")
    seen: list[tuple[int, list[str]]] = []

    def at_rest() -> bool:
        seen.append((driver.app.session.store.generation(), lines_of(driver)))
        return len(seen) > 20 and all(one == seen[-1] for one in seen[-20:])

    await driver.until(at_rest, "nothing to change any more")


def lines_of(driver: Driver) -> list[str]:
    """The ids of the overview's lines."""
    screen = driver.app.screen
    assert isinstance(screen, OverviewScreen)
    return [str(option.id) for option in screen.query_one("#lines", OptionList).options]
