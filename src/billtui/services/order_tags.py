"""A person's own tags on orders: free words, kept on this computer only, for one account of one panel."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Final

from billtui.config.paths import locked
from billtui.services.account_files import read_json, write_json

MAX_TAG: Final = 30
"""Longest tag, in characters."""
MAX_TAGS: Final = 20
"""Most tags of one order."""
_FORBIDDEN: Final = frozenset(",;:\"'\\<>=*?|")


def check_tag(word: str) -> str:
    """A tag as it is kept: one word in small letters. Raises ValueError with what to type instead."""
    tag = word.strip().lower()
    if not tag or len(tag) > MAX_TAG or not tag.isprintable() or " " in tag:
        raise ValueError(f"A tag is one word of 1 to {MAX_TAG} printable characters, such as keep or client-7.")
    if tag.startswith("-") or not _FORBIDDEN.isdisjoint(tag):
        raise ValueError("A tag begins with no “-” and holds none of , ; : ' \" \\ < > = * ? | .")
    return tag


def check_tags(words: Iterable[str]) -> list[str]:
    """Several tags, each once, in their order. Raises ValueError."""
    return list(dict.fromkeys(check_tag(word) for word in words))


class OrderTags:
    """The tags of all orders. Reading is cheap: the file is read again only when it changed."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen: tuple[int, int] | None = None
        self._tags: dict[str, frozenset[str]] = {}

    def all(self) -> Mapping[str, frozenset[str]]:
        """Tags by the order's id; orders without any are not in it. A new mapping after each change."""
        seen = self._signature()
        if seen != self._seen or seen is None:
            self._seen = seen
            self._tags = self._read() if seen is not None else {}
        return self._tags

    def of(self, order_id: str) -> list[str]:
        """The tags of one order, sorted."""
        return sorted(self.all().get(order_id, ()))

    def counts(self) -> dict[str, int]:
        """How many orders bear each tag, by tag."""
        found: dict[str, int] = {}
        for words in self.all().values():
            for word in words:
                found[word] = found.get(word, 0) + 1
        return dict(sorted(found.items()))

    def change(self, ids: Collection[str], add: Iterable[str] = (), remove: Iterable[str] = ()) -> int:
        """Add and remove tags of many orders in one step; how many of the orders changed.

        Raises ValueError for what is no tag, or more than :data:`MAX_TAGS` on an order; UnsafePath, OSError.
        """
        added, removed = frozenset(check_tags(add)), frozenset(check_tags(remove))
        with locked(self._path):
            tags = self._read()
            changed = 0
            for order_id in ids:
                before = tags.get(order_id, frozenset())
                after = (before - removed) | added
                if len(after) > MAX_TAGS:
                    raise ValueError(f"Order {order_id} would have more than {MAX_TAGS} tags; remove one first.")
                if after != before:
                    changed += 1
                    tags[order_id] = after
            if changed:
                content = {key: sorted(words) for key, words in sorted(tags.items()) if words}
                write_json(self._path, {"version": 1, "tags": content})
        self._seen = None
        return changed

    def _signature(self) -> tuple[int, int] | None:
        try:
            status = self._path.lstat()
        except OSError:
            return None
        return status.st_mtime_ns, status.st_ino

    def _read(self) -> dict[str, frozenset[str]]:
        content = read_json(self._path)
        tags = content.get("tags") if isinstance(content, dict) else None
        if not isinstance(tags, dict):
            return {}
        return {
            str(key): frozenset(word for word in words if isinstance(word, str))
            for key, words in tags.items()
            if isinstance(words, list) and words
        }
