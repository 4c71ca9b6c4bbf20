"""Writing to support by keys: a poor ticket made better, crashes, a panel that dies, threads that move on (TKT)."""

from __future__ import annotations

import pytest

from billtui.config.settings import Settings
from billtui.screens.composer import ComposerScreen
from tests.support.driving import Driver, Panel, Program

SIZES = [(80, 24), (140, 40)]
AT_ONCE = Settings(undo_seconds=0)
POOR = "Hello, nginx answers 502 since the update. My root password is: hunter2Secret!"


def composer(driver: Driver) -> ComposerScreen:
    """The composer on top."""
    screen = driver.app.screen
    assert isinstance(screen, ComposerScreen), screen
    return screen


def tickets(panel: Panel) -> list[dict[str, object]]:
    """The account's tickets as the panel has them, the newest first."""
    items: list[dict[str, object]] = panel.get("/tickets?limit=100&sort=-created_at")["items"]
    return items


async def found(driver: Driver, *ids: str) -> None:
    """Wait until the review has found all of these."""
    await driver.until(lambda: set(ids) <= {one.id for one in composer(driver).reviewer.findings}, f"{ids}")


async def settled(driver: Driver, *ids: str) -> None:
    """Wait until the review finds none of these any more."""
    await driver.until(lambda: not set(ids) & {one.id for one in composer(driver).reviewer.findings}, f"no {ids}")


@pytest.mark.parametrize("size", SIZES)
async def test_a_poor_ticket_is_made_better_by_one_key_each_and_sent(program: Program, size: tuple[int, int]) -> None:
    panel = program.panel()
    before = {one["id"] for one in tickets(panel)}
    async with program.open(size=size, settings=AT_ONCE) as driver:
        driver.app.compose_ticket()
        await driver.on("ComposerScreen")
        await driver.type("urgent")
        await driver.press("enter")
        await driver.type(POOR)
        await found(driver, "secret-in-text", "no-order", "subject-says-nothing")
        await driver.sees("SECRET", "a secret stands in the text")
        assert driver.app.focused is composer(driver).body, "the review took the focus"

        # Sending asks once and rests on going back: enter typed ahead sends nothing.
        await driver.press("ctrl+o")
        await driver.on("SendWithFindings")
        await driver.reads("Once sent it cannot be taken back")
        await driver.press("enter")
        await driver.on("ComposerScreen")
        assert {one["id"] for one in tickets(panel)} == before

        # One key inside the text, one outside of it.
        await driver.press("ctrl+t")
        await settled(driver, "secret-in-text")
        assert "hunter2Secret" not in composer(driver).body.text
        await driver.press("escape")
        number = 1 + [one.id for one in composer(driver).reviewer.findings].index("subject-says-nothing")
        await driver.press(str(number))
        await settled(driver, "subject-says-nothing")
        subject = composer(driver).subject
        assert subject is not None
        assert subject.value.startswith("nginx answers 502") or "nginx" in subject.value

        await driver.press("ctrl+o")
        await driver.on("SendWithFindings")
        await driver.press("right", "enter")
        await driver.until(lambda: not isinstance(driver.app.screen, ComposerScreen), "the composer to go")
        job = await driver.finished()
        assert job.title.startswith("New ticket")
        [new] = [one for one in tickets(panel) if one["id"] not in before]
        messages = panel.get(f"/tickets/{new['id']}/messages")["items"]
        assert "hunter2Secret" not in str(messages)
        assert "[removed]" in messages[0]["body"]
        assert driver.app.session.writing.drafts.all() == []
