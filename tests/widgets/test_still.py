"""A text in a place of its own that is told again and again: it is drawn where it differs, and always whole."""

from __future__ import annotations

import pytest
from textual.app import App, ComposeResult
from textual.content import Content

from billtui.widgets.still import Still

WORDS = Content("first\nsecond\nthird")


class Pane(App[None]):
    CSS = "Still { height: auto; }"

    def compose(self) -> ComposeResult:
        yield Still(id="pane")


@pytest.mark.parametrize(
    "after", [WORDS, Content("other\nwords\nhere"), Content("fewer\nwords")], ids=["the same", "as high", "lower"]
)
async def test_what_was_laid_out_while_it_was_empty_stands_there_whole_again(after: Content) -> None:
    """A message or a resize while a key is held: when the keys rest, what is known of the row is there."""
    async with Pane().run_test() as pilot:
        pane = pilot.app.query_one("#pane", Still)
        pane.show(WORDS, grows=True)
        await pilot.pause()
        assert pane.size.height == 3
        pane.veil()
        await pilot.resize_terminal(60, 20)
        pane.show(after, grows=True)
        await pilot.pause()
        assert pane.size.height == after.plain.count("\n") + 1
        assert [pane.render_line(y).text.strip() for y in range(pane.size.height)] == after.plain.splitlines()


async def test_what_was_taken_away_before_it_was_laid_out_stands_there_whole_again() -> None:
    """Keys faster than pictures: another height was asked for, and is laid out when there is nothing any more."""
    async with Pane().run_test() as pilot:
        pane = pilot.app.query_one("#pane", Still)
        pane.show(Content("one line"), grows=True)
        await pilot.pause()
        pane.show(WORDS, grows=True)
        pane.veil()
        await pilot.pause()
        assert pane.size.height < 3
        pane.show(WORDS, grows=True)
        await pilot.pause()
        assert [pane.render_line(y).text.strip() for y in range(pane.size.height)] == WORDS.plain.splitlines()
