"""Names for orders that exist, by a pattern (``domain/naming``)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from billtui.domain.models import Order
from billtui.domain.naming import NameSlot, expand_names
from billtui.services.order_choice import GONE
from billtui.services.store import OrderRow


def taken_names(rows: Iterable[OrderRow], renamed: Iterable[str]) -> frozenset[str]:
    """Names of the orders that keep theirs: all that are not gone, without the ids in ``renamed``."""
    leaving = frozenset(renamed)
    return frozenset(row.name for row in rows if row.id not in leaving and row.state not in GONE)


def slots_of(orders: Iterable[OrderRow]) -> list[NameSlot]:
    """What a pattern may say of orders of the copy."""
    return [NameSlot(one.plan, one.location, one.name, one.id, one.address) for one in orders]


def pattern_names(pattern: str, orders: Sequence[Order], rows: Iterable[OrderRow]) -> list[str]:
    """A name for each of ``orders``, in their order, that no other order of ``rows`` has. Raises NamingError."""
    slots = [
        NameSlot(str(one.plan), str(one.location), str(one.name), one.id.raw, str(one.address or "")) for one in orders
    ]
    return expand_names(pattern, slots, taken_names(rows, (str(one.id) for one in orders)))
