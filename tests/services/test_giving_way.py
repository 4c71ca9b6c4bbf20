"""P-SYNC: the copying of lists gives way to keys, and still comes to its end."""

from __future__ import annotations

import asyncio
from time import monotonic

import pytest

from billtui.services import giving_way
from billtui.services.giving_way import PAUSE, SHORT, STEP, TYPING, GivingWay


class Time:
    """Seconds that pass when somebody waits, or works; a key is typed every ``every`` seconds."""

    def __init__(self, every: float | None) -> None:
        self.now = 100.0
        self.paused = 0.0
        self.every = every
        self.way = GivingWay(lambda: self.now, self.sleep)
        self._key = self.now

    async def sleep(self, seconds: float) -> None:
        self.paused += seconds
        self.pass_by(seconds)

    def pass_by(self, seconds: float) -> None:
        self.now += seconds
        while self.every is not None and self._key <= self.now:
            self.way.typed()
            self._key += self.every


async def copied(pages: int, page: float, every: float | None) -> Time:
    time = Time(every)
    time.way.begin()
    for _ in range(pages):
        time.pass_by(page)
        await time.way.pause()
    return time


async def test_nobody_types_and_nothing_waits() -> None:
    assert (await copied(200, 0.04, None)).paused == 0


async def test_while_a_key_is_held_a_page_is_read_now_and_then_and_the_list_comes_to_its_end() -> None:
    time = await copied(200, 0.04, 0.03)
    given_way = 200 - SHORT / 0.04
    assert given_way * PAUSE * 0.98 < time.paused < (given_way + 2) * PAUSE


async def test_a_short_list_is_never_held_up() -> None:
    assert (await copied(20, SHORT / 21, 0.03)).paused == 0


async def test_somebody_who_begins_to_type_waits_for_one_page_at_most() -> None:
    time = Time(None)
    time.way.begin()
    time.pass_by(60.0)
    await time.way.pause()
    assert time.paused == 0
    time.way.typed()
    await time.way.pause()
    assert time.paused > 0


async def test_it_goes_on_when_the_keys_rest() -> None:
    time = Time(None)
    time.way.begin()
    time.pass_by(SHORT)
    time.way.typed()
    time.pass_by(TYPING - 2 * STEP)
    await time.way.pause()
    assert 0 < time.paused <= 3 * STEP
    assert not time.way.typing


async def test_it_goes_on_where_somebody_waits_for_what_is_copied() -> None:
    time = Time(0.03)
    time.way.begin()
    time.pass_by(60.0)
    with time.way.awaited(), time.way.awaited():
        await time.way.pause()
    assert (time.paused, time.way.given) == (0, 0)
    await time.way.pause()
    assert time.paused > 0 and time.way.given >= PAUSE * 0.98


async def test_pauses_side_by_side_count_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(giving_way, "PAUSE", 0.2)
    way = GivingWay()
    way._typed_at = float("inf")
    began = monotonic()
    await asyncio.gather(*(way.pause() for _ in range(4)))
    assert 0.2 <= way.given <= monotonic() - began
