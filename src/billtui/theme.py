"""Themes: calm backgrounds, one accent, and meanings that never rest on colour alone.

``$muted`` is for labels, ``$faint`` for what cannot be used now; both are colours of their own in every theme. So is
``$text-muted``: Textual's is mixed for each background, and comes out white where only a part of a line is styled.
``tests/unit/shell/test_themes.py`` holds the contrast: 4.5 for text (7 in the high contrast), 3 for what is faint, for
frames and for the place in a list. The two for colour-blind people keep it, and keep success, warning, error and accent
apart, as those people see them.
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
        "text-muted": "#8f9aab",
        "faint": "#687180",
        "scrollbar": "#42699a",
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
        "text-muted": "#5a6472",
        "faint": "#7c8490",
        "scrollbar": "#688db5",
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
        "text-muted": "#d0d0d0",
        "faint": "#a0a0a0",
        "scrollbar": "#8f8f00",
        "block-cursor-background": "#ffffff",
        "block-cursor-foreground": "#000000",
        "input-selection-background": "#ffff00",
        "input-selection-foreground": "#000000",
    },
)


def _of_the_colour_blind(name: str, *, success: str, warning: str, error: str, accent: str) -> Theme:
    """A dark theme whose meanings are other colours; they are used as they are, not mixed with white."""
    return Theme(
        name=name,
        primary=accent,
        secondary="#98a1af",
        accent=accent,
        foreground="#e4e7ec",
        background="#12151b",
        surface="#171b23",
        panel="#1f2530",
        success=success,
        warning=warning,
        error=error,
        dark=True,
        variables={
            "muted": "#98a1af",
            "text-muted": "#98a1af",
            "faint": "#6f7888",
            "text-success": success,
            "text-warning": warning,
            "text-error": error,
            "text-accent": accent,
            "scrollbar": "#6f7888",
            "block-cursor-background": "#2d4a6b",
            "block-cursor-foreground": "#ffffff",
            "input-selection-background": "#2d4a6b",
            "input-selection-foreground": "#ffffff",
        },
    )


RED_GREEN = _of_the_colour_blind(
    "billtui-red-green", success="#9ec0ff", warning="#f1ed41", error="#ffa659", accent="#9588e9"
)
"""For protan and deutan eyes: good is blue, what warns yellow, what is bad orange, what stands out violet."""
BLUE_YELLOW = _of_the_colour_blind(
    "billtui-blue-yellow", success="#40d64a", warning="#f8b884", error="#f7699d", accent="#43f8f2"
)
"""For tritan eyes: good is green, what warns pale orange, what is bad pink, what stands out turquoise."""
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
    error="ansi_bright_red",
    dark=True,
    ansi=True,
    variables={
        "muted": "ansi_default",
        "text-muted": "ansi_default",
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
    "red-green": (RED_GREEN, "For red-green blindness"),
    "blue-yellow": (BLUE_YELLOW, "For blue-yellow blindness"),
    "terminal": (TERMINAL, "My terminal's 16 colours"),
}
"""Name in the settings → theme and its title."""
