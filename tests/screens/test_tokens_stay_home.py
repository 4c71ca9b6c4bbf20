"""No token ever reaches another panel: both panels record every byte, whatever is under way while one switches."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from billtui.services.accounts import AccountState
from billtui.services.session_events import ConnectionState
from tests.support.driving import PASSWORD, Driver
from tests.support.sandbox import SandboxProcess
from tests.support.several_accounts import Recorder, opened, profile, recorded

Two = tuple[Recorder, Recorder]


@pytest.fixture
def two(own_sandbox: Callable[..., SandboxProcess]) -> Iterator[Two]:
    """Two panels behind recorders. At the end: each gave tokens out, and none of them was shown to the other."""
    panels = own_sandbox(), own_sandbox(seed=2)
    with recorded(*panels) as (one, other):
        yield one, other
        assert one.issued
        for token in one.issued:
            assert token not in other.sent()
        for token in other.issued:
            assert token not in one.sent()
        assert one.shown <= one.issued
        assert other.shown <= other.issued


async def switch(driver: Driver, name: str) -> None:
    """By ``@`` and the list."""
    await driver.press("@")
    await driver.on("ProfileDialog")
    await driver.choose(name)
    await driver.until(lambda: driver.app.profile.name == name, f"profile {name}")


async def waits_no_longer(driver: Driver) -> None:
    """What was typed for something that the panel does not answer is dropped and told of; from now on keys act."""
    await driver.press("@")
    await driver.hears("1 key typed meanwhile: not used.")


async def test_answers_that_come_after_the_switch_meet_nobody(two: Two) -> None:
    """The first panel's answers are held back, the person switches, then they arrive."""
    one, other = two
    work = profile("work", one.url)
    profile("lab", other.url, "kofi.brandt")
    async with opened(work, one.sandbox) as driver:
        await driver.go("2", "InvoicesScreen")
        first = driver.app.session
        one.held.clear()
        await driver.press("r")  # a refresh whose answer does not come
        await driver.press("p")  # payment methods are asked for
        await waits_no_longer(driver)
        await switch(driver, "lab")
        one.held.set()
        await driver.ready()
        assert first.closed
        assert not any("session has ended" in words for words in driver.said), "no news of the one that ended"
        assert driver.app.session is not first
        await driver.sees("lab", "kofi.brandt")
        await driver.quiet(10)
        assert type(driver.app.screen).__name__ == "InvoicesScreen", "no late question of the first account"
        await driver.until(
            lambda: (
                {row.id for row in driver.list_screen.table.shown_rows()}
                == {row.id for row in driver.app.session.store.open_invoices()}
            ),
            "the other account's invoices and no others",
        )


async def test_a_sign_in_under_way_while_switching_gives_its_token_to_nobody(two: Two) -> None:
    one, other = two
    work = profile("work", one.url)
    profile("lab", other.url, "kofi.brandt")
    one.held.clear()
    async with opened(work, one.sandbox, ready=False) as driver:
        await driver.until(lambda: one.requests("POST"), "the sign-in to be sent")
        await waits_no_longer(driver)
        await switch(driver, "lab")
        one.held.set()
        await driver.ready()
        await driver.sees("kofi.brandt")
        await switch(driver, "work")
        await driver.ready()
        await driver.sees("olena.marsh")


async def test_switching_while_all_accounts_are_refreshed(two: Two) -> None:
    """The second panel is slow; the person switches to it from the list of all accounts while it is being asked."""
    one, other = two
    work = profile("work", one.url)
    profile("lab", other.url, "kofi.brandt")
    profile("third", other.url, "olena.marsh")
    async with opened(work, one.sandbox, size=(140, 40)) as driver:
        other.held.clear()
        await driver.press("@")
        await driver.on("ProfileDialog")
        await driver.choose("*")
        await driver.on("AccountsScreen")
        desk = driver.app.accounts
        await driver.until(lambda: desk.line("lab").state is AccountState.REFRESHING, "lab being asked")
        await driver.until(lambda: desk.line("work").state is AccountState.FRESH, "work, which nothing holds up")
        await driver.press("v")
        await driver.on("ChoiceDialog")
        await driver.choose("accounts")
        await driver.cursor_to("lab/account")
        await driver.press("x")
        await driver.until(lambda: driver.app.profile.name == "lab", "the other profile")
        other.held.set()
        await driver.ready()
        await driver.sees("kofi.brandt")
        await driver.until(lambda: not desk.open_sessions(), "the list's sessions to end")


async def test_a_panel_that_redirects_gets_nobody_to_follow(two: Two) -> None:
    """A hostile panel sends every request to the other one: neither token nor password goes there."""
    one, other = two
    work = profile("work", one.url)
    profile("lab", other.url, "kofi.brandt")
    async with opened(work, one.sandbox) as driver:
        one.redirect = f"{other.url}/api/v1/me"
        await driver.press("r")
        await driver.until(lambda: one.redirected, "a request sent away")
        await driver.until(lambda: driver.app.session.connection.state is not ConnectionState.ONLINE, "trouble")
        assert other.sent() == b""
        await driver.press("@")
        await driver.on("ProfileDialog")
        await driver.choose("*")
        await driver.on("AccountsScreen")
        desk = driver.app.accounts
        await driver.until(lambda: desk.line("lab").state is AccountState.FRESH, "lab")
        await driver.until(lambda: desk.line("work").state is AccountState.FAILED, "work, which is sent away")
        assert other.requests("POST") == 1, "lab's own sign-in"
        assert b"olena" not in other.sent()


async def test_a_redirected_sign_in_carries_no_password_on(two: Two) -> None:
    one, other = two
    work = profile("work", one.url)
    one.redirect = f"{other.url}/api/v1/sessions"
    async with opened(work, one.sandbox, ready=False) as driver:
        await driver.until(lambda: one.redirected, "a sign-in sent away")
        await driver.until(lambda: driver.app.session.connection.message, "its end")
        assert PASSWORD.encode() in one.sent()
        assert other.sent() == b""
        one.redirect = ""
        await driver.ready()


async def test_back_and_forth_with_everything_open(two: Two) -> None:
    one, other = two
    profile("work", one.url)
    profile("lab", other.url, "kofi.brandt")
    async with opened(profile("work", one.url), one.sandbox) as driver:
        for name, area, screen in (
            ("lab", "3", "OrdersScreen"), ("work", "5", "BalanceScreen"), ("lab", "7", "PlannerScreen"),
            ("work", "6", "SettingsScreen"), ("lab", "8", "TransfersScreen"),
        ):  # fmt: skip
            await driver.go(area, screen)
            await switch(driver, name)
            await driver.on(screen)
            await driver.ready()
        assert len(one.issued) >= 3
        assert len(other.issued) >= 3
