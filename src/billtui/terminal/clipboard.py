"""Copying to the clipboard of the terminal (OSC 52), also through tmux and screen; nothing is known of its success.

So the words are "sent to the terminal", never "copied": the terminal may not take it, and does not say. tmux can be
asked whether it lets it through; where it does not, nothing is sent and the words say what would mend it.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Mapping
from typing import NamedTuple

from billtui.terminal import tmux
from billtui.terminal.harmless import many_lines, one_line

MAX_BASE64 = 74_994
"""Longest base64 text that common terminals take."""

_SCREEN_CHUNK = 240  # GNU screen takes 256 bytes in one device control string
SENT = "Sent to "
"""How the message of what was sent begins."""


class Clip(NamedTuple):
    """``sequence`` to write to the terminal (empty: nothing, or tmux has it already) and ``message`` to show."""

    sequence: str
    message: str

    @property
    def sent(self) -> bool:
        """Whether it is on its way; else the message says why not."""
        return self.message.startswith(SENT)


def clip(
    text: str,
    *,
    multi_line: bool = False,
    secret: bool = False,
    what: str = "",
    environment: Mapping[str, str] | None = None,
) -> Clip:
    """The sequence that puts ``text`` on the clipboard; control characters become visible, one line unless asked.

    The message names ``what`` was sent, or repeats it where it is short. Of a ``secret`` it says only how long it is,
    and that the clipboard may be read by others.
    """
    environment = os.environ if environment is None else environment
    cleaned = many_lines(text) if multi_line else one_line(text).strip()
    if not cleaned:
        return Clip("", "Nothing to copy.")
    data = base64.b64encode(cleaned.encode("utf-8", "replace")).decode()
    if len(data) > MAX_BASE64:
        return Clip("", f"Too long for the terminal's clipboard ({len(cleaned)} characters); nothing was sent.")
    sent = _sent(cleaned, f"\x1b]52;c;{data}\x07", environment)
    if sent is None:
        return Clip("", "tmux keeps the clipboard to itself; nothing was sent. Let it: tmux set -s set-clipboard on")
    sequence, way = sent
    if secret:
        return Clip(
            sequence,
            f"{SENT}{way}: {len(cleaned)} characters. Other programs may read a clipboard: paste"
            " it where it belongs and copy something else.",
        )
    what = what or (f"{len(cleaned)} characters" if multi_line or len(cleaned) > 60 else cleaned)
    return Clip(sequence, f"{SENT}{way}: {what}")


def _sent(text: str, sequence: str, environment: Mapping[str, str]) -> tuple[str, str] | None:
    """What is to be written and whither it goes, in words; None where tmux lets nothing through."""
    if not environment.get("TMUX"):
        way = "screen, for the terminal's clipboard" if environment.get("STY") else "the terminal's clipboard"
        return _wrapped(sequence, environment), way
    ways = tmux.ask(environment)
    if ways is None:
        return _wrapped(sequence, environment), "tmux, for the terminal's clipboard"
    if ways.takes_osc_52:
        return sequence, "the terminal's clipboard"
    if ways.passthrough:
        return _wrapped(sequence, environment), "the terminal's clipboard"
    if ways.clipboard == "external" and tmux.hand_over(text, environment):
        return "", "the terminal's clipboard"
    return None


def _wrapped(sequence: str, environment: Mapping[str, str]) -> str:
    if environment.get("TMUX"):
        inner = sequence.replace("\x1b", "\x1b\x1b")
        return f"\x1bPtmux;{inner}\x1b\\"
    if environment.get("STY"):
        chunks = [sequence[at : at + _SCREEN_CHUNK] for at in range(0, len(sequence), _SCREEN_CHUNK)]
        return "".join(f"\x1bP{chunk}\x1b\\" for chunk in chunks)
    return sequence
