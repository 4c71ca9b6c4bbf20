"""What is drawn on the screen, as eyes meet it: each piece of text with its letters' and its background's colour."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from rich.color import Color as RichColor
from rich.style import Style
from textual.color import Color
from textual.geometry import Region
from textual.screen import ModalScreen, Screen
from textual.strip import Strip

from tests.support.eyes import Rgb


class Drawn(NamedTuple):
    """A piece of text as it stands on the screen, reverse taken into account."""

    text: str
    letters: Rgb
    background: Rgb
    style: Style


def part_in_use(screen: Screen[object]) -> Region:
    """All of a screen; of a question its frame: what shines through beside it is not there to be read."""
    if isinstance(screen, ModalScreen):
        for frame in screen.query("#dialog, #sign-in"):
            return frame.region
    return screen.region


def lines_of(screen: Screen[object], region: Region | None = None) -> list[Strip]:
    """The lines of a part of the screen, before the last filter."""
    region = (part_in_use(screen) if region is None else region).intersection(screen.region)
    lines = screen._compositor.render_strips()[region.y : region.bottom]
    return [line.crop(region.x, region.right) for line in lines]


def drawn(screen: Screen[object], region: Region | None = None) -> Iterator[Drawn]:
    """Every piece of text that has letters or digits; themes of sixteen colours have no colours to speak of here."""
    for line in lines_of(screen, region):
        for text, style, _ in line:
            if style is not None and any(map(str.isalnum, text)):
                letters, background = rgb(style.color), rgb(style.bgcolor)
                if style.reverse:
                    letters, background = background, letters
                yield Drawn(text, letters, background, style)


def rgb(colour: RichColor | None) -> Rgb:
    """A colour as numbers."""
    assert colour is not None, "a colour is missing"
    assert not colour.is_default, "the terminal's own colour in a theme that has its own"
    red, green, blue = colour.get_truecolor()
    return red, green, blue


def faint_of(variables: Mapping[str, str]) -> Rgb:
    """The colour of what cannot be used now, of a theme's variables."""
    return Color.parse(variables["faint"]).rgb
