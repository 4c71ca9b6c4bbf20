"""What a person pastes to confirm or accept transfers: links of one or many mails, whole mails, or a bare code (TRF-2).

Links are ``PANEL/transfers/ID#confirm=CODE`` and ``…#accept=CODE``. Nothing here repeats a code in words.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple
from urllib.parse import unquote, urlsplit

from pydantic import SecretStr

MOST_TEXT: Final = 1_000_000
"""Characters of a paste that are looked at."""
_LINK = re.compile(
    r"(?:https?://(?P<host>[^/\s]{1,300})[^\s#]*)?/transfers/(?P<transfer>[^/#?\s]{1,200})/?(?:\?[^#\s]*)?#(?P<step>confirm|accept)=(?P<code>[A-Za-z0-9._~%-]{4,200})"
)
_STEP = re.compile(r"#(?P<step>confirm|accept)=(?P<code>[A-Za-z0-9._~%-]{4,200})")
_HOST = re.compile(r"[\w-]+(?:[.:][\w-]+)+")
"""What stands before a path without a scheme, where it is a place and no word of the mail."""
_LONGEST = 1_000
"""Characters of a link before its ``#``."""
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
    """Every link with a code, in their order; the same one twice counts once. A single one may be broken by blanks.

    What leads to another host never takes the place of one that does not. The time is in proportion to the text,
    whoever wrote it.
    """
    text = text[:MOST_TEXT]
    joined = "".join(text.split())
    if _LINK.fullmatch(joined):  # one link, and nothing else: a mail program may have wrapped it
        text = joined
    found: dict[tuple[str, str, str], LinkedCode] = {}
    for match in _STEP.finditer(text):
        before = re.split(r"[\s#]", text[max(0, match.start() - _LONGEST) : match.start()])[-1]
        head, path, last = before.rpartition("/transfers/")
        transfer_id = last.partition("?")[0].removesuffix("/")
        if not path or not 1 <= len(transfer_id) <= 200 or "/" in transfer_id:
            continue
        code = SecretStr(unquote(match["code"]).rstrip("."))
        one = LinkedCode(unquote(transfer_id), match["step"], code, linked_host(head))
        found[one.transfer_id, one.step, one.host] = one
    return list(found.values())


def linked_host(head: str) -> str:
    """Where a link leads, by what stands before its path or its ``#``: in small letters, empty where that is unsaid."""
    full = re.search(r"https?://([^/]*)", head)
    if full is not None:
        return full[1].rpartition("@")[2].lower()
    bare = _HOST.search(head.partition("/")[0])
    return bare.group().lower() if bare is not None else ""


def host_of(url: str) -> str:
    """Host and port of a panel's address, as :attr:`LinkedCode.host` has them."""
    return urlsplit(url).netloc.rpartition("@")[2].lower()


def bare_code(text: str) -> SecretStr | None:
    """A code without its link, however it was broken into groups; ``None`` where the text is none."""
    joined = "".join(text[:MOST_TEXT].split())
    return SecretStr(joined) if _BARE.fullmatch(joined) else None
