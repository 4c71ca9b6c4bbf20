"""Keys that come while the one before is on its way, turn by turn: none overtakes it, however long a turn takes."""

from __future__ import annotations

import asyncio
from typing import ClassVar

import pytest
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.events import Key
from textual.widgets import Button, Input

from billtui.terminal import typing_gate
from billtui.terminal.gated_app import GatedApp

TURNS = 8
"""More than a key takes from the widget to the app."""
WORDS = "qdprx"


class Finding(GatedApp[None]):
    """A key leads to a field; a letter would do something where the field has not got it."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("slash", "find"), Binding("q", "close")]

    def __init__(self) -> None:
        super().__init__()
        self.closed = 0

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Input()
            yield Button("Something else")

    def action_find(self) -> None:
        """To the field."""
        self.screen.set_focus(self.query_one(Input))

    def action_close(self) -> None:
        """What the first letter does outside of the field."""
        self.closed += 1

    def say_dropped(self, words: str) -> None:
        raise AssertionError(words)


@pytest.mark.parametrize("turns", range(TURNS))
async def test_no_letter_overtakes_the_key_that_leads_to_its_field(turns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """As many turns of the loop between two keys as bring each stage of the way of the first between them.

    Of the stages, one is in no queue's size: the app has taken the key out ahead, to see whether two messages are one.
    """
    monkeypatch.setattr(typing_gate, "CALM", 0.0)  # each turn takes longer than that: a machine with much else to do
    app = Finding()
    async with asyncio.timeout(20), app.run_test() as pilot:
        await pilot.pause()
        app.screen.set_focus(app.query_one(Button))
        await pilot.pause()
        before = app.typing.through
        for key in ("slash", *WORDS):
            app.post_message(Key(key, "/" if key == "slash" else key))
            for _ in range(turns):
                await asyncio.sleep(0)
        while app.typing.through < before + 1 + len(WORDS) or app.typing.busy:
            await pilot.pause()
        assert (app.query_one(Input).value, app.closed) == (WORDS, 0)
