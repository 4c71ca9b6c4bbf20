"""Themes: calm backgrounds, one accent, and meanings that never rest on colour alone.

``$muted`` is for labels, ``$faint`` for what cannot be used now; both are colours of their own in every theme.
"""

from __future__ import annotations

from textual.theme import Theme

DARK = Theme(
    name="billtui-dark",
    primary="#6cb6ff",
    secondary="#8b9bb4",
    accent="#6cb6ff",
    foreground="#d6dbe4",
    background="#12151b",
    surface="#171b23",
    panel="#1f2530",
    success="#7fc88a",
    warning="#e5b567",
    error="#ff7b72",
    dark=True,
    variables={
        "muted": "#8f9aab",
        "faint": "#5d6675",
        "block-cursor-background": "#2d4a6b",
        "block-cursor-foreground": "#ffffff",
    },
)
LIGHT = Theme(
    name="billtui-light",
    primary="#0a5db0",
    secondary="#55606f",
    accent="#0a5db0",
    foreground="#1b1f26",
    background="#fbfbfa",
    surface="#f2f3f4",
    panel="#e5e8ec",
    success="#1f6f35",
    warning="#835400",
    error="#b3261e",
    dark=False,
    variables={
        "muted": "#5a6472",
        "faint": "#9aa2ad",
        "block-cursor-background": "#bcd8f5",
        "block-cursor-foreground": "#101418",
    },
)
HIGH_CONTRAST = Theme(
    name="billtui-contrast",
    primary="#ffff00",
    secondary="#ffffff",
    accent="#ffff00",
    foreground="#ffffff",
    background="#000000",
    surface="#000000",
    panel="#1c1c1c",
    success="#5fff5f",
    warning="#ffd75f",
    error="#ff8787",
    dark=True,
    variables={
        "muted": "#d0d0d0",
        "faint": "#a0a0a0",
        "block-cursor-background": "#ffffff",
        "block-cursor-foreground": "#000000",
    },
)
TERMINAL = Theme(
    name="billtui-16",
    primary="ansi_bright_blue",
    secondary="ansi_default",
    accent="ansi_bright_cyan",
    foreground="ansi_default",
    background="ansi_default",
    surface="ansi_default",
    panel="ansi_default",
    boost="ansi_default",
    success="ansi_green",
    warning="ansi_yellow",
    error="ansi_red",
    dark=True,
    ansi=True,
    variables={
        "muted": "ansi_default",
        "faint": "ansi_bright_black",
        "ansi-background": "ansi_black",
        "ansi-foreground": "ansi_white",
        "border-blurred": "ansi_bright_black",
        "input-cursor-background": "ansi_white",
        "input-cursor-foreground": "ansi_black",
        "input-cursor-text-style": "none",
        "input-selection-background": "ansi_blue",
        "input-selection-foreground": "ansi_bright_white",
        "screen-selection-background": "ansi_blue",
        "screen-selection-foreground": "ansi_bright_white",
        "block-cursor-background": "ansi_blue",
        "block-cursor-foreground": "ansi_bright_white",
    },
)
THEMES: dict[str, tuple[Theme, str]] = {
    "dark": (DARK, "Dark"),
    "light": (LIGHT, "Light"),
    "contrast": (HIGH_CONTRAST, "High contrast"),
    "terminal": (TERMINAL, "My terminal's 16 colours"),
}
"""Name in the settings → theme and its title."""
