"""Every theme can be read: contrast of every pair that the styles can make, and meanings that eyes can tell apart."""

from __future__ import annotations

import itertools

import pytest
from textual.color import Color
from textual.theme import Theme

from billtui.theme import THEMES
from tests.support.eyes import NORMAL, SEEN, Rgb, contrast, distance, seen

READABLE, FAINT, SIGN = 4.5, 3.0, 3.0
"""WCAG: text; what cannot be used now (exempt there, not here); frames, signs and the place in a list."""
HIGH = 7.0
"""WCAG AAA, for the high contrast."""
APART = 8.0
"""Distance of two meanings, in hundredths of OKLab; 2 can just be seen."""

TEXT = ("foreground", "muted", "text-muted", "text-accent", "text-success", "text-warning", "text-error")
MEANINGS = ("foreground", "muted", "text-accent", "text-success", "text-warning", "text-error")
GROUNDS = ("background", "surface", "panel", "boost")
EYES = {"red-green": (NORMAL, "protan", "deutan"), "blue-yellow": (NORMAL, "tritan")}
"""Theme → the eyes that it is made for; the others for one that sees all colours."""
PLAIN = [name for name, (theme, _) in THEMES.items() if not theme.ansi]

PALETTES: dict[str, dict[str, Rgb]] = {
    "Linux console": {
        "ansi_default": (170, 170, 170), "ansi_green": (0, 170, 0), "ansi_yellow": (170, 85, 0),
        "ansi_blue": (0, 0, 170), "ansi_bright_black": (85, 85, 85), "ansi_bright_red": (255, 85, 85),
        "ansi_bright_blue": (85, 85, 255), "ansi_bright_cyan": (85, 255, 255), "ansi_bright_white": (255, 255, 255),
    },
    "PuTTY": {
        "ansi_default": (187, 187, 187), "ansi_green": (0, 187, 0), "ansi_yellow": (187, 187, 0),
        "ansi_blue": (0, 0, 187), "ansi_bright_black": (85, 85, 85), "ansi_bright_red": (255, 85, 85),
        "ansi_bright_blue": (85, 85, 255), "ansi_bright_cyan": (85, 255, 255), "ansi_bright_white": (255, 255, 255),
    },
    "xterm": {
        "ansi_default": (229, 229, 229), "ansi_green": (0, 205, 0), "ansi_yellow": (205, 205, 0),
        "ansi_blue": (0, 0, 238), "ansi_bright_black": (127, 127, 127), "ansi_bright_red": (255, 0, 0),
        "ansi_bright_blue": (92, 92, 255), "ansi_bright_cyan": (0, 255, 255), "ansi_bright_white": (255, 255, 255),
    },
}  # fmt: skip
"""What three terminals make of the sixteen colours, on black."""
BLACK: Rgb = (0, 0, 0)


def variables(theme: Theme) -> dict[str, str]:
    return {**theme.to_color_system().generate(), **theme.variables}


def on(theme: Theme, ground: str) -> Color:
    """A background as it is drawn: what is transparent lies on the theme's."""
    found = variables(theme)
    return Color.parse(found["background"]) + Color.parse(found[ground])


def letters(theme: Theme, name: str, ground: Color) -> Color:
    """A text colour as it is drawn on ``ground``."""
    word, _, share = variables(theme)[name].partition(" ")
    if word == "auto":
        return ground + ground.get_contrast_text(float(share.rstrip("%") or 100) / 100)
    return ground + Color.parse(variables(theme)[name])


def bright(name: str) -> float:
    return HIGH if name == "contrast" else READABLE


@pytest.mark.parametrize("name", PLAIN)
def test_every_text_can_be_read_on_every_background(name: str) -> None:
    theme = THEMES[name][0]
    for eye, ground, text in itertools.product(EYES.get(name, (NORMAL,)), GROUNDS, TEXT):
        behind = on(theme, ground)
        ratio = contrast(letters(theme, text, behind).rgb, behind.rgb, eye)
        assert ratio >= bright(name), f"${text} on ${ground}: {ratio:.2f} ({eye})"


@pytest.mark.parametrize("name", PLAIN)
def test_what_is_faint_and_every_frame_can_be_seen(name: str) -> None:
    theme = THEMES[name][0]
    for eye, ground in itertools.product(EYES.get(name, (NORMAL,)), GROUNDS):
        behind = on(theme, ground)
        for text, least in {"faint": FAINT, "primary": SIGN, "warning": SIGN, "error": SIGN, "accent": SIGN}.items():
            ratio = contrast(letters(theme, text, behind).rgb, behind.rgb, eye)
            assert ratio >= least, f"${text} on ${ground}: {ratio:.2f} ({eye})"
    for ground in ("background", "surface"):  # where lists are
        behind = on(theme, ground)
        assert contrast(letters(theme, "scrollbar", behind).rgb, behind.rgb) >= SIGN, f"the thumb on ${ground}"


@pytest.mark.parametrize("name", PLAIN)
def test_cursors_buttons_and_lines_of_notice_can_be_read(name: str) -> None:
    theme = THEMES[name][0]
    behind = {ground: on(theme, ground) for ground in ("accent", "warning-muted", "block-cursor-background")}
    behind["block-cursor-blurred-background"] = on(theme, "block-cursor-blurred-background")
    behind["warning 20%"] = on(theme, "background") + Color.parse(variables(theme)["warning"]).with_alpha(0.2)
    pairs = [
        ("background", "accent"),
        ("text-warning", "warning-muted"),
        ("text-warning", "warning 20%"),
        ("block-cursor-foreground", "block-cursor-background"),
        ("block-cursor-blurred-foreground", "block-cursor-blurred-background"),
    ]
    for text, ground in pairs:
        ratio = contrast(letters(theme, text, behind[ground]).rgb, behind[ground].rgb)
        assert ratio >= bright(name), f"${text} on ${ground}: {ratio:.2f}"


@pytest.mark.parametrize("name", PLAIN)
def test_meanings_are_told_apart(name: str) -> None:
    """By the eyes that the theme is made for; a sign and a word say the same to all others."""
    theme = THEMES[name][0]
    ground = on(theme, "background")
    for eye in EYES.get(name, (NORMAL,)):
        for one, other in itertools.combinations(MEANINGS, 2):
            found = distance(letters(theme, one, ground).rgb, letters(theme, other, ground).rgb, eye)
            assert found >= APART, f"${one} and ${other}: {found:.1f} ({eye})"


def test_the_two_are_needed() -> None:
    """The dark theme's meanings run together for colour-blind eyes: this is what the two themes are for."""
    dark = THEMES["dark"][0]
    ground = on(dark, "background")
    pairs = [
        (letters(dark, one, ground).rgb, letters(dark, other, ground).rgb)
        for one, other in itertools.combinations(("text-success", "text-warning", "text-error"), 2)
    ]
    for eye in ("protan", "deutan"):
        assert min(distance(one, other, eye) for one, other in pairs) < APART


@pytest.mark.parametrize("palette", PALETTES)
def test_the_terminals_own_colours_can_be_read(palette: str) -> None:
    """Of a dark terminal; the colours are the terminal's, so this is as much as can be promised."""
    colours, theme = PALETTES[palette], variables(THEMES["terminal"][0])
    for text in ("foreground", "muted", "text-accent", "text-success", "text-warning", "text-error"):
        assert contrast(colours[theme[text]], BLACK) >= (3.8 if theme[text] == "ansi_yellow" else READABLE), text
    assert contrast(colours[theme["faint"]], BLACK) >= 2.5
    assert contrast(colours[theme["primary"]], BLACK) >= SIGN
    cursor = colours[theme["block-cursor-background"]]
    assert contrast(colours[theme["block-cursor-foreground"]], cursor) >= HIGH


def test_the_eyes_of_the_tests_are_right() -> None:
    """Known values: black on white, grey stays grey, and red and green are one for those who cannot tell them."""
    assert contrast((0, 0, 0), (255, 255, 255)) == pytest.approx(21)
    assert contrast((119, 119, 119), (255, 255, 255)) == pytest.approx(4.48, abs=0.01)
    assert distance((0, 0, 0), (255, 255, 255)) == pytest.approx(100, abs=0.1)
    for eye in SEEN:
        assert seen((128, 128, 128), eye) == pytest.approx((0.2159, 0.2159, 0.2159), abs=0.005)
    red, green = (214, 60, 60), (140, 120, 50)
    assert distance(red, green, "deutan") < distance(red, green) / 2
