"""What a person pastes to confirm or accept transfers: links of one or many mails, whole mails, or a bare code (TRF-2).

Links are ``PANEL/transfers/ID#confirm=CODE`` and ``…#accept=CODE``. Nothing here repeats a code in words.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple
from urllib.parse import unquote

from pydantic import SecretStr

MOST_TEXT: Final = 1_000_000
"""Characters of a paste that are looked at."""
_LINK = re.compile(
    r"(?:https?://(?P<host>[^/\s]{1,300})[^\s#]*)?/transfers/(?P<transfer>[^/#?\s]{1,200})/?(?:\?[^#\s]*)?#(?P<step>confirm|accept)=(?P<code>[A-Za-z0-9._~%-]{4,200})"
)
_BARE = re.compile(r"[A-Za-z0-9._~-]{4,200}")


class LinkedCode(NamedTuple):
    """A code from the link of a mail: of which transfer, and for which step."""

    transfer_id: str
    step: str
    """``confirm`` or ``accept``."""
    code: SecretStr
    host: str
    """Host and port of the link, in small letters; empty where only its end was pasted."""


def links_in(text: str) -> list[LinkedCode]:
    """Every link with a code, in their order; the same one twice counts once. A single one may be broken by blanks."""
    text = text[:MOST_TEXT]
    whole = _LINK.fullmatch("".join(text.split()))  # one link, and nothing else: a mail program may have wrapped it
    found: dict[tuple[str, str], LinkedCode] = {}
    for match in [whole] if whole is not None else _LINK.finditer(text):
        transfer_id, step = unquote(match["transfer"]), match["step"]
        code, host = SecretStr(unquote(match["code"]).rstrip(".")), (match["host"] or "").rpartition("@")[2].lower()
        found[transfer_id, step] = LinkedCode(transfer_id, step, code, host)
    return list(found.values())


def bare_code(text: str) -> SecretStr | None:
    """A code without its link, however it was broken into groups; ``None`` where the text is none."""
    joined = "".join(text[:MOST_TEXT].split())
    return SecretStr(joined) if _BARE.fullmatch(joined) else None
