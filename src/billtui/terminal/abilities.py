"""What a terminal can be relied on for when screens are drawn, by its TERM; and whether the door is used at all."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

VARIABLE = "BILLTUI_DOOR"

_KNOWN = re.compile(
    r"xterm.*|tmux.*|alacritty.*|foot.*|kitty.*|wezterm|contour|ghostty|rio|konsole.*|vte.*|gnome.*|st(-.*)?|rxvt.*|iterm2?.*"
    r"|putty.*|linux.*|ms-terminal"
)
"""Terminals that erase in the background's colour, and know ECH."""


class Abilities(NamedTuple):
    """What the terminal can be relied on for; the defaults hold everywhere."""

    erases_in_colour: bool = False
    """Erased cells get the background set last ("bce"), not the terminal's own."""
    erases_cells: bool = False
    """ECH."""
    switches_off: bool = False
    """One attribute can be switched off alone (SGR 22 to 55, 39, 49)."""
    scrolls: bool = False
    """A part of the screen scrolls between margins (DECSTBM)."""


CAUTIOUS = Abilities()


def abilities(environment: Mapping[str, str]) -> Abilities:
    """What a terminal with this TERM, in this multiplexer, can do."""
    term = environment.get("TERM", "")
    if environment.get("TMUX"):
        return Abilities(erases_in_colour=True, erases_cells=True, switches_off=True, scrolls=True)
    if environment.get("ZELLIJ") or environment.get("STY") or term.startswith("screen"):
        return Abilities(switches_off=True, scrolls=True)
    known = bool(_KNOWN.fullmatch(term))
    return Abilities(
        erases_in_colour=known,
        erases_cells=known,
        switches_off=known and not term.startswith("linux"),
        scrolls=known,
    )


class DoorChoice(NamedTuple):
    """Whether only changes are written, and why, in words."""

    open: bool
    reason: str


def door_choice(setting: str, environment: Mapping[str, str]) -> DoorChoice:
    """By the environment (``BILLTUI_DOOR``: ``on`` or ``off``), else by the setting (``auto`` is on)."""
    value = environment.get(VARIABLE, "").strip().lower()
    if value in ("on", "off"):
        return DoorChoice(value == "on", f"{VARIABLE}={value}")
    if setting in ("on", "off"):
        return DoorChoice(setting == "on", f"door = {setting} in the settings")
    return DoorChoice(True, "auto")


def describe_drawing(setting: str, environment: Mapping[str, str]) -> str:
    """How screens are drawn here, for ``doctor``."""
    door, reason = door_choice(setting, environment)
    if not door:
        return f"every widget that changed as a whole ({reason})"
    can = abilities(environment)
    helped = [
        words
        for words, is_so in (
            ("moves rows", can.scrolls),
            ("erases in colour", can.erases_in_colour),
            ("switches attributes off one by one", can.switches_off),
        )
        if is_so
    ]
    return f"only cells that changed ({reason}); this terminal {', '.join(helped) or 'is relied on for nothing else'}"
