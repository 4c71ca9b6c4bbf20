"""A profile's name on its own colour: the same words in the same colour wherever it stands.

The colour is never alone: it lies behind the name. The letters on it are black or white, whichever has more contrast,
so that they can be read on any colour and in any theme; on 16 colours the nearest of those is taken.
"""

from __future__ import annotations

from textual.content import Content

from billtui.config.accents import accent_colour

Rgb = tuple[int, int, int]

SIXTEEN: dict[str, Rgb] = {
    "ansi_red": (170, 0, 0),
    "ansi_green": (0, 170, 0),
    "ansi_yellow": (170, 85, 0),
    "ansi_blue": (0, 0, 170),
    "ansi_magenta": (170, 0, 170),
    "ansi_cyan": (0, 170, 170),
    "ansi_white": (170, 170, 170),
    "ansi_bright_black": (85, 85, 85),
    "ansi_bright_yellow": (255, 255, 85),
    "ansi_bright_white": (255, 255, 255),
}
"""Backgrounds of a terminal with 16 colours, as most of them show these."""

NO_ACCENT = "bold reverse $accent"
"""A profile without a colour of its own has the theme's."""


def tag(name: str, accent: str | None, *, sixteen: bool = False) -> Content:
    """The name with a blank on either side, on the profile's colour."""
    return Content.styled(f" {name} ", tag_style(accent, sixteen=sixteen))


def tag_style(accent: str | None, *, sixteen: bool = False) -> str:
    """The style of a name on ``accent``; ``sixteen`` for the theme that uses the terminal's own colours."""
    colour = accent_colour(accent)
    if colour is None:
        return NO_ACCENT
    rgb = _rgb(colour)
    if not sixteen:
        return f"bold {'#000000' if _dark_letters(rgb) else '#ffffff'} on {colour}"
    nearest = min(SIXTEEN, key=lambda name: _distance(SIXTEEN[name], rgb))
    return f"bold {'ansi_black' if _dark_letters(SIXTEEN[nearest]) else 'ansi_bright_white'} on {nearest}"


def contrast(one: Rgb, other: Rgb) -> float:
    """The contrast ratio of two colours as WCAG defines it: 1 (the same) to 21 (black and white)."""
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def _dark_letters(rgb: Rgb) -> bool:
    return contrast(rgb, (0, 0, 0)) >= contrast(rgb, (255, 255, 255))


def _luminance(rgb: Rgb) -> float:
    parts = [value / 255 for value in rgb]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _distance(one: Rgb, other: Rgb) -> int:
    """How different two colours look, roughly: the eye is keener on green than on blue."""
    red, green, blue = (a - b for a, b in zip(one, other, strict=True))
    return 3 * red * red + 6 * green * green + blue * blue


def _rgb(colour: str) -> Rgb:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)
