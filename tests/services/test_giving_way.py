"""P-SYNC: the copying of lists gives way to keys, and still comes to its end in twice the time."""

from __future__ import annotations

from billtui.services.giving_way import STEP, STRETCH, TYPING, GivingWay


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


async def test_while_a_key_is_held_half_of_the_time_is_its_own() -> None:
    time = await copied(200, 0.04, 0.03)
    work = 200 * 0.04
    assert 0.7 * work < time.paused <= work + STEP
    assert time.now - 100 <= 2 * work + STEP


async def test_a_short_list_is_never_held_up() -> None:
    assert (await copied(20, STRETCH / 21, 0.03)).paused == 0


async def test_it_goes_on_when_the_keys_rest() -> None:
    time = Time(None)
    time.way.begin()
    time.pass_by(STRETCH)
    time.way.typed()
    time.pass_by(TYPING - 2 * STEP)
    await time.way.pause()
    assert 0 < time.paused <= 3 * STEP
    assert not time.way.typing
