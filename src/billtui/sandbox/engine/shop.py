"""What is sold, as the rules look at it; stock taken and given back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from billtui.domain.refusal import RuleBroken
from billtui.domain.rules.facts import AddonFacts
from billtui.domain.rules.new_orders import Cell, PlanFacts, Shop, cell_refusal
from billtui.sandbox.engine.catalogue import CURRENCY
from billtui.sandbox.engine.errors import InvalidInput
from billtui.sandbox.engine.rows import OrderRow
from billtui.sandbox.engine.unit import Tx
from billtui.sandbox.engine.wire import money_of


def read_shop(tx: Tx) -> Shop:
    """The catalogue and the stock at this moment."""
    plans = tx.sql("SELECT id, name, kind, monthly_cents FROM plans ORDER BY position")
    return Shop(
        plans={plan: PlanFacts(plan, name, kind, money_of(cents, CURRENCY)) for plan, name, kind, cents in plans},
        locations=dict(tx.sql("SELECT id, name FROM locations ORDER BY position").fetchall()),
        stock={(plan, at): left for plan, at, left in tx.sql("SELECT plan, location, available FROM stock")},
    )


def read_addons(tx: Tx, wanted: Sequence[str]) -> list[AddonFacts]:
    """The add-ons with these ids, each once. Raises ``InvalidInput`` for one that does not exist."""
    sold = {
        addon: AddonFacts(addon, name, money_of(cents, CURRENCY), kind)
        for addon, name, kind, cents in tx.sql("SELECT id, name, kind, monthly_cents FROM addons")
    }
    for addon in wanted:
        if addon not in sold:
            detail = f"There is no add-on “{addon[:40]}”: choose one of {', '.join(sold)}"
            raise InvalidInput(detail, fields={"addons": detail})
    return [sold[addon] for addon in dict.fromkeys(wanted)]


def take_stock(tx: Tx, cells: Iterable[Cell]) -> None:
    """Take what is bought out of stock. Raises ``RuleBroken`` if it is not there in full (BLK-6)."""
    for cell in cells:
        taken = tx.sql(
            "UPDATE stock SET available = available - ? WHERE plan = ? AND location = ? AND available >= ?",
            (cell.quantity, cell.plan, cell.location, cell.quantity),
        ).rowcount
        if taken != 1:
            refusal = cell_refusal(read_shop(tx), cell)
            assert refusal is not None
            raise RuleBroken(refusal)


def give_reserved_back(tx: Tx, reserved: Iterable[tuple[str, int | None]]) -> None:
    """Places of other plans that were kept for orders can be had again: their change is not paid (ORD-6)."""
    for plan, order_id in reserved:
        if order_id is not None:
            place = tx.orders.need(order_id).location
            tx.sql("UPDATE stock SET available = available + 1 WHERE plan = ? AND location = ?", (plan, place))


def give_stock_back(tx: Tx, orders: Iterable[OrderRow]) -> None:
    """The places of orders that were cancelled or deleted can be had again (ORD-2, ORD-3)."""
    counts = Counter((order.plan, order.location) for order in orders)
    for (plan, location), count in counts.items():
        tx.sql("UPDATE stock SET available = available + ? WHERE plan = ? AND location = ?", (count, plan, location))
