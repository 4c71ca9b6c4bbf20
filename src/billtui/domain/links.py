"""Web addresses in a text: where they stand. They are shown and copied, never opened."""

from __future__ import annotations

import re
from typing import Final

_LINK: Final = re.compile(r"\bhttps?://[^\s<>\"'`|\\^{}]+", re.IGNORECASE)
_TAIL: Final = ".,;:!?)]}»”’…"


def links_in(text: str, start: int = 0, end: int | None = None) -> list[tuple[int, int]]:
    """Where web addresses stand between two characters; marks that end a sentence do not belong to them."""
    found: list[tuple[int, int]] = []
    for match in _LINK.finditer(text, start, len(text) if end is None else end):
        address = match[0]
        while address[-1] in _TAIL and not (address[-1] == ")" and address.count("(") >= address.count(")")):
            address = address[:-1]
        if len(address) > len("https://"):
            found.append((match.start(), match.start() + len(address)))
    return found
