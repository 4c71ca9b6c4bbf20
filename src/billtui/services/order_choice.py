"""Choosing orders by an expression among those that are not gone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from billtui.services.order_matching import Predicate, Tags, predicate
from billtui.services.order_query import Query
from billtui.services.store import OrderRow, RowsInColumns

GONE: Final = frozenset({"deleted", "cancelled"})
"""States of orders that are no more (ORD-1): an expression that says nothing of states does not mean them."""


def chosen_by(query: Query, rows: Sequence[OrderRow], now: int, tags: Tags) -> Sequence[OrderRow]:
    """The orders that ``query`` means at ``now`` (epoch seconds), in their order.

    Deleted and cancelled ones only where the expression itself speaks of ``state``.
    """
    chosen = predicate(query, now, tags)
    if not any(term.field == "state" for term in query.terms):
        chosen = _there(chosen)
    return rows.picked(chosen) if isinstance(rows, RowsInColumns) else list(filter(chosen, rows))


def _there(chosen: Predicate) -> Predicate:
    return lambda row: chosen(row) and row.state not in GONE
