"""Finds out what the terminal can do and settles the environment before Textual is loaded, which reads it at import."""

from __future__ import annotations

import os
from collections.abc import MutableMapping
from dataclasses import dataclass

from billtui.terminal.recognition import by_term, color_system, colourless, multiplexer, utf8

_TELLTALES = ("TEXTUAL", "TEXTUAL_LOG", "TEXTUAL_DRIVER", "TEXTUAL_PRESS", "TEXTUAL_DEBUG")
"""Textual's tools for developers: a log and a socket that are told every key, so a password as it is typed."""


@dataclass(frozen=True, slots=True)
class TerminalFacts:
    """What is known of the terminal before anything was drawn."""

    term: str
    color_system: str
    """``truecolor``, ``256``, ``standard`` (16 colours), or ``auto`` where Textual's own guess stands."""
    no_color: bool
    no_color_reason: str
    utf8: bool
    utf8_reason: str
    multiplexer: str | None
    ssh: bool


def settle(environment: MutableMapping[str, str] | None = None) -> TerminalFacts:
    """Put right what Textual would read wrongly, and say what the terminal is. Call it before Textual is imported.

    - ``NO_COLOR`` counts only when it is not empty (the convention); Textual goes by its presence. A terminal that has
      no colours, by the host's terminfo, is treated as if it was set.
    - No animations: over a slow line they are late rather than pretty. A value that was set stays.
    - No log of keys, no foreign driver, no keys pressed and no screenshots taken by the environment.
    - Colours: terminals with 24 bit that do not forward COLORTERM; GNU screen, which breaks 24 bit.
    """
    environment = os.environ if environment is None else environment
    no_color_reason = colourless(environment)
    environment.pop("NO_COLOR", None)
    if no_color_reason:
        environment["NO_COLOR"] = "1"
    for name in [one for one in environment if one in _TELLTALES or one.startswith("TEXTUAL_SCREENSHOT")]:
        del environment[name]
    environment.setdefault("TEXTUAL_ANIMATIONS", "none")
    colours = environment.get("TEXTUAL_COLOR_SYSTEM") or color_system(environment)
    if colours != "auto":
        environment["TEXTUAL_COLOR_SYSTEM"] = colours
    is_utf8, reason = utf8(environment)
    return TerminalFacts(
        term=environment.get("TERM", ""),
        color_system=colours,
        no_color=bool(no_color_reason),
        no_color_reason=no_color_reason,
        utf8=is_utf8,
        utf8_reason=reason,
        multiplexer=multiplexer(environment),
        ssh=any(environment.get(name) for name in ("SSH_TTY", "SSH_CONNECTION", "SSH_CLIENT")),
    )


def describe(facts: TerminalFacts) -> list[tuple[str, str]]:
    """The facts in words, for ``doctor``."""
    colours = {
        "truecolor": "24 bit",
        "256": "256",
        "standard": "16",
        "auto": f"{'256' if by_term(facts.term) == '256' else '16'} (by TERM)",
    }.get(facts.color_system, facts.color_system)
    return [
        ("TERM", ascii(facts.term)[1:-1] or "not set"),
        ("colours", f"none ({facts.no_color_reason})" if facts.no_color else colours),
        ("text", f"{'UTF-8' if facts.utf8 else 'plain ASCII'} ({facts.utf8_reason})"),
        ("inside", facts.multiplexer or "no multiplexer"),
        ("over SSH", "yes" if facts.ssh else "no"),
    ]
