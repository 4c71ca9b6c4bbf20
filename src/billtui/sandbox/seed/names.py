"""Names and addresses of invented servers."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from random import Random

from billtui.sandbox.engine.addresses import address_of

_ROLES = ("web", "app", "db", "mail", "cache", "proxy", "vpn", "build", "git", "mon", "dns", "queue", "backup", "stage")
MILD = "пошта-київ"
"""One name in another script is in every fleet."""
SCRIPTS = ("メール-東京-01", "邮件服务器", "خادم-البريد", "καφές-web", "naïve-façade", "서버-서울")
HOSTILE = (
    "red\x1b[31mname\x1b[0m",
    "title\x1b]0;owned\x07",
    "pay-\u202e00.0 RUE\u202c-now",
    "markup-[/]-[@click=app.quit]x[/]",
    "enq\x05cr\rlf\nhere",
    "tags\U000e0041\U000e0042-zero\u200bwidth",
    "zalgo-" + "a" + "\u0301" * 60,
    "long-" + "x" * 9_990,
)
"""Names that no good panel lets through; only sown when asked for."""


def addresses() -> Iterator[str]:
    """Addresses that documentation may use, each once."""
    return map(address_of, count())


class Namer:
    """Host names as people give them: role, place, number."""

    def __init__(self, random: Random) -> None:
        """Names depend on ``random`` only."""
        self._random = random
        self._counts: dict[str, int] = {}

    def name(self, location: str) -> str:
        """The next name for a server in ``location``."""
        stem = f"{self._random.choice(_ROLES)}-{location}"
        self._counts[stem] = number = self._counts.get(stem, 0) + 1
        return f"{stem}-{number:02}"
