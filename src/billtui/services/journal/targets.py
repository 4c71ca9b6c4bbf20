"""What an operation is about, in words: by the names that the copy knows, else by the panel's ids."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from billtui.domain.safetext import SafeText

if TYPE_CHECKING:
    from billtui.services.store import StoreReader

MOST_NAMED = 8
"""So many are named one by one; of a thousand, the number of the others is told."""


def about_words(store: StoreReader, targets: Sequence[str]) -> str:
    """``orders web-de-01, web-de-02 and 31 more``: kinds in their order, names from the copy, each cleaned."""
    kinds: dict[str, list[str]] = {}
    for target in targets:
        kind, _, key = target.partition(":")
        kinds.setdefault(kind, []).append(key)
    return "; ".join(_of_one_kind(store, kind, keys) for kind, keys in kinds.items())


def _of_one_kind(store: StoreReader, kind: str, keys: Sequence[str]) -> str:
    shown = keys[:MOST_NAMED]
    names = _names(store, kind, shown)
    named = ", ".join(names.get(key) or str(SafeText(key)) for key in shown if key)
    more = f" and {len(keys) - len(shown)} more" if len(keys) > len(shown) else ""
    noun = str(SafeText(kind))
    return f"{noun if len(keys) == 1 else f'{noun}s'} {named}{more}".strip()


def _names(store: StoreReader, kind: str, keys: Sequence[str]) -> Mapping[str, str]:
    if kind == "order":
        return {key: row.name for key, row in store.order_rows(keys).items()}
    if kind == "invoice":
        return {key: row.number for key, row in store.invoice_rows(keys).items()}
    if kind == "ticket":
        return {key: row.number for key, row in store.ticket_rows(keys).items()}
    return {}
