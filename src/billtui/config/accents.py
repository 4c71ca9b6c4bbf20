"""The colours that tell profiles apart: by name, or as ``#rrggbb``."""

from __future__ import annotations

import re

ACCENTS: dict[str, str] = {
    "red": "#c62828",
    "orange": "#e8710a",
    "amber": "#f2b01e",
    "yellow": "#f5e663",
    "lime": "#9ccc3c",
    "green": "#2e7d32",
    "teal": "#00897b",
    "cyan": "#26c6da",
    "blue": "#1565c0",
    "indigo": "#3f3fb5",
    "purple": "#7b1fa2",
    "magenta": "#c2185b",
    "pink": "#f48fb1",
    "brown": "#6d4c41",
    "grey": "#757575",
    "white": "#f5f5f5",
}
"""Name → colour. The letters on it are black or white, whichever can be read better."""

_HEX = re.compile(r"#[0-9a-fA-F]{6}")


def accent_colour(accent: str | None) -> str | None:
    """``accent`` as ``#rrggbb``; ``None`` where there is none, or one that nobody knows: then the theme's is used."""
    if accent is None:
        return None
    if _HEX.fullmatch(accent):
        return accent.lower()
    return ACCENTS.get(accent)


def accent_problem(accent: str) -> str | None:
    """Why ``accent`` cannot be chosen, with what can."""
    if accent_colour(accent) is not None:
        return None
    return f"accent: there is no colour “{accent[:20]}”. Choose one of {', '.join(ACCENTS)}, or #rrggbb."
