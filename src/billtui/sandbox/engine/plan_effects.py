"""What a paid change of plan does: the order has the plan and its price, and the place it had can be sold (ORD-6)."""

from __future__ import annotations

import json

from billtui.sandbox.engine.rows import InvoiceRow, LineRow, OrderRow
from billtui.sandbox.engine.shop import give_stock_back
from billtui.sandbox.engine.unit import Tx


def take_effect(tx: Tx, order: OrderRow, line: LineRow, invoice: InvoiceRow) -> None:
    """The order has the plan that the line is for, at the price that was quoted (ORD-6, DSC-8)."""
    _old, _old_name, plan, _name, _old_cents, cents, *_billed = json.loads(line.plan_change)
    give_stock_back(tx, (order,))
    order.plan, order.monthly_cents = plan, cents
    order.index_text()
