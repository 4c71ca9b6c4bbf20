"""Finds out what the terminal can do and settles the environment before Textual is loaded, which reads it at import."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from pathlib import Path

_TRUECOLOR_TERMS = re.compile(r"alacritty|xterm-kitty|xterm-ghostty|foot|wezterm|contour|rio|.*-direct\d*|.*-truecolor")
_TELLTALES = ("TEXTUAL", "TEXTUAL_LOG", "TEXTUAL_DRIVER", "TEXTUAL_PRESS", "TEXTUAL_DEBUG")
"""Textual's tools for developers: a log and a socket that are told every key, so a password as it is typed."""
_TRUECOLOR_PROGRAMS = ("iTerm.app", "WezTerm", "vscode", "ghostty", "rio", "Hyper", "zed")


@dataclass(frozen=True, slots=True)
class TerminalFacts:
    """What is known of the terminal before anything was drawn."""

    term: str
    color_system: str
    """``truecolor``, ``256``, ``standard`` (16 colours), or ``auto`` where Textual's own guess stands."""
    no_color: bool
    utf8: bool
    utf8_reason: str
    multiplexer: str | None
    ssh: bool


def settle(environment: MutableMapping[str, str] | None = None) -> TerminalFacts:
    """Put right what Textual would read wrongly, and say what the terminal is. Call it before Textual is imported.

    - ``NO_COLOR`` counts only when it is not empty (the convention); Textual goes by its presence.
    - No animations: over a slow line they are late rather than pretty. A value that was set stays.
    - No log of keys, no foreign driver, no keys pressed and no screenshots taken by the environment.
    - Colours: terminals with 24 bit that do not forward COLORTERM; GNU screen, which breaks 24 bit.
    """
    environment = os.environ if environment is None else environment
    if environment.get("NO_COLOR") == "":
        del environment["NO_COLOR"]
    for name in [one for one in environment if one in _TELLTALES or one.startswith("TEXTUAL_SCREENSHOT")]:
        del environment[name]
    environment.setdefault("TEXTUAL_ANIMATIONS", "none")
    color_system = environment.get("TEXTUAL_COLOR_SYSTEM") or _color_system(environment)
    if color_system != "auto":
        environment["TEXTUAL_COLOR_SYSTEM"] = color_system
    utf8, reason = _utf8(environment)
    return TerminalFacts(
        term=environment.get("TERM", ""),
        color_system=color_system,
        no_color="NO_COLOR" in environment,
        utf8=utf8,
        utf8_reason=reason,
        multiplexer=_multiplexer(environment),
        ssh=any(environment.get(name) for name in ("SSH_TTY", "SSH_CONNECTION", "SSH_CLIENT")),
    )


def describe(facts: TerminalFacts) -> list[tuple[str, str]]:
    """The facts in words, for ``doctor``."""
    colours = {
        "truecolor": "24 bit",
        "256": "256",
        "standard": "16",
        "auto": "by TERM",
    }.get(facts.color_system, facts.color_system)
    return [
        ("TERM", ascii(facts.term)[1:-1] or "not set"),
        ("colours", "none (NO_COLOR is set)" if facts.no_color else colours),
        ("text", f"{'UTF-8' if facts.utf8 else 'plain ASCII'} ({facts.utf8_reason})"),
        ("inside", facts.multiplexer or "no multiplexer"),
        ("over SSH", "yes" if facts.ssh else "no"),
    ]


def _multiplexer(environment: Mapping[str, str]) -> str | None:
    if environment.get("TMUX"):
        return "tmux"
    if environment.get("STY"):
        return "screen"
    return "zellij" if environment.get("ZELLIJ") else None


def _color_system(environment: Mapping[str, str]) -> str:
    term = environment.get("TERM", "")
    says_truecolor = environment.get("COLORTERM", "").strip().lower() in ("truecolor", "24bit")
    if environment.get("STY") and not environment.get("TMUX"):
        return "256" if "256color" in term or says_truecolor else "standard"
    if says_truecolor:
        return "truecolor"
    if _multiplexer(environment):
        return "auto"  # TERM is the multiplexer's, the programs' variables are the outer terminal's
    program = environment.get("TERM_PROGRAM", "")
    if _TRUECOLOR_TERMS.fullmatch(term) or program in _TRUECOLOR_PROGRAMS or environment.get("WT_SESSION"):
        return "truecolor"
    return "auto"


def _utf8(environment: Mapping[str, str]) -> tuple[bool, str]:
    for name in ("LC_ALL", "LC_CTYPE", "LANG"):
        value = environment.get(name, "")
        if not value or (name == "LC_CTYPE" and _set_by_python(value, environment)):
            continue
        if re.search(r"utf-?8", value, re.IGNORECASE):
            return True, f"{name} says so"
        return False, f"{name} is {ascii(value)[1:-1][:40]}"
    return True, "no locale is set"


def _set_by_python(value: str, environment: Mapping[str, str]) -> bool:
    """Whether LC_CTYPE was put there by Python itself (PEP 538), which hides what the person's locale is."""
    if value not in ("C.UTF-8", "C.utf8", "UTF-8") or environment is not os.environ:
        return False
    try:
        at_start = Path("/proc/self/environ").read_bytes()
    except OSError:
        return False
    return not any(entry.startswith(b"LC_CTYPE=") for entry in at_start.split(b"\0"))
