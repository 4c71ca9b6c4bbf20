"""P-TABLE-2: what changes is drawn at once after a rest, and not more than sixty times a second."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from textual.app import App
from textual.message_pump import MessagePump
from textual.screen import UPDATE_PERIOD

from billtui.screens import frame_timer
from billtui.screens.frame_timer import FrameTimer
from billtui.screens.lean_screen import LeanScreen


class Ticks(FrameTimer):
    """Notes when it ticks, and rests until it is resumed, as a screen does that has drawn."""

    def __init__(self, now: list[float]) -> None:
        super().__init__(MessagePump(), UPDATE_PERIOD, pause=True)
        self._now = now
        self.at: list[float] = []

    async def _tick(self, *, next_timer: float, count: int) -> None:
        self.at.append(self._now[0])
        self.pause()


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[float]]:
    """The time, which passes only where something sleeps."""
    now = [1000.0]

    async def sleep(seconds: float) -> None:
        now[0] += seconds
        await asyncio.sleep(0)

    monkeypatch.setattr(frame_timer, "monotonic", lambda: now[0])
    monkeypatch.setattr(frame_timer, "sleep", sleep)
    yield now


async def turns() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def test_after_a_rest_it_ticks_at_once_wherever_on_a_grid_that_falls(now: list[float]) -> None:
    ticks = Ticks(now)
    ticks._start()
    await turns()
    expected: list[float] = []
    for step in (5.0, 0.017, 0.018, 0.020, 0.025, 0.030, 0.033, 0.0334, 0.05, 7.25, 0.0167):
        now[0] += step
        expected.append(now[0])
        ticks.resume()
        await turns()
    ticks.stop()
    assert ticks.at == pytest.approx(expected)


async def test_not_more_often_than_sixty_times_a_second(now: list[float]) -> None:
    ticks = Ticks(now)
    ticks._start()
    await turns()
    for _ in range(60):
        now[0] += 0.001
        ticks.resume()
        await turns()
    ticks.stop()
    gaps = [b - a for a, b in zip(ticks.at, ticks.at[1:], strict=False)]
    assert len(ticks.at) == 60
    assert all(gap == pytest.approx(UPDATE_PERIOD) for gap in gaps)


async def test_what_was_drawn_by_somebody_else_meanwhile_is_not_drawn_again(
    now: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    ticks = Ticks(now)

    async def sleep(seconds: float) -> None:
        now[0] += seconds
        ticks.pause()

    ticks._start()
    await turns()
    ticks.resume()
    await turns()
    monkeypatch.setattr(frame_timer, "sleep", sleep)
    now[0] += 0.001
    ticks.resume()
    await turns()
    ticks.stop()
    assert len(ticks.at) == 1


async def test_screens_draw_by_it() -> None:
    class Program(App[None]):
        def get_default_screen(self) -> LeanScreen[None]:
            return LeanScreen()

    async with Program().run_test() as pilot:
        timer = pilot.app.screen._update_timer
        assert isinstance(timer, FrameTimer)
        assert timer in pilot.app.screen._timers
