"""What tmux does with a clipboard: it is asked, because by default it keeps OSC 52 to itself and says nothing."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping, Sequence
from typing import NamedTuple

_SECONDS = 1.0
"""A server that does not answer is not waited for."""
_BUFFER = "billtui"


class Ways(NamedTuple):
    """How text gets from a program in tmux to the terminal's clipboard."""

    clipboard: str
    """tmux's ``set-clipboard``: ``on``, ``external`` (its own copies only, the default) or ``off``."""
    passthrough: bool
    """tmux's ``allow-passthrough`` for this pane."""

    @property
    def takes_osc_52(self) -> bool:
        """Whether OSC 52 of a program is passed on."""
        return self.clipboard == "on"


def ask(environment: Mapping[str, str]) -> Ways | None:
    """The present state of the tmux that this runs in; None where it cannot be asked (another host, another socket)."""
    clipboard = _run(environment, "show-options", "-sv", "set-clipboard")
    if clipboard is None:
        return None
    passthrough = _run(environment, "show-options", "-Apv", "allow-passthrough")  # absent before tmux 3.3: it passes
    return Ways(clipboard.strip(), passthrough is None or passthrough.strip() in ("on", "all"))


def hand_over(text: str, environment: Mapping[str, str]) -> bool:
    """Have tmux itself copy ``text`` to the terminal's clipboard (tmux 3.2); nothing of it stays in tmux's buffers."""
    if _run(environment, "load-buffer", "-w", "-b", _BUFFER, "-", given=text) is None:
        return False
    _run(environment, "delete-buffer", "-b", _BUFFER)
    return True


def describe(environment: Mapping[str, str]) -> str:
    """How the clipboard is reached, for ``doctor``."""
    ways = ask(environment)
    if ways is None:
        return "tmux cannot be asked from here; text is sent through it, and it may keep it"
    if ways.takes_osc_52:
        return "tmux passes it on (set-clipboard on)"
    if ways.passthrough:
        return "through tmux (allow-passthrough on)"
    if ways.clipboard == "external":
        return "tmux copies it (set-clipboard external)"
    return f"tmux keeps it (set-clipboard {ways.clipboard[:20]!a}): tmux set -s set-clipboard on"


def _run(environment: Mapping[str, str], *arguments: str, given: str | None = None) -> str | None:
    """What a tmux command says; None where it fails."""
    program = shutil.which("tmux", path=environment.get("PATH"))
    if program is None:
        return None
    command: Sequence[str] = [program, *arguments]
    known = {name: environment[name] for name in ("TMUX", "TMUX_PANE", "PATH", "LANG", "LC_ALL") if name in environment}
    try:
        done = subprocess.run(
            command, input=given or "", env=known, capture_output=True, timeout=_SECONDS, check=True, encoding="utf-8"
        )
    except (OSError, ValueError, subprocess.SubprocessError):
        return None
    return done.stdout
