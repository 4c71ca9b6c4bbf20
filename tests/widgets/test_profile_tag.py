"""The name of a profile can be read on every colour, in every theme, on 16 colours as well."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billtui.config.accents import ACCENTS, accent_colour, accent_problem
from billtui.theme import THEMES
from billtui.widgets.profile_tag import NO_ACCENT, SIXTEEN, contrast, tag, tag_style

READABLE = 4.5
"""WCAG AA for text."""
LETTERS = {"ansi_black": (0, 0, 0), "ansi_bright_white": (255, 255, 255)}


def rgb(colour: str) -> tuple[int, int, int]:
    """``#rrggbb`` as numbers."""
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def check(style: str) -> None:
    """Letters and background of a style have enough contrast."""
    found = re.fullmatch(r"bold (#\w{6}) on (#\w{6})", style)
    assert found is not None, style
    assert contrast(rgb(found[1]), rgb(found[2])) >= READABLE, style


@pytest.mark.parametrize("accent", ACCENTS)
def test_a_named_colour_can_be_read(accent: str) -> None:
    check(tag_style(accent))


@given(st.tuples(*[st.integers(0, 255)] * 3))
def test_any_colour_can_be_read(parts: tuple[int, int, int]) -> None:
    check(tag_style("#{:02x}{:02x}{:02x}".format(*parts)))


@given(st.one_of(st.sampled_from(sorted(ACCENTS)), st.from_regex(r"#[0-9a-f]{6}", fullmatch=True)))
def test_on_sixteen_colours_the_nearest_one_can_be_read(accent: str) -> None:
    style = tag_style(accent, sixteen=True)
    found = re.fullmatch(r"bold (ansi_\w+) on (ansi_\w+)", style)
    assert found is not None, style
    assert contrast(LETTERS[found[1]], SIXTEEN[found[2]]) >= READABLE, style


def test_without_a_colour_the_theme_gives_one_that_can_be_read() -> None:
    assert tag_style(None) == tag_style("blurple") == NO_ACCENT
    for theme, _ in THEMES.values():
        if not theme.ansi:
            assert theme.accent is not None
            assert theme.panel is not None
            assert contrast(rgb(theme.accent), rgb(theme.panel)) >= READABLE, theme.name


def test_the_words_are_there_whatever_the_colour() -> None:
    assert tag("work", "red").plain == " work "
    assert tag("work", None).plain == " work "


def test_a_colour_that_nobody_knows_is_told_with_those_there_are() -> None:
    assert accent_problem("teal") is None
    assert accent_colour("#AbCdEf") == "#abcdef"
    assert accent_colour("blurple") is None
    assert "teal" in (accent_problem("blurple") or "")


def test_contrast_is_that_of_wcag() -> None:
    assert contrast((0, 0, 0), (255, 255, 255)) == pytest.approx(21)
    assert contrast((119, 119, 119), (255, 255, 255)) == pytest.approx(4.48, abs=0.01)
