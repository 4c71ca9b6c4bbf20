"""What is typed while the program goes to another profile is meant for that one, and waits until it stands."""

from __future__ import annotations

import gc
import warnings

from billtui.screens.balance import BalanceScreen
from billtui.terminal.typing_gate import Typed
from tests.screens.test_tokens_stay_home import Two, switch, two
from tests.screens.test_typed_ahead import type_ahead
from tests.support.driving import Driver, Program
from tests.support.several_accounts import opened, profile

__all__ = ["two"]  # the fixture is used by name


async def test_a_profile_is_chosen_by_keys_in_one_piece(two: Two) -> None:
    """The list is read from files first: what is typed behind ``@`` is for it, not for what stands there."""
    one, other = two
    work = profile("work", one.url)
    profile("lab", other.url, "kofi.brandt")
    async with opened(work, one.sandbox) as driver:
        await driver.go("3", "OrdersScreen")
        cursor = driver.cursor
        await type_ahead(driver, "@", "down", "escape")
        assert type(driver.app.screen).__name__ == "OrdersScreen" and driver.cursor == cursor
        await type_ahead(driver, "@", "down", "enter")
        await driver.until(lambda: driver.app.profile.name == "lab", "the other profile")
        await driver.ready()
        assert driver.jobs() == []


async def test_no_key_acts_on_what_goes(two: Two) -> None:
    """Behind the choice, in one piece with it: every key meets the other profile, and none is lost or refused."""
    one, other = two
    work = profile("work", one.url)
    profile("lab", other.url, "kofi.brandt")
    async with opened(work, one.sandbox) as driver:
        await driver.go("2", "InvoicesScreen")
        await switch(driver, "lab")
        await driver.ready()
        await switch(driver, "work")
        await driver.ready()
        met = listening_to(driver)
        await driver.press("@")
        await driver.on("ProfileDialog")
        await type_ahead(driver, "down", "enter", "3", "j", "question_mark")
        await driver.on("HelpScreen")
        assert driver.app.profile.name == "lab"
        assert [(key, name) for key, name, _ in met[-3:]] == [
            ("3", "InvoicesScreen"), ("j", "OrdersScreen"), ("question_mark", "OrdersScreen"),
        ]  # fmt: skip
        assert all(signed_in for _, _, signed_in in met[-3:])
        assert driver.said == []
        await driver.press("escape")
        await driver.until(lambda: not driver.app.typing.busy, "nothing to be waited for")


def listening_to(driver: Driver) -> list[tuple[str, str, bool]]:
    """From now on: each key, what it was handed to, and whether the account of that was known by then."""
    met: list[tuple[str, str, bool]] = []
    hand_out = driver.app.hand_out

    async def seen(typed: Typed) -> None:
        known = driver.app.session.account is not None
        met.append((str(getattr(typed, "key", "")), type(driver.app.screen).__name__, known))
        await hand_out(typed)

    driver.app.hand_out = seen  # type: ignore[method-assign]  # hears what is handed out
    return met


async def test_work_that_goes_with_its_screen_before_it_began_is_waited_for_by_nobody(program: Program) -> None:
    """A screen that goes in the turn in which a key began something: no later key waits for that."""
    async with program.open() as driver:
        await driver.go("5", "BalanceScreen")
        screen = driver.app.screen
        assert isinstance(screen, BalanceScreen)
        began: list[str] = []

        async def command() -> None:
            began.append("it")

        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            with driver.app.opening():
                screen.guarded(driver.app.part_of_opening(command()), "balance.move")
            assert driver.app.typing.busy
            driver.app.workers.cancel_node(screen)
            await driver.until(lambda: not driver.app.typing.busy, "nothing to be waited for")
            gc.collect()
        assert not began
        assert not [one for one in warned if "never awaited" in str(one.message)]
