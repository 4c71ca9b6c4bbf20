"""A part of the program that is stuck takes the keys with it that were for it, never those that come later."""

from __future__ import annotations

import asyncio
from time import monotonic

import pytest
from textual.app import ComposeResult
from textual.widgets import Input

from billtui.screens import careful_app
from billtui.screens.careful_app import CarefulApp
from billtui.terminal import typing_gate
from billtui.terminal.gated_app import GatedApp
from billtui.terminal.typing_gate import Typed
from tests.support.driving import type_at_once


class Small(GatedApp[None]):
    """One field; what is handed out is kept."""

    def __init__(self) -> None:
        super().__init__()
        self.handed: asyncio.Queue[str] = asyncio.Queue()
        self.dropped: asyncio.Queue[str] = asyncio.Queue()

    def compose(self) -> ComposeResult:
        yield Input()

    async def action_quit(self) -> None:
        """Asks, in the program."""

    async def hand_out(self, typed: Typed) -> None:
        await super().hand_out(typed)
        self.handed.put_nowait(getattr(typed, "key", ""))

    def say_dropped(self, words: str) -> None:
        self.dropped.put_nowait(words)


class Closing(CarefulApp[None]):
    """One field."""

    def compose(self) -> ComposeResult:
        yield Input()


async def test_keys_go_on_while_a_handler_never_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those behind the key that is stuck are dropped and said; then keys are handed out, one by one, as ever."""
    monkeypatch.setattr(typing_gate, "PATIENCE", 0.3)
    app, never = Small(), asyncio.Event()
    async with asyncio.timeout(8), app.run_test() as pilot:
        await pilot.pause()
        field = app.query_one(Input)
        field.call_later(never.wait)
        try:
            type_at_once(app, "j", "k", "ctrl+q", "l")
            assert [await app.handed.get() for _ in range(2)] == ["j", "ctrl+q"], "leaving is never dropped"
            assert "2 keys" in await app.dropped.get()
            type_at_once(app, "x", "y")
            assert [await app.handed.get() for _ in range(2)] == ["x", "y"]
            assert app.dropped.empty()
        finally:
            never.set()
        await pilot.pause()
        assert field.value == "jxy"


async def test_after_a_pause_keys_wait_as_long_as_ever_for_what_is_busy(monkeypatch: pytest.MonkeyPatch) -> None:
    """The way of the key before is looked after only when others come: the patience begins then, not with that key."""
    pause = 0.0
    monkeypatch.setattr(typing_gate, "GRACE", 0.0)
    monkeypatch.setattr(typing_gate, "monotonic", lambda: monotonic() + pause)
    app, done = Small(), asyncio.Event()
    async with asyncio.timeout(8), app.run_test() as pilot:
        await pilot.pause()
        field = app.query_one(Input)
        await pilot.press("j")
        pause = 2 * typing_gate.PATIENCE
        field.call_later(done.wait)
        type_at_once(app, "k", "l")
        app.call_later(done.set)  # once both were taken
        assert [await app.handed.get() for _ in range(3)] == ["j", "k", "l"]
        assert app.dropped.empty()
        await pilot.pause()
        assert field.value == "jkl"


async def test_leaving_does_not_wait_for_a_handler_that_never_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """Textual's own closing waits for every widget; its name and what it is called for are Textual's."""
    monkeypatch.setattr(careful_app, "CLOSE_SECONDS", 0.2)
    app = Closing()
    async with asyncio.timeout(8):
        async with app.run_test() as pilot:
            await pilot.pause()
            app.query_one(Input).call_later(asyncio.Event().wait)
            app.exit()


async def test_who_leaves_does_not_wait_for_what_has_been_stuck_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """The patience that begins with what comes behind a key is not for the key that leaves."""
    pause = 0.0
    monkeypatch.setattr(typing_gate, "PATIENCE", 30.0)
    monkeypatch.setattr(typing_gate, "monotonic", lambda: monotonic() + pause)
    app, never = Small(), asyncio.Event()
    async with asyncio.timeout(8), app.run_test() as pilot:
        await pilot.pause()
        app.query_one(Input).call_later(never.wait)
        try:
            type_at_once(app, "j")
            assert await app.handed.get() == "j"
            pause = 2 * typing_gate.PATIENCE
            type_at_once(app, "ctrl+q")
            assert await app.handed.get() == "ctrl+q"
        finally:
            never.set()
