"""Which orders a pasted list means: ids, names and addresses in any mixture, with anything between them."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Final, NamedTuple

from billtui.services.store import OrderRow

MAX_TEXT: Final = 4 * 1024 * 1024
"""Longest list that is read, in characters."""
_BETWEEN: Final = re.compile(r"[\s,;|]+")
_AROUND: Final = "\"'`<>()[]{}"
_KINDS: Final = ("id", "name", "ip")
_GONE: Final = frozenset({"deleted", "cancelled"})


class Ambiguous(NamedTuple):
    """A word that several orders answer to."""

    word: str
    ids: tuple[str, ...]


class Found(NamedTuple):
    """What a list means."""

    ids: list[str]
    """Orders, each once, in the order of the list."""
    unknown: list[str]
    """Words that no order answers to, each once."""
    ambiguous: list[Ambiguous]


class References:
    """Orders by id, name and address."""

    def __init__(self, rows: Iterable[OrderRow]) -> None:
        self._state: dict[str, str] = {}
        self._names: dict[str, tuple[str, ...]] = {}
        self._addresses: dict[str, tuple[str, ...]] = {}
        names, addresses = self._names, self._addresses
        for row in rows:
            key, name, address = row.id, row.name, row.address
            self._state[key] = row.state
            names[name] = (*names[name], key) if name in names else (key,)
            if address:
                if ":" in address or "/" in address:
                    address = _address(address)
                addresses[address] = (*addresses[address], key) if address in addresses else (key,)

    @cached_property
    def _folded(self) -> dict[str, tuple[str, ...]]:
        """Names without regard to capitals; made when a word is no name as it stands."""
        found: dict[str, tuple[str, ...]] = {}
        for name, ids in self._names.items():
            folded = name.casefold()
            found[folded] = (*found[folded], *ids) if folded in found else ids
        return found

    def meant(self, word: str) -> tuple[str, ...]:
        """The ids of the orders that ``word`` may mean: ``id:``, ``name:`` and ``ip:`` in front say which is meant.

        An order that is gone does not stand in the way of a living one of the same name.
        """
        kind, colon, rest = word.partition(":")
        kinds, text = ((kind,), rest) if colon and kind in _KINDS and rest else (_KINDS, word)
        found: list[str] = []
        if "id" in kinds and text in self._state:
            found.append(text)
        if "name" in kinds:
            found += self._living(self._names.get(text) or self._folded.get(text.casefold(), ()))
        if "ip" in kinds and not found:
            found += self._living(self._addresses.get(_address(text), ()))
        return tuple(dict.fromkeys(found))

    def _living(self, ids: Sequence[str]) -> Sequence[str]:
        alive = [one for one in ids if self._state[one] not in _GONE]
        return alive or list(ids)

    def read(self, text: str) -> Found:
        """Read a list. A line that is one name as a whole is that order, though it has blanks; lines that begin with
        ``#`` are remarks. Raises ValueError where the list is too long."""
        if len(text) > MAX_TEXT:
            raise ValueError(f"The list has more than {MAX_TEXT:,} characters; read it in parts.")
        found: dict[str, None] = {}
        unknown: dict[str, None] = {}
        ambiguous: dict[str, Ambiguous] = {}
        for line in text.splitlines():
            whole = line.strip()
            if not whole or whole.startswith("#"):
                continue
            words = [whole] if self.meant(whole) else [one.strip(_AROUND) for one in _BETWEEN.split(whole)]
            for word in filter(None, words):
                ids = self.meant(word)
                if len(ids) == 1:
                    found[ids[0]] = None
                elif ids:
                    ambiguous[word] = Ambiguous(word, ids)
                else:
                    unknown[word] = None
        return Found(list(found), list(unknown), list(ambiguous.values()))


def _address(text: str) -> str:
    """An address in its one form: ``/32`` and ``/128`` are dropped, IPv6 is shortened."""
    plain = text.removesuffix("/32").removesuffix("/128")
    if ":" not in plain:
        return plain
    try:
        return str(ipaddress.ip_address(plain.strip("[]")))
    except ValueError:
        return plain
