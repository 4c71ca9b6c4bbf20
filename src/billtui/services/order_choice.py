"""Choosing orders by an expression among those that are not gone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from billtui.services.order_matching import Tags, predicate
from billtui.services.order_query import Query
from billtui.services.store import OrderRow

GONE: Final = frozenset({"deleted", "cancelled"})
"""States of orders that are no more (ORD-1): an expression that says nothing of states does not mean them."""


def chosen_by(query: Query, rows: Sequence[OrderRow], now: int, tags: Tags) -> list[OrderRow]:
    """The orders that ``query`` means at ``now`` (epoch seconds), in their order.

    Deleted and cancelled ones only where the expression itself speaks of ``state``.
    """
    found = list(filter(predicate(query, now, tags), rows))
    if any(term.field == "state" for term in query.terms):
        return found
    return [row for row in found if row.state not in GONE]
