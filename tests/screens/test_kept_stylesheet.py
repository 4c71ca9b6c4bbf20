"""Styles are parsed once, and anew when the theme changes."""

from __future__ import annotations

from collections import Counter

import pytest
from textual.app import App, ComposeResult
from textual.cache import LRUCache
from textual.color import Color
from textual.css import stylesheet
from textual.css.stylesheet import Stylesheet, StylesheetParseError
from textual.widgets import Label

from billtui.screens import kept_stylesheet
from billtui.screens.kept_stylesheet import KeptStylesheet
from billtui.theme import THEMES


class Small(App[None]):
    CSS = "Label { color: $error; }"

    def __init__(self, sheet: type[Stylesheet]) -> None:
        super().__init__()
        self.stylesheet = sheet(variables=self.get_css_variables())
        for theme, _ in THEMES.values():
            self.register_theme(theme)
        self.theme = "billtui-dark"

    def compose(self) -> ComposeResult:
        yield Label("x")


async def colours(sheet: type[Stylesheet]) -> list[Color]:
    app = Small(sheet)
    found = []
    async with app.run_test() as pilot:
        for theme in ("billtui-dark", "billtui-light", "billtui-contrast", "billtui-dark"):
            app.theme = theme
            await pilot.pause()
            found.append(app.query_one(Label).styles.color)
    return found


async def test_a_theme_changes_all_colours_as_in_textual() -> None:
    kept = await colours(KeptStylesheet)
    assert kept == await colours(Stylesheet)
    assert len(set(kept)) == 3


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> Counter[object]:
    """How often each source was parsed, in a process that has not parsed any yet."""
    counted: Counter[object] = Counter()
    real = stylesheet.parse  # type: ignore[attr-defined]

    def parse(scope: str, css: str, read_from: object, **options: object) -> object:
        counted[read_from, css] += 1
        return real(scope, css, read_from, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(stylesheet, "parse", parse)
    monkeypatch.setattr(kept_stylesheet, "_themes", LRUCache(kept_stylesheet.MOST_THEMES))
    return counted


async def test_each_source_is_parsed_once(parsed: Counter[object]) -> None:
    app = Small(KeptStylesheet)
    async with app.run_test() as pilot:
        await pilot.pause()
        for _ in range(3):
            app.refresh_css()
            await pilot.pause()
    assert parsed
    assert sum(parsed.values()) - len(parsed) <= len(parsed), (
        "once, and once more for the theme chosen before the start"
    )


async def test_themes_gone_back_to_are_not_parsed_again_nor_for_the_next_program(parsed: Counter[object]) -> None:
    first = await colours(KeptStylesheet)
    once = parsed.total()
    assert once
    assert await colours(KeptStylesheet) == first
    assert parsed.total() == once
    assert await colours(Stylesheet) == first, "Textual's own parse all of it"
    assert parsed.total() > once


def test_only_so_many_themes_stay_parsed(parsed: Counter[object]) -> None:
    for number in [*range(kept_stylesheet.MOST_THEMES + 1), 0]:
        sheet = KeptStylesheet(variables={"x": f"#00000{number}"})
        sheet.add_source("Label { color: $x; }", read_from=("a", ""))
        assert sheet.rules[0].styles.color == Color(0, 0, number)
    assert parsed.total() == kept_stylesheet.MOST_THEMES + 2


def test_a_mistake_leaves_the_rules() -> None:
    sheet = KeptStylesheet(variables={"x": "red"})
    sheet.add_source("Label { color: $x; }", read_from=("a", ""))
    assert len(sheet.rules) == 1
    sheet.add_source("Label { colour: $x; }", read_from=("b", ""))
    with pytest.raises(StylesheetParseError):
        sheet.reparse()
    assert sheet._rules
    sheet.set_variables({"x": "blue"})
    assert sheet._require_parse
