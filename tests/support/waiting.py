"""Waiting for a slow panel, and leaving that: what tests of it share."""

from __future__ import annotations

from tests.support.driving import Driver
from tests.support.slow_relay import SlowRelay

SOON = 0.2
"""Seconds after which a wait is shown in these tests."""
SIGN_IN = "POST /api/v1/sessions"


def hold(relay: SlowRelay, start: str) -> None:
    """Hold every request that begins with these words."""
    relay.holds = lambda call: call.startswith(start)


async def leaves(driver: Driver, relay: SlowRelay, words: str) -> None:
    """What is waited for stands there with the way out; ``esc`` cuts it off, and everything is as it was."""
    screen, focus = driver.app.screen, driver.app.focused
    await driver.sees(f"{words} …", "esc cancels")
    before = len(relay.given_up)
    await driver.press("escape")
    await driver.until(lambda: len(relay.given_up) > before, "the line to be closed")
    await driver.until(lambda: "esc cancels" not in driver.text(), "the words to go")
    assert driver.says(f"{words}: left.")
    relay.let_go()
    await driver.quiet()
    assert (driver.app.screen, driver.app.focused) == (screen, focus)


def writes(calls: list[str]) -> list[str]:
    """Those that change something; a quote does not, nor does a sign-in."""
    return [one for one in calls if not one.startswith("GET") and one not in ("POST /api/v1/quotes", SIGN_IN)]
