"""Choosing orders by an expression among those that are not gone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from billtui.services.order_matching import Tags, predicate, predicates
from billtui.services.order_query import Query
from billtui.services.store import OrderRow, RowsInColumns

GONE: Final = frozenset({"deleted", "cancelled"})
"""States of orders that are no more (ORD-1): an expression that says nothing of states does not mean them."""


def chosen_by(query: Query, rows: Sequence[OrderRow], now: int, tags: Tags) -> Sequence[OrderRow]:
    """The orders that ``query`` means at ``now`` (epoch seconds), in their order.

    Deleted and cancelled ones only where the expression itself speaks of ``state``.
    """
    gone_too = any(term.field == "state" for term in query.terms)
    if isinstance(rows, RowsInColumns):
        return rows.picked([*([] if gone_too else [_there]), *predicates(query, now, tags)])
    found = list(filter(predicate(query, now, tags), rows))
    return found if gone_too else list(filter(_there, found))


def _there(row: OrderRow) -> bool:
    return row.state not in GONE
