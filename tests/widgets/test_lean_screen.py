"""A screen knows its keys until the focus moves, and they are the same that Textual works out for every key."""

from __future__ import annotations

from typing import Any

from textual.app import App, ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.screen import Screen
from textual.widgets import Button, Input, TextArea

from billtui.screens.lean_screen import LeanScreen


class Keys(LeanScreen[None]):
    BINDINGS = [Binding("j", "nothing", "Down", id="down"), Binding("ctrl+r", "nothing", id="again")]

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Input(id="field")
            yield TextArea(id="letter")
            yield Button(id="button")


class Program(App[None]):
    BINDINGS = [Binding("j,k", "nothing", id="other")]

    def get_default_screen(self) -> Keys:
        return Keys()


def known(chain: Any) -> list[tuple[object, dict[str, Any]]]:
    return [(node, dict(bindings.key_to_bindings)) for node, bindings in chain]


async def test_the_same_keys_as_textual_finds() -> None:
    """After every move of the focus, for a field, a letter that is only read, other keys of a person's own."""
    app = Program()
    async with app.run_test() as pilot:
        screen = app.screen
        assert isinstance(screen, Keys)

        def same() -> bool:
            return known(screen._binding_chain) == known(Screen._binding_chain.fget(screen))  # type: ignore[attr-defined]  # Textual's own

        seen = []
        for focus in ("#field", "#letter", "#button", "#field"):
            screen.set_focus(screen.query_one(focus))
            await pilot.pause()
            assert same(), focus
            seen.append(known(screen._binding_chain))
        assert seen[0] != seen[2]
        screen.set_focus(None)
        assert same()
        letter = screen.query_one(TextArea)
        screen.set_focus(letter)
        taken = known(screen._binding_chain)
        letter.read_only = True
        assert same()
        assert known(screen._binding_chain) != taken, "a letter that is only read leaves the keys to the screen"
        app.set_keymap({"down": "n"})
        assert same()
        assert any("n" in bindings for _, bindings in known(screen._binding_chain))


async def test_known_keys_are_not_worked_out_again() -> None:
    """As long as the focus rests, the same answer is given."""
    app = Program()
    async with app.run_test() as pilot:
        screen = app.screen
        screen.set_focus(screen.query_one("#button"))
        await pilot.press("j", "k")
        first = screen._binding_chain
        await pilot.press("j")
        assert screen._binding_chain is first
