"""Whose account it is stands on every screen and every question, in words, readable in every theme."""

from __future__ import annotations

import inspect
import pkgutil
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest
from rich.color import Color as RichColor
from textual.screen import ModalScreen, Screen

import billtui.screens
from billtui.config.profiles import make_profile
from billtui.screens.base import BilltuiScreen
from billtui.screens.modals.dialog import Dialog
from billtui.theme import THEMES
from billtui.widgets.profile_tag import contrast
from tests.support.driving import Driver, Program

READABLE = 4.5
WITHOUT = {"TooSmall", "SignInScreen", "GuideSignIn"}
"""Modal screens that are no questions about an account: they name the profile or panel in words of their own."""


def screens() -> Iterator[type[Any]]:
    """Every screen class of the program."""
    for module in pkgutil.walk_packages(billtui.screens.__path__, "billtui.screens."):
        for _, found in inspect.getmembers(import_module(module.name), inspect.isclass):
            if issubclass(found, Screen) and found.__module__ == module.name:
                yield found


def test_every_question_has_the_frame_that_names_the_profile() -> None:
    found = set(screens())
    assert len(found) > 40
    for one in found:
        if issubclass(one, BilltuiScreen):
            assert one.compose is BilltuiScreen.compose, f"{one.__name__} has no line that says where you are"
        elif issubclass(one, Dialog):
            assert one.compose is Dialog.compose, f"{one.__name__} draws its own frame"
        elif issubclass(one, ModalScreen):
            assert one.__name__ in WITHOUT, f"{one.__name__} asks something and names nobody"


def tags(driver: Driver, words: str) -> list[tuple[RichColor | None, RichColor | None]]:
    """Letters and background wherever ``words`` stand by themselves on the screen."""
    found: list[tuple[RichColor | None, RichColor | None]] = []
    for strip in driver.app.screen._compositor.render_strips():
        for text, style, _ in strip:
            if text == words and style is not None and style.bgcolor is not None:
                pair = (style.bgcolor, style.color) if style.reverse else (style.color, style.bgcolor)
                found.append(pair)
    return found


def rgb(colour: RichColor) -> tuple[int, int, int]:
    """A colour of the screen as numbers."""
    red, green, blue = colour.get_truecolor()
    return red, green, blue


@pytest.mark.parametrize("accent", [None, "teal", "yellow", "#000000", "#808080", "#ffffff"])
async def test_the_name_can_be_read_on_its_colour_in_every_theme(program: Program, accent: str | None) -> None:
    profile = make_profile(name="work", url=program.sandbox.url, login="olena.marsh", accent=accent)
    async with program.open(profile=profile) as driver:
        await driver.go("2", "InvoicesScreen")
        for theme, title in THEMES.values():
            driver.app.theme = theme.name
            await driver.press("p")
            await driver.on("ChoiceDialog")
            await driver.quiet()
            await driver.sees("work")
            if not theme.ansi:
                found = tags(driver, " work ")
                assert found, f"{title}: {driver.text()}"
                letters, background = found[-1]
                assert letters is not None
                assert background is not None
                ratio = contrast(rgb(letters), rgb(background))
                assert ratio >= READABLE, f"{title}: {letters} on {background}"
            await driver.press("escape")
            await driver.on("InvoicesScreen")
