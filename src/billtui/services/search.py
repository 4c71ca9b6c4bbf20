"""Search over everything that the local copy holds."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from billtui.services.store import SearchHit, StoreReader

_PREFIXES: Final = {
    "order": "order",
    "orders": "order",
    "o": "order",
    "invoice": "invoice",
    "invoices": "invoice",
    "i": "invoice",
    "transfer": "transfer",
    "transfers": "transfer",
    "t": "transfer",
}
MOST = 200


def search(store: StoreReader, text: str, limit: int = 50, kinds: Iterable[str] | None = None) -> list[SearchHit]:
    """What holds every word of ``text``: exact ids and numbers first, then names that begin so, then the rest.

    ``order:web``, ``invoice:5531`` and ``transfer:anna`` look among those only; ``kinds`` does the same.
    """
    wanted = frozenset(kinds) if kinds is not None else None
    prefix, colon, rest = text.strip().partition(":")
    if colon and prefix.lower() in _PREFIXES:
        wanted = frozenset({_PREFIXES[prefix.lower()]})
        text = rest
    hits = store.search(text, MOST, wanted)
    folded = text.strip().casefold().lstrip("#")

    def rank(hit: SearchHit) -> int:
        if folded in (hit.id.casefold(), hit.title.casefold().lstrip("#")):
            return 0
        return 1 if hit.title.casefold().startswith(folded) else 2

    return sorted(hits, key=rank)[:limit]
