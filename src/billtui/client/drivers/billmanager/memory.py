"""What a driver has learned of its panel in this session: kept in memory, and learned again where it is not there."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from billtui.client.errors import InvalidInput

MOST_HELD: Final = 64 * 1024 * 1024
"""Bytes of files that wait for their message."""
MOST_QUOTES: Final = 100
"""Quotes of many orders that are remembered; each purchase is quoted afresh directly before."""


@dataclass(frozen=True, slots=True)
class HeldFile:
    """A file that goes with the next message."""

    name: str
    data: bytes = field(repr=False)


@dataclass(slots=True)
class Memory:
    """Learned of the panel; nothing of it is a secret."""

    currency: str = ""
    item_types: tuple[str, ...] = ()
    level: int | None = None
    user_id: str = ""
    login: str = ""
    real_name: str = ""
    ordering: str | None = None
    """Which order form there is; empty for none, ``None`` while nobody knows."""
    sold_names: dict[tuple[str, str], str] = field(default_factory=dict, repr=False)
    """Plan's id and place → their names, ``KVM-2 in Amsterdam``, as they were read last."""
    no_credit: bool = False
    who: Mapping[str, Any] | None = field(default=None, repr=False)
    """What ``whoami`` said of the user of this session; it stays the same as long as that lasts."""
    ways: tuple[str, ...] | None = None
    """Words of the ways to pay but the balance, as listed once in this session."""
    quotes: OrderedDict[str, str] = field(default_factory=OrderedDict, repr=False)
    files: OrderedDict[str, HeldFile] = field(default_factory=OrderedDict, repr=False)

    def forget_user(self) -> None:
        """Somebody signs in: nothing that was learned of whoever was signed in holds."""
        self.who = self.ways = self.level = None
        self.user_id = self.login = self.real_name = ""
        self.no_credit = False

    @property
    def staff(self) -> bool:
        """Whether the user works for the provider."""
        return self.level is not None and self.level >= 28

    def keep_quote(self, sealed: str) -> str:
        """Keep what a quote was asked with, under a word that is short enough for an id."""
        key = f"quote-{hashlib.sha256(sealed.encode()).hexdigest()[:40]}"
        self.quotes[key] = sealed
        while len(self.quotes) > MOST_QUOTES:
            self.quotes.popitem(last=False)
        return key

    def hold(self, name: str, data: bytes) -> str:
        """Keep a file until its message is sent; its id. Raises ``InvalidInput`` where it is too much."""
        if sum(len(one.data) for one in self.files.values()) + len(data) > MOST_HELD:
            raise InvalidInput("The files of one message are too large together. Send them in several messages.")
        key = f"held-{len(self.files) + 1}-{hashlib.sha256(data).hexdigest()[:24]}"
        self.files[key] = HeldFile(name, data)
        return key
