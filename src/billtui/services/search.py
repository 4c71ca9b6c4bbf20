"""Search over everything that the local copy holds."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from billtui.services.store import Coverage, MessageHit, SearchHit, StoreReader, instant

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
    "ticket": "ticket",
    "tickets": "ticket",
    "message": "message",
    "messages": "message",
    "m": "message",
}
MOST = 200


def search(store: StoreReader, text: str, limit: int = 50, kinds: Iterable[str] | None = None) -> list[SearchHit]:
    """What holds every word of ``text``: exact ids and numbers first, then names that begin so, then the rest.

    Messages of tickets come last, the newest first. ``order:web``, ``invoice:5531``, ``transfer:anna``,
    ``ticket:backup`` and ``message:disk`` look among those only; ``kinds`` does the same.
    """
    wanted = frozenset(kinds) if kinds is not None else None
    prefix, colon, rest = text.strip().partition(":")
    if colon and prefix.lower() in _PREFIXES:
        wanted = frozenset({_PREFIXES[prefix.lower()]})
        text = rest
    hits = store.search(text, MOST, wanted) if wanted is None or wanted - {"message"} else []
    folded = text.strip().casefold().lstrip("#")

    def rank(hit: SearchHit) -> int:
        if folded in (hit.id.casefold(), hit.title.casefold().lstrip("#")):
            return 0
        return 1 if hit.title.casefold().startswith(folded) else 2

    found = sorted(hits, key=rank)[:limit]
    if wanted is None or "message" in wanted:
        messages = store.search_messages(text, limit)
        kept = max(limit // 2, limit - len(messages)) if wanted is None else limit  # neither hides the other
        found = found[:kept]
        found += map(_of_message, messages[: limit - len(found)])
    return found


def _of_message(hit: MessageHit) -> SearchHit:
    who = f"{'note by ' if hit.internal else ''}{hit.author or 'the panel'}"
    said = f"{hit.excerpt} · {who}, {instant(hit.at):%Y-%m-%d}"
    return SearchHit("message", hit.ticket_id, f"{hit.number} {hit.subject}", said, hit.state, hit.message_id)


def covered(coverage: Coverage) -> str:
    """How much of the messages is searched, in a sentence; empty where there are no tickets, or all is."""
    if not coverage.tickets or coverage.whole >= coverage.tickets:
        return ""
    return (
        f"Searched: messages of {coverage.whole:,} of {coverage.tickets:,} tickets; of the others number and subject."
    )
