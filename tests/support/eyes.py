"""How colours look: contrast (WCAG), distance (OKLab), and what colour-blind eyes see (Machado and others, 2009)."""

from __future__ import annotations

import math
from typing import Final

Rgb = tuple[int, int, int]
Linear = tuple[float, float, float]

NORMAL: Final = "normal"
SEEN: dict[str, tuple[Linear, Linear, Linear]] = {
    NORMAL: ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protan": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "deutan": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
    "tritan": (
        (1.255528, -0.076749, -0.178779),
        (-0.078411, 0.930809, 0.147602),
        (0.004733, 0.691367, 0.303900),
    ),
}
"""Kind of eye → matrix on linear red, green and blue, for the whole loss of one kind of cone."""


def seen(rgb: Rgb, eye: str = NORMAL) -> Linear:
    """A colour as linear light, as the eye takes it."""
    parts = [part / 255 for part in rgb]
    light = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    red, green, blue = (
        min(1.0, max(0.0, sum(factor * part for factor, part in zip(row, light, strict=True)))) for row in SEEN[eye]
    )
    return red, green, blue


def contrast(one: Rgb, other: Rgb, eye: str = NORMAL) -> float:
    """The contrast ratio of WCAG, 1 to 21."""
    low, high = sorted(0.2126 * r + 0.7152 * g + 0.0722 * b for r, g, b in (seen(one, eye), seen(other, eye)))
    return (high + 0.05) / (low + 0.05)


def distance(one: Rgb, other: Rgb, eye: str = NORMAL) -> float:
    """How different two colours look, in hundredths of OKLab: 2 is just seen, 100 is black and white."""
    return 100 * math.dist(_oklab(seen(one, eye)), _oklab(seen(other, eye)))


def _oklab(light: Linear) -> Linear:
    red, green, blue = light
    long = (0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue) ** (1 / 3)
    middle = (0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue) ** (1 / 3)
    short = (0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue) ** (1 / 3)
    return (
        0.2104542553 * long + 0.7936177850 * middle - 0.0040720468 * short,
        1.9779984951 * long - 2.4285922050 * middle + 0.4505937099 * short,
        0.0259040371 * long + 0.7827717662 * middle - 0.8086757660 * short,
    )
