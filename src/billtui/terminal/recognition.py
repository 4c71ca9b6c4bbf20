"""What the environment says about the terminal. Imports nothing that `python -c pass` has not loaded (P-START-1)."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:  # typing itself is not loaded yet
    from collections.abc import Mapping

_TRUECOLOR_TERMS = ("alacritty", "xterm-kitty", "xterm-ghostty", "foot", "wezterm", "contour", "rio")
_TRUECOLOR_PROGRAMS = ("iTerm.app", "WezTerm", "vscode", "ghostty", "rio", "Hyper", "zed")
_DIGITS = "0123456789"


def multiplexer(environment: Mapping[str, str]) -> str | None:
    """``tmux``, ``screen``, ``zellij`` or ``None``."""
    if environment.get("TMUX"):
        return "tmux"
    if environment.get("STY"):
        return "screen"
    return "zellij" if environment.get("ZELLIJ") else None


def color_system(environment: Mapping[str, str]) -> str:
    """``truecolor``, ``256``, ``standard`` (16 colours), or ``auto`` where TERM decides (:func:`by_term`)."""
    term = environment.get("TERM", "")
    says_truecolor = environment.get("COLORTERM", "").strip().lower() in ("truecolor", "24bit")
    if environment.get("STY") and not environment.get("TMUX"):
        return "256" if "256color" in term or says_truecolor else "standard"
    if says_truecolor:
        return "truecolor"
    if multiplexer(environment):
        return "auto"  # TERM is the multiplexer's, the programs' variables are the outer terminal's
    program = environment.get("TERM_PROGRAM", "")
    direct = term.endswith("-truecolor") or term.rstrip(_DIGITS).endswith("-direct")
    if term in _TRUECOLOR_TERMS or direct or program in _TRUECOLOR_PROGRAMS or environment.get("WT_SESSION"):
        return "truecolor"
    return "auto"


def colourless(environment: Mapping[str, str]) -> str:
    """Why no colour is used, in words; empty where colours are. NO_COLOR counts only when it is not empty."""
    if environment.get("NO_COLOR"):
        return "NO_COLOR is set"
    term = environment.get("TERM", "")
    if "color" in term or environment.get("COLORTERM") or environment.get("TEXTUAL_COLOR_SYSTEM"):
        return ""
    from billtui.terminal.terminfo import colours_of

    return f"a {ascii(term)[1:-1][:40]} has none" if colours_of(term, environment) == 0 else ""


def by_term(term: str) -> str:
    """What ``auto`` comes to: the same guess as Rich's."""
    return "256" if term.strip().lower().rpartition("-")[2] in ("256color", "kitty") else "standard"


def utf8(environment: Mapping[str, str]) -> tuple[bool, str]:
    """Whether text is UTF-8, and how that is known."""
    for name in ("LC_ALL", "LC_CTYPE", "LANG"):
        value = environment.get(name, "")
        if not value or (name == "LC_CTYPE" and _set_by_python(value, environment)):
            continue
        if "utf-8" in value.lower() or "utf8" in value.lower():
            return True, f"{name} says so"
        return False, f"{name} is {ascii(value)[1:-1][:40]}"
    return True, "no locale is set"


def _set_by_python(value: str, environment: Mapping[str, str]) -> bool:
    """Whether LC_CTYPE was put there by Python itself (PEP 538), which hides what the person's locale is."""
    if value not in ("C.UTF-8", "C.utf8", "UTF-8") or environment is not os.environ:
        return False
    try:
        with open("/proc/self/environ", "rb") as file:  # noqa: PTH123 - pathlib is not loaded yet
            at_start = file.read()
    except OSError:
        return False
    return not any(entry.startswith(b"LC_CTYPE=") for entry in at_start.split(b"\0"))
