"""What a screen looks at by itself, each second or minute, may fail for a while: that is said, and ends nothing."""

from __future__ import annotations

from typing import Any

import pytest
from textual.screen import Screen
from textual.timer import Timer

from billtui.screens.base import BilltuiScreen
from billtui.services.journal import JournalError, JournalReader
from billtui.services.session import Session
from tests.support.driving import Program

WORDS = "The disk with the journal fails."


@pytest.fixture
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is looked at each second or minute is looked at ten times a second."""

    def sooner(screen: BilltuiScreen, interval: float, callback: Any = None, **more: Any) -> Timer:
        return Screen.set_interval(screen, min(interval, 0.1), callback, **more)

    monkeypatch.setattr(BilltuiScreen, "set_interval", sooner)


@pytest.mark.usefixtures("often")
@pytest.mark.parametrize(
    ("keys", "name", "owner", "read"),
    [
        ([], "OverviewScreen", JournalReader, "jobs"),
        (["4"], "JobsScreen", JournalReader, "generation"),
        (["3", "enter"], "OrderScreen", Session, "paid_ahead"),
    ],
)
async def test_a_journal_that_cannot_be_read_for_a_while(
    program: Program, monkeypatch: pytest.MonkeyPatch, keys: list[str], name: str, owner: type, read: str
) -> None:
    async with program.open() as driver:
        for key in keys:
            await driver.press(key)
            await driver.quiet()
        await driver.on(name)
        failed: list[str] = []

        def fails(*_: Any, **__: Any) -> None:
            failed.append(read)
            raise JournalError(WORDS)

        with monkeypatch.context() as broken:
            broken.setattr(owner, read, fails)
            await driver.hears(WORDS)
            before = len(failed)
            await driver.until(lambda: len(failed) > before + 3, "looks that fail as well")
            if read == "generation":  # nothing else on the screen reads that
                assert driver.said.count(WORDS) == 1
        await driver.press("2")
        await driver.on("InvoicesScreen")


@pytest.mark.parametrize("key", ["q", "ctrl+q"])
async def test_one_can_leave_though_the_journal_cannot_be_read(
    program: Program, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    """What is at work cannot be told then: that is asked about like what is."""
    async with program.open() as driver:
        await driver.go("2", "InvoicesScreen")

        def fails(*_: Any, **__: Any) -> None:
            raise JournalError(WORDS)

        monkeypatch.setattr(JournalReader, "jobs", fails)
        await driver.press(key)
        await driver.on("QuitDialog")
        await driver.reads("what is at work cannot be told", WORDS)
        await driver.press("tab", "enter")
        assert await driver.left() == 0
