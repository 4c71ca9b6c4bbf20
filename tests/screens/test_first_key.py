"""P-START-2: what nobody waits for comes behind the first key."""

from __future__ import annotations

import asyncio

from textual.app import ComposeResult
from textual.widgets import Input

from billtui.screens.record_list import RecordList
from billtui.terminal.gated_app import GatedApp
from tests.support.driving import Program, type_at_once


class Field(GatedApp[None]):
    """One field."""

    def compose(self) -> ComposeResult:
        yield Input()

    def say_dropped(self, words: str) -> None:
        raise AssertionError(words)


async def test_the_gate_is_busy_while_a_key_is_on_its_way() -> None:
    app, working = Field(), asyncio.Event()
    async with asyncio.timeout(8), app.run_test() as pilot:
        await pilot.pause()
        assert not app.typing.busy
        app.query_one(Input).call_later(working.wait)
        type_at_once(app, "j")
        seen = []
        for _ in range(3):
            await asyncio.sleep(0.03)
            seen.append(app.typing.busy)
        assert all(seen)
        working.set()
        for _ in range(200):
            await asyncio.sleep(0.01)
            seen.append(app.typing.busy)
            if not seen[-1]:
                break
        assert not seen[-1]
        assert app.query_one(Input).value == "j"


async def test_the_panel_is_not_asked_while_a_key_is_on_its_way(program: Program) -> None:
    """Connecting loads the HTTP library and what it reads; it goes on by itself once the key is answered."""
    async with program.open() as first:
        await first.until(lambda: first.app.session.signed_in)
    async with program.open(ready=False) as again:  # with a copy
        app = again.app
        opened = app.typing.begin()
        await again.until(lambda: app.session.account is not None)
        await asyncio.sleep(0.3)
        assert not app.session.signed_in
        app.typing.end(opened)
        await again.until(lambda: app.session.signed_in)


async def test_a_list_stands_as_it_opens_until_something_is_done_in_it(program: Program) -> None:
    async with program.open() as driver:
        await driver.press("3")
        screen = driver.app.screen
        assert isinstance(screen, RecordList)
        assert screen.stands_as_opened()
        for do, undo in (("down", "up"), ("space", "space"), ("S", "S")):
            await driver.press(do)
            assert not screen.stands_as_opened(), do
            await driver.press(undo)
            screen.trailing.catch_up()
            await driver.press("home")
            screen.trailing.catch_up()
            assert screen.stands_as_opened(), undo
        await driver.press("/", "x")
        assert not screen.stands_as_opened()


async def test_rows_of_whoever_was_signed_in_before_are_no_picture_of_who_is_now(program: Program) -> None:
    """Another account's copy is open already, and the list has not been read anew: it must not be kept as theirs."""
    async with program.open() as driver:
        await driver.press("3")
        screen, core = driver.app.screen, driver.app.session._core
        assert isinstance(screen, RecordList)
        assert screen.stands_as_opened()
        core.store.builds += 1  # as another copy that is put in place
        assert not screen.stands_as_opened()
        screen.reload()
        assert screen.stands_as_opened()
